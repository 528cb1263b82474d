"""What is wrong with a plugin before any of its hooks is called: its API version, its hooks' names and arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from expert import hookspecs
from expert.errors import nearest
from expert.hooks import API, api_fault, hookimpl

HOOKS: Mapping[str, Sequence[str]] = {
    name: tuple(inspect.signature(function).parameters)
    for name, function in vars(hookspecs).items()
    if name.startswith("expert_")
}
"""Every hook with the arguments it gives."""

API_NAME = "expert_api"
MARK = f"{hookimpl.project_name}_impl"


def faults(plugin: object) -> Iterator[str]:
    """Why the plugin cannot be used, a sentence for each reason."""
    if inspect.isclass(plugin):
        yield f"it is a class; give an object of it, {plugin.__name__}()."
        return
    if fault := api_fault(getattr(plugin, API_NAME, API)):
        yield fault
        return
    if not has_hooks(plugin) and not any(True for _ in unmarked(plugin)):
        yield "it has no hook function; mark those it has with @hookimpl of expert.authoring."
    for name, function, options in _marked(plugin):
        hook = options.get("specname") or name
        if hook in HOOKS:
            yield from _wrong_signature(hook, function, options)
        elif not options.get("optionalhook"):
            hint = nearest(hook, HOOKS) or f" Known are {', '.join(HOOKS)}."
            yield f"it has a hook function '{hook}', but there is no such hook.{hint}"


def has_hooks(plugin: object) -> bool:
    """Whether any function of the plugin is marked as a hook."""
    return any(True for _ in _marked(plugin))


def unmarked(plugin: object) -> Iterator[str]:
    """A sentence for each function that is called like a hook and will never be called, because it is not marked."""
    for name in HOOKS:
        function = getattr(plugin, name, None)
        if inspect.isroutine(function) and getattr(function, MARK, None) is None:
            yield f"its function '{name}' is not marked as a hook; put @hookimpl of expert.authoring above it."


def _marked(plugin: object) -> Iterator[tuple[str, Callable[..., object], Mapping[str, Any]]]:
    for name in dir(plugin):
        try:
            function = getattr(plugin, name)
        except Exception:  # a property of a stranger's object
            continue
        options = getattr(function, MARK, None) if inspect.isroutine(function) else None
        if isinstance(options, Mapping):
            yield name, function, options


def _wrong_signature(hook: str, function: Callable[..., object], options: Mapping[str, Any]) -> Iterator[str]:
    if options.get("wrapper") or options.get("hookwrapper"):
        yield f"its hook function '{hook}' is a wrapper, and hooks are not wrapped; return the records instead."
    given = HOOKS[hook]
    for name, parameter in inspect.signature(function).parameters.items():
        variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if name not in given and not variadic and parameter.default is parameter.empty:
            gives = f"only {' and '.join(given)}" if given else "no arguments"
            yield f"its hook function '{hook}' takes '{name}', but that hook gives {gives}.{nearest(name, given)}"
