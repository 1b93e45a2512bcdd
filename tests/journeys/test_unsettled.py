"""A commit of which nobody knows the end: the answers stay as they were confirmed."""

from __future__ import annotations

from typing import Any

import pytest
from apps import MakeApp
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Visitor
from wizards import Pet, You, begun
from wtforms import Form, ValidationError, fields

from flask_wizard import Receipt, Review, Step, StepError, Submission, Wizard
from flask_wizard.errors import ConflictError, StoreError

LEASE = 120  # seconds, as WIZARD_COMMIT_LEASE is by default
FIRST = "Ada"


class Order(Wizard):
    """Orders once for each submission, as an application with a unique key does."""

    you = Step(You)
    pet = Step(Pet)
    check = Review()

    store: Probe
    orders: dict[str, str]

    def commit(self, submission: Submission) -> Receipt:
        placed = self.orders.setdefault(submission.id, submission.answers.you.name)
        self.store.down = submission.attempt == 1  # before it is told of the end
        return Receipt(reference=f"order of {placed}, attempt {submission.attempt}")


class WithoutReview(Order):
    check = None  # type: ignore[assignment]  # removes it


def sent_in_vain(wizard: type[Order], make_app: MakeApp, store: Probe) -> Visitor:
    """Somebody whose order was placed, although it did not seem so."""
    wizard.store, wizard.orders = store, {}
    visitor = begun(make_app(wizard), name=FIRST)
    visitor.fill(pet="Rex")
    if wizard is not WithoutReview:
        visitor.press()
    assert visitor.page.status == 503
    store.down = False
    return visitor


@pytest.fixture
def visitor(make_app: MakeApp, store: Probe, clock: Traveller) -> Visitor:
    visitor = sent_in_vain(Order, make_app, store)
    clock.shift(LEASE + 1)
    return visitor


def test_visitor_is_led_to_send_it_again(visitor: Visitor) -> None:
    page = visitor.open(visitor.draft)
    assert page.heading == "Check your answers"
    assert "do not know yet whether they arrived" in page.banners


def test_next_attempt_tells_what_became_of_the_first(visitor: Visitor) -> None:
    visitor.open(visitor.draft)
    assert f"order of {FIRST}, attempt 2" in visitor.press().text


def test_step_leads_back_to_the_check_page(visitor: Visitor) -> None:
    assert visitor.open(f"{visitor.draft}you").heading == "Check your answers"


@pytest.mark.parametrize("action", ["next", "save", "back", "goto:pet"])
def test_change_is_not_taken(visitor: Visitor, store: Probe, action: str) -> None:
    before = store.snapshot()
    answer = visitor.post(f"{visitor.draft}you", {"name": "Eve"}, action=action)
    assert answer.status_code == 409
    assert 'value="Eve"' in answer.text
    assert "sent again first" in answer.text
    assert store.snapshot() == before


def test_autosave_of_a_change_is_not_taken(visitor: Visitor, store: Probe) -> None:
    before = store.snapshot()
    answer = visitor.post(f"{visitor.draft}you", {"name": "Eve"}, action="autosave")
    assert (answer.status_code, answer.text) == (409, "")
    assert store.snapshot() == before


def test_step_sent_unchanged_leads_to_the_check_page(
    visitor: Visitor, store: Probe
) -> None:
    before = store.snapshot()
    answer = visitor.post(f"{visitor.draft}you", {"name": FIRST, "nick": ""})
    assert answer.location == f"{visitor.draft}check"
    assert store.snapshot() == before


def test_save_on_the_check_page_leaves_the_answers_frozen(visitor: Visitor) -> None:
    visitor.open(visitor.draft)
    assert visitor.press("save").path.endswith("/saved")
    visitor.open(visitor.draft)
    assert visitor.post(f"{visitor.draft}you", {"name": "Eve"}).status_code == 409


def test_page_that_asks_whether_to_discard_does_not_promise_to_take_back(
    visitor: Visitor,
) -> None:
    assert "does not take them back" in visitor.open(f"{visitor.draft}discard").text


def test_discarded_answers_are_said_to_have_arrived_perhaps(visitor: Visitor) -> None:
    visitor.open(f"{visitor.draft}discard")
    page = visitor.press("discard")
    assert page.heading == "Your answers were discarded"
    assert "may have arrived nevertheless" in page.text


def test_answers_stay_frozen_when_the_next_attempt_fails(
    make_app: MakeApp, store: Probe, clock: Traveller
) -> None:
    class Fails(Order):
        def commit(self, submission: Submission) -> Receipt:
            if submission.attempt == 2:
                raise RuntimeError("The shop is closed.")
            return super().commit(submission)

    visitor = sent_in_vain(Fails, make_app, store)
    clock.shift(LEASE + 1)
    visitor.open(visitor.draft)
    with pytest.raises(RuntimeError, match="closed"):
        visitor.press()
    assert visitor.post(f"{visitor.draft}you", {"name": "Eve"}).status_code == 409
    visitor.open(visitor.draft)
    assert f"order of {FIRST}, attempt 3" in visitor.press().text


def test_answers_can_be_changed_when_the_next_attempt_refuses_them(
    make_app: MakeApp, store: Probe, clock: Traveller
) -> None:
    """By its idempotency key the application knows that it has not taken them."""

    class Refuses(Order):
        def commit(self, submission: Submission) -> Receipt:
            if submission.attempt == 2:
                raise StepError("you", "Enter another name", field="name")
            return super().commit(submission)

    visitor = sent_in_vain(Refuses, make_app, store)
    clock.shift(LEASE + 1)
    visitor.open(visitor.draft)
    assert "Enter another name" in visitor.press().text
    assert visitor.post(f"{visitor.draft}you", {"name": "Eve"}).status_code == 303


def test_next_attempt_is_not_refused_for_what_the_first_has_done(
    make_app: MakeApp, store: Probe, clock: Traveller
) -> None:
    class Unique(Order):
        def validate(self, submission: Submission) -> None:
            if submission.answers.you.name in self.orders.values():
                raise StepError("you", "That name is taken", field="name")

    visitor = sent_in_vain(Unique, make_app, store)
    clock.shift(LEASE + 1)
    visitor.open(visitor.draft)
    assert f"order of {FIRST}, attempt 2" in visitor.press().text


def test_page_says_only_that_answers_are_being_sent_while_they_are(
    make_app: MakeApp, store: Probe, clock: Traveller
) -> None:
    visitor = sent_in_vain(Order, make_app, store)
    page = visitor.post(f"{visitor.draft}you", {"name": "Eve"}).text
    assert "are being sent at this moment" in page
    assert "do not know yet" not in page


def test_last_step_without_a_review_is_sent_again_as_it_was(
    make_app: MakeApp, store: Probe, clock: Traveller
) -> None:
    visitor = sent_in_vain(WithoutReview, make_app, store)
    clock.shift(LEASE + 1)
    page = visitor.open(visitor.draft)
    assert page.value("pet") == "Rex"
    assert f"order of {FIRST}, attempt 2" in visitor.press().text


def test_last_step_without_a_review_takes_no_change(
    make_app: MakeApp, store: Probe, clock: Traveller
) -> None:
    visitor = sent_in_vain(WithoutReview, make_app, store)
    clock.shift(LEASE + 1)
    visitor.open(visitor.draft)
    assert visitor.fill(pet="Tom").status == 409


def test_step_that_a_deploy_has_added_can_be_answered(
    make_app: MakeApp, store: Probe, clock: Traveller
) -> None:
    class Home(Form):
        home = fields.StringField("Home")

    class Longer(Order):
        """What a deploy made of it meanwhile."""

        home = Step(Home)

    visitor = sent_in_vain(Order, make_app, store)
    clock.shift(LEASE + 1)
    Longer.store, Longer.orders = store, Order.orders
    later = Visitor(make_app(Longer), client=visitor.client)
    later.client.application = later.app
    assert later.open(visitor.draft).path.endswith("/home")
    assert later.fill(home="A kennel").heading == "Check your answers"
    assert later.post(f"{visitor.draft}you", {"name": "Eve"}).status_code == 409


def test_claim_whose_reply_is_lost_is_let_go(
    make_app: MakeApp, store: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was written, nobody runs it, and the next click need not wait for it."""
    Order.store, Order.orders = store, {}
    visitor = Visitor(make_app(Order))
    visitor.open()
    visitor.fill(name=FIRST)
    visitor.fill(pet="Rex")
    replace = store.inner.replace

    def deaf(*arguments: Any) -> bool:
        monkeypatch.undo()
        replace(*arguments)
        raise StoreError("The reply was lost.")

    monkeypatch.setattr(store.inner, "replace", deaf)
    assert visitor.press().status == 503
    assert Order.orders == {}
    assert visitor.open(visitor.draft).heading == "Check your answers"
    visitor.fill()
    assert [*Order.orders.values()] == [FIRST]


def test_conflict_that_the_hook_raises_is_not_taken_for_one_of_the_draft(
    make_app: MakeApp, store: Probe
) -> None:
    attempts: list[int] = []

    class Conflicts(Order):
        def commit(self, submission: Submission) -> Receipt:
            attempts.append(submission.attempt)
            raise ConflictError("of another draft")

    visitor = Visitor(make_app(Conflicts))
    visitor.open()
    visitor.fill(name=FIRST)
    visitor.fill(pet="Rex")
    with pytest.raises(ConflictError, match="of another draft"):
        visitor.press()
    assert attempts == [1]
    assert visitor.open(visitor.draft).heading == "Check your answers"


# What was answered anew


class Room(Form):
    room = fields.StringField("Room")

    def validate_room(self, field: fields.Field) -> None:
        if field.data not in FREE:
            raise ValidationError("No longer free")


FREE: set[str] = set()
asked: list[str] = []


class Booking(Order):
    """Two may have any room, and others the big one."""

    room = Step(Room)

    def validate(self, submission: Submission) -> None:
        asked.append(submission.answers.room.room)
        if submission.answers.room.room == "small" and submission.answers.pet.pet:
            raise StepError("room", "Too small for pets")


@pytest.fixture
def guest(make_app: MakeApp, store: Probe, clock: Traveller) -> Visitor:
    """Somebody with a pet, whose confirmed room is no longer free."""
    FREE.update({"big", "small"})
    Booking.store, Booking.orders = store, {}
    visitor = begun(make_app(Booking), name=FIRST)
    visitor.fill(pet="Rex")
    visitor.fill(room="big")
    visitor.press()
    store.down = False
    clock.shift(LEASE + 1)
    FREE.remove("big")
    visitor.open(visitor.draft)
    assert visitor.press().errors == ["No longer free"]
    asked.clear()
    return visitor


def test_answer_given_anew_is_validated_with_the_others(guest: Visitor) -> None:
    guest.fill(room="small")
    assert guest.press().errors == ["Too small for pets"]
    assert asked == ["small"]
    assert [*Booking.orders.values()] == [FIRST]


def test_draft_that_validate_refuses_is_still_unsettled(guest: Visitor) -> None:
    guest.fill(room="small")
    guest.press()
    assert guest.post(f"{guest.draft}you", {"name": "Eve"}).status_code == 409


def test_confirmed_answers_that_hold_again_are_not_validated_again(
    guest: Visitor,
) -> None:
    FREE.add("big")
    guest.fill(room="big")
    assert f"order of {FIRST}, attempt 2" in guest.press().text
    assert asked == []


def test_answers_of_the_second_attempt_are_exempt_for_the_third(
    guest: Visitor, store: Probe, clock: Traveller
) -> None:
    FREE.add("attic")
    guest.fill(room="attic")
    store.fail_at = 3  # the end of the second attempt
    guest.press()
    assert asked == ["attic"]
    clock.shift(LEASE + 1)
    guest.open(guest.draft)
    assert "attempt 3" in guest.press().text
    assert asked == ["attic"]


def test_answers_with_a_step_that_a_deploy_has_added_are_validated(
    make_app: MakeApp, store: Probe, clock: Traveller
) -> None:
    class Added(Order):
        room = Step(Room)

        def validate(self, submission: Submission) -> None:
            raise StepError("room", "Full")

    FREE.add("attic")
    visitor = sent_in_vain(Order, make_app, store)
    clock.shift(LEASE + 1)
    Added.store, Added.orders = store, Order.orders
    later = Visitor(make_app(Added), client=visitor.client)
    later.client.application = later.app
    later.open(visitor.draft)
    later.fill(room="attic")
    assert later.press().errors == ["Full"]
