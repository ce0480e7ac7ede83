"""Producers' CSV tables: read as text by the names of their columns, and refused in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from brapkg import areas
from brapkg.errors import DataError


def read_csv(path: Path, columns: Sequence[str], sep: str = ",") -> pd.DataFrame:
    """The named columns of a table, every cell as text (an empty one as ``""``).

    Raises
    ------
    DataError
        When the file is missing, is no UTF-8 text or no table, or lacks a column; the message
        names the columns found and those needed.
    """
    try:
        table = pd.read_csv(path, sep=sep, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"{path}: is missing; every export is needed.") from None
    except (ValueError, OSError) as error:  # pandas' own errors and UnicodeDecodeError among them
        raise DataError(f"{path}: cannot be read as a table ({error}). Fetch it again.") from None
    lacking = [column for column in columns if column not in table]
    if lacking:
        found = ", ".join(map(str, table.columns[:12]))
        raise DataError(
            f"{path}, line 1: lacks the columns {', '.join(lacking)}; found are {found}. "
            f"Needed are {', '.join(columns)}: fetch the file again, or mend its heading."
        )
    return table[list(columns)]


def numbers(path: Path, texts: pd.Series) -> pd.Series:
    """A column of text as numbers; NaN where it is empty.

    Raises ``DataError`` with the first line that holds something else, and how many do.
    """
    values = pd.to_numeric(texts.where(texts != ""), errors="coerce")
    bad = texts[values.isna() & (texts != "")]
    if len(bad):
        raise DataError(
            f'{path}, line {bad.index[0] + 2}: "{bad.iloc[0]}" is no number for {texts.name} '
            f"({len(bad)} such cells). Fetch the file again."
        )
    return values


def integers(path: Path, texts: pd.Series) -> pd.Series:
    """A column of text as whole numbers, none of them missing; ``DataError`` as ``numbers``."""
    values = numbers(path, texts)
    bad = texts[values.isna() | (values % 1 != 0)]
    if len(bad):
        raise DataError(
            f'{path}, line {bad.index[0] + 2}: "{bad.iloc[0]}" is no whole number for {texts.name} '
            f"({len(bad)} such cells). Fetch the file again."
        )
    return values.astype("int64")


def codes(path: Path, names: pd.Series, kind: str) -> pd.Series:
    """Codes for a column of areas' names; ``DataError`` names every one that is not known."""
    code, problems = {}, []
    for name in names.unique():
        try:
            code[name] = areas.find(name, kind).code
        except areas.UnknownArea as error:
            problems.append(f"{path}: {error}")
    if problems:
        raise DataError(problems)
    return names.map(code)
