"""The municipalities: against their SKR group, in the country's funnel, month by month."""

from __future__ import annotations

import pandas as pd

from brapkg.blocks import Figure, NumberedTable, Section, Text, table
from brapkg.figures import dots, scatter
from brapkg.figures.places import PROBABLE, Place, places
from brapkg.indicators import municipal
from brapkg.profile import FUNNEL_OFFENCE, latest_period
from brapkg.region import months
from brapkg.region.page import Page
from brapkg.sections.area import HIGHER, LOWER, alphabetical, blocks_by_verdict
from brapkg.settings import settings
from brapkg.shown import records

BLOCKS = {"over": "over_peers", "unsure": "unsure_peers", "under": "under_peers", "few": "few_peers"}


def municipalities(page: Page) -> Section:
    """The section: peers for one group, a table for all groups, the funnel, the months."""
    w = page.words
    text = w("municipalities_text", enough=settings().small.expected, small=w.number(settings().small.residents))
    pooled = [name for name, first in _pooled(page)]
    if pooled:
        text += " " + w("municipalities_pooled", names=w.names(pooled))
    return page.section(
        "kommunerna",
        "municipalities",
        Text(text),
        _peers(page),
        _matrix(page),
        _places(page),
        _funnel(page),
        months.months(page),
        *_newer(page),
    )


def _pooled(page: Page) -> list[tuple[str, int]]:
    peers = page.county.peers(FUNNEL_OFFENCE)
    small = peers[peers["first_year"] < page.county.period]
    return list(zip(small["name"], small["first_year"], strict=True))


def _peers(page: Page) -> Figure:
    """Violent offences, each municipality against its group."""
    w, peers = page.words, page.county.peers(FUNNEL_OFFENCE)
    parts = blocks_by_verdict(peers)
    blocks = [
        dots.Block([page.row(row, row["name"]) for row in parts[which]], w(heading))
        for which, heading in BLOCKS.items()
    ]
    over, under = len(parts["over"]), len(parts["under"])
    form = "both" if over or under else "none"
    if len(peers) == 1 and form == "both":
        form = "alone_over" if over else "alone_under"
    more, fewer, every = w.count_words(over, under, len(peers))
    title = w(
        f"peers_title_{form}",
        offence=page.offence(FUNNEL_OFFENCE),
        name=w.names(peers["name"]),
        over=more,
        under=fewer,
        all=every,
        verb=w.verb(over),
    )
    rows = [row for block in blocks for row in block.rows]
    kind = "peers_alt_one" if len(rows) == 1 else "peers_alt"
    number = page.number("peers")
    drawn = dots.ratios(
        blocks,
        w,
        name=f"figur-{number}",
        title=title,
        one=w("group_lower"),
        description=f"{w(kind, n=len(rows))} {page.told_rows(rows)}",
    )
    edition = municipal.edition_for(page.county.period)
    return Figure(
        number,
        title,
        w("peers_sub", lower=page.offence(FUNNEL_OFFENCE, "lower"), period=page.period),
        drawn,
        w("peers_read"),
        page.source(w("source_groups", edition=edition)),
        _peer_table(page, peers),
    )


def _peer_table(page: Page, peers: pd.DataFrame):
    w = page.words
    ordered = alphabetical(peers)
    rows = []
    for row in records(ordered):
        few = row["verdict"] == "few"
        years = w.years(row["first_year"], page.county.period)
        rows.append(
            {
                w("col_municipality"): row["name"],
                w("col_years"): years,
                w("col_count"): page.count(row["count"]),
                w("col_raw"): "–" if few else w.deviation(row["raw"]),
                w("col_smoothed"): "–" if few else w.deviation(row["value"]),
                w("col_range"): w.signed_range(row["lower"], row["upper"]),
                w("col_verdict_group"): w.verdict(row["verdict"]),
                w("col_group"): page.title_of_group(row["group"]),
            }
        )
    caption = w("peers_table", offence=page.offence(FUNNEL_OFFENCE), period=page.period)
    return table(caption, rows, ordered, text_columns=(w("col_years"), w("col_verdict_group"), w("col_group")))


def _matrix(page: Page):
    """Table 2: for every offence group, who lies above and below its SKR group."""
    w = page.words
    rows, data = [], []
    for id in page.county.level.index:
        peers = page.county.peers(id)
        cells = {w("col_offence"): page.offence(id, "name")}
        for heading, verdicts in (("col_over", HIGHER), ("col_under", LOWER)):
            names = [name for name, told in zip(peers["name"], peers["verdict"], strict=True) if told in verdicts]
            cells[w(heading)] = w.names(names, most=50) or w("nobody")
        rows.append(cells)
        data.append(peers)
    everything = pd.concat(data)
    told = int((everything["verdict"] != "few").sum())
    note = w("matrix_note", all=w.number(told), chance=page.chance(told, sides=2))
    made = table(
        w("matrix_table", period=page.period),
        rows,
        everything,
        note=note,
        text_columns=(w("col_over"), w("col_under")),
        total_first=True,
        stacked=True,
    )
    return NumberedTable(2, made)


def _places(page: Page) -> Figure | None:
    """Between which places in the country each municipality lies."""
    w = page.words
    found = alphabetical(page.county.places(FUNNEL_OFFENCE))
    every = records(found)
    placed = [row for row in every if pd.notna(row["value"])]  # none where the count is kept back
    if not placed:
        return None
    number = page.number("ranks")
    rows = [Place(row["name"], row["value"], row["lower"], row["upper"], row["highest_fifth"]) for row in placed]
    probable = [row.label for row in rows if row.chance >= PROBABLE]
    offence = page.offence(FUNNEL_OFFENCE)
    if len(found) == 1:
        title = w("ranks_title_alone", offence=offence, name=rows[0].label, **page.place(every[0]))
    else:
        form = {0: "none", 1: "one"}.get(len(probable), "some")
        title = w(f"ranks_title_{form}", offence=offence, names=w.names(probable))
    members = int(every[0]["members"])
    told = [
        w("ranks_alt_row", label=row.label, low=int(row.lower), high=int(row.upper), chance=w.chance(row.chance))
        for row in rows
    ]
    drawn = places(
        rows,
        members,
        w,
        name=f"figur-{number}",
        title=title,
        description=" ".join([w("ranks_alt", n=members), *told]),
    )
    period = page.county.period
    pooled, years = page.pooling(found["first_year"])
    cells = [
        {
            w("col_municipality"): row["name"],
            **({w("col_years"): w.years(int(row["first_year"]), period)} if pooled else {}),
            w("col_count"): page.count(row["count"]),
            w("col_place"): w.rate_range(row["lower"], row["upper"]),
            w("col_middle"): w.number(row["value"]),
            w("col_chance"): w.chance(row["highest_fifth"]),
        }
        for row in every
    ]
    lower = page.offence(FUNNEL_OFFENCE, "lower")
    return Figure(
        number,
        title,
        w(f"ranks_sub{pooled}", n=members, lower=lower, period=page.period, years=years),
        drawn,
        w("ranks_read"),
        page.source(),
        table(w("ranks_table", offence=lower, period=page.period), cells, found),
    )


def _funnel(page: Page) -> Figure:
    """Who is unusual in the country."""
    w, funnel, mine = page.words, page.county.funnel(FUNNEL_OFFENCE), page.county.members
    own = funnel[funnel["area"].isin(mine)].assign(name=lambda t: t["area"].map(mine))
    unusual = own.loc[own["outside"].str.endswith("998"), "name"]
    form = {0: "none", 1: "one"}.get(len(unusual), "some")
    if form == "none" and len(own) == 1:
        form, unusual = "alone", own["name"]
    title = w(f"funnel_title_{form}", offence=page.offence(FUNNEL_OFFENCE), names=w.names(unusual))
    beyond = own.loc[own["outside"] != "", "name"]
    number = page.number("funnel")
    drawn = scatter.funnel(
        funnel,
        mine,
        w,
        name=f"figur-{number}",
        title=title,
        description=w("funnel_alt", names=w.names(beyond, most=50) or w("nobody")),
    )
    outside = int(funnel["outside"].str.endswith("998").sum())
    reading = w("funnel_read", outside=w.count_words(outside, len(funnel))[0])
    if len(own) > 1:
        reading += " " + w("funnel_read_chance", n=w.count_word(len(own)), chance=page.chance(len(own), sides=2))
    ordered = alphabetical(own)
    rows = [
        {
            w("col_municipality"): row["name"],
            w("col_residents"): w.number(row["population"]),
            w("col_difference"): w.deviation(row["value"]) if row["count"] >= municipal.FEW else w.verdict("few"),
            w("col_z"): w.number(row["z_adjusted"], 1),
            w("col_outside"): w(f"outside_{row['outside'] or 'no'}"),
        }
        for row in records(ordered)
    ]
    sub = w("funnel_sub", lower=page.offence(FUNNEL_OFFENCE, "lower"), period=page.period)
    return Figure(
        number,
        title,
        sub,
        drawn,
        reading,
        page.source(),
        table(w("funnel_table"), rows, ordered, text_columns=(w("col_outside"),)),
    )


def _newer(page: Page) -> list:
    """Table 3: a later year's rates, which are published without counts."""
    w, newer = page.words, page.county.newer_rates
    if newer.empty:
        return []
    year = newer["year"].iloc[0]
    ordered = alphabetical(newer)
    rows = [
        {
            w("col_municipality"): row["name"],
            w("col_rate"): w.number(row["rate"]),
            w("col_range"): w.rate_range(row["lower"], row["upper"]),
            w("col_similar"): w.rate_range(row["similar_low"], row["similar_high"]),
            w("col_group"): page.title_of_group(row["group"]),
        }
        for row in records(ordered)
    ]
    made = table(
        w("newer_table", year=year), rows, ordered, note=w("newer_note"), text_columns=(w("col_group"),), stacked=True
    )
    return [Text(w("newer_text", last=latest_period(), year=year)), NumberedTable(3, made)]
