"""Development: yearly counts with the band of chance, the months, and what change could be seen."""

from __future__ import annotations

import math

import pandas as pd

from brapkg import catalogue, priorities
from brapkg.blocks import Callout, Figure, NumberedTable, Part, Section, Text, table
from brapkg.figures import years
from brapkg.municipality import months
from brapkg.municipality.page import Page
from brapkg.wording import capital


def development(page: Page) -> Section:
    """The section: breaks, yearly counts, months or why there are none, the smallest change that shows."""
    breaks = [Callout(known.text("title", page.language), known.text("text", page.language)) for known in page.broken]
    return page.section(
        "utveckling-over-tid",
        "mun_development",
        *breaks,
        _years(page),
        *months.months(page),
        *months.when(page),
        _visible(page),
    )


def _years(page: Page) -> Figure | Callout:
    """Yearly counts of every group with the band of chance."""
    w, yearly = page.words, page.yearly
    if page.one_year:
        return Callout(w("mun_years_refused"), w("mun_years_refused_why", year=page.year))
    number = page.number("years")
    order = list(page.profile.level_rows)
    known = sorted(yearly["year"].unique().tolist())
    parts = {id: yearly[yearly["offence"] == id].set_index("year").reindex(known) for id in order}
    panels = [
        years.Panel(
            page.offence(id),
            part["shown"].tolist(),
            part["lower"].tolist(),
            part["upper"].tolist(),
            part["outside"].fillna("").tolist(),
        )
        for id, part in parts.items()
    ]
    judged = yearly[yearly["lower"].notna()]
    outside = int((judged["outside"] != "").sum())
    inside, every = w.number(len(judged) - outside), w.number(len(judged))
    title = w("mun_years_title_all" if outside == 0 else "mun_years_title", n=inside, all=every)
    told = "; ".join(f"{page.offence(id)} {_counts(page, part)}" for id, part in parts.items())
    drawn = years.counts(
        [panel for panel in panels if not all(map(math.isnan, panel.counts))],
        known,
        w,
        name=f"figur-{number}",
        title=title,
        description=w("mun_years_alt", n=len(panels), years=page.years, values=told),
    )
    reading = w("mun_years_read", all=every, chance=_by_chance(page, judged))
    if page.small:
        reading += " " + w("mun_years_read_small")
    return Figure(
        number,
        title,
        w("mun_years_sub", name=page.short, years=page.years, preliminary=page.preliminary_note),
        drawn,
        reading,
        page.source(),
        _year_table(page, parts),
    )


def _by_chance(page: Page, judged: pd.DataFrame) -> str:
    """How many of the values chance alone puts outside."""
    chance = round(judged["chance"].sum(), 1)
    return page.words.number(chance, 0 if chance >= 3 or chance == round(chance) else 1)


def _counts(page: Page, part: pd.DataFrame) -> str:
    return ", ".join(page.count(value) for value in part["shown"])


def _year_table(page: Page, parts: dict[str, pd.DataFrame]):
    w, rows, changes = page.words, [], page.municipality.change_rows
    heading = w("col_change", before=page.profile.period - 1, year=page.year)
    for id, part in parts.items():
        last = part.iloc[-1]
        cells = {w("col_offence"): page.offence(id, "name")}
        cells |= {str(year): page.count(value) for year, value in part["shown"].items()}
        # A band rests on all years: where one is kept back there is none.
        band = w("withheld") if pd.isna(last["lower"]) else w.rate_range(last["lower"], last["upper"])
        cells[w("mun_col_band", year=page.year)] = band
        if id in changes:
            cells[heading] = _change(page, changes[id])
        rows.append(cells)
    data = page.yearly[["offence", "year", "shown", "expected", "lower", "upper", "outside"]]
    return table(
        w("mun_years_table", name=page.short),
        rows,
        data.rename(columns={"shown": "count"}),
        note=w("groups_table_note"),
        total_first=True,
    )


def _change(page: Page, row: dict) -> str:
    w = page.words
    if pd.isna(row["count"]) and pd.isna(row["count_before"]):
        return w("withheld")
    if row["missing"] or pd.isna(row["value"]):
        return w("counts_instead", before=page.count(row["count_before"]), after=page.count(row["count"]))
    return f"{w.deviation(row['value'])} ({w.signed_range(row['lower'], row['upper'])})"


# --- what could be seen --------------------------------------------------------------------------


def _visible(page: Page) -> Part | None:
    """The smallest fall that would be told apart from chance, by the years that are followed."""
    w = page.words
    ids = [id for id in page.profile.level_rows if id == catalogue.TOTAL or id not in page.few]
    falls = {id: told for id, told in priorities.smallest_falls(page.profile, ids).items() if None not in told.values()}
    if not falls:
        return None
    rows = [
        {w("col_offence"): page.offence(id)}
        | {_after(page, after): _smallest(page, share) for after, share in told.items()}
        for id, told in falls.items()
    ]
    data = pd.DataFrame(
        [
            {"offence": id, "years_after": after, "smallest_fall": share}
            for id, told in falls.items()
            for after, share in told.items()
        ]
    )
    made = table(
        w("mun_visible_table", n=2),
        rows,
        data,
        note=f"{w('mun_visible_note')} {w('mun_visible_none')}"
        if data["smallest_fall"].isna().any()
        else w("mun_visible_note"),
        total_first=next(iter(falls)) == catalogue.TOTAL,
    )
    return Part(w("mun_visible"), [Text(w("mun_visible_text")), NumberedTable(2, made)])


def _after(page: Page, years: int) -> str:
    w = page.words
    return w("mun_col_after_one") if years == 1 else w("mun_col_after", n=capital(w.count_word(years)))


def _smallest(page: Page, share: float) -> str:
    """A smallest fall rounded up; no number where more than half would have to go."""
    w = page.words
    if math.isnan(share):
        return w("mun_no_fall")
    return w("mun_over_half") if share > priorities.HALF else w.percent(math.ceil(100 * share - 1e-9) / 100)
