"""The site of the documents: Sphinx reads the same Markdown that code hosts show.

The sources begin at the root of the checkout, so that links to README.md work in the
site as they do in the repository.
"""

from __future__ import annotations

from pathlib import Path
from tomllib import loads

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent

project = "flask_wizard"
author = "the flask_wizard authors"
version = loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

root_doc = "docs/index"
include_patterns = ["*.md", "docs/*.md"]
extensions = ["myst_parser", "sphinx.ext.autodoc", "pallets_sphinx_themes"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True

version_banner = False  # it would ask a package index, where that name is another's
html_theme = "flask"
html_theme_options = {"globaltoc_maxdepth": 1}  # or the page for 404 cannot be made
html_title = f"flask_wizard {version}"
html_show_copyright = False
html_copy_source = False
html_sidebars = {"**": ["searchbox.html", "globaltoc.html"]}
templates_path = ["templates"]
html_static_path = ["static"]
html_css_files = ["site.css"]
# The site begins at its root, and the contents are a page of docs/.
html_additional_pages = {"index": "start.html"}


#: Classes of which the framework alone makes objects.
MADE_BY_THE_FRAMEWORK = {
    f"flask_wizard.{name}"
    for name in ("Answers", "Draft", "Submission", "UploadedFile", "Visit")
}


def without_constructor(
    app: Sphinx, what: str, name: str, *others: object
) -> tuple[str, None] | None:
    """Leave out the signature of a class that no application calls."""
    return ("", None) if name in MADE_BY_THE_FRAMEWORK else None


def setup(app: Sphinx) -> None:
    """Show a map as the text that it is, and classes without what nobody calls."""
    app.add_lexer("mermaid", TextLexer)
    app.connect("autodoc-process-signature", without_constructor)
