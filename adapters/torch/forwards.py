"""Hooks on the forward passes of all modules, put on only where no compiled code has to be made anew for them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from torch import nn
from torch.nn.modules.module import register_module_forward_hook

Hook = Callable[[nn.Module, Any, Any], None]


def hook_forwards(hook: Hook) -> Any:
    """Put a hook on every module's forward pass; returns its handle, or None where it had better not be put on.

    Compiled code asks at each call which such hooks there are. Where they change it is compiled anew, and after a few
    times no more at all: the model would go on uncompiled, and only the clock would tell.
    """
    return None if _has_compiled() else register_module_forward_hook(hook)


def _has_compiled() -> bool:
    """Whether ``torch.compile`` has compiled anything in this process so far."""
    dynamo = sys.modules.get("torch._dynamo.utils")
    return dynamo is not None and bool(dynamo.counters.get("frames"))
