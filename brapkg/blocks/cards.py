"""Cards: what stands out, and measures with what is known of them; parts under a heading; sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from brapkg.blocks.prose import inline, markdown
from brapkg.wording import GRADES, Words


@dataclass(frozen=True)
class Card:
    """One thing that stands out: its figures, its certainty, why, and what to find out."""

    title: str
    facts: Sequence[tuple[str, str]]
    certainty: str
    body: str
    ask: str

    def html(self, words: Words) -> str:
        facts = "".join(f"<div><dt>{escape(a)}</dt><dd>{inline(b)}</dd></div>" for a, b in self.facts)
        return (
            f'<li class="card"><h3>{escape(self.title)}</h3><dl class="four">{facts}<div><dt>{escape(words("how_sure"))}</dt>'
            f"<dd>{_grade(self.certainty, words)}</dd></div></dl>"
            f"<p>{inline(self.body)}</p><p><strong>{escape(words('find_out'))}</strong> {escape(self.ask)}.</p></li>"
        )

    def lab(self, words: Words) -> list[dict]:
        facts = "; ".join(f"{a}: {b}" for a, b in self.facts)
        grade = words(f"certainty_{self.certainty}")
        return [
            markdown(f"### {self.title}\n\n{facts}. **{grade}**\n\n{self.body}\n\n*{words('find_out')}* {self.ask}.")
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
        return [markdown(f"{'#' * self.level} {self.heading}"), *told]


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
            f"<div><dt>{escape(effect[0])}</dt><dd><strong>{inline(effect[1])}</strong></dd></div>"
            f"<div><dt>{escape(words('problem_certainty'))}</dt><dd>{grade}</dd></div>"
            f"<div><dt>{escape(ground[0])}</dt><dd>{inline(ground[1])}</dd></div>"
        )
        found = "".join(
            f'<li>{inline(text)} <a href="#{escape(id)}">{escape(name)}</a></li>' for text, name, id in self.results
        )
        parts = "".join(f"<dt>{escape(a)}</dt><dd>{inline(b)}</dd>" for a, b in self.parts)
        mark = f' <span class="status">{escape(self.mark)}</span>' if self.mark else ""
        return (
            f'<li class="card measure" id="{escape(self.id)}"><h4>{escape(self.title)}{mark}</h4>'
            f'<dl class="three">{facts}</dl>{f"<ul>{found}</ul>" if found else ""}'
            f'<dl class="parts">{parts}</dl><p class="source">{inline(self.note)}</p></li>'
        )

    def lab(self, words: Words) -> list[dict]:
        facts = "; ".join(f"{a}: {b}" for a, b in self.facts)
        grade = words(f"certainty_{self.certainty}")
        told = "\n".join(f"- {text} ({name})" for text, name, _ in self.results)
        parts = "\n".join(f"- *{a}*: {b}" for a, b in self.parts)
        return [markdown(f"#### {self.title}\n\n{facts}. **{grade}**\n\n{told}\n\n{parts}\n\n*{self.note}*")]


@dataclass(frozen=True)
class MeasureCards:
    """Measures of one rating under their heading, with what the rating means."""

    heading: str
    lead: str
    cards: Sequence[MeasureCard]

    def html(self, words: Words) -> str:
        cards = "".join(card.html(words) for card in self.cards)
        return f'<h3>{escape(self.heading)}</h3><p>{inline(self.lead)}</p><ul class="cards measures">{cards}</ul>'

    def lab(self, words: Words) -> list[dict]:
        told = [markdown(f"### {self.heading}\n\n{self.lead}")]
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
            f'<li id="{escape(item.id)}">{inline(item.text)} <a href="{escape(item.address)}">{escape(item.shown)}</a> '
            f'<span class="note">{inline(item.note)}</span></li>'
            for item in self.items
        )
        return f'<h3>{escape(self.heading)}</h3><p>{inline(self.lead)}</p><ul class="refs">{rows}</ul>'

    def lab(self, words: Words) -> list[dict]:
        rows = "\n".join(f"- {item.text} <{item.address}> *{item.note}*" for item in self.items)
        return [markdown(f"### {self.heading}\n\n{self.lead}\n\n{rows}")]


def _grade(certainty: str, words: Words) -> str:
    """Dots and words of a certainty."""
    dots = "".join('<i class="on"></i>' if GRADES.index(certainty) >= n else "<i></i>" for n in range(4))
    told = escape(words(f"certainty_{certainty}"))
    return f'<span class="cert"><span aria-hidden="true">{dots}</span>{told}</span>'
