"""The rules a project keeps beside its code: ``expert_rules.py``, ``expert_rules.yaml`` or ``expert_rules.toml``.

They are looked for only where a command is asked to, with ``--project-rules``, and only from the folder it is run in.
The folder of a log is never searched: a log comes from anywhere, and advice on it must not run what lies beside it.
"""

from __future__ import annotations

from pathlib import Path

from expert.errors import SettingsError
from expert.plugging.naming import KINDS, shown
from expert.settings.discovery import searched

STEM = "expert_rules"


def project_rules(start: Path | None = None) -> list[str]:
    """The files of the nearest folder that has any, from the current one up to the top of the project."""
    folders = list(searched(start or Path.cwd()))
    for folder in folders:
        found = [str(path) for kind in KINDS if (path := folder / f"{STEM}{kind}").is_file()]
        if found:
            return found
    top = shown(str(folders[-1])) if folders else "this folder, where everybody may write"
    raise SettingsError(f"--project-rules: there is no {STEM}.py, {STEM}.yaml or {STEM}.toml from here up to {top}.")
