"""The states that a Hugging Face trainer leaves in its output folder, and which of them tells the run.

Each checkpoint holds the whole record up to itself, so those of one run are beginnings of each other. Where they are
not, the folder was used for several runs. Nothing but ``trainer_state.json`` is opened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from expert.adapters.json_text.decoding import decoded
from expert.adapters.text.opening import whole_text
from expert.errors import SourceError

FILE = "trainer_state.json"
MOST_STATES = 50
"""States of one folder that are read: the newest ones."""


@dataclass
class State:
    """One ``trainer_state.json``: its entries in order, its other fields, and what is to be said of it."""

    path: Path
    entries: list[dict[str, Any]]
    fields: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def files(folder: Path) -> list[Path]:
    """The states in a folder and its checkpoints, the one written last first. Raises `OSError`."""
    checkpoints = [one for one in folder.iterdir() if re.fullmatch(r"checkpoint-\d+", one.name)]
    found = [one / FILE for one in (folder, *checkpoints) if (one / FILE).is_file()]
    # Files that were copied or checked out have the same time; then the later step is the later one.
    return sorted(found, key=lambda one: (one.stat().st_mtime, one.parent == folder, _step(one)), reverse=True)


def newest_file(folder: Path) -> Path | None:
    """The state written last. Raises `OSError`."""
    return next(iter(files(folder)), None)


def _step(file: Path) -> int:
    match = re.fullmatch(r"checkpoint-(\d+)", file.parent.name)
    return int(match[1]) if match else 0


def read_state(path: Path) -> State:
    """Read one state; of one that is cut off, the whole entries. Raises `SourceError`."""
    found = decoded(whole_text(path), str(path))
    fields = found.documents[0]
    entries = fields.get("log_history") if isinstance(fields, dict) else None
    if not isinstance(entries, list) or not any(isinstance(entry, dict) for entry in entries):
        raise SourceError(f"{path}: its log_history has no entries, so the trainer logged nothing yet.")
    return State(path, [entry for entry in entries if isinstance(entry, dict)], fields, found.notes)


def chosen_state(folder: Path) -> State:
    """The longest of the states that are of one run with the newest; says how many there are and which were left out.

    Raises `SourceError` where none of them can be read.
    """
    places = files(folder)
    states, broken = [], []
    for place in places[:MOST_STATES]:
        try:
            states.append(read_state(place))
        except SourceError as error:
            broken.append(error)
    if not states:
        raise broken[0] if broken else SourceError(f"{folder}: there is no {FILE} to read.")
    newest = states[0]
    same = [one for one in states if _one_run(one, newest)]
    longest = max(same, key=lambda one: len(one.entries))
    others = [one for one in states if one not in same]
    if len(same) > 1:
        longest.notes.append(
            f"The {len(same)} states in this folder are of one run, each a beginning of the next; the longest, "
            f"{_name(longest, folder)}, is used."
        )
    if others:
        names = ", ".join(sorted(_name(one, folder) for one in others)[:3])
        longest.notes.append(
            f"{len(others)} of the states in this folder ({names}) hold other entries, as of another run or from "
            f"before a checkpoint was taken up again; the one written last is used, {_name(longest, folder)}."
        )
    longest.notes += [f"Left out: {error}" for error in broken[:3]]
    return longest


def _one_run(one: State, other: State) -> bool:
    """Whether one record is a beginning of the other."""
    shorter, longer = sorted((one.entries, other.entries), key=len)
    # The state in the output folder ends with a summary.
    rows = [repr(entry) for entry in shorter if "train_runtime" not in entry]
    return rows == [repr(entry) for entry in longer if "train_runtime" not in entry][: len(rows)]


def _name(state: State, folder: Path) -> str:
    return state.path.relative_to(folder).as_posix()
