"""The wheel holds every module of the tree and nothing else; no log written by a stranger is shipped."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = {"expert": "expert", "rules": "expert/rules", "adapters": "expert/adapters"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel and sdist of a copy of the tracked tree, so that no build folder is left in the project."""
    copy = tmp_path_factory.mktemp("copy") / "tree"
    wanted = ["expert", "rules", "adapters", "pyproject.toml", "README.md", "LICENSE"]
    copy.mkdir()
    for name in wanted:
        place = ROOT / name
        ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
        if place.is_dir():
            shutil.copytree(place, copy / name, symlinks=True, ignore=ignore)
        else:
            shutil.copy(place, copy / name)
    out = copy.parent / "dist"
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(copy)],
        check=True,
        capture_output=True,
    )
    return out


def modules() -> set[str]:
    """Every module of the tree under the name it has when installed."""
    return {
        f"{package}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder, package in SOURCES.items()
        for path in (ROOT / folder).rglob("*.py")
        if not (folder == "expert" and {"rules", "adapters"} & set(path.relative_to(ROOT / folder).parts))
    }


def foreign(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.endswith((".csv", ".jsonl", ".log", ".pkl", ".npz")) or "tests/" in name]


def test_the_wheel_is_the_tree(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in names if name.endswith(".py")} == modules()
    assert {"expert/py.typed", "expert/rules/measured.json"} <= names
    templates = {path.relative_to(ROOT).as_posix() for path in (ROOT / "expert" / "scaffolding").rglob("*.template")}
    assert {name for name in names if name.endswith(".template")} == templates
    assert foreign(names) == []


def test_the_sdist_holds_no_log(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    assert any(name.endswith("rules/plugin.py") for name in names)
    assert foreign(names) == []


def test_the_wheel_works_without_the_tree(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    code = "import expert; print(expert.__file__); print(expert.advise({'loss': [1.5, 0.5] * 15}).verdict)"
    seen = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(site)!r})\n{code}"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    file, verdict = seen.stdout.split()
    assert file.startswith(str(site))
    assert verdict == "findings"
