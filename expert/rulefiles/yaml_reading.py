"""YAML in. Of the parser only the events are used: no tag is obeyed, no alias followed, nothing constructed.

Plain words are taken as YAML 1.2 takes them, so that ``no`` and ``off`` are words and ``1e-3`` is a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from expert.errors import AuthoringError
from expert.rulefiles.values import MOST_LEVELS, MOST_VALUES, Complaints, Place, Refused, Value

NEEDS_YAML = (
    "reading and writing YAML needs PyYAML: pip install 'training-expert[yaml]'; or write TOML, which needs nothing."
)
HINTS: Mapping[str, str] = {
    "mapping values are not allowed here": "; a text that holds ': ' needs quotes",
    "found character '\\t'": "; indent with spaces",
    "found character '%'": "; a text that begins with % needs quotes",
    "found character '@'": "; a text that begins with @ needs quotes",
    "found character '`'": "; a text that begins with ` needs quotes",
    "could not find expected ':'": "; a key is followed by ': '",
}

PLAIN: tuple[tuple[str, re.Pattern[str], str], ...] = (
    # tag, pattern, and the characters a match can begin with
    ("null", re.compile(r"~|null|Null|NULL|"), "~nN"),
    ("bool", re.compile(r"true|True|TRUE|false|False|FALSE"), "tTfF"),
    ("int", re.compile(r"[-+]?[0-9]+"), "-+0123456789"),
    ("float", re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), "-+.0123456789"),
    ("float", re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"), "-+."),
)


def parser() -> ModuleType:
    """PyYAML; raises `AuthoringError` that says how to get it."""
    try:
        return import_module("yaml")
    except ImportError:
        raise AuthoringError(NEEDS_YAML) from None


def read_yaml(text: str, complaints: Complaints) -> Value:
    """The one document in the text; raises `Refused` where it cannot be read to its end."""
    yaml = parser()
    reading = _Reading(yaml, complaints)
    try:
        return reading.document(iter(yaml.parse(text, Loader=yaml.SafeLoader)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = ", ".join(part for part in (error.context, error.problem) if part)
        hint = next((hint for words, hint in HINTS.items() if words in what), "")
        complaints.add(Place(mark.line + 1, mark.column + 1), f"this is not YAML: {what}{hint}.")
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Place(before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1)
        complaints.add(place, f"this is not YAML: the character #x{error.character:04x} is not allowed.")
    raise Refused


class _Reading:
    def __init__(self, yaml: ModuleType, complaints: Complaints) -> None:
        self.yaml, self.complaints, self.count = yaml, complaints, 0

    def document(self, events: Iterator[Any]) -> Value:
        read: Value | None = None
        for event in events:
            if isinstance(event, self.yaml.NodeEvent):
                if read is not None:
                    self.complaints.add(_place(event), "a second document begins here; a file holds one.")
                    raise Refused
                read = self.value(event, events, 0)
        return read or Value(None, Place(1, 1))

    def value(self, event: Any, events: Iterator[Any], level: int) -> Value:
        place = _place(event)
        self.count += 1
        if self.count > MOST_VALUES or level > MOST_LEVELS:
            what = f"more than {MOST_VALUES} values" if self.count > MOST_VALUES else f"more than {MOST_LEVELS} levels"
            self.complaints.add(place, f"the file holds {what}, which no rule needs.")
            raise Refused
        if isinstance(event, self.yaml.AliasEvent) or event.anchor is not None:
            self.complaints.add(
                place, "anchors and aliases are not read; what is used twice gets a name under 'terms' or 'limits'."
            )
        if getattr(event, "tag", None) is not None:
            self.complaints.add(place, f"the tag {event.tag!r} is not obeyed; a rule file holds plain values.")
        if isinstance(event, self.yaml.SequenceStartEvent):
            return Value([self.value(item, events, level + 1) for item in self._children(events)], place)
        if isinstance(event, self.yaml.MappingStartEvent):
            return self._mapping(place, events, level)
        if isinstance(event, self.yaml.AliasEvent):
            return Value(None, place)
        return Value(event.value if event.style else self._plain(event.value, place), place)

    def _children(self, events: Iterator[Any]) -> Iterator[Any]:
        """The events that begin a child, up to the end of the list or mapping."""
        for event in events:
            if isinstance(event, self.yaml.CollectionEndEvent):
                return
            yield event

    def _mapping(self, place: Place, events: Iterator[Any], level: int) -> Value:
        items: dict[str, Value] = {}
        keys: dict[str, Place] = {}
        for event in self._children(events):
            where = _place(event)
            key = event.value if isinstance(event, self.yaml.ScalarEvent) else None
            if key is None:
                self.value(event, events, level + 1)
                self.complaints.add(where, "a key is a word, not a list, a mapping or an alias.")
            elif key in keys:
                self.complaints.add(where, f"the key '{key}' stands here a second time; line {keys[key].line} has it.")
            value = self.value(next(events), events, level + 1)
            if key is not None:
                items.setdefault(key, value)
                keys.setdefault(key, where)
        return Value(items, place, keys)

    def _plain(self, text: str, place: Place) -> bool | int | float | str | None:
        kind = next((tag for tag, pattern, _ in PLAIN if pattern.fullmatch(text)), "str")
        if kind == "int":
            try:
                return int(text)
            except ValueError:  # thousands of digits
                self.complaints.add(place, "this number is too long.")
        if kind == "float":
            return float(text.replace(".", "", 1) if text.lower().lstrip("-+") in (".inf", ".nan") else text)
        if kind == "bool":
            return text.lower() == "true"
        return None if kind == "null" else text


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)
