"""Plugins as their users get them: wheels, built from copies of the sources and installed into one folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
SOURCES = (HERE / "gan", HERE / "reinforcement", HERE / "company_log", ROOT / "docs" / "plugin-example")


def ran(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What a module of Python prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        cwd=cwd,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def copies(folder: Path) -> list[Path]:
    """The sources of all plugins of ours and of one that `expert new-plugin` has just written."""
    ran("expert", "new-plugin", "team-rules", cwd=folder)
    ignored = shutil.ignore_patterns("__pycache__", "build", "*.egg-info")
    return [
        folder / "team-rules",
        *(shutil.copytree(source, folder / source.name, ignore=ignored) for source in SOURCES),
    ]


def install(sources: list[Path], folder: Path) -> Path:
    """Build a wheel of each and install them all; the folder to be put on the path."""
    wheels, site = folder / "wheels", folder / "site"
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    ran("pip", "wheel", "-q", "--no-build-isolation", "--wheel-dir", wheels, *sources, cwd=folder, **offline)
    built = sorted(wheels.glob("*.whl"))
    assert len(built) == len(sources)
    ran("pip", "install", "-q", "--no-compile", "--target", site, *built, cwd=folder, **offline)
    return site
