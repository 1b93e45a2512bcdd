"""A front end of the readers' club: a page of plain `fetch` beside the wizard's own."""

from __future__ import annotations

from flask import Blueprint, render_template

blueprint = Blueprint("front_end", __name__)


@blueprint.get("/club-by-fetch")
def club() -> str:
    """Show the page whose script walks the club's wizard by its JSON."""
    return render_template("front_end.html")
