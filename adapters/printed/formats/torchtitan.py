"""torchtitan: ``step: 10  loss: 8.1523  grad_norm: 1.4521  memory: ...``, validation as ``validate step: ...``."""

from __future__ import annotations

from expert.adapters.printed.format import NUMBER, Format, Kind, Meaning, shapes

FORMAT = Format(
    "torchtitan",
    "torchtitan",
    shapes(
        Kind(
            rf"step:\s*(\d+)\s+loss:\s*({NUMBER})\s+(?:grad_norm:\s*({NUMBER})\s+)?(?:lr:\s*({NUMBER})\s+)?memory:\s.*",
            ("step", "loss", "grad_norm", "lr"),
        ),
        Kind(rf"validate step:\s*(\d+)\s+loss:\s*({NUMBER})\s+memory:\s.*", ("step", "validate loss")),
    ),
    {
        "loss": Meaning("train.loss", "last_batch", "torchtitan's mean over the ranks in one step"),
        "grad_norm": Meaning("gradient.norm", "last_batch", "the norm over all ranks, before clipping"),
        "lr": Meaning("optimizer.learning_rate", "last_batch"),
        "validate loss": Meaning("val.loss", "epoch_mean", "the loss of a validate line"),
    },
    framework="torchtitan",
)
