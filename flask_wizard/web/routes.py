"""HTTP only: a wizard's URLs, and what becomes a response of what a visit decides."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    g,
    make_response,
    render_template,
    request,
    url_for,
)
from flask.blueprints import BlueprintSetupState

from ..core.signatures import field_names
from ..core.steps import RESERVED_STEPS
from ..drafts.visitor_drafts import Mount
from ..errors import ConfigurationError, DefinitionError
from . import guard
from .pages import Page
from .showing import NEW, Outcome
from .state import EXTENSION, get_state
from .visit import Visit

if TYPE_CHECKING:
    from ..wizard import Wizard

OWN = frozenset({"draft", "step"})


def make_blueprint(wizard: Wizard, name: str, *, unbound: frozenset[str]) -> Blueprint:
    """The blueprint of one mount. ``unbound`` URL variables do not bind its drafts."""
    views = Views(wizard, unbound)
    blueprint = Blueprint(name, __name__)
    blueprint.record(partial(_check_prefix, unbound))
    blueprint.record(views.register)
    if wizard.one_transaction:
        blueprint.record(_check_store)
    blueprint.url_value_preprocessor(views.enter)
    for rule, endpoint, methods in (
        ("/", "entry", ["GET"]),
        ("/new/<step>", "new", ["GET", "POST"]),
        ("/<draft>/", "draft", ["GET"]),
        ("/<draft>/saved", "saved", ["GET"]),
        ("/<draft>/discard", "discard", ["GET", "POST"]),
        ("/<draft>/receipt", "receipt", ["GET"]),
        ("/<draft>/<step>", "step", ["GET", "POST"]),
    ):
        view = update_wrapper(partial(_answer, getattr(views, endpoint)), _answer)
        blueprint.add_url_rule(rule, endpoint, view, methods=methods)
    return blueprint


def _check_prefix(unbound: frozenset[str], state: BlueprintSetupState) -> None:
    prefix = state.url_prefix or ""
    variables = set(re.findall(r"<(?:[^<>]*:)?([^<>:]+)>", prefix))
    if taken := OWN & variables:
        raise DefinitionError(
            f"The url_prefix {prefix!r} has a variable {min(taken)!r}, which the "
            "wizard's own URLs use. Give it another name."
        )
    if unknown := unbound - variables - state.url_defaults.keys():
        raise DefinitionError(
            f"unbound names {min(unknown)!r}, but the url_prefix {prefix!r} has "
            f"{', '.join(sorted(variables)) or 'no variables'}."
        )


def _check_store(setup: BlueprintSetupState) -> None:
    state = setup.app.extensions.get(EXTENSION)
    if state is not None:
        state.require_joining()


class Views:
    """The handlers of one mount, each for one thing that a visitor can ask for."""

    def __init__(self, wizard: Wizard, unbound: frozenset[str]) -> None:
        self.wizard = wizard
        self.unbound = unbound
        self._checked: set[str] = set()

    def register(self, state: BlueprintSetupState) -> None:
        """Check what the configuration tells, if it is whole by now."""
        app = state.app
        if isinstance(app, Flask) and EXTENSION in app.extensions:
            with app.app_context():
                self._check_fields()

    def _check_fields(self) -> None:
        """Refuse a field with the name of the pages' token: it would never be read."""
        token = guard.csrf_field()
        if token in self._checked:
            return
        for step in self.wizard.steps:
            if step.fixed_form is not None and token in field_names(step.fixed_form):
                raise DefinitionError(
                    f"{type(self.wizard).__name__}.{step.name}: "
                    f"{step.fixed_form.__name__} has a field {token!r}, the name of "
                    "the CSRF token in the pages. Give the field another name, or set "
                    "WTF_CSRF_FIELD_NAME to one that no form has."
                )
        self._checked.add(token)

    def enter(self, endpoint: str | None, values: dict[str, Any] | None) -> None:
        """Take charge before the application's own hooks see the request.

        The body is capped before anything parses it, and CSRFProtect leaves the
        check to the visit, which can give back a page with what was typed.
        """
        self._check_fields()
        guard.check_query()
        guard.limit_body(get_state().config)
        protect = current_app.extensions.get("csrf")
        if protect is not None:
            protect.exempt(_answer)
        prefix = {n: v for n, v in (values or {}).items() if n not in OWN}
        rule = request.url_rule
        expected = rule.arguments if rule is not None else set()
        if taken := expected - OWN - prefix.keys() - self.unbound:
            raise ConfigurationError(
                f"The application takes {min(taken)!r} out of the URL before the "
                "wizard sees it, so that it cannot bind drafts. Leave it there, or "
                "name it in `unbound`."
            )
        g.wizard_prefix = prefix

    def entry(self) -> Outcome:
        return self._visit(None).enter()

    def new(self, step: str) -> Outcome:
        return self._visit(None).handle(step)

    def draft(self, draft: str) -> Outcome:
        return self._visit(draft).resume()

    def step(self, draft: str, step: str) -> Outcome:
        return self._visit(draft).handle(step)

    def saved(self, draft: str) -> Outcome:
        return self._visit(draft).handle("saved")

    def discard(self, draft: str) -> Outcome:
        return self._visit(draft).handle("discard")

    def receipt(self, draft: str) -> Outcome:
        return self._visit(draft).handle("receipt")

    def _visit(self, draft: str | None) -> Visit:
        prefix = g.wizard_prefix
        bound = {n: v for n, v in prefix.items() if n not in self.unbound}
        mount = Mount(str(request.blueprint), bound)
        return Visit(
            self.wizard,
            mount,
            draft,
            url_for_step=_url_for,
            entry_url=partial(url_for, ".entry", **prefix),
        )


def _answer(view: Callable[..., Outcome], **values: str) -> Response:
    """Call a view without the variables of the prefix, and render its page."""
    outcome = view(**{name: value for name, value in values.items() if name in OWN})
    if not isinstance(outcome, Page):
        return make_response(outcome)
    name = get_state().template(outcome.templates, current_app.jinja_env)
    text = render_template(name, **outcome)
    return make_response(text, outcome.status)


def _url_for(*, draft: str, step: str) -> str:
    """The URL of a page of the mount that this request came to."""
    if draft == NEW:
        return url_for(".new", step=step, **g.wizard_prefix)
    if step in RESERVED_STEPS:
        return url_for(f".{step}", draft=draft, **g.wizard_prefix)
    return url_for(".step", draft=draft, step=step, **g.wizard_prefix)
