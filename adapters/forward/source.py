"""What the source of a module's ``forward`` shows without running it.

The code is parsed, never executed, and only the plainest forms are understood; anything else is "not seen".
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from expert.adapters.forward import words
from expert.adapters.forward.flow import Flow, TooLongError
from expert.adapters.forward.values import End, rate_of

DYNAMIC = frozenset({"children", "named_children", "modules", "named_modules", "_modules", "parameters", "__dict__"})
"""Attributes by which code reaches submodules without naming them."""
MODES = ("train", "eval", "mode", "infer", "determin")
"""Parts of the names by which code asks in which mode it is."""


@dataclass(frozen=True, slots=True)
class Forward:
    """What was seen.

    ``functions`` are the activations called, ``calls`` all names called besides submodules. ``returned`` is what the
    result went through last, outermost first: ``("module", path)``, ``("function", activation)``, ``("weights", "")``
    for a weight given to a function, ``("arithmetic", "")`` for shifting and scaling.

    ``adds`` says that a value is added to what layers made of it; None if that may be. ``opaque``: something is called
    whose effect cannot be seen. ``bends``: numbers pass something besides activations that is not linear. ``repeats``:
    a submodule is applied to its own result in a loop. ``used`` are the attributes of the submodules reached, in order
    of use; None where there may be others. ``steps`` are the calls of submodules, each as (path, indices of the steps
    it builds on, whether it is taken again upon its own result). ``rates`` are those of dropout functions, a number or
    the attribute that holds it, ``never_off`` those of them that are at work in evaluation, too. ``losses`` are the
    loss functions called and what their first argument went through last.
    """

    functions: tuple[str, ...] = ()
    calls: frozenset[str] = frozenset()
    returned: tuple[End, ...] = ()
    adds: bool | None = None
    opaque: bool = True
    bends: bool = True
    repeats: bool = False
    used: tuple[str, ...] | None = None
    steps: tuple[tuple[str, frozenset[int], bool], ...] | None = None
    rates: tuple[float | str, ...] = ()
    never_off: tuple[float | str, ...] = ()
    losses: tuple[tuple[str, tuple[End, ...]], ...] = ()


def read_forward(
    module_class: type, submodules: frozenset[str], attributes: Mapping[str, str] | None = None, start: str = "forward"
) -> Forward:
    """Read ``module_class.forward`` (or another method) and the methods it calls.

    ``submodules`` are the attributes that hold modules, ``attributes`` those that hold an activation function, by the
    name of that, a loss (``<loss>``) or None (""). Without source everything stays unseen. Never raises.
    """
    return _read(module_class, submodules, tuple(sorted((attributes or {}).items())), start)


@lru_cache(maxsize=512)
def _read(
    module_class: type, submodules: frozenset[str], attributes: tuple[tuple[str, str], ...], start: str
) -> Forward:
    if _definition(module_class, start) is None:
        return Forward()
    flow = Flow(lambda name: _definition(module_class, name), submodules, dict(attributes))
    try:
        result = flow.follow(start)
    except (TooLongError, RecursionError):
        return Forward()
    if not result.output.sources and not flow.seen.steps:
        return Forward()  # it makes nothing of what it is given: it only complains, or something else is called
    named, everything = _mentioned(flow, submodules)
    seen = flow.seen
    used = tuple(dict.fromkeys([*seen.used, *named]))
    return Forward(
        functions=tuple(seen.functions.values()),
        calls=frozenset(seen.calls),
        returned=result.output.ends,
        adds=True if seen.adds else None if seen.may_add else False,
        opaque=seen.opaque,
        bends=seen.bends,
        repeats=seen.repeats,
        used=used if everything else None,
        steps=tuple((path, before, number in seen.chained) for number, (path, before) in enumerate(seen.steps)),
        rates=tuple(seen.rates),
        never_off=_never_off(flow),
        losses=tuple(seen.losses),
    )


@lru_cache(maxsize=2048)
def _definition(module_class: type, method: str) -> ast.FunctionDef | None:
    function = inspect.getattr_static(module_class, method, None)
    static = isinstance(function, staticmethod)
    function = function.__func__ if isinstance(function, staticmethod | classmethod) else function
    # A class without a forward inherits one that only complains.
    if not inspect.isfunction(function) or function.__name__ == "_forward_unimplemented":
        return None
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    found = tree.body[0] if tree.body else None
    if not isinstance(found, ast.FunctionDef):
        return None
    given = [*found.args.posonlyargs, *found.args.args]
    if given and not static and given[0].arg != "self":
        for node in ast.walk(found):
            if isinstance(node, ast.Name) and node.id == given[0].arg:
                node.id = "self"
    return found


def _mentioned(flow: Flow, submodules: frozenset[str]) -> tuple[list[str], bool]:
    """The submodules named anywhere in the methods reached, and whether no others can be meant."""
    named: list[str] = []
    everything = True
    for definition in flow.reached.values():
        owned, bare = 0, 0
        for node in ast.walk(definition):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
                owned += 1
                named += [node.attr] if node.attr in submodules else []
                everything &= node.attr not in DYNAMIC
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                owned += node.func.id == "self" or _asks_for_a_name(node)
                everything &= node.func.id != "super"
            elif isinstance(node, ast.Name) and node.id == "self":
                bare += 1
        # Whoever is given the module itself may reach into it.
        everything &= owned == bare
    return named, everything


def _never_off(flow: Flow) -> tuple[float | str, ...]:
    """The rates of dropout functions that nobody tells of evaluation; none where the code asks for the mode."""
    found: list[float | str] = []
    for definition in flow.reached.values():
        for node in ast.walk(definition):
            if isinstance(node, ast.If | ast.IfExp | ast.Match) and _names_a_mode(node):
                return ()
            if isinstance(node, ast.Call) and _is_dropout(node) and not _is_told(node):
                found.append(rate_of(node))
    return tuple(found)


def _names_a_mode(node: ast.If | ast.IfExp | ast.Match) -> bool:
    asked = node.subject if isinstance(node, ast.Match) else node.test
    names = [one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in ast.walk(asked)]
    return any(word in name.lower() for name in names for word in MODES)


def _is_dropout(node: ast.Call) -> bool:
    """A function of that name; a submodule or method of the module's own knows the mode itself."""
    match node.func:
        case ast.Name(id=name):
            return name in words.DROPOUTS
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return name in words.DROPOUTS and owner != "self"
        case ast.Attribute(value=ast.Attribute(attr=owner), attr=name):
            return name in words.DROPOUTS and owner in {"functional", "random", "nn", "special"}
        case _:
            return False


def _is_told(node: ast.Call) -> bool:
    """Whether the call says when it is to be at work: by ``training``, as its third argument, or by a mapping."""
    named = {one.arg: one.value for one in node.keywords}
    always = named.get("training")
    if isinstance(always, ast.Constant):
        return always.value is not True
    return len(node.args) > 2 or always is not None or None in named


def _asks_for_a_name(node: ast.Call) -> bool:
    """``getattr(self, "fc")`` and the like."""
    asks = isinstance(node.func, ast.Name) and node.func.id in {"getattr", "hasattr"} and len(node.args) > 1
    return asks and isinstance(node.args[0], ast.Name) and isinstance(node.args[1], ast.Constant)
