"""Judge other tools on the same generated runs.

    python -m venv rivals
    rivals/bin/pip install runmedic==0.1.1 trainproof==0.22.0 sk-autod==0.1.1 training-doctor==0.1.0
    python -m tests.benchmarks.curves.rivals --python rivals/bin/python --seed 1 --runs 300

The tools live in an environment of their own; each reads the run as a CSV file with its defaults. What counts is what
a user sees at warning or above. The names a tool has for a kind are read generously: "learning rate too high" is right
for divergence and for oscillation, "dead run", "plateau" or "rate too low" for a loss at ln C and for a descent that is
far too slow.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.curves.generator import HEALTHY, SICK, TITLES, Curve, draw_many

WORKER = Path(__file__).with_name("rival_worker.py")

STANDSTILL = frozenset({"flat", "slow"})
RATE_TOO_HIGH = frozenset({"diverge", "oscillate"})

# Tool -> name it prints -> the kinds for which that name is right.
NAMES: dict[str, dict[str, frozenset[str]]] = {
    "runmedic": {
        "non_finite": frozenset({"nan"}),
        "divergence": frozenset({"diverge"}),
        "loss_spikes": frozenset({"oscillate"}),
        "no_learning": STANDSTILL,
        "overfitting": frozenset({"overfit"}),
    },
    "trainproof": {
        "TP-NAN": frozenset({"nan"}),
        "TP-DIVERGE": frozenset({"diverge"}),
        "TP-FLAT": STANDSTILL,
        "TP-DEAD-RUN": STANDSTILL,
        "TP-OVERFIT": frozenset({"overfit"}),
    },
    "sk-autod": {
        "Classic overfitting": frozenset({"overfit"}),
        "Missed early stopping": frozenset({"overfit"}),
        "Exploding gradient": frozenset({"diverge", "nan"}),
        "LR too high": RATE_TOO_HIGH,
        "Noisy training": frozenset({"oscillate"}),
        "LR too low": STANDSTILL,
        "Underfitting": STANDSTILL,
        "Dying ReLU proxy": frozenset({"flat"}),
    },
    "training-doctor": {
        "lr_too_high": RATE_TOO_HIGH | {"nan"},
        "gradient_instability": RATE_TOO_HIGH | {"nan"},
        "lr_too_low": STANDSTILL,
        "plateau": STANDSTILL,
        "overfitting": frozenset({"overfit"}),
    },
}


def draw_runs(seed: int, runs: int) -> list[Curve]:
    """`runs` runs of each healthy and each sick kind together, as equal in number as they can be."""
    share = max(1, runs // len(HEALTHY + SICK))
    return [curve for kind in HEALTHY + SICK for curve in draw_many(kind, seed, share)]


def ask(python: str, curves: Sequence[Curve]) -> tuple[dict[str, str], dict[str, list[list[str]]]]:
    """Versions of the tools installed for `python`, and for each tool the names it gave each run."""
    with tempfile.TemporaryDirectory() as folder:
        for i, curve in enumerate(curves):
            write_csv(Path(folder, f"{i:06}.csv"), curve)
        done = subprocess.run([python, str(WORKER), folder], capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    names = {tool: [given[file] for file in sorted(given)] for tool, given in answer["names"].items()}
    return answer["installed"], names


def write_csv(path: Path, curve: Curve) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", "loss", "val_loss"])
        writer.writerows(zip(range(curve.epochs), curve.loss.tolist(), curve.val_loss.tolist(), strict=True))


def markdown(
    curves: Sequence[Curve], installed: Mapping[str, str], names: Mapping[str, Sequence[Sequence[str]]]
) -> str:
    """One row per kind, one column per tool."""
    tools = [tool for tool in NAMES if tool in installed]
    kinds = list(dict.fromkeys(curve.kind for curve in curves))
    head = ["kind", "runs", *(f"{tool} {installed[tool]}" for tool in tools)]
    rows = []
    for kind in kinds:
        chosen = [i for i, curve in enumerate(curves) if curve.kind == kind]
        cells = [_cell(tool, kind, [names[tool][i] for i in chosen]) for tool in tools]
        rows.append([TITLES[kind], str(len(chosen)), *cells])
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
    absent = [tool for tool in NAMES if tool not in installed]
    if absent:
        lines += ["", f"Not installed, so not measured: {', '.join(absent)}."]
    return "\n".join(lines) + "\n"


def _cell(tool: str, kind: str, given: Sequence[Sequence[str]]) -> str:
    if kind in HEALTHY:
        alarms = [names for names in given if names]
        common = Counter(name for names in alarms for name in names).most_common(2)
        return f"false alarm {_share(len(alarms), given)}" + _listed(common)
    named = sum(any(_right(tool, name, kind) for name in names) for names in given)
    above = [name for names in given for name in _wrong_above(tool, kind, names)]
    misled = sum(bool(_wrong_above(tool, kind, names)) for names in given)
    return f"named {_share(named, given)}; wrong name above {_share(misled, given)}" + _listed(
        Counter(above).most_common(2)
    )


def _right(tool: str, name: str, kind: str) -> bool:
    return kind in NAMES[tool].get(name, frozenset())


def _wrong_above(tool: str, kind: str, names: Sequence[str]) -> list[str]:
    """Names of other kinds, and crashes, that stand before the first right name."""
    first = next((i for i, name in enumerate(names) if _right(tool, name, kind)), len(names))
    return [name for name in names[:first] if name in NAMES[tool] or name.startswith("crash")]


def _share(part: int, whole: Sequence[object]) -> str:
    return f"{part / len(whole):.0%}"


def _listed(common: Sequence[tuple[str, int]]) -> str:
    return f" ({', '.join(f'{name} {count}' for name, count in common)})" if common else ""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Judge other tools on the same generated runs.")
    parser.add_argument("--python", required=True, help="the interpreter of the environment the tools are installed in")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=300)
    given = parser.parse_args(arguments)
    curves = draw_runs(given.seed, given.runs)
    installed, names = ask(given.python, curves)
    print(markdown(curves, installed, names))


if __name__ == "__main__":
    main()
