"""What a notebook cell shows: sections of figures, tables, notes and cards.

A section has two forms. The page's is HTML under a mime type of its own, which the batch puts
together to a page; JupyterLab's is Markdown, pictures and plain tables, which every viewer of
notebooks shows, trusted or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from brapkg import keyfigures
from brapkg.blocks.cards import Card, Cards, MeasureCard, MeasureCards, Part, Reference, References
from brapkg.blocks.pictures import Facts, Figure
from brapkg.blocks.prose import Callout, Command, Links, Listing, Points, Terms, Text, markdown
from brapkg.blocks.tables import NumberedTable, Table, table
from brapkg.wording import Words

__all__ = [
    "Callout",
    "Card",
    "Cards",
    "Command",
    "FIGURES",
    "Facts",
    "Figure",
    "Head",
    "Links",
    "Listing",
    "MeasureCard",
    "MeasureCards",
    "NumberedTable",
    "PAGE",
    "Part",
    "Points",
    "Reference",
    "References",
    "Section",
    "Sections",
    "Table",
    "Terms",
    "Text",
    "table",
]

PAGE = "application/vnd.brapkg.page+html"
FIGURES = "application/vnd.brapkg.figures"


@dataclass(frozen=True)
class Head:
    """The head of the page: what it is, the title, one sentence, the status.

    ``key_figures`` go with it for programs, as rows with the keys of ``keyfigures.FIELDS``.
    """

    kind: str
    title: str
    lead: str
    status: str
    meta: str
    words: Words
    key_figures: Sequence[dict] = ()

    def _ipython_display_(self) -> None:
        html = (
            f'<div class="head"><p class="kind">{escape(self.kind)}</p><h1>{escape(self.title)}</h1>'
            f'<p class="lead">{escape(self.lead)}</p><p class="meta"><span class="status">'
            f"{escape(self.status)}</span> {escape(self.meta)}</p></div>"
        )
        figures = {FIGURES: keyfigures.to_lines(self.key_figures)} if self.key_figures else {}
        shown = markdown(f"# {self.title}\n\n{self.lead}\n\n*{self.status}. {self.meta}*")
        _publish([{PAGE: html} | figures | shown])


@dataclass(frozen=True)
class Section:
    """A section of the page; the last expression of a cell."""

    id: str
    heading: str
    parts: Sequence[object]
    words: Words
    css: str = ""
    short: str = field(default="")

    def html(self) -> str:
        css = f' class="{self.css}"' if self.css else ""
        body = "".join(part.html(self.words) for part in self.parts)
        return (
            f'<section id="{self.id}" aria-labelledby="{self.id}-h"{css}>'
            f'<h2 id="{self.id}-h">{escape(self.heading)}</h2>{body}</section>'
        )

    def bundles(self) -> list[dict]:
        """What a cell shows: the page's HTML, then what JupyterLab shows, each by mime type.

        Text that follows text is told in one: each output of a kernel is a message, and costs some
        milliseconds on its way.
        """
        bundles = [{PAGE: self.html()} | markdown(f"## {self.heading}")]
        for bundle in (bundle for part in self.parts for bundle in part.lab(self.words)):
            if "text/markdown" in bundle and "text/markdown" in bundles[-1]:
                bundles[-1] |= markdown(f"{bundles[-1]['text/markdown']}\n\n{bundle['text/markdown']}")
            else:
                bundles.append(bundle)
        return bundles

    def _ipython_display_(self) -> None:
        _publish(self.bundles())


class Sections:
    """What every kind of page has: its language, and sections put together of parts."""

    words: Words

    @property
    def language(self) -> str:
        return self.words.language

    def section(self, id: str, heading: str, *parts, css: str = "") -> Section:
        """A section whose heading is a text by name; parts that are None are left out."""
        kept = [part for part in parts if part is not None]
        return Section(id, self.words(heading), kept, self.words, css)


def _publish(bundles: Sequence[dict]) -> None:
    from IPython.display import display

    for bundle in bundles:
        display(bundle, raw=True)
