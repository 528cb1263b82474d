"""What reading a long table costs, as a ratio to `pandas.read_csv` on the same file, and the memory it takes.

    python -m tests.benchmarks.readers [--megabytes 60 1000] [--write]

The files are made in a temporary folder. Both sides are timed in turn in one process; what one of them needs in memory
at most is taken in a process of its own, above what its imports need. `pandas.read_csv` only makes a frame, while the
reader also finds the runs, the clocks and the roles. Only the part up to `LARGEST_READ` counts of a larger file: both
sides are given the same file, so the size should stay below it for the ratio to mean something.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.benchmarks.watching.bounds import Bound, bounds_table, table

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks-readers.md"
BOUND = 2.0
"""The reader may take so many times what pandas takes."""
REPEATS = 5
ROWS_AT_ONCE = 100_000
PEAK = """
import re, sys
from functools import partial
import pandas
from expert.advising import read_runs
from expert.adapters import delimited
read = {read}
def highest():
    return int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]) / 1024
before = highest()
kept = read(sys.argv[1])
print(highest() - before)
"""

HEAD = "table | pandas | here | ratio | on the clock | memory of pandas | memory here"
METHOD = """\
The reader and `pandas.read_csv` take turns on the same file in one process; the least of five times counts, in
processor time over all threads. Pandas makes a frame, while the reader also finds the runs, the clocks and the roles.
Memory is the most that a process of its own needs above what its imports do.
"""


class Kind(NamedTuple):
    """One kind of table: what it is like, its header, and its rows from one step up to another."""

    what: str
    header: str
    rows: Callable[[range], Iterator[str]]
    options: Mapping[str, Any] = {}
    """What pandas must be told of it."""


def _dense(steps: range) -> Iterator[str]:
    loss, other = _numbers(steps)
    for step, one, two in zip(steps, loss, other, strict=True):
        yield f"{step},{step // 1000},{one!r},{two:.6f},0.001,{two:.5f},{one:.4f}\n"


def _sparse(steps: range) -> Iterator[str]:
    loss, other = _numbers(steps)
    for step, one, two in zip(steps, loss, other, strict=True):
        yield f"{step // 1000},{step},,{one!r},,\n" if step % 10 else f"{step // 1000},{step},{two!r},,{one:.4f},0.1\n"


def _with_words(steps: range) -> Iterator[str]:
    loss, other = _numbers(steps)
    for step, one, two in zip(steps, loss, other, strict=True):
        yield f"{step},train,{'nan' if step % 1000 == 999 else repr(one)},{two!r},0.001,2030-01-01 10:00:00\n"


def _with_commas(steps: range) -> Iterator[str]:
    loss, other = _numbers(steps)
    for step, one, two in zip(steps, loss, other, strict=True):
        yield f"{step};{step // 1000};{one!r};{two:.6f};0.001\n".replace(".", ",")


def _numbers(steps: range) -> tuple[list[float], list[float]]:
    generator = np.random.default_rng(steps.start)
    fall = np.exp(-np.array(steps) / 1e6) + generator.normal(0.0, 0.01, len(steps))
    return fall.tolist(), generator.random(len(steps)).tolist()


KINDS = (
    Kind("numbers in every cell", "step,epoch,train_loss,val_loss,lr,grad_norm,step_time", _dense),
    Kind("nine cells in twenty empty", "epoch,step,val_loss,train_loss_step,train_loss_epoch,lr", _sparse),
    Kind("two columns of words, some NaN", "step,phase,train_loss,grad_norm,lr,when", _with_words),
    Kind("decimal commas", "step;epoch;train_loss;val_loss;lr", _with_commas, {"sep": ";", "decimal": ","}),
)


def write(kind: Kind, path: Path, megabytes: int) -> None:
    """Write a table of about this size."""
    with path.open("w") as stream:
        stream.write(kind.header + "\n")
        start = 0
        while stream.tell() < megabytes * 1_000_000:
            stream.writelines(kind.rows(range(start, start + ROWS_AT_ONCE)))
            start += ROWS_AT_ONCE


class Seconds(NamedTuple):
    """Processor time over all threads, which both sides have several of, and time on the clock."""

    processor: float
    clock: float


def seconds(read: Callable[[], object]) -> Seconds:
    """What one reading takes."""
    clock, processor = time.perf_counter(), time.process_time()
    kept = read()
    took = Seconds(time.process_time() - processor, time.perf_counter() - clock)
    del kept
    return took


def peak(read: str, path: Path) -> float:
    """Megabytes a process needs at most, above those after its imports."""
    command = [sys.executable, "-c", PEAK.format(read=read), str(path)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


class Compared(NamedTuple):
    """One kind of table: processor time and memory of both sides."""

    kind: Kind
    megabytes: int
    theirs: Seconds
    ours: Seconds
    memory: tuple[float, float]

    def row(self) -> str:
        """A line of the table."""
        of_processor, on_clock = (here / there for here, there in zip(self.ours, self.theirs, strict=True))
        times = f"{self.theirs.processor:.2f} s | {self.ours.processor:.2f} s | {of_processor:.2f} | {on_clock:.2f}"
        return f"| {self.kind.what} | {times} | {self.memory[0]:.0f} MB | {self.memory[1]:.0f} MB |"

    def bound(self) -> Bound:
        """Whether it is read at half the speed at least."""
        return Bound(f"{self.kind.what}, {self.megabytes} MB", self.ours.processor / self.theirs.processor, BOUND, " x")


def compared(kind: Kind, megabytes: int) -> Compared:
    """Read one file with both."""
    import pandas

    from expert.advising import read_runs

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metrics.csv"
        write(kind, path, megabytes)
        theirs, ours = [], []
        for _ in range(REPEATS):
            theirs.append(seconds(partial(pandas.read_csv, path, **kind.options)))
            ours.append(seconds(partial(read_runs, path)))
        memory = peak(f"partial(pandas.read_csv, **{kind.options})", path), peak("read_runs", path)
    best = (Seconds(*(min(side) for side in zip(*runs, strict=True))) for runs in (theirs, ours))
    return Compared(kind, megabytes, *best, memory)


def page(sizes: Sequence[int]) -> tuple[str, list[Bound]]:
    """The page and its bounds."""
    bounds, parts = [], []
    for megabytes in sizes:
        rows = []
        for kind in KINDS:
            found = compared(kind, megabytes)
            rows.append(found.row())
            bounds.append(found.bound())
            print(rows[-1], flush=True)
        parts.append(f"## Files of {megabytes} MB\n\n" + table(HEAD, rows))
    verdicts = "## Bounds\n\n" + bounds_table(bounds)
    print(verdicts)
    made = (
        "# What reading a long table costs\n\n"
        f"Made by `make bench-readers` on Python {platform.python_version()}, pandas {version('pandas')}.\n"
    )
    return "\n".join([made, verdicts, METHOD, *parts]), bounds


def main() -> int:
    """Print the tables; return the number of values above their bounds."""
    parser = argparse.ArgumentParser(description="Time the reader of tables against pandas.")
    parser.add_argument("--megabytes", type=int, nargs="+", default=[60, 1000], help="sizes of the files")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}, too")
    arguments = parser.parse_args()
    text, bounds = page(arguments.megabytes)
    if arguments.write:
        PAGE.write_text(text, encoding="utf-8")
    return sum(bound.passed is False for bound in bounds)


if __name__ == "__main__":
    sys.exit(main())
