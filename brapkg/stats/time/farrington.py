"""Is the latest count higher than the same time of earlier years lets one expect? Farrington's method.

The regressions are made for many series at once: all share the design of a time point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from scipy import special, stats

from brapkg.stats import _check
from brapkg.stats.thin import TooThin
from brapkg.stats.time.judged import enough, single, within

# A fit rests when a round changes the deviance by less than this share. Kept at the usual setting
# of regression programs: limits then agree with theirs in more than the digits anyone would print.
ROUNDS = 25
SETTLED = 1e-8


@dataclass(frozen=True)
class Forecast:
    """What the baseline lets one expect; arrays of shape (series, time points).

    ``value`` events; ``spread`` variance of its log for dispersion 1; ``dispersion`` Pearson's,
    at least 1; ``working`` the mean square of the relative residuals; ``trend`` whether one was kept.
    """

    value: np.ndarray
    spread: np.ndarray
    dispersion: np.ndarray
    working: np.ndarray
    trend: np.ndarray


def farrington(
    counts,
    *,
    exposure=None,
    period: int = 12,
    years: int = 3,
    window: int = 1,
    levels: Sequence[float] = (0.995,),
    last: int = 12,
    weight_above: float = 1.0,
    trend: bool = True,
    few: tuple[float, int] = (5, 4),
) -> pd.DataFrame:
    """Counts higher than the same weeks or months of earlier years: the method of 1996.

    Parameters
    ----------
    counts : array or Series of float, shape (n,)
        Whole numbers of events per week or month, in order and without gaps.
    exposure : array or Series of float, shape (n,), or None
        Persons or person-days, > 0: an offset on the log scale.
    period : int
        Time points in a year: 12 or 52.
    years, window : int
        The baseline holds, for each of so many years back, the same time point and `window` points
        on either side of it.
    levels : sequence of float
        Chance that a count without a signal is at most `upper`; one-sided, in the order wanted. (A two-sided interval
        with alpha 0.01 is level 0.995.)
    last : int
        How many time points to judge: the last ones.
    weight_above : float
        Baseline counts with a standardised Anscombe residual s above this are given weight 1/s^2.
    trend : bool
        Try a log-linear trend; it is kept when years >= 3, its p-value (t) is below 0.05 and the
        forecast is not above every count of the baseline.
    few : (float, int)
        A row is withheld when there are fewer events than the first number in the last so many
        time points (the judged one is the last of them).

    Returns
    -------
    DataFrame
        One row per time point judged and level, index kept: position, count, value (expected), lower (0: the
        method is one-sided), upper, level, method, p_value (of a count this high), dispersion,
        trend, signal (count above upper), missing ("", or "few" with value, upper and p_value NaN).

    Raises
    ------
    TooThin
        Fewer earlier time points than years * period + window, or a baseline without events.
    ValueError
        A count is negative or not whole, an exposure not above 0, indexes or lengths differ, keys
        of months are not in order or leave a gap, or an option is not allowed.

    Notes
    -----
    The 2/3 power makes a Poisson count nearly normal, but not below about 2 expected events. 48
    months are enough for the last 11 with 3 years and window 1, for all 12 with window 0 or 2
    years; `signals` has the better way for so few. Nine baseline counts make the dispersion
    guesswork: simulated at level 0.995 with a season, false signals came in 0.3-0.8 per cent of
    Poisson months, 3-3.5 per cent with dispersion 3. Weighting down at 1 also shrinks the dispersion.

    References
    ----------
    Farrington, Andrews, Beale and Catchpole (1996), J R Stat Soc A 159:547-563.
    """
    series = single(counts, exposure, period=period, last=last)
    years, window = _check.integer("years", years, 1), _check.integer("window", window, 0)
    within(window, period)
    enough("farrington", series, years * period + window)
    levels, above = _check.levels(levels), _check.one(_check.positive, "weight_above", weight_above)
    trend_p = 0.05 if trend and years >= 3 else 0
    around = np.arange(-window, window + 1)
    forecasts = []
    for now in series.judged:
        base = np.concatenate([now - back * period + around for back in range(years, 0, -1)])
        design = np.column_stack([np.ones(base.size), base - now])
        forecasts.append(ahead(series.y, series.offset, base, now, design, above=above, trend_p=trend_p))
    found = together(forecasts)
    limits = [by_delta(series.now, found, found.dispersion, level) for level in levels]
    return series.table(found, limits, levels, "farrington", few)


def ahead(y, offset, base, now, design, *, above: float, trend_p: float) -> Forecast:
    """`forecast` of time point `now` from the time points `base`, where its own row is 1 and zeros."""
    row = np.eye(1, design.shape[1])
    return forecast(y[:, base], offset[:, base], design, row, offset[:, [now]], above=above, trend_p=trend_p)


def forecast(y, offset, design, ahead, offset_ahead, *, above: float, trend_p: float, cap: bool = True) -> Forecast:
    """Fit the baseline of every series, weighted by its residuals, and look ahead.

    `y` and `offset` are the baseline, shape (series, n); `ahead` holds the rows of the design for
    the time points looked at, (points, columns). The first column is the intercept, the second
    time: it is dropped where the trend is not kept. With `cap`, a trend that leads above all that
    was seen (per unit of exposure) is not believed.
    """
    plain = _ahead(y, offset, np.delete(design, 1, axis=1), np.delete(ahead, 1, axis=1), offset_ahead, above)
    kept = np.zeros(offset_ahead.shape, dtype=bool)
    if trend_p:
        tried = _ahead(y, offset, design, ahead, offset_ahead, above)
        highest = np.exp(offset_ahead) * (y / np.exp(offset)).max(axis=1, keepdims=True)
        kept = (tried.pop() < trend_p) & ((tried[0] <= highest) | (not cap))
        plain = [np.where(kept, *pair) for pair in zip(tried, plain[:-1], strict=True)]
    parts = [np.broadcast_to(part, kept.shape) for part in plain[:4]]
    empty = y.sum(axis=1, keepdims=True) == 0  # nothing seen: nothing can be expected
    return Forecast(np.where(empty, np.nan, parts[0]), *parts[1:], kept)


def _ahead(y, offset, design, ahead, offset_ahead, above) -> list[np.ndarray]:
    """Value, spread, the two dispersions, and the p-value of the second coefficient."""
    df = len(design) - design.shape[1]
    if df < 1:
        raise TooThin(f"farrington: found {len(design)} baseline counts; needs more than {design.shape[1]}")
    weight = np.ones_like(y)
    _, mean, covariance, working = fit(y, design, offset, weight)
    phi = _pearson(y, mean, working, df)
    leverage = working * np.einsum("ni,sij,nj->sn", design, covariance, design, optimize=True)
    # A count that alone decides its own fit has leverage 1 and no residual.
    room = np.sqrt(phi * np.maximum(1 - leverage, 1e-8))
    anscombe = 1.5 * (y ** (2 / 3) - mean ** (2 / 3)) / mean ** (1 / 6) / room
    weight = np.where(anscombe > above, 1 / np.maximum(anscombe, above) ** 2, 1.0)
    weight *= len(design) / weight.sum(axis=1, keepdims=True)
    coefficients, mean, covariance, working = fit(y, design, offset, weight)
    phi = _pearson(y, mean, working, df)
    value = np.exp(coefficients @ ahead.T + offset_ahead)
    spread = np.einsum("ti,sij,tj->st", ahead, covariance, ahead, optimize=True)
    relative = (weight * (y / mean - 1) ** 2).sum(axis=1, keepdims=True) / df
    p_value = np.ones((len(y), 1))
    if design.shape[1] > 1:
        t = coefficients[:, 1] / np.sqrt(phi[:, 0] * covariance[:, 1, 1])
        p_value = 2 * stats.t.sf(np.abs(t), df)[:, np.newaxis]
    return [value, spread, phi, relative, p_value]


def _pearson(y, mean, working, df) -> np.ndarray:
    return np.maximum(1.0, (working * (y / mean - 1) ** 2).sum(axis=1, keepdims=True) / df)


def fit(y, design, offset, weight) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Weighted Poisson regression of each row of `y`, by reweighted least squares.

    Returns coefficients, means, covariance (for dispersion 1) and the weights of the last round.
    The covariance is that of the last round's start, as regression programs have it.
    """
    size, (rows, columns) = len(y), design.shape
    products = (design[:, :, np.newaxis] * design[:, np.newaxis, :]).reshape(rows, -1)
    mean = y + 0.1
    coefficients, covariance = np.empty((size, columns)), np.empty((size, columns, columns))
    working, deviance = np.empty_like(y), np.full(size, np.inf)
    going = np.arange(size)
    for _ in range(ROUNDS):
        m, w = mean[going], weight[going] * mean[going]
        target = np.log(m) - offset[going] + y[going] / m - 1
        inverse = np.linalg.inv((w @ products).reshape(-1, columns, columns))
        steps = np.einsum("sij,sj->si", inverse, (w * target) @ design)
        # The floor keeps a season without events from making the next round singular.
        m = np.maximum(np.exp(steps @ design.T + offset[going]), 1e-10)
        new = 2 * (weight[going] * special.kl_div(y[going], m)).sum(axis=1)
        coefficients[going], covariance[going], working[going], mean[going] = steps, inverse, w, m
        moving = ~(np.abs(new - deviance[going]) < SETTLED * (new + 0.1))
        deviance[going] = new
        going = going[moving]
        if not going.size:
            break
    return coefficients, mean, covariance, working


def by_delta(count, found: Forecast, phi, level: float, df: float = np.inf) -> tuple[np.ndarray, np.ndarray]:
    """Upper limit and p-value of a count whose 2/3 power is normal, or t with `df` degrees of freedom.

    `phi` is the dispersion of the forecast itself; that of the count is `found.dispersion`.
    """
    tau = found.dispersion / found.value + phi * found.spread
    half = 2 / 3 * np.sqrt(tau)
    upper = found.value * np.maximum(1 + stats.t.isf(1 - level, df) * half, 0) ** 1.5
    return upper, stats.t.sf(((count / found.value) ** (2 / 3) - 1) / half, df)


def together(forecasts: list[Forecast]) -> Forecast:
    """Forecasts of several time points as one."""
    return Forecast(*(np.hstack([getattr(one, part.name) for one in forecasts]) for part in fields(Forecast)))
