"""Settings written in files: what may stand there, and where each value comes from."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path

import pytest

from expert import History, advise
from expert.errors import SettingsError
from expert.settings import Settings, Suppression, settings_from
from expert.settings.origin import OnCommandLine
from expert.settings.reading import checked
from expert.settings.toml_text import lines_of

SWINGS = History.from_columns({"loss": [1.5, 0.5] * 15})
WHOLE = """
select = ["OSC101", "plateau"]
ignore = ["PLT102"]
profile = "recurrent"
fail-on = "warning"
baseline = "known.json"
plugins = ["rules/ours.py", "ours.rules"]

[limits]
small = 3

[severity]
OSC101 = "info"

[[suppress]]
rule = "OSC101"
reason = "a GAN"
until = 2026-12-31
source = "runs/*.csv"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["expert.toml", "other.toml", "pyproject.toml"])
def test_everything_can_stand_in_a_file_and_paths_are_from_its_folder(folder: Path, name: str) -> None:
    prefix = "tool.expert." if name == "pyproject.toml" else ""
    text = WHOLE.replace("[limits]", f"[{prefix}limits]").replace("[severity]", f"[{prefix}severity]")
    text = ("[tool.expert]" if prefix else "") + text.replace("[[suppress]]", f"[[{prefix}suppress]]")
    project = folder / "project"
    settings = settings_from(write(project / name, text))
    assert settings.select == ("OSC101", "plateau")
    assert settings.ignore == ("PLT102",)
    assert settings.limits == {"small": 3.0}
    assert settings.severity == {"OSC101": "info"}
    assert (settings.profile, settings.fail_on) == (("recurrent",), "warning")
    assert settings.baseline == str(project / "known.json")
    assert settings.plugins == (str(project / "rules/ours.py"), "ours.rules")
    until = datetime.date(2026, 12, 31)
    assert settings.suppress == (
        Suppression(rule="OSC101", reason="a GAN", until=until, source=(f"{project.as_posix()}/runs/*.csv",)),
    )


def test_a_call_takes_a_path_a_mapping_or_a_record_and_means_the_same(folder: Path) -> None:
    file = write(folder / "expert.toml", 'ignore = ["OSC"]\nfail-on = "never"\n')
    for given in (
        file,
        str(file),
        {"ignore": ["OSC"]},
        {"ignore": ("OSC",), "fail-on": "never"},
        Settings(ignore=("OSC",)),
    ):
        assert advise(SWINGS, settings=given).finding("OSC101") is None


def test_a_call_reads_no_file_that_it_does_not_name(folder: Path) -> None:
    write(folder / "expert.toml", 'ignore = ["OSC"]')
    write(folder / "pyproject.toml", "[tool.expert]\nthis is = no TOML")
    assert advise(SWINGS).finding("OSC101") is not None


def test_arguments_of_a_call_come_before_the_settings_they_name() -> None:
    with pytest.raises(SettingsError, match=r"^There is no profile 'argument'"):
        advise(SWINGS, profile="argument", settings={"profile": "setting"})
    with pytest.raises(SettingsError, match=r"^settings\.profile: there is no profile 'setting'"):
        advise(SWINGS, settings={"profile": "setting"})


def test_settings_given_later_replace_lists_and_merge_tables(folder: Path) -> None:
    write(folder / "expert.toml", 'ignore = ["OSC"]\nselect = ["PLT"]\n[limits]\na = 1\nb = 2\n')
    below = settings_from("expert.toml")
    over = checked({"ignore": ["GEN"], "limits": {"b": 3, "c": 4}}, OnCommandLine())
    both = below.overridden_by(over)
    assert (both.ignore, both.select) == (("GEN",), ("PLT",))
    assert both.limits == {"a": 1.0, "b": 3.0, "c": 4.0}
    places = {name: both.said("limits", name) for name in "abc"}
    assert places == {"a": "expert.toml:4: limits.a", "b": "--limit b", "c": "--limit c"}
    assert both.said("ignore") == "--ignore"
    assert both.said("select") == "expert.toml:2: select"
    assert both.origin("profile") is None


def test_lines_are_those_on_which_a_key_is_set_whatever_stands_around_it() -> None:
    text = '''a = """
b = 1
[c]
"""  # b = 2
d = [
  1, # ]
  { e = 2 },
]
"quoted key".'x y' = 3
[f.g]
h = 1; """
'''.replace("; ", " # ")
    text += "[[k]]\nl = '''\nm = 1\n'''\n[k.n]\no = 1\n[[k]]\np = {q = 1, r = {s = 2}}\n[[k.t]]\nu = 1\n"
    lines = text.split("\n")
    found = dict(lines_of(text))
    assert found["a",] == 1
    assert ("b",) not in found
    assert ("c",) not in found
    assert found["d",] == found["d", 1, "e"] == 5
    assert found["quoted key", "x y"] == 9
    assert found["f", "g"] == 10
    assert found["f", "g", "h"] == 11
    for keys, word in {
        ("k", 0): "[[k]]", ("k", 0, "l"): "l = ", ("k", 0, "n"): "[k.n]", ("k", 0, "n", "o"): "o = ",
        ("k", 1, "p"): "p = ", ("k", 1, "p", "r", "s"): "p = ", ("k", 1, "t", 0): "[[k.t]]",
        ("k", 1, "t", 0, "u"): "u = ",
    }.items():  # fmt: skip
        assert lines[found[keys] - 1].startswith(word), keys
    assert found["k", 1] > found["k", 0]


def test_a_long_list_does_not_make_finding_a_line_slow() -> None:
    text = "a = [\n" + '  "x",\n' * 2000 + "]\nb = 1\n"
    assert lines_of(text)["b",] == 2003


def test_plugins_named_in_settings_are_handed_on_unless_the_call_names_its_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from expert import knowledge

    load, seen = knowledge.load, []

    def noted(only: frozenset[str] | None = None, extra: Iterable[object] = ()) -> object:
        seen.append(tuple(extra))
        return load(only)

    monkeypatch.setattr(knowledge, "load", noted)
    write(folder / "expert.toml", 'plugins = ["rules/ours.py", "ours.rules"]')
    advise(SWINGS, settings="expert.toml")
    advise(SWINGS, settings="expert.toml", plugins=[])
    assert seen == [(str(folder / "rules/ours.py"), "ours.rules"), ()]
