"""Fragments of one run, in the order they were recorded, folded into one history at a cost linear in their size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from expert.history.arrays import read_only
from expert.history.clock import ClockMarks
from expert.history.history import History
from expert.history.layers import LayerStatistics
from expert.history.placing import CLOCKS
from expert.history.profiles import DataProfile, ModelProfile, RunConfig
from expert.history.record import Record, nothing_known, same
from expert.history.series import Clock, Ignored, Series

Floats = NDArray[np.float64]
Joined = TypeVar("Joined", bound=History)

SMALL = 4096
"""Parts shorter than this are united as they come: a hundred thousand fragments of one step are as many arrays."""
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
        self.series: dict[Hashable, _Track] = {}
        self.layers: dict[Hashable, _Track] = {}
        self.marks = _Marks()
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

    def _continue(self, tracks: dict[Hashable, _Track], records: Iterable[Series | LayerStatistics]) -> None:
        # Two records of one fragment are never one: what they have in common is told apart by their order.
        seen: Counter[Hashable] = Counter()
        for record in records:
            key = _identity(record)
            seen[key] += 1
            track = tracks.setdefault((key, seen[key]), _Track())
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


class _Part(NamedTuple):
    at: Floats
    values: Floats
    layers: tuple[str, ...]


class _Track:
    """One series or layer statistic that grows at its end; ``newest`` tells everything of it but the numbers."""

    newest: Any

    def __init__(self) -> None:
        self.parts: list[_Part] = []

    @property
    def length(self) -> int:
        """Number of positions."""
        return sum(len(part.at) for part in self.parts)

    @property
    def cells(self) -> int:
        """Number of values."""
        return sum(part.values.size for part in self.parts)

    @property
    def names(self) -> set[str]:
        """All layers named."""
        return set(self.newest.layers).union(*{part.layers for part in self.parts})

    @property
    def spread(self) -> int:
        """Number of values the united table has."""
        return self.length * len(self.names)

    def cut(self, position: float) -> bool:
        """Leave out what stands at this position or later; say whether anything did."""
        found = False
        while self.parts and self.parts[-1].at[-1] >= position:
            found = True
            at, values, layers = self.parts.pop()
            kept = int(np.searchsorted(at, position))
            if kept:
                self.parts.append(_Part(at[:kept], values[:kept], layers))
        return found

    def add(self, record: Series | LayerStatistics) -> None:
        """Continue with a record that begins behind the last position."""
        self.newest = record
        if not len(record):
            return
        self.parts.append(_Part(record.at, record.values, _layers(record)))
        while len(self.parts) > 1:
            before, last = self.parts[-2:]
            if len(before.at) >= min(SMALL, 2 * len(last.at)) or before.layers != last.layers:
                return
            self.parts[-2:] = [_united([before, last], last.layers)]

    def joined(self, shared: dict[tuple[int, float, float], Floats]) -> Any:
        """Return everything in one record, None where all of it was left out; equal positions are held once."""
        if not self.parts:
            return self.newest if not len(self.newest) else None
        orders = dict.fromkeys([_layers(self.newest), *(part.layers for part in reversed(self.parts))])
        whole = _united(self.parts, _forward_order(orders))
        at = shared.setdefault((len(whole.at), float(whole.at[0]), float(whole.at[-1])), whole.at)
        if not np.array_equal(at, whole.at):
            at = whole.at
        names = {"layers": whole.layers} if isinstance(self.newest, LayerStatistics) else {}
        # Every part was checked as it came, and rises from where the one before ends.
        return self.newest.model_copy(update={"at": read_only(at), "values": read_only(whole.values), **names})


def _layers(record: Series | LayerStatistics) -> tuple[str, ...]:
    return record.layers if isinstance(record, LayerStatistics) else ()


def _united(parts: list[_Part], layers: tuple[str, ...]) -> _Part:
    if len(parts) == 1 and parts[0].layers == layers:
        return parts[0]
    at = np.concatenate([part.at for part in parts])
    if all(part.layers == layers for part in parts):
        return _Part(at, np.concatenate([part.values for part in parts]), layers)
    column = {name: index for index, name in enumerate(layers)}
    values = np.full((len(at), len(layers)), np.nan)
    row = 0
    for part in parts:
        values[row : row + len(part.at), [column[name] for name in part.layers]] = part.values
        row += len(part.at)
    return _Part(at, values, layers)


def _forward_order(orders: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Unite orders, the one that counts most first; a name it lacks stands behind the one it follows elsewhere."""
    united: list[str] = []
    for names in orders:
        known = set(united)
        following: dict[str | None, list[str]] = {}
        anchor = None
        for name in names:
            if name in known:
                anchor = name
            else:
                following.setdefault(anchor, []).append(name)
        if following:
            united = following.get(None, []) + [each for name in united for each in (name, *following.get(name, ()))]
    return tuple(united)


class _Marks:
    """Clock marks that grow at their end: rows of step, epoch and seconds, NaN where unknown."""

    def __init__(self) -> None:
        self.parts: list[Floats] = []
        self.last = np.full(len(CLOCKS), np.nan)
        self.any_seconds = False
        self.blanked: dict[Clock, None] = {}

    def add(self, marks: ClockMarks) -> float | None:
        """Continue with these marks; return the step they go back to, if they do."""
        self.any_seconds |= marks.seconds is not None
        seconds = np.full(len(marks), np.nan) if marks.seconds is None else marks.seconds
        rows = np.column_stack([marks.step, marks.epoch, seconds])
        first = np.fmin.reduce(rows, axis=0, initial=np.nan)
        back = None
        if (first < self.last).any():
            whole = self._whole().copy()
            if first[0] < self.last[0]:
                back = float(first[0])
                whole = whole[: _first_true(whole[:, 0] > first[0])]
            for index in (1, 2):
                beyond = whole[:, index] > first[index]
                if beyond.any():
                    whole[beyond, index] = np.nan
                    self.blanked[CLOCKS[index]] = None
            self._replace(whole)
        self.parts.append(rows)
        self.last = np.fmax(self.last, np.fmax.reduce(rows, axis=0, initial=np.nan))
        return back

    def reaches(self, clock: Clock, position: float) -> bool:
        """Whether a mark stands at this position or later."""
        return bool(self.last[CLOCKS.index(clock)] >= position)

    def placed(self, clock: Clock, position: float) -> dict[Clock, float]:
        """Return the position on every clock that the marks place it on, its own included."""
        marks = self.joined()
        limits = {clock: position}
        for other in CLOCKS:
            converted = None if marks is None or other == clock else marks.convert([position], clock, other)
            if converted is not None and np.isfinite(converted[0]):
                limits[other] = float(converted[0])
        return limits

    def cut(self, limits: dict[Clock, float]) -> None:
        """Leave out the first row that stands at one of these positions or later, and all behind it."""
        if not self.parts:
            return
        whole = self._whole()
        beyond = [column >= limits[clock] for clock, column in zip(CLOCKS, whole.T, strict=True) if clock in limits]
        self._replace(whole[: _first_true(np.logical_or.reduce(beyond))])

    def joined(self) -> ClockMarks | None:
        """Return all in one record; None where there never were any."""
        if not self.parts:
            return None
        step, epoch, seconds = (read_only(column) for column in self._whole().T)
        return ClockMarks.model_construct(step=step, epoch=epoch, seconds=seconds if self.any_seconds else None)

    def _whole(self) -> Floats:
        self.parts = [np.concatenate(self.parts)]
        return self.parts[0]

    def _replace(self, rows: Floats) -> None:
        self.parts = [rows]
        self.last = np.fmax.reduce(rows, axis=0, initial=np.nan)


def _first_true(flags: NDArray[np.bool_]) -> int:
    return int(np.argmax(flags)) if flags.any() else len(flags)
