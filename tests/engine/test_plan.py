from __future__ import annotations

from expert.advice import Advice
from expert.authoring import Change, config, data, keras_code, not_when, signal, torch_code, val
from expert.rule import Rule
from tests.engine.knowledge import advice, remedy, rule

LOWER = remedy("FX901", "lower-rate", knob="learning-rate", direction="down")
RAISE = remedy("FX902", "raise-rate", knob="learning-rate", direction="up")
PROBE = remedy("FX903", "probe-rate", kind="experiment", decides=("learning-rate",))
REBUILD = remedy("FX904", "rebuild", cost="new structure")
CHECK = remedy("FX905", "look", kind="check", cost="check")
OTHER = remedy("FX906", "other")
ALL = [LOWER, RAISE, PROBE, REBUILD, CHECK, OTHER]


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


def test_rivals_close_in_confidence_are_ordered_by_level_others_by_confidence() -> None:
    deep = cause("OPT901", "deep", config.shuffle, prior=0.6, level="capacity", explains=("symptom",))
    data_cause = cause("OPT902", "of-data", config.shuffle, prior=0.5, level="data", explains=("symptom",))
    far = cause("OPT903", "far", config.shuffle, prior=0.2, level="measurement", explains=("symptom",))
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
    from expert.history import History
    from expert.pipeline import judge_history
    from tests.engine.knowledge import known

    def judged(rules: list[Rule], **config_fields: bool) -> list[str]:
        run = History.from_columns({"loss": [2.0] * 8, "val_loss": [2.0] * 8}, config=config_fields)
        return [one.name for one in judge_history(run, known(rules, ALL)).findings]

    assert judged([grave, untidy], nesterov=True) == ["symptom", "untidy"]
    assert judged([grave, broken], shuffle=True) == ["broken", "symptom"]


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
    from expert.history import History
    from expert.pipeline import judge_history
    from tests.engine.knowledge import known

    run = History.model_validate({"data": {"sorted_by_label": True}})
    assert names(judge_history(run, known([sure], ALL))) == ["rebuild", "look"]


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
        change=Change(target="learning_rate", operation="multiply", value=0.1),
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
