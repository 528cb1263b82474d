"""The laws of the rule; what the reader makes of whole, restarted and damaged logs."""

from __future__ import annotations

from pathlib import Path

import pytest
from acme_log.drift import RULE

from expert import advise, read_runs
from expert.errors import SourceError
from expert.testing import check_rule

HEAD = "ACME-TRAIN 3 job=42 host=gpu-7 opt=adam lr=0.0003 bs=64\n"


def rows(count: int, drift: float = 0.03) -> str:
    return "".join(
        f"[00:00:{k:02}] it {100 * k} | tr {2.0 / k + 0.2:.4f} | va {2.1 / k + 0.3:.4f} | drift {drift}\n"
        for k in range(1, count + 1)
    )


def written(folder: Path, text: str) -> Path:
    path = folder / "job-42.log"
    path.write_text(text)
    return path


def test_the_rule_keeps_the_laws() -> None:
    check_rule(RULE)


def test_a_log_is_read_with_its_settings(tmp_path: Path) -> None:
    (history,) = read_runs(written(tmp_path, HEAD + rows(40) + "restarting the kettle\nACME-DONE ok\n"))
    assert history.config.optimizer == "adam"
    assert history.config.batch_size == 64
    assert {one.role for one in history.series} >= {"train.loss", "val.loss", "val.drift"}
    assert len(history.series[0]) == 40


def test_a_job_that_was_started_again_is_two_runs(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + rows(30, drift=0.7) + HEAD + rows(40))
    assert [len(run.series[0]) for run in read_runs(path)] == [30, 40]
    assert advise(path).finding("acme-validation-drifted") is None, "the last run counts"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + rows(3) + "[00:09:00] it 900 | tr abc\n", "job-42.log:5: '[00:09:00] it 900 | tr abc' does not hold"),
        ("ACME-TRAIN 9 job=1\n", "job-42.log:1: version 9 of the format is not known; expected 3."),
        (HEAD, "not one iteration was logged"),
    ],
)
def test_a_damaged_log_is_refused_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SourceError) as error:
        read_runs(written(tmp_path, text))
    assert said in str(error.value)
