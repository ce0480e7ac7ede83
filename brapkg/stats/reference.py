"""An area's rate against that of a reference: one that holds the area, or one apart from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check
from brapkg.stats._rows import long_form
from brapkg.stats.comparison import FEW

METHODS = {True: "log ratio, part of whole", False: "log ratio, independent counts"}


def to_reference(
    count,
    population,
    reference_count,
    reference_population,
    *,
    inside: bool,
    swing=0.0,
    levels: Sequence[float] = (0.95, 0.998),
) -> pd.DataFrame:
    """Ratio of each area's rate to its own reference's rate.

    Parameters
    ----------
    count, population : arrays or Series of float, shape (n,)
        Events (>= 0) and persons or person-years (> 0) of the area.
    reference_count, reference_population : arrays or Series of float, shape (n,)
        Events (>= 0) and persons or person-years (> 0) of its reference in the same time.
    inside : bool
        Whether the reference holds the area (a part of a whole) or not (two independent counts).
    swing : array or Series of float, shape (n,), or scalar
        Variance of the log ratio beyond Poisson chance, >= 0.
    levels : sequence of float
        Confidence levels, in the order wanted.

    Returns
    -------
    DataFrame
        One block of rows per level: count, expected (the count at the reference's rate), value,
        lower, upper, level, method, missing. Where the area's or the reference's count is below 10
        value and limits are NaN and missing is "few"; else missing is "".

    Raises
    ------
    ValueError
        A count or the swing is negative, a population is not above 0, a part exceeds its whole, a
        number is not finite, lengths or indexes differ, or a level is not allowed.

    Notes
    -----
    The log ratio has variance 1/c + 1/C apart, 1/c - 1/C inside, plus `swing`. The interval is an
    approximation, fair from about 10 events, and narrow for a part that is nearly the whole.

    References
    ----------
    Rothman, Greenland and Lash (2008), Modern Epidemiology, 3rd ed., ch. 14 (log rate ratio);
    delta method for a part of a whole.
    """
    here, persons, there, others, beyond = _check.same_length(
        count=_check.counts("count", count),
        population=_check.positive("population", population),
        reference_count=_check.counts("reference_count", reference_count),
        reference_population=_check.positive("reference_population", reference_population),
        swing=_check.counts("swing", swing),
    )
    index = _check.shared_index(
        here.size,
        count=count,
        population=population,
        reference_count=reference_count,
        reference_population=reference_population,
        swing=swing,
    )
    if inside:
        _check.refuse("count", here, here > there, "must be at most reference_count", index)
        _check.refuse("population", persons, persons > others * (1 + 1e-9), "must be at most that of the whole", index)
    few = np.minimum(here, there) < FEW
    # Rows that are withheld get counts of 1 so that nothing divides by zero on the way.
    c, reference = np.where(few, 1, here), np.where(few, 1, there)
    expected = persons * there / others
    value = c / np.where(few, 1, expected)
    # 1/c - 1/C may fall a hair below 0 when the part is the whole.
    variance = np.maximum(1 / c + np.where(inside, -1, 1) / reference, 0) + beyond

    def limits(level: float) -> tuple[np.ndarray, np.ndarray]:
        factor = np.exp(stats.norm.isf((1 - level) / 2) * np.sqrt(variance))
        return value / factor, value * factor

    given = pd.DataFrame({"count": here, "expected": expected}, index=index)
    return long_form(given, value, limits, levels, METHODS[inside], few)
