"""Facts with map, and level: how much is reported, with as many years together as it takes."""

from __future__ import annotations

import pandas as pd

from brapkg import areas, catalogue
from brapkg.blocks import Callout, Facts, Figure, Listing, NumberedTable, Section, Text, table
from brapkg.figures import maps
from brapkg.municipality.page import Page
from brapkg.profile import FUNNEL_OFFENCE, latest_period
from brapkg.sections.area import map_key
from brapkg.wording import capital, swedish_order


def facts(page: Page) -> Section:
    """Four facts and the map of the county with the municipality marked."""
    w, here = page.words, page.municipality
    residents = here.residents
    last = max(year for year in residents.index if year <= here.period)
    first = max(here.first_year - 1, residents.index.min())
    others = len(here.group_members) - 1
    told = [
        (
            w("fact_residents", year=last),
            w.number(residents[last]),
            _size(page, last, w.deviation(residents[last] / residents[first]), first),
        ),
        _per_year(page, catalogue.TOTAL, "mun_fact_offences"),
        _per_year(page, FUNNEL_OFFENCE, "mun_fact_violence"),
        (w("mun_fact_group"), w("mun_fact_group_n", n=w.number(others)), page.group),
    ]
    return page.section("kommunen-i-korthet", "mun_facts", Facts(told), _map(page))


def _size(page: Page, last: int, change: str, first: int) -> str:
    """The place by residents among the country's municipalities, and the change."""
    w, here = page.words, page.municipality
    everyone = here.tables.built_rows("population", year=last)
    everyone = everyone.loc[everyone["area"].str.len() == 4, "residents"]
    larger, all = int((everyone > here.residents[last]).sum()), len(everyone)
    form = {0: "mun_fact_largest", all - 1: "mun_fact_smallest"}.get(larger, "mun_fact_size")
    told = w(form, place=w.number(larger + 1), all=w.number(all))
    return f"{told}; {w('fact_residents_note', change=change, first=first)}"


def _per_year(page: Page, offence: str, heading: str) -> tuple[str, str, str]:
    """The mean count of the years that are added together."""
    w, row = page.words, page.profile.level_rows[offence]
    years = page.profile.period - int(row["first_year"]) + 1
    told = page.years_of(row)
    if years == 1:
        return w(f"{heading}_one"), page.count(row["count"]), w("mun_fact_year", period=page.period)
    mean = row["count"] / years
    number = w("withheld") if pd.isna(mean) else w.number(mean, 0 if mean >= 20 else 1)
    return w(heading), number, w("mun_fact_mean", years=told)


def _map(page: Page) -> Figure:
    w, here, number = page.words, page.municipality, page.number("map")
    rates, firsts = here.country["value"], here.country["first_year"]
    fifth, limits = maps.fifths(rates)
    members = {m.code: m.short for m in areas.municipalities(here.area.county) if m.code in fifth.index}
    codes = sorted(members, key=lambda code: swedish_order(members[code]))
    place = here.place(catalogue.TOTAL)
    title = _map_title(page, place)
    pooled, years = page.pooling(firsts[codes])
    told = "; ".join(f"{members[code]} {w.number(rates[code])}" for code in codes)
    description = w(
        "map_alt_one" if page.is_county else "mun_map_alt",
        county=page.county_name,
        name=page.short,
        n=len(codes),
        values=told,
    )
    drawn = maps.county(
        rates[codes],
        fifth[codes],
        members,
        w,
        name=f"figur-{number}",
        title=title,
        description=description,
        own=here.code,
    )
    rows = [
        {
            w("col_municipality"): members[code],
            **({w("col_years"): w.years(int(firsts[code]), here.period)} if pooled else {}),
            w("col_rate"): w.number(rates[code]),
            w("col_fifth"): str(fifth[code] + 1),
        }
        for code in codes
    ]
    data = pd.DataFrame(
        {
            "area": codes,
            "first_year": firsts[codes].to_numpy(),
            "per_100000": rates[codes].to_numpy(),
            "fifth": fifth[codes].to_numpy() + 1,
        }
    )
    return Figure(
        number,
        title,
        w(f"map_sub{pooled}", county=page.county_name, period=page.period, n=years),
        drawn,
        _map_reading(page, place, firsts[here.code] < here.period),
        page.source(w("source_borders")),
        table(
            w(f"map_table{pooled}", year=page.year),
            rows,
            data,
            text_columns=(w("col_years"),) if pooled else (),
        ),
        key=map_key(page.words, limits),
    )


def _map_reading(page: Page, place: pd.Series, pooled: bool) -> str:
    """How to read the map, and of which years it is."""
    w, span = page.words, page.place(place)
    places = w("mun_place" if span["low"] == span["high"] else "mun_places", low=span["low"], high=span["high"])
    told = [w("mun_map_read", name=page.short, places=places, n=span["n"])]
    if pooled:
        told.append(w("mun_map_read_pooled", years=page.years_of(page.profile.level_rows[catalogue.TOTAL])))
    return " ".join([*told, w("mun_map_read_end")])


def _map_title(page: Page, place: pd.Series) -> str:
    """The fifth where the whole span of places lies in the outermost, else the span."""
    form = "mun_map_title"
    if place["lower"] > 0.8 * place["members"]:
        form += "_highest"
    elif place["upper"] <= 0.2 * place["members"]:
        form += "_lowest"
    years = page.words.years(int(place["first_year"]), page.profile.period)
    return page.words(form, name=page.short, year=years, **page.place(place))


def level(page: Page) -> Section:
    """Table 1, what is too little to compare in words, and what the figures do not hold."""
    w = page.words
    texts = [w("level_text")]
    if page.pooled:
        form = "mun_level_together" if page.together else "mun_level_pooled"
        texts.append(w(form, name=page.short, n=page.most_years))
    return page.section(
        "niva", "mun_level", Text(" ".join(texts)), _table(page), _few(page), _coverage(page), _newer(page)
    )


def level_data(page: Page) -> pd.DataFrame:
    """The bare values of the level table, for the CSV."""
    rows = page.profile.level_rows
    data = pd.DataFrame(list(rows.values()), index=list(rows))
    names = [page.offence(id, "name") for id in rows]
    return data.assign(offence=names, year=page.profile.period)


def _table(page: Page) -> NumberedTable | None:
    """Table 1: every offence group that can be compared."""
    w, level = page.words, page.profile.level_rows
    ids = [id for id in [catalogue.TOTAL, *page.judged] if id not in page.few]
    if not ids:
        return None
    rows = []
    for id in ids:
        row = level[id]
        cells = {w("col_offence"): page.offence(id, "name")}
        if page.pooled and not page.together:
            cells[w("col_years")] = page.years_of(row)
        cells |= {
            w("col_count"): page.count(row["count"]),
            w("mun_col_rate"): f"{w.number(row['value'])} ({w.rate_range(row['lower'], row['upper'])})",
            w("col_nation"): w.number(row["nation"]),
            w("col_difference_both"): (
                f"{w.deviation(row['ratio_value'])} ({w.signed_range(row['ratio_lower'], row['ratio_upper'])})"
            ),
            w("col_verdict"): capital(w.verdict(row["ratio_verdict"])),
        }
        rows.append(cells)
    made = table(
        w("mun_level_table", name=page.short, period=page.window(ids)),
        rows,
        level_data(page),
        note=w("mun_level_note_pooled" if page.pooled else "level_table_note"),
        text_columns=(w("col_years"), w("col_difference_both"), w("col_verdict")),
        total_first=ids[0] == catalogue.TOTAL,
        stacked=True,
    )
    return NumberedTable(1, made)


def _few(page: Page) -> Listing | None:
    """The groups that hold too little, with their counts in words."""
    if not page.few:
        return None
    w = page.words
    items = []
    for id in page.few:
        told = {"offence": page.offence(id, "name"), "cases": page.cases(id)}
        every = page.yearly.loc[page.yearly["offence"] == id, "shown"]
        # Where the years that were added together are not all there are, all of them tell more.
        if page.profile.level_rows[id]["first_year"] > page.profile.first_year and every.notna().all():
            items.append(w("mun_few_item_more", **told, all=w.number(every.sum()), years=page.years))
        else:
            items.append(w("mun_few_item", **told))
    return Listing(w("mun_few"), items, w("mun_few_note"))


def _coverage(page: Page) -> Callout:
    w, own = page.words, page.municipality.coverage
    if own is None:
        return Callout(w("mun_coverage_title"), w("mun_coverage_unknown"))
    form = "mun_coverage_county" if page.is_county else "mun_coverage"
    told = w(form, year=own["year"], share=w.hundredths(own["share"]), county=page.county_name)
    return Callout(w("mun_coverage_title"), told)


def _newer(page: Page) -> Text | None:
    """A later year's rate, which is published without counts."""
    w, newer = page.words, page.municipality.newer
    if newer is None:
        return None
    # Half of a handful says nothing.
    within = "" if page.plain else w.rate_range(newer["similar_low"], newer["similar_high"])
    told = w(
        "mun_newer",
        last=latest_period(),
        year=newer["year"],
        rate=w.number(newer["rate"]),
        range=w.rate_range(newer["lower"], newer["upper"]),
        similar=f" {w('mun_newer_similar', range=within)}" if within else "",
    )
    return Text(told, w("mun_newer_lead", year=newer["year"]))
