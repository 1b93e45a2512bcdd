"""Random requests, made by hypothesis and sent to the byte, and a wizard to send to."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Sequence
from dataclasses import MISSING, Field, dataclass, field
from dataclasses import fields as dataclass_fields
from typing import Any
from urllib.parse import quote_plus

from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from hypothesis.vendor.pretty import RepresentationPrinter
from werkzeug.test import run_wsgi_app
from wizards import choices
from wtforms import Form, fields, validators
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard import (
    Answers,
    Exit,
    Info,
    OnlyIf,
    Receipt,
    Review,
    Step,
    Submission,
    Wizard,
)

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


def effort(examples: int) -> settings:
    """How many examples to try. The environment's WIZARD_EXAMPLES multiplies them.

    Under CI the examples are the same each time.
    """
    factor = float(os.environ.get("WIZARD_EXAMPLES", "1"))
    # To shrink takes minutes, and a test that takes two is ended.
    shrinks = [Phase.shrink] if factor > 1 else []
    return settings(
        phases=[Phase.explicit, Phase.generate, *shrinks],
        max_examples=max(1, int(examples * factor)),
        derandomize=os.environ.get("CI") == "true",
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )


# A wizard with every kind of field


class YouForm(Form):
    name = fields.StringField(
        validators=[validators.InputRequired(), validators.Length(max=100)]
    )
    age = fields.IntegerField(
        validators=[validators.Optional(), validators.NumberRange(0, 150)]
    )
    grown = fields.BooleanField()
    plan = fields.RadioField(choices=choices("plain", "secret"), default="plain")
    source = fields.HiddenField()


class DatesForm(Form):
    day = fields.DateField(validators=[validators.Optional()])
    moment = fields.DateTimeLocalField(validators=[validators.Optional()])
    clock = fields.TimeField(validators=[validators.Optional()])
    month = fields.MonthField(validators=[validators.Optional()])
    week = fields.WeekField(validators=[validators.Optional()])


class NumbersForm(Form):
    price = fields.DecimalField(
        validators=[validators.Optional(), validators.NumberRange(0, 1000)]
    )
    free = fields.DecimalField(places=None, validators=[validators.Optional()])
    size = fields.FloatField(validators=[validators.Optional()])
    slider = fields.IntegerRangeField(
        validators=[validators.Optional(), validators.NumberRange(0, 10)]
    )
    glide = fields.DecimalRangeField(validators=[validators.Optional()])
    rebate = fields.DecimalField(
        validators=[
            OnlyIf("price", lambda price: price > 5),
            validators.NumberRange(0, 5),
        ]
    )


class PicksForm(Form):
    colours = fields.SelectMultipleField(choices=choices("red", "blue"))
    floor = fields.SelectField(choices=[SelectChoice(n) for n in (1, 2)], coerce=int)
    paint = fields.ColorField()
    story = fields.TextAreaField()
    mail = fields.EmailField()
    site = fields.URLField(validators=[validators.Optional(), validators.URL()])
    phone = fields.TelField()
    sought = fields.SearchField()
    send = fields.SubmitField()


class HomeForm(Form):
    street = fields.StringField(validators=[validators.Length(max=50)])
    since = fields.DateField(validators=[validators.Optional()])


class PersonForm(Form):
    name = fields.StringField()
    born = fields.DateField(validators=[validators.Optional()])
    pets = fields.FieldList(fields.StringField(), max_entries=3)
    code = fields.PasswordField()
    pin = fields.PasswordField(validators=[OnlyIf("name", "Bob")])


class ListsForm(Form):
    home = fields.FormField(HomeForm)
    flat = fields.FormField(HomeForm, separator=".")
    tags = fields.FieldList(fields.StringField(), min_entries=1, max_entries=5)
    marks = fields.FieldList(fields.IntegerField(), separator="_")
    people = fields.FieldList(fields.FormField(PersonForm))
    inn = fields.FormField(OnlyIf.group("tags", ("inn", "b"), HomeForm))


class ExtraForm(Form):
    agreed = fields.BooleanField()


class LateForm(Form):
    room = fields.SelectField()


class PlainForm(Form):
    note = fields.StringField()


class SecretForm(Form):
    password = fields.PasswordField(
        validators=[validators.Optional(), validators.EqualTo("again")]
    )
    again = fields.PasswordField()


def is_grown(answers: Answers) -> bool:
    return bool(answers.you.grown)


def is_away(answers: Answers) -> bool:
    return bool(answers.picks.sought == "²")


def offer_rooms(form: LateForm, answers: Answers) -> None:
    form.room.choices = [
        SelectChoice("none"),
        *(SelectChoice(colour) for colour in answers.picks.colours or ()),
    ]


def form_by_plan(answers: Answers) -> type[Form]:
    return SecretForm if answers.you.plan == "secret" else PlainForm


class Everything(Wizard):
    """Every kind of field, a step that may not apply, late choices, a form by plan."""

    max_drafts = 4

    you = Step(YouForm)
    dates = Step(DatesForm)
    numbers = Step(NumbersForm)
    picks = Step(PicksForm)
    away = Exit(when=is_away)
    rules = Info()
    lists = Step(ListsForm)
    extra = Step(ExtraForm, when=is_grown)
    late = Step(LateForm, prepare=offer_rooms)
    made = Step(form_by_plan)
    check = Review()

    def commit(self, submission: Submission) -> Receipt:
        return Receipt(reference="R-1")


# What fills in each step

ANSWERS: dict[str, dict[str, list[str]]] = {
    "you": {"name": ["Ada"], "age": ["36"], "grown": ["y"], "plan": ["secret"]},
    "dates": {
        "day": ["2026-03-04"],
        "moment": ["2026-03-04T14:30"],
        "clock": ["14:30"],
        "month": ["2026-03"],
        "week": ["2026-W10"],
    },
    "numbers": {
        "price": ["9.50"],
        "free": ["1e3"],
        "size": ["1.5"],
        "slider": ["7"],
        "glide": ["0.5"],
        "rebate": ["2"],
    },
    "picks": {
        "colours": ["red", "blue"],
        "floor": ["2"],
        "paint": ["#336699"],
        "story": ["Once\r\nupon a time"],
        "mail": ["ada@example.org"],
        "site": ["https://example.org"],
        "phone": ["1"],
        "sought": ["x"],
    },
    "away": {},
    "rules": {},
    "lists": {
        "home-street": ["One"],
        "flat.street": ["Two"],
        "tags-0": ["a"],
        "tags-1": ["b"],
        "marks_0": ["1"],
        "people-0-name": ["Bob"],
        "people-0-born": ["2020-01-01"],
        "people-0-pets-0": ["Rex"],
        "people-0-code": ["1234"],
        "people-0-pin": ["12"],
        "inn-street": ["Three"],
    },
    "extra": {"agreed": ["y"]},
    "late": {"room": ["none"]},
    "made": {"password": ["correct horse"], "again": ["correct horse"], "note": ["x"]},
    "check": {},
}

# What browsers do not send

RESERVED = ("_action", "_rev", "_draft", "_seen", "_fields", "_item", "csrf_token")
NAMES = (*{name for step in ANSWERS.values() for name in step}, "source", "send")
TAILS = (
    *("-0", "-1", "-7", "-²", "-٣", "-", "--1", "-0-0", "-0-name", "-0-pets", "_²"),
    *("-99999999999", "-1000000000", "X5", "X²", ".x", "[]", "[0]", "\0", "-x"),
    *("-0-pets-0", "-1-born", "-0-code", f"-{'9' * 5000}", "_9", "-000000001"),
)
ODD_NAMES = (
    *("", "\0", "__proto__", "constructor", "__class__", "is_admin", "_state", "-"),
    *("entries", "submission", "errors", "form", "data", "meta", "tags", "people"),
    *("\ud800", "\ufffe", "🦘", "a" * 100_000, "-" * 1000, "0", "²"),
)
VALUES = (
    *("", " ", "x", "\0", "y", "false", "none", "red", "plain", "secret", "on", "\\"),
    *("²", "٣", "-1", "0", "1e5", "1_0", "0x1", "9" * 4301, "9" * 20, "1" * 4299),
    *("nan", "sNaN", "-sNaN12", "inf", "-Infinity", "1e999999", "1e-999999999"),
    *("31/02/2026", "2026-02-31", "0001-01-01", "9999-12-31", "0000-00", "0001-W00"),
    *("9999-W53", "\uff12\uff10\uff12\uff16-01-01", "2026-03-04T24:00", "25:99"),
    "14:30:00.1234567",
    *("<script>alert(1)</script>", '"><x y="', "{{ 7 * 7 }}", "{% raw %}", "&amp;"),
    *("\r\nSet-Cookie: a=b", "\n", "\v\f\x1c\u2028", "\ufeff", "\u202e", "🦘" * 99),
    *("\ud800", "\udfff", "\ufffe", "' OR 1=1 --", "../../etc/passwd", "%00", "%"),
    *("javascript:alert(1)", "http://[", "#zzzzzz", "=", ";", "x" * 50_000),
)
ACTIONS = (
    *("next", "next", "next", "back", "save", "autosave", "discard", "goto:you"),
    *("goto:check", "goto:", "goto:../x", "goto:\0", "add", "", "\0", "NEXT"),
    *("next:next", "autosave:1", "save ", "🦘", "x" * 10_000),
)
REVISIONS = ("0", "1", "5", "-1", "²", "", "99999999999", "9" * 5000, "1.0", " 1")
NONCES = (
    *("", "\0", "x", "A" * 22, "-" * 22, "_" * 22, "A" * 23, "²" * 22, "🦘"),
    "x" * 9999,
)
DRAFTS = (
    *("new", "NEW", "new ", "x", "A" * 22, "-" * 22, "A" * 5000, "²", "🦘", "\0"),
    *("..", ".", "%2e%2e", "%00", "\xff", "a;b", "a?b", "a#b", " ", "saved", "discard"),
)
PAGES = (
    *("saved", "discard", "receipt", "", "x", "new", "..", ".", "\0", "²", "🦘"),
    *("you/", "you/new", "you/new/remove", "file/x", "YOU", "you.html", "entries"),
    "csrf_token",
)
QUERIES = (
    *("", "", "", "then=check", "then=check&then=x", "then=%ff", "then=", "then"),
    *("name=x", "_action=save", "csrf_token=x", "a=\xff", "\0", "%", "&&&;=", "[]=1"),
    *("then=" + "x" * 5000, "a=1&" * 2000, "next=//evil.example", "//evil.example"),
)
METHODS = (
    *("GET", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"),
    *("post", "X", "", "POST ", "P\xffST", "X" * 5000),
)
KINDS = (
    *(URLENCODED, MULTIPART, "", "x", "text/plain", "application/json", "\xff"),
    *("multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed"),
    *("multipart/form-data; boundary=" + "b" * 500, f"{URLENCODED}; charset=utf-16"),
    *(f"{URLENCODED}; charset=\xff", "application/x-www-form-urlencoded\0", "; a=b"),
    *("APPLICATION/X-WWW-FORM-URLENCODED", f"{URLENCODED}, {MULTIPART}"),
)
HEADERS = (
    *("HOST", "ORIGIN", "REFERER", "SEC_FETCH_SITE", "X_CSRFTOKEN", "X_CSRF_TOKEN"),
    *("RANGE", "IF_NONE_MATCH", "IF_MODIFIED_SINCE", "CONTENT_ENCODING", "EXPECT"),
    *("TRANSFER_ENCODING", "ACCEPT", "ACCEPT_LANGUAGE", "ACCEPT_CHARSET", "X"),
    *("AUTHORIZATION", "X_FORWARDED_FOR", "X_FORWARDED_HOST", "X_HTTP_METHOD_OVERRIDE"),
    *("CONNECTION", "UPGRADE", "CACHE_CONTROL", "USER_AGENT", "COOKIE2"),
)
# An origin is told in the log, where no field may be: so it is none of VALUES.
HEADER_VALUES = (
    *("", "x", "null", "https://[", "http://localhost", "localhost"),
    "http://evil.example",
    *("same-origin", "same-site", "cross-site", "none", "-1", "\xff", "\0", "gzip"),
    *("chunked", "bytes=0-", "bytes=9-1", "a:b:c", "[::1", "x" * 9000, "PUT", "*"),
    *("Basic x", "en;q=zzz", "Thu, 01 Jan 1970 00:00:00 GMT", 'W/"', ",,,;;;===", "💥"),
)
LENGTHS = ("0", "1", "-1", "x", "²", "", " 5", "+5", "5.0", "9" * 30, "1048577", "1_0")
COOKIES = (
    *("", "session", "session=", "session==", "session=x", "session=.", "session=..."),
    *("session=.eJw.x.y", "session=\xff\0", "a=b; " * 500, "session=" + "x" * 20_000),
    *("session=e30.aaaaaa.x; session=x", ";;;", "=", '"', "$Version=1; session=x"),
)
PART_HEADS = (
    *("", "Content-Disposition: form-data", "Content-Disposition: x", ": ", "x"),
    *('Content-Disposition: form-data; name="', 'Content-Disposition: ; name="name"'),
    *("Content-Disposition: form-data; name*=utf-8''%ff", "Content-Length: -1"),
    *('Content-Disposition: form-data; name="name"; filename="../../x"', "\0"),
    'Content-Disposition: form-data; name="name"; name="age"',
    'Content-Disposition: form-data; name="name"\r\nContent-Transfer-Encoding: base64',
    'Content-Disposition: form-data; name="name"\r\nContent-Type: x; charset=x',
    'Content-Disposition: form-data; name="name"\r\nContent-Type: multipart/mixed',
    'Content-Disposition: form-data; name="' + "n" * 70_000 + '"',
)

Pair = tuple[str, str]


def some(values: Sequence[str], *, size: int = 12) -> SearchStrategy[str]:
    """One of these, more often than any text."""
    return st.sampled_from(values) | st.sampled_from(values) | st.text(max_size=size)


NAME = (
    st.sampled_from(NAMES)
    | st.builds(str.__add__, st.sampled_from(NAMES), st.sampled_from(TAILS))
    | st.sampled_from(("tags", "marks", "people", "home", "people-0-pets")).flatmap(
        lambda name: st.sampled_from(TAILS).map(name.__add__)
    )
    | some(ODD_NAMES)
)
NUMBER = st.from_regex(r"\A[+-]?\d{1,40}(\.\d{0,40})?(e[+-]?\d{1,5})?\Z")
MOMENT = st.from_regex(
    r"\A\d{1,5}-W?\d{1,3}(-\d{1,3})?([T ]\d\d?:\d\d?(:\d\d?(\.\d{1,7})?)?)?\Z"
)
ANSWER: SearchStrategy[Pair] = st.tuples(NAME, some(VALUES, size=40) | NUMBER | MOMENT)
OWN: SearchStrategy[Pair] = st.one_of(
    st.tuples(st.just("_action"), some(ACTIONS)),
    st.tuples(st.just("_rev"), some(REVISIONS)),
    st.tuples(st.just("_draft"), some(NONCES)),
    st.tuples(st.just("_seen"), some(VALUES)),
    st.tuples(st.just("_fields"), some((*NAMES, *VALUES))),
    st.tuples(st.sampled_from(RESERVED), some(VALUES)),
)


class Brief:
    """A dataclass that shows what is no default, and of long values the beginning."""

    def __repr__(self) -> str:
        chosen = [
            f"{each.name}={_short(value)}"
            for each in dataclass_fields(self)  # type: ignore[arg-type]  # it is one
            if (value := getattr(self, each.name)) != _default(each)
        ]
        return f"{type(self).__name__}({', '.join(chosen)})"

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        printer.text(repr(self))  # hypothesis would show it in full


def _default(each: Field[Any]) -> object:
    if each.default_factory is MISSING:
        return each.default
    return each.default_factory()


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) < 500 else f"{shown[:200]}... {len(shown)} characters"


@dataclass(frozen=True, repr=False)
class Body(Brief):
    """What follows the head, and how it is announced.

    ``length`` is the header; None for the true one, or for none where it is chunked.
    The server ``ends`` the stream where the body does. ``breaks`` is the byte after
    which the connection does. ``stream`` replaces all of it.
    """

    kind: str = URLENCODED
    raw: bytes | None = None
    extra: tuple[str, ...] = ()
    cut: int | None = None
    length: str | None = None
    chunked: bool = False
    ends: bool = False
    breaks: int | None = None
    stream: io.RawIOBase | None = None


@dataclass(frozen=True, repr=False)
class Request(Brief):
    """A request, but for what is only known when it is sent: draft, cookie, token."""

    method: str = "POST"
    draft: str | None = None  # None: the browser's own
    page: str = "you"
    path: str | None = None  # all of it
    query: str = ""
    answers: bool = True
    pairs: tuple[Pair, ...] = ()
    token: bool = True
    headers: tuple[Pair, ...] = ()
    cookie: str | None = None  # None: the browser's own
    body: Body = field(default_factory=Body)


def maybe(strategy: SearchStrategy[Any], default: Any, *, often: int) -> Any:
    """The default, but about once in ``often`` times what the strategy gives."""
    return st.integers(0, often - 1).flatmap(
        lambda number: strategy if number == often // 2 else st.just(default)
    )


SOUND = st.builds(Body, kind=st.sampled_from((URLENCODED, URLENCODED, MULTIPART)))
BROKEN = st.builds(
    Body,
    kind=maybe(some(KINDS), URLENCODED, often=3),
    raw=maybe(st.binary(max_size=200), None, often=5),
    extra=maybe(st.lists(some(PART_HEADS), max_size=3).map(tuple), (), often=3),
    cut=maybe(st.integers(0, 400), None, often=5),
    length=maybe(some(LENGTHS), None, often=5),
    chunked=st.booleans(),
    ends=st.booleans(),
    breaks=maybe(st.integers(0, 400), None, often=5),
)
BODY = st.integers(0, 5).flatmap(lambda number: BROKEN if number == 3 else SOUND)

GOOD_PAGE = st.sampled_from(tuple(ANSWERS))
PAGE = st.integers(0, 9).flatmap(lambda n: some(PAGES) if n == 5 else GOOD_PAGE)

REQUESTS: SearchStrategy[Request] = st.builds(
    Request,
    method=maybe(some(METHODS), "POST", often=12),
    draft=maybe(some(DRAFTS), None, often=8),
    page=PAGE,
    path=maybe(st.text(max_size=30), None, often=25),
    query=maybe(some(QUERIES), "", often=5),
    answers=st.booleans(),
    pairs=st.lists(ANSWER | ANSWER | OWN, max_size=6).map(tuple),
    token=maybe(st.just(False), True, often=15),
    headers=maybe(
        st.lists(
            st.tuples(st.sampled_from(HEADERS), some(HEADER_VALUES)), max_size=4
        ).map(tuple),
        (),
        often=6,
    ),
    cookie=maybe(some(COOKIES, size=40), None, often=20),
    body=BODY,
)


@dataclass(frozen=True)
class Answer:
    """What came back, and how many bytes had been sent."""

    status: int
    headers: dict[str, str]
    content: bytes
    sent: int


class Breaking(io.BytesIO):
    """A body whose connection breaks when it has been read."""

    def readinto(self, buffer: Any) -> int:
        got = super().readinto(buffer)
        if not got:
            raise ConnectionResetError("The connection was reset.")
        return got


FIRST_PAGE = Request(
    "GET", "new", query=f"_draft={'n' * 22}", token=False, answers=False
)


class Browser:
    """Sends requests as they are, and keeps its cookie, its token and its draft."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.cookie = ""
        self.token = ""
        self.draft = "new"
        self.accept = ""

    def begin(self, upto: str) -> None:
        """Fill in the steps before ``upto``; the first is the first of a new draft."""
        self.send(FIRST_PAGE)
        for step in ANSWERS:
            if step == upto:
                return
            self.send(Request(page=step))

    def send(self, request: Request) -> Answer:
        environ, size = self._environ(request)
        chunks, status, headers = run_wsgi_app(self.app.wsgi_app, environ, True)
        answer = Answer(int(status.split()[0]), dict(headers), b"".join(chunks), size)
        self._keep(answer)
        return answer

    def _keep(self, answer: Answer) -> None:
        if cookie := answer.headers.get("Set-Cookie", ""):
            self.cookie = cookie.partition(";")[0]
        if found := re.search(rb'name="csrf_token" value="([^"]+)"', answer.content):
            self.token = found[1].decode()
        led_to = answer.headers.get("Location", "").split("/")
        if answer.status == 303 and len(led_to) > 3 and len(led_to[2]) == 22:
            self.draft = led_to[2]

    def _environ(self, request: Request) -> tuple[dict[str, Any], int]:
        path = request.path
        if path is None:
            path = f"{request.draft or self.draft}/{request.page}"
        whole = self._body(request)
        body = whole[: request.body.cut]
        breaks = request.body.breaks
        whole_stream = io.BytesIO(body) if breaks is None else Breaking(body[:breaks])
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": _tunnelled(f"/join/{path}"),
            "QUERY_STRING": _tunnelled(request.query),
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "HTTP_ACCEPT": self.accept,
            "HTTP_COOKIE": self.cookie if request.cookie is None else request.cookie,
            "CONTENT_TYPE": request.body.kind,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": request.body.stream or whole_stream,
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in request.headers:
            environ[f"HTTP_{name}"] = _tunnelled(value)
        if request.body.chunked or request.body.ends:
            environ["wsgi.input_terminated"] = True
        if request.body.chunked:
            environ["HTTP_TRANSFER_ENCODING"] = "chunked"
        elif request.body.stream is None:
            environ["CONTENT_LENGTH"] = request.body.length or str(len(whole))
        return environ, len(whole)

    def size(self, request: Request) -> int:
        """How many bytes a whole body has."""
        return len(self._body(request))

    def _body(self, request: Request) -> bytes:
        if request.body.raw is not None:
            return request.body.raw
        pairs: list[Pair] = [("csrf_token", self.token)] if request.token else []
        if request.answers:
            own = ANSWERS.get(request.page, {})
            taken = {name for name, _ in request.pairs}
            pairs += [(n, v) for n, vs in own.items() for v in vs if n not in taken]
        pairs += request.pairs
        if request.body.kind.startswith("multipart"):
            return _multipart(pairs, request.body.extra)
        return "&".join(f"{_quoted(n)}={_quoted(v)}" for n, v in pairs).encode()


def _quoted(text: str) -> str:
    return quote_plus(_bytes(text))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _tunnelled(text: str) -> str:
    """Bytes as WSGI carries them in a text: each a character."""
    is_bytes = all(ord(char) < 256 for char in text)
    return text if is_bytes else _bytes(text).decode("latin-1")


def _multipart(pairs: Sequence[Pair], extra: Sequence[str]) -> bytes:
    heads = [_bytes(f'Content-Disposition: form-data; name="{n}"') for n, _ in pairs]
    contents = [_bytes(value) for _, value in pairs]
    heads += [_bytes(head) for head in extra]
    contents += [b"x"] * len(extra)
    parts = zip(heads, contents, strict=True)
    body = b"".join(b"--x\r\n" + h + b"\r\n\r\n" + c + b"\r\n" for h, c in parts)
    return body + b"--x--\r\n"
