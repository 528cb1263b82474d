"""Judge generated runs with `advise` and print how well each kind is named.

    python -m tests.benchmarks.curves.run --seed 1 --runs 2000

Seeds 1 and 2 are for reporting; whoever tunes a rule looks at seeds from 1000 on.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.benchmarks.curves.accepted import ACCEPTED
from tests.benchmarks.curves.generator import HEALTHY, SICK, TITLES, Curve, draw_many

if TYPE_CHECKING:
    from expert.advice import Advice

ALARMING = ("fatal", "error", "warning")
LENGTH_BANDS = ((6, 11), (12, 29), (30, 99), (100, 500))
NOISE_BANDS = ((0.0, 0.02), (0.02, 0.10), (0.10, 0.20), (0.20, 0.30))


@dataclass(frozen=True)
class Judgement:
    """What was said about one run. `alarms`: ids at warning or above, in order."""

    curve: Curve
    verdict: str
    alarms: tuple[str, ...]

    @property
    def false_alarm(self) -> bool:
        return self.curve.healthy and bool(self.alarms)

    @property
    def named(self) -> bool:
        return not self.curve.healthy and any(rule in ACCEPTED[self.curve.kind].right for rule in self.alarms)

    @property
    def acceptable(self) -> bool:
        """Right for its length: brief sick runs may also be called too short."""
        if self.curve.healthy:
            return not self.alarms
        return self.named or (self.curve.brief and self.verdict == "too_short" and not self.wrong)

    @property
    def wrong(self) -> tuple[str, ...]:
        """Contradicting rules among the alarms, wherever they stand."""
        if self.curve.healthy:
            return ()
        return tuple(rule for rule in self.alarms if rule in ACCEPTED[self.curve.kind].wrong)

    @property
    def wrong_above_right(self) -> tuple[str, ...]:
        """Contradicting rules that stand above the first right cause or, where no cause is named, the symptom."""
        if self.curve.healthy:
            return ()
        expected = ACCEPTED[self.curve.kind]
        landmark = next((rule for rule in self.alarms if rule in expected.causes), None)
        landmark = landmark or next((rule for rule in self.alarms if rule in expected.symptoms), None)
        above = self.alarms[: self.alarms.index(landmark)] if landmark else self.alarms
        return tuple(rule for rule in above if rule in expected.wrong)


def judge(curve: Curve) -> Judgement:
    """The findings of `advise` on the two curves alone."""
    from expert import advise

    advice: Advice = advise(curve.columns())
    alarms = tuple(finding.rule for finding in advice.findings if finding.severity in ALARMING)
    return Judgement(curve, str(advice.verdict), alarms)


def judge_seed(seed: int, runs: int, kinds: Sequence[str] = HEALTHY + SICK) -> list[Judgement]:
    """`runs` healthy runs over the healthy kinds, three quarters as many sick ones, and a fifth of those brief."""
    out = []
    for kind in kinds:
        if kind in HEALTHY:
            drawn = list(draw_many(kind, seed, runs // len(HEALTHY)))
        else:
            count = 3 * runs // (4 * len(SICK))
            drawn = [*draw_many(kind, seed, count), *draw_many(kind, seed, count // 5, brief=True)]
        out += [judge(curve) for curve in drawn]
    return out


def markdown(judgements: Sequence[Judgement], seed: int) -> str:
    """The tables of one seed, as Markdown."""
    healthy = [j for j in judgements if j.curve.healthy]
    sick = [j for j in judgements if not j.curve.healthy and not j.curve.brief]
    brief = [j for j in judgements if j.curve.brief]
    parts = []
    if healthy:
        parts += [f"### Healthy runs, seed {seed}", _healthy_table(healthy)]
    if sick:
        parts += [f"### Sick runs of 12 to 500 epochs, seed {seed}", _sick_table(sick)]
    if brief:
        parts += [f"### Sick runs of 6 to 11 epochs, seed {seed}", _brief_table(brief)]
    if judgements:
        parts += [f"### By length and by noise, seed {seed}", _band_table(judgements)]
    return "\n\n".join(parts) + "\n"


def misses(judgements: Iterable[Judgement]) -> str:
    """One line per run that was not judged as expected, with what is needed to draw it again."""
    lines = []
    for j in judgements:
        if j.acceptable and not j.wrong_above_right:
            continue
        if j.false_alarm:
            what = "false alarm"
        elif not j.acceptable:
            what = "missed"
        else:
            what = f"wrong above right ({' '.join(j.wrong_above_right)})"
        lines.append(f"{what}: [{' '.join(j.alarms) or j.verdict}] {j.curve.describe()}")
    return "\n".join(lines)


def _healthy_table(judgements: Sequence[Judgement]) -> str:
    rows = []
    for kind, group in _by_kind(judgements):
        alarms = [j for j in group if j.false_alarm]
        ids = Counter(rule for j in alarms for rule in j.alarms)
        rows.append([kind, str(len(group)), _share(len(alarms), len(group)), _counts(ids), *_verdicts(group)])
    return _table(["kind", "runs", "false alarms", "by rule", "healthy", "too short", "cannot judge"], rows)


def _sick_table(judgements: Sequence[Judgement]) -> str:
    rows = []
    for kind, group in _by_kind(judgements):
        above = Counter(rule for j in group for rule in j.wrong_above_right)
        rows.append([
            kind,
            str(len(group)),
            _share(sum(j.named for j in group), len(group)),
            _share(sum(bool(j.wrong_above_right) for j in group), len(group)),
            _counts(above),
            _share(sum(bool(j.wrong) for j in group), len(group)),
            _counts(Counter(j.alarms[0] if j.alarms else j.verdict for j in group)),
        ])  # fmt: skip
    head = ["kind", "runs", "named", "wrong above right", "by rule", "wrong anywhere", "what stands first"]
    return _table(head, rows)


def _brief_table(judgements: Sequence[Judgement]) -> str:
    rows = []
    for kind, group in _by_kind(judgements):
        rows.append([
            kind,
            str(len(group)),
            _share(sum(j.acceptable for j in group), len(group)),
            str(sum(j.named for j in group)),
            str(sum(j.verdict == "too_short" for j in group)),
            str(sum(bool(j.wrong_above_right) for j in group)),
        ])  # fmt: skip
    return _table(["kind", "runs", "named or too short", "named", "too short", "wrong above right"], rows)


def _band_table(judgements: Sequence[Judgement]) -> str:
    rows = []
    for low, high in LENGTH_BANDS:
        group = [j for j in judgements if low <= j.curve.epochs <= high]
        rows.append([f"{low} to {high} epochs", *_band(group)])
    for start, end in NOISE_BANDS:
        group = [j for j in judgements if start <= j.curve.noise < end or j.curve.noise == end == NOISE_BANDS[-1][1]]
        rows.append([f"noise {start:.0%} to {end:.0%}", *_band(group)])
    return _table(["band", "healthy runs", "false alarms", "sick runs", "named or, if brief, too short"], rows)


def _band(group: Sequence[Judgement]) -> list[str]:
    healthy = [j for j in group if j.curve.healthy]
    sick = [j for j in group if not j.curve.healthy]
    alarms, right = sum(j.false_alarm for j in healthy), sum(j.acceptable for j in sick)
    return [str(len(healthy)), _share(alarms, len(healthy)), str(len(sick)), _share(right, len(sick))]


def _by_kind(judgements: Sequence[Judgement]) -> list[tuple[str, Sequence[Judgement]]]:
    kinds = dict.fromkeys(j.curve.kind for j in judgements)
    groups = [(TITLES[kind], [j for j in judgements if j.curve.kind == kind]) for kind in kinds]
    return [*groups, ("**all**", judgements)]


def _verdicts(group: Sequence[Judgement]) -> list[str]:
    return [str(sum(j.verdict == verdict for j in group)) for verdict in ("healthy", "too_short", "cannot_judge")]


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.1%})" if whole else "0"


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{rule} {count}" for rule, count in counts.most_common(6)) or "-"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    return "\n".join([line(head), line(["---"] * len(head)), *map(line, rows)])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Judge generated runs of eleven kinds.")
    parser.add_argument("--seed", type=int, required=True, help="1 and 2 to report, 1000 and above to tune")
    parser.add_argument("--runs", type=int, default=2000, help="healthy runs; sick ones: three quarters as many")
    parser.add_argument("--kinds", nargs="+", choices=HEALTHY + SICK, default=HEALTHY + SICK, metavar="KIND")
    parser.add_argument("--misses", action="store_true", help="list every run not judged as expected")
    given = parser.parse_args(arguments)
    start = time.process_time()
    judgements = judge_seed(given.seed, given.runs, given.kinds)
    print(markdown(judgements, given.seed))
    alarms = [j for j in judgements if j.false_alarm]
    print(misses(judgements if given.misses else alarms))
    print(f"\n{len(judgements)} runs, {time.process_time() - start:.0f} s of processor time")


if __name__ == "__main__":
    main()
