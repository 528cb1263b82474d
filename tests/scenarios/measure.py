"""Measure every case: `python -m tests.scenarios.measure [--seeds 0 1 2] [--write] [CASE ...]`.

Prints one line for each cure: the measure in the sick and in the cured run for each seed, and whether the cure holds.
Seconds are processor time. With `--write` the table goes into README.md beside this file.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from .architectures import ARCHITECTURE_CASES
from .case import Case
from .cases import CASES
from .loading import load

HEADER = """# Scenarios

Real trainings, small and seeded, in which each trouble truly occurs, and the same trainings after each remedy. This
table is written by `python -m tests.scenarios.measure --write`; figures are for seeds {seeds}, and *no help* marks a
remedy the measurement refutes. HP is the entropy of the labels: what a model that learns nothing reaches.

| case | article | scenario | remedy | measure | sick | cured | verdict | seconds |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def lines(case: Case, seeds: list[int]) -> list[str]:
    """The table's rows for one case."""
    started = time.process_time()
    sick = [load(case, seed) for seed in seeds]
    seconds = (time.process_time() - started) / len(seeds)
    head = f"| {case.id} | {', '.join(case.article)} | {case.scenario} |"
    if not case.cures:
        losses = f"{_spread(sick, 'train_loss')} (HP {sick[0].samples.entropy:.2f})"
        return [f"{head} | train_loss | {losses} | | | {seconds:.1f} |"]
    rows = []
    for number, cure in enumerate(case.cures):
        started = time.process_time()
        cured = [load(case, seed, cured=True, cure=number) for seed in seeds]
        cured_seconds = (time.process_time() - started) / len(seeds)
        holds = all(cure.holds(before, after) for before, after in zip(sick, cured, strict=True))
        verdict = ("helps" if cure.helps else "no help") if holds else "**DOES NOT HOLD**"
        rows.append(
            f"{head if number == 0 else '| | | |'} {cure.remedy} | {cure.measure} | {_spread(sick, cure.measure)} "
            f"| {_spread(cured, cure.measure)} | {verdict} | {seconds:.1f} + {cured_seconds:.1f} |"
        )
    return rows


def _spread(runs: list, measure: str) -> str:  # type: ignore[type-arg]
    return ", ".join(f"{run.measures[measure]:.3g}" for run in runs)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios.measure", description=__doc__)
    parser.add_argument("cases", nargs="*", help="ids of cases; all where none is given")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    table = []
    for case in (*CASES.values(), *ARCHITECTURE_CASES.values()):
        if not arguments.cases or case.id in arguments.cases:
            rows = lines(case, arguments.seeds)
            print("\n".join(rows), flush=True)
            table += rows
    if arguments.write:
        text = HEADER.format(seeds=", ".join(map(str, arguments.seeds))) + "\n".join(table) + "\n"
        (Path(__file__).parent / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
