"""Kolada and SCB: residents by municipality, and rates that Kolada publishes, from their files.

Three layouts are read: Kolada's Excel export turned into rows (name, year, residents), Kolada's
values by code with the year in a column of its own, and SCB's list of one year by code.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from brapkg import areas
from brapkg.errors import DataError

MUNICIPALITIES = 290


def residents_by_name(path: Path, first: int, last: int) -> pd.DataFrame:
    """Residents on 31 December, from one year to another, of a table ``Municipality, ar, invanare``.

    Returns ``area`` (code), ``year``, ``residents``, one row per municipality and year.
    """
    table = pd.read_csv(path)
    table = table[table["ar"].between(first, last)]
    code = {name: areas.find(name, "municipality").code for name in table["Municipality"].unique()}
    return _checked(
        path, table["Municipality"].map(code), table["ar"], table["invanare"], "residents"
    ).astype({"residents": "int64"})


def values_by_code(path: Path, value: str, *, year: int | None = None) -> pd.DataFrame:
    """A value by municipality from a table with codes in its first column.

    Parameters
    ----------
    path : Path of the CSV file.
    value : str, the name the value gets (``"residents"``, ``"rate"``).
    year : int, optional: the year where the table has no column of years (its last, otherwise).
    """
    table = pd.read_csv(path, dtype={0: str})
    code = table.iloc[:, 0].astype(str).str.zfill(4)
    years = pd.Series(year, index=table.index) if year else table.iloc[:, 3]
    return _checked(path, code, years, table.iloc[:, 2], value)


def _checked(path: Path, code, year, value, name: str) -> pd.DataFrame:
    table = pd.DataFrame({"area": code, "year": year.astype(int), name: value})
    known = {area.code for area in areas.municipalities()}
    problems = [
        f"{path}: {y} has {len(part)} municipalities ({len(set(part['area']) - known)} unknown), "
        f"but Sweden has {MUNICIPALITIES}; every one of them once is needed."
        for y, part in table.groupby("year")
        if set(part["area"]) != known or len(part) != MUNICIPALITIES
    ]
    if not (table[name] >= 0).all():
        problems.append(f"{path}: {int((~(table[name] >= 0)).sum())} values are missing or negative.")
    if problems:
        raise DataError(problems)
    return table
