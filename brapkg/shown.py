"""What of the store a page may show: its tables without the numbers that are kept back.

A page asks for hundreds of small parts of the same tables. ``tables`` therefore splits each table
once and keeps the parts as long as the store is the same; a process that is forked after that has
them already.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from brapkg import paths, store
from brapkg.errors import DataError

KEYS = {"area", "offence", "year"}
# Columns that tell what a row is about, and nothing of its numbers.
ABOUT = {"year", "first_year", "edition", "population", "members", "level"}
Made = TypeVar("Made")


def tables() -> Tables:
    """The store in use, as it is now.

    Raises
    ------
    DataError
        When the store has not been built, or is not as it was built. A table that is first asked
        for after the store was built anew is refused in the same way.
    """
    store.load("withheld")  # refuses what is no store, and mends an interrupted build
    folder = paths.processed()
    return _tables(folder, (folder / store.PACKAGE).stat().st_mtime_ns)


def table(name: str) -> pd.DataFrame:
    """A table of the store, by its name in ``records/schemas.toml``, as a page may show it.

    Where a year's count is kept back, every number of a row that holds it is NaN and its verdict is
    "few". Tables without area, offence and year, or with months, come as they are.
    """
    return tables().table(name)


@lru_cache(maxsize=2)
def _tables(folder: Path, version: int) -> Tables:
    return Tables(folder, version)


class Tables:
    """The tables of one store, their parts, and what was worked out from them.

    Every table that is handed out is a copy: writing into it changes nothing here.
    """

    def __init__(self, folder: Path, version: int):
        self._folder, self._version = folder, version
        self._kept: dict[Hashable, object] = {}

    def keep(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What ``make`` returned when it was first asked for by this key; not to be written into."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def built(self, name: str) -> pd.DataFrame:
        """A table as it was built, small counts and all."""
        return self._built(name).copy(deep=False)

    def table(self, name: str) -> pd.DataFrame:
        """A table as a page may show it: see ``shown.table``."""
        return self._shown(name).copy(deep=False)

    def rows(self, name: str, **wanted: str | int) -> pd.DataFrame:
        """The rows of a table, as a page may show it, where each named column has the wanted value.

        ``county`` stands for the municipalities of the county with that code.
        """
        return self._part("shown", self._shown, name, wanted)

    def built_rows(self, name: str, **wanted: str | int) -> pd.DataFrame:
        """As ``rows``, of a table as it was built."""
        return self._part("built", self._built, name, wanted)

    @cached_property
    def withheld(self) -> frozenset[tuple[str, str, int, int]]:
        """Area, offence, year and month (0: the whole year) of every count that no page shows."""
        return frozenset(columns_of(self._built("withheld"), "area", "offence", "year", "month"))

    def _built(self, name: str) -> pd.DataFrame:
        return self.keep(("built", name), lambda: self._load(name))

    def _load(self, name: str) -> pd.DataFrame:
        table = store.load(name, self._folder)
        if (self._folder / store.PACKAGE).stat().st_mtime_ns != self._version:
            raise DataError(f"{self._folder}: was built anew since this page was begun. Begin it again.")
        return table

    def _shown(self, name: str) -> pd.DataFrame:
        return self.keep(("shown", name), lambda: _told(name, self._built(name), self._built("withheld")))

    def _part(self, form: str, whole: Callable, name: str, wanted: dict[str, str | int]) -> pd.DataFrame:
        columns, values = tuple(wanted), tuple(wanted.values())

        table, places = self.keep(("split", form, name, columns), lambda: split(whole(name), columns))
        return table.iloc[places.get(values, slice(0))]


def split(table: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, dict[tuple, slice]]:
    """The table with rows alike in the columns beside each other, and where those of each kind stand.

    Rows of a kind keep their order.
    """
    keys = pd.DataFrame({column: _key(table, column) for column in columns})
    number = keys.groupby(list(columns), sort=False, dropna=False).ngroup().to_numpy()
    order = np.argsort(number, kind="stable")
    ends = np.cumsum(np.bincount(number))
    kinds = keys.drop_duplicates()
    named = columns_of(kinds, *columns)
    places = {kind: slice(start, end) for kind, start, end in zip(named, [0, *ends], ends, strict=False)}
    return table.take(order), places


def columns_of(table: pd.DataFrame, *columns: str) -> Iterator[tuple]:
    """The rows of some columns as tuples."""
    return zip(*(table[column].tolist() for column in columns), strict=True)


def records(table: pd.DataFrame) -> list[dict]:
    """The rows of a table as dicts by column, without its index."""
    return [dict(zip(table.columns, row, strict=True)) for row in columns_of(table, *table.columns)]


def _key(table: pd.DataFrame, column: str) -> pd.Series:
    if column in table:
        return table[column]
    return table["area"].str[:2].where(table["area"].str.len() == 4, "")


def _told(name: str, whole: pd.DataFrame, withheld: pd.DataFrame) -> pd.DataFrame:
    back = withheld[withheld["month"] == 0]
    if back.empty or not set(whole.columns) >= KEYS or "month" in whole:
        return whole
    hidden = _hidden(name, whole, back)
    numbers = [c for c in whole.select_dtypes("number") if c not in ABOUT]
    told = whole.astype(dict.fromkeys(numbers, float))
    told.loc[hidden, numbers] = float("nan")
    if "verdict" in told:
        told.loc[hidden, "verdict"] = "few"
    return told


def _hidden(name: str, whole: pd.DataFrame, back: pd.DataFrame) -> pd.Series:
    """Whether a row holds a year that is kept back: pooled years and changes hold several."""
    first = whole["first_year"] if "first_year" in whole else whole["year"] - (name == "change")
    pairs = whole.assign(row=whole.index, first=first)[["row", "area", "offence", "year", "first"]]
    pairs = pairs.merge(back[["area", "offence", "year"]], on=["area", "offence"], suffixes=("", "_back"))
    held = pairs.loc[pairs["year_back"].between(pairs["first"], pairs["year"]), "row"]
    return whole.index.isin(held)
