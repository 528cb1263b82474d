"""What is suggested to be recorded next."""

from __future__ import annotations

from expert.authoring import (
    Signal,
    Unknown,
    against,
    config,
    data,
    decisive,
    model,
    moderate,
    signal,
    strong,
    supports,
    weak,
)  # fmt: skip
from expert.history import History
from expert.knowledge import assemble
from expert.pipeline import judge_history
from expert.rule import Rule
from tests.engine.knowledge import advice, rule

SYMPTOM = rule("OPT900", "symptom", config.shuffle)


def cause(identity: str, name: str, when: object, **fields: object) -> Rule:
    return rule(identity, name, when, kind="cause", **{"explains": ("symptom",), **fields})


def suggested(*rules: Rule, **config_fields: object) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.how, one.would_decide) for one in advice(list(rules), **config_fields).record_next]


def test_what_could_move_most_comes_first_and_settings_are_asked_for_together() -> None:
    evidence = (
        supports(config.momentum > 0.5, weak, "x"),
        supports(data.samples < 9, decisive, "y"),
        against(config.epochs > 9, moderate, "z"),
    )
    doubtful = cause("OPT901", "doubtful", config.shuffle, prior=0.3, evidence=evidence)
    assert suggested(SYMPTOM, doubtful, shuffle=True) == [
        ('advise(..., data={"samples": ...})', ("doubtful",)),
        ('advise(..., config={"epochs": ..., "momentum": ...})', ("doubtful",)),
    ]


def test_what_a_cause_waits_for_is_worth_its_prior_shared_among_all_that_is_told_at_once() -> None:
    one = cause("OPT902", "one", config.nesterov, prior=0.4)
    two = cause("OPT903", "two", config.mixup & config.augmentation, prior=0.6)
    assert suggested(SYMPTOM, one, two, shuffle=True) == [
        ('advise(..., config={"nesterov": ..., "augmentation": ..., "mixup": ...})', ("two", "one")),
    ]


def test_what_decides_by_itself_comes_before_what_decides_together_with_something_else() -> None:
    alone = cause("OPT902", "alone", data.samples < 9, prior=0.1)
    together = cause("OPT903", "together", config.mixup & (model.dropout > 0.5), prior=0.6)
    assert [one.what for one in advice([SYMPTOM, alone, together], shuffle=True).record_next] == [
        "the number of training samples is not known"
    ]
    assert suggested(SYMPTOM, together, shuffle=True) == []
    either = cause("OPT904", "either", config.mixup | (model.dropout > 0.5), prior=0.2)
    assert {how for how, _ in suggested(SYMPTOM, either, shuffle=True)} == {
        'advise(..., config={"mixup": ...})',
        'advise(..., model={"dropout": ...})',
    }


def test_what_would_account_for_something_worse_comes_first() -> None:
    worse = rule("OPT908", "worse", config.shuffle, severity="fatal")
    one = cause("OPT902", "one", data.samples < 9, prior=0.4)
    two = cause("OPT903", "two", config.nesterov, prior=0.3, explains=("worse",))
    assert [names for _, names in suggested(SYMPTOM, worse, one, two, shuffle=True)] == [("two",), ("one",)]


def test_what_can_be_told_comes_before_what_another_run_has_to_log() -> None:
    told = cause("OPT902", "told", data.samples < 9, prior=0.3)
    logged = cause("OPT903", "logged", signal.an_unlogged_one() > 0.5, prior=0.4)
    unlogged = Signal(
        id="an_unlogged_one",
        title="One that was not logged",
        unit="share",
        grade="internal",
        reads="it is {value}",
        compute=lambda view: Unknown("it was not logged", "log it"),
        arguments=0,
    )
    knowledge = assemble([SYMPTOM, told, logged], [], [unlogged])
    run = History.model_validate({"config": {"shuffle": True}})
    assert [one.how for one in judge_history(run, knowledge).record_next] == [
        'advise(..., data={"samples": ...})',
        "log it",
    ]


def test_a_symptom_that_is_well_explained_asks_for_little() -> None:
    waiting = cause("OPT902", "waiting", config.nesterov, prior=0.2)
    sure = cause("OPT904", "sure", config.shuffle, prior=0.8)
    assert suggested(SYMPTOM, waiting, shuffle=True)
    assert suggested(SYMPTOM, waiting, sure, shuffle=True) == []


def test_evidence_that_a_decisive_reading_of_the_same_thing_settles_is_not_asked_for() -> None:
    evidence = (
        supports(config.batch_size < 9, decisive, "x", group="size"),
        supports(config.momentum > 0.5, strong, "y", group="size"),
    )
    settled = cause("OPT905", "settled", config.shuffle, prior=0.2, evidence=evidence)
    assert suggested(SYMPTOM, settled, shuffle=True, batch_size=4) == []
    assert suggested(SYMPTOM, settled, shuffle=True, batch_size=16) != []


def test_nothing_is_suggested_for_notes_or_for_causes_of_what_was_not_found() -> None:
    unknown = (supports(config.mixup, strong, "x"),)
    note = cause("OPT906", "note", config.augmentation, severity="info", evidence=unknown, explains=())
    idle = cause("OPT907", "idle", config.nesterov, prior=0.9)
    assert suggested(SYMPTOM, note, idle, augmentation=True, shuffle=False) == []
    assert suggested(SYMPTOM, note, idle, augmentation=True, shuffle=True) != []
