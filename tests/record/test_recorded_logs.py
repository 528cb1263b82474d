"""What the real writers wrote is read back as the numbers that were given to them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from expert import read_runs
from expert.errors import SourceError
from tests.record.__main__ import KEPT, WRITERS

RECORDED = {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in KEPT.glob("*/recorded.json")}
LOGS = [(writer, log) for writer, told in sorted(RECORDED.items()) for log in told["logs"]]


@pytest.mark.parametrize(("writer", "log"), LOGS, ids=lambda part: part)
def test_a_recorded_log_gives_the_numbers_that_were_logged(writer: str, log: str) -> None:
    told, path = RECORDED[writer]["logs"][log], KEPT / writer / log
    if "refused" in told:
        with pytest.raises(SourceError) as refusal:
            read_runs(path)
        assert all(word in str(refusal.value) for word in told["refused"])
        return
    runs = read_runs(path)
    assert len(runs) == len(told["runs"])
    for run, expected in zip(runs, told["runs"], strict=True):
        for role, course in expected.items():
            series = run.get(role)
            assert series is not None, run.summary
            assert series.clock == told["clock"]
            np.testing.assert_allclose(series.at, course["at"], rtol=told["relative"])
            np.testing.assert_allclose(series.values, _numbers(course["values"]), rtol=told["relative"], atol=1e-4)


def _numbers(values: list[Any]) -> list[float]:
    return [float(value) for value in values]


def test_every_writer_was_recorded() -> None:
    assert RECORDED.keys() == WRITERS.keys()


def test_recorded_logs_name_their_versions() -> None:
    for writer, told in RECORDED.items():
        pinned = dict(name.split("==") for name in WRITERS[writer] if "==" in name)
        for name, version in told["versions"].items():
            assert version == pinned.get(name, version), writer


def test_every_recorded_file_belongs_to_a_log() -> None:
    for writer, told in RECORDED.items():
        for path in (KEPT / writer).rglob("*"):
            name = path.relative_to(KEPT / writer).as_posix()
            if path.is_file() and name != "recorded.json":
                assert any(name == log or name.startswith(f"{log}/") for log in told["logs"]), path
