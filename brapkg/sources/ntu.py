"""Brå's National Crime Survey (NTU): the yearly workbook of results by county.

Layout, a sheet for each question (``R4.1`` …): row 3 holds the years from column C; column A the
section ("Samtliga 16–84 år", "Män", "Kvinnor"), which may stand on its first row only; column B
"Hela landet" or a county ("Dalarnas län"). After the last year two columns hold the limits of the
latest year's 95 per cent interval. ``..`` and ``.`` are missing. Only the section of all is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from zipfile import BadZipFile

import pandas as pd

from brapkg import areas
from brapkg.errors import DataError

COLUMNS = ["area", "question", "year", "value", "lower", "upper"]
YEAR_ROW, FIRST_COLUMN = 3, 3
ALL, NATION = "samtliga", "hela landet"
MISSING = ("", "..", ".")
_REMEDY = "Download the workbook again from Brå and put it there unchanged."


def read(paths: Iterable[Path], sheets: Mapping[str, str]) -> pd.DataFrame:
    """Read the workbooks of one or more years.

    Parameters
    ----------
    paths : paths of .xlsx files
    sheets : the id of the question by the name of its sheet, as ``{"R4.1": "ntu-unsafe"}``

    Returns
    -------
    DataFrame
        ``area`` (00 or county), ``question``, ``year``, ``value`` (per cent), ``lower``, ``upper``
        (95 per cent; NaN but for the latest year of each workbook); sorted, without missing values.

    Raises
    ------
    DataError
        With every fault, by file, sheet and cell; and where two workbooks contradict each other.
    """
    problems: list[str] = []
    rows = [row for path in sorted(paths) for row in _workbook(path, sheets, problems)]
    kept: dict[tuple, dict] = {}
    for row in rows:
        key = (row["area"], row["question"], row["year"])
        known = kept.setdefault(key, row)
        if known["value"] != row["value"]:
            problems.append(
                f"{row['place']}: {row['value']} per cent, but {known['place']} says {known['value']}. "
                "Keep the newest workbook and move the other away."
            )
        elif known["lower"] is None:
            kept[key] = row
    if problems:
        raise DataError(problems)
    table = pd.DataFrame([{name: row[name] for name in COLUMNS} for row in kept.values()], columns=COLUMNS)
    table = table.astype({"year": "int64", "value": float, "lower": float, "upper": float})
    return table.sort_values(COLUMNS[:3], ignore_index=True)


def _workbook(path: Path, sheets: Mapping[str, str], problems: list[str]) -> list[dict]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except (OSError, BadZipFile, KeyError, ValueError, openpyxl.utils.exceptions.InvalidFileException) as error:
        problems.append(f"{path}: cannot be read as a workbook ({error}). {_REMEDY}")
        return []
    found = [name for name in sheets if name in book.sheetnames]
    if not found:
        problems.append(f"{path}: has none of the sheets {', '.join(sheets)}. {_REMEDY}")
    rows = []
    for name in found:
        rows += _sheet(f"{path}, sheet {name}", book[name], sheets[name], problems)
    book.close()
    return rows


def _sheet(place: str, sheet, question: str, problems: list[str]) -> list[dict]:
    years = _years(sheet)
    if not years or years != list(range(years[0], years[0] + len(years))):
        problems.append(f"{place}, row {YEAR_ROW}: found {years or 'no year'}; years in order from column C. {_REMEDY}")
        return []
    rows, section, before = [], "", len(problems)
    for line in range(YEAR_ROW + 1, sheet.max_row + 1):
        section = _text(sheet.cell(line, 1).value) or section
        name = _text(sheet.cell(line, 2).value)
        if name and section.startswith(ALL):
            rows += _line(place, sheet, line, years, name, question, problems)
    if not rows and len(problems) == before:
        problems.append(f'{place}: no county under "Samtliga" in columns A and B. {_REMEDY}')
    if rows and max(row["value"] for row in rows) <= 1:
        problems.append(f"{place}: no value above 1, but per cent is expected. {_REMEDY}")
    twice = pd.Series([(row["area"], row["year"]) for row in rows], dtype=object).duplicated()
    if twice.any():
        problems.append(f'{place}: an area stands twice under "Samtliga". {_REMEDY}')
    return rows


def _years(sheet) -> list[int]:
    years = []
    for column in range(FIRST_COLUMN, sheet.max_column + 1):
        text = str(sheet.cell(YEAR_ROW, column).value or "").strip()
        if not (text.isdigit() and len(text) == 4):
            break
        years.append(int(text))
    return years


def _line(place: str, sheet, line: int, years: list[int], name: str, question: str, problems: list[str]) -> list[dict]:
    area = _area(name)
    if area is None:
        problems.append(f'{place}, cell B{line}: "{name}" is neither Hela landet nor a county. {_REMEDY}')
        return []
    cells = [sheet.cell(line, FIRST_COLUMN + offset) for offset in range(len(years) + 2)]
    values = [_percent(place, cell, problems) for cell in cells]
    rows = []
    for cell, year, value in zip(cells, years, values, strict=False):
        if value is not None:
            told = {"area": area, "question": question, "year": year, "value": value, "lower": None, "upper": None}
            rows.append(told | {"place": f"{place}, cell {cell.coordinate}"})
    lower, upper = values[-2:]
    if values[len(years) - 1] is not None and None not in (lower, upper):
        if not lower <= values[len(years) - 1] <= upper:
            problems.append(
                f"{place}, cell {cells[-2].coordinate}: the limits {lower} and {upper} do not hold "
                f"the value {values[len(years) - 1]}. {_REMEDY}"
            )
        rows[-1] |= {"lower": lower, "upper": upper}
    return rows


def _percent(place: str, cell, problems: list[str]) -> float | None:
    value = cell.value
    if value is None or (isinstance(value, str) and value.strip() in MISSING):
        return None
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100
    if not good:
        problems.append(
            f'{place}, cell {cell.coordinate}: found "{value}"; per cent from 0 to 100 or two points. {_REMEDY}'
        )
        return None
    return float(value)


def _area(name: str) -> str | None:
    if name == NATION:
        return "00"
    try:
        return areas.find(name, "county").code
    except areas.UnknownArea:
        return None


def _text(value: object) -> str:
    return " ".join(str(value).split()).casefold() if value is not None else ""
