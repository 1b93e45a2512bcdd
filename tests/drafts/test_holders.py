"""Who a request's visitor is, told from the session alone."""

from __future__ import annotations

from typing import Any

import pytest

from flask_wizard.drafts.holders import TOKEN_KEY, Holder, Tokens
from flask_wizard.drafts.keyring import Keyring

OLD, NEW = "o" * 32, "n" * 32


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
