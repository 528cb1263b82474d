"""A Python file as a plugin: run as a module of its own, whatever it raises told in a sentence with its line."""

from __future__ import annotations

import ast
import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from pydantic import ValidationError

from expert.errors import AuthoringError, ExpertError, sentence
from expert.plugging.naming import shown


@dataclass(frozen=True, eq=False)
class PythonFile:
    """Where records and words stand in a Python file."""

    path: str

    def place(self, identity: str, *words: str) -> str:
        """The line of the first of the words, behind the record with this id where it can be; else the record's."""
        found = list(self._words())
        start = next((line for line, word in found if word == identity), None)
        if start is None:
            return shown(self.path)
        sought = [pair for pair in found if pair[0] >= start] + found
        return f"{shown(self.path)}:{next((line for one in words for line, word in sought if word == one), start)}"

    def _words(self) -> Iterator[tuple[int, str]]:
        try:
            tree = ast.parse(Path(self.path).read_bytes())
        except (OSError, SyntaxError, ValueError):  # it has changed since it was loaded
            return
        found = [
            (node.end_lineno or node.lineno, node.end_col_offset or 0, word)
            for node in ast.walk(tree)
            if isinstance(node, ast.expr) and (word := _word(node))
        ]
        yield from ((line, word) for line, _, word in sorted(found))

    def told(self, error: BaseException) -> str:
        """What was raised in this file, in a sentence, with the line that raised it."""
        import traceback  # needed for a mistake only

        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == self.path]
        return f"{shown(self.path)}{f':{lines[-1]}' if lines else ''}: {what_was_raised(error)}"


def _word(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return node.attr if isinstance(node, ast.Attribute) else ""


def what_was_raised(error: BaseException) -> str:
    """An exception in a sentence. Of a record that does not validate the first problem is told."""
    if isinstance(error, ValidationError):
        return f"{error.title}: {sentence(error)}" if error.errors()[0]["loc"] else sentence(error)
    if isinstance(error, ExpertError):
        return str(error)
    return f"{type(error).__name__}: {error}".rstrip(": ").replace("\n", " ")


def run(path: str) -> ModuleType:
    """The module that a file makes when it is run. Raises `AuthoringError` with the line that raised.

    It gets a name of its own, so that it takes no other module's place. The search path stays as it is: a single file
    imports what is installed, not what happens to lie beside it.
    """
    digest = sha256(os.fsencode(path)).hexdigest()[:12]
    name = f"expert_plugin_{''.join(sign if sign.isalnum() else '_' for sign in Path(path).stem)}_{digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    try:
        # compiled here and not by the import system, which would leave a folder of byte code beside the author's file
        code = compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        what = getattr(error, "msg", None) or error
        place = shown(path) + (f":{line}" if line else "")
        raise AuthoringError(f"{place}: this is not Python: {what}.") from error
    try:
        sys.modules[name] = module  # dataclasses and pickle look a class's module up there
        exec(code, vars(module))
    except (Exception, SystemExit) as error:
        sys.modules.pop(name)
        if before is not None:
            sys.modules[name] = before
        raise AuthoringError(PythonFile(path).told(error)) from error
    return module
