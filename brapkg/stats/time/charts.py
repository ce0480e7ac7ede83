"""Simple charts for one series: EARS, CUSUM and a Bayesian limit, none of which knows of a trend."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check
from brapkg.stats.time.judged import enough, single, within

_PRIOR = 0.5  # Jeffreys' for a Poisson mean: Gamma(1/2, 0)


def ears(
    counts,
    *,
    period: int = 12,
    levels: Sequence[float] = (0.999,),
    last: int = 12,
    method: str = "C1",
    baseline: int = 7,
) -> pd.DataFrame:
    """Counts higher than the mean of the few time points just before: EARS C1 and C2.

    Parameters
    ----------
    counts, period, last
        As in `farrington`.
    levels : sequence of float
        Chance that a normal count is at most `upper`; one-sided, in the order wanted.
    method : {"C1", "C2"}
        The baseline ends just before the judged time point (C1) or leaves out two (C2), so that a
        rise which has begun does not hide itself.
    baseline : int
        Time points in the baseline, at least 2.

    Returns
    -------
    DataFrame
        As `farrington`, without dispersion and trend; nothing is withheld. Where all counts of the
        baseline are equal the limit is their mean and p_value is NaN.

    Raises
    ------
    TooThin
        Too few time points before the first judged.
    ValueError
        As `farrington`.

    Notes
    -----
    Knows no season and no trend: each rise of the high season is a signal. A standard deviation of
    seven counts is unsteady, so false signals are several times 1 - level. C3 is not offered: its
    programs and its papers disagree.

    References
    ----------
    Hutwagner, Thompson, Seeman and Treadwell (2003), J Urban Health 80:i89-i96.
    """
    series = single(counts, None, period=period, last=last)
    _check.option("method", method, ("C1", "C2"))
    baseline, lag = _check.integer("baseline", baseline, 2), 2 * (method == "C2")
    levels = _check.levels(levels)
    enough(f"EARS {method}", series, baseline + lag, events=False)
    windows = np.lib.stride_tricks.sliding_window_view(series.y[0], baseline)[series.judged - lag - baseline]
    mean, sd = windows.mean(axis=1), windows.std(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = np.where(sd > 0, stats.norm.sf((series.now[0] - mean) / sd), np.nan)
    uppers = [mean + stats.norm.isf(1 - level) * sd for level in levels]
    pairs = zip(levels, uppers, strict=True)
    return pd.concat([series.rows(mean, upper, level, f"EARS {method}", p_value) for level, upper in pairs])


def cusum(
    counts,
    *,
    period: int = 12,
    last: int = 12,
    reference: float = 1.04,
    decision: float = 2.26,
    mean: float | None = None,
    reset: bool = False,
) -> pd.DataFrame:
    """Counts that are a little too high for long: the cumulative sum of standardised counts.

    Parameters
    ----------
    counts, period, last
        As in `farrington`.
    reference, decision : float
        k, taken off each standardised count, and h, the sum that gives a signal; both > 0.
    mean : float or None
        Expected count per time point, > 0; None takes the mean of all that precede the judged ones.
    reset : bool
        Start again from 0 after a signal. By default the sum is NOT reset: it stays up, and gives
        a signal each time, until it has sunk below h by itself.

    Returns
    -------
    DataFrame
        As `ears`, with statistic (the sum) before signal. `upper` is the lowest whole count that
        gives a signal given the sum so far: a count equal to it is a signal. level and p_value are
        NaN: a sum has none for a single time point.

    Raises
    ------
    TooThin
        No event, or no time point, before the first judged (unless `mean` is given).
    ValueError
        As `farrington`, or an option is not above 0.

    Notes
    -----
    x = (count - mean) / sqrt(mean); C = max(0, C before + x - k). Poisson, without season or trend:
    an overdispersed or seasonal series gives signals for its season. The mean is taken as known.

    References
    ----------
    Rossi, Lampugnani and Marchi (1999), Stat Med 18:2111-2122.
    """
    series = single(counts, None, period=period, last=last)
    k, h = (_check.one(_check.positive, *option) for option in (("reference", reference), ("decision", decision)))
    if mean is None:
        enough("CUSUM", series, 1)
    m = series.y[0, : series.first].mean() if mean is None else _check.one(_check.positive, "mean", mean)
    sums, before = np.empty((2, series.judged.size))
    total = 0.0
    for place, count in enumerate(series.now[0]):
        before[place] = 0.0 if reset and total >= h else total
        total = max(0.0, before[place] + (count - m) / np.sqrt(m) - k)
        sums[place] = total
    upper = np.maximum(np.ceil(np.sqrt(m) * (h + k - before) + m), 0.0)
    return series.rows(m, upper, np.nan, "CUSUM", np.nan, statistic=sums, signal=sums >= h)


def bayes(
    counts, *, period: int = 12, levels: Sequence[float] = (0.95,), last: int = 12, years: int = 2, window: int = 1
) -> pd.DataFrame:
    """Counts higher than a Poisson mean learnt from the same time of earlier years, and just now.

    Parameters
    ----------
    counts, period, years, window, last
        As in `farrington`; the `window` time points just before the judged one also count.
    levels : sequence of float
        Chance, at least, that a count without a signal is at most `upper`; one-sided.

    Returns
    -------
    DataFrame
        As `ears`; nothing is withheld. `upper` is a quantile of the negative binomial prediction.

    Raises
    ------
    TooThin
        Fewer earlier time points than years * period + window, or no event among them.
    ValueError
        As `farrington`.

    Notes
    -----
    One Poisson mean for the whole baseline: no trend, no season inside the window, no
    overdispersion, so crime counts give far more signals than 1 - level.

    References
    ----------
    Riebler (2004), as described in Höhle (2007), Comput Stat 22:571-582.
    """
    series = single(counts, None, period=period, last=last)
    years, window = _check.integer("years", years, 1), _check.integer("window", window, 0)
    within(window, period)
    enough("Bayes", series, years * period + window)
    levels = _check.levels(levels)
    around = np.arange(-window, window + 1)
    back = np.concatenate([np.arange(-window, 0), *(around - year * period for year in range(1, years + 1))])
    size = back.size
    shape = _PRIOR + series.y[0][series.judged[:, np.newaxis] + back].sum(axis=1)
    p_value = stats.nbinom.sf(series.now[0] - 1, shape, size / (size + 1))
    uppers = [stats.nbinom.ppf(level, shape, size / (size + 1)) for level in levels]
    pairs = zip(levels, uppers, strict=True)
    return pd.concat([series.rows(shape / size, upper, level, "Bayes", p_value) for level, upper in pairs])
