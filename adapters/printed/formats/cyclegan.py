"""CycleGAN and pix2pix: ``(epoch: 1, iters: 100, time: 0.245, data: 0.121) D_A: 0.231 G_A: 0.412 cycle_A: 1.7 ...``."""

from __future__ import annotations

import re

from expert.adapters.printed.format import NUMBER, Format
from expert.adapters.printed.rows import Rows

_LINE = re.compile(rf"\(epoch: (\d+), iters: (\d+), time: {NUMBER}(?:, data: {NUMBER})?\)[ ,]*((?:\w+: {NUMBER} *)+)")
_PAIR = re.compile(rf"(\w+): ({NUMBER})")
_RATE = re.compile(rf"learning rate (?:{NUMBER} -> |= )({NUMBER})\s*")


class _Parser:
    """Every number is a loss, of the network or for the purpose that its name says; a rate is told between epochs."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._rate: str | None = None

    def line(self, text: str) -> bool:
        if found := _LINE.fullmatch(text):
            pairs = _PAIR.findall(found[3])
            names = ("epoch", "step", "learning rate", *(f"{name}_loss" for name, _ in pairs))
            self.rows.add(names, (found[1], found[2], self._rate, *(value for _, value in pairs)))
            return True
        if found := _RATE.fullmatch(text):
            self._rate = found[1]
            return True
        return False

    def end(self) -> None:
        """There is nothing to complete."""


FORMAT = Format("cyclegan", "CycleGAN and pix2pix", _Parser, framework="torch")
