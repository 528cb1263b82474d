"""Record logs with the real writers: ``python -m tests.record [WRITER ...] [--constraint FILE]``.

Each script in ``writers`` trains something tiny in an environment of its own, which is made for it and thrown away. The
logs are kept in tests/data/recorded with ``recorded.json``, which says what the script gave to the logger; a test reads
the logs and compares. Plain ``torch`` from PyPI brings gigabytes of CUDA: give pip an index of CPU wheels, or a file of
constraints that names one.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent
KEPT = HERE.parent / "data" / "recorded"
TORCH = "torch==2.13.0"
WRITERS: Mapping[str, Sequence[str]] = {
    "keras_fit": ("keras==3.15.1", "tensorflow-cpu==2.21.0"),
    "torch_tensorboard": (TORCH, "tensorboard==2.21.0"),
    "lightning_trainer": (TORCH, "lightning==2.6.6", "tensorboard==2.21.0"),
    "transformers_trainer": (TORCH, "transformers==5.24.0", "accelerate==1.15.0"),
    "mlflow_runs": ("mlflow-skinny==3.17.2",),
    "timm_summary": (TORCH, "torchvision==0.28.0", "timm==1.0.31"),
    "fastai_learner": (TORCH, "torchvision==0.28.0", "fastai==2.8.12"),
    "mmengine_runner": (TORCH, "mmengine==0.10.7", "setuptools<81"),
    "ultralytics_results": (TORCH, "torchvision==0.28.0", "ultralytics==8.4.190"),
    "wandb_offline": ("wandb==0.31.0",),
}
"""Script → what is installed for it."""


def record(writer: str, constraint: Path | None) -> str | None:
    """Run one script in a new environment and keep its logs; return what went wrong, if anything did."""
    with tempfile.TemporaryDirectory(prefix="record") as place:
        environment, made = Path(place) / "environment", Path(place) / "made"
        venv.create(environment, with_pip=True)
        python = environment / "bin" / "python"
        limits = ["--constraint", str(constraint)] if constraint is not None else []
        install = [python, "-m", "pip", "install", "--quiet", *limits, *WRITERS[writer]]
        for command in (install, [python, HERE / "writers" / f"{writer}.py", made]):
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=place)
            if done.returncode:
                return f"{command[1]} ended with {done.returncode}:\n{done.stderr[-1500:]}"
        told = _tells_of_the_machine(made, place)
        if told is not None:
            return told
        shutil.rmtree(KEPT / writer, ignore_errors=True)
        shutil.copytree(made, KEPT / writer)
    return None


def _tells_of_the_machine(made: Path, place: str) -> str | None:
    """Where a log names a folder or the name of the machine it was made on."""
    words = {place, os.path.realpath(place), str(HERE), str(Path.home()), sys.prefix, platform.node()}
    for path in made.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        found = next((word for word in words if len(word) > 4 and word.encode() in content), None)
        if found is not None:
            return f"{path.relative_to(made)} names {found!r}"
    return None


def main(writers: Sequence[str], constraint: Path | None) -> int:
    """Record with all writers, or those named; return how many failed."""
    failed = 0
    for writer in writers or WRITERS:
        problem = record(writer, constraint)
        failed += problem is not None
        print(f"{'FAILED' if problem else 'kept  '} {writer}" + (f"\n{problem}" if problem else ""), flush=True)
    return failed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.record", description=__doc__)
    parser.add_argument("writers", nargs="*", choices=[*WRITERS, []], metavar="WRITER", help=", ".join(WRITERS))
    parser.add_argument("--constraint", type=Path, help="a file of constraints for pip")
    chosen = parser.parse_args()
    sys.exit(1 if main(chosen.writers, chosen.constraint) else 0)
