from __future__ import annotations

import random
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from expert.adapters import array_checks
from expert.adapters.arrays import READER
from expert.errors import SourceError
from expert.history import Cell, DataProfile, History
from expert.reading import ReadRequest


def read(data: Any) -> History:
    assert READER.recognizes(data) > 0
    (history,) = READER.read(data, ReadRequest())
    return history


def profile(data: Any) -> DataProfile:
    return read(data).data


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def x(rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((500, 4))


@pytest.fixture
def y(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 3, 500)


def test_every_nonfinite_cell_is_counted_and_located(x: np.ndarray) -> None:
    x[123, 2], x[7, 1], x[7, 3] = np.nan, -np.inf, np.inf
    found = profile(x)
    assert found.nonfinite_cells == 3
    assert found.rows_with_nonfinite == 2
    assert found.nonfinite_where == (
        Cell(row=7, column="column 1", value="-inf"),
        Cell(row=7, column="column 3", value="inf"),
        Cell(row=123, column="column 2", value="nan"),
    )


def test_the_infinity_of_a_logarithm_of_zero_is_found_by_the_name_of_its_column() -> None:
    table = pd.DataFrame({"age": [3.0, 4.0, 5.0], "income": [10.0, 0.0, 20.0]})
    with np.errstate(divide="ignore"):
        table["log_income"] = np.log(table["income"])
    assert profile(table).nonfinite_where == (Cell(row=1, column="log_income", value="-inf"),)


def test_rows_are_counted_by_position_whatever_the_index_says() -> None:
    table = pd.DataFrame({"a": [1.0, np.nan]}, index=[70, 80])
    assert profile(table).nonfinite_where == (Cell(row=1, column="a", value="nan"),)


def test_labels_and_validation_are_checked_too(x: np.ndarray) -> None:
    target, val_target = np.ones(500), np.ones(100)
    target[400], val_target[3] = np.nan, np.inf
    val = x[:100].copy()
    val[50, 0] = np.nan
    assert profile(((x, target), (val, val_target))).nonfinite_where == (
        Cell(row=400, column="y", value="nan"),
        Cell(row=3, column="validation y_val", value="inf"),
        Cell(row=50, column="validation column 0", value="nan"),
    )


def test_a_series_is_named_after_its_steps(rng: np.random.Generator) -> None:
    series = rng.standard_normal((50, 20, 3))
    series[30, 17, 2] = np.nan
    found = profile(series)
    assert found.nonfinite_where == (Cell(row=30, column="time 17, feature 2", value="nan"),)
    assert found.features == 3


def test_cells_beyond_the_first_chunk_are_found(monkeypatch: pytest.MonkeyPatch, x: np.ndarray) -> None:
    monkeypatch.setattr("expert.adapters.samples.CHUNK_CELLS", 40)
    x[499, 3] = np.nan
    found = profile(x)
    assert found.nonfinite_where == (Cell(row=499, column="column 3", value="nan"),)
    assert found.rows_with_nonfinite == 1


def test_a_missing_value_of_a_nullable_column_is_not_finite() -> None:
    table = pd.DataFrame({"n": pd.array([1, None, 3], dtype="Int64"), "o": [1, None, 2.5]}).astype({"o": object})
    assert profile(table).nonfinite_cells == 2


@pytest.mark.parametrize("form", ["torch", "bfloat16", "lists", "float16", "grad"])
def test_every_form_of_the_same_numbers_reads_the_same(form: str) -> None:
    numbers = [[1.0, 2.0], [3.0, float("nan")], [5.0, 6.0]]
    data: Any = {
        "torch": torch.tensor(numbers),
        "bfloat16": torch.tensor(numbers, dtype=torch.bfloat16),
        "lists": numbers,
        "float16": np.array(numbers, dtype=np.float16),
        "grad": torch.tensor(numbers, requires_grad=True),
    }[form]
    found = profile(data)
    assert found.nonfinite_where == (Cell(row=1, column="column 1", value="nan"),)
    assert (found.samples, found.features, found.largest_mean) == (3, 2, 4.0)


def test_nothing_is_changed_and_no_random_number_is_drawn(x: np.ndarray, y: np.ndarray) -> None:
    x[3, 1] = np.nan
    table = pd.DataFrame(x, columns=list("abcd")).assign(label=y)
    tensor = torch.tensor(x)
    before = x.copy(), table.copy(deep=True), tensor.clone()
    states = repr(np.random.get_state()), torch.get_rng_state(), random.getstate()
    x.flags.writeable = False
    profile(((x, y), (x, y)))
    profile((table, "label"))
    profile(tensor)
    np.testing.assert_array_equal(x, before[0])
    pd.testing.assert_frame_equal(table, before[1])
    assert torch.equal(torch.nan_to_num(tensor), torch.nan_to_num(before[2]))
    assert repr(np.random.get_state()) == states[0]
    assert torch.equal(torch.get_rng_state(), states[1])
    assert random.getstate() == states[2]


def test_scales_and_constant_columns(rng: np.random.Generator) -> None:
    table = pd.DataFrame(
        {"small": rng.standard_normal(1000) * 0.01, "large": rng.standard_normal(1000) * 50 + 300, "always": 7.0}
    )
    found = profile(table)
    assert found.constant_columns == ("always",)
    assert found.largest_mean == pytest.approx(300, abs=10)
    assert found.largest_std == pytest.approx(50, rel=0.1)
    assert found.smallest_std == pytest.approx(0.01, rel=0.1)
    assert found.scale_ratio == pytest.approx(5000, rel=0.2)


def test_a_rare_indicator_does_not_make_the_scales_uneven(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2000, 3))
    x[:, 2] = 0.0
    x[5, 2] = 1.0
    found = profile(x)
    assert found.constant_columns == ()
    assert found.scale_ratio == pytest.approx(1.0, abs=0.1)


def test_pictures_have_one_scale_for_each_channel(rng: np.random.Generator) -> None:
    first = rng.random((10, 3, 16, 16))
    assert profile(first).features == 3
    assert profile(np.moveaxis(first, 1, -1)).features == 3
    assert profile((rng.random((10, 28, 28)) * 255).astype(np.uint8)).features == 1


def test_statistics_of_a_large_table_come_from_a_sample_and_say_so(
    monkeypatch: pytest.MonkeyPatch, x: np.ndarray
) -> None:
    monkeypatch.setattr(array_checks, "SAMPLE_CELLS", 4)
    big = np.zeros((5000, 4))
    big[:, 0] = np.arange(5000)
    big[4998, 1] = 1.0  # not in the sample: the column is not constant all the same
    history = read(big)
    assert history.data.constant_columns == ("column 2", "column 3")
    assert any("sample of the 5,000 rows" in note for note in history.notes)
    assert read(x).notes == ()


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (np.repeat([0, 1, 2], 100), True),
        (np.tile(np.repeat([0, 1, 2], 20), 5), True),
        (np.random.default_rng(1).integers(0, 3, 300), False),
        (np.tile([0, 1, 2], 100), False),
        (np.repeat([0, 1], 6), True),
        (np.repeat([0, 1, 0, 1], 5), False),
        (np.repeat(["cat", "dog"], 50), True),
        (np.eye(3)[np.repeat([0, 1, 2], 100)], True),
        (np.sort(np.random.default_rng(1).random(300)), True),
        (np.random.default_rng(1).random(300), False),
    ],
    ids=[
        "sorted",
        "in blocks",
        "mixed",
        "alternating",
        "few sorted",
        "few in runs",
        "names",
        "one-hot",
        "sorted target",
        "mixed target",
    ],
)
def test_the_order_of_labels(labels: np.ndarray, expected: bool) -> None:
    assert profile((np.zeros((len(labels), 2)), labels)).sorted_by_label is expected


def test_random_labels_are_never_called_sorted() -> None:
    rng = np.random.default_rng(5)
    for count in (10, 20, 50, 200):
        for classes in (2, 3, 10):
            found = [
                profile((np.zeros((count, 1)), rng.integers(0, classes, count))).sorted_by_label for _ in range(40)
            ]
            assert found.count(True) <= 1, (count, classes)


def test_class_counts_and_prior(x: np.ndarray) -> None:
    labels = np.array([0] * 400 + [1] * 75 + [2] * 25)
    found = profile((x, labels))
    assert (found.classes, found.class_counts) == (3, (400, 75, 25))
    assert found.target_prior == (0.8, 0.15, 0.05)
    assert (found.label_minimum, found.label_maximum, found.labels_integer) == (0, 2, True)


def test_one_hot_labels_are_recognized(x: np.ndarray, y: np.ndarray) -> None:
    one_hot, plain = read((x, np.eye(3)[y])), read((x, y))
    assert one_hot.data.class_counts == plain.data.class_counts
    assert any("one-hot" in note for note in one_hot.notes)


def test_labels_from_one_and_signs_show_their_range(x: np.ndarray, y: np.ndarray) -> None:
    assert profile((x, y + 1)).label_maximum == profile((x, y + 1)).classes == 3
    assert profile((x, np.where(y > 0, 1, -1))).label_minimum == -1


def test_a_continuous_target_has_mean_and_spread_and_no_classes(x: np.ndarray, rng: np.random.Generator) -> None:
    target = rng.normal(180_000, 60_000, 500)
    found = profile((x, target))
    assert found.classes is None
    assert found.labels_integer is False
    assert found.target_mean == pytest.approx(180_000, rel=0.1)
    assert found.target_std == pytest.approx(60_000, rel=0.1)
    assert profile((x, target.round())).classes is None


def test_many_gapless_classes_are_classes(rng: np.random.Generator) -> None:
    labels = np.arange(1000) % 100
    assert profile((np.zeros((1000, 1)), rng.permutation(labels))).classes == 100
    ages = rng.integers(17, 90, 1000)
    assert profile((np.zeros((1000, 1)), ages)).classes is None


def test_repeated_rows_and_overlap(x: np.ndarray) -> None:
    fresh = np.random.default_rng(9).standard_normal((100, 4))
    fresh[:30] = x[:30]
    found = profile({"x": x, "x_val": fresh})
    assert found.train_val_overlap == pytest.approx(0.3)
    assert found.duplicates == 0
    assert profile(np.concatenate([x, x])).duplicates == pytest.approx(0.5)
    assert profile({"x": x, "x_val": x.astype(np.float32)}).train_val_overlap == 1.0


def test_overlap_of_tables_sees_the_columns_that_are_not_numbers() -> None:
    train = pd.DataFrame({"n": [1, 2, 3], "who": ["a", "b", "c"]})
    val = pd.DataFrame({"n": [1, 2], "who": ["a", "z"]})
    history = read({"train": train, "val": val})
    assert history.data.train_val_overlap == 0.5
    assert any("who" in note for note in history.notes)


def test_overlap_of_a_table_and_an_array_is_unknown(x: np.ndarray) -> None:
    assert profile({"x": pd.DataFrame(x), "x_val": x}).train_val_overlap is None


def test_shifts(x: np.ndarray, rng: np.random.Generator) -> None:
    moved = rng.standard_normal((200, 4))
    moved[:, 0] += 2
    train, val = np.array([0, 1] * 250), np.array([0] * 150 + [1] * 50)
    found = profile(((x, train), (moved, val)))
    assert found.feature_shift == 0.25
    assert found.label_shift == pytest.approx(0.25)
    same = profile(((x, train), (rng.standard_normal((200, 4)), np.array([0, 1] * 100))))
    assert (same.feature_shift, same.label_shift) == (0.0, 0.0)


def test_a_label_column_may_be_named(x: np.ndarray, y: np.ndarray) -> None:
    table = pd.DataFrame(x, columns=list("abcd")).assign(label=y)
    found = profile((table, "label"))
    assert (found.features, found.classes) == (4, 3)
    with pytest.raises(SourceError, match=r"no column 'lable'\. Did you mean 'label'\?"):
        profile((table, "lable"))


def test_several_inputs_keep_their_names(x: np.ndarray, y: np.ndarray) -> None:
    other = np.ones((500, 2))
    other[4, 1] = np.nan
    found = profile(({"left": x, "right": other}, y))
    assert found.nonfinite_where == (Cell(row=4, column="right: column 1", value="nan"),)
    assert found.features == 6


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((np.zeros((5, 2)), np.zeros(4)), "y: 4 labels for 5 rows of x"),
        ([[1, 2], [3]], r"different lengths \(1, 2\)"),
        (np.zeros((0, 3)), "no samples"),
        ({"x": np.zeros(3), "y_vall": np.zeros(3)}, "Did you mean 'y_val'"),
        ({"y": np.zeros(3)}, "'x' is missing"),
        ((np.zeros((4, 2)),) * 4, "four arrays"),
        (np.array([1 + 2j]), "complex"),
        (torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.zeros(3))), "would have to be iterated"),
        (iter([1]), "would have to be iterated"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(data: Any, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        READER.read(data, ReadRequest())
    assert "\n" not in str(caught.value)


def test_other_sources_are_left_alone() -> None:
    for source in ("log.csv", {"loss": [1, 2]}, 3, None, torch.nn.Linear(1, 1), object()):
        assert READER.recognizes(source) == 0.0


def test_the_scale_of_whole_numbers_that_may_be_token_ids_is_unknown(rng: np.random.Generator) -> None:
    ids = rng.integers(0, 5000, (300, 16))
    found = read((ids, rng.integers(0, 2, 300)))
    assert found.data.largest_mean is None
    assert found.data.scale_ratio is None
    assert found.data.features == 16
    assert any("token ids" in note for note in found.notes)
    assert profile(ids.astype(float)).largest_mean is not None
    assert profile(ids - 2500).largest_mean is not None
    assert profile((ids % 256).astype(np.uint8)).largest_mean is not None
    both = profile({"x": {"words": ids, "size": rng.standard_normal((300, 2))}})
    assert both.largest_std == pytest.approx(1, abs=0.2)
