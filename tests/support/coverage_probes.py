"""Which lines and branches of the package the tests reach, found without a tracer.

Before Python 3.14, coverage.py's tracer is called for each line of all libraries, which
takes as long as the tests themselves. Here each statement of the package is compiled
behind a probe, an assignment that notes that it was reached, and so is each way out of
a branch. What was reached is written down for coverage.py, which combines and reports
it.

The package is compiled so where this is imported before it: in the processes of xdist,
if the environment has ``COVERAGE_PROBES=true``.
"""

from __future__ import annotations

import ast
import builtins
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, NamedTuple

import pytest
from coverage import Coverage, CoverageData
from coverage.python import PythonFileReporter

PACKAGE = "flask_wizard"
VARIABLE = "COVERAGE_PROBES"
REACHED = "_coverage_probes"  # the global name of the list of what was reached


class Note(NamedTuple):
    """What it means that a probe was reached."""

    line: int
    #: Where a branch leads from that line: ``None`` if the note is not about a branch.
    into: bool | None = None
    #: The first and the last line of the branch's body.
    body: tuple[int, int] = (0, 0)

    def arcs(self, ends: Mapping[int, set[int]]) -> Iterator[tuple[int, int]]:
        """Return the jumps from line to line, as coverage.py calls them.

        ``ends`` has those that it finds in the source: where each line may lead.
        """
        if self.into is None:
            yield -1, self.line
            return
        first, last = self.body
        for end in ends[self.line]:
            if (first <= end <= last) is self.into:
                yield self.line, end


class Probes:
    """The probes of a process, by their number."""

    def __init__(self) -> None:
        self.reached: list[bool] = []
        self._meanings: list[tuple[str, Sequence[Note]]] = []
        self._path = ""

    def compile(self, source: bytes, path: str) -> CodeType:
        """Compile a module with a probe before each statement."""
        self._path = path
        tree = ast.parse(source, path)
        tree.body = self._block(tree.body)
        return compile(tree, path, "exec", dont_inherit=True)

    def notes(self) -> dict[str, list[Note]]:
        """Return what was reached, by the path of the module."""
        found: dict[str, list[Note]] = defaultdict(list)
        for is_reached, (path, notes) in zip(self.reached, self._meanings, strict=True):
            if is_reached:
                found[path] += notes
        return dict(found)

    def _probe(self, where: ast.stmt, notes: Sequence[Note]) -> ast.stmt:
        at = _place(where)
        number = ast.Constant(len(self.reached), **at)
        self.reached.append(False)
        self._meanings.append((self._path, tuple(notes)))
        names = ast.Name(REACHED, ast.Load(), **at)
        item = ast.Subscript(names, number, ast.Store(), **at)
        return ast.Assign([item], ast.Constant(True, **at), **at)

    def _block(self, body: list[ast.stmt], *led_here: Note) -> list[ast.stmt]:
        probed: list[ast.stmt] = []
        notes = list(led_here)
        for number, statement in enumerate(body):
            notes += map(Note, _lines_of(statement))
            if not _must_be_first(statement, number):
                probed.append(self._probe(statement, notes))
                notes.clear()
            self._enter(statement)
            probed.append(statement)
        return probed

    def _enter(self, statement: ast.stmt) -> None:
        """Put probes into the blocks of a statement."""
        match statement:
            case ast.If() | ast.While() | ast.For() | ast.AsyncFor():
                line, body = statement.lineno, _extent(statement.body)
                past = Note(line, False, body)
                statement.body = self._block(statement.body, Note(line, True, body))
                if statement.orelse:
                    statement.orelse = self._block(statement.orelse, past)
                else:
                    statement.orelse = [self._probe(statement, [past])]
            case ast.Match():
                self._enter_cases(statement)
            case ast.Try() | ast.TryStar():
                notes: list[Note] = []
                for handler in statement.handlers:  # each was tried if a later one fits
                    notes.append(Note(handler.lineno))
                    handler.body = self._block(handler.body, *notes)
                statement.body = self._block(statement.body)
                statement.orelse = self._block(statement.orelse)
                statement.finalbody = self._block(statement.finalbody)
            case ast.With() | ast.AsyncWith() | ast.ClassDef():
                statement.body = self._block(statement.body)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                statement.body = self._block(statement.body)

    def _enter_cases(self, statement: ast.Match) -> None:
        notes: list[Note] = []
        for case in statement.cases:  # each was tried if a later one fits
            line, body = case.pattern.lineno, _extent(case.body)
            notes.append(Note(line))
            case.body = self._block(case.body, *notes, Note(line, True, body))
            notes.append(Note(line, False, body))
        fits_all = isinstance(case.pattern, ast.MatchAs) and not case.pattern.pattern
        if case.guard or not fits_all:
            others = [self._probe(statement, notes)]
            statement.cases.append(
                ast.match_case(ast.MatchAs(**_place(statement)), None, others)
            )


def _place(statement: ast.stmt) -> Any:
    """Return where a statement begins, for nodes that are to stand there."""
    line, column = statement.lineno, statement.col_offset
    return {
        "lineno": line,
        "end_lineno": line,
        "col_offset": column,
        "end_col_offset": column,
    }


def _lines_of(statement: ast.stmt) -> Iterator[int]:
    """Return the lines that a statement begins on: with decorators, several."""
    for decorator in getattr(statement, "decorator_list", ()):
        yield decorator.lineno
    yield statement.lineno


def _extent(body: list[ast.stmt]) -> tuple[int, int]:
    return min(_lines_of(body[0])), body[-1].end_lineno or 0


def _must_be_first(statement: ast.stmt, number: int) -> bool:
    """True if no probe may come before: a docstring, or an import of the future."""
    match statement:
        case ast.Expr(ast.Constant(str())):
            return number == 0
        case ast.ImportFrom("__future__"):
            return True
    return False


# In the processes of xdist


class Loader(SourceFileLoader):
    """Loads a module of the package with its probes."""

    def get_code(self, fullname: str) -> CodeType:
        return PROBES.compile(self.get_data(self.path), self.path)


class Finder:
    """Finds the modules of the package as Python does, for another loader."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] != PACKAGE:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = Loader(name, spec.loader.path)
        return spec


PROBES = Probes()

if os.environ.get(VARIABLE) == "true" and "PYTEST_XDIST_WORKER" in os.environ:
    if PACKAGE in sys.modules:
        raise RuntimeError(f"{PACKAGE} was imported before its probes")
    setattr(builtins, REACHED, PROBES.reached)
    sys.meta_path.insert(0, Finder)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what was reached to the process that has started this one, to store it."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is None:
        if collected:
            store(collected)
    elif PROBES.reached:
        notes = PROBES.notes()
        output[VARIABLE] = {path: [*map(tuple, notes[path])] for path in notes}


collected: dict[str, set[Note]] = {}
"""What the processes of xdist have reached, in the process that has started them."""


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    reached: dict[str, list[Any]] = getattr(node, "workeroutput", {}).get(VARIABLE, {})
    for path, notes in reached.items():
        collected.setdefault(path, set()).update(Note(*note) for note in notes)


def store(reached: Mapping[str, Iterable[Note]]) -> None:
    """Write a file for ``coverage combine``, with the modules that were not reached."""
    coverage = Coverage()
    arcs: dict[str, set[tuple[int, int]]] = {}
    for path, notes in reached.items():
        ends: dict[int, set[int]] = defaultdict(set)
        for start, end in PythonFileReporter(path, coverage).arcs():
            ends[start].add(end)
        arcs[path] = {arc for note in notes for arc in note.arcs(ends)}
    data = CoverageData(suffix="probes")
    data.add_arcs(arcs)
    package = Path(str(import_module(PACKAGE).__file__)).parent
    data.touch_files([str(path) for path in package.rglob("*.py")])
    data.write()
