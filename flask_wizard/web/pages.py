"""Pages: the context and the templates of everything that a visitor sees."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import current_app, url_for
from wtforms import Form

from ..core import forms
from ..core.draft import Raw
from ..core.journey import Journey
from ..core.rows import Row
from ..core.steps import AnyStep, BoundStep
from ..errors import DefinitionError
from .controls import ErrorLink, summary
from .state import get_state

if TYPE_CHECKING:
    from ..wizard import Wizard


class Page(dict[str, Any]):
    """A page's context, with the templates to choose from and the status to send."""

    def __init__(
        self, templates: Sequence[str], status: int = 200, **context: object
    ) -> None:
        super().__init__(context)
        self.templates = templates
        self.status = status

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<Page {self.templates[-1]}, {self.status}>"


@dataclass(frozen=True)
class Action:
    """A button: its value for ``_action`` and its text."""

    value: str
    label: str
    primary: bool = False


@dataclass(frozen=True)
class Listed:
    """An open draft as the entry page lists it."""

    url: str
    discard_url: str
    started: datetime
    saved: datetime
    place: str


@dataclass(frozen=True)
class Problem:
    """Why nothing was stored, as a code that the template has words for."""

    code: str
    drafts: Sequence[Listed] = ()


@dataclass(frozen=True)
class Group:
    """One step's rows on the check page."""

    step: AnyStep
    rows: list[Row]

    @property
    def title(self) -> str:
        return self.step.title

    @property
    def id(self) -> str:
        return row_id(self.step)


def row_id(step: AnyStep) -> str:
    """The anchor of a step's answers on the check page."""
    return f"row-{step.url_name}"


BACK = Action("back", "Back")
SAVE = Action("save", "Save and come back later")
SEND = "Confirm and send"
AGAIN = "Send it again"


def make_page(wizard: Wizard, name: str, *, status: int = 200, **context: Any) -> Page:
    """A page by the name of its template, with what every page has."""
    config = current_app.config
    bases = (
        config["WIZARD_BASE_TEMPLATE"],
        f"flask_wizard/{wizard.theme}/base.html",
        "flask_wizard/default/base.html",
    )
    return Page(
        templates_for(wizard, name, context.get("step")),
        status,
        wizard=wizard,
        wizard_base=get_state().template(bases, current_app.jinja_env),
        wizard_css=url_for("flask_wizard.static", filename="wizard.css"),
        wizard_lang=lang() if callable(lang := config["WIZARD_LANG"]) else lang,
        wizard_site=config["WIZARD_SITE_NAME"],
        **context,
    )


def templates_for(wizard: Wizard, name: str, step: AnyStep | None = None) -> list[str]:
    """The templates of a page, the most particular first."""
    own = f"flask_wizard/wizards/{folder_of(wizard)}"
    particular = [f"{own}/{step.name}.html"] if step else []
    if step is not None and step.template:
        particular.insert(0, step.template)
    return [
        *particular,
        f"{own}/{name}.html",
        f"flask_wizard/{name}.html",
        f"flask_wizard/{wizard.theme}/{name}.html",
        f"flask_wizard/default/{name}.html",
    ]


def folder_of(wizard: Wizard) -> str:
    """The name of a wizard's own templates: ``JoinLibrary`` has ``join_library``."""
    name = type(wizard).__name__
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def form_page(
    wizard: Wizard, place: BoundStep, form: Form | None, **context: Any
) -> Page:
    """A step's page. ``form`` is shown as it was typed, with its errors."""
    if form is not None:
        forms.show_as_typed(form)
    return make_page(
        wizard,
        "step",
        step=place.step,
        form=form,
        errors=summary(form) if form is not None else [],
        passwords_kept=_given(place.entry.passwords) if place.entry else set(),
        answers=place.answers,
        **context,
    )


def _given(passwords: Raw) -> set[str]:
    return {name for name, sent in passwords.items() if any(sent)}


def review_page(
    wizard: Wizard, journey: Journey, place: BoundStep, **context: Any
) -> Page:
    """The check page. Messages left on it are those of a StepError."""
    left = place.errors.values()
    return make_page(
        wizard,
        "review",
        step=place.step,
        errors=[ErrorLink(message, None) for messages in left for message in messages],
        hidden_steps=[hidden.step.title for hidden in journey.hidden],
        answers=journey.answers,
        **context,
    )


def groups_of(
    journey: Journey, review: BoundStep, url: Callable[[str, str], str]
) -> list[Group]:
    """The answers on the path, by step, each row with its change link.

    ``url`` gives the link for the name of a step and the id of a control. Raises
    DefinitionError for a row that ``Review.rows`` puts under a step that is not shown.
    """
    steps = [place for place in journey.path if place.step.has_answers]
    found = [row for place in steps for row in place.rows()]
    rows = [replace(row, url=url(row.step, row.anchor)) for row in found]
    return _grouped(review.edit_rows(rows), [place.step for place in steps])


def _grouped(rows: Iterable[Row], steps: Sequence[AnyStep]) -> list[Group]:
    """Each row has its place under a step, so that the page has a heading for it."""
    by_step: dict[str, list[Row]] = {step.name: [] for step in steps}
    for row in rows:
        if row.step not in by_step:
            raise DefinitionError(
                f"Review.rows returned a row of the step {row.step!r}, which is not on "
                "the path, so that the row has no place. Steps on the path are "
                f"{', '.join(by_step)}. Give the row one of these, or leave it out."
            )
        by_step[row.step].append(row)
    return [Group(step, by_step[step.name]) for step in steps if by_step[step.name]]


def step_actions(*, first: bool, last: bool) -> list[Action]:
    """Going on comes first: Enter presses the first submit button of a form."""
    label = SEND if last else "Continue"
    back = [] if first else [BACK]
    return [Action("next", label, primary=True), *back, SAVE]


def review_actions() -> list[Action]:
    return [Action("next", SEND, primary=True), BACK, SAVE]


def again_actions(action: str) -> list[Action]:
    return [Action(action, AGAIN, primary=True)]


def discard_actions() -> list[Action]:
    return [Action("discard", "Yes, discard my answers", primary=True)]


def utc_datetime(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
