"""What the batches of a run tell, once their numbers are at hand: size, mix of labels, broken cells."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from expert.adapters.live.seen_samples import SeenShares
from expert.adapters.live.telemetry import Telemetry
from expert.history import Cell

MOST_LABELS = 65_536
"""A batch with more of them is not looked at."""
MOST_CLASSES = 1000
"""More different labels are tokens or identities, whose mix in a batch tells nothing."""
WAITING = 30
"""Without epochs, the mix of the whole set is taken to be known after so many batches."""
SHOWN_CELLS = 20


class BatchSize:
    """Notes the size of batches where it changes."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._size = 0

    def take(self, at: int, samples: int) -> None:
        """Note how many samples the batch of a step held; 0 where that is not known."""
        if samples and samples != self._size:
            if not self._size and self._telemetry.config.batch_size is None:
                self._telemetry.know("config", batch_size=samples)
            self._size = samples
            self._telemetry.column("batch.size").append(at, samples)


class LabelMix:
    """Tells how varied the labels of batches are, as a share of how varied all labels seen are."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._total: Counter[float] = Counter()
        self._mixes: list[tuple[int, float]] = []
        self._representative = False
        self.refused = False
        """There were labels that are no classes."""
        self._shares = SeenShares(telemetry)

    def take(self, at: int, labels: Sequence[float]) -> None:
        """Take in one class for each sample of the batch of a step; NaN where a batch holds no classes."""
        if len(self._total) > MOST_CLASSES or self.refused:
            return
        self.count(labels)
        if self.refused:
            return
        self._mixes.append((at, _entropy(Counter(labels))))
        if self._representative or len(self._mixes) > WAITING:
            self.publish()

    def count(self, labels: Sequence[float]) -> None:
        """Count the classes of a batch for their shares alone, as where one of two is so rare that most batches lack
        it by chance. NaN says that the labels are no classes.
        """
        if any(map(math.isnan, labels)):
            self._refuse()
        else:
            self._total.update(labels)

    def publish(self) -> None:
        """Tell the mixes as shares of the mix of all labels seen so far; call it at the end of an epoch."""
        whole = _entropy(self._total)
        if whole <= 0.0 or len(self._total) > MOST_CLASSES:
            return
        for at, mix in self._mixes:
            self._telemetry.column("batch.label_entropy").append(at, mix / whole)
        self._mixes.clear()
        self._shares.tell(self._total)
        if not self._representative and self._telemetry.data.classes is None and min(self._total) >= 0.0:
            # Classes are numbered from 0; those that no batch under a look held are below the largest number.
            self._telemetry.know("data", classes=int(max(self._total)) + 1)
        self._representative = True

    def forget(self) -> None:
        """Let go of what was not told yet: the run goes on from another place."""
        self._mixes.clear()

    def _refuse(self) -> None:
        """These are no classes: take in no more, and take back what was said of their shares."""
        self.refused = True
        self._total.clear()
        self._mixes.clear()
        self._shares.withdraw()


def tell_broken(telemetry: Telemetry, at: int, cells: int, rows: int, shown: Sequence[tuple[int, int, float]]) -> str:
    """Note the non-finite cells of the batch of a step, and say where the first is.

    ``cells`` and ``rows`` count them, ``shown`` gives row, feature and value of the first `SHOWN_CELLS`, one at least.
    """
    located = tuple(
        Cell(row=row, column=f"feature {feature} of the batch of step {at}", value=str(value))
        for row, feature, value in shown
    )
    telemetry.know("data", nonfinite_cells=cells, rows_with_nonfinite=rows, nonfinite_where=located)
    row, feature, value = shown[0]
    return f"the batch holds {value} in row {row}, feature {feature}"


def _entropy(counts: Counter[float]) -> float:
    total = sum(counts.values())
    return -sum(n / total * math.log(n / total) for n in counts.values()) if total else 0.0
