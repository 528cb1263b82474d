"""Everything a collector could leave behind: hooks of models, tensors, optimizers and torch itself, and other state."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import warnings
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.overrides import _get_current_function_mode_stack
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

FEEDER = "QueueFeederThread"


def traces(models: Iterable[nn.Module], optimizers: Iterable[Optimizer]) -> dict[str, Any]:
    """Where what hangs. An empty dictionary of hooks is the same as none."""
    found: dict[str, Any] = {}
    for number, model in enumerate(models):
        for name, module in model.named_modules():
            for key, value in vars(module).items():
                found[f"model {number}.{name}: {key}"] = _shown(value)
        for name, tensor in (*model.named_parameters(), *model.named_buffers()):
            found[f"tensor {number}.{name}: attributes"] = sorted(vars(tensor))
            for key in ("_backward_hooks", "_post_accumulate_grad_hooks"):
                found[f"tensor {number}.{name}: {key}"] = _shown(getattr(tensor, key))
    for number, optimizer in enumerate(optimizers):
        for key, value in vars(optimizer).items():
            found[f"optimizer {number}: {key}"] = _shown(value)
    return found | process_traces()


def process_traces() -> dict[str, Any]:
    """What hangs on no object of the user's."""
    found: dict[str, Any] = {}
    for place in (sys.modules["torch.nn.modules.module"], sys.modules["torch.optim.optimizer"]):
        for key, value in vars(place).items():
            if key.startswith("_global_"):
                found[f"{place.__name__}.{key}"] = _shown(value)
    found["modes"] = [type(mode) for mode in (*_get_current_function_mode_stack(), *_get_current_dispatch_mode_stack())]
    found["saved tensors"] = torch._C._autograd._top_saved_tensors_default_hooks(True)
    found["grad mode"] = torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_anomaly_enabled()
    found["defaults"] = torch.get_default_dtype(), torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    # A queue of multiprocessing ends its feeder some time after the loader that owned it is gone.
    found["threads"] = [one.name for one in threading.enumerate() if one.name != FEEDER]
    found["signals"] = [signal.getsignal(number) for number in signal.valid_signals()]
    found["interpreter"] = sys.excepthook, sys.gettrace(), sys.getprofile(), list(gc.callbacks)
    found["warnings"] = list(warnings.filters)
    return found


def _shown(value: Any) -> Any:
    """Hooks by their keys and values; other things by what identifies them."""
    if value is None or (isinstance(value, dict) and not value):
        return "nothing"
    if isinstance(value, dict):
        return [(_key(key), id(one) if not isinstance(one, dict) else sorted(one)) for key, one in value.items()]
    if isinstance(value, int | float | str | bool):
        return value
    return id(value)


def _key(key: Any) -> Any:
    return id(key) if isinstance(key, Tensor) else key


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The places where something hangs that did not hang there, or the other way round."""
    return [place for place in before | after if before.get(place) != after.get(place)]
