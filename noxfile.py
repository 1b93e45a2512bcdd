"""What `make` runs: each target is a session, and most share one environment."""

from __future__ import annotations

import filecmp
import os
import re
import shlex
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent
BUILD = ROOT / "build"
DEV = BUILD / "environments" / "dev" / "bin" / "python"
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")

nox.needs_version = ">=2026.10.20"
nox.options.envdir = str(BUILD / "environments")
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.error_on_external_run = True

# The commands that the tests start, and the packages of Debian that have them.
# Without fonts, a text has no width and every measurement of a page is wrong.
Packages = dict[str, tuple[str, ...]]

BROWSER: Packages = {
    "chromium": ("chromium", "fonts-liberation"),
    "chromedriver": ("chromium-driver",),
    # For libraries beside which the script is tested, a checker of HTML, and pyright.
    "npm": ("npm",),
    "java": ("default-jre-headless",),  # for that checker
}
if shutil.which("apt-get"):  # Chromium without windows, which Debian has apart
    BROWSER["chromium-headless-shell"] = ("chromium-headless-shell",)
SERVERS: Packages = {
    "redis-server": ("redis-server",),
    "memcached": ("memcached",),
    "initdb": ("postgresql",),
    "mariadbd": ("mariadb-server-core",),
    "strace": ("strace",),
    "nginx": ("nginx-light",),
}
VALGRIND: Packages = {"valgrind": ("valgrind",)}
# Debian keeps PostgreSQL's own commands off the path, and MariaDB's off most users'.
PLACES = os.pathsep.join(
    [
        os.environ["PATH"],
        "/usr/sbin",
        *map(str, Path("/usr/lib/postgresql").glob("*/bin")),
    ]
)

# Two processes more than there are cores, as many tests wait. Which process runs which
# tests is in tests/support/scheduling.py.
PROCESSES = min(len(os.sched_getaffinity(0)) + 2, 8)
IN_PARALLEL = (f"--numprocesses={PROCESSES}",)

# Coverage is measured, and its bar held, where CI is set: CI=true make test.
MEASURED = os.environ.get("CI") == "true"

# The tests that try more if they are given more time. The one in a browser is the last:
# it leaves an event loop running.
RANDOM = (
    "tests/web/test_hostile.py",
    "tests/web/test_generated_forms.py",
    "tests/core/test_properties.py",
    "tests/journeys/test_forecasts.py",
    "tests/journeys/test_version_pairs.py",
    "tests/browser/test_browser_forms.py",
)
KILLING = (
    "tests/drafts/test_concurrency.py",
    "tests/drafts/test_one_transaction.py",
)


# The environments


def require(session: nox.Session, commands: Packages) -> None:
    """Install the packages of missing commands as root; tell anybody else how to."""
    missing = [name for name in commands if not shutil.which(name, path=PLACES)]
    if not missing:
        return
    packages = [package for name in missing for package in commands[name]]
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        session.error(
            f"{', '.join(missing)} not found. On Debian run, as root:\n"
            f"    apt-get update && {shlex.join(install)}\n"
            "Elsewhere, install the same by hand. Then run make again"  # nox ends it
        )
    session.run("apt-get", "update", "--quiet", external=True)
    quietly = {"DEBIAN_FRONTEND": "noninteractive"}
    session.run(*install, "--quiet", external=True, env=quietly)


def requirements(*groups: str) -> tuple[str, ...]:
    """Read from pyproject.toml what the package needs, and these groups besides."""
    needed: list[str] = PYPROJECT["project"]["dependencies"]
    return (*needed, *nox.project.dependency_groups(PYPROJECT, *groups))


def install_once(session: nox.Session, *packages: str) -> None:
    """Install packages; once, as make removes all if pyproject.toml changes."""
    done = Path(session.virtualenv.location) / "installed"
    if not done.exists():
        # To compile them all takes as long as to install them; few are imported.
        session.install("--no-compile", *packages)
        done.touch()


def install_wheel(session: nox.Session, python: Path) -> None:
    """Build an sdist, from it a wheel, and see that the wheel is what gets imported."""
    dist = BUILD / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    session.run(
        *(python, "-m", "build", "--no-isolation", "--outdir", dist, ROOT), silent=True
    )
    (wheel,) = dist.glob("*.whl")
    pip = (python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    session.run(*pip, "--no-deps", "--force-reinstall", wheel)
    where = session.run(
        *(python, "-P", "-c", "import flask_wizard; print(flask_wizard.__file__)"),
        silent=True,
    )
    if "site-packages" not in Path(str(where)).parts:
        session.error(f"The tests would import {where}, not the wheel.")


def install_libraries(session: nox.Session) -> None:
    """Install what comes from npm by its hash: for pages in tests, and pyright."""
    wanted = ROOT / "tests" / "browser" / "libraries"
    folder = BUILD / "libraries"
    name = "package-lock.json"
    is_done = (folder / "node_modules" / f".{name}").exists()  # npm writes it last
    if is_done and filecmp.cmp(wanted / name, folder / name, shallow=False):
        return
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(wanted, folder)
    quietly = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    session.run("npm", "ci", "--prefix", folder, *quietly, external=True)


def check_package(session: nox.Session, python: Path) -> None:
    """Check the built wheel and sdist as an index does, and the installed types."""
    dist = sorted((BUILD / "dist").iterdir())
    session.run(*(python, "-m", "twine", "check", "--strict"), *dist, silent=True)
    pyright = BUILD / "libraries" / "node_modules" / "pyright" / "index.js"
    session.run(
        *("node", pyright, "--verifytypes", "flask_wizard", "--ignoreexternal"),
        external=True,
        silent=True,  # 140 lines about what is complete; nox shows them if it is not
        env={"PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"},
    )


def build_docs(session: nox.Session, *, silent: bool = False) -> None:
    """Build the site of the documents; silent, unless a warning ends it."""
    session.run(
        *(DEV, "-m", "sphinx", "--fail-on-warning", "--fresh-env"),
        # Sphinx repeats no warning of a page that it has read before: hence fresh.
        *("--conf-dir", "docs", "--doctree-dir", BUILD / "doctrees", "."),
        BUILD / "site",
        env={"PYTHONPATH": str(ROOT)},
        silent=silent,
    )


def check_beside(session: nox.Session) -> None:
    """Check, while tests run, what needs only one core and the wheel."""
    build_docs(session, silent=True)
    if MEASURED:
        check_package(session, DEV)


def run_tests(session: nox.Session, python: Path, *arguments: str) -> None:
    """Run tests on the installed wheel; under CI, measure coverage as well."""
    # -P: otherwise the checkout would come before the installed package.
    module: tuple[str | Path, ...] = (python, "-P", "-m")
    if MEASURED:
        session.run(*module, "coverage", "erase")
    # Which tests/support/coverage_probes.py reads.
    probes = {"COVERAGE_PROBES": "true" if MEASURED else None}
    session.run(*module, "pytest", *IN_PARALLEL, *arguments, env=probes)
    if MEASURED:
        session.run(*module, "coverage", "combine", "--quiet")


@nox.session
def dev(session: nox.Session) -> None:
    """Make the environment of the sessions that have none of their own."""
    install_once(session, *requirements("dev"))


# The targets


@nox.session
def run(session: nox.Session) -> None:
    """Make the environment of the example application."""
    install_once(session, *requirements("example"), "--editable", str(ROOT))


@nox.session(venv_backend="none", requires=["dev"])
def test(session: nox.Session) -> None:
    """Check everything: lint, documents, types, tests on the wheel; coverage in CI."""
    require(session, SERVERS | BROWSER)
    lint(session)
    with ThreadPoolExecutor(1) as beside:
        said = beside.submit(session.run, DEV, "-m", "mypy", silent=True)
        install_libraries(session)
        install_wheel(session, DEV)
        checked = beside.submit(check_beside, session)
        # Collect once, so that one process compiles what all of them import.
        session.run(DEV, "-P", "-m", "pytest", "--collect-only", "-qq", silent=True)
        run_tests(session, DEV)
        if MEASURED:
            session.run(DEV, "-m", "coverage", "report")
        session.log(said.result())
        checked.result()


@nox.session(venv_backend="none", requires=["dev"])
def lint(session: nox.Session) -> None:
    """Check rules, formatting and the directions of imports."""
    session.run(DEV, "-m", "ruff", "check")
    session.run(DEV, "-m", "ruff", "format", "--check")
    session.run(DEV.with_name("lint-imports"), "--no-logo")


@nox.session(venv_backend="none", requires=["dev"])
def types(session: nox.Session) -> None:
    """Check types with mypy."""
    session.run(DEV, "-m", "mypy")


@nox.session(venv_backend="none", requires=["dev"])
def package(session: nox.Session) -> None:
    """Build the wheel and the sdist, and check them and the types of what is public."""
    require(session, {"npm": BROWSER["npm"]})
    install_libraries(session)
    install_wheel(session, DEV)
    check_package(session, DEV)


@nox.session
def audit(session: nox.Session) -> None:
    """Ask the package index for known vulnerabilities of all that may be needed.

    An index that does not know a package cannot tell, and is an error as well.
    """
    install_once(session, "pip-audit>=2.9")
    extras = PYPROJECT["project"]["optional-dependencies"].values()
    needed = {line for lines in extras for line in lines} | {*requirements("example")}
    wanted = BUILD / "audited.txt"
    wanted.write_text("\n".join(sorted(n for n in needed if "flask-wizard" not in n)))
    session.run("pip-audit", "--strict", "--progress-spinner=off", "-r", wanted)


@nox.session(venv_backend="none", requires=["dev"])
def unit(session: nox.Session) -> None:
    """Run the tests that need no browser."""
    require(session, SERVERS)
    install_wheel(session, DEV)
    run_tests(session, DEV, "--ignore=tests/browser")


@nox.session(venv_backend="none", requires=["dev"])
def browser(session: nox.Session) -> None:
    """Run the tests in Chromium."""
    require(session, BROWSER)
    install_libraries(session)
    install_wheel(session, DEV)
    run_tests(session, DEV, "tests/browser")


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the tests that need no browser on the lowest versions allowed."""
    require(session, SERVERS)
    needed = requirements("test")
    constraints = BUILD / "lowest.txt"  # which may not name extras
    lines = sorted({re.sub(r"\[.*?\]", "", line) for line in needed})
    constraints.write_text("\n".join(lines).replace(">=", "=="))
    install_once(session, *needed, "--constraint", str(constraints))
    python = Path(session.bin) / "python"
    install_wheel(session, python)
    run_tests(session, python, "--ignore=tests/browser")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure what requests cost, next to views by hand and to django-formtools."""
    require(session, VALGRIND)
    install_once(session, *requirements("bench"))
    session.run("python", "-m", "benchmarks")


@nox.session
def load(session: nox.Session) -> None:
    """Send POSTs for minutes, weigh drafts on servers, and lose a node of a cluster."""
    require(session, SERVERS)
    install_once(session, *requirements("bench", "test"))
    session.run("python", "-m", "benchmarks.load", *session.posargs)


@nox.session(venv_backend="none", requires=["dev"])
def fuzz(session: nox.Session) -> None:
    """Send hostile requests, draw odd wizards and forms at random, for half an hour.

    WIZARD_EXAMPLES is how many times as many examples as in `make test`: 150, unless
    the environment has another number. Every run tries others; what fails says how to
    repeat it.
    """
    require(session, BROWSER)
    install_wheel(session, DEV)
    times = os.environ.get("WIZARD_EXAMPLES", "150")
    session.run(
        *(DEV, "-P", "-m", "pytest", "--verbose", "--durations=10"),
        # Each runs for minutes, which must not be taken for a test that hangs.
        *("-o", "faulthandler_timeout=0"),
        *RANDOM,
        # Where CI is set, examples are the same each time.
        env={"WIZARD_EXAMPLES": times, "CI": None},
    )


@nox.session(venv_backend="none", requires=["dev"])
def drill(session: nox.Session) -> None:
    """Kill and fill everything while visitors shop, and count what was lost."""
    require(session, SERVERS)
    install_wheel(session, DEV)
    often = {"WIZARD_EXAMPLES": os.environ.get("WIZARD_EXAMPLES", "10")}
    session.run(DEV, "-P", "-m", "pytest", "--verbose", *KILLING, env=often)
    session.run(DEV, "-P", "benchmarks/drill")


@nox.session(venv_backend="none", requires=["dev"])
def interruptions(session: nox.Session) -> None:
    """Interrupt visitors as they type a checkout, and count what they type again."""
    require(session, BROWSER)
    install_wheel(session, DEV)
    session.run(DEV, "-P", "benchmarks/interruptions", *session.posargs)


@nox.session(venv_backend="none", requires=["dev"])
def mutate(session: nox.Session) -> None:
    """Change the code in one place at a time, and count what no test notices.

    MODULES are those to change, joined by commas: all that it knows, if it is not set.
    JOBS is how many mutants are judged at the same time: as many as there are cores.
    """
    modules = os.environ.get("MODULES", "").replace(",", " ").split()
    session.run(DEV, ".ci/mutants", *modules)


@nox.session(venv_backend="none", requires=["dev"])
def docs(session: nox.Session) -> None:
    """Build the site of the documents into build/site. A warning is an error."""
    build_docs(session)


@nox.session(venv_backend="none", requires=["dev"])
def messages(session: nox.Session) -> None:
    """Put every text into the catalogues of the languages, and compile them."""
    session.run(DEV, ".ci/messages.py")


@nox.session(venv_backend="none", requires=["dev"])
def pictures(session: nox.Session) -> None:
    """Take the pictures of the documents again, from the gallery of the example."""
    require(session, BROWSER)
    install_libraries(session)
    session.run(DEV, ".ci/pictures", env={"PYTHONPATH": str(ROOT)})
