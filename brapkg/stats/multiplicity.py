"""Many tests at once: adjusted p-values, and intervals that may be compared by eye."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check
from brapkg.stats._rows import no_interval

# Our words and those of statsmodels.
_METHODS = {
    "bh": "fdr_bh",
    "by": "fdr_by",
    "holm": "holm",
    "hochberg": "simes-hochberg",
    "bonferroni": "bonferroni",
    "hommel": "hommel",
}


def adjust(p_value, *, method: str = "bh") -> pd.DataFrame:
    """Adjust p-values for how many they are.

    Parameters
    ----------
    p_value : array or Series of float, shape (n,)
        p-values from 0 to 1, all those that were looked at: leaving out the large ones beforehand
        undoes the adjustment.
    method : {"bh", "by", "holm", "hochberg", "bonferroni", "hommel"}
        "bh" (Benjamini and Hochberg) and "by" (Benjamini and Yekutieli, for any dependence) hold
        the share of false finds among the finds; the others the chance of a single false one, of
        which "holm" is good for any dependence and "hommel" the sharpest for independent tests.

    Returns
    -------
    DataFrame
        One row per test, index kept: p_value, value (adjusted p-value: reject where it is at most
        the wanted level), lower, upper and level (NaN: a p-value has no interval), tests (n),
        method.

    Raises
    ------
    ValueError
        There are no p-values, one is missing or outside 0 to 1, or the method is unknown.

    Notes
    -----
    "bh" holds for independent tests and those with positive dependence. A discrete test, as on
    small counts, makes all methods careful.

    References
    ----------
    Benjamini and Hochberg (1995), JRSS B 57:289-300; Benjamini and Yekutieli (2001), Ann Stat
    29:1165-1188; Holm (1979), Scand J Stat 6:65-70; Hochberg (1988), Biometrika 75:800-802;
    Hommel (1988), Biometrika 75:383-386.
    """
    from statsmodels.stats.multitest import multipletests

    values = _check.counts("p_value", p_value)
    index = _check.shared_index(values.size, p_value=p_value)
    _check.refuse("p_value", values, values > 1, "must be from 0 to 1", index)
    _check.option("method", method, tuple(_METHODS))
    if values.size == 0:
        raise ValueError("p_value: found 0 values; must hold at least 1")
    adjusted = multipletests(values, method=_METHODS[method])[1]
    columns = {"p_value": values, "value": adjusted, "tests": values.size, "method": method}
    return no_interval(pd.DataFrame(columns, index=index))


def comparison_interval(value, se, *, levels: Sequence[float] = (0.95,)) -> pd.DataFrame:
    """Intervals of which two that do not overlap differ, on average over the pairs.

    Parameters
    ----------
    value : array or Series of float, shape (n,)
        Independent estimates, near normal (for rates on the log scale), n >= 2.
    se : array or Series of float, shape (n,)
        Their standard errors, > 0.
    levels : sequence of float
        One less the wanted chance that a pair without a difference does not overlap.

    Returns
    -------
    DataFrame
        One block of rows per level, index kept: se, value, lower, upper, level, multiplier (of se),
        areas (n), method.

    Raises
    ------
    ValueError
        An estimate is not finite, a standard error is not above 0, lengths or indexes differ, there are
        fewer than 2 areas, or a level is not allowed.

    Notes
    -----
    multiplier = z * mean over pairs of sqrt(s_i^2 + s_j^2) / (s_i + s_j): 1.39 for equal errors
    at 0.95. Right on average; where errors differ much a single pair may be off. For pairs chosen
    beforehand: among many, some do not overlap by chance. Not a confidence interval of one area.

    References
    ----------
    Goldstein and Healy (1995), JRSS A 158:175-177.
    """
    middle, spread = _check.same_length(value=_check.numbers("value", value), se=_check.positive("se", se))
    index = _check.shared_index(middle.size, value=value, se=se)
    if middle.size < 2:
        raise ValueError(f"value: found {middle.size} areas; must hold at least 2")
    one, other = np.triu_indices(middle.size, 1)
    share = np.mean(np.hypot(spread[one], spread[other]) / (spread[one] + spread[other]))
    blocks = []
    for level in _check.levels(levels):
        multiplier = stats.norm.isf((1 - level) / 2) * share
        columns = {
            "se": spread,
            "value": middle,
            "lower": middle - multiplier * spread,
            "upper": middle + multiplier * spread,
            "level": level,
            "multiplier": multiplier,
            "areas": middle.size,
            "method": "comparison interval",
        }
        blocks.append(pd.DataFrame(columns, index=index))
    return pd.concat(blocks)
