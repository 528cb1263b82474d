"""Batches of a few samples, at rates that suit them, are met with silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import store
from .problems import PROBLEMS
from .small_batches import made, named


@pytest.mark.parametrize("name", ["clusters-mlp", "prices-mlp", "topics-embedding"])
def test_small_batches_are_no_fault_by_themselves(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    run = made(PROBLEMS[name], 4)
    assert run.history.config.batch_size == 4
    assert not named(run)
