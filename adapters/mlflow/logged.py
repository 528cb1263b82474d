"""One run as MLflow keeps it, wherever that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from expert.adapters.mlflow.settings import config_of
from expert.adapters.tables.assembling import histories
from expert.adapters.tables.points import Points
from expert.adapters.tables.table_of_points import table_of_points
from expert.errors import SourceError
from expert.history import History, Ignored
from expert.reading import ReadRequest

ENDED = {"FAILED": "failed", "KILLED": "was killed", "RUNNING": "has not ended"}


@dataclass
class LoggedRun:
    """The metrics and the parameters of one run."""

    source: str
    started: float = 0.0
    """Seconds since 1970, 0 if it is not known."""
    name: str = ""
    status: str = ""
    metrics: dict[str, Points] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def called(self) -> str:
        """Where it lies, with its name."""
        return f"{self.source} ({self.name})" if self.name else self.source


def read_run(run: LoggedRun, request: ReadRequest) -> tuple[History, ...]:
    """Return the histories in one run. Raises `SourceError` if no metric has a course or none is known."""
    ignored = [Ignored(name=name, reason=_LATE) for name in _results(run.metrics)]
    late = {one.name for one in ignored}
    metrics = {name: points for name, points in run.metrics.items() if len(points) and name not in late}
    if not metrics:
        raise SourceError(f"{run.called}: this run of MLflow logged no metric, so there is no curve.")
    if all(len(points) == 1 for points in metrics.values()):
        names = ", ".join(map(repr, list(run.metrics)[:6])) + (" ..." if len(run.metrics) > 6 else "")
        each = "each of" if len(run.metrics) > 1 else "of"
        raise SourceError(
            f"{run.called}: this run of MLflow has a single value {each} {names}: a result, and no curve to read. "
            "Log each metric with its step: mlflow.log_metric('loss', loss, step=epoch)."
        )
    table, columns = table_of_points([metrics], run.called, request.columns)
    table.notes += run.notes
    if run.status in ENDED:
        table.notes.append(f"MLflow says that this run {ENDED[run.status]}.")
    table.ignored += ignored
    return histories(table, columns, config=config_of(run.parameters))


_LATE = "has a single value without a step, logged when others had gone on: a result"


def _results(metrics: Mapping[str, Points]) -> list[str]:
    """Metrics logged once and without a step (which makes it 0) after others had counted on."""
    counted = [points for points in metrics.values() if len(points) > 1 and max(points.steps) > 0]
    if not counted:
        return []
    on = min(points.seconds[next(place for place, step in enumerate(points.steps) if step > 0)] for points in counted)
    return [
        name for name, points in metrics.items() if len(points) == 1 and not points.steps[0] and points.seconds[0] >= on
    ]
