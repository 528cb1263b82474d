"""Read a great many damaged logs: ``python -m tests.fuzz --runs 1000000``.

Only runs or one sentence may come of each, within a second and within bounds of memory. What fails is kept in a folder
and printed with its number, by which ``--only NUMBER`` makes it again. Needs Linux.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.fuzz.cases import case
from tests.fuzz.working import Failure, failures

SHOWN = 1200
"""Characters of a failure that are printed."""


def main(arguments: argparse.Namespace) -> int:
    """Read the cases, print what fails; return how many did."""
    first, count = (arguments.only, 1) if arguments.only is not None else (arguments.first, arguments.runs)
    begun, told, failed = time.monotonic(), 0.0, 0
    for news in failures(first, count, arguments.processes):
        if isinstance(news, Failure):
            failed += 1
            kept = arguments.keep / str(news.number)
            path = case(news.number).lay_out(kept)
            print(f"\n--only {news.number}   {path}\n{news.what[-SHOWN:]}", flush=True)
        elif time.monotonic() - told > 60:
            told = time.monotonic()
            print(f"{news:,} of {count:,} read, {failed} failed", file=sys.stderr, flush=True)
    print(f"{count:,} damaged logs in {time.monotonic() - begun:.0f} seconds, {failed} failed.")
    return failed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000, help="how many damaged logs are made and read")
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="make and read one of them again")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="where logs that fail are kept")
    sys.exit(1 if main(parser.parse_args()) else 0)
