"""The page: what was measured, how, and whether it is within its bounds."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, process_time

import torch

from tests.benchmarks.watching import compiling, cuda, default, every_step, idle, memory
from tests.benchmarks.watching.bounds import Bound, bounds_table, short_time, table
from tests.benchmarks.watching.every_step import (
    FLOOR,
    FULL_ACTIVATIONS,
    FULL_LOOK,
    LIGHTNING,
    LOOP,
    NORMS_LOOK,
    OUR_ACTIVATIONS,
    OUR_NORMS,
    TOTAL_NORM,
    WANDB,
    Taken,
)
from tests.benchmarks.watching.trainings import CNN, KINDS, MLP, TRANSFORMER

PAGE = Path(__file__).parents[3] / "docs" / "benchmarks-torch.md"
NORM_ROUNDS = {MLP: 40, CNN: 4, TRANSFORMER: 4}
STEP_ROUNDS = {MLP: (9, 40), CNN: (3, 4), TRANSFORMER: (3, 3)}
BARE_BLOCKS = {MLP: (12, 100), CNN: (6, 3), TRANSFORMER: (4, 3)}
METHOD = """\
One process, one thread, processor time of the thread (of the process where a tool has threads of its own); medians.

* **Our calls** are timed inside real steps and from outside: the optimizer's two hooks, the hooks on gradients and on
  forward passes, and `run.step`. Two clocks time each call, that of the thread and that of the wall, and the shorter
  time counts; what the clocks themselves take is measured in the same steps, by calls that do nothing, and taken off.
  What PyTorch itself does to call a hook is not counted.
* **Default set-up**: `watch(model, optimizer)` and `run.step(loss=loss)`; the watcher's budget counts processor time
  here, too. A run looks at steps 1 to 10 in full and then ever more rarely, until its budget of 1 % rules; the start up
  to there is told apart. The share is all our calls over all the rest of the steps, in whole cycles of looks; what is
  more than three times as long as its like is counted as three times.
* **Every step**: variants take turns in changing order. *Cold* is the call alone after the caches were flushed.
* **Noise**: the ratio of the medians of successive blocks of bare steps says what a comparison of whole steps could not
  tell; numbers of single calls are steadier than that.
"""


def page(tell: Callable[[str], None]) -> tuple[str, list[Bound]]:
    """The page and its bounds; ``tell`` is called with each part as soon as it was measured."""
    bounds: list[Bound] = []
    parts: list[str] = []
    began, worked = monotonic(), process_time()
    for part, found in _parts():
        parts.append(part)
        bounds += found
        tell(part)
    verdicts = "## Bounds\n\n" + bounds_table(bounds)
    tell(verdicts)
    took = f"Measured in {monotonic() - began:.0f} s, {process_time() - worked:.0f} s of them on a processor.\n"
    return "\n".join([_head(), verdicts, METHOD, *parts, took]), bounds


def _head() -> str:
    return (
        "# What watching a PyTorch training costs\n\n"
        f"Made by `make bench-torch` on Python {platform.python_version()}, PyTorch {torch.__version__}.\n"
    )


def _parts() -> Iterator[tuple[str, list[Bound]]]:
    rows, bounds = idle.measure_idle()
    head = "a step that is not looked at, called in a loop | median | quartiles"
    yield "## The calls of a step that is not looked at\n\n" + table(head, rows), bounds
    # Compiled code is counted last: what it leaves behind could touch the others.
    for measure in (_default, _every_step, _memory, _compiling, _cuda):
        yield measure()


def _default() -> tuple[str, list[Bound]]:
    found = [default.measure_default(kind) for kind in KINDS]
    noise = []
    for kind in KINDS:
        low, middle, high = (100 * ratio for ratio in default.bare_steps(kind, *BARE_BLOCKS[kind]))
        noise.append(f"| {kind.name} | {middle:+.1f} % | {low:+.1f} to {high:+.1f} % |")
    text = "## Default set-up\n\n" + table(default.HEAD, [one.row() for one in found])
    text += "\n" + table("bare steps against bare steps | median | quartiles", noise)
    return text, [one.bound() for one in found]


def _every_step() -> tuple[str, list[Bound]]:
    found = {}
    for kind in KINDS:
        in_step, cold = every_step.measure_norms(kind, NORM_ROUNDS[kind])
        found[kind] = in_step, cold, every_step.measure_in_steps(kind, *STEP_ROUNDS[kind])
    text = "## Every step\n\n"
    for kind, (in_step, cold, hooked) in found.items():
        text += f"{kind.said}\n\n"
        rows = [
            _row(way, in_step, cold, floor=cold.usual(FLOOR)) for way in (FLOOR, OUR_NORMS, TOTAL_NORM, LOOP, LIGHTNING)
        ]
        rows += [
            _row(way, hooked, None, floor=hooked.usual(FLOOR))
            for way in (NORMS_LOOK, FULL_LOOK, OUR_ACTIVATIONS, FULL_ACTIVATIONS, WANDB)
        ]
        text += table("what | time in a step | of the bare step | cold | times the floor", rows) + "\n"
    text += (
        "Times the floor: the cold call, or the call in the step where hooks are needed, over the floor with cold "
        "caches.\n"
    )
    share = found[TRANSFORMER][2].share(NORMS_LOOK)
    percent = None if share is None else 100 * share
    bounds = [Bound("norms-only look at every step, share of the step, GPT", percent, 0.6, " %")]
    for kind in (CNN, TRANSFORMER):
        _, cold, hooked = found[kind]
        floor, tool = cold.ratio(OUR_NORMS, FLOOR), hooked.ratio(NORMS_LOOK, WANDB)
        why = hooked.missing.get(WANDB, "")
        bounds.append(Bound(f"all gradient norms against the floor, both cold, {kind.name}", floor, 2.5, " x"))
        bounds.append(Bound(f"norms-only look against `wandb.watch`, {kind.name}", tool, 1 / 50, " x", why))
    tool = found[MLP][2].ratio(WANDB, NORMS_LOOK)
    if tool is not None:
        text += (
            f"\nThe steps of the MLP are bound by calls, not by bytes: there `wandb.watch` takes {tool:.0f} times as "
            "long as our norms-only look.\n"
        )
    what = "activation statistics against those of all numbers, GPT"
    bounds.append(Bound(what, hooked.ratio(OUR_ACTIVATIONS, FULL_ACTIVATIONS), 1 / 20, " x"))
    return text, bounds


def _row(way: str, taken: Taken, cold: Taken | None, floor: float | None) -> str:
    usual, share = taken.usual(way), taken.share(way)
    if usual is None or share is None:
        return f"| {way} | {taken.missing.get(way, 'not measured')} | - | - | - |"
    alone = usual if cold is None else cold.usual(way)
    shown = "-" if cold is None or alone is None else short_time(alone)
    times = "-" if alone is None or floor is None else f"{alone / floor:.2f}"
    percent = f"{100 * share:.3g}" if share < 1.0 else f"{100 * share:.0f}"
    return f"| {way} | {short_time(usual)} | {percent} % | {shown} | {times} |"


def _memory() -> tuple[str, list[Bound]]:
    measured = [memory.measure_memory(kind) for kind in KINDS]
    return "## Memory\n\n" + table(memory.HEAD, [row for row, _ in measured]), [bound for _, bound in measured]


def _compiling() -> tuple[str, list[Bound]]:
    rows, bounds = compiling.measure_compiling()
    return "## Compiled models\n\n" + table(compiling.HEAD, rows), bounds


def _cuda() -> tuple[str, list[Bound]]:
    rows, bounds = cuda.measure_cuda()
    text = table(cuda.HEAD, rows) if rows else "Not measured: this machine has no GPU.\n"
    return "## On a GPU\n\n" + text, bounds
