"""Funnel limits: how far from the target chance, or chance and the usual spread, takes an area.

Ratios are observed over expected (O/E), where the target is 1. For a crude rate the expected count
is the whole's rate times the area's population, and its limits are those of O/E times that rate.
The chi-square limits of O/E are `rates.poisson_interval(expected, level, "exact")` over expected.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from brapkg.stats import _check
from brapkg.stats.rates import poisson_interval


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
    chance = stats.poisson(expected)
    lower, upper = (_interpolated(chance, p) / expected for p in (tail, 1 - tail))
    return (np.maximum(lower, 0.0), np.maximum(upper, 0.0)) if clip else (lower, upper)


def binomial_limits(total, target: float, level: float, *, clip: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Exact binomial limits of a proportion around its target, interpolated between whole counts.

    Parameters
    ----------
    total : array of int, shape (n,), or scalar
        All cases, whole numbers > 0.
    target : float
        Proportion between 0 and 1.
    level, clip
        As in `poisson_limits`; clipped to between 0 and 1.

    Returns
    -------
    lower, upper : arrays of float, shape (n,)
        Limits as proportions.

    Raises
    ------
    ValueError
        A total is not above 0 or not whole, or the target or the level is not allowed.

    Notes
    -----
    No overdispersion, as `poisson_limits`.

    References
    ----------
    Spiegelhalter (2005), Stat Med 24:1185-1202, appendix A.1.1.
    """
    total = _check.whole("total", _check.positive("total", total))
    tail = (1 - _check.level(level)) / 2
    chance = stats.binom(total, _proportion(target))
    lower, upper = (_interpolated(chance, p) / total for p in (tail, 1 - tail))
    return (np.clip(lower, 0.0, 1.0), np.clip(upper, 0.0, 1.0)) if clip else (lower, upper)


def _interpolated(chance, p: float) -> np.ndarray:
    # r is the smallest count with P(R <= r) >= p; alpha is how far beyond p it reaches.
    r = chance.ppf(p)
    return r - (chance.cdf(r) - p) / chance.pmf(r)


def proportion_limits(total, target: float, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Limits of a proportion by inversion of the score interval around the target.

    Parameters
    ----------
    total : array of float, shape (n,), or scalar
        All cases, > 0.
    target : float
        Proportion between 0 and 1.
    level : float
        Share of areas inside the limits, between 0 and 1.

    Returns
    -------
    lower, upper : arrays of float, shape (n,)
        The proportions whose Wilson interval just touches the target, from 0 to 1.

    Raises
    ------
    ValueError
        A total is not above 0 or not finite, or the target or the level is not allowed.

    Notes
    -----
    target -/+ z * sqrt(target (1 - target) / total): symmetric, hence poor below about 5 expected
    cases with or without the property, where `binomial_limits` shows the true shape.

    References
    ----------
    Wilson (1927), JASA 22:209-212.
    """
    total, target = _check.positive("total", total), _proportion(target)
    half = stats.norm.isf((1 - _check.level(level)) / 2) * np.sqrt(target * (1 - target) / total)
    return np.maximum(target - half, 0.0), np.minimum(target + half, 1.0)


def event_limits(events, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Exact limits of O/E by number of events: the O/E at which that many are just on the limit.

    Parameters
    ----------
    events : array of int, shape (n,), or scalar
        Events observed, whole numbers > 0.
    level : float
        Share of areas inside the limits, between 0 and 1.

    Returns
    -------
    lower, upper : arrays of float, shape (n,)
        Limits of O/E. `events` over a limit is the expected count there; times the whole's rate a
        limit is that of a crude rate, and `events` over that the population.

    Raises
    ------
    ValueError
        A number of events is not above 0 or not whole, or the level is not allowed.

    Notes
    -----
    The expected counts are the ends of Garwood's interval of the events, solved by chi-square
    quantiles. For a funnel drawn over events; over expected counts use `poisson_limits`.

    References
    ----------
    Garwood (1936), Biometrika 28:437-442.
    """
    events = _check.whole("events", _check.positive("events", events))
    fewest, most = poisson_interval(events, level, "exact")
    return events / most, events / fewest


def funnel_limits(expected_grid, level: float, phi: float = 1.0, *, clip: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Normal limits of O/E around 1, widened by multiplicative overdispersion.

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
    phi = _check.one(_check.positive, "phi", phi)
    half = stats.norm.isf((1 - _check.level(level)) / 2) * np.sqrt(max(phi, 1.0) / expected)
    return (np.maximum(1 - half, 0.0) if clip else 1 - half), 1 + half


def additive_limits(expected_grid, level: float, tau2: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Normal limits of log(O/E) around 0, widened by additive overdispersion.

    Parameters
    ----------
    expected_grid : array of float, shape (n,), or scalar
        Expected counts, > 0.
    level : float
        Share of areas inside the limits, between 0 and 1.
    tau2 : float
        Variance between areas of the true log ratios, >= 0 (see `funnel.additive_variance`).

    Returns
    -------
    lower, upper : arrays of float, shape (n,)
        Limits of O/E: exp(-/+ z * sqrt(1 / expected + tau2)).

    Raises
    ------
    ValueError
        An expected count is not above 0, tau2 is negative, a number is not finite, or the level
        is not allowed.

    Notes
    -----
    Poor for expected counts below about 10. Unlike multiplicative limits these never close: the
    largest areas keep the spread tau2.

    References
    ----------
    Spiegelhalter (2005), Qual Saf Health Care 14:347-351.
    """
    expected = _check.positive("expected_grid", expected_grid)
    tau2 = _check.one(_check.counts, "tau2", tau2)
    half = stats.norm.isf((1 - _check.level(level)) / 2) * np.sqrt(1 / expected + tau2)
    return np.exp(-half), np.exp(half)


def _proportion(target: float) -> float:
    number = _check.one(_check.numbers, "target", target)
    if not 0 < number < 1:
        raise ValueError(f"target: found {number:g}; must be above 0 and below 1")
    return float(number)
