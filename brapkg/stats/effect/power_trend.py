"""What could be seen of a trend: the smallest annual change that so many years would show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from brapkg.stats import _check
from brapkg.stats._rows import no_interval
from brapkg.stats.effect.power import NONE, halved, share
from brapkg.stats.thin import TooThin


def detectable_trend(
    count, years: int, *, phi=1.0, power: float = 0.8, levels: Sequence[float] = (0.95,)
) -> pd.DataFrame:
    """Smallest steady annual change that would be seen over a number of years.

    Parameters
    ----------
    count : array or Series of float, shape (n,), or scalar
        Mean number of events a year over those years, > 0.
    years : int
        Number of years, at least 3.
    phi : array or Series of float, shape (n,), or scalar
        Overdispersion of the yearly counts, > 0; 1 or less makes no adjustment.
    power, levels :
        As `detectable_change`.

    Returns
    -------
    DataFrame
        Two rows (direction "fall" and "rise") per entry and level, index kept: direction, value
        (per cent a year, > 0), lower and upper (NaN: worked out, not estimated), level, power,
        count, years, phi (as used), method, missing ("" or "undetectable").

    Raises
    ------
    TooThin
        Fewer than 3 years: nothing is left to judge the spread by.
    ValueError
        A count or phi is not above 0, a number is not finite, lengths or indexes differ, or the
        power or a level is not allowed.

    Notes
    -----
    For the test of `annual_trend` by quasi-Poisson: t with years - 2 degrees of freedom, the
    chance from the noncentral t. Where that test floors a dispersion below 1 the chance is some
    5 points less than wanted. A level population is taken for granted. Poor below about 5 events
    a year.

    References
    ----------
    Signorini (1991), Biometrika 78:446-450.
    """
    counts, spread = _check.same_length(count=_check.positive("count", count), phi=_check.positive("phi", phi))
    index = _check.shared_index(counts.size, count=count, phi=phi)
    n, wanted = _check.integer("years", years, 0), share(power)
    if n < 3:
        raise TooThin(f"years: found {years}; detectable_trend needs at least 3")
    spread = np.maximum(1.0, spread)
    blocks = []
    for level in _check.levels(levels):
        slope = _smallest_slope(counts / spread, n, _noncentrality(level, wanted, n - 2))
        missing = np.where(np.isnan(slope), NONE, "").astype(str)
        for direction, sign in (("fall", -1), ("rise", 1)):
            columns = {
                "direction": direction,
                "value": 100 * np.abs(np.expm1(sign * slope)),
                "level": level,
                "power": wanted,
                "count": counts,
                "years": n,
                "phi": spread,
                "method": "log-linear trend",
                "missing": missing,
            }
            blocks.append(no_interval(pd.DataFrame(columns, index=index)))
    return pd.concat(blocks)


def _noncentrality(level: float, wanted: float, df: int) -> float:
    critical = stats.t.isf((1 - level) / 2, df)
    if not wanted > 1 - level:
        raise ValueError(f"power: found {wanted:g}; must be above 1 - level ({1 - level:g})")

    def excess(shift: float) -> float:
        # Far out the other tail is lost in rounding, and scipy gives NaN for it.
        return stats.nct.sf(critical, df, shift) + np.nan_to_num(stats.nct.cdf(-critical, df, shift)) - wanted

    high = 1.0
    while excess(high) < 0:
        high *= 2
    return optimize.brentq(excess, 0, high)


def _smallest_slope(count: np.ndarray, n: int, shift: float) -> np.ndarray:
    """Solve slope^2 * information = shift^2, the information being that under the slope."""
    x = np.arange(n) - (n - 1) / 2

    def gain(slope):
        weight = special.softmax(np.multiply.outer(slope, x), axis=-1)
        return slope**2 * ((weight * x**2).sum(axis=-1) - (weight * x).sum(axis=-1) ** 2)

    peak = optimize.minimize_scalar(lambda slope: -gain(slope), bounds=(0, 10), method="bounded").x
    wanted = shift**2 / (n * count)
    none = wanted > gain(peak)
    slope = halved(lambda middle: gain(middle) < wanted, np.zeros_like(count), np.full_like(count, peak))
    return np.where(none, np.nan, slope)
