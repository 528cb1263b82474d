"""What somebody has to do for something to be known: hints that one deed serves are said together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from expert.history import History

MOST_FIELDS = 8
"""So many fields of a profile are asked for at once."""


class _Profile(NamedTuple):
    missing: str
    """What is missing where several of its fields are not known."""
    live: str
    """What tells all of it at once; empty where nothing does."""


PROFILES: Mapping[str, _Profile] = {
    "config": _Profile("settings that matter here are not known", ""),
    "model": _Profile("what matters here about the model is not known", "your_untrained_model"),
    "data": _Profile("what matters here about the data is not known", "((x, y), (x_val, y_val))"),
}
_TOLD = re.compile(r"\b(config|model|data)=(?:\{([^}]*)\})?")
_FIELD = re.compile(r'"(\w+)"')


def deed_of(hint: str) -> str:
    """The profile that a hint asks to be told about, whatever its fields; any other hint is a deed by itself."""
    profiles = {profile for profile, _ in _TOLD.findall(hint)} if hint.startswith("advise(") else set()
    return profiles.pop() if len(profiles) == 1 else hint


def needs_another_run(deed: str) -> bool:
    """Whether it cannot be told of a run that is over."""
    return deed not in PROFILES and not deed.startswith("advise(")


def said_together(profile: str, hints: Sequence[str], history: History) -> tuple[str, str]:
    """What is missing of a profile and how it is told, for hints that ask for it, the most important first."""
    missing, live = PROFILES[profile]
    known = getattr(history, profile)
    asked = [field for field in dict.fromkeys(_fields(hints)) if getattr(known, field, None) is None][:MOST_FIELDS]
    fields = ", ".join(f'"{field}": ...' for field in asked)
    ways = [f"{profile}={value}" for value in (live, f"{{{fields}}}" if asked else "") if value]
    return missing, f"advise(..., {ways[0]})" + "".join(f" or {way}" for way in ways[1:]) if ways else hints[0]


def _fields(hints: Sequence[str]) -> Iterator[str]:
    for hint in hints:
        for _, fields in _TOLD.findall(hint):
            yield from _FIELD.findall(fields)
