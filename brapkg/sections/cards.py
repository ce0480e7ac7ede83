"""What is told of one thing that stands out, on the page of a county or a municipality.

What the two tell differently is a function for each kind, in the dicts at the end.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from brapkg import findings
from brapkg.blocks import Card, Points, Text
from brapkg.findings import HIGHER, Finding
from brapkg.sections.area import AreaPage
from brapkg.shown import records
from brapkg.wording import Words

# So few offences may be a handful of cases: the page asks how many cases and persons they are.
HANDFUL = 100
# Of a municipality's own years at most so many are told on a card.
MOST_YEARS = 4


def card(page: AreaPage, number: int, finding: Finding) -> Card:
    """One thing that stands out: its figures, its certainty, why, and what to find out."""
    w, kind = page.words, page.area.kind
    facts = [*FACTS[kind](page, finding), (w("priority_harm"), w("priority_harm_value", n=finding.harm))]
    why = WHY[kind](page, finding)
    if finding.lost:
        why.append(w("priority_lost", reasons=w.listed([w(f"priority_lost_{reason}") for reason in finding.lost])))
    title, ask = _title(page, number, finding), ASK[kind](page, finding)
    return Card(title, facts, finding.certainty, " ".join(why), ask)


def _title(page: AreaPage, number: int, finding: Finding) -> str:
    offence = page.offence(finding.offence, "name")
    if finding.places and len(page.profile.members) > 1:
        places = page.words.names(finding.places, most=5)
        return page.words("priority_title_places", n=number, offence=offence, places=places)
    return page.words("priority_title", n=number, offence=offence)


def _compared(page: AreaPage, verdict: str, value: float, lower: float, upper: float) -> str:
    """ "+29 % (−10 till 75 %): går inte att skilja"."""
    w = page.words
    if verdict == "few":
        return w.verdict(verdict)
    return f"{w.deviation(value)} ({w.signed_range(lower, upper)}): {w.verdict(verdict)}"


def _why_trend(page: AreaPage, finding: Finding) -> list[str]:
    """What a rise rests on, and what one trend model shows and the other does not."""
    w = page.words
    if finding.trend == "rising":
        both = "step" in page.profile.trend_rows[finding.offence]
        return [w("priority_why_trend" if both else "priority_why_trend_smooth")]
    if finding.trend != "depends":
        return []
    if "falling" not in finding.ways:
        return [w("priority_why_depends")]
    return [w("priority_why_depends_both" if "rising" in finding.ways else "priority_why_depends_falling")]


# --- a county's card


def _county_facts(page: AreaPage, finding: Finding) -> list[tuple[str, str]]:
    w, row = page.words, page.profile.level_rows[finding.offence]
    level = _compared(page, finding.level, row["ratio_value"], row["ratio_lower"], row["ratio_upper"])
    return [(w("priority_level"), level), (w("priority_trend"), page.trend_words(finding.offence, "priority_trend"))]


def _county_why(page: AreaPage, finding: Finding) -> list[str]:
    w, parts = page.words, []
    if finding.level in HIGHER:
        parts.append(w("priority_why_level", verdict=w.verdict(finding.level)))
    parts += _why_trend(page, finding)
    if finding.places:
        parts.append(w("priority_why_places", names=w.names(finding.places, most=12)))
    return parts


def _county_ask(page: AreaPage, finding: Finding) -> str:
    return page.offence(finding.offence, "ask")


def _county_well(page: AreaPage, well: list[str]) -> list[Text]:
    form = "priority_well_text" if page.profile.trend_rows else "priority_well_level"
    return [Text(page.words(form, names=page.offence_names(well)), page.words("priority_well"))]


# --- a municipality's card


def _municipality_facts(page: AreaPage, finding: Finding) -> list[tuple[str, str]]:
    w = page.words
    years = [row for row in records(page.profile.yearly) if row["offence"] == finding.offence][-MOST_YEARS:]
    counts = ", ".join(page.count(row["shown"]) for row in years)
    told = w("priority_years_value", counts=counts, years=w.years(years[0]["year"], years[-1]["year"]))
    return [(w("priority_years"), told), (w("priority_peers"), _against_peers(page, finding.offence))]


def _against_peers(page: AreaPage, offence: str) -> str:
    """The municipality against its SKR group, and over which years."""
    w, peers = page.words, page.profile.peers
    if offence not in peers.index:
        return w.verdict("few")
    row = peers.loc[offence]
    level = _compared(page, row["verdict"], row["value"], row["lower"], row["upper"])
    return w("priority_in_years", told=level, years=_years(page, offence))


def _years(page: AreaPage, offence: str) -> str:
    """The years that were pooled for an offence: "2013–2016"."""
    return page.words.years(int(page.profile.level_rows[offence]["first_year"]), page.profile.period)


def _municipality_why(page: AreaPage, finding: Finding) -> list[str]:
    w, row, parts = page.words, page.profile.level_rows[finding.offence], []
    if finding.level in HIGHER:
        parts.append(w("priority_why_peers", verdict=w.verdict(finding.level)))
    if finding.compared in HIGHER:
        nation = f"{w.deviation(row['ratio_value'])} ({w.signed_range(row['ratio_lower'], row['ratio_upper'])})"
        parts.append(w("priority_why_nation", verdict=w.verdict(finding.compared), nation=nation))
    if finding.trend in ("rising", "depends"):
        parts.append(w("priority_why_months", trend=page.trend_words(finding.offence, "priority_trend")))
    parts += _why_trend(page, finding)
    if finding.high_year:
        band = _year(page, finding.offence)
        told = {"count": w.number(band["shown"]), "range": w.rate_range(band["lower"], band["upper"])}
        parts.append(w("priority_why_year", year=page.period, **told))
    if finding.single_year:
        parts.append(w("priority_why_single"))
    return parts


def _municipality_ask(page: AreaPage, finding: Finding) -> str:
    """How many cases and persons a small or a high count is, then what the offence group asks for."""
    w, ask = page.words, page.offence(finding.offence, "ask")
    few = cases(page, finding)
    return w("priority_ask_cases", cases=few, ask=ask) if few else ask


def cases(page: AreaPage, finding: Finding) -> str:
    """Which offences to ask about where they are so few that a handful of cases may hold them; else nothing."""
    count, years = page.profile.level_rows[finding.offence]["count"], _years(page, finding.offence)
    if finding.high_year:
        count, years = _year(page, finding.offence)["shown"], page.year
    return page.words("priority_cases", count=page.words.number(count), years=years) if count < HANDFUL else ""


def _year(page: AreaPage, offence: str) -> pd.Series:
    """The period's year with its band."""
    years = page.profile.yearly
    return years[(years["offence"] == offence) & (years["year"] == page.profile.period)].iloc[0]


def _municipality_well(page: AreaPage, well: list[str]) -> list:
    """What lies clearly low, each with its number: worth keeping, and not to be examined first."""
    w, items = page.words, []
    for offence in well:
        seen = findings.seen(page.profile, offence)
        told = []
        if seen.level == "clearly_lower":
            row = page.profile.peers.loc[offence]
            told.append(w("priority_well_peers", range=_range(w, row["value"], row["lower"], row["upper"])))
        if seen.compared == "clearly_lower":
            row = page.profile.level_rows[offence]
            value = _range(w, row["ratio_value"], row["ratio_lower"], row["ratio_upper"])
            told.append(w("priority_well_nation", range=value))
        items.append(Text(f"{w.listed(told)}, {_years(page, offence)}.", f"{page.offence(offence, 'name')}:"))
    return [Text(w("priority_well_keep"), w("priority_well")), Points(items)]


def _range(words: Words, value: float, lower: float, upper: float) -> str:
    return f"{words.deviation(value)} ({words.signed_range(lower, upper)})"


def well(page: AreaPage, offences: list[str]) -> list:
    """What need not be examined first."""
    return WELL[page.area.kind](page, offences)


FACTS: dict[str, Callable] = {"county": _county_facts, "municipality": _municipality_facts}
WHY: dict[str, Callable] = {"county": _county_why, "municipality": _municipality_why}
ASK: dict[str, Callable] = {"county": _county_ask, "municipality": _municipality_ask}
WELL: dict[str, Callable] = {"county": _county_well, "municipality": _municipality_well}
