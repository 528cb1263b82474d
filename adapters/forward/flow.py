"""Follows values through the parsed source of a module's methods: what is made of what, through which submodules."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from expert.adapters.forward.calls import Calls, Scope, any_of
from expert.adapters.forward.values import NOTHING, Value

MOST_EXPRESSIONS = 50_000
DEEPEST = 12


class TooLongError(Exception):
    """The code is longer than is worth following."""


@dataclass(slots=True)
class Flow(Calls):
    """One walk through the methods of a class; ``reached`` are those it came to."""

    reached: dict[str, ast.FunctionDef] = field(default_factory=dict)
    _expressions: int = 0
    _stack: list[str] = field(default_factory=list)
    _results: list[list[Value]] = field(default_factory=list)

    def follow(self, name: str) -> Value:
        """Follow a method from fresh arguments to its result."""
        return self.inline(name, None, {})

    def inline(self, name: str, given: list[Value] | None, named: Mapping[str, Value]) -> Value:
        """The result of a method of the class; ``given`` is None for fresh arguments."""
        definition = self.method(name)
        every = [*(given or ()), *named.values()]
        if definition is None or name in self._stack or len(self._stack) >= DEEPEST:
            self.seen.opaque = self.seen.opaque or definition is None
            return self.seen.made(every)
        self.reached[name] = definition
        self._stack.append(name)
        self._results.append([])
        self._block(definition.body, self._bound(definition, given, named))
        self._stack.pop()
        results = self._results.pop()
        return self.seen.merged(results) if results else NOTHING

    def _bound(self, definition: ast.FunctionDef, given: list[Value] | None, named: Mapping[str, Value]) -> Scope:
        names = [one.arg for one in [*definition.args.posonlyargs, *definition.args.args]]
        static = any(isinstance(mark, ast.Name) and mark.id == "staticmethod" for mark in definition.decorator_list)
        names = names if static else names[1:]
        rest = [one.arg for one in definition.args.kwonlyargs]
        if given is None:
            return {name: self.seen.fresh() for name in [*names, *rest]}
        return dict(zip(names, given, strict=False)) | {name: named[name] for name in [*names, *rest] if name in named}

    def _block(self, body: Iterable[ast.stmt], scope: Scope) -> bool:
        """Run statements; True if control does not come out at the end."""
        return any(self._statement(statement, scope) for statement in body)

    def _statement(self, node: ast.stmt, scope: Scope) -> bool:
        match node:
            case ast.Assign(targets=targets, value=value):
                found = self.evaluate(value, scope)
                for target in targets:
                    self._assign(target, found, scope)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, self.evaluate(value, scope), scope)
            case ast.AugAssign(target=target, op=op, value=value):
                self._assign(
                    target, self._binary(op, self.evaluate(target, scope), self.evaluate(value, scope), node), scope
                )
            case ast.Return(value=value):
                self._results[-1].append(NOTHING if value is None else self.evaluate(value, scope))
                return True
            case ast.Raise() | ast.Break() | ast.Continue():
                return True
            case ast.Expr(value=value):
                self.evaluate(value, scope)
            case ast.If(test=test, body=body, orelse=orelse):
                self.evaluate(test, scope)
                return self._branch([body, orelse], scope, last_is_left=_is_all_but_last(test))
            case ast.For(target=target, iter=iterated, body=body, orelse=orelse):
                for _ in range(2):  # the second round shows what builds upon the first
                    self._bind(target, iterated, scope)
                    self._block(body, scope)
                return self._block(orelse, scope)
            case ast.While(test=test, body=body):
                for _ in range(2):
                    self.evaluate(test, scope)
                    self._block(body, scope)
            case ast.With(items=items, body=body):
                for item in items:
                    made = self.evaluate(item.context_expr, scope)
                    if item.optional_vars is not None:
                        self._assign(item.optional_vars, made, scope)
                return self._block(body, scope)
            case ast.Try(body=body, handlers=handlers, finalbody=finalbody):
                ended = self._branch([body, *(handler.body for handler in handlers)], scope)
                return self._block(finalbody, scope) or ended
            case ast.Match(subject=subject, cases=cases):
                self.evaluate(subject, scope)
                return self._branch([*(case.body for case in cases), []], scope)
            case _:
                pass
        return False

    def _branch(self, bodies: list[list[ast.stmt]], scope: Scope, last_is_left: bool = False) -> bool:
        """Run each body from the same start and merge what they leave; True if none comes out at its end."""
        left = []
        for body in bodies:
            inner = dict(scope)
            if not self._block(body, inner):
                left.append(inner)
        if not left:
            return True
        for name in {name for inner in left for name in inner}:
            values = [inner.get(name, NOTHING) for inner in left]
            merged = self.seen.merged(values)
            # ``if i < len(self.layers) - 1``: the last time round the body is left out, and that time makes the result.
            scope[name] = replace(merged, ends=values[-1].ends) if last_is_left else merged
        return False

    def _assign(self, target: ast.expr, value: Value, scope: Scope) -> None:
        match target:
            case ast.Name(id=name):
                scope[name] = value
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                parts = value.elements if value.elements and len(value.elements) == len(targets) else None
                for number, one in enumerate(targets):
                    made = self.seen.made([value], value.ends if number == 0 else ())
                    self._assign(one, made if parts is None else parts[number], scope)
            case ast.Starred(value=inner):
                self._assign(inner, value, scope)
            case ast.Subscript(value=ast.Name(id=name)):
                scope[name] = self.seen.made([scope.get(name, NOTHING), value])
            case _:
                pass

    def _bind(self, target: ast.expr, iterated: ast.expr, scope: Scope) -> None:
        """Give a loop's names what they run over."""
        last = target.elts[-1] if isinstance(target, ast.Tuple) else target
        match iterated:
            case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]):
                self._bind(last, inner, scope)
                return
            case ast.Call(func=ast.Name(id="zip"), args=parts) if isinstance(target, ast.Tuple):
                for one, part in zip(target.elts, parts, strict=False):
                    self._bind(one, part, scope)
                return
            case ast.Call(func=ast.Name(id="reversed" | "list" | "tuple"), args=[inner]):
                self._bind(target, inner, scope)
                return
            case ast.Call(func=ast.Attribute(value=inner, attr="items" | "named_children" | "values" | "children")):
                found = self.evaluate(inner, scope)
            case _:
                last, found = target, self.evaluate(iterated, scope)
        if found.module is not None:
            self._assign(last, Value(module=any_of(found.module)), scope)
        else:
            self._assign(target, self.seen.made([found]) if found.sources else NOTHING, scope)

    def evaluate(self, node: ast.expr, scope: Scope) -> Value:
        """What is known of an expression's value."""
        self._expressions += 1
        if self._expressions > MOST_EXPRESSIONS:
            raise TooLongError
        match node:
            case ast.Name(id=name):
                return scope.get(name, NOTHING)
            case ast.Call():
                return self.call(node, scope)
            case ast.Attribute(value=owner, attr=attr):
                return self.attribute(owner, attr, scope)
            case ast.Subscript(value=owner, slice=index):
                return self.subscript(self.evaluate(owner, scope), index, scope)
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(op, self.evaluate(left, scope), self.evaluate(right, scope), node)
            case ast.UnaryOp(operand=operand):
                return self.seen.arithmetic([self.evaluate(operand, scope)])
            case ast.Compare(left=left, ops=ops, comparators=others):
                values = [self.evaluate(one, scope) for one in (left, *others)]
                numeric = not any(isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in ops)
                self.seen.bends |= numeric and any(value.sources for value in values)
                return NOTHING
            case ast.BoolOp(values=operands):
                values = [self.evaluate(one, scope) for one in operands]
                return self.seen.merged(values)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.evaluate(test, scope)
                values = [self.evaluate(body, scope), self.evaluate(orelse, scope)]
                return self.seen.merged(values)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return self.seen.several([self.evaluate(part, scope) for part in parts], ())
            case ast.Dict(keys=keys, values=parts):
                named = tuple(str(key.value) if isinstance(key, ast.Constant) else "" for key in keys)
                return self.seen.several([self.evaluate(part, scope) for part in parts], named)
            case ast.ListComp(elt=made, generators=generators) | ast.GeneratorExp(elt=made, generators=generators):
                inner = dict(scope)
                for generator in generators:
                    self._bind(generator.target, generator.iter, inner)
                return self.seen.made([self.evaluate(made, inner)])
            case ast.NamedExpr(target=target, value=value):
                found = self.evaluate(value, scope)
                self._assign(target, found, scope)
                return found
            case ast.Starred(value=inner_node):
                return self.evaluate(inner_node, scope)
            case _:
                return NOTHING

    def _binary(self, op: ast.operator, left: Value, right: Value, node: ast.AST) -> Value:
        if isinstance(op, ast.Add | ast.Sub):
            return self.seen.sum([left, right], node)
        if isinstance(op, ast.Pow):
            self.seen.bends |= bool(left.sources or right.sources)
            return self.seen.made([left, right])
        if isinstance(op, ast.MatMult) and bool(left.sources) != bool(right.sources):
            return self.seen.weights(node, [left, right])
        return self.seen.product([left, right])


def _is_all_but_last(test: ast.expr) -> bool:
    """``i < n - 1`` or ``i != n - 1``: true each time round but the last."""
    match test:
        case ast.Compare(
            left=ast.Name(), ops=[ast.Lt() | ast.NotEq()], comparators=[ast.BinOp(op=ast.Sub(), right=one)]
        ):
            return isinstance(one, ast.Constant) and one.value == 1
        case _:
            return False
