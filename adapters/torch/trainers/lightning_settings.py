"""What a Lightning trainer and its module tell of a training, without being asked to do anything."""

from __future__ import annotations

import math
import os
from typing import Any

from torch import nn
from torch.optim import Optimizer

from expert.adapters.torch.profile.unwrapping import inner_optimizer

PRECISIONS = {"32": "float32", "16": "float16", "bf16": "bfloat16"}
AVERAGING = {"StochasticWeightAveraging", "WeightAveraging", "EMAWeightAveraging"}
ADVERSARIES = {"d", "netd", "modeld", "dis", "disc", "critic"}


def parts(trainer: Any, module: Any) -> dict[str, Any]:
    """The arguments for `watch` that name the parts of the training."""
    optimizers = [inner_optimizer(one) for one in trainer.optimizers]
    # What stands in for an optimizer where there is none holds no parameters.
    optimizers = [one for one in optimizers if isinstance(one, Optimizer) and one.param_groups]
    schedulers = [one.scheduler for one in trainer.lr_scheduler_configs]
    return {
        "optimizer": optimizers,
        "scheduler": next((one for one in schedulers if getattr(one, "optimizer", None) in optimizers[:1]), None),
        "loader": trainer.train_dataloader,
        "scaler": getattr(trainer.precision_plugin, "scaler", None),
        "loss_fn": _only_loss(module),
    }


def configuration(trainer: Any, module: Any) -> dict[str, Any]:
    """What the trainer tells, as fields of `RunConfig`; None for what it does not know."""
    automatic = bool(module.automatic_optimization)
    batches, accumulated = trainer.num_training_batches, trainer.accumulate_grad_batches if automatic else 1
    by_value = "value" in str(trainer.gradient_clip_algorithm).lower()
    bound = float(trainer.gradient_clip_val) if automatic and trainer.gradient_clip_val else None
    seed = os.environ.get("PL_GLOBAL_SEED", "")
    best = [one for one in trainer.checkpoint_callbacks if getattr(one, "monitor", None) and one.save_top_k]
    return {
        "epochs": trainer.max_epochs if trainer.max_epochs and trainer.max_epochs > 0 else None,
        "steps_per_epoch": math.ceil(batches / accumulated) if math.isfinite(batches) else None,
        "gradient_accumulation_steps": accumulated if automatic else None,
        "clip_norm": None if by_value else bound,
        "clip_value_low": -bound if by_value and bound else None,
        "clip_value_high": bound if by_value else None,
        "precision": PRECISIONS.get(str(trainer.precision).split("-")[0]),
        "seed": int(seed) if seed.isdecimal() else None,
        "early_stopping": bool(trainer.early_stopping_callbacks) or None,
        "checkpoint_best": bool(best) or None,
        "weight_averaging": any(type(one).__name__ in AVERAGING for one in trainer.callbacks) or None,
        "adversarial": _has_adversary(module) if len(trainer.optimizers) > 1 else None,
    }


def _has_adversary(module: nn.Module) -> bool | None:
    """True where one of the parts is called what the second player of an adversarial training is called."""
    names = [name.lower().replace("_", "") for name, _ in module.named_children()]
    return any(name in ADVERSARIES or name.startswith("discriminator") for name in names) or None


def _only_loss(module: nn.Module) -> nn.Module | None:
    """The loss a module holds, where it holds one."""
    losses = [one for one in module.modules() if type(one).__module__ == "torch.nn.modules.loss"]
    return losses[0] if len(losses) == 1 else None
