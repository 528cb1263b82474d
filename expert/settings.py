"""What a caller may set: which rules are asked, and other values for limits."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from expert.errors import SettingsError, nearest, sentence


class Settings(BaseModel):
    """``select`` and ``ignore`` name rules by id, name, family or id prefix (empty ``select``: all); ``limits``
    overrides by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    limits: Mapping[str, FiniteFloat] = Field(default_factory=dict)


def settings_from(value: Settings | Mapping[str, object] | None) -> Settings:
    """Settings from a record or a mapping; raises `SettingsError` for an unknown key or a wrong value."""
    if isinstance(value, Settings):
        return value
    if not isinstance(value, Mapping | None):
        raise SettingsError(f"settings must be a mapping or Settings, not {type(value).__name__}.")
    given = dict(value or {})
    for key in given:
        if key not in Settings.model_fields:
            raise SettingsError(
                f"settings: unknown key '{key}'; known are {', '.join(Settings.model_fields)}."
                f"{nearest(key, Settings.model_fields)}"
            )
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise SettingsError(f"settings.{sentence(error)}") from None
