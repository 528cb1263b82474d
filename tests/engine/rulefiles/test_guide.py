"""What the guide shows of rule files is what they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from expert.rule import Rule
from expert.rulefiles import dump_rule
from expert.rulefiles.cases import STROKES
from expert.rulefiles.conditions import KEYS
from expert.rulefiles.reading import read_rules
from expert.testing import check_rule

GUIDE = Path(__file__).parents[3] / "docs" / "guide"
PAGE = (GUIDE / "rule-files.md").read_text(encoding="utf-8")


def block(text: str, language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", text, flags=re.M | re.S)
    assert found is not None
    return found[1]


def rule_of_the_other_page() -> Rule:
    names: dict[str, Any] = {}
    exec(block((GUIDE / "plugins.md").read_text(encoding="utf-8"), "python"), names)
    rule = names["RULE"]
    assert isinstance(rule, Rule)
    return rule


def test_the_rule_on_the_page_is_the_one_written_in_python() -> None:
    read = read_rules(block(PAGE, "yaml"), "page.yaml", ".yaml")
    assert read.problems == ()
    assert read.rules == (rule_of_the_other_page(),)
    check_rule(read.rules[0])


def test_it_is_about_as_long_as_what_we_would_write() -> None:
    shown = block(PAGE, "yaml").count("\n")
    assert shown <= dump_rule(rule_of_the_other_page()).count("\n")


def test_every_key_of_a_condition_and_every_stroke_is_explained() -> None:
    assert [key for key in KEYS if f"`{key}`" not in PAGE] == []
    assert [stroke for stroke in STROKES if f"`{{{stroke}: " not in PAGE] == []


def test_the_schema_the_page_names_exists() -> None:
    assert (GUIDE / "../schema/rulefile.json").is_file()
