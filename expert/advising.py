"""`advise`: from a source to advice. What it needs is imported at the first call, so that importing it is cheap."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from expert.collecting import uncollected

if TYPE_CHECKING:
    from expert.advice import Advice, ProblemNote
    from expert.history import History
    from expert.settings import Settings


def advise(
    source: object = None,
    *,
    config: object = None,
    model: object = None,
    data: object = None,
    columns: Mapping[str, str] | None = None,
    profile: str | Sequence[str] | None = None,
    settings: Settings | Mapping[str, object] | str | os.PathLike[str] | None = None,
    plugins: Iterable[object] | None = None,
    strict: bool = False,
) -> Advice:
    """Say what is wrong with a training run, why, and what to do first.

    ``source`` is a run: a History, a dict of lists, a list of records, a DataFrame, a Keras History, or the path of
    a log. ``config``, ``model`` and ``data`` add what the log does not say: a mapping of fields, the record
    (`RunConfig`, `ModelProfile`, `DataProfile`), a live model, or arrays ``(x, y)``; without a source they are judged
    alone, before any training. ``columns={"val.loss": "my_val"}`` corrects a guessed role. ``profile`` names the kind
    of run whose limits are to be used (``"transformer"``, or several, the weightiest first) where it shall not be as
    recognized; ``"none"`` leaves all limits at their defaults. ``plugins`` adds plugins: the path of a Python file or
    of rules in YAML or TOML, a module or its name, or an object with hook functions. ``strict`` raises where a plugin
    fails.

    ``settings`` is a mapping, a record, or the path of a file that holds them; ``profile`` and ``plugins`` given here
    take the place of those in it. No file is read that is not named: what a call answers does not depend on the folder
    it is made in.

    Raises `SourceError` for a source that cannot be read, `SettingsError` for wrong settings, `AuthoringError` for a
    failing plugin where ``strict``; each in one sentence.
    """
    _load_once()
    from expert.knowledge import load
    from expert.pipeline import judge_history
    from expert.plugins import named_in_environment
    from expert.settings import settings_from
    from expert.sources import gather

    chosen = settings_from(settings)
    loaded, knowledge = load(named_in_environment(), plugins_given(chosen.plugins if plugins is None else plugins))
    _insist(knowledge.problems, strict)
    history, notes, failed, runs = gather(source, {"model": model, "config": config, "data": data}, columns, loaded)
    path = os.fspath(source) if isinstance(source, str | os.PathLike) else history.source or ""
    listed = None
    if chosen.baseline is not None:
        from expert import baseline  # few have one

        listed = baseline.read(chosen.baseline, chosen.said("baseline"))
    advice = judge_history(history, knowledge, chosen, profile, notes, source=path, baseline=listed, runs=max(runs, 1))
    if failed:
        advice = advice.with_problems(failed)
    _insist(advice.problems, strict)
    unheard = loaded.observe(advice, history)
    _insist(unheard, strict)
    return advice.with_problems(unheard) if unheard else advice


@cache
def _load_once() -> None:
    """Load what judges a run, all of which stays."""
    with uncollected():
        for module in ("expert.pipeline", "expert.sources"):
            import_module(module)


def plugins_given(plugins: Iterable[object] | None) -> Iterable[object]:
    """The plugins a caller names; raises `SettingsError` for what is no list of them."""
    from expert.errors import SettingsError

    if isinstance(plugins, str) or not isinstance(plugins, Iterable | None):
        raise SettingsError(
            f"plugins must be a list of files, modules or objects with hook functions, not {plugins!r:.80}."
        )
    return plugins or ()


def _insist(problems: Sequence[ProblemNote], strict: bool) -> None:
    if strict and problems:
        from expert.errors import AuthoringError

        raise AuthoringError(f"Plugin '{problems[0].plugin}': {problems[0].what}")


def read_runs(
    source: object, *, columns: Mapping[str, str] | None = None, plugins: Iterable[object] | None = None
) -> tuple[History, ...]:
    """All runs in a source, oldest first."""
    from expert.knowledge import load
    from expert.plugins import named_in_environment
    from expert.sources import read

    loaded, _ = load(named_in_environment(), plugins_given(plugins))
    return read(source, "run", loaded, columns)
