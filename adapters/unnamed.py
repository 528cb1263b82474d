"""Objects in memory that are nearly a run: say what is missing, and the line that makes one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from expert.adapters.columns import is_table
from expert.errors import SourceError
from expert.history import History
from expert.history.role_table import PHASES
from expert.reading import Reader, ReadRequest

LAST = 0.02
"""For what no other reader knows."""
NAMED = "name them: {'train.loss': values}."
"""How numbers without a name become a run."""


def seen(source: object) -> str | None:
    """Return the sentence that says what an object is and what to pass in its place; None for any other object."""
    kind = type(source).__name__
    if isinstance(source, Iterator):
        return f"This {kind} can be gone through only once, so it is not read; pass list(...) of it."
    if isinstance(source, Mapping):
        return None if is_table(source) else _mapping(source, kind)
    if isinstance(source, list | tuple) and not source:
        return f"This {kind} is empty: there is no run in it."
    numbers = isinstance(source, list | tuple) and all(hasattr(value, "__float__") for value in source)
    if numbers or (hasattr(source, "__array__") and len(getattr(source, "shape", ())) == 1):
        return f"This {kind} holds numbers without saying what was measured; {NAMED}"
    if isinstance(source, tuple | list) and all(isinstance(part, list | tuple) for part in source):
        return f"This {kind} holds {len(source)} sequences without saying what was measured; {NAMED}"
    return None


def _mapping(source: Mapping[object, object], kind: str) -> str:
    if not source:
        return f"This {kind} is empty: there is no run in it."
    name, value = next(iter(source.items()))
    if isinstance(value, Mapping):
        if isinstance(name, int) and value:
            return f"This {kind} has a row under each number; pass the rows as a list: list(source.values())."
        inner = next(iter(value), "loss")
        full = f"{inner}.{name}" if inner in PHASES else f"{name}.{inner}"
        return (
            f"This {kind} holds another dict under {name!r}; pass one dict of lists with a name for each, such as "
            f"{{{full!r}: source[{name!r}][{inner!r}]}}."
        )
    if isinstance(value, Iterator):
        return f"{name!r} is a {type(value).__name__}, which can be gone through only once; pass list(...) of it."
    if value is None or (hasattr(value, "__float__") and getattr(value, "ndim", 0) == 0):
        return f"{name!r} is the single value {value!r:.40}; a run has a list of values under each name."
    first = value[0] if isinstance(value, list | tuple) and value else value
    shown = " ".join(repr(first).split())
    return f"{name!r} holds {shown:.40}, which is no number; a run has a list of numbers under each name."


def _recognizes(source: object) -> float:
    return 0.0 if source is None or seen(source) is None else LAST


def _read(source: object, _request: ReadRequest) -> tuple[History, ...]:
    raise SourceError(seen(source) or "There is no run in this object.")


READER = Reader(
    id="unnamed",
    title="other objects by saying what they lack",
    gives="run",
    recognizes=_recognizes,
    read=_read,
    refuses=True,
)
