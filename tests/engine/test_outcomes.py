"""What a run is called, and the one sentence that comes first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from expert import History
from expert.advice import Advice
from expert.authoring import case, config, facts, signal, train, val
from expert.pipeline import judge_history
from expert.rule import Rule
from expert.settings import Settings
from tests.engine.knowledge import known, rule

RISES = rule("OPT950", "rises", signal.last_value(train.loss) > 5.0, core=True, cause="", severity="error")
OVERFITS = rule(
    "GEN950", "overfits", signal.last_value(val.loss) > 5.0, core=True, family="generalization", severity="error"
)
GUARD = rule(
    "RUN950",
    "guarding",
    config.adversarial,
    family="run",
    kind="guard",
    silences=("OPT950",),
    severity="info",
    cause="",
)
RULES = [RISES, OVERFITS, GUARD]
GOOD = {"loss": [1.0 / k for k in range(1, 13)]}
VALIDATED = GOOD | {"val_loss": [1.1 / k for k in range(1, 13)]}


def judged(
    columns: Mapping[str, Any] | None, rules: list[Rule] | None = None, settings: Settings | None = None, **config: Any
) -> Advice:
    history = History.from_columns(columns, config=config) if columns else History.model_validate({"config": config})
    return judge_history(history, known(RULES if rules is None else rules), settings)


def test_healthy_needs_every_core_symptom_judged_no() -> None:
    given = judged(VALIDATED)
    assert given.verdict == "healthy"
    assert "no overfitting" in given.headline


def test_a_healthy_run_without_validation_is_healthy_and_claims_nothing_of_overfitting() -> None:
    given = judged(GOOD)
    assert given.verdict == "healthy"
    assert "overfitting" not in given.headline
    assert [group.missing for group in given.not_judged] == [
        "it is not known whether the training is adversarial",
        "no validation loss was recorded",
    ]


def test_what_is_unknown_is_named_where_the_run_cannot_be_called_healthy() -> None:
    given = judged({"val_loss": [1.1 / k for k in range(1, 13)]})
    assert given.verdict == "cannot_judge"
    assert given.headline == (
        "Nothing was found, but I cannot call the run healthy: rises was not judged, because no training loss was "
        "recorded."
    )


def test_a_silenced_core_symptom_is_not_passed_for_judged() -> None:
    given = judged(VALIDATED, adversarial=True)
    assert given.verdict == "cannot_judge"
    assert "rises was not judged, because it cannot be judged in this kind of run" in given.headline
    (group,) = given.not_judged
    assert group.missing == "it is not judged in this kind of run (guarding)"
    assert group.rules == ("OPT950",)


def test_a_core_symptom_left_out_by_settings_is_not_passed_for_judged() -> None:
    given = judged(VALIDATED, settings=Settings(ignore=("rises",)))
    assert given.verdict == "cannot_judge"
    assert "the settings leave it out" in given.headline


def test_without_core_rules_nothing_is_called_healthy() -> None:
    given = judged(VALIDATED, rules=[])
    assert given.verdict == "cannot_judge"
    assert "no rule that would tell a healthy run" in given.headline


def test_a_core_symptom_that_a_rival_accounts_for_leaves_the_run_unjudged() -> None:
    rival = rule("OPT951", "rival", signal.last_value(train.loss) > 4.0, severity="info")
    ruled_out = RISES.model_copy(update={"unless": ("rival",)})
    given = judged({"loss": [1.0] * 11 + [6.0]}, rules=[rival, ruled_out])
    assert given.verdict == "cannot_judge"
    assert "something else accounts for them" in given.headline
    assert not given.recommendations


@pytest.mark.parametrize(
    ("columns", "config_fields", "headline"),
    [
        (None, {}, "Nothing was given to judge"),
        ({"accuracy": [0.1 * k for k in range(9)]}, {}, "I cannot tell how the training went: no training or"),
        ({"loss": [1.0, 0.9]}, {}, "Too short to tell: fewer than 6 epochs and fewer than 60"),
    ],
)
def test_headlines_say_no_more_than_is_known(
    columns: Mapping[str, Any] | None, config_fields: dict[str, Any], headline: str
) -> None:
    given = judged(columns, **config_fields)
    assert given.headline.startswith(headline)
    assert given.verdict == ("too_short" if headline.startswith("Too") else "cannot_judge")


@pytest.mark.parametrize(
    ("prior", "words"), [(0.45, "; possible cause: "), (0.6, "; probable cause: "), (0.9, "; cause: ")]
)
def test_the_headline_is_no_surer_than_its_cause(prior: float, words: str) -> None:
    cause = rule("DAT950", "why", config.shuffle.is_(False), kind="cause", family="data", level="data", prior=prior)
    given = judged(None, rules=[cause], shuffle=False)
    # a configuration alone never says more than 0.8
    assert given.findings[0].confidence == pytest.approx(min(prior, 0.8))
    assert given.headline == f"Something is seen to happen{words}something makes it happen."


def test_a_cause_more_likely_wrong_than_right_is_a_note() -> None:
    doubted, likely = (
        rule("DAT950", "why", config.shuffle.is_(False), kind="cause", family="data", level="data", prior=prior)
        for prior in (0.35, 0.45)
    )
    assert judged(None, rules=[doubted], shuffle=False).findings[0].severity == "info"
    assert judged(None, rules=[likely], shuffle=False).findings[0].severity != "info"


def test_a_symptom_alone_is_one_plain_sentence() -> None:
    given = judged({"loss": [1.0] * 11 + [6.0]})
    assert given.headline == "Something is seen to happen."
    assert given.findings[0].symptom == "something is seen to happen"


def test_short_is_measured_on_other_curves_where_no_loss_was_recorded() -> None:
    scored = rule("OPT952", "scored", signal.last_value(train.accuracy) < 0.5, severity="info", prior=0.55)
    long = judged({"accuracy": [0.1] * 30}, rules=[scored])
    short = judged({"accuracy": [0.1] * 3}, rules=[scored])
    assert long.findings[0].confidence == pytest.approx(0.55)
    assert short.findings[0].confidence == pytest.approx(0.4)


def test_an_unreadable_number_is_kept_as_a_word_in_json() -> None:
    endless = rule("CFG950", "endless", config.clip_norm > 1.0, family="configuration", level="static")
    given = judged(None, rules=[endless], clip_norm=float("inf"))
    assert given.findings[0].evidence[0].value == "inf"
    assert Advice.from_json(given.to_json()) == given


def test_one_reading_is_told_once() -> None:
    from expert.authoring import strong, supports

    small = config.batch_size < 8
    twice = rule(
        "CFG951",
        "small",
        small,
        evidence=(supports(small, strong, "only {value:.0f} samples"),),
        family="configuration",
    )
    given = judged(None, rules=[twice], batch_size=4)
    assert [item.text for item in given.findings[0].evidence] == ["only 4 samples"]


def test_a_rule_that_waits_for_two_things_stands_under_both() -> None:
    both = rule(
        "CFG952",
        "both",
        config.shuffle & config.nesterov,
        family="configuration",
        fires=(case("fires", facts(config.shuffle.of(True))),),
    )
    given = judged(None, rules=[both])
    assert [(group.missing, group.record, group.rules) for group in given.not_judged] == [
        (
            "it is not known whether Nesterov momentum is on",
            'advise(..., config={"nesterov": ...})',
            ("CFG952",),
        ),
        (
            "it is not known whether the samples are shuffled",
            'advise(..., config={"shuffle": ...})',
            ("CFG952",),
        ),
    ]
    assert given.coverage.unknown == 1


def test_evidence_that_rests_on_what_is_not_known_has_no_reading() -> None:
    from expert.authoring import supports, weak

    guess = supports(~config.momentum.known, weak, "nobody said {value}")
    vague = rule("CFG953", "vague", config.batch_size < 8, evidence=(guess,), family="configuration")
    first = judged(None, rules=[vague], batch_size=4).findings[0].evidence[0]
    assert (first.text, first.signal, first.value) == ("nobody said (value not known)", "", None)
