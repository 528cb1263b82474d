from __future__ import annotations

import itertools

import pytest

from expert.authoring import config, data, facts, limit, signal, train
from expert.facts import Facts
from expert.history import History
from expert.inference import Limits, Truth, judge
from expert.language.handles import Condition
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


def test_limits_are_overridden_by_name_and_by_profile() -> None:
    bound = limit("a-bound", 5.0, source="test", profiles=(("transformer", 7.0),))
    assert Limits().value(bound) == 5.0
    assert Limits(profile="transformer").value(bound) == 7.0
    assert Limits({"a-bound": 9.0}, "transformer").value(bound) == 9.0
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
