"""What the graph behind a loss tells: which loss it is, over which axis its softmax runs, what it compares.

PyTorch keeps of each loss how it was computed, until the loss itself is let go. Shapes and settings stand there also
after the backward pass. Nothing is computed, and no number of a tensor is read.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from expert.adapters.live.telemetry import Telemetry

LOOKS = 3
"""So many losses are looked into: each step is made by the same code."""
DEEPEST = 16
SCALED = frozenset({"Mean", "Sum", "Div", "Mul", "Neg", "ToCopy", "Clone", "Squeeze", "Unsqueeze", "View", "Alias"})
"""What a loss may pass on its way and stays the same loss: a mean, a factor, another shape or precision."""
RESHAPED = frozenset({"View", "UnsafeView", "Reshape", "ReshapeAlias", "Transpose", "Permute", "ToCopy", "Clone", "T"})
"""What the answers may pass between the model and the loss: each keeps the numbers as they are."""
ADDED_BY_HAND = frozenset({"Unsqueeze", "Expand"})
"""Who spreads outputs by such a call means it; inside of a loss it is the loss that does."""
DIFFERENCES = frozenset({"Sub", "Rsub"})
OF_NUMBERS = {"MseLoss": "mse", "SmoothL1Loss": "huber", "HuberLoss": "huber"}
OF_CHANCES = {"BinaryCrossEntropy": "bce", "BinaryCrossEntropyWithLogits": "bce_with_logits"}
OF_CLASSES = frozenset({"NllLoss", "NllLoss2D"})
SOFTMAXES = frozenset({"LogSoftmax", "Softmax"})


class LossGraph:
    """Looks into the first losses that are handed over with their graph, and tells the run's configuration."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self.left = LOOKS
        """So many losses are still wanted."""
        self.rows: int | None = None
        """How many answers the loss compares with a class each; None where that is not known."""

    def see(self, loss: Any) -> None:
        """Look at a loss. One without a graph, or of an unusual build, tells nothing."""
        if not isinstance(loss, Tensor) or loss.grad_fn is None:
            return
        self.left -= 1
        try:
            self._look(loss.grad_fn)
        except (AttributeError, RuntimeError):  # nodes of another release, which tell less of themselves
            self.left = 0

    def _look(self, node: Any) -> None:
        core, plain = _core(node)
        if core is None:
            return
        kind = _kind(core)
        if kind in OF_CLASSES:
            self._of_classes(core, plain)
        elif kind in OF_CHANCES:
            self._is(OF_CHANCES[kind], core, plain)
        elif kind in OF_NUMBERS:
            self._is(OF_NUMBERS[kind], core, plain)
            outputs = _inner(core)
            self._compares(_shape(_inner(outputs) if _kind(outputs) == "Expand" else outputs), _shape(outputs))
        else:
            self._by_hand(core)

    def _of_classes(self, core: Any, plain: bool) -> None:
        answers = _inner(core)
        shape = _shape(answers)
        if shape is None or len(shape) < 2:
            return
        self.rows = shape[0] * _count(shape[2:])
        softmax = _through(answers, RESHAPED)
        if _kind(softmax) == "Log":
            softmax = _through(_inner(softmax), RESHAPED)
        own = self._telemetry.model.output_activation
        fused = _kind(softmax) == "LogSoftmax" and not (
            own == "log_softmax" and _kind(_through(_inner(softmax), RESHAPED)) != "LogSoftmax"
        )
        self._is("cross_entropy" if fused else "nll", core, plain)
        axis, over = _axis(softmax), _shape(softmax)
        if _kind(softmax) not in SOFTMAXES or axis is None or over is None:
            return
        axis %= len(over)
        right = axis == 1 if softmax is answers else over[axis] == shape[1]
        if right is False or self._telemetry.config.softmax_over_classes is None:
            self._telemetry.know("config", softmax_over_classes=right)

    def _by_hand(self, core: Any) -> None:
        """A mean of squares or of absolute differences that is written out, as ``F.l1_loss`` is, too."""
        difference = _inner(core)
        outputs = _inner(difference)
        absolute = _kind(core) == "Abs"
        if _kind(difference) not in DIFFERENCES or outputs is None:
            return
        if not absolute and getattr(core, "_saved_exponent", None) != 2:
            return
        self._is("mae" if absolute else "mse", core, False)
        if absolute and _kind(outputs) == "Expand":
            outputs = _inner(outputs)
        if _kind(outputs) not in ADDED_BY_HAND:
            self._compares(_shape(outputs), _shape(difference))

    def _compares(self, outputs: tuple[int, ...] | None, compared: tuple[int, ...] | None) -> None:
        """Tell whether each of N outputs meets N targets: an axis of that length came in."""
        if not outputs or compared is None or outputs[0] < 2:
            return
        spread = compared.count(outputs[0]) > outputs.count(outputs[0])
        if self._telemetry.config.loss_broadcast is not True:
            self._telemetry.know("config", loss_broadcast=spread)

    def _is(self, loss: str, core: Any, plain: bool) -> None:
        """Name the loss where nobody has, and how it is reduced where that is its own doing."""
        config = self._telemetry.config
        if config.loss in (None, "custom"):
            self._telemetry.know("config", loss=loss)
        reduction = {1: "mean", 2: "sum"}.get(getattr(core, "_saved_reduction", 0))
        if plain and reduction is not None and config.loss_reduction is None:
            self._telemetry.know("config", loss_reduction=reduction)


def _core(node: Any) -> tuple[Any, bool]:
    """The node that compares answers with targets, and whether nothing stands between it and the loss."""
    plain = True
    for _ in range(DEEPEST):
        kind = _kind(node)
        if kind is None or kind in OF_CLASSES or kind in OF_CHANCES or kind in OF_NUMBERS or kind in {"Pow", "Abs"}:
            return node, plain
        if kind not in SCALED:
            return None, False
        node, plain = _inner(node), False
    return None, False


def _through(node: Any, passed: frozenset[str]) -> Any:
    for _ in range(DEEPEST):
        if _kind(node) not in passed:
            break
        node = _inner(node)
    return node


def _kind(node: Any) -> str | None:
    """``MseLoss`` of ``MseLossBackward0``; None for no node, and for parameters, where a graph ends."""
    name = "" if node is None else str(node.name())
    return name.rsplit("Backward", 1)[0] if "Backward" in name else None


def _inner(node: Any) -> Any:
    """The one node that this one was made of; None where there are several."""
    inner = [one for one, _ in getattr(node, "next_functions", ()) if one is not None]
    return inner[0] if len(inner) == 1 else None


def _shape(node: Any) -> tuple[int, ...] | None:
    """The shape of what this node made; None in releases of PyTorch that do not keep it."""
    told = getattr(node, "_input_metadata", None)
    return tuple(int(size) for size in told[0].shape) if told else None


def _axis(node: Any) -> int | None:
    axis = getattr(node, "_saved_dim", None)
    # Negative axes are told as they lie in memory, without their sign.
    return axis - 2**64 if isinstance(axis, int) and axis >= 2**63 else axis


def _count(shape: tuple[int, ...]) -> int:
    size = 1
    for one in shape:
        size *= one
    return size
