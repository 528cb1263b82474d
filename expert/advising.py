"""`advise`: from a source to advice. What it needs is imported at the first call, so that importing it is cheap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expert.advice import Advice
    from expert.history import History
    from expert.settings import Settings


def advise(
    source: object = None,
    *,
    config: object = None,
    model: object = None,
    data: object = None,
    columns: Mapping[str, str] | None = None,
    profile: str | None = None,
    settings: Settings | Mapping[str, object] | None = None,
    plugins: Iterable[object] = (),
    strict: bool = False,
) -> Advice:
    """Say what is wrong with a training run, why, and what to do first.

    ``source`` is a run: a History, a dict of lists, a list of records, a DataFrame, a Keras History, or the path of
    a log. ``config``, ``model`` and ``data`` add what the log does not say: a mapping of fields, the record
    (`RunConfig`, `ModelProfile`, `DataProfile`), a live model, or arrays ``(x, y)``; without a source they are judged
    alone, before any training. ``columns={"val.loss": "my_val"}`` corrects a guessed role. ``profile`` names the kind
    of run whose limits are to be used, ``plugins`` adds plugin modules or objects, ``strict`` raises where a plugin
    fails.

    Raises `SourceError` for a source that cannot be read, `SettingsError` for wrong settings; each in one sentence.
    """
    from expert.advice import ProblemNote
    from expert.errors import AuthoringError
    from expert.knowledge import load
    from expert.pipeline import judge_history
    from expert.plugins import named_in_environment
    from expert.settings import settings_from
    from expert.sources import gather

    chosen = settings_from(settings)
    loaded, knowledge = load(named_in_environment(), tuple(plugins))
    if strict and knowledge.problems:
        raise AuthoringError(f"Plugin '{knowledge.problems[0].plugin}': {knowledge.problems[0].what}")
    history, notes = gather(source, {"model": model, "config": config, "data": data}, columns, loaded)
    advice = judge_history(history, knowledge, chosen, profile, notes)
    failed = loaded.observe(advice, history)
    if strict and failed:
        raise AuthoringError(f"Plugin '{failed[0].plugin}': {failed[0].what}")
    if not failed:
        return advice
    return advice.with_problems(tuple(ProblemNote(plugin=one.plugin, what=one.what) for one in failed))


def read_runs(
    source: object, *, columns: Mapping[str, str] | None = None, plugins: Iterable[object] = ()
) -> tuple[History, ...]:
    """All runs in a source, oldest first."""
    from expert.knowledge import load
    from expert.plugins import named_in_environment
    from expert.sources import read

    loaded, _ = load(named_in_environment(), tuple(plugins))
    return read(source, "run", loaded, columns)
