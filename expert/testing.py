"""The laws every rule must keep, run on its own cases: ``check_rule(RULE)``. Our tests and a plugin author's are the
same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from expert.assembling import conditions
from expert.cases import Case
from expert.confidence import log_odds, weigh
from expert.errors import AuthoringError, nearest
from expert.facts import Facts
from expert.history import History
from expert.inference import Limits, Truth, judge
from expert.language.nodes import All, AnyOf, Compare, ConditionNode, Known, Not, SignalTerm, leaves
from expert.language.spelling import leaf_faults
from expert.limits import Limit
from expert.rule import Evidence, Rule
from expert.signals import SIGNALS
from expert.signals.signal import Signal

_BOUNDED = {"share": 0.0, "correlation": -1.0, "probability": 0.0}
"""Units whose values end at 1, and where they begin."""


def check_rule(rule: Rule, signals: Iterable[Signal] = ()) -> None:
    """Raise `AuthoringError` naming every law the rule breaks; ``signals`` are the author's own."""
    own, built_in = tuple(signals), {signal.id: signal for signal in SIGNALS}
    # where the plugin is installed the built-in one stands, so cases that agree with the other prove nothing
    taken = [one.id for one in own if built_in.get(one.id, one) != one]
    broken = [f"the signal id '{identity}' is taken by a built-in signal" for identity in taken]
    broken += broken_laws(rule, built_in | {one.id: one for one in own})
    if broken:
        raise AuthoringError(f"Rule {rule} breaks {len(broken)} law(s):\n" + "\n".join(f"  - {one}" for one in broken))


def broken_laws(rule: Rule, signals: Mapping[str, Signal]) -> Iterator[str]:
    """One sentence for every law the rule breaks."""
    unknown = [*_unknown_signals(rule, signals), *_never_seen(rule)]
    yield from unknown
    if unknown:
        return
    laws = _Laws(rule, signals)
    yield from laws.cases_agree()
    yield from laws.every_part_is_needed()
    yield from laws.every_limit_is_tested()
    yield from laws.every_evidence_counts()
    yield from laws.every_escalation_is_tested()
    yield from _is_data(rule)
    yield from _prose(rule)


class _Laws:
    def __init__(self, rule: Rule, signals: Mapping[str, Signal]) -> None:
        self.rule = rule
        self.limits = Limits()
        self.fires = [(case, _facts(case, signals)) for case in rule.fires]
        self.quiet = [(case, _facts(case, signals)) for case in rule.quiet]
        self.all = [facts for _, facts in (*self.fires, *self.quiet)]
        self.holds = self._holding(rule.when)

    def cases_agree(self) -> Iterator[str]:
        for case, facts in self.fires:
            verdict = judge(self.rule.when, facts, self.limits)
            if verdict.truth != "yes":
                yield f"case '{case.name}' must fire, but the verdict is {verdict.truth}:\n{verdict}"
        said_no = False
        for case, facts in self.quiet:
            verdict = judge(self.rule.when, facts, self.limits)
            said_no |= verdict.truth == "no"
            if verdict.truth == "yes":
                yield f"case '{case.name}' must stay quiet, but it fires:\n{verdict}"
        if not any(case.run is not None for case, _ in self.fires):
            yield "no firing case is a run (case(name, run(...))), so the signals and the rule are not tested together"
        if not said_no:
            yield "no quiet case is a near miss with the verdict 'no' (unknown does not count)"

    def every_part_is_needed(self) -> Iterator[str]:
        for part, without in _without_a_part(self.rule.when):
            # a part that asks what is known tells *no* from *unknown*; any other must tell *yes* from the rest
            asks_what_is_known = isinstance(part.part if isinstance(part, Not) else part, Known)
            seen = self._truths if asks_what_is_known else self._holding
            if seen(without) == seen(self.rule.when):
                yield f"no case depends on the part '{part}': leave it out, or add a near miss that it decides"

    def every_limit_is_tested(self) -> Iterator[str]:
        for compare in _comparisons(self.rule.when):
            for direction, shifted in _shifts(compare):
                if self._holding(_replaced(self.rule.when, compare, shifted)) == self.holds:
                    yield f"no case notices when the limit in '{compare}' is {direction} to {_bound(shifted):g}"
        further = [item.condition for item in self.rule.evidence] + [item.condition for item in self.rule.escalate]
        for condition in further:
            for compare in _comparisons(condition):
                before = self._holding(condition)
                after = [self._holding(_replaced(condition, compare, shifted)) for _, shifted in _shifts(compare)]
                if after and all(one == before for one in after):
                    yield f"no case notices when the limit in '{compare}' (evidence or escalation) is shifted by half"

    def every_evidence_counts(self) -> Iterator[str]:
        for index, item in enumerate(self.rule.evidence):
            others = [one for place, one in enumerate(self.rule.evidence) if place != index]
            if not any(self._odds(self.rule.evidence, facts) != self._odds(others, facts) for _, facts in self.fires):
                yield f"no firing case changes when the evidence '{item.condition}' is dropped"
            for case, facts in self.fires:
                yield from _readable(item.text, item.condition, case, facts, self.limits)

    def every_escalation_is_tested(self) -> Iterator[str]:
        for item in self.rule.escalate:
            held = {judge(item.condition, facts, self.limits).truth == "yes" for _, facts in self.fires}
            if held != {True, False}:
                yield f"the firing cases do not show both with and without the escalation '{item.condition}'"

    def _truths(self, condition: ConditionNode) -> list[Truth]:
        return [judge(condition, facts, self.limits).truth for facts in self.all]

    def _holding(self, condition: ConditionNode) -> list[bool]:
        return [truth == "yes" for truth in self._truths(condition)]

    def _odds(self, evidence: Sequence[Evidence], facts: Facts) -> float:
        chosen = [item for item in self.rule.evidence if item in evidence]
        return log_odds(self.rule.prior, weigh((item, judge(item.condition, facts, self.limits)) for item in chosen))


def _facts(case: Case, signals: Mapping[str, Signal]) -> Facts:
    return Facts(case.run.history() if case.run else History(), signals, case.given)


def _unknown_signals(rule: Rule, signals: Mapping[str, Signal]) -> Iterator[str]:
    terms = [leaf.term for condition in conditions(rule) for leaf in leaves(condition)]
    terms += [item.term for case in (*rule.fires, *rule.quiet) for item in case.given]
    for term in dict.fromkeys(terms):
        if isinstance(term, SignalTerm) and term.signal not in signals:
            yield f"unknown signal '{term.signal}'.{nearest(term.signal, signals)}"


def _never_seen(rule: Rule) -> Iterator[str]:
    """Series and values in the conditions that no run can show."""
    faults = (fault for condition in conditions(rule) for leaf in leaves(condition) for fault in leaf_faults(leaf))
    yield from dict.fromkeys(faults)


def _without_a_part(node: ConditionNode) -> Iterator[tuple[ConditionNode, ConditionNode]]:
    """Each part of an *and* or *or* at any depth, with the whole condition without it."""
    if isinstance(node, Not):
        for part, changed in _without_a_part(node.part):
            yield part, Not(part=changed)
    elif isinstance(node, All | AnyOf):
        for index, part in enumerate(node.parts):
            rest = (*node.parts[:index], *node.parts[index + 1 :])
            yield part, rest[0] if len(rest) == 1 else node.model_copy(update={"parts": rest})
            for inner, changed in _without_a_part(part):
                yield inner, node.model_copy(update={"parts": (*node.parts[:index], changed, *node.parts[index + 1 :])})


def _comparisons(node: ConditionNode) -> Iterator[Compare]:
    seen = []
    for leaf in leaves(node):
        if isinstance(leaf, Compare) and leaf not in seen and _bound(leaf) != 0.0:
            seen.append(leaf)
            yield leaf


def _bound(compare: Compare) -> float:
    return compare.bound.value if isinstance(compare.bound, Limit) else compare.bound


def _shifts(compare: Compare) -> Iterator[tuple[str, Compare]]:
    """The comparison with its limit up and down by half; a bounded unit moves by a third of the distance to its
    bound.
    """
    value = _bound(compare)
    unit = compare.bound.unit if isinstance(compare.bound, Limit) else ""
    if unit in _BOUNDED:
        moved = {"raised": value + (1.0 - value) / 3, "lowered": value - (value - _BOUNDED[unit]) / 3}
    else:
        moved = {"raised": value + abs(value) / 2, "lowered": value - abs(value) / 2}
    for direction, new in moved.items():
        if new != value:
            yield direction, compare.model_copy(update={"bound": new})


def _replaced(node: ConditionNode, old: Compare, new: Compare) -> ConditionNode:
    if node == old:
        return new
    if isinstance(node, Not):
        return Not(part=_replaced(node.part, old, new))
    if isinstance(node, All | AnyOf):
        return node.model_copy(update={"parts": tuple(_replaced(part, old, new) for part in node.parts)})
    return node


def _readable(text: str, condition: ConditionNode, case: Case, facts: Facts, limits: Limits) -> Iterator[str]:
    verdict = judge(condition, facts, limits)
    if verdict.truth != "yes":
        return
    leaf = next((leaf for leaf in verdict.reasons() if leaf.fact is not None and leaf.fact.value is not None), None)
    names = set(re.findall(r"\{(\w+)[^}]*\}", text)) - {"value", "bound", "at"}
    if leaf is None or leaf.fact is None:
        if names or "{value" in text:
            yield f"evidence '{text}' has placeholders, but in case '{case.name}' no value is known to fill them"
        return
    if "{bound" in text and leaf.bound is None:
        yield f"evidence '{text}' uses {{bound}}, but '{leaf.node}' compares with none"
    if case.run is not None:
        words = {"value": leaf.fact.value, "bound": leaf.bound, "at": leaf.fact.place} | dict(leaf.fact.detail)
        if unknown := names - words.keys():
            yield f"evidence '{text}' uses {', '.join(sorted(unknown))}, which the signal does not give"
            return
        try:
            text.format_map(words)
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            yield f"evidence '{text}' cannot be filled in case '{case.name}': {error}"


def _is_data(rule: Rule) -> Iterator[str]:
    if Rule.model_validate_json(rule.model_dump_json()) != rule:
        yield "it does not come back from JSON as it was"


def _prose(rule: Rule) -> Iterator[str]:
    for name in ("symptom", "meaning", "mechanism", "false_alarms"):
        text = getattr(rule, name).strip()
        if len(text) < 12 or text.lower().rstrip(".") in ("unknown", "none", "todo", "not known"):
            yield f"'{name}' says nothing: {text!r}"
    for name in ("symptom", "cause"):
        text = getattr(rule, name)
        if text.endswith("."):
            yield f"'{name}' is a clause and takes no full stop"
    if not rule.source:
        yield "it names no source"
