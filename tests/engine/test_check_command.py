"""`expert check`, and the options that name plugins."""

from __future__ import annotations

from pathlib import Path

import pytest

from expert.cli import main
from expert.knowledge import load
from expert.rulefiles import dump_rule

SLOW = """
limits:
  few: {value: 4, unit: samples, source: our own runs}

rules:
  - id: OPT980
    name: tiny-batch
    kind: symptom
    family: optimization
    level: static
    severity: error
    prior: 0.6
    symptom: the batches are tiny
    when: {field: config.batch_size, below: few}
    meaning: A handful of samples says little.
    mechanism: The gradient is a mean over the batch.
    false_alarms: Batches that are accumulated.
    source: our own runs
    fires:
      - case: a batch of two
        run: {config: {batch_size: 2}}
      - {case: just below, facts: {config.batch_size: 3}}
    quiet:
      - {case: just above, facts: {config.batch_size: 5}}
"""
LOG = "epoch,loss\n" + "".join(f"{k},{2.0 * 0.8**k + 0.1:.4f}\n" for k in range(20))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "rules.yaml").write_text(SLOW)
    (tmp_path / "log.csv").write_text(LOG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: object) -> int:
    return main([str(one) for one in arguments])


def out(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_rules_that_keep_the_laws_are_named_and_nothing_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "rules.yaml") == 0
    assert out(capsys) == "rules.yaml: 1 rule to check\n  ok      OPT980 tiny-batch\n  every rule keeps the laws\n"


def test_a_broken_law_is_told_with_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = SLOW.replace("just above, facts: {config.batch_size: 5}", "just above, facts: {config.batch_size: 3}")
    (folder / "rules.yaml").write_text(text.replace("below: few", "below: 1000"))
    assert run("check", "rules.yaml", "rules") == 1
    assert out(capsys).split("rules: ")[0].splitlines() == [
        "rules.yaml: 1 rule to check",
        "  broken  OPT980 tiny-batch",
        "    rules.yaml:24:16: case 'just above' must stay quiet, but it fires:",
        "      ✓ config.batch_size < 1000: the batch size is 3",
        "    rules.yaml:6:5: no quiet case is a near miss with the verdict 'no' (unknown does not count)",
        "    rules.yaml:6:5: no case notices when the limit in 'config.batch_size < 1000' is raised to 1500",
        "    rules.yaml:6:5: no case notices when the limit in 'config.batch_size < 1000' is lowered to 500",
        "  1 of 1 rule broken",
    ]


def test_a_part_no_case_depends_on_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = "{all: [{field: config.batch_size, below: few}, {field: config.shuffle, is: true}]}"
    text = SLOW.replace("{field: config.batch_size, below: few}", both)
    text = text.replace("{batch_size: 2}", "{batch_size: 2, shuffle: true}").replace(
        ": 3}", ": 3, config.shuffle: true}"
    )
    (folder / "rules.yaml").write_text(text)
    assert run("check", "rules.yaml") == 1
    assert (
        "    rules.yaml:6:5: no case depends on the part 'config.shuffle is True': leave it out, or add a near miss "
        "that it decides\n" in out(capsys)
    )


def test_what_is_wrong_with_the_file_is_told_beside_the_rules_that_stand(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = SLOW.split("rules:")[1].replace("OPT980", "OPT981").replace("tiny-batch", "other")
    (folder / "rules.yaml").write_text(SLOW + second.replace("severity: error", "severity: eror"))
    assert run("check", "rules.yaml") == 1
    assert out(capsys).splitlines() == [
        "rules.yaml: 1 rule to check",
        "  rules.yaml:31:15: 'severity' is one of info, warning, error, fatal, not 'eror'. Did you mean 'error'?",
        "  ok      OPT980 tiny-batch",
        "  every rule keeps the laws",
    ]
    (folder / "rules.yaml").write_text(SLOW.replace("symptom: the", "remedies: lower-learning-rat\n    symptom: the"))
    assert run("check", "rules.yaml") == 1
    assert (
        "rules.yaml:13:15: rule OPT980 tiny-batch recommends the unknown remedy 'lower-learning-rat'. "
        "Did you mean 'lower-learning-rate'?" in out(capsys)
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [", "rules.yaml:1:9: this is not YAML: while parsing a flow node, expected the node content"),
        ("rules: []\n", "rules.yaml: nothing to check"),
        ("1", "rules.yaml:1:1: a rule file is a mapping of expert_api, limits, terms, remedies, rules, not the"),
    ],
)
def test_a_file_in_which_nothing_can_be_checked_is_unusable(
    folder: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "rules.yaml").write_text(text)
    assert run("check", "rules.yaml") == 2
    assert said in out(capsys)


def test_python_files_and_installed_plugins_are_checked_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours = Path(__file__).parents[2] / "rules" / "oscillation" / "rate_too_high.py"
    assert run("check", ours, "adapters") == 0
    said = out(capsys)
    assert "  ok      OSC102 rate-too-high\n" in said
    assert "\nadapters: " in said
    (folder / "bad.py").write_text("import nowhere\n")
    assert run("check", "bad.py") == 2
    assert "  bad.py:1: ModuleNotFoundError: No module named 'nowhere'\n" in out(capsys)


def test_a_target_that_does_not_exist_is_wrong_usage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "rule.yaml") == 2
    assert capsys.readouterr().err == "expert: There is no plugin file 'rule.yaml'. Did you mean 'rules.yaml'?\n"
    assert run("check", "adapter") == 2
    assert capsys.readouterr().err == (
        "expert: There is neither a file nor an installed plugin 'adapter'. Did you mean 'adapters'?\n"
    )


def test_a_rule_file_may_read_a_signal_of_another_plugin(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "signals.py").write_text(
        "from expert.authoring import Reading, Signal\n"
        'SIGNAL = Signal("rows", "rows", "", "proof", "{value} rows", lambda view: Reading(2.0), arguments=0)\n'
    )
    text = SLOW.replace("field: config.batch_size", "signal: rows").replace(
        "rules:", "terms: {rows: {signal: rows}}\nrules:"
    )
    (folder / "rules.yaml").write_text(text.replace("config.batch_size:", "rows:"))
    assert run("check", "rules.yaml") == 1
    assert out(capsys).splitlines() == [
        "rules.yaml: 1 rule to check",
        "  rules.yaml:15:20: rule OPT980 tiny-batch uses the unknown signal 'rows'.",
        "  broken  OPT980 tiny-batch",
        "  1 of 1 rule broken",
    ]
    assert run("check", "rules.yaml", "--plugin", "signals.py") == 0


def test_options_name_plugins_for_one_call(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ("advise", "log.csv", "--set", "batch_size=2")
    assert run(*call) == 0
    assert run(*call, "--plugin", "rules.yaml") == 1
    assert "tiny-batch" in out(capsys)
    assert run("explain", "tiny-batch") == 2
    assert run("explain", "tiny-batch", "--plugin", "rules.yaml") == 0
    assert run("rules", "OPT980", "--plugin", "rules.yaml") == 0
    assert run("plugins", "--plugin", "rules.yaml") == 0
    assert f"rules.yaml, from {folder / 'rules.yaml'}\n  1 rules: OPT980\n" in out(capsys)


def test_the_rules_of_a_project_are_loaded_where_they_are_asked_for_only(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ("advise", folder / "log.csv", "--set", "batch_size=2")
    assert run(*call, "--project-rules") == 2
    assert capsys.readouterr().err == (
        "expert: --project-rules: there is no expert_rules.py, expert_rules.yaml or expert_rules.toml from here up to "
        f"{folder}.\n"
    )
    (folder / "expert_rules.yaml").write_text(SLOW)
    (folder / "expert_rules.py").write_text("raise RuntimeError('nobody asked')\n")
    assert run(*call) == 0, "not for being there"
    assert run(*call, "--project-rules") == 1
    assert "expert_rules.py:1: RuntimeError: nobody asked" in out(capsys)
    (folder / "expert_rules.py").unlink()
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    assert run("rules", "OPT980", "--project-rules") == 0
    assert run("advise", folder / "log.csv") == 0


def test_the_folder_of_a_log_is_never_searched(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "expert_rules.py").write_text("raise SystemExit('run from a stranger')\n")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / ".git").mkdir()
    monkeypatch.chdir(elsewhere)
    assert run("advise", folder / "log.csv") == 0
    assert run("advise", folder / "log.csv", "--project-rules") == 2


def test_the_settings_of_a_project_name_plugins_for_every_command(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "expert.toml").write_text('plugins = ["rules.yaml"]\n')
    assert run("advise", "log.csv", "--set", "batch_size=2") == 1
    assert run("explain", "tiny-batch") == 0
    assert run("rules", "OPT980") == 0
    assert run("check", "rules.yaml") == 0


@pytest.mark.parametrize("kind", ["yaml", "toml"])
@pytest.mark.parametrize("word", ["OSC101", "lower-learning-rate"])
def test_what_is_known_can_be_printed_to_be_copied(
    folder: Path, word: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("explain", word, "--as", kind) == 0
    (folder / f"copy.{kind}").write_text(out(capsys))
    assert run("check", f"copy.{kind}") == 0
    assert run("explain", "OSC999", "--as", kind) == 2


def test_a_rule_of_ours_written_as_a_file_is_ours(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "ours.yaml").write_text(dump_rule(load()[1].catalogue.rules["OSC101"]))
    assert run("check", "ours.yaml") == 0
    assert "  ok      OSC101 oscillating-loss\n" in out(capsys)
