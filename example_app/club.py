"""Joining the readers' club: a wizard for the young, their guardians and families."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from flask import session, url_for
from flask_wtf.file import FileAllowed, FileField, FileSize
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from werkzeug.security import generate_password_hash
from wtforms import (
    EmailField,
    Field,
    FieldList,
    Form,
    PasswordField,
    RadioField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import (
    DataRequired,
    Email,
    EqualTo,
    InputRequired,
    Length,
    Optional,
    Regexp,
    ValidationError,
)
from wtforms.widgets import CheckboxInput, ListWidget

from example_app import preferences
from example_app.fields import FlaskForm, PersonForm, stripped
from example_app.models import GENRES, Member, Photo, Relative, db, member_of
from flask_wizard import (
    Answers,
    DateBoxesField,
    Exit,
    FileContent,
    Info,
    Item,
    OnlyIf,
    Receipt,
    Repeat,
    Review,
    Step,
    StepError,
    UploadedFile,
    Wizard,
)

if TYPE_CHECKING:  # made by `flask wizard types`
    from example_app.answers import ClubAnswers, ClubFamilyAnswers, ClubSubmission

OF_AGE = 18  # years
NOT_FOR_CHILDREN = {"crime", "ghosts"}
GENRES_FOR_CHILDREN = {
    genre: name for genre, name in GENRES.items() if genre not in NOT_FOR_CHILDREN
}
USERNAME_TAKEN = "This username is taken. Choose another one"


def is_birthday(form: Form, field: Field) -> None:
    """Refuse dates on which nobody alive was born: a validator."""
    if field.data and not 0 <= age(field.data) <= 120:
        raise ValidationError("Enter a date of the last 120 years")


def born_field(description: str = "", whose: str = "your") -> DateBoxesField:
    """Return a field for a date of birth."""
    return DateBoxesField(
        "Date of birth",
        [InputRequired(f"Enter {whose} date of birth"), is_birthday],
        render_kw={"autocomplete": "bday" if whose == "your" else "off"},
        description=description,
    )


def photo_field(label: str) -> FileField:
    """Return a field for the photo on a membership card."""
    return FileField(
        label,
        [
            FileAllowed(["png", "jpg", "jpeg"], "Choose a PNG or a JPEG"),
            FileContent("png", "jpeg", message="This is neither a PNG nor a JPEG"),
            FileSize(2_000_000, message="Choose a photo of at most 2 MB"),
            Optional(),
        ],
        description="A PNG or a JPEG of at most 2 MB.",
        render_kw={"accept": "image/png, image/jpeg"},
    )


class AboutYouForm(PersonForm):
    """The reader."""

    born = born_field("Readers under 18 join together with a parent or guardian.")
    photo = photo_field("Photo for your membership card")


class GuardianForm(Form):
    """The grown-up who agrees, if there is one."""

    agrees = RadioField(
        "Does a parent or guardian agree that you join?",
        [InputRequired("Choose yes if a parent or guardian agrees, otherwise no")],
        choices={"yes": "Yes", "no": "No, or not yet"},
    )
    name = StringField(
        "Full name of your parent or guardian",
        [
            OnlyIf("agrees", "yes"),
            DataRequired("Enter the full name of your parent or guardian"),
            Length(max=80, message="Shorten the name to 80 characters"),
        ],
        filters=[stripped],
        render_kw={"autocomplete": "section-guardian name"},
    )
    email = EmailField(
        "Email address of your parent or guardian",
        [
            OnlyIf("agrees", "yes"),
            DataRequired("Enter the email address of your parent or guardian"),
            Email("Enter an email address like name@example.com"),
        ],
        filters=[stripped],
        render_kw={"autocomplete": "section-guardian email"},
        description="We ask them whether they agree, so it must not be your own.",
    )


def genres_field(label: str) -> SelectMultipleField:
    """Return a field for what somebody likes to read."""
    return SelectMultipleField(  # type: ignore[call-arg] # newer than the stubs
        label,
        [InputRequired("Choose one kind of book, or more")],
        choices=GENRES,
        invalid_choice_message="Choose from these kinds of books only",
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )


class TastesForm(Form):
    """What the reader likes."""

    genres = genres_field("What do you like to read?")
    authors = FieldList(
        StringField(
            "Author",
            [Optional(), Length(max=80, message="Shorten the name to 80 characters")],
            filters=[stripped],
        ),
        "Favourite authors",
        min_entries=3,
        max_entries=3,
        description="Up to three. We tell you when they have written a new book.",
    )


class RelativeForm(Form):
    """Who else joins."""

    name = StringField(
        "Full name",
        [
            DataRequired("Enter the full name"),
            Length(max=80, message="Shorten the name to 80 characters"),
        ],
        filters=[stripped],
        render_kw={"autocomplete": "off"},
    )
    born = born_field(whose="the")


class CardForm(Form):
    """What a relative likes, and looks like."""

    genres = genres_field("What do they like to read?")
    photo = photo_field("Photo for the membership card")


class AccountForm(FlaskForm):
    """How the member signs in."""

    username = StringField(
        "Username",
        [
            DataRequired("Enter a username"),
            Length(3, 30, "Enter a username of 3 to 30 characters"),
            Regexp(r"[\w.-]+\Z", message="Use letters, digits, dots and dashes only"),
        ],
        filters=[stripped],
        render_kw={
            "autocomplete": "username",
            "autocapitalize": "none",
            "spellcheck": "false",
        },
    )
    password = PasswordField(
        "Password",
        [
            InputRequired("Enter a password"),
            Length(10, 200, "Enter a password of at least 10 characters"),
        ],
        description="At least 10 characters. Three random words make a good one.",
        render_kw={"autocomplete": "new-password"},
    )
    confirm = PasswordField(
        "Password again",
        [
            InputRequired("Enter the same password again"),
            EqualTo("password", "Enter the same password twice"),
        ],
        render_kw={"autocomplete": "new-password"},
    )


def age(born: date) -> int:
    """Return the full years since `born`."""
    today = date.today()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def is_minor(answers: ClubAnswers) -> bool:
    """Tell whether a guardian has to agree."""
    return age(answers.you.born) < OF_AGE


def joins_alone(answers: ClubAnswers) -> bool:
    """Tell whether nobody agrees who has to."""
    return answers.guardian.agrees == "no"


def is_grown_up(answers: ClubAnswers) -> bool:
    """Tell whether the reader may sign for others."""
    return not is_minor(answers)


def narrow_genres(form: TastesForm, answers: ClubAnswers) -> None:
    """Leave out what is not for children."""
    if is_minor(answers):
        form.genres.choices = GENRES_FOR_CHILDREN


def narrow_genres_of_relative(form: CardForm, answers: Answers) -> None:
    """Leave out what is not for this child."""
    if age(answers.who.born) < OF_AGE:
        form.genres.choices = GENRES_FOR_CHILDREN


def name_of_relative(relative: ClubFamilyAnswers) -> str:
    """Return what a relative is called on the list."""
    return relative.who.name


class RelativeItem(Item):
    """Somebody of the reader's family, who gets a card as well."""

    who = Step(RelativeForm, title="Who joins with you")
    card = Step(
        CardForm, title="Their membership card", prepare=narrow_genres_of_relative
    )


class Club(Wizard):
    """Join the readers' club."""

    title = "Join the readers' club"

    you = Step(AboutYouForm, title="About you")
    together = Info(title="Readers under 18 join with a grown-up", when=is_minor)
    guardian = Step(GuardianForm, title="Your parent or guardian", when=is_minor)
    alone = Exit(title="You cannot join on your own yet", when=joins_alone)
    tastes = Step(TastesForm, title="Your taste in books", prepare=narrow_genres)
    family = Repeat(
        RelativeItem,
        max=8,
        title="Your family",
        singular="relative",
        label=name_of_relative,
        when=is_grown_up,
    )
    account = Step(AccountForm, title="Your account")
    check = Review(title="Check your answers")

    def initial(
        self, step_name: str, bound: Mapping[str, Any], answers: Any = None
    ) -> object:
        """Begin with the kinds of books that the visitor likes."""
        remembered = preferences.recall().get(step_name)
        if remembered is None or step_name != "tastes":
            return None
        offered = GENRES_FOR_CHILDREN if is_minor(answers) else GENRES
        return {"genres": [g for g in remembered["genres"] if g in offered]}

    def validate(self, submission: ClubSubmission) -> None:
        """Check what no step can see alone."""
        you, guardian = submission.answers.you, submission.answers.guardian
        if guardian.email and guardian.email.casefold() == you.email.casefold():
            message = "Enter an email address that is not the reader's own"
            raise StepError("guardian", message, field="email")
        if username_is_taken(submission):
            raise StepError("account", USERNAME_TAKEN, field="username")

    def commit(self, submission: ClubSubmission) -> Receipt:
        """Make the visitor a member, unless an earlier attempt has."""
        member = member_of(submission.id) or enrol(submission)
        session["name"] = member.name
        return Receipt(
            reference=member.card,
            url=url_for("shop.shelf"),
            message=f"Welcome, {member.name}.",
            next_steps="The reference is the number of your membership card.\n"
            "The card itself is in the post. It reaches you within a week.",
            contact=Markup('Write to <a href="{0}">{1}</a>.').format(
                "mailto:help@inglenook.example", "help@inglenook.example"
            ),
            url_label="See what is on the shelf",
            keep=timedelta(days=30),
        )


def username_is_taken(submission: ClubSubmission) -> bool:
    """Tell whether somebody else goes by that username."""
    same_name = select(Member.id).where(
        Member.username == submission.answers.account.username,
        Member.submission_id != submission.id,
    )
    return db.session.scalar(same_name) is not None


def photo_of(upload: UploadedFile | None) -> Photo | None:
    """Read a photo while it is there: the upload ends with the commit."""
    return None if upload is None else Photo(content=upload.open().read())


def enrol(submission: ClubSubmission) -> Member:
    """Write the new member down."""
    answers = submission.answers
    member = Member(
        submission_id=submission.id,
        name=answers.you.name,
        email=answers.you.email,
        born=answers.you.born,
        guardian_name=answers.guardian.name,
        guardian_email=answers.guardian.email,
        genres=list(answers.tastes.genres),
        authors=[author for author in answers.tastes.authors if author],
        username=answers.account.username,
        password_hash=generate_password_hash(answers.account.password),
        photo=photo_of(answers.you.photo),
        family=[
            Relative(
                name=relative.who.name,
                born=relative.who.born,
                genres=list(relative.card.genres),
                photo=photo_of(relative.card.photo),
            )
            for relative in answers.family
        ],
    )
    db.session.add(member)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        enrolled_meanwhile = member_of(submission.id)
        if enrolled_meanwhile is None:
            raise StepError("account", USERNAME_TAKEN, field="username") from None
        return enrolled_meanwhile
    return member


blueprint = Club.as_blueprint("club")
