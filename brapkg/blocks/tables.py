"""Tables of finished texts, with their data as CSV for a Swedish spreadsheet."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from brapkg.blocks.prose import markdown
from brapkg.wording import Words


@dataclass(frozen=True)
class Table:
    """A table of finished texts.

    ``frame`` holds what is shown, ``data`` the bare values for the CSV (same rows, full precision).
    The first column heads its row; columns in ``words`` are text, all others numbers.
    """

    caption: str
    frame: pd.DataFrame
    data: pd.DataFrame
    note: str = ""
    text_columns: Sequence[str] = ()
    total_first: bool = False
    stacked: bool = False

    def html(self, words: Words) -> str:
        roles = self.stacked
        kind = {c: "" if c in self.text_columns else ' class="n"' for c in self.frame.columns[1:]}
        heads = [f'<th scope="col"{_role("columnheader", roles)}>{escape(self.frame.columns[0])}</th>']
        heads += [f'<th scope="col"{kind[c]}{_role("columnheader", roles)}>{escape(c)}</th>' for c in kind]
        rows = []
        for number, row in enumerate(self.frame.to_numpy().tolist()):
            css = ' class="total"' if self.total_first and number == 0 else ""
            cells = [f'<th scope="row"{_role("rowheader", roles)}>{escape(row[0])}</th>']
            for column, value in zip(kind, row[1:], strict=True):
                told = f' data-label="{escape(column)}"' if roles else ""
                cells.append(f"<td{kind[column]}{told}{_role('cell', roles)}>{escape(value)}</td>")
            rows.append(f"<tr{css}{_role('row', roles)}>{''.join(cells)}</tr>")
        note = f"<span>{escape(self.note)}</span>" if self.note else ""
        group = _role("rowgroup", roles)
        css = ' class="stack"' if roles else ""
        label = escape(f"{words('table')}: {self.caption}")
        return (
            f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">'
            f"<table{css}{_role('table', roles)}><caption><b>{escape(self.caption)}</b>{note}</caption>"
            f"<thead{group}><tr{_role('row', roles)}>{''.join(heads)}</tr></thead>"
            f"<tbody{group}>{''.join(rows)}</tbody></table></div>"
        )

    def lab(self, words: Words) -> list[dict]:
        shown = self.frame.set_index(self.frame.columns[0])
        return [markdown(f"**{self.caption}**"), {"text/html": shown.to_html(), "text/plain": str(shown)}]

    def csv_link(self, name: str, label: str, words: Words) -> str:
        """A link that holds the data as CSV for a Swedish spreadsheet: semicolons, BOM, and in Swedish decimal comma."""
        text = _csv(self.data, "," if words.language == "sv" else ".")
        content = base64.b64encode(b"\xef\xbb\xbf" + text.encode()).decode()
        return (
            f'<p class="csv"><a href="data:text/csv;charset=utf-8;base64,{content}" '
            f'download="{name}.csv">{escape(label)}</a></p>'
        )


def table(caption: str, rows: list[dict], data: pd.DataFrame, **options) -> Table:
    """A table of finished texts from one dict per row."""
    return Table(caption, pd.DataFrame(rows, dtype=object), data, **options)


@dataclass(frozen=True)
class NumberedTable:
    """A table of its own, with a number that other places link to, and its data as CSV."""

    number: int
    table: Table

    def html(self, words: Words) -> str:
        id = f"tabell-{self.number}"
        link = self.table.csv_link(id, words("download_table", n=self.number), words)
        return f'<div id="{id}">{self.table.html(words)}{link}</div>'

    def lab(self, words: Words) -> list[dict]:
        return self.table.lab(words)


def _csv(data: pd.DataFrame, point: str) -> str:
    """The table as pandas would write it, at half the cost: a page holds fourteen."""
    told = io.StringIO()
    write = csv.writer(told, delimiter=";", lineterminator="\r\n")
    write.writerow(data.columns)
    write.writerows(zip(*(_cells(data[column], point) for column in data), strict=True))
    return told.getvalue()


def _cells(column: pd.Series, point: str) -> list:
    if column.dtype.kind == "f":
        return ["" if value != value else f"{value:.10g}".replace(".", point) for value in column.tolist()]
    return ["" if value is None or value != value else value for value in column.tolist()]


def _role(role: str, wanted: bool) -> str:
    return f' role="{role}"' if wanted else ""
