from __future__ import annotations

import pytest

from expert.authoring import config
from expert.errors import AuthoringError
from expert.relations import Catalogue
from tests.engine.knowledge import advice, rule

A = rule("OPT901", "first", config.shuffle, kind="cause", explains=("second",))
B = rule("OPT902", "second", config.nesterov, explains=("OPT903",), aliases=("old-second",))
C = rule("OPT903", "third", config.augmentation)


def test_rules_are_found_by_id_name_and_alias() -> None:
    catalogue = Catalogue([C, A, B])
    assert catalogue.find("OPT902") is catalogue.find("second") is catalogue.find("old-second")
    with pytest.raises(AuthoringError, match="Did you mean 'second'"):
        catalogue.require("secnd")


def test_words_select_by_family_and_prefix() -> None:
    catalogue = Catalogue([A, B, C])
    assert (
        catalogue.matching("optimization")
        == catalogue.matching("OPT")
        == catalogue.matching("OPT9")
        == {"OPT901", "OPT902", "OPT903"}
    )
    assert catalogue.matching("nothing") == frozenset()


def test_consequences_are_transitive() -> None:
    assert Catalogue([A, B, C]).consequences("OPT901") == {"OPT902", "OPT903"}


def test_a_cycle_is_refused_by_name() -> None:
    back = rule("OPT903", "third", config.augmentation, explains=("first",))
    with pytest.raises(AuthoringError, match=r"form a cycle: .*third.*first|form a cycle: .*first.*third"):
        Catalogue([A, B, back])


def test_an_unknown_relation_is_reported_with_the_nearest_name() -> None:
    lost = rule("OPT904", "lost", config.shuffle, unless=("secnd",))
    ((owner, fault),) = Catalogue([A, B, C, lost]).problems
    assert owner == lost
    assert fault == "rule OPT904 lost unless 'secnd', but there is no such rule. Did you mean 'second'?"


def test_a_finding_is_explained_by_a_convincing_cause() -> None:
    found = advice([A, B, C], shuffle=True, nesterov=True)
    assert found.finding("second").explained_by == ("OPT901",)  # type: ignore[union-attr]
    assert [finding.rule for finding in found.findings] == ["OPT901", "OPT902"]


def test_a_doubtful_cause_explains_nothing() -> None:
    doubtful = rule("OPT901", "first", config.shuffle, kind="cause", explains=("second",), prior=0.3)
    assert advice([doubtful, B, C], shuffle=True, nesterov=True).finding("second").explained_by == ()  # type: ignore[union-attr]


def test_a_rival_that_accounts_for_the_signs_rules_out() -> None:
    rival = rule("OPT905", "rival", config.shuffle)
    ruled = rule("OPT906", "ruled", config.shuffle, unless=("rival",))
    found = advice([rival, ruled], shuffle=True)
    assert [finding.name for finding in found.findings] == ["rival"]
    assert "rival accounts for the same signs" in found.why_not("ruled")
    doubtful = rule("OPT905", "rival", config.shuffle, prior=0.4)
    assert {finding.name for finding in advice([doubtful, ruled], shuffle=True).findings} == {"rival", "ruled"}


def test_a_guard_silences_and_is_no_finding() -> None:
    guard = rule(
        "RUN901", "guarding", config.adversarial, family="run", kind="guard", silences=("OPT",), severity="info"
    )
    alone = rule("OPT901", "first", config.shuffle)
    found = advice([guard, alone], shuffle=True, adversarial=True)
    assert found.findings == ()
    assert "not judged in this kind of run (guarding)" in found.why_not("first")
    assert found.coverage.silenced == 1
    assert len(advice([guard, alone], shuffle=True, adversarial=False).findings) == 1


def test_the_order_of_rules_and_of_registration_changes_nothing() -> None:
    one = advice([A, B, C], shuffle=True, nesterov=True, augmentation=True)
    other = advice([C, B, A], shuffle=True, nesterov=True, augmentation=True)
    assert one == other
