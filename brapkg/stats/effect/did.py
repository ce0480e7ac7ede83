"""Difference-in-differences: areas with a measure against areas without, before and after."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check
from brapkg.stats.effect.panel import Panel, balanced
from brapkg.stats.poisson import label
from brapkg.stats.thin import NOT_SETTLED, TooThin

FEW_AREAS = 30  # below this many clusters the cluster-robust error is known to be too small
FEW_TREATED = 5
_ERRORS = {"poisson": ("cluster", "quasi-poisson", "poisson"), "rate": ("cluster", "ols")}


def difference_in_differences(
    counts,
    population,
    area,
    period,
    treated,
    start,
    *,
    model: str = "poisson",
    error: str = "cluster",
    multiplier: float = 100_000,
    floor: bool = True,
    levels: Sequence[float] = (0.95,),
) -> pd.DataFrame:
    """Effect of a measure that some areas took at one time and others did not.

    Parameters
    ----------
    counts : array or Series of int, shape (n,)
        Events of each area and period, >= 0.
    population : array or Series of float, shape (n,)
        Persons (or person-years), > 0.
    area : array or Series of labels, shape (n,)
        The area of each row.
    period : array or Series of int or float, shape (n,)
        The period of each row; every area must have every period once.
    treated : array or Series of bool (or 0/1), shape (n,)
        Whether the area took the measure: the same in all rows of an area.
    start : int or float
        The first period of the measure.
    model : {"poisson", "rate"}
        "poisson": log-linear, the effect is a ratio (0.8 is 20 per cent fewer). "rate": least
        squares on the rate, unweighted; the effect is a difference in rate.
    error : {"cluster", "quasi-poisson", "poisson", "ols"}
        "cluster": robust to anything shared by the periods of an area, t with areas - 1.
        "quasi-poisson" (t) and "poisson" (z) only for the Poisson model, "ols" (t) only for rates.
    multiplier : float
        For "rate": per this many persons.
    floor : bool
        Take a quasi-Poisson dispersion below 1 as 1.
    levels : sequence of float
        Confidence levels, in the order wanted.

    Returns
    -------
    DataFrame
        One row per level: value, lower, upper, level, estimate and se (log ratio, or as value),
        p_value, df, dispersion (Pearson's, not floored; of least squares the residual variance),
        deviance, areas, treated_areas, left_out (areas without any event, which say nothing of a
        ratio), periods, events, method.

    Raises
    ------
    TooThin
        Fewer than 2 areas with and 2 without the measure ("cluster"; 1 of each otherwise), no
        period before or after the start, no event among the areas of either kind before or
        after, no event in a period, no more rows than parameters (but for "poisson"), or the model
        did not settle.
    ValueError
        A count is negative or not whole, a population is not above 0, a number is not finite,
        lengths or indexes differ, an area lacks a period or has one twice, an area is both
        treated and not, or an option or a level is not allowed.

    Notes
    -----
    Rests on parallel trends (`event_study` looks at them). The cluster-robust error is too small
    with fewer than about 30 areas, and far too small with fewer than about 5 treated ones, even
    with t; the method then says so. One common start: with several starts the two-way model mixes
    effects of different areas and is not right.

    References
    ----------
    Angrist and Pischke (2009), Mostly Harmless Econometrics, ch. 5 and 8. Cameron and Miller
    (2015), J Hum Resour 50:317-372. Wooldridge (2023), Econom J 26:C31-C66.
    """
    _check.option("model", model, tuple(_ERRORS))
    _check.option("error", error, _ERRORS[model])
    multiplier = _check.one(_check.positive, "multiplier", multiplier)
    panel = balanced(counts, population, area, period, treated, start, error, model)
    post = (panel.period >= start).astype(float)
    fit = _fit(panel, (panel.treated * post)[:, np.newaxis], model, error, multiplier, floor)
    estimate, se = fit.estimates[0], fit.errors[0]
    back = np.exp if model == "poisson" else np.asarray
    rows = []
    for level in _check.levels(levels):
        half = fit.critical((1 - level) / 2) * se
        value, lower, upper = (float(back(x)) for x in (estimate, estimate - half, estimate + half))
        p_value = 2 * fit.tail(abs(estimate / se))
        rows.append([value, lower, upper, level, estimate, se, p_value, fit.df, fit.dispersion, fit.deviance])
    names = ["value", "lower", "upper", "level", "estimate", "se", "p_value", "df", "dispersion", "deviance"]
    return pd.DataFrame(rows, columns=names).assign(**panel.told(), method=fit.method)


@dataclass(frozen=True)
class EventStudy:
    """Result of `event_study`.

    Attributes
    ----------
    effects : DataFrame
        One row per period (save the last before the start) and level: relative (periods from the
        start, in order), period, value, lower, upper (ratios to the last period before), level,
        estimate, se (log ratio), areas, events, method.
    leads_p_value : float
        Chance of leads as far from 1 as these under parallel trends (joint Wald test, F). NaN
        with fewer than 2 periods before the start.
    leads_f, leads_df : float, tuple of int
        Its statistic and degrees of freedom.
    told : dict
        areas, treated_areas, left_out, periods, events.
    """

    effects: pd.DataFrame
    leads_p_value: float
    leads_f: float
    leads_df: tuple[int, int]
    told: dict


def event_study(
    counts,
    population,
    area,
    period,
    treated,
    start,
    *,
    error: str = "cluster",
    floor: bool = True,
    levels: Sequence[float] = (0.95,),
) -> EventStudy:
    """Ratio of treated to other areas period by period: were trends parallel before the measure?

    Parameters
    ----------
    counts, population, area, period, treated, start, floor, levels :
        As `difference_in_differences`, for the Poisson model.
    error : {"cluster", "quasi-poisson", "poisson"}
        As there.

    Returns
    -------
    EventStudy

    Raises
    ------
    TooThin, ValueError
        As `difference_in_differences`; also when the treated or the other areas have no event in
        some period.

    Notes
    -----
    A high p-value of the leads does not prove parallel trends: with few areas or events the test
    sees little. With fewer areas than leads + 2 the cluster-robust joint test is not given (NaN).

    References
    ----------
    Angrist and Pischke (2009), Mostly Harmless Econometrics, section 5.2. Roth (2022), Am Econ
    Rev Insights 4:305-322.
    """
    _check.option("error", error, _ERRORS["poisson"])
    panel = balanced(counts, population, area, period, treated, start, error, "poisson")
    periods = np.unique(panel.period)
    for word, rows in (("with", panel.treated == 1), ("without", panel.treated == 0)):
        empty = [p for p in periods if panel.counts[rows & (panel.period == p)].sum() == 0]
        if empty:
            raise TooThin(f"no event among the areas {word} the measure in period {empty[0]:g}; event_study needs one")
    relative = np.arange(periods.size) - int(np.searchsorted(periods, start))
    shown = relative != -1
    terms = panel.treated[:, np.newaxis] * (panel.period[:, np.newaxis] == periods[shown])
    fit = _fit(panel, terms.astype(float), "poisson", error, 1.0, floor)
    blocks = []
    for level in _check.levels(levels):
        half = fit.critical((1 - level) / 2) * fit.errors
        columns = {
            "relative": relative[shown],
            "period": periods[shown],
            "value": np.exp(fit.estimates),
            "lower": np.exp(fit.estimates - half),
            "upper": np.exp(fit.estimates + half),
            "level": level,
            "estimate": fit.estimates,
            "se": fit.errors,
            "areas": panel.told()["areas"],
            "events": panel.told()["events"],
            "method": fit.method,
        }
        blocks.append(pd.DataFrame(columns))
    leads = relative[shown] < -1
    q, df = int(leads.sum()), int(fit.df) if np.isfinite(fit.df) else 10**9  # F with many df is chi2 / q
    f = p = np.nan
    if q and (error != "cluster" or fit.df >= q + 1):
        middle = fit.estimates[leads]
        f = float(middle @ np.linalg.solve(fit.covariance[np.ix_(leads, leads)], middle) / q)
        p = float(stats.f.sf(f, q, df))
    return EventStudy(pd.concat(blocks, ignore_index=True), p, f, (q, df), panel.told())


@dataclass(frozen=True)
class _Fit:
    estimates: np.ndarray
    covariance: np.ndarray
    dispersion: float
    deviance: float
    df: float
    method: str

    @property
    def errors(self) -> np.ndarray:
        return np.sqrt(np.diag(self.covariance))

    def critical(self, tail: float) -> float:
        return stats.norm.isf(tail) if np.isinf(self.df) else stats.t.isf(tail, self.df)

    def tail(self, score: float) -> float:
        return stats.norm.sf(score) if np.isinf(self.df) else stats.t.sf(score, self.df)


def _fit(panel: Panel, terms: np.ndarray, model: str, error: str, multiplier: float, floor: bool) -> _Fit:
    """Two-way fixed effects; the coefficients of `terms` and their covariance."""
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    area = panel.area[:, np.newaxis] == np.arange(panel.area.max() + 1)
    period = panel.period[:, np.newaxis] == np.unique(panel.period)[1:]
    design = np.hstack([terms, area, period]).astype(float)
    free = len(design) - design.shape[1]
    if free < 1 and error != "poisson":
        raise TooThin(f"found {len(design)} rows and {design.shape[1]} parameters; error {error!r} needs more rows")
    options = {"cov_type": "nonrobust"}
    if error == "cluster":
        options = {"cov_type": "cluster", "cov_kwds": {"groups": panel.area, "use_correction": True}}
    if model == "poisson":
        glm = sm.GLM(panel.counts, design, family=sm.families.Poisson(), offset=np.log(panel.population))
        with warnings.catch_warnings():  # a fit without a remainder is no fault in two areas and two periods
            warnings.simplefilter("ignore", PerfectSeparationWarning)
            warnings.simplefilter("ignore", RuntimeWarning)
            found = glm.fit(tol=1e-12, **options)
            pearson = float(found.pearson_chi2)
        if not found.converged or not np.isfinite(found.params).all():
            raise TooThin(NOT_SETTLED)
        dispersion, deviance = pearson / free if free else np.nan, found.deviance
    else:
        found = sm.OLS(multiplier * panel.counts / panel.population, design).fit(**options)
        dispersion, deviance = found.scale, found.ssr
    q = terms.shape[1]
    covariance = np.asarray(found.cov_params())[:q, :q]
    df, method = float(free), f"two-way fixed effects, {model}, {error}"
    if error == "cluster":
        groups = area.shape[1]
        df, method = float(groups - 1), method + _few(panel, groups)
    elif error == "poisson":
        df = np.inf
    elif error == "quasi-poisson":
        covariance = covariance * (max(1.0, dispersion) if floor else dispersion)
        method = label(method, dispersion, floor)
    return _Fit(found.params[:q], covariance, float(dispersion), float(deviance), df, method)


def _few(panel: Panel, groups: int) -> str:
    few = [f"few areas ({groups})"] if groups < FEW_AREAS else []
    treated = len(np.unique(panel.area[panel.treated == 1]))
    few += [f"few treated ({treated})"] if treated < FEW_TREATED else []
    return "".join(f", {word}: error too small" for word in few)
