"""Brings the built-in rules and remedies in by the same hooks as any plugin: every module here that holds a RULE or
REMEDIES.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import expert.rules
from expert.authoring import Remedy, Rule, hookimpl


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(expert.rules.__path__, expert.rules.__name__ + "."):
        if not found.ispkg and found.name != __name__:
            yield importlib.import_module(found.name)


@hookimpl
def expert_rules() -> list[Rule]:
    """Every built-in rule: adding a file that holds a RULE adds a rule."""
    return [module.RULE for module in _modules() if hasattr(module, "RULE")]


@hookimpl
def expert_remedies() -> list[Remedy]:
    """Every built-in remedy."""
    return [remedy for module in _modules() for remedy in getattr(module, "REMEDIES", ())]
