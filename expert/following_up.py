"""`worked`: whether a remedy did what it is for, told by the run that was made with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from expert.facts import Facts
    from expert.inference import Limits, Verdict
    from expert.parts import FollowUp
    from expert.remedy import Remedy
    from expert.settings import Settings

NOT_IN_A_LOG = "no log tells it: see for yourself whether {watch}"


def worked(
    remedy: str,
    source: object,
    *,
    config: object = None,
    model: object = None,
    data: object = None,
    columns: Mapping[str, str] | None = None,
    profile: str | Sequence[str] | None = None,
    settings: Settings | Mapping[str, object] | str | os.PathLike[str] | None = None,
    plugins: Iterable[object] | None = None,
) -> FollowUp:
    """Say whether a remedy, by id or name, worked: what it asks to be watched, looked at in the run made with it.

    The other arguments are those of `advise`. The answer is unknown where the run does not tell. Raises `ExpertError`
    for a remedy that does not exist, and what `advise` raises for a source or settings.
    """
    from expert.advising import plugins_given
    from expert.asking import in_force
    from expert.errors import ExpertError, nearest
    from expert.facts import Facts
    from expert.knowledge import load
    from expert.plugins import named_in_environment
    from expert.settings import settings_from
    from expert.sources import gather

    chosen = settings_from(settings)
    loaded, knowledge = load(named_in_environment(), plugins_given(chosen.plugins if plugins is None else plugins))
    asked = knowledge.remedy(remedy)
    if asked is None:
        raise ExpertError(f"There is no remedy '{remedy}'.{nearest(remedy, knowledge.remedies)}")
    history = gather(source, {"model": model, "config": config, "data": data}, columns, loaded).history
    limits = in_force(chosen, profile, knowledge, history).limits
    return follow_up(asked, Facts(history, knowledge.signals), limits)


def follow_up(remedy: Remedy, facts: Facts, limits: Limits) -> FollowUp:
    """What a run tells of a remedy it was made with."""
    from expert.inference import judge
    from expert.parts import FollowUp

    verdict = None if remedy.worked is None else judge(remedy.worked, facts, limits)
    return FollowUp(
        remedy=remedy.id,
        name=remedy.name,
        title=remedy.title,
        watch=remedy.watch,
        answer="unknown" if verdict is None else verdict.truth,
        reasons=(NOT_IN_A_LOG.format(watch=remedy.watch),) if verdict is None else _reasons(verdict),
        record=() if verdict is None else _record(verdict),
    )


def _reasons(verdict: Verdict) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fact.sentence for fact in verdict.grounds()))


def _record(verdict: Verdict) -> tuple[str, ...]:
    """What would have to be recorded where the answer is open."""
    if verdict.truth != "unknown":
        return ()
    return tuple(dict.fromkeys(fact.record for fact in verdict.grounds() if fact.record))
