"""Hashes of slices of the store: rows that a report reads, whatever else its table holds.

A hash hangs on the rows' content alone. Those worked out before lie in the output folder, by the
hash of the table's file, so that a plan of which nothing changed need not open a table.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from brapkg import files, store
from brapkg.reads import Read

if TYPE_CHECKING:
    import pandas as pd

MEMO = Path("runs") / "slices.json"
# To be raised when the same rows come to have another hash.
FORMAT = 1
LENGTH = 16


def short(content: object) -> str:
    """A short hash of what JSON can hold, or of bytes: 16 hexadecimal digits."""
    if not isinstance(content, bytes):
        content = json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()[:LENGTH]


class Slices:
    """Hashes of slices of the store in use, and the file that remembers them.

    Parameters
    ----------
    output : folder of the pages; nothing is written where it does not exist yet

    Raises
    ------
    DataError
        The store has not been built, or a table is not as it was built.
    """

    def __init__(self, output: Path):
        self._memo = output / MEMO
        self.tables = store.hashes()
        self._known = {name: self._remembered.get((name, known), {}) for name, known in self.tables.items()}
        self._opened: dict[str, Rows] = {}
        self._new = False

    def hash(self, read: Read) -> str:
        """The hash of the rows and columns that are read; the table is opened where it is not known yet."""
        key = short(repr((sorted(read.where.items()), read.columns)).encode())
        known = self._known[read.table]
        if key not in known:
            if read.table not in self._opened:
                self._opened[read.table] = Rows(store.load(read.table))
            known[key] = self._opened[read.table].hash(read)
            self._new = True
        return known[key]

    def remember(self) -> None:
        """Keep what was worked out for the next plan; a folder that cannot be written only costs time."""
        if not self._new or not self._memo.parents[1].is_dir():
            return
        told = {"format": FORMAT, "tables": {n: {"hash": self.tables[n], "slices": s} for n, s in self._known.items()}}
        with contextlib.suppress(OSError):
            files.write(self._memo, json.dumps(told))

    @cached_property
    def _remembered(self) -> dict[tuple[str, str], dict[str, str]]:
        """Hashes by table and the table's hash; none where the file is not whole."""
        try:
            told = json.loads(self._memo.read_text(encoding="utf-8"))
            if told["format"] != FORMAT:
                return {}
            found = {(name, table["hash"]): dict(table["slices"]) for name, table in told["tables"].items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return {}
        hashes = (value for table in found.values() for value in table.values())
        return found if all(isinstance(value, str) and len(value) == LENGTH for value in hashes) else {}


class Rows:
    """A table's rows, found by the values of their columns."""

    def __init__(self, table: pd.DataFrame):
        self._table = table
        self._places: dict[str, dict[object, set[int]]] = {}
        self._found: dict[tuple[str, object], set[int]] = {}
        self._lines: dict[tuple[str, ...], list[str]] = {}

    def hash(self, read: Read) -> str:
        """The hash of what is read, independent of the order of rows and columns."""
        columns = tuple(sorted(read.columns or self._table.columns))
        if columns not in self._lines:
            # repr keeps every bit of a number, and tells 1 from 1.0 and empty text from a missing value.
            values = (self._table[column].tolist() for column in columns)
            self._lines[columns] = [repr(row) for row in zip(*values, strict=True)]
        lines = self._lines[columns]
        rows = {lines[position] for position in self.positions(read)}
        return short("\n".join([repr(columns), *sorted(rows)]).encode())

    def positions(self, read: Read) -> list[int]:
        """Positions of the rows that are read, in order."""
        parts = [self._at(column, wanted) for column, wanted in read.where.items()]
        return sorted(set.intersection(*parts)) if parts else list(range(len(self._table)))

    def _at(self, column: str, wanted: object) -> set[int]:
        if (column, wanted) not in self._found:
            allowed = wanted if isinstance(wanted, (range, tuple)) else (wanted,)
            places = self._by_value(column)
            at = set().union(*(rows for value, rows in places.items() if value in allowed))
            self._found[column, wanted] = at
        return self._found[column, wanted]

    def _by_value(self, column: str) -> dict[object, set[int]]:
        if column not in self._places:
            self._places[column] = {}
            for position, value in enumerate(self._values(column)):
                self._places[column].setdefault(value, set()).add(position)
        return self._places[column]

    def _values(self, column: str) -> list:
        if column == "kind" and column not in self._table:
            return [kind_of(code) for code in self._table["area"].tolist()]
        return self._table[column].tolist()


def kind_of(code: str) -> str:
    """The kind of an area by the form of its code, which is the same in every edition of the areas."""
    if code.isdigit():
        return "nation" if code == "00" else {2: "county", 4: "municipality"}.get(len(code), "")
    return "police_region" if code.startswith("P") else "group"
