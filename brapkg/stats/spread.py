"""The years of a series: how much they may vary if nothing changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from brapkg.stats import _check

# Above this many events in all, the limits are taken from a beta distribution of the same variance.
MANY = 10_000


def year_bands(counts, exposures, *, series=None, wobble=0.0, level: float = 0.95) -> pd.DataFrame:
    """Between which counts each year would lie by chance and the usual swing if nothing changed.

    Parameters
    ----------
    counts : array or Series of float, shape (k,)
        Events of each year, whole numbers >= 0.
    exposures : array or Series of float, shape (k,)
        Persons or person-time of each year, > 0.
    series : array or Series, shape (k,), optional
        Which series each year belongs to; all to one where left out. Each is judged by itself.
    wobble : float, or array or Series of float, shape (k,)
        Relative standard deviation of one year beyond Poisson chance, >= 0, of each year's series.
    level : float
        Share of years that lie within the limits, at least, if nothing changes.

    Returns
    -------
    DataFrame
        One row per year: count, value (expected: its share of all events by exposure), lower, upper
        (the smallest and the largest count within), level, method, missing, outside ("above",
        "below" or ""), chance (the probability that a year lies outside if nothing changes: their
        sum is the number to be expected). A single year has nothing to be set against: value,
        limits and chance are NaN and missing is "few".

    Raises
    ------
    ValueError
        A count is no whole number >= 0, an exposure is not above 0, a number is not finite,
        lengths or indexes differ, a year has no series, or wobble or level is not allowed.

    Notes
    -----
    A year is part of its own mean, so its distance from it is smaller than that of a new year from
    a known mean. Given the sum T of all years and the year's share p of the exposure, a count has
    variance T p (1 - p) by chance, and (wobble T p)**2 ((1 - p)**2 + the sum of the other years'
    squared shares) by swings that come anew each year. The limits are quantiles of the
    beta-binomial distribution with that mean and variance (the binomial where nothing swings).
    Counts are whole, so `chance` is below 1 - level, much below where few events are expected.
    For the same reason the band is no forecast: next year's count may differ more. A slow trend or
    a step spreads over all years and hides in the mean. The years of a series are tied together by
    their sum: one that is high makes the others look low.

    References
    ----------
    Skellam (1948), J R Stat Soc B 10:257-261 (beta-binomial).
    """
    found, persons, sd = _check.same_length(
        counts=_check.whole("counts", counts),
        exposures=_check.positive("exposures", exposures),
        wobble=_check.counts("wobble", wobble),
    )
    index = _check.shared_index(found.size, counts=counts, exposures=exposures, series=series, wobble=wobble)
    tail = (1 - _check.level(level)) / 2
    number = _numbered(series, found.size)

    def whole(values: np.ndarray) -> np.ndarray:
        """The sum over each year's series."""
        return np.bincount(number, values)[number]

    total, share = whole(found), persons / whole(persons)
    expected, others = total * share, whole(share**2) - share**2
    variance = expected * (1 - share) + (sd * expected) ** 2 * ((1 - share) ** 2 + others)
    alone, none = np.bincount(number)[number] < 2, total == 0
    bands = np.where(alone[:, None], np.nan, np.zeros((found.size, 3)))
    for place in np.flatnonzero(~alone & ~none):
        bands[place] = _limits(int(total[place]), share[place], variance[place], tail)
    lower, upper, chance = bands.T
    columns = {
        "count": found,
        "value": np.where(alone, np.nan, expected),
        "lower": lower,
        "upper": upper,
        "level": level,
        "method": "beta-binomial, year of its own mean",
        "missing": np.where(alone, "few", ""),
        "outside": np.select([found > upper, found < lower], ["above", "below"], ""),
        "chance": chance,
    }
    return pd.DataFrame(columns, index=index)


def _numbered(series, size: int) -> np.ndarray:
    """A number from 0 for each year's series."""
    if series is None:
        return np.zeros(size, dtype=int)
    if len(series) != size:
        raise ValueError(f"series: found {len(series)} entries for {size} years; must be one for each")
    number, _ = pd.factorize(np.asarray(series, dtype=object))
    if (number < 0).any():
        raise ValueError(f"series: {(number < 0).sum()} of {size} entries are empty; each year must have one")
    return number


def _limits(total: int, share: float, variance: float, tail: float) -> tuple[float, float, float]:
    """The smallest and largest count within, and the probability of one outside."""
    # How many times a binomial's variance: between 1 (nothing swings) and the total (one year has all).
    inflation = min(max(variance / (total * share * (1 - share)), 1.0), 0.999 * total)
    if total > MANY:
        size = total / inflation - 1
        first, second = share * size, (1 - share) * size
        # Counts are whole: each takes up the half on both of its sides.
        lower = np.floor(special.betaincinv(first, second, tail) * (total + 1))
        upper = np.ceil((1 - special.betaincinv(second, first, tail)) * (total + 1) - 1)
        below = special.betainc(first, second, lower / (total + 1))
        return lower, upper, below + special.betainc(second, first, 1 - (upper + 1) / (total + 1))
    counts = np.arange(total + 1)
    if inflation - 1 < 1e-9 or total == 1:
        below = special.bdtr(counts, total, share)
    else:
        size = (total - inflation) / (inflation - 1)
        first, second = share * size, (1 - share) * size
        ways = -np.log(total + 1) - special.betaln(counts + 1, total - counts + 1)
        chances = ways + special.betaln(counts + first, total - counts + second) - special.betaln(first, second)
        below = np.cumsum(np.exp(chances))
    # The tails of both sides hold at most `tail` each.
    lower = int(np.searchsorted(below, tail, side="right"))
    upper = min(int(np.searchsorted(below, 1 - tail, side="left")), total)
    return lower, upper, (below[lower - 1] if lower else 0.0) + max(0.0, 1 - below[upper])
