"""Mutation testing: change the code in one place at a time, and see a test fail.

Each mutant is judged in a process of its own by the tests that call the function it is
in, forked when everything is imported and all tests are collected. A change outside of
functions, or in one that runs while tests are collected, is judged by all tests of its
module, in a process that imports and collects everything anew.
"""

from __future__ import annotations

import gc
import json
import marshal
import multiprocessing.process
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from operators import Mutant, mutants_of
from stand_in import stand_in

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

EMBEDDED = ("stores/embedded", "stores/registry")
# Each module, and the tests that are to notice: first those that know it best.
MODULES: dict[str, tuple[str, ...]] = {
    "core.draft": ("core/draft_format", "core/draft_holders", "core/draft"),
    "core.steps": ("core/declared_steps", "core/walk", "core/steps", "core/repeats"),
    "core.form_steps": ("core/form_steps", "core/bound_step"),
    "core.bound_form": ("core/bound_step", "core/journey"),
    "core.hooks": ("core/hooks",),
    "core.forms": (
        *("core/form_values", "core/forms"),
        *("core/bound_step", "core/rows", "core/only_if"),
    ),
    "core.form_data": ("core/form_data", "core/forms"),
    "core.fields": ("core/fields", "core/rows", "core/forms"),
    "core.rows": ("core/rows", "core/foreign_fields", "core/repeats"),
    "core.answers": ("core/answers", "core/bound_step", "core/repeats"),
    "core.journey": ("core/walk", "core/journey", "core/steps", "core/changes"),
    "core.items": ("core/repeats",),
    "core.repeats": ("core/repeats",),
    "core.only_if": ("core/only_if", "core/forms"),
    "core.info": ("core/info",),
    "core.changes": ("core/changes",),
    "core.untouched": ("core/untouched",),
    "core.form_errors": ("core/form_errors", "core/forms"),
    "core.submission": ("core/submission",),
    "drafts.commit": ("drafts/attempts", "drafts/commit"),
    "drafts.holders": ("drafts/holders",),
    "drafts.adoption": ("drafts/adoption",),
    "drafts.lease": ("drafts/lease_beats",),
    "drafts.keyring": ("drafts/keyring",),
    "drafts.visitor_drafts": ("drafts/visitor_drafts", "drafts/attempts"),
    "stores": ("stores/shared_parts",),
    "stores.encoding": ("stores/shared_parts",),
    "stores.sqlite": EMBEDDED,
    "stores.files": EMBEDDED,
    "stores.memory": EMBEDDED,
    "web.actions": ("web/leads", "web/actions"),
    "web.logins": ("web/logins",),
    "web.groups": ("web/groups",),
    "web.item_pages": ("web/item_pages",),
    "web.guard": ("web/guard",),
}
# No mutant is of these: they are imported once, and not again in each process.
STAY = (
    "cachelib",
    "cryptography.hazmat.primitives.ciphers.aead",
    "flask_wtf",
    "hypothesis",
    "justhtml",
    "msgspec",
)
OPTIONS = ("-x", "-q", "--tb=no", "-pno:cacheprovider")
# Some plugins are imported before pytest could rewrite their assertions.
QUIET = ("-W", "ignore::pytest.PytestAssertRewriteWarning")

ENOUGH = 90  # per cent of each module's mutants
# How many mutants are judged at the same time: JOBS, or as many as there are cores.
JOBS = int(os.environ.get("JOBS") or os.cpu_count() or 1)
QUICK = 0.3  # seconds
PATIENCE = 10.0  # seconds, beside five times what a test takes without a mutant

UNNOTICED = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
SURVIVED, KILLED, TIMEOUT = "survived", "killed", "timeout"

console = os.fdopen(os.dup(1), "w", buffering=1)


def main(names: Sequence[str]) -> int:
    for name in STAY:
        import_module(name)
    stand_in()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    sys.dont_write_bytecode = True
    # Every Python that a test starts finds sitecustomize.py here.
    os.environ.update(PYTHONPATH=str(HERE), PYTHONDONTWRITEBYTECODE="1")
    modules = [Module(*name.split(":")) for name in names]
    calls = Calls.recorded(modules)
    table = [f"{'':15}{'mutants':>9}{'killed':>9}{'timeout':>9}{'survived':>9}{'%':>7}"]
    weak = []
    for module in modules:
        row = Row(module, module.judge(calls))
        table.append(str(row))
        if row.percent < ENOUGH:
            weak.append(module.name)
    print(*table, sep="\n", file=console)
    if weak:
        print(f"Below {ENOUGH} %: {', '.join(weak)}", file=console)
    return 1 if weak else 0


class Row:
    """A line of the table; a timeout counts as killed."""

    def __init__(self, module: Module, verdicts: dict[int, str]) -> None:
        self._name = module.name.removeprefix("flask_wizard.")
        found = list(verdicts.values())
        counts = (found.count(KILLED), found.count(TIMEOUT), found.count(SURVIVED))
        self._counts = (len(found), *counts)
        self.percent = 100 * (1 - found.count(SURVIVED) / len(found))

    def __str__(self) -> str:
        counts = "".join(f"{count:>9}" for count in self._counts)
        return f"{self._name:15}{counts}{self.percent:>7.1f}"


class Calls:
    """Which tests call which functions, and how many seconds each takes.

    A function is the line of its file where it begins. The test without a name is
    whatever runs outside of tests.
    """

    def __init__(
        self,
        tests: dict[str, list[str]],
        seconds: dict[str, float],
        starting: list[str],
    ) -> None:
        self.seconds = seconds
        self._tests = tests
        self._starting = starting

    @classmethod
    def recorded(cls, modules: Sequence[Module]) -> Calls:
        """Run the tests of all modules once, without a mutant."""
        tests = list(dict.fromkeys(test for module in modules for test in module.tests))
        print(f"run {len(tests)} files of tests without a mutant", file=console)

        def run() -> dict[str, Any]:
            recorder = Recorder({str(module.path) for module in modules})
            return {"code": run_tests(tests, recorder)} | recorder.found()

        found = in_fork(run)
        if found.pop("code"):
            sys.exit("The tests fail without a mutant: run make unit first.")
        return cls(**found)

    def of(self, module: Module, mutant: Mutant) -> set[str]:
        """The tests to run; none if the function runs outside of tests as well."""
        found = set(self._tests.get(f"{module.path}:{mutant.function}", ()))
        # A process that a test starts may call anything.
        return set() if not found or "" in found else found.union(self._starting)


class Recorder:
    """See which functions each test calls.

    Each test runs in a process of its own: what one test has cached, another would not
    call, although it may notice that the cached result is wrong.
    """

    _starts = (subprocess.__file__, multiprocessing.process.__file__)

    def __init__(self, paths: set[str]) -> None:
        self._paths = paths
        self._test = ""
        self._tests: dict[str, set[str]] = defaultdict(set)
        self._seconds: dict[str, float] = {}
        self._starting: set[str] = set()
        self._see_calls()

    def _see_calls(self) -> None:
        threading.setprofile(self._see)
        sys.setprofile(self._see)

    def _see(self, frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if event != "call":
            return
        if code.co_filename in self._paths:
            self._tests[f"{code.co_filename}:{code.co_firstlineno}"].add(self._test)
        elif code.co_filename in self._starts:
            self._starting.add(self._test)

    def pytest_collection_finish(self) -> None:
        gc.freeze()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool:
        def run() -> dict[str, Any]:
            self._tests, self._test = defaultdict(set), item.nodeid
            self._see_calls()
            started = time.monotonic()
            reports = runtestprotocol(item, log=False, nextitem=None)
            seconds = time.monotonic() - started
            sys.setprofile(None)
            return {
                "called": [*self._tests],
                "starts": item.nodeid in self._starting,
                "seconds": seconds,
                "passed": not any(report.failed for report in reports),
            }

        found = in_fork(run)
        if not found.get("passed"):
            print(f"{item.nodeid} fails without a mutant", file=console)
            item.session.shouldfail = item.nodeid
            return True
        for function in found["called"]:
            self._tests[function].add(item.nodeid)
        if found["starts"]:
            self._starting.add(item.nodeid)
        self._seconds[item.nodeid] = found["seconds"]
        return True

    def found(self) -> dict[str, object]:
        sys.setprofile(None)
        return {
            "tests": {function: [*tests] for function, tests in self._tests.items()},
            "seconds": self._seconds,
            "starting": [*self._starting],
        }


class Module:
    """A module under test, its mutants and its tests.

    ``lines``, such as ``88-130+148``, leaves only the mutants of these lines.
    """

    def __init__(self, name: str, lines: str = "") -> None:
        self.name = f"flask_wizard.{name}"
        path = ROOT / "flask_wizard" / Path(*name.split("."))
        self.path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        self.mutants = mutants_of(self.path)
        if lines:
            spans = (span.partition("-") for span in lines.split("+"))
            ends = [(int(first), int(last or first)) for first, _, last in spans]
            self.mutants = [
                mutant
                for mutant in self.mutants
                if any(first <= mutant.line <= last for first, last in ends)
            ]
        paths = (Path("tests", test) for test in MODULES[name])
        self.tests = [str(p.with_name(f"test_{p.name}.py")) for p in paths]

    def judge(self, calls: Calls) -> dict[int, str]:
        """Give the verdict on each mutant, by its number."""
        print(f"{self.name}: {len(self.mutants)} mutants", file=console)
        limit = Limit(calls.seconds)

        def swap() -> dict[int, str]:
            swapper = Swapper(self, calls)
            code = run_tests(self.tests, swapper, limit)
            if swapper.is_child:
                os._exit(code)
            return swapper.verdicts

        verdicts = {int(number): found for number, found in in_fork(swap).items()}
        remaining = [n for n in range(len(self.mutants)) if n not in verdicts]
        if spread(remaining, self, verdicts) is not None:
            os._exit(run_tests(self.tests, limit))
        return verdicts


class Limit:
    """Run quick tests first, and end a process in which one takes too long.

    Among the quick ones those come first that know the module best.
    """

    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        def rank(item: pytest.Item) -> float:
            seconds = self._seconds.get(item.nodeid, 0)
            return seconds if seconds > QUICK else 0

        items.sort(key=rank)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        limit = PATIENCE + 5 * self._seconds.get(item.nodeid, 0)
        signal.setitimer(signal.ITIMER_REAL, limit)
        yield
        signal.setitimer(signal.ITIMER_REAL, 0)


class Swapper:
    """When the tests are collected, run them once for each mutant instead."""

    def __init__(self, module: Module, calls: Calls) -> None:
        self.verdicts: dict[int, str] = {}
        self.is_child = False
        self._module = module
        self._calls = calls

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        functions = functions_of(str(self._module.path))
        swaps = {
            number: swap
            for number, mutant in enumerate(self._module.mutants)
            if self._calls.of(self._module, mutant)
            if (swap := swap_of(mutant, functions[mutant.function]))
        }
        number = spread(list(swaps), self._module, self.verdicts)
        if number is None:
            return True
        self.is_child = True
        for function, code in swaps[number]:
            function.__code__ = code
        chosen = self._calls.of(self._module, self._module.mutants[number])
        session.items = [item for item in session.items if item.nodeid in chosen]
        return None  # now pytest runs what is left


def functions_of(path: str) -> dict[int, list[FunctionType]]:
    """The functions of a module, by the line where each begins."""
    found: dict[int, list[FunctionType]] = defaultdict(list)
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename == path:
            found[thing.__code__.co_firstlineno].append(thing)
    return found


def swap_of(
    mutant: Mutant, functions: list[FunctionType]
) -> list[tuple[FunctionType, CodeType]]:
    """The functions to change, and their new code; none if it does not fit."""
    code = next(
        code
        for code in codes_in(mutant.code)
        if code.co_firstlineno == mutant.function and not code.co_name.startswith("<")
    )
    if any(f.__code__.co_freevars != code.co_freevars for f in functions):
        return []
    return [(function, code) for function in functions]


def codes_in(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from codes_in(constant)


def spread(numbers: list[int], module: Module, verdicts: dict[int, str]) -> int | None:
    """Fork for each mutant, and return its number there.

    Here, return None when ``verdicts`` has a verdict on each.
    """
    gc.freeze()  # or each process would soon have a copy of everything
    waiting, running = numbers[::-1], dict[int, tuple[int, str]]()
    while waiting or running:
        while waiting and len(running) < JOBS:
            number, folder = waiting.pop(), tempfile.mkdtemp(prefix="mutant-")
            process = os.fork()
            if not process:
                become(module, module.mutants[number], folder)
                return number
            running[process] = number, folder
        process, status = os.wait()
        number, folder = running.pop(process)
        with suppress(ProcessLookupError):  # end what its tests have left running
            os.killpg(process, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)
        verdicts[number] = verdict_of(status)
        if len(verdicts) % 50 == 0:
            print(f"{module.name}: {len(verdicts)} judged", file=console)
        if verdicts[number] == SURVIVED:
            mutant = module.mutants[number]
            print(f"{module.name}:{mutant.line}: {mutant.change}", file=console)
    return None


def become(module: Module, mutant: Mutant, folder: str) -> None:
    """Be this mutant in whatever is imported, or started, from here on."""
    os.setpgid(0, 0)
    path = Path(folder, "code")
    path.write_bytes(marshal.dumps(mutant.code))
    os.environ.update(MUTANT=f"{module.name}={path}", PYTEST_DEBUG_TEMPROOT=folder)


def verdict_of(status: int) -> str:
    if os.WIFSIGNALED(status):
        return TIMEOUT if os.WTERMSIG(status) == signal.SIGALRM else KILLED
    return SURVIVED if os.WEXITSTATUS(status) in UNNOTICED else KILLED


def in_fork(work: Callable[[], dict[Any, Any]]) -> dict[str, Any]:
    """Work in a process of its own, so that nothing stays imported here."""
    reader, writer = os.pipe()
    process = os.fork()
    if not process:
        os.close(reader)
        with open(writer, "w") as file:
            json.dump(work(), file)
        os._exit(0)
    os.close(writer)
    with open(reader) as file:
        text = file.read()
    _, status = os.waitpid(process, 0)
    if not text:  # a mutant may take down the process that it was forked from
        print(f"a process ended with status {status}, its work is lost", file=console)
    found: dict[str, Any] = json.loads(text or "{}")
    return found


def run_tests(tests: list[str], *plugins: object) -> int:
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return int(pytest.main([*OPTIONS, *QUIET, *tests], plugins=plugins))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(MODULES)))
