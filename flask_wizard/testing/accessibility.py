"""assert_accessible: what everybody needs of a page with a form, and axe cannot see."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

from werkzeug.test import TestResponse

from ..cached import cached_property

Node = Any  # justhtml has no types for what a query returns

PARSER_MISSING = (
    "flask_wizard.testing parses pages with justhtml, which is not installed. "
    "Run: pip install 'flask-wizard-forms[testing]'"
)
PRESSED = frozenset(("submit", "image", "reset", "button"))
FOCUSABLE = frozenset(("button", "input", "select", "textarea", "summary", "iframe"))
LABELABLE = frozenset(
    ("button", "input", "meter", "output", "progress", "select", "textarea")
)
SILENT = frozenset(("script", "style", "template", "select", "textarea"))
CHECKED = frozenset(
    (
        *("email", "url", "number", "date", "month", "week", "time"),
        *("datetime-local", "range", "color"),
    )
)
LIMITS = ("required", "pattern", "min", "max", "minlength", "maxlength", "step")
REFERENCES = (
    *("aria-describedby", "aria-labelledby", "aria-controls", "aria-owns"),
    *("aria-errormessage", "aria-details", "aria-flowto", "headers", "list", "form"),
)
# https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#autofill
PURPOSES = frozenset(
    (
        *("name", "honorific-prefix", "given-name", "additional-name"),
        *("family-name", "honorific-suffix", "nickname", "username"),
        *("new-password", "current-password", "one-time-code"),
        *("organization-title", "organization", "street-address", "address-line1"),
        *("address-line2", "address-line3", "address-level4", "address-level3"),
        *("address-level2", "address-level1", "country", "country-name"),
        *("postal-code", "cc-name", "cc-given-name", "cc-additional-name"),
        *("cc-family-name", "cc-number", "cc-exp", "cc-exp-month", "cc-exp-year"),
        *("cc-csc", "cc-type", "transaction-currency", "transaction-amount"),
        *("language", "bday", "bday-day", "bday-month", "bday-year", "sex", "url"),
        *("photo",),
    )
)
REACHES = frozenset(
    (
        *("tel", "tel-country-code", "tel-national", "tel-area-code", "tel-local"),
        *("tel-local-prefix", "tel-local-suffix", "tel-extension", "email", "impp"),
    )
)
DEVICES = frozenset(("home", "work", "mobile", "fax", "pager"))
LOOKS_WRONG = re.compile(r"(^|[-_])(error|errors|invalid)([-_]|$)")


class Fault(NamedTuple):
    """One thing that a page does not do for somebody."""

    #: The name of the rule, by which ``assert_accessible`` can leave it out.
    rule: str
    #: What was found, where, and how to mend it.
    message: str


def assert_accessible(
    response: TestResponse | str, *, ignore: Collection[str] = ()
) -> None:
    """Check a page against what people with a keyboard or a screen reader rely on.

    ``response`` is a page of the test client, or its HTML. It may be any page of the
    application, with templates and macros of its own. The rules are those that axe
    cannot know or does not have, such as a message that its field does not name; run
    axe as well. ``ignore`` has the names of rules to leave out, from ``RULES``.

    Raise AssertionError with one line for each fault: what was found, where, and how to
    mend it. Raise ValueError for the name of a rule that does not exist.
    """
    if unknown := sorted(set(ignore) - RULES.keys()):
        raise ValueError(
            f"ignore names {unknown[0]!r}, which is no rule. Rules are "
            f"{', '.join(RULES)}."
        )
    found = [
        fault for fault in faults_in(_text_of(response)) if fault.rule not in ignore
    ]
    where = "The page"
    if not isinstance(response, str):
        where = f"The page {response.request.path}"
    lines = "".join(f"\n- {fault.rule}: {fault.message}" for fault in found)
    if found:
        raise AssertionError(f"{where} is not accessible:{lines}")


def faults_in(html: str) -> list[Fault]:
    """Return what a page breaks of all rules, in their order."""
    found = faults_below(_parse(html, lines=False))
    # To keep the lines of all elements takes the parser twice as long.
    return faults_below(_parse(html, lines=True)) if found else []


def faults_below(root: Node) -> list[Fault]:
    """Return what a page that justhtml has parsed breaks of all rules."""
    page = _Page(root)
    return [
        Fault(name, message) for name, rule in RULES.items() for message in rule(page)
    ]


def _text_of(response: TestResponse | str) -> str:
    if isinstance(response, str):
        return response
    if 300 <= response.status_code < 400:
        raise AssertionError(
            f"The response is a redirect to {response.location!r}, and no page. Follow "
            "it first: client.get(…, follow_redirects=True)."
        )
    if response.mimetype != "text/html":
        raise AssertionError(
            f"The response is {response.mimetype or 'of no type'}, and no page. "
            "Expected text/html."
        )
    return response.text


def _parse(html: str, *, lines: bool) -> Node:
    try:
        from justhtml import JustHTML
    except ImportError as error:
        raise ImportError(PARSER_MISSING) from error
    return JustHTML(html, sanitize=False, track_node_locations=lines).root


class _Page:
    """The elements of a page, by what the rules ask of them."""

    def __init__(self, root: Node) -> None:
        self.elements = list(_below(root))
        self.by_id: dict[str, Node] = {}
        for node in self.having("id"):
            self.by_id.setdefault(_get(node, "id"), node)
        #: Where the page has its own content; all of it if no element says so.
        self.main = next(iter(self.named("main")), root)
        self.inside = list(_below(self.main))

    def named(self, *names: str) -> list[Node]:
        return [node for node in self.elements if node.name in names]

    def having(self, attribute: str) -> list[Node]:
        return [node for node in self.elements if attribute in node.attrs]

    @cached_property
    def controls(self) -> list[Node]:
        """What visitors fill in, the whole page over."""
        return [
            node
            for node in self.named("input", "select", "textarea")
            if _type(node) != "hidden"
            and _type(node) not in PRESSED
            and not any(_is_hidden(outer) for outer in (node, *_outside(node)))
        ]

    @cached_property
    def own_controls(self) -> list[Node]:
        """Those among its own content."""
        inside = {id(node) for node in self.inside}
        return [node for node in self.controls if id(node) in inside]

    @cached_property
    def forms(self) -> list[Node]:
        """The forms among its own content that send what was filled in."""
        return [
            node
            for node in self.inside
            if node.name == "form" and _get(node, "method").lower() == "post"
        ]

    @cached_property
    def invalid(self) -> list[Node]:
        return [c for c in self.own_controls if _get(c, "aria-invalid") == "true"]

    @cached_property
    def alerts(self) -> list[Node]:
        return [node for node in self.inside if _get(node, "role") == "alert"]

    def form_of(self, node: Node) -> Node | None:
        if "form" in node.attrs:
            return self.by_id.get(_get(node, "form"))
        return next((outer for outer in _outside(node) if outer.name == "form"), None)

    def labels_of(self, control: Node) -> list[Node]:
        own = _get(control, "id")
        return [
            label
            for label in self.named("label")
            if (own and _get(label, "for") == own)
            or ("for" not in label.attrs and control in _below(label))
        ]

    def targets(self, node: Node, attribute: str) -> list[Node]:
        ids = _get(node, attribute).split()
        return [self.by_id[name] for name in ids if name in self.by_id]

    def messages_at(self, control: Node) -> list[str]:
        """What describes a control, and the groups that it is in."""
        groups = [outer for outer in _outside(control) if _is_group(outer)]
        return [
            _text(target)
            for node in (control, *groups)
            for target in self.targets(node, "aria-describedby")
        ]


# The rules, each a function that yields what a page breaks of it


def _lang(page: _Page) -> Iterator[str]:
    if not any(_get(node, "lang").strip() for node in page.named("html")):
        yield (
            "<html> has no lang, so that a screen reader reads the page in any "
            'language. Add the language of the page: <html lang="en">.'
        )


def _title(page: _Page) -> Iterator[str]:
    titles = [node for node in page.named("title") if node.namespace != "svg"]
    if len(titles) != 1 or not _text(titles[0]):
        yield (
            f"there are {len(titles)} <title> elements, or an empty one. Expected one, "
            "which names the step, the wizard and the site."
        )


def _h1(page: _Page) -> Iterator[str]:
    headings = page.named("h1")
    if len(headings) != 1:
        yield (
            f"there are {len(headings)} <h1>{_places(headings)}. Expected one, which "
            "says what this page asks; set other headings in <h2>."
        )
    yield from (
        f"{_show(node)} is empty. Write in it what this page asks."
        for node in headings
        if not _text(node)
    )


def _main(page: _Page) -> Iterator[str]:
    found = page.named("main")
    if len(found) != 1:
        yield (
            f"there are {len(found)} <main>{_places(found)}. Expected one around what "
            "this page has of its own, without header, navigation and footer."
        )


def _skip_link(page: _Page) -> Iterator[str]:
    if not page.named("main"):
        return
    first = next((n for n in page.elements if _takes_focus(n)), None)
    if first is None or page.main in _outside(first):
        return  # there is nothing to skip
    target = page.by_id.get(_fragment(first) or "")
    around = (page.main, *_outside(page.main))
    if target is None or not (target in around or page.main in _outside(target)):
        yield (
            f"what Tab reaches first is {_show(first)}, and not a "
            'link to <main>. Begin <body> with <a href="#main">Skip to main '
            "content</a>, and give <main> that id."
        )


def _ids(page: _Page) -> Iterator[str]:
    counted = Counter(_get(node, "id") for node in page.having("id"))
    for name, count in counted.items():
        if not name or re.search(r"\s", name):
            yield (
                f"{_show(page.by_id[name])} has an id that nothing can refer to. "
                "Give it letters and digits without spaces."
            )
        elif count > 1:
            nodes = [node for node in page.having("id") if _get(node, "id") == name]
            yield (
                f"the id {name!r} is there {count} times{_places(nodes)}. Labels and "
                "messages find the first only: give each an id of its own, as a prefix "
                "of a WTForms form does."
            )


def _references(page: _Page) -> Iterator[str]:
    for node in page.elements:
        for attribute in REFERENCES:
            if attribute not in node.attrs:
                continue
            for name in _get(node, attribute).split():
                if name not in page.by_id:
                    yield (
                        f"{_show(node)} has {attribute}={name!r}, and nothing has that "
                        "id. Give what it refers to this id, or leave it out."
                    )
        if node.name == "label" and "for" in node.attrs:
            target = page.by_id.get(_get(node, "for"))
            if target is None or target.name not in LABELABLE:
                there = "nothing has that id" if target is None else _show(target)
                yield (
                    f"{_show(node)} is for {_get(node, 'for')!r}, and {there}. A "
                    "label is for a control; a group has a <fieldset> with a <legend>."
                )
        fragment = _fragment(node)
        if fragment and fragment != "top" and fragment not in page.by_id:
            yield f"{_show(node)} leads to an id that nothing has."


def _described(page: _Page) -> Iterator[str]:
    for node in page.having("aria-describedby"):
        names = _get(node, "aria-describedby").split()
        if len(names) != len(set(names)):
            yield f"{_show(node)} names a description twice, which is then read twice."
        if not any(_text(target) for target in page.targets(node, "aria-describedby")):
            yield (
                f"{_show(node)} is described by nothing that has a text. Leave "
                "aria-describedby out, or fill in what it names."
            )


def _labels(page: _Page) -> Iterator[str]:
    inside = {id(node) for node in page.own_controls}
    for control in page.controls:
        texts = [_text(label) for label in page.labels_of(control)]
        texts += [_text(node) for node in page.targets(control, "aria-labelledby")]
        if id(control) not in inside:  # a search in a header, say
            texts += [_get(control, "aria-label"), _get(control, "title")]
        if not any(texts):
            own = _get(control, "id") or "an-id"
            yield (
                f"{_show(control)} has no label that can be seen; a placeholder is "
                f'gone once something is typed. Add <label for="{own}">…</label>, with '
                "that id on the control."
            )


def _groups(page: _Page) -> Iterator[str]:
    for fieldset in page.named("fieldset"):
        first = next((n for n in fieldset.children if not n.name.startswith("#")), None)
        if first is None or first.name != "legend" or not _text(first):
            yield (
                f"{_show(fieldset)} does not begin with a <legend> that has a text. "
                "Put the question there."
            )
    groups: dict[tuple[int, str, str], list[Node]] = {}
    for control in page.own_controls:
        if (kind := _type(control)) in ("radio", "checkbox"):
            form = page.form_of(control)
            key = (id(form), kind, _get(control, "name"))
            groups.setdefault(key, []).append(control)
    around: dict[int, str] = {}
    for (_, kind, name), controls in groups.items():
        if kind == "checkbox" and len(controls) == 1:
            continue
        group = _group_of(controls[0])
        if group is None:
            yield (
                f"the choices {name!r} stand in no group{_places(controls)}: nobody "
                "hears what is asked. Put them into a <fieldset> whose <legend> is the "
                "question."
            )
        elif id(group) in around:
            yield (
                f"the choices {name!r} and {around[id(group)]!r} are in one "
                f"{_show(group)}. Give each a <fieldset> of its own."
            )
        else:
            around[id(group)] = name
        if group is not None and not _is_named(page, group):
            yield (
                f"{_show(group)} has no name. Add aria-labelledby with the id of the "
                "question."
            )


def _invalid(page: _Page) -> Iterator[str]:
    for node in page.having("aria-invalid"):
        if _get(node, "aria-invalid") != "true":
            yield (
                f"{_show(node)} says aria-invalid={_get(node, 'aria-invalid')!r}. "
                'Leave it out unless the field has an error; then it is "true".'
            )
    for control in page.own_controls:
        is_wrong = any(
            _looks_wrong(target) and _text(target)
            for target in page.targets(control, "aria-describedby")
        )
        if is_wrong and control not in page.invalid:
            yield f'{_show(control)} has an error. Add aria-invalid="true" to it.'
        if control in page.invalid and not any(page.messages_at(control)):
            yield (
                f"{_show(control)} is invalid, and nothing says why. Name the id of "
                "its message in aria-describedby, on it or on its <fieldset>."
            )


def _summary(page: _Page) -> Iterator[str]:
    if not page.invalid:
        return
    links = [
        node
        for alert in page.alerts
        for node in _below(alert)
        if node.name == "a" and _fragment(node)
    ]
    if not links:
        yield (
            "fields are invalid, and no summary says so: somebody who does not see the "
            "whole page at once has to search. Begin <main> with an element that has "
            'tabindex="-1" and autofocus, and in it role="alert" with a heading and a '
            "link to each field."
        )
        return
    linked = [page.by_id.get(_fragment(link) or "") for link in links]
    names = {_key(page, node) for node in linked if node is not None}
    yield from (
        f"{_show(control)} is invalid, and no link of the summary leads to it."
        for control in _first_of_each(page, page.invalid)
        if control not in linked
        and _key(page, control) not in names
        and not _shares_message(page, control, linked)
    )
    for link, target in zip(links, linked, strict=True):
        if target is None:
            continue  # the rule for references says so
        if not _can_focus(target):
            yield (
                f"{_show(link)} leads to {_show(target)}, which takes no focus. Let it "
                "lead to the first control of the field."
            )
        elif target in page.controls and not any(
            _text(link) in message for message in page.messages_at(target)
        ):
            yield (
                f"the summary says {_text(link)!r} of {_show(target)}, where "
                "it is said in other words or not at all. Say the same in both places, "
                "and name it in aria-describedby."
            )
    summary = links[0]
    headings = [node for node in page.inside if node.name == "h1"]
    if headings and page.inside.index(headings[0]) < page.inside.index(summary):
        yield "the summary of errors comes after the <h1>. Begin <main> with it."
    alert = next(node for node in _outside(summary) if node in page.alerts)
    if not any(re.fullmatch("h[2-6]", node.name) for node in _below(alert)):
        yield f'{_show(alert)} has no heading. Begin it with one: "There is a problem".'


def _autofocus(page: _Page) -> Iterator[str]:
    found = page.having("autofocus")
    if len(found) > 1:
        yield (
            f"{len(found)} elements have autofocus{_places(found)}. Browsers heed the "
            "first: keep the one that has to be read first."
        )
    if not page.alerts or not page.invalid:
        return
    if not any(
        node in (alert, *_outside(alert)) for alert in page.alerts for node in found
    ):
        yield (
            'nothing around role="alert" has autofocus, so that the errors are met '
            'only on the way to them. Give the summary autofocus and tabindex="-1".'
        )
    yield from (
        f'{_show(node)} has autofocus and takes no focus. Add tabindex="-1".'
        for node in found
        if not _can_focus(node)
    )


def _error_title(page: _Page) -> Iterator[str]:
    lang = next((_get(node, "lang") for node in page.named("html")), "")
    is_english = lang.lower().partition("-")[0] == "en"
    title = next((_text(node) for node in page.named("title")), "")
    if page.invalid and is_english and not title.startswith("Error: "):
        yield (
            f"fields are invalid, and the title is {title!r}. Begin it with “Error: ”, "
            "which is what a screen reader says first."
        )


def _first_button(page: _Page) -> Iterator[str]:
    for form in page.forms:
        buttons = [
            node
            for node in page.named("button", "input")
            if (_type(node) in ("submit", "image")) and page.form_of(node) is form
        ]
        usable = [node for node in buttons if "disabled" not in node.attrs]
        if not usable:
            yield (
                f"{_show(form)} has no submit button, so that Enter may do nothing. "
                "Add one that says what it does."
            )
        elif "formnovalidate" in usable[0].attrs and not all(
            "formnovalidate" in node.attrs for node in usable
        ):
            yield (
                f"Enter presses {_show(usable[0])}, the first submit button of the "
                "form. Put the one that continues before it."
            )


def _validation(page: _Page) -> Iterator[str]:
    for form in page.forms:
        checked = (c for c in page.own_controls if page.form_of(c) is form)
        if "novalidate" not in form.attrs and any(map(_is_checked, checked)):
            yield (
                f"{_show(form)} lets the browser validate, whose messages vanish "
                "and are in no summary. Add novalidate."
            )
    for control in page.own_controls:
        if page.form_of(control) not in page.forms:
            continue
        if "required" in control.attrs:
            yield (
                f"{_show(control)} has required, so that some screen readers call it "
                "invalid before anything is typed. Leave it out, as required=False "
                "does for a WTForms field, and mark what is optional."
            )
        if _type(control) == "number":
            yield (
                f"{_show(control)} is of the type number: a wheel changes it, and what "
                'is no number is lost. Make it type="text" inputmode="numeric".'
            )


def _marks(page: _Page) -> Iterator[str]:
    for node in page.inside:
        if node.name in ("label", "legend") and _text(node).endswith("*"):
            yield (
                f"{_show(node)} ends with an asterisk. Write “(optional)” behind the "
                "labels of the fields that may be left blank."
            )


def _autocomplete(page: _Page) -> Iterator[str]:
    for node in page.having("autocomplete"):
        value = _get(node, "autocomplete").lower()
        if node.name == "form":
            if value == "off" and node in page.forms:
                yield f"{_show(node)} keeps browsers from filling in what they know."
        elif not _is_purpose(value):
            yield (
                f"{_show(node)} has autocomplete={value!r}, which browsers "
                'do not know. Expected a name from the HTML standard, such as "email", '
                '"off", or "section-child bday".'
            )


def _paste(page: _Page) -> Iterator[str]:
    for attribute in ("onpaste", "oncopy", "oncut"):
        yield from (
            f"{_show(node)} has {attribute}. Let people paste, as password managers do."
            for node in page.having(attribute)
        )


def _links(page: _Page) -> Iterator[str]:
    found: dict[str, Node] = {}
    for node in page.inside:
        if node.name != "a" or not _get(node, "href") or not (text := _text(node)):
            continue
        first = found.setdefault(text, node)
        if _get(first, "href") != _get(node, "href") and _fragment(node) is None:
            yield (
                f"{_show(first)} and {_show(node)} are both called {text!r} "
                "and lead to different pages. Add what tells them apart; it may be "
                "visually hidden."
            )


#: The rules by name, in the order in which a page is read.
RULES: Mapping[str, Callable[[_Page], Iterator[str]]] = {
    "lang": _lang,
    "title": _title,
    "skip-link": _skip_link,
    "main": _main,
    "h1": _h1,
    "error-title": _error_title,
    "summary": _summary,
    "autofocus": _autofocus,
    "ids": _ids,
    "references": _references,
    "description": _described,
    "label": _labels,
    "group": _groups,
    "invalid": _invalid,
    "marks": _marks,
    "autocomplete": _autocomplete,
    "paste": _paste,
    "validation": _validation,
    "first-button": _first_button,
    "links": _links,
}


# What the rules ask of an element


def _below(node: Node) -> Iterator[Node]:
    """Yield the elements below a node in the order of the page."""
    for child in node.children or ():
        if not child.name.startswith(("#", "!")):
            yield child
            yield from _below(child)


def _outside(node: Node) -> Iterator[Node]:
    """Yield the elements around a node, from the inside."""
    while (node := node.parent) is not None and not node.name.startswith("#"):
        yield node


def _text(node: Node) -> str:
    """Return the text of an element, with one space where it has any."""
    return " ".join("".join(_pieces(node)).split())


def _pieces(node: Node) -> Iterator[str]:
    for child in node.children or ():
        if child.name == "#text":
            yield child.data
        elif child.name == "img":
            yield _get(child, "alt")
        elif not child.name.startswith(("#", "!")) and child.name not in SILENT:
            yield " " if child.name in ("br", "p", "div", "li") else ""
            yield from _pieces(child)


def _get(node: Node, attribute: str) -> str:
    return str(node.attrs.get(attribute) or "")


def _type(node: Node) -> str:
    default = {"input": "text", "button": "submit"}.get(node.name, node.name)
    return _get(node, "type").lower() or default


def _fragment(node: Node) -> str | None:
    href = _get(node, "href") if node.name == "a" else ""
    return href[1:] if href.startswith("#") else None


def _is_hidden(node: Node) -> bool:
    style = _get(node, "style").replace(" ", "").lower()
    told = "hidden" in node.attrs or _get(node, "aria-hidden") == "true"
    return told or "display:none" in style


def _is_group(node: Node) -> bool:
    return node.name == "fieldset" or _get(node, "role") in ("group", "radiogroup")


def _group_of(node: Node) -> Node | None:
    return next((outer for outer in _outside(node) if _is_group(outer)), None)


def _is_named(page: _Page, node: Node) -> bool:
    names = [_text(target) for target in page.targets(node, "aria-labelledby")]
    return node.name == "fieldset" or any((*names, _get(node, "aria-label")))


def _looks_wrong(node: Node) -> bool:
    names = (_get(node, "id"), *_get(node, "class").split())
    return any(LOOKS_WRONG.search(name) for name in names)


def _can_focus(node: Node) -> bool:
    return (
        "tabindex" in node.attrs
        or (node.name == "a" and "href" in node.attrs)
        or (node.name in FOCUSABLE and _type(node) != "hidden")
    )


def _takes_focus(node: Node) -> bool:
    return _can_focus(node) and not _get(node, "tabindex").startswith("-")


def _is_checked(control: Node) -> bool:
    """True if a browser may refuse to send what is in a control."""
    return _type(control) in CHECKED or any(name in control.attrs for name in LIMITS)


def _key(page: _Page, control: Node) -> tuple[int, str]:
    """Return what the choices of one question have in common."""
    return id(page.form_of(control)), _get(control, "name") or _get(control, "id")


def _shares_message(
    page: _Page, control: Node, linked: Collection[Node | None]
) -> bool:
    """True if what is wrong is said of several boxes, to one of which a link leads.

    A date in three boxes is one question, with one message at its group.
    """
    return any(
        _looks_wrong(message) and group in _outside(other)
        for group in _outside(control)
        if _is_group(group)
        for message in page.targets(group, "aria-describedby")
        for other in linked
        if other is not None
    )


def _first_of_each(page: _Page, controls: list[Node]) -> list[Node]:
    return list({_key(page, node): node for node in reversed(controls)}.values())[::-1]


def _is_purpose(value: str) -> bool:
    if value in ("", "on", "off"):
        return True
    tokens = value.split()
    if tokens[0].startswith("section-"):
        tokens.pop(0)
    if tokens and tokens[0] in ("shipping", "billing"):
        tokens.pop(0)
    if tokens and tokens[-1] == "webauthn":
        tokens.pop()
    if len(tokens) == 2 and tokens[0] in DEVICES:
        return tokens[1] in REACHES
    return not tokens or (len(tokens) == 1 and tokens[0] in PURPOSES | REACHES)


def _show(node: Node) -> str:
    """Return how an element begins, without what was typed, and its line."""
    telling = ("id", "name", "type", "href", "for", "class", "role")
    shown = [f'{a}="{node.attrs[a]}"' for a in telling if node.attrs.get(a)][:3]
    line = f" in line {node.origin_line}" if node.origin_line else ""
    return f"<{' '.join((node.name, *shown))}>{line}"


def _places(nodes: list[Node]) -> str:
    lines = [str(node.origin_line) for node in nodes if node.origin_line]
    return f", in lines {', '.join(lines)}" if lines else ""
