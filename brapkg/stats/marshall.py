"""Marshall's empirical Bayes rates: by moments alone, over all areas or over each one's neighbours."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

import numpy as np
import pandas as pd

from brapkg.stats import _check
from brapkg.stats._rows import no_interval


def marshall(
    count,
    population,
    *,
    neighbours: Mapping[Hashable, Iterable[Hashable]] | None = None,
    family: str = "poisson",
) -> pd.DataFrame:
    """Marshall's empirical Bayes rates, by moments: towards the whole, or towards the neighbours.

    Parameters
    ----------
    count : array or Series of float, shape (n,)
        Events, >= 0.
    population : array or Series of float, shape (n,)
        Persons, > 0.
    neighbours : mapping of key to keys
        For every area, by its label in the index (by its position where arrays are given), the
        labels of its neighbours; none for an island. Each area is then shrunk towards the window
        of itself and its neighbours. Without it the window is the whole.
    family : {"poisson", "binomial"}
        Chance in the counts; "binomial" for proportions that are not small.

    Returns
    -------
    DataFrame
        One row per area, index kept: count, population, raw and value (events per person), lower,
        upper and level (NaN: moments give no interval, `shrink` does), weight (share of the area's
        own rate), prior_mean (b), prior_variance (a), method, missing. In a window of neighbours
        without any event value is NaN and missing is "none"; else "". The whole without any event
        gives 0.

    Raises
    ------
    ValueError
        A count is negative, a population is not above 0, a number is not finite, lengths or
        indexes differ, there are no areas, the family is unknown, labels are not unique, or
        `neighbours` lacks an area or names one that is not there.

    Notes
    -----
    b = sum O / sum n, s2 = sum n (p - b)^2 / sum n, a = max(0, s2 - b / mean n), all inside the
    window and with its one b; the weight is a / (a + b / n). For "binomial" chance is b (1 - b)
    and a is divided by 1 - 1 / mean n. When the areas spread no more than chance, a is 0 and the
    value is b. No interval: use `shrink` for one. a is unsteady with fewer than about 20 areas,
    so in most windows of neighbours.

    References
    ----------
    Marshall (1991), Applied Statistics 40:283-294. Martuzzi and Elliott (1996), Stat Med
    15:1867-1873 (binomial).
    """
    events, persons = _check.same_length(
        count=_check.counts("count", count),
        population=_check.positive("population", population),
    )
    index = _check.shared_index(events.size, count=count, population=population)
    _check.option("family", family, ("poisson", "binomial"))
    if events.size == 0:
        raise ValueError("count: found 0 areas; must hold at least 1")
    if family == "binomial":
        _check.refuse("count", events, events > persons, "must be at most population", index)
    raw = events / persons
    if neighbours is None:
        window, member = np.zeros(events.size, dtype=int), np.arange(events.size)
        own = window
    else:
        window, member = _windows(index, neighbours)
        own = np.arange(events.size)
    together = np.bincount(window, persons[member])
    mean = np.bincount(window, events[member]) / together
    spread = np.bincount(window, persons[member] * (raw[member] - mean[window]) ** 2) / together
    size = together / np.bincount(window)
    chance = mean if family == "poisson" else mean * (1 - mean)
    excess = spread - chance / size
    if family == "binomial":
        excess = excess / np.where(size > 1, 1 - 1 / size, np.inf)
        chance = chance - np.maximum(excess, 0.0)
    variance = np.maximum(excess, 0.0)[own]
    mean, chance = mean[own], chance[own]
    # variance 0 (also when there is no event at all, mean 0) leaves nothing to an area's own rate.
    weight = np.where(variance > 0, variance / np.where(variance > 0, variance + chance / persons, 1), 0.0)
    none = (mean == 0) & (neighbours is not None)
    columns = {
        "count": events,
        "population": persons,
        "raw": raw,
        "value": np.where(none, np.nan, mean + weight * (raw - mean)),
        "weight": weight,
        "prior_mean": mean,
        "prior_variance": variance,
        "method": "marshall" if neighbours is None else "marshall, local",
        "missing": np.where(none, "none", ""),
    }
    return no_interval(pd.DataFrame(columns, index=index))


def _windows(index: pd.Index, neighbours: Mapping) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of a window (an area's position) and a member of it: the area and its neighbours."""
    if not index.is_unique:
        first = index[index.duplicated()].tolist()[0]
        raise ValueError(f"count: label {first!r} is there more than once; labels must be unique with neighbours")
    lacking = [key for key in index.tolist() if key not in neighbours]
    if lacking:
        raise ValueError(
            f"neighbours: {len(lacking)} of {len(index)} areas are lacking (first {lacking[0]!r}); "
            "every area must have an entry, an empty one where it has no neighbour"
        )
    place = {key: position for position, key in enumerate(index)}
    unknown = [(key, other) for key in index for other in neighbours[key] if other not in place]
    if unknown:
        key, other = unknown[0]
        raise ValueError(
            f"neighbours: {len(unknown)} are not among the areas (first {other!r}, of {key!r}); "
            "must be labels of the index of count"
        )
    pairs = [(place[key], place[other]) for key in index for other in {key: None, **dict.fromkeys(neighbours[key])}]
    window, member = np.array(pairs).T
    return window, member
