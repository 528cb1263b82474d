"""Where activations are flat or zero, by the names rules use: what collectors count of them."""

from __future__ import annotations

from collections.abc import Mapping

RECTIFIED = {"relu", "relu6", "leaky_relu", "threshold", "hardswish", "squared_relu"}
"""Activations whose units can be dead: zero for every sample."""
ENDS: Mapping[str, tuple[float, float]] = {"tanh": (-0.99, 0.99), "hardtanh": (-0.99, 0.99), "sigmoid": (0.01, 0.99)}
"""Beyond these values an activation is at its flat ends."""
HEADS = {"softmax", "log_softmax", "softmin"}
"""Activations of an output, never of a hidden layer that is judged."""
