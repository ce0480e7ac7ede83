"""Kolada and SCB: residents by municipality, and rates that Kolada publishes, from their files.

Three layouts are read: Kolada's Excel export turned into rows (name, year, residents), Kolada's
values by code with the year in a column of its own, and SCB's list of one year by code.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from brapkg import areas
from brapkg.errors import DataError
from brapkg.sources import table

MUNICIPALITIES = 290


def residents_by_name(path: Path, first: int, last: int) -> pd.DataFrame:
    """Residents on 31 December, from one year to another, of a table ``Municipality, ar, invanare``.

    Returns ``area`` (code), ``year``, ``residents``, one row per municipality and year.
    Raises ``DataError`` when the file is missing or wrong.
    """
    text = table.read_csv(path, ["Municipality", "ar", "invanare"])
    years = table.integers(path, text["ar"])
    text, years = text[years.between(first, last)], years[years.between(first, last)]
    area = table.codes(path, text["Municipality"], "municipality")
    return _checked(path, area, years, table.integers(path, text["invanare"]), "residents")


def values_by_code(path: Path, value: str, columns: tuple[str, str], year: str | int) -> pd.DataFrame:
    """A value by municipality from a table with codes.

    Parameters
    ----------
    path : Path of the CSV file.
    value : str, the name the value gets (``"residents"``, ``"rate"``).
    columns : the names of the columns with codes and with values.
    year : str or int, the name of the column with years, or the year where there is none.

    Raises
    ------
    DataError
        When the file is missing, lacks a column, or does not hold every municipality once.
    """
    named = [year] if isinstance(year, str) else []
    text = table.read_csv(path, [*columns, *named])
    years = table.integers(path, text[year]) if named else pd.Series(year, index=text.index)
    code, values = columns
    return _checked(path, text[code].str.zfill(4), years, table.numbers(path, text[values]), value)


def _checked(path: Path, code, year, value, name: str) -> pd.DataFrame:
    found = pd.DataFrame({"area": code, "year": year, name: value})
    known = {area.code for area in areas.municipalities()}
    problems = [
        f"{path}: {y} has {len(part)} municipalities ({len(set(part['area']) - known)} unknown), "
        f"but Sweden has {MUNICIPALITIES}; every one of them once is needed."
        for y, part in found.groupby("year")
        if set(part["area"]) != known or len(part) != MUNICIPALITIES
    ]
    if found.empty:
        problems.append(f"{path}: has a heading but no rows of the years wanted.")
    if not (found[name] >= 0).all():
        problems.append(f"{path}: {int((~(found[name] >= 0)).sum())} values are missing or negative.")
    if problems:
        raise DataError(problems)
    return found
