from __future__ import annotations

import pytest
from pydantic import ValidationError

from expert.authoring import Rule, config, data, limit, signal, train, val
from expert.errors import AuthoringError
from expert.language.nodes import All, AnyOf, Compare, FieldTerm, Not, OneOf, SignalTerm, leaves
from tests.engine.knowledge import rule

SMALL = limit("small", 0.1, source="test")


def test_comparisons_build_nodes_with_limits_kept_whole() -> None:
    node = (signal.relative_gap(val.loss, train.loss) > SMALL).node
    assert node == Compare(
        term=SignalTerm(signal="relative_gap", of=("val.loss", "train.loss")), operator=">", bound=SMALL
    )


def test_and_or_are_flat_and_not_wraps() -> None:
    a, b, c = config.batch_size > 1, config.momentum < 2, config.epochs >= 3
    assert len((a & b & c).node.parts) == 3  # type: ignore[union-attr]
    assert isinstance((a | b).node, AnyOf)
    assert isinstance((~a).node, Not)
    assert isinstance(((a | b) & c).node, All)
    assert [str(leaf) for leaf in leaves(((a | b) & ~c).node)] == [
        "config.batch_size > 1",
        "config.momentum < 2",
        "config.epochs >= 3",
    ]


def test_a_bare_term_means_is_true() -> None:
    node = (config.shuffle & data.sorted_by_label).node
    assert node == All(
        parts=(
            OneOf(term=FieldTerm(record="config", name="shuffle"), values=(True,)),
            OneOf(term=FieldTerm(record="data", name="sorted_by_label"), values=(True,)),
        )
    )


def test_equality_is_left_alone_so_that_records_stay_hashable() -> None:
    term = config.batch_size
    assert term != config.epochs
    assert len({term, term}) == 1


@pytest.mark.parametrize(
    "write",
    [
        lambda: (config.batch_size > 1) and (config.momentum < 2),
        lambda: (config.batch_size > 1) or (config.momentum < 2),
        lambda: not (config.batch_size > 1),
        lambda: 1 < config.batch_size < 3,
    ],
)
def test_truth_values_are_refused_with_the_way_to_write_it(write: object) -> None:
    with pytest.raises(AuthoringError, match=r"Use & for `and`, \| for `or`, ~ for `not`"):
        write()  # type: ignore[operator]


def test_an_unknown_profile_field_names_the_nearest() -> None:
    with pytest.raises(AuthoringError, match="Did you mean 'learning_rate'"):
        config.lerning_rate  # noqa: B018


@pytest.mark.parametrize("bound", ["0.1", None, True])
def test_a_bound_must_be_a_number_or_a_limit(bound: object) -> None:
    with pytest.raises(AuthoringError, match="needs a number or a limit"):
        config.batch_size > bound  # type: ignore[operator]  # noqa: B015


def test_signals_read_series_not_names() -> None:
    with pytest.raises(AuthoringError, match=r"reads series such as train\.loss"):
        signal.noise_level("train.loss")  # type: ignore[arg-type]


def test_between_includes_both_ends() -> None:
    assert str(config.batch_size.between(1, 8).node) == "config.batch_size >= 1 and config.batch_size <= 8"


def test_joining_with_something_else_is_refused() -> None:
    with pytest.raises(AuthoringError, match="joined with conditions"):
        (config.batch_size > 1) & True  # type: ignore[operator]
    with pytest.raises(AuthoringError, match="at least one value"):
        config.optimizer.is_()


def test_a_rule_comes_back_from_json_as_it_was() -> None:
    whole = rule(
        "OPT901", "nested", ((config.batch_size > SMALL) | ~config.shuffle) & config.optimizer.is_("adam", "sgd")
    )
    assert Rule.model_validate_json(whole.model_dump_json()) == whole


def test_a_node_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValidationError, match="does not match any of the expected tags"):
        rule("OPT901", "strange", {"kind": "python", "code": "1"})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"family": "data"}, "prefix OPT belongs to family optimization"),
        ({"kind": "cause", "cause": ""}, "must say its cause"),
        ({"kind": "guard"}, "must say which rules it silences"),
        ({"name": "Not Kebab"}, "name"),
        ({"prior": 1.0}, "prior"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises((ValidationError, AuthoringError), match=message):
        rule("OPT901", fields.pop("name", "a-rule"), config.shuffle, **fields)  # type: ignore[arg-type]
