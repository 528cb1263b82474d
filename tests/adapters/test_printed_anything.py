"""Output of programs nobody has described: what is read of it, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from expert.adapters.printed.sentences import said
from expert.errors import SourceError
from expert.history import History
from tests.data.log_expectations import read
from tests.data.make_logs import decay

LOSSES = decay(12, 2.3, 0.4, 7)
Line = Callable[[int, float], str]


def log(folder: Path, text: str) -> tuple[History, ...]:
    path = folder / "output.log"
    path.write_text(text, encoding="utf-8")
    return read(path)


def found(history: History, role: str) -> tuple[list[float], list[float]]:
    series = history.get(role)
    assert series is not None, history.roles
    return series.at.tolist(), series.values.tolist()


@pytest.mark.parametrize(
    ("line", "clock", "roles"),
    [
        (lambda i, x: f"epoch {i}, loss {x:.3f}, train acc {1 - x / 3:.3f}", "epoch", ["train.loss", "train.accuracy"]),
        (
            lambda i, x: f"Epoch: {i:04d} loss_train: {x:.3f} loss_val: {x + 1:.3f} time: 0.0{i}s",
            "epoch",
            ["train.loss"],
        ),
        (lambda i, x: f"Cost after iteration {i}: {x:.3f}", "step", ["train.loss"]),
        (lambda i, x: f"step {i}: loss = tensor({x:.3f}, device='cuda:0', grad_fn=<NllLoss>)", "step", ["train.loss"]),
        (lambda i, x: f"step {i}: loss np.float64({x:.3f})", "step", ["train.loss"]),
        (lambda i, x: f"INFO:tensorflow:loss = {x:.3f}, step = {i} (3.212 sec)", "step", ["train.loss"]),
        (lambda i, x: f"{{'loss': {x:.3f}, 'grad_norm': nan, 'step': {i}}}", "step", ["train.loss", "gradient.norm"]),
        (lambda i, x: f"it={i} train/loss={x:.3f} val/loss={x + 1:.3f}", "step", ["train.loss", "val.loss"]),
        (lambda i, x: f"Step {i}/100000; acc: {i}.5; loss: {x:.3f}; 12/13 tok/s; 9 sec", "step", ["train.loss"]),
        (lambda i, x: f"[Epoch {i}] loss={x:.3f} (avg 1.0) | 12:0{i % 10}:07", "epoch", ["train.loss"]),
        (lambda i, x: f"Epoch {i}: train_loss={x:.3f}, best_val_loss=0.1", "epoch", ["train.loss"]),
        (lambda i, x: f"global_step 1,{i:03d}: loss 0,5 train loss {x:.3f}", "step", ["train.loss"]),
    ],
)
def test_lines_with_names_and_numbers(tmp_path: Path, line: Line, clock: str, roles: list[str]) -> None:
    (run,) = log(tmp_path, "".join(line(i, x) + "\n" for i, x in enumerate(LOSSES)))
    for role in roles:
        series = run.get(role)
        assert series is not None, (role, run.roles)
        assert series.clock == clock
    assert found(run, "train.loss")[1] == [float(f"{x:.3f}") for x in LOSSES]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The loss of the ship was a shock: in step 1, step 2 and step 3 we saw loss 5 and accuracy 7 once.\n",
        "learning_rate: 0.1\nepochs: 100\nbatch_size: 32\nloss: mse\n",
        "Test Accuracy: 0.91\nTest Loss: 0.33\n",
        "".join(f"64 bytes from 10.0.0.1: icmp_seq={i} ttl=64 time=0.0{i} ms\n" for i in range(30)),
        "".join(f"iteration {i}: packet loss: 0.{i}%\n" for i in range(30)),
        "".join(f"step {i} took {i}.5 seconds, error {i}\n" for i in range(30)),
        "".join(f"step {i} loss 0,{i}\n" for i in range(30)),
        "".join(f"\rEpoch 1:  {k:2d}%|##| {k}/100 [00:10<00:12, 4.3it/s, loss=0.0" for k in range(40)) + "\n",
        "".join(f"fold {i}: val_loss 0.{i} acc 0.{i}\n" for i in range(9)),
        "".join(f"{i} 0.5 apples and {i} pears\n" for i in range(30)),
        "def train():\n    # epoch 1: val_loss 0.5, then\n    # epoch 2: val_loss 0.4 and so on\n" + "    pass\n" * 60,
    ],
)  # fmt: skip
def test_what_is_no_training_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError) as error:
        log(tmp_path, text)
    assert str(tmp_path) in str(error.value)
    assert "\n" not in str(error.value)


def test_validation_stands_where_training_was(tmp_path: Path) -> None:
    text = "".join(
        f"step {10 * i} train loss {x:.3f}\n" + (f"Validation: loss {x + 0.1:.3f}\n" if i % 3 == 2 else "")
        for i, x in enumerate(LOSSES)
    )
    (run,) = log(tmp_path, text)
    assert found(run, "val.loss")[0] == [20, 50, 80, 110]


def test_batches_of_an_evaluation_do_not_move_the_clock(tmp_path: Path) -> None:
    text = "".join(
        f"Epoch {i} [100/100] loss {x:.3f} (8.0)\nVal [5/20] loss 9.0\nVal [20/20] loss 9.0 ({x + 0.1:.3f})\n"
        for i, x in enumerate(LOSSES, 1)
    )
    (run,) = log(tmp_path, text)
    at, values = found(run, "val.loss")
    assert at == found(run, "train.loss")[0] == [100.0 * i for i in range(1, 13)]
    assert values == [float(f"{x + 0.1:.3f}") for x in LOSSES]  # the mean in brackets, not the last batch
    assert max(found(run, "train.loss")[1]) < 3


def test_steps_and_epochs_of_one_quantity_are_two_series(tmp_path: Path) -> None:
    text = "".join(
        "".join(f"Epoch {i} batch {10 * k} loss {x + 0.1:.3f}\n" for k in range(5))
        + f"Epoch {i} train loss {x:.3f} val loss {x:.3f}\n"
        for i, x in enumerate(LOSSES)
    )
    (run,) = log(tmp_path, text)
    assert len(found(run, "train.loss")[1]) == 12
    assert len(found(run, "train.loss_step")[1]) == 60


def test_runs_that_start_again(tmp_path: Path) -> None:
    text = "".join(f"Epoch [{i // 4 + 1}/3], Step [{100 * (i % 4)}/400], Loss: {x:.3f}\n" for i, x in enumerate(LOSSES))
    runs = log(tmp_path, text * 2)
    assert [len(found(run, "train.loss")[1]) for run in runs] == [12, 12]
    assert found(runs[1], "train.loss")[0] == sorted(found(runs[1], "train.loss")[0])


def test_losses_without_a_clock_are_counted_where_there_are_enough(tmp_path: Path) -> None:
    (run,) = log(tmp_path, "".join(f"training loss: {x:.3f}\n" for x in LOSSES))
    assert found(run, "train.loss")[0] == list(range(1, 13))
    assert any("counts neither" in note for note in run.notes)
    with pytest.raises(SourceError):
        log(tmp_path, "".join(f"training loss: {x:.3f}\n" for x in LOSSES[:4]))


def test_what_stands_once_is_no_curve(tmp_path: Path) -> None:
    (run,) = log(tmp_path, "".join(f"epoch {i} loss {x:.3f}\n" for i, x in enumerate(LOSSES)) + "test accuracy 0.9\n")
    assert run.get("test.accuracy") is None
    assert ("test accuracy", "stands in one line only") in {(one.name, one.reason) for one in run.ignored}


def test_a_number_is_taken_whole_or_not_at_all() -> None:
    assert said("epoch 3 loss 0.53s").pairs == {}
    assert said("loss 12:03:04").pairs == {}
    assert said("loss 1.5e").pairs == {}
    assert said("loss 1,234.5").pairs == {"loss": "1,234.5"}
    assert said("acc: 9890/10000 (98.9%)").pairs == {"acc": "98.9%"}
    assert said("loss: nan, acc: -inf").pairs == {"loss": "nan", "acc": "-inf"}
    assert said("loss=0.5, lr=1e-05.").pairs == {"loss": "0.5", "lr": "1e-05"}
    assert said("loss 0,5").pairs == {}
    assert said("version 2024-01-02 loss").pairs == {}


@pytest.mark.parametrize("word", ["Epoca", "Época", "Epoche", "Époque", "Эпоха"])
def test_epochs_in_other_languages(word: str, tmp_path: Path) -> None:
    lines = [f"{word}  {k}/20 - 45.99s | train_loss: {2 / k:.4f} | val_acc: {1 - 1 / k:.4f}\n" for k in range(1, 21)]
    path = tmp_path / "train.log"
    path.write_text("".join(lines), encoding="utf-8")
    (run,) = read(path)
    loss = run.get("train.loss")
    assert loss is not None
    assert (loss.clock, loss.at[-1]) == ("epoch", 20)


def test_a_mean_so_far_is_the_loss(tmp_path: Path) -> None:
    lines = [f"Epoch {k // 4}, Step {25 * (k % 4 + 1)}, avg loss so far is {2 / (k + 1):.5f}\n" for k in range(40)]
    path = tmp_path / "train.log"
    path.write_text("".join(lines), encoding="utf-8")
    (run,) = read(path)
    assert len(run.get("train.loss") or ()) == 40
