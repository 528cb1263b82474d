"""What a Hugging Face trainer shows its callbacks of a training: its arguments, its state and its parts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch

from expert.adapters.torch.resuming import state_of
from expert.history import History

FILE = "training_expert.pt"
"""The record, beside the weights of each checkpoint."""

LOSSES = {
    "CausalLM": ("language_model", "cross_entropy"),
    "LMHead": ("language_model", "cross_entropy"),
    "MaskedLM": ("language_model", "cross_entropy"),
    "ConditionalGeneration": ("language_model", "cross_entropy"),
    "TokenClassification": ("classification", "cross_entropy"),
    "single_label_classification": ("classification", "cross_entropy"),
    "multi_label_classification": ("classification", "bce_with_logits"),
    "regression": ("regression", "mse"),
}
"""Task and loss by a part of the model's name, or by the problem that its configuration names after the first step."""


def configuration(args: Any, state: Any, parts: dict[str, Any]) -> dict[str, Any]:
    """What the arguments tell, as fields of `RunConfig`; None for what they do not know."""
    model, accumulated = parts["model"], args.gradient_accumulation_steps
    try:
        steps = max(1, math.ceil(len(parts["train_dataloader"]) / accumulated))
    except TypeError:  # a stream
        steps = None
    known = {
        "epochs": state.num_train_epochs if state.num_train_epochs < 10**6 else None,
        "steps_per_epoch": steps,
        "batch_size": state.train_batch_size or args.train_batch_size,
        "gradient_accumulation_steps": accumulated,
        "clip_norm": args.max_grad_norm or None,
        "precision": "bfloat16" if args.bf16 else "float16" if args.fp16 else None,
        "label_smoothing": args.label_smoothing_factor,
        "seed": args.seed,
        "checkpoint_best": args.load_best_model_at_end or None,
        # Weights that were loaded bear a mark.
        "pretrained": any(getattr(one, "_is_hf_initialized", False) for one in model.parameters()) or None,
    }
    made = next(iter(getattr(parts["lr_scheduler"], "lr_lambdas", ())), None)
    if getattr(getattr(made, "func", made), "__module__", None) == "transformers.optimization":
        kind = str(getattr(args.lr_scheduler_type, "value", args.lr_scheduler_type))
        known |= {"schedule": "none" if kind == "constant" else kind}
        known |= {"warmup_steps": args.get_warmup_steps(state.max_steps)}
    return known


def compiles(args: Any, optimizer: Any) -> bool:
    """Whether the trainer or accelerate compiles the model; what they call is not the model given to callbacks."""
    plugin = getattr(getattr(optimizer, "accelerator_state", None), "dynamo_plugin", None)
    backend = str(getattr(getattr(plugin, "backend", None), "value", "NO"))
    return bool(args.torch_compile) or backend.upper() != "NO"


def task_and_loss(model: Any) -> tuple[str | None, str | None]:
    """What a model is trained for, and by which loss of its own; None for what its name does not tell."""
    names = (type(model).__name__, str(getattr(getattr(model, "config", None), "problem_type", None)))
    return next((LOSSES[part] for part in LOSSES if any(part in name for name in names)), (None, None))


def checkpoint(args: Any, state: Any) -> Path:
    """The folder of the checkpoint that belongs to the step where the training stands."""
    return Path(args.output_dir) / f"checkpoint-{state.global_step}"


def restored(args: Any, state: Any, *, whole: bool) -> dict[str, Any]:
    """The state of a run in the checkpoint that is resumed from; where it holds none, one of counters alone."""
    given = getattr(args, "resume_from_checkpoint", None)
    for folder in (Path(given) if isinstance(given, str) else None, checkpoint(args, state)):
        try:
            saved = torch.load(folder / FILE, weights_only=True, map_location="cpu") if whole and folder else {}
        except Exception:  # no such file: the checkpoint was moved, or is older than the callback
            continue
        if saved.get("updates") == state.global_step:
            return dict(saved)
    return state_of(History(), state.global_step, int(state.epoch), 0.0)
