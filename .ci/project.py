"""What `make` runs: set-up in folders below build/, then one stage after another.

It needs nothing but the standard library: it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"

# What the tests start, and the packages of Debian that bring it.
# Without fonts, text has no width and every measurement of a page is wrong.
Packages = dict[str, tuple[str, ...]]

BROWSER: Packages = {
    "chromium": ("chromium", "fonts-liberation"),
    "chromedriver": ("chromium-driver",),
}
SERVERS: Packages = {
    "redis-server": ("redis-server",),
    "memcached": ("memcached",),
    "initdb": ("postgresql",),
    "mariadbd": ("mariadb-server-core",),
}
VALGRIND: Packages = {"valgrind": ("valgrind",)}
# Debian keeps PostgreSQL's own commands off the path, and MariaDB's off most users'.
POSTGRESQL = Path("/usr/lib/postgresql")
PLACES = os.pathsep.join(
    [os.environ["PATH"], "/usr/sbin", *map(str, POSTGRESQL.glob("*/bin"))]
)

# The tests that try more when they are given more time.
FUZZED = (
    "tests/web/test_hostile.py",
    "tests/core/test_properties.py",
)

# A venv of ours must not see another one's packages.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
}


# What the targets are made of


def fail(message: str) -> NoReturn:
    sys.exit(f"==> FAILED: {message}")


@contextmanager
def stage(name: str, does: str) -> Iterator[None]:
    """Announce a stage, and say how long it took."""
    print(f"==> {name}: {does}", flush=True)
    started = time.monotonic()
    yield
    print(f"==> {name}: done in {time.monotonic() - started:.1f} s", flush=True)


def call(*command: str | Path) -> None:
    """Run a command in the project's folder; the first that fails ends everything."""
    words = [str(word) for word in command]
    code = subprocess.run(words, cwd=ROOT, env=ENVIRONMENT, check=False).returncode
    if code:
        fail(f"{shlex.join(words)} ended with {code}; the cause is above.")


def read(*command: str | Path) -> str:
    """Return what a command prints, run in the same way."""
    return subprocess.check_output(
        command, cwd=ROOT, env=ENVIRONMENT, text=True
    ).strip()


def install_system_packages(missing: str, packages: tuple[str, ...]) -> None:
    """Install them as root; anybody else is told how."""
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        fail(
            f"{missing} not found. On Debian run, as root:\n"
            f"    apt-get update && {shlex.join(install)}\n"
            "Elsewhere, install the same by hand. Then run make again."
        )
    with stage("system", f"{missing} not found: apt-get install {' '.join(packages)}"):
        ENVIRONMENT["DEBIAN_FRONTEND"] = "noninteractive"
        call("apt-get", "update", "--quiet")
        call(*install, "--quiet")


def require(commands: Packages) -> None:
    missing = [c for c in commands if not shutil.which(c, path=PLACES)]
    if missing:
        packages = tuple(package for c in missing for package in commands[c])
        install_system_packages(", ".join(missing), packages)


def venv(name: str, *install: str | Path) -> Path:
    """Return the bin folder of build/<name>, with `pip install <install>` done in it.

    It is kept until pyproject.toml, the arguments or the Python change.
    """
    folder = BUILD / name
    bin_folder = folder / "bin"
    made_from = folder / "made-from"
    pyproject = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    key = f"{folder} {install} {sys.version} {pyproject}"
    if made_from.is_file() and made_from.read_text() == key:
        return bin_folder
    if not importlib.util.find_spec("ensurepip"):  # Debian keeps it in a package
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        install_system_packages("Python's venv module", (f"python{version}-venv",))
    with stage("environment", f"make {folder}, kept until pyproject.toml changes"):
        call(sys.executable, "-m", "venv", "--clear", folder)
        # 25.1 is the first pip that knows dependency groups.
        call(bin_folder / "pip", "install", "-qq", "--upgrade", "pip>=25.1")
        call(bin_folder / "pip", "install", "-qq", *install)
    made_from.write_text(key)
    return bin_folder


def required(*groups: str) -> list[str]:
    """Read from pyproject.toml what the package needs, and these groups besides."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[str] = list(declared["project"]["dependencies"])
    for group in groups:
        for entry in declared["dependency-groups"][group]:
            found += [entry] if isinstance(entry, str) else required(*entry.values())
    return found


def lowest_versions(requirements: Iterable[str]) -> str:
    """Write them as constraints, which may not name extras."""
    lines = {re.sub(r"\[.*?\]", "", line) for line in requirements}
    return "\n".join(sorted(lines)).replace(">=", "==")


def development() -> Path:
    return venv("test", *required(), "--group", "dev")


def install_wheel(bin_folder: Path) -> None:
    """Build the distribution, install it, and see that it is what gets imported."""
    dist = BUILD / "dist"
    python, pip = bin_folder / "python", bin_folder / "pip"
    with stage("package", "build an sdist, from it a wheel, and install the wheel"):
        shutil.rmtree(dist, ignore_errors=True)
        call(python, "-m", "build", "--no-isolation", "--outdir", dist, ROOT)
        (wheel,) = dist.glob("*.whl")
        call(pip, "uninstall", "-qq", "--yes", "flask-wizard-forms")
        call(pip, "install", "-qq", wheel)
        where = read(python, "-P", "-c", "import flask_wizard as f; print(f.__file__)")
    if "site-packages" not in Path(where).parts:
        fail(f"the tests would import {where}, not the wheel.")


def pytest(bin_folder: Path, name: str, *arguments: str) -> int:
    """Run tests with coverage measured; return how many passed.

    Not `python -m pytest`: that puts the checkout before the installed package.
    """
    report = BUILD / f"{name}.xml"
    run = (bin_folder / "coverage", "run", bin_folder / "pytest")
    call(*run, *arguments, f"--junit-xml={report}")
    counts = ElementTree.parse(report).getroot()[0].attrib
    return int(counts["tests"]) - int(counts["skipped"])


def check_lint(bin_folder: Path) -> None:
    with stage("lint", "ruff check, ruff format --check, lint-imports"):
        call(bin_folder / "lint-imports", "--no-logo")
        call(bin_folder / "ruff", "check")
        call(bin_folder / "ruff", "format", "--check")


def check_types(bin_folder: Path) -> None:
    with stage("types", "mypy over the package, the tests and the example"):
        call(bin_folder / "mypy")


def run_unit_tests(bin_folder: Path) -> int:
    with stage("unit", "tests without a browser, on the installed wheel"):
        return pytest(bin_folder, "unit", "tests", "--ignore=tests/browser")


def run_browser_tests(bin_folder: Path) -> int:
    with stage("browser", "tests in Chromium, on the installed wheel"):
        return pytest(bin_folder, "browser", "tests/browser")


def check_coverage(bin_folder: Path) -> str:
    with stage("coverage", "lines and branches that no test of this run has visited"):
        call(bin_folder / "coverage", "combine", "--quiet")
        call(bin_folder / "coverage", "report")
        return read(bin_folder / "coverage", "report", "--format=total")


# The targets. The first line of each is what `make help` says of it.


def help() -> None:
    """Say what there is to make."""
    for name, target in TARGETS.items():
        print(f"make {name:8} {(target.__doc__ or '').splitlines()[0]}")


def run() -> None:
    """Start the example application, a shop."""
    python = venv("run", "--group", "example", "--editable", ROOT) / "python"
    os.chdir(ROOT)
    os.execve(python, [str(python), "-m", "example_app"], ENVIRONMENT)


def test() -> None:
    """Check everything: lint, types, all tests on the built wheel, coverage."""
    started = time.monotonic()
    require(SERVERS | BROWSER)
    bin_folder = development()
    check_lint(bin_folder)
    check_types(bin_folder)
    install_wheel(bin_folder)
    call(bin_folder / "coverage", "erase")
    passed = run_unit_tests(bin_folder) + run_browser_tests(bin_folder)
    covered = check_coverage(bin_folder)
    seconds = time.monotonic() - started
    print(f"==> test: {passed} passed in {seconds:.0f} s, {covered} % covered")


def lint() -> None:
    """Check rules, formatting and the directions of imports."""
    check_lint(development())


def types() -> None:
    """Check types with mypy."""
    check_types(development())


def unit() -> None:
    """Run the tests that need no browser."""
    require(SERVERS)
    bin_folder = development()
    install_wheel(bin_folder)
    run_unit_tests(bin_folder)


def browser() -> None:
    """Run the tests in Chromium."""
    require(BROWSER)
    bin_folder = development()
    install_wheel(bin_folder)
    run_browser_tests(bin_folder)


def lowest() -> None:
    """Run the tests that need no browser on the lowest versions allowed."""
    require(SERVERS)
    BUILD.mkdir(exist_ok=True)
    constraints = BUILD / "lowest.txt"
    constraints.write_text(lowest_versions(required("test")))
    options = ("--constraint", constraints, "--group", "test")
    bin_folder = venv("lowest", *required(), *options)
    install_wheel(bin_folder)
    run_unit_tests(bin_folder)


def bench() -> None:
    """Measure what requests cost, next to views by hand and to django-formtools."""
    require(VALGRIND)
    call(venv("bench", *required("bench")) / "python", "-m", "benchmarks")


def fuzz() -> None:
    """Send hostile requests and draw odd wizards at random, for half an hour or more.

    WIZARD_EXAMPLES is how many times as many examples as in `make test`: 50, unless the
    environment has another number. Every run tries others; what fails says how to
    repeat it.
    """
    bin_folder = development()
    install_wheel(bin_folder)
    ENVIRONMENT.setdefault("WIZARD_EXAMPLES", "50")
    ENVIRONMENT.pop("CI", None)  # there, examples are the same each time
    times = ENVIRONMENT["WIZARD_EXAMPLES"]
    with stage("fuzz", f"random tests, {times} times as many as otherwise"):
        # Each runs for minutes, which must not be taken for a test that hangs.
        patience = ("-o", "faulthandler_timeout=0")
        call(bin_folder / "pytest", "--verbose", "--durations=10", *patience, *FUZZED)


def drill() -> None:
    """Kill and fill everything while visitors shop, and count what was lost."""
    require(SERVERS)
    bin_folder = development()
    install_wheel(bin_folder)
    with stage("drill", "a shop whose workers, store, network and disk fail"):
        call(bin_folder / "python", "benchmarks/drill")


def mutate() -> None:
    """Change the code in one place at a time, and count what no test notices.

    MODULES are those to change, joined by commas: all that it knows, if it is not set.
    """
    modules = ENVIRONMENT.get("MODULES", "").replace(",", " ").split()
    call(development() / "python", ".ci/mutants", *modules)


def clean() -> None:
    """Remove what make has made."""
    shutil.rmtree(BUILD, ignore_errors=True)
    for data in ROOT.glob(".coverage*"):
        data.unlink()


CHECKS = (test, lint, types, unit, browser, lowest, bench, fuzz, drill, mutate)
TARGETS = {target.__name__: target for target in (help, run, *CHECKS, clean)}

if __name__ == "__main__":
    TARGETS[sys.argv[1]]()
