"""Findings that the settings hide: they still explain, rule out and silence, but count for nothing and are not lost."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from expert.asking import Hiding
from expert.judging import Judgment, Status
from expert.parts import Suppressed, Unused
from expert.reporting import finding_of
from expert.rule import SEVERITIES
from expert.settings.paths import matches

UNUSED = "The suppression of '{rule}' ({where}) hides nothing here; {advice}."
TAKE_OUT = "take it out"
NARROW = "take it out, or name the logs it is meant for under source"
EXPIRED = "The suppression of '{rule}' ({where}) expired on {until} and hides nothing; its reason was: {reason}"
_RUN = re.compile(r", run \d+$")


class Suppressing(NamedTuple):
    """The judgments with what is hidden marked, what hides each of these, and what hides nothing."""

    judgments: Mapping[str, Judgment]
    hidden: Mapping[str, Hiding]
    unused: Sequence[Unused]


def suppress(
    judgments: Mapping[str, Judgment], hidings: Sequence[Hiding], source: str, day: datetime.date | None = None
) -> Suppressing:
    """Mark the findings that are hidden on a day (today) in a log. What they explain stays explained by them, and by
    what explains them.
    """
    if not hidings:
        return Suppressing(judgments, {}, ())
    day = day or datetime.date.today()
    here = [one for one in hidings if _is_meant(one, source)]
    valid = [one for one in here if one.suppression.until is None or day <= one.suppression.until]
    hidden: dict[str, Hiding] = {}
    for hiding in valid:
        for identity in hiding.rules:
            if judgments[identity].found and judgments[identity].rule.kind != "guard":
                hidden.setdefault(identity, hiding)
    marked: dict[str, Judgment] = {}
    for identity, judgment in judgments.items():  # what explains comes before what it explains
        through = [marked[one].explained_by for one in judgment.explained_by if one in hidden]
        explained_by = tuple(dict.fromkeys((*judgment.explained_by, *(one for others in through for one in others))))
        status: Status = "suppressed" if identity in hidden else judgment.status
        marked[identity] = replace(judgment, status=status, explained_by=explained_by)
    expired = (_expired(one) for one in here if one not in valid)
    return Suppressing(marked, hidden, (*expired, *_idle(valid, marked)))


def _is_meant(hiding: Hiding, source: str) -> bool:
    patterns = hiding.suppression.source
    path = _RUN.sub("", source)
    return not patterns or (bool(path) and any(matches(path, pattern) for pattern in patterns))


def suppressed_of(judgments: Mapping[str, Judgment], hidden: Mapping[str, Hiding]) -> tuple[Suppressed, ...]:
    """What was found and is hidden, the most severe first, with the reasons."""
    ordered = sorted(hidden, key=lambda identity: (-SEVERITIES.index(judgments[identity].severity), identity))
    return tuple(
        Suppressed(
            finding=finding_of(judgments[identity]),
            reason=hidden[identity].suppression.reason,
            by=hidden[identity].suppression.rule,
            where=hidden[identity].where,
            until=hidden[identity].suppression.until,
        )
        for identity in ordered
    )


def _expired(hiding: Hiding) -> Unused:
    one = hiding.suppression
    note = EXPIRED.format(rule=one.rule, where=hiding.where, until=one.until, reason=one.reason)
    return Unused(kind="suppression", rule=one.rule, where=hiding.where, note=note)


def _idle(hidings: Iterable[Hiding], judgments: Mapping[str, Judgment]) -> Iterator[Unused]:
    """Suppressions that hide nothing, though at least one of their rules was judged."""
    for hiding in hidings:
        statuses = {judgments[identity].status for identity in hiding.rules}
        if "suppressed" in statuses or not statuses & {"no", "ruled out"}:
            continue
        one = hiding.suppression
        note = UNUSED.format(rule=one.rule, where=hiding.where, advice=TAKE_OUT if one.source else NARROW)
        yield Unused(kind="suppression", rule=one.rule, where=hiding.where, note=note)
