"""modded-nanogpt and its relatives: ``step:100/1750 val_loss:3.9 train_time:31000ms step_avg:310.5ms``."""

from __future__ import annotations

from expert.adapters.printed.format import NUMBER, Format, Kind, Meaning, shapes

_HEAD = r"step:\s*(\d+)/\d+,? (?:tokens[ _]seen:\S+,? )?"

FORMAT = Format(
    "modded-nanogpt",
    "modded-nanogpt",
    shapes(
        Kind(rf"{_HEAD}train_loss:({NUMBER})(?: .*)?", ("step", "train_loss")),
        Kind(rf"{_HEAD}val_loss:({NUMBER})(?: .*)?", ("step", "val_loss")),
    ),
    {
        "train_loss": Meaning("train.loss", "last_batch", "train_loss is the loss of one step"),
        "val_loss": Meaning("val.loss", "epoch_mean", "val_loss is a mean over the validation tokens"),
    },
    task="language_model",
)
