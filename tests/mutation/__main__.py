"""Mutants of the engine's core: which changes to it would no test notice?

    python -m tests.mutation [module …] [--seconds 600] [--workers 2]

Each mutant is one small change to one module: a comparison, a joint, a sign, a number, a word, a return value, a
condition turned round. It is never written: the tests that are about the module run in a process of their own that gets
the changed module instead. A mutant is killed when a test fails or it runs too long; those that survive are printed
with their line. Some of them change nothing that can be seen, so not every survivor is a missing test.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.util
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
TESTS: Mapping[str, Sequence[str]] = {
    "inference": ("test_inference", "test_confidence", "test_judging", "test_explain", "test_core_details"),
    "truth": ("test_inference", "test_confidence", "test_judging", "test_explain", "test_core_details"),
    "confidence": ("test_confidence", "test_judging", "test_core_details"),
    "relations": ("test_relations", "test_judging", "test_core_details"),
    "ranking": ("test_plan", "test_outcomes", "test_judging", "test_core_details"),
    "plan": ("test_plan", "test_core_details"),
    "judging": ("test_judging", "test_outcomes", "test_relations", "test_plan", "test_core_details"),
}
"""The engine's tests that are about a module."""
CPU_SECONDS = 20
"""A mutant that takes longer goes round in circles."""
GOAL = 0.85

COMPARED: Mapping[type[ast.cmpop], Sequence[type[ast.cmpop]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
COMPUTED: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


class Mutant(NamedTuple):
    """One change to one module."""

    module: str
    line: int
    what: str
    tree: ast.Module


def mutants(module: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its text."""
    tree = ast.parse((ROOT / "expert" / f"{module}.py").read_text(encoding="utf-8"))
    left_out = set(map(id, _no_code(tree)))
    for place, node in enumerate(ast.walk(tree)):
        if id(node) in left_out:
            continue
        for what, changed in _changes(node):
            mutated = copy.deepcopy(tree)
            target = next(one for index, one in enumerate(ast.walk(mutated)) if index == place)
            _Replacing(target, changed).visit(mutated)
            yield Mutant(module, getattr(node, "lineno", 0), what, ast.fix_missing_locations(mutated))


class _Replacing(ast.NodeTransformer):
    def __init__(self, target: ast.AST, by: ast.AST) -> None:
        self.target, self.by = target, by

    def visit(self, node: ast.AST) -> ast.AST:
        return self.by if node is self.target else self.generic_visit(node)


def _no_code(tree: ast.Module) -> Iterator[ast.AST]:
    """Annotations, types, docstrings and what is only imported for types."""
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef):
            arguments = [*node.args.args, *node.args.kwonlyargs, *node.args.posonlyargs]
            parts = [node.returns, *(one.annotation for one in arguments), *node.decorator_list]
        elif isinstance(node, ast.AnnAssign):
            parts = [node.annotation]
        elif isinstance(node, ast.ClassDef):
            parts = [*node.decorator_list, *node.bases]
        elif _is_said_only(node):
            parts = [node]
        for part in parts:
            yield from ast.walk(part) if part is not None else ()


def _is_said_only(node: ast.AST) -> bool:
    """Whether a node is a docstring or a list of words a value may have."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and node.value.id == "Literal"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Compare):
        for number, operator in enumerate(node.ops):
            for other in COMPARED[type(operator)]:
                changed = copy.deepcopy(node)
                changed.ops[number] = other()
                yield _said(node, changed), changed
    elif isinstance(node, ast.BoolOp):
        other_joint = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        joined = ast.BoolOp(other_joint, copy.deepcopy(node.values))
        yield _said(node, joined), joined
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield _said(node, node.operand), copy.deepcopy(node.operand)
    elif isinstance(node, ast.BinOp) and type(node.op) in COMPUTED:
        computed = ast.BinOp(copy.deepcopy(node.left), COMPUTED[type(node.op)](), copy.deepcopy(node.right))
        yield _said(node, computed), computed
    elif isinstance(node, ast.Constant):
        for value in _other_values(node.value):
            constant = ast.Constant(value)
            yield _said(node, constant), constant
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        returned = ast.Return(ast.Constant(None))
        yield _said(node, returned), returned
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        turned = copy.deepcopy(node)
        turned.test = ast.UnaryOp(ast.Not(), turned.test)
        yield f"if not ({ast.unparse(node.test)})", turned


def _other_values(value: object) -> Sequence[bool | int | float | str]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int | float):
        return (value + 1,) if isinstance(value, int) else (value * 1.5 + 0.1,)
    if isinstance(value, str) and value and value.replace("_", "").isalpha():  # a word, no sentence
        return (value + "x",)
    return ()


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _said(before: ast.AST, after: ast.AST) -> str:
    return f"{ast.unparse(before)[:70]}  ->  {ast.unparse(after)[:70]}"


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the changed module in place of the one on disk."""

    def __init__(self, mutant: Mutant) -> None:
        self.name, self.tree = f"expert.{mutant.module}", mutant.tree

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.tree, f"<mutant of {self.name}>", "exec"), module.__dict__)


def _started(mutant: Mutant | None, tests: Sequence[str]) -> int:
    """Run the tests in a process of its own, which has everything loaded but our own modules."""
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        if mutant is not None:
            sys.meta_path.insert(0, _Changed(mutant))
        import pytest

        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests]))
    finally:
        os._exit(code)


def main() -> None:
    reader = argparse.ArgumentParser(description="Mutants of the engine's core that no test notices.")
    reader.add_argument("modules", nargs="*", choices=[[], *TESTS], help="modules of expert/ (all of them)")
    reader.add_argument("--seconds", type=float, default=1200.0, help="stop after this time")
    reader.add_argument("--workers", type=int, default=2)
    options = reader.parse_args()
    os.chdir(ROOT)
    folder = tempfile.TemporaryDirectory()
    sys.pycache_prefix, sys.dont_write_bytecode = folder.name, False  # compiled once, not by every mutant
    import hypothesis  # noqa: F401  (loaded once, before the forks, as is what follows)
    import numpy as np  # noqa: F401
    import pluggy  # noqa: F401
    import pydantic  # noqa: F401
    import pytest  # noqa: F401

    modules = options.modules or list(TESTS)
    for module in modules:  # nothing is learned from tests that fail anyway
        _, status = os.waitpid(_started(None, _paths(module)), 0)
        if status:
            sys.exit(f"the tests of {module} fail without any change")
    waiting = [mutant for module in modules for mutant in mutants(module)]
    random.Random(0).shuffle(waiting)  # so that what time allows is a fair sample
    total, end = len(waiting), time.monotonic() + options.seconds
    running: dict[int, Mutant] = {}
    killed: dict[str, int] = dict.fromkeys(modules, 0)
    survived: dict[str, list[Mutant]] = {module: [] for module in modules}
    while running or (waiting and time.monotonic() < end):
        while len(running) < options.workers and waiting and time.monotonic() < end:
            mutant = waiting.pop()
            running[_started(mutant, _paths(mutant.module))] = mutant
        child, status = os.wait()
        done = running.pop(child)
        if status:
            killed[done.module] += 1
        else:
            survived[done.module].append(done)
    for module in modules:
        for mutant in sorted(survived[module], key=lambda one: one.line):
            print(f"expert/{module}.py:{mutant.line}: {mutant.what}")
    print("\n| module | mutants run | killed |\n| --- | --- | --- |")
    for module in modules:
        run = killed[module] + len(survived[module])
        print(f"| {module} | {run} | {killed[module] / max(run, 1):.0%} |")
    dead = sum(killed.values())
    run = dead + sum(map(len, survived.values()))
    rate = dead / max(run, 1)
    print(f"\n{'PASS' if rate >= GOAL else 'FAIL'}: {dead} of {run} mutants killed, {rate:.1%}; {total} there are")
    sys.exit(rate < GOAL)


def _paths(module: str) -> list[str]:
    paths = [f"tests/engine/{name}.py" for name in TESTS[module]]
    return [path for path in paths if (ROOT / path).exists()]


if __name__ == "__main__":
    main()
