"""Going on after a restart, and the same run twice."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from expert.adapters.torch import Run, watch
from expert.errors import SourceError
from expert.history import History

from .observers import failures
from .reference import close, points, rows


class Job:
    """A training that can be saved and taken up again in the middle, watched."""

    def __init__(self, **arguments: Any) -> None:
        torch.manual_seed(0)
        self.data = torch.randn(12, 8, 4)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.run: Run = watch(self.model, self.optimizer, **({"every": 1} | arguments))
        self.losses: list[float] = []

    def train(self, epochs: int, *, order: str = "after") -> None:
        for _ in range(epochs):
            for x in self.data:
                self.optimizer.zero_grad()
                loss = (self.model(x) - x.sum(1, keepdim=True)).square().mean()
                loss.backward()
                if order == "before":
                    self.run.step(loss=loss)
                self.optimizer.step()
                if order == "after":
                    self.run.step(loss=loss)
                self.losses.append(loss.item())
            self.run.epoch(val_loss=self.losses[-1])

    def save(self, path: Path) -> None:
        parts = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save(parts | {"run": self.run.state_dict()}, path)

    def load(self, path: Path) -> None:
        parts = torch.load(path, weights_only=True)
        self.model.load_state_dict(parts["model"])
        self.optimizer.load_state_dict(parts["optimizer"])
        self.run.load_state_dict(parts["run"])


def untimed(history: History) -> dict[Any, Any]:
    return {(one.role, one.labels): one for one in history.series if one.role != "time.epoch_seconds"}


@pytest.mark.parametrize("order", ["after", "before"])
def test_a_resumed_run_goes_on_counting_and_remembers(order: str, tmp_path: Path) -> None:
    through = Job()
    through.train(4, order=order)
    through.run.close()

    first = Job()
    first.train(2, order=order)
    first.save(tmp_path / "checkpoint.pt")
    first.run.close()
    second = Job()
    second.load(tmp_path / "checkpoint.pt")
    second.train(2, order=order)
    second.run.close()

    assert first.losses + second.losses == through.losses
    for role in ("train.loss", "gradient.norm", "update.ratio", "weight.norm", "val.loss"):
        expected = points(through.run, role)
        assert len(expected) == (4 if role == "val.loss" else 48)
        assert close(points(second.run, role), expected, 1e-6) == [], role
    assert rows(second.run, "gradient_norm") == rows(through.run, "gradient_norm")
    assert [event.kind for event in second.run.history().events] == ["resume"]
    assert second.run.history().epochs == 4
    assert failures(second.run) == []


def test_the_file_of_a_resumed_run_tells_of_the_whole_run_and_the_old_one_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "run.expert"
    first = Job(path=path)
    first.train(1)
    first.save(tmp_path / "checkpoint.pt")
    first.train(1)  # is lost to the checkpoint
    first.run.close()
    second = Job(path=path)
    second.load(tmp_path / "checkpoint.pt")
    second.train(2)
    second.run.close()
    assert list(points(History.load(tmp_path / "run.1.expert"), "train.loss")) == list(range(1, 25))
    kept, recorded = History.load(path), second.run.history()
    assert list(points(kept, "train.loss")) == list(range(1, 37))
    assert points(kept, "train.loss") == points(recorded, "train.loss")
    assert points(kept, "gradient.norm") == points(recorded, "gradient.norm")
    assert points(kept, "val.loss") == points(recorded, "val.loss")


def test_a_run_resumed_twice_remembers_both(tmp_path: Path) -> None:
    job = Job()
    job.train(1)
    for _ in range(2):
        job.save(tmp_path / "checkpoint.pt")
        job.run.close()
        job = Job()
        job.load(tmp_path / "checkpoint.pt")
        job.train(1)
    assert list(points(job.run, "train.loss")) == list(range(1, 37))
    assert points(job.run, "val.loss").keys() == {1, 2, 3}


def test_a_training_that_goes_back_to_its_checkpoint_has_the_record_of_what_counts(tmp_path: Path) -> None:
    job = Job(path=tmp_path / "run.expert")
    job.train(1)
    job.save(tmp_path / "checkpoint.pt")
    job.train(1)
    with torch.no_grad():
        job.model[0].weight.fill_(1e30)  # and from here on it is lost
    job.train(1)
    job.load(tmp_path / "checkpoint.pt")
    del job.losses[12:]
    job.train(2)
    job.run.close()
    for history in (job.run.history(), History.load(tmp_path / "run.expert")):
        assert close(points(history, "train.loss"), dict(enumerate(job.losses, 1))) == []
        assert list(points(history, "gradient.norm")) == list(range(1, 37))
        assert list(points(history, "val.loss")) == [1, 2, 3]
        assert [event.kind for event in history.events if event.kind == "resume"] == ["resume"]
    assert failures(job.run) == []


def test_nothing_is_lost_where_the_state_is_taken_before_the_first_step(tmp_path: Path) -> None:
    job = Job()
    job.save(tmp_path / "checkpoint.pt")
    again = Job()
    again.load(tmp_path / "checkpoint.pt")
    again.train(1)
    assert list(points(again.run, "train.loss")) == list(range(1, 13))


@pytest.mark.parametrize("state", [{}, {"format": "else"}, [], None, {"format": "training-expert run", "version": 99}])
def test_a_state_of_something_else_is_refused_in_one_sentence(state: Any) -> None:
    job = Job()
    with pytest.raises(SourceError, match="load_state_dict") as refused:
        job.run.load_state_dict(state)
    assert "\n" not in str(refused.value)
    job.train(1)
    assert list(points(job.run, "train.loss")) == list(range(1, 13))


def test_state_dicts_hold_what_safe_loading_admits_and_no_tensor_of_the_model() -> None:
    job = Job()
    job.train(1)
    state = job.run.state_dict()
    assert all(isinstance(value, str | int | float | torch.Tensor) for value in state.values())
    assert [value.dtype for value in state.values() if isinstance(value, torch.Tensor)] == [torch.uint8]


@pytest.mark.parametrize("stride", [1, 3])
def test_the_same_run_twice_has_the_same_history(stride: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    histories = []
    for name, pause in (("fast", 1e9), ("slow", 0.0)):
        # However often the file is written: it depends on the clock.
        monkeypatch.setattr("expert.adapters.torch.run.WRITTEN_EVERY", pause)
        job = Job(every=stride, path=tmp_path / f"{name}.expert", on_finding=lambda finding: None)
        job.train(5)
        job.run.close()
        histories += [job.run.history(), History.load(tmp_path / f"{name}.expert")]
    for other in histories[1:]:
        assert untimed(other) == untimed(histories[0])
        assert other.layers == histories[0].layers
        assert other.events == histories[0].events
        assert other.config == histories[0].config
        assert other.model == histories[0].model
        assert other.data == histories[0].data


def test_without_a_fixed_stride_a_long_run_is_looked_at_ever_more_rarely() -> None:
    job = Job(every=None)
    job.train(40)
    looked = list(points(job.run, "update.ratio"))
    assert looked[:10] == list(range(1, 11))
    assert 12 < len(looked) < 240
    late = [following - at for at, following in pairwise(looked) if at > 240]
    assert late
    assert sum(late) / len(late) > 5
