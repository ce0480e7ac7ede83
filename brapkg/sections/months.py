"""All offences by month and by time of the year: the series with its trend, and the year wheel."""

from __future__ import annotations

import pandas as pd

from brapkg import catalogue
from brapkg.blocks import Figure, Table, table
from brapkg.figures import dots, lines
from brapkg.sections.area import AreaPage
from brapkg.shown import records
from brapkg.wording import Words, capital


def monthly(page: AreaPage, name: str, *, thin: str = "") -> Figure:
    """All offences by month, with the trend.

    Parameters
    ----------
    page : an area's page, with a figure "trend" and months that may be told
    name : the area's name under the title
    thin : what is told of a series too thin for a trend
    """
    w, here, number = page.words, page.profile, page.number("trend")
    months, line = here.months(catalogue.TOTAL), here.trend_line(catalogue.TOTAL)
    title = page.trend_words(catalogue.TOTAL, "trend_title")
    reading = [w("trend_read"), w("trend_read_line") if len(line) else thin, _step_words(page)]
    description = w(
        "trend_alt",
        months=len(months),
        low=w.number(months["value"].min()),
        high=w.number(months["value"].max()),
        trend=title,
    )
    drawn = lines.monthly(
        months,
        line,
        w,
        name=f"figur-{number}",
        title=title,
        description=description,
        preliminary=here.period if here.status == "preliminary" else None,
        breaks=[(at, known.text("label", page.language)) for at, known in here.breaks],
    )
    sub = w("trend_sub", county=name, first=months["year"].min(), last=page.year)
    told = " ".join(filter(None, reading))
    return Figure(number, title, sub, drawn, told, page.source(), _table(page, months, w("trend_table")))


def _step_words(page: AreaPage) -> str:
    """What the trend is with and without a step; nothing where the series has no break."""
    w, models = page.words, page.profile.trend_rows.get(catalogue.TOTAL, {})
    if "step" not in models or any(model["missing"] for model in models.values()):
        return ""
    step, smooth = models["step"], models["smooth"]
    return w(
        "trend_read_step",
        step=w.deviation(step["value"]),
        step_range=w.signed_range(step["lower"], step["upper"]),
        smooth=w.deviation(smooth["value"]),
        smooth_range=w.signed_range(smooth["lower"], smooth["upper"]),
    )


def _table(page: AreaPage, months: pd.DataFrame, caption: str) -> Table:
    """Counts with a row a year and a column a month."""
    w = page.words
    wide = months.pivot(index="year", columns="month", values="shown")
    rows = [
        {w("col_year"): str(year)} | {w.month(month, short=True): page.count(row[month]) for month in wide.columns}
        for year, row in wide.iterrows()
    ]
    data = months[["year", "month"]].assign(count=months["shown"], value=months["value"].where(months["shown"].notna()))
    return table(caption, rows, data)


def wheel(page: AreaPage, season: pd.DataFrame, name: str) -> Figure:
    """The year wheel of all offences.

    Parameters
    ----------
    page : an area's page, with a figure "wheel"
    season : twelve rows of the store's table ``season``
    name : the area's name under the title
    """
    w, number = page.words, page.number("wheel")
    title = wheel_title(w, season)
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
    first = page.profile.months(catalogue.TOTAL)["year"].min()
    sub = w("wheel_sub", county=name, years=w.years(first, page.profile.period))
    return Figure(number, title, sub, drawn, w("wheel_read"), page.source(), table(w("wheel_table"), told, season))


def wheel_title(w: Words, season: pd.DataFrame) -> str:
    """Which months of a year wheel stand out with certainty."""
    sure = season[season["verdict"].isin(dots.SURE)]
    high, low = season.loc[season["value"].idxmax()], season.loc[season["value"].idxmin()]
    if sure.empty:
        return w("wheel_title_none")
    if high["verdict"] in dots.SURE and low["verdict"] in dots.SURE:
        return w("wheel_title", high=w.month(high["month"]), low=w.month(low["month"]))
    names = [w.month(month) for month in sure["month"]]
    return capital(w("wheel_title_one" if len(names) == 1 else "wheel_title_some", names=w.listed(names)))
