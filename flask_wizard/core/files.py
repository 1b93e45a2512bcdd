"""Files in forms: bound to the fields of a form, judged by them, and sent with a POST.

What a file is bound as comes from outside: this room knows no web framework.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from msgspec.structs import replace
from wtforms import Form
from wtforms.fields import Field, FieldList, FileField, FormField, MultipleFileField

from ..cached import cached_property
from ..catalogues import message
from .draft import Draft, StoredFile, storable
from .form_errors import as_text
from .texts import ENGLISH, Texts, texts_of

logger: logging.Logger = logging.getLogger(__name__)

MAX_NAME = 255
"""How long the name of a file may be, in characters."""

UNUSABLE_FILE = message("This file cannot be used. Choose another one.")

Files = dict[str, StoredFile]
"""Files of one page by their ids."""


class SentFile:
    """A file that came with a POST. The store of uploads has it unless refused."""

    def __init__(self, stored: StoredFile, refusal: str = "") -> None:
        self.stored = stored
        #: Why it was not stored; empty if it was.
        self.refusal = refusal
        self._inspected: str | None = None

    def __repr__(self) -> str:  # a log must never show the name of a file
        return f"<SentFile of {self.stored.size} bytes>"

    def under(self, file_id: str) -> SentFile:
        """Return the file under another id."""
        copied = SentFile(replace(self.stored, id=file_id), self.refusal)
        copied._inspected = self._inspected
        return copied

    def of_field(self, field: str) -> SentFile:
        """Return the file as one of another field."""
        copied = SentFile(replace(self.stored, field=field), self.refusal)
        copied._inspected = self._inspected
        return copied

    def inspect(self, bound: Any, step: str, path: str, rules: FileRules) -> str:
        """Return what the application says against it, which is asked only once."""
        if self._inspected is None:
            self._inspected = rules.inspect(bound, step, path)
        return self._inspected


def _no_file(draft_id: str, stored: StoredFile) -> Any:
    raise LookupError("This journey was made without a store of uploads.")


@dataclass(frozen=True)
class FileRules:
    """How files are bound to forms, and how many a draft may have."""

    #: Returns what a file is bound as, by the id of its draft: an object with the file
    #: as ``stored``, and the method ``seek``.
    bind: Callable[[str, StoredFile], Any] = _no_file
    #: Returns what the application says against a new file, which is bound, by its step
    #: and its field; an empty string if nothing.
    inspect: Callable[[Any, str, str], str] = lambda bound, step, path: ""
    #: How many files one draft may have.
    max_count: int = 20
    #: How many bytes the files of one draft may have together.
    max_size: int = 50 * 1024 * 1024
    #: Returns how many bytes the files of a draft may have until the holder of all
    #: these drafts has no more room.
    room_of_holder: Callable[[Draft], int] = lambda draft: 2**53
    #: What is said to the visitor about files.
    texts: Texts = ENGLISH


NO_FILES = FileRules()


# Names and sizes


_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e")
_ISOLATES = frozenset("\u2066\u2067\u2068\u2069")


def clean_name(given: str) -> str:
    """Return the name of a file as a person may read it: the last part of a path.

    Control and direction characters are left out: with these a name may look as if it
    had another ending.
    """
    last = re.split(r"[/\\]", storable(given))[-1]
    kept = "".join(char for char in last if not _is_hidden(char)).strip()
    if kept in ("", ".", ".."):
        return "file"
    stem, dot, ending = kept.rpartition(".")
    if len(kept) > MAX_NAME and dot and len(ending) < 20:
        return f"{stem[: MAX_NAME - len(ending) - 1]}.{ending}"
    return kept[:MAX_NAME]


def _is_hidden(char: str) -> bool:
    if char in _DIRECTIONS or char in _ISOLATES:
        return True
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")


UNITS = message("{number} KB"), message("{number} MB"), message("{number} GB")


def size_in_words(size: int, texts: Texts = ENGLISH) -> str:
    """Return a number of bytes as people read it, such as ``2.4 MB``."""
    if size < 1000:
        return texts.plural("{n} byte", "{n} bytes", size)
    number = float(size)
    for unit in UNITS:
        number /= 1000
        if number < 999.5 or unit is UNITS[-1]:
            break
    digits = f"{number:.0f}" if number >= 9.95 else f"{number:.1f}"
    return texts.text(unit, number=texts.number(digits))


# Binding


def is_file(field: Field) -> bool:
    """True if the field is one to choose files with."""
    return isinstance(field, FileField)


def holds_files(field: Field) -> bool:
    """True if the field is one to choose files with, or a list of such fields."""
    while isinstance(field, FieldList):
        inner = field.unbound_field
        if issubclass(inner.field_class, FileField):
            return True
        if not field.entries:
            return False
        field = field.entries[0]
    return is_file(field)


class FileLeaf(NamedTuple):
    """A field to choose files with, and where it stands in its form."""

    #: The form that the field is in, which is the whole form or a nested one.
    form: Form
    field: Any
    #: The way to the field by names and numbers, joined by dots: ``home.photo``.
    path: str


def file_leaves(form: Form, path: str = "") -> Iterator[FileLeaf]:
    """Yield the fields to choose files with, nested ones too."""
    for name, each in form._fields.items():
        yield from _leaves_of(form, each, f"{path}{name}")


def _leaves_of(form: Form, each: Field, path: str) -> Iterator[FileLeaf]:
    if isinstance(each, FormField):
        yield from file_leaves(each.form, f"{path}.")
    elif isinstance(each, FieldList):
        for number, entry in enumerate(each.entries):
            yield from _leaves_of(form, entry, f"{path}.{number}")
    elif is_file(each):
        yield FileLeaf(form, each, path)


def read_files_only(field: Any) -> None:
    """Let a field to choose files with read files, and no text of the same name.

    It begins with those that the draft has; ``take_files`` judges the new ones.
    """
    vars(field)["process_formdata"] = lambda sent: _process(field, sent)


def _process(field: Any, sent: Sequence[Any]) -> None:
    field.offered = [each for each in sent or () if not isinstance(each, str)]
    new = field.meta.new_files
    _assign(field, [each for each in field.offered if each.stored.id not in new])


def _assign(field: Any, files: Sequence[Any]) -> None:
    """Give a field these files as what was sent for it, each at its beginning."""
    for file in files:
        file.seek(0)  # a validator may have read it
    field.raw_data = list(files)
    field.data = None
    type(field).process_formdata(field, field.raw_data)


def _give(field: Any, files: Sequence[Any]) -> None:
    """Give a field these files, and do to them what its filters do."""
    field.process_errors = []
    _assign(field, files)
    try:
        for each in field.filters:
            field.data = each(field.data)
    except ValueError as error:
        unusable = texts_of(field).text(UNUSABLE_FILE)
        field.process_errors.append(error.args[0] if error.args else unusable)


def files_of(field: Any) -> list[Any]:
    """Return the files that a field to choose files with has."""
    data = field.data
    found = data if isinstance(data, list | tuple) else [data]
    return [each for each in found if hasattr(each, "stored")]


def with_files(
    values: Mapping[str, list[Any]], files: Iterable[Any]
) -> dict[str, list[Any]]:
    """Return the values, and bound files by the names of their fields.

    A file in a row that a script has taken out of its list is left out.
    """
    filled = dict(values)
    for file in files:
        name = file.stored.field
        if not _is_in_removed_row(name, values):
            filled[name] = [*filled.get(name, ()), file]
    return filled


_NUMBER = re.compile(r"(?<=[\W_])\d+(?![^\W_])")


def _is_in_removed_row(name: str, values: Mapping[str, object]) -> bool:
    """True if the page has sent other rows of the field's list, and not its own.

    A page that has sent nothing of the list may be one that sends no files.
    """
    for number in _NUMBER.finditer(name):
        start, row = name[: number.start()], name[: number.end()]
        rows = [each for each in values if _NUMBER.match(each, len(start))]
        rows = [each for each in rows if each.startswith(start)]
        own = re.compile(rf"{re.escape(row)}(?![^\W_])")
        if rows and not any(map(own.match, rows)):
            return True
    return False


def names_there(form: Form) -> dict[str, list[str]]:
    """Return the names of files that ``initial`` has given, by the way to the field.

    The application has them already. It may give their names, or objects that have a
    ``filename`` or a ``name``.
    """
    found = {}
    for leaf in file_leaves(form):
        given = leaf.field.object_data
        files = given if isinstance(given, list | tuple) else [given]
        names = [clean_name(name) for name in map(_name_of, files) if name]
        if names:
            found[leaf.path] = names
    return found


def _name_of(given: object) -> str:
    if isinstance(given, str):
        return given
    return str(getattr(given, "filename", "") or getattr(given, "name", "") or "")


def keep_there(form: Form, names: Mapping[str, Sequence[str]]) -> None:
    """Let the fields of files that the application has already ask for no other."""
    for leaf in file_leaves(form):
        there = leaf.field.there = tuple(names.get(leaf.path, ()))
        if there and not getattr(leaf.field, "offered", ()):
            leaf.field.validators = ()
            leaf.field.flags.required = None


# Judging


class Taken(NamedTuple):
    """What becomes of the files of a page."""

    files: Files
    #: Messages by the full names of fields, about the files that were not kept.
    refusals: dict[str, list[str]]


def take_files(
    leaves: Iterable[FileLeaf],
    step: str,
    stored: Files,
    values: Mapping[str, object],
    sent: Mapping[str, SentFile],
    *,
    draft: Draft,
    dropped: str,
    rules: FileRules,
) -> Taken:
    """Judge the files that came with a POST, each by its own field.

    ``leaves`` are the fields of a form that is bound to them, to ``values``, and to
    ``stored``, the files that the page has from before. ``dropped`` is the id of one
    that the visitor has taken away.
    """
    room = _Room(draft, dropped, rules)
    found: Files = {}
    refusals: dict[str, list[str]] = {}
    met: set[str] = set()
    for leaf in leaves:
        if leaf.form.meta.unbindable:  # it is shown as it was sent
            refusals = to_choose_again(sent.values(), rules.texts)
            break
        offered = getattr(leaf.field, "offered", ())
        met.update(file.stored.id for file in offered)
        old = [file for file in offered if file.stored.id in stored]
        new = [file for file in offered if file.stored.id in sent]
        files = old if isinstance(leaf.field, MultipleFileField) else old[-1:]
        _give(leaf.field, files)
        if new:
            judge = _Judge(leaf, step, sent, room, rules)
            files, messages = judge.take(files, new)
            if messages:
                refusals[leaf.field.name] = messages
        for file in files:
            kept: StoredFile = file.stored
            found[kept.id] = replace(kept, field=leaf.field.name)
    # A deploy may have taken a field away, which may come back.
    without_field = {
        id: file
        for id, file in stored.items()
        if id not in met and not _is_in_removed_row(file.field, values)
    }
    return Taken({**without_field, **found}, refusals)


def no_room_for_more(most: int, texts: Texts) -> str:
    """Return what is said of a file beyond the number that a draft may have."""
    return texts.plural(
        "There is room for {n} file in all.",
        "There is room for {n} files in all.",
        most,
    )


class _Room:
    """How much the files of a draft may grow."""

    def __init__(self, draft: Draft, dropped: str, rules: FileRules) -> None:
        self._draft = draft
        self._dropped = dropped
        self._rules = rules

    @cached_property
    def _files(self) -> Files:
        files = self._draft.files()
        return {file.id: file for file in files if file.id != self._dropped}

    @cached_property
    def _of_holder(self) -> int:
        return self._rules.room_of_holder(self._draft)

    def take(self, new: StoredFile, replaced: Sequence[StoredFile]) -> str:
        """Make room for a file in the place of others. Return why there is none."""
        rules, gone = self._rules, {file.id for file in replaced}
        files = {id: file for id, file in self._files.items() if id not in gone}
        files[new.id] = new
        size = sum(file.size for file in files.values())
        if len(files) > rules.max_count:
            return no_room_for_more(rules.max_count, rules.texts)
        if size > rules.max_size:
            most = size_in_words(rules.max_size, rules.texts)
            return rules.texts.text("All files together may have {size}.", size=most)
        if size > self._of_holder:
            return rules.texts.text(
                "You have too many files in forms that you have not sent yet."
            )
        self._files = files
        return ""


class _Judge:
    """Judges the new files of one field."""

    def __init__(
        self,
        leaf: FileLeaf,
        step: str,
        sent: Mapping[str, SentFile],
        room: _Room,
        rules: FileRules,
    ) -> None:
        self._leaf = leaf
        self._step = step
        self._sent = sent
        self._room = room
        self._rules = rules

    def take(self, old: list[Any], new: Sequence[Any]) -> tuple[list[Any], list[str]]:
        """Return the files that the field then has, and messages about the others."""
        field = self._leaf.field
        several = isinstance(field, MultipleFileField)
        usable = [file for file in new if not self._sent[file.stored.id].refusal]
        # Most often all are valid, which one look at them tells.
        are_valid = several and not self._messages([*old, *usable])
        kept, messages = old, []
        for file in new:
            after = [*kept, file] if several else [file]
            reason = self._sent[file.stored.id].refusal
            if not reason and not are_valid:
                reason = self._complaint(kept, after)
            if reason := reason or self._objection(file, [] if several else kept):
                messages.append(about(file.stored, reason, self._rules.texts))
            else:
                kept = after
        _give(field, kept)
        field.errors = []
        return kept, messages

    def _complaint(self, before: Sequence[Any], after: Sequence[Any]) -> str:
        """Return what the field's validators say against files, and not without one."""
        found = self._messages(after)
        if found:  # other files, or none, may be what they complain of
            known = self._messages(before)
            found = [message for message in found if message not in known]
        return found[0] if found else ""

    def _objection(self, file: Any, replaced: Sequence[Any]) -> str:
        """Return what the application, or a limit, says against a valid file."""
        sent, path = self._sent[file.stored.id], self._leaf.path
        said = sent.inspect(file, self._step, path, self._rules)
        return said or self._room.take(file.stored, [each.stored for each in replaced])

    def _messages(self, files: Sequence[Any]) -> list[str]:
        """Return what the field's validators say of these files."""
        form, field, path = self._leaf
        _give(field, files)
        field.errors = []
        inline = getattr(type(form), f"validate_{path.rpartition('.')[2]}", None)
        try:
            field.validate(form, (inline,) if inline is not None else ())
        except (ValueError, ArithmeticError) as error:
            name = type(error).__name__
            logger.warning("A validator of the field %r raised %s", path, name)
            return [texts_of(form).text(UNUSABLE_FILE)]
        return [as_text(message) for message in field.errors]


def show_refusals(form: Form, refusals: Mapping[str, list[str]]) -> None:
    """Let the fields that have refused files say so, and nothing else.

    That such a field is required is beside the point.
    """
    for leaf in file_leaves(form):
        if messages := refusals.get(leaf.field.name):
            leaf.field.errors = messages


def about(file: StoredFile, reason: str, texts: Texts) -> str:
    """Return a message that names the file that it is about."""
    return texts.text(
        "“{name}” was not kept. {reason}", name=file.filename, reason=reason
    )


CHOOSE_AGAIN = message("Choose it again.")


def to_choose_again(files: Iterable[SentFile], texts: Texts) -> dict[str, list[str]]:
    """Return a message for each file of a POST of which nothing was stored."""
    found: dict[str, list[str]] = {}
    for file in files:
        told = about(file.stored, texts.text(CHOOSE_AGAIN), texts)
        found.setdefault(file.stored.field, []).append(told)
    return found
