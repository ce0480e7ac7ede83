"""What every page has around its content: the frame's words, the templates, the sender, the style sheet."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from brapkg import logo, wording
from brapkg.settings import settings


@cache
def texts(language: str) -> Mapping[str, str]:
    """The frame's words in one language, as the templates take them: placeholders not filled in."""
    wording.check_language(language)
    return {name: text[language] for name, text in wording.frame_texts().items()}


@cache
def environment() -> jinja2.Environment:
    """Templates of the pages; a name that a template misses is an error, not an empty string."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def sender() -> dict[str, str]:
    """Who stands behind the pages, as the settings tell it, the logo as an address; empty texts where it is not told."""
    told = settings().sender
    picture = logo.data_address(told.logo) if told.logo else ""
    return {"name": told.name, "unit": told.unit, "contact": told.contact, "web": told.web, "logo": picture}


def style(foot: str) -> Markup:
    """The style sheet, with ``foot`` at the lower left of every printed page.

    Every character of ``foot`` outside letters, digits and space is written as a CSS escape, so
    that no title can end the string or the style element.
    """
    sheet = (Path(__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
    safe = "".join(c if c.isalnum() or c == " " else f"\\{ord(c):x} " for c in foot)
    return Markup(sheet.replace("PAGE_FOOT", safe))
