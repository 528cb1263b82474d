"""Limits: named thresholds with unit and source, in one table, overridable per project and per profile."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Limit(BaseModel):
    """A threshold. ``healthy`` says what healthy runs read; ``profiles`` gives other values for named kinds of run."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str
    value: float
    unit: str = ""
    source: str
    healthy: str = ""
    profiles: tuple[tuple[str, float], ...] = ()

    def under(self, profile: str | None) -> float:
        """The value in force for a profile: its own, else the default."""
        return dict(self.profiles).get(profile or "", self.value)


def limit(
    name: str,
    value: float,
    *,
    unit: str = "",
    source: str,
    healthy: str = "",
    profiles: tuple[tuple[str, float], ...] = (),
) -> Limit:
    """Name a threshold; ``source`` says where the number comes from."""
    return Limit(name=name, value=float(value), unit=unit, source=source, healthy=healthy, profiles=profiles)
