"""Displacement: did crime fall where the measure was taken, or move next door?

Counts of an area with a measure and of a comparison area, before and after, and of the areas
beside them into which crime may have moved ("nearby").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check
from brapkg.stats._rows import no_interval

_PARTS = ("local", "nearby", "total")
_ORDER = ("treated", "comparison", "nearby", "nearby_comparison")


def wdd(
    before,
    after,
    comparison_before,
    comparison_after,
    *,
    nearby_before=0,
    nearby_after=0,
    nearby_comparison_before=0,
    nearby_comparison_after=0,
    area_weights: Sequence[float] = (1, 1, 1, 1),
    time_weights: Sequence[float] = (1, 1),
    phi: float = 1.0,
    levels: Sequence[float] = (0.95,),
) -> pd.DataFrame:
    """Weighted displacement difference: events fewer (below 0) or more, net of the comparison.

    Parameters
    ----------
    before, after : arrays or Series of int, shape (n,), or scalars
        Events in the area with the measure.
    comparison_before, comparison_after : arrays or Series of int, shape (n,), or scalars
        Events in the comparison area.
    nearby_before, nearby_after, nearby_comparison_before, nearby_comparison_after : as above
        Events beside the two areas, where displacement may be looked for; 0 for none.
    area_weights : sequence of four floats
        Sizes > 0 of the area, the comparison, the nearby area and the nearby comparison, by which
        their counts are divided.
    time_weights : sequence of two floats
        Lengths > 0 of the time before and after, by which counts are divided.
    phi : float
        Overdispersion of the counts, > 0; 1 or less makes no adjustment.
    levels : sequence of float
        Confidence levels, in the order wanted.

    Returns
    -------
    DataFrame
        Three rows (part: "local", "nearby", "total") for each of n and each level, index kept:
        part, value, se, lower, upper, level, z, p_value (two-sided), p_fall (one-sided, for a
        fall), the eight counts, phi (as used), method, missing ("none" where all counts of the part
        are 0: the value is 0, but nothing can be said of chance).

    Raises
    ------
    ValueError
        A count is negative or not whole, a weight or phi is not above 0, there are not four area
        weights and two time weights, a number is not finite, lengths or indexes differ, or a
        level is not allowed.

    Notes
    -----
    Normal approximation to a sum of Poisson counts: poor when the counts sum to less than about
    20. Rests on equal trends in counts, not in ratios: the comparison area must be of a like
    size, or be weighted to it. Counts spread more than Poisson (most crime does) need `phi`.

    References
    ----------
    Wheeler and Ratcliffe (2018), Crime Science 7:11.
    """
    names, columns, index = _counts(locals())
    value, variance = _differences(columns, area_weights, time_weights)
    totals = _by_part(columns)
    return _rows(value, variance, totals, dict(zip(names, columns, strict=True)), index, phi, levels, "wdd")


def wdd_harm(
    before,
    after,
    comparison_before,
    comparison_after,
    weights,
    *,
    nearby_before=0,
    nearby_after=0,
    nearby_comparison_before=0,
    nearby_comparison_after=0,
    area_weights: Sequence[float] = (1, 1, 1, 1),
    time_weights: Sequence[float] = (1, 1),
    phi: float = 1.0,
    levels: Sequence[float] = (0.95,),
) -> pd.DataFrame:
    """Harm-weighted displacement difference over several kinds of crime: one total.

    Parameters
    ----------
    before, after, comparison_before, comparison_after : arrays or Series of int, shape (n,)
        Events of each kind of crime.
    weights : array or Series of float, shape (n,)
        Harm per event of each kind, >= 0 and not all 0.
    nearby_before, nearby_after, nearby_comparison_before, nearby_comparison_after, area_weights,
    time_weights, phi, levels :
        As `wdd`.

    Returns
    -------
    DataFrame
        As `wdd`, with one row per part and level; the counts are sums over the kinds, without
        weights.

    Raises
    ------
    ValueError
        As `wdd`; or a weight is negative, or all are 0.

    Notes
    -----
    A few events of great harm carry the sum and its variance: the normal approximation is then
    poor even where the counts are large. The weights are taken as known.

    References
    ----------
    Wheeler and Ratcliffe (2018), Crime Science 7:11.
    """
    given = dict(locals())
    harm = _check.counts("weights", given.pop("weights"))
    names, columns, index = _counts(given)
    (harm, _) = _check.same_length(weights=harm, before=columns[0])
    _check.shared_index(harm.size, weights=weights, before=before)
    if not harm.any():
        raise ValueError("weights: found only 0; must hold at least one weight above 0")
    value, variance = _differences(columns, area_weights, time_weights)
    totals = _by_part(columns).sum(axis=1, keepdims=True)
    summed = {name: np.array([column.sum()]) for name, column in zip(names, columns, strict=True)}
    value, variance = ((x * w).sum(axis=1, keepdims=True) for x, w in ((value, harm), (variance, harm**2)))
    return _rows(value, variance, totals, summed, pd.RangeIndex(1), phi, levels, "harm-weighted wdd")


def wdq(before, after, nearby_before, nearby_after, comparison_before, comparison_after) -> pd.DataFrame:
    """Weighted displacement quotient: how much of the success moved next door, or spread there.

    Parameters
    ----------
    before, after, nearby_before, nearby_after, comparison_before, comparison_after : arrays or
        Series of int, shape (n,), or scalars. Events in the area with the measure, beside it, and
        in the comparison area.

    Returns
    -------
    DataFrame
        One row per entry, index kept: value (below -1 more moved than was won, -1 to 0 some
        moved, above 0 the benefit spread, above 1 by more than the effect itself), lower,
        upper and level (NaN: there is no agreed interval), gross_effect
        (events fewer), net_effect (fall in the ratio to the comparison), success (its negative:
        the success measure), buffer (the same change nearby), total_net_effect (events fewer,
        area and nearby, net of the comparison), the six counts, method, missing.

        The value is NaN, with the reason in `missing`, where nothing was won ("no success":
        the success measure is not below 0) or the comparison area has no events before or after
        ("no comparison": then the other measures, save gross_effect, are NaN too).

    Raises
    ------
    ValueError
        A count is negative or not whole, a number is not finite, or lengths or indexes differ.

    Notes
    -----
    There is no agreed interval: use `wdd` to judge chance. The quotient of two small differences
    is very unsteady when the success is slight.

    References
    ----------
    Bowers and Johnson (2003), J Quant Criminol 19:275-301. Guerette (2009), Analyzing crime
    displacement and diffusion, appendix B.
    """
    given = dict(locals())
    columns = _check.same_length(**{name: _check.whole(name, values) for name, values in given.items()})
    index = _check.shared_index(columns[0].size, **given)
    rb, ra, db, da, cb, ca = columns
    with np.errstate(divide="ignore", invalid="ignore"):
        defined = (cb > 0) & (ca > 0)
        success = np.where(defined, ra / ca - rb / cb, np.nan)
        buffer = np.where(defined, da / ca - db / cb, np.nan)
        value = np.where(defined & (success < 0), buffer / success, np.nan)
        total = np.where(defined, (rb + db) * ca / cb - ra - da, np.nan)
    missing = np.select([~defined, ~(success < 0)], ["no comparison", "no success"], "")
    columns = {
        "value": value,
        "gross_effect": rb - ra,
        "net_effect": -success,
        "success": success,
        "buffer": buffer,
        "total_net_effect": total,
        **dict(zip(given, columns, strict=True)),
        "method": "wdq",
        "missing": missing.astype(str),
    }
    return no_interval(pd.DataFrame(columns, index=index))


def _counts(given: dict) -> tuple[list[str], list[np.ndarray], pd.Index]:
    """The eight counts, checked and of one length, in the order of `_ORDER`, before then after."""
    prefixes = ("", "comparison_", "nearby_", "nearby_comparison_")
    names = [prefix + when for prefix in prefixes for when in ("before", "after")]
    chosen = {name: given[name] for name in names}
    columns = _check.same_length(**{name: _check.whole(name, values) for name, values in chosen.items()})
    return names, columns, _check.shared_index(columns[0].size, **chosen)


def _weights(name: str, values: Sequence[float], size: int) -> np.ndarray:
    weights = _check.positive(name, values)
    if weights.size != size:
        raise ValueError(f"{name}: found {weights.size} weights; must be {size}")
    return weights


def _differences(columns, area_weights, time_weights) -> tuple[np.ndarray, np.ndarray]:
    """Differences and Poisson variances, shape (3 parts, n)."""
    areas = _weights("area_weights", area_weights, len(_ORDER))
    time = _weights("time_weights", time_weights, 2)
    divisor = np.outer(areas, time).ravel()[:, np.newaxis]
    sign = np.array([-1, 1, 1, -1] * 2)[:, np.newaxis]
    stacked = np.array(columns)
    return _by_part(sign * stacked / divisor), _by_part(stacked / divisor**2)


def _by_part(rows) -> np.ndarray:
    local, nearby = np.sum(rows[:4], axis=0), np.sum(rows[4:], axis=0)
    return np.array([local, nearby, local + nearby])


def _rows(value, variance, totals, counts, index, phi, levels, method) -> pd.DataFrame:
    phi = _check.one(_check.positive, "phi", phi)
    used = max(1.0, phi)
    some = totals > 0
    se = np.sqrt(variance * used)
    z = np.divide(value, se, out=np.full(value.shape, np.nan), where=some)
    blocks = []
    for level in _check.levels(levels):
        half = np.where(some, stats.norm.isf((1 - level) / 2) * se, np.nan)
        for i, part in enumerate(_PARTS):
            columns = {
                "part": part,
                "value": value[i],
                "se": se[i],
                "lower": value[i] - half[i],
                "upper": value[i] + half[i],
                "level": level,
                "z": z[i],
                "p_value": 2 * stats.norm.sf(np.abs(z[i])),
                "p_fall": stats.norm.cdf(z[i]),
                **counts,
                "phi": used,
                "method": method,
                "missing": np.where(some[i], "", "none").astype(str),
            }
            blocks.append(pd.DataFrame(columns, index=index))
    return pd.concat(blocks)
