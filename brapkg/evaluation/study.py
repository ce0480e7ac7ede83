"""The test of the method: false alarms where nothing was done, naive beside calibrated, as table and figure."""

from __future__ import annotations

import pandas as pd

from brapkg.blocks import Callout, Figure, NumberedTable, Part, Table, Text, table
from brapkg.effects import null
from brapkg.effects.estimators import DESIGNS, LOCAL
from brapkg.effects.verdict import SCALE
from brapkg.evaluation.page import Page
from brapkg.figures import placebo
from brapkg.shown import records

PERCENT = {"naive": "naive_alarms", "calibrated": "calibrated", "cover_25": "cover_25", "power_fall": "power_fall"}


def parts(page: Page) -> list:
    """The study's text, figure and table; why not, where the study is missing."""
    rows = page.study
    if rows.empty:
        return [Callout(page("study_missing"), page("study_missing_why"))]
    numbers = rows.select_dtypes("number")
    # -1 stands for a figure that no made-up measure has.
    rows = rows.assign(**numbers.mask(numbers < 0))
    whole = rows[rows["offence"] == null.ALL]
    most = page.words.number(whole.groupby("design")["placebos"].sum().max())
    inside = [
        Text(page("study_text", n=most)),
        _figure(page, whole),
        NumberedTable(page.table_number("study"), _table(page, whole, page.size)),
    ]
    return [Part(page("study"), inside)]


def verdicts(page: Page) -> list:
    """How often the rule gives each verdict on measures like this one; nothing where it is not known."""
    w, rows = page.words, page.verdicts
    if rows.empty:
        return []
    laid = {row["laid"]: row for row in records(rows)}
    falls = {
        name: w.number(laid[fall]["clear_fall"] + laid[fall]["probable_fall"])
        for name, fall in (("some", 25), ("most", 50))
    }
    cells = [
        {page("col_verdict"): page(f"verdict_{word}")}
        | {page(f"col_laid_{fall}"): w.percent(row[word] / 100) for fall, row in laid.items()}
        for word in SCALE
    ]
    number, size = page.table_number("verdicts"), page(f"size_{page.size}")
    told = page("verdicts_table", n=number, size=size, placebos=w.number(laid[0]["placebos"]))
    made = table(told, cells, rows, note=page("verdicts_note"), stacked=True)
    text = " ".join(
        [page.wrong_verdicts, page("verdicts_seen", **falls), page("verdicts_trends", n=w.number(laid[0]["trends"]))]
    )
    return [Part(page("verdicts"), [Text(text), NumberedTable(number, made)])]


def _name(page: Page, design: str) -> str:
    return page(f"design_{design}")


def _by_size(rows: pd.DataFrame) -> list[tuple[str, list[dict]]]:
    order = [*DESIGNS, LOCAL]
    blocks = []
    for size in null.SIZES:
        mine = sorted(records(rows[rows["size"] == size]), key=lambda row: order.index(row["design"]))
        if mine:
            blocks.append((size, mine))
    return blocks


def _figure(page: Page, rows: pd.DataFrame) -> Figure:
    w, number = page.words, page.number("study")
    blocks = [
        (
            page(f"size_{size}").capitalize(),
            [placebo.Alarms(_name(page, row["design"]), row["naive"] / 100, row["calibrated"] / 100) for row in mine],
        )
        for size, mine in _by_size(rows)
    ]
    low, high = rows["naive"].min(), rows["naive"].max()
    title = page(
        "study_title",
        low=w.number(low),
        high=w.number(high),
        least=w.number(rows["calibrated"].min()),
        most=w.number(rows["calibrated"].max()),
    )
    spoken = "; ".join(
        f"{heading}, {row.label}: {w.percent(row.naive)}, {w.percent(row.calibrated)}"
        for heading, part in blocks
        for row in part
    )
    drawn = placebo.alarms(blocks, w, name=f"figur-{number}", title=title, description=page("study_alt", rows=spoken))
    return Figure(number, title, page("study_sub"), drawn, page("study_read"), page("study_source"), _table(page, rows))


def _table(page: Page, rows: pd.DataFrame, size: str = "") -> Table:
    """The study by design: of one size class, or of all."""
    w, cells = page.words, []
    rows = rows[rows["size"] == size] if size else rows
    for own, mine in _by_size(rows):
        for row in mine:
            told = {page("col_design"): _name(page, row["design"])}
            told |= {} if size else {page("col_size"): page(f"class_{own}")}
            told[page("col_placebos")] = w.number(row["placebos"])
            told |= {page(f"col_{text}"): w.percent(row[name] / 100) for name, text in PERCENT.items()}
            told[page("col_usable")] = page(f"usable_{row['usable']}")
            cells.append(told)
    texts = (page("col_size"), page("col_usable"))
    if not size:
        return table(page("study_table_all"), cells, rows, note=page("study_note"), text_columns=texts)
    caption = page("study_table", n=page.table_number("study"), size=page(f"size_{size}"))
    return table(caption, cells, rows, note=page("study_note"), text_columns=texts, stacked=True)
