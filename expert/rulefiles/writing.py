"""Rules and remedies written as a file that reads back as exactly the same records; what cannot is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal

from expert.errors import AuthoringError
from expert.language.nodes import Compare, Leaf, SignalTerm, leaves
from expert.limits import Limit
from expert.remedy import Remedy
from expert.rule import Rule
from expert.rulefiles.names import Names, write_limit, write_term
from expert.rulefiles.reading import RuleFile, read_rules
from expert.rulefiles.records import write_record
from expert.rulefiles.toml_writing import write_toml
from expert.rulefiles.yaml_writing import write_yaml

Kind = Literal["yaml", "toml"]
WRITERS: Mapping[Kind, Callable[[Mapping[str, object]], str]] = {"yaml": write_yaml, "toml": write_toml}


def dump_rule(rule: Rule, kind: Kind = "yaml") -> str:
    """A rule as the text of a rule file, ``yaml`` or ``toml``, with the limits and terms it uses."""
    return dump_rules([rule], kind=kind)


def dump_rules(rules: Iterable[Rule], remedies: Iterable[Remedy] = (), kind: Kind = "yaml") -> str:
    """Rules and remedies as one rule file. Raises `AuthoringError` for records that no rule file can say."""
    if kind not in WRITERS:
        raise AuthoringError(f"a rule file is written as {' or '.join(WRITERS)}, not as '{kind}'.")
    asked = RuleFile("the file", tuple(rules), tuple(remedies))
    text = WRITERS[kind](_sections(asked))
    read = read_rules(text, "the file", f".{kind}")
    if read.problems or (read.rules, read.remedies) != (asked.rules, asked.remedies):
        names = ", ".join(map(str, (*asked.rules, *asked.remedies)))
        why = (
            read.problems[0] if read.problems else "one name stands for two things in them, or a value is no plain one"
        )
        raise AuthoringError(f"{names} cannot be written as a rule file: {why}.")
    return text


def _sections(asked: RuleFile) -> Mapping[str, object]:
    bounds = [leaf.bound for leaf in _leaves(asked) if isinstance(leaf, Compare)]
    limits = {bound.name: write_limit(bound) for bound in bounds if isinstance(bound, Limit)}
    names = _names(asked)
    sections = {
        "limits": limits,
        "terms": {name: write_term(term) for term, name in names.items()},
        "remedies": [write_record(remedy, names) for remedy in asked.remedies],
        "rules": [write_record(rule, names) for rule in asked.rules],
    }
    return {name: section for name, section in sections.items() if section}


def _leaves(asked: RuleFile) -> Iterator[Leaf]:
    for rule in asked.rules:
        parts = [rule.when, *(item.condition for item in rule.evidence), *(item.condition for item in rule.escalate)]
        for part in parts:
            yield from leaves(part)
    for remedy in asked.remedies:
        for item in remedy.not_when:
            yield from leaves(item.condition)


def _names(asked: RuleFile) -> Names:
    """A name for each signal that a case gives a value, as facts are written by name: its id, with the series where
    it reads several.
    """
    cases = [case for rule in asked.rules for case in (*rule.fires, *rule.quiet)]
    terms = dict.fromkeys(item.term for case in cases for item in case.given if isinstance(item.term, SignalTerm))
    ids = [term.signal for term in terms]
    return {
        term: term.signal if ids.count(term.signal) == 1 else "_".join((term.signal, *term.of)).replace(".", "_")
        for term in terms
    }
