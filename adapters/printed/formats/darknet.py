"""Darknet, old and new: the loss of the batch, and its running mean (0.9 of the old, 0.1 of the new value)."""

from __future__ import annotations

from expert.adapters.printed.format import NUMBER, Format, Kind, Meaning, shapes

_NAMES = ("iteration", "loss", "avg loss", "rate")

FORMAT = Format(
    "darknet",
    "Darknet",
    shapes(
        Kind(
            rf"\s*(\d+)(?:, {NUMBER})?: ({NUMBER}), ({NUMBER}) avg(?: loss)?, ({NUMBER}) rate, {NUMBER} seconds,"
            r" \d+ images.*",
            _NAMES,
        ),
        Kind(rf"\s*(\d+): loss=({NUMBER}), avg loss=({NUMBER}),(?: .*,)? rate=({NUMBER}),.*", _NAMES),
        Kind(rf"\s*mean_average_precision \(mAP@[\d.:]+\)\s*=\s*({NUMBER})\s*%?\s*", ("mAP",), ("iteration",)),
    ),
    {
        "loss": Meaning("train.loss", "last_batch", "Darknet's first number is the loss of the batch"),
        "avg loss": Meaning("train.avg_loss", "moving_average", "Darknet's second number is a running mean"),
        "rate": Meaning("optimizer.learning_rate", "last_batch"),
        "mAP": Meaning("val.map", "epoch_mean", "mean average precision on the validation images"),
    },
    framework="darknet",
)
