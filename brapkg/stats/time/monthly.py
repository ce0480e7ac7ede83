"""Trend of monthly counts, with season and a possible break.

Counts are Poisson or more spread than that, so the model is log-linear with the exposure as an
offset and a dispersion that widens every interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from brapkg.stats import _check
from brapkg.stats.poisson import Fits, fit, label
from brapkg.stats.thin import NOT_SETTLED, TooThin
from brapkg.stats.time.order import places_in_cycle

_LEVELS = (0.95, 0.998)
_MIN_MONTHS = 24


@dataclass(frozen=True)
class MonthlyTrend:
    """Result of `monthly_trend`. All intervals use t with `df` degrees of freedom.

    Attributes
    ----------
    annual_change : DataFrame
        value, lower, upper, level, events, months, method: ratio per year (1.05 is 5 per cent more each year), one row
        for 95 and one for 99.8 per cent.
    step_change : DataFrame or None
        The same for the ratio of the level after the break to that before it.
    season : DataFrame
        month 1-12, value (ratio to the geometric mean of the months), lower, upper (95 per
        cent), lower_998, upper_998.
    line : DataFrame
        position (0 for the first month), value (rate per unit of exposure, season removed),
        lower, upper (95 per cent).
    dispersion : float
        Pearson chi-square over `df`, at least 1.
    df : int
        Months less parameters.
    method : str
        How it was made, and whether the dispersion was floored.
    """

    annual_change: pd.DataFrame
    step_change: pd.DataFrame | None
    season: pd.DataFrame
    line: pd.DataFrame
    dispersion: float
    df: int
    method: str


def monthly_trend(counts, exposure, months, *, step: int | None = None, minimum: float = 10) -> MonthlyTrend:
    """Annual change of a monthly series, with the season and a break taken out.

    Parameters
    ----------
    counts : array or Series of float, shape (n,)
        Events of each month, in order, whole numbers >= 0.
    exposure : array or Series of float, shape (n,)
        Person-days (persons times the days of the month), > 0.
    months : array of int, shape (n,)
        Month of the year, 1-12, each following the one before.
    step : int or None
        Position of the first month after a break in the series (a change of law or of counting),
        from 1 to n - 1.
    minimum : float
        Smallest mean count per month for which a trend is given, >= 0.

    Returns
    -------
    MonthlyTrend

    Raises
    ------
    TooThin
        Fewer than 24 months, fewer than `minimum` events a month on average, or no event at all
        in a month of the year or on one side of the break.
    ValueError
        A count is negative or not whole, an exposure is not above 0, a number is not finite,
        lengths or indexes differ, a month is not 1-12 or does not follow the one before, or the step is out of range.

    Notes
    -----
    Quasi-Poisson regression on time in years, eleven sum-to-zero month contrasts and the step;
    dispersion floored at 1, since a dispersion under 1 is nearly always chance and would narrow
    the intervals. Months are taken as independent given the model: when neighbouring months
    move together, the intervals are too narrow. One straight line: a turn in the middle is
    averaged away. A gap of exactly 12 months cannot be seen from the month numbers.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, ch. 6. Lopez Bernal, Cummins and
    Gasparrini (2017), Int J Epidemiol 46:348-355.
    """
    y, persons = _check.whole("counts", counts), _check.positive("exposure", exposure)
    _check.equal_length(counts=y, exposure=persons)
    _check.shared_index(y.size, counts=counts, exposure=exposure, months=months)
    found = monthly_trends(y[np.newaxis], persons[np.newaxis], months, step=step, minimum=minimum)
    if found.reasons[0]:
        raise TooThin(found.reasons[0])
    annual = found.annual_change.iloc[0]
    told = {"events": int(y.sum()), "months": y.size, "method": annual["method"]}
    return MonthlyTrend(
        annual_change=_by_level(annual).assign(**told),
        step_change=None if step is None else _by_level(found.step_change.iloc[0]).assign(**told),
        season=found.season.drop(columns="series"),
        line=found.line.drop(columns="series"),
        dispersion=annual["dispersion"],
        df=found.df,
        method=annual["method"],
    )


@dataclass(frozen=True)
class MonthlyTrends:
    """Result of `monthly_trends`: tables as in `MonthlyTrend`, with the column ``series`` first.

    Attributes
    ----------
    reasons : list of str
        Why a series is too thin for a trend; empty text where it is not. Thin series have no
        rows in the tables.
    annual_change, step_change : DataFrame
        One row per series: series, value, lower, upper (95 per cent), lower_998, upper_998; the
        annual change also dispersion and method. No rows of step_change without a step.
    season, line : DataFrame
        Twelve rows, and a row per month, of each series.
    df : int
        Months less parameters.
    """

    reasons: list[str]
    annual_change: pd.DataFrame
    step_change: pd.DataFrame
    season: pd.DataFrame
    line: pd.DataFrame
    df: int


def monthly_trends(counts, exposure, months, *, step: int | None = None, minimum: float = 10) -> MonthlyTrends:
    """`monthly_trend` for many series of the same months at once.

    Parameters
    ----------
    counts, exposure : arrays of float, shape (series, n)
        Events (whole numbers >= 0) and person-days (> 0), a row per series.
    months, step, minimum
        As in `monthly_trend`; the same for every series.

    Returns
    -------
    MonthlyTrends

    Raises
    ------
    ValueError
        As `monthly_trend`. A thin series raises nothing; it gets a reason instead.

    Notes
    -----
    As `monthly_trend`.

    References
    ----------
    As `monthly_trend`.
    """
    y = _check.whole("counts", counts, ndim=2)
    persons = _check.positive("exposure", exposure, ndim=2)
    month = places_in_cycle("months", months, 12)
    _check.shared_index(len(y), counts=counts, exposure=exposure)
    if not y.shape == persons.shape == (len(y), month.size):
        raise ValueError(
            f"lengths differ (counts {y.shape[1]}, exposure {persons.shape[1]}, months {month.size}); must be equal"
        )
    _check_step(step, month.size)
    least = _check.one(_check.counts, "minimum", minimum)
    reasons = _why_thin(y, month, step, least)

    # Columns: intercept, time, eleven months, step. The twelfth month is minus the others' sum.
    position = np.arange(month.size)
    contrasts = np.vstack([np.eye(11), -np.ones(11)])
    columns = [np.ones(month.size), (position - position.mean()) / 12]
    columns += [contrasts[month.astype(int) - 1]]
    columns += [] if step is None else [(position >= step).astype(float)]
    design = np.column_stack(columns)

    series = np.flatnonzero(reasons == "")
    fits = fit(y[series], design, persons[series])
    reasons[series[~fits.settled]] = NOT_SETTLED
    series, fits = series[fits.settled], fits.of(fits.settled)

    one = np.eye(design.shape[1])
    season = np.column_stack([np.zeros((12, 2)), contrasts, np.zeros((12, design.shape[1] - 13))])
    line = design.copy()
    line[:, 2:13] = 0
    return MonthlyTrends(
        reasons=reasons.tolist(),
        annual_change=_limits(series, fits, one[[1]]).assign(
            dispersion=np.maximum(1.0, fits.dispersion),
            method=[label("quasi-poisson", raw, floor=True) for raw in fits.dispersion],
        ),
        step_change=_limits(series, fits, one[13:14]),
        season=_limits(series, fits, season, month=np.arange(1, 13)),
        line=_limits(series, fits, line, position=position)[["series", "position", "value", "lower", "upper"]],
        df=fits.df,
    )


def _limits(series: np.ndarray, fits: Fits, rows: np.ndarray, **position) -> pd.DataFrame:
    """Ratios of every series as a long table, with limits at both levels."""
    value, lower, upper = fits.ratios(rows, _LEVELS[0])
    _, lower_998, upper_998 = fits.ratios(rows, _LEVELS[1])
    places = {name: np.tile(values, len(series)) for name, values in position.items()}
    columns = {
        "value": value,
        "lower": lower,
        "upper": upper,
        "lower_998": lower_998,
        "upper_998": upper_998,
    }
    flat = {name: values.ravel() for name, values in columns.items()}
    return pd.DataFrame({"series": np.repeat(series, len(rows)), **places, **flat})


def _by_level(row: pd.Series) -> pd.DataFrame:
    """One row of limits at both levels as a row per level."""
    limits = [row[["value", "lower", "upper"]], row[["value", "lower_998", "upper_998"]]]
    rows = [[*limit, level] for limit, level in zip(limits, _LEVELS, strict=True)]
    return pd.DataFrame(rows, columns=["value", "lower", "upper", "level"])


def _check_step(step, size: int) -> None:
    if step is None:
        return
    if isinstance(step, bool) or not isinstance(step, (int, np.integer)) or not 0 < step < size:
        raise ValueError(f"step: found {step!r}; must be None or a whole number 1 to {size - 1}")


def _why_thin(y: np.ndarray, month: np.ndarray, step: int | None, minimum: float) -> np.ndarray:
    """Why no trend can be told of each series; empty text where one can. Later reasons go first."""
    reasons = np.full(len(y), "", dtype=object)
    if step is not None:
        silent = (y[:, :step].sum(axis=1) == 0) | (y[:, step:].sum(axis=1) == 0)
        reasons[silent] = f"no event at all on one side of the break at position {step}"
    empty = y @ (month[:, np.newaxis] == np.arange(1, 13)) == 0
    for row in np.flatnonzero(empty.any(axis=1)):
        numbers = ", ".join(map(str, np.flatnonzero(empty[row]) + 1))
        reasons[row] = f"no event at all in month {numbers} of any year"
    mean = y.sum(axis=1) / max(1, month.size)
    for row in np.flatnonzero(mean < minimum):
        reasons[row] = f"found {mean[row]:.3g} events a month on average; needs {minimum:g}"
    if month.size < _MIN_MONTHS:
        reasons[:] = f"found {month.size} months; a trend with season needs {_MIN_MONTHS}"
    return reasons
