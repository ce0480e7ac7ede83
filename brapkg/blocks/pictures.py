"""A figure with all that it needs to be read, and four facts beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from brapkg.blocks.prose import inline, markdown
from brapkg.blocks.tables import Table
from brapkg.wording import Words

if TYPE_CHECKING:  # a page is put together without the drawing library
    from brapkg.figures.drawing import Picture


@dataclass(frozen=True)
class Figure:
    """A figure: number, finding as title, measure as subtitle, picture, reading help, source, data."""

    number: int
    title: str
    subtitle: str
    picture: Picture
    reading: str
    source: str
    table: Table
    key: str = ""
    table_elsewhere: str = ""

    @property
    def id(self) -> str:
        return f"figur-{self.number}"

    def html(self, words: Words) -> str:
        pictures = self.picture.wide + self.picture.narrow
        if self.key:
            pictures = f'<div class="mapgrid">{pictures}{self.key}</div>'
        number = escape(words("figure_number", n=self.number))
        behind = (
            ""
            if self.table_elsewhere
            else (
                f'<details class="data"><summary>{escape(words("show_data", n=self.number))}</summary>'
                f"{self.table.html(words)}</details>"
            )
        )
        download = self.table.csv_link(self.id, words("download_data", n=self.number), words)
        return (
            f'<figure class="figure" id="{self.id}" aria-labelledby="{self.id}-h">'
            # What must stand on one printed page.
            f'<div class="drawn"><h3 id="{self.id}-h"><span class="fignr">{number}</span> {escape(self.title)}</h3>'
            f'<p class="sub">{inline(self.subtitle)}</p>{pictures}</div>'
            f'<p class="read"><b>{escape(words("how_to_read"))}</b> {inline(self.reading)}</p>'
            f'<p class="source">{inline(self.source)}{self.table_elsewhere}</p>{behind}{download}</figure>'
        )

    def lab(self, words: Words) -> list[dict]:
        number = words("figure_number", n=self.number)
        drawn = {"image/png": self.picture.png_base64, "text/plain": f"{number}: {self.title}"}
        return [
            markdown(f"### {number}. {self.title}\n\n{self.subtitle}"),
            drawn,
            markdown(f"**{words('how_to_read')}** {self.reading}\n\n*{self.source}*"),
        ]


@dataclass(frozen=True)
class Facts:
    """Exactly four facts: label, value, one line of context."""

    facts: Sequence[tuple[str, str, str]]

    def html(self, words: Words) -> str:
        rows = "".join(
            f"<div><dt>{escape(a)}</dt><dd>{escape(b)}<small>{escape(c)}</small></dd></div>" for a, b, c in self.facts
        )
        return f'<dl class="facts">{rows}</dl>'

    def lab(self, words: Words) -> list[dict]:
        return [markdown("\n".join(f"- {a}: **{b}** ({c})" for a, b, c in self.facts))]
