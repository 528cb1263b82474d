"""What the few names mean that a pickled history may use; none of them is looked up where the file says."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import numpy as np

from expert.adapters.pickled.opcodes import Unfit, UnknownName, end_of_pickle

NUMERIC = re.compile(r"[iu][1248]|f(?:[248]|16)|b1")
LARGEST_ARRAY = 1 << 24
"""Numbers in one array."""


class StandIn:
    """Something a pickle may call, or hand on, and not change."""

    __slots__ = ("_called",)
    _called: Callable[..., Any]

    def __init__(self, called: Callable[..., Any]) -> None:
        object.__setattr__(self, "_called", called)

    def __call__(self, *arguments: Any) -> Any:
        """Do what stands in for the call."""
        return self._called(*arguments)

    def __setattr__(self, name: str, value: object) -> None:
        raise Unfit("a change of what it calls")

    def __setstate__(self, state: object) -> None:
        raise Unfit("a change of what it calls")


class Kind:
    """A type of numbers, as NumPy's ``dtype`` is rebuilt: a letter with a size, then the order of its bytes."""

    __slots__ = ("_letters", "type")

    def __init__(self, letters: object, *_: object) -> None:
        if isinstance(letters, bytes):
            letters = letters.decode("latin1")
        if not isinstance(letters, str) or not (NUMERIC.fullmatch(letters) or letters == "O8"):
            raise Unfit(f"an array of {letters!r:.20}, which is no type of numbers")
        self._letters = letters
        self.type: np.dtype[Any] | None = None if letters == "O8" else np.dtype(letters)

    def __setstate__(self, state: object) -> None:
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else ""
        if isinstance(order, bytes):
            order = order.decode("latin1")
        if order not in ("<", ">", "|", "=") or any(part is not None for part in state[2:5]):  # type: ignore[index]
            raise Unfit("an array of records")
        if self.type is not None:
            self.type = self.type.newbyteorder(order)  # type: ignore[arg-type]  # one of the four above


class Array:
    """An array under construction: empty, then given its content; ``content`` is the array, or a list of objects."""

    __slots__ = ("content",)

    def __init__(self) -> None:
        self.content: Any = None

    def __setstate__(self, state: object) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise Unfit("an array of unknown make")
        _, shape, kind, fortran, content = state
        self.content = _filled(content, kind, shape, fortran)


def _filled(content: object, kind: object, shape: object, fortran: object) -> Any:
    if not isinstance(kind, Kind) or not isinstance(shape, tuple) or not all(isinstance(one, int) for one in shape):
        raise Unfit("an array of unknown make")
    if kind.type is None:
        if shape != () or not isinstance(content, list) or len(content) != 1:
            raise Unfit("an array of objects")
        return content[0]
    raw = _bytes(content)
    if len(raw) > LARGEST_ARRAY * kind.type.itemsize:
        raise Unfit(f"an array of more than {LARGEST_ARRAY:,} numbers")
    try:
        return np.frombuffer(raw, dtype=kind.type).reshape(shape, order="F" if fortran else "C")
    except ValueError:
        raise Unfit("an array whose content does not fit its shape") from None


def _bytes(content: object) -> bytes:
    if isinstance(content, str):  # a string of Python 2
        content = content.encode("latin1")
    if not isinstance(content, bytes | bytearray):
        raise Unfit("an array of unknown make")
    return bytes(content)


def _scalar(kind: object, content: object) -> float:
    if not isinstance(kind, Kind) or kind.type is None:
        raise Unfit("a number of unknown make")
    return float(_filled(content, kind, (), False)[()])


def _array(*_: object) -> Array:
    return Array()


def _from_buffer(content: object, kind: object, shape: object, order: object = "C", *_: object) -> Array:
    array = Array()
    array.content = _filled(content, kind, shape, order == "F")
    return array


def _encoded(text: object, encoding: object) -> bytes:
    if not isinstance(text, str) or encoding != "latin1":
        raise Unfit("text in another encoding than latin1")
    return text.encode("latin1")


def _mapping(*arguments: object) -> dict[Any, Any]:
    """An ordered dict or one with a default: what they hold comes behind them, or is a list of pairs."""
    pairs = [one for one in arguments if isinstance(one, list)]
    return dict(pairs[0]) if pairs else {}


def _never(*_: object) -> Any:
    raise Unfit("a call that no history needs")


_MULTIARRAY: Mapping[str, Callable[..., Any]] = {"_reconstruct": _array, "scalar": _scalar}
NAMES: Mapping[tuple[str, str], Callable[..., Any]] = {
    **{(f"numpy.{core}.multiarray", name): made for core in ("core", "_core") for name, made in _MULTIARRAY.items()},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
    ("numpy", "dtype"): Kind,
    ("numpy", "ndarray"): _never,
    ("_codecs", "encode"): _encoded,
    ("collections", "OrderedDict"): _mapping,
    ("collections", "defaultdict"): _mapping,
    **{(module, name): _never for module in ("builtins", "__builtin__") for name in ("list", "dict", "float", "int")},
}
"""Module and name in the file → what is called in its place."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        known = NAMES.get((module, name))
        if known is None:
            raise UnknownName(f"{module}.{name}")
        return StandIn(known)


def unpickled(data: bytes, start: int = 0) -> tuple[Any, int]:
    """Return what the pickle at ``start`` holds, and the place behind it. Raises `Unfit`.

    Arrays are `Array`, everything else is plain: `plain` takes both to what they hold.
    """
    end = end_of_pickle(data, start, NAMES)
    try:
        return _Unpickler(BytesIO(data[start:end]), encoding="latin1").load(), end
    except Unfit:
        raise
    except Exception as error:  # instructions in a senseless order raise whatever they meet
        raise Unfit(f"instructions that make no sense ({error})") from None
