"""Trend of yearly counts: the annual change as a ratio, with its interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from brapkg.stats import _check
from brapkg.stats.poisson import fit, label
from brapkg.stats.thin import NOT_SETTLED, TooThin

FAMILIES = ("quasi-poisson", "poisson", "negative-binomial", "log-linear")
_MIN_YEARS = 3
_SPREAD = 1e-3  # least share beyond Poisson's variance, at the largest count, that gives an alpha
_ALPHA = 1e4  # the largest alpha looked for


def annual_trend(
    counts,
    population,
    years,
    *,
    family: str = "quasi-poisson",
    levels: Sequence[float] = (0.95,),
    interval: str = "wald",
    floor: bool = True,
) -> pd.DataFrame:
    """Annual change of yearly counts, as a ratio per year.

    Parameters
    ----------
    counts : array or Series of float, shape (n,)
        Events of each year, whole numbers >= 0.
    population : array or Series of float, shape (n,)
        Persons, > 0.
    years : array of float, shape (n,)
        Calendar years, all different, in any order and with any gaps; at least 3.
    family : {"quasi-poisson", "poisson", "negative-binomial", "log-linear"}
        Quasi-Poisson widens the intervals by the dispersion and uses t with n - 2 degrees of
        freedom; Poisson uses z. The negative binomial has variance m + alpha m^2 and uses z.
        Log-linear is the straight line through the logged rates by least squares, with t.
    levels : sequence of float
        Confidence levels, in the order wanted.
    interval : {"wald", "profile"}
        Profile likelihood is for "poisson" only, and the better of the two for small counts.
    floor : bool
        Take a dispersion below 1 as 1. Only for "quasi-poisson".

    Returns
    -------
    DataFrame
        One row per level: value (1.05 is 5 per cent more each year), lower, upper, level, p_value
        (two-sided Wald, of no change), se (of log value), dispersion (as used; 1 for
        "poisson" and "negative-binomial"), alpha (0 but for "negative-binomial"), pearson (chi-
        square), deviance, loglik, df, events, years, method. A statistic that the family lacks is
        NaN.

    Raises
    ------
    TooThin
        Fewer than 3 years, no event at all, a year without events for "log-linear", or a model
        that does not settle (all events in the first or the last year).
    ValueError
        A count is negative or not whole, a population is not above 0, a number is not finite,
        lengths or indexes differ, a year comes twice, or the family, interval or a level is not
        allowed.

    Notes
    -----
    Wald intervals are inaccurate for counts below about 5 a year. With fewer than 8 years the
    dispersion or alpha, and so the interval, is unsteady; the negative binomial's interval is too
    narrow then, as alpha is taken for known and z is used. Its standard error is from the
    expected information; the observed information differs by about a per cent. Counts that
    spread less than Poisson have no alpha above 0: the Poisson model is given, and said. Years
    are taken as independent given the line, and the line as straight.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, ch. 6. Lawless (1987), Can J Stat
    15:209-225 (negative binomial). Venzon and Moolgavkar (1988), Appl Stat 37:87-94 (profile).
    """
    y, persons = _check.whole("counts", counts), _check.positive("population", population)
    year = _check.numbers("years", years)
    _check.equal_length(counts=y, population=persons, years=year)
    _check.shared_index(y.size, counts=counts, population=population, years=years)
    _check.option("family", family, FAMILIES)
    _check.option("interval", interval, ("wald", "profile") if family == "poisson" else ("wald",))
    repeated = pd.Series(year).duplicated().to_numpy()
    _check.refuse("years", year, repeated, "each year must come once", _check.keys(years))
    if y.size < _MIN_YEARS or y.sum() == 0:
        raise TooThin(f"annual_trend: found {y.size} years and {y.sum():g} events; needs {_MIN_YEARS} and 1")

    time = year - year.mean()
    if family == "log-linear":
        line = _log_linear(y, persons, time)
    elif family == "negative-binomial":
        line = _negative_binomial(y, persons, time)
    else:
        line = _poisson(y, persons, time, family, floor)
    rows = []
    for level in _check.levels(levels):
        if interval == "profile":
            lower, upper = _profile(y, persons, time, line, level)
        else:
            half = line.critical((1 - level) / 2) * line.error
            lower, upper = line.slope - half, line.slope + half
        rows.append([*np.exp([line.slope, lower, upper]), level])
    table = pd.DataFrame(rows, columns=["value", "lower", "upper", "level"])
    method = line.method + (", profile likelihood" if interval == "profile" else "")
    size = {"df": y.size - 2, "events": int(y.sum()), "years": y.size, "method": method}
    return table.assign(p_value=line.p_value, se=line.error, **line.told, **size)


@dataclass(frozen=True)
class _Line:
    """A fitted slope: its error, the quantile and tail that judge it, and what the row tells."""

    slope: float
    error: float
    critical: Callable[[float], float]
    p_value: float
    told: dict[str, float]
    method: str


def _line(slope, error, df: float, method: str, **told: float) -> _Line:
    """A slope judged by t with `df` degrees of freedom; infinite for the normal."""
    names = ("dispersion", "alpha", "pearson", "deviance", "loglik")
    p_value = 2 * stats.t.sf(abs(slope) / error, df) if error > 0 else float(slope == 0)
    told = {name: float(told.get(name, np.nan)) for name in names}
    return _Line(float(slope), float(error), lambda tail: stats.t.isf(tail, df), float(p_value), told, method)


def _poisson(y, persons, time, family: str, floor: bool) -> _Line:
    design = np.column_stack([np.ones(y.size), time])
    fits = fit(y[np.newaxis], design, persons[np.newaxis])
    if not fits.settled[0]:
        raise TooThin(f"annual_trend: {NOT_SETTLED}")
    raw = float(fits.dispersion[0])
    mean = persons * np.exp(design @ fits.coefficients[0])
    fitted = {
        "alpha": 0.0,
        "pearson": raw * fits.df,
        "deviance": 2 * np.sum(special.xlogy(y, y / mean) - (y - mean)),
        "loglik": stats.poisson.logpmf(y, mean).sum(),
    }
    slope, error = fits.coefficients[0, 1], np.sqrt(fits.covariance[0, 1, 1])
    if family == "poisson":
        return _line(slope, error, np.inf, "poisson", dispersion=1.0, **fitted)
    dispersion = max(1.0, raw) if floor else raw
    fitted["loglik"] = np.nan  # a quasi-likelihood has none
    return _line(
        slope, error * np.sqrt(dispersion), fits.df, label(family, raw, floor), dispersion=dispersion, **fitted
    )


def _profile(y, persons, time, line: _Line, level: float) -> tuple[float, float]:
    """Limits of the slope where twice the log-likelihood has fallen by the chi-square quantile."""

    def likelihood(slope: float) -> float:
        # The best intercept makes the fitted total the observed one.
        return slope * np.sum(y * time) - y.sum() * special.logsumexp(slope * time, b=persons)

    target = likelihood(line.slope) - stats.chi2.ppf(level, 1) / 2
    limits = []
    for side in (-1, 1):
        away = side * line.error
        while likelihood(line.slope + away) > target:
            away *= 2
        found = optimize.brentq(lambda slope: likelihood(slope) - target, line.slope, line.slope + away, xtol=1e-13)
        limits.append(found)
    return limits[0], limits[1]


def _negative_binomial(y, persons, time) -> _Line:
    poisson = _poisson(y, persons, time, "poisson", floor=False)
    design = np.column_stack([np.ones(y.size), time])

    def fitted(log_alpha: float):
        import statsmodels.api as sm

        family = sm.families.NegativeBinomial(alpha=np.exp(log_alpha))
        model = sm.GLM(y, design, family=family, offset=np.log(persons))
        return model.fit(tol=1e-12, tol_criterion="params", maxiter=100)

    def score(log_alpha: float) -> float:
        # At the best line for an alpha, the slope of the likelihood in alpha is the partial one.
        alpha, mean = np.exp(log_alpha), fitted(log_alpha).fittedvalues
        size = 1 / alpha
        terms = special.digamma(y + size) - special.digamma(size) - np.log1p(alpha * mean)
        return float(np.sum(terms + (mean - y) / (mean + size)))

    low, high = np.log([_SPREAD / y.max(), _ALPHA])
    # The likelihood rises with 1/alpha to the end: no more spread than Poisson.
    if score(low) >= 0:
        told = {**poisson.told, "alpha": 0.0}
        return _line(poisson.slope, poisson.error, np.inf, "negative-binomial, no overdispersion: poisson", **told)
    if score(high) <= 0:
        raise TooThin(f"annual_trend: {NOT_SETTLED}")
    best = optimize.brentq(score, low, high, xtol=1e-10)
    result, alpha = fitted(best), float(np.exp(best))
    told = {"dispersion": 1.0, "alpha": alpha, "pearson": result.pearson_chi2, "deviance": result.deviance}
    told["loglik"] = stats.nbinom.logpmf(y, 1 / alpha, 1 / (1 + alpha * result.fittedvalues)).sum()
    return _line(result.params[1], result.bse[1], np.inf, "negative-binomial, expected information", **told)


def _log_linear(y, persons, time) -> _Line:
    if (y == 0).any():
        raise TooThin(f"annual_trend: found {int((y == 0).sum())} years without events; log-linear needs events in all")
    line = stats.linregress(time, np.log(y / persons))
    return _line(line.slope, line.stderr, y.size - 2, "log-linear")
