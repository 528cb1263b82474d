"""Runs inside the rivals' environment (standard library only): CSV files in, the names each tool gives as JSON out.

    python rival_worker.py FOLDER > names.json

Reads every `*.csv` of FOLDER (columns epoch, loss, val_loss). Writes `{"installed": {tool: version}, "names": {tool:
{file: [names at warning or above, in the tool's order]}}}`; a tool that raised gives `["crash: <error>"]`.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path


def runmedic(path: Path) -> list[str]:
    from runmedic import loaders, roles  # type: ignore[import-not-found]
    from runmedic.checks import run_checks  # type: ignore[import-not-found]

    (run,) = loaders.load(str(path))
    found = run_checks(run, roles.detect(run, {}))
    return [finding.check for finding in found if finding.severity in ("critical", "warning")]


def trainproof(path: Path) -> list[str]:
    from trainproof.epoch import check_epoch  # type: ignore[import-not-found]

    found = check_epoch(path)["findings"]
    return [finding["id"] for finding in found if finding["level"] in ("FAIL", "WARN")]


def sk_autod(path: Path) -> list[str]:
    from sk_autod import diagnose  # type: ignore[import-not-found]

    with path.open() as file:
        rows = list(csv.DictReader(file))
    found = diagnose([float(row["loss"]) for row in rows], [float(row["val_loss"]) for row in rows]).findings
    return [finding.detector_name for finding in found if finding.severity.value != "INFO"]


def training_doctor(path: Path) -> list[str]:
    from training_doctor import Doctor  # type: ignore[import-not-found]

    found = Doctor().load(path).analyze()
    names = [finding.detector_name for finding in found if finding.severity.value in ("critical", "warning")]
    return list(dict.fromkeys(names))


TOOLS: dict[str, Callable[[Path], list[str]]] = {
    "runmedic": runmedic,
    "trainproof": trainproof,
    "sk-autod": sk_autod,
    "training-doctor": training_doctor,
}


def main() -> None:
    installed, names = {}, {}
    for tool, run in TOOLS.items():
        try:
            installed[tool] = metadata.version(tool)
        except metadata.PackageNotFoundError:
            continue
        names[tool] = {path.name: _safely(run, path) for path in sorted(Path(sys.argv[1]).glob("*.csv"))}
    json.dump({"installed": installed, "names": names}, sys.stdout)


def _safely(run: Callable[[Path], list[str]], path: Path) -> list[str]:
    try:
        return run(path)
    except Exception as error:
        return [f"crash: {type(error).__name__}"]


if __name__ == "__main__":
    main()
