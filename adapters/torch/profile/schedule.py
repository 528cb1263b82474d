"""What a PyTorch scheduler tells: its name, its warm-up, whether it restarts."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

from expert.adapters.structure import snake_case
from expert.adapters.torch.profile.unwrapping import attribute, inner_scheduler, stored

STEADY = {
    "StepLR",
    "MultiStepLR",
    "ConstantLR",
    "LinearLR",
    "ExponentialLR",
    "PolynomialLR",
    "CosineAnnealingLR",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "CyclicLR",
}
"""Their rate never jumps up."""
RISING = {"LinearLR", "ConstantLR"}
WARMUPS = ("num_warmup_steps", "warmup_steps", "warmup_iters", "n_warmup_steps", "warm_up_steps")
"""What functions of a step call the length of their warm-up."""
BY_STEP = re.compile(r"^_?get_(.+?)(_lr)?_lambda$")
"""Names of the functions Hugging Face builds its schedules of."""


def read_schedule(scheduler: Any, steps_per_tick: int | None = None) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the fields ``schedule``, ``warmup_steps`` and ``warm_restarts`` of `RunConfig` that are known, and notes.

    Where the schedule knows the highest rate better than the optimizer (CyclicLR), ``learning_rate`` as well.

    ``steps_per_tick`` is how many steps the optimizer makes for one of the scheduler. Without it a warm-up is known in
    steps only where the schedule is made to be stepped with the optimizer (OneCycleLR, Hugging Face's). A scheduler of
    Lightning's settings (``{"scheduler": ..., "interval": "step"}``) says so itself. None, and no fields, for None.
    """
    if scheduler is None:
        return {}, ()
    ticks = _told(scheduler) or steps_per_tick
    inner = inner_scheduler(scheduler)
    try:
        name, warmup, by_step = _warmup(inner)
        found: dict[str, Any] = {"schedule": name, "warm_restarts": _restarts(inner)}
        if type(inner).__name__ == "CyclicLR":
            found["learning_rate"] = float(max(inner.max_lrs))
    except Exception:  # a stranger's class
        return {"schedule": snake_case(type(inner).__name__)}, ()
    factor = 1 if by_step else ticks
    if warmup == 0 or (warmup is not None and factor is not None):
        return found | {"warmup_steps": warmup * (factor or 1)}, ()
    if warmup is None:
        return found, ()
    return found, (f"The schedule warms up over {warmup} of its own steps; what those are in batches is not known.",)


def _told(scheduler: Any) -> int | None:
    """Lightning's and accelerate's word on when the scheduler is stepped."""
    known = scheduler.get if isinstance(scheduler, Mapping) else functools.partial(stored, scheduler)
    if type(scheduler).__name__ == "AcceleratedScheduler":
        return 1 if known("step_with_optimizer") else None
    every = known("frequency")
    return (every if isinstance(every, int) else 1) if known("interval") == "step" else None


def _warmup(scheduler: Any) -> tuple[str, int | None, bool]:
    """The name, the length of the warm-up in steps of the scheduler (None: not known), whether those are batches."""
    kind = type(scheduler).__name__
    name = snake_case(kind)
    parts = _parts(scheduler)
    if parts:
        joint = " and " if kind == "ChainedScheduler" else " then "
        name = joint.join(snake_case(type(part).__name__) for part in parts)
        if _rises(parts[0]):
            milestones = attribute(scheduler, "_milestones")
            end = milestones[0] if isinstance(milestones, list) and milestones else attribute(parts[0], "total_iters")
            return name, int(end), False
        inner = _warmup(parts[0])
        return name, inner[1], inner[2]
    if kind == "OneCycleLR":
        phases = attribute(scheduler, "_schedule_phases")
        return name, round(float(phases[0]["end_step"])), True
    if kind in RISING:
        return name, int(scheduler.total_iters) if _rises(scheduler) else 0, False
    if kind == "LambdaLR":
        return _of_function(scheduler, name)
    if kind in STEADY | {"CosineAnnealingWarmRestarts"}:
        return name, None if kind == "CyclicLR" else 0, False
    return name, None, False


def _of_function(scheduler: Any, name: str) -> tuple[str, int | None, bool]:
    function = attribute(scheduler, "lr_lambdas")[0]
    settings = _settings(function)
    called = attribute(function.func if isinstance(function, functools.partial) else function, "__name__") or ""
    known = BY_STEP.match(called)
    place = attribute(function.func if isinstance(function, functools.partial) else function, "__module__") or ""
    by_step = place.split(".")[0] == "transformers"
    warmup = next((settings[word] for word in WARMUPS if isinstance(settings.get(word), int)), None)
    if known and by_step:
        name = "none" if known[1] == "constant" else known[1]
    return name, warmup, by_step


def _settings(function: Callable[..., Any]) -> dict[str, Any]:
    """The numbers a function of a step was made with: those of a partial, or the variables it closes over."""
    if isinstance(function, functools.partial):
        return _settings(function.func) | dict(function.keywords)
    code, cells = attribute(function, "__code__"), attribute(function, "__closure__")
    if code is None or not cells:
        return {}
    found = {}
    for name, cell in zip(code.co_freevars, cells, strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # a variable that was never given a value
            continue
    return found


def _restarts(scheduler: Any) -> bool | None:
    kind = type(scheduler).__name__
    if "WarmRestarts" in kind:
        return True
    parts = _parts(scheduler)
    if parts:
        found = [_restarts(part) for part in parts]
        falling = [part for part in parts if not _rises(part)]
        # What falls and is followed by another schedule may jump up in between.
        return True if True in found else None if None in found or len(falling) > 1 else False
    if kind == "LambdaLR":
        function = attribute(scheduler, "lr_lambdas")[0]
        cycles = _settings(function).get("num_cycles")
        named = str(attribute(attribute(function, "func") or function, "__name__"))
        if "hard_restarts" in named:
            return isinstance(cycles, int) and cycles > 1
        return False if BY_STEP.match(named) else None
    return False if kind in STEADY else None


def _parts(scheduler: Any) -> list[Any]:
    parts = attribute(scheduler, "_schedulers")
    return list(parts) if isinstance(parts, list | tuple) else []


def _rises(scheduler: Any) -> bool:
    """Whether the rate starts below what it was set to and comes up to it."""
    if type(scheduler).__name__ not in RISING:
        return False
    start = attribute(scheduler, "start_factor") or attribute(scheduler, "factor")
    end = attribute(scheduler, "end_factor")
    return isinstance(start, int | float) and start < (1.0 if end is None else end)
