"""The values settings may have: each check says what was expected and what was seen."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from expert.errors import nearest


def words(value: object) -> tuple[str, ...]:
    """A list of words."""
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise _refused('a list of words, such as ["OSC101", "plateau"]', value)
    return tuple(text(word) for word in value)


def texts(value: object) -> tuple[str, ...]:
    """A text or a list of texts."""
    return (text(value),) if isinstance(value, str) else words(value)


def text(value: object) -> str:
    """A text that says something."""
    if not isinstance(value, str) or not value.strip():
        raise _refused("a text", value)
    return value


def number(value: object) -> float:
    """A finite number; yes and no are none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _refused("a finite number", value)
    return float(value)


def flag(value: object) -> bool:
    """Yes or no, as a truth value."""
    if not isinstance(value, bool):
        raise _refused("true or false", value)
    return value


def day(value: object) -> datetime.date:
    """A date."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    try:
        return datetime.date.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise _refused("a date, such as 2026-12-31", value) from None


def one_of(choices: Sequence[str]) -> Callable[[object], str]:
    """One of these words."""

    def check(value: object) -> str:
        if value not in choices:
            raise _refused(f"one of {', '.join(choices)}", value, nearest(str(value), choices))
        return str(value)

    return check


def _refused(expected: str, seen: object, hint: str = "") -> ValueError:
    return ValueError(f"expected {expected}, not {_shown(seen)}.{hint}")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()  # as TOML and JSON write it
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."
