"""A training loop as a user writes it, with what its `Setup` says, under `watch`."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from typing import cast

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from expert.adapters.torch import watch
from expert.history import History

from .networks import build, prepare, start_at_prior
from .outcome import EVERY, Outcome, quality_of, told_by
from .problems.problem import Problem
from .samples import Samples, faulty
from .setup import Setup

LossFunction = Callable[[Tensor, Tensor], Tensor]
CLAMP = 1e-7


def train(problem: Problem, setup: Setup, seed: int) -> Outcome:
    """Train on one thread. The same setup and seed give the same run; generators outside are not touched."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            return _train(problem, setup, seed)
    finally:
        torch.set_num_threads(threads)


def _train(problem: Problem, setup: Setup, seed: int) -> Outcome:
    random = torch.Generator().manual_seed(seed + 1)
    samples = faulty(problem.samples(setup, seed), setup, random)
    torch.manual_seed(seed)
    model = prepare(build(problem.network, setup), setup)
    if setup.prior_bias:
        start_at_prior(model, samples)
    if setup.pretrained:
        _pretrain(problem, model, seed)
    started = time.process_time()
    history = _watched(problem, setup, samples, model, random)
    seconds = time.process_time() - started
    with torch.no_grad():
        outputs = model.eval()(samples.x_test)
    return Outcome(history.merge(told_by(samples)), quality_of(setup, samples, outputs), seconds)


def _pretrain(problem: Problem, model: nn.Module, seed: int) -> None:
    """A few epochs of the sound training on other samples of the same problem."""
    setup = problem.sound.but(epochs=max(2, problem.sound.epochs // 2))
    samples = problem.samples(setup, seed + 7000)
    random = torch.Generator().manual_seed(seed + 2)
    trainable = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    model.requires_grad_(True)
    optimizer = _optimizer(setup, model)
    loss_of = loss_function(setup, samples)
    for _ in range(setup.epochs):
        for rows in torch.randperm(len(samples.y), generator=random).split(setup.batch):
            optimizer.zero_grad()
            loss_of(model(samples.x[rows]), samples.y[rows]).backward()
            optimizer.step()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in trainable)


def _watched(problem: Problem, setup: Setup, samples: Samples, model: nn.Module, random: Generator) -> History:
    optimizer = _optimizer(setup, model)
    loader = _loader(setup, samples, random)
    updates = math.ceil(len(loader) / setup.accumulation) * setup.epochs
    scheduler = _scheduler(setup, optimizer, updates)
    loss_of = loss_function(setup, samples)
    sign = -1.0 if setup.loss == "negated" else 1.0
    watched_loss = nn.MSELoss() if setup.loss == "squared" else loss_of if isinstance(loss_of, nn.Module) else None
    told = {"pretrained": True} if setup.pretrained else None
    best, kept = math.inf, copy.deepcopy(model.state_dict())
    with watch(
        model, optimizer, loss_fn=watched_loss, scheduler=scheduler, loader=loader, config=told, every=EVERY
    ) as run:
        for _ in range(setup.epochs):
            model.train(setup.training_mode)
            total, hits, seen = 0.0, 0.0, 0
            for number, (x, y) in enumerate(_repeated(setup, loader), 1):
                if setup.gradients_zeroed and (number - 1) % setup.accumulation == 0:
                    optimizer.zero_grad()
                inputs = x + setup.input_noise * torch.randn_like(x) if setup.input_noise else x
                outputs = model(inputs)
                loss = sign * loss_of(outputs, x if samples.task == "autoencoder" else y)
                (loss / setup.accumulation).backward()
                if number % setup.accumulation == 0:
                    _clip(setup, model)
                    optimizer.step()
                    if scheduler is not None:
                        scheduler.step()
                run.step(loss=loss, batch=(inputs, y))
                total += loss.item() * len(y)
                hits += score(samples, outputs.detach(), y) * len(y)
                seen += len(y)
            measured = _validate(setup, samples, model, loss_of)
            if measured[0] < best:
                best, kept = measured[0], copy.deepcopy(model.state_dict())
            told_of_epoch = {"val_loss": sign * measured[0]}
            if samples.task in ("classification", "binary"):
                told_of_epoch |= {"train_accuracy": hits / seen, "val_accuracy": measured[1]}
            if setup.training_measured:
                model.eval()
                told_of_epoch["train_eval_loss"] = sign * _measured(setup, samples, model, loss_of, training=True)[0]
            run.epoch(**told_of_epoch)
    if setup.keep_best:
        model.load_state_dict(kept)
    return run.history()


def _loader(setup: Setup, samples: Samples, random: Generator) -> DataLoader[tuple[Tensor, ...]]:
    x, y = samples.x, samples.y
    if setup.order == "fixed":
        order = torch.randperm(len(y), generator=random)
        x, y = x[order], y[order]
    shuffled = setup.order in ("redrawn", "first_part")
    return DataLoader(TensorDataset(x, y), batch_size=setup.batch, shuffle=shuffled and setup.order == "redrawn")


def _repeated(setup: Setup, loader: DataLoader[tuple[Tensor, ...]]) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches of an epoch; where the iterator starts anew all the time, its first eighth over and over."""
    if setup.order != "first_part":
        yield from cast("Iterator[tuple[Tensor, Tensor]]", iter(loader))
        return
    given, part = 0, max(1, len(loader) // 8)
    while given < len(loader):
        for number, batch in enumerate(loader):
            if number == part or given == len(loader):
                break
            given += 1
            yield cast("tuple[Tensor, Tensor]", tuple(batch))


def _optimizer(setup: Setup, model: nn.Module) -> torch.optim.Optimizer:
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if setup.left_out:
        parameters = parameters[len(parameters) // 2 :]
    rate, decay = setup.rate, setup.weight_decay
    if setup.optimizer in ("adam", "adamw"):
        kind = torch.optim.Adam if setup.optimizer == "adam" else torch.optim.AdamW
        return kind(parameters, rate, eps=setup.epsilon, weight_decay=decay)
    if setup.optimizer == "rmsprop":
        return torch.optim.RMSprop(parameters, rate, eps=setup.epsilon, weight_decay=decay)
    if setup.optimizer == "adadelta":
        return torch.optim.Adadelta(parameters, rate, weight_decay=decay)
    return torch.optim.SGD(parameters, rate, setup.momentum, weight_decay=decay)


def _scheduler(
    setup: Setup, optimizer: torch.optim.Optimizer, updates: int
) -> torch.optim.lr_scheduler.LambdaLR | None:
    if setup.schedule == "constant" and not setup.warmup:
        return None
    rising = max(1, round(setup.warmup * updates))

    def factor(step: int) -> float:
        share = step / max(1, updates)
        risen = min(1.0, (step + 1) / rising)
        if setup.schedule == "cosine":
            return risen * max(0.01, 0.5 * (1.0 + math.cos(math.pi * min(1.0, share))))
        if setup.schedule == "restarts":
            return risen * max(0.01, 0.5 * (1.0 + math.cos(math.pi * (3.0 * share % 1.0))))
        if setup.schedule == "step":
            return risen * 0.2 ** int(3.0 * min(share, 0.999))
        if setup.schedule == "ends_early":
            return risen * max(0.0, 1.0 - share / 0.12)
        return risen

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def loss_function(setup: Setup, samples: Samples) -> LossFunction:
    """The loss that the setup names: a module where it is the framework's own."""
    if setup.loss in ("log_of_softmax", "clamped"):
        least = CLAMP if setup.loss == "clamped" else 0.0

        def by_hand(outputs: Tensor, y: Tensor) -> Tensor:
            if samples.task == "binary":
                p = torch.sigmoid(outputs).clamp(least, 1.0 - least)
                return -(y * p.log() + (1.0 - y) * (1.0 - p).log()).mean()
            p = torch.softmax(outputs, 1).clamp_min(least)
            return -p.gather(1, y.unsqueeze(1)).log().mean()

        return by_hand
    if setup.loss == "squared":

        def squared(outputs: Tensor, y: Tensor) -> Tensor:
            return functional.mse_loss(outputs, functional.one_hot(y, samples.classes).float())

        return squared
    if samples.task in ("classification", "language_model"):
        weights = _balance(samples) if setup.class_weights else None
        return nn.CrossEntropyLoss(weights, reduction=setup.reduction, label_smoothing=setup.label_smoothing)
    if samples.task == "binary":
        return nn.BCEWithLogitsLoss(reduction=setup.reduction)
    return nn.MSELoss(reduction=setup.reduction)


def _balance(samples: Samples) -> Tensor:
    counts = torch.bincount(samples.y.flatten().long(), minlength=samples.classes).clamp_min(1).float()
    return counts.sum() / (samples.classes * counts)


def _clip(setup: Setup, model: nn.Module) -> None:
    if setup.clip_norm is not None:
        nn.utils.clip_grad_norm_(model.parameters(), setup.clip_norm)
    if setup.clip_values is not None:
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.grad.clamp_(*setup.clip_values)


def _validate(setup: Setup, samples: Samples, model: nn.Module, loss_of: LossFunction) -> tuple[float, float]:
    if setup.evaluation_mode:
        model.eval()
    return _measured(setup, samples, model, loss_of)


@torch.no_grad()
def _measured(
    setup: Setup, samples: Samples, model: nn.Module, loss_of: LossFunction, *, training: bool = False
) -> tuple[float, float]:
    """Loss and score of the validation samples, or of the training samples as they are, with the model as it is."""
    inputs, targets = (samples.x, samples.y) if training else (samples.x_val, samples.y_val)
    total, hits = 0.0, 0.0
    size = 400 if setup.evaluation_mode or training else setup.batch
    for x, y in zip(inputs.split(size), targets.split(size), strict=True):
        outputs = model(x)
        weight = len(y) if setup.reduction == "mean" else 1.0
        total += float(loss_of(outputs, x if samples.task == "autoencoder" else y)) * weight
        hits += score(samples, outputs, y) * len(y)
    return total / len(targets), hits / len(targets)


def score(samples: Samples, outputs: Tensor, y: Tensor) -> float:
    """Share of right answers of a classifier; 0.0 of other models."""
    if samples.task == "classification":
        return float((outputs.argmax(1) == y).float().mean())
    if samples.task == "binary":
        return float(((outputs > 0) == (y > 0.5)).float().mean())
    return 0.0
