"""Histories from rows and from columns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expert.errors import SourceError
from expert.history import History, RunConfig, Series

NAN, INFINITY = float("nan"), float("inf")


def found(history: History, role: str) -> Series:
    series = history.get(role)
    assert series is not None, history
    return series


def check(series: Series, clock: str, at: list[float], values: list[float]) -> None:
    assert series.clock == clock
    np.testing.assert_array_equal(series.at, at)
    np.testing.assert_array_equal(series.values, values)


class TestRecords:
    def test_sparse_rows_with_steps_and_layers(self) -> None:
        history = History.from_records(
            [
                {"step": 3, "epoch": 0, "train.loss": 1.2, "gradient_norm": {"fc1": 0.1, "fc2": 0.2}},
                {"step": 4, "epoch": 0, "train.loss": 1.1},
                {"step": 7, "epoch": 1, "val.loss": 1.0, "gradient_norm": {"fc3": NAN, "fc1": 0.3}},
            ],
            config={"optimizer": "adam"},
        )
        check(found(history, "train.loss"), "step", [3, 4], [1.2, 1.1])
        check(found(history, "val.loss"), "step", [7], [1.0])
        statistic = history.layer("gradient_norm")
        assert statistic is not None
        assert statistic.layers == ("fc1", "fc2", "fc3")
        np.testing.assert_array_equal(statistic.values, [[0.1, 0.2, NAN], [0.3, NAN, NAN]])
        assert history.marks is not None
        assert history.marks.convert([4, 7], "step", "epoch").tolist() == [0, 1]
        assert history.config == RunConfig(optimizer="adam")
        assert history.notes == ()

    def test_layers_keep_the_order_asked_for(self) -> None:
        rows = [{"step": 1, "weight_norm": {"b": 2, "x": 3, "a": 1}}]
        statistic = History.from_records(rows, layers=["a", "b", "unseen"]).layer("weight_norm")
        assert statistic is not None
        assert statistic.layers == ("a", "b", "x")
        assert statistic.values.tolist() == [[1, 2, 3]]

    def test_epochs_alone_are_the_clock(self) -> None:
        history = History.from_records([{"epoch": 0, "loss": 2, "val_loss": 3}, {"epoch": 1, "loss": 1}])
        check(found(history, "train.loss"), "epoch", [0, 1], [2, 1])
        check(found(history, "val.loss"), "epoch", [0], [3])
        assert history.marks is None

    def test_a_constant_epoch_places_the_steps_of_one_epoch(self) -> None:
        history = History.from_records([{"step": step, "epoch": 2, "loss": 1.0} for step in range(10, 15)])
        check(found(history, "train.loss"), "step", [10, 11, 12, 13, 14], [1.0] * 5)
        assert history.marks is not None
        assert history.marks.convert([12], "step", "epoch").tolist() == [2]
        assert len(history.marks) == 2  # the rows between add nothing
        assert history.epochs == 1

    def test_epochs_shared_by_many_rows_make_the_rows_steps(self) -> None:
        history = History.from_records([{"epoch": row // 5, "loss": float(row)} for row in range(15)])
        check(found(history, "train.loss"), "step", list(range(1, 16)), list(range(15)))
        assert history.epochs == 3
        assert "count as steps" in history.notes[0]

    def test_rows_without_any_clock_are_epochs_and_say_so(self) -> None:
        history = History.from_records([{"loss": 2}, {"loss": 1}])
        check(found(history, "train.loss"), "epoch", [1, 2], [2, 1])
        assert history.notes == ("No step or epoch is recorded, so rows are counted as epochs 1, 2, ...",)

    def test_a_row_in_which_the_step_is_missing(self) -> None:
        rows = [{"step": 1, "loss": 3}, {"loss": 2}, {"step": 3, "loss": 1}]
        history = History.from_records(rows)
        check(found(history, "train.loss"), "step", [1, 3], [3, 1])
        assert history.notes == ("1 of 3 values of 'loss' have no step and were left out.",)

    def test_training_and_validation_rows_one_after_the_other(self) -> None:
        rows = [{"step": step, "loss": 1.0} for step in (1, 2, 3)] + [
            {"step": step, "val_loss": 2.0} for step in (1, 3)
        ]
        history = History.from_records(rows)
        check(found(history, "train.loss"), "step", [1, 2, 3], [1, 1, 1])
        check(found(history, "val.loss"), "step", [1, 3], [2, 2])

    def test_validation_rows_of_epochs_beside_training_rows_of_steps(self) -> None:
        rows = [{"step": 5, "epoch": 1, "loss": 3}, {"step": 10, "epoch": 2, "loss": 2}, {"epoch": 2, "val_loss": 4}]
        history = History.from_records(rows)
        check(found(history, "train.loss"), "step", [5, 10], [3, 2])
        check(found(history, "val.loss"), "epoch", [2], [4])
        assert history.marks is not None
        assert history.marks.convert([2], "epoch", "step").tolist() == [10]

    @pytest.mark.parametrize(
        ("spelling", "number"),
        [
            ("nan", NAN),
            ("NaN", NAN),
            ("-nan", NAN),
            ("inf", INFINITY),
            ("-inf", -INFINITY),
            ("Infinity", INFINITY),
            ("-Infinity", -INFINITY),
            (" 1e-3 ", 1e-3),
            (np.float32(0.5), 0.5),
            (True, 1.0),
        ],
    )
    def test_spellings_of_numbers(self, spelling: object, number: float) -> None:
        history = History.from_records([{"step": 1, "loss": 2.0}, {"step": 2, "loss": spelling}])
        check(found(history, "train.loss"), "step", [1, 2], [2.0, number])

    @pytest.mark.parametrize("nothing", [None, "", "  "])
    def test_not_recorded_is_no_value(self, nothing: object) -> None:
        history = History.from_records([{"step": 1, "loss": nothing, "acc": nothing}, {"step": 2, "loss": NAN}])
        check(found(history, "train.loss"), "step", [2], [NAN])
        assert [(ignored.name, ignored.reason) for ignored in history.ignored] == [("acc", "holds no value")]

    @pytest.mark.parametrize("thing", ["adam", [1, 2], "tensor(0.5)", object])
    def test_what_is_no_number_is_ignored_with_the_reason(self, thing: object) -> None:
        history = History.from_records([{"step": 1, "loss": 1.0, "extra": 1}, {"step": 2, "loss": 2, "extra": thing}])
        assert found(history, "train.loss").values.tolist() == [1, 2]
        (ignored,) = history.ignored
        assert ignored.name == "extra"
        assert ignored.reason == f"holds {thing!r}, not a number"

    def test_a_layer_statistic_that_is_no_number_is_ignored(self) -> None:
        history = History.from_records([{"step": 1, "loss": 1, "weight_norm": {"fc": "big"}}])
        assert history.layers == ()
        assert history.ignored[0].reason == "holds 'big', not a number"

    def test_of_two_values_at_one_position_the_last_counts(self) -> None:
        history = History.from_records([{"step": 1, "loss": 3}, {"step": 2, "loss": 2}, {"step": 2, "loss": 1}])
        check(found(history, "train.loss"), "step", [1, 2], [3, 1])
        assert history.notes == ("'loss' has several values at 1 position of the step clock; the last one counts.",)

    def test_two_runs_in_one_log_are_refused(self) -> None:
        with pytest.raises(SourceError) as caught:
            History.from_records(
                [{"step": 1, "loss": 3}, {"step": 2, "loss": 2}, {"step": 1, "loss": 3}], source="a.jsonl"
            )
        assert str(caught.value) == (
            "a.jsonl: step goes back from 2 to 1 in 'loss' (value 3); "
            "if several runs were written to one log, make one history of each."
        )

    def test_an_epoch_that_goes_back_places_nothing(self) -> None:
        rows = [{"step": step, "epoch": epoch, "loss": 1} for step, epoch in enumerate([0, 1, 0, 1])]
        history = History.from_records(rows)
        assert history.marks is None
        assert history.notes == ("The epoch goes back while the step rises, so it is not used to place anything.",)

    def test_rows_must_be_mappings(self) -> None:
        with pytest.raises(SourceError, match="row 2 is float, expected a mapping"):
            History.from_records([{"loss": 1.0}, 2.0])  # type: ignore[list-item]

    def test_a_misspelled_profile_field_is_answered(self) -> None:
        with pytest.raises(SourceError, match=r"RunConfig has no field 'optimiser'. Did you mean 'optimizer'\?"):
            History.from_records([], config={"optimiser": "adam"})
        with pytest.raises(SourceError, match="RunConfig: batch_size: "):
            History.from_records([], config={"batch_size": "many"})

    def test_a_guess_can_be_corrected(self) -> None:
        rows = [{"step": 1, "a": 1.0, "b": 2.0}]
        history = History.from_records(rows, columns={"val.loss": "b"})
        assert found(history, "val.loss").name == "b"
        with pytest.raises(SourceError):
            History.from_records(rows, columns={"val.loss": "bb"})

    def test_no_rows(self) -> None:
        assert History.from_records([]) == History()

    def test_provenance_says_where_and_why(self) -> None:
        source = found(History.from_records([{"step": 1, "loss": 1}], source="a.csv"), "train.loss").source
        assert source is not None
        assert (source.path, source.column) == ("a.csv", "loss")
        assert source.reason


class TestColumns:
    def test_epochs_are_counted_from_one(self) -> None:
        history = History.from_columns({"loss": [3, 2, 1], "val_loss": [4, 3, NAN]})
        check(found(history, "train.loss"), "epoch", [1, 2, 3], [3, 2, 1])
        check(found(history, "val.loss"), "epoch", [1, 2, 3], [4, 3, NAN])
        assert history.notes == ()

    @pytest.mark.parametrize(("length", "at"), [(10, [2, 4, 6, 8, 10]), (11, [2, 4, 6, 8, 10]), (5, [1, 2, 3, 4, 5])])
    def test_rare_validation_stands_at_the_end_of_its_interval(self, length: int, at: list[float]) -> None:
        history = History.from_columns({"loss": np.ones(length), "val_loss": np.ones(5)})
        check(found(history, "val.loss"), "epoch", at, [1.0] * 5)
        assert history.notes == ()

    @pytest.mark.parametrize("short", [9, 4])
    def test_an_interrupted_validation_stands_from_the_start_with_a_note(self, short: int) -> None:
        history = History.from_columns({"loss": np.ones(10), "val_loss": np.ones(short)})
        check(found(history, "val.loss"), "epoch", list(range(1, short + 1)), [1.0] * short)
        assert history.notes == (
            f"'val_loss' has {short} values where others have 10; they are placed from the start.",
        )

    def test_a_short_training_column_stands_from_the_start(self) -> None:
        history = History.from_columns({"loss": np.ones(10), "accuracy": np.ones(5), "val_loss": np.ones(10)})
        check(found(history, "train.accuracy"), "epoch", [1, 2, 3, 4, 5], [1.0] * 5)
        assert "placed from the start" in history.notes[0]

    def test_the_logs_own_epoch_numbers_are_kept(self) -> None:
        history = History.from_columns({"epoch": [0, 1, 5], "loss": [3, 2, 1]})
        check(found(history, "train.loss"), "epoch", [0, 1, 5], [3, 2, 1])

    def test_positions_from_the_caller(self) -> None:
        history = History.from_columns({"loss": [3, 2, 1, 0], "val_loss": [1, 2]}, epoch=[10, 20, 30, 40])
        check(found(history, "train.loss"), "epoch", [10, 20, 30, 40], [3, 2, 1, 0])
        check(found(history, "val.loss"), "epoch", [20, 40], [1, 2])
        with pytest.raises(SourceError, match="'loss' has 4 values, but 'epoch' gives only 2 positions"):
            History.from_columns({"loss": [3, 2, 1, 0]}, epoch=[1, 2])
        with pytest.raises(SourceError, match="argument epoch holds 'one', not a number"):
            History.from_columns({"loss": [3]}, epoch=["one"])  # type: ignore[list-item]

    def test_seconds_alone_do_not_replace_epochs(self) -> None:
        for history in (
            History.from_columns({"elapsed": [30, 60], "loss": [2, 1]}),
            History.from_records([{"elapsed": 30, "loss": 2}, {"elapsed": 60, "loss": 1}]),
        ):
            check(found(history, "train.loss"), "epoch", [1, 2], [2, 1])
            assert history.marks is not None
            assert history.marks.convert([2], "epoch", "seconds").tolist() == [60]

    def test_steps_and_epochs_together(self) -> None:
        history = History.from_columns({"step": [10, 20, 30], "epoch": [1, 2, 3], "loss": [3, 2, 1]})
        check(found(history, "train.loss"), "step", [10, 20, 30], [3, 2, 1])
        assert history.marks is not None
        assert history.marks.convert([15], "step", "epoch").tolist() == [1.5]

    def test_clock_step_on_request(self) -> None:
        check(found(History.from_columns({"loss": [3, 2]}, clock="step"), "train.loss"), "step", [1, 2], [3, 2])

    def test_a_loss_per_step_and_a_validation_per_epoch(self) -> None:
        history = History.from_columns({"train_loss": np.ones(3000), "val_loss": np.ones(3)})
        check(found(history, "val.loss"), "step", [1000, 2000, 3000], [1] * 3)
        assert (history.epochs, history.steps) == (3, 3000)
        assert history.marks is not None
        np.testing.assert_allclose(history.marks.convert([1500], "step", "epoch"), [1.5])
        assert len(history.notes) == 2

    def test_very_many_values_without_validation_are_steps(self) -> None:
        assert found(History.from_columns({"loss": np.ones(1000)}), "train.loss").clock == "epoch"
        history = History.from_columns({"loss": np.ones(1001)})
        assert found(history, "train.loss").clock == "step"
        assert "one per step" in history.notes[0]
        assert found(History.from_columns({"loss": np.ones(1001)}, clock="epoch"), "train.loss").clock == "epoch"

    def test_gaps_keep_the_positions_of_the_rest(self) -> None:
        history = History.from_columns({"loss": [3, None, 1], "val_loss": ["", "nan", 2]})
        check(found(history, "train.loss"), "epoch", [1, 3], [3, 1])
        check(found(history, "val.loss"), "epoch", [2, 3], [NAN, 2])

    def test_a_mapping_of_layers(self) -> None:
        table = {"loss": [2, 1], "weight_norm": {"fc1": [1, 2], "fc2": [3]}}
        statistic = History.from_columns(table).layer("weight_norm")
        assert statistic is not None
        assert statistic.clock == "epoch"
        np.testing.assert_array_equal(statistic.values, [[1, 3], [2, NAN]])

    @pytest.mark.parametrize("thing", ["text", 3, [[1, 2], [3, 4]], ["a", "b"]])
    def test_what_is_no_column_of_numbers_is_ignored(self, thing: object) -> None:
        history = History.from_columns({"loss": [2, 1], "other": thing})
        assert [series.name for series in history.series] == ["loss"]
        assert [ignored.name for ignored in history.ignored] == ["other"]

    def test_a_dataframe_is_a_mapping_of_columns(self) -> None:
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame({"epoch": [1, 2], "loss": [2.0, NAN]})
        check(found(History.from_columns(frame), "train.loss"), "epoch", [1, 2], [2, NAN])

    def test_float64_columns_are_shared(self) -> None:
        loss, step = np.ones(50), np.arange(50.0)
        series = found(History.from_columns({"step": step, "loss": loss}), "train.loss")
        assert np.shares_memory(series.values, loss)
        assert np.shares_memory(series.at, step)
        assert loss.flags.writeable
        assert step.flags.writeable

    def test_no_columns(self) -> None:
        assert History.from_columns({}).series == ()
        history = History.from_columns({"loss": []})
        assert history.series == ()
        assert history.ignored[0].reason == "holds no value"


@given(st.lists(st.floats(), min_size=1, max_size=30), st.integers(0, 100), st.integers(1, 50))
def test_rows_and_columns_agree(values: list[float], start: int, every: int) -> None:
    steps = [start + every * index for index in range(len(values))]
    rows = [{"step": step, "train.loss": value} for step, value in zip(steps, values, strict=True)]
    assert History.from_records(rows) == History.from_columns({"step": steps, "train.loss": values})
