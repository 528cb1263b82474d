"""``python -m tests.benchmarks.faults make|judge|...``: see `--help`."""

from __future__ import annotations

import argparse
import subprocess

from . import judging, sampling, scoring, store


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.faults")
    parser.add_argument("what", choices=["make", "judge", "cure"], help="train the runs; judge them; try the cures")
    parser.add_argument("--half", choices=["tuning", "evaluation"], default="tuning")
    parser.add_argument("--share", type=float, default=1.0, help="of the evaluation half, 0 to 1")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--commit", default="", help="hash that draws the evaluation; the present commit by default")
    given = parser.parse_args()
    tuning = given.half == "tuning"
    cases = sampling.tuning() if tuning else sampling.evaluation(given.commit or _commit(), given.share)
    if given.what == "make":
        store.make([*cases, *sampling.twins(cases)], given.jobs)
    if given.what == "judge":
        twins = judging.twins_quality(list(store.kept(sampling.twins(cases))))
        judged = [
            judging.judge(one, level, twins[one.case.problem]) for one in store.kept(cases) for level in judging.LEVELS
        ]
        print("\n".join(scoring.summary(judged)))
        for level in judging.LEVELS:
            print(f"\n{level}\n")
            print("\n".join(scoring.by_fault(judged, level)))
            print("\n".join(scoring.false_alarms(judged, level)))


def _commit() -> str:
    return subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
