"""Read what people filled in: rows without a fault, and every fault told by its cell."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from brapkg.sheets.cells import Column, empty, shown, value
from brapkg.sheets.grids import LARGEST, Grid, grid_of, heading, key, names

__all__ = ["LARGEST", "Row", "read"]


@dataclass(frozen=True)
class Row:
    """One row without a fault.

    Attributes
    ----------
    line : int, the sheet's row, or the line that the row begins on in a csv
    values : by column id: text, code of an area, value of a choice, date or number; None where empty
    """

    line: int
    values: Mapping[str, str | date | float | None]
    _places: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    _row: str = field(default="", repr=False, compare=False)

    def cell(self, id: str) -> str:
        """Where the value of a column stands: "structure.xlsx, sheet Struktur, cell C5"."""
        return self._places.get(id, self._row)


def read(path: Path, columns: Sequence[Column], *, sheet: str = "") -> tuple[list[Row], list[str]]:
    """Read the rows of a spreadsheet; nothing is raised for what people wrote.

    Headings are the columns' ids or their Swedish or English headings, in any order, within the first
    20 rows. Of a workbook the sheet named is read where it is there, else the first visible one
    with headings that are known. Rows that a filter hides are read, empty ones are passed over.
    Dates: 2025-03-01, 20250301, 1 mars 2025, Excel's own; a month alone (2025-03, mars 2025) is its first day.

    Parameters
    ----------
    path : Path of an .xlsx or .csv (UTF-8 with or without mark, UTF-16, Windows 1252; ``;``, ``,`` or tab)
    columns : what may stand in it
    sheet : str, the sheet's name

    Returns
    -------
    rows : list of Row
        Those without a fault.
    problems : list of str
        Every fault with its cell, what was found, what is allowed and the remedy.
    """
    try:
        grid = grid_of(Path(path), columns, sheet)
    except ValueError as error:
        return [], [str(error)]
    return _rows(grid, columns)


# --- headings and rows ---------------------------------------------------------------------------


def _rows(grid: Grid, columns: Sequence[Column]) -> tuple[list[Row], list[str]]:
    line = heading(grid, columns)
    if line is None:
        found = ", ".join(str(cell) for cell in next(iter(grid.cells.values()), []) if not empty(cell))
        told = ", ".join(column.sv for column in columns)
        return [], [*grid.problems, f"{grid.name}: no known headings; found {found[:80]!r}. There should be: {told}."]
    positions, wrong = _positions(grid, line, columns)
    lost = _merged_lines(grid, line, positions.values(), wrong)
    problems = [*grid.problems, *wrong]
    if any(column.required and column.id not in positions for column in columns):
        return [], problems
    rows = []
    for at, cells in grid.cells.items():
        if at <= line or at in lost:
            continue
        if _words(cells) == _words(grid.cells[line]):
            problems.append(f"{grid.row(at)}: the headings stand here again; remove the row.")
            continue
        row, faults = _row(grid, at, cells, columns, positions, len(grid.cells[line]))
        problems += faults
        if row:
            rows.append(row)
    return rows, problems


def _words(cells: Sequence[object]) -> list[str]:
    return [told for cell in cells if (told := key(cell))]


def _positions(grid: Grid, line: int, columns: Sequence[Column]) -> tuple[dict[str, int], list[str]]:
    """Where each column stands, and what is wrong with the headings."""
    known, found, problems = names(columns), {}, []
    for position, cell in enumerate(grid.cells[line]):
        if (told := key(cell)) in known:
            found.setdefault(known[told], []).append(position)
        elif not empty(cell):
            near = difflib.get_close_matches(told, known, n=1, cutoff=0.7)
            remedy = f"Did you mean {near[0]!r}?" if near else "Remove it, or use a heading of the template."
            place = grid.cell(line, position)
            problems.append(f"{place}: found {shown(cell)}; no column is called so. {remedy}")
    for column in columns:
        at = found.get(column.id, [])
        if len(at) > 1:
            cells = " and ".join(grid.cell(line, position).rsplit(", ", 1)[1] for position in at)
            problems.append(f"{grid.row(line)}: {column.sv!r} stands {len(at)} times ({cells}), not read. Keep one.")
        elif not at:
            lost = "no row can be read without it" if column.required else "it counts as empty"
            problems.append(f"{grid.row(line)}: lacks the column {column.sv!r} ({column.id}); {lost}. Add the heading.")
    return {id: at[0] for id, at in found.items() if len(at) == 1}, problems


def _merged_lines(grid: Grid, line: int, positions: Iterable[int], problems: list[str]) -> set[int]:
    """Lines that a merged cell covers, each range told once."""
    lost: set[int] = set()
    for name, lines, across in grid.merged:
        if lines[-1] >= line and any(position in across for position in positions):
            lost |= set(lines)
            problems.append(
                f"{grid.name}, sheet {grid.sheet}, cells {name}: are merged, and their rows are not read. "
                "Split the cells and fill in each of them."
            )
    return lost


def _row(
    grid: Grid, line: int, cells: list, columns: Sequence[Column], positions: Mapping[str, int], width: int
) -> tuple[Row | None, list[str]]:
    """The row where it is without fault; (None, []) where no column of it is filled in."""
    given = {id: cells[at] if at < len(cells) else None for id, at in positions.items()}
    loose = [at for at in range(width, len(cells)) if not empty(cells[at])]
    if loose and not grid.sheet:  # the cells of this row are shifted
        return None, [
            f"{grid.row(line)}: found {len(cells)} cells under {width} headings. "
            "Put a cell that holds the separator in quotes."
        ]
    if all(empty(cell) for cell in given.values()):
        return None, []
    values, problems = {}, []
    for column in columns:
        cell = given.get(column.id)
        try:
            values[column.id] = value(column, cell)
        except ValueError as error:
            place = grid.cell(line, positions[column.id], column.id)
            named = f" ({column.sv})" if grid.sheet else ""
            end = "" if str(error).endswith("?") else "."
            problems.append(f"{place}{named}: found {shown(cell)}; {error}{end}")
    if problems:
        return None, problems
    places = {id: grid.cell(line, at, id) for id, at in positions.items()}
    return Row(line, values, places, grid.row(line)), []
