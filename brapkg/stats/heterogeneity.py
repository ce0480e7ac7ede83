"""How much the true effects of studies differ: estimates of the variance between them, and weighted fits."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import optimize

from brapkg.stats import _check
from brapkg.stats.thin import TooThin

_METHODS = ("FE", "DL", "REML", "PM", "ML", "SJ", "HE", "EB")
_TESTS = ("hartung-knapp", "z")
_TINY = 1e-12  # relative width at which a search for tau2 ends


def check_options(method: str, test: str) -> None:
    """Refuse an unknown method or test."""
    _check.option("method", method, _METHODS)
    _check.option("test", test, _TESTS)


def studies(estimate, variance, name: str, needed: int) -> tuple[np.ndarray, np.ndarray, pd.Index]:
    """Estimates, variances and the index of the studies, checked; at least as many as `name` needs."""
    y, v = _check.numbers("estimate", estimate), _check.positive("variance", variance)
    _check.equal_length(estimate=y, variance=v)
    index = _check.shared_index(y.size, estimate=estimate, variance=variance)
    if y.size < needed:
        raise TooThin(f"{name}: found {y.size} studies; needs {needed}")
    return y, v, index


def _weighted(y, v, design, tau2):
    """Least squares with weights 1 / (v + tau2), one fit for each of the values of tau2."""
    weight = 1 / (v + np.reshape(tau2, (-1, 1)))
    across = design.T * weight[:, np.newaxis, :]
    covariance = np.linalg.inv(across @ design)
    beta = (covariance @ (across @ y)[..., np.newaxis])[..., 0]
    return weight, beta, covariance, y - beta @ design.T


def residual_q(y, v, design, tau2=0.0):
    """Weighted sum of squared residuals at one or several values of tau2."""
    weight, _, _, residual = _weighted(y, v, design, tau2)
    q = np.sum(weight * residual**2, axis=1)
    return q if np.ndim(tau2) else q[0]


def coefficients(y, v, design, tau2: float, test: str, floor: bool) -> tuple[np.ndarray, np.ndarray, str]:
    """Coefficients at a value of tau2, their covariance, and what to call it."""
    _, (beta,), (covariance,), _ = _weighted(y, v, design, tau2)
    if test == "z":
        return beta, covariance, "z"
    multiplier = residual_q(y, v, design, tau2) / (y.size - design.shape[1])
    if floor and multiplier < 1:
        return beta, covariance, "Hartung-Knapp, multiplier floored at 1"
    return beta, covariance * multiplier, "Hartung-Knapp"


def between_variance(y, v, design, method: str, tolerance: float | None = None) -> float:
    """tau2, the variance of the true effects about the design, by one of the methods."""
    df = y.size - design.shape[1]
    square = residual_q(y, np.ones(y.size), design)  # of unweighted least squares
    if method == "FE" or square == 0:
        return 0.0
    if method in ("ML", "REML"):
        return _likeliest(y, v, design, square / df, method == "REML")
    if method in ("PM", "EB"):
        # Q(tau2) falls, and Q(square / df) <= df.
        if residual_q(y, v, design) <= df:
            return 0.0
        top = 1.01 * square / df
        near = top * 1e-15
        if method == "PM" and tolerance is not None:
            top, near = 100, tolerance
        return float(optimize.brentq(lambda t: residual_q(y, v, design, t) - df, 0, top, rtol=_TINY, xtol=near))
    if method == "SJ":
        start = np.mean((y - y.mean()) ** 2)
        return float(start * residual_q(y, v, design, start) / df)
    # DL and HE equate a sum of squares, weighted by 1 / v or not, with its expectation.
    given = 1 / v if method == "DL" else np.ones(y.size)
    _, _, (inverse,), (residual,) = _weighted(y, 1 / given, design, 0.0)
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design) * given
    kept = given * (1 - leverage)
    return float(max(0.0, (np.sum(given * residual**2) - np.sum(kept * v)) / kept.sum()))


def _likeliest(y, v, design, spread: float, restricted: bool) -> float:
    """tau2 >= 0 with the highest (restricted) likelihood, also where that has several peaks."""

    def score(tau2):
        weight, _, covariance, residual = _weighted(y, v, design, tau2)
        trace = weight.sum(axis=1)
        if restricted:
            trace = trace - np.trace(covariance @ ((design.T * weight[:, np.newaxis] ** 2) @ design), axis1=1, axis2=2)
        return np.sum((weight * residual) ** 2, axis=1) - trace

    def likelihood(tau2):
        weight, _, covariance, residual = _weighted(y, v, design, tau2)
        value = np.log(weight).sum(axis=1) - np.sum(weight * residual**2, axis=1)
        return value + (np.linalg.slogdet(covariance)[1] if restricted else 0)

    # The score is negative from here on: sum of squares <= spread df, weights >= 1 / (tau2 + max v).
    top = 1.01 * (spread + np.sqrt(spread**2 + 4 * spread * v.max())) / 2
    grid = np.concatenate([[0.0], np.geomspace(top * 1e-10, top, 300)])
    slope = score(grid)
    turns = np.flatnonzero((slope[:-1] > 0) & (slope[1:] <= 0))
    ends = [(grid[i], grid[i + 1]) for i in turns]
    peaks = [optimize.brentq(lambda t: score(t)[0], low, high, rtol=_TINY, xtol=top * 1e-15) for low, high in ends]
    candidates = np.array([0.0, *peaks])
    return float(candidates[np.argmax(likelihood(candidates))])
