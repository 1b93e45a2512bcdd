"""Links of drafts: to continue on another device, or for a part of somebody else's."""

from __future__ import annotations

from datetime import timedelta

from flask import (
    Blueprint,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound
from wtforms import EmailField
from wtforms.validators import DataRequired, Email

from example_app.accounts import wizards
from example_app.back_room import Mail, send
from example_app.fields import FlaskForm, stripped

REPLY = "If the address is right, a mail with a link is on its way to it."

blueprint = Blueprint("devices", __name__)


class MailForm(FlaskForm):
    """Where to send a link."""

    email = EmailField(validators=[DataRequired(), Email()], filters=[stripped])


@blueprint.post("/drafts/<draft_id>/link")
def link(draft_id: str) -> ResponseReturnValue:
    """Show a link by which the visitor continues a draft on another device."""
    url = wizards.resume_url(draft_id, max_age=timedelta(hours=1))
    response = make_response(render_template("device_link.html", url=url))
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/drafts/<draft_id>/mail")
def mail(draft_id: str) -> ResponseReturnValue:
    """Mail such a link. Say the same whatever becomes of it.

    So nobody learns which drafts or addresses there are. The mail has no word that the
    visitor has typed: it would carry a stranger's text to whom they like.
    """
    form = MailForm()
    try:
        if form.validate_on_submit():
            url = wizards.resume_url(draft_id, max_age=timedelta(days=2))
            text = "The link opens what you have begun, once, for two days."
            subject = "Go on where you left off"
            send(Mail(str(form.email.data).casefold(), subject, text, url))
    except NotFound:
        current_app.logger.info("No link was mailed: the draft is not the visitor's.")
    flash(REPLY)
    return redirect(url_for("shop.shelf"), 303)


@blueprint.post("/drafts/<draft_id>/guardian")
def guardian(draft_id: str) -> ResponseReturnValue:
    """Mail a parent or guardian a link to their part of the club's form.

    They may open that part and see who asks, and nothing else. The reader goes on when
    it is filled in.
    """
    form = MailForm()
    if form.validate_on_submit():
        url = wizards.share_url(
            draft_id,
            steps=["guardian"],
            sees=["you"],
            max_age=timedelta(days=7),
        )
        text = "A reader who wants to join our club needs you to agree."
        send(Mail(str(form.email.data).casefold(), "Please fill in a part", text, url))
        flash("The link to your parent or guardian is in the outbox.")
    else:
        flash("Enter an email address to send a link to.")
    return redirect(url_for("club.draft", draft=draft_id), 303)
