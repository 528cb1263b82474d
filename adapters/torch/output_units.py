"""How many outputs a model has, where its code does not show it: seen in a forward pass."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from expert.adapters.live.telemetry import Telemetry


class OutputUnits:
    """Compares what the weight layer that was called last returned with what the model returns.

    Where both are the same numbers, as they are or viewed in another order, the layer's units are the model's outputs.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._last: tuple[int, int, int] | None = None
        """Of the last layer: its units, where its output lies and how many numbers it has."""

    def see_layer(self, layer: nn.Module, output: Any) -> None:
        """A weight layer was called."""
        units = getattr(layer, "out_features", None) or getattr(layer, "out_channels", None)
        self._last = None
        if isinstance(units, int) and isinstance(output, Tensor):
            self._last = units, output.data_ptr(), output.numel()

    def see_model(self, output: Any) -> None:
        """The model has returned; what is known already is left as it is."""
        last, self._last = self._last, None
        if last is None or self._telemetry.model.output_units is not None or not isinstance(output, Tensor):
            return
        units, place, numbers = last
        if (output.data_ptr(), output.numel()) == (place, numbers) and units in output.shape[1:]:
            self._telemetry.know("model", output_units=units)
