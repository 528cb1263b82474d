"""Which profiles a run is judged by, and which values limits have under them.

The law: a project's own value of a limit, else that of a profile the caller names, in the order named, else that of a
recognized profile, the most specific first, else the default. What is named takes the place of what was recognized of
the same aspect; ``none`` among the words that are named switches recognition off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from expert.history import History
from expert.limits import NO_PROFILE, Limit
from expert.parts import UsedProfile
from expert.recognizing import ASPECT_OF, recognized


def known_profiles(limits: Iterable[Limit]) -> Sequence[str]:
    """Every word that may be named: what is recognized, what limits have values for, and ``none``."""
    names = dict.fromkeys((*ASPECT_OF, *(one.profile for limit in limits for one in limit.profiles)))
    return (*names, NO_PROFILE)


def chosen_limits(
    named: Sequence[str], limits: Iterable[Limit], history: History | None, own: Mapping[str, float]
) -> tuple[tuple[UsedProfile, ...], dict[str, float]]:
    """The profiles in force, each with the limits that have its value, and the values that are not the default."""
    signs = dict(_in_force(named, history))
    if not signs:
        return (), dict(own)
    values: dict[str, float] = {}
    using: dict[str, list[str]] = {name: [] for name in signs}
    for limit in [one for one in limits if one.profiles and one.name not in own]:
        found = limit.under(tuple(signs))
        if found is not None:
            values[limit.name] = found.value
            using[found.profile].append(limit.name)
    used = [
        UsedProfile(name=name, named=name in named, sign=sign, limits=tuple(sorted(using[name])))
        for name, sign in signs.items()
    ]
    return tuple(used), values | dict(own)


def _in_force(named: Sequence[str], history: History | None) -> Iterator[tuple[str, str]]:
    """Profiles and their signs, what is named first."""
    yield from ((name, "") for name in dict.fromkeys(named) if name != NO_PROFILE)
    if history is not None and NO_PROFILE not in named:
        told = {ASPECT_OF.get(name) for name in named}
        yield from ((one.name, one.sign) for one in recognized(history) if ASPECT_OF[one.name] not in told)
