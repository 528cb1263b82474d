"""Array fields of pydantic models: float64, read-only, exact in JSON, taken without a copy where that is possible."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, SerializationInfo, ValidationInfo
from pydantic_core import CoreSchema, core_schema

_NONFINITE = {"NaN", "Infinity", "-Infinity"}
_NUMBER_SCHEMA = {"anyOf": [{"type": "number"}, {"enum": sorted(_NONFINITE)}]}


class ArrayField:
    """Annotation that makes an array a pydantic field with a fixed number of axes.

    A C-contiguous float64 array is *not copied*: the field is a read-only view, so a later write to the original shows
    in the record. The original stays writable. Anything else (lists, other dtypes, strided views) is copied once.
    """

    def __init__(self, axes: int) -> None:
        self.axes = axes

    def validate(self, value: Any, info: ValidationInfo) -> NDArray[np.float64]:
        """Return a read-only float64 view with the right number of axes, or raise ``ValueError``."""
        array = as_floats(info.context.take(value) if isinstance(info.context, ArrayStore) else value)
        if array.shape == (0,):
            array = array.reshape((0,) * self.axes)
        if array.ndim != self.axes:
            raise ValueError(f"expected an array with {self.axes} axes, got one of shape {array.shape}.")
        return read_only(array)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.validate,
            serialization=core_schema.plain_serializer_function_ser_schema(_for_json, info_arg=True, when_used="json"),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        result: dict[str, Any] = _NUMBER_SCHEMA
        for _ in range(self.axes):
            result = {"type": "array", "items": result}
        return result


class ArrayStore:
    """Arrays kept beside a JSON document: given as the context of pydantic, indices into it stand for the arrays."""

    def __init__(self, arrays: Sequence[NDArray[np.float64]] = ()) -> None:
        self.arrays = list(arrays)
        self._index: dict[tuple[Any, ...], int] = {}

    def put(self, array: NDArray[np.float64]) -> int:
        """Keep an array and return its index; the same memory is kept once."""
        key = (array.__array_interface__["data"][0], array.shape)
        if key not in self._index:
            self._index[key] = len(self.arrays)
            self.arrays.append(array)
        return self._index[key]

    def take(self, index: Any) -> NDArray[np.float64]:
        """Return the array at an index; raise ``ValueError`` if there is none."""
        if not isinstance(index, int) or not 0 <= index < len(self.arrays):
            raise ValueError(f"expected the number of one of {len(self.arrays)} arrays, got {index!r}.")
        return self.arrays[index]


FloatArray = Annotated[NDArray[np.float64], ArrayField(1)]
FloatMatrix = Annotated[NDArray[np.float64], ArrayField(2)]


def read_only(array: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a read-only view that is contiguous; what is not is copied."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def as_floats(value: Any) -> NDArray[np.float64]:
    """Return ``value`` as float64, without a copy if it is; raise ``ValueError`` naming the entry at fault."""
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        return np.asarray(value)
    if isinstance(value, (str, bytes)) or not hasattr(value, "__len__"):
        raise ValueError(f"expected a sequence of numbers, got {type(value).__name__}.")
    try:
        raw = np.asarray(value)
        if raw.dtype.kind in "biuf":
            return raw.astype(np.float64)
        if raw.dtype.kind in "OU" and raw.ndim <= 2:
            return _parsed(value if raw.dtype.kind == "U" else raw.tolist(), raw.ndim)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"expected numbers: {str(error).rstrip('.')}.") from None
    raise ValueError(f"expected numbers, got an array of {raw.dtype}.")


def _for_json(array: NDArray[np.float64], info: SerializationInfo) -> Any:
    return info.context.put(array) if isinstance(info.context, ArrayStore) else _spelled(array)


def _spelled(array: NDArray[np.float64]) -> list[Any]:
    """Return nested lists for JSON, non-finite numbers as ``"NaN"``, ``"Infinity"``, ``"-Infinity"``."""
    if np.isfinite(array).all():
        return array.tolist()  # type: ignore[no-any-return]
    if array.ndim == 2:
        return [_spelled(row) for row in array]
    return [number if np.isfinite(number) else _spelling(number) for number in array.tolist()]


def _spelling(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def _parsed(value: Any, axes: int) -> NDArray[np.float64]:
    """Read lists that mix numbers with the JSON spellings of non-finite ones."""
    if axes == 2:
        return np.array([_parsed(row, 1) for row in value], dtype=np.float64)
    numbers = np.empty(len(value), dtype=np.float64)
    for index, entry in enumerate(value):
        if entry is None or (isinstance(entry, str) and entry not in _NONFINITE):
            raise ValueError(f"entry {index} is {entry!r}; leave out what was not recorded")
        numbers[index] = entry
    return numbers
