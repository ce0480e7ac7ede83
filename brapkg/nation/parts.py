"""The country by police region and by municipality group: sums of their members against the nation."""

from __future__ import annotations

import pandas as pd

from brapkg import areas, catalogue
from brapkg.blocks import Figure, NumberedTable, Section, Text, table
from brapkg.nation.counties import dots_by_verdict, offence_table, parts_title
from brapkg.nation.page import Page
from brapkg.sections.area import alphabetical
from brapkg.shown import records


def police_regions(page: Page) -> Section:
    """The seven police regions."""
    w, found = page.words, page.nation.police_regions(catalogue.TOTAL)
    labels = dict(zip(found["area"], found["name"], strict=True))
    figure = _figure(page, found, "regions", labels, page.source())
    text = Text(w("nation_regions_text"))
    return page.section("polisregionerna", "nation_regions_heading", text, figure, _table(page, found, "regions"))


def groups(page: Page) -> Section:
    """SKR's nine groups, of the edition that belongs to the period."""
    w, found = page.words, page.nation.groups(catalogue.TOTAL)
    labels = {code: short_name(page, code) for code in found["area"]}
    source = page.source(w("source_groups", edition=page.nation.edition))
    return page.section(
        "kommungrupperna",
        "nation_groups_heading",
        Text(w("nation_groups_text")),
        _figure(page, found, "groups", labels, source),
        _table(page, found, "groups"),
        offence_table(page, "group_offences", page.nation.groups, lambda row: short_name(page, row["area"])),
    )


def short_name(page: Page, group: str) -> str:
    """An SKR group's name, short enough for a figure."""
    return page.words(f"nation_group_{group}")


def _figure(page: Page, found: pd.DataFrame, name: str, labels: dict[str, str], source: str) -> Figure:
    w, number = page.words, page.number(name)
    title = parts_title(page, found, name)
    drawn = dots_by_verdict(
        page, found, labels, alt=w(f"nation_{name}_alt", n=len(found)), name=f"figur-{number}", title=title
    )
    place = page.table_number(name)
    return Figure(
        number,
        title,
        w(f"nation_{name}_sub", period=page.period),
        drawn,
        w(f"nation_{name}_read"),
        source,
        table("", [{"": ""}], found),
        table_elsewhere=f' <a href="#tabell-{place}">{w("numbers_in_table", n=place)}</a>',
    )


def _table(page: Page, found: pd.DataFrame, name: str) -> NumberedTable:
    """Groups in SKR's own order, police regions in alphabetical."""
    w, number = page.words, page.table_number(name)
    ordered = found if name == "groups" else alphabetical(found)
    rows = [
        {
            w(f"nation_col_{name}"): areas.get(row["area"]).label(page.language) if name == "groups" else row["name"],
            w(f"nation_col_{name}_members"): w.number(row["members"]),
            w("col_count"): page.count(row["count"]),
            w("nation_col_rate"): page.rate(row),
            w("nation_col_against"): page.judged(row),
        }
        for row in records(ordered)
    ]
    caption = w(f"nation_{name}_table", n=number, period=page.period)
    made = table(
        caption, rows, ordered, note=w("nation_parts_note"), text_columns=(w("nation_col_against"),), stacked=True
    )
    return NumberedTable(number, made)
