"""The round year beside the plan: recurring peaks and the dates of the Act in one picture."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from brapkg.blocks import Figure, table
from brapkg.figures import wheel
from brapkg.figures.wheel import Peak
from brapkg.sections.area import HIGHER, AreaPage
from brapkg.sections.structure import due_dates

# So many dates can be told apart in the picture.
MOST_DATES = 6


def year(page: AreaPage, season: Callable[[str], pd.DataFrame], county: str = "") -> Figure | None:
    """The picture; None where neither a peak nor a date is known.

    Parameters
    ----------
    page : an area's page, with a figure "year"
    season : gives the year wheel of an offence group by its id, as the store's table ``season``
    county : name of the county that the wheels are of, where they are not the area's own
    """
    w = page.words
    peaks, dates = _peaks(page, season), due_dates(page)
    if not peaks and not dates:
        return None
    kept = dates[:MOST_DATES]
    number, whose = page.number("year"), "_county" if county else ""
    title = w(_title(bool(peaks), bool(dates)) + (whose if peaks else ""), county=county)
    heads = w("plan_year_col_what"), w("plan_year_col_when")
    rows = [(peak.label, wheel.month_names(peak.months, w)) for peak in peaks]
    rows += [(due.label, f"{w.month(due.month)} {due.year}") for due in dates]
    drawn = wheel.year(
        peaks,
        kept,
        w,
        name=f"figur-{number}",
        title=title,
        description=w("plan_year_alt", told="; ".join(" ".join(row) for row in rows)),
    )
    reading = [w(f"plan_year_read{whose}", county=county)] if peaks else []
    if len(kept) < len(dates):
        reading.append(w("plan_year_nearest"))
    if not dates:
        reading.append(w("plan_year_no_dates"))
    data = pd.DataFrame(
        [{"what": peak.label, "month": month} for peak in peaks for month in peak.months]
        + [{"what": due.label, "month": due.month, "year": due.year} for due in dates]
    )
    sub = w(f"plan_year_sub{whose}", name=page.name, county=county, years=page.years)
    told = [dict(zip(heads, row, strict=True)) for row in rows]
    made = table(w("plan_year_table"), told, data, text_columns=heads[1:])
    return Figure(number, title, sub, drawn, " ".join(reading), page.source(), made)


def known(page: AreaPage, season: Callable[[str], pd.DataFrame]) -> bool:
    """Whether there is anything to show in the picture."""
    return bool(_peaks(page, season) or due_dates(page))


def _title(peaks: bool, dates: bool) -> str:
    if not peaks:
        return "plan_year_title_dates"
    return "plan_year_title" if dates else "plan_year_title_peaks"


def _peaks(page: AreaPage, season: Callable[[str], pd.DataFrame]) -> list[Peak]:
    """Groups whose 95 % interval lies above the mean month in some month."""
    found = []
    for id in page.profile.level_rows:
        wheels = season(id)
        if wheels.empty:
            continue
        months = tuple(month for month, told in zip(wheels["month"], wheels["verdict"], strict=True) if told in HIGHER)
        if months:
            found.append(Peak(page.offence(id), months))
    return found
