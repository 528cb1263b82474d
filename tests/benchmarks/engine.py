"""What `advise` costs, as ratios taken in one process, on one thread, in processor time.

    python -m tests.benchmarks.engine

Each ratio has a bound and a floor: the floor is the smallest thing that could do the job (the numeric core, one read of
the data, the imports that cannot be avoided). Both sides are measured in turn, many times, and the medians compared.
Every repeat of `advise` gets data it has not seen, so that nothing cached for one run can help the next.
"""

from __future__ import annotations

# ruff: noqa: E402  (numpy reads the number of threads when it is loaded)
import os

for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tests.benchmarks.numeric_core import Array, numeric_core

EPOCHS = 100
STEPS = 1_000_000

STARTING = "pass"
IMPORTING_PARTS = "import numpy; from pydantic import BaseModel"
FIRST_ADVICE = """
import numpy, time
from pydantic import BaseModel
class Used(BaseModel):
    x: int
Used(x=1)  # pydantic loads much of itself at the first use
start = time.process_time()
from expert import advise
advise({"loss": [2.31, 2.30, 2.30, 2.31, 2.30, 2.30, 2.31, 2.30], "accuracy": [0.1] * 8})
print(time.process_time() - start)
"""
FIRST_BOUND = 0.12
IMPORTING_US = "from expert import advise, History; History.from_columns({'loss': [1.0, 0.5], 'val_loss': [1.1, 0.6]})"
_REPORT = "; import time; print(time.process_time())"


@dataclass(frozen=True)
class Measured:
    """A cost against its floor. `bound` is the largest ratio allowed, or None where a cost is only reported."""

    what: str
    floor: str
    seconds: float
    floor_seconds: float
    bound: float | None

    @property
    def ratio(self) -> float:
        return self.seconds / self.floor_seconds

    def row(self) -> str:
        bound = "-" if self.bound is None else f"<= {self.bound:g}"
        cost, floor = (f"{1e3 * seconds:.3g} ms" for seconds in (self.seconds, self.floor_seconds))
        return f"| {self.what} | {self.floor} | {floor} | {cost} | {self.ratio:.2f} | {bound} |"


def measure_all(repeats: int = 31) -> list[Measured]:
    """Every measurement; with 31 repeats in about a minute."""
    return [
        advise_on_epochs(repeats),
        advise_on_epochs(repeats, with_validation=True),
        advise_on_steps(max(5, repeats // 3)),
        first_import(max(5, repeats // 3)),
        history_of_steps(repeats),
    ]


def markdown(measured: list[Measured]) -> str:
    head = "| what | floor | floor takes | it takes | ratio | bound |\n| --- | --- | --- | --- | --- | --- |"
    return "\n".join([head, *(one.row() for one in measured)]) + "\n"


def advise_on_epochs(repeats: int, *, with_validation: bool = False) -> Measured:
    """A second `advise` on 100 epochs against the numeric core on the same series."""
    from expert import advise

    names = ("loss", "val_loss") if with_validation else ("loss",)
    runs = _runs(EPOCHS, names)
    advise({name: values.tolist() for name, values in next(runs).items()})

    def ours(run: dict[str, Array]) -> Callable[[], object]:
        columns = {name: values.tolist() for name, values in run.items()}
        return lambda: advise(columns)

    def core(run: dict[str, Array]) -> Callable[[], object]:
        return lambda: [numeric_core(values) for values in run.values()]

    seconds, floor = _medians(runs, ours, core, repeats)
    what = f"second advise, {EPOCHS} epochs of {' and '.join(names)}"
    return Measured(what, "numeric core on the same series", seconds, floor, 12.0)


def advise_on_steps(repeats: int) -> Measured:
    """A second `advise` on 10^6 steps against one read of the data."""
    from expert import History, advise

    runs = _runs(STEPS, ("loss",))
    at = np.arange(1.0, STEPS + 1.0)
    advise(History.from_columns({"step": at, **next(runs)}))

    def ours(run: dict[str, Array]) -> Callable[[], object]:
        history = History.from_columns({"step": at, **run})
        return lambda: advise(history)

    def read(run: dict[str, Array]) -> Callable[[], object]:
        return lambda: np.sum(run["loss"])

    seconds, floor = _medians(runs, ours, read, repeats)
    return Measured("second advise, 1e6 steps of loss", "one read (np.sum)", seconds, floor, 60.0)


def history_of_steps(repeats: int) -> Measured:
    """A History of 10^6 steps from NumPy columns against one read of the data."""
    from expert import History

    at = np.arange(1.0, STEPS + 1.0)

    def ours(run: dict[str, Array]) -> Callable[[], object]:
        return lambda: History.from_columns({"step": at, **run})

    def read(run: dict[str, Array]) -> Callable[[], object]:
        return lambda: np.sum(run["loss"])

    seconds, floor = _medians(_runs(STEPS, ("loss",)), ours, read, repeats)
    return Measured("History of 1e6 steps from NumPy", "one read (np.sum)", seconds, floor, None)


def first_import(repeats: int) -> Measured:
    """`from expert import advise` and a first History against numpy and pydantic, over a bare interpreter."""
    taken: dict[str, list[float]] = {STARTING: [], IMPORTING_PARTS: [], IMPORTING_US: []}
    for _ in range(repeats + 1):
        for statement, times in taken.items():
            times.append(_in_fresh_interpreter(statement))
    # The first round also writes compiled files and fills the file cache: it is not counted.
    bare, parts, us = (float(np.median(times[1:])) for times in taken.values())
    return Measured(
        "from expert import advise, and a first History", "import numpy and pydantic", us - bare, parts - bare, 1.5
    )


def first_advice(repeats: int) -> float:
    """Processor seconds of the first `advise` of a process, beyond the imports of numpy and pydantic."""
    return float(np.median([_in_fresh_interpreter(FIRST_ADVICE, "") for _ in range(repeats + 1)][1:]))


def _in_fresh_interpreter(statement: str, report: str = _REPORT) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", statement + report]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout)


def _runs(length: int, names: tuple[str, ...]) -> Iterator[dict[str, Array]]:
    """Healthy runs without end, each new."""
    rng = np.random.default_rng(0)
    clean = 0.1 + np.exp(-np.linspace(0.0, 5.0, length))
    while True:
        yield {
            name: clean * (1.0 + 0.12 * i) * np.exp(0.02 * rng.standard_normal(length)) for i, name in enumerate(names)
        }


def _medians(
    runs: Iterator[dict[str, Array]],
    ours: Callable[[dict[str, Array]], Callable[[], object]],
    floor: Callable[[dict[str, Array]], Callable[[], object]],
    repeats: int,
) -> tuple[float, float]:
    """Median processor seconds of both, measured in turn on the same run. The floor is warmed, as we are."""
    own, least = [], []
    for _ in range(repeats):
        run = next(runs)
        first, second = ours(run), floor(run)
        own.append(_seconds(first))
        second()
        least.append(_seconds(second))
    return float(np.median(own)), float(np.median(least))


def _seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def main() -> None:
    measured = measure_all()
    print(markdown(measured))
    late = [one for one in measured if one.bound is not None and one.ratio > one.bound]
    for one in late:
        print(f"over its bound: {one.what}: {one.ratio:.2f} > {one.bound:g}")
    first = first_advice(11)
    told = f"the first advise takes {1e3 * first:.0f} ms beyond numpy and pydantic, at most {1e3 * FIRST_BOUND:g}"
    print(f"{'PASS' if first <= FIRST_BOUND else 'FAIL'}: {told}")
    sys.exit(bool(late) or first > FIRST_BOUND)


if __name__ == "__main__":
    main()
