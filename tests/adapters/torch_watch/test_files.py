"""The file of a run: it outlives kills and crashes, keeps what stood there before, and never breaks a training."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from pathlib import Path

import pytest
import torch
from torch import nn

from expert import advise
from expert.adapters.torch import Run, watch
from expert.adapters.torch import run as run_module
from expert.errors import SourceError
from expert.history import History

from .reference import points

UNCLOSED = """
import sys
from pathlib import Path
from tests.adapters.torch_watch.test_files import training

run = training(Path(sys.argv[1]), 40)
"""


def training(path: Path, steps: int, **arguments: object) -> Run:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    run = watch(model, optimizer, path=path, **arguments)  # type: ignore[arg-type]
    go_on(run, model, optimizer, steps)
    return run


def go_on(run: Run, model: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        loss = model(torch.randn(4, 4)).square().mean()
        loss.backward()
        optimizer.step()
        run.step(loss=loss)


def train_for_ever(path: Path, pause: float) -> None:
    """In a process of its own: train until it is killed, and log each step with its time."""
    run_module.WRITTEN_EVERY = 0.2  # instead of a second, so that a busy machine is told from a file not written to
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    run = watch(model, optimizer, path=path)
    with path.with_suffix(".log").open("w", buffering=1) as log:
        for step in count(1):
            go_on(run, model, optimizer, 1)
            log.write(f"{step} {time.time()}\n")
            time.sleep(pause)


def logged(path: Path) -> list[tuple[int, float]]:
    log = path.with_suffix(".log")
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return [(int(step), float(when)) for step, when in map(str.split, lines)]


def test_a_killed_training_leaves_all_but_the_last_moments(tmp_path: Path) -> None:
    pauses = {tmp_path / "fast.expert": 0.0, tmp_path / "slow.expert": 0.3}
    processes = [get_context("spawn").Process(target=train_for_ever, args=one) for one in pauses.items()]
    for process in processes:
        process.start()
    deadline = time.time() + 240.0
    while not all(map(logged, pauses)) and time.time() < deadline:
        time.sleep(0.1)
    time.sleep(6.0)
    killed_at = time.time()
    for process in processes:
        process.kill()
        process.join()
    assert [process.exitcode for process in processes] == [-signal.SIGKILL] * 2

    for path in pauses:
        kept = History.load(path).get("train.loss")
        assert kept is not None, path.name
        assert kept.at.tolist() == list(range(1, len(kept) + 1))
        lost = [when for step, when in logged(path) if step > len(kept) and when < killed_at]
        # The rest is for a machine that is busy with other things.
        assert killed_at - min(lost, default=killed_at) < 4.5, path.name
    assert advise(path).verdict in ("too_short", "cannot_judge", "healthy", "findings")


def test_a_run_that_nobody_closes_is_whole_when_the_interpreter_ends(tmp_path: Path) -> None:
    path = tmp_path / "run.expert"
    subprocess.run([sys.executable, "-c", UNCLOSED, str(path)], check=True, cwd=Path(__file__).parents[3])
    assert list(points(History.load(path), "train.loss")) == list(range(1, 41))


def test_what_is_in_the_file_is_what_was_recorded(tmp_path: Path) -> None:
    run = training(tmp_path / "run.expert", 30, every=3)
    run.epoch(val_loss=1.0, val_accuracy=0.5)
    run.close()
    kept, recorded = History.load(tmp_path / "run.expert"), run.history()
    series = [{(one.role, one.labels): one for one in history.series} for history in (kept, recorded)]
    assert series[0] == series[1]
    assert kept.layers == recorded.layers
    assert kept.events == recorded.events
    assert kept.config == recorded.config
    assert kept.model == recorded.model


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
def test_an_exception_stands_in_the_file_with_its_step(kind: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "run.expert"
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def train() -> None:
        with watch(model, optimizer, path=path) as run:
            go_on(run, model, optimizer, 17)
            raise kind("the disk of the data set is gone")

    with pytest.raises(kind):
        train()
    (event,) = [event for event in History.load(path).events if event.kind in ("crash", "stopped")]
    assert event.at == 17
    if kind is KeyboardInterrupt:
        assert (event.kind, event.text) == ("stopped", "stopped by hand")
    else:
        assert (event.kind, event.text) == ("crash", "RuntimeError: the disk of the data set is gone")


def test_a_run_that_ends_well_has_no_such_event(tmp_path: Path) -> None:
    training(tmp_path / "run.expert", 5).close()
    assert History.load(tmp_path / "run.expert").events == ()


def test_earlier_runs_are_kept_under_other_names(tmp_path: Path) -> None:
    path = tmp_path / "run.expert"
    for steps in (3, 4, 5):
        training(path, steps).close()
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["run.1.expert", "run.2.expert", "run.expert"]
    lengths = [len(points(History.load(tmp_path / name), "train.loss")) for name in names]
    assert lengths == [3, 4, 5]


@pytest.mark.parametrize(
    ("name", "content"),
    [("log.csv", b"epoch,loss\n1,0.5\n"), ("model.pt", b"PK\x03\x04rest"), ("notes.txt", "Größe".encode("latin-1"))],
)
def test_a_file_of_another_kind_is_left_alone_and_refused_in_one_sentence(
    name: str, content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError) as refused:
        training(path, 1)
    assert str(refused.value).count("\n") == 0
    assert str(path) in str(refused.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("path", ["nowhere/run.expert", "a file/run.expert", "."])
def test_a_path_that_cannot_be_written_is_refused_before_the_training(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a file").write_text("")
    with pytest.raises(SourceError, match="cannot be written to"):
        training(Path(path), 1)


@contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """No file may grow beyond this many bytes: writing more fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fills_up_ends_the_file_and_not_the_training(tmp_path: Path) -> None:
    path = tmp_path / "run.expert"
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    run = watch(model, optimizer, path=path, every=1)
    go_on(run, model, optimizer, 20)
    run.epoch(val_loss=1.0)  # an epoch is written at its end
    with full_disk(os.path.getsize(path) + 500):
        go_on(run, model, optimizer, 100)
        run.epoch(val_loss=0.5)
        go_on(run, model, optimizer, 700)
        run.epoch(val_loss=0.5)
        run.close()
    assert len(points(run, "train.loss")) == 820
    assert any("writing to the file" in note and "OSError" in note for note in run.history().notes)
    kept = History.load(path)
    assert list(points(kept, "train.loss")) == list(range(1, 21))
    assert any("cut off" in note for note in kept.notes)
    # Nothing waits any more to be written, so what is kept in memory is bounded again.
    gradients = run.history().layer("gradient_norm")
    assert gradients is not None
    assert len(gradients) < 600


def test_a_file_that_is_taken_away_does_not_break_the_training(tmp_path: Path) -> None:
    path = tmp_path / "run.expert"
    run = training(path, 10)
    path.unlink()
    run.epoch(val_loss=1.0)
    run.close()
    assert len(points(run, "train.loss")) == 10
