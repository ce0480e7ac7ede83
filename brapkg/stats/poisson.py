"""Poisson regression of many series at once: the engine of the trends.

statsmodels makes one model at a time, and a country has a thousand series; the steps here are its
own, taken for all of them together. The tests hold the two to each other at 1e-9.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

# A regression that has a maximum is there in five to ten rounds; one without moves by about one
# a round for ever. Convergence is quadratic: after a step of 1e-8 the error is rounding.
ROUNDS = 30
SETTLED = 1e-8


@dataclass(frozen=True)
class Fits:
    """Poisson regressions of several series on one design of n rows and p columns.

    ``coefficients`` (series, p); ``covariance`` (series, p, p), for dispersion 1; ``dispersion``
    (series,), Pearson's and not floored; ``settled`` (series,), whether the fit came to rest.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    dispersion: np.ndarray
    settled: np.ndarray
    df: int

    def of(self, chosen: np.ndarray) -> Fits:
        """The fits of some of the series."""
        arrays = (self.coefficients, self.covariance, self.dispersion, self.settled)
        return Fits(*(array[chosen] for array in arrays), self.df)

    def ratios(self, rows: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """exp of linear combinations of the coefficients, with t intervals: (series, rows) each."""
        middle = self.coefficients @ rows.T
        variance = np.einsum("ri,sij,rj->sr", rows, self.covariance, rows, optimize=True)
        error = np.sqrt(variance * np.maximum(1.0, self.dispersion)[:, np.newaxis])
        half = stats.t.isf((1 - level) / 2, self.df) * error
        return np.exp(middle), np.exp(middle - half), np.exp(middle + half)


def fit(y: np.ndarray, design: np.ndarray, exposure: np.ndarray) -> Fits:
    """Poisson regression of each row of `y` on the design, by reweighted least squares.

    Parameters
    ----------
    y, exposure : arrays of float, shape (series, n)
        Events (>= 0) and exposure (> 0, an offset on the log scale).
    design : array of float, shape (n, p)
        One design for all series, of full rank.

    Returns
    -------
    Fits
        A series without a maximum (no events where the design needs some) is not ``settled``; its
        other values mean nothing.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, section 2.5.
    """
    offset = np.log(exposure)
    size, (months, parameters) = len(y), design.shape
    products = (design[:, :, np.newaxis] * design[:, np.newaxis, :]).reshape(months, -1)
    mean = (y + y.mean(axis=1, keepdims=True)) / 2
    coefficients = np.zeros((size, parameters))
    # A series without a maximum runs away; it is found below, by not having settled.
    with np.errstate(all="ignore"):
        for _ in range(ROUNDS):
            target = np.log(mean) - offset + (y - mean) / mean
            information = (mean @ products).reshape(size, parameters, parameters)
            score = (mean * target) @ design
            before = coefficients
            coefficients = np.linalg.solve(information, score[:, :, np.newaxis])[:, :, 0]
            mean = np.exp(coefficients @ design.T + offset)
            settled = np.abs(coefficients - before).max(axis=1, initial=0) < SETTLED
            if settled.all():
                break
        pearson = ((y - mean) ** 2 / mean).sum(axis=1)
    information = (mean @ products).reshape(size, parameters, parameters)
    # The identity stands in for series that have not settled, so that every one can be inverted.
    information[~settled] = np.eye(parameters)
    df = months - parameters
    return Fits(coefficients, np.linalg.inv(information), pearson / df, settled, df)


def label(family: str, dispersion: float, floor: bool) -> str:
    """The method's name, with a note where a dispersion below 1 was taken as 1."""
    return f"{family}, dispersion floored at 1" if floor and dispersion < 1 else family
