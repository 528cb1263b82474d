"""What is suggested to be recorded next."""

from __future__ import annotations

from expert.authoring import against, config, data, decisive, moderate, strong, supports, weak
from expert.rule import Rule
from tests.engine.knowledge import advice, rule

SYMPTOM = rule("OPT900", "symptom", config.shuffle)


def cause(identity: str, name: str, when: object, **fields: object) -> Rule:
    return rule(identity, name, when, kind="cause", **{"explains": ("symptom",), **fields})


def suggested(*rules: Rule, **config_fields: object) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.how, one.would_decide) for one in advice(list(rules), **config_fields).record_next]


def test_the_fact_that_could_move_most_comes_first() -> None:
    evidence = (
        supports(config.momentum > 0.5, weak, "x"),
        supports(data.samples < 9, decisive, "y"),
        against(config.epochs > 9, moderate, "z"),
    )
    doubtful = cause("OPT901", "doubtful", config.shuffle, prior=0.3, evidence=evidence)
    assert suggested(SYMPTOM, doubtful, shuffle=True) == [
        ('advise(..., data={"samples": ...})', ("doubtful",)),
        ('advise(..., config={"epochs": ...})', ("doubtful",)),
        ('advise(..., config={"momentum": ...})', ("doubtful",)),
    ]


def test_what_a_cause_waits_for_is_worth_its_prior_shared_among_all_it_waits_for() -> None:
    one = cause("OPT902", "one", config.nesterov, prior=0.4)
    two = cause("OPT903", "two", config.mixup & config.augmentation, prior=0.6)
    assert [how for how, _ in suggested(SYMPTOM, one, two, shuffle=True)] == [
        'advise(..., config={"nesterov": ...})',
        'advise(..., config={"augmentation": ...})',
        'advise(..., config={"mixup": ...})',
    ]


def test_a_record_that_decides_several_names_them_all_once() -> None:
    one = cause("OPT902", "one", config.nesterov & (config.momentum > 0.5), prior=0.4)
    two = cause("OPT903", "two", config.nesterov, prior=0.4)
    assert suggested(SYMPTOM, one, two, shuffle=True)[0] == ('advise(..., config={"nesterov": ...})', ("one", "two"))


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
