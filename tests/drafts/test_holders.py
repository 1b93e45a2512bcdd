"""Who a request's visitor is, told from the session alone."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

import pytest

from flask_wizard.drafts.holders import (
    BEGUN_KEY,
    ENDED_KEY,
    LEFT_KEY,
    TOKEN_KEY,
    USER_KEY,
    WAITING_KEY,
    Holder,
    Tokens,
    is_id,
    list_of,
    new_nonce,
    user_marks,
)
from flask_wizard.drafts.keyring import Keyring

OLD, NEW = "o" * 32, "n" * 32
TOKEN, OTHER = "t" * 43, "u" * 43
NO_TOKENS: list[object] = [7, None, "", "x", "t" * 42, "t" * 44, "é" * 43, ["t" * 43]]


def identified(
    session: dict[str, Any],
    user: str | None = None,
    *,
    known: Tokens | None = None,
    keys: tuple[str, ...] = (OLD,),
) -> Holder:
    """The visitor of a request in which somebody, or nobody, is signed in."""
    holder = Holder(session, Keyring(keys), lambda: user, known)
    holder.identify()
    return holder


def session_of(user: str | None = None) -> dict[str, Any]:
    """A session that has begun a draft."""
    session: dict[str, Any] = {}
    identified(session, user).ensure_token()
    return session


def test_marks_of_nobody_are_those_of_the_token() -> None:
    session = session_of()
    assert identified(session).marks == identified(dict(session)).marks
    assert identified(session).marks != identified(session_of()).marks


def test_marks_of_a_user_are_the_same_on_each_device() -> None:
    one, other = identified(session_of("7"), "7"), identified(session_of("7"), "7")
    assert one.marks == other.marks
    assert one.list_name == other.list_name


@pytest.mark.parametrize(
    ("one", "other"), [("7", "7 1"), ("", " 1"), ("a", 'a"]'), ("7", "07")]
)
def test_lists_of_two_users_are_never_one(one: str, other: str) -> None:
    names = [
        f"{identified({}, user).list_name}{copy}"
        for user in (one, other)
        for copy in ("", " 1", " 2")
    ]
    assert len(set(names)) == 6


def test_token_of_a_session_is_no_user() -> None:
    session = session_of()
    nobody = identified(session)
    user = identified({}, nobody.token)
    assert nobody.marks != user.marks
    assert nobody.list_name != user.list_name


def test_login_changes_the_token_once() -> None:
    session = session_of()
    before = session[TOKEN_KEY]
    first = identified(session, "7")
    assert first.token not in (None, before)
    assert first.waiting == (before,)
    assert identified(session, "7").token == first.token


def test_logout_drops_the_token() -> None:
    session = session_of("7")
    holder = identified(session)
    assert holder.token is None
    assert holder.marks == ()
    assert holder.has_left


def test_other_user_gets_nothing_of_the_one_before() -> None:
    session = session_of()
    identified(session, "7")
    other = identified(session, "8")
    assert other.token is None
    assert other.waiting == ()
    assert other.former_marks == ()


def test_user_whose_session_was_cleared_waits_for_what_it_began() -> None:
    known = Tokens.of(session_of())
    assert known is not None
    holder = identified({}, "7", known=known)
    assert holder.waiting == (known.token,)
    assert holder.former_marks == holder.marks_of(known.token)


def test_session_that_nobody_cleared_for_a_login_is_forgotten() -> None:
    session: dict[str, Any] = {}
    holder = identified(session, known=Tokens.of(session_of()))
    assert holder.marks == ()
    assert session == {}


def test_cleared_session_of_a_user_knows_that_the_user_has_left() -> None:
    assert identified({}, known=Tokens.of(session_of("7"))).has_left


def test_user_is_the_same_under_a_newer_key() -> None:
    session = session_of("7")
    holder = identified(session, "7", keys=(NEW, OLD))
    assert holder.token == session[TOKEN_KEY]
    assert holder.marks[1] == identified({}, "7").mark


def test_session_does_not_name_its_user() -> None:
    session = session_of("ada@example.com")
    assert "ada" not in repr(session)


def test_id_of_a_draft_survives_the_login_alone() -> None:
    session = session_of()
    before = identified(session).draft_ids("nonce", "mount")
    assert identified(session, "7").draft_ids("nonce", "mount") == before
    assert identified(session).draft_ids("nonce", "mount") != before
    assert identified(session, "8").draft_ids("nonce", "mount") != before


def test_failing_function_changes_nothing() -> None:
    session = session_of("7")
    before = dict(session)
    holder = Holder(session, Keyring([OLD]), lambda: 1 / 0)  # type: ignore[return-value, arg-type]
    with pytest.raises(ZeroDivisionError):
        holder.identify()
    assert session == before
    assert holder.marks == ()


# What is in a session, which a release before or after this one may have written


def kept_user(user: str, secret: str = OLD) -> str:
    """What a session says of its user."""
    digest = Keyring([secret]).digest("session user", user)
    return urlsafe_b64encode(digest[:16]).decode()


def test_session_of_another_release_is_understood() -> None:
    session = {
        "_wizard_holder": TOKEN,
        "_wizard_user": kept_user("7"),
        "_wizard_begun": OTHER,
        "_wizard_waiting": [OTHER],
    }
    before = dict(session)
    holder = identified(session, "7")
    assert (holder.token, holder.waiting, holder.kind) == (TOKEN, (OTHER,), "user")
    assert holder.former_marks == holder.marks_of(OTHER)
    assert session == before


def test_session_is_written_for_other_releases() -> None:
    session: dict[str, Any] = {"_wizard_holder": TOKEN}
    token = identified(session, "7").token
    assert session == {
        "_wizard_holder": token,
        "_wizard_user": kept_user("7"),
        "_wizard_begun": TOKEN,
        "_wizard_waiting": [TOKEN],
    }
    identified(session)
    assert session == {"_wizard_left": True}


def test_marks_and_ids_are_the_same_in_every_release() -> None:
    keyring = Keyring([OLD])
    nobody, user = identified({TOKEN_KEY: TOKEN}), identified({}, "7")
    assert nobody.marks == keyring.digests("holder", TOKEN)
    assert nobody.marks_of(OTHER) == keyring.digests("holder", OTHER)
    assert user.marks == user_marks(keyring, "7") == keyring.digests("holder user", "7")
    assert (nobody.list_name, user.list_name) == (TOKEN, '["user", "7"]')
    assert list_of("7") == user.list_name
    digest = keyring.digest("draft id", "nonce", TOKEN, "mount")
    draft_id = urlsafe_b64encode(digest[:16]).decode()[:22]
    assert nobody.draft_ids("nonce", "mount") == [draft_id]


@pytest.mark.parametrize("text", ["A" * 22, "a-_0" * 5 + "zZ"])
def test_id_is_128_bits_in_base64url(text: str) -> None:
    assert is_id(text)
    assert is_id(new_nonce())


@pytest.mark.parametrize("text", ["", "A" * 21, "A" * 23, "A" * 21 + "=", "ä" * 22])
def test_anything_else_is_no_id(text: str) -> None:
    assert not is_id(text)


@pytest.mark.parametrize("value", NO_TOKENS)
def test_what_is_no_token_is_none(value: object) -> None:
    session: dict[str, Any] = {TOKEN_KEY: value}
    holder = identified(session)
    assert (holder.token, holder.marks) == (None, ())
    assert Tokens.of(session) is None
    token = holder.ensure_token()
    assert session == {TOKEN_KEY: token}
    assert token != value


@pytest.mark.parametrize("value", [*NO_TOKENS, {"a": TOKEN}])
def test_tokens_of_a_session_are_tokens(value: object) -> None:
    session = {TOKEN_KEY: TOKEN, BEGUN_KEY: value, WAITING_KEY: [OTHER, value]}
    assert Tokens.of(session) == Tokens(TOKEN, None, None, (OTHER,))
    session = {TOKEN_KEY: TOKEN, WAITING_KEY: value}
    found = Tokens.of(session)
    assert found is not None
    assert set(found.waiting) <= {TOKEN}


def test_tokens_of_a_session_are_all_that_it_says() -> None:
    session: dict[str, Any] = {TOKEN_KEY: TOKEN, USER_KEY: 7, BEGUN_KEY: OTHER}
    session[WAITING_KEY] = (OTHER,)
    assert Tokens.of(session) == Tokens(TOKEN, "7", OTHER, (OTHER,))


@pytest.mark.parametrize("said", ["\ud800", "", 7, None])
def test_odd_user_of_a_session_is_nobody_s_own(said: object) -> None:
    session: dict[str, Any] = {TOKEN_KEY: TOKEN, USER_KEY: said}
    holder = identified(session, "7")
    assert (holder.token, holder.waiting) == (None, ())
    assert session == {}


def test_session_without_a_token_has_none() -> None:
    assert not identified({}).has_token
    assert identified({TOKEN_KEY: TOKEN}).has_token
    assert identified({}, known=Tokens(TOKEN)).has_token is False  # it was cleared
    assert Holder({}, Keyring([OLD]), None, Tokens(TOKEN)).has_token


# A token


def test_token_is_made_when_it_is_needed() -> None:
    session: dict[str, Any] = {}
    holder = identified(session)
    assert session == {}
    token = holder.ensure_token()
    assert session == {TOKEN_KEY: token}
    assert len(token) == 43
    assert holder.token == token == holder.ensure_token() == holder.list_name
    assert holder.marks == holder.marks_of(token)
    assert identified({}).ensure_token() != token


def test_mark_is_the_newest_and_makes_a_token() -> None:
    session: dict[str, Any] = {}
    holder = identified(session, keys=(NEW, OLD))
    mark = holder.mark
    assert mark == Keyring([NEW]).digest("holder", session[TOKEN_KEY])
    assert len(holder.marks) == 2


def test_token_of_a_user_says_whose_it_is() -> None:
    session: dict[str, Any] = {}
    holder = identified(session, "7", keys=(NEW, OLD))
    marks = holder.marks
    assert session == {}
    token = holder.ensure_token()
    assert session == {TOKEN_KEY: token, USER_KEY: kept_user("7", NEW)}
    assert holder.marks == marks
    assert identified(session, "7", keys=(NEW,)).token == token


def test_list_of_a_user_needs_no_token() -> None:
    session: dict[str, Any] = {}
    assert identified(session, "7").list_name == list_of("7")
    assert session == {}


def test_token_that_was_changed_in_the_request_is_taken() -> None:
    session = session_of()
    holder = identified(session)
    session[TOKEN_KEY] = OTHER
    assert holder.ensure_token() == OTHER
    assert holder.marks == holder.marks_of(OTHER)


def test_cleared_session_gets_another_token() -> None:
    session = session_of()
    holder = identified(session)
    before = holder.token
    session.clear()
    after = holder.ensure_token()
    assert after not in (None, before)
    assert holder.marks == holder.marks_of(after)


@pytest.mark.parametrize("clears", [True, False])
def test_other_token_for_a_user_leaves_the_user_s_marks(clears: bool) -> None:
    session = session_of("7")
    holder = identified(session, "7")
    marks = holder.marks
    if clears:
        session.clear()
    else:
        session[TOKEN_KEY] = "x"
    token = holder.ensure_token()
    assert (session[TOKEN_KEY], session[USER_KEY]) == (token, kept_user("7"))
    assert holder.marks == marks
    assert not holder.has_left


# Signing in and out in the middle of a request


class Request:
    """A request in which somebody signs in or out."""

    def __init__(self, session: dict[str, Any], user: str | None = None) -> None:
        self.session, self.user = session, user
        self.holder = Holder(session, Keyring([OLD]), lambda: self.user)
        self.holder.identify()

    def becomes(self, user: str | None, *, clears: bool = False) -> Holder:
        if clears:
            self.session.clear()
        self.user = user
        self.holder.identify()
        return self.holder


def test_visitor_who_stays_the_same_has_not_changed() -> None:
    for user in (None, "7"):
        request = Request(session_of(user), user)
        before = dict(request.session)
        assert not request.holder.has_changed
        assert not request.becomes(user).has_changed
        assert request.session == before


@pytest.mark.parametrize("clears", [True, False])
def test_login_in_a_request_keeps_what_the_session_began(clears: bool) -> None:
    request = Request(session_of())
    before = request.holder.token
    holder = request.becomes("7", clears=clears)
    assert holder.has_changed
    assert (holder.kind, holder.user) == ("user", "7")
    assert holder.waiting == (before,)
    assert request.session[BEGUN_KEY] == before
    assert request.session[TOKEN_KEY] == holder.token != before
    assert request.becomes("7").token != before
    assert holder.has_changed  # for the rest of the request


def test_token_from_before_a_session_was_cleared_waits_too() -> None:
    request = Request(session_of())
    before = request.holder.token
    request.session.clear()
    later = request.holder.ensure_token()
    holder = request.becomes("7")
    assert set(holder.waiting) == {before, later}


@pytest.mark.parametrize("clears", [True, False])
def test_logout_in_a_request_is_known(clears: bool) -> None:
    request = Request(session_of("7"), "7")
    holder = request.becomes(None, clears=clears)
    assert holder.has_changed
    assert (holder.kind, holder.user, holder.token) == ("session", None, None)
    assert (holder.marks, holder.waiting) == ((), ())
    assert request.session == {LEFT_KEY: True}


def test_cleared_session_of_nobody_is_another() -> None:
    request = Request(session_of())
    holder = request.becomes(None, clears=True)
    assert holder.has_changed
    assert not holder.has_left
    assert request.session == {}


def test_other_user_in_a_request_gets_nothing() -> None:
    request = Request(session_of(), None)
    request.becomes("7")
    holder = request.becomes("8")
    assert (holder.token, holder.waiting, holder.former_marks) == (None, (), ())
    assert request.session == {}


def test_first_token_of_a_request_is_no_change() -> None:
    request = Request({})
    request.holder.ensure_token()
    assert not request.becomes(None).has_changed


def test_user_without_a_token_who_leaves_is_not_known() -> None:
    request = Request({}, "7")
    assert not request.becomes(None).has_left
    assert request.session == {}


def test_holder_needs_no_function() -> None:
    session = {TOKEN_KEY: TOKEN}
    holder = Holder(session, Keyring([OLD]))
    assert (holder.token, holder.marks, holder.kind) == (None, (), "session")
    holder.identify()
    assert (holder.token, holder.user, holder.waiting) == (TOKEN, None, ())


# A session that the application has cleared or put in the place of another


def test_rotated_session_of_a_user_keeps_what_waits() -> None:
    known = Tokens(TOKEN, kept_user("7"), OTHER, (OTHER,))
    session: dict[str, Any] = {}
    holder = identified(session, "7", known=known)
    assert holder.waiting == (OTHER,)
    assert holder.former_marks == holder.marks_of(OTHER)
    assert holder.token not in (None, TOKEN, OTHER)
    assert session[WAITING_KEY] == [OTHER]


def test_rotated_session_of_a_user_with_nothing_begun_has_no_more() -> None:
    session: dict[str, Any] = {}
    holder = identified(session, "7", known=Tokens(TOKEN, kept_user("7")))
    assert session == {TOKEN_KEY: holder.token, USER_KEY: kept_user("7")}
    assert holder.former_marks == ()


def test_session_of_nobody_and_that_of_the_user_both_wait() -> None:
    """The application has loaded the user's own session at the login."""
    session = {
        TOKEN_KEY: TOKEN,
        USER_KEY: kept_user("7"),
        BEGUN_KEY: OTHER,
        WAITING_KEY: [OTHER, "w" * 43],
    }
    holder = identified(session, "7", known=Tokens("k" * 43))
    assert holder.waiting == (OTHER, "w" * 43, "k" * 43)
    assert holder.former_marks == holder.marks_of(OTHER)
    again = identified(session, "7", known=Tokens(OTHER))
    assert again.waiting == (OTHER, "w" * 43, "k" * 43)


def test_session_of_another_user_is_not_kept_beside_that_of_nobody() -> None:
    session = {TOKEN_KEY: TOKEN, USER_KEY: kept_user("8"), WAITING_KEY: [OTHER]}
    holder = identified(session, "7", known=Tokens("k" * 43))
    assert holder.waiting == ("k" * 43,)
    assert holder.former_marks == holder.marks_of("k" * 43)


def test_session_of_a_user_that_was_put_in_place_of_another_is_forgotten() -> None:
    session: dict[str, Any] = {TOKEN_KEY: TOKEN, USER_KEY: kept_user("7")}
    holder = identified(session, known=Tokens(OTHER))
    assert holder.has_left
    assert holder.marks == ()
    assert session == {LEFT_KEY: True}


def test_damaged_session_of_a_user_is_forgotten() -> None:
    session = {TOKEN_KEY: "x", USER_KEY: kept_user("7"), BEGUN_KEY: OTHER}
    assert not identified(session).has_left
    assert session == {}


def test_marks_of_a_beginning_are_a_user_s() -> None:
    session = {TOKEN_KEY: TOKEN, BEGUN_KEY: OTHER}
    holder = identified(session)
    assert holder.former_marks == ()
    assert holder.all_marks == holder.marks == holder.marks_of(TOKEN)
    assert holder.draft_ids("n", "m") == identified({TOKEN_KEY: TOKEN}).draft_ids(
        "n", "m"
    )


@pytest.mark.parametrize("begun", NO_TOKENS)
def test_beginning_that_is_no_token_has_no_marks(begun: object) -> None:
    session = {TOKEN_KEY: TOKEN, USER_KEY: kept_user("7"), BEGUN_KEY: begun}
    holder = identified(session, "7")
    assert holder.former_marks == ()
    assert holder.all_marks == holder.marks
    alone = identified({TOKEN_KEY: TOKEN, USER_KEY: kept_user("7")}, "7")
    assert holder.draft_ids("n", "m") == alone.draft_ids("n", "m")


def test_marks_of_a_user_come_before_those_of_the_beginning() -> None:
    session = session_of()
    holder = identified(session, "7")
    assert holder.all_marks == (*holder.marks, *holder.former_marks)
    assert len(holder.all_marks) == 2


def test_ids_of_a_draft_are_by_each_key() -> None:
    session = {TOKEN_KEY: TOKEN}
    ids = identified(session, keys=(NEW, OLD)).draft_ids("nonce", "mount")
    old, new = identified(session), identified(session, keys=(NEW,))
    assert ids == [*new.draft_ids("nonce", "mount"), *old.draft_ids("nonce", "mount")]
    assert all(map(is_id, ids))


def test_user_who_has_adopted_waits_for_nothing() -> None:
    session = session_of()
    holder = identified(session, "7")
    holder.adopted()
    assert holder.waiting == ()
    assert WAITING_KEY not in session
    assert identified(session, "7").waiting == ()
    assert identified(session, "7").former_marks != ()


# Who has left


def test_session_that_a_user_has_left_is_known_until_it_begins_a_draft() -> None:
    session: dict[str, Any] = {}
    holder = identified(session)
    assert not holder.has_left
    holder.begin()
    holder.leave()
    assert holder.has_left
    assert session == {LEFT_KEY: True}
    assert identified(session).has_left
    holder.begin()
    assert not holder.has_left
    assert session == {}


def test_user_who_signs_in_has_not_left() -> None:
    session: dict[str, Any] = {LEFT_KEY: True}
    assert not identified(session, "7").has_left
    assert session == {}
    user = identified({}, "7")
    user.leave()
    assert not user.has_left


# The end of a draft


def test_end_changes_the_cookie() -> None:
    session: dict[str, Any] = {}
    holder = identified(session)
    found = set()
    for _ in range(3):
        holder.mark_end()
        found.add(session[ENDED_KEY])
    assert len(found) == 3
    assert holder.end_marks == ()
    assert identified({}).end_marks == ()


def test_token_of_an_end_opens_it_in_the_next_request() -> None:
    session: dict[str, Any] = {}
    holder = identified(session)
    marks = holder.make_end_marks()
    assert marks == holder.make_end_marks()
    assert session == {}
    holder.mark_end()
    assert holder.end_marks == marks
    assert identified(session).end_marks == marks
    assert len(session["_wizard_ended"]) == 43
    assert identified({}).make_end_marks() != marks


def test_user_who_is_still_there_drops_the_token_of_an_end() -> None:
    session: dict[str, Any] = {ENDED_KEY: TOKEN}
    assert identified(session, "7").end_marks == ()
    assert ENDED_KEY not in session


def test_user_who_has_ended_a_draft_keeps_its_token_for_the_request() -> None:
    request = Request({}, "7")
    marks = request.holder.make_end_marks()
    request.holder.mark_end()
    assert request.becomes("7").end_marks == marks


def test_value_of_an_end_that_opens_nothing_stays() -> None:
    session: dict[str, Any] = {}
    identified(session).mark_end()
    before = dict(session)
    identified(session, "7")
    assert session == before


@pytest.mark.parametrize("cleared_first", [True, False])
def test_token_that_a_user_got_in_a_request_is_no_other_user_s(
    cleared_first: bool,
) -> None:
    """Two users of one request, as where an administrator looks at another's page."""
    session = session_of("7") if cleared_first else {}
    request = Request(session, "7")
    if cleared_first:
        session.clear()
        request.holder.ensure_token()
    else:
        request.holder.ensure_token()
        session.clear()
    holder = request.becomes("8")
    assert (holder.waiting, holder.former_marks) == ((), ())


def test_first_token_of_a_request_waits_for_its_user() -> None:
    request = Request({})
    token = request.holder.ensure_token()
    assert request.becomes("7").waiting == (token,)


@pytest.mark.parametrize(
    "name",
    ["user", "kind", "token", "marks", "waiting", "has_changed", "_end_token"],
)
def test_visitor_is_told_by_the_session_alone(name: str) -> None:
    make: Any = Holder
    with pytest.raises(TypeError, match=name):
        make({}, Keyring([OLD]), **{name: "7"})
