"""Empirical Bayes: an area with few events borrows strength from all the others.

The raw ratio of a small area jumps between zero and twice the normal. Its shrunken estimate is
a weighted mean of its own figure and that of the whole, with more weight on its own the more
events it has.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from brapkg.stats import _check

_MAX_ROUNDS = 10_000
_TOLERANCE = 1e-11
# Moments: the prior outweighs every area a million to one. Likelihood: the true ratios spread
# by a thousandth. Both mean that all areas are equal.
_ALL_EQUAL = 1e6
_SMALLEST_SHAPE = 1e-6


def poisson_gamma(count, expected, method: str = "moments") -> tuple[float, float]:
    """Fit the gamma distribution of the areas' true ratios O/E.

    Parameters
    ----------
    count, expected : arrays or Series of float, shape (n,)
        Events (>= 0) and expected (> 0) counts of at least 2 areas.
    method : {"moments", "likelihood"}
        Clayton and Kaldor's iterated moments, or maximum likelihood of the negative binomial
        that the counts then follow (needs whole counts).

    Returns
    -------
    nu, alpha : float
        Shape and rate of the gamma distribution: mean nu / alpha, variance nu / alpha ** 2.
        (inf, inf) when the areas spread no more than Poisson chance: all areas are equal.

    Raises
    ------
    ValueError
        A count is negative, an expected count is not above 0, a number is not finite, lengths
        or indexes differ, there are fewer than 2 areas or no event at all, the method is
        unknown, or the fit does not settle.

    Notes
    -----
    Unsteady with fewer than about 20 areas. A single extreme area fattens the whole prior.

    References
    ----------
    Clayton and Kaldor (1987), Biometrics 43:671-681.
    """
    o, e = _pair(count, expected)
    _check.option("method", method, ("moments", "likelihood"))
    if o.size < 2 or o.sum() == 0:
        raise ValueError(f"count: found {o.size} areas and {o.sum():g} events; must hold at least 2 areas and 1 event")
    if method == "moments":
        return _iterate_moments(o, e)
    _check.whole("count", count)
    return _maximise_likelihood(o, e)


def _iterate_moments(o: np.ndarray, e: np.ndarray) -> tuple[float, float]:
    theta, alpha = o / e, 0.0
    for _ in range(_MAX_ROUNDS):
        mean = theta.mean()
        variance = np.sum((1 + alpha / e) * (theta - mean) ** 2) / (o.size - 1)
        # Underdispersed areas push alpha up by a constant factor each round, without end.
        if variance <= 0 or mean / variance > _ALL_EQUAL * e.max():
            return np.inf, np.inf
        previous, alpha = alpha, mean / variance
        nu = mean * alpha
        theta = (o + nu) / (e + alpha)
        if abs(alpha - previous) <= _TOLERANCE * alpha:
            return float(nu), float(alpha)
    return np.inf, np.inf


def _maximise_likelihood(o: np.ndarray, e: np.ndarray) -> tuple[float, float]:
    pooled = o.sum() / e.sum()
    # The slope of the likelihood at zero spread: not uphill means that zero is the maximum.
    if np.sum((o - pooled * e) ** 2 - o) <= 0:
        return np.inf, np.inf

    ratios = o / e

    def best_mean(nu: float) -> np.ndarray:
        """Expected counts under the most likely mean ratio, given nu."""

        def excess(mu: float) -> float:
            return np.sum((o - mu * e) / (1 + mu * e / nu))

        return e * optimize.brentq(excess, ratios.min(), ratios.max(), xtol=1e-15, rtol=1e-14)

    def slope(log_nu: float) -> float:
        """Slope of the likelihood in nu, at the most likely mean for that nu."""
        nu = np.exp(log_nu)
        mean = best_mean(nu)
        terms = special.digamma(o + nu) - special.digamma(nu) - np.log1p(mean / nu)
        return np.sum(terms + (mean - o) / (nu + mean))

    # statsmodels' NegativeBinomial does not converge on many such tables, hence scipy.
    low, high = np.log([_SMALLEST_SHAPE, _ALL_EQUAL])
    if slope(high) >= 0:
        return np.inf, np.inf
    if slope(low) <= 0:
        raise ValueError(f"count: areas spread too widely (nu below {_SMALLEST_SHAPE:g})")
    nu = np.exp(optimize.brentq(slope, low, high, xtol=1e-12))
    return float(nu), float(nu / (best_mean(nu)[0] / e[0]))


def discount(expected, wobble, years=1) -> np.ndarray:
    """Weight of a count when a year wobbles more than Poisson chance.

    Parameters
    ----------
    expected : array of float, shape (n,), or scalar
        Expected counts over all the years, > 0.
    wobble : float, or array of float, shape (n,)
        Relative standard deviation of one year beyond Poisson chance, >= 0.
    years : float, or array of float, shape (n,)
        Years added together in the count, > 0; the wobble of their mean is wobble / sqrt(years).

    Returns
    -------
    array of float, shape (n,)
        k = 1 / (1 + wobble ** 2 / years * expected), in (0, 1].

    Raises
    ------
    ValueError
        An expected count or the years are not above 0, wobble is negative, a number is not
        finite, or lengths or indexes differ.

    Notes
    -----
    A count with variance E + (wobble E)^2 / years holds as much as a Poisson count of k E. Takes
    the years' wobbles as independent; a slow trend makes k too large.

    References
    ----------
    Power prior: Ibrahim and Chen (2000), Statistical Science 15:46-60.
    """
    mean, sd, number = _check.same_length(
        expected=_check.positive("expected", expected),
        wobble=_check.counts("wobble", wobble),
        years=_check.positive("years", years),
    )
    _check.shared_index(mean.size, expected=expected, wobble=wobble, years=years)
    return 1 / (1 + sd**2 / number * mean)


def shrink(
    count,
    expected,
    nu,
    alpha,
    *,
    discount=1.0,
    levels: Sequence[float] = (0.95, 0.998),
) -> pd.DataFrame:
    """Shrunken ratios O/E with intervals, from the gamma distribution of the true ratios.

    Parameters
    ----------
    count, expected : arrays or Series of float, shape (n,)
        Events (>= 0) and expected (> 0) counts.
    nu, alpha : float, or arrays of float, shape (n,), where areas of several fits come together
        From `poisson_gamma`, all > 0, or all infinite.
    discount : array of float, shape (n,), or scalar
        k, the weight of the counts, in (0, 1] (see the function `discount`).
    levels : sequence of float
        Levels of the intervals, in the order wanted.

    Returns
    -------
    DataFrame
        One block of rows per level, index kept: count, expected, raw (O/E), value (posterior
        mean), lower, upper (gamma quantiles), level, weight (share of the area's own data,
        k E / (alpha + k E)), method. With nu and alpha infinite every value is sum O / sum E
        over all the areas given, the interval has no width, and weight is 0.

    Raises
    ------
    ValueError
        A count is negative, an expected count is not above 0, a discount is outside (0, 1], nu
        and alpha are not both above 0 (or both infinite), a number is not finite, lengths or
        indexes differ, or a level is not allowed.

    Notes
    -----
    The posterior is gamma with shape nu + k O and rate alpha + k E. nu and alpha are taken as
    known, so intervals are somewhat too narrow when they come from few areas; the interval of no
    width says "no difference could be shown", not "known exactly". Not for ranking.

    References
    ----------
    Clayton and Kaldor (1987), Biometrics 43:671-681.
    """
    o, e = _pair(count, expected)
    index = _check.shared_index(o.size, count=count, expected=expected)
    k, o, e = _check.same_length(discount=_check.positive("discount", discount), count=o, expected=e)
    _check.refuse("discount", k, k > 1, "must be > 0 and <= 1")
    if len(index) != o.size:
        raise ValueError(f"discount: found {k.size} values; must be 1 or {len(index)}")
    _check.shared_index(o.size, count=count, expected=expected, discount=discount, nu=nu, alpha=alpha)
    all_equal = all(np.isposinf(_check.numbers(*prior, finite=False)).all() for prior in (("nu", nu), ("alpha", alpha)))
    if not all_equal:
        nu, alpha, o = _check.same_length(nu=_check.positive("nu", nu), alpha=_check.positive("alpha", alpha), count=o)
    shape, scale = nu + k * o, 1 / (alpha + k * e)

    blocks = []
    for level in _check.levels(levels):
        tail = (1 - level) / 2
        if all_equal:
            value = lower = upper = np.full(o.size, o.sum() / e.sum() if o.size else np.nan)
        else:
            value = shape * scale
            lower = stats.gamma.ppf(tail, shape, scale=scale)
            upper = stats.gamma.isf(tail, shape, scale=scale)
        columns = {
            "count": o,
            "expected": e,
            "raw": o / e,
            "value": value,
            "lower": lower,
            "upper": upper,
            "level": level,
            "weight": np.zeros(o.size) if all_equal else k * e * scale,
            "method": "all areas equal" if all_equal else "poisson-gamma",
        }
        blocks.append(pd.DataFrame(columns, index=index))
    return pd.concat(blocks)


def _pair(count, expected) -> tuple[np.ndarray, np.ndarray]:
    o, e = _check.same_length(count=_check.counts("count", count), expected=_check.positive("expected", expected))
    _check.shared_index(o.size, count=count, expected=expected)
    return o, e
