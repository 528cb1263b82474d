"""The note for people, and what must not reach their terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expert import History
from expert.advice import Advice, Coverage, ProblemNote, RecordNext
from expert.authoring import config, torch_code
from expert.cli import main
from expert.render.escape import printable, printable_json
from expert.render.text import WIDTH, note
from expert.rule import Rule
from tests.engine.knowledge import advice, remedy, rule

STEERING = ["\x1b[2J", "\x07", "\r", "\x9b31m", "\u202e", "\u2066", "\x00", "\udc9b"]


@pytest.mark.parametrize("text", STEERING)
def test_nothing_that_steers_a_terminal_is_let_through(text: str) -> None:
    shown = printable(f"a{text}b\n\tc")
    assert not any(ord(sign) < 32 and sign not in "\n\t" for sign in shown)
    assert text[0] not in shown
    assert shown.startswith("a\\")
    assert shown.endswith("b\n\tc")


@pytest.mark.parametrize("text", ["plain", "Ω ≥ 3 × 训练 ± …", "a\nb\tc"])
def test_what_people_write_is_left_as_it_is(text: str) -> None:
    assert printable(text) == text
    assert printable_json(text) == text


def test_json_says_the_same_with_such_signs_spelled_out() -> None:
    value = {"a": "x\x9b31m\u202ey"}
    text = printable_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == value
    assert "\x9b" not in text


def test_names_from_a_log_do_not_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "evil\x1b[2J.csv"
    log.write_text("epoch,loss,\x1b]0;owned\x07\n" + "".join(f"{k},{1 / (k + 1)},oops\x1b[31m\n" for k in range(12)))
    main(["advise", str(log), str(log)])
    main(["advise", str(log), "--format", "json"])
    main(["advise", str(log) + "\x1b[0m"])
    main(["advise", str(log), "--set", "\x1b[1m=3"])
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert "\\x1b" in out
    assert "\\x1b" in err


def found(count: int, **fields: object) -> list[Rule]:
    return [rule(f"OPT{900 + k}", f"rule-{k}", config.shuffle, **fields) for k in range(count)]


def test_the_note_shows_the_first_findings_and_names_the_rest() -> None:
    text = str(advice(found(7), shuffle=True))
    assert text.count("\nwarning: ") == 4
    assert "… and 3 more: rule-4, rule-5, rule-6" in text


def test_the_note_shows_code_once_and_says_where_the_rest_is() -> None:
    remedies = [remedy(f"FX90{k}", f"remedy-{k}", snippets=(torch_code(f"code_{k}"),)) for k in range(6)]
    text = str(advice(found(1, remedies=tuple(one.name for one in remedies)), remedies, shuffle=True))
    assert "       code_0" in text
    assert "code_1" not in text
    assert "then: remedy-3; remedy-4; remedy-5" in text
    assert "expert explain ID, with ID one of FX901, FX902" in text
    assert "If that fails: remedy-1 (the next remedy for rule-0)" in text


def test_the_note_is_no_surer_than_the_finding() -> None:
    (sure,) = found(1, prior=0.8)
    (likely,) = found(1, prior=0.6)
    (unsure,) = found(1, prior=0.3)
    assert "happen. Cause: something" in str(advice([sure], shuffle=True))
    assert "Probable cause: something" in str(advice([likely], shuffle=True))
    assert "Possible cause: something" in str(advice([unsure], shuffle=True))
    assert "cause" not in str(advice(found(1, cause=""), shuffle=True))


def test_notes_explanations_and_places_are_told() -> None:
    root = rule("OPT910", "root", config.shuffle, kind="cause", explains=("leaf",), severity="error")
    leaf = rule("OPT911", "leaf", config.shuffle)
    remark = rule("OPT912", "remark", config.shuffle, severity="info")
    text = str(advice([root, leaf, remark], shuffle=True))
    assert "Also seen, and explained by this: leaf (OPT911)." in text
    assert "· Something is seen to happen. Probable cause: something makes it happen. (OPT912)" in text


def test_problems_are_shown_up_to_a_few() -> None:
    problems = tuple(ProblemNote(plugin="p", what=f"what {k}") for k in range(7))
    given = Advice(
        verdict="healthy",
        headline="Healthy.",
        coverage=Coverage(rules=1, judged=1, unknown=0, read="1 series."),
        record_next=(RecordNext(what="no x was recorded", how="log x", would_decide=("y",)),),
        problems=problems,
    )
    text = note(given)
    assert "… and 2 more in advice.problems" in text
    assert "· no x was recorded: log x" in text
    assert text.endswith("1 series. 1 of 1 rules judged.")
    assert "more in advice.problems" not in note(given.model_copy(update={"problems": problems[:5]}))


def test_lines_keep_to_the_width_save_for_code() -> None:
    from expert import advise

    text = str(advise({"loss": [1.5, 0.5] * 15, "val_loss": [1.4, 0.6] * 15}))
    code = [line for line in text.splitlines() if line.startswith("       ")]
    assert max(len(line) for line in text.splitlines() if line not in code) <= WIDTH


def test_the_summary_of_nothing_is_left_out() -> None:
    told = str(advice(found(1), shuffle=True))
    assert told.endswith("\nLooked at: config; not given: model and data. 1 of 1 rules judged.")
    assert History().summary not in told
