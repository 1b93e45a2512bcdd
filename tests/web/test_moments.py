"""Moments on pages, in the time zone of the configuration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from apps import MakeApp
from visitor import attribute
from wizards import Join, begun

from flask_wizard import ConfigurationError
from flask_wizard.web.moments import moment_in

WINTER = datetime(2026, 1, 2, 23, 30, tzinfo=UTC)
SUMMER = datetime(2026, 7, 2, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "zone", "said"),
    [
        (WINTER, UTC, "2 January 2026 at 23:30 UTC"),
        (WINTER, ZoneInfo("Europe/Lisbon"), "2 January 2026 at 23:30 WET"),
        (SUMMER, ZoneInfo("Europe/Lisbon"), "3 July 2026 at 00:30 WEST"),
        (SUMMER, timezone(timedelta(hours=-3)), "2 July 2026 at 20:30 UTC-03:00"),
        (
            datetime.max.replace(tzinfo=UTC),
            timezone(timedelta(hours=3)),
            "31 December 9999 at 23:59 UTC",
        ),
    ],
)
def test_moment_is_in_the_time_zone(when: datetime, zone: Any, said: str) -> None:
    assert moment_in(when, zone) == said


def test_pages_have_the_time_zone_of_the_configuration(make_app: MakeApp) -> None:
    visitor = begun(make_app(Join, WIZARD_TIMEZONE="Asia/Tokyo"))
    page = visitor.press("save")
    (time,) = page.html.query(".wizard p > time")
    until = datetime.fromisoformat(attribute(time, "datetime"))
    assert until.utcoffset() == timedelta(0)
    assert page.texts(".wizard p > time") == [moment_in(until, ZoneInfo("Asia/Tokyo"))]
    assert page.texts(".wizard p > time")[0].endswith(" JST")


@pytest.mark.parametrize("name", ["Europe/Lisboa", "", None, "../etc/passwd", 3])
def test_time_zone_that_is_none_is_refused_at_the_start(
    make_app: MakeApp, name: object
) -> None:
    with pytest.raises(ConfigurationError, match=r"WIZARD_TIMEZONE is .*Europe/Lisbon"):
        make_app(Join, WIZARD_TIMEZONE=name)
