"""What a mutant is: one small change to one module, and where such changes are made."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

Function = ast.FunctionDef | ast.AsyncFunctionDef

SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
ORDERINGS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
LOGGERS = ("log", "logger")


@dataclass(frozen=True)
class Mutant:
    """A module with one change in it.

    ``function`` is the line where the outermost function around it begins, decorators
    included; 0 outside of functions.
    """

    line: int
    function: int
    change: str
    code: CodeType


def mutants_of(path: Path) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    tree = ast.parse(path.read_text())
    return [
        Mutant(
            line=old.lineno,
            function=_first_line(function) if function else 0,
            change=_change(old, new),
            code=_compiled(tree, holder, field, new, path),
        )
        for old, new, holder, field, function in list(_changes(tree, None))
        if ast.fix_missing_locations(ast.copy_location(new, old))
    ]


# An expression or a statement, what takes its place, and where: a node's field, or a
# place in one that is a list.
Place = str | tuple[str, int]
Change = tuple[ast.expr | ast.stmt, ast.AST, ast.AST, Place, Function | None]


def _compiled(
    tree: ast.Module, holder: ast.AST, field: Place, new: ast.AST, path: Path
) -> CodeType:
    if isinstance(field, str):
        old = getattr(holder, field)
        setattr(holder, field, new)
        code = compile(tree, str(path), "exec")
        setattr(holder, field, old)
    else:
        nodes, position = getattr(holder, field[0]), field[1]
        old = nodes[position]
        nodes[position] = new
        code = compile(tree, str(path), "exec")
        nodes[position] = old
    return code


def _changes(holder: ast.AST, function: Function | None) -> Iterator[Change]:
    for field, value in ast.iter_fields(holder):
        if field in ("annotation", "returns", "decorator_list", "cause"):
            continue
        body = field == "body" and isinstance(holder, Function)
        inside = function or (holder if body and isinstance(holder, Function) else None)
        nodes = value if isinstance(value, list) else [value]
        for position, node in enumerate(nodes):
            if not isinstance(node, ast.AST) or _says_nothing(node):
                continue
            if isinstance(node, ast.expr | ast.stmt):
                place: Place = (field, position) if isinstance(value, list) else field
                for new in _instead_of(node):
                    yield node, new, holder, place, inside
            if isinstance(node, ast.Raise):
                # The words of a message are not tested, the error's attributes are.
                if isinstance(node.exc, ast.Call):
                    for new in _instead_of(node.exc):
                        yield node.exc, new, node, "exc", inside
            elif not _is_logging(node):
                yield from _changes(node, inside)


def _says_nothing(node: ast.AST) -> bool:
    """Docstrings, type checkers' branches and type variables are never executed."""
    match node:
        case ast.Expr(ast.Constant()) | ast.If(ast.Name("TYPE_CHECKING")):
            return True
        case ast.Call(ast.Name("TypeVar" | "TypeVarTuple")):
            return True
        case ast.Import() | ast.ImportFrom():
            return True
        case ast.FunctionDef(decorator_list=[ast.Name("overload")]):
            return True
    return False


def _is_logging(node: ast.AST) -> bool:
    match node:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(name)))):
            return name in LOGGERS
    return False


def _instead_of(node: ast.expr | ast.stmt) -> Iterator[ast.AST]:
    match node:
        case ast.Compare():
            for position, operator in enumerate(node.ops):
                if type(operator) in SWAPS:
                    other = copy.deepcopy(node)
                    other.ops[position] = SWAPS[type(operator)]()
                    yield other
        case ast.BoolOp():
            yield ast.BoolOp(SWAPS[type(node.op)](), node.values)
            for left_out in node.values:
                rest = [value for value in node.values if value is not left_out]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        case ast.UnaryOp(ast.Not()):
            yield node.operand
        case ast.BinOp() if type(node.op) in SWAPS:
            yield ast.BinOp(node.left, SWAPS[type(node.op)](), node.right)
        case ast.AugAssign():
            yield ast.AugAssign(node.target, SWAPS[type(node.op)](), node.value)
            yield ast.Pass()
        case ast.Constant():
            yield from _other_constant(node.value)
        case ast.IfExp():
            if _can_be_negated(node.test):
                yield ast.IfExp(_negated(node.test), node.body, node.orelse)
        case ast.If():
            if _can_be_negated(node.test):
                yield ast.If(_negated(node.test), node.body, node.orelse)
        case ast.While():
            if _can_be_negated(node.test):
                yield ast.While(_negated(node.test), node.body, node.orelse)
        case ast.GeneratorExp() | ast.ListComp() | ast.DictComp():
            if node.generators[0].ifs:
                other_loop = copy.deepcopy(node)
                other_loop.generators[0].ifs = []
                yield other_loop
        case ast.Call():
            for keyword in node.keywords:
                rest_of = [other for other in node.keywords if other is not keyword]
                yield ast.Call(node.func, node.args, rest_of)
        case ast.Dict():
            for position, key in enumerate(node.keys):
                if key is None:
                    fewer = copy.deepcopy(node)
                    del fewer.keys[position], fewer.values[position]
                    yield fewer
        case ast.Slice():
            if node.lower:
                yield ast.Slice(None, node.upper, node.step)
            if node.upper:
                yield ast.Slice(node.lower, None, node.step)
        case ast.Return(value) if value is not None:
            # A bool is flipped instead: None would be as false as False.
            if not (
                isinstance(value, ast.Constant) and value.value in (None, True, False)
            ):
                yield ast.Return(ast.Constant(None))
        case ast.Expr(ast.Call()) | ast.Raise() | ast.Delete():
            yield ast.Pass()
        case ast.Break() | ast.Continue():
            yield ast.Pass()
        case ast.Assign([ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.With():
            yield from _fewer_contexts(node)
        case ast.Try():
            yield from _less_caught(node)


def _other_constant(value: object) -> Iterator[ast.Constant]:
    match value:
        case bool():
            yield ast.Constant(not value)
        case int() | float():
            yield ast.Constant(value + 1)
        case bytes():
            yield ast.Constant(b"X" + value)
        case str() if " " not in value:  # others are texts for people, or SQL
            yield ast.Constant("XX" + value)


def _can_be_negated(test: ast.expr) -> bool:
    """Is the negation not among the changes to the condition itself?"""
    if isinstance(test, ast.Compare):
        return len(test.ops) > 1 or isinstance(test.ops[0], ORDERINGS)
    return not isinstance(test, ast.UnaryOp | ast.Constant)


def _negated(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), test)


def _block(body: list[ast.stmt]) -> ast.stmt:
    return ast.If(ast.Constant(True), body, [])


def _fewer_contexts(node: ast.With) -> Iterator[ast.stmt]:
    for item in node.items:
        if item.optional_vars is None:
            rest = [other for other in node.items if other is not item]
            yield ast.With(rest, node.body) if rest else _block(node.body)


def _less_caught(node: ast.Try) -> Iterator[ast.stmt]:
    for handler in node.handlers:
        rest = [other for other in node.handlers if other is not handler]
        if rest or node.finalbody:
            yield ast.Try(node.body, rest, node.orelse, node.finalbody)
        else:
            yield _block([*node.body, *node.orelse])
    if node.finalbody and node.handlers:
        yield ast.Try(node.body, node.handlers, node.orelse, [])
    elif node.finalbody:
        yield _block(node.body)


def _first_line(function: Function) -> int:
    return min([function.lineno, *(d.lineno for d in function.decorator_list)])


def _change(old: ast.AST, new: ast.AST) -> str:
    if isinstance(old, ast.Call) and isinstance(new, ast.Call):
        gone = next(word for word in old.keywords if word not in new.keywords)
        return f"{_short(old.func)}(...) without {_short(gone)}"
    return f"{_short(old)}  ->  {_short(new)}"


def _short(node: ast.AST) -> str:
    if isinstance(node, ast.Pass):
        return "nothing"
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 70 else f"{text[:50]} ... {text[-16:]}"
