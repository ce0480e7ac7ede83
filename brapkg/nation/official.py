"""The same figures as the official totals: by year, county and police region, and why they differ."""

from __future__ import annotations

import pandas as pd

from brapkg import catalogue
from brapkg.blocks import Callout, NumberedTable, Section, Text, table
from brapkg.nation.page import Page
from brapkg.sections.area import alphabetical
from brapkg.shown import records


def official(page: Page) -> Section:
    """What the totals are, the table by year, the table by part, and what the coverage does to changes."""
    w, nation = page.words, page.nation
    if nation.official.empty:
        refused = Callout(w("nation_official_none"), w("nation_official_none_why"))
        return page.section("officiella-totaler", "nation_official_heading", refused)
    parts = [Text(_why(page)), _by_year(page), _moves(page)]
    if len(nation.official_counties) or len(nation.official_regions):
        parts += [_by_part(page), Text(_sums(page))]
    return page.section("officiella-totaler", "nation_official_heading", *parts)


def _why(page: Page) -> str:
    w = page.words
    parts = [w("nation_official_text")]
    groups = [
        w("nation_official_group", name=page.offence(id, "lower"), share=w.hundredths(row["share"]))
        for id, row in page.nation.official_groups.items()
    ]
    if groups:
        parts.append(w("nation_official_groups", year=page.year, names=w.listed(groups)))
    return " ".join(parts)


def _by_year(page: Page) -> NumberedTable:
    w, number = page.words, page.table_number("official")
    rows = [
        {
            w("col_year"): page.words.period(page.nation.period, page.nation.status)
            if row["year"] == page.nation.period
            else str(row["year"]),
            w("nation_col_sum"): w.number(row["count"]),
            w("nation_col_official"): w.number(row["official"]),
            w("nation_col_rest"): w.number(row["official"] - row["count"]),
            w("nation_col_share"): w.percent(row["share"], 1),
        }
        for row in records(page.nation.official)
    ]
    made = table(w("nation_official_table", n=number), rows, page.nation.official, note=w("nation_official_note"))
    return NumberedTable(number, made)


def _moves(page: Page) -> Callout | None:
    """That the sum and the official total may move apart, where both are known for two years."""
    w, change = page.words, page.nation.official_change
    mine = page.nation.change_rows.get(catalogue.TOTAL)
    if change is None or mine is None or mine["missing"]:
        return None
    text = w(
        "nation_official_moves_why",
        before=page.nation.period - 1,
        year=page.year,
        official=page.ratio(change),
        sum=page.ratio(mine),
    )
    return Callout(w("nation_official_moves"), text)


def _by_part(page: Page) -> NumberedTable:
    """Counties and police regions, each in the latest year with an official total."""
    w, number = page.words, page.table_number("covered")
    rows, data = [], []
    for kind, found in (("county", page.nation.official_counties), ("region", page.nation.official_regions)):
        ordered = alphabetical(found)
        data.append(ordered)
        rows += [
            {
                w("nation_col_part"): w(f"nation_part_{kind}", name=row["name"]),
                w("col_year"): str(row["year"]),
                w("nation_col_sum"): w.number(row["count"]),
                w("nation_col_official"): w.number(row["official"]),
                w("nation_col_share"): w.percent(row["share"], 1),
            }
            for row in records(ordered)
        ]
    made = table(w("nation_covered_table", n=number), rows, pd.concat(data), note=w("nation_covered_note"))
    return NumberedTable(number, made)


def _sums(page: Page) -> str:
    """How far the coverage differs, and whether the parts' official totals add up to the nation's."""
    w, whole = page.words, page.nation.official.set_index("year")["official"]
    parts = []
    for kind, found in (("counties", page.nation.official_counties), ("regions", page.nation.official_regions)):
        if found.empty:
            continue
        year, total = int(found["year"].iloc[0]), int(found["official"].sum())
        low, high = w.hundredths(found["share"].min()), w.hundredths(found["share"].max())
        parts.append(w(f"nation_share_{kind}", year=year, range=w.range(low, high)))
        form = "same" if total == whole.get(year) else "other"
        parts.append(w(f"nation_sum_{kind}_{form}", year=year, total=w.number(total)))
    return " ".join(parts)
