"""What settings ask of a body of knowledge: words resolved to rules, names to limits; what names nothing is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from expert.errors import SettingsError, nearest
from expert.history import History
from expert.inference import Limits
from expert.judging import Asked
from expert.knowledge import Knowledge
from expert.parts import UsedProfile
from expert.profiling import chosen_limits, known_profiles
from expert.relations import Catalogue
from expert.rule import Severity
from expert.settings import Settings, Suppression
from expert.settings.values import texts


class Hiding(NamedTuple):
    """A suppression, the place it stands at, and the ids of the rules it is about."""

    suppression: Suppression
    where: str
    rules: frozenset[str]


class InForce(NamedTuple):
    """Settings resolved: the limits, the profiles whose values they have, the rules asked for (None: all, as they are),
    what is suppressed.
    """

    limits: Limits
    profiles: tuple[UsedProfile, ...]
    asked: Asked | None
    hidings: Sequence[Hiding]


def in_force(
    settings: Settings, profile: str | Sequence[str] | None, knowledge: Knowledge, history: History | None = None
) -> InForce:
    """The settings resolved against the knowledge; raises `SettingsError` for what names nothing in it.

    ``profile`` takes the place of what the settings name; what the history tells of itself comes after that.
    """
    for name in settings.limits:
        if name not in knowledge.limits:
            where = settings.said("limits", name)
            raise SettingsError(f"{where}: there is no limit '{name}'.{nearest(name, knowledge.limits)}")
    named = _profiles_named(settings, profile, knowledge)
    hidings = [_hiding(one, number, settings, knowledge.catalogue) for number, one in enumerate(settings.suppress)]
    used, values = chosen_limits(named, knowledge.limits.values(), history, settings.limits)
    return InForce(Limits(values), used, _asked(settings, knowledge.catalogue), hidings)


def _hiding(suppression: Suppression, number: int, settings: Settings, catalogue: Catalogue) -> Hiding:
    named = _named(suppression.rule, settings.said("suppress", number, "rule"), catalogue)
    return Hiding(suppression, settings.mention("suppress", number), named)


def _profiles_named(settings: Settings, profile: str | Sequence[str] | None, knowledge: Knowledge) -> Sequence[str]:
    """The profiles that the caller names, in their order, as the limits spell them."""
    words = settings.profile
    if profile is not None:
        try:
            words = texts(profile)
        except ValueError as error:
            raise SettingsError(f"profile: {error}") from None
    if not words:
        return ()
    where = f"{settings.said('profile')}: there" if profile is None else "There"
    known = known_profiles(knowledge.limits.values())
    return [_profile(word, where, known) for word in words]


def _profile(word: str, where: str, known: Sequence[str]) -> str:
    name = "-".join(word.lower().replace("_", " ").split())
    if name in known:
        return name
    raise SettingsError(f"{where} is no profile '{word}'; known are {', '.join(known)}.{nearest(name, known)}")


def _asked(settings: Settings, catalogue: Catalogue) -> Asked | None:
    """Rules that are merely not selected still rule out and silence; ignored ones and those on trial do not."""
    on_trial = _on_trial(settings, catalogue)
    if not settings.select and not settings.ignore and not settings.severity and not on_trial:
        return None

    def all_of(words: Sequence[str], key: str) -> frozenset[str]:
        return frozenset[str]().union(*(_named(word, settings.said(key), catalogue) for word in words))

    everything = frozenset(catalogue.rules)
    ignored = all_of(settings.ignore, "ignore") | on_trial
    told = all_of(settings.select, "select") if settings.select else everything
    return Asked(told=told - ignored, heeded=everything - ignored, severities=_severities(settings, catalogue))


def _on_trial(settings: Settings, catalogue: Catalogue) -> frozenset[str]:
    """The experimental rules that nobody asked for: their false alarms are not known yet."""
    if settings.preview:
        return frozenset()
    named = {rule.id for word in settings.select if (rule := catalogue.find(word)) is not None}
    return catalogue.experimental - named


def _severities(settings: Settings, catalogue: Catalogue) -> Mapping[str, Severity]:
    """The severity set for each rule: of several words that name it the one that names the fewest rules decides."""
    chosen: dict[str, tuple[int, str]] = {}
    for word, severity in settings.severity.items():
        named = _named(word, settings.said("severity", word), catalogue)
        for identity in named:
            count, other = chosen.get(identity, (len(named) + 1, word))
            if count == len(named) and settings.severity[other] != severity:
                raise SettingsError(
                    f"{settings.said('severity', word)}: it sets {catalogue.rules[identity]} to {severity}, but "
                    f"'{other}' sets it to {settings.severity[other]}."
                )
            if count > len(named):
                chosen[identity] = (len(named), word)
    return {identity: settings.severity[word] for identity, (_, word) in chosen.items()}


def _named(word: str, where: str, catalogue: Catalogue) -> frozenset[str]:
    found = catalogue.matching(word)
    if not found:
        known = [name for rule in catalogue.rules.values() for name in (rule.id, rule.name, rule.family)]
        raise SettingsError(f"{where}: '{word}' names no rule, family or id prefix.{nearest(word, known)}")
    return found
