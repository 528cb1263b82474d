from __future__ import annotations

from dataclasses import replace

import pytest

from expert.advice import Advice
from expert.authoring import (
    Change,
    config,
    data,
    keras_code,
    moderate,
    multiply,
    not_when,
    set_to,
    signal,
    supports,
    torch_code,
    val,
)  # fmt: skip
from expert.calibration import Calibration, Line
from expert.confidence import CLOSE
from expert.facts import Facts
from expert.history import History
from expert.inference import Limits
from expert.judging import judge_rule
from expert.knowledge import assemble
from expert.pipeline import judge_history
from expert.ranking import differential
from expert.remedy import Remedy
from expert.rule import Rule
from tests.engine.knowledge import advice, known, remedy, rule

LOWER = remedy("FX901", "lower-rate", knob="learning-rate", direction="down")
RAISE = remedy("FX902", "raise-rate", knob="learning-rate", direction="up")
PROBE = remedy("FX903", "probe-rate", kind="experiment", decides=("learning-rate",))
REBUILD = remedy("FX904", "rebuild", cost="new structure")
CHECK = remedy("FX905", "look", kind="check", cost="check")
OTHER = remedy("FX906", "other")
ALL = [LOWER, RAISE, PROBE, REBUILD, CHECK, OTHER]


def on(run: History, rules: list[Rule], remedies: list[Remedy] | None = None) -> Advice:
    return judge_history(run, known(rules, remedies or ALL))


def names(given: Advice) -> list[str]:
    return [one.name for one in given.recommendations]


def cause(identity: str, name: str, when: object, **fields: object) -> Rule:
    return rule(identity, name, when, kind="cause", **fields)


SYMPTOM = rule("OPT900", "symptom", config.shuffle, remedies=("other",))


def test_the_most_severe_unexplained_finding_comes_first() -> None:
    mild = cause("OPT901", "mild", config.shuffle, remedies=("other",))
    grave = cause("OPT902", "grave", config.shuffle, severity="error", remedies=("look",))
    given = advice([mild, grave], ALL, shuffle=True)
    assert given.headline.startswith("Something is seen to happen")
    assert [one.rule for one in given.findings] == ["OPT902", "OPT901"]
    assert names(given) == ["look", "other"]


def test_a_symptom_whose_cause_is_found_stands_behind_it() -> None:
    why = cause("OPT901", "why", config.shuffle, prior=0.7, explains=("symptom",), remedies=("look",))
    given = advice([SYMPTOM, why], ALL, shuffle=True)
    assert [one.name for one in given.findings] == ["why", "symptom"]
    assert names(given) == ["look"]
    assert [one.remedy for one in given.recommendations[0].if_that_fails] == ["FX906"]
    assert "which why explains" in given.recommendations[0].if_that_fails[0].reason


def test_a_symptom_with_doubtful_causes_shows_them_side_by_side() -> None:
    one = cause("OPT901", "one", config.shuffle, prior=0.3, explains=("symptom",), remedies=("look",))
    two = cause("OPT902", "two", config.shuffle, prior=0.2, explains=("symptom",), remedies=("probe-rate",))
    given = advice([SYMPTOM, one, two], ALL, shuffle=True)
    assert [finding.name for finding in given.findings] == ["symptom", "one", "two"]
    assert names(given) == ["other", "look", "probe-rate"]


def test_how_often_a_grade_came_true_does_not_turn_the_order_of_rivals_round() -> None:
    symptom = rule("OPT920", "seen", config.shuffle, severity="error")
    weaker = rule("OPT921", "setting", config.shuffle, kind="cause", prior=0.6, explains=("seen",))
    stronger = rule("OPT922", "proved", data.samples > 1, kind="cause", prior=0.8, explains=("seen",))
    lines = {"config": Line(slope=3.0, offset=2.0), "proof": Line(slope=1.0, offset=-1.0)}
    measured = Calibration(lines=lines, causes=9, programs=1, fitted_on="x")
    knowledge = known([symptom, weaker, stronger])
    knowledge = replace(knowledge, calibrations=dict.fromkeys(("OPT921", "OPT922"), measured))
    history = History.model_validate({"config": {"shuffle": True}, "data": {"samples": 5}})
    first, second, _ = judge_history(history, knowledge).findings
    assert (first.rule, second.rule) == ("OPT922", "OPT921")
    assert first.confidence < second.confidence


def test_rivals_close_in_confidence_are_ordered_by_level_others_by_confidence() -> None:
    deep = cause("OPT901", "deep", config.shuffle, prior=0.6, level="capacity", explains=("symptom",))
    data_cause = cause("OPT902", "of-data", config.shuffle, prior=0.5, level="data", explains=("symptom",))
    far = cause("OPT903", "far", config.shuffle, prior=0.42, level="measurement", explains=("symptom",))
    assert [one.name for one in advice([SYMPTOM, deep, data_cause, far], ALL, shuffle=True).findings] == [
        "of-data",
        "deep",
        "far",
        "symptom",
    ]


def test_hygiene_never_comes_first_unless_it_invalidates_the_evidence() -> None:
    grave = rule("OPT900", "symptom", signal.last_value(val.loss) > 1.0, severity="warning", remedies=("other",))
    untidy = cause("RUN901", "untidy", config.nesterov, family="run", severity="error", remedies=("look",))
    broken = cause(
        "RUN902",
        "broken",
        config.shuffle,
        family="run",
        severity="error",
        remedies=("rebuild",),
        invalidates=(val.loss,),
    )

    def judged(rules: list[Rule], **config_fields: bool) -> list[str]:
        run = History.from_columns({"loss": [2.0] * 8, "val_loss": [2.0] * 8}, config=config_fields)
        return [one.name for one in on(run, rules).findings]

    assert judged([grave, untidy], nesterov=True) == ["symptom", "untidy"]
    assert judged([grave, broken], shuffle=True) == ["broken", "symptom"]


def test_a_doubt_of_what_is_measured_comes_first_only_where_something_rests_on_it() -> None:
    doubt = cause(
        "DAT901", "doubt", config.shuffle, family="data", prior=0.9, remedies=("look",), invalidates=(val.loss,)
    )
    measured = cause("OPT901", "measured", signal.last_value(val.loss) > 1.0, remedies=("other",))
    set_so = cause("OPT902", "set-so", config.nesterov, remedies=("rebuild",))
    supported = cause(
        "OPT903",
        "supported",
        config.nesterov,
        remedies=("rebuild",),
        evidence=(supports(signal.last_value(val.loss) > 1.0, moderate, "it is {value}"),),
    )

    def first(*rules: Rule) -> str:
        columns = {"loss": [2.0] * 8, "val_loss": [2.0] * 8}
        run = History.from_columns(columns, config={"shuffle": True, "nesterov": True})
        return on(run, list(rules)).findings[0].name

    assert first(doubt, measured) == "doubt"
    assert first(doubt, set_so) == "set-so"
    assert first(doubt, supported) == "supported"


def test_notes_ask_beside_a_doubt_of_what_is_measured() -> None:
    note = rule("OPT917", "note", config.shuffle, severity="info", remedies=("other",))
    doubt = cause("DAT901", "doubt", config.shuffle, family="data", remedies=("look",), invalidates=(val.loss,))
    assert names(advice([note, doubt], ALL, shuffle=True)) == ["look", "other"]


def test_opposed_remedies_are_a_conflict_the_evidence_decides() -> None:
    high = cause("OPT901", "too-high", config.shuffle, prior=0.8, explains=("symptom",), remedies=("lower-rate",))
    low = cause("OPT902", "too-low", config.shuffle, prior=0.3, explains=("symptom",), remedies=("raise-rate",))
    given = advice([SYMPTOM, high, low], ALL, shuffle=True)
    assert names(given) == ["lower-rate"]
    alternatives = given.recommendations[0].if_that_fails
    assert "FX902" in [one.remedy for one in alternatives]
    assert any("the evidence for too-high is stronger than for too-low" in one.reason for one in alternatives)


def test_a_conflict_the_evidence_does_not_decide_is_given_to_the_cheapest_experiment() -> None:
    high = cause("OPT901", "too-high", config.shuffle, prior=0.6, explains=("symptom",), remedies=("lower-rate",))
    low = cause("OPT902", "too-low", config.shuffle, prior=0.55, explains=("symptom",), remedies=("raise-rate",))
    given = advice([SYMPTOM, high, low], ALL, shuffle=True)
    assert names(given)[:2] == ["probe-rate", "lower-rate"]
    assert "raise-rate" not in names(given)


def test_a_costly_remedy_waits_for_its_check_only_while_unsure() -> None:
    unsure = cause("OPT901", "unsure", config.shuffle, prior=0.6, remedies=("rebuild", "look"))
    sure = cause("DAT901", "sure", data.sorted_by_label, family="data", prior=0.9, remedies=("rebuild", "look"))
    assert names(advice([unsure], ALL, shuffle=True)) == ["look", "rebuild"]
    run = History.model_validate({"data": {"sorted_by_label": True}})
    assert names(on(run, [sure])) == ["rebuild", "look"]


def test_a_contraindicated_remedy_is_left_out() -> None:
    harmful = remedy("FX907", "harmful", not_when=(not_when(config.batch_size < 8, "the batch is tiny"),))
    why = cause("OPT901", "why", config.shuffle, remedies=("harmful", "other"))
    assert names(advice([why], [harmful, OTHER], shuffle=True, batch_size=4)) == ["other"]
    assert names(advice([why], [harmful, OTHER], shuffle=True, batch_size=64)) == ["harmful", "other"]


def test_one_remedy_serves_all_that_ask_for_it() -> None:
    one = cause("OPT901", "one", config.shuffle, severity="error", remedies=("other",))
    two = cause("OPT902", "two", config.nesterov, remedies=("other",))
    given = advice([one, two], ALL, shuffle=True, nesterov=True)
    assert given.recommendations[0].serves == ("OPT901", "OPT902")


def test_snippets_are_filled_with_the_runs_own_numbers_or_fall_back() -> None:
    coded = remedy(
        "FX908",
        "coded",
        changes=(multiply(config.learning_rate, 0.1),),
        snippets=(
            torch_code("lr = {a_tenth_of_learning_rate}  # was {learning_rate}"),
            torch_code("lr /= 10"),
            keras_code("optimizer.learning_rate /= 10"),
        ),
    )
    why = cause("OPT901", "why", config.shuffle, remedies=("coded",))
    known_rate = advice([why], [coded], shuffle=True, learning_rate=0.03).recommendations[0]
    assert known_rate.snippet == {"torch": "lr = 0.003  # was 0.03", "keras": "optimizer.learning_rate /= 10"}
    assert advice([why], [coded], shuffle=True).recommendations[0].snippet["torch"] == "lr /= 10"


def test_a_cause_weighs_as_much_as_the_worst_it_explains() -> None:
    fatal = rule("OPT910", "fatal-symptom", config.shuffle, severity="fatal")
    mild = cause("OPT911", "mild-cause", config.shuffle, explains=("fatal-symptom",), remedies=("look",))
    error = cause("OPT912", "error", config.shuffle, severity="error", explains=("other-symptom",))
    effect = rule("OPT913", "other-symptom", config.shuffle, severity="error")
    given = advice([fatal, mild, error, effect], ALL, shuffle=True)
    assert [one.name for one in given.findings] == ["mild-cause", "error", "fatal-symptom", "other-symptom"]


def test_hygiene_that_would_explain_an_absent_symptom_stays_behind_the_headline() -> None:
    absent = rule("OPT914", "absent", config.nesterov)
    one = cause("OPT915", "one", config.shuffle, prior=0.42, explains=("symptom", "absent"), remedies=("look",))
    untidy = cause("OPT916", "untidy", config.shuffle, prior=0.79, explains=("absent",), remedies=("rebuild",))
    given = advice([SYMPTOM, absent, one, untidy], ALL, shuffle=True, nesterov=False)
    assert [finding.name for finding in given.findings] == ["symptom", "one", "untidy"]
    assert names(given)[:2] == ["other", "look"]


def test_notes_ask_for_something_only_where_nothing_serious_stands_beside_them() -> None:
    note = rule("OPT917", "note", config.shuffle, severity="info", remedies=("other",))
    given = advice([note], ALL, shuffle=True)
    assert names(given) == ["other"]
    assert "What to do" not in str(given)
    assert "To go further: other (FX906)" in " ".join(str(given).split())
    grave = cause("OPT918", "grave", config.shuffle, severity="error", remedies=("look",))
    assert names(advice([note, grave], ALL, shuffle=True)) == ["look"]


def test_a_mild_rival_of_a_serious_symptom_still_asks() -> None:
    mild = cause(
        "OPT919", "mild", config.shuffle, severity="info", prior=0.3, explains=("symptom",), remedies=("look",)
    )
    assert names(advice([SYMPTOM, mild], ALL, shuffle=True)) == ["other", "look"]


def test_what_invalidates_the_metric_a_score_stands_for_comes_first() -> None:
    low = rule("OPT920", "low-score", signal.last_value(val.score) < 0.5, severity="error", remedies=("other",))
    broken = cause("RUN920", "broken", config.shuffle, family="run", remedies=("look",), invalidates=(val.accuracy,))
    loss_only = broken.model_copy(update={"invalidates": ("val.loss",)})
    run = History.from_columns({"loss": [2.0] * 8, "val_accuracy": [0.2] * 8}, config={"shuffle": True})
    assert [one.name for one in on(run, [low, broken]).findings] == ["broken", "low-score"]
    assert [one.name for one in on(run, [low, loss_only]).findings] == ["low-score", "broken"]


def test_of_rivals_on_one_level_better_evidence_and_then_the_cheaper_remedy_comes_first() -> None:
    proven = rule(
        "OPT921", "proven", data.samples < 10, kind="cause", prior=0.5, explains=("symptom",), remedies=("other",)
    )
    likely = cause("OPT922", "likely", config.shuffle, prior=0.6, explains=("symptom",), remedies=("rebuild",))
    also = cause("OPT923", "also", config.shuffle, prior=0.55, explains=("symptom",), remedies=("look",))
    run = History.model_validate({"config": {"shuffle": True}, "data": {"samples": 5}})
    given = on(run, [SYMPTOM.model_copy(update={"remedies": ()}), proven, likely, also])
    assert [one.name for one in given.findings][:3] == ["proven", "likely", "also"]
    assert names(given) == ["other", "look", "rebuild"]


def test_the_evidence_decides_a_conflict_even_against_the_order() -> None:
    first = cause("OPT924", "first", config.shuffle, severity="error", prior=0.4, remedies=("lower-rate",))
    later = cause("OPT925", "later", config.nesterov, prior=0.75, remedies=("raise-rate",))
    given = advice([first, later], ALL, shuffle=True, nesterov=True)
    assert names(given) == ["raise-rate"]
    assert "the evidence for later is stronger than for first" in given.recommendations[0].if_that_fails[0].reason


def test_a_near_tie_is_not_called_decided_and_its_experiment_is_not_recommended_twice() -> None:
    high = cause("OPT926", "high", config.shuffle, explains=("symptom",), remedies=("lower-rate", "probe-rate"))
    low = cause("OPT927", "low", config.shuffle, explains=("symptom",), remedies=("raise-rate", "probe-rate"))
    given = advice([SYMPTOM, high, low], ALL, shuffle=True)
    assert names(given) == ["probe-rate", "lower-rate"]
    reasons = [one.reason for one in given.recommendations[1].if_that_fails]
    assert any("the evidence does not decide between high and low" in reason for reason in reasons)


def test_a_near_tie_without_an_experiment_keeps_the_first() -> None:
    high = cause("OPT926", "high", config.shuffle, explains=("symptom",), remedies=("lower-rate",))
    low = cause("OPT927", "low", config.shuffle, explains=("symptom",), remedies=("raise-rate",))
    harmful = PROBE.model_copy(update={"not_when": (not_when(config.batch_size > 1, "there is no time"),)})
    assert names(advice([SYMPTOM, high, low], [LOWER, RAISE, OTHER], shuffle=True)) == ["lower-rate"]
    given = advice([SYMPTOM, high, low], [LOWER, RAISE, OTHER, harmful], shuffle=True, batch_size=4)
    assert names(given) == ["lower-rate"]


def test_a_conflict_inside_one_rule_is_decided_by_its_own_order() -> None:
    both = cause("OPT928", "both", config.shuffle, remedies=("raise-rate", "lower-rate"))
    given = advice([both], ALL, shuffle=True)
    assert names(given) == ["raise-rate"]
    assert [one.reason for one in given.recommendations[0].if_that_fails] == [
        "it turns the learning-rate the other way; for both it comes second"
    ]


def test_a_costly_remedy_waits_for_an_experiment_about_its_knob() -> None:
    costly = remedy("FX920", "costly", cost="new structure", knob="capacity", direction="down")
    probe = remedy("FX921", "probe", kind="experiment", cost="check", decides=("capacity",))
    why = cause("OPT929", "why", config.shuffle, remedies=("costly",))
    assert names(advice([why], [costly, probe], shuffle=True)) == ["probe", "costly"]
    assert names(advice([why], [costly], shuffle=True)) == ["costly"]
    known_well = cause("OPT929", "why", config.shuffle, prior=0.9, remedies=("costly",))
    assert names(advice([known_well], [costly, probe], shuffle=True)) == ["costly"]


def test_a_check_that_comes_first_already_is_not_moved() -> None:
    why = cause("OPT930", "why", config.shuffle, remedies=("look", "rebuild", "probe-rate"))
    assert names(advice([why], ALL, shuffle=True)) == ["look", "rebuild", "probe-rate"]


def test_remedies_of_an_effect_of_an_effect_stand_behind_the_root() -> None:
    root = cause("OPT931", "root", config.shuffle, prior=0.7, explains=("middle",), remedies=("look",))
    middle = cause("OPT932", "middle", config.shuffle, prior=0.7, explains=("leaf",), remedies=("rebuild",))
    leaf = rule("OPT933", "leaf", config.shuffle, remedies=("other", "look"))
    given = advice([root, middle, leaf], ALL, shuffle=True)
    assert names(given) == ["look"]
    assert [one.remedy for one in given.recommendations[0].if_that_fails] == ["FX904", "FX906"]


def test_an_explained_finding_is_served_where_its_explanation_has_no_remedy() -> None:
    root = cause("OPT934", "root", config.shuffle, prior=0.7, explains=("leaf",))
    leaf = rule("OPT935", "leaf", config.shuffle, remedies=("other",))
    given = advice([root, leaf], ALL, shuffle=True)
    assert [(one.name, one.serves) for one in given.recommendations] == [("other", ("OPT935",))]


def test_code_is_for_the_runs_own_framework_where_that_is_known() -> None:
    coded = remedy("FX922", "coded", snippets=(torch_code("t"), keras_code("k")))
    why = cause("OPT936", "why", config.shuffle, remedies=("coded",))
    assert advice([why], [coded], shuffle=True).recommendations[0].snippet == {"torch": "t", "keras": "k"}
    own = advice([why], [coded], shuffle=True, framework="keras")
    assert own.recommendations[0].snippet == {"keras": "k"}
    other = advice([why], [coded], shuffle=True, framework="transformers")
    assert other.recommendations[0].snippet == {"torch": "t", "keras": "k"}


def test_a_word_from_a_log_does_not_become_code() -> None:
    coded = remedy("FX923", "coded", snippets=(torch_code("optimizer = '{optimizer}'"),))
    why = cause("OPT937", "why", config.shuffle, remedies=("coded",))
    assert advice([why], [coded], shuffle=True, optimizer="adam").recommendations[0].snippet == {
        "torch": "optimizer = 'adam'"
    }
    assert advice([why], [coded], shuffle=True, optimizer="x'; import os #").recommendations[0].snippet == {}


def test_a_recommendation_says_the_cause_where_there_is_one_and_else_what_is_seen() -> None:
    known_cause = cause("OPT930", "told", config.shuffle, cause="it is told", symptom="it is seen", remedies=("a",))
    only_seen = rule("OPT931", "seen", config.shuffle, cause="", symptom="this is seen", remedies=("b",))
    given = advice([known_cause, only_seen], [remedy("FX920", "a"), remedy("FX921", "b")], shuffle=True)
    assert {one.name: one.because for one in given.recommendations} == {"a": "it is told", "b": "this is seen"}


def test_the_remedy_of_an_effect_is_an_alternative_once_behind_all_that_treat_its_cause() -> None:
    root = cause("OPT930", "root", config.shuffle, explains=("effect",), remedies=("first", "second"))
    effect = rule("OPT931", "effect", config.shuffle, remedies=("late",))
    remedies = [remedy("FX920", "first"), remedy("FX921", "second"), remedy("FX922", "late")]
    given = advice([root, effect], remedies, shuffle=True)
    assert names(given) == ["first", "second"]
    behind = [[other.remedy for other in one.if_that_fails] for one in given.recommendations]
    assert behind == [["FX921"], ["FX922"]]


@pytest.mark.parametrize(("levels", "order"), [(("data", "capacity"), ["a", "b"]), (("capacity", "data"), ["b", "a"])])
def test_rivals_exactly_at_the_distance_that_counts_as_close_are_ordered_by_level(
    levels: tuple[str, str], order: list[str]
) -> None:
    rules = [cause(f"OPT93{i}", name, config.shuffle, level=levels[i]) for i, name in enumerate("ab")]
    view = Facts(History.model_validate({"config": {"shuffle": True}}), {})
    first, second = (judge_rule(one, view, Limits(), short=False) for one in rules)
    rivals = [replace(first, confidence=0.6), replace(second, confidence=0.6 - CLOSE)]
    assert [one.rule.name for one in differential(rivals)] == order


def test_changes_are_told_with_the_runs_own_values() -> None:
    slower = remedy(
        "FX909",
        "slower",
        changes=(
            set_to(config.optimizer, "adamw", when=config.weight_decay > 0),
            set_to(config.optimizer, "adam"),
            multiply(config.learning_rate, 0.1),
            multiply(config.batch_size, 0.3),
        ),
        again=True,
    )
    why = cause("OPT901", "why", config.shuffle, remedies=("slower",))

    def told(**known: object) -> list[tuple[str, object, object]]:
        (given,) = advice([why], [slower], shuffle=True, **known).recommendations
        assert given.again
        return [(one.field, one.before, one.after) for one in given.changes]

    assert told(learning_rate=0.03, batch_size=2, weight_decay=0.1, optimizer="sgd") == [
        ("config.optimizer", "sgd", "adamw"),
        ("config.learning_rate", 0.03, 0.003),
        ("config.batch_size", 2, 1),
    ]
    assert told() == [
        ("config.optimizer", None, "adam"),
        ("config.learning_rate", None, None),
        ("config.batch_size", None, None),
    ]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (Change(target="config.epoch", operation="multiply", value=2.0), "unknown field 'config.epoch'"),
        (Change(target="config.optimizer", operation="multiply", value=2.0), "config.optimizer is no number"),
        (Change(target="config.epochs", operation="multiply", value=0.0), "multiplied by a number above 0, not by 0.0"),
        (Change(target="config.loss", operation="set", value="mae "), "config.loss is one of"),
        (Change(target="config.epochs", operation="set", value="many"), "config.epochs is a number, never 'many'"),
    ],
)
def test_a_change_that_no_run_could_have_is_told(change: Change, problem: str) -> None:
    knowledge = assemble([], [remedy("FX910", "odd", changes=(change,))])
    assert knowledge.remedies == {}
    assert [problem in note.what for note in knowledge.problems] == [True]
