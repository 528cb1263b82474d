"""Healthy trainings of further kinds, to measure what a kind of run reads: languages, sequences, pictures, fine-tuning.

They are written as users write them, of PyTorch's own layers, and no rule is judged by them: what they read stands
behind the values that limits have for profiles (`healthy_ranges`). The text is that of Python's own help.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from expert.adapters.torch import profile_data, watch
from expert.history import History

from .kind_programs import (
    Patches,
    Samples,
    convolutions,
    dense,
    digits,
    gru_letters,
    lstm_letters,
    noisy_table,
    recurrent,
    text,
    tones,
    transformer_letters,
    waves,
)
from .store import FOLDER

Task = Literal["classification", "regression", "language_model"]
SEEDS = range(2)
EPOCHS_BEFORE = 10


@dataclass(frozen=True)
class Kind:
    """A training: samples of a part (0 is what is trained on, 1 what comes before in fine-tuning), network, loop."""

    name: str
    task: Task
    draw: Callable[[int, int], Samples]
    build: Callable[[], nn.Module]
    rate: float
    epochs: int
    optimizer: Literal["sgd", "adam", "adamw"] = "adamw"
    batch: int = 32
    clip: float | None = None
    warmup: float = 0.0
    cosine: bool = True
    fine_tuned: Literal["", "all", "head"] = ""
    decay: float = 0.01


KINDS = (
    Kind("text-transformer", "language_model", text, transformer_letters, 5e-3, 14, warmup=0.1, clip=1.0, decay=0.1),
    Kind("text-transformer-unclipped", "language_model", text, transformer_letters, 3e-3, 14, warmup=0.1),
    Kind("text-lstm", "language_model", text, lstm_letters, 4e-3, 14, "adam", clip=1.0),
    Kind("text-gru", "language_model", text, gru_letters, 4e-3, 14, "adam", cosine=False),
    Kind("waves-gru", "regression", waves, lambda: recurrent(nn.GRU, 1, 1), 4e-3, 16, "adam", clip=1.0),
    Kind("waves-lstm", "regression", waves, lambda: recurrent(nn.LSTM, 1, 1), 6e-3, 16, "adam", cosine=False),
    Kind("tones-gru", "classification", tones, lambda: recurrent(nn.GRU, 4, 4), 4e-3, 16, "adam", clip=1.0),
    Kind("tones-lstm", "classification", tones, lambda: recurrent(nn.LSTM, 4, 4), 5e-3, 16, "adam", cosine=False),
    Kind("patches-transformer", "classification", digits, Patches, 4e-3, 12, warmup=0.1, decay=0.1),
    Kind("digits-convolutions", "classification", digits, convolutions, 5e-3, 10),
    Kind("digits-convolutions-sgd", "classification", digits, convolutions, 0.05, 10, "sgd"),
    Kind("noisy-table", "regression", noisy_table, dense, 2e-3, 14, cosine=False),
    Kind("tuned-text", "language_model", text, transformer_letters, 3e-4, 8, fine_tuned="all", warmup=0.1, clip=1.0),
    Kind("tuned-text-slowly", "language_model", text, transformer_letters, 5e-5, 8, fine_tuned="all", warmup=0.1),
    Kind("tuned-letters", "language_model", text, lstm_letters, 4e-4, 8, "adam", fine_tuned="all"),
    Kind("tuned-patches", "classification", digits, Patches, 3e-4, 8, fine_tuned="all", warmup=0.1),
    Kind("tuned-convolutions", "classification", digits, convolutions, 5e-4, 8, fine_tuned="all"),
    Kind("tuned-head", "classification", digits, convolutions, 2e-2, 12, fine_tuned="head"),
    Kind("tuned-waves", "regression", waves, lambda: recurrent(nn.GRU, 1, 1), 4e-4, 8, "adam", fine_tuned="all"),
)  # fmt: skip


def runs(jobs: int = 1) -> Iterator[History]:
    """The runs of every kind and seed, each trained once and kept."""
    wanted = [(kind, seed) for kind in KINDS for seed in SEEDS]
    missing = [number for number, one in enumerate(wanted) if not _path(*one).exists()]
    with ProcessPoolExecutor(jobs) as pool:
        list(pool.map(_make, missing))
    for kind, seed in wanted:
        yield History.load(_path(kind, seed))


def _path(kind: Kind, seed: int) -> Path:
    """Where a run is kept; the name changes with everything that is trained but the functions."""
    said = repr([(name, value) for name, value in vars(kind).items() if not callable(value)])
    return FOLDER / f"kind-{kind.name}-{hashlib.sha256(said.encode()).hexdigest()[:12]}-{seed}.history"


def _make(number: int) -> None:
    """Train one of all; networks are made by functions, which cannot be sent to another process."""
    kind, seed = KINDS[number // len(SEEDS)], SEEDS[number % len(SEEDS)]
    trained(kind, seed).save(_path(kind, seed))


def trained(kind: Kind, seed: int, before: int = EPOCHS_BEFORE) -> History:
    """The record of a training on one thread; what is fine-tuned was trained ``before`` for so many epochs."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return _trained(kind, seed, before)
    finally:
        torch.set_num_threads(threads)


def _trained(kind: Kind, seed: int, before: int) -> History:
    model = kind.build()
    if kind.fine_tuned:
        whole = Kind(kind.name, kind.task, kind.draw, kind.build, 4e-3, before, "adam", clip=1.0)
        _train(whole, model, kind.draw(1, seed), None)
    if kind.fine_tuned == "head":
        model.requires_grad_(False)
        head = list(model.children())[-1]
        head.requires_grad_(True)
        nn.init.zeros_(head.bias)
        nn.init.kaiming_uniform_(head.weight, a=5**0.5)
    told = {"pretrained": True} if kind.fine_tuned else {}
    samples = kind.draw(0, seed)
    history = _train(kind, model, samples, {"task": kind.task, **told})
    assert history is not None
    return history.merge(History(data=profile_data(TensorDataset(*samples))))


def _train(kind: Kind, model: nn.Module, samples: Samples, told: dict[str, object] | None) -> History | None:
    """A training, watched where something is to be told."""
    x, y = samples
    cut = len(x) * 3 // 4
    loader = DataLoader(TensorDataset(x[:cut], y[:cut]), batch_size=kind.batch, shuffle=True)
    optimizer = _optimizer(kind, [one for one in model.parameters() if one.requires_grad])
    total = len(loader) * kind.epochs
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(kind, step / total))
    loss_fn = nn.MSELoss() if kind.task == "regression" else nn.CrossEntropyLoss()
    if told is None:
        for _ in range(kind.epochs):
            for inputs, targets in loader:
                _step(kind, model, optimizer, loss_fn(model(inputs), targets))
        return None
    with watch(model, optimizer, loss_fn=loss_fn, scheduler=scheduler, loader=loader, config=told, every=5) as run:
        for _ in range(kind.epochs):
            model.train()
            for inputs, targets in loader:
                outputs = model(inputs)
                loss = loss_fn(outputs, targets)
                _step(kind, model, optimizer, loss)
                scheduler.step()
                run.step(loss=loss)
            model.eval()
            with torch.no_grad():
                outputs = model(x[cut:])
                measured = {"val_loss": float(loss_fn(outputs, y[cut:]))}
                if kind.task == "classification":
                    measured["val_accuracy"] = float((outputs.argmax(1) == y[cut:]).float().mean())
            run.epoch(**measured)
    return run.history()


def _step(kind: Kind, model: nn.Module, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    if kind.clip is not None:
        nn.utils.clip_grad_norm_(model.parameters(), kind.clip)
    optimizer.step()


def _optimizer(kind: Kind, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    if kind.optimizer == "sgd":
        return torch.optim.SGD(parameters, kind.rate, momentum=0.9)
    if kind.optimizer == "adam":
        return torch.optim.Adam(parameters, kind.rate)
    return torch.optim.AdamW(parameters, kind.rate, weight_decay=kind.decay)


def _rate(kind: Kind, done: float) -> float:
    """The rate at a share of the run, as a factor."""
    if done < kind.warmup:
        return done / kind.warmup
    return 0.5 * (1.0 + float(torch.cos(torch.tensor(done * torch.pi)))) if kind.cosine else 1.0
