"""The back room: an outbox in the place of a mail server, and the staff's invitations.

Nobody locks it: its mails have links that open drafts. So it is there only where the
setting BACK_ROOM says so, as `python -m example_app` does for this machine alone.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import NamedTuple

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    url_for,
)
from flask.typing import ResponseReturnValue

from example_app.accounts import wizards
from example_app.fields import PersonForm

MAILS_KEPT = 20
MAILS_TO_ONE = 3  # of the mails that are kept

blueprint = Blueprint("back_room", __name__)


class Mail(NamedTuple):
    """A mail with a link."""

    address: str
    subject: str
    text: str
    url: str


def outbox() -> deque[Mail]:
    """Return the mails that were sent, the oldest first."""
    found: deque[Mail] = current_app.extensions.setdefault(
        "outbox", deque(maxlen=MAILS_KEPT)
    )
    return found


def send(mail: Mail) -> None:
    """Send a mail, unless its address has had enough of them."""
    to_the_same = [sent for sent in outbox() if sent.address == mail.address]
    if len(to_the_same) < MAILS_TO_ONE:
        outbox().append(mail)


@blueprint.before_request
def only_where_it_is_open() -> None:
    """Answer 404 where the shop has no back room."""
    if not current_app.config["BACK_ROOM"]:
        abort(404)


@blueprint.route("/back-room", methods=["GET", "POST"])
def page() -> ResponseReturnValue:
    """Show the outbox, and invite somebody to the readers' club."""
    form = PersonForm()
    if form.validate_on_submit():
        invite(str(form.name.data), str(form.email.data))
        flash("The invitation is in the outbox.")
        return redirect(url_for(".page"), 303)
    shown = render_template("back_room.html", form=form, mails=reversed(outbox()))
    response = make_response(shown)
    response.headers["Cache-Control"] = "no-store"
    return response


drafts = wizards.overview_blueprint(
    "open_drafts", allowed=lambda: bool(current_app.config["BACK_ROOM"])
)
"""The page of open drafts, with counts alone."""


def invite(name: str, email: str) -> None:
    """Begin a draft of the club for a guest of the shop, and mail its link."""
    url = wizards.invite_url(
        "club", {"you": {"name": name, "email": email}}, max_age=timedelta(days=14)
    )
    text = "Join our readers. The link is yours: the first to open it holds it."
    send(Mail(email.casefold(), "You are invited", text, url))
