"""Are small studies, or studies without a finding, missing from a pool of studies?

None of these tells publication bias from other reasons why small studies differ.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check
from brapkg.stats._rows import no_interval
from brapkg.stats.heterogeneity import between_variance, check_options, coefficients, studies
from brapkg.stats.pooling import pool
from brapkg.stats.thin import TooThin

FEW = 10  # studies; under that tests of asymmetry find next to nothing
_ROUNDS = 100


def egger(estimate, variance, *, levels: Sequence[float] = (0.95,), minimum: int = FEW) -> pd.DataFrame:
    """Egger's test: do studies with larger standard errors show other effects?

    Parameters
    ----------
    estimate, variance : arrays or Series of float, shape (k,)
        As in `pooling.pool`.
    levels : sequence of float
        Confidence levels, in the order wanted.
    minimum : int
        Fewest studies for which the test is given.

    Returns
    -------
    DataFrame
        One row per level: value (change of the effect per unit of standard error; 0 is a symmetric
        funnel), lower, upper, level, method, statistic, df, p_value, k, missing ("few" where
        withheld).

    Raises
    ------
    ValueError
        As `pooling.pool`.
    TooThin
        Fewer than 3 studies, or all with the same variance.

    Notes
    -----
    Weighted regression on the standard error, weights 1 / variance, t on k - 2 degrees of freedom.
    Low power below about 20 studies. For log odds ratios from few events effect and standard error
    go together by construction, and the test rejects too often.

    References
    ----------
    Egger, Davey Smith, Schneider and Minder (1997), BMJ 315:629-634. Sterne et al. (2011), BMJ
    343:d4002 (the ten studies).
    """
    y, v = _uneven(estimate, variance, "Egger's test")
    k, error, few = y.size, np.sqrt(v), _few(y, minimum)
    # y / se on 1 / se is the weighted regression of y on se; its intercept is the slope on se.
    line = stats.linregress(1 / error, y / error)
    levels = _check.levels(levels)
    half = stats.t.isf((1 - np.array(levels)) / 2, k - 2) * line.intercept_stderr
    with np.errstate(divide="ignore", invalid="ignore"):  # studies exactly on a line
        statistic = np.divide(line.intercept, line.intercept_stderr)
    shown = np.nan if few else 1.0
    columns = {
        "value": shown * line.intercept,
        "lower": shown * (line.intercept - half),
        "upper": shown * (line.intercept + half),
        "level": levels,
        "method": "Egger",
        "statistic": shown * statistic,
        "df": k - 2,
        "p_value": shown * 2 * stats.t.sf(abs(statistic), k - 2),
        "k": k,
        "missing": "few" if few else "",
    }
    return pd.DataFrame(columns)


def begg(estimate, variance, *, minimum: int = FEW) -> pd.DataFrame:
    """Begg and Mazumdar's test: rank correlation between effect and variance.

    Parameters
    ----------
    estimate, variance, minimum
        As in `egger`.

    Returns
    -------
    DataFrame
        One row: value (Kendall's tau), lower, upper and level (NaN: a test only), method, p_value,
        k, missing ("few" where withheld).

    Raises
    ------
    ValueError, TooThin
        As `egger`.

    Notes
    -----
    Less power than Egger's test. Exact without ties, else the normal approximation.

    References
    ----------
    Begg and Mazumdar (1994), Biometrics 50:1088-1101.
    """
    y, v = _uneven(estimate, variance, "Begg's test")
    weight = 1 / v
    standard = (y - np.sum(weight * y) / weight.sum()) / np.sqrt(v - 1 / weight.sum())
    distinct = np.unique(standard).size == np.unique(v).size == y.size
    found = stats.kendalltau(standard, v, method="exact" if distinct else "asymptotic")
    few = _few(y, minimum)
    columns = {
        "value": np.nan if few else found.statistic,
        "method": "Begg",
        "p_value": np.nan if few else found.pvalue,
    }
    return no_interval(pd.DataFrame([columns | {"k": y.size, "missing": "few" if few else ""}]))


def fail_safe_n(estimate, variance, *, method: str = "rosenthal", alpha: float = 0.05) -> pd.DataFrame:
    """How many unpublished studies without effect would undo the significance.

    Parameters
    ----------
    estimate, variance : arrays or Series of float, shape (k,)
        As in `pooling.pool`.
    method : {"rosenthal", "rosenberg"}
        From the sum of z values, or from the fixed-effect mean (the missing studies weigh as much
        as the average study).
    alpha : float
        Level of significance, one-sided for "rosenthal" and two-sided for "rosenberg".

    Returns
    -------
    DataFrame
        One row: value (studies, rounded up; 0 where the result is not significant), lower, upper
        and level (NaN: none is known), method, p_value (one-sided, of the test that would be
        undone), k.

    Raises
    ------
    ValueError
        As `pooling.pool`, or the method or alpha is not allowed.
    TooThin
        Fewer than 2 studies.

    Notes
    -----
    For comparison with older reviews only. It takes the missing studies to average zero, where
    suppressed ones would point the other way, and says nothing of the size of the effect. Use
    `trim_and_fill` or `egger` beside it.

    References
    ----------
    Rosenthal (1979), Psychol Bull 86:638-641. Rosenberg (2005), Evolution 59:464-468. Becker
    (2005), in Publication Bias in Meta-Analysis, ch. 7 (why not).
    """
    y, v, _ = studies(estimate, variance, "fail-safe N", 2)
    _check.option("method", method, ("rosenthal", "rosenberg"))
    alpha = _check.one(_check.numbers, "alpha", alpha)
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha: found {alpha:g}; must be above 0 and below 0.5, for example 0.05")
    # Both ask how many more units of information bring the standardised sum down to the critical value.
    one, each = (y / np.sqrt(v), np.ones(y.size)) if method == "rosenthal" else (y / v, 1 / v)
    critical = stats.norm.isf(alpha if method == "rosenthal" else alpha / 2)
    needed = (one.sum() / critical) ** 2 - each.sum()
    p_value = stats.norm.sf(abs(one.sum()) / np.sqrt(each.sum()))
    value = float(np.ceil(max(0.0, needed / each.mean())))
    return no_interval(pd.DataFrame([{"value": value, "method": method, "p_value": p_value, "k": y.size}]))


def trim_and_fill(
    estimate,
    variance,
    *,
    levels: Sequence[float] = (0.95,),
    method: str = "REML",
    test: str = "hartung-knapp",
    floor: bool = True,
) -> pd.DataFrame:
    """Pool with mirror images of the studies that seem to be missing on one side of the funnel.

    Parameters
    ----------
    estimate, variance, levels, method, test, floor
        As in `pooling.pool`.

    Returns
    -------
    DataFrame
        As `pooling.pool` for observed and filled studies together, k being their number, with
        filled (how many were filled in) and side ("left" or "right", where they were).

    Raises
    ------
    ValueError
        As `pooling.pool`.
    TooThin
        Fewer than 3 studies, or all with the same variance.

    Notes
    -----
    A sensitivity analysis: how far could the mean move? Not a corrected estimate: it fills in
    where effects differ for other reasons than selection. The number is Duval and Tweedie's L0; the
    side is opposite to where the small studies lie, by the slope on the standard error.

    References
    ----------
    Duval and Tweedie (2000), Biometrics 56:455-463.
    """
    y, v = _uneven(estimate, variance, "trim and fill")
    check_options(method, test)
    design = np.column_stack([np.ones(y.size), np.sqrt(v)])
    slope = coefficients(y, v, design, between_variance(y, v, design, method), "z", False)[0][1]
    sign = -1.0 if slope < 0 else 1.0  # turned so that the missing studies are on the left
    order = np.argsort(sign * y, kind="stable")
    y, v = sign * y[order], v[order]
    filled, k, centre = 0, y.size, 0.0
    for _ in range(_ROUNDS):
        kept = slice(0, k - filled)
        centre = _mean(y[kept], v[kept], method)
        before, filled = filled, _missing_on_left(y - centre)
        if filled == before:
            break
    else:
        raise TooThin(
            "trim and fill: the number of missing studies did not settle; the studies are too few or too uneven"
        )
    mirrored = 2 * centre - y[k - filled :]
    options = {"levels": levels, "method": method, "test": test, "floor": floor}
    pooled = pool(sign * np.concatenate([y, mirrored]), np.concatenate([v, v[k - filled :]]), **options)
    return pooled.assign(filled=filled, side="left" if sign > 0 else "right")


def _missing_on_left(centred: np.ndarray) -> int:
    """Duval and Tweedie's L0, from the ranks of the distances that lie to the right."""
    k = centred.size
    ranks = np.argsort(np.argsort(np.abs(centred), kind="stable"), kind="stable") + 1
    found = (4 * ranks[centred > 0].sum() - k * (k + 1)) / (2 * k - 1)
    return int(np.clip(np.round(found), 0, k - 2))


def _mean(y: np.ndarray, v: np.ndarray, method: str) -> float:
    design = np.ones((y.size, 1))
    return float(coefficients(y, v, design, between_variance(y, v, design, method), "z", False)[0][0])


def _few(y: np.ndarray, minimum: int) -> bool:
    return y.size < _check.one(_check.counts, "minimum", minimum)


def _uneven(estimate, variance, name: str) -> tuple[np.ndarray, np.ndarray]:
    y, v, _ = studies(estimate, variance, name, 3)
    if np.ptp(v) <= 1e-9 * v.max():
        raise TooThin(f"{name}: all {y.size} studies have the same variance; needs studies of different size")
    return y, v
