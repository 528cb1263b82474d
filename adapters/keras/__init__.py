"""Keras 3: watch a training by ``model.fit``, and what a model and the call of ``fit`` tell of themselves.

``from expert.adapters.keras import ExpertCallback``. Importing this package loads no Keras: the name resolves on first
use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expert.adapters.keras.callback import ExpertCallback as ExpertCallback

_HOMES = {"ExpertCallback": "expert.adapters.keras.callback"}

__all__ = ["ExpertCallback"]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value
