"""The gradients a user hands over, brought together with the variables they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class GradientsError(ValueError):
    """One sentence on gradients that cannot be told which variables they belong to."""


def by_variable(gradients: Any, variables: Sequence[Any]) -> dict[int, Any]:
    """Return the gradients by the ``id`` of their variable.

    ``gradients`` has one entry (a tensor, ``IndexedSlices`` or None) for each of ``variables``, in their order, or is a
    list of (gradient, variable) pairs as ``apply_gradients`` takes it. None stands for none at all. Raises
    `GradientsError` for anything else.
    """
    if gradients is None:
        return {}
    if not isinstance(gradients, list | tuple):
        kind = type(gradients).__name__
        used_up = (
            "; an iterator is left alone, since reading it would use it up" if hasattr(gradients, "__next__") else ""
        )
        raise GradientsError(f"gradients is {kind}; expected a list with one gradient for each variable{used_up}.")
    if gradients and all(_is_pair(one) for one in gradients):
        # The variable of a pair may be what a Keras variable holds.
        owners = {id(held): one for one in variables for held in (one, getattr(one, "value", None))}
        found = [(gradient, owners.get(id(variable))) for gradient, variable in gradients]
        return {id(variable): gradient for gradient, variable in found if variable is not None}
    if len(gradients) != len(variables):
        raise GradientsError(
            f"there are {len(gradients)} gradients for {len(variables)} trainable variables; expected one for each, or "
            "(gradient, variable) pairs, or say which variables by watch(..., variables=...)."
        )
    return {id(variable): gradient for gradient, variable in zip(gradients, variables, strict=True)}


def are_pairs(gradients: Any) -> bool:
    """Whether the gradients come with their variables."""
    return isinstance(gradients, list | tuple) and bool(gradients) and all(_is_pair(one) for one in gradients)


def _is_pair(one: Any) -> bool:
    return isinstance(one, tuple | list) and len(one) == 2 and hasattr(one[1], "assign")
