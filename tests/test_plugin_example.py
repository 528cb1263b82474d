"""The example plugin, built, installed beside the expert, and its own tests run there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parent.parent / "docs" / "plugin-example"


def test_the_example_plugin_installs_and_its_tests_pass(tmp_path: Path) -> None:
    source = tmp_path / "source"
    subprocess.run(
        [sys.executable, "-c", f"import shutil; shutil.copytree({str(EXAMPLE)!r}, {str(source)!r})"], check=True
    )
    site = tmp_path / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        str(site),
        str(source),
    ]
    subprocess.run(install, check=True)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    tests = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(source),
        str(source / "tests"),
    ]
    done = subprocess.run(tests, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    listed = subprocess.run(
        [sys.executable, "-m", "expert", "plugins"], env=environment, check=True, capture_output=True, text=True
    )
    assert "throughput (expert-plugin-example 1.0.0), from " in listed.stdout
    assert "  1 rules: RUN901\n  1 remedies: TX101\n  1 signals: slowdown\n" in listed.stdout
