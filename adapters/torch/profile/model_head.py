"""Where a PyTorch module ends, and how many weight layers lie between its ends."""

from __future__ import annotations

import re

from expert.adapters.forward.source import Forward
from expert.adapters.forward.values import WEIGHTS
from expert.adapters.torch.profile.model_parts import COMPOUND, TRANSFORMERS, is_leaf, leaf
from expert.adapters.torch.profile.model_tree import CONTAINERS, Module, children_of, code_of, torch_name

Head = tuple[str | None, int | None]
"""The activation at the end (None: there is none) and the number of outputs (None: not known)."""
RESHAPING = {"Flatten", "Unflatten", "Fold", "Unfold", "PixelShuffle", "PixelUnshuffle", "GLU"}
"""After these the number of outputs is another than that of the layer before."""
NARROWING = ("AdaptiveAvgPool", "AdaptiveMaxPool")


def head_of(module: Module, code: Forward | None = None) -> Head | None:
    """Return the head; None where the end cannot be seen. ``code`` is the module's own, where it is known already."""
    kind, children = torch_name(module), children_of(module)
    if kind == "Sequential":
        return _end_of_sequence(list(children.values()))
    if kind in COMPOUND:
        return None
    if kind is not None or is_leaf(kind, module):
        part = leaf(module, "", kind)
        if part.kind == "activation":
            return part.profile.activation, None
        if kind is not None:
            return None, part.profile.units
    activation: str | None = None
    scaled = False
    for how, what in (code or code_of(module)).returned:
        if how == "arithmetic":
            scaled = True
        elif how == "weights":
            return activation, None
        elif how == "function":
            activation = activation or ("other" if scaled else what)
        else:
            found = resolved(module, what)
            end = head_of(found[-1]) if found else None
            if end is None:
                break
            # An activation module holds no units: what it was applied to was not followed further.
            return activation or ("other" if scaled and end[0] else end[0]), end[1]
    return (activation, None) if activation else None


def resolved(module: Module, path: str) -> list[Module]:
    """The submodules a path in code means: ``blocks[]`` all of them, ``net.encode`` (a method) the module itself."""
    found = [module]
    for step in re.findall(r"\[\]|[^.\[\]]+", path):
        inner: list[Module] = []
        for one in found:
            children = children_of(one)
            if step == "[]":
                inner += children.values()
            elif step in children:
                inner.append(children[step])
            elif step.lstrip("-").isdigit() and len(children) > abs(int(step)) - (int(step) < 0):
                inner.append(list(children.values())[int(step)])
            elif one is not module:
                inner.append(one)
        found = inner
    return found


def depth_of(module: Module, code: Forward | None = None) -> int | None:
    """Return the number of weight layers on the longest way through the module.

    None where its code does not show the ways, and it may be several submodules with weights that lie on them.
    """
    kind, children = torch_name(module), children_of(module)
    own = code or code_of(module) if kind is None else None
    longest = None if own is None else _longest_way(module, own)
    if is_leaf(kind, module):
        part = leaf(module, "", kind)
        return longest or (part.stacked if part.weights else 0)
    if longest is not None:
        return longest
    depths = [depth_of(child) for name, child in children.items() if own is None or not own.used or name in own.used]
    unseen = own is not None and sum(depth != 0 for depth in depths) > 1
    return None if unseen or None in depths else sum(depth or 0 for depth in depths)


def _longest_way(module: Module, code: Forward) -> int | None:
    """None where the code calls submodules in ways that were not seen."""
    if code.steps is None:
        return None
    targets = [resolved(module, path) for path, _, _ in code.steps]
    covered = {id(one) for found in targets for one in found}
    called = {name: child for name, child in children_of(module).items() if code.used is None or name in code.used}
    units = [unit for child in called.values() for unit in _units(child)]
    if any(id(unit) not in covered and depth_of(unit) != 0 for unit in units):
        return None
    lengths: list[int] = []
    for found, (path, before, chained) in zip(targets, code.steps, strict=True):
        depths = [1] if path == WEIGHTS else [depth_of(one) for one in found if one is not module]
        if None in depths:
            return None
        known = [depth or 0 for depth in depths]
        earlier = [lengths[step] for step in before if step < len(lengths)]
        # Layers of a list that do not build on one another stand side by side.
        lengths.append((sum(known) if chained else max(known, default=0)) + max(earlier, default=0))
    return max(lengths, default=0)


def _units(child: Module) -> list[Module]:
    """What is called as a whole: a module, or each of those a list or mapping holds."""
    if torch_name(child) in CONTAINERS:
        return [unit for one in children_of(child).values() for unit in _units(one)]
    return [child]


def _end_of_sequence(children: list[Module]) -> Head | None:
    activation: str | None = None
    known = True
    for place, child in reversed(list(enumerate(children))):
        kind = torch_name(child)
        if kind in RESHAPING:
            before = torch_name(children[place - 1]) if place else None
            known &= kind == "Flatten" and before is not None and before.startswith(NARROWING)
            activation = "other" if kind == "GLU" and activation is None else activation
            continue
        end = head_of(child) if kind not in TRANSFORMERS else None
        if end is None:
            return (activation, None) if activation else None
        activation = activation or end[0]
        if end[1] is not None:
            return activation, end[1] if known else None
    return activation, None
