from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from expert import History, advise, read_runs
from expert.authoring import Calibration, Reading, Signal, config, hookimpl, limit, signal, strong, supports
from expert.calibration import Line
from expert.errors import AuthoringError, SettingsError, SourceError
from expert.knowledge import assemble, load
from expert.plugging import registry
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


class Measured:
    """Two rules on the same evidence, a cause and a symptom, of a plugin whose causes were measured."""

    @hookimpl
    def expert_rules(self) -> list[object]:
        when = config.shuffle.is_(False)
        cause = rule("OPT951", "measured", when, kind="cause", prior=0.6, evidence=(supports(when, strong, "x"),))
        return [cause, rule("OPT952", "not-measured", when, prior=0.6)]

    @hookimpl
    def expert_calibration(self) -> Calibration:
        line = Line(slope=2.0, offset=0.5)
        return Calibration(lines={"config": line}, causes=300, programs=8, fitted_on="runs of ours")


def test_what_a_plugin_measured_of_its_causes_is_how_sure_they_are_and_nobody_elses() -> None:
    advice = advise(RUN, config={"shuffle": False}, plugins=[Measured()])
    measured, symptom = advice.finding("measured"), advice.finding("not-measured")
    assert measured is not None
    assert symptom is not None
    odds = 2.0 * (math.log(0.6 / 0.4) + 2.2) + 0.5
    assert measured.confidence == pytest.approx(min(0.99, 1 / (1 + math.exp(-odds))), abs=1e-3)
    assert symptom.confidence == pytest.approx(0.6)
    assert "(prior 0.60, with its evidence 0.93)" in advice.why("measured")
    assert "(prior 0.60)" in advice.why("not-measured")
    theirs = load(None, [Measured()])[1].calibrations
    assert set(theirs) - set(load()[1].calibrations) == {"OPT951"}


class RaisingRules:
    @hookimpl
    def expert_rules(self) -> list[object]:
        raise RuntimeError("no such luck")


class RaisingCalibration:
    @hookimpl
    def expert_calibration(self) -> object:
        raise OSError("no such file")


class NoCalibration:
    @hookimpl
    def expert_calibration(self) -> object:
        return {"lines": {}}


class RaisingObserver:
    @hookimpl
    def expert_advice(self) -> None:
        raise RuntimeError("nobody listens")


class WrongSignature:
    @hookimpl
    def expert_rules(self, wrong: int) -> list[object]:
        return []


class WrongArgument:
    @hookimpl
    def expert_advice(self, advise: object, history: object) -> None:
        pass


class StrangeHook:
    @hookimpl
    def configure(self) -> None:
        pass


class Wrapper:
    @hookimpl(wrapper=True)
    def expert_rules(self) -> Iterator[None]:
        yield


class Unmarked:
    def expert_rules(self) -> list[object]:
        return []


class HalfMarked:
    @hookimpl
    def expert_rules(self) -> list[object]:
        return []

    def expert_remedies(self) -> list[object]:
        return []


class LaterApi(Good):
    expert_api = "2"


class InvalidatesNothing:
    @hookimpl
    def expert_rules(self) -> list[object]:
        return [rule("OPT951", "lost", config.shuffle, invalidates=("val.acc",))]


class ComparesAWord:
    @hookimpl
    def expert_rules(self) -> list[object]:
        return [rule("OPT951", "lost", config.optimizer > 3)]


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
        (RaisingCalibration, "OSError: no such file"),
        (NoCalibration, "expert_calibration must return a Calibration, but returned {'lines': {}}."),
        (RaisingObserver, "RuntimeError: nobody listens"),
        (
            WrongSignature,
            "its hook function 'expert_rules' takes 'wrong', but that hook gives no arguments.",
        ),
        (
            WrongArgument,
            "its hook function 'expert_advice' takes 'advise', but that hook gives only advice and history. "
            "Did you mean 'advice'?",
        ),
        (
            WrongHook,
            "it has a hook function 'expert_rulez', but there is no such hook. Did you mean 'expert_rules'?",
        ),
        (
            StrangeHook,
            "it has a hook function 'configure', but there is no such hook. Known are expert_rules, expert_remedies, "
            "expert_signals, expert_readers, expert_calibration, expert_advice.",
        ),
        (
            Wrapper,
            "its hook function 'expert_rules' is a wrapper, and hooks are not wrapped; return the records instead.",
        ),
        (
            Unmarked,
            "its function 'expert_rules' is not marked as a hook; put @hookimpl of expert.authoring above it.",
        ),
        (
            HalfMarked,
            "its function 'expert_remedies' is not marked as a hook; put @hookimpl of expert.authoring above it.",
        ),
        (WrongRecord, "expert_rules must return Rule records, but returned 'a rule'."),
        (
            UnknownSignal,
            "rule OPT951 lost uses the unknown signal 'noise_levl'. Did you mean 'noise_level'?",
        ),
        (
            UnknownRemedy,
            "rule OPT951 lost recommends the unknown remedy 'lower-learning-rat'. Did you mean 'lower-learning-rate'?",
        ),
        (
            LaterApi,
            "it is written for version 2 of the plugin API, but training-expert 0.1.0 offers version 1.",
        ),
        (
            InvalidatesNothing,
            "rule OPT951 lost invalidates an unknown series 'val.acc': whatever a log calls it, it is read as "
            "'val.accuracy'.",
        ),
        (
            ComparesAWord,
            "rule OPT951 lost: config.optimizer is a word and cannot be compared with a number.",
        ),
    ],
)
def test_a_failing_plugin_is_isolated_and_strict_raises(plugin: type, message: str) -> None:
    without = advise(RUN)
    advice = advise(RUN, plugins=[plugin()])
    assert advice.verdict == without.verdict
    (problem,) = [one for one in advice.problems if one not in without.problems]
    assert problem.what == message
    assert problem.plugin == plugin.__name__
    with pytest.raises(AuthoringError, match="Plugin"):
        advise(RUN, plugins=[plugin()], strict=True)


def test_a_duplicate_id_names_both_plugins() -> None:
    first, second = Good(), Good()
    _, knowledge = load(None, (SimpleNamespaceLike(first, "one"), SimpleNamespaceLike(second, "two")))
    told = [problem.what for problem in knowledge.problems]
    assert told == ["Rule id 'OPT950' is given by both 'one' and 'two'; ids must be unique."]


class SimpleNamespaceLike:
    """Gives a plugin object a name of its own."""

    def __init__(self, plugin: Good, name: str) -> None:
        self.__name__ = name
        self.expert_rules = plugin.expert_rules
        self.expert_remedies = plugin.expert_remedies if name == "one" else None
        self.expert_signals = plugin.expert_signals if name == "one" else None


def test_a_duplicate_id_of_installed_plugins_names_their_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    def entry(name: str) -> SimpleNamespace:
        plugin = plugin_of(rule("OPT958", name, config.shuffle))
        dist = SimpleNamespace(name=f"expert-{name}", version="1.2")
        return SimpleNamespace(name=name, value=name, load=lambda: plugin, dist=dist)

    monkeypatch.setattr(registry, "entry_points", lambda group: [entry("one"), entry("two")])
    assert [(one.plugin, one.what) for one in Plugins().problems] == [
        (
            "two",
            "Rule id 'OPT958' is given by both 'one' (expert-one 1.2) and 'two' (expert-two 1.2); ids must be unique.",
        )
    ]


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
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry])
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
    (rules,) = [one for one in loaded.described() if one["name"] == "rules"]
    assert rules["version"].startswith("(training-expert")
    assert {"GRD101", "OPT101"} <= set(rules["contributes"]["rules"])
    assert "FX301" in rules["contributes"]["remedies"]
    assert Path(rules["place"]).name == "plugin.py"


def plugin_of(*rules: object, name: str = "stranger") -> SimpleNamespace:
    @hookimpl
    def expert_rules() -> list[object]:
        return list(rules)

    return SimpleNamespace(__name__=name, expert_rules=expert_rules)


def told_by(*plugins: object) -> list[tuple[str, str]]:
    without = advise(RUN).problems
    return [(one.plugin, one.what) for one in advise(RUN, plugins=plugins).problems if one not in without]


def test_a_plugin_that_cannot_be_hashed_works_and_its_knowledge_is_kept() -> None:
    class Unhashable:
        __hash__ = None  # type: ignore[assignment]

        @hookimpl
        def expert_rules(self) -> list[object]:
            return [rule("OPT952", "from-unhashable", config.shuffle)]

    plugin = Unhashable()
    loaded, knowledge = load(None, [plugin])
    assert knowledge.catalogue.find("from-unhashable") is not None
    assert load(None, [plugin])[0] is loaded


def test_plugins_that_compare_equal_are_told_apart() -> None:
    class Equal:
        def __init__(self, name: str) -> None:
            self.name = name

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Equal)

        def __hash__(self) -> int:
            return 1

        @hookimpl
        def expert_rules(self) -> list[object]:
            return [rule("OPT952", self.name, config.shuffle)]

    for name in ("one", "two"):
        assert load(None, [Equal(name)])[1].catalogue.find(name) is not None


def test_knowledge_of_plugin_objects_is_not_kept_for_ever() -> None:
    import gc
    import weakref

    from expert.knowledge import MOST_KEPT

    first = Good()
    seen = weakref.ref(first)
    load(None, [first])
    del first
    for _ in range(MOST_KEPT + 1):
        load(None, [Good()])
    gc.collect()
    assert seen() is None


def test_the_same_object_twice_is_one_plugin() -> None:
    plugin = Good()
    assert told_by(plugin, plugin) == []


def test_what_is_no_plugin_is_said() -> None:
    ((plugin, what),) = told_by(SimpleNamespace(__name__="empty"))
    assert plugin == "empty"
    assert what == "it has no hook function; mark those it has with @hookimpl of expert.authoring."
    for wrong in ("my_plugin", 7):
        with pytest.raises(SettingsError, match="plugins must be a list"):
            advise(RUN, plugins=wrong)  # type: ignore[arg-type]


def test_a_class_in_place_of_an_object_is_said() -> None:
    assert told_by(Good) == [("Good", "it is a class; give an object of it, Good().")]


def test_an_object_that_raises_when_it_is_looked_at_is_isolated() -> None:
    class Grudging:
        @property
        def expert_api(self) -> int:
            raise RuntimeError("do not ask")

        @hookimpl
        def expert_rules(self) -> list[object]:
            return []

    assert told_by(Grudging()) == [("Grudging", "RuntimeError: do not ask")]


def test_the_version_of_the_api_is_public() -> None:
    from expert.authoring import API

    assert API == 1


def test_a_stranger_cannot_take_the_id_or_the_name_of_a_built_in_rule() -> None:
    taken = plugin_of(rule("NUM101", "mine", config.shuffle, family="numerics"), name="a-stranger")
    ((plugin, what),) = told_by(taken)
    assert plugin == "a-stranger"
    assert "Rule id 'NUM101' is given by both 'rules' (training-expert" in what
    named = plugin_of(rule("ACT001", "non-finite-loss", config.shuffle, family="activations"))
    ((plugin, what),) = told_by(named)
    assert plugin == "stranger"
    assert what.startswith("rule ACT001 non-finite-loss is called 'non-finite-loss', but so is NUM101 non-finite-loss")
    assert load(None, [named])[1].catalogue.require("non-finite-loss").id == "NUM101"


def test_a_stranger_cannot_move_a_limit_of_a_built_in_rule() -> None:
    _, knowledge = load()
    name, ours = next(iter(knowledge.limits.items()))
    other = limit(name, ours.value + 1.0, source="test")
    _, extended = load(
        None, [plugin_of(rule("ACT001", "first-by-id", config.batch_size < other, family="activations"))]
    )
    assert extended.limits[name] == ours
    assert extended.catalogue.find("first-by-id") is None
    assert "another record as" in extended.problems[-1].what


def test_a_rule_that_is_left_out_leaves_no_limit_behind() -> None:
    mine = limit("mine-alone", 1.0, source="test")
    lost = rule("OPT953", "lost", config.batch_size < mine, remedies=("no-such-remedy",))
    knowledge = assemble([lost], [])
    assert "mine-alone" not in knowledge.limits
    assert [one.what for one in knowledge.problems] == [
        "rule OPT953 lost recommends the unknown remedy 'no-such-remedy'."
    ]


def test_strangers_whose_relations_close_a_cycle_are_left_out() -> None:
    built_in = load()[1].catalogue.rules
    explainer, explained = next(
        (one.name, load()[1].catalogue.rules[target].name)
        for one in built_in.values()
        for target in load()[1].catalogue.explains[one.id]
    )
    closing = rule("OPT954", "closing", config.shuffle, kind="cause", explains=(explainer,))
    opening = rule("OPT955", "opening", config.shuffle, kind="cause", explains=("closing",), unless=(explained,))
    fine = rule("OPT956", "fine", config.shuffle)
    told = told_by(plugin_of(closing, opening, fine))
    assert told
    assert all(plugin == "stranger" and "form a cycle" in what for plugin, what in told)
    path = re.compile(r"The relations between rules form a cycle: [a-z-]+( → [a-z-]+)+\. One of them must go\.")
    assert all(path.fullmatch(what) for _, what in told)
    catalogue = load(None, [plugin_of(closing, opening, fine)])[1].catalogue
    assert set(built_in) < set(catalogue.rules)
    assert "OPT956" in catalogue.rules


def test_a_signal_with_the_wrong_number_of_series_is_reported() -> None:
    from expert.authoring import train

    wrong = rule("OPT957", "wrong", signal.noise_level(train.loss, train.loss) > 1.0)
    assert "gives signal 'noise_level' 2 series, but it reads 1" in assemble([wrong], []).problems[0].what


def test_remedies_of_one_name_are_reported() -> None:
    both = [remedy("FX950", "same"), remedy("FX951", "other", aliases=("same",))]
    knowledge = assemble([], both)
    assert knowledge.remedy("same") == both[0]
    assert knowledge.problems[0].what == "remedy FX951 other is called 'same', but so is FX950 same."


def test_entry_points_of_one_name_are_all_loaded_and_repeated_ones_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def entry(value: str, identity: str, dist: str) -> SimpleNamespace:
        plugin = plugin_of(rule(identity, value, config.shuffle))
        return SimpleNamespace(
            name="mine", value=value, load=lambda: plugin, dist=SimpleNamespace(name=dist, version="1.0")
        )

    entries = [entry("one", "OPT958", "a"), entry("two", "OPT959", "b"), entry("one", "OPT958", "a")]
    monkeypatch.setattr(registry, "entry_points", lambda group: entries)
    loaded = Plugins()
    assert [one.name for one in loaded.rules] == ["one", "two"]
    told = [(one["name"], one["version"], one["contributes"]) for one in loaded.described()]
    assert told == [("mine", "(a 1.0)", {"rules": ["OPT958"]}), ("mine 2", "(b 1.0)", {"rules": ["OPT959"]})]
    assert loaded.problems == []


def test_a_reader_that_fails_is_told_and_the_others_go_on() -> None:
    class Confused:
        @hookimpl
        def expert_readers(self) -> list[Reader]:
            return [Reader("confused", "confused", "run", lambda source: 1 / 0, lambda source, request: ())]

    plugin = Confused()
    for _ in range(2):
        assert [what for _, what in told_by(plugin)] == ["ZeroDivisionError: division by zero"]
    assert read_runs(RUN, plugins=[plugin]) == (RUN,)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            RuntimeError("no such luck"),
            "this Source: the reader 'unlucky' of plugin 'Unlucky' failed with RuntimeError",
        ),
        (PermissionError(13, "Permission denied"), "this Source cannot be read: Permission denied."),
        (SourceError("line 3: not a number."), "line 3: not a number."),
        (None, "this Source: the reader 'unlucky' found no run in it."),
    ],
)
def test_a_reader_that_cannot_read_is_one_sentence(error: Exception | None, message: str) -> None:
    class Source:
        pass

    def read(source: object, request: object) -> tuple[History, ...]:
        if error is not None:
            raise error
        return ()

    class Unlucky:
        @hookimpl
        def expert_readers(self) -> list[Reader]:
            return [Reader("unlucky", "u", "run", lambda source: float(isinstance(source, Source)), read)]

    with pytest.raises(SourceError, match=re.escape(message)):
        advise(Source(), plugins=[Unlucky()])


def test_a_readers_hook_that_raises_is_told_once_however_often_it_is_read() -> None:
    class Raising:
        @hookimpl
        def expert_readers(self) -> list[Reader]:
            raise RuntimeError("no readers today")

    plugin = Raising()
    for _ in range(3):
        assert told_by(plugin) == [("Raising", "RuntimeError: no readers today")]
