"""Objects that people pass and that are no run yet: one sentence says what to pass in their place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from expert import advise
from expert.errors import SourceError

DOWN = [1.0, 0.9, 0.8]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ({}, "is empty"),
        ([], "is empty"),
        ({"train": {"loss": DOWN}, "val": {"loss": DOWN}}, "{'train.loss': source['train']['loss']}"),
        ({"loss": {"train": DOWN, "val": DOWN}}, "{'train.loss': source['loss']['train']}"),
        ({"loss": np.ones((3, 2))}, "which is no number"),
        ({1: {"loss": 1.0}, 2: {"loss": 0.9}}, "list(source.values())"),
        ({"loss": (value for value in DOWN)}, "'loss' is a generator"),
        (({"loss": value} for value in DOWN), "pass list(...)"),
        ({"loss": 0.3}, "'loss' is the single value 0.3"),
        ({"loss": None}, "'loss' is the single value None"),
        ({"loss": ["2,30", "2,10"]}, "'2,30', which is no number"),
        (DOWN, "{'train.loss': values}"),
        (np.array(DOWN), "{'train.loss': values}"),
        (pd.Series(DOWN, name="loss"), "{'train.loss': values}"),
        ((DOWN, DOWN), "holds 2 sequences"),
    ],
)
def test_what_is_nearly_a_run_is_refused_with_the_way_out(source: Any, says: str) -> None:
    with pytest.raises(SourceError) as caught:
        advise(source)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", [{"loss": DOWN}, [{"loss": value} for value in DOWN], pd.DataFrame({"loss": DOWN})])
def test_what_is_a_run_is_left_to_its_reader(source: Any) -> None:
    assert advise(source).verdict == "too_short"


def test_an_object_of_any_other_kind_is_named() -> None:
    with pytest.raises(SourceError, match="Nothing here reads this object"):
        advise(object())
