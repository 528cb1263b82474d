"""The losses that a model itself returns, as those of transformers do, where the training loop keeps them to itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

MOST_WAITING = 1024
"""So many losses that nobody took mean that the training has broken off."""
MOST_NUMBERS = 2**22
"""Larger outputs are not measured a second time."""
AGREES = 1e-3
UNDIVIDED = (
    "{model} is trusted with dividing its loss by the samples of {steps} batches together, but it does not do so: "
    "the gradients, and the loss in the trainer's log, are {steps} times too large. Set "
    "trainer.model_accepts_loss_kwargs = False before trainer.train(); the losses recorded here are means."
)


class ReturnedLosses:
    """A hook on one model that keeps, detached, the losses it returns; of these only the ones trained on count.

    A loss is trained on if the backward pass comes through it: a trainer may make its own of the model's outputs.
    ``accumulated`` is the number of batches that an update is made of in each of ``processes`` that count the samples
    of all of them together.
    """

    def __init__(self, model: nn.Module, accumulated: int, processes: int = 1) -> None:
        self.note: str | None = None
        """What the user has to know of these losses."""
        self._batch: Mapping[str, Any] | None = None
        self._seen: list[Tensor] = []
        self._trained: set[int] = set()
        self._batches, self._processes = accumulated * processes, processes
        self._means: bool | None = None
        """Whether a loss is the mean over its own batch, and not its share of the mean over all of an update."""
        self._look: Any = self._look_at
        if "torch._dynamo" in sys.modules:
            # Around a compiled model the hook would be compiled, too.
            disable: Any = torch.compiler.disable
            self._look = disable(self._look_at)
        self._handle: Any = model.register_forward_hook(self, with_kwargs=True)

    def __call__(self, module: nn.Module, args: Any, kwargs: dict[str, Any], output: Any) -> None:
        """The forward hook."""
        if not torch.is_grad_enabled():
            return
        try:
            self._look(module, kwargs, output)
        except Exception as error:  # whatever a stranger's model returns, its training goes on
            self.note = f"While looking at what the model returns the watcher failed with {error}"
            self.remove()

    def take(self) -> tuple[Tensor | None, Mapping[str, Any] | None]:
        """Loss and last batch of the update that was made of the forward passes since the last call, where seen."""
        losses = [loss for place, loss in enumerate(self._seen) if place in self._trained]
        batch, self._batch = self._batch, None
        self._seen.clear()
        self._trained.clear()
        if not losses:
            return None, batch
        if len(losses) == 1 and (self._means or self._processes == 1):
            return losses[0], batch
        together = torch.stack(losses)
        return together.mean() if self._means else together.sum() * self._processes, batch

    def remove(self) -> None:
        """Take the hook off and let go of everything."""
        self._handle.remove()
        self._seen.clear()
        self._batch = None

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy of the model in the middle of its training is not watched.
        return _Nothing, ()

    def _look_at(self, module: nn.Module, kwargs: dict[str, Any], output: Any) -> None:
        if len(self._seen) >= MOST_WAITING:
            self.remove()
            return
        self._batch = kwargs
        loss = _loss(output)
        if loss is None or not loss.requires_grad:
            return
        tensor: Any = loss  # its methods for hooks have no types
        tensor.register_hook(partial(self._arrived, len(self._seen)))
        self._seen.append(loss.detach().clone().reshape(()))
        if self._means is None:
            self._means = self._tell_means(module, kwargs, output, loss.detach())

    def _arrived(self, place: int, _gradient: Tensor) -> None:
        self._trained.add(place)

    @torch.no_grad()
    def _tell_means(self, module: nn.Module, kwargs: dict[str, Any], output: Any, loss: Tensor) -> bool:
        """Whether a loss is a mean, by comparing it with one; asked once."""
        if kwargs.get("num_items_in_batch") is None:
            return True
        if self._batches == 1:
            return False
        logits, labels = output.get("logits") if isinstance(output, Mapping) else None, kwargs.get("labels")
        if not isinstance(logits, Tensor) or not isinstance(labels, Tensor) or logits.numel() > MOST_NUMBERS:
            return False
        means = any(
            abs(float(loss) - float(mean)) <= AGREES * abs(float(loss)) for mean in _mean_losses(logits, labels)
        )
        if means:
            self.note = UNDIVIDED.format(model=type(module).__name__, steps=self._batches)
        return means


class _Nothing:
    def __call__(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def _loss(output: Any) -> Tensor | None:
    """The loss among what a model returns: by its name, or the first where it is one number."""
    found = output.get("loss") if isinstance(output, Mapping) else output[0] if isinstance(output, tuple) else None
    return found if isinstance(found, Tensor) and found.numel() == 1 else None


def _mean_losses(logits: Tensor, labels: Tensor) -> Iterator[Tensor]:
    """What the usual losses come to as means over this batch."""
    logits = logits.float()
    if labels.is_floating_point():
        if logits.numel() == labels.numel():
            flat, target = logits.reshape(-1), labels.reshape(-1).float()
            yield functional.mse_loss(flat, target)
            yield functional.binary_cross_entropy_with_logits(flat, target)
    elif logits.dim() == labels.dim() + 1:
        yield functional.cross_entropy(logits.flatten(0, -2), labels.flatten())
        if labels.dim() > 1:
            yield functional.cross_entropy(logits[..., :-1, :].flatten(0, -2), labels[..., 1:].flatten())
