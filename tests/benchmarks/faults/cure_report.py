"""Every cure of a half tried, and what came of it: how many runs each try cured, how much of the gap was closed, and
the harm that the same remedies do to healthy runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from statistics import median, quantiles

from . import harm
from .cures import HELPED, STEPS, TRIES, Tried, tried
from .frameworks import CURED
from .harm import Applied
from .judging import Judged
from .scoring import listed, share, single_sick

HOW = f"""\
The advice is followed in its order: the first recommendation, what stands under its "if that fails", then the next one.
Each is carried out as its own data say (`changes`), by hand where no field of a profile tells it; what is repaired in
data or code is repaired in full. Checks and experiments are carried out, too, and what follows from them belongs to the
same try; what they settle is not tried any more. Where a text says to look for the learning rate again, rates are
probed in the same try. What says "once more" is done up to {STEPS} times in one try, as long as the validation loss
ends lower; the column of trainings counts them all. A change that helped is kept, and the expert is asked again. The
twin is the sound training with the same seed; a run that ended in numbers that are none counts as one that gives a
constant answer. Where what is measured was wrong, cured is a validation set of its own, measured in evaluation mode."""


def cured(judged: Sequence[Judged], jobs: int) -> list[str]:
    """Try the cures of these runs, so many at a time, and say how it goes; what is kept is not trained anew."""
    here = [one for one in judged if one.level == "internals" and one.case.framework in CURED]
    sick = single_sick(here, "internals")
    with ProcessPoolExecutor(jobs) as pool:
        tries = [pool.submit(tried, one) for one in sick]
        healthy = [pool.submit(harm.applied, run, name) for run, name in harm.drawn(here, sick)]
        for number, _ in enumerate(as_completed([*tries, *healthy]), 1):
            if number % 20 == 0:
                print(f"  {number} of {len(tries) + len(healthy)}", flush=True)
    return tables([one.result() for one in tries], [one.result() for one in healthy])


def tables(tries: Sequence[Tried], healthy: Sequence[Applied]) -> list[str]:
    """Everything that is said of cures, as Markdown."""
    curable = [one for one in tries if one.curable]
    left_out = len(tries) - len(curable)
    return [HOW, "", *_by_try(curable, left_out), "", *_by_fault(curable), "", *_watched(curable), "", *_harm(healthy)]


def _by_try(curable: Sequence[Tried], left_out: int) -> list[str]:
    rows = [
        "| tries | cured | share of the gap closed: median (quartiles) | trainings |",
        "| --- | --- | --- | --- |",
    ]
    for number in range(1, TRIES + 1):
        cured = sum(one.cured_at is not None and one.cured_at <= number for one in curable)
        gains = [one.gain_within(number) for one in curable if not one.of_measurement]
        trainings = sum(made.trainings for one in curable for made in one.tries[:number])
        rows.append(
            f"| {number} | {share(cured, len(curable))} | {_spread(gains)} | {trainings / max(1, len(curable)):.1f} |"
        )
    rows += [
        "",
        f"Left out: {left_out} sick runs that are no worse than their own twin, the sound training on the same "
        "samples, by more than twice the spread of sound trainings.",
    ]
    return rows


def _spread(values: Sequence[float]) -> str:
    if len(values) < 2:
        return "-"
    low, _, high = quantiles(values, n=4)
    return f"{median(values):.0%} ({low:.0%} to {high:.0%})"


def _by_fault(curable: Sequence[Tried]) -> list[str]:
    rows = ["| fault | sick | cured at 1 | within 3 | tried first, in vain |", "| --- | --- | --- | --- | --- |"]
    runs: dict[str, list[Tried]] = {}
    for one in curable:
        runs.setdefault(one.case.faults[0][0], []).append(one)
    for fault, mine in sorted(runs.items()):
        vain = Counter(one.tries[0].remedy if one.tries else "nothing" for one in mine if one.cured_at != 1)
        rows.append(
            f"| {fault} | {len(mine)} | {sum(one.cured_at == 1 for one in mine)} "
            f"| {sum(one.cured_at is not None for one in mine)} | {listed(vain)} |"
        )
    return rows


def _watched(curable: Sequence[Tried]) -> list[str]:
    """How often what a remedy asks to be watched told a run that was cured from one that was not."""
    made = [one for run in curable for one in run.tries if one.trainings]
    rows = [
        "What each remedy asks to be watched, looked at in the run made with it (`expert worked`):",
        "",
        "| the run | tries | it worked | it did not | not known |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, those in (
        ("was cured", [one for one in made if one.cured]),
        ("was better, and not cured", [one for one in made if one.gain >= HELPED and not one.cured]),
        ("was no better", [one for one in made if one.gain < HELPED]),
    ):
        said = Counter(one.worked for one in those)
        rows.append(f"| {name} | {len(those)} | {said['yes']} | {said['no']} | {said['unknown']} |")
    return rows


def _harm(healthy: Sequence[Applied]) -> list[str]:
    if not healthy:
        return []
    harmed = sum(one.beyond_noise for one in healthy)
    rows = [
        "The first recommendations of sick runs, carried out on healthy runs of the same problem: "
        f"{share(harmed, len(healthy))} were worse by more than twice the spread of sound trainings. "
        "Lost is the share of what the run had learned.",
        "",
        "| remedy | healthy runs | worse beyond noise | lost: median | lost: most |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, mine in harm.counts(healthy):
        lost = [one.lost for one in mine]
        rows.append(
            f"| {harm.KNOWLEDGE.remedies[name]} | {len(mine)} | {sum(one.beyond_noise for one in mine)} "
            f"| {median(lost):.0%} | {max(lost):.0%} |"
        )
    return rows
