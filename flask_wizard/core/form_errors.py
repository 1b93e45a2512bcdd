"""Form errors: the messages of a form by full field name, and their way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup
from wtforms import Form
from wtforms.fields import Field, FieldList, FormField

from ..catalogues import message
from .texts import texts_of

NOT_KEPT = message("What you typed here was not kept. Enter it again.")
"""The message at a password that was typed on a page that was not accepted.

It is stored in English, whatever the language, and shown in that of the page.
"""


def errors_of(form: Form) -> dict[str, list[str]]:
    """Return messages by full field name; those of a nested form by its name."""
    found: dict[str, list[str]] = {}
    _note(found, "", form.form_errors)
    _collect(form, found)
    return found


def with_lost(
    errors: Mapping[str, list[str]], passwords: Iterable[str]
) -> dict[str, list[str]]:
    """Return the messages, with one more at each of these passwords, by full name."""
    more = {name: [*errors.get(name, ()), NOT_KEPT] for name in passwords}
    return {**errors, **more}


def in_language(
    messages: Mapping[str, Sequence[str]], lang: str
) -> dict[str, list[str]]:
    """Return the messages as HTML that says which language they are in."""
    marked = Markup('<span lang="{}">{}</span>')
    return {
        name: [marked.format(lang, text) for text in texts]
        for name, texts in messages.items()
    }


def _collect(fields: Iterable[Field], found: dict[str, list[str]]) -> None:
    for field in fields:
        if isinstance(field, FormField):
            _note(found, field.name, field.form.form_errors)
            _collect(field.form, found)
        elif isinstance(field, FieldList):
            nested = (list, tuple, dict)
            _note(found, field.name, [e for e in field.errors if type(e) not in nested])
            _collect(field.entries, found)
        else:
            _note(found, field.name, field.errors)


def _note(found: dict[str, list[str]], name: str, messages: Iterable[object]) -> None:
    if texts := [as_text(message) for message in messages]:
        found[name] = texts


def as_text(message: object) -> str:
    """Return a message as a string. HTML stays ``Markup``; what is lazy does not."""
    return message if isinstance(message, Markup) else str(message)


def show_errors(form: Form, errors: Mapping[str, list[str]]) -> None:
    """Put stored messages back on the fields; nameless ones on the form."""
    find = texts_of(form).find
    left = {
        name: [find(text) if text == NOT_KEPT else text for text in texts]
        for name, texts in errors.items()
    }
    form.form_errors = left.pop("", [])
    _put(form, left)
    for messages in left.values():  # a field that the form no longer has
        form.form_errors = [*form.form_errors, *messages]


def _put(fields: Iterable[Field], left: dict[str, list[str]]) -> None:
    for field in fields:
        if isinstance(field, FormField):
            field.form.form_errors = left.pop(field.name, [])
            _put(field.form, left)
        else:
            field.errors = left.pop(field.name, [])
            if isinstance(field, FieldList):
                _put(field.entries, left)
                # As WTForms has them: those of each entry, before the list's own.
                inner = [entry.errors for entry in field.entries]
                field.errors = [*(inner if any(inner) else ()), *field.errors]
