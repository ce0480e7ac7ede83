"""Months and the time of the year, where they are known; else why not, and the county's peaks."""

from __future__ import annotations

from brapkg import catalogue
from brapkg.blocks import Callout, Text
from brapkg.municipality.page import Page
from brapkg.sections.area import HIGHER
from brapkg.sections.months import monthly, wheel, wheel_title
from brapkg.shown import records


def months(page: Page) -> list:
    """The monthly series with its trend where the months are known; else why not."""
    w, here = page.words, page.municipality
    if not here.months_known:
        why = w("mun_months_missing_why")
        return [Callout(w("mun_months_missing"), f"{why} {w('mun_months_small')}" if page.small else why)]
    if page.series is None:
        return [Callout(w("mun_months_withheld"), w("mun_months_withheld_why"))]
    return [monthly(page, page.short, thin=w("mun_trend_thin")), *unusual(page)]


def unusual(page: Page) -> list[Text]:
    """The period's months of all offences above what earlier years let expect; none where none can be judged."""
    if page.series is None:  # a month that is kept back could be told from the others
        return []
    w, found = page.words, page.municipality.signals
    judged = found[(found["offence"] == catalogue.TOTAL) & (found["missing"] == "") & ~found["withheld"]]
    if judged.empty:
        return []
    named = [
        w(
            "mun_unusual_month",
            month=w.month(row["month"]),
            count=w.number(row["count"]),
            expected=w.number(row["value"]),
        )
        for row in records(judged[judged["signal"]].sort_values("month"))
    ]
    name = "mun_unusual_some" if named else "mun_unusual_none"
    return [Text(w(name, year=page.year, months=w.listed(named)), w("mun_unusual"))]


# --- time of the year ----------------------------------------------------------------------------


def when(page: Page) -> list:
    """The year wheel where the months are known and enough; else the county's peaks, told as the county's."""
    w, season = page.words, page.season(catalogue.TOTAL)
    if len(season):
        more = [Text(w("mun_year_own", figure=page.number("year")))] if _in_plan(page) else []
        return [wheel(page, season, page.short), *more]
    parts = [] if not page.municipality.months_known else [Callout(w("wheel_refused"), _why_no_wheel(page))]
    return parts if page.is_county else [*parts, _county_year(page)]


def _why_no_wheel(page: Page) -> str:
    w = page.words
    if page.municipality.season(catalogue.TOTAL).empty:
        return w("wheel_refused_why")
    every = page.yearly.loc[page.yearly["offence"] == catalogue.TOTAL, "shown"]
    return w("mun_wheel_wide", n=w.number(every.mean() / 12))


def _in_plan(page: Page) -> bool:
    """Whether the picture beside the plan shows the offence groups' peaks."""
    season_of, _ = page.seasons
    seasons = (season_of(id) for id in page.profile.level_rows)
    return any(len(season) and season["verdict"].isin(HIGHER).any() for season in seasons)


def _county_year(page: Page) -> Text:
    """The county's year in a sentence, and where its peaks are shown; they need not be the municipality's."""
    w, season = page.words, page.municipality.county_profile.season(catalogue.TOTAL)
    if season.empty:
        return Text(w("mun_county_year_none"))
    told = [f"{wheel_title(w, season)}."]
    told.append(w("mun_county_year", figure=page.number("year")) if _in_plan(page) else w("mun_county_no_peaks"))
    return Text(" ".join([*told, w("mun_county_year_caution")]), w("mun_county_year_lead", county=page.county_name))
