"""The record in a file, over crashes, restarts and several calls of ``fit``; findings while the training goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from expert import advise
from expert.adapters.keras import ExpertCallback
from expert.errors import SourceError
from expert.history import History
from tests.adapters.keras_framework import keras
from tests.adapters.keras_watch.setups import fit, plain, values


class Crash(keras.callbacks.Callback):  # type: ignore[misc]
    """Raises in the middle of an epoch, numbered from 0."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.at, self.now = epoch, 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.now = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.now == self.at and batch == 3:
            raise RuntimeError("the disk is gone")


def test_the_file_holds_what_the_callback_holds(tmp_path: Path) -> None:
    watcher = ExpertCallback(tmp_path / "run.expert", quiet=True)
    fit(plain(), watcher, epochs=3)
    loaded, kept = History.load(tmp_path / "run.expert"), watcher.history()
    assert set(loaded.roles) == set(kept.roles)
    assert values(loaded, "train.loss") == values(kept, "train.loss")
    assert loaded.layer("gradient_norm") == kept.layer("gradient_norm")
    assert loaded.epochs == 3


def test_a_fit_that_raises_leaves_the_optimizer_clean_and_its_record_behind(tmp_path: Path) -> None:
    watcher = ExpertCallback(tmp_path / "run.expert", quiet=True)
    model = plain()
    with pytest.raises(RuntimeError, match="the disk is gone"):
        fit(model, watcher, Crash(1), epochs=3)
    history = watcher.history()
    assert "apply" not in vars(model.optimizer)
    assert [event.kind for event in history.events] == ["crash"]
    # Of the epoch that broke off, too, what was seen is known.
    assert values(history, "gradient.norm")[0][:9] == list(range(1, 10))
    assert History.load(tmp_path / "run.expert").epochs == 1
    fit(model, watcher, epochs=1)
    assert "apply" not in vars(model.optimizer)


def test_several_calls_of_fit_make_one_record() -> None:
    watcher, model = ExpertCallback(quiet=True), plain()
    fit(model, watcher, epochs=2)
    fit(model, watcher, initial_epoch=2, epochs=3)
    fit(model, watcher, epochs=1)
    history = watcher.history()
    assert history.steps == 24
    assert values(history, "time.epoch_seconds")[0] == [1, 2, 3, 4]
    assert values(history, "train.loss")[0] == list(range(1, 25))
    assert [event.at for event in history.events if event.kind == "restart"] == [12, 18]


def test_another_model_begins_another_record() -> None:
    watcher = ExpertCallback(quiet=True)
    fit(plain(), watcher, epochs=2)
    fit(plain(), watcher, epochs=1)
    assert watcher.history().steps == 6


def test_a_training_that_is_taken_up_again_goes_on_with_its_file(tmp_path: Path) -> None:
    path, backup = tmp_path / "run.expert", tmp_path / "backup"
    for crash in (True, False):
        # As after a new start of the program: all objects are new ones.
        watcher = ExpertCallback(path, quiet=True)
        others = [Crash(2)] if crash else []
        try:
            fit(plain(), watcher, keras.callbacks.BackupAndRestore(str(backup)), *others, epochs=4)
        except RuntimeError:
            assert crash
    for history in (watcher.history(), History.load(path)):
        assert values(history, "train.loss")[0] == list(range(1, 25))
        means = next(one for one in history.series if one.role == "train.loss" and one.clock == "epoch")
        assert means.at.tolist() == [1, 2, 3, 4]
        assert [(event.kind, event.at) for event in history.events if event.kind == "resume"] == [("resume", 13)]


def test_a_file_of_another_training_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "run.expert"
    fit(plain(), ExpertCallback(path, quiet=True), epochs=2)
    fit(plain(), ExpertCallback(path, quiet=True), epochs=1)
    assert History.load(path).epochs == 1
    assert History.load(tmp_path / "run.1.expert").epochs == 2


def test_a_finding_is_told_and_may_stop_the_training(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[Any] = []
    watcher = ExpertCallback(on_finding=heard.append, stop_on="error")
    model = plain(keras.optimizers.SGD(float("nan")))
    fit(model, watcher, epochs=20)
    assert heard
    assert watcher.stop_reason is not None
    assert watcher.history().epochs < 20  # type: ignore[operator]
    assert "stopped" in {event.kind for event in watcher.history().events}
    assert "training-expert:" in capsys.readouterr().out


def test_without_being_asked_nothing_is_stopped() -> None:
    watcher = ExpertCallback(quiet=True)
    fit(plain(keras.optimizers.SGD(float("nan"))), watcher, epochs=4)
    assert watcher.history().epochs == 4
    assert advise(watcher).findings


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": 0}, "ExpertCallback: every is 0; expected a whole number of steps, 1 or more."),
        ({"budget": 2}, "ExpertCallback: budget is 2; expected a share"),
        ({"stop_on": "eror"}, "'eror'; expected one of info, warning, error, fatal"),
        ({"path": 3}, "ExpertCallback: path is int"),
        ({"on_finding": 3}, "ExpertCallback: on_finding is int"),
        ({"config": {"optimiser": "sgd"}}, "config has no field 'optimiser'"),
        ({"probe": "x"}, "ExpertCallback: probe is str"),
    ],
)
def test_options_that_are_something_else(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError) as refused:
        ExpertCallback(**options)
    assert message in str(refused.value)


def test_asked_before_any_training() -> None:
    with pytest.raises(SourceError, match="no training has begun"):
        ExpertCallback().history()


def test_the_user_knows_better_than_what_is_seen() -> None:
    watcher = ExpertCallback(config={"pretrained": True, "batch_size": 7}, quiet=True)
    fit(plain(), watcher)
    assert watcher.history().config.pretrained is True
    assert watcher.history().config.batch_size == 7
