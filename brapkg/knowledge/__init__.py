"""The knowledge page, section by section: what ``notebooks/knowledge.ipynb`` calls.

``Knowledge`` shows the whole knowledge base (``evidence``) at once: which measures are known to
help, against which problems, how surely, and where nothing is known. Each method is one cell.
"""

from __future__ import annotations

from brapkg.blocks import Head, Section
from brapkg.knowledge import closing, overview
from brapkg.knowledge.page import Page
from brapkg.wording import Words


class Knowledge:
    """The knowledge page in one language.

    Parameters
    ----------
    language : "sv" or "en"

    Raises
    ------
    UsageError
        The language is unknown.
    DataError
        The records of the knowledge base cannot be used; every fault is named.
    """

    def __init__(self, language: str = "sv"):
        self._page = Page(Words(language))

    def head(self) -> Head:
        """What the page is, and when the knowledge base was checked."""
        return overview.head(self._page)

    def brief(self) -> Section:
        """Five sentences, and how many measures each problem has."""
        return overview.brief(self._page)

    def maps(self) -> Section:
        """Measures and problems, a picture for each kind of measure."""
        return overview.maps(self._page)

    def problems(self) -> Section:
        """Links to the problems' pages."""
        return closing.problems(self._page)

    def counts(self) -> Section:
        """How many measures are known to help, and which are known not to."""
        return closing.counts(self._page)

    def gaps(self) -> Section:
        """Where nothing reliable is known."""
        return closing.gaps(self._page)

    def disagreements(self) -> Section:
        """Where sources disagree."""
        return closing.disagreements(self._page)

    def search(self) -> Section:
        """How to search, and how to add a record."""
        return closing.search(self._page)

    def sources(self) -> Section:
        """The rules, and every source with how it was verified."""
        return closing.sources(self._page)
