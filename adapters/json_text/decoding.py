"""JSON text that may be cut off, damaged or hold several documents: as much of it as can be used."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from expert.errors import SourceError

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
_CLOSING = {"[": "]", "{": "}"}


class Decoded(NamedTuple):
    """What a text holds: its documents in order, and the names under which the last one breaks off, outermost first."""

    documents: list[Any]
    notes: list[str]
    cut_at: tuple[str, ...] = ()


def decoded(text: str, place: str) -> Decoded:
    """Decode a whole file; of one that is damaged, what stands before the damage.

    Raises `SourceError`, which names ``place``, where nothing can be used or values are nested too deeply.
    """
    try:
        return Decoded([json.loads(text)], [])
    except json.JSONDecodeError as error:
        problem = error
    except RecursionError:
        raise SourceError(f"{place}: its values are nested too deeply for a log.") from None
    except ValueError as error:  # a whole number of more digits than Python reads
        raise SourceError(f"{place}: begins like JSON but is none ({error}).") from None
    if problem.msg == "Extra data":
        documents = _several(text)
        if len(documents) > 1:
            return Decoded(documents, [])
    whole = _closed(text[: problem.pos])
    if whole is None:
        raise SourceError(f"{place}: begins like JSON but is none ({problem}).") from None
    ends = problem.msg.startswith("Unterminated string") or not re.search(r"[\[\]{},]", text[problem.pos :])
    what = (
        "The file is cut off; what stands before the cut is used."
        if ends
        else f"The file is damaged at line {problem.lineno}, column {problem.colno}; what stands before that is used."
    )
    document, cut_at = whole
    return Decoded([document], [what], cut_at)


def _several(text: str) -> list[Any]:
    """Documents that follow each other, as a loop writes them that dumps an object each time."""
    decoder, place = json.JSONDecoder(), 0
    found: list[Any] = []
    while True:
        place += len(text[place : place + 4096]) - len(text[place : place + 4096].lstrip(" \r\n\t,\0"))
        if place >= len(text):
            return found
        try:
            document, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return found
        found.append(document)


def _closed(text: str) -> tuple[Any, tuple[str, ...]] | None:
    """The beginning of a document with its brackets closed behind the last whole entry, and the names it breaks off
    under.
    """
    opened: list[str] = []
    names: list[str] = []
    last = ""
    best: tuple[int, tuple[str, ...], tuple[str, ...]] | None = None
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign in _CLOSING:
            opened.append(sign)
            names.append(last)
        elif sign in ("]", "}"):
            if not opened or _CLOSING[opened.pop()] != sign:
                break
            names.pop()
            if "[" not in opened[:-1]:
                best = token.end(), tuple(opened), tuple(names)
        elif sign == "," and "[" not in opened[:-1]:  # nothing of a record or a pair that is not whole
            best = token.start(), tuple(opened), tuple(names)
        elif text[token.end() : token.end() + 16].lstrip().startswith(":"):
            last = sign[1:-1]
    if best is None:
        return None
    end, brackets, cut = best
    try:
        document = json.loads(text[:end] + "".join(_CLOSING[sign] for sign in reversed(brackets)))
    except (ValueError, RecursionError):
        return None
    return document, cut[1:]
