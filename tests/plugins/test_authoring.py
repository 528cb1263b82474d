"""A signal and a reader, annotated, by an author who imports from one place only."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest

from expert import advise
from expert.authoring import (
    Curve,
    History,
    Reader,
    Reading,
    ReadRequest,
    Rule,
    Signal,
    SourceError,
    Unknown,
    View,
    hookimpl,
    signal,
    train,
)
from tests.engine.knowledge import rule


def last_over_first(view: View, curve: Curve) -> Reading | Unknown:
    """What is left of the loss, told only where the batch size is known."""
    if view.config.batch_size is None:
        return Unknown("the batch size is not known")
    return Reading(float(curve.epochs[-1] / curve.epochs[0]))


def recognizes(source: object) -> float:
    return 1.0 if isinstance(source, str) and source.endswith(".numbers") else 0.0


def read(source: object, request: ReadRequest) -> tuple[History, ...]:
    words = Path(str(source)).read_text(encoding="utf-8").split()
    try:
        return (History.from_columns({"loss": [float(word) for word in words]}, columns=request.columns),)
    except ValueError:
        raise SourceError(f"{source}: {words[0]!r} is no number.") from None


LEFT = Signal("left", "What is left of the loss", "share", "curve", "{value:.0%} is left", last_over_first)
READER = Reader("numbers", "losses in a row", "run", recognizes, read)


class Plugin:
    @hookimpl
    def expert_signals(self) -> list[Signal]:
        return [LEFT]

    @hookimpl
    def expert_rules(self) -> list[Rule]:
        return [rule("OPT960", "much-left", signal.left(train.loss) > 0.8)]

    @hookimpl
    def expert_readers(self) -> list[Reader]:
        return [READER]


def test_what_an_author_needs_comes_from_one_place(tmp_path: Path) -> None:
    log = tmp_path / "run.numbers"
    log.write_text("1.0 0.97 0.95 0.94 0.93 0.92 0.91 0.9\n", encoding="utf-8")
    told = advise(str(log), config={"batch_size": 8}, plugins=[Plugin()])
    assert not told.problems
    found = told.finding("much-left")
    assert found is not None
    assert found.evidence[0].text == "90% is left"
    without = advise(str(log), plugins=[Plugin()])
    assert "OPT960" in next(one.rules for one in without.not_judged if one.missing == "the batch size is not known")
    log.write_text("one two\n", encoding="utf-8")
    with pytest.raises(SourceError, match="'one' is no number"):
        advise(str(log), plugins=[Plugin()])


def test_the_types_are_there_when_the_program_runs() -> None:
    assert typing.get_type_hints(last_over_first)["curve"] is Curve
    assert typing.get_type_hints(read)["request"] is ReadRequest
