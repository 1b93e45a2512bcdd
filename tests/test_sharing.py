"""What keeps the tests quick: what is shared, is shared."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from apps import BUILDERS, PARSED, MakeApp
from scripts import run_script
from wizards import Join

FOUR_TESTS = """
    import os
    import pytest

    @pytest.mark.parametrize("number", range(4))
    def test_process(number):
        with open("processes", "a") as file:
            file.write(f"{os.getpid()}\\n")
"""


@pytest.mark.parametrize(("folder", "processes"), [("core", 1), ("browser", 2)])
def test_tests_of_one_file_share_a_process_but_in_a_browser(
    folder: str, processes: int, tmp_path: Path
) -> None:
    (tmp_path / "conftest.py").write_text("pytest_plugins = ['scheduling']")
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "test_it.py").write_text(dedent(FOUR_TESTS))
    said = run_script(
        """
        import os, sys, pytest
        os.chdir(sys.argv[1])
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        sys.exit(pytest.main(["-p", "xdist", "--numprocesses=2"]))
        """,
        tmp_path,
    )
    assert "4 passed" in said
    ran = (tmp_path / "processes").read_text().split()
    assert len(ran) == 4
    assert len(set(ran)) == processes


def test_urls_are_compiled_once_for_all_applications(make_app: MakeApp) -> None:
    make_app(Join)
    compiled = list(BUILDERS)
    assert compiled
    make_app(Join)
    assert list(BUILDERS) == compiled


def test_layout_is_parsed_once_for_all_applications(make_app: MakeApp) -> None:
    make_app(Join).test_client().get("/join/", follow_redirects=True)
    parsed = list(PARSED)
    assert parsed
    make_app(Join).test_client().get("/join/", follow_redirects=True)
    assert list(PARSED) == parsed
