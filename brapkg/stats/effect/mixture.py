"""Mixtures: weights on the simplex, and the predictor weights under which they follow an outcome best."""

from __future__ import annotations

import numpy as np
from scipy import optimize

from brapkg.stats import _check

_ROUNDS = 400  # steps of each search for predictor weights, per predictor


def simplex_weights(target, donors) -> np.ndarray:
    """Weights >= 0 with sum 1 for which the mixture of donors comes nearest to the target.

    Parameters
    ----------
    target : array of float, shape (m,)
    donors : array of float, shape (m, n)

    Returns
    -------
    array of float, shape (n,)
        The least-squares solution; one of them where there are several.

    Raises
    ------
    ValueError
        A number is not finite, or the lengths differ.

    Notes
    -----
    With D = donors - target and w summing to 1, the distance is |D w|. Non-negative least squares
    of (D, 1) u = (0, 1) and w = u / sum(u) solve that exactly: for u = s w the sum of squares is
    s^2 |D w|^2 + (s - 1)^2, whose least value over s rises with |D w|.

    References
    ----------
    Lawson and Hanson (1974), Solving Least Squares Problems, ch. 23.
    """
    b, a = _check.numbers("target", target), _check.numbers("donors", donors, ndim=2)
    if len(a) != b.size or not a.shape[1]:
        raise ValueError(f"lengths differ (target {b.size}, donors {len(a)} by {a.shape[1]}); must be equal")
    return _nearest(a - b[:, np.newaxis])


def _nearest(difference: np.ndarray) -> np.ndarray:
    # On the scale of the donor nearest to the target, so that neither the rows nor the 1 drown.
    scale = np.sqrt((difference**2).sum(axis=0).min())
    if scale == 0:
        scale = max(1.0, np.abs(difference).max())
    rows = np.vstack([difference / scale, np.ones(difference.shape[1])])
    u, _ = optimize.nnls(rows, np.append(np.zeros(len(difference)), 1.0))
    return u / u.sum()


def donor_weights(y, place: int, x, v, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Weights of the donors of one area, and the predictor weights where there are predictors.

    Parameters
    ----------
    y : array of float, shape (periods, areas)
        The outcome in the periods fitted.
    place : int
        The column of the area.
    x : array of float, shape (predictors, areas), or None
        Predictors on one scale.
    v : array of float, shape (predictors,), or None
        Predictor weights; None to seek them.
    seed : int
        Of the starting points of the search.
    """
    outcome = np.delete(y, place, axis=1) - y[:, [place]]
    if x is None:
        return _nearest(outcome), None
    difference = np.delete(x, place, axis=1) - x[:, [place]]
    used = _sought(difference, outcome, x, y, seed) if v is None else v
    return _nearest(np.sqrt(used)[:, np.newaxis] * difference), used


def _sought(difference, outcome, x, y, seed: int) -> np.ndarray:
    """Predictor weights under which the donors' mixture follows the outcome best."""

    def share(logs):
        weight = np.exp(np.clip(logs - logs.max(), -30, 0))
        return weight / weight.sum()

    def loss(logs):
        return np.mean((outcome @ _nearest(np.sqrt(share(logs))[:, np.newaxis] * difference)) ** 2)

    # Starts: all alike, by how well each predictor tells the outcome across areas, and by chance.
    slopes = np.linalg.lstsq(np.column_stack([np.ones(x.shape[1]), x.T]), y.T, rcond=None)[0][1:]
    told = (slopes**2).sum(axis=1)
    rng = np.random.default_rng(seed)
    starts = [np.zeros(len(x)), np.log(told / told.max() + 1e-9), *rng.normal(0, 2, (4, len(x)))]
    options = {"maxiter": _ROUNDS * len(x), "maxfev": _ROUNDS * len(x), "xatol": 1e-4, "fatol": 1e-9, "adaptive": True}
    found = [optimize.minimize(loss, start, method="Nelder-Mead", options=options) for start in starts]
    return share(min(found, key=lambda one: one.fun).x)
