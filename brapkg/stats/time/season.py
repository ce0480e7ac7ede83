"""Monthly series taken apart: trend, season and what is left."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brapkg.stats import _check
from brapkg.stats.thin import TooThin

YEAR = 12
MIN_YEARS = 2


def monthly(values, least: int = MIN_YEARS * YEAR, method: str = "season") -> pd.Series:
    """Return the series with a monthly PeriodIndex; months that are out of order or missing are refused.

    Parameters
    ----------
    values : Series of float, shape (n,)
        Indexed by month: a PeriodIndex, timestamps, or text such as "2024-01".
    least : int
        Months needed by the method.
    method : str
        Name of the method, for the message.

    Returns
    -------
    Series of float
        The same values, indexed by a PeriodIndex of months.

    Raises
    ------
    TooThin
        Fewer months than needed.
    ValueError
        Not a Series, an index that is not of months, a month twice, missing or out of order, or
        a value that is not finite.

    Notes
    -----
    Never fills a gap: a month without events must be there as 0.

    References
    ----------
    None: a check.
    """
    if not isinstance(values, pd.Series) or isinstance(values.index, pd.RangeIndex):
        raise ValueError("values: found no months; must be a Series indexed by month, such as a PeriodIndex")
    numbers = _check.numbers("values", values)
    try:
        index = values.index
        months = index.asfreq("M") if isinstance(index, pd.PeriodIndex) else pd.PeriodIndex(index, freq="M")
    except (TypeError, ValueError) as error:
        raise ValueError(f"values: index is not of months ({error}); must be months such as 2024-01") from None
    ordinal = months.asi8
    wrong = np.flatnonzero(np.diff(ordinal) != 1)
    if wrong.size:
        before, after = months[wrong[0]], months[wrong[0] + 1]
        raise ValueError(
            f"values: found {after} after {before} ({wrong.size} such places); "
            f"months must follow each other: sort them and fill in those that are missing"
        )
    if len(months) < least:
        raise TooThin(f"{method}: found {len(months)} months; needs {least}")
    return pd.Series(numbers, index=months, name=values.name)


def stl(values, *, seasonal: int | str = "periodic", robust: bool = False) -> pd.DataFrame:
    """Season and trend by local regression (STL).

    Parameters
    ----------
    values : Series of float, shape (n,)
        Counts or rates by month, indexed as in `monthly`; at least 24, without gaps.
    seasonal : "periodic" or int
        "periodic" for one season that stays the same in all years, else the odd number of years,
        7 or more, over which it may change.
    robust : bool
        Weigh down outliers: 15 outer and 1 inner rounds, else none and 2.

    Returns
    -------
    DataFrame
        Indexed by month: value, trend, season, remainder (these three add up to the value) and
        method.

    Raises
    ------
    TooThin
        Fewer than 24 months.
    ValueError
        As `monthly`, or a seasonal window that is not allowed.

    Notes
    -----
    Windows, degrees and jumps are those that R's stl takes by default; its robust weights differ
    for series of even length, where R takes another value for the median. Describes: no intervals
    and no test. The trend is loose in the first and the last year, and small counts (below
    about 10 a month) give a season that is mostly chance.

    References
    ----------
    Cleveland, Cleveland, McRae and Terpenning (1990), J Off Stat 6:3-73.
    """
    from statsmodels.tsa.seasonal import STL

    if not isinstance(robust, (bool, np.bool_)):
        raise ValueError(f"robust: found {robust!r}; must be True or False")
    series = monthly(values, method="stl")
    window = _window(seasonal, len(series))
    trend = _odd(1.5 * YEAR / (1 - 1.5 / window))
    low = _odd(YEAR)
    jumps = {
        f"{name}_jump": -(-size // 10) for name, size in (("seasonal", window), ("trend", trend), ("low_pass", low))
    }
    model = STL(
        series.to_numpy(),
        YEAR,
        seasonal=window,
        trend=trend,
        low_pass=low,
        seasonal_deg=0,
        trend_deg=1,
        low_pass_deg=1,
        robust=robust,
        **jumps,
    )
    found = model.fit(inner_iter=1 if robust else 2, outer_iter=15 if robust else 0)
    season = pd.Series(found.seasonal, index=series.index)
    if seasonal == "periodic":
        season = season.groupby(series.index.month).transform("mean")
    words = f"stl, window {seasonal}" + (", robust" if robust else "")
    return _table(series, pd.Series(found.trend, index=series.index), season).assign(method=words)


def decompose(values) -> pd.DataFrame:
    """Season and trend by the classical moving average over twelve months, additive.

    Parameters
    ----------
    values : Series of float, shape (n,)
        Counts or rates by month, indexed as in `monthly`; at least 24, without gaps.

    Returns
    -------
    DataFrame
        As `stl`. The season is the same in every year and adds up to 0; trend and remainder are
        NaN in the first and the last six months.

    Raises
    ------
    TooThin
        Fewer than 24 months.
    ValueError
        As `monthly`.

    Notes
    -----
    One outlier moves the trend of a whole year and its month's season; `stl` with robust=True
    does not let it. With two years each month's season rests on a single value.

    References
    ----------
    Kendall and Stuart (1983), The Advanced Theory of Statistics, vol. 3, pp. 410-414.
    """
    from statsmodels.tsa.seasonal import seasonal_decompose

    series = monthly(values, method="decompose")
    found = seasonal_decompose(series.to_numpy(), model="additive", period=YEAR)
    trend, season = (pd.Series(part, index=series.index) for part in (found.trend, found.seasonal))
    return _table(series, trend, season).assign(method="classical, additive")


def _table(series: pd.Series, trend: pd.Series, season: pd.Series) -> pd.DataFrame:
    parts = {"value": series, "trend": trend, "season": season, "remainder": series - trend - season}
    return pd.DataFrame(parts)


def _window(seasonal: int | str, size: int) -> int:
    if isinstance(seasonal, str) and seasonal == "periodic":
        return 10 * size + 1  # wide enough for the regression to be a mean
    whole = isinstance(seasonal, (int, np.integer)) and not isinstance(seasonal, bool)
    if not whole or seasonal < 7 or seasonal % 2 == 0:
        raise ValueError(f'seasonal: found {seasonal!r}; must be "periodic" or an odd number of years, 7 or more')
    return int(seasonal)


def _odd(size: float) -> int:
    """The least odd whole number not below `size`."""
    whole = int(np.ceil(size))
    return whole + (whole % 2 == 0)
