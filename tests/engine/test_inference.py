from __future__ import annotations

import copy
import gc
import itertools
import pickle
import weakref
from collections.abc import Mapping

import pytest

from expert.authoring import Signal, Unknown, config, data, facts, limit, signal, train
from expert.facts import Facts
from expert.history import History
from expert.inference import Limits, Truth, Verdict, judge
from expert.language.handles import Condition, Term
from expert.language.nodes import All, AnyOf
from expert.signals import SIGNALS

VALUES: dict[Truth, bool | None] = {"yes": True, "no": False, "unknown": None}
TERMS = (config.shuffle, config.nesterov)


def truth(condition: Condition, *given: object) -> Truth:
    body = facts(*given)  # type: ignore[arg-type]
    return judge(condition.node, Facts(History(), {one.id: one for one in SIGNALS}, body), Limits()).truth


@pytest.mark.parametrize(("left", "right"), list(itertools.product(VALUES, VALUES)))
def test_and_or_are_kleenes(left: Truth, right: Truth) -> None:
    a, b = TERMS
    given = (a.of(VALUES[left]), b.of(VALUES[right]))
    expected_and = "no" if "no" in (left, right) else "unknown" if "unknown" in (left, right) else "yes"
    expected_or = "yes" if "yes" in (left, right) else "unknown" if "unknown" in (left, right) else "no"
    assert truth(a & b, *given) == expected_and
    assert truth(a | b, *given) == expected_or


@pytest.mark.parametrize(("value", "expected"), [("yes", "no"), ("no", "yes"), ("unknown", "unknown")])
def test_not_keeps_unknown(value: Truth, expected: Truth) -> None:
    assert truth(~config.shuffle, config.shuffle.of(VALUES[value])) == expected


def test_known_is_never_unknown() -> None:
    assert truth(config.shuffle.known, config.shuffle.of(None)) == "no"
    assert truth(config.shuffle.known, config.shuffle.of(False)) == "yes"


def test_nothing_short_circuits_so_the_tree_is_complete() -> None:
    condition = config.shuffle & (data.samples > 10) & (config.momentum > 0.5)
    tree = judge(condition.node, Facts(History(), {}, facts(config.shuffle.of(False))), Limits())
    assert tree.truth == "no"
    assert [leaf.truth for leaf in tree.leaves()] == ["no", "unknown", "unknown"]
    assert isinstance(tree.node, All)


def test_reasons_are_the_leaves_that_made_the_verdict() -> None:
    condition = (config.shuffle | config.nesterov) & (data.samples > 10)
    tree = judge(condition.node, Facts(History(), {}, facts(config.nesterov.of(True), data.samples.of(20))), Limits())
    assert [str(leaf.node) for leaf in tree.reasons()] == ["config.nesterov is True", "data.samples > 10"]
    assert isinstance(tree.parts[0].node, AnyOf)


def test_limits_are_overridden_by_name() -> None:
    bound = limit("a-bound", 5.0, source="test")
    assert Limits().value(bound) == 5.0
    assert Limits({"a-bound": 9.0, "another": 1.0}).value(bound) == 9.0
    assert Limits({"another": 1.0}).value(bound) == 5.0
    assert Limits().value(3.0) == 3.0


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        ("<", (True, False, False)),
        ("<=", (True, True, False)),
        (">", (False, False, True)),
        (">=", (False, True, True)),
    ],
)
def test_comparisons(operator: str, holds: tuple[bool, bool, bool]) -> None:
    handle = data.samples
    condition = {"<": handle < 5, "<=": handle <= 5, ">": handle > 5, ">=": handle >= 5}[operator]
    assert tuple(truth(condition, handle.of(value)) == "yes" for value in (4.0, 5.0, 6.0)) == holds


def test_a_word_or_nan_compares_with_no_number() -> None:
    assert truth(data.samples > 5, data.samples.of("many")) == "unknown"
    assert truth(data.samples > 5, data.samples.of(float("nan"))) == "unknown"


def test_true_is_not_one() -> None:
    assert truth(config.seed.is_(True), config.seed.of(1.0)) == "no"
    assert truth(config.seed.is_(1.0), config.seed.of(1.0)) == "yes"


def test_the_tree_reads_as_text_with_the_reason_of_what_is_unknown() -> None:
    tree = judge(
        (signal.noise_level(train.loss) > 0.5).node, Facts(History(), {one.id: one for one in SIGNALS}), Limits()
    )
    assert str(tree) == "? noise_level(train.loss) > 0.5: no training loss was recorded"


@pytest.mark.parametrize("values", list(itertools.product(VALUES, repeat=3)))
def test_the_tree_grown_afterwards_agrees_with_the_verdict_and_its_reasons_suffice(values: tuple[Truth, ...]) -> None:
    terms = (config.shuffle, config.nesterov, config.pretrained)
    a, b, c = terms
    known = dict(zip(terms, values, strict=True))

    def judged(known: Mapping[Term, Truth], condition: Condition) -> Verdict:
        given = facts(*(term.of(VALUES[value]) for term, value in known.items()))
        return judge(condition.node, Facts(History(), {}, given), Limits())

    for condition in (a & b & c, a | b | c, a & (b | c), a | (b & c), ~(a & b) | c, ~(a | ~b) & ~c, ~(~(a & b) & c)):
        verdict = judged(known, condition)
        assert verdict.truth == _in_kleenes_logic(verdict)
        reasons = {str(leaf.node) for leaf in verdict.reasons()}
        needed = {term: value for term, value in known.items() if f"{term.node} is True" in reasons}
        assert judged(needed, condition).truth == verdict.truth
        assert needed
        assert verdict.truth != "unknown" or set(needed.values()) == {"unknown"}


def _in_kleenes_logic(verdict: Verdict) -> Truth:
    order: tuple[Truth, ...] = ("no", "unknown", "yes")
    if not verdict.parts:
        return verdict.truth
    places = [order.index(_in_kleenes_logic(part)) for part in verdict.parts]
    kind = verdict.node.kind
    return order[2 - places[0] if kind == "not" else min(places) if kind == "all" else max(places)]


def test_everything_a_condition_asks_for_is_read_even_where_its_first_part_decides() -> None:
    asked = []

    def note(view: object) -> Unknown:
        asked.append(view)
        return Unknown("it is not known")

    strange = Signal("strange", "strange", "", "proof", "it is {value}", note, arguments=0)
    condition = config.shuffle & (signal.strange() > 1.0)
    judge(condition.node, Facts(History(), {"strange": strange}, facts(config.shuffle.of(False))), Limits())
    assert len(asked) == 1


def test_words_are_the_same_in_any_case_and_numbers_are_no_words() -> None:
    assert truth(config.optimizer.is_("Adam", "sgd"), config.optimizer.of("ADAM")) == "yes"
    assert truth(config.optimizer.is_("Adam", "sgd"), config.optimizer.of("SGD")) == "yes"
    assert truth(config.optimizer.is_("Adam"), config.optimizer.of("adamw")) == "no"
    assert truth(config.optimizer.is_(1.0), config.optimizer.of("1.0")) == "no"
    assert truth(config.seed.is_(1.0), config.seed.of(True)) == "no"


def test_a_verdict_can_be_saved_and_explains_itself_afterwards() -> None:
    bound = limit("a-bound", 5.0, source="test")
    condition = ~config.shuffle & ((data.samples > bound) | config.nesterov)
    body = facts(config.shuffle.of(False), data.samples.of(7))
    verdict = judge(condition.node, Facts(History(), {}, body), Limits({"a-bound": 6.0}))
    for copied in (pickle.loads(pickle.dumps(verdict)), copy.deepcopy(verdict)):
        assert str(copied) == str(verdict)
        assert [leaf.bound for leaf in copied.reasons()] == [None, 6.0]


def test_what_explains_a_verdict_does_not_keep_the_history_it_was_read_from() -> None:
    history = History.from_columns({"loss": [1.0, 0.9, 0.8, 0.7, 0.6, 0.5]})
    verdict = judge(
        (signal.noise_level(train.loss) > 0.5).node, Facts(history, {one.id: one for one in SIGNALS}), Limits()
    )
    kept = weakref.ref(history)
    del history
    gc.collect()
    assert kept() is None
    assert verdict.fact is not None


def test_the_tree_says_each_joint_and_what_was_found() -> None:
    condition = ~config.shuffle & (config.nesterov | (data.samples > limit("few", 9.0, source="test")))
    view = Facts(History(), {}, facts(config.shuffle.of(False), data.samples.of(5)))
    verdict = judge(condition.node, view, Limits({"few": 8.0}))
    said = str(verdict).splitlines()
    assert [line.partition(":")[0] for line in said] == [
        "? all of",
        "  ✓ not",
        "    ✗ config.shuffle is True",
        "  ? any of",
        "    ? config.nesterov is True",
        "    ✗ data.samples > few (8)",
    ]
    assert said[2].endswith("the samples are not shuffled")
