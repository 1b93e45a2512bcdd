"""The URLs of a mounted wizard, each with the view that answers it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any

from flask import (
    Blueprint,
    Flask,
    g,
    make_response,
    render_template,
    request,
    url_for,
)
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ..core.hooks import HookError
from ..core.items import REMOVE
from ..core.signatures import field_names
from ..core.tasks import TASKS
from ..drafts.visitor_drafts import Mount, VisitorDrafts
from ..errors import ConfigurationError, DefinitionError
from ..tracebacks import without_locals
from . import guard
from .incoming import IncomingFiles
from .json_pages import describe_as_json
from .pages import Page, check_theme
from .responses import Outcome
from .state import CONTEXT, CSRF_FIELD, EXTENSION, MOUNTS, Context, get_context
from .urls import url_of_file, url_of_page
from .visit import Visit

if TYPE_CHECKING:
    from ..wizard import Wizard

OWN = frozenset({"draft", "step", "item", "page", "file", "link_token"})


def make_blueprint(
    wizard: Wizard, name: str, *, unbound: frozenset[str], host: str | None
) -> Blueprint:
    """Return the blueprint of one mount.

    ``unbound`` names the URL variables that do not bind its drafts. ``host`` is the
    host of all its URLs if the application matches hosts.
    """
    mounted = Mounted(wizard, unbound)
    blueprint = Blueprint(name, __name__)
    blueprint.record(partial(_check_prefix, unbound, host))
    blueprint.record(mounted.register)
    if wizard.one_transaction:
        blueprint.record(_check_store)
    blueprint.url_value_preprocessor(mounted.check)
    answers = {
        endpoint: update_wrapper(
            partial(Mounted.answer, mounted, endpoint), Mounted.answer
        )
        for _, endpoint, _ in ROUTES
    }
    for rule, endpoint, methods in ROUTES:
        answer = answers[endpoint]
        blueprint.add_url_rule(rule, endpoint, answer, methods=methods, host=host)
    return blueprint


def _check_prefix(
    unbound: frozenset[str], host: str | None, state: BlueprintSetupState
) -> None:
    if state.app.url_map.host_matching != bool(host):
        raise DefinitionError(
            f"The blueprint {state.name!r} has the host {host!r}, and the application "
            f"has host_matching={state.app.url_map.host_matching}. Give "
            "as_blueprint(…, host='www.example.org') where an application matches "
            "hosts, and only there; otherwise no request reaches the wizard's pages, "
            "or those of every host do."
        )
    places = {"url_prefix": state.url_prefix, "subdomain": state.subdomain}
    places["host"] = host
    prefix = ", ".join(f"{name} {text!r}" for name, text in places.items() if text)
    variables = set(re.findall(r"<(?:[^<>]*:)?([^<>:]+)>", prefix))
    if taken := (OWN | {"endpoint"}) & variables:
        raise DefinitionError(
            f"The {prefix} has a variable {min(taken)!r}, which the "
            "wizard's own URLs use. Give it another name."
        )
    if unknown := unbound - variables - state.url_defaults.keys():
        raise DefinitionError(
            f"unbound names {min(unknown)!r}, but the {prefix or 'mount'} has "
            f"{', '.join(sorted(variables)) or 'no variables'}."
        )


def _check_store(setup: BlueprintSetupState) -> None:
    state = setup.app.extensions.get(EXTENSION)
    if state is not None:
        state.require_joining()


def check_headless(
    headless: Mapping[str | None, Wizard | None],
    endpoint: str | None,
    values: dict[str, Any] | None,
) -> None:
    """Check a request to a view that has called ``Wizard.open`` before.

    ``headless`` has these views by their endpoints. The application's own hooks, as
    CSRFProtect's, may parse the form before the view runs. Raise what
    ``guard.check_request`` raises.
    """
    if endpoint in headless:
        context, wizard = get_context(), headless[endpoint]
        incoming: IncomingFiles | None = None
        if wizard is not None and context.request.method == "POST":
            incoming = IncomingFiles(context, wizard)
        try:
            guard.check_request(context, incoming)
        except BaseException as error:
            without_locals(error)
            if isinstance(error, HTTPException):
                describe_as_json(error, context)
            raise


class Mounted:
    """A wizard under one URL prefix: the wizard, its checks, and its visits."""

    def __init__(self, wizard: Wizard, unbound: frozenset[str]) -> None:
        self.wizard = wizard
        self.unbound = unbound
        self._checked: set[str] = set()

    def register(self, setup: BlueprintSetupState) -> None:
        """Check names of fields and the theme if the application has the extension."""
        app = setup.app
        name = f"{setup.name_prefix}.{setup.name}".lstrip(".")
        app.extensions.setdefault(MOUNTS, {})[name] = self
        if isinstance(app, Flask) and EXTENSION in app.extensions:
            self._check_fields(app.config.get(*CSRF_FIELD))
            check_theme(self.wizard, app)

    def _check_fields(self, token: str) -> None:
        """Raise DefinitionError for a field named like the CSRF token.

        The wizard would never read such a field.
        """
        forms = [
            (step, form) for step in self.wizard.steps for form in step.fixed_forms
        ]
        for step, form in forms:
            if token in field_names(form):
                raise DefinitionError(
                    f"{type(self.wizard).__name__}.{step.name}: {form.__name__} has a "
                    f"field {token!r}, the name of the CSRF token in the pages. Give "
                    "the field another name, or set WTF_CSRF_FIELD_NAME to one that no "
                    "form has."
                )
        self._checked.add(token)

    def check(self, endpoint: str | None, values: dict[str, Any] | None) -> None:
        """Check a request before the application's own hooks run.

        This limits the body before anything parses it. It exempts the wizard's views
        from CSRFProtect: the visit checks the token itself, and can give back a page
        with what was typed.
        """
        context = get_context()
        if context.csrf_field not in self._checked:
            self._check_fields(context.csrf_field)
        prefix = {n: v for n, v in (values or {}).items() if n not in OWN}
        step = self.wizard.steps.by_url_name.get((values or {}).get("step", ""))
        incoming: IncomingFiles | None = None
        if step is not None and step.takes_files and context.request.method == "POST":
            incoming = self._incoming(context, prefix, (values or {}).get("draft"))
        try:
            guard.check_request(context, incoming)
        except BaseException as error:
            without_locals(error)
            if isinstance(error, HTTPException):
                describe_as_json(error, context)
            raise
        protect = context.app.extensions.get("csrf")
        if protect is not None:
            protect.exempt(Mounted.answer)
        rule = context.request.url_rule
        expected = rule.arguments if rule is not None else set()
        if taken := expected - OWN - prefix.keys() - self.unbound:
            raise ConfigurationError(
                f"The application takes {min(taken)!r} out of the URL before the "
                "wizard reads it, so that it cannot bind drafts. Leave it there, or "
                "name it in `unbound`."
            )
        g.wizard_prefix, context.request.environ[CONTEXT] = prefix, context

    def _incoming(
        self, context: Context, prefix: Mapping[str, Any], draft_id: str | None
    ) -> IncomingFiles:
        """Return what takes the files of a POST."""
        bound = {n: v for n, v in prefix.items() if n not in self.unbound}
        mount = Mount(str(context.request.blueprint), bound)
        drafts = VisitorDrafts(self.wizard, mount, context.holder, context.repository)
        return IncomingFiles(context, self.wizard, drafts, draft_id)

    def answer(self, endpoint: str, /, **values: Any) -> Response:
        """Return the response to a request for one of the wizard's URLs."""
        context: Context = request.environ.pop(CONTEXT, None) or get_context()
        prefix = g.wizard_prefix
        bound = {n: v for n, v in prefix.items() if n not in self.unbound}
        outcome: Outcome | None = None
        try:
            visit = Visit.open(
                self.wizard,
                Mount(str(context.request.blueprint), bound),
                values.get("draft"),
                context,
                url_for_step=partial(url_of_page, "", prefix),
                entry_url=partial(url_for, ".entry", **prefix),
                file_url=partial(url_of_file, prefix),
            )
            if endpoint == "file":
                outcome = visit.file(
                    values["step"], values["file"], values.get("item", "")
                )
            elif endpoint == "link":
                outcome = visit.follow_link(values["link_token"])
            elif endpoint == "entry":
                outcome = visit.enter()
            elif endpoint == "draft":
                outcome = visit.resume()
            else:
                sub = REMOVE if endpoint == REMOVE else values.get("page")
                step, item = values.get("step", endpoint), values.get("item")
                outcome = visit.handle(step, item=item, sub=sub)
            if not isinstance(outcome, Page):
                return outcome
            name = context.state.template(outcome.templates, context.app.jinja_env)
            text = render_template(name, **outcome)
            return make_response(text, outcome.status)
        except HookError as failed:  # a template has read an answer
            outcome = None  # this frame still runs, so it is not cleared
            error_of_hook = without_locals(failed).error
        except BaseException as error:
            outcome = None
            without_locals(error)
            if isinstance(error, HTTPException):
                describe_as_json(error, context)
            raise
        raise error_of_hook


#: The URLs of a mount: rule, endpoint and methods. A page without ``<step>`` in its
#: rule has its endpoint's name.
ROUTES = (
    ("/", "entry", ("GET",)),
    ("/new/<step>", "new", ("GET", "POST")),
    ("/new/<step>/<item>", "new", ("GET", "POST")),
    ("/new/<step>/<item>/<page>", "new", ("GET", "POST")),
    ("/link/<link_token>", "link", ("GET", "POST")),
    ("/<draft>/", "draft", ("GET",)),
    ("/<draft>/saved", "saved", ("GET",)),
    ("/<draft>/tasks", TASKS, ("GET",)),
    ("/<draft>/discard", "discard", ("GET", "POST")),
    ("/<draft>/receipt", "receipt", ("GET",)),
    ("/<draft>/<step>", "step", ("GET", "POST")),
    ("/<draft>/<step>/<item>", "item", ("GET", "POST")),
    ("/<draft>/<step>/<item>/remove", REMOVE, ("GET", "POST")),
    ("/<draft>/<step>/<item>/<page>", "page", ("GET", "POST")),
    ("/<draft>/<step>/file/<file>", "file", ("GET",)),
    ("/<draft>/<step>/<item>/file/<file>", "file", ("GET",)),
)
