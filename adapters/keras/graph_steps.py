"""Watches an optimizer from inside a compiled step of TensorFlow, of which there are two: see `ChosenStep`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from expert.adapters.keras.looks import Seen, placed
from expert.adapters.keras.pacing import ROWS
from expert.adapters.keras.stepping import Failed, StepWatch

DRAWING = frozenset(
    {
        *(
            "RandomUniform",
            "RandomUniformInt",
            "RandomStandardNormal",
            "TruncatedNormal",
            "ParameterizedTruncatedNormal",
        ),
        *("RandomShuffle", "RandomGamma", "RandomGammaGrad", "RandomPoisson", "RandomPoissonV2", "Multinomial"),
    }
)
"""Operations with a random generator of their own: two graphs of one step would draw the same numbers twice."""


class GraphWatch(StepWatch):
    """Looks from inside a function of TensorFlow into variables of its own.

    `order` says how many looks the next execution of the traced function makes; it only looks where ``looking`` was
    True when it was traced. There a look stands under a condition of the graph, also because TensorFlow, which
    rearranges what it may, does not mix it with the update then.
    """

    by_call = False

    def __init__(self, optimizer: Any, model: Any, tracker: Any, failed: Failed) -> None:
        super().__init__(optimizer, model, tracker, failed)
        self.looking = True
        self.draws = False
        """Whether the step draws numbers from generators that a second graph of it would not share."""
        self.counts = False
        """Whether one execution calls the optimizer for several steps."""
        self._order: tuple[int, int] = (1, 1)
        self._graph: Any = None
        self._several = False

    def install(self) -> None:
        """Stand in front of ``apply``."""
        self._original = self.optimizer.apply
        self._put("apply", self._apply)

    def remove(self) -> None:
        """Leave ``apply`` as it was."""
        self._take_off("apply", self._apply)

    def _make_state(self) -> None:
        import tensorflow as tf

        layout = self.layout
        assert layout is not None
        # The first step may be the one that is being traced; the state outlives the graph.
        with tf.init_scope():
            self._ordered = _variable("order", np.array(self._order, dtype="int64"))
            self._kept = _variable("kept", np.array([0, -UNSEEN], dtype="int64"))
            self._ring = _variable("looks", np.zeros((ROWS, layout.width), dtype="float32"))
            self._row = _variable("look", np.zeros(layout.before, dtype="float32"))
            self._sample = _variable("weights", np.zeros(layout.sample, dtype="float32"))
            self._earlier = _variable("gradients", np.zeros(layout.sample, dtype="float32"))

    def order(self, looks: int, step: int) -> None:
        """Let the next execution, which begins with this step of the epoch (from 1), make so many looks."""
        self._order = (looks, step)
        if self.layout is not None:
            self._ordered.assign(np.array(self._order, dtype="int64"))

    def begin_epoch(self, done: int) -> None:
        """Forget the looks of the epoch that is over, which had so many steps."""
        if self.layout is not None:
            self.order(0, 0)
            last = int(ops.convert_to_numpy(self._kept.value)[1])
            self._kept.assign(np.array([0, last - done], dtype="int64"))

    def read(self) -> tuple[int, list[Seen]]:
        """See `StepWatch`; of calls only whether there were any."""
        if self.layout is None:
            return 0, []
        used = int(ops.convert_to_numpy(self._kept.value)[0])
        seen = [self.layout.seen(row) for row in ops.convert_to_numpy(self._ring.value)[:used]] if used else []
        if self._several:
            # Between these gradients lie others, which were not looked at.
            for one in seen:
                one.cosine = float("nan")
        return 1, seen

    def _apply(self, *args: Any, **named: Any) -> Any:
        before = None
        if self.looking and not self.broken:
            try:
                before = self._before(*args, **named)
            except Exception as error:  # the step must be traced
                self._fail("looking into the step", error)
        result = self._original(*args, **named)
        if before is not None:
            try:
                self._after(*before)
            except Exception as error:  # the step is traced
                self._fail("looking into the step", error)
        return result

    def _before(self, grads: Sequence[Any], trainable_variables: Any = None) -> tuple[Any, Any] | None:
        variables = self._own_variables(trainable_variables)
        if not self._prepare(variables):
            return None
        self._notice_graph()
        if self.accumulates > 1 and not self.optimizer.built:
            # What `apply` does first; the sums of gradients are needed before it.
            with keras.name_scope(self.optimizer.name, caller=self.optimizer):
                self.optimizer.build(variables)
        layout = self.layout
        assert layout is not None
        wanted, step = ops.unstack(self._ordered.value)
        due = wanted > 0
        if self.accumulates > 1:
            due = due & (self._is_update() > 0)

        def look() -> Any:
            row, sample, direction = layout.measure(
                self._gradients([_made_again(one) for one in grads], variables),
                self._weights(),
                self._around(),
                self._earlier.value,
                step - self._kept.value[1] <= self.accumulates,
            )
            self._row.assign(row)
            self._sample.assign(sample)
            self._earlier.assign(direction)
            return ops.zeros(())

        ops.cond(due, look, lambda: ops.zeros(()))
        return due, step

    def _after(self, due: Any, step: Any) -> None:
        layout = self.layout
        assert layout is not None

        def keep() -> Any:
            used = self._kept.value[0]
            row = layout.complete(self._row.value, self._sample.value, self._weights(), ops.cast(step, "float32"))
            self._ring.assign(placed(self._ring.value, row, used))
            self._kept.assign(ops.stack([ops.minimum(used + 1, ROWS), step]))
            self._ordered.assign_sub(np.array([1, 0], dtype="int64"))
            return ops.zeros(())

        ops.cond(due, keep, lambda: ops.zeros(()))
        if self.counts:
            self._ordered.assign_add(np.array([0, 1], dtype="int64"))

    def _notice_graph(self) -> None:
        """Learn of the graph that is being traced whether it draws numbers, and calls the optimizer more than once."""
        import tensorflow as tf

        graph = tf.compat.v1.get_default_graph()
        self._several |= graph is self._graph
        self._graph = graph
        self.draws = self.draws or draws_numbers(graph)


UNSEEN = 2**40


def draws_numbers(graph: Any) -> bool:
    """Whether a graph, as far as it is traced, or one around it or called in it has generators of its own."""
    while graph is not None:
        definition = graph.as_graph_def()
        nodes = [*definition.node, *(node for function in definition.library.function for node in function.node_def)]
        if any(node.op in DRAWING for node in nodes):
            return True
        graph = getattr(graph, "outer_graph", None)
    return False


def _made_again(tensor: Any, depth: int = 8) -> Any:
    """The same numbers as those of a tensor of a TensorFlow graph, without a further reader of products and sums.

    TensorFlow changes the order of a product's factors where the product is read once, as by the optimizer alone. To
    read it, too, would change the last bits of an update.
    """
    if type(tensor).__name__ != "SymbolicTensor" or not depth:
        return tensor
    import tensorflow as tf

    make = {"Mul": tf.multiply, "AddV2": tf.add, "Add": tf.add}.get(tensor.op.type)
    if make is not None:
        return make(*(_made_again(one, depth - 1) for one in tensor.op.inputs))
    if tensor.op.type == "AddN":
        return tf.add_n([_made_again(one, depth - 1) for one in tensor.op.inputs])
    return tensor


def _variable(name: str, values: Any) -> Any:
    return keras.Variable(values, dtype=str(values.dtype), trainable=False, name=f"training_expert_{name}")
