"""From what a caller has to one History."""

from __future__ import annotations

from types import MappingProxyType, SimpleNamespace

import pytest

from expert import History, RunConfig, advise, read_runs
from expert.authoring import hookimpl
from expert.errors import SourceError
from expert.reading import Reader
from tests.engine.test_plugins import RUN


class Several:
    """A source of seven runs."""


def several(count: int, named: bool) -> SimpleNamespace:
    runs = tuple(RUN.model_copy(update={"source": f"run-{k}.csv" if named else None}) for k in range(1, count + 1))

    @hookimpl
    def expert_readers() -> list[Reader]:
        return [
            Reader("several", "several", "run", lambda source: float(isinstance(source, Several)), lambda s, r: runs)
        ]

    return SimpleNamespace(__name__="several", expert_readers=expert_readers)


@pytest.mark.parametrize(
    ("count", "named", "note"),
    [
        (3, True, "the last one, run-3.csv. The others: run-1.csv, run-2.csv. To judge another"),
        (2, False, "the last one, run 2. The others: run 1. To judge another: expert.read_runs(source)[0]"),
        (9, True, "The others: run-4.csv, run-5.csv, run-6.csv, run-7.csv, run-8.csv and earlier ones."),
    ],
)
def test_of_several_runs_the_last_is_judged_and_the_others_are_named(count: int, named: bool, note: str) -> None:
    plugin = several(count, named)
    given = advise(Several(), plugins=[plugin])
    assert f"The source holds {count} runs" in given.notes[0]
    assert note in given.notes[0]
    assert len(read_runs(Several(), plugins=[plugin])) == count


def test_profiles_are_taken_as_records_and_as_mappings_of_any_kind() -> None:
    given = {"optimizer": "adadelta", "learning_rate": 0.001}
    for form in (given, RunConfig(**given), MappingProxyType(given)):
        assert advise(config=form).finding("CFG102") is not None, type(form)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"config": {1: 2}}, "config: unknown field '1'"),
        ({"config": 7}, "Nothing here reads this int as a model"),
        ({"source": 7}, "Nothing here reads this int as a run"),
        ({"source": "no/such/file.csv"}, "There is no file or folder 'no/such/file.csv'"),
        ({"data": {"samples": "many"}}, "data: samples"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        advise(**arguments)  # type: ignore[arg-type]


def test_without_readers_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPERT_PLUGINS", "rules")
    with pytest.raises(SourceError, match="no plugin with readers is loaded"):
        advise(7)


def test_a_reader_that_fails_on_a_profile_is_told_as_well() -> None:
    class Confused:
        @hookimpl
        def expert_readers(self) -> list[Reader]:
            return [Reader("confused", "c", "model", lambda source: 1 / 0, lambda source, request: ())]

    plugin = Confused()
    with pytest.raises(SourceError, match="unknown field 'depht'"):
        advise(model={"depht": 3}, plugins=[plugin])


def test_a_history_is_a_source_whatever_else_is_given() -> None:
    given = advise(RUN, config={"optimizer": "sgd"}, model={"depth": 2}, data={"samples": 100})
    assert given.coverage.read == RUN.summary
    assert isinstance(read_runs(RUN)[0], History)
