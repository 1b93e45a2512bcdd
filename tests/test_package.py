"""What is shipped, what these tests import, and in which direction it imports."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from documents import blocks
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement

import flask_wizard

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "flask_wizard"
DISTRIBUTION = distribution("flask-wizard-forms")


# What is shipped


def files_below(folder: str) -> set[str]:
    """Return the paths of the checkout's files in a folder, compiled ones left out."""
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return {
        path.relative_to(ROOT).as_posix() for path in found if path.suffix != ".pyc"
    }


@pytest.fixture(scope="module")
def wheel_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(folder))
    return Path(path)


@pytest.fixture(scope="module")
def wheel(wheel_file: Path) -> set[str]:
    """Return the names in a wheel."""
    with zipfile.ZipFile(wheel_file) as archive:
        return set(archive.namelist())


def test_wheel_holds_the_whole_package(wheel: set[str]) -> None:
    assert files_below("flask_wizard") <= wheel


def test_wheel_holds_the_templates_inside_the_package(wheel: set[str]) -> None:
    templates = {f"flask_wizard/{name}" for name in files_below("templates")}
    assert templates
    assert templates <= wheel


def test_wheel_holds_nothing_else(wheel: set[str]) -> None:
    folders = {name.split("/")[0].removesuffix(".dist-info") for name in wheel}
    assert folders == {
        "flask_wizard",
        "pytest_flask_wizard.py",
        f"flask_wizard_forms-{DISTRIBUTION.version}",
    }


def test_sdist_holds_what_building_and_testing_need(tmp_path: Path) -> None:
    (path,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path))
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    folders = ("flask_wizard", "templates", "tests", "example_app", "docs", ".ci")
    needed = set[str]().union(*(files_below(folder) for folder in folders))
    needed |= {f"{name}.md" for name in ("CHANGES", "CONTRIBUTING", "README")}
    assert needed | {"Makefile", "noxfile.py", "pyproject.toml", "LICENSE"} <= names


def required_by(name: str) -> set[str]:
    """Return the names of the distributions that one needs, extras left out."""
    found = map(Requirement, distribution(name).requires or ())
    here = {"extra": ""}
    return {
        each.name for each in found if not each.marker or each.marker.evaluate(here)
    }


@pytest.fixture(scope="module")
def elsewhere(wheel_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel, and what it says it needs, into an environment of its own.

    What it needs is linked to what these tests have, so that nothing is downloaded.
    Return the environment's Python.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python")
    install = (*pip, python, "install", "--quiet", "--no-deps", "--no-index")
    subprocess.run([*install, wheel_file], check=True)
    (packages,) = folder.glob("lib/*/site-packages")
    needed, todo = set[str](), required_by("flask-wizard-forms")
    while todo - needed:
        name = min(todo - needed)
        needed.add(name)
        todo |= required_by(name)
        for path in {file.parts[0] for file in distribution(name).files or ()} - {".."}:
            link, target = packages / path, distribution(name).locate_file(path)
            if path != "__pycache__" and not link.exists():
                link.symlink_to(Path(str(target)))
    return python


VISIT = """
import re
from pathlib import Path

import flask_wizard
from app import app, members

visitor = app.test_client()
visitor.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
page = visitor.get("/join/", follow_redirects=True)
for typed in ({"name": "Ann", "age": "40"}, {}):
    assert "Weiter" in page.text or "senden" in page.text, page.text
    tags = re.findall("<input[^>]*hidden[^>]*>", page.text)
    inputs = (dict(re.findall('(name|value)="([^"]*)"', tag)) for tag in tags)
    hidden = {each["name"]: each["value"] for each in inputs if "name" in each}
    sent = {**hidden, **typed, "_action": "next"}
    url = page.request.path
    page = visitor.post(url, data=sent, follow_redirects=True)
assert "M-1" in page.text, page.text
assert members == [{"you": {"name": "Ann", "age": 40}}], members
(style,) = re.findall('href="([^"]*wizard.css[^"]*)"', page.text)
assert visitor.get(style).status_code == 200
print(Path(flask_wizard.__file__).parent)
"""


def test_wheel_alone_runs_the_wizard_of_the_readme(
    elsewhere: Path, tmp_path: Path
) -> None:
    (source, *_) = blocks("README.md", "python")
    (tmp_path / "app.py").write_text(source)
    (tmp_path / "visit.py").write_text(VISIT)
    found = subprocess.run(
        [elsewhere, "visit.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr
    assert Path(found.stdout.strip()).is_relative_to(elsewhere.parent.parent)


def test_command_of_the_wheel_lists_the_wizards(
    elsewhere: Path, tmp_path: Path
) -> None:
    (source, *_) = blocks("README.md", "python")
    (tmp_path / "app.py").write_text(source)
    found = subprocess.run(
        [elsewhere, "-m", "flask", "wizard", "list"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    assert "join" in found.stdout


def test_installed_package_holds_every_file() -> None:
    package = Path(flask_wizard.__file__).parent
    inside = package / "templates"
    templates = inside if inside.is_dir() else package.parent / "templates"
    installed = {path.relative_to(package.parent) for path in package.rglob("*")}
    assert {Path(name) for name in files_below("flask_wizard")} <= installed
    assert all((templates.parent / name).is_file() for name in files_below("templates"))


def test_type_checkers_may_read_the_package() -> None:
    assert (Path(flask_wizard.__file__).parent / "py.typed").is_file()


def test_version_is_that_of_the_distribution() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = getattr(flask_wizard, "__version__", DISTRIBUTION.version)
    assert version == DISTRIBUTION.version == declared["version"]


# What these tests import


def test_tests_import_the_installed_package() -> None:
    origin = json.loads(DISTRIBUTION.read_text("direct_url.json") or "{}")
    editable = origin.get("dir_info", {}).get("editable", False)
    installed = ROOT if editable else Path(str(DISTRIBUTION.locate_file("")))
    assert Path(flask_wizard.__file__).parent.parent.samefile(installed)


@pytest.mark.parametrize("name", ["tests/__init__.py", "conftest.py"])
def test_nothing_puts_the_checkout_before_the_installed_package(name: str) -> None:
    assert not (ROOT / name).exists()


# Who knows the kinds of steps

KINDS = {"AnyStep", "Step", "Review", "BoundFormStep", "BoundReview"}
KNOWING = {
    PACKAGE / f"{name}.py" for name in ("core/steps", "core/declaration", "wizard")
}


@pytest.mark.parametrize("path", sorted(set(PACKAGE.rglob("*.py")) - KNOWING), ids=str)
def test_module_asks_for_no_kind_of_step(path: Path) -> None:
    """What is asked of a step is asked of every kind, so that another may come."""
    calls = (
        n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)
    )
    tests = (n for n in calls if ast.unparse(n.func) in ("isinstance", "type"))
    named = {n.id for test in tests for n in ast.walk(test) if isinstance(n, ast.Name)}
    assert not named & KINDS
