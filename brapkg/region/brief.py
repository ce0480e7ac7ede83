"""Head and summary: what the page is, and what someone reads who reads one page."""

from __future__ import annotations

from html import escape

from brapkg import areas, catalogue
from brapkg.blocks import Figure, Head, Points, Section, Text, table
from brapkg.figures import dots
from brapkg.keyfigures.rows import of_county
from brapkg.region.page import Page, level_data
from brapkg.sections.area import DIRECTION, HIGHER, LOWER, blocks_by_verdict
from brapkg.settings import settings


def head(page: Page) -> Head:
    """Kind, title, lead and status of the page, and its key figures for programs."""
    w, members = page.words, len(page.county.members)
    lead = w("lead_one") if members == 1 else w("lead", n=members)
    status = w(f"status_{page.county.status}", year=page.year)
    title = w("title", county=page.name, year=page.year)
    return Head(w("kind"), title, lead, status, w("meta"), w, of_county(page.county))


def brief(page: Page) -> Section:
    """Five sentences, each with its claim, and the overview of all offence groups."""
    w = page.words
    sentences = [_level(page), _change(page), _groups(page), _places(page), _reserve(page)]
    points = Points(sentences, css="points", note=w("brief_note"))
    return page.section("kort-sagt", "brief", points, _overview(page), css="summary")


def _level(page: Page) -> Text:
    w, total = page.words, page.county.level_rows[catalogue.TOTAL]
    verdict = total["ratio_verdict"]
    told = w(
        "brief_level", year=page.year, county=page.name, count=w.number(total["count"]), rate=w.number(total["value"])
    )
    if verdict in HIGHER + LOWER:
        name = "brief_level_higher" if verdict in HIGHER else "brief_level_lower"
        against = w(
            name,
            distance=w.distance(total["ratio_value"]),
            range=w.deviation_range(total["ratio_lower"], total["ratio_upper"]),
        )
    else:
        name = "brief_level_near" if verdict == "level" else "brief_level_same"
        against = w(
            name, nation=w.number(total["nation"]), range=w.signed_range(total["ratio_lower"], total["ratio_upper"])
        )
    return Text(f"{told} {against}", w(f"brief_level_{verdict}"))


def _change(page: Page) -> Text:
    w, change = page.words, page.county.change_rows
    if catalogue.TOTAL not in change:
        return Text(w("brief_first_why", year=page.year), w("brief_first"))
    row = change[catalogue.TOTAL]
    before = page.county.period - 1
    if row["missing"]:
        told = w(
            "brief_change_few",
            before=before,
            year=page.year,
            count_before=w.number(row["count_before"]),
            count=w.number(row["count"]),
        )
    else:
        unsure = row["lower"] < 1 < row["upper"]
        told = w(
            "brief_change_unsure" if unsure else "brief_change",
            before=before,
            year=page.year,
            change=w.changed(row["value"], w("number_per_resident")),
            range=w.deviation_range(row["lower"], row["upper"]),
            nation=w.changed(row["nation_value"], w("it")),
        )
    claim = w(f"brief_change_{DIRECTION.get(row['verdict'], 'unclear')}")
    return Text(f"{told} {page.trend_words(catalogue.TOTAL, 'brief_trend')}", claim)


def _groups(page: Page) -> Text:
    w = page.words
    parts = []
    if page.above:
        parts.append(w("brief_groups_higher", names=page.offence_names(page.above)))
    if page.below:
        form = "brief_groups_also_lower" if page.above else "brief_groups_lower"
        parts.append(w(form, names=page.offence_names(page.below)))
    if not parts:
        parts.append(w("brief_groups_none"))
    elif len(page.above) + len(page.below) < len(page.county.level) - 1:
        parts.append(w("brief_groups_rest"))
    parts.append(f"{page.standardised_title}.")
    return Text(" ".join(parts), f"{page.overview_title}.")


def _places(page: Page) -> Text:
    w = page.words
    peers = page.county.peers(catalogue.TOTAL)
    if len(peers) == 1:
        only = peers.iloc[0]
        group = areas.get(only["group"])
        form = "differs" if only["verdict"] in HIGHER + LOWER else "same"
        told = w(
            f"brief_places_alone_{form}",
            group=group.short if page.language == "sv" else group.name_en.lower(),
            verdict=w.verdict(only["verdict"]),
            deviation=w.deviation(only["value"]),
            range=w.signed_range(only["lower"], only["upper"]),
        )
        return Text(told, w("brief_places_one"))
    blocks = blocks_by_verdict(peers)
    parts = []
    if blocks["over"]:
        parts.append(w("brief_places_over", names=w.names(row["name"] for row in blocks["over"])))
    if blocks["under"]:
        form = "brief_places_under" if parts else "brief_places_only_under"
        parts.append(w(form, names=w.names(row["name"] for row in blocks["under"])))
    if not parts:
        return Text(w("brief_places_none", n=w.count_word(len(peers))), w("brief_places_same"))
    rest = len(blocks["unsure"]) + len(blocks["few"])
    if rest:
        some, every = w.count_words(rest, len(peers))
        parts.append(w("brief_places_rest", n=some, all=every))
    if (peers["first_year"] < page.county.period).any():
        parts.append(w("brief_places_pooled", n=w.count_word(settings().small.most_years)))
    return Text(" ".join(parts), w("brief_places"))


def _reserve(page: Page) -> Text:
    w, coverage = page.words, page.county.coverage
    parts = []
    if page.county.status == "preliminary":
        parts.append(w("brief_reserve_preliminary", year=page.year))
    if coverage is None:
        parts.append(w("brief_reserve_no_coverage"))
    else:
        parts.append(w("brief_reserve_coverage", share=w.hundredths(coverage["share"]), year=coverage["year"]))
    return Text(" ".join([*parts, w("brief_reserve_end")]), w("brief_reserve"))


def _overview(page: Page) -> Figure:
    """Every offence group against the nation; the total first, then by ratio."""
    w, level, number = page.words, page.county.level_rows, page.number("overview")
    total = page.row(level[catalogue.TOTAL], page.offence(catalogue.TOTAL), strong=True, prefix="ratio_")
    rows = [page.row(level[id], page.offence(id), prefix="ratio_") for id in page.by_ratio]
    description = f"{w('overview_alt', n=len(level))} {page.told_rows([total, *rows])}"
    drawn = dots.ratios(
        [dots.Block([total]), dots.Block(rows)],
        w,
        name=f"figur-{number}",
        title=page.overview_title,
        description=description,
        one=w("nation"),
    )
    data = level_data(page)
    link = f' <a href="#tabell-1">{escape(w("numbers_in_table", n=1))}</a>'
    return Figure(
        number,
        page.overview_title,
        w("overview_sub", county=page.name, period=page.period),
        drawn,
        w("overview_read"),
        page.source(),
        table("", [{"": ""}], data),
        table_elsewhere=link,
    )
