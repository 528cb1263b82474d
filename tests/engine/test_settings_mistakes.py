"""Each mistake in a file of settings is one sentence: file, line, key, what was seen, what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from expert import History, advise
from expert.errors import SettingsError
from expert.settings import Settings, settings_from

SWINGS = History.from_columns({"loss": [1.5, 0.5] * 15})
A_DATE = "suppress[0].until: expected a date, such as 2026-12-31, not"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def suppression(text: str) -> str:
    return f'[[suppress]]\nrule = "OSC"\n{text}'


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (
            'selekt = ["OSC"]',
            1,
            "unknown key 'selekt'; known are select, ignore, preview, limits, severity, profile, suppress, ",
        ),
        ('selekt = ["OSC"]', 1, "Did you mean 'select'?"),
        ('\nfail_on = "error"', 2, "Did you mean 'fail-on'?"),
        (
            '\nfail-on = "eror"',
            2,
            "fail-on: expected one of info, warning, error, fatal, never, not 'eror'. Did you mean",
        ),
        ('select = "OSC"', 1, 'select: expected a list of words, such as ["OSC101", "plateau"], not \'OSC\'.'),
        ("ignore = [1]", 1, "ignore: expected a text, not 1."),
        (
            'ignore = [\n  "oscilating-loss"\n]',
            1,
            "names no rule, family or id prefix. Did you mean 'oscillating-loss'?",
        ),
        ("[limits]\nx = true", 2, "limits.x: expected a finite number, not true."),
        ("limits.x = nan", 1, "limits.x: expected a finite number, not nan."),
        ("limits = 3", 1, "limits: expected a table, not 3."),
        ("[limits]\n\nx = 3", 3, "limits.x: there is no limit 'x'."),
        (
            '[severity]\nOSC101 = "warn"',
            2,
            "severity.OSC101: expected one of info, warning, error, fatal, not 'warn'. Did",
        ),
        ('[severity]\nOSC999 = "info"', 2, "severity.OSC999: 'OSC999' names no rule"),
        (suppression(""), 1, "suppress[0].reason: it is missing; a suppression needs a rule and a reason."),
        (suppression('reason = " "'), 3, "suppress[0].reason: expected a text, not ' '."),
        (
            suppression('reason = "x"\nuntill = 2026-01-01'),
            4,
            "suppress[0]: unknown key 'untill'; known are rule, reason,",
        ),
        (suppression('reason = "x"\nuntil = 20260101'), 4, f"{A_DATE} 20260101."),
        (suppression('reason = "x"\nuntil = 2026-01-01T10:00:00'), 4, f"{A_DATE} datetime.datetime"),
        (suppression('reason = "x"\nuntil = "2026-13-01"'), 4, f"{A_DATE} '2026-13-01'."),
        (suppression('reason = "x"\nsource = 3'), 4, "suppress[0].source: expected a list of words"),
        (suppression('reason = "x"\n[[suppress]]\nrule = "OSD"\nreason = "x"'), 5, "suppress[1].rule: 'OSD' names no"),
        ('suppress = ["OSC101"]', 1, "suppress[0]: expected a table, not 'OSC101'."),
        ('[suppress]\nrule = "OSC"', 1, "suppress: expected a list of tables, not {'rule': 'OSC'}."),
        ('profile = ""', 1, "profile: expected a text, not ''."),
        ('profile = "rn"', 1, "profile: there is no profile 'rn'; known are fine-tuning, "),
        ('profile = ["cnn", 3]', 1, "profile: expected a text, not 3."),
        ('[tool.expert]\nselect = ["OSC"]', 1, "in this file settings stand at the top, not in [tool.expert]."),
        (
            'baseline = "nowhere.json"',
            1,
            "baseline 'nowhere.json' cannot be read: No such file or directory; expert advise",
        ),
        ('baseline = "expert.toml"', 1, "baseline 'expert.toml' is none of schema training-expert/baseline/1: Invalid"),
        ('select = ["OSC"\nignore = []', "2:1", "this is no TOML: Unclosed array."),
        ('select = ["OSC"', "1:16", "this is no TOML: "),
        ("\nselect ", "2:8", "this is no TOML: Expected '=' after a key in a key/value pair."),
    ],
)
def test_each_mistake_names_file_line_and_key(folder: Path, text: str, line: int | str, message: str) -> None:
    (folder / "expert.toml").write_text(text)
    with pytest.raises(SettingsError) as told:
        advise(SWINGS, settings="expert.toml")
    assert str(told.value).startswith(f"expert.toml:{line}: ")
    assert message in str(told.value)
    assert len(str(told.value).splitlines()) == 1


def test_in_a_project_file_the_key_is_named_in_full_and_the_table_must_be_there(folder: Path) -> None:
    file = folder / "pyproject.toml"
    for text, message in {
        '[project]\nname = "x"\n\n[tool.expert.limits]\nx = "much"\n': r":5: tool\.expert\.limits\.x: expected a",
        "[tool.expert]\nselekt = []\n": r":2: tool\.expert: unknown key 'selekt'; known are",
        "[tool.other]\n": r": there is no table \[tool\.expert\] in it\.$",
        "[tool]\nexpert = 3\n": r":2: tool\.expert: expected a table, not 3\.$",
    }.items():
        file.write_text(text)
        with pytest.raises(SettingsError, match="^pyproject.toml" + message):
            settings_from("pyproject.toml")


def test_what_is_no_text_cannot_be_settings(folder: Path) -> None:
    (folder / "binary.toml").write_bytes(b"a = '\xff'")
    (folder / "deep.toml").write_text("a = " + "[" * 5000)
    for name, message in {
        "binary.toml": r"^binary.toml: this is no UTF-8 text; byte 5 cannot be read\.$",
        "deep.toml": r"^deep.toml: this TOML is nested too deeply to be read\.$",
        "nowhere.toml": r"^The settings 'nowhere.toml' cannot be read: No such file",
        ".": r"cannot be read: Is a directory\.$",
    }.items():
        with pytest.raises(SettingsError, match=message):
            settings_from(name)


def test_what_editors_add_does_no_harm(folder: Path) -> None:
    (folder / "windows.toml").write_bytes("\ufeffignore = ['OSC']\r\nfail-on = 'never'\r\n".encode())
    assert settings_from("windows.toml").fail_on == "never"
    (folder / "empty.toml").write_text("")
    assert settings_from("empty.toml") == Settings()
