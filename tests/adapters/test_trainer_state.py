"""What the trainer of Hugging Face leaves on the disk: written by itself, or by hand where it goes wrong."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from expert import advise, read_runs
from expert.errors import SourceError
from expert.history import History

FEATURES, STEPS = 4, 12


class Points(torch.utils.data.Dataset):  # type: ignore[type-arg]
    """Points and a line through them."""

    def __init__(self, size: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.x = torch.randn(size, FEATURES, generator=generator)
        self.y = self.x.sum(1, keepdim=True)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        return {"x": self.x[place], "labels": self.y[place]}


class Line(torch.nn.Module):
    """The least that a trainer trains; its loss is not a number from ``breaks_at`` on."""

    def __init__(self, breaks_at: int | None = None) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(FEATURES, 1)
        self.breaks_at, self.calls = breaks_at, 0

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> Mapping[str, torch.Tensor]:
        self.calls += self.training
        loss = torch.nn.functional.mse_loss(self.layer(x), labels)
        if self.breaks_at is not None and self.calls > self.breaks_at:
            loss = loss * float("nan")
        return {"loss": loss, "logits": self.layer(x)}


def trained(folder: Path, model: Line | None = None, **arguments: Any) -> Path:
    """The output folder of a real training of 12 steps."""
    transformers.logging.set_verbosity_error()
    settings: dict[str, Any] = {
        "max_steps": STEPS, "logging_steps": 1, "save_steps": 4, "per_device_train_batch_size": 8, "report_to": "none",
        "eval_strategy": "steps", "eval_steps": 4, "use_cpu": True, "disable_tqdm": True, "save_only_model": True,
    }  # fmt: skip
    evaluated = arguments.pop("eval_dataset", Points(32, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = transformers.Trainer(
            model=model or Line(),
            args=transformers.TrainingArguments(output_dir=str(folder), **{**settings, **arguments}),
            train_dataset=Points(96, 1),
            eval_dataset=evaluated,
        )
        trainer.train()
    return folder


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("output"))


def only(source: Path) -> History:
    runs = read_runs(source)
    assert len(runs) == 1
    return runs[0]


def values(history: History, role: str) -> list[float]:
    series = history.get(role)
    assert series is not None, history.roles
    return [float(value) for value in series.values]


def test_checkpoints_are_beginnings_of_one_run_and_the_longest_is_read(output: Path) -> None:
    run = only(output)
    assert len(values(run, "train.loss")) == STEPS
    assert len(values(run, "val.loss")) == 3
    assert "The 3 states in this folder are of one run" in run.notes[0]
    assert "checkpoint-12/trainer_state.json" in run.notes[0]
    assert run.config.framework == "transformers"
    loss = run.get("train.loss")
    assert loss is not None
    assert (loss.clock, loss.reduction, loss.at[-1]) == ("step", "interval_mean", STEPS)


def test_one_checkpoint_tells_its_part_of_the_run_and_that_it_went_on(output: Path) -> None:
    run = only(output / "checkpoint-8")
    assert len(values(run, "train.loss")) == 8
    assert "step 8 of 12: the run was not finished" in " ".join(run.notes)
    assert values(run, "train.loss") == values(only(output), "train.loss")[:8]


def test_file_and_folder_say_the_same(output: Path) -> None:
    folder, file = only(output / "checkpoint-12"), only(output / "checkpoint-12" / "trainer_state.json")
    assert folder.series == file.series


def test_nothing_but_the_state_is_opened(output: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "sprung"),)

    folder = shutil.copytree(output, tmp_path / "copy")
    for checkpoint in (folder, *folder.glob("checkpoint-*")):
        (checkpoint / "training_args.bin").write_bytes(pickle.dumps(Trap()))
    advise(folder)
    assert not (tmp_path / "sprung").exists()


def test_states_of_another_run_in_the_same_folder_are_left_out_and_named(output: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(output, tmp_path / "copy")
    stale = folder / "checkpoint-4000" / "trainer_state.json"
    stale.parent.mkdir()
    stale.write_text(json.dumps({"log_history": [{"step": k, "loss": 9.0} for k in range(1, 40)], "global_step": 4000}))
    os.utime(stale, (1, 1))
    run = only(folder)
    assert len(values(run, "train.loss")) == STEPS
    assert "1 of the states in this folder (checkpoint-4000/trainer_state.json) hold other entries" in " ".join(
        run.notes
    )
    os.utime(stale, (2**31, 2**31))
    assert set(values(only(folder), "train.loss")) == {9.0}, "the one written last counts"


def test_a_broken_checkpoint_costs_nothing_but_itself(output: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(output, tmp_path / "copy")
    (folder / "checkpoint-12" / "trainer_state.json").write_text('{"log_history": [')
    run = only(folder)
    assert len(values(run, "train.loss")) == 8
    assert any(note.startswith("Left out: ") and "checkpoint-12" in note for note in run.notes)


def test_several_evaluation_sets_and_an_evaluation_before_the_first_step(tmp_path: Path) -> None:
    sets = {"near": Points(16, 3), "far": Points(16, 4)}
    run = only(trained(tmp_path, eval_dataset=sets, eval_on_start=True))
    val = run.get("val.loss")
    assert val is not None
    assert val.at[0] == 0
    assert {one.name for one in run.series} >= {"eval_near_loss", "eval_far_loss"}


def test_the_summary_at_the_end_is_no_point_of_the_curve(tmp_path: Path) -> None:
    folder = trained(tmp_path / "run")
    state = json.loads((folder / "checkpoint-12" / "trainer_state.json").read_text())
    state["log_history"].append(
        {"step": 12, "epoch": 1.0, "train_loss": 123.0, "train_runtime": 1.0, "total_flos": 0.0}
    )
    (folder / "trainer_state.json").write_text(json.dumps(state))
    run = only(folder)
    assert len(values(run, "train.loss")) == STEPS
    assert max(values(run, "train.loss")) < 123.0
    assert "The 4 states in this folder" in run.notes[0]


def test_losses_that_the_trainer_wrote_as_zero_are_found(tmp_path: Path) -> None:
    run = only(trained(tmp_path, Line(breaks_at=6), save_steps=12))
    assert values(run, "train.loss")[7] == 0.0, "this is what the trainer writes for NaN"
    assert np.isnan(values(run, "gradient.norm")[7])
    assert any("logging_nan_inf_filter" in note for note in run.notes)
    assert [event.kind for event in run.events] == ["nan_filtered"]
    assert advise(tmp_path).verdict == "findings"


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_a_state_that_is_cut_off_gives_its_whole_entries(output: Path, tmp_path: Path, cut: float) -> None:
    text = (output / "checkpoint-12" / "trainer_state.json").read_text()
    file = tmp_path / "trainer_state.json"
    start = text.index('"log_history"')
    file.write_text(text[: start + int(cut * (text.index("]", start) - start))])
    run = only(file)
    whole = values(only(output), "train.loss")
    assert 0 < len(values(run, "train.loss")) < len(whole)
    assert values(run, "train.loss") == whole[: len(values(run, "train.loss"))]
    assert "cut off" in run.notes[0]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"log_history": []}, "its log_history has no entries"),
        ({"log_history": None, "best_metric": 1}, "its log_history has no entries"),
        ({"log_history": [3, None]}, "its log_history has no entries"),
        ({"log_history": [{"step": 1, "total_flos": 3.0}]}, "no column is a loss"),
    ],
)
def test_a_state_without_a_curve_is_refused_in_a_sentence(tmp_path: Path, state: Any, sentence: str) -> None:
    file = tmp_path / "trainer_state.json"
    file.write_text(json.dumps(state))
    with pytest.raises(SourceError, match=sentence):
        read_runs(file)


def test_odd_entries_break_nothing(tmp_path: Path) -> None:
    entries = [{"step": k, "loss": 2.0 - 0.1 * k} for k in range(1, 11)]
    odd: list[Any] = [
        {"step": "x", "loss": 0.0},
        {"loss": True},
        {"step": 11, "loss": "0.5"},
        {"step": 12, "scores": [1]},
        3,
    ]
    file = tmp_path / "trainer_state.json"
    file.write_text(
        json.dumps({"log_history": [*entries, *odd], "num_train_epochs": float("inf"), "max_steps": "many"})
    )
    run = only(file)
    assert values(run, "train.loss")[9] == pytest.approx(1.0)
    assert run.config.epochs is None
