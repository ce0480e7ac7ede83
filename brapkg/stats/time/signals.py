"""Signals in hundreds of monthly series at once.

Beside it lie the published methods for one series: `farrington` and `farrington_flexible`, and the
simpler `charts`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from brapkg.stats import _check
from brapkg.stats.time import farrington as classic
from brapkg.stats.time.order import in_order, places_in_cycle

LEAST_MONTHS = 24
LEAST_EXPECTED = 1.0


def signals(
    counts,
    exposure,
    months,
    *,
    levels: Sequence[float] = (0.99,),
    last: int = 12,
    years: int = 3,
    minimum: float = 5,
    weight_above: float = 2.58,
) -> pd.DataFrame:
    """Judge the latest months of many series, each against the earlier years only.

    Parameters
    ----------
    counts : array or DataFrame of float, shape (series, n)
        Whole numbers of events, a row per series; the index of a DataFrame names the series.
    exposure : array or DataFrame of float, shape (series, n), or None
        Person-days (persons times the days of the month), > 0.
    months : sequence, shape (n,)
        Keys of the months in order: "2016-01", pandas periods, dates, or month numbers 1-12 (with
        numbers alone a gap of exactly a year cannot be seen).
    levels : sequence of float
        Chance that a count without a signal is at most `upper`; one-sided, in the order wanted.
    last : int
        How many months to judge: the last ones. None of them is in the baseline, so one month that
        stands out cannot hide the next.
    years : int
        The baseline is at most so many years before the first month judged.
    minimum : float
        Smallest mean count per month of the baseline for which a series is judged, >= 0.
    weight_above : float
        As in `farrington_flexible`.

    Returns
    -------
    DataFrame
        One row per series, month judged and level: series, month (the key), position, count, value
        (expected), lower (0: one-sided), upper, level, method, p_value (of a count this high),
        dispersion, signal (count above upper), missing ("", or "thin": fewer than 24 earlier
        months, a mean under `minimum`, or fewer than 1 event expected; then value, lower, upper,
        p_value and dispersion are NaN).

    Raises
    ------
    ValueError
        A count is negative or not whole, an exposure not above 0, shapes, indexes or columns
        differ, a month does not follow the one before it, or an option is not allowed. A thin
        series raises nothing.

    Notes
    -----
    The regression of `farrington_flexible` with window 0, twelve seasons, a trend and threshold
    "delta", in three things unlike it, all for the sake of a short baseline: the limit is a t limit
    with the regression's degrees of freedom (with 36 months 23; the normal limit gave p < 0.0001 up
    to 29 times too often); the trend is kept also where it leads above all earlier counts, as it
    does each year in the high season of what grows; and there is no gap, as all months judged are
    left out.

    Simulated with 36 months before, 12 judged, level 0.99, season and trends of -10 to 10 per cent
    a year: false signals in 0.5-0.7 per cent of Poisson counts and 1.4-2.0 per cent of negative
    binomial ones with dispersion 3, where p < 0.001 comes 2-4 and p < 0.0001 3-10 times too often.
    A doubling at a mean of 5, 20 and 100 a month is found in 17, 65 and 100 per cent of months
    (Poisson), 10, 32 and 90 per cent with dispersion 3. Below about 10 a month only multiples of
    the usual count show, and below 5 half of the months are thin.

    Among 34 800 months some 350 lie above the limit by chance: correct the p-values for their
    number. Benjamini and Hochberg at 5 per cent, over 210 series and 12 months without any signal,
    still left one or more in 1 per cent of simulations (Poisson) and 25 per cent (dispersion 3; 7
    per cent at a rate of 1 per cent): a list to look into, not findings. Three years cannot tell a
    trend that has turned, nor a change of law or of counting, from a signal.

    References
    ----------
    Noufaily et al. (2013), Stat Med 32:1206-1222. Farrington et al. (1996), J R Stat Soc A
    159:547-563.
    """
    y, logs, names, keys = _many(counts, exposure, months)
    month = _month_of_year(keys)
    last, years = _check.integer("last", last, 1), _check.integer("years", years, 2)
    if last > keys.size:
        raise ValueError(f"last: found {last}; must be at most the {keys.size} months of counts")
    least = _check.one(_check.counts, "minimum", minimum)
    levels, above = _check.levels(levels), _check.one(_check.positive, "weight_above", weight_above)

    first = keys.size - last
    judged, base = np.arange(first, keys.size), np.arange(max(0, first - 12 * years), first)
    kept = np.zeros(len(y), dtype=bool)
    if base.size >= LEAST_MONTHS:
        kept = (y[:, base].mean(axis=1) >= least) & y[:, base].any(axis=1)
    found = _judge(y[kept], logs[kept], month, base, judged, levels, above) if kept.any() else []
    labels = {"series": names.repeat(last), "month": keys.take(np.tile(judged, len(y)))}
    blocks = []
    for place, level in enumerate(levels):
        full = {name: np.full((len(y), last), np.nan) for name in ("value", "upper", "p_value", "dispersion")}
        for name, values in full.items():
            values[kept] = found[place][name] if found else np.nan
        thin = np.isnan(full["value"])
        columns = {
            "position": np.tile(judged, len(y)),
            "count": y[:, judged],
            "value": full["value"],
            "lower": np.where(thin, np.nan, 0.0),
            "upper": full["upper"],
            "level": np.full(thin.shape, level),
            "method": np.full(thin.shape, "farrington-flexible delta t"),
            "p_value": full["p_value"],
            "dispersion": full["dispersion"],
            "signal": y[:, judged] > full["upper"],  # False against NaN
            "missing": np.where(thin, "thin", ""),
        }
        blocks.append(pd.DataFrame({**labels, **{name: values.ravel() for name, values in columns.items()}}))
    return pd.concat(blocks, ignore_index=True)


def _many(counts, exposure, months) -> tuple[np.ndarray, np.ndarray, pd.Index, pd.Index]:
    """Counts and log exposure of many series, the series' names and the months' keys, all checked."""
    y = _check.whole("counts", counts, ndim=2)
    persons = np.ones_like(y) if exposure is None else _check.positive("exposure", exposure, ndim=2)
    keys = pd.Index(months)
    if not y.shape == persons.shape == (len(y), keys.size):
        raise ValueError(f"shapes differ (counts {y.shape}, exposure {persons.shape}, months {keys.size}); must agree")
    for name, table in (("counts", counts), ("exposure", exposure)):
        named = isinstance(table, pd.DataFrame) and not isinstance(table.columns, pd.RangeIndex)
        if named and list(table.columns) != list(keys):
            raise ValueError(f"{name}: its columns are not the months; must be the same, in the same order")
    return y, np.log(persons), _check.shared_index(len(y), counts=counts, exposure=exposure), keys


def _judge(y, logs, month, base, judged, levels, weight_above) -> list[dict[str, np.ndarray]]:
    """What is expected of each series in each month judged, by level; NaN where it is too little."""
    # Eleven months against December, which is the intercept.
    design = np.column_stack(
        [np.ones(month.size), np.arange(month.size) - judged[0], month[:, None] == np.arange(1, 12)]
    )
    with np.errstate(all="ignore"):  # a fit that runs away ends as thin
        found = classic.forecast(
            y[:, base], logs[:, base], design[base], design[judged], logs[:, judged],
            above=weight_above, trend_p=np.inf, cap=False,
        )  # fmt: skip
        df = base.size - design.shape[1]
        limits = [classic.by_delta(y[:, judged], found, found.dispersion, level, df) for level in levels]
    tables = []
    for upper, p_value in limits:
        columns = {"value": found.value, "upper": upper, "p_value": p_value, "dispersion": found.dispersion}
        fine = np.isfinite(upper) & (found.value >= LEAST_EXPECTED)
        tables.append({name: np.where(fine, values, np.nan) for name, values in columns.items()})
    return tables


def _month_of_year(keys: pd.Index) -> np.ndarray:
    """Month 1-12 of each key, after a check that each follows the one before it."""
    if pd.api.types.is_numeric_dtype(keys):
        return places_in_cycle("months", keys, 12).astype(int)
    in_order("months", keys, 12)
    return np.asarray((keys if isinstance(keys, pd.PeriodIndex) else pd.PeriodIndex(keys, freq="M")).month)
