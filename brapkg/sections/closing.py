"""How the page of an area ends: what the figures cannot tell, where they come from and how they are made."""

from __future__ import annotations

from collections.abc import Sequence

from brapkg import __version__, catalogue
from brapkg.blocks import Points, Section, Terms, Text
from brapkg.indicators import municipal
from brapkg.sections.area import AreaPage
from brapkg.settings import settings
from brapkg.wording import split


def limits(page: AreaPage, names: Sequence[str]) -> Section:
    """What the figures cannot tell.

    Parameters
    ----------
    page : an area's page
    names : the texts, in their order
    """
    points = [split(page.words(name)) for name in names]
    return page.section("vad-siffrorna-inte-sager", "limits", Points([Text(body, lead) for lead, body in points]))


def sources(
    page: AreaPage,
    method: list[tuple[str, str]],
    accuracy: tuple[str, str],
    cite: str,
    *,
    further: Sequence[str] = (),
    **told: str,
) -> Section:
    """Sources, method, quality by SCB's components, how to cite.

    Parameters
    ----------
    page : an area's page
    method : how each number is made, as term and text
    accuracy : of the quality, what coverage the figures have, as term and text
    cite : name of the text that tells how to cite; filled with ``told``, the year and the version
    further : names of the texts on sources beyond those of every page
    """
    w, period = page.words, page.profile.period
    where = [
        w("sources_bra", years=page.years, preliminary=page.preliminary_note),
        w("sources_scb"),
        w("sources_skr", edition=municipal.edition_for(period)),
        *map(w, further),
    ]
    status = w(f"quality_time_{page.profile.status}", year=page.year)
    quality = [
        split(w("quality_relevance")),
        accuracy,
        split(w("quality_time", status=status)),
        split(w("quality_access")),
        split(w("quality_compare")),
    ]
    return page.section(
        "kallor-och-metod",
        "sources",
        Points([Text(body, lead) for lead, body in map(split, where)]),
        Terms(w("method"), method),
        Terms(w("quality"), quality),
        Text(w(cite, year=page.year, version=__version__, **told), f"{w('cite')}."),
    )


def methods(page: AreaPage, names: Sequence[str], swing: float | None = None) -> list[tuple[str, str]]:
    """How numbers are made, as term and text, with the settings in use.

    Parameters
    ----------
    page : an area's page
    names : the texts, in their order
    swing : how much a year of all offences swings in the page's comparisons; the counties' where left out
    """
    w = page.words
    if swing is None:
        counties = page.profile.tables.built_rows("wobble", kind="county", offence=catalogue.TOTAL)["sd"]
        swing = counties.iloc[0] if len(counties) else float("nan")
    values = {
        "wobble": w.percent(swing),
        "enough": settings().small.expected,
        "years": w.count_word(settings().small.most_years),
        "small": w.number(settings().small.residents),
        "members": municipal.ENOUGH_MEMBERS,
        "few": municipal.FEW,
        "false": w.percent(settings().false_share),
        "rule": _small_counts(page),
    }
    return [split(w(name, **values)) for name in names]


def _small_counts(page: AreaPage) -> str:
    """Which small counts are kept back."""
    hidden = settings().largest_hidden
    told = [page.words(f"rule_{period}", n=largest) for period, largest in hidden.items() if largest]
    return " ".join(told) or page.words("rule_none")
