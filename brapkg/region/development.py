"""Development over time: trend, offence groups, year wheel. A refusal is a finding and is shown."""

from __future__ import annotations

import pandas as pd

from brapkg import catalogue, findings
from brapkg.blocks import Callout, Figure, Section, Table, Text, table
from brapkg.figures import lines, wheel
from brapkg.region.page import Page
from brapkg.region.signals import signals
from brapkg.sections import months
from brapkg.sections.area import HIGHER
from brapkg.wording import capital


def development(page: Page) -> Section:
    """The section: breaks, the monthly series, the offence groups, the year wheel."""
    breaks = [
        Callout(known.text("title", page.language), known.text("text", page.language))
        for _, known in page.county.breaks
    ]
    return page.section(
        "utveckling-over-tid",
        "development",
        *breaks,
        months.monthly(page, page.name),
        _groups(page),
        *_wheel(page),
        signals(page),
    )


def _groups(page: Page) -> Figure:
    """The nine groups over time against the nation."""
    w, county, number = page.words, page.county, page.number("groups")
    ids = [id for id in county.level.index if id != catalogue.TOTAL]
    panels, told = [], []
    for id in ids:
        here, there = county.rolling(id), county.rolling(id, "00")
        row = county.level_rows[id]
        few = row["ratio_verdict"] == "few"
        known = w("withheld") if pd.isna(row["count"]) else w("offences_n", n=w.number(row["count"]))
        mine = known if few else w.number(row["value"])
        nation = w.number(row["nation"])
        panels.append(lines.Panel(page.offence(id), here, there, mine, f"{w('nation_lower')} {nation}"))
        told.append(f"{page.offence(id)} {mine}, {nation}")
    title = _groups_title(page, ids)
    first = county.months(catalogue.TOTAL)["year"].min()
    drawn = lines.multiples(
        panels,
        first=str(first),
        last=page.year,
        name=f"figur-{number}",
        title=title,
        description=w("groups_alt", n=len(panels), year=page.year, values="; ".join(told)),
        breaks=[at - 11 for at, _ in county.breaks if at > 11],
    )
    sub = w("groups_sub", county=page.name, years=w.years(first, county.period), year=page.period)
    return Figure(
        number,
        title,
        sub,
        drawn,
        w("groups_read", county=page.name),
        page.source(),
        _groups_table(page, [catalogue.TOTAL, *ids]),
    )


def _groups_title(page: Page, ids: list[str]) -> str:
    w = page.words
    if not page.county.trend_rows:
        return w("groups_title_short")
    ways = {id: findings.trend_direction(page.county, id) for id in ids}
    rising = [id for id in ids if ways[id] == "rising"]
    falling = [id for id in ids if ways[id] == "falling"]
    form = {(1, 1): "rise_fall", (1, 0): "rise", (0, 1): "fall"}.get((bool(rising), bool(falling)), "none")
    told = {"rising": page.offence_names(rising), "falling": page.offence_names(falling)}
    return capital(w(f"groups_title_{form}", **told))


def _groups_table(page: Page, ids: list[str]) -> Table:
    w, county = page.words, page.county
    rows, data = [], []
    for id in ids:
        level = county.level_rows[id]
        cells = {
            w("col_offence"): page.offence(id, "name"),
            w("col_count"): page.count(level["count"]),
            w("col_rate"): "–" if level["ratio_verdict"] == "few" else w.number(level["value"]),
        }
        if id in county.change_rows:
            heading = w("col_change", before=county.period - 1, year=page.year)
            cells[heading] = _change(page, county.change_rows[id])
        for model, heading in (("step", w("col_trend")), ("smooth", w("col_trend_smooth"))):
            if row := county.trend_rows.get(id, {}).get(model):
                cells[heading] = _trend(page, row)
                # In the CSV, what a row is about stands last.
                bare = {name: value for name, value in row.items() if name not in ("offence", "model")}
                data.append(bare | {"offence": id, "model": model})
        rows.append(cells)
    return table(w("groups_table"), rows, pd.DataFrame(data), note=w("groups_table_note"), total_first=True)


def _change(page: Page, row: dict) -> str:
    w = page.words
    if row["missing"]:
        return w("counts_instead", before=page.count(row["count_before"]), after=page.count(row["count"]))
    return f"{w.deviation(row['value'])} ({w.signed_range(row['lower'], row['upper'])})"


def _trend(page: Page, row: dict) -> str:
    w = page.words
    if row["missing"]:
        return w.verdict("few")
    return f"{w.deviation(row['value'])} ({w.signed_range(row['lower'], row['upper'])})"


def _wheel(page: Page) -> list:
    """The year wheel of all offences, and which groups have peaks of their own."""
    w, county = page.words, page.county
    season = county.season(catalogue.TOTAL)
    if season.empty:
        return [Callout(w("wheel_refused"), w("wheel_refused_why"))]
    return [months.wheel(page, season, page.name), Text(_other_wheels(page))]


def _other_wheels(page: Page) -> str:
    """Groups with months that stand out clearly, with those months."""
    w, found = page.words, []
    for id in page.county.level.index.drop(catalogue.TOTAL):
        season = page.county.season(id)
        peaks = [m for m, told in zip(season["month"], season["verdict"], strict=True) if told == HIGHER[0]]
        if peaks:
            found.append(w("wheel_peak", offence=page.offence(id, "lower"), months=wheel.month_names(peaks, w)))
    return w("wheel_others", names=w.listed(found)) if found else w("wheel_no_others")
