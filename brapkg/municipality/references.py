"""Against every reference at once, and the municipality together with its neighbours."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from brapkg import areas, catalogue
from brapkg.blocks import Figure, NumberedTable, Part, Text, table
from brapkg.figures import dots
from brapkg.municipality.page import MOST_NAMES, Page
from brapkg.profile import FUNNEL_OFFENCE
from brapkg.sections.area import HIGHER
from brapkg.shown import records
from brapkg.wording import capital


def figure(page: Page) -> Figure | None:
    """All offences and violence against every reference."""
    w = page.words
    if "references" in page.refused():
        return None
    blocks = {offence: _reference_rows(page, offence) for offence in (catalogue.TOTAL, FUNNEL_OFFENCE)}
    blocks = {offence: rows for offence, rows in blocks.items() if rows}
    told = [f"{page.offence(offence)}: {page.told_rows(rows)}" for offence, rows in blocks.items()]
    number = page.number("references")
    title = _references_title(page)
    drawn = dots.ratios(
        [dots.Block(rows, page.offence(offence)) for offence, rows in blocks.items()],
        w,
        name=f"figur-{number}",
        title=title,
        one=w("mun_even"),
        description=" ".join([w("mun_references_alt"), *told]),
    )
    offences = w.listed([page.offence(id) if id == catalogue.TOTAL else page.offence(id, "lower") for id in blocks])
    reading = w("mun_references_read")
    return Figure(
        number,
        title,
        w("mun_references_sub", offences=offences, name=page.short, window=page.window(blocks)),
        drawn,
        reading if page.plain else f"{reading} {w('mun_references_smoothed')}",
        page.source(w("mun_source_similar")),
        _figure_table(page, blocks),
    )


def _figure_table(page: Page, offences: Iterable[str]):
    w = page.words
    rows = [
        {
            w("mun_col_reference"): w(f"mun_reference_{name}_short"),
            w("col_offence"): page.offence(id),
            w("col_years"): page.years_of(rows[id]),
            w("col_difference"): w.deviation(rows[id]["value"]),
            w("col_range"): w.signed_range(rows[id]["lower"], rows[id]["upper"]),
            w("mun_col_judged"): w.verdict(rows[id]["verdict"]),
        }
        for id in offences
        for name, rows in page.against.items()
        if id in rows
    ]
    data = pd.concat([_reference_data(page, name) for name in page.against], ignore_index=True)
    columns = (w("col_offence"), w("col_years"), w("mun_col_judged"))
    return table(w("mun_references_table", name=page.short), rows, data, text_columns=columns)


def _reference_rows(page: Page, offence: str) -> list[dots.Row]:
    """The lines of one offence, a reference each."""
    return [
        page.row(rows[offence], page.words(f"mun_reference_{name}_short"))
        for name, rows in page.against.items()
        if offence in rows
    ]


def _reference_data(page: Page, name: str) -> pd.DataFrame:
    rows = page.against[name]
    keep = ("first_year", "count", "expected", "value", "lower", "upper", "verdict")
    return pd.DataFrame(
        [{"reference": name, "offence": id} | {key: row[key] for key in keep} for id, row in rows.items()]
    )


def _references_title(page: Page) -> str:
    """What all comparisons of all offences say together."""
    w = page.words
    rows = [found[catalogue.TOTAL] for found in page.against.values() if catalogue.TOTAL in found]
    verdicts = [row["verdict"] for row in rows]
    over = sum(verdict.endswith("higher") for verdict in verdicts)
    under = sum(verdict.endswith("lower") for verdict in verdicts)
    if over and under:
        return w("mun_references_title_mixed", name=page.short)
    if not over + under:
        return w("mun_references_title_none", name=page.short)
    form = "over" if over else "under"
    if over + under == len(verdicts):
        return w(f"mun_references_title_{form}_all", name=page.short)
    some, every = w.count_words(over + under, len(verdicts))
    return w(f"mun_references_title_{form}", name=page.short, n=some, all=every)


def against(page: Page) -> NumberedTable | None:
    """Table 3: every offence group that can be judged, against every reference but the SKR group, which has a figure."""
    w = page.words
    found = {name: rows for name, rows in page.against.items() if rows and name != "group"}
    ids = [id for id in page.profile.level_rows if any(id in rows for rows in found.values())]
    if not ids:
        return None
    cells = []
    for id in ids:
        row = {w("col_offence"): page.offence(id, "short")}
        for name, rows in found.items():
            row[w(f"mun_reference_{name}_short")] = _told(page, rows.get(id))
        cells.append(row)
    told = sum(id in rows for id in ids for rows in found.values())
    made = table(
        w(
            "mun_against_table" if page.municipality.neighbours else "mun_against_table_island",
            n=3,
            name=page.short,
            period=page.window(ids),
        ),
        cells,
        pd.concat([_reference_data(page, name) for name in found], ignore_index=True),
        note=w("mun_against_note", n=w.number(told), chance=page.chance(told, sides=2)),
        text_columns=tuple(cells[0])[1:],
        total_first=ids[0] == catalogue.TOTAL,
        stacked=True,
    )
    return NumberedTable(3, made)


def _told(page: Page, row: dict | None) -> str:
    w = page.words
    if row is None:
        return w.verdict("few")
    star = "*" if row["verdict"] in dots.SURE else ""
    return f"{w.deviation(row['value'])}{star} ({w.signed_range(row['lower'], row['upper'])})"


def joint(page: Page) -> Part | None:
    """The municipality and its neighbours together against their SKR groups."""
    w, here = page.words, page.municipality
    if not here.neighbours:
        return None
    joint = dict(zip(here.joint.index, records(here.joint), strict=True))
    told = {id: row for id, row in joint.items() if row["verdict"] != "few" and not row["missing"]}
    if not told:
        return None
    cells = [
        {
            w("col_offence"): page.offence(id, "name"),
            w("col_years"): page.years_of(row),
            w("col_count"): page.count(row["count"]),
            w("col_expected"): w.number(row["expected"]),
            w("mun_col_against_kind"): f"{w.deviation(row['value'])} ({w.signed_range(row['lower'], row['upper'])})",
            w("mun_col_judged"): capital(w.verdict(row["verdict"])),
        }
        for id, row in told.items()
    ]
    every = w.count_word(len(here.neighbours) + 1)
    made = table(
        w("mun_joint_table", n=4, all=every, period=page.period),
        cells,
        here.joint.reset_index(),
        note=w("mun_joint_note"),
        text_columns=(w("col_years"), w("mun_col_against_kind"), w("mun_col_judged")),
        total_first=catalogue.TOTAL in told,
        stacked=True,
    )
    names = w.names([m.short for m in here.neighbours], most=MOST_NAMES)
    text = w("mun_joint_text", name=page.short, names=names, all=every)
    text += _largest(page)
    if page.small:
        text += " " + w("mun_joint_small")
    over = [id for id, row in told.items() if row["verdict"] in HIGHER]
    names = [w("mun_joint_all") if id == catalogue.TOTAL else page.offence(id, "lower") for id in over]
    found = w("mun_joint_over", names=w.listed(names)) if over else w("mun_joint_none")
    text += " " + found
    return Part(w("mun_joint"), [Text(text), NumberedTable(4, made)])


def _largest(page: Page) -> str:
    """Which of the municipality and its neighbours weighs most, since a large one can decide for all."""
    here = page.municipality
    residents = here.funnel(FUNNEL_OFFENCE).set_index("area")["population"]
    share = residents.reindex([here.code, *(one.code for one in here.neighbours)])
    if share.isna().any():
        return ""
    share = share / share.sum()
    name = areas.get(share.idxmax()).short
    return " " + page.words("mun_joint_largest", name=name, share=page.words.hundredths(share.max()))
