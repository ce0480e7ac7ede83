"""The whole rate that stands in a printed table, for checks against it."""

from __future__ import annotations

import numpy as np

from brapkg.stats import _check


def published_rate(count, population) -> np.ndarray:
    """Whole rate per 100 000, rounded half up, exact also where the rate ends in ,5.

    Parameters
    ----------
    count : array of int, shape (n,)
        Events, whole numbers from 0 to 10 million million.
    population : array of float, shape (n,) or scalar
        Persons, > 0, a multiple of 0.5 (the mean of two year-ends may be a half).

    Returns
    -------
    array of int64, shape (n,)
        floor(count / population * 100 000 + 1/2), in whole-number arithmetic, so that no tie is
        lost to binary fractions.

    Raises
    ------
    ValueError
        A count is negative, too large or not whole; a population is not above 0 or not a
        multiple of 0.5; a number is not finite; or lengths or indexes differ.

    Notes
    -----
    For checking against a printed table, not for analysis: `rate` keeps the decimals.

    References
    ----------
    Arithmetic only.
    """
    counts, persons = _check.same_length(
        count=_check.whole("count", count), population=_check.positive("population", population)
    )
    _check.shared_index(counts.size, count=count, population=population)
    # 400 000 * count must fit in 64 bits.
    _check.refuse("count", counts, counts > 1e13, "must be at most 1e13", _check.keys(count))
    _check.refuse("population", persons, persons > 1e13, "must be at most 1e13", _check.keys(population))
    doubled = 2 * persons
    rule = "must be a multiple of 0.5"
    _check.refuse("population", persons, doubled != np.floor(doubled), rule, _check.keys(population))
    # With P = 2 * population: 100000 c / (P/2) + 1/2 = (400000 c + P) / (2 P).
    twice = doubled.astype(np.int64)
    return (400_000 * counts.astype(np.int64) + twice) // (2 * twice)
