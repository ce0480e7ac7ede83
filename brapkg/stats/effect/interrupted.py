"""Interrupted time series: did the level or the slope of one series change at a known time?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check
from brapkg.stats.poisson import label
from brapkg.stats.thin import NOT_SETTLED, TooThin
from brapkg.stats.time.order import places_in_cycle

_ERRORS = ("quasi-poisson", "poisson", "newey-west")
_LAGS_SHOWN = 12
_SPARE = 3  # periods each side of the start, and periods beyond the parameters


@dataclass(frozen=True)
class Interrupted:
    """Result of `interrupted_series`.

    Attributes
    ----------
    effects : DataFrame
        One row per term ("step", "slope change" where asked for, "trend") and level: term, value,
        lower, upper (ratios: of the step; of the slopes per period), level, p_value,
        events, periods, method.
    coefficients : DataFrame
        Index the terms in the order of the model ("intercept", "step", "trend", "sin 1", ...,
        "cos 1", ..., "slope change"): estimate, se.
    avoided : DataFrame
        One row per level: value (events the model expected without the step and slope change, less
        those it fitted, after the start; below 0 for more events), lower, upper (delta method),
        level, observed, expected (events after the start, without the measure), method.
    autocorrelation : Series
        Of the deviance residuals, by lag; beyond about 2 / sqrt(n) the intervals of the Poisson
        and quasi-Poisson errors are too narrow (or, below 0, too wide).
    dispersion : float
        Pearson chi-square over `df`, not floored.
    deviance, df : float, int
        Of the model; df is periods less parameters.
    periods_before, periods_after : int
    method : str
    """

    effects: pd.DataFrame
    coefficients: pd.DataFrame
    avoided: pd.DataFrame
    autocorrelation: pd.Series
    dispersion: float
    deviance: float
    df: int
    periods_before: int
    periods_after: int
    method: str


def interrupted_series(
    counts,
    exposure,
    start: int,
    *,
    months=None,
    harmonics: int = 0,
    cycle: int = 12,
    slope: bool = False,
    error: str = "quasi-poisson",
    lags: int | None = None,
    floor: bool = True,
    normal: bool = False,
    levels: Sequence[float] = (0.95,),
) -> Interrupted:
    """Change of level, and of slope if asked for, of a series of counts at a known time.

    Parameters
    ----------
    counts : array or Series of int, shape (n,)
        Events of each period, in order and without gaps, >= 0.
    exposure : array or Series of float, shape (n,)
        Persons, person-days or standard population, > 0.
    start : int
        Position of the first period of the measure, from 3 to n - 3.
    months : array or Series of int, shape (n,), or None
        Place of each period in the cycle (1-12 for months), each following the one before; needed
        for `harmonics`.
    harmonics : int
        Number of sine and cosine pairs for the season, from 0 to less than half a cycle.
    cycle : int
        Periods of a cycle: 12 for months, 4 for quarters.
    slope : bool
        Let the slope change too. It is counted from the last period before the start, so that
        the step is the change of level there.
    error : {"quasi-poisson", "poisson", "newey-west"}
        "newey-west" holds for spread and for correlation of neighbouring periods up to `lags`.
    lags : int or None
        For "newey-west": lags with falling (Bartlett) weights; None for the whole part of
        4 (n / 100)^(2/9).
    floor : bool
        Take a quasi-Poisson dispersion below 1 as 1.
    normal : bool
        Use z for the intervals in place of t with `df`. "poisson" always uses z.
    levels : sequence of float
        Confidence levels, in the order wanted.

    Returns
    -------
    Interrupted

    Raises
    ------
    TooThin
        Fewer than 3 periods before or after the start, fewer than 3 periods more than parameters,
        no event before or after the start, or the model did not settle.
    ValueError
        A count is negative or not whole, an exposure is not above 0, a number is not finite,
        lengths or indexes differ, months are missing, not 1 to `cycle` or do not follow each
        other, or an option or a level is not allowed.

    Notes
    -----
    The time is given beforehand: looking for it in the data makes every interval too narrow. One
    series without a comparison shows that something changed, not what. Newey-West errors are too
    small below about 50 periods. The events avoided are those of the model, and their interval
    leaves out that the line before may not go on.

    References
    ----------
    Lopez Bernal, Cummins and Gasparrini (2017), Int J Epidemiol 46:348-355. Newey and West (1987),
    Econometrica 55:703-708.
    """
    y, persons = _check.whole("counts", counts), _check.positive("exposure", exposure)
    _check.equal_length(counts=y, exposure=persons)
    _check.shared_index(y.size, counts=counts, exposure=exposure, months=months)
    _check.option("error", error, _ERRORS)
    if lags is not None and not (error == "newey-west" and _check.integer("lags", lags, 0) < y.size):
        raise ValueError(f"lags: found {lags}; must be from 0 to {y.size - 1}, and only with error 'newey-west'")
    levels = _check.levels(levels)
    if _check.integer("start", start, 0) not in range(1, y.size):
        raise ValueError(f"start: found {start}; must be a position from {_SPARE} to {y.size - _SPARE}")
    design = _design(y.size, start, _season(months, harmonics, cycle, y.size), slope)
    _enough(y, start, design.shape[1])

    fitted, covariance, method = _fit(y, persons, design.to_numpy(), error, lags, floor)
    df = int(fitted.df_resid)
    z = normal or error == "poisson"
    estimate, se = np.asarray(fitted.params), np.sqrt(np.diag(covariance))
    coefficients = pd.DataFrame({"estimate": estimate, "se": se}, index=design.columns)
    halves = [(level, stats.norm.isf((1 - level) / 2) if z else stats.t.isf((1 - level) / 2, df)) for level in levels]
    blocks = []
    for level, critical in halves:
        shown = coefficients.loc[[term for term in ("step", "slope change", "trend") if term in design.columns]]
        middle, half = shown["estimate"], critical * shown["se"]
        score = (middle / shown["se"]).abs()
        columns = {
            "term": shown.index,
            "value": np.exp(middle),
            "lower": np.exp(middle - half),
            "upper": np.exp(middle + half),
            "level": level,
            "p_value": 2 * (stats.norm.sf(score) if z else stats.t.sf(score, df)),
            "events": y.sum(),
            "periods": y.size,
            "method": method,
        }
        blocks.append(pd.DataFrame(columns))
    residuals = np.asarray(fitted.resid_deviance)
    return Interrupted(
        effects=pd.concat(blocks, ignore_index=True),
        coefficients=coefficients,
        avoided=_avoided(y, persons, design, estimate, covariance, start, halves, method),
        autocorrelation=_autocorrelation(residuals),
        dispersion=float(fitted.pearson_chi2 / df),
        deviance=float(fitted.deviance),
        df=df,
        periods_before=start,
        periods_after=y.size - start,
        method=method,
    )


def deviance_test(simpler: Interrupted, fuller: Interrupted) -> tuple[float, float]:
    """F test of two models of one series: do the terms that were added tell more than chance?

    Parameters
    ----------
    simpler, fuller : Interrupted
        The same series; the fuller has the terms of the simpler and more.

    Returns
    -------
    f, p : float
        The fall in deviance per added term, over the dispersion of the fuller; and its p-value.

    Raises
    ------
    ValueError
        The series differ in length or start, or the terms of the simpler are not all in the fuller.

    Notes
    -----
    As unsteady as the dispersion: poor with fewer than about 10 degrees of freedom.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, section 9.2.
    """
    own, more = (set(one.coefficients.index) for one in (simpler, fuller))
    sides = [(one.periods_before, one.periods_after) for one in (simpler, fuller)]
    if not own < more or sides[0] != sides[1]:
        raise ValueError("simpler: must be a model of the same series with some of the terms of fuller left out")
    added = simpler.df - fuller.df
    f = (simpler.deviance - fuller.deviance) / added / fuller.dispersion
    return f, float(stats.f.sf(f, added, fuller.df))


def _design(n: int, start: int, season: pd.DataFrame, slope: bool) -> pd.DataFrame:
    time = np.arange(1, n + 1)
    after = (time > start).astype(float)
    design = pd.DataFrame({"intercept": 1.0, "step": after, "trend": time.astype(float)})
    design = pd.concat([design, season], axis=1)
    if slope:
        design["slope change"] = after * (time - start)
    return design


def _season(months, harmonics: int, cycle: int, n: int) -> pd.DataFrame:
    if _check.integer("harmonics", harmonics, 0) not in range((_check.integer("cycle", cycle, 2) + 1) // 2):
        raise ValueError(f"harmonics: found {harmonics}; must be a whole number from 0 to {(cycle - 1) // 2}")
    if months is None:
        if harmonics:
            raise ValueError("months: found None; must be given for harmonics")
        return pd.DataFrame(index=range(n))
    place = places_in_cycle("months", months, cycle)
    _check.equal_length(counts=range(n), months=place)
    waves = range(1, harmonics + 1)
    angle = 2 * np.pi * place / cycle
    columns = {f"{name} {k}": wave(k * angle) for name, wave in (("sin", np.sin), ("cos", np.cos)) for k in waves}
    return pd.DataFrame(columns, index=range(n))


def _enough(y: np.ndarray, start: int, parameters: int) -> None:
    if min(start, y.size - start) < _SPARE:
        raise TooThin(
            f"found {start} periods before the start and {y.size - start} from it on; interrupted_series needs {_SPARE}"
        )
    if y.size < parameters + _SPARE:
        raise TooThin(
            f"found {y.size} periods and {parameters} parameters; "
            f"interrupted_series needs {parameters + _SPARE} periods"
        )
    for total, word in ((y[:start].sum(), "before"), (y[start:].sum(), "from")):
        if total == 0:
            raise TooThin(f"found no event {word} the start; interrupted_series needs one")


def _fit(y, persons, design, error: str, lags: int | None, floor: bool):
    """The fitted model, the covariance of its coefficients, and what to call it."""
    import statsmodels.api as sm

    options, method = {}, error
    if error == "newey-west":
        used = int(4 * (y.size / 100) ** (2 / 9)) if lags is None else int(lags)
        options = {"cov_type": "HAC", "cov_kwds": {"maxlags": used, "use_correction": False}}
        method = f"newey-west, {used} lags"
    model = sm.GLM(y, design, family=sm.families.Poisson(), offset=np.log(persons))
    fitted = model.fit(tol=1e-12, **options)
    if not fitted.converged or not np.isfinite(fitted.params).all():
        raise TooThin(NOT_SETTLED)
    covariance = np.asarray(fitted.cov_params())
    if error == "quasi-poisson":
        dispersion = fitted.pearson_chi2 / fitted.df_resid
        covariance = covariance * (max(1.0, dispersion) if floor else dispersion)
        method = label(method, dispersion, floor)
    return fitted, covariance, method


def _avoided(y, persons, design, estimate, covariance, start: int, halves, method: str) -> pd.DataFrame:
    with_it = design.to_numpy()[start:]
    without = with_it * ~design.columns.isin(["step", "slope change"])
    expected, fitted = (persons[start:] * np.exp(rows @ estimate) for rows in (without, with_it))
    value = float(np.sum(expected - fitted))
    gradient = expected @ without - fitted @ with_it
    error = np.sqrt(gradient @ covariance @ gradient)
    rows = [[value, value - critical * error, value + critical * error, level] for level, critical in halves]
    told = pd.DataFrame(rows, columns=["value", "lower", "upper", "level"])
    return told.assign(observed=y[start:].sum(), expected=expected.sum(), method=f"{method}, delta method")


def _autocorrelation(residuals: np.ndarray) -> pd.Series:
    from statsmodels.tsa.stattools import acf

    lags = min(_LAGS_SHOWN, residuals.size // 4)
    return pd.Series(acf(residuals, nlags=lags, fft=False)[1:], index=pd.RangeIndex(1, lags + 1, name="lag"))
