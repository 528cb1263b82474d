"""The one training loop of the scenarios."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from . import data, models
from .data import Samples
from .program import Program
from .recorder import Recorder
from .run import Run

CLAMP = 1e-10


def train(program: Program, seed: int) -> Run:
    """Train the program on one CPU thread; the same seed gives the same run, and no generator outside is touched."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return _train(program, seed, task=seed)[0]
    finally:
        torch.set_num_threads(threads)


def _train(program: Program, seed: int, task: int) -> tuple[Run, nn.Module]:
    samples = data.draw(program, seed, task)
    model = models.build(program, samples)
    if program.pretraining:
        # The earlier training saw other samples of the same task.
        model.load_state_dict(_train(program.pretraining, seed + 500, task)[1].state_dict())
    averaged = copy.deepcopy(model)
    recorder = Recorder(model, samples.entropy, samples.x[:256])
    optimizer = optimizer_of(program, model)
    # Loss scaling and automatic casting do nothing in single precision.
    scaler = torch.amp.GradScaler("cpu", enabled=program.precision == "float16")
    weights = samples.balance if program.class_weights else None
    random = torch.Generator().manual_seed(seed)
    step, best, kept = 0, float("inf"), copy.deepcopy(model.state_dict())
    for epoch in range(program.epochs):
        if program.rate_change and program.rate_change[0] == epoch:
            optimizer.param_groups[0]["lr"] *= program.rate_change[1]
        hits = 0
        for rows in _batches(program, samples, epoch, random):
            model.train()
            x, y = samples.x[rows], samples.y[rows]
            with casting(program):
                outputs = model(x)
                losses = losses_of(program, outputs, y, weights)
            loss = losses.mean() if program.reduction == "mean" else losses.sum()
            penalty = program.l2 * _square(model) if program.l2 else torch.zeros(())
            if program.gradients_zeroed:
                optimizer.zero_grad()
            torch.autograd.backward(scaler.scale(loss + penalty if program.penalty_in_gradient else loss))
            scaler.unscale_(optimizer)
            recorder.gradients()
            if epoch >= program.clip_from_epoch and (program.clip_norm or program.clip_value):
                if program.clip_norm:
                    nn.utils.clip_grad_norm_(model.parameters(), program.clip_norm)
                if program.clip_value:
                    for parameter in model.parameters():
                        if parameter.grad is not None:
                            parameter.grad.clamp_(*program.clip_value)
                recorder.clipped(program.clip_value)
            rate = optimizer.param_groups[0]["lr"]
            scale = scaler.get_scale()
            scaler.step(optimizer)
            scaler.update()
            if scaler.is_enabled():
                recorder.scaled(scale, skipped=scaler.get_scale() < scale)
            with torch.no_grad():
                for mean, new in zip(averaged.parameters(), model.parameters(), strict=True):
                    mean.lerp_(new, 1 - program.averaging)
            hits += int((outputs.argmax(1) == y).sum())
            recorder.step((step, epoch), float((loss + penalty).detach()), losses.detach(), y, rate)
            step += 1
        measures = {"train.accuracy": hits / len(samples.y)}
        measured = averaged if program.averaging else model
        measured.train(not program.evaluation_mode)
        measures |= _measure(program, measured, samples.x_val, samples.y_val, "val")
        if program.train_in_evaluation_mode:
            measures |= _measure(program, measured.eval(), samples.x, samples.y, "train_eval")
        if measures["val.loss"] < best:
            best, kept = measures["val.loss"], copy.deepcopy(model.state_dict())
        recorder.epoch(measures)
        optimizer.param_groups[0]["lr"] *= program.rate_per_epoch
        optimizer.param_groups[0]["weight_decay"] *= program.decay_per_epoch
    if program.checkpoint_best:
        model.load_state_dict(kept)
    run = Run(program, seed, samples, recorder.rows, _config(program), models.profile(program, model))
    run.final.update(_final(program, model if program.checkpoint_best or not program.averaging else averaged, samples))
    return run, model


def _batches(program: Program, samples: Samples, epoch: int, random: torch.Generator) -> Iterator[Tensor]:
    if program.order == "sorted":
        order = torch.arange(len(samples.y))
    elif program.order == "fixed":
        order = torch.randperm(len(samples.y), generator=torch.Generator().manual_seed(7))
    else:
        order = torch.randperm(len(samples.y), generator=random)
    change = program.batch_change
    yield from torch.split(order, change[1] if change and epoch >= change[0] else program.batch)


def casting(program: Program) -> torch.autocast:
    """The automatic casting under which the program computes its outputs."""
    kind = torch.float16 if program.precision == "float16" else torch.bfloat16
    return torch.autocast("cpu", kind, enabled=program.precision != "float32")


def losses_of(program: Program, outputs: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    """The loss of each sample, by the program's formula."""
    if program.loss == "fused":
        return functional.cross_entropy(outputs, labels, weights, reduction="none")
    if program.loss == "negated":
        return -functional.cross_entropy(outputs, labels, reduction="none")
    chosen = torch.softmax(outputs, 1).gather(1, labels[:, None])[:, 0]
    return -(chosen.clamp(CLAMP, 1.0) if program.loss == "clamped_softmax" else chosen).log()


def _square(model: nn.Module) -> Tensor:
    return torch.stack([p.square().sum() / 2 for p in model.parameters() if p.dim() > 1]).sum()


@torch.no_grad()
def _measure(program: Program, model: nn.Module, x: Tensor, y: Tensor, subject: str) -> dict[str, float]:
    with casting(program):
        outputs = model(x)
        losses = losses_of(program, outputs, y)
    loss = losses.mean() if program.validation_reduction == "mean" or subject != "val" else losses.sum()
    return {f"{subject}.loss": float(loss), f"{subject}.accuracy": float((outputs.argmax(1) == y).float().mean())}


@torch.no_grad()
def _final(program: Program, model: nn.Module, samples: Samples) -> dict[str, float]:
    """Measures of the weights kept at the end, in evaluation mode: what the user takes home."""
    model.eval()
    outputs = model(samples.x_val)
    guesses = outputs.argmax(1)
    recalls = [float((guesses[samples.y_val == c] == c).float().mean()) for c in torch.unique(samples.y_val).tolist()]
    return {
        "kept_loss": float(functional.cross_entropy(outputs, samples.y_val)),
        "kept_accuracy": float((guesses == samples.y_val).float().mean()),
        "kept_train_loss": float(functional.cross_entropy(model(samples.x), samples.y)),
        "balanced_accuracy": sum(recalls) / len(recalls),
    }


def optimizer_of(program: Program, model: nn.Module) -> torch.optim.Optimizer:
    """The program's optimizer, over what is not frozen."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    rate, decay = program.rate, program.weight_decay
    if program.optimizer in ("adam", "adamw"):
        kind = torch.optim.Adam if program.optimizer == "adam" else torch.optim.AdamW
        return kind(parameters, rate, weight_decay=decay)
    if program.optimizer == "adadelta":
        return torch.optim.Adadelta(parameters, rate, rho=0.95, eps=1e-8, weight_decay=decay)
    return torch.optim.SGD(parameters, rate, program.momentum, weight_decay=decay, maximize=program.ascent)


def _config(program: Program) -> dict[str, Any]:
    """What the author of such a script knows of it, in the fields of `RunConfig`.

    Slips nobody would tell of, because they would be mended at once, stay out: gradients not zeroed, the wrong sign,
    the rate schedule's real effect. The recorded series must show them.
    """
    heads = {"fused": "fused", "negated": None, "log_of_softmax": "hand_made", "clamped_softmax": "hand_made"}
    low, high = program.clip_value or (None, None)
    return {
        "framework": "torch",
        "optimizer": program.optimizer,
        "learning_rate": program.rate,
        "momentum": program.momentum if program.optimizer == "sgd" else None,
        "weight_decay": program.weight_decay,
        "batch_size": program.batch,
        "epochs": program.epochs,
        "steps_per_epoch": -(-program.samples // program.batch),
        "shuffle": program.order == "redrawn",
        "loss": "cross_entropy",
        "loss_reduction": program.reduction,
        "loss_from_logits": True,
        "loss_formula": heads[program.loss],
        "probability_clamp": CLAMP if program.loss == "clamped_softmax" else None,
        "clip_norm": program.clip_norm,
        "clip_value_low": low,
        "clip_value_high": high,
        "l2_penalty": program.l2 or None,
        "penalty_in_loss": True if program.l2 else None,
        "penalty_in_gradient": program.penalty_in_gradient if program.l2 else None,
        "evaluation_mode_in_validation": program.evaluation_mode,
        "weight_averaging": program.averaging > 0,
        "checkpoint_best": program.checkpoint_best,
        "pretrained": program.pretraining is not None,
        "class_weights": program.class_weights,
        "precision": program.precision,
        "loss_scaling": program.precision == "float16",
        "task": "classification",
        "seed": 0,
    }
