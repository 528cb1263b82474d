"""Keras 3: watch a training by ``model.fit``, and what a model and the call of ``fit`` tell of themselves.

``from expert.adapters.keras import ExpertCallback, profile_data``. Importing this package loads no Keras: a name
resolves on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expert.lazily import loading

if TYPE_CHECKING:
    from expert.adapters.keras.callback import ExpertCallback as ExpertCallback
    from expert.adapters.keras.profile.data import profile_data as profile_data

_HOMES = {
    "ExpertCallback": "expert.adapters.keras.callback",
    "profile_data": "expert.adapters.keras.profile.data",
}

__all__ = ["ExpertCallback", "profile_data"]

__getattr__ = loading(__name__, _HOMES)
