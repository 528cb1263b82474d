"""Megatron-LM, Megatron-DeepSpeed and GPT-NeoX: ``iteration N/ M | name: number | ...``, validation in lines beside."""

from __future__ import annotations

import re

from expert.adapters.printed.format import NUMBER, Format, Meaning
from expert.adapters.printed.rows import Rows

_TRAIN = re.compile(r"(?:.*\||\d+:)?\s*iteration\s+(\d+)/\s*\d+ \|(.*)\|\s*")
_VALIDATION = re.compile(
    r"\s*validation(?: loss)?(?: results)? at iteration (\d+)(?: on (validation|test) set)? \|(.*)\|\s*"
)
_DEEPSPEED = re.compile(rf"steps: \d+ loss: {NUMBER} iter time \(s\): .*")
"""What DeepSpeed prints of the same step, rounded."""
_PAIR = re.compile(rf"\s*([^|:]+?):\s*({NUMBER})\s*(?=\||$)")
_SPACED = {"lm_loss": "lm loss", "lm_loss_ppl": "lm loss PPL"}
"""Names of GPT-NeoX → names of Megatron-LM."""


class _Parser:
    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.left_out = 0

    def line(self, text: str) -> bool:
        if "iteration " not in text or "|" not in text:
            return _DEEPSPEED.fullmatch(text) is not None
        if found := _TRAIN.fullmatch(text):
            pairs = {_SPACED.get(name, name): value for name, value in _PAIR.findall(found[2])}
            if "lm loss" not in pairs and float(pairs.get("number of nan iterations", 0)) > 0:
                # Megatron prints only losses above 0, so the line of an interval of NaN has none.
                pairs["lm loss"] = "nan"
                self.left_out += 1
        elif found := _VALIDATION.fullmatch(text):
            phase = found[2] or "validation"
            names = ((name.removesuffix(" value"), value) for name, value in _PAIR.findall(found[3]))
            pairs = {f"{phase} {_SPACED.get(name, name)}": value for name, value in names}
        else:
            return False
        self.rows.add(("iteration", *pairs), (found[1], *pairs.values()))
        return True

    def end(self) -> None:
        if self.left_out:
            self.rows.notes.append(
                f"{self.left_out} lines count NaN iterations and name no lm loss, which Megatron leaves out where "
                "it is NaN; it is read as NaN there."
            )


FORMAT = Format(
    "megatron",
    "Megatron-LM",
    _Parser,
    {
        "lm loss": Meaning("train.loss", "interval_mean", "lm loss is the mean since the last line"),
        "grad norm": Meaning("gradient.norm", "last_batch", "grad norm is that of the last step, before clipping"),
        "learning rate": Meaning("optimizer.learning_rate", "last_batch"),
        "loss scale": Meaning("scaler.scale", "last_batch"),
        "params norm": Meaning("weight.norm", "last_batch"),
        "validation lm loss": Meaning(
            "val.loss", "epoch_mean", "the mean over eval_iters batches of the validation set"
        ),
        "validation lm loss PPL": Meaning("val.perplexity", "epoch_mean", "the exponential of the validation loss"),
        "test lm loss": Meaning("test.loss", "epoch_mean", "the mean over eval_iters batches of the test set"),
        "test lm loss PPL": Meaning("test.perplexity", "epoch_mean", "the exponential of the test loss"),
    },
    framework="megatron",
)
