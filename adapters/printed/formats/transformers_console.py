"""What the trainer of Hugging Face prints: Python dicts between progress bars, with numbers or numbers in quotes."""

from __future__ import annotations

import re
from functools import partial

from expert.adapters.hf_hidden_zeros import with_hidden_zeros
from expert.adapters.printed.format import Format, Meaning
from expert.adapters.printed.rows import Rows

_VALUE = r"(?:'[^']*'|\"[^\"]*\"|[^,{}'\"()\[\]]+(?:\([^()]*\))?)"
_DICT = re.compile(rf"\{{'[^']+': {_VALUE}(?:, '[^']+': {_VALUE})*\}}\s*$")
_PAIR = re.compile(rf"'([^']+)': ({_VALUE})")
_QUANTITIES = ("'loss'", "'eval_", "'train_runtime'", "'train_loss'", "'reward'")


class _Parser:
    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def line(self, text: str) -> bool:
        start = text.find("{'")
        if start < 0 or "'epoch': " not in text or not any(name in text for name in _QUANTITIES):
            return False
        found = _DICT.match(text, start)
        if found is None:
            return False
        pairs = {name: value.strip("'\"") for name, value in _PAIR.findall(found[0])}
        if "train_runtime" not in pairs:  # the summary at the end holds means over the whole run
            self.rows.add(tuple(pairs), list(pairs.values()))
        return True

    def end(self) -> None:
        """There is nothing to complete."""


FORMAT = Format(
    "transformers-console",
    "the trainer of Hugging Face",
    _Parser,
    {
        "loss": Meaning(None, "interval_mean", "loss is the mean since the entry before"),
        "grad_norm": Meaning(None, "last_batch", "grad_norm is that of the last step, before clipping"),
        "learning_rate": Meaning(None, "last_batch"),
    },
    framework="transformers",
    finish=partial(with_hidden_zeros, rounded=True),
)
