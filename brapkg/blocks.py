"""What a notebook cell shows: sections of figures, tables, notes and cards.

A section has two forms. The page's is HTML under a mime type of its own, which the batch puts
together to a page; JupyterLab's is Markdown, pictures and plain tables, which every viewer of
notebooks shows, trusted or not.
"""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from brapkg import keyfigures
from brapkg.wording import Words

if TYPE_CHECKING:  # a page is put together without the drawing library
    from brapkg.figures.drawing import Picture

PAGE = "application/vnd.brapkg.page+html"
FIGURES = "application/vnd.brapkg.figures"
# A range of numbers, which must not break over two lines.
_RANGE = re.compile(r"\d+(?:[\u00a0,]\d+)*–\d+(?:[\u00a0,]\d+)*(?:\u00a0?%)?")
CERTAINTY = ("very_low", "low", "moderate", "high")


@dataclass(frozen=True)
class Text:
    """A paragraph; ``strong`` comes first, in bold."""

    body: str
    strong: str = ""

    def html(self, words: Words) -> str:
        lead = f"<strong>{escape(self.strong)}</strong> " if self.strong else ""
        return f"<p>{lead}{_inline(self.body)}</p>"

    def lab(self, words: Words) -> list[dict]:
        return [_markdown(f"**{self.strong}** {self.body}" if self.strong else self.body)]


@dataclass(frozen=True)
class Points:
    """A list whose items begin with a bold claim."""

    items: Sequence[Text]
    css: str = ""
    note: str = ""

    def html(self, words: Words) -> str:
        items = "".join(f"<li>{item.html(words)[3:-4]}</li>" for item in self.items)
        css = f' class="{self.css}"' if self.css else ""
        note = f'<p class="source">{escape(self.note)}</p>' if self.note else ""
        return f"<ul{css}>{items}</ul>{note}"

    def lab(self, words: Words) -> list[dict]:
        return [_markdown("\n".join(f"- **{item.strong}** {item.body}" for item in self.items))]


@dataclass(frozen=True)
class Callout:
    """A note that changes how numbers are read. At most one or two a section."""

    title: str
    body: str

    def html(self, words: Words) -> str:
        return (
            f'<div class="callout" role="note"><strong>{escape(self.title)}</strong><p>{_inline(self.body)}</p></div>'
        )

    def lab(self, words: Words) -> list[dict]:
        return [_markdown(f"> **{self.title}**  \n> {self.body}")]


@dataclass(frozen=True)
class Table:
    """A table of finished texts.

    ``frame`` holds what is shown, ``data`` the bare values for the CSV (same rows, full precision).
    The first column heads its row; columns in ``words`` are text, all others numbers.
    """

    caption: str
    frame: pd.DataFrame
    data: pd.DataFrame
    note: str = ""
    text_columns: Sequence[str] = ()
    total_first: bool = False
    stacked: bool = False

    def html(self, words: Words) -> str:
        roles = self.stacked
        kind = {c: "" if c in self.text_columns else ' class="n"' for c in self.frame.columns[1:]}
        heads = [f'<th scope="col"{_role("columnheader", roles)}>{escape(self.frame.columns[0])}</th>']
        heads += [f'<th scope="col"{kind[c]}{_role("columnheader", roles)}>{escape(c)}</th>' for c in kind]
        rows = []
        for number, row in enumerate(self.frame.to_numpy().tolist()):
            css = ' class="total"' if self.total_first and number == 0 else ""
            cells = [f'<th scope="row"{_role("rowheader", roles)}>{escape(row[0])}</th>']
            for column, value in zip(kind, row[1:], strict=True):
                told = f' data-label="{escape(column)}"' if roles else ""
                cells.append(f"<td{kind[column]}{told}{_role('cell', roles)}>{escape(value)}</td>")
            rows.append(f"<tr{css}{_role('row', roles)}>{''.join(cells)}</tr>")
        note = f"<span>{escape(self.note)}</span>" if self.note else ""
        group = _role("rowgroup", roles)
        css = ' class="stack"' if roles else ""
        label = escape(f"{words('table')}: {self.caption}")
        return (
            f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">'
            f"<table{css}{_role('table', roles)}><caption><b>{escape(self.caption)}</b>{note}</caption>"
            f"<thead{group}><tr{_role('row', roles)}>{''.join(heads)}</tr></thead>"
            f"<tbody{group}>{''.join(rows)}</tbody></table></div>"
        )

    def lab(self, words: Words) -> list[dict]:
        shown = self.frame.set_index(self.frame.columns[0])
        return [_markdown(f"**{self.caption}**"), {"text/html": shown.to_html(), "text/plain": str(shown)}]

    def csv_link(self, name: str, label: str, words: Words) -> str:
        """A link that holds the data as CSV for a Swedish spreadsheet: semicolons, BOM, and in Swedish decimal comma."""
        text = _csv(self.data, "," if words.language == "sv" else ".")
        content = base64.b64encode(b"\xef\xbb\xbf" + text.encode()).decode()
        return (
            f'<p class="csv"><a href="data:text/csv;charset=utf-8;base64,{content}" '
            f'download="{name}.csv">{escape(label)}</a></p>'
        )


def table(caption: str, rows: list[dict], data: pd.DataFrame, **options) -> Table:
    """A table of finished texts from one dict per row."""
    return Table(caption, pd.DataFrame(rows, dtype=object), data, **options)


@dataclass(frozen=True)
class NumberedTable:
    """A table of its own, with a number that other places link to, and its data as CSV."""

    number: int
    table: Table

    def html(self, words: Words) -> str:
        id = f"tabell-{self.number}"
        link = self.table.csv_link(id, words("download_table", n=self.number), words)
        return f'<div id="{id}">{self.table.html(words)}{link}</div>'

    def lab(self, words: Words) -> list[dict]:
        return self.table.lab(words)


def _csv(data: pd.DataFrame, point: str) -> str:
    """The table as pandas would write it, at half the cost: a page holds fourteen."""
    told = io.StringIO()
    write = csv.writer(told, delimiter=";", lineterminator="\r\n")
    write.writerow(data.columns)
    write.writerows(zip(*(_cells(data[column], point) for column in data), strict=True))
    return told.getvalue()


def _cells(column: pd.Series, point: str) -> list:
    if column.dtype.kind == "f":
        return ["" if value != value else f"{value:.10g}".replace(".", point) for value in column.tolist()]
    return ["" if value is None or value != value else value for value in column.tolist()]


def _inline(text: str) -> str:
    """Text as HTML, with ranges kept on one line."""
    return _RANGE.sub(lambda found: f'<span class="nb">{found[0]}</span>', escape(text))


def _role(role: str, wanted: bool) -> str:
    return f' role="{role}"' if wanted else ""


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
            f'<p class="sub">{_inline(self.subtitle)}</p>{pictures}</div>'
            f'<p class="read"><b>{escape(words("how_to_read"))}</b> {_inline(self.reading)}</p>'
            f'<p class="source">{_inline(self.source)}{self.table_elsewhere}</p>{behind}{download}</figure>'
        )

    def lab(self, words: Words) -> list[dict]:
        number = words("figure_number", n=self.number)
        drawn = {"image/png": self.picture.png_base64, "text/plain": f"{number}: {self.title}"}
        return [
            _markdown(f"### {number}. {self.title}\n\n{self.subtitle}"),
            drawn,
            _markdown(f"**{words('how_to_read')}** {self.reading}\n\n*{self.source}*"),
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
        return [_markdown("\n".join(f"- {a}: **{b}** ({c})" for a, b, c in self.facts))]


@dataclass(frozen=True)
class Card:
    """One thing that stands out: its figures, its certainty, why, and what to find out."""

    title: str
    facts: Sequence[tuple[str, str]]
    certainty: str
    body: str
    ask: str

    def html(self, words: Words) -> str:
        dots = "".join('<i class="on"></i>' if CERTAINTY.index(self.certainty) >= n else "<i></i>" for n in range(4))
        facts = "".join(f"<div><dt>{escape(a)}</dt><dd>{_inline(b)}</dd></div>" for a, b in self.facts)
        grade = escape(words(f"certainty_{self.certainty}"))
        return (
            f'<li class="card"><h3>{escape(self.title)}</h3><dl class="four">{facts}<div><dt>{escape(words("how_sure"))}</dt>'
            f'<dd><span class="cert"><span aria-hidden="true">{dots}</span>{grade}</span></dd></div></dl>'
            f"<p>{_inline(self.body)}</p><p><strong>{escape(words('find_out'))}</strong> {escape(self.ask)}.</p></li>"
        )

    def lab(self, words: Words) -> list[dict]:
        facts = "; ".join(f"{a}: {b}" for a, b in self.facts)
        grade = words(f"certainty_{self.certainty}")
        return [
            _markdown(f"### {self.title}\n\n{facts}. **{grade}**\n\n{self.body}\n\n*{words('find_out')}* {self.ask}.")
        ]


@dataclass(frozen=True)
class Cards:
    """Cards beside each other."""

    cards: Sequence[Card]

    def html(self, words: Words) -> str:
        return f'<ul class="cards">{"".join(card.html(words) for card in self.cards)}</ul>'

    def lab(self, words: Words) -> list[dict]:
        return [bundle for card in self.cards for bundle in card.lab(words)]


@dataclass(frozen=True)
class Part:
    """A part of a section under a heading of its own, and parts of it under smaller ones."""

    heading: str
    parts: Sequence[object]
    id: str = ""
    level: int = 3

    def html(self, words: Words) -> str:
        id = f' id="{self.id}"' if self.id else ""
        body = "".join(part.html(words) for part in self.parts)
        return f'<div class="part"{id}><h{self.level}>{escape(self.heading)}</h{self.level}>{body}</div>'

    def lab(self, words: Words) -> list[dict]:
        told = [bundle for part in self.parts for bundle in part.lab(words)]
        return [_markdown(f"{'#' * self.level} {self.heading}"), *told]


@dataclass(frozen=True)
class Terms:
    """Terms and what they mean here, under a heading of their own."""

    heading: str
    terms: Sequence[tuple[str, str]]

    def html(self, words: Words) -> str:
        rows = "".join(f"<dt>{escape(a)}</dt><dd>{_inline(b)}</dd>" for a, b in self.terms)
        return f'<h3>{escape(self.heading)}</h3><dl class="method">{rows}</dl>'

    def lab(self, words: Words) -> list[dict]:
        return [_markdown(f"### {self.heading}\n\n" + "\n".join(f"- **{a}**: {b}" for a, b in self.terms))]


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
        shown = _markdown(f"# {self.title}\n\n{self.lead}\n\n*{self.status}. {self.meta}*")
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
        """What a cell shows: the page's HTML, then what JupyterLab shows, each by mime type."""
        bundles = [{PAGE: self.html()} | _markdown(f"## {self.heading}")]
        for part in self.parts:
            bundles += part.lab(self.words)
        return bundles

    def _ipython_display_(self) -> None:
        _publish(self.bundles())


def _markdown(text: str) -> dict:
    return {"text/markdown": text, "text/plain": text}


def _publish(bundles: Sequence[dict]) -> None:
    from IPython.display import display

    for bundle in bundles:
        display(bundle, raw=True)


# --- the knowledge base ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Listing:
    """A list under a heading of its own; ``note`` says what it rests on."""

    heading: str
    items: Sequence[str]
    note: str = ""

    def html(self, words: Words) -> str:
        items = "".join(f"<li>{_inline(item)}</li>" for item in self.items)
        head = f"<h3>{escape(self.heading)}</h3>" if self.heading else ""
        note = f'<p class="source">{_inline(self.note)}</p>' if self.note else ""
        return f"{head}{f'<ul>{items}</ul>' if items else ''}{note}"

    def lab(self, words: Words) -> list[dict]:
        head = f"### {self.heading}\n\n" if self.heading else ""
        return [
            _markdown(head + "\n".join(f"- {item}" for item in self.items) + f"\n\n*{self.note}*" * bool(self.note))
        ]


@dataclass(frozen=True)
class Links:
    """Links to other pages or places, each with what is found there."""

    items: Sequence[tuple[str, str, str]]

    def html(self, words: Words) -> str:
        rows = "".join(
            f'<li><a href="{escape(address)}">{escape(name)}</a> {_inline(told)}</li>'
            for name, address, told in self.items
        )
        return f'<ul class="links">{rows}</ul>'

    def lab(self, words: Words) -> list[dict]:
        return [_markdown("\n".join(f"- [{name}]({address}) {told}" for name, address, told in self.items))]


@dataclass(frozen=True)
class MeasureCard:
    """A measure: effect, certainty and ground as three things, what studies found, and what it takes.

    ``results`` are sentences with the name and the id of their source; ``parts`` labels and texts.
    """

    id: str
    title: str
    facts: Sequence[tuple[str, str]]
    certainty: str
    mark: str
    results: Sequence[tuple[str, str, str]]
    parts: Sequence[tuple[str, str]]
    note: str

    def html(self, words: Words) -> str:
        (effect, ground), grade = self.facts, _grade(self.certainty, words)
        facts = (
            f"<div><dt>{escape(effect[0])}</dt><dd><strong>{_inline(effect[1])}</strong></dd></div>"
            f"<div><dt>{escape(words('problem_certainty'))}</dt><dd>{grade}</dd></div>"
            f"<div><dt>{escape(ground[0])}</dt><dd>{_inline(ground[1])}</dd></div>"
        )
        found = "".join(
            f'<li>{_inline(text)} <a href="#{escape(id)}">{escape(name)}</a></li>' for text, name, id in self.results
        )
        parts = "".join(f"<dt>{escape(a)}</dt><dd>{_inline(b)}</dd>" for a, b in self.parts)
        mark = f' <span class="status">{escape(self.mark)}</span>' if self.mark else ""
        return (
            f'<li class="card measure" id="{escape(self.id)}"><h4>{escape(self.title)}{mark}</h4>'
            f'<dl class="three">{facts}</dl>{f"<ul>{found}</ul>" if found else ""}'
            f'<dl class="parts">{parts}</dl><p class="source">{_inline(self.note)}</p></li>'
        )

    def lab(self, words: Words) -> list[dict]:
        facts = "; ".join(f"{a}: {b}" for a, b in self.facts)
        grade = words(f"certainty_{self.certainty}")
        told = "\n".join(f"- {text} ({name})" for text, name, _ in self.results)
        parts = "\n".join(f"- *{a}*: {b}" for a, b in self.parts)
        return [_markdown(f"#### {self.title}\n\n{facts}. **{grade}**\n\n{told}\n\n{parts}\n\n*{self.note}*")]


@dataclass(frozen=True)
class MeasureCards:
    """Measures of one rating under their heading, with what the rating means."""

    heading: str
    lead: str
    cards: Sequence[MeasureCard]

    def html(self, words: Words) -> str:
        cards = "".join(card.html(words) for card in self.cards)
        return f'<h3>{escape(self.heading)}</h3><p>{_inline(self.lead)}</p><ul class="cards measures">{cards}</ul>'

    def lab(self, words: Words) -> list[dict]:
        told = [_markdown(f"### {self.heading}\n\n{self.lead}")]
        return told + [bundle for card in self.cards for bundle in card.lab(words)]


@dataclass(frozen=True)
class Reference:
    """A source: id on the page, its text, address, and how it was verified."""

    id: str
    text: str
    address: str
    shown: str
    note: str


@dataclass(frozen=True)
class References:
    """The sources of a page, each with a link and a place that others link to."""

    heading: str
    lead: str
    items: Sequence[Reference]

    def html(self, words: Words) -> str:
        rows = "".join(
            f'<li id="{escape(item.id)}">{_inline(item.text)} <a href="{escape(item.address)}">{escape(item.shown)}</a> '
            f'<span class="note">{_inline(item.note)}</span></li>'
            for item in self.items
        )
        return f'<h3>{escape(self.heading)}</h3><p>{_inline(self.lead)}</p><ul class="refs">{rows}</ul>'

    def lab(self, words: Words) -> list[dict]:
        rows = "\n".join(f"- {item.text} <{item.address}> *{item.note}*" for item in self.items)
        return [_markdown(f"### {self.heading}\n\n{self.lead}\n\n{rows}")]


def _grade(certainty: str, words: Words) -> str:
    """Dots and words of a certainty."""
    dots = "".join('<i class="on"></i>' if CERTAINTY.index(certainty) >= n else "<i></i>" for n in range(4))
    told = escape(words(f"certainty_{certainty}"))
    return f'<span class="cert"><span aria-hidden="true">{dots}</span>{told}</span>'


@dataclass(frozen=True)
class Command:
    """A line to type in a terminal."""

    line: str

    def html(self, words: Words) -> str:
        return f"<pre><code>{escape(self.line)}</code></pre>"

    def lab(self, words: Words) -> list[dict]:
        return [_markdown(f"    {self.line}")]
