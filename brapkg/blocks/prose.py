"""Running text: paragraphs, lists, notes, terms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from brapkg.wording import Words

# A range of numbers, which must not break over two lines.
_RANGE = re.compile(r"\d+(?:[\u00a0,]\d+)*–\d+(?:[\u00a0,]\d+)*(?:\u00a0?%)?")


def inline(text: str) -> str:
    """Text as HTML, with ranges kept on one line."""
    return _RANGE.sub(lambda found: f'<span class="nb">{found[0]}</span>', escape(text))


def markdown(text: str) -> dict:
    """Text as JupyterLab shows it, by mime type."""
    return {"text/markdown": text, "text/plain": text}


@dataclass(frozen=True)
class Text:
    """A paragraph; ``strong`` comes first, in bold."""

    body: str
    strong: str = ""

    def html(self, words: Words) -> str:
        lead = f"<strong>{escape(self.strong)}</strong> " if self.strong else ""
        return f"<p>{lead}{inline(self.body)}</p>"

    def lab(self, words: Words) -> list[dict]:
        return [markdown(f"**{self.strong}** {self.body}" if self.strong else self.body)]


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
        return [markdown("\n".join(f"- **{item.strong}** {item.body}" for item in self.items))]


@dataclass(frozen=True)
class Callout:
    """A note that changes how numbers are read. At most one or two a section."""

    title: str
    body: str

    def html(self, words: Words) -> str:
        return f'<div class="callout" role="note"><strong>{escape(self.title)}</strong><p>{inline(self.body)}</p></div>'

    def lab(self, words: Words) -> list[dict]:
        return [markdown(f"> **{self.title}**  \n> {self.body}")]


@dataclass(frozen=True)
class Terms:
    """Terms and what they mean here, under a heading of their own."""

    heading: str
    terms: Sequence[tuple[str, str]]

    def html(self, words: Words) -> str:
        rows = "".join(f"<dt>{escape(a)}</dt><dd>{inline(b)}</dd>" for a, b in self.terms)
        return f'<h3>{escape(self.heading)}</h3><dl class="method">{rows}</dl>'

    def lab(self, words: Words) -> list[dict]:
        return [markdown(f"### {self.heading}\n\n" + "\n".join(f"- **{a}**: {b}" for a, b in self.terms))]


@dataclass(frozen=True)
class Listing:
    """A list under a heading of its own; ``note`` says what it rests on."""

    heading: str
    items: Sequence[str]
    note: str = ""

    def html(self, words: Words) -> str:
        items = "".join(f"<li>{inline(item)}</li>" for item in self.items)
        head = f"<h3>{escape(self.heading)}</h3>" if self.heading else ""
        note = f'<p class="source">{inline(self.note)}</p>' if self.note else ""
        return f"{head}{f'<ul>{items}</ul>' if items else ''}{note}"

    def lab(self, words: Words) -> list[dict]:
        head = f"### {self.heading}\n\n" if self.heading else ""
        return [markdown(head + "\n".join(f"- {item}" for item in self.items) + f"\n\n*{self.note}*" * bool(self.note))]


@dataclass(frozen=True)
class Links:
    """Links to other pages or places, each with what is found there."""

    items: Sequence[tuple[str, str, str]]

    def html(self, words: Words) -> str:
        rows = "".join(
            f'<li><a href="{escape(address)}">{escape(name)}</a> {inline(told)}</li>'
            for name, address, told in self.items
        )
        return f'<ul class="links">{rows}</ul>'

    def lab(self, words: Words) -> list[dict]:
        return [markdown("\n".join(f"- [{name}]({address}) {told}" for name, address, told in self.items))]


@dataclass(frozen=True)
class Command:
    """A line to type in a terminal."""

    line: str

    def html(self, words: Words) -> str:
        return f"<pre><code>{escape(self.line)}</code></pre>"

    def lab(self, words: Words) -> list[dict]:
        return [markdown(f"```\n{self.line}\n```")]
