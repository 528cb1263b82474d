"""A look through the instructions of a pickle before any of them is followed."""

from __future__ import annotations

import pickletools
from collections.abc import Container, Iterator
from io import BytesIO

MOST_OPCODES = 2_000_000
"""Instructions in one pickle: a history has a few for every number."""

PLAIN = frozenset({
    "PROTO", "FRAME", "STOP", "MARK", "POP", "POP_MARK", "DUP",
    "NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
    "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8",
    "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
    "EMPTY_LIST", "LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3",
    "EMPTY_DICT", "DICT", "SETITEM", "SETITEMS",
    "GET", "BINGET", "LONG_BINGET", "PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE",
    "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD",
})  # fmt: skip
"""All that plain numbers, lists, dicts and arrays need. What a name stands for is decided where it is looked up."""
PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})


TEXTS = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "UNICODE"})

_OPCODES = {opcode.code.encode("latin1"): opcode for opcode in pickletools.opcodes}


class Unfit(ValueError):
    """A pickle that is not followed; the message says why."""


class UnknownName(Unfit):
    """A pickle that needs something else than numbers; ``name`` is what it needs."""

    def __init__(self, name: str) -> None:
        super().__init__(f"a reference to {name}")
        self.name = name


def end_of_pickle(data: bytes, start: int, known: Container[tuple[str, str]]) -> int:
    """Return the place behind the pickle that begins at ``start``. Raises `Unfit`.

    Every length in it is compared with the bytes there are, and every place in the memo with what can have been put
    there, so that following the instructions afterwards takes no more memory than the file suggests. Names that are
    not ``known`` (module, name) are told where they can be seen; to look up names safely is left to who follows.
    """
    stream = BytesIO(data)
    stream.seek(start)
    texts: list[str] = []
    try:
        for count, (name, argument) in enumerate(_instructions(stream)):
            if name == "GLOBAL":
                module, _, called = str(argument).partition(" ")
                _expect(module, called, known)
            elif name == "STACK_GLOBAL" and len(texts) > 1:
                _expect(texts[-2], texts[-1], known)
            if name not in PLAIN:
                raise Unfit(f"the instruction {name}")
            if count > MOST_OPCODES:
                raise Unfit(f"more than {MOST_OPCODES:,} instructions")
            if name in PUTS and isinstance(argument, int) and not 0 <= argument <= count:
                raise Unfit("a memo with gaps")
            if name in TEXTS:
                texts.append(str(argument))
            elif name != "MEMOIZE" and name not in PUTS:
                texts.clear()
    except Unfit:
        raise
    except Exception as error:  # the library raises many kinds for bytes that are no pickle
        raise Unfit(f"damage or an end too early ({error})") from None
    return stream.tell()


def _instructions(stream: BytesIO) -> Iterator[tuple[str, object]]:
    """Names and arguments up to the end of the pickle, as `pickletools.genops` gives them."""
    name = ""
    while name != "STOP":
        opcode = _OPCODES[stream.read(1)]
        name = opcode.name
        if name == "STRING":
            yield name, stream.readline()  # Python 2 wrote bytes as such; the library insists on ASCII
        else:
            yield name, opcode.arg.reader(stream) if opcode.arg is not None else None


def _expect(module: str, name: str, known: Container[tuple[str, str]]) -> None:
    if (module, name) not in known:
        raise UnknownName(f"{module}.{name}")
