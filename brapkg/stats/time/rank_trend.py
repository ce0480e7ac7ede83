"""Trend by ranks: tests and slopes that outliers do not move and that assume no straight line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check
from brapkg.stats._rows import no_interval
from brapkg.stats.thin import TooThin
from brapkg.stats.time.order import years_rise
from brapkg.stats.time.season import YEAR, monthly

_MIN_VALUES = 5
_MIN_YEARS = 4


def mann_kendall(values, years, *, levels: Sequence[float] = (0.95,)) -> pd.DataFrame:
    """Mann and Kendall's test of a trend, with Sen's slope.

    Parameters
    ----------
    values : array or Series of float, shape (n,)
        Rates or counts, in order of time; at least 5.
    years : array or Series of float, shape (n,)
        Time of each value, increasing; gaps are allowed.
    levels : sequence of float
        Confidence levels, in the order wanted.

    Returns
    -------
    DataFrame
        One row per level: value (median slope per year, in the unit of the values), lower, upper,
        level, p_value (two-sided, normal, with continuity correction), s, variance (of s, with
        ties), z, tau (tau-b), years (number of values), method, missing ("few" where the level is
        too high for so few values; the limits are NaN then).

    Raises
    ------
    TooThin
        Fewer than 5 values, or all values alike.
    ValueError
        A number is not finite, lengths or indexes differ, years do not increase, or a level is
        not allowed.

    Notes
    -----
    The normal approximation is poor below about 10 values. Counts of a growing population must
    be made into rates first. Years that follow each other (serial correlation) make p_value too small.

    References
    ----------
    Mann (1945), Econometrica 13:245-259. Kendall (1975), Rank Correlation Methods. Sen (1968),
    J Am Stat Assoc 63:1379-1389. Gilbert (1987), Statistical Methods for Environmental Pollution
    Monitoring, section 16.5 (interval).
    """
    x, year = years_rise("mann_kendall", values, years, least=_MIN_VALUES)
    if x.min() == x.max():
        raise TooThin(f"mann_kendall: found {x.size} values, all {x[0]:g}; needs values that differ")
    s, variance = _score(x)
    tau = float(stats.kendalltau(year, x, variant="b").statistic)
    slopes = _slopes(x, year)
    return _rows(slopes, s, variance, levels).assign(tau=tau, years=x.size, method="mann-kendall, sen")[_COLUMNS]


def seasonal_mann_kendall(values, *, levels: Sequence[float] = (0.95,)) -> pd.DataFrame:
    """Hirsch and Slack's test of a trend in a monthly series: each month is compared with itself.

    Parameters
    ----------
    values : Series of float, shape (n,)
        Rates or counts, indexed by month as in `season.monthly`; at least 48, without gaps.
    levels : sequence of float
        Confidence levels, in the order wanted.

    Returns
    -------
    DataFrame
        As `mann_kendall`: s and variance are sums over the months of the year, value is the
        median of the slopes per year within them, tau is s over its largest possible size given
        the ties, years is the number of months divided by 12.

    Raises
    ------
    TooThin
        Fewer than 48 months, or each month of the year alike in all years.
    ValueError
        As `season.monthly`, or a level is not allowed.

    Notes
    -----
    Months are taken as independent: when neighbouring months move together, p_value is too small.
    Trends that differ between seasons cancel out.

    References
    ----------
    Hirsch, Slack and Smith (1982), Water Resour Res 18:107-121. Gilbert (1987), section 17.4.
    """
    series = monthly(values, _MIN_YEARS * YEAR, "seasonal_mann_kendall")
    groups = [(part.to_numpy(), part.index.year.to_numpy()) for _, part in series.groupby(series.index.month)]
    s, variance = np.sum([_score(x) for x, _ in groups], axis=0)
    if variance == 0:
        raise TooThin("seasonal_mann_kendall: each month is alike in all years; needs values that differ")
    largest = sum(np.sqrt(_untied(x) * x.size * (x.size - 1) / 2) for x, _ in groups)
    slopes = np.concatenate([_slopes(*group) for group in groups])
    told = {"tau": s / largest, "years": len(series) / YEAR, "method": "seasonal mann-kendall, hirsch-slack"}
    return _rows(slopes, s, variance, levels).assign(**told)[_COLUMNS]


def pettitt(values, years) -> pd.DataFrame:
    """Pettitt's test of one change of level at an unknown time.

    Parameters
    ----------
    values : array or Series of float, shape (n,)
        Rates or counts, in order of time; at least 5.
    years : array or Series, shape (n,)
        Time of each value, increasing.

    Returns
    -------
    DataFrame
        One row: value (the last year before the change), lower, upper and level (NaN: a test
        only, `breaks.mean_breaks` has limits), position (how many values lie before
        it), u (the largest absolute statistic), p_value (approximate, two-sided), years (number of
        values), method. The first place is told where several share the largest statistic.

    Raises
    ------
    TooThin
        Fewer than 5 values, or all values alike.
    ValueError
        As `mann_kendall`.

    Notes
    -----
    p_value is good to two decimals when below 0.5, and taken as 1 where the formula passes it. A
    steady trend also gives a small p: the test does not tell a step from a slope.

    References
    ----------
    Pettitt (1979), Appl Stat 28:126-135.
    """
    x, year = years_rise("pettitt", values, years, least=_MIN_VALUES)
    if x.min() == x.max():
        raise TooThin(f"pettitt: found {x.size} values, all {x[0]:g}; needs values that differ")
    n = x.size
    statistic = np.abs(2 * np.cumsum(stats.rankdata(x)) - np.arange(1, n + 1) * (n + 1))
    at = int(np.argmax(statistic))
    u = statistic[at]
    p_value = min(1.0, 2 * np.exp(-6 * u**2 / (n**3 + n**2)))
    row = {"value": year[at], "position": at + 1, "u": u, "p_value": p_value, "years": n, "method": "pettitt"}
    return no_interval(pd.DataFrame([row]))


_COLUMNS = ["value", "lower", "upper", "level", "p_value", "s", "variance", "z", "tau", "years", "method", "missing"]


def _rows(slopes: np.ndarray, s: float, variance: float, levels: Sequence[float]) -> pd.DataFrame:
    """Median slope with limits at each level, and the test."""
    slopes, deviation = np.sort(slopes), np.sqrt(variance)
    z = (s - np.sign(s)) / deviation
    rows = []
    for level in _check.levels(levels):
        reach = stats.norm.isf((1 - level) / 2) * deviation
        first, last = round((slopes.size - reach) / 2), round((slopes.size + reach) / 2 + 1)
        inside = first >= 1 and last <= slopes.size
        limits = [slopes[first - 1], slopes[last - 1]] if inside else [np.nan, np.nan]
        rows.append([np.median(slopes), *limits, level, "" if inside else "few"])
    table = pd.DataFrame(rows, columns=["value", "lower", "upper", "level", "missing"])
    return table.assign(s=s, variance=variance, z=z, p_value=2 * stats.norm.sf(abs(z)))


def _score(x: np.ndarray) -> tuple[float, float]:
    """Rises less falls among all pairs, and the variance of that without a trend."""
    later, earlier = np.tril_indices(x.size, -1)
    n, ties = x.size, np.unique(x, return_counts=True)[1]
    variance = (n * (n - 1) * (2 * n + 5) - np.sum(ties * (ties - 1) * (2 * ties + 5))) / 18
    return float(np.sign(x[later] - x[earlier]).sum()), float(variance)


def _slopes(x: np.ndarray, year: np.ndarray) -> np.ndarray:
    later, earlier = np.tril_indices(x.size, -1)
    return (x[later] - x[earlier]) / (year[later] - year[earlier])


def _untied(x: np.ndarray) -> float:
    """Pairs of values that differ."""
    ties = np.unique(x, return_counts=True)[1]
    return float((x.size * (x.size - 1) - np.sum(ties * (ties - 1))) / 2)
