"""Reads pages as their readers do: the texts that stand on lines of their own, sentences, readability."""

from __future__ import annotations

import re
from functools import lru_cache
from html.parser import HTMLParser

import pytest

from brapkg import blocks

BLOCK = set("p li dt dd td th h1 h2 h3 h4 caption summary title desc text div section figure tr ul dl table".split())
# After these a full stop ends no sentence.
SHORT = r"(?<!\bt\.ex\.)(?<!\bbl\.a\.)(?<!\bm\.fl\.)(?<!\bet al\.)(?<!\be\.g\.)(?<!\bi\.e\.)"


def shown(page: object, cells: tuple[str, ...]) -> dict[str, str]:
    """The HTML that a page's cells publish, by the cell's call."""
    made = {}
    for name in cells:
        section = getattr(page, name)()
        if isinstance(section, blocks.Section):
            made[name] = section.html()
            continue
        bundles: list[dict] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(blocks, "_publish", bundles.extend)
            section._ipython_display_()
        made[name] = bundles[0][blocks.PAGE]
    return made


class Reader(HTMLParser):
    """The text of each element that stands on lines of its own, with the elements it lies in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.path: list[tuple[str, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "br":
            self.handle_data(" ")
        if tag in ("i", "br"):
            return
        given = dict(attrs)
        self.path.append((tag, given.get("class") or ""))
        if tag in BLOCK:
            self.texts.append(("/".join(f"{t}.{c}" if c else t for t, c in self.path), ""))

    def handle_endtag(self, tag):
        while self.path and self.path.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if self.texts:
            where, text = self.texts[-1]
            self.texts[-1] = (where, text + data)


@lru_cache(maxsize=32)
def texts(html: str) -> list[tuple[str, str]]:
    """Where each text stands (the elements round it), and the text."""
    return [(where, text) for where, text in Reader(html).texts if text.strip()]


@lru_cache(maxsize=32)
def prose(html: str) -> list[str]:
    """Everything that is sentences: no tables, no descriptions of pictures, no lists of sources."""
    return [
        " ".join(text.split())
        for where, text in texts(html)
        if not re.search(r"table|desc|title|h\d|\.source|\.csv|\.meta", where) and text.rstrip().endswith((".", "?"))
    ]


def sentences(text: str) -> list[str]:
    return re.split(rf"(?<=[.?!:]){SHORT}\s+(?=[A-ZÅÄÖ(])", text)


def lix(html: str) -> float:
    """Björnsson's readability index: words a sentence, plus long words (over six letters) in per cent.

    Of running text alone. A number with its unit counts as a word; addresses do not.
    """
    every = [sentence for text in prose(html) for sentence in sentences(re.sub(r"https?://\S+", "", text))]
    words = [word for sentence in every for word in re.findall(r"[^\W_]+(?:[-:.,’'\u00a0][^\W_]+)*", sentence)]
    long = sum(len(word) > 6 for word in words)
    return len(words) / len(every) + 100 * long / len(words)
