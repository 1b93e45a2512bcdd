"""Page: a page as somebody at a browser has it on the screen."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from werkzeug.test import TestResponse

from ..cached import cached_property
from .accessibility import PARSER_MISSING, Node

if TYPE_CHECKING:
    from justhtml import JustHTML

BUTTONS = frozenset({"submit", "button", "image", "reset"})
TICKED = frozenset({"checkbox", "radio"})
BOXES = "day", "month", "year"
"""How the names of the three inputs of a date end."""

BANNERS = ", ".join(
    (
        *(".wizard-banner", ".alert-danger", ".alert-info"),
        *(".govuk-error-summary", ".govuk-inset-text"),
    )
)
"""What themes draw above a form."""


class Page:
    """A page as somebody at a browser has it on the screen.

    ``endpoint`` is what the page is of its mount, such as ``step``, ``item``, ``saved``
    or ``receipt``; empty if it is a page of something else. ``step`` is the name of its
    step, empty if it has none, and ``item`` the id of the item, ``new`` for a new one.
    """

    def __init__(
        self,
        response: TestResponse,
        *,
        endpoint: str = "",
        step: str = "",
        item: str = "",
        item_page: str = "",
    ) -> None:
        self.response = response
        self.status: int = response.status_code
        self.path: str = response.request.path
        query = response.request.query_string.decode()
        self.url: str = f"{self.path}?{query}" if query else self.path
        self.source: str = response.text
        self.endpoint = endpoint
        self.step = step
        self.item = item
        #: The name of the page of an item that has several.
        self.item_page = item_page

    @cached_property
    def html(self) -> JustHTML:
        """The page, parsed. Raise ImportError if justhtml is not installed."""
        return self._parse()

    def _parse(self) -> JustHTML:
        try:
            from justhtml import JustHTML
        except ImportError as error:
            raise ImportError(PARSER_MISSING) from error
        return JustHTML(self.source, sanitize=False)

    @cached_property
    def _own(self) -> Node:
        """What the wizard has in the layout, or else the whole page."""
        return next(iter(self.html.query(".wizard[lang]")), self.html)

    def texts(self, selector: str) -> list[str]:
        """Return the text of each element that a CSS selector finds."""
        return [text_of(node) for node in self.html.query(selector)]

    def _own_texts(self, selector: str) -> list[str]:
        return [text_of(node) for node in self._own.query(selector)]

    @property
    def text(self) -> str:
        """All that can be read on the page."""
        return " ".join(self.texts("body"))

    @property
    def title(self) -> str:
        """What the tab of the browser is called."""
        return " ".join(self.texts("title"))

    @property
    def heading(self) -> str:
        """The heading of the page."""
        return " ".join(self.texts("h1"))

    @property
    def progress(self) -> str:
        """Where the page is among the others, such as ``Step 1 of 3``."""
        return " ".join(self._own_texts(".wizard-progress"))

    @property
    def banners(self) -> str:
        """What is said above the form: errors, and what has happened."""
        return " ".join(self._own_texts(BANNERS))

    @property
    def errors(self) -> list[str]:
        """The lines of the error summary."""
        return self._own_texts("[role=alert] li")

    @property
    def errors_by_field(self) -> dict[str, str]:
        """The messages that the error summary links to a field, by the field's name.

        A date in three boxes is one field.
        """
        found: dict[str, str] = {}
        for node in self._own.query("[role=alert] li a[href^='#']"):
            own = attribute(node, "href").removeprefix("#")
            found.setdefault(self._field_of(self._named(own)), text_of(node))
        return found

    def _field_of(self, name: str) -> str:
        """Return the name of the field that has an input: that of a date for a box."""
        field, _, part = name.rpartition("-")
        is_date = {f"{field}-{box}" for box in BOXES} <= self.inputs.keys()
        return field if part in BOXES and is_date else name

    def _named(self, own: str) -> str:
        """Return the name of the input at or below the element with an id."""
        for node in self.html.query("[id]"):
            if attribute(node, "id") == own:
                inputs = [node, *node.query("input, textarea, select")]
                names = [attribute(each, "name") for each in inputs]
                return next((name for name in names if name), own)
        return own

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The check page: what was asked, and what was answered."""
        rows = (row for row in self._own.query("dl div") if row.query("dt"))
        pairs = ((row.query("dt")[0], row.query("dd")[0]) for row in rows)
        return [(text_of(asked), text_of(answer)) for asked, answer in pairs]

    @property
    def buttons(self) -> list[str]:
        """The values of the buttons, such as ``next``, ``back`` and ``save``."""
        return [attribute(node, "value") for node in self._own.query("form button")]

    @property
    def links(self) -> dict[str, str]:
        """The addresses of the links, by their texts."""
        return {text_of(node): attribute(node, "href") for node in self.html.query("a")}

    def link(self, text: str) -> str:
        """Return the address of the only link whose text begins so."""
        found = [url for name, url in self.links.items() if name.startswith(text)]
        if len(found) != 1:
            raise AssertionError(
                f"The page {self.path} has {len(found)} links that begin with "
                f"{text!r}. Expected one. Its links are {', '.join(self.links)}."
            )
        return found[0]

    @cached_property
    def form(self) -> Node | None:
        """The form that has the wizard's buttons, or else the first one."""
        forms = self.html.query("form")
        own = (form for form in forms if form.query("[name=_action]"))
        return next(own, next(iter(forms), None))

    @property
    def action(self) -> str:
        """Where the form is sent to."""
        return attribute(self.form, "action") or self.url

    @property
    def forms(self) -> dict[str, dict[str, list[str]]]:
        """What a browser sends of each form as it stands, by the form's address."""
        forms = self.html.query("form")
        return {attribute(form, "action") or self.path: sent_by(form) for form in forms}

    @property
    def values(self) -> dict[str, list[str]]:
        """What a browser sends of the form as it stands, by the inputs' names."""
        return sent_by(self.form) if self.form is not None else {}

    @cached_property
    def inputs(self) -> dict[str, list[Node]]:
        """What can be filled in of the form, by name."""
        return fillable(self.form) if self.form is not None else {}

    @property
    def token(self) -> str:
        """The token against forged requests."""
        return self.value("csrf_token") or ""

    def value(self, name: str) -> str | None:
        """Return what a field shows; None for a box that is not ticked."""
        found = self.values.get(name)
        return found[0] if found else None


def text_of(node: Node) -> str:
    """Return the text of an element, with single spaces."""
    return " ".join(node.to_text().split())


def attribute(node: Node, name: str) -> str:
    """Return an attribute of an element, empty if it has none."""
    return str((node.attrs.get(name) if node is not None else None) or "")


def foreign_form(page: Page) -> Node | None:
    """Return the form of a page that is the application's own, such as a login."""
    form = page.form
    return form if form is not None and not form.query("[name=_action]") else None


def choose_form(page: Page, names: Collection[str]) -> None:
    """Have the first form that can be filled in with these inputs as the page's form.

    Raise AssertionError if there is none.
    """
    found = [(form, fillable(form)) for form in page.html.query("form")]
    for form, inputs in found:
        if inputs.keys() >= {*names}:
            page.form, page.inputs = form, inputs
            return
    told = "; ".join(", ".join(inputs) for _, inputs in found if inputs)
    raise AssertionError(
        f"The page {page.path} ({page.heading or page.title}) has no form with the "
        f"fields {', '.join(names)}. Its forms have {told or 'no fields'}."
    )


def fillable(form: Node) -> dict[str, list[Node]]:
    """Return the inputs of a form that somebody can fill in, by their names."""
    found: dict[str, list[Node]] = {}
    for node in form.query("input, textarea, select"):
        if attribute(node, "type") not in BUTTONS | {"hidden"}:
            found.setdefault(attribute(node, "name"), []).append(node)
    return found


def offered_by(inputs: list[Node]) -> list[str]:
    """Return the values that a choice offers; none for an input that is no choice."""
    if inputs and inputs[0].name == "select":
        return [attribute(option, "value") for option in inputs[0].query("option")]
    is_choice = len(inputs) > 1 and attribute(inputs[0], "type") in TICKED
    return [attribute(node, "value") for node in inputs] if is_choice else []


def sent_by(form: Node) -> dict[str, list[str]]:
    """Return what a browser sends of a form as it stands, without its button."""
    found: dict[str, list[str]] = {}
    for node in form.query("input[name], textarea[name], select[name]"):
        for value in _sent_by_input(node):
            found.setdefault(attribute(node, "name"), []).append(value)
    return found


def sent_by_button(form: Node) -> dict[str, list[str]]:
    """Return what the first button of a form sends, which Enter presses as well."""
    for node in form.query("button, input"):
        kind = attribute(node, "type") or ("submit" if node.name == "button" else "")
        if kind == "submit":
            name = attribute(node, "name")
            return {name: [attribute(node, "value")]} if name else {}
    return {}


def _sent_by_input(node: Node) -> list[str]:
    attributes = node.attrs
    if "disabled" in attributes:
        return []
    if node.name == "textarea":
        text = "".join(child.data for child in node.children)
        return [text.replace("\n", "\r\n")]  # as browsers do
    if node.name == "select":
        return _chosen(node)
    kind = attributes.get("type")
    if kind in BUTTONS or (kind in TICKED and "checked" not in attributes):
        return []
    return [attribute(node, "value")]


def _chosen(select: Node) -> list[str]:
    options = select.query("option")
    chosen = [option for option in options if "selected" in option.attrs]
    if not chosen and "multiple" not in select.attrs:
        chosen = options[:1]
    return [attribute(option, "value") for option in chosen]
