"""A rule file may come from a stranger: whatever stands in it, nothing is run, and reading it ends soon."""

# ruff: noqa: E501  (tables: one mistake a line)

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from expert import advise
from expert.rulefiles.reading import READERS, read_rules
from expert.rulefiles.toml_reading import read_toml
from expert.rulefiles.values import MOST_CHARACTERS, MOST_LEVELS, Complaints, Value

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def told(text: str, kind: str = ".yaml") -> list[str]:
    return list(read_rules(text, f"f{kind}", kind).problems)


def test_aliases_are_not_followed() -> None:
    problems = told(LAUGHS)
    assert (
        problems[0]
        == "f.yaml:1:4: anchors and aliases are not read; what is used twice gets a name under 'terms' or 'limits'."
    )
    assert len(problems) == 9 * 9


def test_a_file_full_of_mistakes_is_told_of_in_part() -> None:
    problems = told("rules:\n" + "  - 1\n" * 500)
    assert len(problems) == 101
    assert problems[-1] == "f.yaml: and 400 more."


@pytest.mark.parametrize(
    "text",
    [
        "rules: !!python/object/apply:os.system ['touch ran']\n",
        "rules: !!python/name:os.system\n",
        "!!python/object/new:type {args: [z, !!python/tuple [], {}]}\n",
        "rules: !<tag:yaml.org,2002:python/object/apply:os.system> ['touch ran']\n",
        "!!map {rules: []}\n",
        "rules: ! x\n",
    ],
)
def test_tags_are_not_obeyed(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    problems = told(text)
    assert "is not obeyed; a rule file holds plain values." in problems[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("x" * (MOST_CHARACTERS + 1), ".yaml", "1:1: the file has more than 1000000 characters, which no rule needs."),
        ("rules: " + "[" * 500, ".yaml", f"more than {MOST_LEVELS} levels, which no rule needs."),
        ("rules: " + "{a: " * 500, ".yaml", f"more than {MOST_LEVELS} levels, which no rule needs."),
        ("".join(" " * n + "a:\n" for n in range(500)), ".yaml", f"more than {MOST_LEVELS} levels"),
        ("- " * 500, ".yaml", f"more than {MOST_LEVELS} levels, which no rule needs."),
        ("rules = " + "[" * 100_000, ".toml", f"more than {MOST_LEVELS} levels, which no rule needs."),
        ("rules = " + "{a=" * 100_000, ".toml", f"more than {MOST_LEVELS} levels, which no rule needs."),
        (".".join(["a"] * 400_000) + " = 1", ".toml", f"more than {MOST_LEVELS} levels, which no rule needs."),
        ("[" + ".".join(["a"] * 400_000) + "]", ".toml", f"more than {MOST_LEVELS} levels, which no rule needs."),
        ("a = [" + "1," * 400_000 + "]", ".toml", "more than 50000 values, which no rule needs."),
        ("a: [" + "1," * 60_000 + "]", ".yaml", "more than 50000 values, which no rule needs."),
        ("a: " + "9" * 10_000, ".yaml", "1:4: this number is too long."),
        ("a = " + "9" * 10_000, ".toml", "1:10005: this is not TOML: "),
    ],
    ids=range(13),
)
def test_size_and_depth_are_bounded(text: str, kind: str, said: str) -> None:
    problems = told(text, kind)
    assert said in problems[0]


@pytest.mark.parametrize(
    ("text", "kind", "problem"),
    [
        ("a: 1\na: 2\n", ".yaml", "2:1: the key 'a' stands here a second time; line 1 has it."),
        ("a: {b: 1, b: 2}\n", ".yaml", "1:11: the key 'b' stands here a second time; line 1 has it."),
        ("[1]: 2\n", ".yaml", "1:1: a key is a word, not a list, a mapping or an alias."),
        ("a: 1\n---\nb: 2\n", ".yaml", "3:1: a second document begins here; a file holds one."),
        ("a: b: c\n", ".yaml", "1:5: this is not YAML: mapping values are not allowed here; a text that holds ': ' needs quotes."),
        ("a:\n\tb: 1\n", ".yaml", "2:1: this is not YAML: while scanning for the next token, found character '\\t' that cannot start any token; indent with spaces."),
        ("a: 12 %\nb: %x\n", ".yaml", "2:4: this is not YAML: while scanning for the next token, found character '%' that cannot start any token; a text that begins with % needs quotes."),
        ("a: \x07\n", ".yaml", "1:4: this is not YAML: the character #x0007 is not allowed."),
        ("a = 1\na = 2\n", ".toml", "2:6: this is not TOML: Cannot overwrite a value."),
        ("a = \n", ".toml", "1:5: this is not TOML: Invalid value."),
        ("a = [1,\n", ".toml", "2:1: this is not TOML: Invalid value."),
        ("a = 1979-05-27\n", ".toml", "1:5: a rule file holds no dates."),
    ],
)  # fmt: skip
def test_what_is_no_plain_document_is_told(text: str, kind: str, problem: str) -> None:
    assert told(text, kind)[0] == f"f{kind}:{problem}"


def test_words_are_read_as_yaml_1_2_has_them() -> None:
    text = "[no, off, yes, on, 'true', true, 1e-3, 1_0, 0x1f, 12:30, 2021-01-01, ~, null, .5, -.inf, 010, '', ]"
    read = READERS[".yaml"](text, Complaints("f"))
    assert read.plain() == [
        "no", "off", "yes", "on", "true", True, 0.001, "1_0", "0x1f", "12:30", "2021-01-01", None, None, 0.5,
        float("-inf"), 10, "",
    ]  # fmt: skip


def test_without_the_parser_a_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("rules: []\n")

    def without(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("expert.rulefiles.yaml_reading.import_module", without)
    (problem,) = advise({"loss": [1.0] * 8}, plugins=[tmp_path / "f.yaml"]).problems
    assert problem.what == (
        "reading and writing YAML needs PyYAML: pip install 'training-expert[yaml]'; "
        "or write TOML, which needs nothing."
    )


def test_rules_are_read_while_pyyaml_is_never_asked_to_construct(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    def never(*_: object) -> object:
        raise AssertionError("constructed")

    for name in ("construct_document", "construct_object", "get_single_data"):
        monkeypatch.setattr(yaml.constructor.BaseConstructor, name, never)
    assert told("rules: []\n") == []


LETTERS = some.text(alphabet=" \n\t#:-[]{}'\"\\,.=&*!|>%@ab01e_", max_size=60)


@settings(max_examples=400)
@given(text=LETTERS, kind=some.sampled_from([".yaml", ".toml"]))
def test_whatever_stands_there_is_read_or_told(text: str, kind: str) -> None:
    read = read_rules(text, "f", kind)
    assert read.problems or read.whole is not None
    assert all(problem.startswith("f:") for problem in read.problems)


KEYS = some.sampled_from(["a", "b", "c d", "e.f", "", "'", '"', "ü", "x-1", "\\", "\n"])
DATA: some.SearchStrategy[Any] = some.recursive(
    some.one_of(some.booleans(), some.integers(-9, 9), some.text(alphabet="a #\"'\n\\[]{},.=é", max_size=6)),
    lambda inner: some.one_of(some.lists(inner, max_size=3), some.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=12,
)


@settings(max_examples=300)
@given(data=some.dictionaries(KEYS, DATA, max_size=3), seed=some.integers(0, 7))
def test_every_place_in_toml_is_where_the_value_stands(data: dict[str, Any], seed: int) -> None:
    text = toml_of(data, seed)
    whole = read_toml(text, Complaints("f"))
    assert whole.plain() == data
    lines = text.split("\n")
    for value in leaves_of(whole):
        here = lines[value.place.line - 1][value.place.column - 1 :]
        assert here.startswith(shown(value.data)[:1])


def leaves_of(value: Value) -> list[Value]:
    if isinstance(value.data, dict):
        return [leaf for item in value.data.values() for leaf in leaves_of(item)]
    if isinstance(value.data, list):
        return [leaf for item in value.data for leaf in leaves_of(item)]
    return [value]


def shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def toml_of(data: dict[str, Any], seed: int) -> str:
    """Simple values first, then tables under headers or in line, as the seed has it; comments and blanks between."""
    gap = '  # [not] a = "header"\n' if seed & 1 else "\n"
    lines = [f"{shown(key)} = {inline(value, seed)}{gap}" for key, value in data.items() if not is_table(value, seed)]
    for key, value in data.items():
        if is_table(value, seed):
            lines.append(f"[ {shown(key)} ]{gap}")
            lines += [f"{shown(inner)}={inline(item, seed)}{gap}" for inner, item in value.items()]
    return "".join(lines)


def is_table(value: object, seed: int) -> bool:
    return isinstance(value, dict) and bool(seed & 2)


def inline(value: object, seed: int) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{shown(key)} = {inline(item, seed)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        end = ", # ]\n" if seed & 4 else ","
        return "[" + "".join(inline(item, seed) + end for item in value) + "]"
    return shown(value)
