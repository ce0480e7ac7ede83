"""Rounding to a base: conventional, at random without bias, and of small counts with sums kept."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import sparse

from brapkg.stats import _check
from brapkg.stats.disclosure.table import Table, tabulate

_PAIRS = 300  # candidates on each side when two cells are changed together


def round_to_base(count, base: int = 5) -> np.ndarray:
    """Nearest multiple of the base, halves away from zero.

    Parameters
    ----------
    count : array of int, shape (n,), or scalar
        Whole numbers >= 0.
    base : int
        2 or more; 3, 5 and 10 are usual.

    Returns
    -------
    array of int64, shape (n,)
        Multiples of the base. In whole-number arithmetic: 5 to base 10 is 10, and 25 is 30,
        where rounding halves to even would give 0 and 20.

    Raises
    ------
    ValueError
        A count is negative, not whole or above 1e15, or the base is not a whole number >= 2.

    Notes
    -----
    Rounded parts do not sum to rounded totals, and a table with many totals can give the counts
    away: use `round_small` where sums must hold.

    References
    ----------
    Willenborg and de Waal (2001), Elements of Statistical Disclosure Control, chapter 9.
    """
    counts, base = _whole(count), _base(base)
    return (2 * counts + base) // (2 * base) * base


def round_at_random(count, base: int = 3, *, seed: int = 0) -> pd.DataFrame:
    """Round up or down to a multiple of the base by chance, right on average.

    Parameters
    ----------
    count : array or Series of int, shape (n,)
        Whole numbers >= 0.
    base : int
        2 or more.
    seed : int
        Of the random numbers: the same seed, counts and order give the same answer.

    Returns
    -------
    DataFrame
        Index kept: count, value (rounded), chance_up (of the next multiple above), variance (of
        value, around count), method.

    Raises
    ------
    ValueError
        As `round_to_base`.

    Notes
    -----
    A count with remainder r is rounded up with chance r / base, so the mean is the count and
    the variance r (base - r). Each cell is rounded by itself: sums do not hold. Publish one
    answer only; the mean of many gives the count away, so keep the seed secret and the same.

    References
    ----------
    Fellegi (1975), Survey Methodology 1:123-133.
    """
    counts, base = _whole(count), _base(base)
    rest = counts % base
    up = np.random.default_rng(_check.integer("seed", seed, 0)).random(counts.size) * base < rest
    columns = {
        "count": counts,
        "value": counts - rest + base * up,
        "chance_up": rest / base,
        "variance": rest * (base - rest),
        "method": f"random rounding, base {base}",
    }
    return pd.DataFrame(columns, index=_check.shared_index(counts.size, count=count))


def round_small(
    cells: pd.DataFrame, hierarchies: Mapping[str, Mapping | None], *, count: str = "count", base: int = 3
) -> pd.DataFrame:
    """Make small inner counts 0 or the base, so that all sums hold and stay near the truth.

    Parameters
    ----------
    cells, hierarchies, count
        As in `tabulate`.
    base : int
        2 or more: inner counts from 1 to base - 1 are changed, all others are kept.

    Returns
    -------
    DataFrame
        One row per cell, totals included (those of `cells`, in its order and with its index,
        where it held totals): the keys, the count, value, difference (value less count), method.

    Raises
    ------
    ValueError
        As `tabulate`; or the base is not a whole number >= 2.

    Notes
    -----
    Totals are the sums of changed parts, so an outsider learns no more from them. Which cells go
    up is searched for (least sum of squared differences over all cells and totals, by single
    changes and by exchanges of two) and is near the best, not proven best. Not unbiased: that a
    count is 0 or the base tells little, but the average of many such cells is not to be used.

    References
    ----------
    Langsrud and Heldal (2018), Privacy in Statistical Databases (PSD 2018), on small count
    rounding.
    """
    table = tabulate(cells, hierarchies, count=count)
    base = _base(base)
    difference = _small_differences(table, base)
    found = table.frame.copy()
    found["value"] = found[count] + difference[table.rows]
    found["difference"] = difference[table.rows]
    found["method"] = f"small count rounding, base {base}"
    return found


def _small_differences(table: Table, base: int) -> np.ndarray:
    """Difference of every cell, after the best choice found of which small inner cells go up."""
    inner = np.flatnonzero(table.inner)
    counts = table.counts[inner].astype(np.int64)
    small = (counts > 0) & (counts < base)
    if not small.any():
        return np.zeros(table.counts.size, dtype=np.int64)
    sums = _sums(table)[:, small]
    up = np.zeros(int(small.sum()), dtype=bool)
    rest = -(sums @ counts[small]).astype(float)
    up, rest = _search(sparse.csc_array(sums), up, rest, base)
    return np.round(rest).astype(np.int64)


def _sums(table: Table) -> sparse.csc_array:
    """Every cell (row) as the sum of inner cells (columns)."""
    sums = sparse.csc_array(np.ones((1, 1)))
    for one in table.dimensions:
        leaves = np.flatnonzero(one.leaf)
        holds = sparse.lil_array((len(one.keys), leaves.size))
        for column, node in enumerate(leaves):
            while node >= 0:
                holds[node, column] = 1
                node = one.parent[node]
        sums = sparse.kron(sums, holds, format="csc")
    sums = sparse.csc_array(sums)
    sums.eliminate_zeros()  # kron stores some, and a stored entry is taken for a part
    return sums


def _search(sums: sparse.csc_array, up: np.ndarray, rest: np.ndarray, base: int) -> tuple[np.ndarray, np.ndarray]:
    """Lower the sum of squares of `rest` by changing one cell, else two, until neither helps."""
    norm = base**2 * np.asarray(sums.power(2).sum(axis=0)).ravel()
    gradient = 2 * base * (sums.T @ rest)
    by_sum = sparse.csr_array(sums)

    def change(cell: int) -> None:
        nonlocal rest
        step = -1 if up[cell] else 1
        for total in sums.indices[sums.indptr[cell] : sums.indptr[cell + 1]]:
            rest[total] += base * step
            # The whole square of sums by cells would not fit in memory for a large table.
            gradient[by_sum.indices[by_sum.indptr[total] : by_sum.indptr[total + 1]]] += 2 * base**2 * step
        up[cell] = not up[cell]

    while True:
        step = np.where(up, -1, 1)
        gain = step * gradient + norm
        best = int(np.argmin(gain))
        if gain[best] < -1e-9:
            change(best)
            continue
        pair = _best_pair(gain, step, sums, base)
        if pair is None:
            return up, rest
        for cell in pair:
            change(cell)


def _best_pair(gain: np.ndarray, step: np.ndarray, sums: sparse.csc_array, base: int) -> tuple[int, int] | None:
    """The two cells, one up and one down, whose exchange lowers the sum of squares most."""
    rising, falling = (np.flatnonzero(step == sign) for sign in (1, -1))
    rising, falling = (side[np.argsort(gain[side], kind="stable")[:_PAIRS]] for side in (rising, falling))
    if not (rising.size and falling.size):
        return None
    shared = (sums[:, rising].T @ sums[:, falling]).toarray()
    both = gain[rising][:, None] + gain[falling][None, :] - 2 * base**2 * shared
    at = np.unravel_index(np.argmin(both), both.shape)
    return (int(rising[at[0]]), int(falling[at[1]])) if both[at] < -1e-9 else None


def _whole(count) -> np.ndarray:
    counts = _check.whole("count", count)
    _check.refuse("count", counts, counts > 1e15, "must be at most 1e15")
    return counts.astype(np.int64)


def _base(base: int) -> int:
    return _check.integer("base", base, 2)
