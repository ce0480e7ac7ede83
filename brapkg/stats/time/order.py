"""Time in order: keys, months and years that must follow each other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brapkg.stats import _check
from brapkg.stats.thin import TooThin


def in_order(name: str, index: pd.Index, period: int) -> None:
    """Refuse keys that are not one week or month after the one before; positions pass."""
    if isinstance(index, pd.RangeIndex) and index.step == 1:
        return
    step, times = 1, index
    if period == 52 and isinstance(index, pd.DatetimeIndex):
        step, times = 7, (index - index[0]).days
    elif not pd.api.types.is_integer_dtype(index):
        try:
            if period == 52 and not isinstance(index, pd.PeriodIndex):
                raise TypeError
            times = pd.PeriodIndex(index, freq="M" if period == 12 else None).asi8
        except (TypeError, ValueError):
            raise ValueError(
                f"{name}: keys such as {index.tolist()[0]!r} have no order that can be checked; must be months "
                '("2016-01"), dates, pandas periods or whole numbers one apart'
            ) from None
    wrong = np.flatnonzero(np.diff(np.asarray(times, dtype=np.int64)) != step)
    if wrong.size:
        before, after = index[wrong[0] : wrong[0] + 2].tolist()
        raise ValueError(
            f"{name}: key {after!r} follows {before!r}; must be in order, each following the one before it: "
            "sort by time, and add the time points that are missing (0 where nothing was counted)"
        )


def places_in_cycle(name: str, values, cycle: int) -> np.ndarray:
    """Places in a cycle (months 1-12) as an array, after a check that each follows the one before."""
    place, labels = _check.numbers(name, values), _check.keys(values)
    _check.refuse(name, place, ~np.isin(place, np.arange(1, cycle + 1)), f"must be whole, from 1 to {cycle}", labels)
    broken = np.append(False, place[1:] != place[:-1] % cycle + 1)[: place.size]
    rule = "each must follow the one before it: sort the series and fill its gaps"
    _check.refuse(name, place, broken, rule, labels)
    return place


def years_rise(method: str, values, years, *, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Return values and years as arrays, after checks that the years increase and are enough."""
    x, year = _check.numbers("values", values), _check.numbers("years", years)
    _check.equal_length(values=x, years=year)
    _check.shared_index(x.size, values=values, years=years)
    back = np.zeros(year.size, dtype=bool)
    back[1:] = np.diff(year) <= 0
    _check.refuse("years", year, back, "must increase: sort values and years first", _check.keys(years))
    if x.size < least:
        raise TooThin(f"{method}: found {x.size} values; needs {least}")
    return x, year
