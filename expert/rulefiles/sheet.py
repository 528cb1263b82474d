"""One file while it is read: what it defines for its own use, and the questions every part of it is asked."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from string import Formatter

from expert.errors import nearest
from expert.language.nodes import SignalTerm
from expert.limits import Limit
from expert.rulefiles.values import Complaints, Place, Value


class Sheet:
    """The limits and terms a file defines by name (None: defined, but not well), and the complaints about it."""

    def __init__(self, complaints: Complaints) -> None:
        self.complaints = complaints
        self.limits: dict[str, Limit | None] = {}
        self.terms: dict[str, SignalTerm | None] = {}

    def wrong(self, at: Value | Place, what: str) -> None:
        """Complain; reading goes on with the next part."""
        self.complaints.add(at, what)

    def mapping(
        self, value: Value, what: str, allowed: Iterable[str], needed: Iterable[str] = ()
    ) -> Mapping[str, Value]:
        """The known entries of a mapping; complains of others, and of those that lack. Empty where it is none."""
        if not isinstance(value.data, dict):
            self.wrong(value, f"{what} is a mapping of {', '.join(allowed)}, not {value}.")
            return {}
        known, told = list(allowed), ""
        for key in value.data:
            if key not in known:
                hint = nearest(key, known) or f" Known are {', '.join(known)}."
                self.wrong(value.keys[key], f"unknown key '{key}' in {what}.{hint}")
                told += hint
        lacking = [quoted for key in needed if key not in value.data and (quoted := f"'{key}'") not in told]
        if lacking:
            self.wrong(value, f"{what} lacks {_listed(lacking, 'and')}.")
        return {key: item for key, item in value.data.items() if key in known}

    def is_misspelled(self, value: Value, keys: Mapping[str, Value]) -> bool:
        """Whether a mapping has other keys than the known ones, or is none; then what it lacks is not told again."""
        return not isinstance(value.data, dict) or len(keys) < len(value.data)

    def named(self, value: Value, what: str) -> Mapping[str, Value]:
        """A mapping whose keys are names of the author's own."""
        if isinstance(value.data, dict):
            return value.data
        self.wrong(value, f"{what}, not {value}.")
        return {}

    def items(self, value: Value, what: str) -> Sequence[Value]:
        """The items of a list."""
        if isinstance(value.data, list):
            return value.data
        self.wrong(value, f"{what} is a list, not {value}.")
        return ()

    def one_or_more(self, value: Value) -> Sequence[Value]:
        """The items of a list; a single value stands for a list of one."""
        return value.data if isinstance(value.data, list) else (value,)

    def number(self, value: Value, what: str, allowed: str = "a number") -> float | None:
        """A finite number, or a complaint and None; ``allowed`` names what else it might have been."""
        if isinstance(value.data, int | float) and not isinstance(value.data, bool):
            try:
                number = float(value.data)
            except OverflowError:
                number = math.inf
            if math.isfinite(number):
                return number
        self.wrong(value, f"{what} is {allowed}, not {value}.")
        return None

    def count(self, value: Value, what: str) -> int | None:
        """A whole number from 1 on, or a complaint and None."""
        if isinstance(value.data, int) and not isinstance(value.data, bool) and 1 <= value.data <= MOST_POINTS:
            return value.data
        self.wrong(value, f"{what} is a whole number from 1 to {MOST_POINTS}, not {value}.")
        return None

    def text(self, value: Value, what: str) -> str | None:
        """A text, or a complaint and None."""
        if isinstance(value.data, str):
            return value.data
        hint = "; put it in quotes" if isinstance(value.data, bool | int | float) else ""
        self.wrong(value, f"{what} is a text, not {value}{hint}.")
        return None

    def template(self, value: Value, what: str) -> str | None:
        """A text with placeholders, or a complaint and None. They are names with a short number format and no more: a
        format reaches into objects and fills memory where it is let, and the file may be a stranger's.
        """
        text = self.text(value, what)
        if text is None:
            return None
        try:
            fields = [(name, spec or "", sign) for _, name, spec, sign in Formatter().parse(text) if name is not None]
        except ValueError as error:
            self.wrong(value, f"{what} has a brace that is no placeholder ({error}); a brace of the text is doubled.")
            return None
        for name, spec, sign in fields:
            if not name.isidentifier() or not NUMBER_FORMAT.fullmatch(spec) or sign:
                seen = "{" + name + (f"!{sign}" if sign else "") + (f":{spec}" if spec else "") + "}"
                self.wrong(
                    value, f"{what}: {seen} is no placeholder such as {{value:.2g}}; a brace of the text is doubled."
                )
                return None
        return text

    def choice(self, value: Value, what: str, choices: Sequence[str]) -> str | None:
        """One of some words, or a complaint and None."""
        if value.data in choices:
            return str(value.data)
        hint = nearest(value.data, choices) if isinstance(value.data, str) else ""
        self.wrong(value, f"{what} is {_listed(choices, 'or')}, not {value}.{hint}")
        return None


NUMBER_FORMAT = re.compile(r"[-+ ]?#?0?\d{0,2}[,_]?(\.\d{1,2})?[a-zA-Z%]?")

MOST_POINTS = 10_000
"""A sketched curve needs no more; a stranger's file shall not fill the memory with one line."""


def _listed(words: Iterable[str], last: str) -> str:
    *others, final = words
    return f"{', '.join(others)} {last} {final}" if others else final
