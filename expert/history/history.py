"""The telemetry of one run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from expert.history.clock import ClockMarks
from expert.history.events import Event
from expert.history.layers import LayerStatistics
from expert.history.profiles import DataProfile, ModelProfile, RunConfig
from expert.history.record import Record, nothing_known
from expert.history.series import Clock, Ignored, Series

if TYPE_CHECKING:
    import pandas

    from expert.history.rows import Row, Rows


class History(Record):
    """Everything known of one run: series over a clock, layer statistics, profiles of configuration, model and data.

    The store is columns: one array of positions and one of values for each series. Rows are a view for people
    (``history[i]``, iteration, ``len``). Arrays given as contiguous float64 are not copied.
    """

    series: tuple[Series, ...] = ()
    layers: tuple[LayerStatistics, ...] = ()
    marks: ClockMarks | None = None
    events: tuple[Event, ...] = ()
    config: RunConfig = Field(default_factory=partial(nothing_known, RunConfig))
    model: ModelProfile = Field(default_factory=partial(nothing_known, ModelProfile))
    data: DataProfile = Field(default_factory=partial(nothing_known, DataProfile))
    ignored: tuple[Ignored, ...] = ()
    notes: tuple[str, ...] = ()
    source: str | None = None

    @classmethod
    def from_records(
        cls,
        records: Iterable[Mapping[str, Any]],
        *,
        columns: Mapping[str, str] | None = None,
        layers: Sequence[str] | None = None,
        config: RunConfig | Mapping[str, Any] | None = None,
        model: ModelProfile | Mapping[str, Any] | None = None,
        data: DataProfile | Mapping[str, Any] | None = None,
        events: Iterable[Event] = (),
        source: str | None = None,
    ) -> Self:
        """Build a history from rows: mappings with a ``step`` and/or an ``epoch`` and whatever was measured there.

        A missing key, None and ``""`` mean "not recorded". A value that is a mapping layer -> number is a layer
        statistic. Rows with a step live on the step clock, and those that also name an epoch place steps on epochs;
        rows with an epoch only live on the epoch clock, rows with neither are numbered 1, 2, ... as steps. Of several
        values at one position the last counts. ``columns`` corrects a guessed role ({"val.loss": "my column"}),
        ``layers`` gives the forward order of the layers where rows name them differently.

        Raises ``SourceError`` when positions go back or a row is not a mapping.
        """
        from expert.history.building import from_records

        return from_records(
            cls,
            records,
            columns=columns,
            layers=layers,
            config=config,
            model=model,
            data=data,
            events=events,
            source=source,
        )

    @classmethod
    def from_columns(
        cls,
        table: Mapping[str, Any],
        *,
        clock: Clock | None = None,
        epoch: Sequence[float] | NDArray[np.float64] | None = None,
        columns: Mapping[str, str] | None = None,
        config: RunConfig | Mapping[str, Any] | None = None,
        model: ModelProfile | Mapping[str, Any] | None = None,
        data: DataProfile | Mapping[str, Any] | None = None,
        events: Iterable[Event] = (),
        source: str | None = None,
    ) -> Self:
        """Build a history from a mapping of column name -> sequence of numbers (float64 arrays are not copied).

        Positions come from the table's own step and epoch columns, as logged. Without one, the k-th entry stands at
        k, counted from 1, on ``clock`` (epoch unless told otherwise), or at ``epoch[k - 1]``. A validation column that
        is shorter because validation ran every k epochs is placed at epochs k, 2k, ...; one that is shorter for
        another reason is placed from the start, with a note. None, ``""`` mean "not recorded".

        Raises ``SourceError`` when positions go back or a column is longer than its positions.
        """
        from expert.history.building import from_columns

        return from_columns(
            cls,
            table,
            clock=clock,
            epoch=epoch,
            columns=columns,
            config=config,
            model=model,
            data=data,
            events=events,
            source=source,
        )

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a file written by ``save``, or the journal of a live run; which of them, its first bytes tell.

        Of a journal that breaks off or is damaged everything readable is returned, with a note. Raises ``SourceError``
        if the file is neither, is too large, or was written by ``save`` and is cut off.
        """
        from expert.history.saving import load

        return load(cls, path)

    def save(self, path: str | PathLike[str]) -> None:
        """Write everything to one file, without loss (a zip of one JSON header and raw arrays; ``run.expert``)."""
        from expert.history.saving import save

        save(self, path)

    def get(self, role: str) -> Series | None:
        """Return the first series with this role, or None."""
        return next((series for series in self.series if series.role == role), None)

    def layer(self, quantity: str) -> LayerStatistics | None:
        """Return the first layer statistic of this quantity, or None."""
        return next((layers for layers in self.layers if layers.quantity == quantity), None)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles there are series for, in order, each once."""
        return tuple(dict.fromkeys(series.role for series in self.series if series.role is not None))

    @property
    def epochs(self) -> int | None:
        """Number of epochs covered, rounded, at least 1; None when no epoch is known."""
        return self._covered("epoch")

    @property
    def steps(self) -> int | None:
        """Number of steps covered, at least 1; None when no step is known."""
        return self._covered("step")

    def merge(self, other: History) -> Self:
        """Return both in one: all series, layer statistics and events, marks and unknown profile fields filled in.

        Where both know something different, ``other`` wins and a note says so.
        """
        from expert.history.combining import merge

        return merge(self, other)

    def until(self, *, step: float | None = None, epoch: float | None = None) -> Self:
        """Return the history as it was at this position, which is included. Give one of ``step`` and ``epoch``.

        Series of the other clock are cut through the clock marks; one that cannot be placed is left out, with a note.
        """
        from expert.history.combining import until

        return until(self, step=step, epoch=epoch)

    def after(self, *, step: float | None = None, epoch: float | None = None) -> Self:
        """Return what came after this position, which is excluded: the complement of ``until``."""
        from expert.history.combining import after

        return after(self, step=step, epoch=epoch)

    @property
    def rows(self) -> Rows:
        """The row view: a sequence with one ``Row`` for every recorded position. Built anew on each access."""
        from expert.history.rows import Rows

        return Rows(self)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Row:
        return self.rows[index]

    def __iter__(self) -> Iterator[Row]:  # type: ignore[override]
        return iter(self.rows)

    def __bool__(self) -> bool:
        # A history that holds only a model or a configuration has no rows and is not nothing.
        return True

    def to_frame(self) -> pandas.DataFrame:
        """Return a pandas DataFrame: a row per recorded position, a column per series and per layer statistic."""
        from expert.history.rows import to_frame

        return to_frame(self)

    @property
    def summary(self) -> str:
        """One sentence that says what is there."""
        count = len(self.series)
        text = f"{count} series" + (f" ({', '.join(self.roles)})" if self.roles else "")
        if self.layers:
            text += f" and {len(self.layers)} layer statistic{'s' * (len(self.layers) > 1)}"
        covered = [f"{number:,} {word}{'s' * (number > 1)}" for word, number in self._lengths() if number]
        return text + (f" over {', '.join(covered)}." if covered else ".")

    def __str__(self) -> str:
        return f"History of {self.source or 'one run'}: {self.summary}"

    def _lengths(self) -> tuple[tuple[str, int | None], ...]:
        return ("epoch", self.epochs), ("step", self.steps)

    def _covered(self, clock: Clock) -> int | None:
        """Last minus first position plus one spacing: the same whether a log counts from 0, from 1 or in fifties."""
        columns = [series.at for series in self.series if series.clock == clock]
        columns += [layers.at for layers in self.layers if layers.clock == clock]
        # Marks may begin before the first step is done, at 0, so they count only where nothing was recorded there.
        if self.marks is not None and not any(len(column) for column in columns):
            marked = getattr(self.marks, clock)
            columns.append(np.unique(marked[~np.isnan(marked)]))
        columns = [column for column in columns if len(column)]
        if not columns:
            return None
        spacings = [_usual_spacing(column) for column in columns if len(column) > 1]
        span = float(max(column[-1] for column in columns) - min(column[0] for column in columns))
        return max(1, round(span + min(spacings, default=1.0)))


def _usual_spacing(positions: NDArray[np.float64]) -> float:
    """The median spacing of n >= 2 positions; of long ones that of about a thousand spacings."""
    every = len(positions) // 1024 + 1
    spacings = np.sort(positions[1::every] - positions[:-1:every])
    count = len(spacings)
    return float(spacings[(count - 1) // 2] + spacings[count // 2]) / 2.0
