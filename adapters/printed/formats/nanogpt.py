"""nanoGPT's train.py: ``step`` lines are means over many batches in evaluation mode, ``iter`` lines one batch."""

from __future__ import annotations

from expert.adapters.printed.format import NUMBER, Format, Kind, Meaning, shapes

FORMAT = Format(
    "nanogpt",
    "nanoGPT",
    shapes(
        Kind(rf"iter (\d+): loss ({NUMBER}), time {NUMBER}ms(?:, .*)?", ("iter", "loss")),
        Kind(rf"step (\d+): train loss ({NUMBER}), val loss ({NUMBER})(?:, .*)?", ("iter", "train loss", "val loss")),
    ),
    {
        "iter": Meaning("step"),
        "loss": Meaning("train.loss", "last_batch", "nanoGPT prints the loss of the last micro-batch"),
        "train loss": Meaning("train_eval.loss", "epoch_mean", "nanoGPT's mean over many batches in evaluation mode"),
        "val loss": Meaning("val.loss", "epoch_mean", "nanoGPT's mean over many batches in evaluation mode"),
    },
    task="language_model",
)
