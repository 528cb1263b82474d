"""What reading a long table costs, as a ratio to `pandas.read_csv` on the same file, and the memory it takes.

    python -m tests.benchmarks.readers [--megabytes 200]

The files are made in a temporary folder. Both sides are timed in turn in one process; what one of them needs in memory
at most is taken in a process of its own, above what its imports need. `pandas.read_csv` only makes a frame, while the
reader also finds the runs, the clocks and the roles. Only the part up to `LARGEST_READ` counts of a larger file: both
sides are given the same file, so the size should stay below it for the ratio to mean something.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

BOUND = 2.0
"""The reader may take so many times what pandas takes."""
REPEATS = 5
ROWS_AT_ONCE = 100_000
PEAK = """
import re, sys
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


class Kind(NamedTuple):
    """One kind of table: what it is like, its header, and its rows from one step up to another."""

    what: str
    header: str
    rows: Callable[[range], Iterator[str]]


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


def _numbers(steps: range) -> tuple[list[float], list[float]]:
    generator = np.random.default_rng(steps.start)
    fall = np.exp(-np.array(steps) / 1e6) + generator.normal(0.0, 0.01, len(steps))
    return fall.tolist(), generator.random(len(steps)).tolist()


KINDS = (
    Kind("numbers in every cell", "step,epoch,train_loss,val_loss,lr,grad_norm,step_time", _dense),
    Kind("nine cells in twenty empty", "epoch,step,val_loss,train_loss_step,train_loss_epoch,lr", _sparse),
    Kind("two columns of words, some NaN", "step,phase,train_loss,grad_norm,lr,when", _with_words),
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


def main(megabytes: int) -> int:
    """Print the table; return the number of ratios above the bound."""
    import pandas

    from expert.advising import read_runs

    above = 0
    print(f"{megabytes} MB, best of {REPEATS} in turn, in processor time; the bound is {BOUND:g} times that of pandas.")
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "metrics.csv"
            write(kind, path, megabytes)
            theirs, ours = [], []
            for _ in range(REPEATS):
                theirs.append(seconds(partial(pandas.read_csv, path)))
                ours.append(seconds(partial(read_runs, path)))
            ratio, on_clock = (
                min(one[side] for one in ours) / min(one[side] for one in theirs)
                for side in range(len(Seconds._fields))
            )
            above += ratio > BOUND
            print(
                f"{kind.what:32} pandas {min(theirs).processor:6.2f} s, here {min(ours).processor:6.2f} s: "
                f"ratio {ratio:4.2f} ({on_clock:4.2f} on the clock); "
                f"memory {peak('pandas.read_csv', path):6.0f} MB and {peak('read_runs', path):6.0f} MB",
                flush=True,
            )
    return above


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Time the reader of tables against pandas.")
    parser.add_argument("--megabytes", type=int, default=200, help="size of each file (default 200)")
    sys.exit(1 if main(parser.parse_args().megabytes) else 0)
