"""check: what a wizard's definition and an application's settings ask of visitors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from flask import Flask
from wtforms import Form
from wtforms.fields import (
    BooleanField,
    Field,
    FieldList,
    FormField,
    SelectField,
)
from wtforms.fields.choices import SelectFieldBase
from wtforms.validators import (
    URL,
    UUID,
    AnyOf,
    DataRequired,
    Email,
    EqualTo,
    InputRequired,
    IPAddress,
    Length,
    MacAddress,
    NoneOf,
    NumberRange,
    Regexp,
)

from ..core.fields import choices_of, kind_of, render_kw
from ..core.files import file_leaves, size_in_words
from ..core.forms import leaves
from ..core.only_if import condition_of
from ..core.steps import AnyStep
from ..drafts.lifetimes import seconds
from ..errors import ConfigurationError
from ..web.all_drafts import request_context
from ..web.rehearsal import silence
from ..web.routes import Mounted
from ..web.state import MOUNTS
from ..wizard import Wizard
from .durations import in_words
from .findings import SILENCED, Finding
from .proofs import ON_PATHS, PROOFS, prove, sample_bound
from .settings import SETTINGS
from .visitors import token_for

HOUR = 60 * 60
MOST_FORMS = 5_000  # that are filled in to check one wizard
LEAST_LIFETIME = 20 * HOUR  # WCAG 2.2, success criterion 2.2.1

TELLING = (
    *(AnyOf, DataRequired, Email, EqualTo, InputRequired, IPAddress, Length),
    *(MacAddress, NoneOf, NumberRange, Regexp, URL, UUID),
)
"""Validators of WTForms whose own messages are such as "Invalid input."."""


class Asked(NamedTuple):
    """A field of a form that is the same whatever the answers are."""

    step: str
    field: Field
    #: Names and labels of the forms that it is in, and of its step, from the innermost.
    around: tuple[str, ...]
    #: True if the same is asked of each entry or item of a list.
    in_list: bool

    @property
    def place(self) -> str:
        """Where the field is declared."""
        return f"{self.step}.{self.field.name}"

    @property
    def token(self) -> str:
        """Its ``autocomplete`` token; empty if it has none, or it is off."""
        token = str(render_kw(self.field).get("autocomplete", "")).lower()
        return "" if token in ("on", "off") else token


def check_definitions(app: Flask, mounts: Collection[str] = ()) -> list[Finding]:
    """Return what every check finds in the mounted wizards and in the settings.

    With ``mounts``, look at these wizards alone, and at no settings. What
    ``WIZARD_SILENCED`` names is left out. Raise ConfigurationError if it names what is
    not found, or has no reason.
    """
    wizards = {
        name: mounted.wizard
        for name, mounted in sorted(_mounts(app).items())
        if not mounts or name in mounts
    }
    with request_context(app):
        found = [
            Finding(name, ".".join(filter(None, (mount, place))), message)
            for mount, wizard in wizards.items()
            for name, check in CHECKS.items()
            for place, message in check(app, wizard)
        ]
        for name, look in () if mounts else SETTINGS.items():
            found += [Finding(name, where, message) for where, message in look(app)]
        with silence():
            for mount, wizard in wizards.items():
                found += _on_paths(app, mount, wizard)
    silenced = app.config[SILENCED]
    keys = {finding.key for finding in found}
    for key, reason in silenced.items():
        if key not in keys and _would_be_found(key, mounts):
            raise ConfigurationError(
                f"{SILENCED} has {key!r}, which is not found any more. Remove it. "
                f"Found are: {', '.join(sorted(keys)) or 'none'}."
            )
        if not str(reason).strip():
            raise ConfigurationError(
                f"{SILENCED}[{key!r}] is empty. Say there why it is meant to be so."
            )
    return [finding for finding in found if finding.key not in silenced]


def _would_be_found(key: str, mounts: Collection[str]) -> bool:
    """True if this run would have found what a key silences, if it were there.

    That is not so of what `prove` looks for with samples and properties, of settings
    that differ where the application is deployed, and of other mounts.
    """
    check, _, where = key.partition(" ")
    if check in {*PROOFS, *SETTINGS} - {*ON_PATHS}:
        return False
    return not mounts or any(
        where == name or where.startswith(f"{name}.") for name in mounts
    )


def _on_paths(app: Flask, mount: str, wizard: Wizard) -> Iterator[Finding]:
    """Yield what filling in a wizard finds, as far as that takes few forms."""
    proof = prove(type(wizard), bound=sample_bound(app, mount), most=MOST_FORMS)
    for finding in proof.findings:
        if finding.check in ON_PATHS:
            where = finding.key(mount).partition(" ")[2]
            yield Finding(finding.check, where, finding.message)


def _mounts(app: Flask) -> Mapping[str, Mounted]:
    mounts: Mapping[str, Mounted] = app.extensions.get(MOUNTS, {})
    return mounts


def _asked(wizard: Wizard) -> Iterator[Asked]:
    """Yield the fields that a visitor fills in."""
    for step, form in _fixed_forms(wizard):
        for field, outer in _with_outer(form):
            if kind_of(field) in ("hidden", "skip", "content"):
                continue
            around = [f"{each.label.text} {each.short_name}" for each in outer]
            is_entry = any(isinstance(each, FieldList) for each in outer)
            yield Asked(
                step.name,
                field,
                (*around, f"{step.title} {step.name}"),
                in_list=is_entry or bool(step.pages),
            )


def _fixed_forms(wizard: Wizard) -> list[tuple[AnyStep, Form]]:
    """Return the forms that are the same whatever the answers are, with their steps."""
    found = []
    for step in wizard.steps:
        for kind in step.fixed_forms:
            with suppress(Exception):  # the application's: `fails` says which
                found.append((step, kind(None, meta={"csrf": False})))
    return found


def _with_outer(
    fields: Iterable[Field], outer: tuple[Field, ...] = ()
) -> Iterator[tuple[Field, tuple[Field, ...]]]:
    """Yield each field that holds a value, and those that it is in, from inside."""
    for field in fields:
        if isinstance(field, FormField):
            yield from _with_outer(field.form, (field, *outer))
        elif isinstance(field, FieldList):
            yield from _with_outer(field.entries, (field, *outer))
        else:
            yield from ((leaf, outer) for leaf in leaves([field]))


# The checks: each yields where, and what, and how to mend it


def _autocomplete(app: Flask, wizard: Wizard) -> Iterator[tuple[str, str]]:
    for asked in _asked(wizard):
        field = asked.field
        if asked.in_list or "autocomplete" in render_kw(field):
            continue
        # Browsers fill in neither boxes to tick nor buttons to choose.
        is_typed = kind_of(field) in ("input", "form")
        if is_typed and (token := token_for(field, asked.around)) is not None:
            yield (
                asked.place,
                f"has no autocomplete token, so that nothing fills it in. Add "
                f'render_kw={{"autocomplete": "{token}"}}, or "off" if it is not about '
                "the visitor.",
            )


def _messages(app: Flask, wizard: Wizard) -> Iterator[tuple[str, str]]:
    for asked in _asked(wizard):
        validators: Sequence[Any] = asked.field.validators
        for validator in validators:
            if isinstance(validator, TELLING) and validator.message is None:
                name = type(validator).__name__
                yield (
                    asked.place,
                    f"has the message of WTForms for {name}, which does not say how "
                    f'to mend it. Add one: {name}(…, message="Enter your …").',
                )


def _asked_twice(app: Flask, wizard: Wizard) -> Iterator[tuple[str, str]]:
    first: dict[str, Asked] = {}
    for asked in _asked(wizard):
        token = asked.token
        if not token or token.endswith(("-password", "one-time-code")):
            continue
        before = first.setdefault(token, asked)
        if before.step != asked.step and not wizard._gives_initial:
            yield (
                asked.place,
                f"asks for {token!r}, as {before.place} has before. Leave it out, "
                "begin with the answer that is there by Wizard.initial, or tell the "
                f'two apart by a section: "section-other {token}".',
            )


def _lifetime(app: Flask, wizard: Wizard) -> Iterator[tuple[str, str]]:
    for name in ("lifetime", "max_lifetime"):
        lasts = seconds(getattr(wizard, name))
        if lasts < LEAST_LIFETIME:
            yield (
                "",
                f"has a {name} of {in_words(lasts)}. Visitors need 20 hours: raise it, "
                "or say the limit on the first page.",
            )


def _token_limit(app: Flask, wizard: Wizard) -> Iterator[tuple[str, str]]:
    limit = app.config.get("WTF_CSRF_TIME_LIMIT", HOUR)
    lasts = min(seconds(wizard.lifetime), seconds(wizard.max_lifetime))
    if limit is not None and limit < lasts and app.config.get("WTF_CSRF_ENABLED", True):
        yield (
            "",
            f"has drafts that live {in_words(lasts)}, and pages whose token expires "
            f"after {in_words(limit)} and have to be sent twice then. "
            "Set WTF_CSRF_TIME_LIMIT = None: the token ends with the session.",
        )


def _labels(app: Flask, wizard: Wizard) -> Iterator[tuple[str, str]]:
    for asked in _asked(wizard):
        field = asked.field
        made_up = field.short_name.replace("_", " ").title()
        own = getattr(type(vars(field)["_form"]), field.short_name, None)
        if field.short_name.isdigit() or own is None or field.label.text != made_up:
            continue
        if not (own.args or own.kwargs.get("label")):
            yield (
                asked.place,
                f"has no label of its own: WTForms has made {made_up!r} of its name. "
                "Say what is asked, as the first argument of the field.",
            )


def _only_if(app: Flask, wizard: Wizard) -> Iterator[tuple[str, str]]:
    for step, fixed in _fixed_forms(wizard):
        for field, around in _with_forms(fixed):
            condition = condition_of(field)
            if condition is None or condition.function is not None:
                continue
            form = next((f for f in around if condition.field in f), None)
            if form is None:
                continue  # the class could not be declared
            cause = form[condition.field]
            offered = _values_of(cause)
            if offered and not offered & {*map(str, condition.values)}:
                wanted = " or ".join(map(repr, condition.values))
                yield (
                    f"{step.name}.{field.name}",
                    f"never counts: {condition.field!r} never is {wanted}. Give "
                    f"OnlyIf one of its values: {', '.join(sorted(offered))}.",
                )


def _with_forms(
    form: Form, around: tuple[Form, ...] = ()
) -> Iterator[tuple[Field, tuple[Form, ...]]]:
    """Yield the fields of a form, nested ones too, each with the forms around it."""
    forms = (form, *around)
    for field in form:
        yield field, forms
        if isinstance(field, FormField):
            yield from _with_forms(field.form, forms)


def _values_of(field: Field) -> set[str]:
    """Return the values that a field may have, as text; none if it may have any."""
    if isinstance(field, BooleanField):
        return {"True", "False"}
    if isinstance(field, SelectFieldBase):
        choices: Any = field
        if getattr(field, "choices", None) or not isinstance(field, SelectField):
            return {str(value) for value, _, _ in choices_of(choices)}
    return set()


def _uploads(app: Flask, wizard: Wizard) -> Iterator[tuple[str, str]]:
    limit = app.config["WIZARD_MAX_UPLOAD_SIZE"]
    for step, form in _fixed_forms(wizard):
        for leaf in file_leaves(form):
            names = {type(each).__name__ for each in leaf.field.validators}
            missing = []
            if not names & {"FileAllowed", "FileContent"}:
                missing.append("of any kind (add FileAllowed and FileContent)")
            if "FileSize" not in names:
                size = size_in_words(limit)
                missing.append(f"of any size up to {size} (add FileSize)")
            if missing:
                yield (
                    f"{step.name}.{leaf.field.name}",
                    f"takes files {', and '.join(missing)}.",
                )


def _session_limit(app: Flask, wizard: Wizard) -> Iterator[tuple[str, str]]:
    lasts = min(seconds(wizard.lifetime), seconds(wizard.max_lifetime))
    session = app.permanent_session_lifetime.total_seconds()
    if app.config["WIZARD_PERMANENT_SESSION"] and session < lasts:
        yield (
            "",
            f"has drafts that live {in_words(lasts)}, and the session that opens them "
            f"ends after {in_words(session)}. Raise PERMANENT_SESSION_LIFETIME.",
        )


#: The checks by name. Each gets the application and a wizard.
CHECKS: Mapping[str, Callable[[Flask, Wizard], Iterator[tuple[str, str]]]] = {
    "autocomplete": _autocomplete,
    "messages": _messages,
    "asked-twice": _asked_twice,
    "lifetime": _lifetime,
    "token-limit": _token_limit,
    "labels": _labels,
    "only-if": _only_if,
    "uploads": _uploads,
    "session-limit": _session_limit,
}
