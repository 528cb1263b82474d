"""Train everything and save the histories: `python -m tests.scenarios.dump FOLDER [--seeds 0 1 2] [CASE ...]`.

Each sick run is FOLDER/<case>-<seed>-sick.expert, its first cure <case>-<seed>-cured.expert, and what the curves alone
tell <case>-<seed>-curves.expert, so that rules can be judged again in seconds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .cases import CASES
from .loading import load


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios.dump", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("cases", nargs="*", help="ids of cases; all where none is given")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for seed in arguments.seeds:
        for case in CASES.values():
            if arguments.cases and case.id not in arguments.cases:
                continue
            sick = load(case, seed)
            sick.history().save(arguments.folder / f"{case.id}-{seed}-sick.expert")
            sick.curves_only().save(arguments.folder / f"{case.id}-{seed}-curves.expert")
            if case.cures:
                load(case, seed, cured=True).history().save(arguments.folder / f"{case.id}-{seed}-cured.expert")
            print(case.id, seed, flush=True)


if __name__ == "__main__":
    main()
