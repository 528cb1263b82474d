"""The tables by epochs, by rule and by seed, on trainings small enough to be made here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import by_epochs, by_rule, judging, repeats, sampling, store
from .sampling import Case

PROBLEM = "topics-embedding"
SICK = Case(PROBLEM, 3, (("frozen", 1.0),))
AGAIN = Case(PROBLEM, 1003, (("frozen", 1.0),))
HEALTHY = Case(PROBLEM, 5, variant="sound")
CASES = [SICK, AGAIN, HEALTHY]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[judging.Judged]]:
    patch = pytest.MonkeyPatch()
    patch.setattr(store, "FOLDER", Path(tmp_path_factory.mktemp("runs")))
    for case in [*CASES, *sampling.twins(CASES)]:
        store.trained(case)
    yield judging.judged(CASES)
    patch.undo()


def test_a_run_is_judged_by_its_first_epochs(judged: list[judging.Judged]) -> None:
    (early,) = judging.judged([SICK], ("internals",), epochs=1)
    whole = next(one for one in judged if one.case == SICK and one.level == "internals")
    assert early.advice.coverage.read != whole.advice.coverage.read
    assert early.sick == whole.sick is True
    rows = by_epochs.table(CASES, judged)
    assert len(rows) == 2 + 3 * (len(by_epochs.EPOCHS) + 1)
    assert rows[2].startswith("| internals, 1 | 2 |")
    assert rows[8].startswith("| internals, all | 2 |")


def test_the_epoch_of_the_first_right_name_is_found(judged: list[judging.Judged]) -> None:
    twins = judging.twins_quality(list(store.kept(sampling.twins(CASES))))
    sick = next(one for one in judged if one.case == SICK and one.level == "internals")
    first = by_epochs.first_named(sick, twins[PROBLEM])
    assert first is not None
    assert judging.judge(sick.kept, "internals", twins[PROBLEM], first).named_within(3)
    assert not any(
        judging.judge(sick.kept, "internals", twins[PROBLEM], epoch).named_within(3) for epoch in range(1, first)
    )
    assert "2 of 2 (100.0%)" in by_epochs.time_to_first(judged)


def test_what_each_rule_said_is_counted_by_runs(judged: list[judging.Judged]) -> None:
    counted = by_rule.counted(judged)
    assert (counted.sick, counted.healthy) == (2, 1)
    right = judged[0].right
    assert all(counted.rules[rule].faulty == 2 for rule in right)
    assert max(counted.rules[rule].right for rule in right) == 2
    assert all(0 <= of.right <= of.faulty and of.wrong + of.consequence <= 2 for of in counted.rules.values())
    record = counted.as_record()
    assert set(record["rules"][min(right)]) == {"faulty", "right", "consequence", "wrong", "alarms"}


def test_seeds_are_compared_within_their_group(judged: list[judging.Judged]) -> None:
    del judged  # it made the runs
    row = repeats.table([[SICK, AGAIN]])[2]
    assert row.startswith("| internals | 1 | 1 | 1 of 1 (100.0%) | 1 of 1 (100.0%) |")
    assert repeats.table([[SICK]])[2].startswith("| internals | 0 | 0 | - | - |")


def test_repeats_differ_in_their_seed_alone_and_the_half_stays_as_it_is() -> None:
    groups = sampling.repeats()
    tuned = set(sampling.tuning())
    assert len(groups) == 24 == len({group[0].faults[0][0] for group in groups})
    for first, *further in groups:
        assert first in tuned
        assert len(further) == 2
        assert not tuned & set(further)
        assert {(one.problem, one.faults) for one in further} == {(first.problem, first.faults)}
