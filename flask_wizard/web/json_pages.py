"""Pages as JSON, for a front end of the application's own.

What they say comes from the context of the page's template, and their words from the
template itself, so that a page is one and the same in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Request, Response, render_template
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from ..catalogues import message
from ..drafts.public_draft import Draft as PublicDraft
from .controls import layout
from .guard import MULTIPART, URLENCODED
from .json_fields import Data, FormData, plain
from .pages import ListedTask, Page
from .state import Context

JSON = "application/json"

TEXTS = "flask_wizard/default/texts.html"
"""The template that pages extend, in place of a layout, to give their words alone."""

WERKZEUGS = (
    message("Bad Request"),
    message(
        "The browser (or proxy) sent a request that this server could not understand."
    ),
    message("Not Found"),
    message(
        "The requested URL was not found on the server. If you entered the URL "
        "manually please check your spelling and try again."
    ),
    message("Request Entity Too Large"),
    message("The data value transmitted exceeds the capacity limit."),
    message("Unsupported Media Type"),
    message("The server does not support the media type transmitted in the request."),
)
"""What Werkzeug says of the errors that the wizard's URLs are answered with."""

_TEXT = re.compile(r'<wizard-text id="([a-z-]+)">(.*?)</wizard-text>', re.DOTALL)
_UNREAD = re.compile(
    r"<(script|style|button|template)\b.*?</\1>", re.DOTALL | re.IGNORECASE
)
_END = re.compile(r"</(?:p|h\d|li|dt|dd|tr|caption|div|blockquote)>|<br>")


def prefers_json(request: Request) -> bool:
    """True if a request prefers JSON to HTML."""
    accepted = request.environ.get("HTTP_ACCEPT", "").lower()
    if "json" not in accepted and "application/*" not in accepted:
        return False
    quality = request.accept_mimetypes.quality
    return quality(JSON) > quality("text/html")


def json_response(page: Page, context: Context) -> Response:
    """Return a page as a response in JSON. It has the status of the page."""
    text = context.app.json.dumps(page_data(page, context))
    response = context.app.response_class(text, page.status, mimetype=JSON)
    # What a visitor has typed stands in it as it is.
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def describe_as_json(error: HTTPException, context: Context) -> None:
    """Have an error answered in JSON, unless the application answers it itself."""
    if error.response is not None or not prefers_json(context.request):
        return
    response = error.get_response()
    find = context.texts.find
    data = _common("error", find(str(error.name)), [find(str(error.description))])
    response.set_data(context.app.json.dumps(data))
    response.content_type = JSON
    response.headers["Cache-Control"] = "no-store"
    response.vary.update(("Accept", "Cookie"))
    error.response = response


def page_data(page: Page, context: Context) -> Data:
    """Return a page as data: all that its template is given to show.

    The answers are left out, which templates can read besides.
    """
    texts = _texts_of(page, context)
    step, form = page.get("step"), page.get("form")
    shown = FormData(form or (), page.get("passwords_kept", ()))
    hidden = dict(shown.hidden)
    for name, value in (*page.get("hidden", ()), *page.get("pairs", ())):
        hidden.setdefault(name, []).append(value)
    data = _common(page.name, texts["title"][0], texts["text"])
    data["caption"] = next(iter(texts["caption"]), None)
    data["step"] = step.name if step is not None else None
    data["notes"] = texts["notes"]
    if (progress := page.get("progress")) is not None:
        data["progress"] = {
            "text": plain(progress.text),
            "number": progress.number,
            "total": progress.total,
        }
    if notice := page.get("notice"):
        data["notice"] = {"code": str(notice), "text": texts["notice"]}
    if problem := page.get("problem"):
        title, *text = texts["problem"]
        code = str(problem.code)
        data["problem"] = {"code": code, "title": title, "text": text}
    data["errors"] = [
        {"message": plain(error.message)} | _target(error.href, shown.names)
        for error in page.get("errors", ())
    ]
    data["fields"] = shown.fields
    data["actions"] = [
        {
            "value": action.value,
            "label": plain(action.label),
            "primary": action.primary,
        }
        for action in page.get("actions", ())
    ]
    data["hidden"] = {
        name: values[0] if len(values) == 1 else values
        for name, values in hidden.items()
    }
    data["urls"] = _urls_of(page) | (_urls_of(vars(problem)) if problem else {})
    if "action" in data["urls"]:
        is_multipart = layout(form).multipart
        data["enctype"] = MULTIPART if is_multipart else URLENCODED
    return _more(page) | data


def _common(name: str, title: str, text: list[str]) -> Data:
    """Return the keys that every page has."""
    return {
        "page": name,
        "step": None,
        "title": title,
        "caption": None,
        "text": text,
        "notes": [],
        "progress": None,
        "notice": None,
        "problem": None,
        "errors": [],
        "fields": [],
        "actions": [],
        "hidden": {},
        "urls": {},
    }


def _target(href: str | None, names: Mapping[str, str]) -> Data:
    """Return the field of an error, or the URL of the item that it is about."""
    if href is None or href.startswith("#"):
        return {"field": names.get((href or "").removeprefix("#")), "url": None}
    return {"field": None, "url": href}


def _urls_of(context: Mapping[str, Any]) -> dict[str, str]:
    return {
        name.removesuffix("_url"): str(url)
        for name, url in context.items()
        if name.endswith("_url") and url
    }


# What only some pages have


def _more(page: Page) -> Data:
    """Return what only some pages have, by the names that templates have it under."""
    more: Data = {
        name: _scalar(value)
        for name, value in page.items()
        if isinstance(value, str | bool | datetime)
        and not name.startswith("wizard_")
        and not name.endswith("_url")
    }
    if "texts" in page:
        more["texts"] = page["texts"]
    if "items" in page:
        more["items"] = [
            {
                "name": item.name,
                "done": item.done,
                "url": item.url,
                "remove_url": item.remove_url,
            }
            for item in page["items"]
        ]
    if "parts" in page:
        more["parts"] = [_part(part) for part in page["parts"]]
    if stepper := page.get("stepper"):
        more["stepper"] = [
            {
                "title": plain(step.title),
                "section": plain(step.section),
                "state": step.state,
                "action": step.action,
            }
            for step in stepper
        ]
    if "tasks" in page:
        more["tasks"] = [_task(task) for task in page["tasks"]]
        more["review"] = _task(page["review"])
    if "groups" in page:
        more["groups"] = [
            {
                "step": group.step.name,
                "section": plain(group.section),
                "title": plain(group.title),
                "rows": [_row(row) for row in group.rows],
            }
            for group in page["groups"]
        ]
    if (copy := page.get("copy")) is not None:
        more["copy"] = {
            "until": _moment(copy.until),
            "url": copy.url,
            "groups": [
                {
                    "section": group.section,
                    "title": group.title,
                    "rows": [row._asdict() for row in group.rows],
                }
                for group in copy.groups
            ],
        }
    if returning := page.get("returning"):
        more["missing"] = [
            {"title": plain(step.title), "url": step.url} for step in returning.missing
        ]
    problem = page.get("problem")
    drafts = page.get("drafts") or (problem.drafts if problem else ())
    if drafts:
        more["drafts"] = [_draft(draft) for draft in drafts]
    return more


def _scalar(value: str | bool | datetime) -> str | bool:
    if isinstance(value, datetime):
        return _moment(value)
    return value if isinstance(value, bool) else plain(value)


def _part(part: Any) -> Data:
    """Return a step that somebody else fills in; with its state, for who does."""
    state = {"state": part.state} if hasattr(part, "state") else {}
    return {"title": plain(part.title), **state, "url": part.url}


def _task(task: ListedTask) -> Data:
    return {
        "title": plain(task.title),
        "state": task.state,
        "url": task.url,
        "waits_for": [plain(title) for title in task.waits_for],
        "ends": task.ends,
    }


def _row(row: Any) -> Data:
    return {
        "field": row.field,
        "item": row.item or None,
        "label": plain(row.label),
        "lines": [plain(line) for line in row.lines],
        "changed": row.changed,
        "url": row.url or None,
    }


def _draft(draft: PublicDraft) -> Data:
    return {
        "id": draft.id,
        "title": draft.title,
        "description": draft.description,
        "step_title": draft.step_title,
        "started": _moment(draft.started),
        "saved": _moment(draft.saved),
        "expires": _moment(draft.expires),
        "url": draft.url,
        "discard_url": draft.discard_url,
    }


def _moment(when: datetime) -> str:
    return when.isoformat(timespec="seconds")


# Words


def _texts_of(page: Page, context: Context) -> Mapping[str, list[str]]:
    """Return the words of a page, in paragraphs.

    A template that does not extend the layout in ``wizard_base`` does not give its
    words. Those of the default template take their place, or else the titles alone.
    """
    shown = dict(page)
    if problem := shown.get("problem"):  # its drafts are data
        shown["problem"] = replace(problem, drafts=())
    own = context.state.template(page.templates, context.app.jinja_env)
    default = f"flask_wizard/default/{page.name}.html"
    for template in (own, default, TEXTS):
        html = render_template(template, **{**shown, "wizard_base": TEXTS})
        if found := dict(_TEXT.findall(html)):
            break
    return {name: list(_paragraphs(text)) for name, text in found.items()}


def _paragraphs(html: str) -> Iterable[str]:
    """Return the paragraphs of a piece of HTML, without scripts and buttons."""
    for piece in _END.split(_UNREAD.sub("", html)):
        if text := Markup(piece).striptags():  # noqa: S704  # stripped
            yield text
