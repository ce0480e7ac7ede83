"""The national page, section by section: what ``notebooks/national.ipynb`` calls.

``National`` joins the country's figures (``profile``), pictures (``figures``) and sentences
(``wording``) into sections (``blocks``); each method is one cell of the notebook.
"""

from __future__ import annotations

from brapkg import areas, profile
from brapkg.blocks import Head, Section
from brapkg.nation import brief, closing, counties, facts, official, parts, problems
from brapkg.nation.page import Page
from brapkg.profile.of_nation import nation
from brapkg.sections import structure
from brapkg.wording import LANGUAGES, Words


class National:
    """The page of the country in one year and one language.

    Parameters
    ----------
    period : the year, as a whole number; the latest there is
    language : "sv" or "en"

    Raises
    ------
    UsageError
        The period or language is unknown; the message says which there are.
    """

    def __init__(self, period: int | None = None, language: str = "sv"):
        words = Words(language)
        self._page = Page(nation(period), words)

    def head(self) -> Head:
        """What the page is, for which year, and whether the figures are final."""
        return brief.head(self._page)

    def brief(self) -> Section:
        """Five sentences and figure 1: enough for someone who reads one page."""
        return brief.brief(self._page)

    def facts(self) -> Section:
        """Four facts and the map."""
        return facts.facts(self._page)

    def counties(self) -> Section:
        """The counties against the nation and against municipalities of the same kind."""
        return counties.counties(self._page)

    def police_regions(self) -> Section:
        """The police regions against the nation."""
        return parts.police_regions(self._page)

    def groups(self) -> Section:
        """SKR's municipality groups against the nation."""
        return parts.groups(self._page)

    def problems(self) -> Section:
        """Offence groups by how widespread and how rising."""
        return problems.problems(self._page)

    def structure(self) -> Section:
        """Where the structure that the law asks for is in place, and where it is not known."""
        return structure.of_places(self._page, areas.municipalities())

    def official(self) -> Section:
        """The same figures as the official totals, with coverage."""
        return official.official(self._page)

    def limits(self) -> Section:
        """What the figures cannot tell."""
        return closing.limits(self._page)

    def sources(self) -> Section:
        """Sources, method, quality, how to cite."""
        return closing.sources(self._page)


def rehearse() -> None:
    """Make a page in each language and throw it away, so that the next one finds everything ready.

    For a process that is forked for each report: as ``region.rehearse``.

    Raises
    ------
    DataError
        The store is not built, or built under another rule for small counts.
    """
    import IPython.display  # noqa: F401  (what publishes a section imports it when first needed)

    for period in profile.periods():
        for language in LANGUAGES:
            page = National(period, language)
            page.head()
            for section in (
                page.brief,
                page.facts,
                page.counties,
                page.police_regions,
                page.groups,
                page.problems,
                page.structure,
                page.official,
                page.limits,
                page.sources,
            ):
                section().bundles()
