"""What the loggers of the frameworks really write is read back as it was told to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from lightning.pytorch.loggers import CSVLogger as LightningLogger

from expert import advise
from expert.advising import read_runs
from expert.history import History


def values(run: History, role: str) -> list[float]:
    series = run.get(role)
    assert series is not None, run.summary
    return [float(value) for value in series.values]


def write_keras(path: Path, epochs: list[dict[str, Any]], **arguments: Any) -> None:
    logger = keras.callbacks.CSVLogger(str(path), **arguments)
    logger.set_model(keras.Sequential([keras.layers.Dense(1)]))
    logger.on_train_begin()
    for number, logs in enumerate(epochs):
        logger.on_epoch_end(number, logs)
    logger.on_train_end()


def keras_epochs(count: int, *, first: float = 1.0, validated: bool = True) -> list[dict[str, Any]]:
    losses = [np.float32(first / (epoch + 1)) for epoch in range(count)]
    rest: dict[str, Any] = {"accuracy": 0.5}
    return [{"loss": loss, **rest, **({"val_loss": loss * 2} if validated else {})} for loss in losses]


def test_keras_with_columns_of_a_validation_that_never_was(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    write_keras(path, keras_epochs(10, validated=False))
    assert "val_loss" in path.read_text()  # if Keras no longer writes them, this test has become needless
    (run,) = read_runs(path)
    assert values(run, "train.loss") == pytest.approx([1 / (epoch + 1) for epoch in range(10)])
    assert run.get("val.loss") is None
    assert {one.name for one in run.ignored} == {"val_loss", "val_accuracy"}


def test_keras_with_a_validation_every_second_epoch(tmp_path: Path) -> None:
    epochs = keras_epochs(10)
    for number in range(0, 10, 2):
        del epochs[number]["val_loss"]
    path = tmp_path / "log.csv"
    write_keras(path, epochs, separator=";")
    (run,) = read_runs(path)
    series = run.get("val.loss")
    assert series is not None
    assert series.at.tolist() == [1, 3, 5, 7, 9]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_keras_appends_fits_to_one_file(separator: str, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    write_keras(path, keras_epochs(10), separator=separator)
    write_keras(path, keras_epochs(8), separator=separator, append=True)
    write_keras(path, keras_epochs(12, first=0.1), separator=separator, append=True)
    runs = read_runs(path)
    # The second begins at the old height and is another run; the third goes on below the second.
    assert [len(values(run, "train.loss")) for run in runs] == [10, 20]
    assert values(runs[1], "val.loss")[-1] == pytest.approx(2 * 0.1 / 12)
    assert [event.kind for event in runs[1].events] == ["resume"]


def test_keras_writes_lists_and_nan(tmp_path: Path) -> None:
    epochs = keras_epochs(8)
    for number, logs in enumerate(epochs):
        logs["per_class"] = np.array([0.1, 0.2])
        logs["loss"] = float("nan") if number > 5 else logs["loss"]
    path = tmp_path / "log.csv"
    write_keras(path, epochs)
    (run,) = read_runs(path)
    assert np.isnan(values(run, "train.loss")).tolist() == [False] * 6 + [True] * 2
    assert "per_class" in {one.name for one in run.ignored}
    assert advise(path).finding("non-finite-loss") is not None


def lightning_log(folder: Path) -> Path:
    logger = LightningLogger(folder, name="", version="", flush_logs_every_n_steps=3)
    logger.log_hyperparams({"learning_rate": 0.1, "batch_size": 32})
    for epoch in range(8):
        for step in range(10 * epoch, 10 * epoch + 10, 5):
            logger.log_metrics({"train_loss_step": 1.0 / (step + 1), "epoch": epoch}, step)
        logger.log_metrics({"lr-SGD": 0.1}, 10 * epoch + 9)
        if epoch > 3:  # a column that comes late: the file is written again with a longer header
            logger.log_metrics({"val_loss": 0.5 / (epoch + 1), "epoch": epoch}, 10 * epoch + 9)
        logger.log_metrics({"train_loss_epoch": 0.4 / (epoch + 1), "epoch": epoch}, 10 * epoch + 9)
    logger.save()
    return Path(logger.log_dir)


@pytest.mark.parametrize("whole_folder", [False, True])
def test_lightning_with_sparse_rows_and_a_late_column(whole_folder: bool, tmp_path: Path) -> None:
    folder = lightning_log(tmp_path)
    run = read_runs(folder if whole_folder else folder / "metrics.csv")[-1]
    assert values(run, "train.loss") == pytest.approx([0.4 / (epoch + 1) for epoch in range(8)])
    assert values(run, "val.loss") == pytest.approx([0.5 / (epoch + 1) for epoch in range(4, 8)])
    assert len(values(run, "train.loss_step")) == 16
    series = run.get("val.loss")
    assert series is not None
    assert (series.clock, series.at.tolist()) == ("step", [49, 59, 69, 79])
    assert run.epochs == 8
    # Only the folder is the whole run; a call that names the table reads no other file.
    assert (run.config.learning_rate, run.config.batch_size) == ((0.1, 32) if whole_folder else (None, None))
    assert any("hparams.yaml: " in note for note in run.notes) is whole_folder


def test_settings_that_are_nested_or_odd_are_passed_over(tmp_path: Path) -> None:
    folder = lightning_log(tmp_path)
    (folder / "hparams.yaml").write_text(
        "model:\n  lr: 5\nlr: 0.01  # at first\nbatch_size: [1, 2]\noptimizer: 'adam'\nseed: !!python/object:os.x\n\0"
    )
    config = read_runs(folder)[-1].config
    assert (config.learning_rate, config.batch_size, config.optimizer, config.seed) == (0.01, None, "adam", None)
