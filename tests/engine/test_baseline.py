"""A baseline: what a team starts with is known, only what is new fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expert import Advice, History, baseline
from expert.authoring import config
from expert.cli import main
from expert.errors import ExpertError, SettingsError
from expert.parts import Finding
from expert.pipeline import judge_history
from expert.settings import settings_from
from tests.engine.knowledge import known, rule

OLD = rule("OPT910", "old", config.shuffle, severity="error", aliases=("older",))
NEW = rule("OPT920", "new", config.nesterov, severity="error")
FALLING = "epoch,loss,val_loss\n" + "".join(
    f"{k},{2.0 * 0.8**k + 0.1:.4f},{2.0 * 0.8**k + 0.12:.4f}\n" for k in range(20)
)
SWINGS = "epoch,loss\n" + "".join(f"{k},{0.5 + k % 2}\n" for k in range(30))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("EXPERT_SETTINGS", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(entries: list[dict[str, str]], source: str = "run.csv") -> baseline.Baseline:
    Path("known.json").write_text(
        json.dumps({"schema_version": "training-expert/baseline/1", "sources": {source: entries}})
    )
    return baseline.read("known.json")


def judged(listed: baseline.Baseline, source: str = "run.csv", severity: str = "error", **fields: bool) -> Advice:
    run = History.model_validate({"config": {"shuffle": False, "nesterov": False, **fields}})
    settings = settings_from({"severity": {"old": severity}})
    return judge_history(run, known([OLD, NEW]), settings, source=source, baseline=listed)


def recorded(severity: str = "error", name: str = "OPT910") -> list[dict[str, str]]:
    return [{"rule": name, "name": "old", "severity": severity}]


@pytest.mark.parametrize("name", ["OPT910", "old", "older"])
def test_known_findings_are_told_as_such_and_do_not_fail(folder: Path, name: str) -> None:
    advice = judged(written(recorded(name=name)), shuffle=True)
    (finding,) = advice.findings
    assert finding.known
    assert not advice.fails("info")
    assert advice.verdict == "findings"
    assert advice.worst() == "error"
    text = str(advice)
    assert "error: old (OPT910, confidence 60%, known)" in text
    assert "In the baseline, and not counted: old." in text
    assert Advice.from_json(advice.to_json()) == advice


def test_new_findings_and_other_logs_fail(folder: Path) -> None:
    listed = written(recorded())
    advice = judged(listed, shuffle=True, nesterov=True)
    assert {one.name: one.known for one in advice.findings} == {"old": True, "new": False}
    assert advice.fails()
    assert advice.fails("error")
    assert not advice.fails("fatal")
    assert not advice.fails("never")
    assert judged(listed, source="other.csv", shuffle=True).fails()
    assert judged(listed, source="", shuffle=True).fails()
    with pytest.raises(
        ExpertError, match="There is no severity 'often'; known are info, warning, error, fatal and never"
    ):
        advice.fails("often")


def test_a_finding_that_got_worse_is_new_and_the_notes_say_why(folder: Path) -> None:
    advice = judged(written(recorded("warning")), shuffle=True)
    assert advice.fails()
    assert advice.notes == ("OPT910 old is in the baseline at warning; it is at error now and counts as new.",)
    assert not judged(written(recorded("error")), severity="warning", shuffle=True).fails("info")


def test_entries_that_no_longer_occur_are_told(folder: Path) -> None:
    (told,) = judged(written(recorded())).unused
    assert (told.kind, told.rule, told.where) == ("baseline", "OPT910", "known.json")
    assert told.note == (
        "The baseline known.json lists OPT910 old for this log, but it is not found any more; take the entry out."
    )
    assert told.note in str(judged(written(recorded()))).replace("\n    ", " ")
    (told,) = judged(written(recorded(name="OPT999"))).unused
    assert "there is no such rule any more" in told.note


def test_what_is_written_is_read_again_and_logs_are_named_from_its_folder(folder: Path) -> None:
    (folder / "deep").mkdir()
    found = judged(written([]), shuffle=True, nesterov=True).findings
    runs = {"runs/a.csv": found, str(folder / "b.csv"): found[:1], "quiet.csv": ()}
    baseline.write("deep/known.json", runs)
    text = (folder / "deep" / "known.json").read_text()
    assert list(json.loads(text)["sources"]) == ["../b.csv", "../runs/a.csv"]
    assert [one.rule for one in baseline.read("deep/known.json").sources["../runs/a.csv"]] == ["OPT910", "OPT920"]
    baseline.write("deep/known.json", runs)
    assert (folder / "deep" / "known.json").read_text() == text
    assert not list(folder.rglob("*.unfinished"))
    (folder / "link.json").symlink_to(folder / "deep" / "known.json")
    baseline.write("link.json", runs)
    assert (folder / "link.json").is_symlink()
    assert list(baseline.read("link.json").sources) == ["b.csv", "runs/a.csv"]


def test_what_is_no_baseline_is_neither_read_nor_overwritten(folder: Path) -> None:
    log = folder / "a.csv"
    log.write_text(SWINGS)
    nothing: dict[str, tuple[Finding, ...]] = {}
    with pytest.raises(
        SettingsError, match=r"^The baseline 'a\.csv' is none of schema training-expert/baseline/1: Invalid"
    ):
        baseline.write(log, nothing)
    assert log.read_text() == SWINGS
    with pytest.raises(SettingsError, match=r"^The baseline 'nowhere/known\.json' cannot be written: No such file"):
        baseline.write("nowhere/known.json", nothing)


def test_a_team_that_starts_late_writes_one_and_fails_on_new_findings_only(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "swings.csv").write_text(SWINGS)
    (folder / "other.csv").write_text(FALLING)
    strict = ["--fail-on", "warning"]
    assert main(["advise", "swings.csv", "other.csv", *strict]) == 1
    assert main(["advise", "swings.csv", "other.csv", *strict, "--write-baseline", "known.json"]) == 0
    assert capsys.readouterr().out.endswith("finding(s) of 2 log(s) recorded in known.json\n")
    assert main(["advise", "swings.csv", "other.csv", *strict, "--baseline", "known.json"]) == 0
    (folder / "expert.toml").write_text('baseline = "known.json"\nfail-on = "warning"\n')
    assert main(["advise", "swings.csv", "other.csv"]) == 0
    (folder / "other.csv").write_text(SWINGS)
    assert main(["advise", "swings.csv", "other.csv"]) == 1
    assert "OPT302 still-improving for this log, but it is not found any" in capsys.readouterr().out
    assert main(["advise", "swings.csv", "nowhere.csv", "--write-baseline", "known.json"]) == 2
    assert "was not written, because not every log could be read" in capsys.readouterr().err
    assert main(["advise", "swings.csv", "other.csv", "--write-baseline", "known.json"]) == 0
    assert main(["advise", "swings.csv", "other.csv"]) == 0


def test_each_run_of_a_log_has_entries_of_its_own(folder: Path) -> None:
    (folder / "twice.csv").write_text(SWINGS + "".join(f"{k},{3.0 * 0.8**k + 0.1}\n" for k in range(20)))
    assert main(["advise", "twice.csv", "--run", "1", "--write-baseline", "known.json"]) == 0
    assert list(baseline.read("known.json").sources) == ["twice.csv, run 1"]
    assert main(["advise", "twice.csv", "--run", "1", "--fail-on", "info", "--baseline", "known.json"]) == 0
    assert main(["advise", "twice.csv", "--fail-on", "info", "--baseline", "known.json"]) == 1
