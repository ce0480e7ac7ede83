"""Ratios of events before and after, against a comparison area or against the past alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check
from brapkg.stats._rows import no_interval

_GOOD = {"rirr": "below 1", "res": "above 1"}


def relative_effect(
    before,
    after,
    comparison_before,
    comparison_after,
    *,
    phi: float = 1.0,
    levels: Sequence[float] = (0.95,),
    method: str = "rirr",
) -> pd.DataFrame:
    """Relative effect of a measure: change in the area over change in the comparison area.

    Parameters
    ----------
    before, after, comparison_before, comparison_after : arrays or Series of int, shape (n,), or
        scalars. Events; the two areas over the same two stretches of time.
    phi : float
        Overdispersion of the counts, > 0; 1 or less makes no adjustment. Several values are a
        loop over calls.
    levels : sequence of float
        Confidence levels, in the order wanted.
    method : {"rirr", "res"}
        "rirr": relative incident rate ratio, (after / before) / (comparison after / before);
        0.8 is a fall of 20 per cent beside the comparison. "res": relative effect size, 1 / rirr.

    Returns
    -------
    DataFrame
        One row per entry and level, index kept: value, lower, upper, level, change (per cent, as
        rirr - 1), se, z, p_value (of the logarithm, two-sided), good ("below 1" for rirr, "above 1"
        for res), the four counts, phi (as used), method, missing. Where a count is 0 all are NaN
        and missing is "none".

    Raises
    ------
    ValueError
        A count is negative or not whole, phi is not above 0, a number is not finite, lengths or
        indexes differ, or a level or the method is not allowed.

    Notes
    -----
    The interval is normal on the log scale: poor with a count below about 5. With phi 1 it holds
    for Poisson counts only, and is too narrow for nearly all crime; the right phi is not in these
    four counts and must come from longer series.

    References
    ----------
    Farrington, Gill, Waples and Argomaniz (2007), J Exp Criminol 3:21-38. Wilson (2022), J Quant
    Criminol 38:323-341.
    """
    given = dict(before=before, after=after, comparison_before=comparison_before, comparison_after=comparison_after)
    counts = _check.same_length(**{name: _check.whole(name, values) for name, values in given.items()})
    index = _check.shared_index(counts[0].size, **given)
    phi = _check.one(_check.positive, "phi", phi)
    _check.option("method", method, tuple(_GOOD))
    used, some = max(1.0, phi), np.min(counts, axis=0) > 0
    a, b, c, d = (np.where(some, count, np.nan) for count in counts)
    rirr = np.log(b * c / (a * d))
    estimate = rirr if method == "rirr" else -rirr
    error = np.sqrt(used * (1 / a + 1 / b + 1 / c + 1 / d))
    blocks = []
    for level in _check.levels(levels):
        half = stats.norm.isf((1 - level) / 2) * error
        columns = {
            "value": np.exp(estimate),
            "lower": np.exp(estimate - half),
            "upper": np.exp(estimate + half),
            "level": level,
            "change": 100 * np.expm1(rirr),
            "se": error,
            "z": estimate / error,
            "p_value": 2 * stats.norm.sf(np.abs(estimate / error)),
            "good": _GOOD[method],
            **dict(zip(given, counts, strict=True)),
            "phi": used,
            "method": method,
            "missing": np.where(some, "", "none").astype(str),
        }
        blocks.append(pd.DataFrame(columns, index=index))
    return pd.concat(blocks)


def poisson_z(current, past, *, past_periods: float = 1, levels: Sequence[float] = (0.95,)) -> pd.DataFrame:
    """Score of a count against the past on the square-root scale, with the band chance would give.

    Parameters
    ----------
    current : array or Series of int, shape (n,), or scalar
        Events now.
    past : array or Series of float, shape (n,), or scalar
        Events of the past, >= 0, over a time as long as the current: one count, or the mean of
        several.
    past_periods : float
        Number of past counts in that mean, >= 1. `numpy.inf` where the past mean is known, not
        counted: only then is the score 2 (sqrt(current) - sqrt(past)) itself.
    levels : sequence of float
        Levels of the band, in the order wanted.

    Returns
    -------
    DataFrame
        One row per entry and level, index kept: value (the score), lower and upper (NaN: a score
        has no interval), level, band_lower, band_upper (for the current count; floored at 0),
        p_value (two-sided), current, past, past_periods, method, missing ("none" where both are 0:
        the score is NaN).

    Raises
    ------
    ValueError
        A count is negative, the current not whole, past_periods is below 1, a number is not
        finite, lengths or indexes differ, or a level is not allowed.

    Notes
    -----
    The past's own chance is taken in: the score is divided by sqrt(1 + 1 / past_periods), sqrt(2)
    for one count. Without that, a score beyond 2 comes up one time in six by chance alone. Poor
    for a mean below about 4. Counts more spread than Poisson give too many alarms.

    References
    ----------
    Anscombe (1948), Biometrika 35:246-254. Wheeler (2016), Int J Police Sci Manag
    18:159-172.
    """
    now, then = _check.same_length(current=_check.whole("current", current), past=_check.counts("past", past))
    index = _check.shared_index(now.size, current=current, past=past)
    periods = _check.one(partial(_check.numbers, finite=False), "past_periods", past_periods)
    if not periods >= 1:
        raise ValueError(f"past_periods: found {past_periods!r}; must be at least 1, or numpy.inf for a known mean")
    error = np.sqrt(1 + 1 / periods)
    some = now + then > 0
    z = np.where(some, 2 * (np.sqrt(now) - np.sqrt(then)) / error, np.nan)
    blocks = []
    for level in _check.levels(levels):
        half = stats.norm.isf((1 - level) / 2) * error / 2
        columns = {
            "value": z,
            "level": level,
            "band_lower": np.maximum(np.sqrt(then) - half, 0.0) ** 2,
            "band_upper": (np.sqrt(then) + half) ** 2,
            "p_value": 2 * stats.norm.sf(np.abs(z)),
            "current": now,
            "past": then,
            "past_periods": periods,
            "method": "square-root, past known" if np.isinf(periods) else "square-root, past counted",
            "missing": np.where(some, "", "none").astype(str),
        }
        blocks.append(no_interval(pd.DataFrame(columns, index=index)))
    return pd.concat(blocks)
