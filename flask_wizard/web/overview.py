"""overview: how many drafts are open at which step, for those who run a site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Blueprint, Flask, Response, abort, current_app, make_response
from flask import render_template as render

from ..catalogues import direction, message
from ..core.form_errors import as_text
from ..core.rows import Row
from ..errors import DefinitionError, StoreError
from ..tracebacks import without_locals
from .all_drafts import AGES, Opened, age_of, opened_drafts
from .assets import asset_url
from .groups import Group
from .own_drafts import FindWizard
from .responses import PRIVATE
from .state import get_context
from .texts import plural, text
from .themes import DEFAULT_THEME

if TYPE_CHECKING:
    from ..wizard import Wizard

MOST = 2000
"""How many drafts are looked at: two or three seconds, with most stores."""

LINES = dict(
    zip(
        AGES,
        (
            message("Saved under an hour ago: {n}"),
            message("Saved 1 to 24 hours ago: {n}"),
            message("Saved 1 to 7 days ago: {n}"),
            message("Saved a week ago or earlier: {n}"),
        ),
        strict=True,
    )
)
"""What the page says of the drafts of each age."""


@dataclass(frozen=True)
class StepCount:
    """How many drafts are open at one step of a wizard."""

    #: The full name of the wizard's blueprint, or its class if it has none.
    mount: str
    #: The title of the wizard.
    wizard: str
    #: The name of the step; empty where the current step cannot be found.
    step: str
    #: The title of the step.
    title: str
    #: The number of drafts by age: ``under an hour``, ``under a day``, ``under a week``
    #: and ``a week or more`` since somebody has last sent something.
    ages: dict[str, int]

    @property
    def drafts(self) -> int:
        """The number of drafts of any age."""
        return sum(self.ages.values())


@dataclass(frozen=True)
class Overview:
    """How many drafts are open, by wizard, step and age. It has no answer."""

    #: By the wizards' titles, each with its steps in their order.
    steps: tuple[StepCount, ...]
    #: How many stored drafts were looked at, ended ones too.
    looked_at: int
    #: True if the store has more than those.
    has_more: bool
    #: How many could not be opened.
    unopened: int

    @property
    def drafts(self) -> int:
        """How many are open in all."""
        return sum(each.drafts for each in self.steps)


class _Step(NamedTuple):
    mount: str
    position: int
    name: str


def overview(app: Flask, find_wizard: FindWizard, *, most: int = MOST) -> Overview:
    """Count the open drafts among so many of the store.

    Raise ConfigurationError if the store cannot list its values, or StoreError.
    """
    counts: Counter[tuple[_Step, str]] = Counter()
    found: dict[_Step, Wizard] = {}
    looked_at = unopened = 0
    drafts = opened_drafts(app, find_wizard)
    for draft in islice(drafts, most):
        looked_at += 1
        if not isinstance(draft, Opened):
            unopened += 1
        elif draft.public.state in ("open", "committing"):
            at = _step_of(draft)
            found[at] = draft.visit.wizard
            counts[at, age_of(draft.public)] += 1
    steps = tuple(
        _counted(at, found[at], counts)
        for at in sorted(found, key=lambda at: _place(at, found[at]))
    )
    return Overview(steps, looked_at, next(drafts, None) is not None, unopened)


def _step_of(draft: Opened) -> _Step:
    name, steps = draft.public.step, draft.visit.wizard.steps
    return _Step(draft.public.mount, steps.positions.get(name, -1), name)


def _place(at: _Step, wizard: Wizard) -> tuple[object, ...]:
    """Return what steps are sorted by; one that cannot be found is the last."""
    title = as_text(wizard.title).casefold()
    return title, at.mount, at.position < 0, at.position


def _counted(
    at: _Step, wizard: Wizard, counts: Counter[tuple[_Step, str]]
) -> StepCount:
    ages = {age: counts[at, age] for age in AGES if counts[at, age]}
    title = as_text(wizard.steps.named(at.name).title) if at.name else ""
    return StepCount(at.mount, as_text(wizard.title), at.name, title, ages)


# The page


class _Titled(NamedTuple):
    """What layouts ask of a wizard; the page is that of none."""

    title: str


def overview_blueprint(
    name: str, find_wizard: FindWizard, *, allowed: Callable[[], bool], most: int
) -> Blueprint:
    """Return a blueprint with one page, for those for whom ``allowed()`` is true."""
    if not callable(allowed):
        raise DefinitionError(
            f"overview_blueprint was given allowed={allowed!r}. Expected a function "
            "without arguments that returns True for those who may see the page."
        )
    blueprint = Blueprint(name, __name__)

    @blueprint.get("/")
    def page() -> Response:
        answer = allowed()
        if not isinstance(answer, bool):
            raise DefinitionError(
                f"The function `allowed` of overview_blueprint returned {answer!r}. "
                "Expected True or False. To send somebody to a login, let it call "
                "abort(redirect(...))."
            )
        if not answer:
            abort(403)
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        try:
            found = overview(app, find_wizard, most=most)
        except StoreError as error:
            app.logger.error(
                "flask_wizard: drafts cannot be counted.",
                exc_info=without_locals(error),  # the others have drafts
            )
            abort(503)
        response = make_response(render("flask_wizard/overview.html", **_page(found)))
        response.headers.extend(PRIVATE)
        return response

    return blueprint


def _page(found: Overview) -> dict[str, Any]:
    """Return the context of the page: that of every page, and the rows of this one."""
    context = get_context()
    state, environment = context.state, context.app.jinja_env
    config, language = context.app.config, context.texts.language or "en"
    theme = f"flask_wizard/{config['WIZARD_THEME']}"
    default = f"flask_wizard/{DEFAULT_THEME}"
    bases = (config["WIZARD_BASE_TEMPLATE"], f"{theme}/base.html")
    base = state.template((*bases, f"{default}/base.html"), environment)
    blocks = state.blocks(base, environment)
    macros = ("flask_wizard/macros.html", f"{theme}/macros.html")
    return {
        "wizard": _Titled(text("Open drafts")),
        "wizard_base": base,
        "wizard_has_head": blocks is None or "head" in blocks,
        "wizard_macros": state.macros((*macros, f"{default}/macros.html"), environment),
        "wizard_css": asset_url(context.app, "wizard.css"),
        "wizard_js": asset_url(context.app, "wizard.js"),
        "wizard_lang": language,
        "wizard_dir": direction(language),
        "wizard_site": config["WIZARD_SITE_NAME"],
        "overview": found,
        "groups": list(_groups(found)),
    }


def _groups(found: Overview) -> Iterator[Group]:
    """Return the counts as the rows of a check page: a group for each wizard."""
    for mount in dict.fromkeys(each.mount for each in found.steps):
        steps = [each for each in found.steps if each.mount == mount]
        rows = [
            _row(each.title or text("The step cannot be found"), [each])
            for each in steps
        ]
        if len(steps) > 1:
            rows.append(_row(text("All steps"), steps))
        yield Group(None, rows, f"{steps[0].wizard} ({mount})", f"drafts-{mount}", 2)


def _row(label: str, steps: list[StepCount]) -> Row:
    """Return how many drafts are at these steps, and of what age."""
    ages = {age: sum(each.ages.get(age, 0) for each in steps) for age in AGES}
    total = plural("{n} draft", "{n} drafts", sum(ages.values()))
    lines = (text(LINES[age], n=n) for age, n in ages.items() if n)
    return Row(steps[0].step, "", label, (total, *lines), "")
