"""Standardised rates: areas compared as if their populations were made up alike.

A stratum is whatever the make-up is told by: ages, or groups of municipalities. Rows are joined by
their keys: one row for each area and stratum, in any order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from brapkg.stats import _check
from brapkg.stats._rows import few, long_form
from brapkg.stats.rates import poisson_interval, rate
from brapkg.stats.strata import by_stratum, every_stratum, known, rows_by_key

# Below ten events a standardised rate hangs on which strata they happened to fall in.
MINIMUM = 10
_DIRECT_METHODS = ("dobson", "fay-feuer")


def direct(
    count,
    population,
    standard: pd.Series,
    *,
    area,
    stratum,
    events: pd.DataFrame | None = None,
    multiplier: float = 100_000,
    levels: Sequence[float] = (0.95,),
    method: str = "dobson",
    minimum: float = MINIMUM,
) -> pd.DataFrame:
    """Directly standardised rates: what each area would have with the standard's make-up.

    Parameters
    ----------
    count, population : arrays or Series of float, shape (n,)
        Events (>= 0) and persons (> 0) of each area and stratum.
    standard : Series of float, shape (strata,), indexed by stratum
        Standard population of each stratum, >= 0; only the shares matter.
    area, stratum : arrays or Series, shape (n,)
        The keys of the rows. Every area has every stratum of the standard exactly once.
    events : DataFrame of float, shape (n, k), or None
        For events that are not independent, such as repeat victimisation: persons who had as many
        events as the column is named (1, 2, 3, ...). Times its name they add up to `count`.
    multiplier : float
        The rate is per this many persons.
    levels : sequence of float
        Confidence levels, in the order wanted.
    method : {"dobson", "fay-feuer"}
        Dobson's interval, or Fay and Feuer's gamma interval (for independent events only).
    minimum : float
        Smallest number of events for which an area's rate is given, >= 0. Without any event
        Dobson's interval is undefined and the rate withheld.

    Returns
    -------
    DataFrame
        Columns count, population (of the whole area), value, lower, upper, level, method,
        missing ("few" where withheld). The index is the areas in order of appearance, repeated
        for each level.

    Raises
    ------
    ValueError
        A count, weight or number of persons is negative, a population is not above 0, no weight
        is above 0, lengths or indexes differ, a key is missing, doubled or unknown, the events do
        not add up to the counts, or a level, method or multiplier is not allowed.

    Notes
    -----
    One summary hides rates that cross: look at the strata too. Fay and Feuer's interval never
    covers too little, but is wide where one small stratum has a large weight.

    References
    ----------
    Dobson, Kuulasmaa, Eberle and Scherer (1991), Stat Med 10:457-462. Fay and Feuer (1997), Stat
    Med 16:791-801. Stukel et al. (1994), Stat Med 13:1781-1791, for events not independent.
    """
    _check.option("method", method, _DIRECT_METHODS)
    per = _check.one(_check.positive, "multiplier", multiplier)
    if method == "fay-feuer" and events is not None:
        raise ValueError("events: not allowed with method 'fay-feuer'; use 'dobson'")
    rows = rows_by_key(count, population, area=area, stratum=stratum)
    _check.positive("population", rows["population"])
    weights = by_stratum("standard", standard)
    if weights.sum() <= 0:
        raise ValueError("standard: no weight above 0; must hold the standard population of each stratum")
    every_stratum(rows, weights)
    squared = rows["count"] if events is None else _squared(events, count, rows["count"])

    share = rows.index.get_level_values("stratum").map(weights / weights.sum())
    rows["weight"] = np.asarray(share, dtype=float) / rows["population"]
    rows["value"] = rows["weight"] * rows["count"]
    rows["variance"] = rows["weight"] ** 2 * squared
    areas = rows.groupby(level="area", sort=False)
    sums = areas[["count", "population", "value", "variance"]].sum()
    o, _, value, variance = sums.to_numpy().T
    largest = areas["weight"].max().to_numpy()

    def limits(level: float) -> tuple[np.ndarray, np.ndarray]:
        pair = _dobson(o, value, variance, level) if method == "dobson" else _gamma(value, variance, largest, level)
        return per * pair[0], per * pair[1]

    word = method if events is None else f"{method}, repeat events"
    withheld = few(o, minimum) | ((o == 0) & (method == "dobson"))
    return long_form(sums[["count", "population"]], per * value, limits, levels, word, withheld)


def _dobson(o, value, variance, level: float) -> tuple[np.ndarray, np.ndarray]:
    # The distance of a Poisson limit from the count, on the scale of the rate. Divided by the count
    # also where events are not independent: their extra spread is in the variance of the rate.
    scale = np.sqrt(variance / np.where(o > 0, o, np.nan))
    lower, upper = poisson_interval(o, level)
    return value + scale * (lower - o), value + scale * (upper - o)


def _gamma(value, variance, largest, level: float) -> tuple[np.ndarray, np.ndarray]:
    tail = (1 - level) / 2
    some = value > 0
    y, v = np.where(some, value, 1.0), np.where(some, variance, 1.0)
    lower = np.where(some, v / y * special.gammaincinv(y**2 / v, tail), 0.0)
    y, v = value + largest, variance + largest**2
    return lower, v / y * special.gammainccinv(y**2 / v, tail)


def repeat_rate(
    events: pd.DataFrame,
    population,
    *,
    multiplier: float = 100_000,
    levels: Sequence[float] = (0.95,),
    minimum: float = MINIMUM,
) -> pd.DataFrame:
    """Crude rate where the same person or place is hit several times.

    Parameters
    ----------
    events : DataFrame of float, shape (n, k)
        Persons who had as many events as the column is named (1, 2, 3, ...); one row per area.
    population : array or Series of float, shape (n,) or scalar
        Persons, > 0.
    multiplier, levels, minimum
        As in `direct`.

    Returns
    -------
    DataFrame
        Columns count (events), persons (those hit), inflation (of the variance: the mean number of
        events had by the person of an event, 1 if nobody is hit twice), population, value, lower,
        upper, level, method, missing. The index is that of `events`.

    Raises
    ------
    ValueError
        A number of persons is negative, a column is not named by a whole number above 0, a
        population is not above 0, lengths or indexes differ, or an option is not allowed.

    Notes
    -----
    Persons are taken as independent of each other; a wave of burglaries by one offender is not in
    the figures. With no event the inflation is unknown and the row is withheld.

    References
    ----------
    Stukel et al. (1994), Stat Med 13:1781-1791; the interval is Dobson's with one stratum.
    """
    times, table = _times(events)
    index = _check.shared_index(len(events), events=events, population=population)
    _, persons = _check.same_length(events=table[:, 0], population=_check.positive("population", population))
    per = _check.one(_check.positive, "multiplier", multiplier)
    o, hit, squared = table @ times, table.sum(axis=1), table @ times**2
    withheld = few(o, minimum) | (o == 0)

    def limits(level: float) -> tuple[np.ndarray, np.ndarray]:
        lower, upper = _dobson(o, o, squared, level)
        return per * lower / persons, per * upper / persons

    inflation = squared / np.where(o > 0, o, np.nan)
    given = {"count": o, "persons": hit, "inflation": inflation, "population": persons}
    value = per * o / persons
    return long_form(pd.DataFrame(given, index=index), value, limits, levels, "repeat events", withheld)


def indirect(
    count,
    population,
    reference_count: pd.Series,
    reference_population: pd.Series,
    *,
    area,
    stratum,
    measure: str = "ratio",
    multiplier: float | None = None,
    levels: Sequence[float] = (0.95,),
    method: str = "exact-below-10",
    minimum: float = 0,
) -> pd.DataFrame:
    """Indirectly standardised ratios or rates: events over those expected at reference rates.

    Parameters
    ----------
    count, population : arrays or Series of float, shape (n,)
        Events and persons of each area and stratum, >= 0.
    reference_count, reference_population : Series of float, shape (strata,), indexed by stratum
        Events (>= 0) and persons (> 0) that make the reference rate of each stratum.
    area, stratum : arrays or Series, shape (n,)
        The keys of the rows, each pair at most once. A stratum that an area does not have adds
        nothing to what is expected there.
    measure : {"ratio", "rate"}
        The ratio observed / expected, or that times the rate of the whole reference.
    multiplier : float or None
        The value is times this; None is 1 for a ratio and 100 000 for a rate.
    levels : sequence of float
        Confidence levels, in the order wanted.
    method : {"exact", "byar", "byar-midpoint", "exact-below-10"}
        As in `rates.poisson_interval`.
    minimum : float
        Smallest number of events for which an area's value is given, >= 0.

    Returns
    -------
    DataFrame
        Columns count, expected, reference_rate (of the whole reference, times the multiplier of a
        rate), value, lower, upper, level, method, missing. The index is the areas in order of
        appearance, repeated for each level.

    Raises
    ------
    ValueError
        A number is negative, a reference population is not above 0, nothing is expected in an
        area, lengths or indexes differ, a key is missing, doubled or unknown, or an option is not
        allowed.

    Notes
    -----
    Ratios of different areas have different weights and are not comparable with each other, only
    with the reference (1). The reference is taken as known; an area that is a large part of it is
    compared with itself.

    References
    ----------
    Breslow and Day (1987), Statistical Methods in Cancer Research II, IARC, chapter 2.
    """
    _check.option("measure", measure, ("ratio", "rate"))
    usual = 1 if measure == "ratio" else 100_000
    per = _check.one(_check.positive, "multiplier", usual if multiplier is None else multiplier)
    rows = rows_by_key(count, population, area=area, stratum=stratum)
    events, persons = (
        by_stratum(name, values)
        for name, values in (("reference_count", reference_count), ("reference_population", reference_population))
    )
    _check.positive("reference_population", persons)
    known(events.index, persons, "reference_population")
    known(persons.index, events, "reference_count")
    strata = rows.index.get_level_values("stratum")
    known(strata, persons, "reference_population")

    rows["expected"] = rows["population"] * np.asarray(strata.map(events / persons), dtype=float)
    sums = rows.groupby(level="area", sort=False)[["count", "expected"]].sum()
    whole = events.sum() / persons.sum()
    scale = per if measure == "ratio" else per * whole
    _check.positive("expected", sums["expected"])
    if whole == 0:
        raise ValueError("reference_count: no event at all; must hold the events of the reference")
    options = {"levels": levels, "method": method, "minimum": minimum}
    table = rate(sums["count"], sums["expected"], multiplier=scale, **options)
    table = table.rename(columns={"population": "expected"})
    table.insert(2, "reference_rate", whole if measure == "ratio" else per * whole)
    return table


def _squared(events: pd.DataFrame, count, found: pd.Series) -> np.ndarray:
    """The sum of the squared numbers of events of each person: the variance of the count."""
    times, table = _times(events)
    if len(table) != len(found):
        raise ValueError(f"events: found {len(table)} rows; must have one for each count ({len(found)})")
    _check.shared_index(len(found), count=count, events=events)
    total = table @ times
    bad = ~np.isclose(total, found, rtol=1e-9)
    _check.refuse("events", total, bad, "must add up to the counts", found.index)
    return table @ times**2


def _times(events: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(events, pd.DataFrame):
        raise ValueError(f"events: found {type(events).__name__}; must be a DataFrame with columns 1, 2, 3, ...")
    times = _check.whole("columns of events", events.columns)
    if not times.size or (times < 1).any() or len(set(times)) != times.size:
        raise ValueError(
            f"events: columns are {list(events.columns)}; must be named by numbers of events, 1, 2, 3, ..."
        )
    return times, _check.counts("events", events, ndim=2)
