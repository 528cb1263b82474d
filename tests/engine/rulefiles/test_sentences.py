"""What is said of a rule file that is wrong: file, line, column, what was seen, what is allowed, the nearest word."""

# ruff: noqa: E501  (tables: one mistake a line)

from __future__ import annotations

import textwrap

import pytest

from expert.errors import AuthoringError
from expert.rulefiles import load_rules, read_rule_file
from expert.rulefiles.reading import read_rules

RULE = """\
limits:
  few: {value: 4, unit: samples, source: our own runs}
terms:
  noise: {signal: noise_level, of: train.loss}
rules:
  - id: OPT980
    name: tiny-batch
    kind: symptom
    family: optimization
    level: static
    severity: error
    prior: 0.6
    symptom: the batches are tiny
    when: WHEN
    meaning: A handful of samples says little.
    mechanism: The gradient is a mean over the batch.
    false_alarms: Batches that are accumulated.
    source: our own runs
    fires: [FIRES]
    quiet: [{case: y, facts: {config.batch_size: 5}}]
"""
WHEN = "{field: config.batch_size, below: few}"
FIRES = "{case: x, facts: {config.batch_size: 3}}"


def told(text: str, kind: str = ".yaml") -> list[str]:
    return list(read_rules(text, f"f{kind}", kind).problems)


def written(when: str = WHEN, fires: str = FIRES) -> str:
    return RULE.replace("WHEN", when).replace("FIRES", fires)


def test_the_sound_file_is_sound() -> None:
    assert told(written()) == []


@pytest.mark.parametrize(
    ("when", "problem"),
    [
        (
            "{field: config.batch_sise, below: 3}",
            "19: unknown field 'config.batch_sise'. Did you mean 'config.batch_size'?",
        ),
        ("{field: batch_size, below: 3}", "19: unknown field 'batch_size'. Did you mean 'config.batch_size'?"),
        ("{term: nois, above: 1}", "18: no term 'nois' is defined under 'terms'. Did you mean 'noise'?"),
        (
            "{term: config.epochs, above: 1}",
            "18: no term 'config.epochs' is defined under 'terms'. Write field: config.epochs.",
        ),
        (
            "{signal: noise_level, of: train.acc, above: 1}",
            "37: unknown series 'train.acc': whatever a log calls it, it is read as 'train.accuracy'.",
        ),
        (
            "{signal: noise_level, of: loss, above: 1}",
            "37: unknown series 'loss'. Did you mean 'train.loss' or 'val.loss'?",
        ),
        ("{field: config.batch_size, belo: few}", "38: unknown key 'belo' in a condition. Did you mean 'below'?"),
        (
            "{field: config.batch_size, zzz: few}",
            "38: unknown key 'zzz' in a condition. Known are all, any, not, signal, of, term, field, above, at_least, "
            "below, at_most, is, known.",
        ),
        ("{field: config.batch_size, below: fwe}", "45: no limit 'fwe' is defined under 'limits'. Did you mean 'few'?"),
        (
            "{field: config.batch_size, below: 4, above: 3}",
            "11: a condition has one of above, at_least, below, at_most, is, known, and this has two of them: above, "
            "below; join two conditions with 'all'.",
        ),
        (
            "{field: config.batch_size}",
            "11: a condition has one of above, at_least, below, at_most, is, known, and this has none.",
        ),
        ("{above: 3}", "11: a condition says what it is about with signal, term or field, and this has none of them."),
        (
            "{signal: noise_level, term: noise, above: 1}",
            "11: a condition says what it is about with signal, term or field, and this has signal and term.",
        ),
        ("{all: []}", "17: 'all' lists at least one condition."),
        (f"{{all: {WHEN}}}", "17: 'all' is a list, not a mapping."),
        (
            f"{{any: [{WHEN}], above: 3}}",
            "11: 'any' stands alone in its mapping; 'above' must go into a condition of its own.",
        ),
        (
            "config.batch_size < 4",
            "11: a condition is a mapping, such as {field: config.optimizer, is: adam}, not the text "
            "'config.batch_size < 4'.",
        ),
        ("{not: [1]}", "17: a condition is a mapping, such as {field: config.optimizer, is: adam}, not a list."),
        ("{term: noise, of: train.loss, above: 1}", "29: 'of' names the series of a signal, and a term has none."),
        ("{field: config.shuffle, is: yes}", "39: config.shuffle is true or false, never 'yes'."),
        (
            "{field: config.task, is: clasification}",
            "36: config.task is one of classification, regression, language_model, autoencoder, segmentation, detection, "
            "never 'clasification'. Did you mean 'classification'?",
        ),
        ("{field: config.optimizer, above: 3}", "44: config.optimizer is a word; ask for it with 'is'."),
        ("{field: config.epochs, is: many}", "38: config.epochs is a number, never 'many'."),
        ("{field: config.optimizer, is: true}", "41: config.optimizer is a word, never true."),
        ("{field: config.shuffle, is: []}", "39: 'is' lists at least one value."),
        ("{term: noise, known: maybe}", "32: 'known' is true or false, not the text 'maybe'."),
        ("{term: noise, above: .inf}", "32: 'above' is a finite number or the name of a limit, not the number inf."),
        ("{term: noise, above: }", "31: 'above' is a finite number or the name of a limit, not nothing."),
        ("{term: noise, is: [1, null]}", "33: a value is true, false, a word or a finite number, not nothing."),
        ("{signal: 3, above: 1}", "20: the signal of a condition is a text, not the number 3; put it in quotes."),
    ],
)
def test_a_condition_that_is_wrong(when: str, problem: str) -> None:
    assert told(written(when)) == [f"f.yaml:14:{problem}"]


@pytest.mark.parametrize(
    ("case", "problem"),
    [
        ("{cas: x, facts: {}}", "14: unknown key 'cas' in a case. Did you mean 'case'?"),
        ("{case: x}", "13: a case has 'facts' or a 'run'; write facts: {} where nothing is known."),
        ("{case: x, facts: {nois: 1}}", "31: 'nois' is neither a term defined under 'terms' nor a field. Did you mean 'noise'?"),
        ("{case: x, facts: {config.bach_size: 1}}", "31: unknown field 'config.bach_size'. Did you mean 'config.batch_size'?"),
        ("{case: x, facts: {config: {batch_size: 1}}}", "31: 'config' is no fact, but 'config.…' is; a name with a dot is one key, which TOML wants in quotes."),
        ("{case: x, facts: {noise: {known: true}}}", "38: a fact is a value, or {known: false} for what is not known, not a mapping."),
        ("{case: x, facts: {noise: null}}", "38: a value is true, false, a word or a finite number, not nothing."),
        ("{case: x, facts: {config.task: fun}}", "44: config.task is one of classification, regression, language_model, autoencoder, segmentation, detection, never 'fun'."),
        ("{case: x, run: {curve: {}}}", "29: unknown key 'curve' in a run. Did you mean 'curves'?"),
        ("{case: x, run: {curves: {train.los: []}}}", "38: unknown series 'train.los': whatever a log calls it, it is read as 'train.loss'."),
        ("{case: x, run: {curves: {train: {loss: []}}}}", "38: 'train' is no series; a name with a dot is one key, which TOML wants in quotes."),
        ("{case: x, run: {curves: {val.loss: []}}}", "48: a curve has at least one stroke."),
        ("{case: x, run: {curves: {val.loss: [{flat: 1}]}}}", "49: a stroke lacks 'count', its number of points."),
        ("{case: x, run: {curves: {val.loss: [{flt: 1, count: 2}]}}}", "50: unknown key 'flt' in a stroke. Did you mean 'flat'?"),
        ("{case: x, run: {curves: {val.loss: [{count: 2}]}}}", "49: a stroke has one of line, decay, zigzag, flat, broken, and this has none of them."),
        ("{case: x, run: {curves: {val.loss: [{line: [1], count: 2}]}}}", "56: 'line' has the first and the last value, such as [2.3, 0.4]."),
        ("{case: x, run: {curves: {val.loss: [{flat: 1, count: 1e9}]}}}", "66: 'count' is a whole number from 1 to 10000, not the number 1e+09."),
        ("{case: x, run: {curves: {val.loss: [{broken: 3, noise: 1}]}}}", "49: 'broken' takes the number of points and stands alone."),
        ("{case: x, run: {layers: {weight_norm: 3}}}", "51: a quantity is a mapping of layers, in forward order, to values, not the number 3."),
        ("{case: x, run: {config: {bach_size: 1}}}", "38: unknown key 'bach_size' in 'config'. Did you mean 'batch_size'?"),
        ("{case: x, run: {config: {task: fun}}}", "44: 'task' is one of classification, regression, language_model, autoencoder, segmentation, detection, not 'fun'."),
        ("{case: x, run: {config: {epochs: 2.5}}}", "46: 'epochs': input should be a valid integer, got a number with a fractional part, not 2.5."),
    ],
)  # fmt: skip
def test_a_case_that_is_wrong(case: str, problem: str) -> None:
    assert told(written(fires=case)) == [f"f.yaml:19:{problem}"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("severity: error", "severity: eror", "11:15: 'severity' is one of info, warning, error, fatal, not 'eror'. Did you mean 'error'?"),
        ("severity: error", "severty: error", "11:5: unknown key 'severty' in rule OPT980 tiny-batch. Did you mean 'severity'?"),
        ("    severity: error\n", "", "6:5: rule OPT980 tiny-batch lacks 'severity'."),
        ("id: OPT980", "id: OP980", "6:9: 'id' is three capital letters, a family's or your own, and three digits, such as 'OPT990', not 'OP980'."),
        ("id: OPT980", "id: GEN980", "6:5: Rule GEN980 tiny-batch: the prefix GEN belongs to family generalization, not optimization."),
        ("tiny-batch", "Tiny Batch", "7:11: 'name' is lower-case words joined by hyphens, such as 'restless-loss', not 'Tiny Batch'."),
        ("prior: 0.6", "prior: 1", "12:12: 'prior': input should be less than 1, not 1."),
        ("source: our own runs\n    f", "source: 2021\n    f", "18:13: 'source' is a list, not 2021."),
        ("meaning: A handful of samples says little.", "meaning: 3", "15:14: 'meaning' is a text, not 3; put it in quotes."),
        ("value: 4", "value: four", "2:16: the value of a limit is a number, not the text 'four'."),
        ("value: 4", "valu: 4", "2:9: unknown key 'valu' in limit 'few'. Did you mean 'value'?"),
        (", source: our own runs}", "}", "2:8: limit 'few' lacks 'source'."),
        ("value: 4", "profiles: {Tuned: 3}, value: 4", "2:20: a profile is a word in lower case other than 'none', such as 'protein-model', not 'Tuned'."),
        ("value: 4", "profiles: {rnn: much}, value: 4", "2:25: the value of a limit is a number, not the text 'much'."),
        ("value: 4", "profiles: {rnn: {valu: 3}}, value: 4", "2:26: unknown key 'valu' in the value for 'rnn'. Did you mean 'value'?"),
        ("noise: {", "a.noise: {", "4:3: a term is called by letters, digits, _ and -, not 'a.noise'."),
        ("signal: noise_level", "signa: noise_level", "4:11: unknown key 'signa' in term 'noise'. Did you mean 'signal'?"),
        ("of: train.loss", "of: trian.loss", "4:36: unknown series 'trian.loss'. Did you mean 'train.loss'?"),
        ("limits:", "limit:", "1:1: unknown key 'limit' in a rule file. Did you mean 'limits'?"),
        ("rules:", "rules: {}\nremedies:", "5:8: 'rules' is a list, not a mapping."),
        ("limits:", "expert_api: 2\nlimits:", "1:13: it is written for version 2 of the plugin API, but training-expert 0.1.0 offers version 1."),
    ],
)  # fmt: skip
def test_a_record_that_is_wrong(old: str, new: str, problem: str) -> None:
    assert f"f.yaml:{problem}" in told(written().replace(old, new, 1))


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        ("evidence: [{when: WHEN, text: x}]", "16: evidence has either 'supports' or 'against', with weak, moderate, strong, decisive."),
        ("evidence: [{supports: strongly, when: WHEN, text: x}]", "27: 'supports' is weak, moderate, strong or decisive, not the text 'strongly'. Did you mean 'strong'?"),
        ("evidence: [{supports: weak, text: x}]", "16: evidence lacks 'when'."),
        ("evidence: [{supports: weak, when: WHEN, text: '{value.x}'}]", "85: 'text': {value.x} is no placeholder such as {value:.2g}; a brace of the text is doubled."),
        ("evidence: [{supports: weak, when: WHEN, text: '{value:999999999}'}]", "85: 'text': {value:999999999} is no placeholder such as {value:.2g}; a brace of the text is doubled."),
        ("evidence: [{supports: weak, when: WHEN, text: 'x {'}]", "85: 'text' has a brace that is no placeholder (Single '{' encountered in format string); a brace of the text is doubled."),
        ("escalate: [{severity: bad, when: WHEN}]", "27: 'severity' is info, warning, error or fatal, not the text 'bad'."),
        ("escalate: {severity: fatal, when: WHEN}", "15: 'escalate' is a list, not a mapping."),
        ("invalidates: val.acc", "18: unknown series 'val.acc': whatever a log calls it, it is read as 'val.accuracy'."),
        ("blames: [learning-rat]", "14: 'blames' is one of learning-rate, batch-size, optimizer, schedule, epochs, activation, loss-function, initialization, architecture, normalization, regularization, preprocessing, data, labels, class-balance, validation, precision, code, not 'learning-rat'. Did you mean 'learning-rate'?"),
    ],
)  # fmt: skip
def test_a_part_that_is_wrong(part: str, problem: str) -> None:
    text = written().replace("    meaning:", f"    {part.replace('WHEN', WHEN)}\n    meaning:")
    assert told(text) == [f"f.yaml:15:{problem}"]


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        ("snippets: [{pytorch: x}]", "17: unknown key 'pytorch' in a snippet. Did you mean 'torch'?"),
        ("snippets: [{torch: x, keras: x}]", "16: a snippet is for one of torch, keras, numpy, not for torch and keras."),
        ("snippets: [{torch: 'x = {}'}]", "24: 'torch': {} is no placeholder such as {value:.2g}; a brace of the text is doubled."),
        ("not_when: [{when: {field: config.shuffle, is: true}}]", "16: a contra-indication lacks 'reason'."),
        ("changes: [{target: config.epochs, add: 1}]", "39: unknown key 'add' in a change. Known are target, multiply, set, when."),
        ("changes: [{target: config.epochs, multiply: 2, set: 3}]", "15: a change has either 'multiply' or 'set'."),
        ("changes: [{target: config.epochs}]", "15: a change has either 'multiply' or 'set'."),
        ("changes: [{target: config.epochs, multiply: twice}]", "49: 'multiply' is a number, not the text 'twice'."),
        ("worked: {field: config.epoch, above: 3}", "21: unknown field 'config.epoch'. Did you mean 'config.epochs'?"),
    ],
)  # fmt: skip
def test_a_remedy_that_is_wrong(part: str, problem: str) -> None:
    text = f"""\
remedies:
  - id: ZX980
    name: plug
    title: Plug
    do: Plug it.
    cost: check
    risk: low
    {part}
    watch: it
    source: test
"""
    assert told(text) == [f"f.yaml:8:{problem}"]


def test_everything_is_told_at_once_and_what_stands_is_kept() -> None:
    second = written().split("rules:\n")[1].replace("OPT980", "OPT981").replace("tiny-batch", "second")
    text = (written("{field: config.bach_size, below: fwe}") + second).replace("prior: 0.6", "prior: 6", 1)
    read = read_rules(text, "f.yaml", ".yaml")
    assert [problem.split(": ")[0] for problem in read.problems] == ["f.yaml:12:12", "f.yaml:14:19", "f.yaml:14:44"]
    assert [rule.id for rule in read.rules] == ["OPT981"]


def test_an_id_that_stands_twice_is_told() -> None:
    second = written().split("rules:\n")[1]
    assert told(written() + second) == ["f.yaml:21:5: the id 'OPT980' stands here a second time; line 6 has it."]


def test_a_file_without_rules_says_so() -> None:
    assert told("limits: {}\n") == ["f.yaml:1:1: the file holds no 'rules' and no 'remedies'."]
    assert told("") == [
        "f.yaml:1:1: a rule file is a mapping of expert_api, limits, terms, remedies, rules, not nothing."
    ]


def test_toml_tells_places_too() -> None:
    text = textwrap.dedent("""\
        [limits]
        few = {value = "4", source = "test"}

        [[remedies]]
        id = "ZX980"
        name = "Plug it"
        title = "Plug"
        do = \"\"\"
        Plug it, and
        then unplug it.\"\"\"
        cost = "check"
        risk = "lo"
        watch = "it"
        source = ["test"]
        snippets = [
            {torch = "x"},  # a comment
            {"keras" = "x", numpy = "y"},
        ]
        not_when = [{when = {field = "config.shufle", is = true}, reason = "x"}]

        [[remedies]]
        id = "ZX981"
        """)
    assert told(text, ".toml") == [
        "f.toml:2:16: the value of a limit is a number, not the text '4'.",
        "f.toml:6:8: 'name' is lower-case words joined by hyphens, such as 'restless-loss', not 'Plug it'.",
        "f.toml:12:8: 'risk' is one of low, medium, high, not 'lo'. Did you mean 'low'?",
        "f.toml:17:5: a snippet is for one of torch, keras, numpy, not for keras and numpy.",
        "f.toml:19:30: unknown field 'config.shufle'. Did you mean 'config.shuffle'?",
        "f.toml:21:1: remedy ZX981 lacks 'name', 'title', 'do', 'cost', 'risk', 'watch' and 'source'.",
    ]


def test_the_loader_raises_all_of_it_and_refuses_other_files(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    file = folder / "f.yaml"
    file.write_text(written("{field: config.bach_size, below: fwe}"))
    with pytest.raises(AuthoringError) as raised:
        load_rules(file)
    assert [line.split(": ")[0] for line in str(raised.value).split("\n")] == [f"{file}:14:19", f"{file}:14:44"]
    file.write_text(written())
    assert [rule.id for rule in load_rules(file).rules] == ["OPT980"]
    for name, said in (
        ("f.json", "a rule file ends in .yaml, .yml, .toml, not in '.json'"),
        ("gone.yaml", "gone.yaml cannot be read: No such file or directory."),
    ):
        with pytest.raises(AuthoringError, match=said):
            read_rule_file(folder / name)
    file.write_bytes(b"rules: \xff")
    with pytest.raises(AuthoringError, match=r"this is no text in UTF-8: invalid start byte at byte 7\."):
        read_rule_file(file)
