"""The page `docs/benchmarks-faults.md`: the tuning half as it stands, and every evaluation that was ever made.

What an evaluation found is kept in `evaluations.json` beside this module, so that the page can be written again and no
evaluation is lost; what each rule said stands there too, and in `by_rule.json` for the tuning half.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from . import by_epochs, by_rule, calibration, recording, repeats, scoring
from .faults import FAULTS
from .healthy import VARIANTS
from .judging import LEVELS, Judged
from .problems import EVALUATION, TUNING
from .sampling import Case

KEPT = Path(__file__).with_name("evaluations.json")
RULES = Path(__file__).with_name("by_rule.json")
"""What each rule said of the tuning half, for the pages of the rules."""
PAGE = Path(__file__).resolve().parents[3] / "docs" / "benchmarks-faults.md"

HEAD = """# Benchmark: injected faults

Real trainings, small enough for a laptop, with a fault put into each: {tuning} problems for tuning and {evaluation} for
evaluation × {faults} faults × severities, and {variants} ways to train well. About a fifth is trained with Keras, by
`model.fit` and watched by its callback, the others by a loop in PyTorch; faults that a call of `fit` has no place for
are PyTorch's alone, and so are the cures. Tuning and evaluation use different problems, networks, data and seeds; what
is evaluated is drawn from the hash of the commit. Evaluations 1 to 3 were made on other problems than those of today:
what came of them was read, so their problems and runs belong to the tuning half since. Made by
`python -m tests.benchmarks.faults` (`make`, `calibrate`, `judge`, `cure`, `evaluate`).

A run is *sick* if its quality on clean samples is worse than that of its sound twins by more than twice their spread,
or if what is measured of it is wrong by construction. *Right* is a rule that names the fault; *precision* is the share
of right names and true consequences among everything named at warning or above on sick runs. *Internals* is a run
watched by the collector, *configuration* its curves with the settings and the model, *curves* the losses and metrics
alone, from which many causes cannot be known. Confidences are fitted on the tuning half alone (`calibrate`): a slope
and an offset for each grade of evidence, on the log-odds that a rule's prior and evidence add up to. An expected
error out of fold, which `calibrate` prints, leaves the problem of a cause out of what it is judged by. *Cured* means
that 80 % of the gap to the twin was closed.

What to know when reading: runs take about a second each, so nothing here speaks of large models; the sample is balanced
over faults, not drawn from life; which rules are right for a fault is a table written by hand
(`tests/benchmarks/faults/faults.py`). The thresholds of other tools were written anew from their papers and documented
defaults and give a set without an order.

Changes of the table after runs of the tuning half had been judged, and before the evaluation below was: `CFG101` (a
rate outside the usual range) counts as right for a rate too high or too low, `DAT203` (outputs that cannot reach the
targets) for a squashed or rectified head, `ACT101` as a consequence of weights at zero, and `DAT404` as true of every
run of `tumors-mlp`, whose validation set is small. Labels of validation are noisy where those of training are, the
validation set of an imbalanced problem is larger, and a squared loss is handed over as one. Before evaluation 3
`DAT206` (nothing in the inputs tells the targets), a rule written since, joined `DAT204` as right for labels that do
not belong to their inputs. After evaluation 3, which ran without it, what had not been said of its problems was added:
the rarest of the seven classes of `forests-mlp` has a twentieth of the samples of the largest (`DAT401`), and of the
code and the photographs up to 3 % of the validation rows are training rows (`DAT402`). Before evaluation 4 `DAT407`
(the same doubt about every sample), a rule written since, joined `DAT405` as right for wrong labels.
"""


def section(judged: Sequence[Judged], cures: Sequence[str] = (), repeated: Sequence[Sequence[Case]] = ()) -> list[str]:
    """The tables of one half, that of the cures as given; ``repeated`` are trainings made under several seeds."""
    lines = ["", *scoring.summary(judged), ""]
    if cures:
        lines += ["Cures, by the recommendations of the first advice, with internals:", "", *cures, ""]
    lines += ["By framework, with internals:", "", *scoring.by_framework(judged, "internals"), ""]
    lines += _confidences(judged)
    lines += ["", "By the number of epochs seen:", "", *by_epochs.table(_cases(judged), judged), ""]
    lines += [by_epochs.time_to_first(judged), ""]
    if repeated:
        lines += ["The same trainings under further seeds:", "", *repeats.table(repeated), ""]
    lines += ["", "Thresholds of the literature on the same runs:", "", *scoring.rivals(judged), ""]
    lines += ["What to record next:", "", *recording.table(judged), ""]
    lines += ["By fault, with internals:", "", *scoring.by_fault(judged, "internals"), ""]
    for level in LEVELS:
        alarms = scoring.false_alarms(judged, level)
        if alarms:
            lines += [
                f"Healthy runs that were not met with silence ({level}):",
                "",
                *(f"* {one}" for one in alarms),
                "",
            ]
    return lines


def _cases(judged: Sequence[Judged]) -> list[Case]:
    return list(dict.fromkeys(one.case for one in judged))


def _confidences(judged: Sequence[Judged]) -> list[str]:
    lines = ["Confidences of the causes named with internals:", ""]
    lines += calibration.table(calibration.causes(one for one in judged if one.level == "internals"))
    for level in LEVELS[1:]:
        named = calibration.causes(one for one in judged if one.level == level)
        error = calibration.expected_error(calibration.buckets(named))
        lines += ["", f"Seen by {level}: expected calibration error {error:.3f} over {len(named)} causes."]
    return [*lines, "", calibration.sure_and_wrong(one for one in judged if one.level == "curves")]


def keep_evaluation(commit: str, share: float, lines: Sequence[str], rules: by_rule.Counted, remark: str = "") -> None:
    """Add an evaluation to those that are kept; the same commit and share take the place of their earlier entry."""
    kept = _kept()
    entry = {
        "date": date.today().isoformat(),
        "commit": commit,
        "share": share,
        "remark": remark,
        "lines": list(lines),
        "rules": rules.as_record(),
    }
    for index, one in enumerate(kept):
        if (one["commit"], one["share"]) == (commit, share):
            kept[index] = entry
            break
    else:
        kept.append(entry)
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write(tuning: Sequence[str], rules: by_rule.Counted) -> None:
    """Write the page, and what each rule said: the tuning half given, and the evaluations kept, the last one first."""
    RULES.write_text(json.dumps(rules.as_record(), indent=1) + "\n", encoding="utf-8")
    lines = [HEAD.format(tuning=len(TUNING), evaluation=len(EVALUATION), faults=len(FAULTS), variants=len(VARIANTS))]
    kept = _kept()
    for number, one in reversed(list(enumerate(kept, 1))):
        share = "" if one["share"] == 1.0 else f", {one['share']:.0%} of the sample"
        lines += [
            f"\n## Evaluation {number}: {one['date']}, commit `{one['commit'][:12]}`{share}",
            "",
            one["remark"],
            *one["lines"],
        ]
    lines += ["\n## Tuning half, as it stands", *tuning]
    PAGE.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _kept() -> list[dict[str, Any]]:
    return json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else []
