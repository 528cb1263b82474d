"""The page of the benchmark, as Markdown, and the bounds it is held to."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path
from time import monotonic, process_time

import keras
import tensorflow as tf

from tests.benchmarks.keras.reads import LONG, SHORT, reads_per_step
from tests.benchmarks.keras.trainings import BARE, CNN, COMPILED, DEFAULT, EAGER, EVERY_50, MLP, TENSORBOARD, Way
from tests.benchmarks.keras.turns import BLOCK, Taken, take_turns
from tests.benchmarks.watching.bounds import Bound, bounds_table, short_time, table

PAGE = Path(__file__).parents[3] / "docs" / "benchmarks-keras.md"
EPOCHS, EAGER_EPOCHS = {MLP: 40, CNN: 24}, 2
COUNTED = (BARE, EVERY_50, DEFAULT, TENSORBOARD, EAGER)
METHOD = f"""\
One process, one thread for operations; processor time of the whole process, not of the wall, because the machine has
other work to do. The ways to train are calls of `fit` that take turns, {BLOCK} steps each and in changing order, so
that what slows the machine slows them all; each epoch is held against the bare one beside it. Shown are medians and
quartiles over epochs. The first three, with tracing and the closer look at a run's first steps, do not count.

* **More than a bare step** is what the steps of an epoch take more, its beginning and end left out; **once an epoch**
  is what these take more. A second bare training says how much of it is noise.
* **Reads on the host**: every way from a tensor to numbers is counted, in an epoch of {SHORT} and in one of {LONG}
  steps; the difference is what steps add. Keras itself reads its logs, for its own callbacks.
"""


def page(tell: Callable[[str], None]) -> tuple[str, list[Bound]]:
    """The page and its bounds; ``tell`` is called with each part as soon as it was measured."""
    began, worked = monotonic(), process_time()
    reads = {way: reads_per_step(CNN, way) for way in COUNTED}
    parts = [_reads_part(reads)]
    tell(parts[0])
    taken = {}
    for kind in (MLP, CNN):
        taken[kind] = take_turns(kind, COMPILED, EPOCHS[kind])
        # Steps that are not compiled take so long that a few of them tell enough.
        eager = take_turns(kind, (BARE, EAGER), EAGER_EPOCHS, warm=1)
        parts.append(_turns_part(taken[kind], eager))
        tell(parts[-1])
    bounds = [
        _bound("looks at two of 50 steps, of a step", taken[CNN], EVERY_50),
        _bound("default set-up, of a step", taken[MLP], DEFAULT),
        Bound("reads on the host that a step adds, every=50", reads[EVERY_50] - reads[BARE], 0.0),
    ]
    verdicts = "## Bounds\n\n" + bounds_table(bounds)
    tell(verdicts)
    took = f"Measured in {monotonic() - began:.0f} s, {process_time() - worked:.0f} s of them on a processor.\n"
    return "\n".join([_head(), verdicts, METHOD, *parts, took]), bounds


def _head() -> str:
    return (
        "# What watching a Keras training costs\n\n"
        f"Made by `make bench-keras` on Python {platform.python_version()}, Keras {keras.__version__}, "
        f"TensorFlow {tf.__version__}.\n"
    )


def _bound(what: str, taken: Taken, way: Way) -> Bound:
    low, middle, high = (100 * share for share in taken.more(way, BARE))
    return Bound(f"{what}, {taken.kind.name}", middle, 2.0, " %", f"quartiles {low:+.1f} to {high:+.1f} %")


def _turns_part(compiled: Taken, eager: Taken) -> str:
    kind = compiled.kind
    rows = [f"| {BARE.name} | {short_time(compiled.seconds(BARE))} | - | - |"]
    rows += [_row(compiled, way) for way in COMPILED if way is not BARE]
    rows.append(_row(eager, EAGER))
    head = "way to train | step | more than a bare step (quartiles) | more, once an epoch"
    return f"## {kind.said}\n\nEpochs of {kind.steps} steps.\n\n" + table(head, rows)


def _row(taken: Taken, way: Way) -> str:
    low, middle, high = (100 * share for share in taken.more(way, BARE))
    seconds = taken.between(way, BARE)
    once = f"{'-' if seconds < 0 else '+'}{short_time(abs(seconds))}"
    return f"| {way.name} | {short_time(taken.seconds(way))} | {middle:+.1f} % ({low:+.1f} to {high:+.1f}) | {once} |"


def _reads_part(reads: dict[Way, float]) -> str:
    rows = [f"| {way.name} | {count:g} |" for way, count in reads.items()]
    return "## Reads on the host\n\n" + table("way to train | reads a step", rows)
