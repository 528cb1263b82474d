"""Limits: named thresholds with unit and source, in one table, overridable per project and per profile."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

NO_PROFILE = "none"
"""What a caller says for whom no profile is to be in force."""


def profile_fault(name: str) -> str:
    """What is wrong with the name of a profile; empty where nothing is."""
    if name != NO_PROFILE and re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        return ""
    return f"a profile is a word in lower case other than 'none', such as 'protein-model', not {name!r:.80}"


def _profile(name: str) -> str:
    if fault := profile_fault(name):
        raise ValueError(fault)
    return name


class ForProfile(BaseModel):
    """The value of a limit for one profile, which is a kind of run: ``source`` says where the number comes from (empty:
    from where the limit's own does), ``healthy`` what healthy runs of that kind read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    profile: Annotated[str, AfterValidator(_profile)]
    value: float
    source: str = ""
    healthy: str = ""


def _record(value: object) -> object:
    """A pair of a profile and its value, as the record."""
    if isinstance(value, tuple | list) and len(value) == 2:
        return {"profile": value[0], "value": value[1]}
    return value


class Limit(BaseModel):
    """A threshold. ``healthy`` says what healthy runs read; ``profiles`` gives other values for named kinds of run."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str
    value: float
    unit: str = ""
    source: str
    healthy: str = ""
    profiles: tuple[Annotated[ForProfile, BeforeValidator(_record)], ...] = ()

    @model_validator(mode="after")
    def _each_profile_once(self) -> Self:
        names = [one.profile for one in self.profiles]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"limit '{self.name}' has two values for the profile '{twice}'")
        return self

    def under(self, profiles: Sequence[str]) -> ForProfile | None:
        """The value for the first of these profiles that has one; None where the default is in force."""
        own = {one.profile: one for one in self.profiles}
        return next((own[name] for name in profiles if name in own), None)


def limit(
    name: str,
    value: float,
    *,
    unit: str = "",
    source: str,
    healthy: str = "",
    profiles: Sequence[ForProfile | tuple[str, float]] = (),
) -> Limit:
    """Name a threshold; ``source`` says where the number comes from.

    ``profiles`` holds the values for other kinds of run: `for_profile`, or pairs of a profile and its value.
    """
    return Limit.model_validate(
        {
            "name": name,
            "value": float(value),
            "unit": unit,
            "source": source,
            "healthy": healthy,
            "profiles": tuple(profiles),
        }
    )


def for_profile(profile: str, value: float, *, source: str, healthy: str = "") -> ForProfile:
    """Another value of a limit for runs of this profile, and where that number comes from."""
    return ForProfile(profile=profile, value=float(value), source=source, healthy=healthy)
