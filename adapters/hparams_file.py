"""``hparams.yaml``, which Lightning writes beside its table: the settings at its top level that have clear names."""

from __future__ import annotations

import re
from pathlib import Path

from expert.adapters.mlflow.settings import config_of
from expert.adapters.text.opening import beginning
from expert.history import RunConfig

NAME = "hparams.yaml"
READ = "The configuration is that of hparams.yaml: {fields}."
_SETTING = re.compile(r"([A-Za-z_][\w/.-]*):\s+([^\s#{\[!&*|>].*?)\s*(?:#.*)?")
"""A name at the beginning of a line with a plain value behind it; what is nested, tagged or a list is passed over."""


def config_in(folder: Path) -> tuple[RunConfig, str | None]:
    """Return what the file in a folder of a run says, and the note that tells of it; nothing without such a file."""
    start = beginning(folder / NAME)
    if start is None:
        return RunConfig(), None
    found = (_SETTING.fullmatch(line) for line in start.lines)
    config = config_of({match[1]: match[2].strip("'\"") for match in found if match is not None})
    known = config.model_dump(exclude_none=True, exclude_defaults=True)
    said = ", ".join(f"{name} {value}" for name, value in known.items())
    return config, READ.format(fields=said) if known else None
