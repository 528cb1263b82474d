"""Names that people and frameworks really log come out as the table says, and each is told with a reason."""

from __future__ import annotations

import pytest

from expert.history.roles import Match, match_columns
from tests.history.logged_names import NAMES


def told(match: Match) -> str:
    if match.clock_column is not None:
        return f"@{match.clock_column}"
    if match.role is None:
        return "-"
    usual = match.reduction == "unknown" or (match.reduction == "epoch_mean" and match.phase != "train")
    words = (match.role, match.direction, None if usual else match.reduction)
    return " ".join(word for word in words if word)


@pytest.mark.parametrize("layout", NAMES)
def test_names_come_out_as_the_table_says(layout: str) -> None:
    matches = match_columns(list(NAMES[layout]))
    assert {name: told(match) for name, match in matches.items()} == NAMES[layout]


@pytest.mark.parametrize("layout", NAMES)
def test_every_name_has_a_reason_and_the_phase_of_its_role(layout: str) -> None:
    for name, match in match_columns(list(NAMES[layout])).items():
        assert match.reason, name
        if match.role is not None and match.role.startswith(("train.", "val.", "test.")):
            assert match.phase == match.role.partition(".")[0], name


def test_percent_in_a_name_is_its_unit() -> None:
    matches = match_columns(["Train Acc (%)", "val_acc_pct", "Train Loss", "top1 percent"])
    assert [match.unit for match in matches.values()] == ["percent", "percent", None, "percent"]


def test_the_table_is_wide() -> None:
    assert len({name for names in NAMES.values() for name in names}) > 350
