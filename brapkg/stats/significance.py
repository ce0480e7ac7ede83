"""Which areas differ from a target beyond chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from brapkg.stats import _check
from brapkg.stats._rows import no_interval
from brapkg.stats.funnel_limits import proportion_limits
from brapkg.stats.rates import poisson_interval


def significance(
    count, base, *, levels: Sequence[float] = (0.95, 0.998), statistic: str = "ratio", target: float | None = None
) -> pd.DataFrame:
    """Class of each area against the target, by chance alone (no overdispersion).

    Parameters
    ----------
    count : array or Series of float, shape (n,)
        Events, or cases with the property, >= 0.
    base : array or Series of float, shape (n,)
        For "ratio" the expected count, for "rate" the population, for "proportion" all cases; > 0.
    levels : sequence of float
        Limits to judge by, any order.
    statistic : {"ratio", "rate", "proportion"}
        Ratios and rates are judged by the exact Poisson interval of the count, proportions by
        `proportion_limits`.
    target : float
        Ratio, rate per person or proportion to judge against. When left out: 1 for a ratio, else
        sum count / sum base.

    Returns
    -------
    DataFrame
        One row per area, index kept: count, base, value (count / base), lower, upper and level
        (NaN: several levels share a row), target, outside ("" or the widest limit passed, such as
        "above_998" or "below_95"), method.

    Raises
    ------
    ValueError
        A count is negative, a base is not above 0, a proportion is above 1, a number is not
        finite, lengths or indexes differ, or a level, the statistic or the target is not allowed.

    Notes
    -----
    "above_998" has a chance of 0.001 and "above_95" of 0.025 in an area at the target. Areas that
    differ for reasons other than chance make most large areas significant: see `funnel.funnel`.

    References
    ----------
    Garwood (1936), Biometrika 28:437-442; Wilson (1927), JASA 22:209-212.
    """
    events, size = _check.same_length(count=_check.counts("count", count), base=_check.positive("base", base))
    index = _check.shared_index(events.size, count=count, base=base)
    _check.option("statistic", statistic, ("ratio", "rate", "proportion"))
    if target is None:
        if events.sum() == 0 and statistic != "ratio":
            raise ValueError("count: found no event in any area; the target must then be given")
        target = 1.0 if statistic == "ratio" else events.sum() / size.sum()
    target = _check.one(_check.positive, "target", target)
    if statistic == "proportion":
        _check.refuse("count", events, events > size, "must be at most base for a proportion", index)
    outside = np.full(events.size, "", dtype=object)
    for level in sorted(_check.levels(levels)):  # wider limits overwrite narrower ones
        if statistic == "proportion":
            lower, upper = proportion_limits(size, target, level)
            below, above = events / size < lower, events / size > upper
        else:
            fewest, most = poisson_interval(events, level, "exact")
            below, above = size * target > most, size * target < fewest
        mark(outside, below, above, level)
    columns = {
        "count": events,
        "base": size,
        "value": events / size,
        "target": target,
        "outside": outside.astype(str),
        "method": "score" if statistic == "proportion" else "exact Poisson",
    }
    return no_interval(pd.DataFrame(columns, index=index))


def mark(outside: np.ndarray, below: np.ndarray, above: np.ndarray, level: float) -> None:
    """Write the word for a level where an area is outside it: 0.95 -> "above_95", 0.9 -> "above_90"."""
    digits = f"{level:.10f}".split(".")[1].rstrip("0").ljust(2, "0")
    outside[above] = f"above_{digits}"
    outside[below] = f"below_{digits}"
