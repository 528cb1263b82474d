"""What the source of a module's ``forward`` shows without running it.

The code is parsed, never executed, and only the plainest forms are understood; anything else is "not seen".
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import dataclass

from expert.adapters.structure import ACTIVATIONS

SHAPING = frozenset(
    {"add", "cat", "chunk", "clone", "concat", "contiguous", "detach", "dim", "dropout", "enumerate", "expand", "float"}
    | {"flatten", "flip", "len", "matmul", "mean", "movedim", "narrow", "permute", "range", "repeat", "reshape"}
    | {"select", "size", "split", "squeeze", "stack", "sum", "swapaxes", "t", "to", "transpose", "type", "type_as"}
    | {"unbind", "unflatten", "unsqueeze", "view", "zip"}
)
"""Calls that move or add numbers and bend nothing."""


@dataclass(frozen=True, slots=True)
class Forward:
    """What was seen.

    ``functions`` are the activations called, ``calls`` all names called besides submodules. ``returned`` is what the
    result went through last, outermost first: ``("module", attribute)`` or ``("function", activation)``. ``adds`` says
    that two branches are added, ``opaque`` that something is called whose effect cannot be seen.
    """

    functions: tuple[str, ...] = ()
    calls: frozenset[str] = frozenset()
    returned: tuple[tuple[str, str], ...] = ()
    adds: bool = False
    opaque: bool = True


def read_forward(module_class: type, submodules: frozenset[str]) -> Forward:
    """Read ``module_class.forward`` and the methods it calls; without source everything stays unseen (``opaque``)."""
    start = _definition(module_class, "forward")
    if start is None:
        return Forward()
    methods = {"forward": start}
    waiting = [start]
    functions: list[str] = []
    calls: set[str] = set()
    opaque = False
    while waiting:
        current = waiting.pop()
        looped = _loop_variables(current, submodules)
        for node in ast.walk(current):
            if not isinstance(node, ast.Call):
                continue
            own, name = _own_attribute(node.func), _last_name(node.func)
            if own in submodules or own in methods or (isinstance(node.func, ast.Name) and name in looped):
                continue
            method = _definition(module_class, own) if own is not None else None
            if own is not None and method is not None:
                methods[own] = method
                waiting.append(method)
                continue
            calls.add(name)
            if own is None and name in ACTIVATIONS:
                functions.append(ACTIVATIONS[name])
            elif name not in SHAPING and "pool" not in name:
                opaque = True
    adds = any(_adds_branch(node) for method in methods.values() for node in ast.walk(method))
    returned = _returned(start)
    while returned and returned[-1][0] == "module" and returned[-1][1] in methods and len(methods) > 1:
        method = methods.pop(returned[-1][1])
        returned = [*returned[:-1], *_returned(method)]
    return Forward(tuple(functions), frozenset(calls), tuple(returned), adds, opaque)


def _definition(module_class: type, method: str) -> ast.FunctionDef | None:
    function = getattr(module_class, method, None)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))  # type: ignore[arg-type]
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    return tree.body[0] if tree.body and isinstance(tree.body[0], ast.FunctionDef) else None


def _loop_variables(definition: ast.FunctionDef, submodules: frozenset[str]) -> set[str]:
    """The names a ``for`` runs over submodules with: ``for block in self.blocks``."""
    loops = [node for node in ast.walk(definition) if isinstance(node, ast.For)]
    own = [loop for loop in loops if any(_is_own(node, submodules) for node in ast.walk(loop.iter))]
    targets = (node for loop in own for node in ast.walk(loop.target))
    return {node.id for node in targets if isinstance(node, ast.Name)}


def _is_own(node: ast.AST, submodules: frozenset[str]) -> bool:
    return isinstance(node, ast.Attribute) and _own_attribute(node) in submodules


def _own_attribute(node: ast.expr) -> str | None:
    """``self.fc`` or ``self.layers[i]`` -> its attribute name."""
    if isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return node.attr
    return None


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _adds_branch(node: ast.AST) -> bool:
    """``x + f(x)`` or ``out += identity``; not ``y = x + self.bias`` and not a counter."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = (node.left, node.right)
        return any(isinstance(side, ast.Call) for side in sides) or all(isinstance(side, ast.Name) for side in sides)
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        return isinstance(node.value, ast.Call | ast.Name)
    return False


def _returned(definition: ast.FunctionDef) -> list[tuple[str, str]]:
    body = definition.body
    last = body[-1] if body else None
    if not isinstance(last, ast.Return) or last.value is None:
        return []
    if sum(isinstance(node, ast.Return) for node in ast.walk(definition)) > 1:
        return []
    found: list[tuple[str, str]] = []
    expression: ast.expr | None = last.value
    before = len(body) - 1
    while expression is not None:
        if isinstance(expression, ast.Tuple) and expression.elts:
            expression = expression.elts[0]
        elif isinstance(expression, ast.Subscript):
            expression = expression.value
        elif isinstance(expression, ast.Name):
            expression, before = _assigned(expression.id, body, before)
        elif isinstance(expression, ast.Call):
            module, name = _own_attribute(expression.func), _last_name(expression.func)
            if module is not None:
                return [*found, ("module", module)] if isinstance(expression.func, ast.Attribute) else found
            if name in ACTIVATIONS:
                found.append(("function", ACTIVATIONS[name]))
            elif name not in SHAPING:
                return found
            expression = _operand(expression)
        else:
            return found
    return found


def _assigned(name: str, body: list[ast.stmt], before: int) -> tuple[ast.expr | None, int]:
    """Return the expression last given to ``name`` above statement ``before``; None if a branch or loop may have."""
    for index in range(before - 1, -1, -1):
        statement = body[index]
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            first = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target
            if isinstance(first, ast.Name) and first.id == name:
                return statement.value, index
        stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id == name)
        if any(isinstance(node.ctx, ast.Store) for node in stored):
            return None, index
    return None, 0


def _operand(call: ast.Call) -> ast.expr | None:
    """The tensor a call works on: ``x`` of ``x.view(-1)`` and of ``F.relu(x)``."""
    if isinstance(call.func, ast.Attribute):
        owner = call.func.value
        is_namespace = isinstance(owner, ast.Name) and owner.id in {"torch", "F", "nn", "functional"}
        if not is_namespace and not (isinstance(owner, ast.Attribute) and owner.attr == "functional"):
            return owner
    return call.args[0] if call.args else None
