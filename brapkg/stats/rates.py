"""Rates and proportions with intervals that hold for small counts.

One rule runs through the package: the exact interval below ten events, Byar's approximation
from ten on, as in the English public-health indicators. Each row says which one made it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special, stats

from brapkg.stats import _check
from brapkg.stats._rows import Limits, few, long_form
from brapkg.stats.published import published_rate as published_rate

EXACT_BELOW = 10
_POISSON_METHODS = ("exact", "byar", "byar-midpoint", "exact-below-10")


def poisson_interval(count, level: float = 0.95, method: str = "exact-below-10") -> Limits:
    """Confidence interval of a Poisson mean from one observed count.

    Parameters
    ----------
    count : array of float, shape (n,), or scalar
        Events observed, >= 0.
    level : float
        Confidence level between 0 and 1.
    method : {"exact", "byar", "byar-midpoint", "exact-below-10"}
        "exact" is Garwood's chi-square interval; "byar" the form of Breslow and Day;
        "byar-midpoint" the narrower variant of Rothman and Boice that also goes under that name;
        "exact-below-10" is exact for counts under 10 and Byar from 10 on.

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
    events, and the mid-point variant covers less than `level` there. All take events as
    independent: one offender's series of 20 is not 20 events.

    References
    ----------
    Garwood (1936), Biometrika 28:437-442. Breslow and Day (1987), Statistical Methods in Cancer
    Research II, IARC, p. 69. Rothman and Boice (1979), Epidemiologic Analysis with a Programmable
    Calculator, NIH 79-1649.
    """
    count = _check.counts("count", count)
    level = _check.level(level)
    _check.option("method", method, _POISSON_METHODS)
    tail = (1 - level) / 2
    if method == "exact":
        return _exact(count, tail)
    if method == "byar":
        return _byar(count, tail)
    if method == "byar-midpoint":
        return _cubed(count + 0.5, -stats.norm.isf(tail)), _cubed(count + 0.5, stats.norm.isf(tail))
    small = count < EXACT_BELOW
    lower, upper = _byar(count, tail)
    lower[small], upper[small] = _exact(count[small], tail)
    return lower, upper


def _exact(count: np.ndarray, tail: float) -> Limits:
    # Counts repeat, and an inverse gamma function is dear: once for each that differs.
    each, place = np.unique(count, return_inverse=True)
    some = each > 0  # at 0 the lower limit is 0
    lower = np.zeros(each.size)
    lower[some] = special.gammaincinv(each[some], tail)
    return lower[place], special.gammainccinv(each + 1, tail)[place]


def _byar(count: np.ndarray, tail: float) -> Limits:
    z = stats.norm.isf(tail)
    lower = np.where(count > 0, _cubed(np.where(count > 0, count, 1.0), -z), 0.0)
    return lower, _cubed(count + 1, z)


def _cubed(mean: np.ndarray, z: float) -> np.ndarray:
    """The value z standard deviations from the mean of a Poisson, by Wilson and Hilferty's cube."""
    return np.maximum(mean * (1 - 1 / (9 * mean) + z / (3 * np.sqrt(mean))) ** 3, 0.0)


def rate(
    count,
    population,
    *,
    multiplier: float = 100_000,
    levels: Sequence[float] = (0.95,),
    method: str = "exact-below-10",
    minimum: float = 0,
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
    method : {"exact", "byar", "byar-midpoint", "exact-below-10"}
        As in `poisson_interval`.
    minimum : float
        Smallest count for which a value is given, >= 0; below it the row is withheld.

    Returns
    -------
    DataFrame
        Columns count, population, value, lower, upper, level, method ("exact", "byar" or
        "byar-midpoint", what was used for the row), missing ("few" where withheld: value and
        limits are NaN, else ""). The index is that of the input Series, else the position, and
        is repeated for each level.

    Raises
    ------
    ValueError
        A count or the minimum is negative, a population or the multiplier is not above 0, a
        number is not finite, lengths or indexes differ, or a level or method is not allowed.

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
    per = _check.one(_check.positive, "multiplier", multiplier)
    _check.option("method", method, _POISSON_METHODS)
    used = method
    if method == "exact-below-10":
        used = np.where(counts < EXACT_BELOW, "exact", "byar")

    def limits(level: float) -> Limits:
        lower, upper = poisson_interval(counts, level, method)
        return per * lower / persons, per * upper / persons

    given = pd.DataFrame({"count": counts, "population": persons}, index=index)
    return long_form(given, per * counts / persons, limits, levels, used, few(counts, minimum))


def proportion_interval(count, total, level: float = 0.95, method: str = "wilson") -> Limits:
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
    _check.refuse("count", counts, counts > totals, "must be at most the total", _check.keys(count))
    alpha = 1 - _check.level(level)
    _check.option("method", method, ("wilson", "exact"))
    name = {"wilson": "wilson", "exact": "beta"}[method]
    lower, upper = proportion_confint(counts, totals, alpha=alpha, method=name)
    # Rounding may leave a limit a hair outside its estimate at 0 and 1.
    lower = np.where(counts == 0, 0.0, np.clip(lower, 0, 1))
    return lower, np.where(counts == totals, 1.0, np.clip(upper, 0, 1))


def proportion(
    count,
    total,
    *,
    multiplier: float = 1,
    levels: Sequence[float] = (0.95,),
    method: str = "wilson",
    minimum: float = 0,
) -> pd.DataFrame:
    """Proportion with binomial intervals, one block of rows per confidence level.

    Parameters
    ----------
    count : array or Series of float, shape (n,)
        Cases with the property, from 0 to `total`.
    total : array or Series of float, shape (n,) or scalar
        All cases, > 0.
    multiplier : float
        1 for a share, 100 for per cent.
    levels, minimum
        As in `rate`.
    method : {"wilson", "exact"}
        As in `proportion_interval`.

    Returns
    -------
    DataFrame
        Columns count, total, value, lower, upper, level, method, missing, as from `rate`.

    Raises
    ------
    ValueError
        As `proportion_interval` and `rate`.

    Notes
    -----
    As `proportion_interval`.

    References
    ----------
    As `proportion_interval`.
    """
    counts, totals = _check.same_length(count=_check.counts("count", count), total=_check.positive("total", total))
    index = _check.shared_index(counts.size, count=count, total=total)
    per = _check.one(_check.positive, "multiplier", multiplier)

    def limits(level: float) -> Limits:
        lower, upper = proportion_interval(count, total, level, method)
        return per * lower, per * upper

    given = pd.DataFrame({"count": counts, "total": totals}, index=index)
    return long_form(given, per * counts / totals, limits, levels, method, few(counts, minimum))
