"""Pooling of studies: mean effect, heterogeneity and prediction (meta-analysis by inverse variance).

Effects are pooled on the scale they are given in. For ratios give logarithms with their variances,
and take exp() of value, limits and prediction limits afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check
from brapkg.stats.heterogeneity import between_variance, check_options, coefficients, residual_q, studies


def pool(
    estimate,
    variance,
    *,
    levels: Sequence[float] = (0.95,),
    method: str = "REML",
    test: str = "hartung-knapp",
    floor: bool = True,
    tolerance: float | None = None,
) -> pd.DataFrame:
    """Mean effect over studies, with its interval, a prediction interval and the heterogeneity.

    Parameters
    ----------
    estimate, variance : arrays or Series of float, shape (k,)
        Effect of each independent study, and its squared standard error (> 0).
    levels : sequence of float
        Confidence levels, in the order wanted.
    method : {"FE", "DL", "REML", "PM", "ML", "SJ", "HE", "EB"}
        "FE" takes one effect as common to all studies. The others let true effects differ, and
        estimate their variance tau2 after DerSimonian and Laird, restricted maximum likelihood,
        Paule and Mandel, maximum likelihood, Sidik and Jonkman, Hedges, or empirical Bayes (which
        solves the same equation as Paule and Mandel).
    test : {"hartung-knapp", "z"}
        Hartung and Knapp's standard error with t on k - 1 degrees of freedom, or the normal.
    floor : bool
        Take Hartung and Knapp's multiplier as 1 where it is below, so that studies that happen to
        agree do not narrow the interval.
    tolerance : float or None
        How near "PM" must come to its tau2, > 0. None is to the last digits; R's metafor searches
        from 0 to 100 and stops at 1.22e-4, and so does this when it is asked to: for comparison.

    Returns
    -------
    DataFrame
        One row per level: value, lower, upper, level, method (says so where the multiplier was
        floored), se, statistic, p_value, prediction_lower, prediction_upper, tau2, i2 (per cent),
        h2, q, q_p_value, k, missing (why there is no prediction interval: "few" with 2 studies,
        "fixed" with FE).

    Raises
    ------
    ValueError
        A number is not finite, a variance is not above 0, lengths or indexes differ, or an option
        is not allowed.
    TooThin
        Fewer than 2 studies.

    Notes
    -----
    The prediction interval, for the effect in a new place, is value -/+ c sqrt(se^2 + tau2) with c
    from the same distribution as the confidence interval. With fewer than about 5 studies tau2 is
    hardly known: "z" intervals are then far too narrow and Hartung-Knapp ones wide. Prediction
    intervals are on the narrow side: 95 per cent ones covered 86 to 88 per cent in simulations of
    6 and 12 studies whose effects differ about as much as their errors. Q has little
    power with few studies; tau2 of 0 does not show that effects are alike. Studies in one group
    (same area, same control) are not independent and must be joined first. i2 and h2 are from
    tau2 and the typical variance, for "FE" from Q.

    References
    ----------
    DerSimonian and Laird (1986), Control Clin Trials 7:177-188. Viechtbauer (2005), J Educ Behav
    Stat 30:261-293. Paule and Mandel (1982), J Res NBS 87:377-385. Sidik and Jonkman (2005), Appl
    Stat 54:367-384. Morris (1983), JASA 78:47-55. Hartung and Knapp (2001), Stat Med 20:3875-3889.
    Roever, Knapp and Friede (2015), BMC Med Res Methodol 15:99 (the floor). Higgins and Thompson
    (2002), Stat Med 21:1539-1558. Higgins, Thompson and Spiegelhalter (2009), JRSS A 172:137-159.
    """
    y, v, _ = studies(estimate, variance, "pool", 2)
    check_options(method, test)
    if tolerance is not None:
        tolerance = _check.one(_check.positive, "tolerance", tolerance)
    k, design = y.size, np.ones((y.size, 1))
    tau2 = between_variance(y, v, design, method, tolerance)
    beta, covariance, used = coefficients(y, v, design, tau2, test, floor)
    value, se = float(beta[0]), float(np.sqrt(covariance[0, 0]))
    weight = 1 / v
    q = float(residual_q(y, v, design))
    typical = (k - 1) / (weight.sum() - np.sum(weight**2) / weight.sum())
    i2, h2 = 100 * tau2 / (typical + tau2), 1 + tau2 / typical
    if method == "FE":
        i2, h2 = 100 * max(0.0, 1 - (k - 1) / q) if q > 0 else 0.0, q / (k - 1)
    missing = "fixed" if method == "FE" else "few" if k < 3 else ""
    levels = _check.levels(levels)
    critical, statistic, p_value = _judged(beta, covariance, k - 1, test, levels)
    spread = np.sqrt(se**2 + tau2) if not missing else np.nan
    columns = {
        "value": value,
        "lower": value - critical * se,
        "upper": value + critical * se,
        "level": levels,
        "method": f"{method}, {used}",
        "se": se,
        "statistic": statistic[0],
        "p_value": p_value[0],
        "prediction_lower": value - critical * spread,
        "prediction_upper": value + critical * spread,
        "tau2": tau2,
        "i2": i2,
        "h2": h2,
        "q": q,
        "q_p_value": stats.chi2.sf(q, k - 1),
        "k": k,
        "missing": missing,
    }
    return pd.DataFrame(columns)


def leave_one_out(estimate, variance, **options) -> pd.DataFrame:
    """Pool again with each study left out in turn: does one study carry the result?

    Parameters
    ----------
    estimate, variance
        As in `pool`.
    **options
        As in `pool`.

    Returns
    -------
    DataFrame
        As `pool`, one row per level and study left out; the index is the study left out.

    Raises
    ------
    ValueError
        As `pool`.
    TooThin
        Fewer than 3 studies.

    Notes
    -----
    Shows the influence of one study at a time; two that agree with each other hide one another.

    References
    ----------
    Viechtbauer and Cheung (2010), Res Synth Methods 1:112-125.
    """
    y, v, index = studies(estimate, variance, "leave one out", 3)
    rest = [pool(np.delete(y, i), np.delete(v, i), **options) for i in range(y.size)]
    by_level = range(len(rest[0]))
    return pd.concat([pd.concat([one.iloc[[i]] for one in rest]).set_axis(index) for i in by_level])


def meta_regression(
    estimate,
    variance,
    moderator,
    *,
    levels: Sequence[float] = (0.95,),
    method: str = "REML",
    test: str = "hartung-knapp",
    floor: bool = True,
) -> pd.DataFrame:
    """Regression of studies' effects on one property of the studies, with remaining heterogeneity.

    Parameters
    ----------
    estimate, variance
        As in `pool`.
    moderator : array or Series of float, shape (k,)
        The property (1 and 0 for a yes and no).
    levels, method, test, floor
        As in `pool`; Hartung-Knapp with t on k - 2 degrees of freedom.

    Returns
    -------
    DataFrame
        Rows "intercept" and "moderator" for each level: value, lower, upper, level, method, se,
        statistic, p_value, tau2 (remaining), r2 (per cent of tau2 explained; NaN where there is
        none to explain), q (remaining), q_p_value, k.

    Raises
    ------
    ValueError
        As `pool`, or the moderator is the same in all studies.
    TooThin
        Fewer than 3 studies.

    Notes
    -----
    Compares studies, not people or places: an association, open to confounding, and unsteady with
    fewer than 10 studies. r2 is very unsteady below 20.

    References
    ----------
    Thompson and Higgins (2002), Stat Med 21:1559-1573. Knapp and Hartung (2003), Stat Med
    22:2693-2710. Raudenbush (2009), in Handbook of Research Synthesis, 2nd ed., ch. 16.
    """
    y, v, _ = studies(estimate, variance, "meta-regression", 3)
    check_options(method, test)
    x = _check.numbers("moderator", moderator)
    _check.equal_length(estimate=y, moderator=x)
    _check.shared_index(y.size, estimate=estimate, variance=variance, moderator=moderator)
    if np.ptp(x) == 0:
        raise ValueError(f"moderator: found {x[0]:g} in all studies; must differ between studies")
    design = np.column_stack([np.ones(y.size), x])
    tau2, alone = between_variance(y, v, design, method), between_variance(y, v, design[:, :1], method)
    beta, covariance, used = coefficients(y, v, design, tau2, test, floor)
    df, se, q = y.size - 2, np.sqrt(np.diag(covariance)), float(residual_q(y, v, design))
    levels = _check.levels(levels)
    critical, statistic, p_value = _judged(beta, covariance, df, test, levels)
    blocks = []
    for level, width in zip(levels, critical, strict=True):
        columns = {"value": beta, "lower": beta - width * se, "upper": beta + width * se, "level": level}
        columns |= {"method": f"{method}, {used}", "se": se, "statistic": statistic, "p_value": p_value, "tau2": tau2}
        columns |= {"r2": 100 * max(0.0, 1 - tau2 / alone) if alone > 0 else np.nan}
        columns |= {"q": q, "q_p_value": stats.chi2.sf(q, df), "k": y.size}
        blocks.append(pd.DataFrame(columns, index=["intercept", "moderator"]))
    return pd.concat(blocks)


def _judged(beta, covariance, df: int, test: str, levels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    law = stats.norm if test == "z" else stats.t(df)
    with np.errstate(divide="ignore", invalid="ignore"):  # se is 0 when studies agree to the last digit
        statistic = beta / np.sqrt(np.diag(covariance))
    return law.isf((1 - np.array(levels)) / 2), statistic, 2 * law.sf(np.abs(statistic))
