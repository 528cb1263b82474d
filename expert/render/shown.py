"""A run that shows a rule and one that nearly does, as blocks of its page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from expert.knowledge import Knowledge
from expert.render.conditions import Wording
from expert.render.document import Block, Item, Items, Listing, Picture, text
from expert.render.examples import ADVISE, Shown, near_miss
from expert.rule import Rule
from expert.wording import capitalized

FIRES, NEAR_MISS = "fires", "near-miss"
NAMED = "{name}."
AMONG_OTHERS = "Of this rule the note says:"
CALL = "advice = advise({arguments})"
NO_CURVE = "There is no curve to draw: this is seen before the training."
TAKEN_AS_GIVEN = "Taken as given, for this case is of facts and not of a run:"
FIRING_CAPTION = "A run that shows {rule}: {name}"
NEAR_CAPTION = "A run that is not {rule}: {name}"
LONGEST_CALL = 100


def run_of(shown: Shown | None, rule: Rule) -> Iterator[Block]:
    """The run that shows the rule, with what the engine prints about it."""
    if shown is not None:
        yield from _blocks(shown, FIRES, FIRING_CAPTION.format(rule=rule, name=shown.case.name))


def near_miss_of(rule: Rule, knowledge: Knowledge) -> Iterator[Block]:
    """The run that nearly shows it, with the reason why it does not."""
    shown = near_miss(rule, knowledge)
    if shown is None:
        return
    if shown.case.run is not None:
        yield from _blocks(shown, NEAR_MISS, NEAR_CAPTION.format(rule=rule, name=shown.case.name))
        return
    words = Wording(knowledge.signals)
    yield text(NAMED.format(name=capitalized(shown.case.name)))
    yield text(TAKEN_AS_GIVEN)
    yield Items(tuple(Item(words.given(item.term, item.value)) for item in shown.case.given))
    yield Listing(shown.says)


def _blocks(shown: Shown, name: str, caption: str) -> Iterator[Block]:
    yield text(NAMED.format(name=capitalized(shown.case.name)))
    if shown.figure:
        yield Picture(name, caption, shown.figure)
    else:
        yield text(NO_CURVE)
    yield Listing(f"{_call(shown)}\n{shown.call}", "python")
    if shown.call == ADVISE:
        yield text(AMONG_OTHERS)
    yield Listing(shown.says)


def _call(shown: Shown) -> str:
    """The call that tells `advise` what the run says beside its curves."""
    told = [f"{name}={_literal(fields)}" for name, fields in shown.told.items()]
    arguments = [*(["run"] if shown.figure else []), *told]
    line = CALL.format(arguments=", ".join(arguments))
    if len(line) <= LONGEST_CALL:
        return line
    return CALL.format(arguments="\n" + textwrap.indent(",\n".join(arguments), "    ") + ",\n")


def _literal(fields: Mapping[str, Any]) -> str:
    written = repr(dict(fields))
    return written if '"' in written else written.replace("'", '"')
