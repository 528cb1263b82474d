"""Conditions in the words of a practitioner, with the units of the values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from expert.language.nodes import (
    All,
    AnyOf,
    Compare,
    ConditionNode,
    FieldTerm,
    Known,
    Leaf,
    Not,
    OneOf,
    Scalar,
    SignalTerm,
)
from expert.limits import Limit
from expert.render.document import Code, Item, Line, joined
from expert.signals.signal import Signal
from expert.wording import YES_NO, field_template, field_unknown, spoken

ALL, ANY = "all of these hold:", "at least one of these holds:"
NOT_ALL, NONE = "not all of these hold:", "none of these holds:"
COMPARED: Mapping[str, tuple[str, str]] = {
    "<": ("below", "not below"),
    "<=": ("at most", "more than"),
    ">": ("above", "not above"),
    ">=": ("at least", "less than"),
}
"""How a comparison is said, and how its opposite."""
SIGNAL_IS, FIELD_IS, FIELD_IS_NOT = "{subject}: ", "{subject} is ", "{subject} is not "
KNOWN = ("can be told", "cannot be told from what was recorded")
OF_SERIES, NOT, NOT_SO = "{series}, {title}", "not ", "not so: "
PLURAL = re.compile(r"^((?:standard )?[a-z]+(?<!s))s\b")
"""Units in the plural, which are said behind the number: "12 epochs"."""
THE_FIRST = re.compile(
    r"\b(?:the )?(first|second)\b(?= (?:rising|since|went|falls|is better|by|over (?:second|noise))|'s level|$)"
)
"""Where the title of a signal speaks of the series it reads."""


@dataclass(frozen=True)
class Wording:
    """Says conditions; ``signals`` are those in force, by id."""

    signals: Mapping[str, Signal]

    def tree(self, node: ConditionNode) -> Item:
        """A condition as an entry of a list with its parts below it."""
        return self._tree(node, holds=True)

    def line(self, node: ConditionNode) -> Line:
        """A condition in one line."""
        return self._flat(node, holds=True)

    def given(self, term: SignalTerm | FieldTerm, value: Scalar | None) -> Line:
        """A value that is taken as given."""
        if value is None:
            return self.leaf(Known(term=term), holds=False)
        if isinstance(value, bool):
            return self.leaf(OneOf(term=term, values=(True,)), holds=value)
        if isinstance(value, str):
            return self.leaf(OneOf(term=term, values=(value,)))
        return (f"{self._is(term)}{self._amount(term, float(value))}",)

    def leaf(self, leaf: Leaf, *, holds: bool = True) -> Line:
        """A leaf, or its opposite."""
        if isinstance(leaf, Compare):
            bound = leaf.bound.value if isinstance(leaf.bound, Limit) else leaf.bound
            told = f"{self._is(leaf.term)}{COMPARED[leaf.operator][not holds]} {self._amount(leaf.term, bound)}"
            return (f"{told}, limit ", Code(leaf.bound.name)) if isinstance(leaf.bound, Limit) else (told,)
        if isinstance(leaf, OneOf):
            return self._one_of(leaf, holds=holds)
        if isinstance(leaf.term, FieldTerm):
            unknown = field_unknown(leaf.term.name)
            return (unknown.replace("not known", "known", 1) if holds else unknown,)
        return (f"{self._is(leaf.term)}{KNOWN[not holds]}",)

    def _one_of(self, leaf: OneOf, *, holds: bool) -> Line:
        flag = leaf.values[0] if len(leaf.values) == 1 else None
        if isinstance(flag, bool):
            says = flag is holds
            if isinstance(leaf.term, FieldTerm):
                return (_flag(leaf.term.name, says),)
            return (f"{'' if says else NOT_SO}{self._statement(leaf.term)}",)
        return (self._is(leaf.term, holds=holds), *joined([_word(value) for value in leaf.values], " or "))

    def _tree(self, node: ConditionNode, *, holds: bool) -> Item:
        if isinstance(node, Not):
            return self._tree(node.part, holds=not holds)
        if isinstance(node, All | AnyOf):
            head = (ALL if holds else NOT_ALL) if isinstance(node, All) else (ANY if holds else NONE)
            return Item((head,), tuple(self._tree(part, holds=True) for part in node.parts))
        return Item(self.leaf(node, holds=holds))

    def _flat(self, node: ConditionNode, *, holds: bool) -> Line:
        if isinstance(node, Not):
            return self._flat(node.part, holds=not holds)
        if isinstance(node, All | AnyOf):
            # of a whole that is denied each part is denied, and "and" and "or" change places
            both = isinstance(node, All) is holds
            parts = [self._flat(part, holds=holds) for part in node.parts]
            mixed = [isinstance(part, All | AnyOf) for part in node.parts]
            parts = [("(", *part, ")") if inner else part for part, inner in zip(parts, mixed, strict=True)]
            return joined(parts, " and " if both else " or ")
        return self.leaf(node, holds=holds)

    def _is(self, term: SignalTerm | FieldTerm, *, holds: bool = True) -> str:
        template = SIGNAL_IS if isinstance(term, SignalTerm) else FIELD_IS if holds else FIELD_IS_NOT
        said = template.format(subject=self._subject(term))
        return said if holds or isinstance(term, FieldTerm) else f"{said}{NOT}"

    def _subject(self, term: SignalTerm | FieldTerm) -> str:
        if isinstance(term, FieldTerm):
            return field_template(term.name, 0.0).removesuffix(" is {value}")
        title, series = self._title(term)
        return OF_SERIES.format(series=series, title=title) if series else title

    def _statement(self, term: SignalTerm | FieldTerm) -> str:
        """What a yes-or-no signal says where it says yes."""
        if isinstance(term, FieldTerm):
            return field_template(term.name, True)
        title, series = self._title(term)
        if not series:
            return title
        is_verb = title.split(" ", 1)[0].endswith("s")
        return f"{series} {title}" if is_verb else f"{series}: {title}"

    def _title(self, term: SignalTerm) -> tuple[str, str]:
        """The title of a signal, and the series it does not name itself."""
        signal = self.signals.get(term.signal)
        names = [spoken(role) for role in term.of]
        title = _lowered(signal.title) if signal is not None else term.signal.replace("_", " ")
        if len(names) < 2:
            return title, "".join(names)
        told = _naming(title, names)
        return (told, "") if told != title else (title, " and ".join(names))

    def _amount(self, term: SignalTerm | FieldTerm, value: float) -> str:
        """A value with its unit."""
        if isinstance(term, FieldTerm):
            is_share = self._subject(term).startswith("the share ")
            return _percent(value) if is_share and value else f"{value:g}"
        signal = self.signals.get(term.signal)
        if signal is None or value == 0.0:
            return f"{value:g}"
        unit = _naming(re.split("[;:]", signal.unit)[0], [f"the {spoken(role)}" for role in term.of])
        return _percent_of(value, unit) if _is_percent(signal) else _with_unit(value, unit)


def _naming(words: str, names: list[str]) -> str:
    """The words with the series in the place of "the first" and "the second"."""
    if len(names) < 2:
        return words
    return THE_FIRST.sub(lambda match: names[match[1] == "second"], words)


def _lowered(title: str) -> str:
    """A title inside a sentence."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _is_percent(signal: Signal) -> bool:
    spec = re.search(r"\{value:([^}]*)\}", signal.reads)
    return signal.unit.startswith(("share", "difference of shares")) or (spec is not None and spec[1].endswith("%"))


def _percent_of(value: float, unit: str) -> str:
    whole = re.sub("^(?:share of|ratio to) ", "", unit)
    return f"{_percent(value)} of {whole}" if whole != unit else _percent(value)


def _with_unit(value: float, unit: str) -> str:
    if not unit or unit.startswith("units of "):
        return f"{value:g}"
    if unit.startswith("ratio to "):
        return f"{value:g} times {unit.removeprefix('ratio to ')}"
    if PLURAL.match(unit):
        return f"{value:g} {PLURAL.sub(lambda match: match[1], unit) if abs(value) == 1.0 else unit}"
    return f"{value:g} ({unit})"


def _percent(value: float) -> str:
    return f"{100.0 * value:.4g} %"


def _flag(name: str, says: bool) -> str:
    if name in YES_NO:
        return field_template(name, says)
    return field_template(name, says).format(value="yes" if says else "no")


def _word(value: Scalar) -> Line:
    return (Code(value),) if isinstance(value, str) else (f"{value:g}",)
