"""FormData: submitted values as a form's own code reads them, with a note of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


class FormData:
    """The reading half of Werkzeug's ``MultiDict``, which forms get in a plain view.

    It is given to forms with code that reads values by itself, such as a date of three
    inputs. ``read`` has the names that were asked for, in that order, whether or not
    they were sent: these are the inputs that the form has.
    """

    def __init__(self, values: Mapping[str, list[str]]) -> None:
        self._values = values
        self.read: dict[str, None] = {}

    def getlist(self, name: str, type: Callable[[str], Any] | None = None) -> list[Any]:
        """Return all values of a name, converted by ``type`` where it can."""
        self.read[name] = None
        sent = list(self._values.get(name, ()))
        if type is None:
            return sent
        converted = (_convert(type, text) for text in sent)
        return [value for value in converted if value is not _UNUSABLE]

    def get(
        self,
        name: str,
        default: Any = None,
        type: Callable[[str], Any] | None = None,
    ) -> Any:
        """Return the first value of a name, or ``default``."""
        sent = self.getlist(name)
        if not sent:
            return default
        value = sent[0] if type is None else _convert(type, sent[0])
        return default if value is _UNUSABLE else value

    def __getitem__(self, name: str) -> str:
        sent: list[str] = self.getlist(name)
        if not sent:
            raise KeyError(name)
        return sent[0]

    def __contains__(self, name: object) -> bool:
        self.read[str(name)] = None  # that a box was ticked may be all that counts
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __bool__(self) -> bool:
        # WTForms takes an empty submission for none and would show defaults again.
        return True

    def keys(self) -> Iterator[str]:
        """Iterate over the names. It does not count as reading."""
        return iter(self._values)

    def items(self, multi: bool = False) -> Iterator[tuple[str, str]]:
        """Iterate over the names and first values, or all. It does not count."""
        for name, sent in self._values.items():
            yield from ((name, value) for value in (sent if multi else sent[:1]))

    def lists(self) -> Iterator[tuple[str, list[str]]]:
        """Iterate over the names and all of their values. It does not count."""
        return ((name, list(sent)) for name, sent in self._values.items())

    def to_dict(self, flat: bool = True) -> dict[str, Any]:
        """Return a dict of first values, or of all. It does not count as reading."""
        return dict(self.items() if flat else self.lists())

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<FormData of {', '.join(self._values)}>"


_UNUSABLE = object()


def _convert(type: Callable[[str], Any], text: str) -> Any:
    try:
        return type(text)
    except (ValueError, TypeError):
        return _UNUSABLE
