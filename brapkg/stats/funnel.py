"""Funnel limits: which areas lie outside what chance, and the usual spread, would give.

Everything is on the scale of observed over expected (O/E), where the target is 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check


def poisson_limits(expected, level: float, *, clip: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Exact Poisson limits of O/E around 1, interpolated between whole counts.

    Parameters
    ----------
    expected : array of float, shape (n,), or scalar
        Expected counts, > 0.
    level : float
        Share of areas inside the limits when there is only chance, between 0 and 1.
    clip : bool
        Floor the limits at 0. The interpolated lower limit is below 0 for the smallest expected
        counts, where no observed count can be low enough to stand out.

    Returns
    -------
    lower, upper : arrays of float, shape (n,)
        Limits of O/E.

    Raises
    ------
    ValueError
        An expected count is not above 0 or not finite, or the level is not allowed.

    Notes
    -----
    No overdispersion: with counts in the hundreds most areas fall outside. Use `funnel_limits`.

    References
    ----------
    Spiegelhalter (2005), Stat Med 24:1185-1202, appendix A.1.1.
    """
    expected = _check.positive("expected", expected)
    tail = (1 - _check.level(level)) / 2
    lower, upper = (_interpolated(expected, p) for p in (tail, 1 - tail))
    return (np.maximum(lower, 0.0), np.maximum(upper, 0.0)) if clip else (lower, upper)


def _interpolated(expected: np.ndarray, p: float) -> np.ndarray:
    # r is the smallest count with P(R <= r) >= p; alpha is how far beyond p it reaches.
    r = stats.poisson.ppf(p, expected)
    alpha = (stats.poisson.cdf(r, expected) - p) / stats.poisson.pmf(r, expected)
    return (r - alpha) / expected


def winsorise(z, share: float = 0.1) -> np.ndarray:
    """Pull the extreme tenths in to the quantiles, so that true outliers do not widen the funnel.

    Parameters
    ----------
    z : array of float, shape (n,)
        Scores, n >= 1.
    share : float
        Share of the scores in each tail to pull in, >= 0 and < 0.5.

    Returns
    -------
    array of float, shape (n,)
        Scores clipped at the `share` and 1 - `share` quantiles (type 7, linear).

    Raises
    ------
    ValueError
        No scores, a score is not finite, or the share is not allowed.

    Notes
    -----
    With fewer than about 10 scores the quantiles lie between the two outermost and little is
    pulled in.

    References
    ----------
    Spiegelhalter (2005), Stat Med 24:1185-1202; Hyndman and Fan (1996), Am Stat 50:361-365.
    """
    z = _check.numbers("z", z)
    share = _share(share)
    if z.size == 0:
        raise ValueError("z: found 0 values; must hold at least 1")
    return np.clip(z, *np.quantile(z, [share, 1 - share], method="linear"))


def dispersion(observed, expected, share: float = 0.1) -> float:
    """Overdispersion phi: how many times wider than Poisson the areas spread.

    Parameters
    ----------
    observed, expected : arrays or Series of float, shape (n,)
        Observed (>= 0) and expected (> 0) counts.
    share : float
        Share winsorised in each tail, >= 0 and < 0.5; 0 for none.

    Returns
    -------
    float
        Mean of the squared winsorised scores (O - E) / sqrt(E). 1 for pure chance (a little
        under, after winsorising). Not floored at 1 here: `funnel` and `funnel_limits` do that.

    Raises
    ------
    ValueError
        A count is negative, an expected count is not above 0, a number is not finite, lengths
        or indexes differ, or the share is not allowed.

    Notes
    -----
    Unsteady with fewer than about 20 areas.

    References
    ----------
    Spiegelhalter (2005), Stat Med 24:1185-1202, section 3.2.
    """
    observed, expected, _ = _pair(observed, expected)
    return float(np.mean(winsorise(_score(observed, expected), share) ** 2))


def additive_variance(observed, expected, share: float = 0.1) -> float:
    """Variance tau2 of the areas' true log ratios beyond Poisson chance.

    Parameters
    ----------
    observed, expected : arrays or Series of float, shape (n,)
        Observed and expected counts, both > 0.
    share : float
        Share of the areas left out at each end, by rank of the score, >= 0 and < 0.5.

    Returns
    -------
    float
        tau2 >= 0; its square root is the relative standard deviation between areas, less the
        share of outliers left out.

    Raises
    ------
    ValueError
        A count is not above 0 (the log is undefined) or not finite, lengths or indexes differ,
        the share is not allowed, or fewer than 2 areas are left.

    Notes
    -----
    The score is log(O/E) * sqrt(E). Leaving out (unlike winsorising) narrows the spread even
    when there are no outliers, so tau2 is on the low side. Poor for counts below about 10.

    References
    ----------
    DerSimonian and Laird (1986), Control Clin Trials 7:177-188, as used for the English hospital
    mortality indicator (SHMI).
    """
    observed, expected, _ = _pair(observed, expected)
    _check.refuse("observed", observed, observed <= 0, "must be > 0 on the log scale")
    share = _share(share)
    score = np.log(observed / expected) * np.sqrt(expected)
    cut = int(share * score.size)
    kept = np.argsort(score, kind="stable")[cut : score.size - cut]
    if kept.size < 2:
        raise ValueError(f"observed: found {kept.size} areas after leaving out; must be at least 2")
    # With s = 1/sqrt(E) the DerSimonian-Laird weights 1/s^2 are the expected counts.
    weight = expected[kept]
    excess = np.sum(score[kept] ** 2) - (kept.size - 1)
    return float(max(0.0, excess / (weight.sum() - np.sum(weight**2) / weight.sum())))


def funnel_limits(expected_grid, level: float, phi: float = 1.0, *, clip: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Normal limits of O/E around 1, widened by the overdispersion.

    Parameters
    ----------
    expected_grid : array of float, shape (n,), or scalar
        Expected counts, > 0.
    level : float
        Share of areas inside the limits, between 0 and 1.
    phi : float
        Overdispersion, > 0; values of 1 or less make no adjustment.
    clip : bool
        Floor the lower limit at 0, as a ratio cannot be negative.

    Returns
    -------
    lower, upper : arrays of float, shape (n,)
        1 -/+ z * sqrt(phi / expected).

    Raises
    ------
    ValueError
        An expected count or phi is not above 0 or not finite, or the level is not allowed.

    Notes
    -----
    Symmetric, hence too low at both ends for expected counts below about 10, where
    `poisson_limits` shows the true shape (without overdispersion).

    References
    ----------
    Spiegelhalter (2005), Stat Med 24:1185-1202, section 3.2.
    """
    expected = _check.positive("expected_grid", expected_grid)
    (phi,) = _check.positive("phi", phi)
    half = stats.norm.isf((1 - _check.level(level)) / 2) * np.sqrt(max(phi, 1.0) / expected)
    return (np.maximum(1 - half, 0.0) if clip else 1 - half), 1 + half


def funnel(observed, expected, *, levels: Sequence[float] = (0.95, 0.998), share: float = 0.1) -> pd.DataFrame:
    """Place each area in the funnel, with limits widened by the areas' own overdispersion.

    Parameters
    ----------
    observed, expected : arrays or Series of float, shape (n,)
        Observed (>= 0) and expected (> 0) counts of all areas compared.
    levels : sequence of float
        Limits to judge by, any order.
    share : float
        Share winsorised in each tail when phi is estimated.

    Returns
    -------
    DataFrame
        One row per area, index kept: observed, expected, value (O/E), z, z_adjusted, phi (as
        estimated; used as 1 where below 1), outside ("" or the widest limit passed, such as
        "above_998" or "below_95").

    Raises
    ------
    ValueError
        As `dispersion`, or a level is not allowed.

    Notes
    -----
    With 290 areas about 14 lie outside 95 per cent limits by chance alone. Scores are normal
    approximations: leave areas with expected counts below about 5 unjudged.

    References
    ----------
    Spiegelhalter (2005), Stat Med 24:1185-1202.
    """
    o, e, index = _pair(observed, expected)
    z = _score(o, e)
    phi = dispersion(o, e, share)
    adjusted = z / np.sqrt(max(phi, 1.0))
    outside = np.full(z.size, "", dtype=object)
    for level in sorted(_check.levels(levels)):  # wider limits overwrite narrower ones
        limit = stats.norm.isf((1 - level) / 2)
        outside[adjusted > limit] = f"above_{_digits(level)}"
        outside[adjusted < -limit] = f"below_{_digits(level)}"
    columns = {
        "observed": o,
        "expected": e,
        "value": o / e,
        "z": z,
        "z_adjusted": adjusted,
        "phi": phi,
        "outside": outside.astype(str),
    }
    return pd.DataFrame(columns, index=index)


def _digits(level: float) -> str:
    """0.95 -> "95", 0.998 -> "998", 0.9 -> "90"."""
    return f"{level:.10f}".split(".")[1].rstrip("0").ljust(2, "0")


def _score(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return (observed - expected) / np.sqrt(expected)


def _pair(observed, expected) -> tuple[np.ndarray, np.ndarray, pd.Index]:
    o, e = _check.same_length(
        observed=_check.counts("observed", observed), expected=_check.positive("expected", expected)
    )
    return o, e, _check.shared_index(o.size, observed=observed, expected=expected)


def _share(share: float) -> float:
    (number,) = _check.numbers("share", share)
    if not 0 <= number < 0.5:
        raise ValueError(f"share: found {number:g}; must be >= 0 and < 0.5")
    return float(number)
