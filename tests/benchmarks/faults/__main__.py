"""``python -m tests.benchmarks.faults make|calibrate|judge|epochs|record|cure|evaluate|page``: see `--help`."""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Iterator

from . import (
    by_epochs,
    by_rule,
    calibration,
    cure_report,
    fitting,
    judging,
    recording,
    repeats,
    report,
    sampling,
    scoring,
    store,
)

WHAT = (
    "train the runs; read their arrays again; fit how sure causes may be, on the tuning half; judge the runs; judge "
    "their first epochs, and the same trainings under further seeds; follow what they suggest to record; try the "
    "cures; make, judge and cure the evaluation half and keep what came of it; write the page"
)
DEEDS = ("make", "reread", "calibrate", "judge", "epochs", "record", "cure", "evaluate", "page")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.faults")
    parser.add_argument("what", choices=list(DEEDS), help=WHAT)
    parser.add_argument("--half", choices=["tuning", "evaluation"], default="tuning")
    parser.add_argument("--share", type=float, default=1.0, help="of the evaluation half, 0 to 1")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--commit", default="", help="hash that draws the evaluation; the present commit by default")
    parser.add_argument("--remark", default="", help="what to know of the evaluation when it is read")
    parser.add_argument("--without-cures", action="store_true", help="leave out the trainings that try the cures")
    given = parser.parse_args()
    tuning = given.half == "tuning"
    cases = sampling.tuning() if tuning else sampling.evaluation(given.commit or _commit(), given.share)
    if given.what == "make":
        further = [case for group in sampling.repeats() for case in group] if tuning else []
        store.make([*cases, *further, *sampling.twins(cases)], given.jobs)
    elif given.what == "reread":
        store.reread(cases)
    elif given.what == "calibrate":
        causes = fitting.causes(judging.judged(sampling.tuning()))
        fitting.ship(causes, _commit())
        print("\n".join(fitting.table(causes)))
    elif given.what == "judge":
        print("\n".join(_judgment(cases)))
    elif given.what == "epochs":
        judged = judging.judged(cases)
        print("\n".join([*by_epochs.table(cases, judged), "", by_epochs.time_to_first(judged)]))
        print("\n".join(["", *repeats.table(sampling.repeats())] if tuning else []))
    elif given.what == "record":
        print("\n".join(recording.table(judging.judged(cases, ("curves",)))))
    elif given.what == "cure":
        print("\n".join(cure_report.cured(judging.judged(cases, ("internals",)), given.jobs)))
    elif given.what == "evaluate":
        commit = given.commit or _commit()
        cases = sampling.evaluation(commit, given.share)
        store.make([*cases, *sampling.twins(cases)], given.jobs)
        judged = judging.judged(cases)
        cures = [] if given.without_cures else cure_report.cured(judged, given.jobs)
        report.keep_evaluation(
            commit, given.share, report.section(judged, cures), by_rule.counted(judged), given.remark
        )
    if given.what in ("evaluate", "page"):
        judged = judging.judged(sampling.tuning())
        cures = [] if given.without_cures else cure_report.cured(judged, given.jobs)
        report.write(report.section(judged, cures, sampling.repeats()), by_rule.counted(judged))


def _judgment(cases: list[sampling.Case]) -> Iterator[str]:
    judged = judging.judged(cases)
    yield from scoring.summary(judged)
    yield ""
    yield from scoring.by_framework(judged, "internals")
    for level in judging.LEVELS:
        yield f"\n{level}\n"
        yield from scoring.by_fault(judged, level)
        yield ""
        yield from scoring.false_alarms(judged, level)
        yield ""
        yield from calibration.table(calibration.causes(one for one in judged if one.level == level))
        yield calibration.sure_and_wrong(one for one in judged if one.level == level)
    yield ""
    yield from scoring.rivals(judged)


def _commit() -> str:
    return subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
