"""What goes wrong with what we are given, said in one sentence: where, what was seen, what was expected."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


SHORT_FORMS = {"lr": "learning_rate", "wd": "weight_decay", "bs": "batch_size", "num_classes": "classes"}
"""What people write in place of a name that is spelled quite differently."""


class ExpertError(ValueError):
    """Base of everything raised for bad input; its message is one clear sentence."""


class SourceError(ExpertError):
    """A log, file, table or object that cannot be read as the history of a run."""


class AuthoringError(ExpertError):
    """A rule, remedy, signal or plugin that is not well formed."""


class SettingsError(ExpertError):
    """A setting that does not exist or has a value it cannot have."""


LONGEST_SENTENCE = 1000
LONGEST_WORD = 80


def readable(text: str) -> str:
    """The sentence as it is; one that a damaged name has made very long, or has broken into lines, within bounds."""
    if len(text) <= LONGEST_SENTENCE and "\n" not in text:
        return text
    shorter = re.sub(rf"\S{{{LONGEST_WORD},}}", lambda word: f"{word[0][: LONGEST_WORD - 3]}...", text)
    shorter = " ".join(shorter.split())
    half = LONGEST_SENTENCE // 2
    return shorter if len(shorter) <= LONGEST_SENTENCE else f"{shorter[:half]} ... {shorter[-half:]}"


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the choice spelled most like ``word``, or ``""`` when none is close."""
    from difflib import get_close_matches  # needed for a mistake only

    by_lower = {choice.lower(): choice for choice in choices}
    full = SHORT_FORMS.get(word.lower())
    if full in by_lower:
        return f" Did you mean {by_lower[full]!r}?"
    matches = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean {by_lower[matches[0]]!r}?" if matches else ""


def sentence(error: ValidationError) -> str:
    """Return the first problem of a pydantic ``ValidationError`` as one sentence: where, then what is wrong."""
    first = error.errors(include_url=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    place = ".".join(str(part) for part in first["loc"])
    if not place:
        return message
    if first["type"] == "value_error":
        return f"{place}: {message}"
    hint = ""
    if first["type"] == "literal_error":
        hint = nearest(str(first["input"]), re.findall(r"'([^']*)'", first["ctx"]["expected"]))
    return f"{place}: {message}; got {_shortened(first['input'])}.{hint}"


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
