"""Comparisons of rates: a part against its whole, a later year against an earlier one.

All are ratios. A ratio of 1 means no difference, and the interval is made on the log scale.
`wobble` is how much an area's year moves beyond Poisson chance (a relative standard deviation);
without it large areas would differ "significantly" every year.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check

FEW = 10


def between_year_sd(counts) -> float:
    """Relative standard deviation of an area's year beyond Poisson chance: the wobble.

    Parameters
    ----------
    counts : array or DataFrame of float, shape (areas, years)
        Events, >= 0. Areas with any count below 10 are left out.

    Returns
    -------
    float
        Square root of tau2, >= 0. 0.08 means that a year typically moves 8 per cent for
        reasons other than chance. 0 where the years vary no more than Poisson chance.

    Raises
    ------
    ValueError
        A count is negative or not finite, or fewer than 3 usable areas or 2 years are left.

    Notes
    -----
    Under independence the expected count is e = row total * column total / total, and
    r = log(count / e) has variance tau2 + 1/e apart from the (I-1)(Y-1)/(IY) of the freedom that
    the margins leave: tau2 = max(0, mean(r^2) IY/((I-1)(Y-1)) - mean(1/e)). Inaccurate with few
    areas and years (take the result as one figure), when one area is most of the total, and for
    wobbles over about 0.5. A lasting change in one area counts as wobble: keep the years few.

    References
    ----------
    The moment (additive) overdispersion of Spiegelhalter (2005), Qual Saf Health Care
    14:347-351, used on years within areas.
    """
    table = _check.counts("counts", counts, ndim=2)
    usable = table[(table >= FEW).all(axis=1)]
    areas, years = usable.shape
    if areas < 3 or years < 2:
        raise ValueError(
            f"counts: found {areas} areas with {FEW} or more events every year (of {len(table)}) "
            f"and {years} years; must have at least 3 areas and 2 years"
        )
    expected = usable.sum(axis=1, keepdims=True) * usable.sum(axis=0) / usable.sum()
    log_ratio = np.log(usable / expected)
    freedom = (areas - 1) * (years - 1) / (areas * years)
    tau2 = np.mean(log_ratio**2) / freedom - np.mean(1 / expected)
    return float(np.sqrt(max(0.0, tau2)))


def part_of_whole(
    count,
    population,
    total_count,
    total_population,
    *,
    wobble=0.0,
    levels: Sequence[float] = (0.95, 0.998),
) -> pd.DataFrame:
    """Ratio of an area's rate to the rate of the whole that contains it.

    Parameters
    ----------
    count, population : arrays or Series of float, shape (n,)
        Events (>= 0) and persons (> 0) in the part.
    total_count, total_population : arrays or Series of float, shape (n,), or scalars
        Events (> 0) and persons in the whole, the part included.
    wobble : array or Series of float, shape (n,), or scalar
        Relative standard deviation beyond Poisson chance, >= 0 (see `between_year_sd`).
    levels : sequence of float
        Confidence levels, in the order wanted.

    Returns
    -------
    DataFrame
        One block of rows per level: count, population, value, lower, upper, level, method,
        missing. Where count < 10 the value stands but the limits are NaN and missing is "few"
        (too few to judge); else missing is "".

    Raises
    ------
    ValueError
        A count is negative, a population or total is not above 0, a part exceeds its whole, a
        number is not finite, lengths or indexes differ, or wobble or a level is not allowed.

    Notes
    -----
    Given the total T, the count is binomial(T, p), so log(count / T) has variance
    (1 - p) / (T p), estimated by 1/count - 1/T: the minus is there because the part is inside
    the whole and moves it. For two separate places it would be a plus. `wobble` ** 2 is added.
    The interval is an approximation, fair from about 10 events; it is narrow for a part that is
    nearly the whole.

    References
    ----------
    Delta method; additive overdispersion as in Spiegelhalter (2005), Qual Saf Health Care
    14:347-351.
    """
    part, persons, total, total_persons, wobbles = _check.same_length(
        count=_check.counts("count", count),
        population=_check.positive("population", population),
        total_count=_check.positive("total_count", total_count),
        total_population=_check.positive("total_population", total_population),
        wobble=_check.counts("wobble", wobble),
    )
    index = _check.shared_index(
        part.size,
        count=count,
        population=population,
        total_count=total_count,
        total_population=total_population,
        wobble=wobble,
    )
    _check.refuse("count", part, part > total, "must be at most total_count", index)
    _check.refuse("population", persons, persons > total_persons, "must be at most total_population", index)

    few = part < FEW
    variance = 1 / np.where(few, 1, part) - 1 / total + wobbles**2
    value = (part / persons) / (total / total_persons)
    given = pd.DataFrame({"count": part, "population": persons, "value": value}, index=index)
    return _with_limits(given, variance, few, levels, "log ratio, part of whole")


def change(
    count_before,
    population_before,
    count_after,
    population_after,
    *,
    wobble=0.0,
    minimum: float = 20,
    levels: Sequence[float] = (0.95, 0.998),
) -> pd.DataFrame:
    """Ratio of the rate after to the rate before, withheld when counts are small.

    Parameters
    ----------
    count_before, population_before, count_after, population_after : arrays or Series, shape (n,)
        Events (>= 0) and persons or person-years (> 0) of two separate periods.
    wobble : array or Series of float, shape (n,), or scalar
        Relative standard deviation of one period beyond Poisson chance, >= 0.
    minimum : float
        Smallest count, in both periods, for which a change is given; > 0.
    levels : sequence of float
        Confidence levels, in the order wanted.

    Returns
    -------
    DataFrame
        One block of rows per level: count_before, population_before, count_after,
        population_after, value, lower, upper, level, method, missing. Where either count is
        below `minimum`, value, lower and upper are NaN and missing is "few"; else "".

    Raises
    ------
    ValueError
        A count is negative, a population is not above 0, a number is not finite, lengths or
        indexes differ, or wobble, minimum or a level is not allowed.

    Notes
    -----
    The log ratio has variance 1/count_before + 1/count_after + 2 * wobble ** 2. A per cent
    change on a handful of events says more about the handful than about the change, hence the
    minimum. Choosing the periods after seeing the counts makes the interval too narrow.

    References
    ----------
    Rothman, Greenland and Lash (2008), Modern Epidemiology, 3rd ed., ch. 14 (log rate ratio).
    """
    before, persons_before, after, persons_after, wobbles = _check.same_length(
        count_before=_check.counts("count_before", count_before),
        population_before=_check.positive("population_before", population_before),
        count_after=_check.counts("count_after", count_after),
        population_after=_check.positive("population_after", population_after),
        wobble=_check.counts("wobble", wobble),
    )
    index = _check.shared_index(
        before.size,
        count_before=count_before,
        population_before=population_before,
        count_after=count_after,
        population_after=population_after,
        wobble=wobble,
    )
    smallest = _check.one(_check.positive, "minimum", minimum)

    few = (before < smallest) | (after < smallest)
    # Rows that are withheld get counts of 1 so that nothing divides by zero on the way.
    c0, c1 = np.where(few, 1, before), np.where(few, 1, after)
    ratio = (c1 / persons_after) / (c0 / persons_before)
    columns = {
        "count_before": before,
        "population_before": persons_before,
        "count_after": after,
        "population_after": persons_after,
        "value": np.where(few, np.nan, ratio),
    }
    given = pd.DataFrame(columns, index=index)
    return _with_limits(given, 1 / c0 + 1 / c1 + 2 * wobbles**2, few, levels, "log ratio")


def verdict(lower_95, upper_95, lower_998, upper_998, tolerance: float = 0.05) -> np.ndarray:
    """Put a ratio's intervals into one word.

    Parameters
    ----------
    lower_95, upper_95, lower_998, upper_998 : arrays of float, shape (n,), or scalars
        Limits of a ratio at 95 and 99.8 per cent. NaN means too few to judge.
    tolerance : float
        Relative distance from 1 that makes no practical difference, >= 0 and < 1.

    Returns
    -------
    array of str, shape (n,)
        The first that holds of: "few", a limit is NaN; "level", the 95 per cent interval lies
        within 1 -/+ tolerance; "clearly_higher" or "clearly_lower", the 99.8 per cent interval
        excludes 1; "probably_higher" or "probably_lower", the 95 per cent interval does;
        "unclear".

    Raises
    ------
    ValueError
        A lower limit exceeds its upper, the 99.8 per cent interval does not hold the 95 per
        cent one, lengths or indexes differ, or the tolerance is not allowed.

    Notes
    -----
    "level" comes before "clearly": in a very large area a difference of 2 per cent can be
    beyond chance and still be of no consequence. With hundreds of areas some are "probably"
    apart by chance alone (5 per cent), few are "clearly" so (0.2 per cent).

    References
    ----------
    Levels of 95 and 99.8 per cent as in Spiegelhalter (2005), Stat Med 24:1185-1202.
    """
    tolerance = _check.one(_check.counts, "tolerance", tolerance)
    if tolerance >= 1:
        raise ValueError(f"tolerance: found {tolerance:g}; must be >= 0 and < 1")
    given = {
        "lower_95": lower_95,
        "upper_95": upper_95,
        "lower_998": lower_998,
        "upper_998": upper_998,
    }
    low, high, low_998, high_998 = _check.same_length(
        **{name: _check.numbers(name, limit, finite=False) for name, limit in given.items()}
    )
    index = _check.shared_index(low.size, **given)
    # Comparisons with NaN are False, so rows marked "few" pass these checks.
    _check.refuse("lower_95", low, low > high, "must be at most upper_95", index)
    _check.refuse("lower_998", low_998, low_998 > low, "must be at most lower_95", index)
    _check.refuse("upper_998", high_998, high_998 < high, "must be at least upper_95", index)

    few = np.isnan([low, high, low_998, high_998]).any(axis=0)
    return np.select(
        [
            few,
            (low >= 1 - tolerance) & (high <= 1 + tolerance),
            low_998 > 1,
            high_998 < 1,
            low > 1,
            high < 1,
        ],
        ["few", "level", "clearly_higher", "clearly_lower", "probably_higher", "probably_lower"],
        default="unclear",
    )


def _with_limits(given: pd.DataFrame, variance: np.ndarray, few: np.ndarray, levels, method: str) -> pd.DataFrame:
    """Add log-scale limits to a table of ratios, one block of rows per level."""
    blocks = []
    for level in _check.levels(levels):
        # 1/count - 1/total may fall a hair below 0 when the part is the whole.
        factor = np.exp(stats.norm.isf((1 - level) / 2) * np.sqrt(np.maximum(variance, 0)))
        blocks.append(
            given.assign(
                lower=np.where(few, np.nan, given["value"] / factor),
                upper=np.where(few, np.nan, given["value"] * factor),
                level=level,
                method=method,
                missing=np.where(few, "few", ""),
            )
        )
    return pd.concat(blocks)
