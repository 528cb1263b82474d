"""The record of what a caller may set."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

from expert.rule import SEVERITIES, Severity
from expert.settings import values
from expert.settings.origin import IN_CALL, Keys, Origin

FailOn = Literal["info", "warning", "error", "fatal", "never"]
FAIL_ON: tuple[FailOn, ...] = get_args(FailOn)

Words = Annotated[tuple[str, ...], BeforeValidator(values.words)]
Text = Annotated[str, BeforeValidator(values.text)]
Texts = Annotated[tuple[str, ...], BeforeValidator(values.texts)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Suppression(_Record):
    """Findings that are known and accepted: ``rule`` names them by id, name, family or id prefix, ``reason`` says why.

    It holds up to the day ``until``, and where ``source`` is given only for logs whose path one of these patterns
    matches.
    """

    rule: Text
    reason: Text
    until: Annotated[datetime.date, BeforeValidator(values.day)] | None = None
    source: Texts = ()


class Settings(_Record):
    """``select`` and ``ignore`` name rules by id, name, family or id prefix (empty ``select``: all); ``limits``
    overrides limits by name, ``severity`` the severity of rules; ``profile`` names the kind of run, by one word or
    several, where it shall not be as recognized (``none``: nothing is to be recognized).

    ``preview`` judges rules on trial too: those whose status is experimental, which are otherwise left out unless
    ``select`` names them by their own id or name.

    ``suppress`` hides findings that are accepted, with a reason; ``baseline`` is a file of findings that are known.
    ``fail_on`` is the severity from which on a finding fails the command; ``plugins`` are to be loaded.
    """

    select: Words = ()
    ignore: Words = ()
    preview: Annotated[bool, BeforeValidator(values.flag)] = False
    limits: Mapping[str, Annotated[float, BeforeValidator(values.number)]] = Field(default_factory=dict)
    severity: Mapping[str, Annotated[Severity, BeforeValidator(values.one_of(SEVERITIES))]] = Field(
        default_factory=dict
    )
    profile: Texts = ()
    suppress: tuple[Suppression, ...] = ()
    fail_on: Annotated[FailOn, BeforeValidator(values.one_of(FAIL_ON))] = "error"
    baseline: Text | None = None
    plugins: Words = ()

    _origins: Mapping[Keys, Origin] = PrivateAttr(default_factory=dict)

    def origin(self, *keys: str | int) -> Origin | None:
        """Where a value was set; None where it is the default."""
        found = self._origins.get(keys[:2]) or self._origins.get(keys[:1])
        return found or (IN_CALL if keys[0] in self.model_fields_set else None)

    def said(self, *keys: str | int) -> str:
        """The place of a value, as an error message about it begins."""
        return (self.origin(*keys) or IN_CALL).said(*keys)

    def mention(self, *keys: str | int) -> str:
        """The place of a value, as a sentence names it."""
        return (self.origin(*keys) or IN_CALL).mention(*keys)

    def coming_from(self, origin: Origin) -> Self:
        """The same settings, all set there."""
        known = self.model_copy()
        known._origins = {(key,): origin for key in self.model_fields_set}
        return known

    def overridden_by(self, over: Settings) -> Self:
        """These settings where the others leave something open: lists replace, tables merge key by key."""
        merged: dict[str, Any] = {}
        origins = dict(self._origins)
        for key in over.model_fields_set:
            value = getattr(over, key)
            origin = over.origin(key) or IN_CALL
            if isinstance(value, Mapping):
                origins |= {(key, name): over.origin(key, name) or origin for name in value}
                value = {**getattr(self, key), **value}
            else:
                origins[(key,)] = origin
            merged[key] = value
        result = self.model_copy(update=merged)
        result._origins = origins
        return result
