"""A folder that holds many runs: every log in it is read where it lies, within bounds; what was passed over is said."""

from __future__ import annotations

import os
import re
import stat
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from expert.errors import SourceError
from expert.history import History

DEEPEST = 8
"""Levels of folders below the first that are entered."""
MOST_ENTRIES = 20_000
"""Files and folders that are looked at."""
MOST_ASKED = 2_000
"""Files that are opened to see what they are."""
MOST_RUNS = 1_000
"""Runs that are read."""
SHOWN = 3

PASSED_OVER = frozenset({"node_modules", "__pycache__", "site-packages"})
"""Folders with a great many files and no logs; hidden ones and virtual environments are passed over, too."""
ENDS_OF_LOGS = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".wandb"})
"""Ends of names of files of which it is said why they are no logs; other files that are none are only counted."""
LONGEST_REASON = 120
OTHER_KINDS = frozenset({
    ".py", ".pyc", ".ipynb", ".md", ".rst", ".html", ".css", ".js", ".sh", ".yaml", ".yml", ".toml", ".cfg", ".ini",
    ".png", ".jpg", ".jpeg", ".gif", ".svg", ".pdf", ".mp4", ".wav", ".mp3",
    ".pt", ".pth", ".ckpt", ".safetensors", ".bin", ".onnx", ".h5", ".keras", ".pb", ".index",
    ".zip", ".tar", ".tgz", ".7z", ".whl", ".so", ".lock", ".map",
})  # fmt: skip
"""Ends of names of files that are no logs and are not opened."""


@dataclass
class FolderRuns:
    """The runs of a folder in the natural order of their paths, and what is to be said of the rest."""

    runs: list[History] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    """Logs that hold no run and places that cannot be entered, each with the reason."""
    others: int = 0
    """Files of other kinds that were looked at and hold no run."""
    passed_over: list[str] = field(default_factory=list)
    bounds: list[str] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """What was not read, in sentences."""
        notes = list(dict.fromkeys(self.bounds))
        if self.unreadable:
            notes.append(f"Not read in this folder: {_listed(self.unreadable, '; ')}.")
        if self.others:
            notes.append(f"{self.others} other file{'s' * (self.others > 1)} in this folder hold no run.")
        if self.passed_over:
            notes.append(f"Passed over in this folder: {_listed(self.passed_over, ', ')}.")
        return notes

    def all_told(self) -> tuple[History, ...]:
        """The runs; the last of them, which is judged where none is chosen, carries the notes."""
        if not self.notes:
            return tuple(self.runs)
        *others, last = self.runs
        return (*others, last.model_copy(update={"notes": (*last.notes, *self.notes)}))


def gather_folder(folder: Path, reads: Callable[[Path], bool], read: Callable[[Path], Sequence[History]]) -> FolderRuns:
    """Read every log below a folder. ``reads`` says whether a file or a folder is one log (it never raises), ``read``
    returns its runs or raises `SourceError`.

    What is neither a file nor a folder is never opened; links are followed, and nothing is read twice.
    """
    found = FolderRuns()
    walk = _Walk(folder, found)
    for place in walk:
        if place.is_dir():
            # The files of a folder that is no log after all have reasons of their own.
            if place == folder or not reads(place) or _problem(place, read, found) is not None:
                walk.enter(place)
        elif walk.may_ask(place):
            told = place.suffix.lower() in ENDS_OF_LOGS
            problem = _problem(place, read, found) if told or reads(place) else ""
            if problem is not None and told:
                found.unreadable.append(_below(folder, place, problem))
            elif problem is not None:
                found.others += 1
        if len(found.runs) > MOST_RUNS:
            found.bounds.append(f"The folder holds more than {MOST_RUNS:,} runs; only the first are read.")
            del found.runs[MOST_RUNS:]
            break
    if len(found.runs) > 1:
        found.runs = [_numbered(run, number, len(found.runs), folder) for number, run in enumerate(found.runs, 1)]
    return found


def _problem(place: Path, read: Callable[[Path], Sequence[History]], found: FolderRuns) -> str | None:
    """Add the runs of one log; why there are none, or None where there are."""
    try:
        runs = read(place)
    except SourceError as error:
        return str(error)
    found.runs += [_placed(run, place, number, len(runs)) for number, run in enumerate(runs, 1)]
    return None


def _placed(run: History, place: Path, number: int, count: int) -> History:
    """The run with a source that tells where it lies: a file of a live run says of itself only that it is one."""
    if (run.source or "").startswith(str(place)):
        return run
    return run.model_copy(update={"source": f"{place}, run {number}" if count > 1 else str(place)})


class _Walk:
    """Goes through files and folders in the natural order of their paths, each once; a folder is entered if wanted."""

    def __init__(self, folder: Path, found: FolderRuns) -> None:
        self._folder, self._found = folder, found
        self._waiting = [(folder, 0)]
        self._depth = 0
        self._asked = 0

    def __iter__(self) -> Iterator[Path]:
        seen: set[tuple[int, int]] = set()
        while self._waiting:
            place, self._depth = self._waiting.pop()
            try:
                status = place.stat()
            except OSError:
                continue  # a link that leads nowhere or in a circle, a file that is gone
            identity = status.st_dev, status.st_ino
            if identity in seen or not (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)):
                continue
            seen.add(identity)
            if len(seen) > MOST_ENTRIES:
                self._bound(f"The folder has more than {MOST_ENTRIES:,} entries; only the first are looked at.")
                return
            yield place

    def enter(self, place: Path) -> None:
        """Go through the folder given last, too."""
        if self._depth > DEEPEST:
            self._bound(f"Folders more than {DEEPEST} levels deep are not looked at.")
            return
        entries = _entries(place, self._folder, self._found)
        self._waiting += [(one, self._depth + 1) for one in reversed(entries)]

    def may_ask(self, file: Path) -> bool:
        """Whether a file is to be opened at all."""
        if file.suffix.lower() in OTHER_KINDS:
            return False
        self._asked += 1
        if self._asked > MOST_ASKED:
            self._bound(f"The folder has more than {MOST_ASKED:,} files; only the first are looked at.")
            return False
        return True

    def _bound(self, sentence: str) -> None:
        self._found.bounds.append(sentence)


def _entries(place: Path, folder: Path, found: FolderRuns) -> list[Path]:
    """What a folder holds, without what is passed over, links last: a run keeps the name of its own folder."""
    kept = []
    try:
        for one in os.scandir(place):
            if not (one.name.startswith(".") or one.name in PASSED_OVER or _is_environment(one)):
                kept.append(one)
            elif one.is_dir():
                found.passed_over.append(str(Path(one.path).relative_to(folder)))
    except OSError as error:
        found.unreadable.append(f"{place.relative_to(folder)} ({error.strerror or error})")
    return [Path(one.path) for one in sorted(kept, key=lambda one: (one.is_symlink(), natural(one.name)))]


def _is_environment(entry: os.DirEntry[str]) -> bool:
    return os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))


def natural(name: str) -> list[tuple[int, int | str]]:
    """A key that sorts ``version_2`` before ``version_10``."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(part)) if part.isdecimal() and len(part) < 19 else (1, part.lower()) for part in parts]


def _below(folder: Path, place: Path, sentence: str) -> str:
    name = str(place.relative_to(folder))
    reason = re.sub(rf"^['\"]?{re.escape(str(place))}[^\s:]*['\"]?:?\s*", "", sentence).rstrip(".")
    return f"{name} ({textwrap.shorten(reason, LONGEST_REASON, placeholder=' ...')})"


def _numbered(run: History, number: int, count: int, folder: Path) -> History:
    name = (run.source or "").removeprefix(str(folder)).lstrip("/\\")
    note = f"This is run {number} of {count} in the folder {folder}{f': {name}' if name else ''}."
    return run.model_copy(update={"notes": (note, *run.notes)})


def _listed(items: Sequence[str], between: str) -> str:
    more = len(items) - SHOWN
    return between.join(items[:SHOWN]) + (f"{between}and {more} more" if more > 0 else "")
