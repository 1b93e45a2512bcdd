"""What is shipped, what these tests import, and in which direction it imports."""

from __future__ import annotations

import ast
import json
import tarfile
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

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
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build a wheel; return the names in it."""
    folder = tmp_path_factory.mktemp("wheel")
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(folder))
    with zipfile.ZipFile(path) as archive:
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
    assert (
        needed | {"Makefile", "noxfile.py", "pyproject.toml", "README.md", "LICENSE"}
        <= names
    )


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
