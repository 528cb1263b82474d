"""Two replicas in one process: nothing is looked at inside of a step, it is said so, and nothing changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

PROGRAM = "tests.adapters.keras_watch.distributed_training"


def test_two_replicas_are_watched_between_epochs() -> None:
    around = os.environ | {"KERAS_BACKEND": "tensorflow", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", PROGRAM], env=around, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["equal"]
    assert any("not looked at: the training is distributed" in note for note in told["notes"])
    assert not any("failed" in note for note in told["notes"])
    for at, least in (told["norms"], told["moved"]):
        assert at == [5, 10, 15]
        assert least > 0
    # The last batch is smaller, and how much is not asked of replicas.
    assert told["losses"][0] == [1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14]
    assert told["findings"] == []
