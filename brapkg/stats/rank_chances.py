"""The chance of each rank of each area, by integration or by draws: the engine of the ranks."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import special

# A panel of Gauss-Legendre nodes is this many standard deviations of the narrowest area in it, so
# wide and with so many nodes. The first errs by 1e-9 at most, the second by 0.004 in a chance.
PANELS = {"exact": (2.0, 12), "quadrature": (3.0, 6)}
_FEWESTPANELS = 30  # or whole ranks would fall between nodes where every area is wide
_TAIL = 1e-11
_TAIL_DEVIATIONS = 6.7
_SMALLEST_RATE = 1e-280
_NOTHING = 1e-15  # a chance of a count below this is taken as 0
_DRAWS_AT_ONCE = 500


def integrate(shape: np.ndarray, rate: np.ndarray, width: float, order: int) -> np.ndarray:
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
    reach = np.minimum(width * (highest - lowest) / (2 * _TAIL_DEVIATIONS), (end - start) / _FEWESTPANELS)
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


def draw(shape: np.ndarray, rate: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Share of the draws in which each area has each rank."""
    size = shape.size
    sizes = [min(_DRAWS_AT_ONCE, draws - done) for done in range(0, draws, _DRAWS_AT_ONCE)]
    seeds = np.random.SeedSequence(seed).spawn(len(sizes))

    # Sorting numbers is five times as fast as sorting places by them, so each number carries its
    # place in its last bits: for 300 areas they then agree to 6e-5, far below the error of the draws.
    places = np.arange(size, dtype=np.uint32)
    last_bits = np.uint32((1 << (size - 1).bit_length()) - 1)
    narrow, scale = shape.astype(np.float32), (1 / rate).astype(np.float32)

    def times(number: int, own: np.random.SeedSequence) -> np.ndarray:
        rng = np.random.Generator(np.random.SFC64(own))
        drawn = rng.standard_gamma(narrow, size=(number, size), dtype=np.float32)
        drawn *= scale
        bits = drawn.view(np.uint32)  # of positive numbers: in the order of the numbers
        bits &= ~last_bits
        bits |= places
        bits.sort(axis=1)
        bits &= last_bits
        pair = bits.astype(np.int64)  # of an area and its rank
        pair *= size
        pair += np.arange(size)
        return np.bincount(pair.ravel(), minlength=size * size)

    # A chunk has a seed of its own, so the sum is the same whoever draws it.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = sum(pool.map(times, sizes, seeds))
    return counted.reshape(size, size) / draws
