"""The region page, section by section: what ``notebooks/region.ipynb`` calls.

``Region`` joins a county's figures (``profile``), pictures (``figures``) and sentences
(``wording``) into sections (``blocks``); each method is one cell of the notebook.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from brapkg import areas, catalogue, profile
from brapkg.blocks import Head, Section
from brapkg.priorities import known
from brapkg.region import brief, closing, development, level, municipalities, together
from brapkg.region.page import Page
from brapkg.sections import context, plan, priorities, structure, year
from brapkg.settings import settings
from brapkg.wording import LANGUAGES, Words

# Blekinge: a county with few municipalities, but more than one, has every kind of figure.
REHEARSED = "10"


class Region:
    """The page of one county and year in one language.

    Parameters
    ----------
    region : code or name of a county ("20", "Dalarna", "Dalarnas län")
    period : the year, as a whole number
    language : "sv" or "en"

    Raises
    ------
    UsageError
        The county, period or language is unknown; the message says which there are.
    """

    def __init__(self, region: str, period: int | None = None, language: str = "sv"):
        words = Words(language)
        self._page = Page(profile.county(region, period), words)

    def head(self) -> Head:
        """What the page is, for which county and year, and whether the figures are final."""
        return brief.head(self._page)

    def brief(self) -> Section:
        """Five sentences and figure 1: enough for someone who reads one page."""
        return brief.brief(self._page)

    def facts(self) -> Section:
        """Four facts and the map."""
        return level.facts(self._page)

    def level(self) -> Section:
        """Every offence group against the nation, coverage, and the county among the counties."""
        return level.level(self._page)

    def development(self) -> Section:
        """Trend, offence groups over time, the year wheel."""
        return development.development(self._page)

    def municipalities(self) -> Section:
        """The municipalities against their SKR groups and in the country's funnel."""
        return municipalities.municipalities(self._page)

    def together(self) -> Section:
        """The municipalities side by side, smallest first, and where neighbours share a problem."""
        return together.together(self._page)

    def context(self) -> Section:
        """Living conditions and surveys, beside the problems they bear on."""
        found = [one.id for each in self._page.priorities for one in each.known.problems]
        return context.context(self._page, list(dict.fromkeys(found)))

    def stands_out(self) -> Section:
        """What should be examined first, by a written rule."""
        return priorities.stands_out(self._page)

    def priorities(self) -> Section:
        """For what stands out: questions about causes, measures to try, what to follow up with."""
        return priorities.chain(self._page)

    def plan(self) -> Section:
        """The draft of an action plan, as a table and as documents to fill in."""
        made = plan.plan(self._page, self._page.priorities, sender=settings().sender)
        round_year = year.year(self._page, self._page.county.season)
        return replace(made, parts=[*made.parts, round_year]) if round_year else made

    def plan_documents(self, folder: Path | str = ".") -> list[Path]:
        """Write the draft plan's documents to a folder; nothing is overwritten."""
        return plan.save(self._page, self._page.priorities, folder, sender=settings().sender)

    def structure(self) -> Section:
        """How far the municipalities have come with the Act's duties."""
        return structure.of_places(self._page, areas.municipalities(self._page.area.code))

    def limits(self) -> Section:
        """What the figures cannot tell."""
        return closing.limits(self._page)

    def sources(self) -> Section:
        """Sources, method, quality, how to cite."""
        return closing.sources(self._page)


def rehearse() -> None:
    """Make a page in each language and throw it away, so that the next one finds everything ready.

    For a process that is forked for each report: modules are imported, tables loaded and split, and
    what is the same for every county is worked out for every period. Nothing is published and no
    page is changed by it; no thread is started, so that the process can still be forked.

    Raises
    ------
    DataError
        The store is not built, or built under another rule for small counts.
    """
    import IPython.display  # noqa: F401  (what publishes a section imports it when first needed)

    for offence in catalogue.offences("groups"):
        known(offence)
    for period in profile.periods():
        county = profile.county(REHEARSED, period)
        for offence in catalogue.offences("groups"):
            county.rolling(offence, profile.NATION)
    for language in LANGUAGES:
        page = Region(REHEARSED, language=language)
        page.head()
        for section in (
            page.brief,
            page.facts,
            page.level,
            page.development,
            page.municipalities,
            page.together,
            page.context,
            page.stands_out,
            page.priorities,
            page.plan,
            page.structure,
            page.limits,
            page.sources,
        ):
            section().bundles()
