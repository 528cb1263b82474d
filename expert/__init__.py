"""Diagnose a training run: ``from expert import advise; print(advise(history))``.

The public names are loaded on first use, so that ``import expert`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expert.lazily import loading

if TYPE_CHECKING:
    from expert.advice import Advice as Advice
    from expert.advice import Finding as Finding
    from expert.advising import advise as advise
    from expert.advising import read_runs as read_runs
    from expert.errors import ExpertError as ExpertError
    from expert.following_up import worked as worked
    from expert.history import DataProfile as DataProfile
    from expert.history import History as History
    from expert.history import ModelProfile as ModelProfile
    from expert.history import RunConfig as RunConfig

__version__ = "0.1.0"

_HOMES = {
    "advise": "expert.advising",
    "read_runs": "expert.advising",
    "worked": "expert.following_up",
    "Advice": "expert.advice",
    "Finding": "expert.advice",
    "ExpertError": "expert.errors",
    "History": "expert.history",
    "RunConfig": "expert.history",
    "ModelProfile": "expert.history",
    "DataProfile": "expert.history",
}

__all__ = [
    "Advice",
    "DataProfile",
    "ExpertError",
    "Finding",
    "History",
    "ModelProfile",
    "RunConfig",
    "__version__",
    "advise",
    "read_runs",
    "worked",
]

__getattr__ = loading(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
