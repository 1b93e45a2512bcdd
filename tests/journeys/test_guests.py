"""Somebody else fills in a part of a draft, by a link, and can do nothing else."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from apps import MakeApp
from flask import Flask, request
from jinja2 import ChoiceLoader, DictLoader
from login_sites import plain_site
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Visitor
from werkzeug.exceptions import NotFound
from wizards import Commits, committed, declare, stored
from wtforms import Form, StringField
from wtforms.validators import AnyOf, InputRequired

from flask_wizard import (
    Answers,
    ConfigurationError,
    Exit,
    FlaskWizard,
    Info,
    Item,
    Repeat,
    Review,
    Step,
    Wizard,
)
from flask_wizard.core.draft import encode
from flask_wizard.drafts.keyring import Kind

HOUR = 60 * 60
SECRET = "canary-4711"


class You(Form):
    name = StringField("Name", [InputRequired()])
    phone = StringField("Phone")


class Reference(Form):
    opinion = StringField("Opinion", [InputRequired()])


class Pet(Form):
    pet = StringField("Pet", [InputRequired()])


class Reply(Form):
    reply = StringField("Reply", [InputRequired()])


def needs_name(form: Any, answers: Answers) -> None:
    form.opinion.validators = [AnyOf([f"I know {answers.you.name}"])]
    form.opinion.flags.required = True


Apply = declare(
    "Apply",
    Commits,
    you=Step(You),
    reference=Step(Reference),
    pet=Step(Pet),
    check=Review(),
)


class Shared:
    """An application whose views share drafts, as a test tells them to."""

    def __init__(self, app: Flask, wizards: FlaskWizard) -> None:
        self.app = app
        self._wizards = wizards
        app.add_url_rule("/share/<id>", view_func=self._share, methods=["POST"])
        app.add_url_rule("/revoke/<id>", view_func=self._revoke, methods=["POST"])

    def _share(self, id: str) -> str:
        steps = request.args.getlist("steps") or ["reference"]
        sees = request.args.getlist("sees")
        return self._wizards.share_url(id, steps=steps, sees=sees, max_age=HOUR)

    def _revoke(self, id: str) -> str:
        self._wizards.revoke(id)
        return "revoked"

    def share(self, holder: Visitor, **query: Any) -> str:
        """Have a link made, and return its path."""
        url = f"/share/{id_of(holder)}"
        answer = holder.client.post(url, query_string=query)
        assert answer.status_code == 200, answer.text
        return urlsplit(answer.text).path

    def revoke(self, holder: Visitor) -> int:
        return holder.client.post(f"/revoke/{id_of(holder)}").status_code


def id_of(visitor: Visitor) -> str:
    return visitor.draft.split("/")[2]


def begun(app: Flask, **values: str) -> Visitor:
    """A visitor whose first page is done."""
    visitor = Visitor(app)
    visitor.open("/apply/")
    visitor.fill(**{"name": "Ada", "phone": SECRET, **values})
    return visitor


def take_up(app: Flask, link: str) -> Visitor:
    guest = Visitor(app)
    page = guest.open(link)
    assert page.status == 200, page.text
    guest.press()
    return guest


@pytest.fixture
def make_shared(store: Probe, make_app: MakeApp) -> Any:
    def make(wizard: type[Wizard] = Apply) -> Shared:
        app = make_app(wizard, prefix="/apply")
        return Shared(app, FlaskWizard(store=store))

    return make


@pytest.fixture
def shared(make_shared: Any) -> Shared:
    made: Shared = make_shared()
    return made


def test_guest_fills_in_a_part_and_the_holder_sends_it(shared: Shared) -> None:
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder, sees="you"))
    assert guest.page.path == holder.draft
    assert "To be filled in" in guest.page.text
    assert guest.page.rows == [("Name", "Ada"), ("Phone", SECRET)]
    guest.open(f"{holder.draft}reference")
    guest.fill(opinion="Good")
    assert guest.page.path == holder.draft
    assert "Thank you" in guest.page.text
    page = holder.open(f"{holder.draft}pet")
    page = holder.fill(pet="Rex")
    assert ("Opinion", "Good") in page.rows
    holder.press()
    (submission,) = committed
    assert submission.data["reference"] == {"opinion": "Good"}
    page = guest.open(holder.draft)
    assert "was sent" in page.text


# The holder goes on


def test_holder_goes_on_without_the_guest_and_the_review_waits(shared: Shared) -> None:
    holder = begun(shared.app)
    shared.share(holder)
    holder.open(f"{holder.draft}you")
    holder.press()
    assert holder.page.path == f"{holder.draft}pet"
    page = holder.fill(pet="Rex")
    assert page.path == f"{holder.draft}check"
    assert "Somebody else was asked" in page.text
    assert page.link("Reference") == f"{holder.draft}reference"
    holder.open(f"{holder.draft}reference")
    assert "Somebody else was asked" in holder.page.banners
    holder.fill(opinion="My own")
    holder.open(f"{holder.draft}check")
    holder.press()
    assert len(committed) == 1


def test_continue_on_a_review_from_before_does_not_commit(shared: Shared) -> None:
    holder = begun(shared.app)
    holder.fill(opinion="Good")
    holder.fill(pet="Rex")
    review = holder.tab()
    review.open(f"{holder.draft}check")
    guest = take_up(shared.app, shared.share(holder))
    guest.open(f"{holder.draft}reference")
    guest.fill(opinion="")
    review.press()
    assert not committed
    assert "Somebody else was asked" in review.page.text
    guest.fill(opinion="Better")
    review.open(f"{holder.draft}check")
    review.press()
    assert committed[0].answers.reference.opinion == "Better"


def test_wizard_without_a_review_waits_with_its_commit(make_shared: Any) -> None:
    bare = declare(
        "Apply", Commits, you=Step(You), reference=Step(Reference), pet=Step(Pet)
    )
    shared = make_shared(bare)
    holder = begun(shared.app)
    shared.share(holder)
    holder.open(f"{holder.draft}pet")
    page = holder.fill(pet="Rex")
    assert page.path == f"{holder.draft}reference"
    assert "Somebody else was asked" in page.banners
    assert not committed


def read_swallowed(form: Form, answers: Answers) -> None:
    with suppress(BaseException):
        _ = answers.reference.opinion


def form_of(answers: Answers) -> type[Form]:
    return Reply if answers.reference.opinion else Pet


def test_part_that_is_only_saved_is_not_sent(make_shared: Any) -> None:
    bare = declare(
        "Apply", Commits, you=Step(You), reference=Step(Reference), pet=Step(Pet)
    )
    shared = make_shared(bare)
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder))
    guest.open(f"{holder.draft}reference")
    guest.press("save", {"opinion": "Half an opin"})
    holder.open(f"{holder.draft}pet")
    assert holder.fill(pet="Rex").path == f"{holder.draft}reference"
    assert not committed


def opinion(answers: Answers) -> str:
    return str(answers.reference.opinion)


def prepared(form: Any, answers: Answers) -> None:
    form.reply.description = opinion(answers)


READERS: dict[str, Step | Repeat | Info | Exit] = {
    "condition": Step(Reply, when=lambda answers: bool(answers.reference.opinion)),
    "prepare": Step(Reply, prepare=prepared),
    "kwargs": Step(Reply, kwargs=lambda answers: {"prefix": opinion(answers)[:0]}),
    "form function": Step(form_of),
    "bare except": Step(Reply, prepare=read_swallowed),
    "list": Repeat(Reply, when=lambda answers: bool(answers.reference.opinion)),
    "info": Info(when=lambda answers: bool(answers.reference.opinion)),
    "exit": Exit(when=lambda answers: answers.reference.opinion == "Bad"),
}


@pytest.mark.parametrize("reader", READERS)
def test_step_that_reads_the_missing_part_waits(make_shared: Any, reader: str) -> None:
    steps = {
        "you": Step(You),
        "reference": Step(Reference),
        "pet": Step(Pet),
        "reply": READERS[reader],
        "check": Review(),
    }
    shared = make_shared(declare("Apply", Commits, **steps))
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder))
    holder.open(f"{holder.draft}pet")
    page = holder.fill(pet="Rex")
    assert page.path == f"{holder.draft}reply"
    assert page.link("Reference") == f"{holder.draft}reference"
    assert holder.open(f"{holder.draft}check").path == f"{holder.draft}reply"
    # What is sent to it all the same is kept.
    holder.open(f"{holder.draft}pet")
    answer = holder.post(f"{holder.draft}reply", {"reply": "Yes", "_rev": "0"})
    assert answer.status_code == 303
    guest.open(f"{holder.draft}reference")
    guest.fill(opinion="Good")
    page = holder.open(f"{holder.draft}reply")
    assert "Somebody else was asked" not in page.text


def needs_reference(form: Form, field: Any) -> None:
    assert form.meta.answers.reference.opinion


class Judged(Form):
    reply = StringField("Reply", [InputRequired(), needs_reference])


def test_validator_that_reads_the_missing_part_waits(make_shared: Any) -> None:
    shared = make_shared(
        declare("Apply", Commits, you=Step(You), reference=Step(Reference),
                reply=Step(Judged), check=Review())
    )  # fmt: skip
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder))
    holder.open(f"{holder.draft}reply")
    page = holder.fill(reply="Yes")
    assert page.path == f"{holder.draft}reply"
    assert page.value("reply") == "Yes"
    assert "somebody else has to fill in their part first" in page.banners
    guest.open(f"{holder.draft}reference")
    guest.fill(opinion="Good")
    holder.open(f"{holder.draft}reply")
    assert holder.press().path == f"{holder.draft}check"


def test_item_that_reads_the_missing_part_waits(make_shared: Any) -> None:
    class Line(Item):
        reply = Step(Reply, prepare=prepared)

    shared = make_shared(
        declare("Apply", Commits, you=Step(You), reference=Step(Reference),
                lines=Repeat(Line), check=Review())
    )  # fmt: skip
    holder = begun(shared.app)
    shared.share(holder)
    draft = holder.draft
    page = holder.open(f"{draft}lines/new")
    assert page.status == 200
    assert page.link("Reference") == f"{draft}reference"


# What a guest may do


PAGES = (
    "you", "pet", "check", "saved", "discard", "receipt", "tasks", "you/new",
    "reference/new", "reference/new/remove", "you/file/" + "a" * 22, "nothing",
)  # fmt: skip


def test_guest_is_led_from_an_unknown_page_to_their_own(shared: Shared) -> None:
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder))
    page = guest.open(f"{holder.draft}nothing")
    assert (page.status, page.link("Continue")) == (404, holder.draft)


@pytest.mark.requirement("S80")
@pytest.mark.parametrize("page", PAGES)
def test_every_other_page_is_a_404_for_a_guest(
    shared: Shared, store: Probe, page: str
) -> None:
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder))
    guest.open(f"{holder.draft}reference")
    before = stored(holder)
    store.calls.clear()
    assert guest.get(f"{holder.draft}{page}").status_code == 404
    for action in ("next", "save", "autosave", "discard", "remove", "goto:you"):
        answer = guest.post(f"{holder.draft}{page}", {"name": "Eve"}, action=action)
        assert answer.status_code in (404, 405), action
    assert set(store.calls) <= {"load"}
    assert stored(holder) == before


@pytest.mark.requirement("S80")
def test_guest_sees_no_other_answer(shared: Shared) -> None:
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder))
    for page in (guest.page, guest.open(f"{holder.draft}reference")):
        assert SECRET not in page.source
        assert "Ada" not in page.source
        assert "discard" not in page.source.casefold()
    data = guest.get(holder.draft, headers={"Accept": "application/json"})
    assert data.status_code == 200
    assert SECRET not in data.text
    assert data.json is not None
    assert (data.json["page"], data.json["title"]) == (
        "guest",
        "Please fill in your part",
    )
    url = f"{holder.draft}reference"
    part = {"title": "Reference", "state": "open", "url": url}
    assert (data.json["parts"], data.json["groups"]) == ([part], [])
    holder.open(f"{holder.draft}pet")
    holder.fill(pet="Rex")
    waiting = holder.get(holder.page.path, headers={"Accept": "application/json"})
    assert waiting.json is not None
    assert waiting.json["parts"] == [{"title": "Reference", "url": url}]


@pytest.mark.requirement("S80")
def test_template_shows_a_guest_no_other_answer(make_shared: Any) -> None:
    shared = make_shared()
    own = {"flask_wizard/wizards/apply/reference.html":
           '{% extends "flask_wizard/default/step.html" %}{% block instructions %}'
           "[{{ answers.you.phone }}]{% endblock %}"}  # fmt: skip
    app = shared.app
    app.jinja_loader = ChoiceLoader([DictLoader(own), app.jinja_loader])
    holder = begun(app)
    assert f"[{SECRET}]" in holder.open(f"{holder.draft}reference").text
    guest = take_up(app, shared.share(holder))
    assert "[None]" in guest.open(f"{holder.draft}reference").text
    seeing = take_up(app, shared.share(holder, sees="you"))
    assert f"[{SECRET}]" in seeing.open(f"{holder.draft}reference").text


def test_step_that_does_not_open_yet_says_so(make_shared: Any) -> None:
    wizard = declare(
        "Apply", Commits, you=Step(You), pet=Step(Pet), reference=Step(Reference),
        check=Review(),
    )  # fmt: skip
    shared = make_shared(wizard)
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder))
    assert "Not yet" in guest.page.text
    assert guest.open(f"{holder.draft}reference").path == holder.draft
    holder.fill(pet="Rex")
    page = guest.open(f"{holder.draft}reference")
    assert page.path == f"{holder.draft}reference"
    assert guest.press("save", {"opinion": "Half"}).path == holder.draft
    assert "To be filled in" in guest.page.text
    assert guest.open(f"{holder.draft}reference").value("opinion") == "Half"


def test_guest_is_asked_again_if_what_they_read_changes(make_shared: Any) -> None:
    wizard = declare(
        "Apply", Commits, you=Step(You), reference=Step(Reference, prepare=needs_name),
        pet=Step(Pet), check=Review(),
    )  # fmt: skip
    shared = make_shared(wizard)
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder))
    guest.open(f"{holder.draft}reference")
    guest.fill(opinion="I know Ada")
    assert "Completed" in guest.page.text
    holder.open(f"{holder.draft}you")
    holder.fill(name="Bea")
    assert "To be filled in" in guest.open(holder.draft).text
    page = guest.open(f"{holder.draft}reference")
    assert "An earlier answer has changed" in page.banners
    guest.fill(opinion="I know Bea")
    assert "Completed" in guest.page.text


def test_guest_writes_their_steps_only(shared: Shared) -> None:
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder))
    before = stored(holder)
    guest.open(f"{holder.draft}reference")
    guest.press("next", {"opinion": "Good", "name": "Eve", "pet": "Cat"})
    after = stored(holder)
    changed = {
        name
        for name, packed in after.packed_entries.items()
        if packed != before.packed_entries.get(name)
    }
    assert changed == {"reference"}
    assert after.packed_holders == before.packed_holders


def test_draft_is_on_no_list_of_its_guest(make_shared: Any, store: Probe) -> None:
    shared = make_shared(
        declare("Apply", Commits, about=Info(), reference=Step(Reference))
    )
    holder = Visitor(shared.app)
    holder.open("/apply/")
    holder.press("save")
    assert not stored(holder).packed_entries
    guest = Visitor(shared.app)
    token = guest.open(shared.share(holder)).token
    store.calls.clear()
    guest.press()
    guest.token = token
    answer = guest.post(f"{holder.draft}reference", {"opinion": "Early"})
    assert answer.location == holder.draft
    assert "create" not in store.calls
    assert stored(holder).entries["reference"].raw == {"opinion": ["Early"]}
    assert guest.open("/apply/").path.startswith("/apply/new/")


def test_autosave_of_a_guest_is_kept(shared: Shared) -> None:
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder))
    guest.open(f"{holder.draft}reference")
    assert guest.send("autosave", {"opinion": "Half"}).status_code == 204
    assert holder.open(f"{holder.draft}reference").value("opinion") == "Half"


# How it ends


@pytest.mark.requirement("S81")
@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_former_guest_gets_a_409_and_nothing_is_kept(
    shared: Shared, time_machine: Traveller, end: str
) -> None:
    shared.app.config["WTF_CSRF_TIME_LIMIT"] = None
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder))
    guest.open(f"{holder.draft}reference")
    if end == "revoked":
        assert shared.revoke(holder) == 200
    else:
        time_machine.move_to(time.time() + HOUR + 1)
    before = stored(holder)
    tab = guest.tab()
    assert tab.open(holder.draft).status == 404
    assert tab.open(f"{holder.draft}reference").status == 404
    page = guest.fill(opinion="Too late")
    assert page.status == 409
    assert "not open to you any more" in page.banners
    assert page.value("opinion") == "Too late"
    assert guest.press().status == 409
    assert guest.send("autosave").status_code == 409
    assert stored(holder) == before
    assert guest.open("/apply/").path.startswith("/apply/new/")
    # The step is the holder's again.
    assert holder.open(f"{holder.draft}pet").path == f"{holder.draft}reference"


@pytest.mark.requirement("S81")
def test_link_serves_one_guest_and_expires(
    shared: Shared, time_machine: Traveller
) -> None:
    holder = begun(shared.app)
    link = shared.share(holder)
    first, second = Visitor(shared.app), Visitor(shared.app)
    first.open(link)
    second.open(link)
    assert first.press().path == holder.draft
    assert second.press().status == 410
    assert second.get(holder.draft).status_code == 404
    assert first.open(link).status == 200
    assert first.press().path == holder.draft
    other = shared.share(holder)
    time_machine.move_to(time.time() + HOUR + 1)
    assert Visitor(shared.app).open(other).status == 410
    assert Visitor(shared.app).open(other[:-4] + "AAAA").status == 404
    shared.revoke(holder)
    assert Visitor(shared.app).open(link).status == 410


def test_asking_twice_makes_one_place(shared: Shared) -> None:
    holder = begun(shared.app)
    links = [shared.share(holder) for _ in range(3)]
    assert len(stored(holder).guests) == 1
    take_up(shared.app, links[0])
    for link in links[1:]:
        assert Visitor(shared.app).open(link).status == 410


def test_holder_who_opens_the_link_keeps_it_for_the_guest(shared: Shared) -> None:
    holder = begun(shared.app)
    link = shared.share(holder)
    holder.open(link)
    assert holder.press().path.startswith(holder.draft)
    assert take_up(shared.app, link).page.path == holder.draft


@pytest.mark.requirement("S82")
def test_only_the_holder_commits_once(shared: Shared) -> None:
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder))
    holder.open(f"{holder.draft}pet")
    holder.fill(pet="Rex")
    guest.open(f"{holder.draft}reference")
    guest.fill(opinion="Good")
    guest.open(f"{holder.draft}reference")
    assert guest.post(f"{holder.draft}check").status_code == 404
    assert not committed
    holder.open(f"{holder.draft}check")
    twin = holder.twin()
    holder.press()
    assert twin.send().status_code == 303
    assert len(committed) == 1
    answer = guest.send("next", {"opinion": "Late"})
    assert answer.location == holder.draft
    page = guest.open(f"{holder.draft}reference")
    assert (page.path, page.heading) == (holder.draft, "Thank you")
    assert len(committed) == 1


def test_guest_reads_that_the_answers_were_discarded(shared: Shared) -> None:
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder))
    holder.open(f"{holder.draft}discard")
    holder.press("discard")
    assert "discarded" in guest.open(holder.draft).text


# Who signs in


@pytest.mark.requirement("S83")
def test_guest_who_signs_in_changes_their_own_place_only(
    store: Probe, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = str(tmp_path_factory.getbasetemp())
    app = Flask("site", root_path=folder, instance_path=folder)
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    site = plain_site(app, store)
    app.register_blueprint(Apply.as_blueprint("apply"), url_prefix="/apply")
    assert site.wizards is not None
    shared = Shared(app, site.wizards)
    holder = begun(app)
    guest = take_up(app, shared.share(holder))
    own, place = stored(holder).packed_holders
    stale = guest.twin()
    site.sign_in(guest, "ada")
    guest.open(f"{holder.draft}reference")
    assert guest.page.status == 200
    after = stored(holder)
    assert after.packed_holders[0] == own
    assert after.packed_holders[1] != place
    assert not after.has_user
    guest.fill(opinion="Good")
    assert guest.get(f"{holder.draft}you").status_code == 404
    assert stale.get(f"{holder.draft}reference").status_code == 404
    phone = Visitor(app)
    site.sign_in(phone, "ada")
    assert phone.open(f"{holder.draft}reference").value("opinion") == "Good"
    site.sign_out(guest)
    assert guest.get(holder.draft).status_code == 404
    assert guest.get(f"{holder.draft}reference").status_code == 404
    holder.open(f"{holder.draft}pet")
    assert holder.page.status == 200


# What cannot be shared


class Pets(Form):
    name = StringField("Name", [InputRequired()])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"steps": "nothing"}, "names of steps of Apply"),
        ({"steps": "check"}, "cannot be shared"),
        ({"steps": "pets"}, "cannot be shared"),
        ({"sees": "nothing"}, "names of steps of Apply"),
        ({"sees": "check"}, "no answers that a guest could see"),
    ],
)
def test_what_cannot_be_shared_is_told(
    make_shared: Any, query: dict[str, str], message: str
) -> None:
    wizard = declare(
        "Apply", Commits, you=Step(You), reference=Step(Reference), pets=Repeat(Pets),
        check=Review(),
    )  # fmt: skip
    shared = make_shared(wizard)
    holder = begun(shared.app)
    with pytest.raises(ConfigurationError, match=message):
        shared.share(holder, **query)
    assert not stored(holder).guests


def test_share_without_a_step_is_a_mistake(shared: Shared) -> None:
    holder = begun(shared.app)
    (row,) = drafts_of(shared, holder)
    mistakes: tuple[Any, ...] = ([], "reference")
    for steps in mistakes:
        with (
            shared.app.app_context(),
            pytest.raises(ConfigurationError, match="steps is"),
        ):
            shared._wizards.share_url(row, steps=steps, sees=[], max_age=HOUR)
    assert not stored(holder).guests


def test_draft_that_has_ended_is_not_shared(shared: Shared) -> None:
    holder = begun(shared.app)
    draft = holder.draft
    (row,) = drafts_of(shared, holder)
    holder.open(f"{draft}discard")
    holder.press("discard")
    shared.app.config["WIZARD_EXTERNAL_URL"] = "https://www.example.org"
    with shared.app.app_context(), pytest.raises(NotFound):
        shared._wizards.share_url(row, steps=["reference"], sees=[], max_age=HOUR)


def test_revoking_keeps_what_another_request_writes(
    shared: Shared, store: Probe
) -> None:
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder))
    guest.open(f"{guest.draft}reference")
    store.before_write.append(lambda: guest.press("save", {"opinion": "Fine"}))
    assert shared.revoke(holder) == 200
    draft = stored(holder)
    assert draft.entries["reference"].raw["opinion"] == ["Fine"]
    assert draft.guests == ()


def drafts_of(shared: Shared, holder: Visitor) -> list[Any]:
    """The rows that an application's own page has of a visitor's drafts."""
    with shared.app.app_context():
        return list(shared._wizards.all_drafts())


def test_stranger_makes_no_link(shared: Shared) -> None:
    holder = begun(shared.app)
    guest = take_up(shared.app, shared.share(holder))
    for somebody in (guest, Visitor(shared.app)):
        for what in ("share", "revoke"):
            url = f"/{what}/{id_of(holder)}"
            assert somebody.client.post(url).status_code == 404


# A guest meets others


@pytest.fixture
def guest(shared: Shared) -> Visitor:
    """A guest at the page to fill in."""
    guest = take_up(shared.app, shared.share(begun(shared.app)))
    guest.open(f"{guest.draft}reference")
    return guest


def write(guest: Visitor, draft: Any) -> None:
    """Store the draft as another process has changed it."""
    repository = guest.app.extensions["flask_wizard"].repository(guest.app)
    _, version = repository.load(id_of(guest))
    repository.store.save(version, encode(draft), kind=Kind.DRAFT, ttl=HOUR)


def test_form_of_a_guest_needs_a_field_or_a_button(guest: Visitor) -> None:
    before = stored(guest)
    headers = {"X-CSRFToken": guest.token}
    answer = guest.client.post(guest.page.path, data={"x": "1"}, headers=headers)
    assert (answer.status_code, stored(guest)) == (400, before)


@pytest.mark.parametrize(("typed", "status"), [("Fine", 409), ("", 303)])
def test_guest_changes_nothing_while_a_commit_runs(
    guest: Visitor, typed: str, status: int
) -> None:
    guest.press("save", {"opinion": ""})
    guest.open(f"{guest.draft}reference")
    write(guest, stored(guest).claim(time.time(), 60))
    answer = guest.post(f"{guest.draft}reference", {"opinion": typed}, action="save")
    assert answer.status_code == status
    assert stored(guest).entries["reference"].raw["opinion"] == [""]
    if status == 409:
        assert guest.show(answer).value("opinion") == typed


def test_late_autosave_of_a_guest_is_dropped(guest: Visitor) -> None:
    url = guest.page.path
    guest.press("save", {"opinion": "Fine"})
    guest.open(url)
    late = {"opinion": "Fi", "_rev": "0"}
    assert guest.post(url, late, action="autosave").status_code == 409
    assert stored(guest).entries["reference"].raw["opinion"] == ["Fine"]


def test_what_a_guest_typed_is_kept_though_a_hook_raises(make_shared: Any) -> None:
    def fails(form: Any, answers: Answers) -> None:
        if request.method == "POST" and failing:
            raise RuntimeError("The register is down.")

    failing: list[bool] = []
    reference = Step(Reference, prepare=fails)
    wizard = declare("Apply", Apply, reference=reference)
    shared = make_shared(wizard)
    guest = take_up(shared.app, shared.share(begun(shared.app)))
    guest.open(f"{guest.draft}reference")
    failing.append(True)
    with pytest.raises(RuntimeError):
        guest.press("next", {"opinion": "Fine"})
    failing.clear()
    assert guest.open(f"{guest.draft}reference").value("opinion") == "Fine"


def test_guest_of_an_ended_draft_is_led_to_their_page(guest: Visitor) -> None:
    url = guest.page.path
    write(guest, stored(guest).end("discarded", time.time()))
    assert guest.post(url, {"opinion": "Fine"}).location == guest.draft
    answer = guest.post(url, {"opinion": "Fine"}, action="autosave")
    assert answer.status_code == 204
