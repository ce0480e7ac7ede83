"""How much the years of places swing beyond Poisson chance, also where counts are small."""

from __future__ import annotations

import numpy as np

from brapkg.stats import _check

ROUNDS = 20


def between_years(counts, shares) -> float:
    """Relative standard deviation of a place's year beyond Poisson chance, one for all places given.

    Parameters
    ----------
    counts : array or DataFrame of float, shape (places, years)
        Events (>= 0), a row for each place.
    shares : array of float, shape (years,)
        Each year's share of the events to be expected of a place that moves as all do: the shares of
        a whole country, for one. Above 0, their sum is 1.

    Returns
    -------
    float
        0 where the counts vary no more than by chance.

    Raises
    ------
    ValueError
        A count is negative or not finite, the shares do not fit the years or do not add up to 1, or
        there are fewer than 3 places with events or fewer than 2 years.

    Notes
    -----
    With e = (a place's sum) * share, the square of a residual has mean e (1 - share) by chance and
    s**2 e**2 ((1 - share)**2 + the sum of the other years' squared shares) by swings of relative
    variance s**2, since each year is part of its own sum. s**2 is the ratio of the sums, with the
    weights 1 / (1 + s**2 e)**2 that are best for it, found in a few rounds. Unlike
    `comparison.between_year_sd`, which takes logarithms, it uses counts of any size, none at all
    included. Inaccurate with few places; one place's outbreak weighs much there. A lasting change
    counts as a swing: keep the years few.

    References
    ----------
    Moments of an overdispersed Poisson count with weights by its variance: Breslow (1984), Applied
    Statistics 33:38-44.
    """
    table = _check.counts("counts", counts, ndim=2)
    part = _check.counts("shares", shares)
    if part.size != table.shape[1] or (part <= 0).any() or abs(part.sum() - 1) > 1e-9:
        raise ValueError(f"shares: found {part.tolist()}; must be one above 0 for each year, with the sum 1")
    table = table[table.sum(axis=1) > 0]
    if len(table) < 3 or part.size < 2:
        raise ValueError(
            f"counts: found {len(table)} places with events and {part.size} years; must have at least 3 and 2"
        )
    expected = table.sum(axis=1, keepdims=True) * part
    beyond = (table - expected) ** 2 - expected * (1 - part)
    swung = expected**2 * ((1 - part) ** 2 + (part**2).sum() - part**2)
    variance = 0.01
    for _ in range(ROUNDS):
        weight = 1 / (1 + variance * expected) ** 2
        variance = max(0.0, float((weight * beyond).sum() / (weight * swung).sum()))
    return float(np.sqrt(variance))
