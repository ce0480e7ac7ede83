"""The months of the period against the same time of earlier years: who looks at many, finds some."""

from __future__ import annotations

import pandas as pd

from brapkg import catalogue
from brapkg.blocks import Callout, Figure, Table, table
from brapkg.figures import grid
from brapkg.indicators.level import MINIMUM_FOR_CHANGE
from brapkg.indicators.signals import YEARS
from brapkg.region.page import Page
from brapkg.settings import settings
from brapkg.shown import records
from brapkg.wording import capital

# More signals than this are counted in the title, not named.
NAMED = 4
# Of cells that are looked at one by one, this share would be filled by chance.
ALONE = 0.05


def signals(page: Page) -> Figure | Callout:
    """The figure, or why it is not shown."""
    w, found = page.words, page.county.signals
    if found.empty:
        return Callout(w("signals_refused"), w("signals_refused_why"))
    number = page.number("signals")
    order = [id for id in page.county.level.index if id in set(found["offence"])]
    shown = found.assign(
        place=found["offence"].map(order.index),
        label=found["offence"].map(page.offence),
        ratio=(found["count"] / found["value"]).mask(found["withheld"]),
        told=found["value"] >= MINIMUM_FOR_CHANGE,
    ).sort_values(["place", "month"])
    judged = int(found["p_value"].notna().sum())
    title, names = _title(page, shown, judged)
    drawn = grid.months(
        shown,
        w,
        name=f"figur-{number}",
        title=title,
        description=w("signals_alt", rows=len(order), names=names or w("nobody")),
    )
    first = max(page.county.first_year, page.county.period - YEARS)
    return Figure(
        number,
        title,
        w("signals_sub", county=page.name, year=page.period, years=w.years(first, page.county.period - 1)),
        drawn,
        w("signals_read", n=judged, chance=w.number(judged * ALONE), minimum=MINIMUM_FOR_CHANGE),
        page.source(),
        _table(page, shown, order),
    )


def _title(page: Page, shown: pd.DataFrame, judged: int) -> tuple[str, str]:
    """The title, and the signals by name."""
    w, signals = page.words, shown[shown["signal"]]
    named = [
        w("signals_one", offence=page.offence(id, "lower"), months=w.listed([w.month(m) for m in part["month"]]))
        for id, part in signals.groupby("offence", sort=False)
    ]
    names = w.listed(named)
    if signals.empty:
        return w("signals_title_none", year=page.year), names
    if len(signals) > NAMED:
        some, every = w.count_words(len(signals), judged)
        return w("signals_title_many", n=some, all=every, year=page.year), names
    return capital(w("signals_title_some", year=page.year, names=names)), names


def _table(page: Page, shown: pd.DataFrame, order: list[str]) -> Table:
    w, largest = page.words, settings().largest_hidden["month"]
    by_offence: dict[str, list[dict]] = {id: [] for id in order}
    for row in records(shown[["offence", "month", "count", "value", "signal", "withheld"]]):
        by_offence[row["offence"]].append(row)
    rows = []
    for id in order:
        cells = {w("col_offence"): page.offence(id, "name")}
        for row in by_offence[id]:
            star = "*" if row["signal"] else ""
            told = w("signals_cell", count=w.number(row["count"]), expected=w.number(row["value"])) + star
            cells[w.month(row["month"], short=True)] = w("withheld") if row["withheld"] else told
        rows.append(cells)
    columns = ["offence", "year", "month", "count", "value", "upper", "p_value", "p_adjusted", "signal", "withheld"]
    data = shown[columns].rename(columns={"value": "expected"})
    hidden = data["withheld"]
    # A p-value would tell the count that is kept back.
    telling = ["count", "p_value", "p_adjusted"]
    data[telling] = data[telling].astype(float).mask(hidden)
    data = data.assign(offence=data["offence"].map(lambda id: page.offence(id, "name")))
    note = w("signals_note", largest=largest) if largest else w("signals_note_open")
    total_first = order[0] == catalogue.TOTAL
    return table(w("signals_table", year=page.period), rows, data, note=note, total_first=total_first)
