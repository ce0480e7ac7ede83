"""Trend of yearly counts: the annual change as a ratio, with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check
from brapkg.stats.poisson import fit, label
from brapkg.stats.thin import NOT_SETTLED, TooThin


def annual_trend(
    counts,
    population,
    years,
    family: str = "quasi-poisson",
    *,
    floor: bool = True,
    levels: Sequence[float] = (0.95, 0.998),
) -> pd.DataFrame:
    """Annual change of yearly counts, as a ratio per year.

    Parameters
    ----------
    counts : array of float, shape (n,)
        Events of each year, >= 0.
    population : array of float, shape (n,)
        Persons, > 0.
    years : array of float, shape (n,)
        Calendar years, all different, in any order and with any gaps; at least 3.
    family : {"quasi-poisson", "poisson"}
        Quasi-Poisson widens the intervals by the dispersion and uses t; Poisson uses z.
    floor : bool
        Take a dispersion below 1 as 1. Only for "quasi-poisson".
    levels : sequence of float
        Confidence levels, in the order wanted.

    Returns
    -------
    DataFrame
        One row per level: value (1.05 is 5 per cent more each year), lower, upper, level,
        dispersion (as used; 1 for "poisson"), df, method.

    Raises
    ------
    TooThin
        Fewer than 3 years, or no event at all.
    ValueError
        A count is negative, a population is not above 0, a number is not finite, lengths
        differ, a year comes twice, or the family or a level is not allowed.

    Notes
    -----
    Wald intervals: inaccurate for counts below about 5 a year. With fewer than 8 years the
    dispersion, and so the interval, is unsteady.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, ch. 6.
    """
    y, persons = _check.counts("counts", counts), _check.positive("population", population)
    year = _check.numbers("years", years)
    if not y.size == persons.size == year.size:
        raise ValueError(
            f"lengths differ (counts {y.size}, population {persons.size}, years {year.size}); must be equal"
        )
    _check.option("family", family, ("quasi-poisson", "poisson"))
    repeated = pd.Series(year).duplicated().to_numpy()
    _check.refuse("years", year, repeated, "each year must come once")
    if y.size < 3 or y.sum() == 0:
        raise TooThin(f"found {y.size} years and {y.sum():g} events; needs 3 years and 1 event")

    design = np.column_stack([np.ones(y.size), year - year.mean()])
    fits = fit(y[np.newaxis], design, persons[np.newaxis])
    if not fits.settled[0]:
        raise TooThin(NOT_SETTLED)
    raw, df = float(fits.dispersion[0]), fits.df
    if family == "poisson":
        dispersion, critical, method = 1.0, stats.norm.isf, "poisson"
    else:
        dispersion = max(1.0, raw) if floor else raw
        critical, method = (lambda tail: stats.t.isf(tail, df)), label(family, raw, floor)
    slope, error = fits.coefficients[0, 1], np.sqrt(fits.covariance[0, 1, 1] * dispersion)
    rows = []
    for level in _check.levels(levels):
        half = critical((1 - level) / 2) * error
        rows.append([*np.exp([slope, slope - half, slope + half]), level, dispersion, df, method])
    names = ["value", "lower", "upper", "level", "dispersion", "df", "method"]
    return pd.DataFrame(rows, columns=names)
