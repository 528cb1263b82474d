"""A plain recorder of one training's internals: rows for `History.from_records`. It need not be fast."""

from __future__ import annotations

from statistics import median

import torch
from torch import Tensor, nn

from .data import entropy
from .models import hidden_activations

Row = dict[str, float | dict[str, float]]


class Recorder:
    """Watches one model; call `gradients`, `clipped`, `step` in each training step and `epoch` after each epoch."""

    def __init__(self, model: nn.Module, set_entropy: float, probe: Tensor) -> None:
        self.rows: list[Row] = []
        self.row: Row = {}
        self.model, self.set_entropy, self.probe = model, set_entropy, probe
        self.weights = {name: p for name, p in model.named_parameters() if p.dim() > 1}
        self.raw: Tensor | None = None

    def gradients(self) -> None:
        """After `backward`, before clipping."""
        raw, self.row = self._flat_gradient(), {}
        self.row["gradient.norm"] = float(raw.norm())
        if self.raw is not None:
            self.row["gradient.cosine"] = float(torch.cosine_similarity(raw, self.raw, dim=0))
        self.row["gradient_norm"] = {n: float(p.grad.norm()) for n, p in self.weights.items() if p.grad is not None}
        self.raw = raw
        self.before = {name: p.detach().clone() for name, p in self.weights.items()}

    def clipped(self, bounds: tuple[float, float] | None) -> None:
        """After clipping, with the bounds of a clip by value."""
        flat = self._flat_gradient()
        self.row["gradient.norm_after_clipping"] = float(flat.norm())
        self.row["gradient.clipped"] = float(self.raw is not None and not torch.equal(flat, self.raw))
        if bounds:
            self.row["gradient.at_bound_share"] = max(float((flat == bound).float().mean()) for bound in bounds)

    def scaled(self, scale: float, skipped: bool) -> None:
        """After the step of the loss scaler: the scale it used, and whether it left the step out."""
        self.row |= {"scaler.scale": scale, "scaler.skipped": float(skipped)}

    def step(self, at: tuple[int, int], loss: float, samples: Tensor, labels: Tensor, rate: float) -> None:
        """After the optimizer's step: (step, epoch), the logged loss, the loss of each sample, the batch's labels."""
        self.row |= {"step": at[0], "epoch": at[1], "train.loss": loss, "optimizer.learning_rate": rate}
        self.row["batch.size"] = len(labels)
        self.row["batch.label_entropy"] = entropy(torch.bincount(labels) / len(labels)) / self.set_entropy
        if len(samples) > 1:
            self.row["batch.loss_std"] = float(samples.std()) / len(samples) ** 0.5
        self.row["weight_norm"] = {name: float(p.detach().norm()) for name, p in self.weights.items()}
        # A tensor that starts at zero has no ratio.
        old = {name: weight for name, weight in self.before.items() if weight.any()}
        ratios = {name: float((self.weights[name].detach() - w).norm() / w.norm()) for name, w in old.items()}
        self.row["update_ratio"] = ratios
        if ratios:
            self.row["update.ratio"] = median(ratios.values())
        self.rows.append(self.row)

    def epoch(self, measures: dict[str, float]) -> None:
        """After an epoch: its measures, and the activations of a fixed probe, join the row of the last step."""
        outputs: dict[str, Tensor] = {}
        kinds = dict(hidden_activations(self.model))
        hooks = [
            module.register_forward_hook(lambda _module, _inputs, out, name=name: outputs.update({name: out}))
            for name, module in kinds.items()
        ]
        training = self.model.training
        self.model.eval()
        with torch.no_grad():
            self.model(self.probe)
        self.model.train(training)
        for hook in hooks:
            hook.remove()
        self.rows[-1] |= measures
        self.rows[-1]["activation_std"] = {name: float(out.std()) for name, out in outputs.items()}
        for quantity, bounded, of in (
            ("zero_unit_share", (nn.ReLU,), _zero_units),
            ("saturated_share", (nn.Tanh,), lambda out: out.abs() > 0.99),
            ("saturated_share", (nn.Sigmoid,), lambda out: (out < 0.01) | (out > 0.99)),
        ):
            shares = {n: float(of(out).float().mean()) for n, out in outputs.items() if isinstance(kinds[n], bounded)}
            if shares:
                self.rows[-1][quantity] = shares

    def _flat_gradient(self) -> Tensor:
        return torch.cat([p.grad.flatten() for p in self.model.parameters() if p.grad is not None])


def _zero_units(out: Tensor) -> Tensor:
    """One flag a unit (a channel, of an image): zero for every sample and place, or step in time."""
    units = 2 if out.dim() == 3 else 1
    return (out == 0).transpose(0, units).flatten(1).all(1)
