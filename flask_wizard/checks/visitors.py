"""check: which fields ask visitors something about themselves, as far as words tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from wtforms.fields import EmailField, Field, PasswordField, TelField

#: The ``autocomplete`` token that a field about the visitor has, by its name.
TOKENS: Mapping[str, str] = {
    "email": "email",
    "mail": "email",
    "tel": "tel",
    "phone": "tel",
    "telephone": "tel",
    "name": "name",
    "full_name": "name",
    "first_name": "given-name",
    "given_name": "given-name",
    "last_name": "family-name",
    "family_name": "family-name",
    "street": "address-line1",
    "postcode": "postal-code",
    "postal_code": "postal-code",
    "zip": "postal-code",
    "city": "address-level2",
    "town": "address-level2",
    "country": "country",
    "born": "bday",
    "birthday": "bday",
    "birth_date": "bday",
    "date_of_birth": "bday",
}

BY_TYPE: Mapping[type[Field], str] = {
    EmailField: "email",
    TelField: "tel",
    PasswordField: "new-password",
}
"""The tokens of fields of some types, whatever their names are."""

OF_ANYTHING = frozenset({"name", "address-level2", "country"})
"""The tokens of what not only people have."""

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*(?:'s?)?")


def _words(text: str) -> list[str]:
    """Return the words of a text or a name, in small letters."""
    return _WORD.findall(text.lower().replace("_", " ").replace("\u2019", "'"))


YOU = frozenset(_words("you your yours yourself me my mine i"))

ANYBODY_ELSE = frozenset(
    _words("""
    adult animal another assistant aunt author baby beneficiary boss boy bride
    brother business caregiver carer cat charity child children colleague company
    cousin coworker dad daughter dentist department dependant dependent doctor dog
    emergency employee employer executor father fiancé fiancée firm friend girl
    grandchild grandchildren grandfather grandmother grandparent groom guarantor
    guardian guest headteacher heir he her hers him his horse husband infant
    institution item kid landlord lawyer manager minor mom mother mum neighbor
    neighbour nephew next-of-kin niece nominee nurse organisation organization
    parent partner passenger patient people person pet physician player product
    project pupil recipient referee reference relative roommate school she sibling
    sister solicitor somebody someone son spouse stepfather stepmother supervisor
    supplier teacher teammate their theirs them they twin uncle university vehicle
    vendor vet veterinarian wedding wife witness wives
    """)
)
"""Words for whom or what a visitor may tell something about, in the singular."""

KINDS = frozenset(
    _words("""
    address birth birthday born cell city country date day e-mail email family first
    forename given last mail mobile name password phone postal postcode street
    surname tel telephone town zip
    """)
)
"""Words for what the tokens are about."""

PLAIN = KINDS | frozenset(
    _words("""
    a again an and at billing by choose code confirm contact county create current
    daytime delivery enter evening full home house in is legal line main may more
    new no number of on once optional or permanent pick please preferred primary
    private region repeat required residence s set shipping state the this to type
    we what whole work
    """)
)
"""Words that leave open whose it is, which is then the visitor's."""

_ASKING = frozenset(
    _words("""
    here how it let that there what when where who why
    """)
)
"""What may be before an ``'s`` that stands for "is"."""

_OF_WHAT = re.compile(r"\bof (?:an?|each|every|the|this|that|your|my) (?!birth\b)")


def token_for(field: Field, around: Iterable[str]) -> str | None:
    """Return the ``autocomplete`` token of a field that asks about the visitor.

    That is one whose type or name has a token, unless its words, or those around it,
    tell that it is about somebody or something else. ``around`` has the words around
    it, from the innermost outwards: names and labels of the forms that it is in, and
    name and title of its step. Return None of any other field.
    """
    token = next((t for kind, t in BY_TYPE.items() if isinstance(field, kind)), None)
    token = token or TOKENS.get(field.short_name.lower())
    label = str(field.label.text)
    if token is None or not _is_open(label, field.short_name, token):
        return None
    for words in (f"{label} {field.short_name}", *around):
        if _is_of_another(words):
            return None
        if YOU & {*_words(words)}:
            break
    return token


def _is_open(label: str, name: str, token: str) -> bool:
    """True if a label may be about the visitor: "Name", and not "Name of the shop".

    The label of what anything has may say nothing more. In another language than
    English that cannot be told, and a field that is called ``name`` may be anything's.
    """
    words = {*_words(label)}
    if token != "bday" and words & {"birth", "born"}:
        return False  # such as the country of birth
    if YOU & words or token not in OF_ANYTHING:
        return True
    return words <= PLAIN if KINDS & words else name.lower() != "name"


def _is_of_another(text: str) -> bool:
    """True if a text names somebody or something else: "Your pet's name"."""
    words: Sequence[str] = _words(text)
    has_owner = any(
        word[-2:] in ("'s", "s'") and word[:-2] not in _ASKING for word in words
    )
    named = ANYBODY_ELSE & {form for word in words for form in _forms(word)}
    return has_owner or bool(named) or _OF_WHAT.search(text.lower()) is not None


def _forms(word: str) -> tuple[str, ...]:
    """Return a word, and what it may be the plural of."""
    singular = f"{word[:-3]}y" if word.endswith("ies") else word
    return word, singular, word.removesuffix("s"), word.removesuffix("es")
