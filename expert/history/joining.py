"""Fragments of one run, in the order they were recorded, folded into one history at a cost linear in their size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Any, TypeVar

from expert.history.growing_marks import GrowingMarks
from expert.history.history import History
from expert.history.layers import LayerStatistics
from expert.history.placing import CLOCKS
from expert.history.profiles import DataProfile, ModelProfile, RunConfig
from expert.history.record import Record, nothing_known, same
from expert.history.series import Clock, Ignored, Series
from expert.history.tracks import Floats, Track

Joined = TypeVar("Joined", bound=History)

LARGEST_SPREAD = 2**27
"""Cells of a table of positions x layers that may be mostly empty, as its fragments name ever other layers."""


def join(fragments: Iterable[History], into: type[Joined]) -> Joined:
    """Return the history that these fragments of one run make, oldest first.

    Series are continued where everything but their numbers is equal, layer statistics where quantity and clock are;
    their layers are united by name in forward order, NaN where a fragment does not name one. What begins at or before
    the last position of its kind replaces the tail from there on. An event ``resume`` says so of the whole run: ``at``
    is the first position recorded anew, and what older fragments hold there or later, on other clocks as far as the
    marks place it, is left out. A note tells of either. Of profiles the last value known of each field stands.
    """
    joining = _Joining()
    for fragment in fragments:
        joining.add(fragment)
    return into.model_construct(**joining.fields())


class _Joining:
    def __init__(self) -> None:
        self.series: dict[Hashable, Track] = {}
        self.layers: dict[Hashable, Track] = {}
        self.marks = GrowingMarks()
        self.events: list[Any] = []
        self.ignored: dict[Ignored, None] = {}
        self.notes: dict[str, None] = {}
        self.source: str | None = None
        self.known: dict[type[Record], dict[str, Any]] = {RunConfig: {}, ModelProfile: {}, DataProfile: {}}
        self.first_config: dict[str, Any] = {}
        self.went_back: dict[Clock, dict[float, None]] = {clock: {} for clock in CLOCKS}

    def add(self, fragment: History) -> None:
        for event in fragment.events:
            if event.kind == "resume":
                self._resume(event.clock, event.at)
        self._continue(self.series, fragment.series)
        self._continue(self.layers, fragment.layers)
        if fragment.marks is not None:
            self._went_back("step", self.marks.add(fragment.marks))
        self.events += fragment.events
        self.ignored.update(dict.fromkeys(fragment.ignored))
        self.notes.update(dict.fromkeys(fragment.notes))
        self.source = fragment.source if fragment.source is not None else self.source
        for profile in (fragment.config, fragment.model, fragment.data):
            for name in profile.model_fields_set:
                if getattr(profile, name) is not None:
                    self.known[type(profile)][name] = getattr(profile, name)
        for name, value in self.known[RunConfig].items():
            self.first_config.setdefault(name, value)

    def fields(self) -> dict[str, Any]:
        """Every field of the history."""
        shared: dict[tuple[int, float, float], Floats] = {}
        series = [record for track in self.series.values() if (record := track.joined(shared)) is not None]
        layers = []
        for track in self.layers.values():
            if track.spread > max(LARGEST_SPREAD, 4 * track.cells):
                reason = f"its fragments name {len(track.names):,} different layers at {track.length:,} positions"
                self.ignored[Ignored(name=track.newest.quantity, reason=reason)] = None
            elif (record := track.joined(shared)) is not None:
                layers.append(record)
        return {
            "series": tuple(series),
            "layers": tuple(layers),
            "marks": self.marks.joined(),
            "events": tuple(self.events),
            "config": self._profile(RunConfig),
            "model": self._profile(ModelProfile),
            "data": self._profile(DataProfile),
            "ignored": tuple(self.ignored),
            "notes": (*self.notes, *self._changes()),
            "source": self.source,
        }

    def _continue(self, tracks: dict[Hashable, Track], records: Iterable[Series | LayerStatistics]) -> None:
        # Two records of one fragment are never one: what they have in common is told apart by their order.
        seen: Counter[Hashable] = Counter()
        for record in records:
            key = _identity(record)
            seen[key] += 1
            track = tracks.setdefault((key, seen[key]), Track())
            if len(record):
                first = float(record.at[0])
                self._went_back(record.clock, first if track.cut(first) else None)
            track.add(record)

    def _resume(self, clock: Clock, position: float) -> None:
        tracks = [*self.series.values(), *self.layers.values()]
        cut = [track.cut(position) for track in tracks if track.newest.clock == clock]
        if not any(cut) and not self.marks.reaches(clock, position):
            return
        self._went_back(clock, position)
        # The marks as they were place the position on the clocks the event does not name.
        limits = self.marks.placed(clock, position)
        for track in tracks:
            if track.newest.clock != clock and track.newest.clock in limits:
                track.cut(limits[track.newest.clock])
        self.marks.cut(limits)

    def _went_back(self, clock: Clock, position: float | None) -> None:
        if position is not None:
            self.went_back[clock][position] = None

    def _profile(self, kind: type[Record]) -> Record:
        return kind.model_construct(**self.known[kind]) if self.known[kind] else nothing_known(kind)

    def _changes(self) -> list[str]:
        notes = []
        for clock, positions in self.went_back.items():
            if positions:
                shown = ", ".join(f"{position:.12g}" for position in list(positions)[:3])
                more = f" and {len(positions) - 3:,} more" if len(positions) > 3 else ""
                notes.append(
                    f"The run goes back on the {clock} clock, to {shown}{more}; what had been recorded there or later "
                    f"is replaced by what was recorded anew."
                )
        if self.marks.blanked:
            names = " and ".join(self.marks.blanked)
            notes.append(f"The {names} clock goes back while the step clock does not; its earlier marks place nothing.")
        for name, first in self.first_config.items():
            last = self.known[RunConfig][name]
            if not same(first, last):
                notes.append(f"RunConfig.{name} was {first!r:.60} at first and {last!r:.60} later, which is used.")
        return notes


def _identity(record: Series | LayerStatistics) -> Hashable:
    if isinstance(record, LayerStatistics):
        return record.quantity, record.clock
    source = record.source and (record.source.path, record.source.column, record.source.reason)
    about = (record.role, record.phase, record.reduction, record.direction, record.unit)
    return record.name, record.clock, about, record.labels, source
