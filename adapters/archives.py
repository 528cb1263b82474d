"""Archives: what lies in them is told, but not read; a folder with what was unpacked is."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

ZIP = b"PK\x03\x04"
ENDS_OF_LOGS = frozenset({".csv", ".tsv", ".json", ".jsonl", ".log", ".txt"})
SHOWN = 3


def zip_sentence(path: Path) -> str:
    """Say what a zip archive is: its members tell."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return "is a zip archive that is damaged or cut off."
    if "xl/workbook.xml" in names:
        return "is an .xlsx file; pass pandas.read_excel(path)."
    if "model.weights.h5" in names:
        return "is a model of Keras; it holds weights and no course of a training."
    if any(PurePosixPath(name).name == "data.pkl" for name in names):
        return "is a PyTorch checkpoint; it holds weights, and it is not opened because it holds a pickle."
    logs = [name for name in names if PurePosixPath(name).suffix.lower() in ENDS_OF_LOGS or "tfevents" in name]
    if not logs:
        return f"is a zip archive of {len(names)} files, none of them named like a log."
    shown = ", ".join(logs[:SHOWN]) + (f" and {len(logs) - SHOWN} more" if len(logs) > SHOWN else "")
    return f"is a zip archive; unpack it and pass the folder, or one of its logs: {shown}."


def is_tar(head: bytes) -> bool:
    """Whether the first bytes of a file, unpacked, are those of a tar archive."""
    return head[257:262] == b"ustar"
