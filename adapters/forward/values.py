"""Values in the source of a ``forward``, and what is seen as they are made of one another."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from expert.adapters.forward import words

End = tuple[str, str]
WEIGHTS = "<weights>"
"""The path of a step that is no submodule, but a weight given to a function."""
GATES = {"sigmoid": "silu", "hardsigmoid": "hardswish"}
"""A value times its own sigmoid is this activation."""


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a value in the code.

    ``sources`` are the numbers of all values it is made of, its own included, ``through`` those of them that came by a
    submodule. ``ends`` is what it went through last, outermost first, ``steps`` the calls of submodules that made it.
    ``module`` is the path of a submodule that the name stands for, ``elements`` the parts of a tuple or a mapping.
    """

    sources: frozenset[int] = frozenset()
    through: frozenset[int] = frozenset()
    ends: tuple[End, ...] = ()
    steps: frozenset[int] = frozenset()
    module: str | None = None
    argument: bool = False
    elements: tuple[Value, ...] | None = None
    keys: tuple[str, ...] = ()
    made_by: int | None = None
    """The call of the activation that made it."""

    @property
    def direct(self) -> frozenset[int]:
        """The values it is made of without any submodule in between."""
        return self.sources - self.through

    @property
    def output(self) -> Value:
        """The value itself, or of several results the one that is the output."""
        if not self.elements:
            return self
        wanted = next((self.keys.index(key) for key in words.PREFERRED if key in self.keys), None)
        if wanted is None and len(self.keys) > 1:
            return NOTHING
        return self.elements[wanted or 0].output


NOTHING = Value()
"""What no number of the input is part of: constants, shapes, weights."""


@dataclass(slots=True)
class Seen:
    """What was seen on a walk through the code; the methods make values of values and note what that shows."""

    functions: dict[int, str] = field(default_factory=dict)
    """Activations by the call that applies them."""
    calls: set[str] = field(default_factory=set)
    used: dict[str, None] = field(default_factory=dict)
    steps: list[tuple[str, frozenset[int]]] = field(default_factory=list)
    chained: set[int] = field(default_factory=set)
    """The steps that are taken again upon their own result."""
    rates: list[float | str] = field(default_factory=list)
    losses: list[tuple[str, tuple[End, ...]]] = field(default_factory=list)
    opaque: bool = False
    bends: bool = False
    repeats: bool = False
    adds: bool = False
    may_add: bool = False
    _number: int = 0
    _step_of: dict[int, int] = field(default_factory=dict)
    _outputs: dict[int, set[int]] = field(default_factory=dict)
    _operands: dict[int, Value] = field(default_factory=dict)

    def fresh(self) -> Value:
        """A value that comes from outside: an argument."""
        self._number += 1
        return Value(frozenset({self._number}), argument=True)

    def made(self, values: Iterable[Value], ends: tuple[End, ...] = ()) -> Value:
        """A new value made of others without a submodule."""
        given = list(values)
        if not any(value.sources for value in given):
            return NOTHING
        self._number += 1
        return Value(
            frozenset({self._number}).union(*(value.sources for value in given)),
            frozenset().union(*(value.through for value in given)),
            ends,
            frozenset().union(*(value.steps for value in given)),
        )

    def several(self, parts: list[Value], keys: tuple[str, ...] = ()) -> Value:
        """A tuple or a mapping of values."""
        return replace(self.made(parts), elements=tuple(parts), keys=keys)

    def merged(self, values: list[Value]) -> Value:
        """What is known of a value that is one of several."""
        if not values:
            return NOTHING
        if all(value == values[0] for value in values):
            return values[0]
        known = [value for value in values if value.sources or value.module is not None]
        if len(known) < 2:
            return known[0] if known else NOTHING
        modules = {value.module for value in known}
        ends = {value.output.ends for value in known}
        made = self.made(known, ends.pop() if len(ends) == 1 else ())
        return replace(made, module=modules.pop() if len(modules) == 1 else None)

    def submodule(self, call: ast.AST, path: str, every: list[Value]) -> Value:
        """The result of a submodule."""
        sources: frozenset[int] = frozenset().union(*(value.sources for value in every))
        # A call that is met again is the second round of a loop: it stays one step, however often it is taken.
        if id(call) not in self._step_of:
            before: frozenset[int] = frozenset().union(*(value.steps for value in every))
            self._step_of[id(call)] = len(self.steps)
            self.steps.append((path, before))
        outputs = self._outputs.setdefault(id(call), set())
        if outputs & sources:
            self.chained.add(self._step_of[id(call)])
            self.repeats |= "[]" not in path and path != ""
        self._number += 1
        outputs.add(self._number)
        step = frozenset({self._step_of[id(call)]})
        return Value(sources | {self._number}, sources, (("module", path),), step)

    def activation(self, call: ast.Call, name: str, every: list[Value]) -> Value:
        """The result of an activation function; its operand comes first."""
        self.functions[id(call)] = name
        self._operands[id(call)] = every[0] if every else NOTHING
        ends = every[0].ends if every else ()
        return replace(self.made(every, (("function", name), *ends)), made_by=id(call))

    def function(self, call: ast.Call, name: str, every: list[Value], ends: tuple[End, ...]) -> Value | None:
        """The result of a function that is known by its name; ``ends`` are its operand's. None for any other."""
        if name in words.LOSSES:
            self.losses.append((name, every[0].output.ends if every else ()))
            return self.made(every)
        if name == "add" and len(every) > 1:
            return self.sum(every[:2], call)
        if name == "sum" and every and every[0].elements:
            return self.sum(every[0].elements, call)
        if name in words.JOINING:
            return self._joined(every)
        if name in words.PRODUCTS:
            return self.product(every)
        if name in words.WEIGHTS or (name in words.MATRICES and sum(bool(one.sources) for one in every) == 1):
            return self.weights(call, every, deep="embedding" not in name)
        if name in words.DROPOUTS:
            self.rates.append(rate_of(call))
            return self.made(every, ends)
        if "pool" in name:
            self.bends |= "max" in name
            return self.made(every, ends)
        if name in words.SHAPING or name in words.NORMALIZATIONS:
            return self.made(every, ends)
        if name in words.BENDING:
            self.bends |= any(value.sources for value in every)
            return self.made(every, (("function", name), *ends))
        return NOTHING if name in words.MAKING or name in words.COUNTING else None

    def weights(self, call: ast.AST, every: list[Value], deep: bool = True) -> Value:
        """Numbers times a matrix of weights that stands in the code as such: a layer, if ``deep``."""
        made = self.submodule(call, WEIGHTS if deep else "", every)
        return replace(made, ends=(("weights", ""),))

    def sum(self, parts: Sequence[Value], node: ast.AST) -> Value:
        """``x + f(x)`` is a shortcut, as is what a block was given plus what it made of something else."""
        for number, right in enumerate(parts):
            for left in parts[:number]:
                self.adds |= self._passes_by(left, right) or self._passes_by(right, left)
                if left.through & right.through:
                    self.adds |= not words.SHORTCUTS.isdisjoint(re.findall(r"\w+", ast.unparse(node).lower()))
                    self.may_add = True
        return self.arithmetic(parts)

    def product(self, every: list[Value]) -> Value:
        """Numbers times numbers: scaled by a weight or a constant, or bent if both come from the input."""
        sourced = [value for value in every if value.sources]
        if len(sourced) < 2:
            return self.arithmetic(every)
        self.bends = True
        for gate in sourced:
            kind = None if gate.made_by is None else self.functions.get(gate.made_by)
            if gate.made_by is None or kind not in GATES:
                continue
            if any(other is self._operands.get(gate.made_by) for other in sourced):
                self.functions[gate.made_by] = GATES[kind]
            else:
                del self.functions[gate.made_by]  # it lets through a part of another value
        return self.made(every)

    def arithmetic(self, every: Sequence[Value]) -> Value:
        """Numbers added up, or shifted or scaled by what does not come from the input."""
        sourced = [value for value in every if value.sources]
        if not sourced:
            return NOTHING
        alone = len(sourced) == 1 and sourced[0].ends
        return self.made(every, (("arithmetic", ""), *sourced[0].ends) if alone else ())

    @staticmethod
    def _passes_by(one: Value, other: Value) -> bool:
        """Whether a value, or what the block was given, comes past the layers that made another."""
        return bool(one.direct & other.through) or (one.argument and bool(other.through))

    def _joined(self, every: list[Value]) -> Value:
        parts = [part for value in every for part in (value.elements or (value,))]
        for number, one in enumerate(parts):
            for other in parts[:number]:
                self.may_add |= self._passes_by(one, other) or self._passes_by(other, one)
        return self.made(every)


def rate_of(call: ast.Call) -> float | str:
    """The rate of a dropout call: a number, or the attribute that holds it; "" where it is something else."""
    named = {one.arg: one.value for one in call.keywords}
    match named.get("p", call.args[1] if len(call.args) > 1 else None):
        case None:
            return 0.5
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Attribute(value=ast.Name(id="self"), attr=attr):
            return attr
        case _:
            return ""
