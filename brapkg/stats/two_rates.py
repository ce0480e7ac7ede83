"""Exact tests of two Poisson rates from small counts: two areas, or two periods of one.

The conditional test is careful; the E-test is sharper but has no interval. Neither holds
overdispersion: for single short series only, else see `comparison`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check
from brapkg.stats._rows import no_interval
from brapkg.stats.rates import proportion_interval

# statsmodels sums over a square of counts: 5 million of them here.
LARGEST_MEAN = 2_000


def rate_ratio_exact(x1, n1, x2, n2, *, levels: Sequence[float] = (0.95,)) -> pd.DataFrame:
    """Exact conditional ratio of two Poisson rates, (x1/n1) / (x2/n2).

    Parameters
    ----------
    x1, x2 : arrays or Series of int, shape (n,), or scalars
        Events in the two separate groups, whole numbers >= 0.
    n1, n2 : arrays or Series of float, shape (n,), or scalars
        Persons or person-time of the two groups, > 0.
    levels : sequence of float
        Confidence levels, in the order wanted.

    Returns
    -------
    DataFrame
        One block of rows per level, index kept: x1, n1, x2, n2, value, lower, upper, level,
        p_value, p_mid, method, missing. With x2 = 0 value and upper are infinite. With no event
        in either group the ratio is undefined: value NaN, interval 0 to infinity, p-values 1,
        missing "none".

    Raises
    ------
    ValueError
        A count is negative or not whole, an exposure is not above 0, a number is not finite,
        lengths or indexes differ, or a level is not allowed.

    Notes
    -----
    Given x1 + x2, x1 is binomial. The interval is central (Clopper-Pearson), p_value sums the
    outcomes no more likely than the one seen; near the limit the two may disagree. Both are
    careful: a true null is rejected less often than said. p_mid counts the outcome seen by half:
    right on average, but it may reject a little too often.

    References
    ----------
    Przyborowski and Wilenski (1940), Biometrika 31:313-323; Clopper and Pearson (1934),
    Biometrika 26:404-413; Lancaster (1961), JASA 56:223-234 (mid-p).
    """
    a, m, b, n, index = _two(x1, n1, x2, n2)
    checked = _check.levels(levels)
    some = a + b > 0
    total = np.where(some, a + b, 1)
    expected = m / (m + n)
    p_value = np.ones(a.size)
    for row in np.flatnonzero(some):
        p_value[row] = stats.binomtest(int(a[row]), int(total[row]), expected[row]).pvalue
    p_mid = np.where(some, p_value - stats.binom.pmf(a, total, expected) / 2, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(some, (a / m) / (b / n), np.nan)
    blocks = []
    for level in checked:
        # A share p of the events is a rate ratio of p/(1-p) * n2/n1.
        with np.errstate(divide="ignore"):
            lower, upper = (p / (1 - p) * n / m for p in proportion_interval(a, total, level, "exact"))
        columns = {
            **{"x1": a, "n1": m, "x2": b, "n2": n, "value": value},
            "lower": np.where(some, lower, 0.0),
            "upper": np.where(some, upper, np.inf),
            "level": level,
            "p_value": p_value,
            "p_mid": p_mid,
            "method": "conditional exact",
            "missing": np.where(some, "", "none"),
        }
        blocks.append(pd.DataFrame(columns, index=index))
    return pd.concat(blocks)


def e_test(x1, n1, x2, n2, *, form: str = "score") -> pd.DataFrame:
    """E-test of equal Poisson rates: the chance of a difference so large at their common rate.

    Parameters
    ----------
    x1, n1, x2, n2
        As in `rate_ratio_exact`.
    form : {"score", "wald"}
        How a difference is measured. "score" divides it by its error at the common rate, "wald"
        by its error at each outcome's own rates, as the test was first given. They are the same
        when exposures are equal and can be far apart when not.

    Returns
    -------
    DataFrame
        One row per pair, index kept: x1, n1, x2, n2, value (ratio of the rates), lower, upper and
        level (NaN: the test has no interval, `rate_ratio_exact` does), statistic,
        p_value, method ("E-test, score" or "E-test, wald"), missing ("none" where there is no
        event at all: value and statistic NaN, p_value 1).

    Raises
    ------
    ValueError
        As `rate_ratio_exact`, the form is unknown, or more than 2 000 events would be expected in
        a group at the common rate.

    Notes
    -----
    Sharper than the conditional test, since it does not hold the total fixed; the level is held
    near enough, not strictly. The outcome of no event in either group has no statistic and never
    counts as so large. No overdispersion.

    References
    ----------
    Krishnamoorthy and Thomson (2004), J Stat Plan Inference 119:23-35 ("wald"). Gu, Ng, Tang and
    Schucany (2008), Biom J 50:283-298 ("score").
    """
    a, m, b, n, index = _two(x1, n1, x2, n2)
    _check.option("form", form, ("score", "wald"))
    common = (a + b) / (m + n)
    mean = common * np.maximum(m, n)
    rule = f"at the common rate at most {LARGEST_MEAN} events may be expected in a group; use rate_ratio_exact"
    _check.refuse("x1 + x2", a + b, mean > LARGEST_MEAN, rule, index)
    tested = [_one_e_test(*row, form) for row in zip(a, m, b, n, strict=True)]
    statistic, p_value = np.array(tested).reshape(-1, 2).T
    none = a + b == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(none, np.nan, (a / m) / (b / n))
    columns = {
        **{"x1": a, "n1": m, "x2": b, "n2": n, "value": value},
        "statistic": statistic,
        "p_value": p_value,
        "method": f"E-test, {form}",
        "missing": np.where(none, "none", ""),
    }
    return no_interval(pd.DataFrame(columns, index=index))


def _one_e_test(x1: float, n1: float, x2: float, n2: float, form: str) -> tuple[float, float]:
    from statsmodels.stats.rates import etest_poisson_2indep

    if x1 + x2 == 0:
        return np.nan, 1.0
    if np.isclose(x1 * n2, x2 * n1, rtol=1e-12, atol=0):
        # statsmodels gives the empty outcome the statistic 0, which is as large as the one seen.
        return 0.0, -np.expm1(-(x1 + x2))
    statistic, p_value = etest_poisson_2indep(x1, n1, x2, n2, method=form)
    return statistic, min(p_value, 1.0)


def _two(x1, n1, x2, n2) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, pd.Index]:
    a, m, b, n = _check.same_length(
        x1=_check.whole("x1", x1),
        n1=_check.positive("n1", n1),
        x2=_check.whole("x2", x2),
        n2=_check.positive("n2", n2),
    )
    return a, m, b, n, _check.shared_index(a.size, x1=x1, n1=n1, x2=x2, n2=n2)
