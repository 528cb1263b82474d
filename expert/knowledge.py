"""The validated set of rules, remedies and signals in force. Assembled once per set of plugins and reused."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace

from expert.advice import ProblemNote
from expert.assembling import Assembly, Placed
from expert.calibration import Calibration
from expert.collecting import uncollected
from expert.limits import Limit
from expert.plugging.naming import distinct, identity
from expert.plugins import Plugins
from expert.relations import Catalogue
from expert.remedy import Remedy
from expert.rule import Rule
from expert.signals.signal import Signal


@dataclass(frozen=True)
class Knowledge:
    """Rules with their relations, remedies by id, name and alias, signals by id, limits by name, the plugin each comes
    from by id, what was wrong with them, and what causes were measured to be worth, by id of those of which that is
    known.
    """

    catalogue: Catalogue
    remedies: Mapping[str, Remedy]
    signals: Mapping[str, Signal]
    limits: Mapping[str, Limit]
    origins: Mapping[str, str]
    problems: tuple[ProblemNote, ...]
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)

    def remedy(self, word: str) -> Remedy | None:
        """The remedy with this id, name or alias."""
        return self.remedies.get(word)


def assemble(
    rules: Iterable[Rule],
    remedies: Iterable[Remedy],
    signals: Iterable[Signal] = (),
    origins: Mapping[str, str] | None = None,
    built_in: Container[str] = (),
    *,
    placed: Placed = lambda plugin, record, fault: fault,
) -> Knowledge:
    """Validate rules against remedies and signals; a record that does not fit is left out and reported.

    ``origins`` names the plugin of each record by id. Of two records that clash the one of a ``built_in`` plugin stays,
    else the one whose id sorts first. ``placed`` adds to a fault of a plugin's record where it stands, if it can tell.
    """
    made = Assembly(origins or {}, built_in, placed)
    for signal in signals:
        made.add_signal(signal)
    for remedy in made.ours_first(remedies):
        made.add_remedy(remedy)
    for rule in made.ours_first(rules):
        made.add_rule(rule)
    catalogue = made.catalogue()
    return Knowledge(catalogue, made.remedies, made.signals, made.limits, dict(made.origins), tuple(made.problems))


MOST_KEPT = 8
_installed: dict[frozenset[str] | None, tuple[Plugins, Knowledge]] = {}
_extended: dict[tuple[object, ...], tuple[tuple[object, ...], Plugins, Knowledge]] = {}


def load(only: frozenset[str] | None = None, extra: Iterable[object] = ()) -> tuple[Plugins, Knowledge]:
    """The installed plugins (all, or only those named) with extra plugin objects, and the knowledge they give.

    Assembled once for the installed plugins and kept. What extra objects add is kept for the last few sets of them; the
    same objects in the same order are a set, whatever they compare equal to, and so are the same files unchanged.
    Raises `SettingsError` for a file that does not exist.
    """
    objects = distinct(extra)
    if not objects:
        if only not in _installed:
            with uncollected():
                _installed[only] = _assembled(Plugins(only))
        return _installed[only]
    key = (only, *map(identity, objects))
    kept = _extended.get(key)
    if kept is None:
        plugins, knowledge = _assembled(Plugins(only, objects))
        if not plugins.complete:
            return plugins, knowledge
        kept = _extended[key] = (objects, plugins, knowledge)  # objects kept: their ids stay theirs
        for oldest in list(_extended)[:-MOST_KEPT]:
            _extended.pop(oldest, None)
    return kept[1], kept[2]


def _assembled(plugins: Plugins) -> tuple[Plugins, Knowledge]:
    records: tuple[Rule | Remedy | Signal, ...] = (*plugins.rules, *plugins.remedies, *plugins.signals)
    origins = {record.id: plugins.origin(record) for record in records}
    knowledge = assemble(
        plugins.rules, plugins.remedies, plugins.signals, origins, plugins.built_in, placed=plugins.placed
    )
    calibrations = {
        rule.id: plugins.calibrations[origins[rule.id]]
        for rule in knowledge.catalogue.rules.values()
        if rule.kind == "cause" and origins[rule.id] in plugins.calibrations
    }
    return plugins, replace(knowledge, problems=(*plugins.problems, *knowledge.problems), calibrations=calibrations)
