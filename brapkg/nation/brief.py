"""Head and summary: what the page is, and what someone reads who reads one page."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from brapkg import areas, catalogue, structure
from brapkg.blocks import Callout, Figure, Head, Points, Section, Text, table
from brapkg.figures import lines
from brapkg.keyfigures.rows import of_nation
from brapkg.nation.page import Page, sides
from brapkg.sections.area import DIRECTION
from brapkg.wording import capital

# So many counties are named in a sentence; more are counted.
NAMED = 3


def head(page: Page) -> Head:
    """Kind, title, lead and status of the page, and its key figures for programs."""
    w = page.words
    status = w(f"status_{page.nation.status}", year=page.year)
    title = w("nation_title", year=page.year)
    return Head(w("nation_kind"), title, w("nation_lead"), status, w("meta"), w, of_nation(page.nation))


def brief(page: Page) -> Section:
    """Five sentences, each with its claim, and the change of every offence group."""
    sentences = [_level(page), _rising(page), _widespread(page), _counties(page), _reserve(page)]
    points = Points(sentences, css="points", note=page.words("brief_note"))
    figure = _overview(page) if page.nation.trend_rows else _no_trend(page)
    return page.section("kort-sagt", "brief", points, figure, css="summary")


def _level(page: Page) -> Text:
    """The official total where there is one, and its change; else the municipalities' sum."""
    w, nation = page.words, page.nation
    if official := nation.official_rate:
        told, change = official, nation.official_change
        text = "nation_brief_official"
    else:
        told, change = nation.level_rows[catalogue.TOTAL], nation.change_rows.get(catalogue.TOTAL)
        text = "nation_brief_sum"
    parts = [w(text, year=page.year, count=w.number(told["count"]), rate=w.number(told["value"]))]
    if change is None:
        return Text(" ".join([*parts, w("nation_brief_first_why", year=page.year)]), w("nation_brief_first"))
    parts.append(
        w(
            "nation_brief_change",
            before=nation.period - 1,
            year=page.year,
            change=w.changed(change["value"], w("number_per_resident")),
            range=w.deviation_range(change["lower"], change["upper"]),
        )
    )
    return Text(" ".join(parts), w(f"brief_change_{DIRECTION.get(change['verdict'], 'unclear')}"))


def _rising(page: Page) -> Text:
    w = page.words
    if not page.nation.trend_rows:
        return Text(w("nation_rising_short_why"), w("nation_rising_short"))
    rising, falling = page.going("rising"), page.going("falling")
    parts = []
    if rising:
        parts.append(w("nation_rising_up", names=page.offence_names(rising)))
    if falling:
        parts.append(w("nation_rising_down", names=page.offence_names(falling)))
    rest = len(page.offences) - len(rising) - len(falling)
    if rest:
        some, every = w.count_words(rest, len(page.offences))
        parts.append(w("nation_rising_rest", n=some, all=every))
    return Text(" ".join(parts), f"{_rising_title(page)}.")


def _rising_title(page: Page) -> str:
    """ "Två av nio brottsgrupper ökar, tre minskar"."""
    w = page.words
    up, down = len(page.going("rising")), len(page.going("falling"))
    form = {(True, True): "both", (True, False): "up", (False, True): "down"}.get((up > 0, down > 0), "none")
    some, less, every = w.count_words(up, down, len(page.offences))
    return capital(w(f"nation_rising_title_{form}", up=some, down=less, all=every))


def _widespread(page: Page) -> Text:
    w, nation = page.words, page.nation
    peers = nation.peers(catalogue.TOTAL)
    judged = peers[peers["verdict"] != "few"]
    over, under = (len(part) for part in sides(judged))
    by_group = [len(sides(nation.peers(id))[0]) for id in page.offences]
    claim = "nation_places_unsure" if over + under < len(judged) / 2 else "nation_places_differ"
    parts = [
        w("nation_places", over=w.number(over), under=w.number(under), all=w.number(len(judged))),
        w("nation_places_chance", chance=page.chance(len(judged))),
        w("nation_places_groups", low=w.number(min(by_group)), high=w.number(max(by_group))),
    ]
    return Text(" ".join(parts), w(claim))


def _counties(page: Page) -> Text:
    w = page.words
    table = page.nation.counties(catalogue.TOTAL)
    over, under = sides(table)
    if not len(over) and not len(under):
        return Text(w("nation_counties_none_why", all=w.number(len(table))), w("nation_counties_none"))
    parts = []
    for name, part in (("over", over), ("under", under)):
        if len(part) > NAMED:
            some, every = w.count_words(len(part), len(table))
            parts.append(w(f"nation_counties_{name}_many", n=some, all=every))
        elif len(part):
            parts.append(w(f"nation_counties_{name}", names=w.names(_full(page, part))))
    more, fewer = (len(part) for part in sides(table, "kind_verdict"))
    more_told, fewer_told = w.count_words(more, fewer)
    parts.append(w("nation_counties_kind", over=more_told, under=fewer_told))
    return Text(" ".join(capital(part) for part in parts), w("nation_counties_differ"))


def _full(page: Page, part: pd.DataFrame) -> list[str]:
    return [areas.get(code).label(page.language) for code in part["area"]]


def _reserve(page: Page) -> Text:
    w, coverage = page.words, page.nation.coverage
    parts = []
    if page.nation.status == "preliminary":
        parts.append(w("brief_reserve_preliminary", year=page.year))
    if coverage is None:
        parts.append(w("nation_reserve_no_coverage"))
    else:
        parts.append(w("nation_reserve_coverage", share=w.hundredths(coverage["share"])))
    parts.append(w("brief_reserve_end"))
    return Text(" ".join([*parts, _structure(page)]), w("brief_reserve"))


def _structure(page: Page) -> str:
    """For how many municipalities it is known what they have done of what the law asks."""
    known = len(structure.read().entries)
    told = {"n": page.words.number(known)} if known else {}
    form = "some" if known else "none"
    return page.words(f"nation_reserve_structure_{form}", all=len(page.nation.members), **told)


def _no_trend(page: Page) -> Callout:
    return Callout(page.words("nation_no_trend"), page.words("nation_no_trend_why", year=page.year))


def _overview(page: Page) -> Figure:
    """Every offence group over the years, with the trend a year."""
    w, nation, number = page.words, page.nation, page.number("overview")
    panels, told, rows, data = [], [], [], []
    for id in page.offences:
        trend = page.main_trend(id)
        change = page.ratio(trend) if trend else w.verdict("few")
        panels.append(lines.Panel(page.offence(id), nation.rolling(id), None, change, page.direction(id)))
        told.append(f"{page.offence(id)} {change}, {page.direction(id)}")
        cells, values = _overview_row(page, id)
        rows.append(cells)
        data += values
    title = _overview_title(page)
    months = nation.months(catalogue.TOTAL)
    first = int(months["year"].min())
    drawn = lines.multiples(
        panels,
        first=str(first),
        last=page.year,
        name=f"figur-{number}",
        title=title,
        description=w("nation_overview_alt", n=len(panels), values="; ".join(told)),
        breaks=[at - 11 for at, _ in nation.breaks if at > 11],
    )
    return Figure(
        number,
        title,
        w("nation_overview_sub", years=w.years(first, nation.period)),
        drawn,
        w("nation_overview_read" if nation.breaks else "nation_overview_read_smooth"),
        page.source(),
        table(w("nation_overview_table"), rows, pd.DataFrame(data), note=w("nation_overview_note")),
    )


def _overview_title(page: Page) -> str:
    rising, falling = page.going("rising"), page.going("falling")
    form = {(1, 1): "rise_fall", (1, 0): "rise", (0, 1): "fall"}.get((bool(rising), bool(falling)), "none")
    told = {"rising": page.offence_names(rising), "falling": page.offence_names(falling)}
    return capital(page.words(f"groups_title_{form}", **told))


def _overview_row(page: Page, offence: str) -> tuple[dict, list[dict]]:
    """A line of the table behind the figure, and the trends as data."""
    w, nation = page.words, page.nation
    level, change = nation.level_rows[offence], nation.change_rows.get(offence)
    cells = {
        w("col_offence"): page.offence(offence, "name"),
        w("col_count"): page.count(level["count"]),
        w("col_rate"): w.number(level["value"]),
    }
    if change:
        heading = w("col_change", before=nation.period - 1, year=page.year)
        cells[heading] = page.ratio(change)
    for model, heading in (("step", "col_trend"), ("smooth", "col_trend_smooth")):
        if row := nation.trend_rows.get(offence, {}).get(model):
            cells[w(heading)] = page.ratio(row)
    cells[w("nation_col_way")] = page.direction(offence)
    return cells, [row | {"offence": offence} for row in nation.trend_rows.get(offence, {}).values()]


def counted(ways: list[str]) -> tuple[int, int, int]:
    """How many rise, how many fall, and for how many it cannot be told."""
    found = Counter(ways)
    return found["rising"], found["falling"], len(ways) - found["rising"] - found["falling"]
