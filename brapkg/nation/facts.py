"""Four facts and the map of all municipalities."""

from __future__ import annotations

from brapkg import areas, catalogue
from brapkg.blocks import Facts, Figure, Section, table
from brapkg.figures import country, maps
from brapkg.figures.places import PROBABLE
from brapkg.nation.page import Page
from brapkg.sections.area import alphabetical, map_key
from brapkg.shown import records
from brapkg.wording import swedish_order


def facts(page: Page) -> Section:
    """Four facts and the map."""
    w, nation = page.words, page.nation
    residents = nation.residents
    last = max(year for year in residents.index if year <= nation.period)
    first = max(nation.first_year - 1, residents.index.min())
    preliminary = f", {w('prel')}" if nation.status == "preliminary" else ""
    official, coverage = nation.official_rate, nation.coverage
    if official:
        offences = w.number(official["count"]), w("nation_fact_official", preliminary=preliminary)
        known = w.percent(coverage["share"]), w("nation_fact_coverage", count=w.number(coverage["count"]))
    else:
        count = nation.level_rows[catalogue.TOTAL]["count"]
        offences = w.number(count), w("fact_offences_note", preliminary=preliminary)
        known = w("fact_coverage_none"), ""
    told = [
        (
            w("fact_residents", year=last),
            w.number(residents[last]),
            w("fact_residents_note", change=w.deviation(residents[last] / residents[first]), first=first),
        ),
        (w("fact_municipalities"), w.number(len(nation.members)), w("nation_fact_parts")),
        (w("fact_offences", year=page.year), *offences),
        (w("nation_fact_known"), *known),
    ]
    return page.section("riket-i-korthet", "nation_facts", Facts(told), _map(page))


def _map(page: Page) -> Figure:
    w, nation, number = page.words, page.nation, page.number("map")
    values = nation.municipal.set_index("area")["value"]
    fifth, limits = maps.fifths(values)
    rates = nation.counties(catalogue.TOTAL).set_index("area")["rate"]
    texts = {code: (areas.get(code).short, w.number(rate)) for code, rate in rates.items()}
    probable = int((nation.municipal["highest_fifth"] >= PROBABLE).sum())
    title = w("nation_map_title", n=w.number(probable), all=w.number(len(values)))
    named = "; ".join(
        f"{name} {rate}" for name, rate in sorted(texts.values(), key=lambda pair: swedish_order(pair[0]))
    )
    drawn = country.country(
        fifth.reindex(values.index, fill_value=-1),
        texts,
        w,
        name=f"figur-{number}",
        title=title,
        description=w("nation_map_alt", n=len(values), values=named),
    )
    pooled, years = page.pooling(nation.municipal["first_year"])
    rows, data = _rows(page, fifth)
    return Figure(
        number,
        title,
        w(f"nation_map_sub{pooled}", period=page.period, n=years),
        drawn,
        w("nation_map_read"),
        page.source(w("source_borders")),
        table(
            w(f"map_table{pooled}", year=page.period),
            rows,
            data,
            text_columns=(w("col_county"), w("col_years"), w("col_group")),
        ),
        key=map_key(page.words, limits),
    )


def _rows(page: Page, fifth) -> tuple[list[dict], object]:
    w = page.words
    ordered = alphabetical(page.nation.municipal).assign(fifth=lambda t: t["area"].map(fifth) + 1)
    rows = [
        {
            w("col_municipality"): row["name"],
            w("col_county"): areas.get(row["area"][:2]).short,
            w("col_years"): w.years(int(row["first_year"]), page.nation.period),
            w("col_count"): page.count(row["count"]),
            w("nation_col_rate"): page.rate(row),
            w("col_fifth"): w.number(row["fifth"]),
            w("col_chance"): w.chance(row["highest_fifth"]),
            w("col_group"): page.title_of_group(row["group"]),
        }
        for row in records(
            ordered.assign(rate=ordered["value"], rate_lower=ordered["lower"], rate_upper=ordered["upper"])
        )
    ]
    renamed = {
        "population": "person_years",
        "value": "per_100000",
        "highest_fifth": "probability_highest_fifth",
    }
    kept = ["area", "name", "first_year", "year", "count", "lower", "upper", "fifth", "group"]
    return rows, ordered[[*kept, *renamed]].rename(columns=renamed)
