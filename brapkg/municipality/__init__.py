"""The municipality page, section by section: what ``notebooks/municipality.ipynb`` calls.

A situation picture in the order of the Act's section 4: the mapping (extent, development,
consequences, comparisons), other information, the analysis; then the draft plan and what the Act asks.
``Municipality`` joins a municipality's figures (``profile``), pictures (``figures``) and sentences
(``wording``) into sections (``blocks``); each method is one cell of the notebook.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from brapkg import catalogue, priorities, profile
from brapkg.blocks import Head, Part, Section, Text
from brapkg.municipality import brief, closing, compared, consequences, development, level
from brapkg.municipality.page import Page
from brapkg.sections import context, law, plan, structure, year
from brapkg.sections import priorities as found
from brapkg.settings import settings
from brapkg.wording import LANGUAGES, Words

# Bjurholm is small, Karlstad is not: between them every kind of figure and refusal is made.
REHEARSED = ("2403", "1780")
# Of what stands out so much is followed up in full; the rest stands in the draft plan and its documents.
MOST_TOLD = 3


class Municipality:
    """The page of one municipality and year in one language.

    Parameters
    ----------
    municipality : code or name of a municipality ("2403", "Bjurholm", "Bjurholms kommun")
    period : the year, as a whole number
    language : "sv" or "en"

    Raises
    ------
    UsageError
        The municipality, period or language is unknown; the message says which there are.
    """

    def __init__(self, municipality: str, period: int | None = None, language: str = "sv"):
        words = Words(language)
        self._page = Page(profile.municipality(municipality, period), words)

    def head(self) -> Head:
        """What the page is, for which municipality and year, and whether the figures are final."""
        return brief.head(self._page)

    def brief(self) -> Section:
        """Five sentences and figure 1: enough for someone who reads one page."""
        return brief.brief(self._page)

    def facts(self) -> Section:
        """Four facts and the map of the county."""
        return level.facts(self._page)

    def level(self) -> Section:
        """How much is reported: every offence group, with as many years together as it takes."""
        return level.level(self._page)

    def development(self) -> Section:
        """Yearly counts with the band of chance, the time of the year, and what change would show."""
        return development.development(self._page)

    def consequences(self) -> Section:
        """What the figures do not tell of consequences, and whom to ask."""
        return consequences.consequences(self._page)

    def compared(self) -> Section:
        """Against the SKR group, similar municipalities, neighbours, the county and the nation."""
        return compared.compared(self._page)

    def context(self) -> Section:
        """Other information: living conditions and surveys, beside the problems they bear on."""
        made = context.context(self._page, self._problems())
        return replace(made, heading=self._page.words("mun_context"))

    def stands_out(self) -> Section:
        """What should be examined first, by a written rule: questions, measures, what to follow up with."""
        w, cards, chain = self._page.words, found.stands_out(self._page), found.chain(self._page)
        told = [part for part in chain.parts if isinstance(part, Part)]
        kept = [_deeper(part) for part in chain.parts if part not in told[MOST_TOLD:]]
        rest = [one.finding.offence for one in self._page.priorities[MOST_TOLD:]]
        if rest:
            kept.insert(-1, Text(w("mun_chain_rest", names=self._page.offence_names(rest))))
        further = Part(chain.heading, kept, id=chain.id)
        return Section(cards.id, w("mun_stands_out"), [*cards.parts, further], w)

    def plan(self) -> Section:
        """The draft action plan, as a table and as documents to fill in."""
        made = plan.plan(self._page, self._page.priorities, sender=settings().sender)
        round_year = year.year(self._page, *self._page.seasons)
        return replace(made, parts=[*made.parts, round_year]) if round_year else made

    def plan_documents(self, folder: Path | str = ".") -> list[Path]:
        """Write the draft plan's documents to a folder; nothing is overwritten."""
        return plan.save(self._page, self._page.priorities, folder, sender=settings().sender)

    def structure(self) -> Section:
        """How far the municipality has come with the Act's duties, and what the page gives towards them."""
        own, act = structure.of_municipality(self._page), law.law(self._page)
        parts = [*own.parts, Part(act.heading, act.parts, id=act.id)]
        return Section(own.id, self._page.words("mun_structure"), parts, self._page.words)

    def limits(self) -> Section:
        """What the figures cannot tell."""
        return closing.limits(self._page)

    def sources(self) -> Section:
        """Sources, method, quality, how to cite."""
        return closing.sources(self._page)

    def _problems(self) -> list[str]:
        """The problems of what stands out; none where nothing does, which means all."""
        return list(dict.fromkeys(one.id for each in self._page.priorities for one in each.known.problems))


def _deeper(part):
    """A part one heading further down, with the parts in it."""
    if not isinstance(part, Part):
        return part
    return replace(part, level=part.level + 1, parts=[_deeper(one) for one in part.parts])


def rehearse() -> None:
    """Make pages in each language and throw them away, so that the next one finds everything ready.

    As ``region.rehearse``: for a process that is forked for each report. No thread is started.

    Raises
    ------
    DataError
        The store is not built, or built under another rule for small counts.
    """
    import IPython.display  # noqa: F401  (what publishes a section imports it when first needed)

    for offence in catalogue.offences("groups"):
        priorities.known(offence)
    for language in LANGUAGES:
        for code in REHEARSED:
            page = Municipality(code, language=language)
            page.head()
            for section in (
                page.brief,
                page.facts,
                page.level,
                page.development,
                page.consequences,
                page.compared,
                page.context,
                page.stands_out,
                page.plan,
                page.structure,
                page.limits,
                page.sources,
            ):
                section().bundles()
