"""PyTorch: watch a live training, and what modules, optimizers, losses and loaders tell of themselves.

``from expert.adapters.torch import watch``. Importing this package loads no torch: the names resolve on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expert.lazily import loading

if TYPE_CHECKING:
    from expert.adapters.torch.profile.data import profile_data as profile_data
    from expert.adapters.torch.run import Run as Run
    from expert.adapters.torch.watching import watch as watch

_HOMES = {
    "watch": "expert.adapters.torch.watching",
    "Run": "expert.adapters.torch.run",
    "profile_data": "expert.adapters.torch.profile.data",
}

__all__ = ["Run", "profile_data", "watch"]

__getattr__ = loading(__name__, _HOMES)
