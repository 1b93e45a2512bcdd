"""The numbered security requirements, each of which has a test."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"


def marked() -> dict[str, set[str]]:
    """The files with tests of each requirement."""
    found = defaultdict(set)
    for path in HERE.rglob("test_*.py"):
        marks = r'^@pytest\.mark\.requirement\("(.*)"\)'
        for number in re.findall(marks, path.read_text(), re.M):
            found[number].add(path.relative_to(HERE).as_posix())
    return found


def test_documents_list_every_requirement_that_has_a_test() -> None:
    documents = (path.read_text() for path in DOCS.glob("*.md"))
    listed = re.findall(r"^\| (S\d\d) \|", "\n".join(documents), re.M)
    assert sorted(listed) == sorted(marked())


def test_documents_name_the_files_of_each_requirement() -> None:
    rows = re.findall(
        r"^\| (S\d\d) \| .* \| (.*) \|$", (DOCS / "security.md").read_text(), re.M
    )
    assert len(rows) >= 53
    found = {number: set(re.findall(r"`(.*?)`", files)) for number, files in rows}
    assert found == {number: marked()[number] for number in found}


def test_documents_name_the_tests_of_each_statement_about_pages() -> None:
    rows = re.findall(
        r"^\| (\d+) \| .* \| (.*) \|$", (DOCS / "accessibility.md").read_text(), re.M
    )
    listed = {int(number): set(re.findall(r"`(.*?)`", files)) for number, files in rows}
    found = defaultdict(set)
    for path in HERE.rglob("test_*.py"):
        marks = re.findall(r"^@pytest\.mark\.ux\((.*)\)$", path.read_text(), re.M)
        for number in re.findall(r"\d+", " ".join(marks)):
            found[int(number)].add(path.relative_to(HERE).as_posix())
    assert list(listed) == [*range(1, 51)]
    assert listed == found
