"""Brings the built-in rules and remedies in by the same hooks as any plugin: every module here that holds a RULE or
REMEDIES, and what the rules were measured to be worth.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from types import ModuleType

import expert.rules
from expert.authoring import Calibration, Remedy, Rule, hookimpl


@cache  # both hooks ask
def _modules() -> tuple[ModuleType, ...]:
    found = pkgutil.walk_packages(expert.rules.__path__, expert.rules.__name__ + ".")
    return tuple(importlib.import_module(one.name) for one in found if not one.ispkg and one.name != __name__)


@hookimpl
def expert_rules() -> list[Rule]:
    """Every built-in rule: adding a file that holds a RULE adds a rule."""
    return [module.RULE for module in _modules() if hasattr(module, "RULE")]


@hookimpl
def expert_remedies() -> list[Remedy]:
    """Every built-in remedy."""
    return [remedy for module in _modules() for remedy in getattr(module, "REMEDIES", ())]


@hookimpl
def expert_calibration() -> Calibration:
    """What ``python -m tests.benchmarks.faults calibrate`` found."""
    return Calibration.model_validate_json(Path(__file__).with_name("calibration.json").read_bytes())
