"""Composer's FileLogger: ``[metric][batch=5]: loss/train/total: 0.53``, one number a line."""

from __future__ import annotations

import re

from expert.adapters.printed.format import NUMBER, Block, Format, Meaning
from expert.adapters.printed.rows import Rows

_METRIC = re.compile(rf"\[metric\]\[batch=(\d+)\]: (\S+): ({NUMBER})\s*")


class _Parser:
    def __init__(self, rows: Rows) -> None:
        self.block = Block(rows)

    def line(self, text: str) -> bool:
        found = _METRIC.fullmatch(text)
        if found is None:
            return text.startswith("[metric][batch=")  # such as "Tensor of shape": one of its lines, but no number
        self.block.put({"batch": found[1]}, {found[2]: found[3]})
        return True

    def end(self) -> None:
        self.block.flush()


FORMAT = Format(
    "composer",
    "Composer's FileLogger",
    _Parser,
    {
        "batch": Meaning("step"),
        "loss/train/total": Meaning("train.loss", "last_batch", "the loss of one batch, all its microbatches together"),
    },
    framework="composer",
)
