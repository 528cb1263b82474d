"""A newcomer's machine: a fresh virtual environment that can install this package, and nothing from a network.

What the package needs lies in a folder that the environment sees, as with ``--system-site-packages``; what a package
index would give lies in another, as wheels. Uploading ends at a stand-in for twine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).parents[2]
TWINE = """
import sys
from pathlib import Path
from zipfile import is_zipfile

command, *files = sys.argv[1:]
assert command in ("check", "upload") and len(files) == 2
assert [is_zipfile(file) for file in sorted(files)] == [True, False], "a wheel and an archive of the sources"
assert all(Path(file).stat().st_size > 500 for file in files)
print(command, *files)
"""


@dataclass(frozen=True)
class Newcomer:
    """An empty folder and the variables under which commands run in it."""

    folder: Path
    variables: dict[str, str]

    def pastes(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run lines of a shell one after the other, until one of them fails."""
        return subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=self.folder,
            env=self.variables,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )


def newcomer(folder: Path) -> Newcomer:
    """A new machine in this folder."""
    environment, seen, index, empty = (folder / name for name in ("environment", "seen", "index", "empty"))
    for place in (seen, index, empty):
        place.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    _see(environment, seen)
    scripts = environment / "bin"
    _script(scripts / "pip", "from pip._internal.cli.main import main; import sys; sys.exit(main())")
    _script(scripts / "twine", TWINE)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON", "EXPERT_"))}
    variables = kept | {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as the value of the option: no isolation
        "PIP_FIND_LINKS": str(index),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "no_proxy": "127.0.0.1",
    }
    _offer_this_package(folder, index)
    _offer_setuptools(index)
    return Newcomer(empty, variables)


def _see(environment: Path, seen: Path) -> None:
    """Let the environment see what is installed here, except this package itself, which is to be installed."""
    here = Path(distribution("pip").locate_file(""))
    for entry in here.iterdir():
        if "training_expert" not in entry.name:
            (seen / entry.name).symlink_to(entry)
    stub = seen / "twine-6.0.0.dist-info"
    stub.mkdir()
    (stub / "METADATA").write_text("Metadata-Version: 2.1\nName: twine\nVersion: 6.0.0\n")
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "seen.pth").write_text(f"import site; site.addsitedir({str(seen)!r})\n")


def _script(path: Path, code: str) -> None:
    path.write_text(f"#!{path.parent / 'python'}\n{code}\n")
    path.chmod(0o755)


def _offer_this_package(folder: Path, index: Path) -> None:
    tree = folder / "tree"
    tree.mkdir()
    for name in ("expert", "rules", "adapters"):
        shutil.copytree(ROOT / name, tree / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", index, tree]
    subprocess.run(command, check=True)


def _offer_setuptools(index: Path) -> None:
    """The wheel of setuptools, packed from what is installed here: `python -m build` installs it for itself."""
    installed = distribution("setuptools")
    files = [file for file in installed.files or () if ".." not in file.parts and file.suffix != ".pyc"]
    with zipfile.ZipFile(index / f"setuptools-{installed.version}-py3-none-any.whl", "w") as wheel:
        for file in files:
            wheel.write(Path(file.locate()), file.as_posix())
