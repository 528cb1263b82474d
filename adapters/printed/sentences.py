"""What one line says, whoever printed it: where the training is, of which data, and numbers with their names."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from expert.history.role_table import PHASES
from expert.history.roles import snake

_VALUE = (
    r"[-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?"
    r"|(?:nan|inf|NaN|Inf|NAN|INF|None)\b)(?:\s?%)?"
)
_WORD = r"[^\W\d][\w.@%/-]*"
_PAIR = re.compile(
    rf"({_WORD}(?:[ ]\(?{_WORD}\)?){{0,3}})\s*(?:[:=]+\s*|->\s*|\s)\s*({_VALUE})"
    rf"(?=$|[\s;|)\]}}]|,(?!\d)|\.(?:\s|$))(?:\s*\(\s*({_VALUE})\s*\))?"
)
_WRAPPED = re.compile(r"\b(?:tensor|array|(?:np|numpy)\.\w+)\(\s*\[?([^,()\[\]]+)\]?\s*(?:,[^()]*)?\)")
_HITS = re.compile(r"\d+\s*/\s*\d+\s*\(\s*(\d+(?:\.\d+)?)\s*%\s*\)")
_BAR = re.compile(r"(.*?)\s*\d+%\|[^|]*\|\s*(\d+)/(\d+)\s*\[([^\]]*)\](.*)")
_BAR_TIMES = re.compile(r"^[\d:?]+<[\d:?]+(?:,\s*[\d.?]*\s*(?:\w+/s|s/\w+))?,?\s*")

_END = r"(?![\w.%]|:\d|\s*/\s*\d)"
_EPOCH = re.compile(
    rf"\b(?:epochs?|ep|[eé]poca|[eé]poque|epoche|эпоха)\s*[:=#]?\s*[\[(]?\s*#?(\d+(?:\.\d+)?)(?:\s*(?:/|of)\s*\d+)?\s*[\])]?{_END}"
    r"|第\s*(\d+)\s*(?:轮次?|个?\s*epoch)|轮[次数]?\s*[:=]?\s*(\d+)",
    re.IGNORECASE,
)
_STEPS = tuple(
    re.compile(
        rf"\b(?:{words})\s*[:=#]?\s*[\[(]?\s*#?(\d[\d,]*)(?:\s*(?:/|of)\s*(\d[\d,]*))?\s*[\])]?{_END}", re.IGNORECASE
    )
    for words in (r"global[_ ]?steps?|num_updates", r"steps?|iterations?|iters?|it|updates?", r"(?:mini)?batch(?:es)?")
)
_PLACE = re.compile(
    r"[\[(]\s*(\d+)\s*/\s*(\d+)\s*(?:\(\s*\d+(?:\.\d+)?\s*%\s*\)\s*)?[\])]|(?<![\w./])(\d+)\s*/\s*(\d+)(?![\w./])"
)
_EPOCH_AND_BATCH = re.compile(r"\s*\[\s*(\d+)\s*(?:,|/\s*\d+\s*\]\s*\[)\s*(\d+)\s*(?:/\s*\d+\s*)?\]\s*")
_PHASE = re.compile(r"\b(train(?:ing)?|val(?:id(?:ation)?)?|eval(?:uation)?|test(?:ing)?|dev)\b", re.IGNORECASE)
_FULL_WIDTH = str.maketrans({"：": ":", "，": ",", "；": ";", "＝": "=", "（": "(", "）": ")", "％": "%"})
_FILLING = frozenset(
    {"after", "at", "the", "is", "was", "of", "in", "on", "for", "with", "and", "this", "a", "now", "set"}
)
OTHER_COUNTER = re.compile(
    r"\b(trial|run|fold|seed|config|experiment|candidate|hyperparameters?)\s*[#:=]?\s*\d+", re.IGNORECASE
)
"""Counts finished trainings rather than moments of one."""
CUT = " | "
_MACHINE = frozenset(
    {"wps", "ups", "wpb", "wall", "train_wall", "gb_free", "ips", "batch_cost", "data_cost", "reader_cost"}
)
"""Names of speeds and times of machines, whose units lines do not tell."""


class Said(NamedTuple):
    """What a line says; clocks and values as they stand there."""

    epoch: str | None
    step: str | None
    phase: str | None
    """The phase of the first word that names one."""
    pairs: dict[str, str]
    means: dict[str, str]
    """Numbers in brackets behind others: in meters the mean since the pass began."""
    within: bool = False
    """The step counts the batches of a pass through the data, which may be an evaluation."""
    whole: bool = True
    """False for a place in such a pass that is not its end."""


def said(text: str) -> Said:
    """Take a line apart."""
    if not text.isascii():
        text = text.translate(_FULL_WIDTH)
    if "'" in text or '"' in text:
        text = text.replace("'", "").replace('"', "")
    if "(" in text:
        text = _HITS.sub(r"\1%", _WRAPPED.sub(r"\1", text))
    epoch = step = None
    within, whole = False, True
    if "%|" in text:
        bar = _BAR.match(text)
        if bar is None:  # a narrow window has cut it, and perhaps a number with it
            return Said(None, None, None, {}, {})
        step, within, whole = bar[2], True, bar[2] == bar[3]
        text = f"{bar[1]}{CUT}{_BAR_TIMES.sub('', bar[4])}{CUT}{bar[5]}"
    if text.lstrip().startswith("[") and (found := _EPOCH_AND_BATCH.match(text)):
        epoch, step, text = found[1], found[2], text[found.end() :]
    if epoch is None and (found := _EPOCH.search(text)):
        epoch, text = found[1] or found[2] or found[3], _without(text, found)
    for number, pattern in enumerate(_STEPS):
        if found := pattern.search(text):
            if step is None or number == 0:
                step, within = found[1].replace(",", ""), number == 2
                whole = not within or found[2] is None or _reached(found[1], found[2])
            text = _without(text, found)
    if "/" in text and (found := _PLACE.search(text)):
        place, end = found[1] or found[3], found[2] or found[4]
        if step is None:
            step, within, whole = place, True, _reached(place, end)
        text = _without(text, found)
    return Said(epoch, step, _phase(text), *_pairs(text), within, whole)


def _reached(place: str, end: str) -> bool:
    """Whether a pass through the data is over, counted from 0 or from 1."""
    return int(place.replace(",", "")) + 1 >= int(end.replace(",", ""))


def _without(text: str, clock: re.Match[str]) -> str:
    """Cut a clock out: what stands on both sides is not one name, but ``loss after step 10: 0.5`` is."""
    before = text[: clock.start()]
    goes_on = before.rstrip().rpartition(" ")[2].lower() in _FILLING
    return f"{before}{' ' if goes_on else CUT}{text[clock.end() :]}"


def _phase(text: str) -> str | None:
    found = _PHASE.search(text)
    return found[1].lower() if found is not None else None


def _pairs(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Names and values. A name without a phase belongs to the phase named last before it in the line."""
    pairs: dict[str, str] = {}
    means: dict[str, str] = {}
    phases = [(match.start(), match[1].lower()) for match in _PHASE.finditer(text)]
    for found in _PAIR.finditer(text):
        name = _name(found[1])
        if name is None:
            continue
        if not _has_phase(name):
            before = [phase for place, phase in phases if place < found.start(1)]
            name = f"{before[-1]} {name}" if before else name
        pairs.setdefault(name, found[2])
        if found[3] is not None:
            means.setdefault(name, found[3])
    return pairs, means


@lru_cache(maxsize=4096)
def _name(words: str) -> str | None:
    kept = [word for word in re.split(r"\s+", words.strip(" .-")) if word]
    while kept and kept[0].lower() in _FILLING:
        kept.pop(0)
    while kept and kept[-1].lower() in _FILLING:
        kept.pop()
    name = " ".join(kept)
    other = name.lower() in _MACHINE or any(word in name.lower() for word in ("best", "packet"))
    return name if name and not other else None


@lru_cache(maxsize=4096)
def _has_phase(name: str) -> bool:
    return any(word in PHASES for word in snake(name).split("_"))
