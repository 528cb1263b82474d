"""What a script that trains tells beside the logs its framework wrote: the numbers as they were given to the logger."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

FILE = "recorded.json"
Course = tuple[list[float], list[float]]


class Recording:
    """The logs of one script. Runs as ``python SCRIPT FOLDER``; the logs lie in the folder."""

    def __init__(self, writer: str, *packages: str) -> None:
        self.folder = Path(sys.argv[1]).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.writer = writer
        self.versions = {name: version(name).partition("+")[0] for name in packages}
        self.logs: dict[str, Any] = {}

    def log(
        self, path: str, *runs: dict[str, Course], clock: str = "epoch", digits: float = 1e-6, note: str = ""
    ) -> None:
        """Tell what a log must give: by role the places on the clock and the values, for each run in it.

        ``digits`` is the relative difference that the form of the log allows.
        """
        told = [{role: {"at": list(at), "values": list(values)} for role, (at, values) in run.items()} for run in runs]
        self.logs[path] = {"clock": clock, "relative": digits, **({"note": note} if note else {}), "runs": told}

    def refused(self, path: str, *words: str) -> None:
        """Tell that a file is no log that can be read, and words of the sentence that says so."""
        self.logs[path] = {"refused": list(words)}

    def save(self) -> None:
        """Write what was told beside the logs."""
        told = {"writer": self.writer, "versions": self.versions, "logs": self.logs}
        (self.folder / FILE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
