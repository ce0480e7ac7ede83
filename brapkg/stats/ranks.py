"""Ranks and how sure they are: where an area stands among all, once chance is counted.

A league table shows the order of the noise. Here each area's true rate has a gamma distribution,
and its rank has the distribution that follows. Rank 1 is the lowest rate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from brapkg.stats import _check
from brapkg.stats.rank_chances import PANELS, draw, integrate

EXACT_UP_TO = 60
_METHODS = ("auto", "exact", "quadrature", "draws")
_ROUNDING = 1e-9


def posterior(
    count, population, *, shape: float = 0.5, rate: float | None = None, discount=1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Gamma distribution of each area's true rate, from its count and a common prior.

    Parameters
    ----------
    count : array or Series of int, shape (n,)
        Events, whole numbers >= 0.
    population : array or Series of float, shape (n,)
        Persons or expected events, > 0.
    shape, rate : float
        Shape and rate of the prior, > 0; both infinite where all areas are equal. `nu` and
        `alpha` of `shrinkage.poisson_gamma` serve when `population` holds expected events.
        Without `rate` the prior has the mean of all areas together, sum count / sum population.
    discount : array of float, shape (n,), or scalar
        Weight of the counts where a year moves beyond Poisson chance, in (0, 1] (see
        `shrinkage.discount`).

    Returns
    -------
    shape, rate : arrays of float, shape (n,)
        Of the posterior: shape + discount * count and rate + discount * population.

    Raises
    ------
    ValueError
        A count is negative or not whole, a population, discount or the prior is not above 0, a number is
        not finite, lengths or indexes differ, or there are no areas, or no event and no `rate`.

    Notes
    -----
    The default prior weighs as half an event: it leaves the areas all but unshrunken.

    References
    ----------
    Clayton and Kaldor (1987), Biometrics 43:671-681.
    """
    events, persons, weight = _check.same_length(
        count=_check.whole("count", count),
        population=_check.positive("population", population),
        discount=_check.positive("discount", discount),
    )
    _check.shared_index(events.size, count=count, population=population, discount=discount)
    _check.refuse("discount", weight, weight > 1, "must be > 0 and <= 1")
    if events.size == 0:
        raise ValueError("count: found 0 areas; must hold at least 1")
    if rate is not None and np.isposinf(shape) and np.isposinf(rate):
        return np.full(events.size, np.inf), np.full(events.size, np.inf)
    shape = _check.one(_check.positive, "shape", shape)
    if rate is None:
        if events.sum() == 0:
            raise ValueError("count: found no event in any area; the prior's `rate` must then be given")
        rate = shape * persons.sum() / events.sum()
    rate = _check.one(_check.positive, "rate", rate)
    return shape + weight * events, rate + weight * persons


def chance_higher(shape1, rate1, shape2, rate2) -> np.ndarray:
    """Chance that the true rate of one area is higher than that of another.

    Parameters
    ----------
    shape1, rate1, shape2, rate2 : arrays of float, shape (n,), or scalars
        Gamma distributions of the two rates, > 0 (see `posterior`).

    Returns
    -------
    array of float, shape (n,)
        P(rate of the first > rate of the second), exact.

    Raises
    ------
    ValueError
        A number is not above 0 or not finite, or lengths or indexes differ.

    Notes
    -----
    The rates are taken as independent given the prior. For a pair that was chosen because it
    looks apart the chance is too near 0 or 1, unless the prior shrinks.

    References
    ----------
    Cook (2012), Exact calculation of inequality probabilities (b1 X / (b1 X + b2 Y) is beta).
    """
    given = {"shape1": shape1, "rate1": rate1, "shape2": shape2, "rate2": rate2}
    a1, b1, a2, b2 = _check.same_length(**{name: _check.positive(name, value) for name, value in given.items()})
    _check.shared_index(a1.size, **given)
    return special.betainc(a2, a1, b2 / (b1 + b2))


def ranks(
    count,
    population,
    *,
    levels: Sequence[float] = (0.95,),
    method: str = "auto",
    shape: float = 0.5,
    rate: float | None = None,
    discount=1.0,
    worst: float = 0.2,
    draws: int = 10_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Rank of each area's true rate, with its interval. Rank 1 is the lowest rate.

    Parameters
    ----------
    count, population, shape, rate, discount
        As in `posterior`.
    levels : sequence of float
        Levels of the rank intervals, in the order wanted.
    method : {"auto", "exact", "quadrature", "draws"}
        "exact" integrates on fine nodes; "quadrature" does the same on coarser ones; "draws"
        ranks random draws. "auto" is "exact" up to 60 areas and "quadrature" above.
    worst : float
        Share of the areas, those with the highest rates, that `chance_worst` tells of: the
        nearest whole number of areas, at least 1. Above 0 and at most 1.
    draws, seed : int
        For method "draws"; the answer hangs on them alone, not on the number of cores.

    Returns
    -------
    DataFrame
        One block of rows per level, index kept: count, population, value (expected rank),
        median, lower, upper (equal-tailed, whole ranks), level, chance_worst, chance_highest,
        chance_lowest, method.

    Raises
    ------
    ValueError
        As `posterior`, or a level, the method, `worst` or `draws` is not allowed.

    Notes
    -----
    Ranks of hundreds of areas are wide even where the rates are well known. Intervals hold for
    one area at a time: the order as a whole is far less sure. "exact" agrees with the beta
    integral to 1e-8; "quadrature" keeps every chance within 0.005, and draws, 10 000 of them,
    within some 0.02. Memory and time grow with the square of the number of areas.

    References
    ----------
    Goldstein and Spiegelhalter (1996), JRSS A 159:385-443. Hong (2013), Comput Stat Data Anal
    59:41-51 (Poisson-binomial distribution).
    """
    a, b = posterior(count, population, shape=shape, rate=rate, discount=discount)
    size = a.size
    index = _check.shared_index(size, count=count, population=population)
    checked = _check.levels(levels)
    _check.option("method", method, _METHODS)
    share = _check.one(_check.positive, "worst", worst)
    _check.refuse("worst", np.array([share]), np.array([share > 1]), "must be > 0 and <= 1")
    number, seed = _check.integer("draws", draws, 1), _check.integer("seed", seed, 0)
    if np.isposinf(a).all():
        used, chances = "all areas equal", np.full((size, size), 1 / size)
    elif method == "draws":
        used, chances = f"{number} draws", draw(a, b, number, seed)
    else:
        used = method if method != "auto" else "exact" if size <= EXACT_UP_TO else "quadrature"
        chances = integrate(a, b, *PANELS[used])
    return _table(count, population, chances, index, checked, max(1, int(share * size + 0.5)), used)


def _table(count, population, chances: np.ndarray, index: pd.Index, levels, worst: int, method: str) -> pd.DataFrame:
    """The columns of `ranks` from the chance of each rank: areas down, ranks across."""
    cumulated = chances.cumsum(axis=1)

    def rank_at(share: float) -> np.ndarray:
        # A share that is reached but for rounding counts as reached.
        return 1 + (cumulated < share - _ROUNDING).sum(axis=1).clip(max=len(index) - 1)

    events, persons = np.broadcast_arrays(np.asarray(count, float), np.asarray(population, float))
    blocks = []
    for level in levels:
        tail = (1 - level) / 2
        columns = {
            "count": events,
            "population": persons,
            "value": chances @ np.arange(1, len(index) + 1),
            "median": rank_at(0.5),
            "lower": rank_at(tail),
            "upper": rank_at(1 - tail),
            "level": level,
            "chance_worst": chances[:, len(index) - worst :].sum(axis=1),
            "chance_highest": chances[:, -1],
            "chance_lowest": chances[:, 0],
            "method": method,
        }
        blocks.append(pd.DataFrame(columns, index=index))
    return pd.concat(blocks)
