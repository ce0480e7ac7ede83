"""The funnel: which areas lie outside what chance, and the areas' usual spread, would give.

Observed over expected (O/E) has the target 1. The limits to draw are in `funnel_limits`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check
from brapkg.stats._rows import no_interval
from brapkg.stats.significance import mark


def winsorise(z, share: float = 0.1) -> np.ndarray:
    """Pull the extreme tenths in to the quantiles, so that true outliers do not widen the funnel.

    Parameters
    ----------
    z : array of float, shape (n,)
        Scores, n >= 1.
    share : float
        Share of the scores in each tail to pull in, >= 0 and < 0.5.

    Returns
    -------
    array of float, shape (n,)
        Scores clipped at the `share` and 1 - `share` quantiles (type 7, linear).

    Raises
    ------
    ValueError
        No scores, a score is not finite, or the share is not allowed.

    Notes
    -----
    With fewer than about 10 scores the quantiles lie between the two outermost and little is
    pulled in.

    References
    ----------
    Spiegelhalter (2005), Stat Med 24:1185-1202; Hyndman and Fan (1996), Am Stat 50:361-365.
    """
    z = _check.numbers("z", z)
    share = _share(share)
    if z.size == 0:
        raise ValueError("z: found 0 values; must hold at least 1")
    return np.clip(z, *np.quantile(z, [share, 1 - share], method="linear"))


def dispersion(count, expected, share: float = 0.1) -> float:
    """Overdispersion phi: how many times wider than Poisson the areas spread.

    Parameters
    ----------
    count, expected : arrays or Series of float, shape (n,)
        Events (>= 0) and expected (> 0) counts.
    share : float
        Share winsorised in each tail, >= 0 and < 0.5; 0 for none.

    Returns
    -------
    float
        Mean of the squared winsorised scores (O - E) / sqrt(E). 1 for pure chance (a little
        under, after winsorising). Not floored at 1 here: `funnel` and the limits do that.

    Raises
    ------
    ValueError
        A count is negative, an expected count is not above 0, a number is not finite, lengths
        or indexes differ, or the share is not allowed.

    Notes
    -----
    Unsteady with fewer than about 20 areas.

    References
    ----------
    Spiegelhalter (2005), Stat Med 24:1185-1202, section 3.2.
    """
    o, e, _ = _pair(count, expected)
    return float(np.mean(winsorise(_score(o, e), share) ** 2))


def additive_variance(count, expected, share: float = 0.1) -> float:
    """Variance tau2 of the areas' true log ratios beyond Poisson chance.

    Parameters
    ----------
    count, expected : arrays or Series of float, shape (n,)
        Events and expected counts, both > 0.
    share : float
        Share of the areas left out at each end, by rank of the score, >= 0 and < 0.5.

    Returns
    -------
    float
        tau2 >= 0; its square root is the relative standard deviation between areas, less the
        share of outliers left out.

    Raises
    ------
    ValueError
        A count is not above 0 (the log is undefined) or not finite, lengths or indexes differ,
        the share is not allowed, or fewer than 2 areas are left.

    Notes
    -----
    The score is log(O/E) * sqrt(E). Leaving out (unlike winsorising) narrows the spread even
    when there are no outliers, so tau2 is on the low side. Poor for counts below about 10.

    References
    ----------
    DerSimonian and Laird (1986), Control Clin Trials 7:177-188, as used for the English hospital
    mortality indicator (SHMI).
    """
    return _additive(*_pair(count, expected), share)[1]


def _additive(observed: np.ndarray, expected: np.ndarray, index: pd.Index, share: float) -> tuple[float, float]:
    """Mean square of the log scores that are left, and the variance between areas."""
    rule = "must be > 0 on the log scale; use multiplicative overdispersion where an area has no events"
    _check.refuse("count", observed, observed <= 0, rule, index)
    share = _share(share)
    score = np.log(observed / expected) * np.sqrt(expected)
    cut = int(share * score.size)
    kept = np.argsort(score, kind="stable")[cut : score.size - cut]
    if kept.size < 2:
        raise ValueError(f"count: found {kept.size} areas after leaving out; must be at least 2")
    # With s = 1/sqrt(E) the DerSimonian-Laird weights 1/s^2 are the expected counts.
    return float(np.mean(score[kept] ** 2)), _between(score[kept], expected[kept])


def _between(score: np.ndarray, weight: np.ndarray) -> float:
    """DerSimonian and Laird's variance between areas from scores (1 for chance) and weights."""
    excess = np.sum(score**2) - (score.size - 1)
    return float(max(0.0, excess / (weight.sum() - np.sum(weight**2) / weight.sum())))


def funnel(
    count,
    expected,
    *,
    levels: Sequence[float] = (0.95, 0.998),
    share: float = 0.1,
    overdispersion: str = "multiplicative",
) -> pd.DataFrame:
    """Place each area in the funnel, with limits widened by the areas' own overdispersion.

    Parameters
    ----------
    count, expected : arrays or Series of float, shape (n,)
        Events (>= 0) and expected (> 0) counts of all areas compared.
    levels : sequence of float
        Limits to judge by, any order.
    share : float
        Share of the areas in each tail that is winsorised when phi is estimated, or left out when
        tau2 is; >= 0 and < 0.5.
    overdispersion : {"multiplicative", "additive", "none"}
        "multiplicative": scores (O - E) / sqrt(E) are divided by sqrt(phi). "additive": scores
        are on the log scale, log(O/E) / sqrt(1/E + tau2), and every count must be > 0. "none":
        chance alone.

    Returns
    -------
    DataFrame
        One row per area, index kept: count, expected, value (O/E), lower, upper and level (NaN:
        an area is judged by its score, not by an interval of its own), z, z_adjusted, phi (as
        estimated; used as 1 where below 1), tau2 (0 unless additive), outside ("" or the widest
        limit passed, such as "above_998" or "below_95"), method.

    Raises
    ------
    ValueError
        As `dispersion` or `additive_variance`, or a level or the overdispersion is not allowed.

    Notes
    -----
    With 290 areas about 14 lie outside 95 per cent limits by chance alone. Scores are normal
    approximations: leave areas with expected counts below about 5 unjudged. Multiplicative
    limits close in on large areas, additive ones keep the spread between areas for all.

    References
    ----------
    Spiegelhalter (2005), Stat Med 24:1185-1202, and Qual Saf Health Care 14:347-351.
    """
    o, e, index = _pair(count, expected)
    _check.option("overdispersion", overdispersion, ("multiplicative", "additive", "none"))
    checked, share = _check.levels(levels), _share(share)
    tau2 = 0.0
    if overdispersion == "additive":
        phi, tau2 = _additive(o, e, index, share)
        z = np.log(o / e) * np.sqrt(e)
        adjusted = z / np.sqrt(1 + e * tau2)
    else:
        z = _score(o, e)
        phi = dispersion(o, e, share)
        adjusted = z / np.sqrt(max(phi, 1.0)) if overdispersion == "multiplicative" else z
    columns = {
        "count": o,
        "expected": e,
        "value": o / e,
        "z": z,
        "z_adjusted": adjusted,
        "phi": phi,
        "tau2": tau2,
        "outside": _outside(adjusted, checked),
        "method": f"overdispersion {overdispersion}",
    }
    return no_interval(pd.DataFrame(columns, index=index))


def count_ratio_funnel(count1, count2, *, levels: Sequence[float] = (0.95, 0.998), share: float = 0.1) -> pd.DataFrame:
    """Place each area by the ratio of two of its counts, such as attempts to completed burglaries.

    Parameters
    ----------
    count1, count2 : arrays or Series of float, shape (n,)
        Two counts of different events in the same areas, >= 0.
    levels : sequence of float
        Limits to judge by, any order.
    share : float
        Share winsorised in each tail when the overdispersion is estimated, >= 0 and < 0.5.

    Returns
    -------
    DataFrame
        One row per area, index kept: count1, count2, value (ratio with half an event added to
        both), lower, upper and level (NaN, as in `funnel`), target (sum count1 / sum count2), z,
        z_adjusted, phi, tau2, outside, method.

    Raises
    ------
    ValueError
        A count is negative or not finite, lengths or indexes differ, there are fewer than 2
        areas, either kind has no event at all, or a level or the share is not allowed.

    Notes
    -----
    z is the log of value / target over its standard error, the root of c1 / (c1 + 1/2)^2 +
    c2 / (c2 + 1/2)^2 (1 event being counted where both are 0); z_adjusted has tau2 added under
    the root. Poor for counts below about 5.

    References
    ----------
    Spiegelhalter (2005), Stat Med 24:1185-1202, appendix A (ratio of two counts).
    """
    a, b = _check.same_length(count1=_check.counts("count1", count1), count2=_check.counts("count2", count2))
    index = _check.shared_index(a.size, count1=count1, count2=count2)
    checked, share = _check.levels(levels), _share(share)
    if a.size < 2 or a.sum() == 0 or b.sum() == 0:
        raise ValueError(
            f"count1, count2: found {a.size} areas with {a.sum():g} and {b.sum():g} events; "
            "must hold at least 2 areas and 1 event of each kind"
        )
    target = a.sum() / b.sum()
    value = (a + 0.5) / (b + 0.5)
    variance = a / (a + 0.5) ** 2 + b / (b + 0.5) ** 2
    variance = np.where(variance > 0, variance, 1 / 1.5**2)  # both counts 0
    distance = np.log(value / target)
    z = distance / np.sqrt(variance)
    pulled = winsorise(z, share)
    tau2 = _between(pulled, 1 / variance)
    adjusted = distance / np.sqrt(variance + tau2)
    columns = {
        "count1": a,
        "count2": b,
        "value": value,
        "target": target,
        "z": z,
        "z_adjusted": adjusted,
        "phi": float(np.mean(pulled**2)),
        "tau2": tau2,
        "outside": _outside(adjusted, checked),
        "method": "overdispersion additive",
    }
    return no_interval(pd.DataFrame(columns, index=index))


def _outside(z: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    words = np.full(z.size, "", dtype=object)
    for level in sorted(levels):  # wider limits overwrite narrower ones
        limit = stats.norm.isf((1 - level) / 2)
        mark(words, z < -limit, z > limit, level)
    return words.astype(str)


def _score(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return (observed - expected) / np.sqrt(expected)


def _pair(count, expected) -> tuple[np.ndarray, np.ndarray, pd.Index]:
    o, e = _check.same_length(count=_check.counts("count", count), expected=_check.positive("expected", expected))
    return o, e, _check.shared_index(o.size, count=count, expected=expected)


def _share(share: float) -> float:
    number = _check.one(_check.numbers, "share", share)
    if not 0 <= number < 0.5:
        raise ValueError(f"share: found {number:g}; must be >= 0 and < 0.5")
    return float(number)
