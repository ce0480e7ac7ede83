"""A problem's page, section by section: what ``notebooks/problem.ipynb`` calls.

``Problem`` joins what the knowledge base says of a problem and of the measures against it
(``evidence``), pictures (``figures``) and sentences (``wording``) into sections (``blocks``); each
method is one cell of the notebook. It reads no figures of any place.
"""

from __future__ import annotations

from brapkg import evidence
from brapkg.blocks import Head, Section
from brapkg.problem import brief, closing, estimates, measures
from brapkg.problem.page import Page
from brapkg.wording import Words


class Problem:
    """The page of one problem in one language.

    Parameters
    ----------
    problem : id of a problem ("bicycle-theft")
    language : "sv" or "en"

    Raises
    ------
    UsageError
        The problem or the language is unknown; the message says which there are.
    DataError
        The records of the knowledge base cannot be used; every fault is named.
    """

    def __init__(self, problem: str, language: str = "sv"):
        words = Words(language)
        self._page = Page(evidence.problem(problem), words)

    def head(self) -> Head:
        """What the problem is, and when the knowledge base was checked."""
        return brief.head(self._page)

    def brief(self) -> Section:
        """At most five sentences: what is known to work, how surely, what is unknown."""
        return brief.brief(self._page)

    def where(self) -> Section:
        """Where and when it tends to occur, who is harmed, what the statistics can tell."""
        return brief.where(self._page)

    def causes(self) -> Section:
        """Questions for the analysis of causes."""
        return brief.causes(self._page)

    def measures(self) -> Section:
        """The measures by what studies found of them."""
        return measures.measures(self._page)

    def estimates(self) -> Section:
        """The effects in figures, and the trials pooled where they are known."""
        return estimates.estimates(self._page)

    def disagreements(self) -> Section:
        """Where sources disagree."""
        return estimates.disagreements(self._page)

    def follow_up(self) -> Section:
        """What to follow, and where it is found."""
        return closing.follow_up(self._page)

    def sources(self) -> Section:
        """Sources with links, and the rules for effect and certainty."""
        return closing.sources(self._page)
