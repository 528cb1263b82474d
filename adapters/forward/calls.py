"""Names, attributes and calls in the source of a ``forward``: whether they mean submodules, methods or functions."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from expert.adapters.forward import words
from expert.adapters.forward.values import NOTHING, Seen, Value
from expert.adapters.structure import ACTIVATIONS

SPACES = frozenset({"math", "np", "numpy", "logging", "logger", "warnings"})
"""Whose functions do nothing to tensors."""
LOSS = "<loss>"
Scope = dict[str, Value]


@dataclass(slots=True)
class Calls:
    """What a name, an attribute or a call means, in a class of which this is known.

    ``method`` gives the parsed source of a method by its name, ``submodules`` are attributes that hold modules,
    ``attributes`` those that hold an activation function, by the name of that, a loss (`LOSS`) or None (""). ``seen``
    is what was found.
    """

    method: Callable[[str], ast.FunctionDef | None]
    submodules: frozenset[str]
    attributes: Mapping[str, str]
    seen: Seen = field(default_factory=Seen)

    @abstractmethod
    def evaluate(self, node: ast.expr, scope: Scope) -> Value:
        """What is known of an expression's value."""

    @abstractmethod
    def inline(self, name: str, given: list[Value] | None, named: Mapping[str, Value]) -> Value:
        """The result of a method of the class; ``given`` is None for fresh arguments."""

    def attribute(self, owner: ast.expr, attr: str, scope: Scope) -> Value:
        """``self.fc``, ``self.blocks.first`` or ``x.shape``."""
        if is_self(owner):
            if attr not in self.submodules:
                return NOTHING
            self.seen.used.setdefault(attr)
            return Value(module=attr)
        value = self.evaluate(owner, scope)
        if value.module is not None:
            return NOTHING if attr in {"weight", "bias"} else replace(value, module=f"{value.module}.{attr}")
        if not value.sources or attr in words.NUMBERS:
            return NOTHING
        return self.seen.made([value], value.ends if attr in words.SAME_NUMBERS else ())

    def subscript(self, value: Value, index: ast.expr, scope: Scope) -> Value:
        """``self.blocks[0]``, ``outputs["logits"]`` or ``x[:, -1]``."""
        self.evaluate(index, scope)
        if value.module is not None:
            constant = ast.unparse(index).strip("'\"")
            known = isinstance(index, ast.Constant) or constant == "-1"
            return replace(value, module=f"{value.module}.{constant}" if known else any_of(value.module))
        if value.elements is not None and isinstance(index, ast.Constant):
            place = value.keys.index(index.value) if index.value in value.keys else index.value
            if isinstance(place, int) and place < len(value.elements):
                return value.elements[place]
        return self.seen.made([value], value.ends) if value.sources else NOTHING

    def call(self, node: ast.Call, scope: Scope) -> Value:
        """Any call, by what is called."""
        given = [self.evaluate(one, scope) for one in node.args]
        named = {one.arg or "": self.evaluate(one.value, scope) for one in node.keywords}
        every = [*given, *named.values()]
        callee = node.func
        match node:
            case ast.Call(func=ast.Name(id="getattr"), args=[owner_node, ast.Constant(value=str() as attr), *_]):
                return self.attribute(owner_node, attr, scope)
            case _:
                pass
        if is_self(callee):
            return self.inline("forward", given, named)
        if isinstance(callee, ast.Attribute) and is_self(callee.value) and callee.attr not in self.submodules:
            return self._own_method(node, callee.attr, given, named)
        if isinstance(callee, ast.Name) and scope.get(callee.id, NOTHING).module is None:
            return self._function(node, callee.id, every, named)
        if isinstance(callee, ast.Attribute):
            owner = self.evaluate(callee.value, scope)
            if owner.module is not None:
                if callee.attr in {"add", "add_relu"} and len(given) > 1:  # FloatFunctional of quantized networks
                    return self.seen.sum(given, node)
                method = callee.attr not in {"forward", "__call__"}
                return self.seen.submodule(node, f"{owner.module}.{callee.attr}" if method else owner.module, every)
            if is_self(callee.value):
                return self.seen.submodule(node, self.attribute(callee.value, callee.attr, scope).module or "", every)
            if owner.sources:
                return self._function(node, callee.attr, [owner, *every], named)
            space = callee.value.id if isinstance(callee.value, ast.Name) else ""
            return self._function(node, callee.attr, every, named, space)
        found = self.evaluate(callee, scope)
        if found.module is not None:
            return self.seen.submodule(node, found.module, every)
        self.seen.opaque = True
        return self.seen.made(every)

    def _own_method(self, node: ast.Call, name: str, given: list[Value], named: Mapping[str, Value]) -> Value:
        every = [*given, *named.values()]
        if name in self.attributes:
            return self._held(node, name, every)
        if self.method(name) is not None and name not in words.REPORTING:
            return self.inline(name, given, named)
        if name in words.REPORTING:
            return NOTHING
        return self._function(node, name, every, named)

    def _held(self, node: ast.Call, name: str, every: list[Value]) -> Value:
        """A call of an attribute that is no part of the network, or an activation function."""
        kind = self.attributes[name]
        if kind == LOSS:
            self.seen.losses.append((name, every[0].output.ends if every else ()))
            return self.seen.made(every)
        # An optional submodule that is not there is not called either.
        return self.seen.activation(node, kind, every) if kind else NOTHING

    def _function(
        self, node: ast.Call, called: str, every: list[Value], named: Mapping[str, Value], space: str = ""
    ) -> Value:
        """A call by name; the value it works on is the first of ``every``."""
        name = called if called.startswith("_") else called.rstrip("_")
        passed = next((value.module for value in every if value.module is not None), None)
        if passed is not None and "checkpoint" in name:
            return self.seen.submodule(node, passed, [value for value in every if value.module is None])
        self.seen.calls.add(name)
        if space in SPACES and not any(one.sources for one in every):
            return NOTHING
        if name in ACTIVATIONS:
            return self.seen.activation(node, ACTIVATIONS[name], every)
        known = self.seen.function(node, name, every, every[0].ends if every else ())
        if known is not None:
            return known
        # A record of results: ``CausalLMOutput(loss=loss, logits=logits)``.
        results = {key: value for key, value in named.items() if value.sources}
        if results.keys() & set(words.PREFERRED):
            return self.seen.several(list(results.values()), tuple(results))
        self.seen.opaque |= "checkpoint" not in name
        # A method that is handed on is called with what is handed on beside it: ``checkpoint(self.inner, x)``.
        handed = [one.attr for one in node.args if isinstance(one, ast.Attribute) and is_self(one.value)]
        method = next((attr for attr in handed if self.method(attr) is not None), None)
        sourced = [value for value in every if value.sources]
        return self.seen.made(every) if method is None else self.inline(method, sourced, {})


def is_self(node: ast.expr) -> bool:
    """Whether the node is the name of the module itself."""
    return isinstance(node, ast.Name) and node.id == "self"


def any_of(path: str) -> str:
    """The path of any submodule of a list or mapping."""
    return path if path.endswith("[]") else f"{path}[]"
