"""What the ranks tell rank zero: what they hold, their losses, what their looks measured, what happened; as bytes."""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from expert.adapters.torch.parameters import Watched
from expert.adapters.torch.ranks.sharding import Layout

Part = tuple[str, tuple[int, ...], int]
"""Name, parameters, number of numbers: see `Measured`."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What one optimizer's watch holds on one rank; sequences run over the watched parameters."""

    number: int
    """Which of the run's optimizers it is."""
    signature: int
    """Ranks with the same one have parameters of the same names and shapes in the same order."""
    sizes: tuple[int, ...]
    """How many numbers of each parameter lie on this rank."""
    taken: tuple[int, ...]
    optimized: tuple[bool, ...]
    layouts: tuple[Layout | None, ...]

    @property
    def is_shared_out(self) -> bool:
        """Whether any parameter lies on this rank only in part."""
        return any(one is None or one.parts > 1 for one in self.layouts)


class Look(NamedTuple):
    """The numbers one look measured on one rank."""

    stock: int
    """Which of the rank's stocks was looked at."""
    at: int
    parts: tuple[Part, ...]
    numbers: array[float]


@dataclass(slots=True)
class Report:
    """What one rank has to tell since its last report."""

    updates: int = 0
    closed: bool = False
    uneven: bool = False
    """Whether ranks may take different numbers of steps and mean it."""
    epochs: list[int] = field(default_factory=list)
    """The steps after which epochs ended."""
    stocks: list[Stock] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    loss_at: array[float] = field(default_factory=lambda: array("d"))
    losses: array[float] = field(default_factory=lambda: array("d"))
    events: list[tuple[str, int, str]] = field(default_factory=list)

    def encode(self) -> bytes:
        """A line of JSON, then positions and losses as float64, then the numbers of the looks as float32."""
        places: dict[tuple[int, ...], int] = {}
        looks = [
            (look.stock, look.at, [(name, places.setdefault(of, len(places)), count) for name, of, count in look.parts])
            for look in self.looks
        ]
        head = {
            "updates": self.updates,
            "closed": self.closed,
            "uneven": self.uneven,
            "epochs": self.epochs,
            "stocks": [_plain(stock) for stock in self.stocks],
            "places": list(places),
            "looks": looks,
            "losses": len(self.losses),
            "events": self.events,
        }
        numbers = b"".join(look.numbers.tobytes() for look in self.looks)
        return json.dumps(head).encode() + b"\n" + self.loss_at.tobytes() + self.losses.tobytes() + numbers


def decode(message: bytes) -> Report:
    """The report of these bytes; raises ``ValueError``, ``KeyError`` or ``TypeError`` where they are something else."""
    line, _, body = message.partition(b"\n")
    head = json.loads(line)
    count = 8 * head["losses"]
    numbers = array("f", body[2 * count :])
    places = [tuple(of) for of in head["places"]]
    looks, start = [], 0
    for stock, at, told in head["looks"]:
        parts = tuple((name, places[of], length) for name, of, length in told)
        end = start + sum(length for _, _, length in parts)
        looks.append(Look(stock, at, parts, numbers[start:end]))
        start = end
    return Report(
        updates=head["updates"],
        closed=head["closed"],
        uneven=head["uneven"],
        epochs=head["epochs"],
        stocks=[_stock(told) for told in head["stocks"]],
        looks=looks,
        loss_at=array("d", body[:count]),
        losses=array("d", body[count : 2 * count]),
        events=[(kind, at, text) for kind, at, text in head["events"]],
    )


def take_stock(number: int, watched: Sequence[Watched], layouts: Sequence[Layout | None]) -> Stock:
    """The stock of these parameters."""
    # The older FSDP leaves nothing but the names to a parameter that lies elsewhere.
    described = "\n".join(
        one.name if one.parameter.dim() < 2 else f"{one.name} {tuple(one.parameter.shape)}" for one in watched
    )
    return Stock(
        number=number,
        signature=zlib.crc32(described.encode()),
        sizes=tuple(one.size for one in watched),
        taken=tuple(one.taken for one in watched),
        optimized=tuple(one.optimized for one in watched),
        layouts=tuple(layouts),
    )


def _plain(stock: Stock) -> dict[str, Any]:
    kinds = list(dict.fromkeys(stock.layouts))
    which = {kind: index for index, kind in enumerate(kinds)}
    return {
        "number": stock.number,
        "signature": stock.signature,
        "sizes": stock.sizes,
        "taken": stock.taken,
        "optimized": stock.optimized,
        "kinds": kinds,
        "layouts": [which[one] for one in stock.layouts],
    }


def _stock(told: dict[str, Any]) -> Stock:
    kinds = [None if kind is None else Layout(tuple(kind[0]), kind[1]) for kind in told["kinds"]]
    return Stock(
        number=told["number"],
        signature=told["signature"],
        sizes=tuple(told["sizes"]),
        taken=tuple(told["taken"]),
        optimized=tuple(told["optimized"]),
        layouts=tuple(kinds[index] for index in told["layouts"]),
    )
