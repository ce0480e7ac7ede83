"""Problems by how widespread and how rising: one figure, one table, and how much of it chance would give."""

from __future__ import annotations

import pandas as pd

from brapkg import catalogue
from brapkg.blocks import Callout, Figure, NumberedTable, Section, Text, table
from brapkg.figures import spreading
from brapkg.nation.brief import counted
from brapkg.nation.page import Page, sides
from brapkg.sections.area import ONE_SIDE
from brapkg.wording import capital

SURE = ("rising", "falling")


def problems(page: Page) -> Section:
    """What "widespread" and "rising" mean here, the breaks, the figure and the table."""
    w = page.words
    breaks = [
        Callout(known.text("title", page.language), known.text("text", page.language))
        for _, known in page.nation.breaks
    ]
    found = [_row(page, id) for id in (catalogue.TOTAL, *page.offences)]
    parts: list[object] = [Text(w("nation_problems_text"))]
    if page.nation.trend_rows:
        parts += [*breaks, _figure(page, found[1:]), Text(_told(page, found[1:]))]
        tables = [_widespread(page, found), _rising(page, found)]
    else:
        parts.append(Callout(w("nation_no_trend"), w("nation_no_trend_why", year=page.year)))
        tables = [_widespread(page, found)]
    return page.section("problemen", "nation_problems_heading", *parts, *tables, Text(_chances(page, found)))


def _row(page: Page, offence: str) -> dict:
    """What is known of one offence group, as numbers."""
    nation, level = page.nation, page.nation.level_rows[offence]
    peers = nation.peers(offence)
    judged = peers[peers["verdict"] != "few"]
    over, under = (len(part) for part in sides(judged))
    above, below = (len(part) for part in sides(nation.counties(offence)))
    rising, falling, unsure = counted(page.county_directions[offence])
    row = {
        "offence": offence,
        "count": level["count"],
        "rate": level["value"],
        "rate_lower": level["lower"],
        "rate_upper": level["upper"],
        "judged": len(judged),
        "municipalities_above_group": over,
        "municipalities_below_group": under,
        "counties_above_nation": above,
        "counties_below_nation": below,
        "spread": nation.spread(offence),
        "counties_rising": rising,
        "counties_falling": falling,
        "counties_unsure": unsure,
    }
    for model, trend in nation.trend_rows.get(offence, {}).items():
        row |= {f"{model}_{name}": trend[name] for name in ("value", "lower", "upper")}
    return row


def _figure(page: Page, found: list[dict]) -> Figure:
    w, number = page.words, page.number("problems")
    points = []
    for row in found:
        trend = page.main_trend(row["offence"])
        if trend is None or not row["judged"]:
            continue
        points.append(
            spreading.Problem(
                page.offence(row["offence"]),
                row["municipalities_above_group"] / row["judged"],
                _of(page, row["municipalities_above_group"], row["judged"]),
                trend["value"],
                trend["lower"],
                trend["upper"],
                page.directions[row["offence"]] in SURE,
            )
        )
    title = _title(page, found)
    told = " ".join(
        w(
            "nation_problems_alt_row",
            label=point.label,
            share=point.told,
            change=w.deviation(point.value),
            range=w.signed_range(point.lower, point.upper),
        )
        for point in points
    )
    drawn = spreading.problems(
        points,
        w,
        chance=ONE_SIDE,
        across=w("nation_problems_axis"),
        name=f"figur-{number}",
        title=title,
        description=f"{w('nation_problems_alt', n=len(points))} {told}",
    )
    place = page.table_number("problems")
    return Figure(
        number,
        title,
        w("nation_problems_sub", years=_years(page), period=page.period),
        drawn,
        w("nation_problems_read"),
        page.source(w("source_groups", edition=page.nation.edition)),
        table("", [{"": ""}], pd.DataFrame(found)),
        table_elsewhere=f' <a href="#tabell-{place}">{w("numbers_in_table", n=place)}</a>',
    )


def _title(page: Page, found: list[dict]) -> str:
    w, rising = page.words, page.going("rising")
    if not rising:
        return w("nation_problems_title_none")
    few = all(2 * row["counties_rising"] <= _counties(row) for row in found if row["offence"] in rising)
    return capital(w(f"nation_problems_title{'_few' if few else ''}", names=page.offence_names(rising)))


def _told(page: Page, found: list[dict]) -> str:
    """One sentence for each group that rises in the nation."""
    w = page.words
    parts = [
        w(
            f"nation_problems_rising{'' if row['counties_rising'] or row['counties_falling'] else '_nowhere'}",
            name=capital(page.offence(row["offence"], "lower")),
            rising=w.number(row["counties_rising"]),
            falling=w.number(row["counties_falling"]),
            counties=w.number(_counties(row)),
            over=w.number(row["municipalities_above_group"]),
            all=w.number(row["judged"]),
        )
        for row in found
        if page.directions[row["offence"]] == "rising"
    ]
    return " ".join(parts) if parts else w("nation_problems_none")


def _widespread(page: Page, found: list[dict]) -> NumberedTable:
    w, number = page.words, page.table_number("problems")
    rows = [
        {
            w("col_offence"): page.offence(row["offence"], "name"),
            w("nation_col_rate"): page.rate(row),
            w("nation_col_above"): _of(page, row["municipalities_above_group"], row["judged"]),
            w("nation_col_above_county"): w.number(row["counties_above_nation"]),
            w("nation_col_spread"): w("withheld") if pd.isna(row["spread"]) else w.percent(row["spread"]),
        }
        for row in found
    ]
    caption, note = w("nation_problems_table", n=number, period=page.period), w("nation_problems_note")
    made = table(caption, rows, pd.DataFrame(found), note=note, total_first=True, stacked=True)
    return NumberedTable(number, made)


def _rising(page: Page, found: list[dict]) -> NumberedTable:
    w, number = page.words, page.table_number("rising")
    rows = []
    for row in found:
        cells = {w("col_offence"): page.offence(row["offence"], "name")}
        for model, heading in (("step", "col_trend"), ("smooth", "col_trend_smooth")):
            if f"{model}_value" in row:
                cells[w(heading)] = page.ratio(row, f"{model}_")
        ways = (row[f"counties_{way}"] for way in ("rising", "falling", "unsure"))
        cells[w("nation_col_counties")] = " / ".join(w.number(way) for way in ways)
        rows.append(cells)
    kept = [name for name in found[0] if name.startswith(("offence", "step", "smooth", "counties_r", "counties_f"))]
    data = pd.DataFrame(found)[[*kept, "counties_unsure"]]
    caption = w("nation_rising_table", n=number, years=_years(page))
    made = table(caption, rows, data, note=w("nation_rising_note"), total_first=True, stacked=True)
    return NumberedTable(number, made)


def _years(page: Page) -> str:
    """The years of the months that trends are told from."""
    return page.words.years(int(page.nation.months(catalogue.TOTAL)["year"].min()), page.nation.period)


def _chances(page: Page, found: list[dict]) -> str:
    """How many comparisons the table holds, and how many chance would put on either side."""
    w, groups = page.words, found[1:]
    judged = sum(row["judged"] for row in groups)
    over = sum(row["municipalities_above_group"] for row in groups)
    parts = [w("nation_chance_places", all=w.number(judged), over=w.number(over), chance=page.chance(judged))]
    if page.nation.trend_rows:
        tried = sum(_counties(row) for row in groups)
        rising, falling = (sum(row[f"counties_{way}"] for row in groups) for way in SURE)
        told = {"rising": w.number(rising), "falling": w.number(falling)}
        parts.append(w("nation_chance_counties", all=w.number(tried), chance=page.chance(tried), **told))
    return " ".join(parts)


def _counties(row: dict) -> int:
    return row["counties_rising"] + row["counties_falling"] + row["counties_unsure"]


def _of(page: Page, part: int, whole: int) -> str:
    return page.words("nation_of", part=page.words.number(part), whole=page.words.number(whole))
