"""`python -m tests.benchmarks.watching` prints the page; with ``--write`` it also goes to docs/benchmarks-torch.md."""

from __future__ import annotations

# ruff: noqa: E402  (the libraries read the number of threads when they are loaded)
import os

for _library in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"

import argparse
import sys

import torch

from tests.benchmarks.watching.report import PAGE, page


def main() -> None:
    parser = argparse.ArgumentParser(description="What watching a live PyTorch training costs.")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}, too")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    text, bounds = page(lambda part: print(part, flush=True))
    if arguments.write:
        PAGE.write_text(text, encoding="utf-8")
    sys.exit(int(any(bound.passed is False for bound in bounds)))


if __name__ == "__main__":
    main()
