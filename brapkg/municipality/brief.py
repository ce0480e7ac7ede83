"""Head and summary: what the page is, and what someone reads who reads one page."""

from __future__ import annotations

from html import escape

from brapkg import catalogue, findings
from brapkg.blocks import Figure, Head, Points, Section, Text, table
from brapkg.figures import dots
from brapkg.keyfigures.rows import of_municipality
from brapkg.municipality.level import level_data
from brapkg.municipality.page import Page
from brapkg.sections.area import DIRECTION, HIGHER, LOWER
from brapkg.wording import GRADES, capital


def head(page: Page) -> Head:
    """Kind, title, lead and status of the page, and its key figures for programs."""
    w = page.words
    lead = w(_lead(page), years=page.together)
    status = w(f"status_{page.profile.status}", year=page.year)
    title = w("mun_title", name=page.name, year=page.year)
    return Head(w("mun_kind"), title, lead, status, w("meta"), w, of_municipality(page.municipality))


def _lead(page: Page) -> str:
    if page.pooled:
        return "mun_lead_together" if page.together else "mun_lead_pooled"
    return "mun_lead_first" if page.one_year else "mun_lead"


def brief(page: Page) -> Section:
    """Five sentences, each with its claim, and the overview of all offence groups."""
    w = page.words
    sentences = [_level(page), _group(page), _change(page), _stands_out(page), _reserve(page)]
    points = Points(sentences, css="points", note=w("brief_note"))
    return page.section("kort-sagt", "brief", points, _overview(page), css="summary")


def _level(page: Page) -> Text:
    w, total = page.words, page.profile.level_rows[catalogue.TOTAL]
    verdict = total["ratio_verdict"]
    claim = w(f"brief_level_{verdict}")
    if verdict == "few":
        return Text(w("mun_brief_few", name=page.short, cases=page.cases(catalogue.TOTAL)), claim)
    form = "mun_brief_level_pooled" if total["first_year"] < page.profile.period else "mun_brief_level"
    told = w(
        form,
        years=page.years_of(total),
        name=page.short,
        count=w.number(total["count"]),
        rate=w.number(total["value"]),
    )
    if verdict in HIGHER + LOWER:
        against = w(
            "brief_level_higher" if verdict in HIGHER else "brief_level_lower",
            distance=w.distance(total["ratio_value"]),
            range=w.deviation_range(total["ratio_lower"], total["ratio_upper"]),
        )
    else:
        against = w(
            "brief_level_near" if verdict == "level" else "brief_level_same",
            nation=w.number(total["nation"]),
            range=w.signed_range(total["ratio_lower"], total["ratio_upper"]),
        )
    return Text(f"{told} {against}", claim)


def _group(page: Page) -> Text:
    w, total = page.words, page.peers[catalogue.TOTAL]
    verdict = total["verdict"]
    parts = []
    if verdict != "few":
        direction = DIRECTION.get(verdict, "unclear")
        sure = direction in ("higher", "lower")
        limits = w.deviation_range if sure else w.signed_range
        told = w(
            f"mun_brief_group_told_{direction}",
            group=page.group,
            range=limits(total["lower"], total["upper"]),
            **({"distance": w.distance(total["value"])} if sure else {}),
        )
        parts.append(told)
    if page.over_peers:
        parts.append(w("mun_brief_group_over", names=page.offence_names(page.over_peers)))
    if page.under_peers:
        form = "mun_brief_group_also_under" if page.over_peers else "mun_brief_group_under"
        parts.append(w(form, names=page.offence_names(page.under_peers)))
    if not page.over_peers + page.under_peers:
        parts.append(w("mun_brief_group_none"))
    return Text(" ".join(parts), w(f"mun_brief_group_{verdict}"))


def _change(page: Page) -> Text:
    w, profile = page.words, page.profile
    if page.one_year or catalogue.TOTAL not in page.municipality.change_rows:
        return Text(w("brief_first_why", year=page.year), w("brief_first"))
    row, before = page.municipality.change_rows[catalogue.TOTAL], profile.period - 1
    direction = DIRECTION.get(row["verdict"], "unclear")
    if row["missing"]:
        told = w(
            "brief_change_few",
            before=before,
            year=page.year,
            count_before=page.count(row["count_before"]),
            count=page.count(row["count"]),
        )
    else:
        told = w(
            "brief_change_unsure" if direction == "unclear" else "brief_change",
            before=before,
            year=page.year,
            change=w.changed(row["value"], w("number_per_resident")),
            range=w.deviation_range(row["lower"], row["upper"]),
            nation=w.changed(row["nation_value"], w("it")),
        )
    claim = w(f"brief_change_{direction}")
    longer = _outside(page) if page.series is None else page.trend_words(catalogue.TOTAL, "brief_trend")
    return Text(f"{told} {longer}", claim)


def _outside(page: Page) -> str:
    """Which years lie outside the band of all years together."""
    w = page.words
    mine = page.yearly[page.yearly["offence"] == catalogue.TOTAL]
    above = [str(year) for year in mine.loc[mine["outside"] == "above", "year"]]
    below = [str(year) for year in mine.loc[mine["outside"] == "below", "year"]]
    form = {(1, 1): "both", (1, 0): "above", (0, 1): "below"}.get((bool(above), bool(below)), "none")
    years = {"above": w.listed(above), "below": w.listed(below), "years": page.years}
    told = w(f"mun_brief_years_{form}", **years)
    if form != "none" and page.broken:
        told += " " + w("mun_brief_break", year=page.broken[-1].year)
    return told


def _stands_out(page: Page) -> Text:
    w = page.words
    found = findings.standing_out(page.profile)
    well = findings.going_well(page.profile)
    parts = []
    if found:
        first = found[0]
        form = "follow" if first.single_year else "unsure" if first.certainty == GRADES[0] else "first"
        form = f"mun_brief_{form}"
        parts.append(w(form, year=page.year, certainty=w(f"certainty_{first.certainty}").lower()))
        if len(found) > 1:
            parts.append(w("mun_brief_then", names=page.offence_names([one.offence for one in found[1:]])))
        claim = capital(w(f"{form}_claim", offence=page.offence(first.offence, "lower")))
    else:
        parts.append(w("mun_brief_nothing_level" if page.one_year else "mun_brief_nothing"))
        claim = w("mun_brief_nothing_claim")
    if well:
        parts.append(w("mun_brief_well", names=page.offence_names(well)))
    return Text(" ".join(parts), claim)


def _reserve(page: Page) -> Text:
    w, parts = page.words, []
    if page.profile.status == "preliminary":
        parts.append(w("brief_reserve_preliminary", year=page.year))
    if page.pooled:
        form = "mun_brief_reserve_together" if page.together else "mun_brief_reserve_pooled"
        parts.append(w(form, years=page.together, n=page.most_years))
    if page.few:
        parts.append(w("mun_brief_reserve_few"))
    parts.append(w("mun_brief_reserve_place"))
    return Text(" ".join([*parts, w("brief_reserve_end")]), w("brief_reserve"))


def _overview(page: Page) -> Figure:
    """Every offence group against the nation; the total first, then by ratio, those too small last."""
    w, level, number = page.words, page.profile.level_rows, page.number("overview")
    total = page.row(level[catalogue.TOTAL], page.offence(catalogue.TOTAL), strong=True, prefix="ratio_")
    few = [id for id in page.few if id != catalogue.TOTAL]
    rows = [page.row(level[id], page.offence(id), prefix="ratio_") for id in [*page.judged, *few]]
    drawn = dots.ratios(
        [dots.Block([total]), dots.Block(rows)],
        w,
        name=f"figur-{number}",
        title=page.overview_title,
        description=f"{w('overview_alt', n=len(level))} {page.told_rows([total, *rows])}",
        one=w("nation"),
    )
    link = f' <a href="#tabell-1">{escape(w("numbers_in_table", n=1))}</a>'
    return Figure(
        number,
        page.overview_title,
        w("overview_sub", county=page.short, period=page.window(level)),
        drawn,
        w("overview_read"),
        page.source(),
        table("", [{"": ""}], level_data(page)),
        table_elsewhere=link,
    )
