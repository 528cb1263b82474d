"""build-nanogpt: the three words of its log.txt, and what its train_gpt2.py prints beside them."""

from __future__ import annotations

import re

from expert.adapters.printed.format import NUMBER, Format, Meaning
from expert.adapters.printed.rows import Rows

_LOG = re.compile(rf"(\d+) (train|val|hella) ({NUMBER})\s*")
_STEP = re.compile(
    rf"step\s+(\d+) \| loss: ({NUMBER}) \| lr ({NUMBER}) \| norm: ({NUMBER}) \| dt: {NUMBER}ms \| tok/sec: {NUMBER}\s*"
)
_EVALUATION = re.compile(rf"(validation loss|HellaSwag accuracy): (?:\d+/\d+=)?({NUMBER})\s*")


class _Parser:
    """The console evaluates before it trains, so an evaluation belongs to the step named next."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._ahead: dict[str, str] = {}

    def line(self, text: str) -> bool:
        if found := _LOG.fullmatch(text):
            self.rows.add(("step", found[2]), (found[1], found[3]))
        elif found := _STEP.fullmatch(text):
            if self._ahead:
                self.rows.add(("step", *self._ahead), (found[1], *self._ahead.values()))
                self._ahead = {}
            self.rows.add(("step", "loss", "lr", "norm"), found.groups())
        elif found := _EVALUATION.fullmatch(text):
            self._ahead[found[1]] = found[2]
        else:
            return False
        return True

    def end(self) -> None:
        """An evaluation behind the last step has no step to stand at."""


_HELLASWAG = Meaning("val.hellaswag_accuracy", "epoch_mean", "share of HellaSwag's questions answered right")
_VALIDATION = Meaning("val.loss", "epoch_mean", "build-nanogpt's mean over many batches in evaluation mode")
_STEP_MEAN = Meaning("train.loss", "last_batch", "build-nanogpt's mean over the micro-batches of one step")

FORMAT = Format(
    "build-nanogpt",
    "build-nanogpt",
    _Parser,
    {
        "train": _STEP_MEAN,
        "loss": _STEP_MEAN,
        "val": _VALIDATION,
        "validation loss": _VALIDATION,
        "hella": _HELLASWAG,
        "HellaSwag accuracy": _HELLASWAG,
        "norm": Meaning("gradient.norm", "last_batch", "what clip_grad_norm_ returned: the norm before clipping"),
        "lr": Meaning("optimizer.learning_rate", "last_batch"),
    },
    task="language_model",
)
