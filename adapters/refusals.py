"""Files that are no training log, or none that is read: say what was seen, and the line that converts it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from expert.adapters.archives import ZIP, is_tar, zip_sentence
from expert.adapters.special_files import special_kind
from expert.adapters.text.opening import Beginning, as_path, beginning
from expert.errors import SourceError
from expert.history import History
from expert.reading import Reader, ReadRequest

SURE = 0.97
"""For a file with a mark of its own."""
LAST = 0.02
"""For whatever no other reader knows."""

MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"SQLite format 3\0", "is an SQLite database, but none of MLflow; pass pandas.read_sql(query, database)."),
    (b"\x89HDF", "is an HDF5 file, such as a saved Keras model; it holds weights and no course of a training."),
    (b"PAR1", "is a Parquet file; pass pandas.read_parquet(path)."),
    (b":W&B", "is the binary log of a W&B run; pass wandb.Api().run('entity/project/run').history()."),
    (b"\x93NUMPY", "is a NumPy array without names; pass a dict of lists such as {'train.loss': numpy.load(path)}."),
    (b"\xfd7zXZ", "is compressed with xz; unpack it first: unxz."),
    (b"BZh", "is compressed with bzip2; unpack it first: bunzip2."),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd; unpack it first: unzstd."),
    (b"%PDF", "is a PDF document."),
    (b"\x89PNG", "is a picture; pass the numbers it was drawn from."),
    (b"\xff\xd8\xff", "is a picture; pass the numbers it was drawn from."),
)


def seen(source: object) -> tuple[float, str] | None:
    """Return how sure it is that this is no log, and the sentence that says what it is; None for what is no path."""
    path = as_path(source)
    if path is None:
        return None
    special = special_kind(path)
    if special is not None:
        return LAST, special
    try:
        if not path.exists():
            return None
        if path.is_dir():
            return _folder(path)
    except OSError:
        return None
    start = beginning(path)
    if start is None:
        return LAST, "cannot be opened."
    for check in _CHECKS:
        sentence = check(start)
        if sentence is not None:
            return SURE, sentence
    first = start.lines[0].strip() if start.lines else ""
    return LAST, (
        f"is text, but neither a table with a line of column names nor JSON; it begins with {first[:60]!r}. "
        f"Pass a CSV, a JSON-lines "
        "file, or a dict of lists such as {'train.loss': [...], 'val.loss': [...]}."
    )


def _folder(path: Path) -> tuple[float, str]:
    names = sorted(one.name + "/" * one.is_dir() for one in list(path.iterdir())[:500])
    inside = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return (
        LAST,
        f"is a folder without a log whose name is known (metrics.csv, results.csv, trainer_state.json ...); it "
        f"holds {inside or 'nothing'}.",
    )


def _empty(start: Beginning) -> str | None:
    if start.size == 0:
        return "is empty: it has 0 bytes."
    if start.size <= len(start.head) and start.encoding is not None and not start.text.strip():
        return f"is empty: its {start.size} bytes are blanks."
    return None


def _lfs_pointer(start: Beginning) -> str | None:
    if not start.head.startswith(b"version https://git-lfs"):
        return None
    size = re.search(r"^size (\d+)", start.text, re.MULTILINE)
    large = f" of {int(size[1]):,} bytes" if size else ""
    return f"is a Git LFS pointer, which stands in place of a file{large} that was not fetched; fetch it: git lfs pull."


def _binary(start: Beginning) -> str | None:
    if start.head.startswith(ZIP):
        return None if b"history.json" in start.head[:60] else zip_sentence(start.path)
    if is_tar(start.head):
        return "is a tar archive; unpack it and pass the folder: tar -xf."
    for mark, sentence in MAGIC:
        if start.head.startswith(mark):
            return sentence
    if start.encoding is None:
        return f"is no text: it begins with the bytes {start.head[:8].hex(' ')}."
    return None


def _wandb_summary(start: Beginning) -> str | None:
    if start.size > len(start.head) or not start.text.lstrip().startswith("{"):
        return None
    try:
        summary = json.loads(start.text)
    except (ValueError, RecursionError):
        return None
    if (
        not isinstance(summary, dict)
        or not ({"_wandb", "_runtime", "_step"} & set(summary))
        or any(isinstance(v, list) for v in summary.values())
    ):
        return None
    metrics = [name for name in summary if not name.startswith("_")]
    history = "wandb.Api().run('entity/project/run').history()"
    if not metrics:
        return (
            "is the summary of a W&B run that logged no metric, so there is no curve to read; where there "
            f"is one, pass {history}."
        )
    listed = ", ".join(metrics[:5])
    return (
        f"is a W&B summary: it holds the last value of each metric ({listed}) and no curve. Pass the "
        f"history: {history}."
    )


def _no_header(start: Beginning) -> str | None:
    rows = [re.split(r"[,;\t ]+", line.strip()) for line in start.lines[:5]]
    if len(rows) < 2 or len(rows[0]) < 2 or len({len(row) for row in rows}) > 1:
        return None
    if not all(re.fullmatch(r"[-+]?[\d.]+([eE][-+]?\d+)?|nan|inf", cell) for row in rows for cell in row):
        return None
    return (
        f"is a table of {len(rows[0])} columns without their names; write a first line such as "
        "epoch,train.loss,val.loss."
    )


_CHECKS: tuple[Callable[[Beginning], str | None], ...] = (
    _empty,
    _lfs_pointer,
    _binary,
    _no_header,
    _wandb_summary,
)


def _recognizes(source: object) -> float:
    found = seen(source)
    return 0.0 if found is None else found[0]


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    found = seen(source)
    raise SourceError(f"{as_path(source)} {found[1] if found else 'cannot be read.'}")


READER = Reader(
    id="refusals",
    title="other files by saying what they are and how to convert them",
    gives="run",
    recognizes=_recognizes,
    read=_read,
    refuses=True,
)
