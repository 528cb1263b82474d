"""What the entry point names."""

from __future__ import annotations

from acme_log.drift import REMEDY, RULE
from acme_log.reader import READER
from expert.authoring import Remedy, Rule, hookimpl
from expert.reading import Reader

expert_api = 1


@hookimpl
def expert_rules() -> list[Rule]:
    return [RULE]


@hookimpl
def expert_remedies() -> list[Remedy]:
    return [REMEDY]


@hookimpl
def expert_readers() -> list[Reader]:
    return [READER]
