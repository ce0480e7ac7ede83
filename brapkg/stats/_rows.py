"""Rows of results: one block for each level, value and limits beside the counts they came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from brapkg.stats import _check

Limits = tuple[np.ndarray, np.ndarray]


def few(count: np.ndarray, minimum: float) -> np.ndarray:
    """Which counts are below the smallest for which a value is given."""
    return count < _check.one(_check.counts, "minimum", minimum)


def long_form(
    given: pd.DataFrame,
    value: np.ndarray,
    limits: Callable[[float], Limits],
    levels: Sequence[float],
    method,
    withheld: np.ndarray,
) -> pd.DataFrame:
    """The counts given, with value and limits beside them: one block of rows per level.

    Where `withheld`, value and limits are NaN and the column missing says "few".
    """
    blocks = []
    for level in _check.levels(levels):
        lower, upper = limits(level)
        found = {"value": value, "lower": lower, "upper": upper}
        shown = {name: np.where(withheld, np.nan, numbers) for name, numbers in found.items()}
        missing = np.where(withheld, "few", "")
        blocks.append(given.assign(**shown, level=level, method=method, missing=missing))
    return pd.concat(blocks)


def no_interval(table: pd.DataFrame) -> pd.DataFrame:
    """Add lower, upper and level after the value, all NaN: the columns of a result without an interval."""
    at = table.columns.get_loc("value") + 1
    for place, name in enumerate(name for name in ("lower", "upper", "level") if name not in table):
        table.insert(at + place, name, np.nan)
    return table
