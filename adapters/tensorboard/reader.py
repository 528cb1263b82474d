"""TensorBoard: an event file, the folder of a run, or a folder with many of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from expert.adapters.tables.assembling import histories
from expert.adapters.tables.table_of_points import table_of_points
from expert.adapters.tensorboard.folders import MOST_ENTRIES, Run, event_files, is_named_so, is_run, phase_of, runs_of
from expert.adapters.text.opening import as_path, beginning
from expert.errors import SourceError
from expert.history import Clock, History, Ignored, Series
from expert.reading import Reader, ReadRequest

SURE = 0.98
FOLDER = 0.55
"""Less than for a table with a customary name in the same folder, which says the same in full."""
VERSION = b"brain.Event:"
"""What the first event of every file holds."""
POINTER = b"version https://git-lfs"
SUMMARY = "train/train_runtime"
MARK_ONLY = 64
"""Bytes of a file that holds nothing but the mark of its version, at most."""


def _recognizes(source: object) -> float:
    path = as_path(source)
    try:
        if path is None:
            return 0.0
        if path.is_dir():
            return FOLDER if is_run(path) else 0.0
    except OSError:
        return 0.0
    start = beginning(source)
    if start is None or start.size == 0 or start.head.startswith(POINTER):
        return 0.0
    return SURE if VERSION in start.head[:64] or is_named_so(start.path.name) else 0.0


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    path = as_path(source)
    if path is None:
        raise SourceError(f"{source}: there is no file to read.")
    # The name of the folder a file lies in may say which phase it holds, also where the path does not show it.
    files = sorted(event_files(path)) if path.is_dir() else [path.absolute()]
    runs = runs_of(files)
    if not any(run.writers for run in runs):
        unreadable = [sentence for run in runs for sentence in run.unreadable]
        raise SourceError(unreadable[0] if unreadable else _nothing(path, files, runs))
    found = [history for run in runs if run.writers for history in _histories(run, request, path)]
    return tuple(_told_of_siblings(history, path) for history in found)


def _histories(run: Run, request: ReadRequest, given: Path) -> tuple[History, ...]:
    _set_summary_aside(run)
    source = str(run.folder) if run.folder == given or given in run.folder.parents else str(given)
    clocks: dict[str, Clock] = dict.fromkeys(run.epochs, "epoch")
    clocks |= dict.fromkeys(run.iterations, "step")
    table, columns = table_of_points(run.writers, source, request.columns, clocks)
    table.notes += run.notes
    table.ignored += run.ignored
    return tuple(_without_twins(_with_reductions(history, run)) for history in histories(table, columns))


def _set_summary_aside(run: Run) -> None:
    """Hugging Face's trainer ends with numbers of the whole run, its mean loss among them: they are no points."""
    if SUMMARY not in run.names:
        return
    for writer in run.writers:
        for name in [name for name in writer if name.startswith("train/train_")]:
            del writer[name]
            run.ignored.append(Ignored(name=name, reason="a summary of the whole run, written once at its end"))


def _with_reductions(history: History, run: Run) -> History:
    """Over what the values of known writers are taken; the names of most others say it."""
    names = {series.name for series in history.series}
    transformers = "train/loss" in names and {"train/epoch", "train/global_step"} & set(run.names)

    def reduced(series: Series) -> Series:
        if series.name in run.iterations and series.phase == "train":
            return series.model_copy(update={"reduction": "moving_average"})  # Keras: the mean since the epoch began
        if transformers and series.name == "train/loss":
            return series.model_copy(update={"reduction": "interval_mean"})
        return series

    return history.model_copy(update={"series": tuple(map(reduced, history.series))})


def _without_twins(history: History) -> History:
    """Keras writes every evaluation twice, once on the clock of the epochs; the other has placed those on steps."""
    names = dict.fromkeys(series.name for series in history.series)  # a set would have no order
    twins = {
        name: twin
        for name in names
        if name.endswith("_vs_iterations")
        for twin in names
        if twin.endswith(f"/epoch_{name.removeprefix('evaluation_').removesuffix('_vs_iterations')}")
        and not twin.startswith("train/")
    }
    ignored = [Ignored(name=name, reason=f"is {twin!r} over steps") for name, twin in twins.items()]
    return history.model_copy(
        update={
            "series": tuple(series for series in history.series if series.name not in twins),
            "ignored": (*history.ignored, *ignored),
        }
    )


def _told_of_siblings(history: History, given: Path) -> History:
    """Say where the other phases of a run stand, if only one of them was given."""
    folder = given.absolute() if given.is_dir() else given.absolute().parent
    phase = phase_of(folder.name)
    if phase is None:
        return history
    try:
        entries = sorted(islice(folder.parent.iterdir(), MOST_ENTRIES))
        beside = [one for one in entries if phase_of(one.name) not in (None, phase) and one.is_dir()]
        names = [repr(one.name) for one in beside if any(is_named_so(entry.name) for entry in one.iterdir())]
    except OSError:
        return history  # what may not be listed is not told of
    if not names:
        return history
    note = f"Beside {folder.name!r} stands {' and '.join(names)}, which was not read; pass {str(folder.parent)!r}."
    return history.model_copy(update={"notes": (*history.notes, note)})


def _nothing(path: Path, files: Sequence[Path], runs: Sequence[Run]) -> str:
    """Say what there is where there are no scalars."""
    others = sorted({what for run in runs for what in run.others})
    size = sum(file.stat().st_size for file in files)
    if not others and size <= MARK_ONLY * len(files):
        what = (
            f"{size} bytes are the mark of the version"
            if len(files) == 1
            else "files hold the mark of the version only"
        )
        return f"{path} is a TensorBoard event file without data: its {what}."
    held = ", ".join(others) or "nothing else either"
    return f"{path}: the TensorBoard event data here holds no scalars, so there is no curve; it holds {held}."


READER = Reader(
    id="tensorboard",
    title="event files of TensorBoard",
    gives="run",
    recognizes=_recognizes,
    read=_read,
)
