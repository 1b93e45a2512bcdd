"""The package's templates, in the delimiters of any application, and always escaped."""

from __future__ import annotations

import re
from collections.abc import Callable

from jinja2 import BaseLoader, Environment, FileSystemLoader, TemplateSyntaxError

from ..errors import ConfigurationError

FOLDER = "flask_wizard"
"""The folder of all templates of the pages, shipped or the application's own."""

DELIMITERS = {
    "{%": "block_start_string",
    "%}": "block_end_string",
    "{{": "variable_start_string",
    "}}": "variable_end_string",
    "{#": "comment_start_string",
    "#}": "comment_end_string",
}
"""The delimiters of the shipped templates, each with the name of Jinja's setting."""

LINE_PREFIXES = "line_statement_prefix", "line_comment_prefix"

_ANY_DELIMITER = re.compile("|".join(map(re.escape, DELIMITERS)))


class ShippedTemplates(FileSystemLoader):
    """Loads the shipped templates with the delimiters of the environment."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """Return the source, the path, and a function that is true if it is current."""
        source, path, is_current = super().get_source(environment, template)
        return _translate(source, environment), path, is_current


class Autoescape:
    """Tells Jinja whether a template escapes: the pages of wizards do.

    All others do as the application has it.
    """

    def __init__(self, own: bool | Callable[[str | None], bool]) -> None:
        self._own = own

    def __call__(self, name: str | None) -> bool:
        """True if the template of this name escapes; a string has no name."""
        # A loader finds the same file by ./ and // in its name.
        parts = [part for part in (name or "").split("/") if part not in ("", ".")]
        if parts[:1] == [FOLDER]:
            return True
        return self._own(name) if callable(self._own) else bool(self._own)


def escape_pages(environment: Environment) -> None:
    """Have all templates of pages escape, whatever the application has set."""
    if isinstance(environment.autoescape, Autoescape):
        return
    environment.autoescape = Autoescape(environment.autoescape)
    if environment.cache is not None:
        environment.cache.clear()  # what was compiled before keeps what it was


def check_templates(loader: BaseLoader, environment: Environment) -> None:
    """Raise ConfigurationError if a shipped template would mean something else.

    Jinja then finds a delimiter, or the prefix of a line, in its text.
    """
    if _is_usual(environment):
        return
    usual = Environment()  # noqa: S701  # it only splits them
    for name in loader.list_templates():
        expected = _tokens(usual, loader.get_source(usual, name)[0])
        try:
            found = _tokens(environment, loader.get_source(environment, name)[0])
        except TemplateSyntaxError:
            found = []
        if found != expected:
            own = {key: getattr(environment, key) for key in DELIMITERS.values()}
            own |= {key: getattr(environment, key) for key in LINE_PREFIXES}
            raise ConfigurationError(
                f"The wizard's template {name} has text that Jinja would read as its "
                f"own, with these settings of the application: {own}. Use delimiters "
                "and prefixes that are in no HTML, such as <% and %>."
            )


def _is_usual(environment: Environment) -> bool:
    own = {text: getattr(environment, name) for text, name in DELIMITERS.items()}
    prefixes = [getattr(environment, name) for name in LINE_PREFIXES]
    return all(text == usual for usual, text in own.items()) and not any(prefixes)


def _translate(source: str, environment: Environment) -> str:
    own = {text: getattr(environment, name) for text, name in DELIMITERS.items()}
    if all(text == usual for usual, text in own.items()):
        return source
    return _ANY_DELIMITER.sub(lambda found: own[found[0]], source)


def _tokens(environment: Environment, source: str) -> list[tuple[str, str]]:
    """Return the tokens of a template without delimiters and whitespace."""
    lexed = ((kind, text) for _, kind, text in environment.lex(source))
    kept = ((k, "" if k.endswith(("_begin", "_end")) else text) for k, text in lexed)
    joined = [(kind, "".join(text.split())) for kind, text in kept]
    return [(kind, text) for kind, text in joined if text or kind.endswith("_begin")]
