"""Offence mix: what an area has more of than others, and how unlike them it is.

Tables of counts have one row per area and one column per offence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from brapkg.stats import _check
from brapkg.stats._rows import no_interval
from brapkg.stats.rates import proportion_interval

_DISTANCES = ("dissimilarity", "krugman", "jensen-shannon")


def location_quotient(counts: pd.DataFrame, *, levels: Sequence[float] = (0.95,)) -> pd.DataFrame:
    """Location quotient: an offence's share in an area over its share in all areas together.

    Parameters
    ----------
    counts : DataFrame of int, shape (areas, offences)
        Events, whole numbers >= 0, for all areas that make up the whole.
    levels : sequence of float
        Confidence levels, in the order wanted.

    Returns
    -------
    DataFrame
        One row per area, offence and level, indexed by area: offence, count, events (of the area),
        value (1 is the share of the whole), lower, upper, level, method, missing ("none" where the
        area or the offence has no events, so that there is no quotient; "few" where all events lie
        in one area, so that there is no interval).

    Raises
    ------
    ValueError
        `counts` is not a DataFrame with unique labels, has fewer than 2 rows or columns, or holds a
        count that is negative or not whole.

    Notes
    -----
    With R the ratio of the offence's share in the area to that in the rest, and w the area's part
    of all events, the quotient is R / (w R + 1 - w). It rises with R, so the limits of R (from
    Wilson limits of both shares) give its own. Events are taken as independent: a series by one
    offender makes the interval too narrow. A high quotient may mean few of everything else: it says
    nothing of the rate.

    References
    ----------
    Haig (1926), Q J Econ 40:402-434. Brantingham and Brantingham (1998), Crime Prevention Studies
    8:263-288. Donner and Zou (2012), Stat Methods Med Res 21:347-359 (limits of the ratio).
    """
    n = offence_table(counts)
    if len(counts) < 2:
        raise ValueError(f"counts: found {len(counts)} areas; must hold all areas of the whole, at least 2")
    area, whole = n.sum(axis=1, keepdims=True), n.sum(axis=0, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = (n / area) / (whole / n.sum())
        part = area / n.sum()
    missing = np.where(np.isnan(value), "none", np.where(np.broadcast_to(part == 1, n.shape), "few", ""))

    blocks = []
    for level in _check.levels(levels):
        lower, upper = np.where(missing == "", _quotient_limits(n, area, whole, level), np.nan)
        block = {
            "offence": np.tile(counts.columns, len(counts)),
            "count": n.ravel(),
            "events": np.repeat(area, n.shape[1]),
            "value": value.ravel(),
            "lower": lower.ravel(),
            "upper": upper.ravel(),
            "level": level,
            "method": "ratio of Wilson shares",
            "missing": missing.ravel(),
        }
        blocks.append(pd.DataFrame(block, index=counts.index.repeat(n.shape[1])))
    return pd.concat(blocks)


def _quotient_limits(n, area, whole, level: float) -> np.ndarray:
    total = n.sum()
    here = (n.ravel(), np.broadcast_to(area, n.shape).ravel())
    rest = ((whole - n).ravel(), np.broadcast_to(total - area, n.shape).ravel())
    # An empty area or rest is withheld afterwards; a total of 1 keeps it from stopping the others.
    (p, low, high), (q, rest_low, rest_high) = (_share(count, np.maximum(of, 1), level) for count, of in (here, rest))
    product = p * q
    under = low * (2 * p - low)
    over = rest_low * (2 * q - rest_low)
    with np.errstate(invalid="ignore", divide="ignore"):
        down = np.sqrt(product**2 - under * rest_high * (2 * q - rest_high))
        up = np.sqrt(product**2 - high * (2 * p - high) * over)
        lower = np.where(under == 0, 0.0, under / (product + down))
        upper = np.where(over == 0, np.inf, (product + up) / over)
        weight = np.broadcast_to(area / total, n.shape).ravel()
        # R / (w R + 1 - w), written so that an infinite R gives 1 / w.
        return np.array([lower / (weight * lower + 1 - weight), 1 / (weight + (1 - weight) / upper)]).reshape(
            2, *n.shape
        )


def _share(count: np.ndarray, total: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (count / total, *proportion_interval(count, total, level))


def mix_distance(
    counts: pd.DataFrame, reference: pd.Series | None = None, *, method: str = "dissimilarity", seed: int = 1
) -> pd.DataFrame:
    """Distance between each area's offence mix and a reference mix, with what chance alone gives.

    Parameters
    ----------
    counts : DataFrame of int, shape (areas, offences)
        Events, whole numbers >= 0.
    reference : Series of int, shape (offences,), optional
        Events by offence, indexed as the columns of `counts`. Without it the areas together.
    method : {"dissimilarity", "krugman", "jensen-shannon"}
        Duncan's dissimilarity, half the sum of absolute differences of shares (of shares also the
        Bray-Curtis distance); Krugman's index, the whole sum; or the Jensen-Shannon divergence in
        nats.
    seed : int
        Seed of the 1000 samples behind `chance` and `p_value`.

    Returns
    -------
    DataFrame
        One row per area, index kept: value, lower, upper and level (NaN: a distance is never
        negative, so chance is told by the next), method, events, chance (mean distance of as many
        events drawn from the reference mix), p_value (chance of a distance as large), missing
        ("none" where the area has no events).

    Raises
    ------
    ValueError
        As `location_quotient` (one area is enough), the columns and the reference do not match, the
        reference has no events, or the method is unknown.

    Notes
    -----
    Never negative, so a small area is always some way off: read the value beside `chance`. An own
    `reference` is taken as known without error; areas together are drawn from without replacement,
    as the area is part of them.

    References
    ----------
    Duncan and Duncan (1955), Am Sociol Rev 20:210-217. Krugman (1991), Geography and Trade. Lin
    (1991), IEEE Trans Inf Theory 37:145-151.
    """
    n = offence_table(counts)
    _check.option("method", method, _DISTANCES)
    base = n.sum(axis=0) if reference is None else _matched("reference", reference, counts.columns)
    if base.sum() == 0:
        raise ValueError("reference: found 0 events; must hold at least 1")
    mix, rng = base / base.sum(), np.random.default_rng(_check.integer("seed", seed, 0))
    rows = []
    for own in n:
        events = int(own.sum())
        if events == 0:
            rows.append((np.nan, np.nan, np.nan))
            continue
        if reference is None:
            drawn = rng.multivariate_hypergeometric(base.astype(np.int64), events, size=1000)
        else:
            drawn = rng.multinomial(events, mix, size=1000)
        value = _distance(own / events, mix, method)
        by_chance = _distance(drawn / events, mix, method)
        rows.append((value, by_chance.mean(), (1 + np.sum(by_chance >= value * (1 - 1e-9))) / 1001))
    value, chance, p_value = np.array(rows).T
    columns = {"value": value, "method": method, "events": n.sum(axis=1), "chance": chance, "p_value": p_value}
    return no_interval(pd.DataFrame(columns, index=counts.index)).assign(missing=np.where(np.isnan(value), "none", ""))


def _distance(own: np.ndarray, mix: np.ndarray, method: str) -> np.ndarray:
    if method == "jensen-shannon":
        middle = (own + mix) / 2
        both = special.rel_entr(own, middle) + special.rel_entr(np.broadcast_to(mix, own.shape), middle)
        return np.maximum(both.sum(axis=-1) / 2, 0.0)
    return np.abs(own - mix).sum(axis=-1) / (2 if method == "dissimilarity" else 1)


def diversity(counts: pd.DataFrame, *, method: str = "hhi") -> pd.DataFrame:
    """How few or many kinds of offence make up each area's events.

    Parameters
    ----------
    counts : DataFrame of int, shape (areas, offences)
        Events, whole numbers >= 0.
    method : {"hhi", "shannon"}
        Herfindahl-Hirschman index, the sum of squared shares (1 for a single kind), or Shannon's
        entropy in nats (0 for a single kind).

    Returns
    -------
    DataFrame
        One row per area, index kept: value, lower, upper and level (NaN: a description of the
        events counted), method, events, kinds (offences with events), missing
        ("none" where the area has no events).

    Raises
    ------
    ValueError
        As `location_quotient` (one area is enough), or the method is unknown.

    Notes
    -----
    Both depend on how finely offences are divided, and few events look less diverse than they are:
    compare areas of like size under one classification.

    References
    ----------
    Herfindahl (1950), Concentration in the Steel Industry. Shannon (1948), Bell Syst Tech J
    27:379-423.
    """
    n = offence_table(counts)
    _check.option("method", method, ("hhi", "shannon"))
    events = n.sum(axis=1)
    with np.errstate(invalid="ignore"):
        shares = n / events[:, np.newaxis]
    value = (shares**2).sum(axis=1) if method == "hhi" else special.entr(shares).sum(axis=1)
    columns = {"value": value, "method": method, "events": events, "kinds": (n > 0).sum(axis=1)}
    return no_interval(pd.DataFrame(columns, index=counts.index)).assign(missing=np.where(events == 0, "none", ""))


def offence_table(counts: pd.DataFrame) -> np.ndarray:
    """Events by area and offence, checked."""
    if not isinstance(counts, pd.DataFrame) or not (counts.index.is_unique and counts.columns.is_unique):
        raise ValueError("counts: must be a DataFrame of areas by offences with unique labels")
    n = _check.whole("counts", counts, ndim=2)
    if n.shape[0] < 1 or n.shape[1] < 2:
        raise ValueError(f"counts: found {n.shape[0]} areas and {n.shape[1]} offences; must be at least 1 and 2")
    return n


def _matched(name: str, values, columns: pd.Index) -> np.ndarray:
    return _check.whole(name, one_for_each(name, values, columns))


def one_for_each(name: str, values, columns: pd.Index) -> pd.Series:
    """The values in the order of the columns; any label too few or too many is refused."""
    if not isinstance(values, pd.Series) or not values.index.is_unique:
        raise ValueError(f"{name}: must be a Series with one value for each column of counts")
    odd = columns.symmetric_difference(values.index, sort=False)
    if len(odd):
        raise ValueError(f"{name}: must have exactly the columns of counts; first that differs: {odd.tolist()[0]!r}")
    return values.reindex(columns)
