"""Check readers on a folder of public logs that is not distributed: ``python -m tests.check_logs FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.data.log_expectations import ORIGINALS, complaints


def main(folder: Path) -> int:
    """Print every difference from the expectations; return the number of files with one."""
    if not folder.is_dir():
        print(f"{folder} is no folder of logs.")
        return 1
    wrong = 0
    for expected in ORIGINALS:
        if not (folder / expected.path).exists():
            found = ["the file is missing"]
        else:
            found = complaints(expected, folder)
        wrong += bool(found)
        print(f"{'WRONG' if found else 'ok   '} {expected.path}")
        for sentence in found:
            print(f"      {sentence}")
    known = {expected.path for expected in ORIGINALS}
    present = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".md")
    for path in (path for path in present if path not in known):
        wrong += 1
        print(f"WRONG {path}\n      no expectation is written for this file")
    print(f"{len(ORIGINALS)} files expected, {wrong} wrong.")
    return wrong


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.check_logs FOLDER")
    sys.exit(1 if main(Path(sys.argv[1])) else 0)
