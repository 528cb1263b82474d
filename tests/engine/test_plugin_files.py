"""Plugins that are one file: what they may hold, how often they are run, and what is said of those that fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from expert import History, advise, read_runs
from expert.errors import AuthoringError, SettingsError
from expert.knowledge import load

RUN = History.from_columns({"loss": [2.0, 1.5, 1.2, 1.0, 0.9, 0.85, 0.8, 0.78]}, config={"batch_size": 3})
PROSE = """symptom="something is seen", meaning="It means what it says.", mechanism="It happens as it happens.",
    false_alarms="Where it is meant to be so.", source=("test",), fires=(), quiet=(), kind="symptom",
    family="optimization", level="optimization", severity="error", prior=0.6,"""
RULE = f"""
from expert.authoring import Remedy, Rule, Signal, Reading, config, hookimpl, signal

RULE = Rule(
    id="OPT980", name="tiny-batch", when=config.batch_size < 4,
    {PROSE}
)
"""
HOOKS = f"""{RULE}
@hookimpl
def expert_rules():
    return [RULE]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str, name: str = "my_rules.py") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return name


def told(*plugins: object) -> list[tuple[str, str]]:
    return [(one.plugin, one.what) for one in advise(RUN, plugins=plugins).problems]


@pytest.mark.parametrize("text", [HOOKS, RULE, RULE + "\nRULES = [RULE]\n_OTHER = RULE\n"])
def test_a_file_with_hooks_or_with_records_alone_is_a_plugin(folder: Path, text: str) -> None:
    path = write(folder, text)
    for plugin in (path, folder / path, str(folder / path), Path("./my_rules.py")):
        advice = advise(RUN, plugins=[plugin])
        assert advice.problems == ()
        assert advice.finding("tiny-batch") is not None
    assert advise(RUN).finding("tiny-batch") is None


def test_a_file_without_hooks_offers_signals_remedies_and_readers_too(folder: Path) -> None:
    path = write(
        folder,
        """
from expert.authoring import Reading, Remedy, Signal
from expert.reading import Reader
SIGNAL = Signal("plugged", "plugged", "", "proof", "plugged in", lambda view: Reading(True), arguments=0)
REMEDIES = (Remedy(id="ZX980", name="plug", title="Plug", do="Plug.", cost="check", risk="low", watch="it", source=()),)
READER = Reader("nothing", "nothing", "run", lambda source: 0.0, lambda source, request: ())
""",
    )
    plugins, knowledge = load(None, [path])
    assert "plugged" in knowledge.signals
    assert knowledge.remedy("plug") is not None
    assert "nothing" in [reader.id for reader in plugins.readers]


def test_the_same_file_is_run_once_however_it_is_named_and_again_when_it_has_changed(folder: Path) -> None:
    count = folder / "count.txt"
    text = HOOKS + f"\nopen({str(count)!r}, 'a').write('x')\n"
    path = write(folder, text)
    (folder / "linked.py").symlink_to(folder / path)
    assert told(path, folder / path, "linked.py") == []
    read_runs(RUN, plugins=[str(folder / path)])
    assert count.read_text() == "x"
    write(folder, text.replace("tiny-batch", "renamed"))
    os.utime(path, ns=(1, 1))
    assert load(None, [path])[1].catalogue.find("renamed") is not None
    assert count.read_text() == "xx"


def test_loading_leaves_the_search_path_and_other_modules_alone(folder: Path) -> None:
    (folder / "helper.py").write_text("raise RuntimeError('not for plugins')")
    path = write(folder, RULE + "\nimport sys\nNAME = __name__\nFILE = __file__\n", name="json.py")
    before = list(sys.path)
    assert told(path) == []
    assert sys.path == before
    import json

    assert hasattr(json, "dumps")
    mine = next(module for name, module in sys.modules.items() if name.startswith("expert_plugin_json_"))
    assert str(folder / path) == mine.FILE
    assert not (folder / "__pycache__").exists()
    ((_, what),) = told(write(folder, "import helper\n"))
    assert what == "my_rules.py:1: ModuleNotFoundError: No module named 'helper'"


def test_a_class_of_a_file_can_be_a_dataclass(folder: Path) -> None:
    text = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass Mine:\n    x: int\n"
    )
    assert told(write(folder, text + RULE)) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("\nfoo = signl\n", "my_rules.py:2: NameError: name 'signl' is not defined"),
        ("def expert_rules(:\n", "my_rules.py:1: this is not Python: invalid syntax."),
        ("import sys\nsys.exit(3)\n", "my_rules.py:2: SystemExit: 3"),
        ("x = 1\0\n", "my_rules.py: this is not Python: source code string cannot contain null bytes."),
        (
            "from expert.authoring import config\n\nX = config.lerning_rate > 1\n",
            "my_rules.py:3: config has no field 'lerning_rate'. Did you mean 'learning_rate'?",
        ),
        (
            "from expert.authoring import config\nX = (config.epochs > 1) and (config.epochs < 3)\n",
            "my_rules.py:2: A condition has no truth value while it is being written. Use & for `and`, | for `or`, ~ "
            "for `not`, .is_(...) for `in`, and .between(a, b) for `a < x < b`; put each comparison in parentheses.",
        ),
        (
            RULE.replace('"optimization", level', '"optimisation", level'),
            "my_rules.py:4: Rule: family: Input should be 'data', 'numerics', 'gradients', 'activations', 'model', "
            "'configuration', 'optimization', 'oscillation', 'plateau', 'generalization' or 'run'; got 'optimisation'. "
            "Did you mean 'optimization'?",
        ),
        (
            RULE.replace("OPT980", "GEN980"),
            "my_rules.py:4: Rule GEN980 tiny-batch: the prefix GEN belongs to family generalization, not optimization.",
        ),
        (
            "from expert.authoring import hookimpl\n@hookimpl\ndef expert_rules():\n    return [1 / 0]\n",
            "my_rules.py:4: ZeroDivisionError: division by zero",
        ),
        (
            "x = 1\n",
            "my_rules.py: it has no hook function marked with @hookimpl, and no rule, remedy, signal or reader.",
        ),
        (
            RULE.replace("config.batch_size < 4", "signal.plugd() > 1"),
            "my_rules.py:5: rule OPT980 tiny-batch uses the unknown signal 'plugd'.",
        ),
        (
            RULE.replace("fires=()", "remedies=('lower-learning-rat',), fires=()"),
            "my_rules.py:7: rule OPT980 tiny-batch recommends the unknown remedy 'lower-learning-rat'. "
            "Did you mean 'lower-learning-rate'?",
        ),
        (
            RULE.replace("import Remedy", "import train, Remedy").replace(
                "config.batch_size < 4", "signal.noise_level(train.acc) > 1"
            ),
            "my_rules.py:5: rule OPT980 tiny-batch: unknown series 'train.acc': whatever a log calls it, it is read as "
            "'train.accuracy'.",
        ),
        (
            RULE.replace("import Remedy", "import gradient, Remedy").replace(
                "config.batch_size < 4", "signal.noise_level(gradient.nrom) > 1"
            ),
            "my_rules.py:5: rule OPT980 tiny-batch: unknown series 'gradient.nrom'. Did you mean 'gradient.norm'?",
        ),
        (
            RULE.replace("config.batch_size < 4", "config.task.is_('clasification')"),
            "my_rules.py:5: rule OPT980 tiny-batch: config.task is one of classification, regression, language_model, "
            "autoencoder, segmentation, detection, never 'clasification'. Did you mean 'classification'?",
        ),
        (RULE.replace("OPT980", "NUM101").replace('"optimization", level', '"numerics", level'), None),
    ],
)
def test_a_file_that_fails_is_told_in_one_sentence_with_its_line(folder: Path, text: str, what: str | None) -> None:
    path = write(folder, text)
    if what is None:
        ((_, said),) = told(path)
        assert said.startswith("my_rules.py:5: Rule id 'NUM101' is given by both 'rules' (training-expert ")
        assert said.endswith(") and 'my_rules.py'; ids must be unique.")
    else:
        assert told(path) == [("my_rules.py", what)]
    assert advise(RUN, plugins=[path]).verdict == advise(RUN).verdict
    with pytest.raises(AuthoringError) as raised:
        advise(RUN, plugins=[path], strict=True)
    assert str(raised.value).startswith("Plugin 'my_rules.py': my_rules.py")
    assert "\n" not in str(raised.value)


def test_what_fails_while_a_run_is_judged_is_isolated_too(folder: Path) -> None:
    path = write(
        folder,
        """
from expert.authoring import Signal, hookimpl
from expert.reading import Reader
SIGNAL = Signal("halves", "halves", "", "proof", "halved", lambda view: {}["half"], arguments=0)

@hookimpl
def expert_signals():
    return [SIGNAL]

@hookimpl
def expert_rules():
    return [RULE]

@hookimpl
def expert_readers():
    return [Reader("odd", "odd", "run", lambda source: [][0], lambda source, request: ())]

@hookimpl
def expert_advice(advice):
    raise RuntimeError("nobody listens")
"""
        + RULE.replace("config.batch_size < 4", "signal.halves() > 1"),
    )
    assert sorted(told(path)) == [
        ("my_rules.py", "my_rules.py:16: IndexError: list index out of range"),
        ("my_rules.py", "my_rules.py:20: RuntimeError: nobody listens"),
        ("my_rules.py", "signal 'halves' failed: KeyError: 'half'"),
    ]
    with pytest.raises(AuthoringError, match=r"Plugin 'my_rules\.py': "):
        advise(RUN, plugins=[path], strict=True)


def test_a_cycle_is_told_of_each_rule_in_it(folder: Path) -> None:
    other = RULE.split("RULE = ")[1].replace("OPT980", "OPT981").replace("tiny-batch", "second")
    one = RULE.replace("fires=()", "explains=('second',), fires=()")
    path = write(
        folder, f"{one}\nOTHER = {other.replace('fires=()', 'explains=(`OPT980`,), fires=()').replace('`', chr(39))}"
    )
    cycle = "The relations between rules form a cycle: "
    first, second = told(path)
    assert first[1].startswith(f"my_rules.py:5: {cycle}")
    assert second[1].startswith(f"my_rules.py:12: {cycle}")
    assert {first[1].split(cycle)[1], second[1].split(cycle)[1]} <= {
        "tiny-batch → second → tiny-batch. One of them must go.",
        "second → tiny-batch → second. One of them must go.",
    }


def test_a_file_that_failed_is_tried_again(folder: Path) -> None:
    path = write(folder, "import made_later\n" + RULE)
    assert "No module named 'made_later'" in told(path)[0][1]
    sys.modules["made_later"] = sys
    try:
        assert told(path) == []
    finally:
        del sys.modules["made_later"]


def test_a_file_that_does_not_exist_is_a_wrong_call(folder: Path) -> None:
    write(folder, RULE)
    for wrong in ("my_rule.py", folder / "my_rule.py"):
        with pytest.raises(SettingsError, match=r"no plugin file 'my_rule.py'. Did you mean 'my_rules.py'\?"):
            advise(RUN, plugins=[wrong])
    with pytest.raises(SettingsError, match="There is no plugin file"):
        advise(RUN, plugins=["no_folder/my_rules.yaml"])
    with pytest.raises(SettingsError, match="plugins must be a list"):
        advise(RUN, plugins="my_rules.py")


def test_a_word_that_is_no_file_names_a_module() -> None:
    assert told("expert.rules.plugin") == [("expert.rules.plugin", "it is loaded already, under another name.")]
    assert told("my_rules") == [("my_rules", "there is no module 'my_rules'; a file is named with its ending.")]
    assert told("tests.engine.test_plugin_files") == [
        (
            "tests.engine.test_plugin_files",
            "it has no hook function; mark those it has with @hookimpl of expert.authoring.",
        )
    ]


def test_a_rule_of_ours_may_be_given_as_a_file_again() -> None:
    ours = Path(__file__).parents[2] / "rules" / "oscillation" / "rate_too_high.py"
    assert told(ours) == []


@pytest.mark.parametrize(
    ("declared", "what"),
    [
        ("expert_api = 1", None),
        ('expert_api = "1"', None),
        (
            "expert_api = 2",
            "it is written for version 2 of the plugin API, but training-expert 0.1.0 offers version 1.",
        ),
        (
            'expert_api = "0"',
            "it is written for version 0 of the plugin API, but training-expert 0.1.0 offers version 1.",
        ),
        (
            "expert_api = (1,)",
            "expert_api is the version of the plugin API it is written for, such as 1, not (1,).",
        ),
    ],
)
@pytest.mark.parametrize("text", [RULE, HOOKS])
def test_a_plugin_for_another_version_is_left_out_and_both_are_named(
    folder: Path, text: str, declared: str, what: str | None
) -> None:
    path = write(folder, f"{declared}\n{text}")
    assert told(path) == ([] if what is None else [("my_rules.py", what)])
    assert (advise(RUN, plugins=[path]).finding("tiny-batch") is None) == (what is not None)


def test_a_file_is_run_without_leaving_a_trace_of_a_traceback(folder: Path) -> None:
    write(folder, "1 / 0\n")
    code = "from expert import advise; print(advise({'loss': [1, 2, 3]}, plugins=['my_rules.py']).problems[0].what)"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True, text=True)
    assert done.stdout == "my_rules.py:1: ZeroDivisionError: division by zero\n"
    assert done.stderr == ""
