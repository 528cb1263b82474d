"""What is said of a wrong name."""

from __future__ import annotations

import pytest

from expert import advise
from expert.errors import SourceError, nearest


def test_the_nearest_spelling_is_named_and_nothing_where_none_is_near() -> None:
    assert nearest("batchsize", ["batch_size", "epochs"]) == " Did you mean 'batch_size'?"
    assert nearest("colour", ["batch_size", "epochs"]) == ""


def test_a_short_form_is_known_where_its_full_name_is_a_choice() -> None:
    with pytest.raises(SourceError, match="Did you mean 'learning_rate'"):
        advise(config={"optimizer": "sgd", "lr": 0.1})
    assert nearest("lr", ["epochs"]) == ""
