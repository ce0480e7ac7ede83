"""Synthetic control: a mixture of areas without the measure that was like the area before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from brapkg.stats import _check
from brapkg.stats.effect.mixture import donor_weights
from brapkg.stats.thin import TooThin


@dataclass(frozen=True)
class SyntheticControl:
    """Result of `synthetic_control`.

    Attributes
    ----------
    effect : DataFrame
        One row per level: value (mean gap after the measure), lower, upper (the constant effects
        that the placebo test does not reject), level, pre_rmspe, post_rmspe, ratio, rank, n,
        p_value (rank / n), fit, method, missing.
    weights : Series
        Weight of each donor, summing to 1.
    predictor_weights : Series or None
        V, summing to 1, where predictors were used.
    gaps : DataFrame
        Index the periods: observed, synthetic, gap.
    placebos : DataFrame or None
        Index the areas, the treated one first: pre_rmspe, post_rmspe, ratio.
    """

    effect: pd.DataFrame
    weights: pd.Series
    predictor_weights: pd.Series | None
    gaps: pd.DataFrame
    placebos: pd.DataFrame | None


def synthetic_control(
    outcome: pd.DataFrame,
    treated,
    last_before,
    *,
    predictors: pd.DataFrame | None = None,
    predictor_weights=None,
    fitted_periods=None,
    placebos: bool = True,
    worst_fit: float = 0.1,
    seed: int = 1,
    levels: Sequence[float] = (0.95,),
) -> SyntheticControl:
    """Compare one area with the mixture of others that followed it before the measure.

    Parameters
    ----------
    outcome : DataFrame of float, shape (periods, areas)
        The outcome (a rate, say), periods in rising order as index and areas as columns.
    treated : label
        The column of the area with the measure; all others are donors.
    last_before : label
        The last period before the measure.
    predictors : DataFrame of float, shape (predictors, areas), or None
        What the mixture should be like the area in, with the same areas as columns. None: the
        outcome itself in every period fitted, all weighted alike.
    predictor_weights : Series or sequence of float, shape (predictors,), or None
        V, >= 0, not all 0. None: sought, so that the outcome before is followed best.
    fitted_periods : sequence of labels or None
        Periods in which the fit is judged; None for all up to `last_before`.
    placebos : bool
        Make each donor the treated one in turn. With predictors and no weights given that is a
        search for each, about a second per area.
    worst_fit : float
        Largest `fit` (pre_rmspe over the root mean square of the outcome before) for which an
        effect is given, > 0.
    seed : int
        Of the starting points of the search.
    levels : sequence of float
        Confidence levels, in the order wanted.

    Returns
    -------
    SyntheticControl
        In `effect` missing is "poor fit" where `fit` is above `worst_fit` (value, limits, rank and
        p_value are NaN), "few" where n is too small for limits at the level (they are NaN, the
        value stands), "no placebos" likewise, "not constant" where no constant effect fits, else
        "".

    Raises
    ------
    TooThin
        Fewer than 2 donors, 2 periods before or 1 after, or an outcome before that is 0
        throughout.
    ValueError
        A number is missing or not finite, an area or period is named twice or not found, periods
        are not rising, areas of outcome and predictors differ, a weight is negative or all are 0,
        a predictor is the same everywhere, or a level or worst_fit is not allowed.

    Notes
    -----
    p_value cannot be below 1 / n: with 19 donors 0.05 is the least. It is the rank among placebos and
    holds as a test only if the measure could as well have come to any of the areas. With more
    donors than periods before, a good fit may be chance, and the weights need not be unique. Small
    areas' rates are noise, which the mixture then follows: use large areas or pooled years.
    The search for V is not convex: it ends in the best of several starts, not in the proven best.

    References
    ----------
    Abadie, Diamond and Hainmueller (2010), JASA 105:493-505. Abadie (2021), J Econ Lit 59:391-425.
    Firpo and Possebom (2018), J Causal Inference 6(2), on the limits. Adhikari and Alm (2016),
    South Econ J 83:437-463, on the fit.
    """
    y = _table("outcome", outcome)
    if treated not in y.columns:
        raise ValueError(f"treated: {treated!r} is not a column of outcome; must be one of its {y.shape[1]} areas")
    before = _before(y, last_before)
    fitted = _fitted(y, before, fitted_periods)
    levels, worst = _check.levels(levels), _check.one(_check.positive, "worst_fit", worst_fit)
    seed = _check.integer("seed", seed, 0)
    if y.shape[1] < 3:
        raise TooThin(f"found {y.shape[1] - 1} donors; synthetic_control needs 2")
    if before.sum() < 2 or before.all() or fitted.sum() < 2:
        raise TooThin(
            f"found {before.sum()} periods before and {(~before).sum()} after; synthetic_control needs 2 and 1"
        )
    x, v = _predictors(y, predictors, predictor_weights)
    values = y.to_numpy()
    size = np.sqrt(np.mean(values[fitted][:, y.columns.get_loc(treated)] ** 2))
    if size == 0:
        raise TooThin(f"outcome: 0 in every period before of {treated!r}; synthetic_control needs an outcome")

    def mixture(place: int) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
        w, used = donor_weights(values[fitted], place, x, v, seed)
        return w, used, values[:, place] - np.delete(values, place, axis=1) @ w

    place = y.columns.get_loc(treated)
    w, used, gap = mixture(place)
    others = [i for i in range(y.shape[1]) if i != place]
    table = None
    if placebos:
        gaps = [gap, *(mixture(i)[2] for i in others)]
        table = pd.DataFrame([_errors(one, fitted, before) for one in gaps], index=y.columns[[place, *others]])
    found = {"fit": _errors(gap, fitted, before)["pre_rmspe"] / size, "worst": worst}
    method = "outcome only" if x is None else f"predictors, weights {'sought' if v is None else 'given'}"
    return SyntheticControl(
        effect=_effect(gap, fitted, before, table, found, method, levels),
        weights=pd.Series(w, index=y.columns[others], name="weight"),
        predictor_weights=None if used is None else pd.Series(used, index=predictors.index, name="weight"),
        gaps=pd.DataFrame(
            {"observed": values[:, place], "synthetic": values[:, place] - gap, "gap": gap}, index=y.index
        ),
        placebos=table,
    )


def _errors(gap: np.ndarray, fitted: np.ndarray, before: np.ndarray) -> dict[str, float]:
    pre, post = (float(np.sqrt(np.mean(gap[rows] ** 2))) for rows in (fitted, ~before))
    return {"pre_rmspe": pre, "post_rmspe": post, "ratio": post / pre if pre > 0 else np.inf}


def _effect(gap, fitted, before, placebos, found, method, levels) -> pd.DataFrame:
    errors, after = _errors(gap, fitted, before), gap[~before]
    poor = found["fit"] > found["worst"]
    rank, n, p_value = np.nan, np.nan, np.nan
    if placebos is not None:
        n = len(placebos)
        rank = np.nan if poor else int((placebos["ratio"] >= errors["ratio"]).sum())
        p_value = rank / n
    rows = []
    for level in levels:
        lower, upper, missing = _limits(after, errors["pre_rmspe"], placebos, level)
        value = after.mean()
        if poor:
            value, lower, upper, missing = np.nan, np.nan, np.nan, "poor fit"
        told = {
            "value": value,
            "lower": lower,
            "upper": upper,
            "level": level,
            **errors,
            "rank": rank,
            "n": n,
            "p_value": p_value,
        }
        rows.append({**told, "fit": found["fit"], "method": f"synthetic control, {method}", "missing": missing})
    return pd.DataFrame(rows)


def _limits(after: np.ndarray, pre: float, placebos, level: float) -> tuple[float, float, str]:
    """Constant effects c for which the rank of the ratio of (gap - c) keeps p above 1 - level.

    mean((gap - c)^2) = variance + (mean - c)^2, so the limits are those of a distance from the mean.
    """
    if placebos is None:
        return np.nan, np.nan, "no placebos"
    needed = int(np.floor((1 - level) * len(placebos) + 1e-9))  # placebos at least as extreme
    if needed == 0:
        return np.nan, np.nan, "few"
    ratio = np.sort(placebos["ratio"].to_numpy()[1:])[-needed]
    room = (ratio * pre) ** 2 - after.var()
    if not room >= 0:
        return np.nan, np.nan, "not constant"
    return after.mean() - np.sqrt(room), after.mean() + np.sqrt(room), ""


def _table(name: str, table) -> pd.DataFrame:
    if not isinstance(table, pd.DataFrame):
        raise ValueError(f"{name}: found {type(table).__name__}; must be a DataFrame with areas as columns")
    for labels, word in ((table.columns, "area"), (table.index, "row")):
        if not labels.is_unique:
            raise ValueError(f"{name}: {word} {labels[labels.duplicated()].tolist()[0]!r} comes more than once")
    return pd.DataFrame(_check.numbers(name, table, ndim=2), index=table.index, columns=table.columns)


def _before(y: pd.DataFrame, last_before) -> np.ndarray:
    if not y.index.is_monotonic_increasing:
        raise ValueError("outcome: periods are not rising; must be sorted by period")
    if last_before not in y.index:
        raise ValueError(f"last_before: {last_before!r} is not a period of outcome; must be one of its index")
    return np.asarray(y.index <= last_before)


def _fitted(y: pd.DataFrame, before: np.ndarray, periods) -> np.ndarray:
    if periods is None:
        return before
    unknown = [period for period in periods if period not in y.index[before]]
    if unknown:
        raise ValueError(f"fitted_periods: {unknown[0]!r} is not a period of outcome up to last_before")
    return np.asarray(y.index.isin(list(periods)))


def _predictors(y: pd.DataFrame, predictors, given) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Predictors in standard deviations over all areas, in the outcome's order; and V, summing to 1."""
    if predictors is None:
        if given is not None:
            raise ValueError("predictor_weights: found without predictors; must be given with them")
        return None, None
    table = _table("predictors", predictors)
    apart = y.columns.symmetric_difference(table.columns)
    if len(apart):
        raise ValueError(
            f"predictors: area {apart.tolist()[0]!r} is in only one of outcome and predictors; must be in both"
        )
    x = table[y.columns].to_numpy()
    spread = x.std(axis=1, ddof=1)
    _check.refuse("predictors", spread, spread == 0, "must differ between areas: standard deviation 0", table.index)
    x = x / spread[:, np.newaxis]
    if given is None:
        return x, None
    v = _check.counts("predictor_weights", given)
    _check.equal_length(predictors=x, predictor_weights=v)
    _check.shared_index(v.size, predictors=predictors, predictor_weights=given)
    if not v.any():
        raise ValueError("predictor_weights: found only 0; must hold at least one weight above 0")
    return x, v / v.sum()
