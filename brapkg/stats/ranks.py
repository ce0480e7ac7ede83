"""Ranks and how sure they are: where an area stands among all, once chance is counted.

A league table shows the order of the noise. Here each area's true rate has a gamma distribution,
and its rank has the distribution that follows. Rank 1 is the lowest rate.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from scipy import special

from brapkg.stats import _check

EXACT_UP_TO = 60
_METHODS = ("auto", "exact", "quadrature", "draws")
# A panel of Gauss-Legendre nodes is this many standard deviations of the narrowest area in it, so
# wide and with so many nodes. The first errs by 1e-9 at most, the second by 0.004 in a chance.
_PANELS = {"exact": (2.0, 12), "quadrature": (3.0, 6)}
_FEWEST_PANELS = 30  # or whole ranks would fall between nodes where every area is wide
_TAIL = 1e-11
_TAIL_DEVIATIONS = 6.7
_SMALLEST_RATE = 1e-280
_NOTHING = 1e-15  # a chance of a count below this is taken as 0
_DRAWS_AT_ONCE = 500
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
    (shape,) = _check.positive("shape", shape)
    if rate is None:
        if events.sum() == 0:
            raise ValueError("count: found no event in any area; the prior's `rate` must then be given")
        rate = shape * persons.sum() / events.sum()
    (rate,) = _check.positive("rate", rate)
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
    (share,) = _check.positive("worst", worst)
    _check.refuse("worst", np.array([share]), np.array([share > 1]), "must be > 0 and <= 1")
    (number,) = _check.whole("draws", _check.positive("draws", draws))
    if np.isposinf(a).all():
        used, chances = "all areas equal", np.full((size, size), 1 / size)
    elif method == "draws":
        used, chances = f"{number:.0f} draws", _draw(a, b, int(number), seed)
    else:
        used = method if method != "auto" else "exact" if size <= EXACT_UP_TO else "quadrature"
        chances = _integrate(a, b, *_PANELS[used])
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


def _integrate(shape: np.ndarray, rate: np.ndarray, width: float, order: int) -> np.ndarray:
    """Chance of each rank of each area: the integral over its rate of how many are below it."""
    at, weight, lowest, highest = _nodes(shape, rate, width, order)
    below = (at >= highest[:, np.newaxis]).astype(float)
    # Pairs of a node and an area whose rate may be there, ordered by node.
    node, area = np.nonzero(((at > lowest[:, np.newaxis]) & (at < highest[:, np.newaxis])).T)
    scaled = rate[area] * at[node]
    chance = special.gammainc(shape[area], scaled)
    below[area, node] = chance
    density = np.exp(special.xlogy(shape[area] - 1, scaled) - scaled - special.gammaln(shape)[area])
    mass = density * rate[area] * weight[node]
    ranks = _leave_one_out(_number_below(below), area, node, chance, mass)
    return ranks / ranks.sum(axis=1, keepdims=True)


def _nodes(shape: np.ndarray, rate: np.ndarray, width: float, order: int) -> tuple[np.ndarray, ...]:
    """Nodes and weights over all rates, close together where a narrow area lies; and area limits."""
    # On a fourth root the areas are near normal, and densities of shape 1/2 are smooth at 0; smaller
    # shapes need a higher root.
    power = min(0.25, shape.min() / 2)
    lowest = np.maximum(special.gammaincinv(shape, _TAIL) / rate, _SMALLEST_RATE) ** power
    highest = (special.gammainccinv(shape, _TAIL) / rate) ** power
    start, end = lowest.min(), highest.max()
    reach = np.minimum(width * (highest - lowest) / (2 * _TAIL_DEVIATIONS), (end - start) / _FEWEST_PANELS)
    edges = [start]
    while edges[-1] < end:
        ahead = highest > edges[-1]
        edges.append(min(end, (np.maximum(lowest[ahead], edges[-1]) + reach[ahead]).min()))
    edges = np.array(edges)
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    x, w = np.polynomial.legendre.leggauss(order)
    root = (middle[:, np.newaxis] + half[:, np.newaxis] * x).ravel()
    weight = (half[:, np.newaxis] * w).ravel() * root ** (1 / power - 1) / power
    return root ** (1 / power), weight, lowest ** (1 / power), highest ** (1 / power)


def _number_below(below: np.ndarray) -> np.ndarray:
    """Chance that 0, 1, ... areas are below each node: the Poisson-binomial, counts down."""
    size, nodes = below.shape
    number = np.zeros((size + 1, nodes))
    number[0] = 1
    for placed, chance in enumerate(below):
        moved = number[: placed + 1] * chance
        number[: placed + 1] -= moved
        number[1 : placed + 2] += moved
    return number


def _leave_one_out(number, area, node, chance, mass) -> np.ndarray:
    """Sum over an area's nodes of their mass times the chance of each number of *other* areas below.

    With c the chances without the area and p its own chance to be below, the chances with it are
    (1 - p) c[k] + p c[k - 1]. Solved upwards for p <= 1/2 and downwards else, errors die out.
    """
    size = len(number) - 1
    ranks = np.zeros((size, size))
    likely = number > _NOTHING
    # The number below grows with the rate: the nodes where a number is likely lie side by side.
    first = np.maximum.accumulate(likely.argmax(axis=0))
    last = np.minimum.accumulate((size - likely[::-1].argmax(axis=0))[::-1])[::-1]
    for upwards in (True, False):
        part = (chance <= 0.5) == upwards
        areas, nodes, masses = area[part], node[part], mass[part]
        mine, other = (1 - chance[part], chance[part]) if upwards else (chance[part], 1 - chance[part])
        inverse, ratio = 1 / mine, other / mine
        without = np.zeros(nodes.size)
        steps = np.arange(size) if upwards else np.arange(size)[::-1]
        with_it = steps if upwards else steps + 1
        starts = np.searchsorted(nodes, np.searchsorted(last, with_it - 1))
        stops = np.searchsorted(nodes, np.searchsorted(first, with_it + 1, side="right"))
        for below, k, start, stop in zip(*map(np.ndarray.tolist, (steps, with_it, starts, stops)), strict=True):
            if start < stop:
                now = number[k][nodes[start:stop]]
                now *= inverse[start:stop]
                now -= ratio[start:stop] * without[start:stop]
                np.maximum(now, 0.0, out=without[start:stop])
                ranks[below] += np.bincount(areas[start:stop], masses[start:stop] * without[start:stop], size)
    return ranks.T


def _draw(shape: np.ndarray, rate: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Share of the draws in which each area has each rank."""
    size = shape.size
    sizes = [min(_DRAWS_AT_ONCE, draws - done) for done in range(0, draws, _DRAWS_AT_ONCE)]
    seeds = np.random.SeedSequence(seed).spawn(len(sizes))

    def times(number: int, own: np.random.SeedSequence) -> np.ndarray:
        drawn = np.random.default_rng(own).standard_gamma(shape, size=(number, size)) / rate
        order = np.argsort(drawn, axis=1)
        return np.bincount((order * size + np.arange(size)).ravel(), minlength=size * size)

    # A chunk has a seed of its own, so the sum is the same whoever draws it.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = sum(pool.map(times, sizes, seeds))
    return counted.reshape(size, size) / draws
