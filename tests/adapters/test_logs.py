"""Every log in tests/data/logs comes out as the table of expectations says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.check_logs import unexpected
from tests.data import json_logs, make_logs, tracked_logs
from tests.data.log_expectations import ORIGINALS, OWN, Expected, complaints, verdict_complaints

LOGS = Path(__file__).parent.parent / "data" / "logs"


@pytest.mark.parametrize("expected", OWN, ids=lambda expected: expected.path)
def test_log_comes_out_as_expected(expected: Expected) -> None:
    assert complaints(expected, LOGS) == []


@pytest.mark.parametrize("expected", [one for one in OWN if not one.refused], ids=lambda expected: expected.path)
def test_log_is_judged_as_a_person_would(expected: Expected) -> None:
    assert verdict_complaints(expected, LOGS) == []


def test_every_log_has_an_expectation() -> None:
    assert unexpected(LOGS, OWN) == []


def test_logs_are_those_of_the_script() -> None:
    for path, make in (make_logs.FILES | json_logs.FILES | tracked_logs.FILES).items():
        content = make()
        assert (LOGS / path).read_bytes() == (content if isinstance(content, bytes) else content.encode()), path


@pytest.mark.parametrize("expected", [*OWN, *ORIGINALS], ids=lambda expected: expected.path)
def test_expectation_says_something(expected: Expected) -> None:
    assert bool(expected.refused) != bool(expected.series)
    assert bool(expected.verdicts) != bool(expected.refused)


def test_a_wrong_expectation_is_noticed() -> None:
    wrong = Expected(
        "keras_csv/two_rows.csv",
        {"train.loss": (3, 1.5), "val.accuracy": (2, 0.12)},
        clock="step",
        runs=2,
        absent=("val.loss",),
        notes=("so",),
    )
    assert len(complaints(wrong, LOGS)) == 6
    assert complaints(Expected("damaged/empty.csv", {"train.loss": (1, 1.0)}), LOGS) != []
    assert complaints(Expected("keras_csv/two_rows.csv", refused=("empty",)), LOGS) != []
