"""From a file to its rules and remedies; whatever is wrong with it is told at once, each with file, line and column."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from expert.errors import AuthoringError
from expert.hooks import api_fault
from expert.remedy import Remedy
from expert.rule import Rule
from expert.rulefiles.names import read_limit, read_term
from expert.rulefiles.records import Record, read_record
from expert.rulefiles.sheet import Sheet
from expert.rulefiles.toml_reading import read_toml
from expert.rulefiles.values import MOST_CHARACTERS, Complaints, Place, Refused, Value
from expert.rulefiles.yaml_reading import read_yaml

SECTIONS = ("expert_api", "limits", "terms", "remedies", "rules")
READERS: Mapping[str, Callable[[str, Complaints], Value]] = {
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".toml": read_toml,
}
TERM_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class RuleFile:
    """What a file gave: the records without fault, and ``file:line:column: what`` for everything that is wrong."""

    path: str
    rules: tuple[Rule, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    problems: tuple[str, ...] = ()
    whole: Value | None = None
    records: Mapping[str, Value] = field(default_factory=dict)

    def place(self, identity: str, *words: str) -> str:
        """Where the record with this id speaks of one of the words, else where it begins: ``file:line:column``."""
        record = self.records.get(identity)
        if record is None or self.whole is None:
            return self.path
        sought = [*record.words(), *self.whole.words()]
        places = (place for word in words for text, place in sought if text == word)
        line, column = next(places, record.place)
        return f"{self.path}:{line}:{column}"


def load_rules(path: str | os.PathLike[str]) -> RuleFile:
    """The rules and remedies of a YAML or TOML file; raises `AuthoringError` that names every problem."""
    read = read_rule_file(path)
    if read.problems:
        raise AuthoringError("\n".join(read.problems))
    return read


def read_rule_file(path: str | os.PathLike[str], called: str = "") -> RuleFile:
    """As `load_rules`, but what is wrong is told in ``problems`` and the other records are kept. Places are told with
    the path, or with what the file is ``called``.

    Raises `AuthoringError` where the file cannot be read at all: missing, of another kind, or without PyYAML.
    """
    file = called or os.fspath(path)
    kind = Path(path).suffix.lower()
    if kind not in READERS:
        raise AuthoringError(f"{file}: a rule file ends in {', '.join(READERS)}, not in '{kind}'.")
    try:
        with open(path, encoding="utf-8-sig") as stream:
            text = stream.read(MOST_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        raise AuthoringError(f"{file}: this is no text in UTF-8: {error.reason} at byte {error.start}.") from None
    except OSError as error:
        raise AuthoringError(f"{file} cannot be read: {error.strerror or error}.") from None
    return read_rules(text, file, kind)


def read_rules(text: str, file: str, kind: str) -> RuleFile:
    """The rules and remedies in a text of this kind, ``.yaml`` or ``.toml``."""
    complaints = Complaints(file)
    if len(text) > MOST_CHARACTERS:
        complaints.add(Place(1, 1), f"the file has more than {MOST_CHARACTERS} characters, which no rule needs.")
        return RuleFile(file, problems=complaints.told())
    try:
        whole = READERS[kind](text, complaints)
    except Refused:
        return RuleFile(file, problems=complaints.told())
    if complaints:  # what stands there is not what was meant; the rest would follow from it
        return RuleFile(file, problems=complaints.told())
    return _Converting(file, Sheet(complaints)).converted(whole)


class _Converting:
    def __init__(self, file: str, sheet: Sheet) -> None:
        self.file, self.sheet = file, sheet
        self.records: dict[str, Value] = {}

    def converted(self, whole: Value) -> RuleFile:
        sections = self.sheet.mapping(whole, "a rule file", SECTIONS)
        if "expert_api" in sections and (fault := api_fault(sections["expert_api"].plain())):
            self.sheet.wrong(sections["expert_api"], fault)
            return RuleFile(self.file, problems=self.sheet.complaints.told())
        if sections and not {"remedies", "rules"} & sections.keys():
            self.sheet.wrong(whole, "the file holds no 'rules' and no 'remedies'.")
        for name, value in self._section(sections, "limits"):
            self.sheet.limits[name] = read_limit(self.sheet, name, value)
        for name, value in self._section(sections, "terms"):
            self._term(name, value, sections["terms"].keys[name])
        remedies = self._records(sections, "remedies", Remedy)
        rules = self._records(sections, "rules", Rule)
        return RuleFile(self.file, rules, remedies, self.sheet.complaints.told(), whole, self.records)

    def _section(self, sections: Mapping[str, Value], name: str) -> Iterable[tuple[str, Value]]:
        if name not in sections:
            return ()
        return self.sheet.named(sections[name], f"'{name}' is a mapping of names to what they stand for").items()

    def _term(self, name: str, value: Value, place: Place) -> None:
        if not TERM_NAME.fullmatch(name):
            self.sheet.wrong(place, f"a term is called by letters, digits, _ and -, not '{name}'.")
        keys = self.sheet.mapping(value, f"term '{name}'", ("signal", "of"), ("signal",))
        self.sheet.terms[name] = read_term(self.sheet, f"term '{name}'", keys) if "signal" in keys else None

    def _records(self, sections: Mapping[str, Value], name: str, model: type[Record]) -> tuple[Record, ...]:
        if name not in sections:
            return ()
        found: list[Record] = []
        for value in self.sheet.items(sections[name], f"'{name}'"):
            record = read_record(self.sheet, value, model)
            if record is None:
                continue
            if record.id in self.records:
                first = self.records[record.id].place.line
                self.sheet.wrong(value, f"the id '{record.id}' stands here a second time; line {first} has it.")
                continue
            self.records[record.id] = value
            found.append(record)
        return tuple(found)
