"""From what the caller has to a History: the surest reader reads it, what config, model and data add is merged in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import ValidationError

from expert.addresses import LONGEST_PATH, located
from expert.advice import ProblemNote
from expert.errors import ExpertError, SourceError, nearest, readable, sentence
from expert.history import DataProfile, History, ModelProfile, RunConfig
from expert.history.record import nothing_known
from expert.plugins import Plugins
from expert.reading import Reader, ReadRequest

if TYPE_CHECKING:
    from expert.folders import FolderRuns

Gives = Literal["run", "model", "data"]
PROFILES: Mapping[str, type[RunConfig] | type[ModelProfile] | type[DataProfile]] = {
    "config": RunConfig,
    "model": ModelProfile,
    "data": DataProfile,
}

SHOWN_RUNS = 5
"""So many of the other runs of a source are named."""


class Gathered(NamedTuple):
    """The run to judge, sentences about what was read, readers that failed, and how many runs the source holds."""

    history: History
    notes: Sequence[str]
    failed: Sequence[ProblemNote]
    runs: int


def gather(
    source: object, profiles: Mapping[str, object], columns: Mapping[str, str] | None, plugins: Plugins
) -> Gathered:
    """One History of the source and the profiles ``config``, ``model``, ``data``."""
    notes: list[str] = []
    failed: list[ProblemNote] = []
    history = nothing_known(History)
    runs: Sequence[History] = ()
    if source is not None:
        runs = read(source, "run", plugins, columns, failed)
        history = runs[-1]
        if len(runs) > 1:
            notes.append(note_on_several(runs, source))
    for name, value in profiles.items():
        if value is not None:
            history = history.merge(_profile(name, value, plugins, failed))
    return Gathered(history, notes, tuple(dict.fromkeys(failed)), len(runs))


def read(
    source: object,
    gives: Gives,
    plugins: Plugins,
    columns: Mapping[str, str] | None = None,
    failed: list[ProblemNote] | None = None,
) -> tuple[History, ...]:
    """The runs (or the profile) in a source, oldest first; raises `SourceError` with one sentence.

    Readers that fail to say whether they recognize it are added to ``failed``, and the others go on.
    """
    if gives == "run" and isinstance(source, str | os.PathLike):
        source = located(source)
    if gives == "run" and isinstance(source, str | os.PathLike) and os.path.isdir(source):
        return read_folder(Path(os.fspath(source)), plugins, columns, failed).all_told()
    return _read_by(_chosen(source, gives, plugins, failed), source, columns, plugins)


def read_folder(
    folder: Path,
    plugins: Plugins,
    columns: Mapping[str, str] | None = None,
    failed: list[ProblemNote] | None = None,
) -> FolderRuns:
    """The runs in a folder that is one log, such as Lightning's ``version_0``, or in every log below one that is none.

    Raises `SourceError` where there is no run.
    """
    from expert.folders import FolderRuns, gather_folder  # most sources are no folders

    chosen = _chosen(folder, "run", plugins, failed)
    refusal: SourceError | None = None
    if not chosen.refuses:
        try:
            return FolderRuns(list(_read_by(chosen, folder, columns, plugins)))
        except SourceError as error:
            refusal = error

    def reads(place: Path) -> bool:
        try:
            return not _chosen(place, "run", plugins, failed).refuses
        except SourceError:  # not recognized, or by two: a stranger's reader among them
            return False

    def read_one(place: Path) -> tuple[History, ...]:
        return _read_by(_chosen(place, "run", plugins, failed), place, columns, plugins)

    found = gather_folder(folder, reads, read_one)
    if found.runs:
        return found
    try:
        if refusal is not None:
            raise refusal
        _read_by(chosen, folder, columns, plugins)
    except SourceError as error:
        raise SourceError(" ".join([str(error), *found.notes])) from None
    return found


def _chosen(source: object, gives: Gives, plugins: Plugins, failed: list[ProblemNote] | None) -> Reader:
    """The reader that is surest of a source; raises `SourceError` where there is none, or more than one."""
    readers = [reader for reader in plugins.readers if reader.gives == gives]
    sure = [(_sureness(reader, source, plugins, failed), reader) for reader in readers]
    best = max((score for score, _ in sure), default=0.0)
    chosen = [reader for score, reader in sure if score == best and score > 0.0]
    if not chosen:
        raise SourceError(_unreadable(source, gives, readers))
    if len(chosen) > 1:
        names = " and ".join(f"'{reader.id}'" for reader in chosen)
        raise SourceError(
            f"{_shown(source)} is recognized equally well by the readers {names}; leave one of their plugins out."
        )
    return chosen[0]


def _sureness(reader: Reader, source: object, plugins: Plugins, failed: list[ProblemNote] | None) -> float:
    try:
        return float(reader.recognizes(source))
    except Exception as error:  # a stranger's code
        if failed is not None:
            failed.append(plugins.raised(plugins.origin(reader), error))
        return 0.0


def _read_by(
    reader: Reader, source: object, columns: Mapping[str, str] | None, plugins: Plugins
) -> tuple[History, ...]:
    try:
        runs = reader.read(source, ReadRequest(columns=columns or {}))
    except ExpertError as error:
        said = readable(str(error))
        if said != str(error):
            raise type(error)(said) from None
        raise
    except OSError as error:
        raise SourceError(f"{_shown(source)} cannot be read: {error.strerror or error}.") from error
    except Exception as error:
        name = plugins.origin(reader)
        what = f"{type(error).__name__}: {error}"
        raise SourceError(
            f"{_shown(source)}: the reader '{reader.id}' of plugin '{name}' failed with {what}"
        ) from error
    if not runs:
        raise SourceError(f"{_shown(source)}: the reader '{reader.id}' found no run in it.")
    return tuple(map(_with_readable_notes, runs))


def _with_readable_notes(run: History) -> History:
    notes = tuple(map(readable, run.notes))
    return run if notes == run.notes else run.model_copy(update={"notes": notes})


def _profile(name: str, value: object, plugins: Plugins, failed: list[ProblemNote]) -> History:
    """A History that holds what ``config``, ``model`` or ``data`` tells: a record, a mapping of its fields, or a live
    object.
    """
    kind = PROFILES[name]
    fields: Any = value
    if isinstance(value, Mapping) and set(value) <= set(kind.model_fields):
        try:
            fields = kind.model_validate(dict(value))
        except ValidationError as error:
            raise SourceError(f"{name}: {sentence(error)}") from None
    if isinstance(fields, kind):
        return History.model_validate({name: fields})
    gives: Gives = "data" if name == "data" else "model"
    if isinstance(value, Mapping) and not _recognized(value, gives, plugins, failed):
        wrong = next(key for key in value if key not in kind.model_fields)
        hint = nearest(str(wrong), kind.model_fields)
        raise SourceError(f"{name}: unknown field '{wrong}'.{hint} Known are {', '.join(kind.model_fields)}.")
    return read(value, gives, plugins, failed=failed)[-1]


def _recognized(value: object, gives: Gives, plugins: Plugins, failed: list[ProblemNote]) -> bool:
    readers = (reader for reader in plugins.readers if reader.gives == gives)
    return any(_sureness(reader, value, plugins, failed) > 0.0 for reader in readers)


def note_on_several(runs: Sequence[History], source: object) -> str:
    """Say that a source holds several runs, and which of them is judged."""
    path = os.fspath(source) if isinstance(source, str | os.PathLike) else ""
    names = [(run.source or "").removeprefix(path).strip(" ,:") or f"run {index}" for index, run in enumerate(runs, 1)]
    listed = ", ".join(names[:-1][-SHOWN_RUNS:])
    earlier = " and earlier ones" if len(runs) > SHOWN_RUNS + 1 else ""
    return (
        f"The source holds {len(runs)} runs; this advice is about the last one, {names[-1]}. "
        f"The others: {listed}{earlier}. "
        "To judge another: expert.read_runs(source)[0] is the first, and --run 1 on the command line."
    )


def _unreadable(source: object, gives: str, readers: Sequence[Reader]) -> str:
    if isinstance(source, str | os.PathLike) and not os.path.exists(source):
        path = os.fspath(source)
        if "\n" in path:
            said = f"This text of {len(path.splitlines())} lines is no path"
            return f"{said}; write it to a file, or pass pandas.read_csv(io.StringIO(text))."
        if len(path) > LONGEST_PATH:
            return f"This text of {len(path):,} characters is no path."
        return f"There is no file or folder {path!r}.{_nearest_path(path)}"
    titles = ", ".join(sorted({reader.title for reader in readers}))
    known = titles or "nothing (no plugin with readers is loaded)"
    return f"Nothing here reads {_shown(source)} as a {gives}; what can be read: {known}."


def _nearest_path(path: str) -> str:
    """The file or folder beside it that is spelled most alike."""
    folder, name = os.path.split(path)
    try:
        return nearest(name, os.listdir(folder or "."))
    except OSError:
        return ""


def _shown(source: object) -> str:
    if isinstance(source, str | os.PathLike):
        return repr(os.fspath(source))
    return f"this {type(source).__name__}"
