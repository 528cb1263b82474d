"""The page of a rule or a remedy: what it holds, and that each form of it says the same."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from expert.authoring import (
    Rule,
    against,
    broken,
    case,
    config,
    curve,
    decay,
    escalates,
    facts,
    flat,
    gradient,
    layers,
    limit,
    moderate,
    run,
    signal,
    strong,
    supports,
    torch_code,
    train,
    val,
    zigzag,
)
from expert.knowledge import Knowledge
from expert.render.document import Item, Page, plain
from expert.render.examples import firing, near_miss, quoted
from expert.render.html import html
from expert.render.markdown import markdown
from expert.render.measured import FalseAlarms, Hits, InjectedFaults, Measured, OfRule, Training, Trial
from expert.render.pages import remedy_page, rule_page
from expert.render.terminal import terminal
from tests.engine.knowledge import advice, known, remedy, rule

SWINGS = limit("page-swings", 0.6, unit="share", source="TPB, measured", healthy="below 0.4")
TURNS = signal.direction_changes(train.loss)


ZIGZAG = run(curve(train.loss, zigzag(0.5, 1.5, 24)), config={"learning_rate": 1.0})


def restless(when: object = TURNS > SWINGS, **fields: object) -> Rule:
    return rule(
        "OSC990",
        "restless",
        when,
        **{
            "family": "oscillation",
            "evidence": (
                supports(config.learning_rate > 0.5, strong, "the rate is {value:g}"),
                against(config.nesterov, moderate, "Nesterov momentum calms it"),
            ),
            "escalate": (escalates(config.learning_rate > 5.0, "fatal"),),
            "remedies": ("coded",),
            "source": ("article 1.1", "KAR", "our own runs"),
            "fires": (
                case("given", facts(TURNS.of(0.7))),
                case("a zigzag", ZIGZAG),
            ),
            "quiet": (
                case("short", run(curve(train.loss, flat(0.5, 2)))),
                case("a smooth descent", run(curve(train.loss, decay(2.0, 0.3, 24)))),
            ),
            **fields,
        },
    )


def coded(**fields: object) -> object:
    snippets = (torch_code("lr = {a_tenth_of_learning_rate}  # was {learning_rate}"), torch_code("lr /= 10"))
    return remedy("FX990", "coded", **{"title": "Lower it", "snippets": snippets, **fields})


def told(**fields: object) -> tuple[Page, Knowledge]:
    one = restless(**fields)
    knowledge = known([one], [coded()])  # type: ignore[list-item]
    return rule_page(one, knowledge), knowledge


def section(page: Page, title: str) -> str:
    text = markdown(page)
    found = re.search(rf"^## {re.escape(title)}\n\n(.*?)(?=^## |\Z)", text, flags=re.M | re.S)
    assert found is not None, f"no section '{title}' among {re.findall('^## (.*)', text, flags=re.M)}"
    return found[1]


def test_a_page_has_every_section_in_the_order_a_reader_needs() -> None:
    assert [one.title for one in told()[0].sections] == [
        "What it means", "Why it happens", "How it is detected", "Thresholds", "Evidence for", "Evidence against",
        "What to do", "A run that shows it", "A near miss", "False alarms", "Measured", "Tested on", "References",
    ]  # fmt: skip


def test_the_condition_is_told_in_words_with_units_and_the_limit_with_its_source() -> None:
    page, _ = told()
    detected = section(page, "How it is detected")
    assert "- training loss, changes of direction: above 60 % of epochs, limit `page-swings`" in detected
    assert "Its severity changes\n\n- to fatal where:\n    - the learning rate is above 5" in detected
    assert "direction_changes(train.loss) > page-swings (0.6)" in detected
    row = "| `page-swings` | 0.6 | share | below 0.4 | Deep Learning Tuning Playbook, measured |"
    assert row in section(page, "Thresholds")
    assert section(page, "Evidence for").strip() == "- **strong**: the learning rate is above 0.5"
    assert section(page, "Evidence against").strip() == "- **moderate**: Nesterov momentum is on"


def test_the_first_code_is_filled_with_the_numbers_of_the_run_that_is_shown() -> None:
    page, _ = told()
    assert "[Lower it](../remedies/FX990.md) (config line, low risk): Do it." in section(page, "What to do")
    assert "```python\n# torch\nlr = 0.1  # was 1.0\n```" in section(page, "What to do")


def test_the_run_that_shows_it_is_drawn_and_judged_and_quoted_as_it_is_printed() -> None:
    page, knowledge = told()
    shown = section(page, "A run that shows it")
    assert shown.startswith("A zigzag.\n")
    assert 'advice = advise(run, config={"learning_rate": 1.0})\nprint(advice)' in shown
    example = firing(knowledge.catalogue.rules["OSC990"], knowledge)
    assert example is not None
    assert example.says.startswith("warning: restless (OSC990, confidence ")
    assert "+ the rate is 1" in example.says
    assert f"```text\n{example.says}\n```" in shown
    assert "▇" in shown


def test_a_near_miss_is_a_run_judged_no_with_the_reason() -> None:
    page, knowledge = told()
    assert section(page, "A near miss").startswith("A smooth descent.\n")
    example = near_miss(knowledge.catalogue.rules["OSC990"], knowledge)
    assert example is not None
    assert example.says.startswith("OSC990 restless: its condition does not hold.\n✗ direction_changes")


def test_a_near_miss_may_be_facts_alone() -> None:
    page, _ = told(quiet=(case("just below", facts(TURNS.of(0.55))),))
    near = section(page, "A near miss")
    assert "training loss, changes of direction: 55 % of epochs" in near
    assert "✗ direction_changes(train.loss) > page-swings (0.6)" in near


def test_without_a_run_nothing_is_shown_and_the_rest_stands() -> None:
    page, _ = told(fires=(case("given", facts(TURNS.of(0.7))),))
    titles = [one.title for one in page.sections]
    assert "A run that shows it" not in titles
    assert "lr /= 10" in section(page, "What to do")


def test_a_rule_ruled_out_by_another_says_so_in_place_of_lines_it_does_not_have() -> None:
    rival = rule("OSC991", "rival", TURNS > 0.5, family="oscillation", kind="cause", prior=0.9)
    beaten = restless(unless=("rival",))
    knowledge = known([beaten, rival], [coded()])  # type: ignore[list-item]
    shown = section(rule_page(beaten, knowledge), "A run that shows it")
    assert 'print(advice.why_not("restless"))' in shown
    assert "its condition holds, but rival accounts for the same signs" in shown


@pytest.mark.parametrize(("severity", "start"), [("warning", "warning: seen (OPT990"), ("info", "  · Something is")])
def test_what_is_quoted_is_what_the_note_says(severity: str, start: str) -> None:
    one = rule("OPT990", "seen", config.shuffle, severity=severity)
    given = advice([one], shuffle=True)
    assert quoted(given, one).startswith(start)
    assert quoted(given, one) in str(given)


def test_what_is_explained_is_quoted_as_such() -> None:
    effect = rule("OPT991", "effect", config.shuffle)
    cause = rule("OPT990", "cause", config.shuffle, kind="cause", explains=("effect",))
    assert quoted(advice([cause, effect], shuffle=True), effect) == (
        "Also seen, and explained by this: effect (OPT991)."
    )


def test_trees_of_words_keep_the_meaning_of_not() -> None:
    when = ~(config.shuffle & (config.batch_size < 8)) & ~(config.nesterov | ~config.momentum.known)
    page, _ = told(when=when)
    assert section(page, "How it is detected").split("\n\n")[1] == (
        "- all of these hold:\n"
        "    - not all of these hold:\n"
        "        - the samples are shuffled\n"
        "        - the batch size is below 8\n"
        "    - none of these holds:\n"
        "        - Nesterov momentum is on\n"
        "        - the momentum is not known"
    )


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (signal.relative_improvement(train.loss) < 0.3, "below 30 % of the first value"),
        (signal.relative_improvement(train.loss) < 0.0, "below 0"),
        (signal.first_to_last_gradient() < 0.01, "below 0.01 (ratio of median norms)"),
        (signal.epochs_recorded(val.loss) >= 12.0, "at least 12 epochs"),
        (signal.learning_rate_over_usual() >= 1.0, "at least 1 power of ten"),
        (signal.initial_loss_over_chance(train.loss) > 2.0, "above 2 times the loss of the best constant guess"),
        (signal.last_value(val.accuracy) >= 0.9, "validation accuracy, last finite value: at least 0.9"),
        (~(signal.last_value(val.accuracy) >= 0.9), "validation accuracy, last finite value: less than 0.9"),
        (signal.has_nonfinite(train.loss), "training loss holds a value that is NaN or infinite"),
        (~signal.has_nonfinite(train.loss), "not so: training loss holds a value"),
        (signal.spread_ratio(val.loss, train.loss) > 4.0, "noise of validation loss over noise of training loss: abo"),
        (signal.parting_trend(val.loss, train.loss) > 2.7, "significance of validation loss rising since its bottom"),
        (signal.relative_gap(val.loss, train.loss) > 0.2, "above 20 % of the training loss's level"),
        (~signal.update_ratio().known, "relative to the weights: cannot be told from what was recorded"),
        (config.optimizer.is_("sgd", "adam"), "the optimizer is sgd or adam"),
        (~config.optimizer.is_("sgd", "adam"), "the optimizer is not sgd or adam"),
        (config.validation_split > 0.1, "the share of the samples held out for validation is above 10 %"),
    ],
)
def test_leaves_are_said_with_the_units_of_their_values(condition: object, words: str) -> None:
    from expert.language.handles import as_node
    from expert.render.conditions import Wording
    from expert.signals import SIGNALS

    item = Wording({one.id: one for one in SIGNALS}).tree(as_node(condition))
    assert isinstance(item, Item)
    assert words in plain(item.line)


def test_evidence_is_said_in_one_line() -> None:
    evidence = (
        supports(~(config.nesterov & ((config.batch_size < 8) | config.shuffle)), strong, "so it is"),
        supports(config.gradient_accumulation_steps.is_(1.0), strong, "so it is", group="steps"),
    )
    assert section(told(evidence=evidence)[0], "Evidence for").strip().split("\n") == [
        "- **strong**: Nesterov momentum is off or (the batch size is not below 8 and the samples are not shuffled)",
        "- **strong** (group steps): the number of batches whose gradients are accumulated is 1",
    ]


def test_facts_of_a_near_miss_are_said_whatever_they_are() -> None:
    given = facts(
        TURNS.of(0.1),
        signal.has_nonfinite(train.loss).of(False),
        config.optimizer.of("sgd"),
        config.shuffle.of(True),
        config.momentum.of(None),
    )
    near = section(told(quiet=(case("several", given),))[0], "A near miss")
    for line in (
        "- training loss, changes of direction: 10 % of epochs",
        "- not so: training loss holds a value that is NaN or infinite",
        "- the optimizer is `sgd`",
        "- the samples are shuffled",
        "- the momentum is not known",
    ):
        assert line in near


def test_a_case_that_is_no_run_is_passed_over() -> None:
    page, _ = told(fires=(case("nothing", run(curve(train.loss))),))
    assert "A run that shows it" not in [one.title for one in page.sections]


def test_a_guard_is_asked_why() -> None:
    page, _ = told(kind="guard", silences=("OSC990",), severity="info", fires=(case("zigzag", ZIGZAG),))
    assert 'print(advice.why("restless"))' in section(page, "A run that shows it")


def test_a_run_without_curves_says_so() -> None:
    one = restless(when=config.nesterov, fires=(case("set", run(config={"nesterov": True, "optimizer": "sgd"})),))
    shown = section(rule_page(one, known([one], [coded()])), "A run that shows it")  # type: ignore[list-item]
    assert "There is no curve to draw: this is seen before the training." in shown
    assert 'advice = advise(config={"optimizer": "sgd", "nesterov": True})' in shown


def test_what_is_measured_is_told_and_what_is_not_says_so() -> None:
    one = restless()
    knowledge = known([one], [coded()])  # type: ignore[list-item]
    found = Measured(
        source="benchmarks.md",
        rules={
            "OSC990": OfRule(
                false_alarms=(FalseAlarms(what="healthy runs", runs=400, raised=3),),
                hits=(Hits(what="runs that swing", runs=50, named=49, first=40),),
                trainings=(Training(scenario="a_case", places=(1, 0, 2)),),
            )
        },
        remedies={"FX990": (Trial(scenario="a", measure="m", before=("1",), after=("nan",), verdict="no help"),)},
    )
    lines = section(rule_page(one, knowledge, found), "Measured")
    assert "raised on 3 of 400 healthy runs (0.75%)" in lines
    assert "49 of 50 runs that swing were named by this rule or one of the same meaning (98.0%)" in lines
    assert "| `a_case` | this rule | 1, missed, 2 |" in lines
    assert "[the benchmarks](../benchmarks.md)" in lines
    assert section(rule_page(one, knowledge), "Measured").strip() == "Not measured."
    page = remedy_page(coded(), knowledge, found)  # type: ignore[arg-type]
    assert "| `a` | `m` | 1 | nan | no help |" in section(page, "Measured")
    assert section(remedy_page(coded(), knowledge), "Measured").strip() == "Not measured."  # type: ignore[arg-type]


def test_what_a_rule_said_of_injected_faults_is_told() -> None:
    one = restless()
    counts = {"sick": 90, "healthy": 40, "faulty": 7, "right": 6, "consequence": 2, "wrong": 1, "alarms": 3}
    half = InjectedFaults(what="one half", **counts)
    other = InjectedFaults(what="the other", **{**counts, "faulty": 0, "right": 0})
    measured = Measured(injected_source="benchmarks-faults.md", rules={"OSC990": OfRule(injected=(half, other))})
    lines = section(rule_page(one, known([one], [coded()]), measured), "Measured")  # type: ignore[list-item]
    assert (
        "Injected faults, one half: named on 6 of 7 sick runs with a fault of its own, as a true consequence on 2 "
        "others, wrongly on 1; a false alarm on 3 of 40 healthy runs."
    ) in lines
    assert "the other: none of the faults is its own; a true consequence on 2 of 90 sick runs, wrong on 1" in lines
    assert "[the injected faults](../benchmarks-faults.md)" in lines
    assert "the benchmarks](" not in lines
    assert "not measured" not in lines
    alone = Measured(rules={"OSC990": OfRule(injected=(other,))})
    assert "How often it names the trouble where there is one is not measured." in section(
        rule_page(one, known([one], [coded()]), alone),  # type: ignore[list-item]
        "Measured",
    )


def test_the_page_of_a_remedy_holds_what_the_record_says() -> None:
    up = remedy("FX991", "up", title="Raise it", knob="learning-rate", direction="up")
    down = coded(knob="learning-rate", direction="down")
    knowledge = known([restless()], [down, up])  # type: ignore[list-item]
    page = remedy_page(down, knowledge)  # type: ignore[arg-type]
    text = markdown(page)
    for words in (
        "# FX990 coded\n\n**Lower it.**\n\nchange · cost: config line · risk: low\n",
        "Turns learning-rate down. Turns the same knob the other way: [FX991 up](../remedies/FX991.md).",
        "```python\n# torch\nlr /= 10\n```",
        "- [OSC990 restless](../rules/OSC990.md): something is seen to happen (1 of 1 there)",
    ):
        assert words in text


def test_relations_are_links() -> None:
    other = rule("OSC991", "other", config.shuffle, family="oscillation", explains=("restless",))
    one = restless(unless=("other",), invalidates=("val.loss",))
    page = rule_page(one, known([one, other], [coded()]))  # type: ignore[list-item]
    link = "[OSC991 other](../rules/OSC991.md)"
    assert section(page, "Relations").strip() == (
        f"- explained by: {link}\n- not raised where found: {link}\n- makes worthless: `val.loss`"
    )


def test_sources_are_spelled_out() -> None:
    assert section(told()[0], "References").strip().split("\n") == [
        "- [article 1.1](../article.md)",
        "- Karpathy, A Recipe for Training Neural Networks, 2019",
        "- our own runs",
    ]


HOSTILE = 'a <script>alert(1)</script> | `code` *b* _c_ & &amp; [x](y) "q" \x1b[31m\u202e'


def hostile() -> tuple[Page, Knowledge]:
    one = restless(
        meaning=HOSTILE,
        fires=(
            case(
                HOSTILE,
                run(
                    curve(train.loss, zigzag(0.5, 1.5, 24)),
                    layers=(layers("<b>norm</b>", **{HOSTILE: 1.0, "deep": 1e-5}),),
                ),
            ),
        ),
    )
    knowledge = known([one], [coded(do=HOSTILE)])  # type: ignore[list-item]
    return rule_page(one, knowledge), knowledge


def test_no_form_lets_the_words_of_a_stranger_steer_it() -> None:
    page, knowledge = hostile()
    for text in (markdown(page), html(page, [remedy_page(knowledge.remedies["FX990"], knowledge)]), terminal(page)):
        assert "\x1b" not in text
        assert "\u202e" not in text
    made = html(page)
    assert "<script" not in made
    assert "<b>" not in made
    prose = "\n".join(line for line in markdown(page).splitlines() if line.startswith("a "))
    assert prose.startswith(r"a &lt;script>alert(1)&lt;/script> \| \`code\` \*b\* \_c\_ & &amp;amp; \[x\](y)")


def test_the_html_stands_alone() -> None:
    page, knowledge = told()
    further = remedy_page(knowledge.remedies["FX990"], knowledge)
    made = html(page, [further])
    assert set(re.findall(r"(?:src|href)=\"(.*?)\"", made)) == {"#FX990", "#OSC990"}
    assert 'id="FX990"' in made
    assert [url for url in re.findall(r"https?://[^\s\"<]+", made) if url != "http://www.w3.org/2000/svg"] == []
    assert made.count("<svg") == made.count("</svg>") == 2
    assert 'href="#FX990"' not in html(page)
    assert "Lower it (FX990)" in html(page)


def test_pictures_are_well_formed_the_same_every_time_and_show_what_is_no_number() -> None:
    sketch = run(
        curve(train.loss, decay(1.4, 0.4, 20), broken(10)),
        curve(val.loss, decay(1.4, 0.4, 30, noise=0.1)),
        curve(gradient.norm, decay(1.0, 1e4, 700), per_epoch=20),
        layers=(layers("gradient_norm", first=0.0, last=2.0),),
    )
    first = rule_page(*_with(sketch))
    second = rule_page(*_with(sketch))
    assert html(first) == html(second)
    drawings = re.findall(r"<svg.*?</svg>", html(first), flags=re.S)
    for drawing in drawings:
        ElementTree.fromstring(drawing)
    assert "training: NaN" in drawings[0]
    assert "gradient norm, logarithmic" in drawings[0]
    assert "×" in terminal(first)
    assert drawings[0].count("L") < 1000


def _with(sketch: object) -> tuple[Rule, Knowledge]:
    one = restless(when=signal.has_nonfinite(train.loss), fires=(case("broken", sketch),))  # type: ignore[arg-type]
    return one, known([one], [coded()])  # type: ignore[list-item]


@pytest.mark.parametrize("width", [40, 72, 100])
@pytest.mark.parametrize("colors", [False, True])
def test_the_terminal_form_keeps_to_the_width_and_marks_its_headings(width: int, colors: bool) -> None:
    page, _ = told()
    text = terminal(page, width, colors=colors)
    assert ("\x1b[1mWhat it means\x1b[0m\n" if colors else "What it means\n─────────────\n") in text
    code = [line for line in text.splitlines() if "lr = " in line or "advise(" in line or "advice." in line]
    bare = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in text.splitlines() if line not in code]
    assert max(map(len, bare)) <= width
    if colors:
        assert "\x1b[33m  warning\x1b[0m: restless" in text
