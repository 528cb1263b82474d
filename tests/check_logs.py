"""Check the readers on a folder of logs: ``python -m tests.check_logs FOLDER``.

The folder is tests/data/logs or one with the public logs of the second table, which are not distributed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.data.log_expectations import ORIGINALS, OWN, Expected, complaints, verdict_complaints


def main(folder: Path) -> int:
    """Print every difference from the expectations; return the number of files with one."""
    if not folder.is_dir():
        print(f"{folder} is no folder of logs.")
        return 1
    table = max((OWN, ORIGINALS), key=lambda table: sum((folder / expected.path).exists() for expected in table))
    wrong = 0
    for expected in table:
        found = ["the file is missing"]
        if (folder / expected.path).exists():
            found = complaints(expected, folder) + verdict_complaints(expected, folder)
        wrong += bool(found)
        print(f"{'WRONG' if found else 'ok   '} {expected.path}")
        for sentence in found:
            print(f"      {sentence}")
    for path in unexpected(folder, table):
        wrong += 1
        print(f"WRONG {path}\n      no expectation is written for this file")
    print(f"{len(table)} expectations, {wrong} wrong.")
    return wrong


def unexpected(folder: Path, table: tuple[Expected, ...]) -> list[str]:
    """Files in the folder for which nothing is expected (Markdown apart)."""
    known = {expected.path for expected in table}
    files = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".md"]
    return [path.as_posix() for path in files if known.isdisjoint(one.as_posix() for one in (path, *path.parents))]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.check_logs FOLDER")
    sys.exit(1 if main(Path(sys.argv[1])) else 0)
