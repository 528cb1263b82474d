"""Which event files make one run: those of a folder, and of the folders in it for phases and comparisons."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from expert.adapters.tables.points import MOST_POINTS, Points
from expert.adapters.tensorboard.events import Events, read_events
from expert.history import Ignored
from expert.history.role_table import PHASES
from expert.history.roles import snake

DEEPEST = 8
"""Folders below the one that was given which are still looked into."""
MOST_ENTRIES = 20_000
"""Files and folders that are looked at."""
MOST_FILES = 2_000
HYPERPARAMETERS = "_hparams_/session_start_info"
PROFILE = "profile-empty"
"""The end of the name of a file that a profiler leaves behind."""


def is_named_so(name: str) -> bool:
    """Whether a file is named as event files are: time, host and number stand behind the mark, and often ``.v2``."""
    return "tfevents" in name and not name.endswith(PROFILE)


def is_run(folder: Path) -> bool:
    """Whether a folder holds event files itself, or in folders of its phases; others may hold many runs."""
    entries = list(islice(folder.iterdir(), MOST_ENTRIES))
    if any(is_named_so(entry.name) for entry in entries):
        return True
    phases = [entry for entry in entries if phase_of(entry.name) is not None and entry.is_dir()]
    return any(is_named_so(entry.name) for phase in phases for entry in islice(phase.iterdir(), MOST_ENTRIES))


def event_files(folder: Path) -> Iterator[Path]:
    """Yield the event files in a folder and below it, within bounds; links are not followed."""
    seen = given = 0
    for place, folders, names in os.walk(folder):
        below = Path(place)
        if len(below.relative_to(folder).parts) >= DEEPEST:
            folders.clear()
        folders.sort()
        seen += len(names) + len(folders)
        for name in sorted(filter(is_named_so, names)):
            yield below / name
            given += 1
        if seen > MOST_ENTRIES or given > MOST_FILES:
            return


@dataclass
class Run:
    """The writers of one run, each with the names of its scalars as the run tells them apart."""

    folder: Path
    writers: list[dict[str, Points]] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    others: set[str] = field(default_factory=set)
    """What the files hold besides scalars."""
    epochs: set[str] = field(default_factory=set)
    """Names that count epochs, as the callback of Keras gives them."""
    iterations: set[str] = field(default_factory=set)
    """Names of that callback which count steps."""

    @property
    def names(self) -> set[str]:
        """The names of all scalars."""
        return {name for writer in self.writers for name in writer}


def phase_of(folder: str) -> str | None:
    """The phase that a folder of this name holds, if it is the name of one."""
    return PHASES.get(snake(folder))


def runs_of(paths: Sequence[Path]) -> list[Run]:
    """Read event files and put together what belongs to one run, the oldest first; some may hold no scalars."""
    by_folder: dict[Path, list[Path]] = {}
    for path in paths:
        by_folder.setdefault(path.parent, []).append(path)
    read: dict[Path, Events] = {}
    room = MOST_POINTS
    for folder, files in by_folder.items():
        read[folder] = read_events(files, room)
        room -= read[folder].count
    runs: dict[Path, Run] = {}
    for folder in sorted(read, key=lambda folder: (read[folder].began, folder)):
        events = read[folder]
        owner, names = _belongs(folder, events, read)
        run = runs.setdefault(owner, Run(owner))
        _join(run, events, names)
    return list(runs.values())


def _belongs(folder: Path, events: Events, read: Mapping[Path, Events]) -> tuple[Path, Mapping[str, str]]:
    """The folder of the run that a folder's events belong to, and what each tag is called there."""
    tags = list(events.points)
    if HYPERPARAMETERS in events.others and all(len(points) == 1 for points in events.points.values()):
        return next((owner for owner in folder.parents if owner in read), folder), {}
    phase = phase_of(folder.name)
    if phase is not None and all(_phase(tag) in (None, phase) for tag in tags):
        return folder.parent, {tag: tag if _phase(tag) else f"{folder.name}/{tag}" for tag in tags}
    if len(tags) == 1:
        for owner in folder.parents:
            part = _compared(folder.relative_to(owner).as_posix(), tags[0])
            if part and (owner in read or phase_of(part) is not None):
                return owner if owner in read else folder, {tags[0]: f"{tags[0]}/{part}"}
    return folder, {tag: tag for tag in tags}


def _phase(tag: str) -> str | None:
    return next((PHASES[word] for word in snake(tag).split("_") if word in PHASES), None)


def _compared(folder: str, tag: str) -> str:
    """The part of a tag's own folder that tells it from others: ``add_scalars`` writes one for every line of a plot."""
    for start in (f"{tag.replace('/', '_')}_", f"{tag}/"):
        if folder.startswith(start):
            return folder.removeprefix(start)
    return ""


def _join(run: Run, events: Events, names: Mapping[str, str]) -> None:
    below = "" if events.folder == run.folder else f"{events.folder.relative_to(run.folder).as_posix()}/"
    run.ignored += [
        Ignored(name=f"{below}{tag}", reason=f"is {what}, no scalar") for tag, what in events.others.items()
    ]
    run.others |= {*events.others.values(), *(("the graph of the model",) if events.graph else ())}
    run.unreadable += events.unreadable
    run.notes += events.unreadable + [f"{below.rstrip('/')}: {note}" if below else note for note in events.notes]
    taken = run.names
    writer: dict[str, Points] = {}
    for tag, points in events.points.items():
        if tag not in names:
            run.ignored.append(Ignored(name=f"{below}{tag}", reason="is written once, beside the hyperparameters"))
            continue
        name = names[tag] if names[tag] not in taken else f"{below}{tag}"
        if not len(points) or name in taken:
            continue
        writer[name] = points
        if tag.startswith("epoch_"):
            run.epochs.add(name)
        elif tag.startswith("batch_") or tag.endswith("_vs_iterations"):
            run.iterations.add(name)
    if writer:
        run.writers.append(writer)
