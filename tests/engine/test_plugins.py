from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import expert.plugins as plugins_module
from expert import History, advise
from expert.authoring import Reading, Signal, config, hookimpl, signal
from expert.errors import AuthoringError, SourceError
from expert.knowledge import load
from expert.plugins import ENVIRONMENT_VARIABLE, Plugins, named_in_environment
from expert.reading import Reader
from tests.engine.knowledge import remedy, rule

RUN = History.from_columns({"loss": [2.0, 1.5, 1.2, 1.0, 0.9, 0.85, 0.8, 0.78]})


class Good:
    """A plugin with one rule, one remedy, one signal, one observer."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    @hookimpl
    def expert_rules(self) -> list[object]:
        return [rule("OPT950", "plugged-in", signal.plugged(), remedies=("plugged-remedy",), severity="error")]

    @hookimpl
    def expert_remedies(self) -> list[object]:
        return [remedy("ZZ950", "plugged-remedy")]

    @hookimpl
    def expert_signals(self) -> list[object]:
        return [Signal("plugged", "plugged", "", "proof", "plugged in", lambda view: Reading(True), arguments=0)]

    @hookimpl
    def expert_advice(self, advice: object) -> None:
        self.seen.append(advice)


def test_a_plugin_object_adds_rules_remedies_signals_and_observes() -> None:
    plugin = Good()
    advice = advise(RUN, plugins=[plugin])
    assert advice.finding("plugged-in") is not None
    assert "ZZ950" in [one.remedy for one in advice.recommendations]
    assert plugin.seen == [advice]
    assert advise(RUN).finding("plugged-in") is None


class RaisingRules:
    @hookimpl
    def expert_rules(self) -> list[object]:
        raise RuntimeError("no such luck")


class RaisingObserver:
    @hookimpl
    def expert_advice(self) -> None:
        raise RuntimeError("nobody listens")


class WrongSignature:
    @hookimpl
    def expert_rules(self, wrong: int) -> list[object]:
        return []


class WrongHook:
    @hookimpl
    def expert_rulez(self) -> list[object]:
        return []


class WrongRecord:
    @hookimpl
    def expert_rules(self) -> list[object]:
        return ["a rule"]


class UnknownSignal:
    @hookimpl
    def expert_rules(self) -> list[object]:
        return [rule("OPT951", "lost", signal.noise_levl(config_series()) > 1)]


class UnknownRemedy:
    @hookimpl
    def expert_rules(self) -> list[object]:
        return [rule("OPT951", "lost", config.shuffle, remedies=("lower-learning-rat",))]


def config_series() -> Any:
    from expert.authoring import train

    return train.loss


@pytest.mark.parametrize(
    ("plugin", "message"),
    [
        (RaisingRules, "RuntimeError: no such luck"),
        (RaisingObserver, "RuntimeError: nobody listens"),
        (WrongSignature, "wrong"),
        (WrongHook, "expert_rulez"),
        (WrongRecord, "must return Rule records, but returned 'a rule'"),
        (UnknownSignal, "unknown signal 'noise_levl'. Did you mean 'noise_level'?"),
        (UnknownRemedy, "unknown remedy 'lower-learning-rat'. Did you mean 'lower-learning-rate'?"),
    ],
)
def test_a_failing_plugin_is_isolated_and_strict_raises(plugin: type, message: str) -> None:
    without = advise(RUN)
    advice = advise(RUN, plugins=[plugin()])
    assert advice.verdict == without.verdict
    (problem,) = [one for one in advice.problems if one not in without.problems]
    assert message in problem.what
    assert problem.plugin == plugin.__name__
    with pytest.raises(AuthoringError, match="Plugin"):
        advise(RUN, plugins=[plugin()], strict=True)


def test_a_duplicate_id_names_both_plugins() -> None:
    first, second = Good(), Good()
    _, knowledge = load(None, (SimpleNamespaceLike(first, "one"), SimpleNamespaceLike(second, "two")))
    told = [problem.what for problem in knowledge.problems]
    assert any("Rule id 'OPT950' is given by both 'one' and 'two'" in what for what in told)


class SimpleNamespaceLike:
    """Gives a plugin object a name of its own."""

    def __init__(self, plugin: Good, name: str) -> None:
        self.__name__ = name
        self.expert_rules = plugin.expert_rules


def test_a_signal_id_that_is_taken_is_reported() -> None:
    class Takes:
        @hookimpl
        def expert_signals(self) -> list[object]:
            return [Signal("noise_level", "noise", "", "proof", "noise", lambda view: Reading(1.0), arguments=0)]

    advice = advise(RUN, plugins=[Takes()])
    assert "taken by a built-in signal" in advice.problems[0].what


def test_the_environment_restricts_what_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "adapters")
    assert advise(RUN).coverage.rules == 0
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "adapters, ruls")
    assert "no installed plugin is called 'ruls'. Did you mean 'rules'?" in advise(RUN).problems[0].what
    monkeypatch.delenv(ENVIRONMENT_VARIABLE)
    assert named_in_environment() is None


def test_a_plugin_that_fails_at_import_is_isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterator[object]:
        raise ImportError("cannot import name 'gone'")

    entry = SimpleNamespace(name="stranger", value="stranger", load=broken, dist=None)
    monkeypatch.setattr(plugins_module, "entry_points", lambda group: [entry])
    loaded = Plugins()
    assert [(one.plugin, one.what) for one in loaded.problems] == [
        ("stranger", "ImportError: cannot import name 'gone'")
    ]


def test_readers_that_recognize_equally_well_are_an_error_that_names_both() -> None:
    class Source:
        pass

    def readers(name: str) -> Any:
        reader = Reader(
            name, name, "run", lambda source: 0.9 if isinstance(source, Source) else 0.0, lambda s, r: (RUN,)
        )

        class Plugin:
            @hookimpl
            def expert_readers(self) -> list[Reader]:
                return [reader]

        return Plugin()

    assert advise(Source(), plugins=[readers("one")]).verdict == advise(RUN).verdict
    with pytest.raises(SourceError, match="'one' and 'two'"):
        advise(Source(), plugins=[readers("one"), readers("two")])


def test_contributions_are_listed_with_versions() -> None:
    loaded, _ = load()
    listed = dict(loaded.contributions())
    (rules,) = [text for name, text in listed.items() if name.startswith("rules (training-expert")]
    assert "rules" in rules
    assert "remedies" in rules
