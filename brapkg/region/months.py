"""The municipalities side by side, month by month."""

from __future__ import annotations

import pandas as pd

from brapkg import catalogue
from brapkg.blocks import Callout, Figure, table
from brapkg.figures import lines
from brapkg.region.page import Page
from brapkg.wording import capital, swedish_order


def months(page: Page) -> Figure | Callout | None:
    """The municipalities month by month where the store holds them; else why they are not shown.

    Nothing in a county of one municipality: the county's own trend shows its months.
    """
    w, county = page.words, page.county
    if len(county.members) == 1:
        return None
    if not county.municipal_months:
        return Callout(w("months_missing"), w("months_missing_why"))
    codes = sorted(county.members, key=lambda code: swedish_order(county.members[code]))
    whole = county.rolling(catalogue.TOTAL)
    panels, told, tables = [], [], []
    for code in codes:
        here = county.rolling(catalogue.TOTAL, code)
        name, rate = county.members[code], w.number(county.municipal_rates[code])
        others = f"{w('county_word')} {w.number(county.level_rows[catalogue.TOTAL]['value'])}"
        panels.append(lines.Panel(name, here, whole, rate, others))
        told.append(f"{name} {rate}")
        tables.append(county.months(catalogue.TOTAL, code).assign(name=name))
    title = w("months_figure_title")
    first = tables[0]["year"].min()
    number = page.number("months")
    drawn = lines.multiples(
        panels,
        first=str(first),
        last=page.year,
        name=f"figur-{number}",
        title=title,
        description=f"{capital(w('months_figure_title'))}: {'; '.join(told)}.",
        breaks=[at - 11 for at, _ in county.breaks if at > 11],
    )
    data = pd.concat(tables)
    wide = data.pivot(index="name", columns=["year", "month"], values="shown")
    rows = [
        {w("col_municipality"): name} | {f"{y}-{m:02d}": page.count(v) for (y, m), v in wide.loc[name].items()}
        for name in sorted(wide.index, key=swedish_order)
    ]
    sub = w("months_sub", years=w.years(first, county.period), year=page.period)
    return Figure(
        number,
        title,
        sub,
        drawn,
        w("months_read"),
        page.source(),
        table(
            w("months_table"), rows, data[["area", "name", "year", "month", "shown"]].rename(columns={"shown": "count"})
        ),
    )
