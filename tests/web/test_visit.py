"""A visit: put together from its parts, none of which is exchanged."""

from __future__ import annotations

import dataclasses

import pytest
from apps import MakeApp
from flask import url_for
from wizards import Join

from flask_wizard.web.visit import Visit


def test_no_part_of_a_visit_is_exchanged(make_app: MakeApp) -> None:
    app = make_app(Join)

    def url_for_step(*, draft: str, step: str) -> str:
        return url_for("join.new", step=step)

    with app.test_request_context("/elsewhere"):
        visit = Join.open(url_for_step=url_for_step)
        for part in dataclasses.fields(Visit):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(visit, part.name, None)
