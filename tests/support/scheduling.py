"""Which process of xdist runs which tests."""

from __future__ import annotations

from pathlib import PurePath

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # it has no types
    """Run all tests of a file in one process, where they share what they start.

    Tests in a browser start little and wait for much, so they are handed out one by
    one. They come last, as files with more tests come first.

    Not by `xdist_group`: with pytest 9.2, xdist 3.8 ignores it without a warning, and
    each process starts all servers. See pytest-xdist's issue 1386.
    """

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return nodeid if "browser" in PurePath(file).parts else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)
