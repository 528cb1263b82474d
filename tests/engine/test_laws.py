"""The laws catch what they are for: each test breaks one and expects it named."""

from __future__ import annotations

import re
from typing import Any

import pytest

from expert import History
from expert.authoring import (
    Reading,
    Signal,
    against,
    case,
    config,
    curve,
    data,
    escalates,
    facts,
    flat,
    limit,
    run,
    signal,
    strong,
    supports,
    train,
    zigzag,
)
from expert.errors import AuthoringError
from expert.rule import Rule
from expert.testing import check_rule
from tests.engine.knowledge import rule

TURNS = signal.direction_changes(train.loss)
MOST = limit("test-turns", 0.6, unit="share", source="test")
SOUND: dict[str, Any] = {
    "when": (TURNS > MOST) & (config.batch_size < 8),
    "fires": (
        case("swings", run(curve(train.loss, zigzag(0.5, 1.5, 20)), config={"batch_size": 6})),
        case("inside", facts(TURNS.of(0.65), config.batch_size.of(6.0))),
    ),
    "quiet": (
        case("flat", run(curve(train.loss, flat(1.0, 20)), config={"batch_size": 4})),
        case("below", facts(TURNS.of(0.55), config.batch_size.of(4.0))),
        case("large batch", facts(TURNS.of(0.9), config.batch_size.of(9.0))),
    ),
}


def broken(**changes: Any) -> Rule:
    fields = SOUND | changes
    return rule("OPT960", "tested", fields.pop("when"), **fields)


def test_a_sound_rule_passes() -> None:
    check_rule(broken())


@pytest.mark.parametrize(
    ("changes", "law"),
    [
        (
            {"fires": (*SOUND["fires"], case("wrong", facts(TURNS.of(0.1), config.batch_size.of(4.0))))},
            "case 'wrong' must fire, but the verdict is no",
        ),
        (
            {"quiet": (*SOUND["quiet"], case("wrong", facts(TURNS.of(0.9), config.batch_size.of(4.0))))},
            "case 'wrong' must stay quiet",
        ),
        ({"fires": SOUND["fires"][1:]}, "no firing case is a run"),
        ({"quiet": (case("unknown", facts(TURNS.of(0.9))),)}, "no quiet case is a near miss"),
        ({"quiet": SOUND["quiet"][:2]}, r"no case depends on the part 'config\.batch_size < 8'"),
        (
            {"quiet": (SOUND["quiet"][0], SOUND["quiet"][2])},
            "no case notices when the limit in 'direction_changes.*is lowered",
        ),
        ({"fires": SOUND["fires"][:1]}, "no case notices when the limit in 'direction_changes.*is raised"),
        (
            {"evidence": (supports(data.samples < 10, strong, "few"),)},
            r"no firing case changes when the evidence 'data\.samples < 10' is dropped",
        ),
        (
            {"evidence": (supports(config.batch_size < 8, strong, "a batch of {valeu}"),)},
            "uses valeu, which the signal does not give",
        ),
        ({"evidence": (supports(config.batch_size.known, strong, "at {bound}"),)}, "compares with none"),
        (
            {"evidence": (supports(config.batch_size < 8, strong, "a batch of {value:.0q}"),)},
            "cannot be filled in case 'swings': ",
        ),
        (
            {"evidence": (supports(~config.momentum.known, strong, "a momentum of {value}"),)},
            "has placeholders, but in case 'swings' no value is known to fill them",
        ),
        ({"cause": "it stops here."}, "'cause' is a clause and takes no full stop"),
        ({"escalate": (escalates(config.batch_size < 8, "error"),)}, "both with and without the escalation"),
        ({"meaning": "Unknown."}, "'meaning' says nothing"),
        ({"symptom": "it ends with a full stop."}, "takes no full stop"),
        ({"source": ()}, "names no source"),
        (
            {"when": (signal.direction_change(train.loss) > MOST) & (config.batch_size < 8)},
            "unknown signal 'direction_change'. Did you mean 'direction_changes'",
        ),
    ],
)
def test_each_law_is_named_when_broken(changes: dict[str, Any], law: str) -> None:
    with pytest.raises(AuthoringError) as told:
        check_rule(broken(**changes))
    assert re.search(law, str(told.value)), str(told.value)


def test_an_or_part_that_no_case_needs_is_named() -> None:
    with pytest.raises(AuthoringError, match=r"no case depends on the part 'config\.momentum > 0\.9'"):
        check_rule(broken(when=((TURNS > MOST) | (config.momentum > 0.9)) & (config.batch_size < 8)))


def test_a_part_under_not_is_tested_as_well() -> None:
    with pytest.raises(AuthoringError, match=r"no case depends on the part 'config\.momentum > 0\.9'"):
        check_rule(broken(when=(TURNS > MOST) & (config.batch_size < 8) & ~((config.momentum > 0.9) & config.nesterov)))


def test_evidence_limits_must_be_noticed_too() -> None:
    item = supports(config.batch_size < 100, strong, "a batch of {value:g}")
    with pytest.raises(AuthoringError, match="evidence or escalation"):
        check_rule(broken(evidence=(item,)))


def test_evidence_against_counts_as_well() -> None:
    fires = (*SOUND["fires"], case("three", facts(TURNS.of(0.65), config.batch_size.of(3.0))))
    check_rule(broken(fires=fires, evidence=(against(config.batch_size < 4, strong, "a batch of only {value:g}"),)))


def test_a_signal_that_takes_the_id_of_a_built_in_one_is_named() -> None:
    mine = Signal("noise_level", "mine", "", "curve", "{value}", lambda view, one: Reading(0.0))
    with pytest.raises(AuthoringError, match="the signal id 'noise_level' is taken by a built-in signal"):
        check_rule(broken(), signals=[mine])


def test_what_rises_as_it_gets_better_does_so_in_a_case_as_in_a_log() -> None:
    drawn = run(curve(train.reward, flat(1.0, 8)), curve(train.loss, flat(1.0, 8))).history()
    logged = History.from_columns({"train.reward": [1.0] * 8, "train.loss": [1.0] * 8})
    assert [one.direction for one in drawn.series] == [one.direction for one in logged.series] == ["higher", "lower"]
