"""The options that all collectors take, checked before anything is watched; ``caller`` is what messages name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from expert.adapters.live.findings import LEVELS
from expert.errors import SourceError, nearest, sentence
from expert.history import RunConfig
from expert.history.journal import Journal, is_journal


def check_options(caller: str, *, path: Any, every: Any, budget: Any, on_finding: Any, stop_on: Any) -> None:
    """Raise `SourceError` with one sentence for the first option that is something else."""
    if every is not None and (isinstance(every, bool) or not isinstance(every, int) or every < 1):
        raise SourceError(f"{caller}: every is {every!r}; expected a whole number of steps, 1 or more.")
    if isinstance(budget, bool) or not isinstance(budget, int | float) or not 0.0 < budget < 1.0:
        raise SourceError(f"{caller}: budget is {budget!r}; expected a share of the time between 0 and 1, as 0.01.")
    if stop_on is not None and stop_on not in LEVELS:
        hint = nearest(str(stop_on), LEVELS)
        raise SourceError(f"{caller}: stop_on is {stop_on!r}; expected one of {', '.join(LEVELS)}.{hint}")
    if path is not None and not isinstance(path, str | os.PathLike):
        raise SourceError(f"{caller}: path is {type(path).__name__}; expected the name of a file.")
    if on_finding is not None and not callable(on_finding):
        raise SourceError(f"{caller}: on_finding is {type(on_finding).__name__}; expected a function of one finding.")


def read_config(caller: str, config: RunConfig | Mapping[str, Any] | None) -> RunConfig:
    """What the user says of the configuration; raises `SourceError` for what is no field of it."""
    if config is None or isinstance(config, RunConfig):
        return config or RunConfig()
    if not isinstance(config, Mapping):
        raise SourceError(f"{caller}: config is {type(config).__name__}; expected a mapping of fields of RunConfig.")
    for name in config:
        if name not in RunConfig.model_fields:
            raise SourceError(f"{caller}: config has no field {name!r}.{nearest(str(name), RunConfig.model_fields)}")
    try:
        return RunConfig.model_validate(dict(config))
    except ValidationError as error:
        raise SourceError(f"{caller}: config: {sentence(error)}") from None


def open_journal(caller: str, path: str | os.PathLike[str] | None, *, resume: bool = False) -> Journal | None:
    """The journal to write to, None without a path; one that is there goes on (``resume``) or is kept by another name.

    Raises `SourceError` where it cannot be written.
    """
    if path is None:
        return None
    try:
        return Journal(Path(path) if resume else _free(Path(path)), resume=resume)
    except OSError as error:
        raise SourceError(f"{caller}: {os.fspath(path)} cannot be written to: {error.strerror or error}.") from error


def _free(path: Path) -> Path:
    """The path, after a journal that is there was moved to the first free name beside it: nothing recorded is lost."""
    if not path.is_file():
        return path
    with path.open("rb") as stream:
        kept_before = is_journal(stream.read(64))
    if kept_before:
        number = 1
        while (kept := path.with_name(f"{path.stem}.{number}{path.suffix}")).exists():
            number += 1
        path.rename(kept)
    return path
