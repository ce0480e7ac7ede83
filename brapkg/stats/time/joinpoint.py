"""Where a log-linear trend turns: joinpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import special, stats

from brapkg.stats import _check
from brapkg.stats.poisson import Fits, fit
from brapkg.stats.thin import NOT_SETTLED, TooThin

APART = 2  # years between joinpoints, and from either end
_MIN_YEARS = 7
_MOST = 2


@dataclass(frozen=True)
class Joinpoints:
    """Result of `joinpoint`.

    Attributes
    ----------
    segments : DataFrame
        Per level and segment: first, last (year; neighbours share the joinpoint), value (ratio
        per year, 1.05 is 5 per cent more each year), lower, upper, level, events and years
        (before the joinpoint, and from it on), method.
    average : DataFrame
        Per level: the same for all years, weighted by the lengths of the segments.
    models : DataFrame
        Per number of joinpoints tried: number, joinpoints (tuple of years), deviance, bic, chosen.
    profile : DataFrame
        Deviance of the model with one joinpoint at each year that was tried; empty without.
    """

    segments: pd.DataFrame
    average: pd.DataFrame
    models: pd.DataFrame
    profile: pd.DataFrame


def joinpoint(counts, population, years, *, number: int | None = None, levels: Sequence[float] = (0.95,)) -> Joinpoints:
    """Log-linear Poisson trend of yearly counts that turns at no, one or two joinpoints.

    Parameters
    ----------
    counts : array or Series of float, shape (n,)
        Events of each year, whole numbers >= 0.
    population : array or Series of float, shape (n,)
        Persons, > 0.
    years : array or Series of float, shape (n,)
        Calendar years, each following the one before; at least 7.
    number : {None, 0, 1, 2}
        Joinpoints to fit; None chooses among 0, 1 and 2 by BIC.
    levels : sequence of float
        Confidence levels, in the order wanted.

    Returns
    -------
    Joinpoints

    Raises
    ------
    TooThin
        Fewer than 7 years, no event at all, or no model that settles.
    ValueError
        A count is negative or not whole, a population is not above 0, years are not whole or do
        not follow each other, lengths or indexes differ, or the number or a level is not allowed.

    Notes
    -----
    The line is continuous. Joinpoints lie on years at least 2 from each other and from either
    end; for each number the places with the smallest deviance are taken (the earliest of equals),
    and among the numbers the smallest BIC = -2 log L + log(n) (2 + 2 number), where each
    joinpoint costs a slope and a place. Intervals are Wald's, Poisson, given the joinpoints: they
    leave out that the places were chosen, and they are too narrow, and joinpoints too many, when
    counts spread more than Poisson (see pearson/df of `annual_trend`). With fewer than about
    12 years two joinpoints say little. Not the permutation test of the NCI's program.

    References
    ----------
    Kim, Fay, Feuer and Midthune (2000), Stat Med 19:335-351. Clegg, Hankey, Tiwari, Feuer and
    Edwards (2009), Stat Med 28:3670-3682 (average).
    """
    y, persons = _check.whole("counts", counts), _check.positive("population", population)
    year = _check.numbers("years", years)
    _check.equal_length(counts=y, population=persons, years=year)
    _check.shared_index(y.size, counts=counts, population=population, years=years)
    labels = _check.keys(years)
    _check.refuse("years", year, year != np.floor(year), "must be whole numbers", labels)
    after = np.zeros(year.size, dtype=bool)
    after[1:] = np.diff(year) != 1
    _check.refuse("years", year, after, "each must follow the year before it: sort them and fill gaps", labels)
    whole = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
    if number is not None and not (whole and 0 <= number <= _MOST):
        raise ValueError(f"number: found {number!r}; must be None or a whole number 0 to {_MOST}")
    if y.size < _MIN_YEARS or y.sum() == 0:
        raise TooThin(f"joinpoint: found {y.size} years and {y.sum():g} events; needs {_MIN_YEARS} and 1")

    grid = year[APART:-APART].astype(int)
    models, best, profile = [], {}, []
    for size in range(_MOST + 1) if number is None else [int(number)]:
        tried = []
        for places in combinations(grid.tolist(), size):
            if (np.diff(places) >= APART).all():
                tried.append((*_fit_hinges(y, persons, year, places), places))
        deviance, loglik, fits, places = min(tried, key=lambda model: model[0])
        if not np.isfinite(deviance):
            raise TooThin(f"joinpoint: {NOT_SETTLED}")
        models.append((size, places, deviance, -2 * loglik + np.log(y.size) * (2 + 2 * size)))
        best[size] = fits
        profile += [(model[-1][0], model[0]) for model in tried if size == 1]
    table = pd.DataFrame(models, columns=["number", "joinpoints", "deviance", "bic"])
    at = int(table["bic"].argmin())
    size, places = models[at][:2]
    segments, average = _segments(best[size], places, y, year, _check.levels(levels))
    return Joinpoints(
        segments, average, table.assign(chosen=table.index == at), pd.DataFrame(profile, columns=["year", "deviance"])
    )


def _fit_hinges(y, persons, year, places) -> tuple[float, float, Fits]:
    """Deviance, log-likelihood and fit with these joinpoints; infinite deviance where there is none."""
    start = year[0]
    hinges = [np.maximum(year - place, 0) for place in places]
    design = np.column_stack([np.ones(year.size), year - start, *hinges])
    fits = fit(y[np.newaxis], design, persons[np.newaxis])
    if not fits.settled[0]:
        return np.inf, -np.inf, fits
    mean = persons * np.exp(design @ fits.coefficients[0])
    deviance = 2 * np.sum(special.xlogy(y, y / mean) - (y - mean))
    return float(deviance), float(stats.poisson.logpmf(y, mean).sum()), fits


def _segments(fits: Fits, places, y, year, levels) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Annual change of each segment, and their average by length, with Wald intervals."""
    ends = np.array([year[0], *places, year[-1]]).astype(int)
    slopes = np.tri(len(places) + 1, dtype=float)  # a segment's slope is the sum of the hinges so far
    lengths = np.diff(ends)
    rows = np.column_stack([np.zeros(len(slopes) + 1), np.vstack([slopes, lengths @ slopes / lengths.sum()])])
    middle = rows @ fits.coefficients[0]
    error = np.sqrt(np.einsum("ri,ij,rj->r", rows, fits.covariance[0], rows))
    group = np.searchsorted(places, year, side="right") if places else np.zeros(year.size, dtype=int)
    events = np.bincount(group, weights=y, minlength=len(slopes)).astype(int)
    blocks = []
    for level in levels:
        half = stats.norm.isf((1 - level) / 2) * error
        columns = {
            "first": [*ends[:-1], ends[0]],
            "last": [*ends[1:], ends[-1]],
            "value": np.exp(middle),
            "lower": np.exp(middle - half),
            "upper": np.exp(middle + half),
            "level": level,
            "events": [*events, events.sum()],
            "years": [*np.bincount(group, minlength=len(slopes)), year.size],
        }
        blocks.append(pd.DataFrame(columns))
    method = f"poisson, {len(places)} joinpoints, wald given the joinpoints"
    segments = pd.concat([block.iloc[:-1] for block in blocks], ignore_index=True).assign(method=method)
    average = pd.concat([block.iloc[-1:] for block in blocks], ignore_index=True)
    return segments, average.assign(method=f"average of segments by length, {method}")
