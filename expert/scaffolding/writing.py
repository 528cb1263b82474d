"""Writes the files of a new plugin; nothing that is there already is touched."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from expert import __version__
from expert.errors import AuthoringError
from expert.hooks import API

ENDING = ".template"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
PLACES = {
    "package": "{package}",
    "test_rules.py": "tests/test_rules.py",
    "workflow.yml": ".github/workflows/tests.yml",
}
"""Where a template goes that lies elsewhere here: the package's folder is called as the plugin is."""


def write_plugin(name: str, folder: Path) -> list[Path]:
    """Write the package ``name`` into ``folder`` and return its files. Raises `AuthoringError` with one sentence."""
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        proposed = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        hint = f" Did you mean '{proposed}'?" if NAME.fullmatch(proposed) and proposed != name else ""
        raise AuthoringError(f"'{name}' is no name for a plugin; expected lower-case words joined by hyphens.{hint}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise AuthoringError(f"{folder}: there is something already; expected an empty folder or none.")
    words = {
        "name": name,
        "package": name.replace("-", "_"),
        "rule": f"{''.join(filter(str.isalpha, name)).upper()[:3]:X<3}901",
        "version": __version__,
        "api": str(API),
    }
    return [_write(folder / place, text) for place, text in _filled(words)]


def _filled(words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for place, template in _templates(files("expert.scaffolding") / "template", ""):
        for ours, theirs in PLACES.items():
            if place == ours or place.startswith(f"{ours}/"):
                place = theirs.format(**words) + place.removeprefix(ours)  # noqa: PLW2901
        yield place, Template(template).substitute(words)


def _templates(folder: Traversable, place: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _templates(entry, f"{place}{entry.name}/")
        elif entry.name.endswith(ENDING):
            yield place + entry.name.removesuffix(ENDING), entry.read_text(encoding="utf-8")


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
