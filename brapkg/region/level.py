"""Facts with map, and level: where the county stands."""

from __future__ import annotations

import pandas as pd

from brapkg import areas, catalogue
from brapkg.blocks import Callout, Facts, Figure, NumberedTable, Section, Text, table
from brapkg.figures import dots, maps
from brapkg.figures.places import PROBABLE
from brapkg.region.page import Page, level_data
from brapkg.sections.area import alphabetical, blocks_by_verdict, map_key
from brapkg.shown import records
from brapkg.wording import capital, swedish_order


def facts(page: Page) -> Section:
    """Four facts and the map of the municipalities."""
    w, county = page.words, page.county
    residents = county.residents
    last = max(year for year in residents.index if year <= county.period)
    first = max(page.county.first_year - 1, residents.index.min())
    total = county.level_rows[catalogue.TOTAL]
    region = areas.get(county.area.police_region).short
    preliminary = f", {w('prel')}" if county.status == "preliminary" else ""
    coverage = county.coverage
    known = (
        (w("fact_coverage_none"), "")
        if coverage is None
        else (w.percent(coverage["share"]), w("fact_coverage_note", year=coverage["year"]))
    )
    told = [
        (
            w("fact_residents", year=last),
            w.number(residents[last]),
            w("fact_residents_note", change=w.deviation(residents[last] / residents[first]), first=first),
        ),
        (w("fact_municipalities"), str(len(county.members)), w("fact_police", name=region)),
        (
            w("fact_offences", year=page.year),
            w.number(total["count"]),
            w("fact_offences_note", preliminary=preliminary),
        ),
        (w("fact_coverage"), *known),
    ]
    return page.section("lanet-i-korthet", "facts", Facts(told), _map(page))


def _map(page: Page) -> Figure:
    w, county, number = page.words, page.county, page.number("map")
    fifth, limits = maps.fifths(county.country["value"])
    codes = sorted(set(county.members) & set(fifth.index), key=lambda code: swedish_order(county.members[code]))
    values, firsts = county.country.loc[codes, "value"], county.country.loc[codes, "first_year"]
    pooled, years = page.pooling(firsts)
    places = {row["area"]: row for row in records(county.places(catalogue.TOTAL))}
    highest = [county.members[c] for c in codes if places[c]["highest_fifth"] >= PROBABLE]
    if len(codes) == 1:
        title = w("map_title_alone", names=county.members[codes[0]], **page.place(places[codes[0]]))
    else:
        form = {0: "none", 1: "one"}.get(len(highest), "some")
        title = w(f"map_title_{form}", names=w.names(highest))
    told = "; ".join(f"{county.members[c]} {w.number(values[c])}" for c in codes)
    form = "map_alt_one" if len(codes) == 1 else "map_alt"
    description = w(form, county=page.name, n=len(codes), values=told)
    drawn = maps.county(
        values, fifth[codes], county.members, w, name=f"figur-{number}", title=title, description=description
    )
    rows, data = _map_rows(page, codes, fifth, bool(pooled))
    return Figure(
        number,
        title,
        w(f"map_sub{pooled}", county=page.name, period=page.period, n=years),
        drawn,
        w("map_read"),
        page.source(w("source_borders")),
        table(
            w(f"map_table{pooled}", year=page.period),
            rows,
            data,
            text_columns=(*([w("col_years")] if pooled else []), w("col_group")),
        ),
        key=map_key(page.words, limits),
    )


def _map_rows(page: Page, codes: list[str], fifth: pd.Series, pooled: bool) -> tuple[list[dict], pd.DataFrame]:
    w = page.words
    county = page.county
    funnel = county.tables.rows("funnel", county=county.code, offence=catalogue.TOTAL, year=county.period)
    funnel, peers, places = (
        {row["area"]: row for row in records(table)}
        for table in (funnel, county.peers(catalogue.TOTAL), county.places(catalogue.TOTAL))
    )
    rows, data = [], []
    for code in codes:
        name, together = county.members[code], county.country.loc[code]
        count, rate, first = together["count"], together["value"], int(together["first_year"])
        residents = funnel[code]["population"]
        chance = places[code]["highest_fifth"]
        group = page.title_of_group(peers[code]["group"])
        rows.append(
            {
                w("col_municipality"): name,
                w("col_residents"): w.number(residents),
                **({w("col_years"): w.years(first, county.period)} if pooled else {}),
                w("col_count"): page.count(count),
                w("col_rate"): w.number(rate),
                w("col_fifth"): str(fifth[code] + 1),
                w("col_chance"): w.chance(chance),
                w("col_group"): group,
            }
        )
        data.append(
            {
                "area": code,
                "name": name,
                "first_year": first,
                "year": county.period,
                "population": residents,
                "count": count,
                "per_100000": rate,
                "fifth": fifth[code] + 1,
                "probability_highest_fifth": chance,
                "group": group,
            }
        )
    return rows, pd.DataFrame(data)


# --- level ---------------------------------------------------------------------------------------


def level(page: Page) -> Section:
    """Table 1, the coverage note, and the county among the counties."""
    w, rows = page.words, page.county.level_rows
    told = [f"{page.overview_title}."]
    sure = page.above + page.below
    if sure:
        largest = max(sure, key=lambda id: abs(rows[id]["ratio_value"] - 1))
        row = rows[largest]
        told.append(
            w(
                "level_largest",
                name=page.offence(largest, "lower"),
                deviation=w.compared(row["ratio_value"]),
                range=w.deviation_range(row["ratio_lower"], row["ratio_upper"]),
            )
        )
    text = Text(" ".join([*told, w("level_text")]))
    kind = Text(w("standardised_text", figure=page.number("standardised")))
    return page.section(
        "niva", "level", text, _level_table(page), _coverage(page), _counties(page), kind, _standardised(page)
    )


def _level_table(page: Page):
    w = page.words
    rows = []
    for id in [catalogue.TOTAL, *page.by_ratio]:
        row = page.county.level_rows[id]
        few = row["ratio_verdict"] == "few"
        rows.append(
            {
                w("col_offence"): page.offence(id, "name"),
                w("col_count"): page.count(row["count"]),
                w("col_rate"): "–" if few else w.number(row["value"]),
                w("col_range"): "–" if few else w.rate_range(row["lower"], row["upper"]),
                w("col_nation"): w.number(row["nation"]),
                w("col_difference_both"): "–"
                if few
                else (f"{w.deviation(row['ratio_value'])} ({w.signed_range(row['ratio_lower'], row['ratio_upper'])})"),
                w("col_verdict"): capital(w.verdict(row["ratio_verdict"])),
            }
        )
    made = table(
        w("level_table", county=page.name, period=page.period),
        rows,
        level_data(page),
        note=w("level_table_note"),
        text_columns=(w("col_difference_both"), w("col_verdict")),
        total_first=True,
        stacked=True,
    )
    return NumberedTable(1, made)


def _coverage(page: Page) -> Callout:
    w, own, region = page.words, page.county.coverage, page.county.region_coverage
    if own is None:
        text = w("coverage_unknown")
    else:
        form = "coverage_text_same" if own["year"] == page.county.period else "coverage_text"
        text = w(form, year=own["year"], share=w.hundredths(own["share"]), official=w.number(own["official"]))
    if region is not None:
        name = areas.get(page.county.area.police_region).short
        text += " " + w("coverage_region", name=name, share=w.hundredths(region["share"]), year=region["year"])
    return Callout(w("coverage_title"), text)


def _counties(page: Page) -> Figure:
    """The 21 counties against the nation, the own county in bold."""
    w, counties, number = page.words, page.county.counties, page.number("counties")
    parts = blocks_by_verdict(counties)
    headings = {"over": "over_nation", "unsure": "unsure_nation", "under": "under_nation"}
    blocks = [
        dots.Block(
            [page.row(row, row["name"], strong=row["area"] == page.county.code) for row in parts[which]],
            w(heading),
        )
        for which, heading in headings.items()
    ]
    title = _counties_title(page, parts)
    rows = [row for block in blocks for row in block.rows]
    drawn = dots.ratios(
        blocks,
        w,
        name=f"figur-{number}",
        title=title,
        one=w("nation"),
        description=f"{w('counties_alt')} {page.told_rows(rows)}",
    )
    ordered = alphabetical(counties)
    told = [
        {
            w("col_county"): row["name"],
            w("col_count"): w.number(row["count"]),
            w("col_difference"): w.deviation(row["value"]),
            w("col_difference_range"): w.signed_range(row["lower"], row["upper"]),
            w("col_verdict"): w.verdict(row["verdict"]),
        }
        for row in records(ordered)
    ]
    return Figure(
        number,
        title,
        w("counties_sub", period=page.period),
        drawn,
        w("counties_read", name=page.name, **page.place(page.county.place)),
        page.source(),
        table(w("counties_table", year=page.period), told, ordered, text_columns=(w("col_verdict"),)),
    )


def _counties_title(page: Page, parts: dict[str, list[dict]]) -> str:
    w = page.words
    if page.county.level_rows[catalogue.TOTAL]["ratio_verdict"] == "level":
        return w("counties_title_level", county=page.name)
    mine = next(which for which, part in parts.items() if any(row["area"] == page.county.code for row in part))
    form = {"over": "above", "under": "below"}.get(mine, "unclear")
    others = len(parts[mine]) - 1
    if others == 0:
        form += "_only"
    elif form != "unclear" and others == 1:
        form += "_one"
    number = others + 1 if form == "unclear" else others
    return w(f"counties_title_{form}", county=page.name, n=w.count_word(number))


def _standardised(page: Page) -> Figure:
    """Every offence group against municipalities of the same kind, beside the nation."""
    w, number = page.words, page.number("standardised")
    found = page.county.standardised.assign(raw=page.county.level["ratio_value"])
    rows = dict(zip(found.index, records(found), strict=True))
    total = page.row(rows[catalogue.TOTAL], page.offence(catalogue.TOTAL), strong=True)
    others = found.drop(catalogue.TOTAL).sort_values("value", ascending=False, kind="stable").index
    groups = [page.row(rows[id], page.offence(id)) for id in others]
    title = page.standardised_title
    description = f"{w('standardised_alt', n=len(rows))} {page.told_rows([total, *groups])}"
    drawn = dots.ratios(
        [dots.Block([total]), dots.Block(groups)],
        w,
        name=f"figur-{number}",
        title=title,
        description=description,
        one=w("expected_word"),
    )
    told = []
    for id in [catalogue.TOTAL, *others]:
        row, few = rows[id], rows[id]["verdict"] == "few"
        told.append(
            {
                w("col_offence"): page.offence(id, "name"),
                w("col_count"): page.count(row["count"]),
                w("col_expected"): w.number(row["expected"]),
                w("col_against_nation"): "–" if few else w.deviation(row["raw"]),
                w("col_against_kind"): "–"
                if few
                else f"{w.deviation(row['value'])} ({w.signed_range(row['lower'], row['upper'])})",
                w("col_verdict_kind"): w.verdict(row["verdict"]),
            }
        )
    data = found.rename(columns={"raw": "against_nation"}).reset_index()
    caption = w("standardised_table", period=page.period)
    return Figure(
        number,
        title,
        w("standardised_sub", county=page.name, period=page.period),
        drawn,
        w("standardised_read"),
        page.source(w("source_groups", edition=int(rows[catalogue.TOTAL]["edition"]))),
        table(caption, told, data, text_columns=(w("col_against_kind"), w("col_verdict_kind")), total_first=True),
    )
