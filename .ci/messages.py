"""Put every text of the templates and the code into the catalogues, and compile them.

With --check nothing is written; what differs is printed, and the exit status is 1.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "flask_wizard" / "translations"
TEMPLATE = FOLDER / "flask_wizard.pot"

KEYWORDS = {
    **dict.fromkeys(("flask_wizard_text", "text", "gettext", "message"), None),
    **dict.fromkeys(("flask_wizard_plural", "plural", "ngettext"), (1, 2)),
}

# A macro there is called `text`, and there are no texts.
WITHOUT_TEXTS = {"texts.html"}

HEADERS = (
    *("Project-Id-Version", "Language", "Plural-Forms"),
    *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
)


# How many plurals a language has, and which of them is that of a number. Babel says
# something else with each version.
PLURALS = {
    "ar": (
        6,
        "n == 0 ? 0 : n == 1 ? 1 : n == 2 ? 2 : n % 100 >= 3 && n % 100 <= 10 ? 3 : "
        "n % 100 >= 11 ? 4 : 5",
    ),
    "de": (2, "n != 1"),
    "es": (2, "n != 1"),
    "fr": (2, "n > 1"),
    "pt": (2, "n > 1"),
}


class Catalogue(Catalog):
    """A catalogue that is the same whoever makes it, and whenever."""

    @property
    def num_plurals(self) -> int:
        """How many plurals the language has."""
        return PLURALS[str(self.locale)][0] if self.locale else 2

    @property
    def plural_expr(self) -> str:
        """Which plural is that of a number."""
        return PLURALS[str(self.locale)][1]

    def _headers(self) -> list[tuple[str, str]]:
        return [pair for pair in super().mime_headers if pair[0] in HEADERS]

    mime_headers = property(_headers)  # without dates, names and versions


def catalogue(locale: str | None = None) -> Catalogue:
    """Return an empty catalogue."""
    of = f" in {locale}" if locale else ""
    comment = (
        f"# The texts of flask_wizard{of}. `make messages` brings them up to date."
    )
    return Catalogue(
        locale, project="flask_wizard", version="1", header_comment=comment, fuzzy=False
    )


def sources() -> Iterator[tuple[str, Path]]:
    """Yield the files with texts in a fixed order, each with how Babel reads it."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        if path.name not in WITHOUT_TEXTS:
            yield "jinja2", path
    for path in sorted((ROOT / "flask_wizard").rglob("*.py")):
        yield "python", path


def extract() -> Catalogue:
    """Return a catalogue of all texts, without translations."""
    found = catalogue()
    for method, path in sources():
        where = path.relative_to(ROOT).as_posix()
        for _, text, *_ in extract_from_file(method, path, keywords=KEYWORDS):
            found.add(text, locations=[(where, 0)])
    return found


def translated(path: Path, template: Catalogue) -> Catalogue:
    """Return the texts of a template with the translations that a file has."""
    with path.open("rb") as file:
        known = read_po(file, locale=path.parents[1].name)
    found = catalogue(path.parents[1].name)
    for message in template:
        if message.id:
            old = known.get(message.id)
            string: Any = old.string if old is not None else ""
            if not isinstance(message.id, str):
                string = [*string, *[""] * found.num_plurals][: found.num_plurals]
            found.add(message.id, string, locations=message.locations)
    return found


def as_po(texts: Catalogue) -> bytes:
    """Return a catalogue as a file that people edit."""
    for message in texts:
        message.flags.clear()  # which of them there are depends on Babel's version
    file = io.BytesIO()
    write_po(file, texts, width=0, include_lineno=False)
    return file.getvalue()


def as_mo(texts: Catalogue) -> bytes:
    """Return a catalogue as a file that gettext reads."""
    file = io.BytesIO()
    write_mo(file, texts)
    return file.getvalue()


def files() -> Iterator[tuple[Path, bytes]]:
    """Yield what the files of the catalogues should be."""
    template = extract()
    yield TEMPLATE, as_po(template)
    for path in sorted(FOLDER.rglob("*.po")):
        texts = translated(path, template)
        yield path, as_po(texts)
        yield path.with_suffix(".mo"), as_mo(texts)


def main() -> int:
    """Write what differs, or only name it. Return the exit status."""
    differing = [
        (path, content)
        for path, content in files()
        if not path.exists() or path.read_bytes() != content
    ]
    for path, content in differing:
        print(path.relative_to(ROOT))
        if "--check" not in sys.argv:
            path.write_bytes(content)
    return int(bool(differing) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
