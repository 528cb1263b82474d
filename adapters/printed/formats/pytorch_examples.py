"""The example scripts of PyTorch: ``Train Epoch: 1 [640/60000 (1%)]  Loss: 2.31``, ``Test set: Average loss: ...``."""

from __future__ import annotations

import re

from expert.adapters.printed.format import NUMBER, Format, Meaning
from expert.adapters.printed.rows import Rows

_TRAIN = re.compile(rf"Train Epoch: (\d+) \[(\d+)/(\d+) \(\d+%\)\]\s+Loss: ({NUMBER})\s*")
_TEST = re.compile(rf"Test set: Average loss: ({NUMBER}), Accuracy: (\d+)/(\d+) \({NUMBER}%\)\s*")
_MEAN = re.compile(rf"====> (?:Epoch: (\d+) Average|Test set) loss: ({NUMBER})\s*")


class _Parser:
    """Lines are placed by the share of the epoch they name: epoch 1 reaches from 0 to 1."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._epoch = "0"

    def line(self, text: str) -> bool:
        if found := _TRAIN.fullmatch(text):
            epoch, seen, total = int(found[1]), int(found[2]), int(found[3])
            if total == 0:
                return False
            self._epoch = found[1]
            self.rows.add(("epoch", "Loss"), (repr(epoch - 1 + min(seen / total, 1.0)), found[4]))
        elif found := _TEST.fullmatch(text):
            accuracy = repr(int(found[2]) / int(found[3])) if int(found[3]) else None
            self.rows.add(("epoch", "Test set: Average loss", "Accuracy"), (self._epoch, found[1], accuracy))
        elif found := _MEAN.fullmatch(text):
            name = "Average loss" if found[1] else "Test set loss"
            self.rows.add(("epoch", name), (found[1] or self._epoch, found[2]))
        else:
            return False
        return True

    def end(self) -> None:
        """There is nothing to complete."""


_STANDS = "the test set stands for the validation set, as there is none"

FORMAT = Format(
    "pytorch-examples",
    "the example scripts of PyTorch",
    _Parser,
    {
        "Loss": Meaning("train.loss", "last_batch", "Loss is that of one batch"),
        "Average loss": Meaning("train.average_loss", "epoch_mean", "Average loss is the mean over the epoch"),
        "Test set: Average loss": Meaning("val.loss", "epoch_mean", _STANDS),
        "Test set loss": Meaning("val.loss", "epoch_mean", _STANDS),
        "Accuracy": Meaning("val.accuracy", "epoch_mean", _STANDS),
    },
    framework="torch",
)
