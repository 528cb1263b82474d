"""Metrics of a PyTorch run: tensors as numbers, wherever they lie."""

from __future__ import annotations

from typing import Any

from expert.adapters.torch.ranks.sharding import whole


def as_number(value: Any) -> float | None:
    """A metric as a float; None for what is not one number. A tensor on a device is waited for."""
    try:
        value = whole(value)
        # Arrays and tensors of one number alike; no tensor warns of the graph it hangs on.
        return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None
