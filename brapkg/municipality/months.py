"""Months and the time of the year, where they are known; else why not, and the county's peaks."""

from __future__ import annotations

import pandas as pd

from brapkg import catalogue, findings
from brapkg.blocks import Callout, Figure, Text, table
from brapkg.figures import dots, lines
from brapkg.municipality.page import Page
from brapkg.sections.area import HIGHER
from brapkg.shown import records
from brapkg.wording import capital


def months(page: Page) -> list:
    """The monthly series with its trend where the months are known; else why not."""
    w, here = page.words, page.municipality
    if not here.months_known:
        why = w("mun_months_missing_why")
        return [Callout(w("mun_months_missing"), f"{why} {w('mun_months_small')}" if page.small else why)]
    if page.series is None:
        return [Callout(w("mun_months_withheld"), w("mun_months_withheld_why"))]
    number, total = page.number("trend"), catalogue.TOTAL
    series, line = page.series, here.trend_line(total)
    title = _trend_title(page)
    reading = f"{w('trend_read')} {w('trend_read_line' if len(line) else 'mun_trend_thin')}"
    models = here.trend_rows.get(total, {})
    if "step" in models and not any(model["missing"] for model in models.values()):
        step, smooth = models["step"], models["smooth"]
        reading += " " + w(
            "trend_read_step",
            step=w.deviation(step["value"]),
            step_range=w.signed_range(step["lower"], step["upper"]),
            smooth=w.deviation(smooth["value"]),
            smooth_range=w.signed_range(smooth["lower"], smooth["upper"]),
        )
    drawn = lines.monthly(
        series,
        line,
        w,
        name=f"figur-{number}",
        title=title,
        description=w(
            "trend_alt",
            months=len(series),
            low=w.number(series["value"].min()),
            high=w.number(series["value"].max()),
            trend=title,
        ),
        preliminary=page.profile.period if page.profile.status == "preliminary" else None,
        breaks=_breaks(page, series),
    )
    sub = w("trend_sub", county=page.short, first=series["year"].min(), last=page.year)
    caption = w("trend_table")
    wide = series.pivot(index="year", columns="month", values="shown")
    rows = [
        {w("col_year"): str(year)} | {w.month(month, short=True): page.count(row[month]) for month in wide.columns}
        for year, row in wide.iterrows()
    ]
    data = series[["year", "month"]].assign(count=series["shown"], value=series["value"].where(series["shown"].notna()))
    return [Figure(number, title, sub, drawn, reading, page.source(), table(caption, rows, data))]


def _breaks(page: Page, months: pd.DataFrame) -> list[tuple[int, str]]:
    at = (months["year"] * 12 + months["month"] - 1).to_numpy()
    places = [(known.position(at), known.text("label", page.language)) for known in catalogue.breaks()]
    return [(place, label) for place, label in places if place is not None]


def _trend_title(page: Page) -> str:
    w, direction = page.words, findings.trend_direction(page.municipality, catalogue.TOTAL)
    told = {}
    if direction in ("rising", "falling"):
        models = page.municipality.trend_rows[catalogue.TOTAL]
        told = {"change": w.distance(models.get("step", models["smooth"])["value"])}
    return w(f"trend_title_{direction}", **told)


# --- time of the year ----------------------------------------------------------------------------


def when(page: Page) -> list:
    """The year wheel where the months are known and enough; else the county's peaks, told as the county's."""
    w, season = page.words, page.season(catalogue.TOTAL)
    if len(season):
        more = [Text(w("mun_year_own", figure=page.number("year")))] if _in_plan(page) else []
        return [_wheel(page, season), *more]
    parts = [] if not page.municipality.months_known else [Callout(w("wheel_refused"), _why_no_wheel(page))]
    return parts if page.is_county else [*parts, _county_year(page)]


def _why_no_wheel(page: Page) -> str:
    w = page.words
    if page.municipality.season(catalogue.TOTAL).empty:
        return w("wheel_refused_why")
    every = page.yearly.loc[page.yearly["offence"] == catalogue.TOTAL, "shown"]
    return w("mun_wheel_wide", n=w.number(every.mean() / 12))


def _wheel(page: Page, season: pd.DataFrame) -> Figure:
    w, number = page.words, page.number("wheel")
    title = _year_title(page, season)
    rows = [page.row(row, w.month(row["month"])) for row in records(season)]
    drawn = dots.year_wheel(
        season, w, name=f"figur-{number}", title=title, description=f"{w('wheel_alt')} {page.told_rows(rows)}"
    )
    told = [
        {
            w("col_month"): capital(row.label),
            w("col_deviation"): w.deviation(row.value),
            w("col_range"): w.signed_range(row.lower, row.upper),
        }
        for row in rows
    ]
    first = page.municipality.months(catalogue.TOTAL)["year"].min()
    sub = w("wheel_sub", county=page.short, years=w.years(first, page.profile.period))
    return Figure(number, title, sub, drawn, w("wheel_read"), page.source(), table(w("wheel_table"), told, season))


def _year_title(page: Page, season: pd.DataFrame) -> str:
    """Which months stand out with certainty."""
    w = page.words
    sure = season[season["verdict"].isin(dots.SURE)]
    high, low = season.loc[season["value"].idxmax()], season.loc[season["value"].idxmin()]
    if sure.empty:
        return w("wheel_title_none")
    if high["verdict"] in dots.SURE and low["verdict"] in dots.SURE:
        return w("wheel_title", high=w.month(high["month"]), low=w.month(low["month"]))
    names = [w.month(month) for month in sure["month"]]
    return capital(w("wheel_title_one" if len(names) == 1 else "wheel_title_some", names=w.listed(names)))


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
    told = [f"{_year_title(page, season)}."]
    told.append(w("mun_county_year", figure=page.number("year")) if _in_plan(page) else w("mun_county_no_peaks"))
    return Text(" ".join([*told, w("mun_county_year_caution")]), w("mun_county_year_lead", county=page.county_name))
