"""Farrington's method as improved in 2013: the whole of the earlier years, with a factor for season."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check
from brapkg.stats.time import farrington as classic
from brapkg.stats.time.farrington import Forecast
from brapkg.stats.time.judged import enough, single, within

THRESHOLDS = ("delta", "nb", "muan")
ERRORS = ("pearson", "working")


def farrington_flexible(
    counts,
    *,
    exposure=None,
    period: int = 12,
    years: int = 3,
    window: int = 1,
    seasons: int = 10,
    gap: int = 6,
    levels: Sequence[float] = (0.99,),
    last: int = 12,
    threshold: str = "delta",
    weight_above: float = 2.58,
    trend_p: float = 1.0,
    error: str = "pearson",
    few: tuple[float, int] = (5, 4),
) -> pd.DataFrame:
    """Counts higher than the earlier years and their season let one expect: the method of 2013.

    Parameters
    ----------
    counts, exposure, period, years, window, last, few
        As in `farrington`.
    seasons : int
        Levels of the factor for season: one for the 2 * window + 1 time points around that of the
        judged one, the others of equal length (up to rounding) over the rest of the year. With
        1, only the time points around are used, as in `farrington`.
    gap : int
        How many time points just before the judged one are left out of the baseline, so that a
        rise that has begun does not hide itself. 26 is usual for weeks.
    levels : sequence of float
        Chance that a count without a signal is at most `upper`; one-sided, in the order wanted.
    threshold : {"delta", "nb", "muan"}
        "delta": the 2/3 power of the count is normal, with the uncertainty of the forecast. "nb":
        negative binomial around the forecast, which is taken as known. "muan": the same around the
        upper `level` limit of the forecast.
    weight_above : float
        As in `farrington`.
    trend_p : float
        The trend is kept when years >= 3, its p-value (t) is below this and the forecast is not
        above every count of the baseline; 1 keeps it whatever its p-value, 0 never.
    error : {"pearson", "working"}
        Dispersion by which the variance of the forecast is multiplied: Pearson's, as in the
        papers, or the mean square of (y - mu) / mu, as R's surveillance 1.24.1 does. Only for
        comparison with it: with means over 1 "working" makes the forecast seem surer than it is.

    Returns
    -------
    DataFrame
        As `farrington`. With "nb" and "muan" `upper` is a whole number.

    Raises
    ------
    TooThin, ValueError
        As `farrington`.

    Notes
    -----
    Simulated with three years of months, level 0.99 and a season: false signals in 0.4-0.9 per cent
    of Poisson months and 1.7 with dispersion 3 ("delta"); 1.3-1.5 and 2.4 ("nb", which takes the
    forecast as known); under 0.4 ("muan", which adds two margins of 99 per cent). With "working"
    the normal limit of "delta" gave 1.4-4.6 per cent. A window of 1 month assumes that a month and
    its neighbours are alike; 48 months are enough as told in `farrington`.

    References
    ----------
    Noufaily, Enki, Farrington, Garthwaite, Andrews and Charlett (2013), Stat Med 32:1206-1222.
    Salmon, Schumacher and Höhle (2016), J Stat Softw 70(10):1-35 ("muan").
    """
    series = single(counts, exposure, period=period, last=last)
    years, window = _check.integer("years", years, 1), _check.integer("window", window, 0)
    gap = _check.integer("gap", gap, 0)
    check_seasons(seasons, window, period)
    if gap >= period - window:
        raise ValueError(f"gap: found {gap}; must be less than period - window, {period - window}")
    _check.option("threshold", threshold, THRESHOLDS)
    _check.option("error", error, ERRORS)
    trend_p = _check.one(_check.counts, "trend_p", trend_p)
    if trend_p > 1:
        raise ValueError(f"trend_p: found {trend_p!r}; must be from 0 to 1")
    levels, above = _check.levels(levels), _check.one(_check.positive, "weight_above", weight_above)
    enough("farrington-flexible", series, years * period + window)
    forecasts = [
        seasonal(
            series.y,
            series.offset,
            np.arange(now - years * period - window, now - gap),
            now,
            period=period,
            window=window,
            seasons=seasons,
            above=above,
            trend_p=trend_p if years >= 3 else 0,
        )
        for now in series.judged
    ]
    found = classic.together(forecasts)
    by_level = [limits(series.now, found, level, threshold, error) for level in levels]
    return series.table(found, by_level, levels, f"farrington-flexible {threshold}", few)


def seasonal(y, offset, base, now, *, period, window, seasons, above, trend_p) -> Forecast:
    """Forecast of every series at `now` from the baseline `base`, with the factor for season."""
    season = season_of(base - now, period, window, seasons)
    if seasons == 1:
        base, season = base[season == 0], season[season == 0]
    # Level 0, that of the judged time point, is the intercept: the others are differences from it.
    others = season[:, np.newaxis] == np.unique(season[season > 0])
    design = np.column_stack([np.ones(base.size), base - now, others])
    return classic.ahead(y, offset, base, now, design, above=above, trend_p=trend_p)


def season_of(time: np.ndarray, period: int, window: int, seasons: int) -> np.ndarray:
    """Season of time points, by their distance to the judged one: 0 around it, then 1, 2, ..."""
    place = (time + window) % period
    around = 2 * window + 1
    return np.where(place < around, 0, 1 + (place - around) * max(seasons - 1, 1) // max(period - around, 1))


def check_seasons(seasons: int, window: int, period: int) -> None:
    """Refuse more seasons than there are time points for."""
    within(window, period)
    most = period - 2 * window
    if _check.integer("seasons", seasons, 1) > most:
        raise ValueError(f"seasons: found {seasons}; must be at most {most} with period {period} and window {window}")


def limits(count, found: Forecast, level: float, threshold: str, error: str) -> tuple[np.ndarray, np.ndarray]:
    """Upper limits and p-values of counts, shape as `found`."""
    phi = found.dispersion if error == "pearson" else found.working
    if threshold == "delta":
        return classic.by_delta(count, found, phi, level)
    mean = found.value
    if threshold == "muan":
        mean = mean * np.exp(stats.norm.isf(1 - level) * np.sqrt(phi * found.spread))
    # Variance phi * mean: size mean / (phi - 1), chance 1 / phi; Poisson where phi is 1.
    poisson = found.dispersion <= 1
    extra = np.where(poisson, 1.0, found.dispersion - 1)
    shape = mean / extra, 1 / (1 + extra)
    upper = np.where(poisson, stats.poisson.ppf(level, mean), stats.nbinom.ppf(level, *shape))
    return upper, np.where(poisson, stats.poisson.sf(count - 1, mean), stats.nbinom.sf(count - 1, *shape))
