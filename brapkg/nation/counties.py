"""The country by county: against the nation, and against municipalities of the same kind. No league table."""

from __future__ import annotations

import pandas as pd

from brapkg import catalogue
from brapkg.blocks import Figure, NumberedTable, Section, Text, table
from brapkg.figures import dots
from brapkg.nation.page import Page, sides
from brapkg.sections.area import alphabetical, blocks_by_verdict
from brapkg.shown import records
from brapkg.wording import capital

HEADINGS = {"over": "over_nation", "unsure": "unsure_nation", "under": "under_nation", "few": "few_peers"}
# Names in a cell of a table; all of them.
EVERY = 50


def counties(page: Page) -> Section:
    """The counties: figure, table of all offences, and where each offence group stands out."""
    w, found = page.words, page.nation.counties(catalogue.TOTAL)
    return page.section(
        "lanen",
        "nation_counties_heading",
        Text(w("nation_counties_text")),
        _figure(page, found),
        _table(page, found),
        offence_table(page, "county_offences", page.nation.counties),
    )


def dots_by_verdict(page: Page, found: pd.DataFrame, labels: dict[str, str], **told: str):
    """Parts of the country against it, in blocks by verdict, alphabetical within each; and the rows in words."""
    raw = found["kind_value"] if "kind_value" in found else float("nan")
    parts = blocks_by_verdict(found.assign(raw=raw))
    blocks = [
        dots.Block([page.row(row, labels[row["area"]]) for row in parts[which]], page.words(heading))
        for which, heading in HEADINGS.items()
    ]
    rows = [row for block in blocks for row in block.rows]
    description = f"{told.pop('alt')} {page.told_rows(rows)}"
    return dots.ratios(blocks, page.words, one=page.words("nation"), description=description, **told)


def parts_title(page: Page, found: pd.DataFrame, name: str) -> str:
    """ "Ett av 21 län ligger över riket, 16 under"."""
    over, under = (len(part) for part in sides(found))
    form = {(True, True): "both", (True, False): "over", (False, True): "under"}.get((over > 0, under > 0), "none")
    more, fewer, every = page.words.count_words(over, under, len(found))
    if page.language == "sv" and over == 1 and name != "groups":
        more = page.words.count_word(1, neuter=name == "counties")
    verb = page.words.verb(over or under)
    return capital(page.words(f"nation_{name}_title_{form}", over=more, under=fewer, all=every, verb=verb))


def _figure(page: Page, found: pd.DataFrame) -> Figure:
    w, number = page.words, page.number("counties")
    title = parts_title(page, found, "counties")
    labels = dict(zip(found["area"], found["name"], strict=True))
    drawn = dots_by_verdict(page, found, labels, alt=w("counties_alt"), name=f"figur-{number}", title=title)
    link = f' <a href="#tabell-{page.table_number("counties")}">'
    link += f"{w('numbers_in_table', n=page.table_number('counties'))}</a>"
    return Figure(
        number,
        title,
        w("counties_sub", period=page.period),
        drawn,
        w("nation_counties_read"),
        page.source(w("source_groups", edition=page.nation.edition)),
        table("", [{"": ""}], alphabetical(found)),
        table_elsewhere=link,
    )


def _table(page: Page, found: pd.DataFrame) -> NumberedTable:
    w, number = page.words, page.table_number("counties")
    ordered = alphabetical(found)
    rows = [
        {
            w("col_county"): row["name"],
            w("col_count"): page.count(row["count"]),
            w("nation_col_rate"): page.rate(row),
            w("nation_col_against"): page.judged(row),
            w("nation_col_kind"): page.judged(row, "kind_"),
        }
        for row in records(ordered)
    ]
    text = (w("nation_col_against"), w("nation_col_kind"))
    caption = w("nation_counties_table", n=number, period=page.period)
    note = w("nation_counties_table_note")
    return NumberedTable(number, table(caption, rows, ordered, note=note, text_columns=text, stacked=True))


def offence_table(page: Page, name: str, found_of, label=lambda row: row["name"]) -> NumberedTable:
    """For every offence group, which parts of the country lie above and below it."""
    w, number = page.words, page.table_number(name)
    rows, data = [], []
    for id in (catalogue.TOTAL, *page.offences):
        found = found_of(id)
        cells = {w("col_offence"): page.offence(id, "name")}
        for heading, part in zip(("over_nation", "under_nation"), sides(found), strict=True):
            cells[w(heading)] = w.names([label(row) for row in records(part)], most=EVERY) or w("nobody")
        rows.append(cells)
        data.append(found)
    everything = pd.concat(data)
    judged = int((everything["verdict"] != "few").sum())
    made = table(
        w(f"nation_{name}_table", n=number, period=page.period),
        rows,
        everything,
        note=w("nation_offences_note", all=w.number(judged), chance=page.chance(judged)),
        text_columns=(w("over_nation"), w("under_nation")),
        total_first=True,
        stacked=True,
    )
    return NumberedTable(number, made)
