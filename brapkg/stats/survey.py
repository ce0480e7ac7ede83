"""Shares, means and totals from weighted surveys, with intervals that know how people were drawn.

Variances are Taylor linearised, and a group of respondents is a domain of the whole design, never
a survey of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special, stats

from brapkg.stats import _check
from brapkg.stats._rows import few, long_form, no_interval
from brapkg.stats.sampling import Design, aligned, numbered
from brapkg.stats.sampling import design as design
from brapkg.stats.sampling import rake as rake

_METHODS = ("logit", "asin", "beta", "mean")


def proportion(
    values,
    design: Design,
    *,
    by=None,
    levels: Sequence[float] = (0.95,),
    method: str = "logit",
    minimum: float = 0,
) -> pd.DataFrame:
    """Weighted proportions, of all or of each domain.

    Parameters
    ----------
    values : array or Series of 0 and 1 (or bool), shape (n,)
        Whether each respondent has the property.
    design : Design
        How the respondents were drawn.
    by : array or Series, shape (n,), or None
        Domain of each respondent.
    levels : sequence of float
        Confidence levels, in the order wanted.
    method : {"logit", "asin", "beta", "mean"}
        Interval: on the logit or the arcsine scale, Korn and Graubard's from the beta
        distribution, or value -/+ t se (which may leave 0-1).
    minimum : float
        Smallest number of respondents for which a domain's value is given, >= 0.

    Returns
    -------
    DataFrame
        Columns n (respondents with a weight above 0), count (of them with the property),
        population (sum of weights), se, df (of t), deff (variance over that of a simple random
        sample of n without replacement; NaN where the weights do not add up to more than n),
        value, lower, upper, level, method, missing. missing is "few" where the value is withheld
        (below the minimum, or no degree of freedom) and "alike" where all answered alike
        and limits cannot be had. The index is the sorted domains, or "all", for each level.

    Raises
    ------
    ValueError
        A value is not 0 or 1, lengths or indexes differ, a domain is missing, or an option is not
        allowed.

    Notes
    -----
    For those who did not answer the question use `by=answered` with any value: leaving the rows
    out would change the design. Intervals are poor for domains with few clusters.

    References
    ----------
    Korn and Graubard (1998), Surv Methodol 24:193-201. Binder (1983), Int Stat Rev 51:279-292.
    Kish (1965), Survey Sampling, Wiley, for the design effect.
    """
    _check.option("method", method, _METHODS)
    y = _check.numbers("values", values)
    _check.refuse("values", y, (y != 0) & (y != 1), "must be 0 or 1", _check.keys(values))
    found = _estimates(values, y, design, by, minimum)
    p, se, df, n = (found[name].to_numpy(dtype=float) for name in ("value", "se", "df", "n"))

    def limits(level: float) -> tuple[np.ndarray, np.ndarray]:
        return _limits(p, se, df, n, method, (1 - level) / 2)

    return _table(found, limits, levels, method)


def _limits(p, se, df, n, method: str, tail: float) -> tuple[np.ndarray, np.ndarray]:
    t = stats.t.isf(tail, df)
    if method == "mean":
        return p - t * se, p + t * se
    if method == "logit":
        middle, half = special.logit(p), t * se / (p * (1 - p))
        return special.expit(middle - half), special.expit(middle + half)
    if method == "asin":
        middle, half = np.arcsin(np.sqrt(p)), t * se / (2 * np.sqrt(p * (1 - p)))
        return np.sin(np.maximum(middle - half, 0)) ** 2, np.sin(np.minimum(middle + half, np.pi / 2)) ** 2
    # As many independent answers as have this variance, fewer where clusters are few.
    size = p * (1 - p) / se**2 * (stats.t.isf(tail, n - 1) / t) ** 2
    lower = stats.beta.ppf(tail, size * p, size * (1 - p) + 1)
    return lower, stats.beta.isf(tail, size * p + 1, size * (1 - p))


def mean(
    values, design: Design, *, by=None, levels: Sequence[float] = (0.95,), total: bool = False, minimum: float = 0
) -> pd.DataFrame:
    """Weighted means or totals, of all or of each domain, with t intervals.

    Parameters
    ----------
    values : array or Series of float, shape (n,)
        A number for each respondent.
    design, by, levels, minimum
        As in `proportion`.
    total : bool
        The sum over the population instead of the mean; of 0 and 1 it is a number of persons.

    Returns
    -------
    DataFrame
        As from `proportion`; count is the unweighted sum of the values, deff is that of the mean.

    Raises
    ------
    ValueError
        As `proportion`; values may be any finite numbers.

    Notes
    -----
    Skew values (costs, numbers of offences) need hundreds of respondents.

    References
    ----------
    Binder (1983), Int Stat Rev 51:279-292.
    """
    found = _estimates(values, _check.numbers("values", values), design, by, minimum, total=total)
    value, se, df = (found[name].to_numpy(dtype=float) for name in ("value", "se", "df"))

    def limits(level: float) -> tuple[np.ndarray, np.ndarray]:
        half = stats.t.isf((1 - level) / 2, df) * se
        return value - half, value + half

    return _table(found, limits, levels, "total" if total else "mean")


def difference(
    values, design: Design, *, by, pair: tuple, levels: Sequence[float] = (0.95,), minimum: float = 0
) -> pd.DataFrame:
    """Difference of the weighted means (or proportions) of two domains, first less second.

    Parameters
    ----------
    values : array or Series of float, shape (n,)
        A number for each respondent; 0 and 1 for proportions.
    design, levels, minimum
        As in `proportion`.
    by : array or Series, shape (n,)
        Domain of each respondent.
    pair : tuple of two
        The domains to compare.

    Returns
    -------
    DataFrame
        One row per level: n_first, n_second, value_first, value_second, se, df, t, p_value
        (two-sided), value, lower, upper, level, method, missing ("few" or "alike", as
        `proportion`).

    Raises
    ------
    ValueError
        As `proportion`, or the pair is not two of the domains.

    Notes
    -----
    The covariance of domains that share strata or clusters is taken into account. Choose the pair
    before looking: of 21 counties the two outermost always differ.

    References
    ----------
    Binder (1983), Int Stat Rev 51:279-292.
    """
    y = _check.numbers("values", values)
    domains = dict(_domains(values, design, by))
    if not isinstance(pair, (tuple, list)) or len(pair) != 2 or pair[0] == pair[1] or not set(pair) <= set(domains):
        raise ValueError(f"pair: found {pair!r}; must be two of the domains {list(domains)}")
    inside = [domains[label] for label in pair]
    pairs = [_one(y, design, each) for each in inside]
    (one, _), (other, _) = pairs
    df = design.df(inside[0] | inside[1]) - 1
    withheld = _few([one["n"], other["n"]], [df, df], minimum).any(keepdims=True)
    variance = design.variance(pairs[0][1] - pairs[1][1])
    known = not withheld[0] and (one["se"] > 0 or other["se"] > 0)
    se = np.array([np.sqrt(variance) if known else np.nan])
    values_of = [np.nan if withheld[0] else each["value"] for each in (one, other)]
    gap = np.array([values_of[0] - values_of[1]])
    found = {"n_first": one["n"], "n_second": other["n"], "value_first": values_of[0], "value_second": values_of[1]}
    t = gap / se
    found |= {"se": se, "df": df, "t": t, "p_value": 2 * stats.t.sf(abs(t), df), "value": gap, "withheld": withheld}

    def limits(level: float) -> tuple[np.ndarray, np.ndarray]:
        half = stats.t.isf((1 - level) / 2, df) * se
        return gap - half, gap + half

    return _table(pd.DataFrame(found), limits, levels, "t")


def effective_size(weight, *, by=None) -> pd.DataFrame:
    """Kish's effective sample size: equally weighted respondents worth as much as these.

    Parameters
    ----------
    weight : array or Series of float, shape (n,)
        Weights, >= 0.
    by : array or Series, shape (n,), or None
        Domain of each respondent.

    Returns
    -------
    DataFrame
        Columns n (respondents with a weight above 0), value (effective size), lower, upper and
        level (NaN: worked out from the weights, not estimated), deff (n / value), method. The index
        is the sorted domains, or "all".

    Raises
    ------
    ValueError
        A weight is negative, the weights of a domain add up to 0, lengths or indexes differ, or a
        domain is missing.

    Notes
    -----
    Only what unequal weights cost; clusters cost more.

    References
    ----------
    Kish (1965), Survey Sampling, Wiley; Kish (1992), J Off Stat 8:183-200.
    """
    w = _check.counts("weight", weight)
    aligned(w.size, weight=weight, by=by)
    number, names = numbered("by", np.full(w.size, "all") if by is None else by)
    total, squares = np.bincount(number, w), np.bincount(number, w**2)
    _check.refuse(
        "weight", total, total <= 0, "must add up to more than 0 in each domain", pd.Index(names, dtype=object)
    )
    n = np.bincount(number, w > 0)
    size = total**2 / squares
    table = pd.DataFrame({"n": n, "value": size, "deff": n / size}, index=pd.Index(names))
    return no_interval(table.assign(method="kish"))


def _domains(values, design: Design, by):
    """Name of each domain and which respondents with a weight are inside it."""
    design.check(values=values, by=by)
    number, names = numbered("by", np.full(design.weight.size, "all") if by is None else by)
    return [(name, (number == place) & (design.weight > 0)) for place, name in enumerate(names)]


def _estimates(values, y, design: Design, by, minimum: float, *, total: bool = False) -> pd.DataFrame:
    """One row for each domain; value and error are NaN where they are withheld."""
    domains = _domains(values, design, by)
    rows = [_one(y, design, inside, total)[0] for _, inside in domains]
    found = pd.DataFrame(rows, index=pd.Index([name for name, _ in domains]))
    found["withheld"] = _few(found["n"], found["df"], minimum)
    found.loc[found["withheld"], ["value", "se", "deff"]] = np.nan
    return found.assign(se=found["se"].where(found["se"] > 0))


def _one(y, design: Design, inside, total: bool = False) -> tuple[dict, np.ndarray]:
    """The estimate in one domain with its standard error, and the linearised parts of it."""
    w, mine, n, size = design.weight[inside], y[inside], int(inside.sum()), design.weight[inside].sum()
    parts = np.zeros(y.size)
    numbers = {"n": n, "count": mine.sum(), "population": size, "se": np.nan, "df": design.df(inside)}
    if n == 0:
        return numbers | {"deff": np.nan, "value": np.nan}, parts
    value = np.sum(w * mine) / size
    parts[inside] = w * (mine - value) / size
    variance = design.variance(parts) if np.ptp(mine) > 0 else 0.0
    deff = np.nan
    if size > n > 1 and variance > 0:
        simple = np.sum(w * (mine - value) ** 2) / size * n / (n - 1) * (1 / n - 1 / size)
        deff = variance / simple
    if total:
        parts[inside] = w * mine
        value, variance = np.sum(w * mine), design.variance(parts)
    return numbers | {"se": np.sqrt(variance), "deff": deff, "value": value}, parts


def _few(n, df, minimum: float) -> np.ndarray:
    return few(np.asarray(n), minimum) | (np.asarray(df) < 1)


def _table(found: pd.DataFrame, limits, levels: Sequence[float], method: str) -> pd.DataFrame:
    given, withheld = found.drop(columns=["value", "withheld"]), found["withheld"].to_numpy()
    table = long_form(given, found["value"].to_numpy(), limits, levels, method, withheld)
    table.loc[(table["missing"] == "") & table["lower"].isna(), "missing"] = "alike"
    return table
