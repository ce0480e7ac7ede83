"""From a file to one sheet as it stands: .xlsx or .csv, which its content says and not its name."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from brapkg.sheets.cells import Column, Refused, empty

# The largest file that is read, also when its content is unpacked, and how far a sheet may reach.
LARGEST = 20_000_000
MOST_ROWS, MOST_COLUMNS = 20_000, 500
# Rows from the top that may hold the headings: people write titles above them.
TOP = 20
SEPARATORS = ";,\t"
OLE, ENCRYPTED = b"\xd0\xcf\x11\xe0", "EncryptedPackage".encode("utf-16-le")
SAVE = "Save it as .xlsx or as CSV UTF-8 from the spreadsheet"


@dataclass
class Grid:
    """One sheet as it stands. ``cells``: values by line and position (0 = first column)."""

    name: str
    sheet: str
    cells: dict[int, list[object]] = field(default_factory=dict)
    merged: list[tuple[str, range, range]] = field(default_factory=list)  # range, lines, positions
    problems: list[str] = field(default_factory=list)

    def row(self, line: int) -> str:
        return f"{self.name}, sheet {self.sheet}, row {line}" if self.sheet else f"{self.name}, line {line}"

    def cell(self, line: int, position: int, id: str = "") -> str:
        if self.sheet:
            return f"{self.name}, sheet {self.sheet}, cell {_letters(position)}{line}"
        return f"{self.name}, line {line}, column {id or position + 1}"


def grid_of(path: Path, columns: Sequence[Column], sheet: str) -> Grid:
    """The sheet to be read. Raises ``ValueError`` where there is none."""
    name = path.name
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        raise ValueError(
            f"{name}: cannot be read ({error.strerror}). Check that {path} is there, and its rights."
        ) from None
    if size > LARGEST:
        raise ValueError(f"{name}: is {size} bytes; at most {LARGEST} are read. Is it the right file?")
    if content.startswith(OLE):
        locked = "is protected by a password; take it away" if ENCRYPTED in content else "is an old Excel file or none"
        raise ValueError(f"{name}: {locked}. {SAVE}.")
    if content.startswith(b"PK"):
        return _workbook_grid(name, content, columns, sheet)
    return _csv_grid(name, content, columns)


# --- csv -----------------------------------------------------------------------------------------


def _csv_grid(name: str, content: bytes, columns: Sequence[Column]) -> Grid:
    text = _text(name, content)
    if not text.strip():
        raise ValueError(f"{name}: is empty. Copy the headings from the template.")
    # The separator is the one that gives most headings: texts may hold more commas than a row has cells.
    return max((_parted(name, text, separator) for separator in SEPARATORS), key=lambda grid: known(grid, columns))


def _parted(name: str, text: str, separator: str) -> Grid:
    hint = text[:4].casefold() == "sep="  # Excel's own first line
    grid = Grid(name, "")
    reader, begin = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return grid
        except csv.Error as error:
            grid.problems.append(
                f"{grid.row(begin)}: a cell's quotes do not match ({error}). Rows from here on are not read; "
                "double each quote inside a cell, or take the quotes away."
            )
            return grid
        if any(cell.strip() for cell in row) and not (hint and begin == 1):
            grid.cells[begin] = list(row)
        begin = reader.line_num + 1


def _text(name: str, content: bytes) -> str:
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = "\0" if wide else content.decode("cp1252", errors="replace")
    if "\0" in text or content.startswith((b"%PDF", b"{\\rtf", b"\x89PNG")):
        raise ValueError(f"{name}: is no spreadsheet. {SAVE}.")
    return text


# --- workbooks -----------------------------------------------------------------------------------


def _workbook_grid(name: str, content: bytes, columns: Sequence[Column], sheet: str) -> Grid:
    values, formulas = _books(name, content)
    grids = {one.title: _sheet_grid(name, one, formulas[one.title]) for one in values.worksheets}
    fit = {title: known(grid, columns) for title, grid in grids.items()}
    hidden = [one.title for one in values.worksheets if one.sheet_state != "visible"]
    named = [title for title in grids if sheet and title.casefold() == sheet.casefold()]
    best = max((title for title in grids if title not in hidden), key=fit.get, default="")
    chosen = named[0] if named else best
    if chosen in hidden or (not fit.get(best) and any(fit[title] for title in hidden)):
        told = chosen if chosen in hidden else next(title for title in hidden if fit[title])
        raise ValueError(f"{name}, sheet {told}: is hidden, and is not read. Show the sheet in the spreadsheet.")
    if not fit.get(chosen):
        told = ", ".join(title for title in grids if title not in hidden) or "none that can be seen"
        raise ValueError(
            f"{name}: no sheet has known headings; found the sheets {told}. "
            f"There should be: {', '.join(column.sv for column in columns)}."
        )
    grid = grids[chosen]
    grid.problems += [
        f"{name}, sheet {title}: has as many of the headings as sheet {chosen}, and is not read. Keep one sheet."
        for title in grids
        if title != chosen and fit[title] >= max(fit[chosen], 2)
    ]
    return grid


def _books(name: str, content: bytes) -> tuple:
    """The workbook with its values, and with its formulas."""
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            size = sum(part.file_size for part in parts.infolist())
            kinds = set(parts.namelist())
        if size > LARGEST:
            raise ValueError(f"{name}: is {size} bytes unpacked; at most {LARGEST} are read. Is it the right file?")
        if "xl/workbook.xml" not in kinds:
            raise ValueError(f"{name}: is no Excel workbook. {SAVE}.")
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        raise ValueError(f"{name}: is damaged and cannot be opened. {SAVE}.") from None
    try:
        return tuple(openpyxl.load_workbook(io.BytesIO(content), data_only=values) for values in (True, False))
    except Exception as error:  # openpyxl lets out whatever a damaged part makes it meet
        raise ValueError(f"{name}: cannot be read as a workbook ({type(error).__name__}). {SAVE}.") from None


def _sheet_grid(name: str, values, formulas) -> Grid:
    grid = Grid(name, values.title)
    if values.max_row > MOST_ROWS or values.max_column > MOST_COLUMNS:
        last = f"{_letters(values.max_column - 1)}{values.max_row}"
        grid.problems.append(
            f"{name}, sheet {values.title}: reaches to cell {last}; only the first {MOST_ROWS} rows and "
            f"{MOST_COLUMNS} columns are read. Remove what stands outside."
        )
    # The cells that there are, in order: openpyxl's own ways make every cell up to the furthest.
    for (line, position), cell in sorted(values._cells.items()):
        if line > MOST_ROWS or position > MOST_COLUMNS:
            continue
        value = _value(cell, formulas._cells[line, position])
        if not empty(value):
            row = grid.cells.setdefault(line, [])
            row += [None] * (position - 1 - len(row)) + [value]
    for span in values.merged_cells.ranges:
        area = range(span.min_row, span.max_row + 1), range(span.min_col - 1, span.max_col)
        grid.merged.append((span.coord, *area))
    return grid


def _value(told, made) -> object:
    """A cell's value; a formula without a stored result stands as itself, and is refused later."""
    if told.data_type == "e":
        return Refused(str(told.value), "is an error of the spreadsheet; type the value itself")
    if made.data_type == "f" and told.value is None:
        text = made.value if isinstance(made.value, str) else "=…"
        return Refused(text, "is a formula whose result is not stored; type the value itself")
    return told.value


def _letters(position: int) -> str:
    text, number = "", position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


# --- headings ------------------------------------------------------------------------------------


def key(value: object) -> str:
    """A heading without case and doubled spaces."""
    return " ".join(value.split()).casefold() if isinstance(value, str) else ""


def names(columns: Sequence[Column]) -> dict[str, str]:
    """The column's id by every heading that means it."""
    return {key(name): column.id for column in reversed(columns) for name in (column.en, column.sv, column.id)}


def known(grid: Grid, columns: Sequence[Column], line: int | None = None) -> int:
    """How many columns a line, or the sheet's best line, has headings of."""
    if line is None:
        best = heading(grid, columns)
        return 0 if best is None else known(grid, columns, best)
    told = names(columns)
    return len({told[key(cell)] for cell in grid.cells[line] if key(cell) in told})


def heading(grid: Grid, columns: Sequence[Column]) -> int | None:
    """The line, of the first, that holds most of the headings; None where none holds any."""
    best = max(list(grid.cells)[:TOP], key=lambda line: (known(grid, columns, line), -line), default=None)
    return best if best is not None and known(grid, columns, best) else None
