"""Merging and slicing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expert.history import ClockMarks, DataProfile, Event, History, LayerStatistics, RunConfig, Series
from tests.history.strategies import histories

NAN = float("nan")


def run() -> History:
    """Two hundred steps, two epochs of a hundred, validation after each."""
    steps = np.arange(1.0, 201)
    return History(
        series=(
            Series(name="loss", role="train.loss", at=steps, values=1 / steps, clock="step"),
            Series(name="val_loss", role="val.loss", at=[1, 2], values=[0.5, 0.4], clock="epoch"),
        ),
        layers=(LayerStatistics(quantity="weight_norm", layers=("a",), at=[50, 150], values=[[1], [2]]),),
        marks=ClockMarks(step=[100, 200], epoch=[1, 2]),
        events=(Event(kind="checkpoint", at=100, clock="step"), Event(kind="crash", at=2, clock="epoch")),
    )


class TestMerge:
    def test_series_are_united_and_profiles_filled(self) -> None:
        first = History(series=run().series[:1], config=RunConfig(optimizer="adam"), source="a.csv", notes=("one",))
        second = History(
            series=run().series,
            marks=run().marks,
            config=RunConfig(batch_size=32),
            data=DataProfile(samples=10),
            source="recorder",
            notes=("two",),
        )
        merged = first.merge(second)
        assert [series.name for series in merged.series] == ["loss", "val_loss"]
        assert merged.config == RunConfig(optimizer="adam", batch_size=32)
        assert merged.data.samples == 10
        assert merged.marks == run().marks
        assert merged.notes == ("one", "two")
        assert merged.source == "a.csv + recorder"

    def test_in_a_conflict_the_argument_wins_and_a_note_says_so(self) -> None:
        first = History(config=RunConfig(learning_rate=0.1, seed=0, shuffle=True))
        merged = first.merge(History(config=RunConfig(learning_rate=0.01, seed=0, shuffle=False)))
        assert merged.config == RunConfig(learning_rate=0.01, seed=0, shuffle=False)
        assert merged.notes == (
            "RunConfig.learning_rate is 0.1 in one source and 0.01 in the other; 0.01 is used.",
            "RunConfig.shuffle is True in one source and False in the other; False is used.",
        )

    def test_marks_are_united(self) -> None:
        first = History(marks=ClockMarks(step=[100, 300], epoch=[1, 3]))
        second = History(marks=ClockMarks(step=[200, 400], epoch=[2, 4], seconds=[20, 40]))
        merged = first.merge(second).marks
        assert merged == ClockMarks(step=[100, 200, 300, 400], epoch=[1, 2, 3, 4], seconds=[NAN, 20, NAN, 40])

    def test_marks_that_contradict_each_other(self) -> None:
        first = History(marks=ClockMarks(step=[100, 300], epoch=[1, 3]))
        second = History(marks=ClockMarks(step=[200, 400], epoch=[20, 40]))
        merged = first.merge(second)
        assert merged.marks == second.marks
        assert "differently" in merged.notes[0]

    @given(histories)
    def test_with_itself_or_nothing_it_is_itself(self, history: History) -> None:
        assert history.merge(history) == history
        assert history.merge(History()) == history


class TestSlices:
    def test_as_it_was_at_a_step(self) -> None:
        early = run().until(step=150)
        loss, validation = early.series
        assert (loss.at[0], loss.at[-1]) == (1, 150)
        assert validation.at.tolist() == [1]
        assert [layers.at.tolist() for layers in early.layers] == [[50, 150]]
        assert [event.kind for event in early.events] == ["checkpoint"]
        assert early.marks is not None
        np.testing.assert_allclose(early.marks.convert([50, 150], "step", "epoch"), [0.5, 1.5])
        assert early.marks.epoch.max() <= 1.5
        assert early.steps == 150

    def test_what_came_after_an_epoch(self) -> None:
        late = run().after(epoch=1)
        loss, validation = late.series
        assert (loss.at[0], loss.at[-1]) == (101, 200)
        assert validation.at.tolist() == [2]
        assert [event.kind for event in late.events] == ["crash"]

    def test_before_the_first_epoch_ended(self) -> None:
        early = run().until(step=30)
        assert [series.name for series in early.series] == ["loss"]
        assert early.marks is not None
        np.testing.assert_allclose(early.marks.convert([10, 30], "step", "epoch"), [0.1, 0.3])

    def test_far_beyond_the_end_is_everything(self) -> None:
        assert run().until(step=1e9) == run()
        assert run().until(epoch=1e9) == run()
        assert run().after(step=1e9).series == ()

    def test_what_cannot_be_placed_is_left_out_with_a_note(self) -> None:
        loose = run().model_copy(update={"marks": None})
        early = loose.until(step=150)
        assert [series.name for series in early.series] == ["loss"]
        assert early.notes == ("Left out of this part, as the step clock has no place for it: 'val_loss', 'crash'.",)

    def test_a_slice_is_a_view(self) -> None:
        history = run()
        assert np.shares_memory(history.until(step=50).series[0].values, history.series[0].values)

    @pytest.mark.parametrize("arguments", [{}, {"step": 1, "epoch": 1}])
    def test_one_position_is_needed(self, arguments: dict[str, float]) -> None:
        with pytest.raises(ValueError, match="takes either step or epoch"):
            run().until(**arguments)
        with pytest.raises(ValueError, match="takes either step or epoch"):
            run().after(**arguments)

    @given(st.floats(-50, 400))
    def test_before_and_after_make_the_whole(self, step: float) -> None:
        history = run()
        before, behind = history.until(step=step), history.after(step=step)
        for series in history.series:
            parts = [part for half in (before, behind) for part in half.series if part.name == series.name]
            np.testing.assert_array_equal(np.concatenate([part.at for part in parts]), series.at)
            np.testing.assert_array_equal(np.concatenate([part.values for part in parts]), series.values)

    @given(st.integers(0, 2**32), st.floats(1, 20))
    def test_the_past_does_not_know_the_future(self, seed: int, step: float) -> None:
        rows = [
            {"step": index, "epoch": index // 4, "train.loss": value, **({"val.loss": value} if index % 4 == 3 else {})}
            for index, value in enumerate(np.random.default_rng(seed).random(24))
        ]
        known = [row for row in rows if row["step"] <= step]
        cut, logged = History.from_records(rows).until(step=step), History.from_records(known)
        assert cut.series == logged.series
