"""`python -m tests.benchmarks.keras` prints the page; with ``--write`` it also goes to docs/benchmarks-keras.md."""

from __future__ import annotations

# ruff: noqa: E402  (the libraries read the number of threads when they are loaded)
import os

for _name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ[_name] = "1"
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import argparse
import sys

from tests.benchmarks.keras.report import PAGE, page


def main() -> None:
    parser = argparse.ArgumentParser(description="What watching a training by model.fit costs.")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}, too")
    arguments = parser.parse_args()
    text, bounds = page(lambda part: print(part, flush=True))
    if arguments.write:
        PAGE.write_text(text, encoding="utf-8")
    sys.exit(int(any(bound.passed is False for bound in bounds)))


if __name__ == "__main__":
    main()
