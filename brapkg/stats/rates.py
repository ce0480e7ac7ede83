"""Rates and proportions with intervals that hold for small counts.

One rule runs through the package: the exact interval below ten events, Byar's approximation
from ten on, as in the English public-health indicators. Each row says which one made it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check

EXACT_BELOW = 10
_POISSON_METHODS = ("exact", "byar", "exact-below-10")


def poisson_interval(count, level: float = 0.95, method: str = "exact-below-10") -> tuple[np.ndarray, np.ndarray]:
    """Confidence interval of a Poisson mean from one observed count.

    Parameters
    ----------
    count : array of float, shape (n,), or scalar
        Events observed, >= 0.
    level : float
        Confidence level between 0 and 1.
    method : {"exact", "byar", "exact-below-10"}
        "exact" is Garwood's chi-square interval; "byar" the form of Breslow and Day (not the
        mid-point variant that also goes under that name); "exact-below-10" is exact for counts
        under 10 and Byar from 10 on.

    Returns
    -------
    lower, upper : arrays of float, shape (n,)
        Limits in events. `lower` is 0 for a count of 0, and where Byar's formula falls below 0.

    Raises
    ------
    ValueError
        A count is negative or not finite, the level is outside (0, 1), or the method is unknown.

    Notes
    -----
    The exact interval is conservative: it covers at least `level`. Byar is poor below about 5
    events. Both take events as independent: one offender's series of 20 is not 20 events.

    References
    ----------
    Garwood (1936), Biometrika 28:437-442. Breslow and Day (1987), Statistical Methods in Cancer
    Research II, IARC, p. 69.
    """
    count = _check.counts("count", count)
    level = _check.level(level)
    _check.option("method", method, _POISSON_METHODS)
    tail = (1 - level) / 2
    if method == "exact":
        return _exact(count, tail)
    if method == "byar":
        return _byar(count, tail)
    small = count < EXACT_BELOW
    pairs = zip(_exact(count, tail), _byar(count, tail), strict=True)
    lower, upper = (np.where(small, exact, byar) for exact, byar in pairs)
    return lower, upper


def _exact(count: np.ndarray, tail: float) -> tuple[np.ndarray, np.ndarray]:
    # chi2 with 0 degrees of freedom is undefined in scipy; the limit at count 0 is 0.
    lower = np.where(count > 0, stats.chi2.ppf(tail, 2 * np.where(count > 0, count, 1)) / 2, 0.0)
    return lower, stats.chi2.isf(tail, 2 * count + 2) / 2


def _byar(count: np.ndarray, tail: float) -> tuple[np.ndarray, np.ndarray]:
    z = stats.norm.isf(tail)
    some = np.where(count > 0, count, 1.0)
    cube = some * (1 - 1 / (9 * some) - z / (3 * np.sqrt(some))) ** 3
    lower = np.where(count > 0, np.maximum(cube, 0.0), 0.0)
    above = count + 1
    return lower, above * (1 - 1 / (9 * above) + z / (3 * np.sqrt(above))) ** 3


def rate(
    count,
    population,
    *,
    multiplier: float = 100_000,
    levels: Sequence[float] = (0.95,),
    method: str = "exact-below-10",
) -> pd.DataFrame:
    """Crude rate with Poisson intervals, one block of rows per confidence level.

    Parameters
    ----------
    count : array or Series of float, shape (n,)
        Events, >= 0.
    population : array or Series of float, shape (n,) or scalar
        Persons (or person-years), > 0. An expected count with multiplier 1 gives a ratio O/E.
    multiplier : float
        The rate is per this many persons.
    levels : sequence of float
        Confidence levels, in the order wanted.
    method : {"exact", "byar", "exact-below-10"}
        As in `poisson_interval`.

    Returns
    -------
    DataFrame
        Columns count, population, value, lower, upper, level, method ("exact" or "byar", what
        was used for the row). The index is that of the input Series, else the position, and is
        repeated for each level.

    Raises
    ------
    ValueError
        A count is negative, a population or the multiplier is not above 0, a number is not
        finite, lengths or indexes differ, or a level or method is not allowed.

    Notes
    -----
    The population is taken as known without error. A rate from few events is unstable whatever
    its interval: pool years before it is compared.

    References
    ----------
    As `poisson_interval`.
    """
    counts, persons = _check.same_length(
        count=_check.counts("count", count), population=_check.positive("population", population)
    )
    index = _check.shared_index(counts.size, count=count, population=population)
    (per,) = _check.positive("multiplier", multiplier)
    _check.option("method", method, _POISSON_METHODS)
    used = method
    if method == "exact-below-10":
        used = np.where(counts < EXACT_BELOW, "exact", "byar")

    blocks = []
    for level in _check.levels(levels):
        lower, upper = poisson_interval(counts, level, method)
        columns = {
            "count": counts,
            "population": persons,
            "value": per * counts / persons,
            "lower": per * lower / persons,
            "upper": per * upper / persons,
            "level": level,
            "method": used,
        }
        blocks.append(pd.DataFrame(columns, index=index))
    return pd.concat(blocks)


def published_rate(count, population) -> np.ndarray:
    """Whole rate per 100 000, rounded half up, exact also where the rate ends in ,5.

    Parameters
    ----------
    count : array of int, shape (n,)
        Events, whole numbers from 0 to 10 million million.
    population : array of float, shape (n,) or scalar
        Persons, > 0, a multiple of 0.5 (the mean of two year-ends may be a half).

    Returns
    -------
    array of int64, shape (n,)
        floor(count / population * 100 000 + 1/2), in whole-number arithmetic, so that no tie is
        lost to binary fractions.

    Raises
    ------
    ValueError
        A count is negative, too large or not whole; a population is not above 0 or not a
        multiple of 0.5; a number is not finite; or lengths or indexes differ.

    Notes
    -----
    For checking against a printed table, not for analysis: `rate` keeps the decimals.

    References
    ----------
    Arithmetic only.
    """
    counts, persons = _check.same_length(
        count=_check.whole("count", count), population=_check.positive("population", population)
    )
    _check.shared_index(counts.size, count=count, population=population)
    # 400 000 * count must fit in 64 bits.
    _check.refuse("count", counts, counts > 1e13, "must be at most 1e13")
    _check.refuse("population", persons, persons > 1e13, "must be at most 1e13")
    doubled = 2 * persons
    rule = "must be a multiple of 0.5"
    _check.refuse("population", persons, doubled != np.floor(doubled), rule)
    # With P = 2 * population: 100000 c / (P/2) + 1/2 = (400000 c + P) / (2 P).
    twice = doubled.astype(np.int64)
    return (400_000 * counts.astype(np.int64) + twice) // (2 * twice)


def proportion_interval(count, total, level: float = 0.95, method: str = "wilson") -> tuple[np.ndarray, np.ndarray]:
    """Confidence interval of a proportion.

    Parameters
    ----------
    count : array of float, shape (n,), or scalar
        Cases with the property, from 0 to `total`.
    total : array of float, shape (n,), or scalar
        All cases, > 0.
    level : float
        Confidence level between 0 and 1.
    method : {"wilson", "exact"}
        Wilson's score interval without continuity correction, or Clopper and Pearson's.

    Returns
    -------
    lower, upper : arrays of float, shape (n,)
        Limits as proportions between 0 and 1.

    Raises
    ------
    ValueError
        A count is negative or above its total, a total is not above 0, a number is not finite,
        lengths or indexes differ, or the level or method is not allowed.

    Notes
    -----
    For simple random sampling or full counts. A weighted survey needs its design effect.

    References
    ----------
    Wilson (1927), JASA 22:209-212. Clopper and Pearson (1934), Biometrika 26:404-413.
    """
    from statsmodels.stats.proportion import proportion_confint

    counts, totals = _check.same_length(count=_check.counts("count", count), total=_check.positive("total", total))
    _check.shared_index(counts.size, count=count, total=total)
    _check.refuse("count", counts, counts > totals, "must be at most the total")
    alpha = 1 - _check.level(level)
    _check.option("method", method, ("wilson", "exact"))
    name = {"wilson": "wilson", "exact": "beta"}[method]
    lower, upper = proportion_confint(counts, totals, alpha=alpha, method=name)
    # Rounding may leave a limit a hair outside its estimate at 0 and 1.
    lower = np.where(counts == 0, 0.0, np.clip(lower, 0, 1))
    return lower, np.where(counts == totals, 1.0, np.clip(upper, 0, 1))
