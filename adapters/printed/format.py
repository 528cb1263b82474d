"""What is known of the lines one program prints."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from expert.adapters.printed.rows import Rows
from expert.history import History, Reduction
from expert.history.profiles import Task

NUMBER = r"[-+]?(?:\d++(?:\.\d*+)?(?:[eE][-+]?\d++)?|\.\d++(?:[eE][-+]?\d++)?|nan|NaN|inf|Inf)"
"""A number as ``printf`` and Python write one."""


class Parser(Protocol):
    """Understands the lines of one file, one after the other, and puts what they say into rows."""

    def line(self, text: str) -> bool:
        """Take one line; False if it is none of this format."""
        ...

    def end(self) -> None:
        """Take note that there are no more lines."""
        ...


class Meaning(NamedTuple):
    """What the source of a program says about a number it prints."""

    role: str | None
    """Role, or a clock; None where the name says enough."""
    reduction: Reduction = "unknown"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Format:
    """One program's lines."""

    id: str
    title: str
    parser: Callable[[Rows], Parser]
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    """By the name of the column."""
    framework: str | None = None
    task: Task | None = None
    """What such a program trains, where it is always the same."""
    sure: float = 0.8
    """How sure lines of this form in the beginning of a file make its reader."""
    finish: Callable[[History], History] | None = None
    """What else is known of a run once its rows are series."""


@dataclass(frozen=True)
class Kind:
    """Lines of one shape: the groups of ``pattern``, which matches the whole line, stand under ``names``."""

    pattern: str
    names: tuple[str, ...]
    carries: tuple[str, ...] = ()
    """Clocks the line does not name: they are those of the line before."""


class Shapes:
    """A parser of lines of few shapes."""

    def __init__(self, kinds: Sequence[Kind], rows: Rows) -> None:
        self.rows = rows
        self._kinds = [(re.compile(kind.pattern).fullmatch, kind.names, kind.carries) for kind in kinds]
        self._clocks = {name for kind in kinds for name in kind.carries}
        self._last: dict[str, str | None] = {}

    def line(self, text: str) -> bool:
        """Take one line."""
        for match, names, carries in self._kinds:
            found = match(text)
            if found is not None:
                texts = found.groups()
                if carries:
                    self.rows.add((*names, *carries), (*texts, *(self._last.get(name) for name in carries)))
                    return True
                if self._clocks:
                    self._last |= {name: text for name, text in zip(names, texts, strict=True) if name in self._clocks}
                self.rows.add(names, texts)
                return True
        return False

    def end(self) -> None:
        """There is nothing to complete."""


def shapes(*kinds: Kind) -> Callable[[Rows], Parser]:
    """Return what makes a parser of lines of these shapes."""
    return lambda rows: Shapes(kinds, rows)


class Block:
    """Numbers printed piece by piece that belong to one moment: each name once, until one comes again."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.kept: dict[str, str | None] = {}

    def put(self, clocks: Mapping[str, str], found: Mapping[str, str | None]) -> None:
        """Add numbers at the moment ``clocks``."""
        if any(self.kept.get(name, text) != text for name, text in clocks.items()) or any(
            name in self.kept for name in found
        ):
            self.flush()
        self.kept |= clocks
        self.kept |= found

    def flush(self) -> None:
        """Write down the row so far."""
        if self.kept:
            self.rows.add(tuple(self.kept), list(self.kept.values()))
            self.kept = {}
