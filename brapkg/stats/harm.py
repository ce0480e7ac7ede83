"""Events weighted by their harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats import _check
from brapkg.stats._rows import few
from brapkg.stats.mix import offence_table, one_for_each
from brapkg.stats.rates import poisson_interval

FEW = 10  # effective events; under that no interval is given


def harm_sum(
    counts: pd.DataFrame,
    weights: Mapping[str, float] | pd.Series,
    *,
    levels: Sequence[float] = (0.95,),
    method: str = "dobson",
    minimum: int = FEW,
) -> pd.DataFrame:
    """Sum of events weighted by harm, with limits of a weighted Poisson sum.

    Parameters
    ----------
    counts : DataFrame of int, shape (areas, offences)
        Events, whole numbers >= 0.
    weights : mapping or Series of float, offence -> weight
        Harm of one event, >= 0, for exactly the columns of `counts`.
    levels : sequence of float
        Confidence levels, in the order wanted.
    method : {"dobson", "normal"}
        Dobson's limits, from the exact Poisson limits of the number of events, or value -/+ z
        standard errors, not below 0.
    minimum : int
        Fewest effective events for which limits are given.

    Returns
    -------
    DataFrame
        One row per area and level, index kept: value, lower, upper, level, method, events,
        effective (events of one weight that would be as steady), missing ("few" where the limits
        are withheld).

    Raises
    ------
    ValueError
        As `mix.location_quotient` (one area is enough), the columns and the weights do not match, a
        weight is negative, or a level or method is not allowed.

    Notes
    -----
    A few grave offences carry most of the sum, so it is far less steady than the number of events
    suggests; the effective number, (sum w n)^2 / sum w^2 n, says how much. With 27 events and 5
    effective ones simulated 95 per cent limits covered 87 per cent. Where grave offences are so
    rare that the area had none, the limits know nothing of them and are far too low: pool years.
    Too narrow where offences come in series. The weights are a choice of values, taken as known.

    References
    ----------
    Dobson, Kuulasmaa, Eberle and Scherer (1991), Stat Med 10:457-462. Sherman, Neyroud and Neyroud
    (2016), Policing 10:171-183.
    """
    n = offence_table(counts)
    weight = _check.counts("weights", one_for_each("weights", pd.Series(weights), counts.columns))
    _check.option("method", method, ("dobson", "normal"))
    events, value, error = n.sum(axis=1), n @ weight, np.sqrt(n @ weight**2)
    effective = np.divide(value, error, out=np.zeros(len(n)), where=error > 0) ** 2
    withheld = few(effective, minimum) | (error == 0)
    blocks = []
    for level in _check.levels(levels):
        if method == "normal":
            z = stats.norm.isf((1 - level) / 2)
            limits = np.maximum(value - z * error, 0), value + z * error
        else:
            per_event = error / np.sqrt(np.maximum(events, 1))
            limits = [value + per_event * (limit - events) for limit in poisson_interval(events, level, "exact")]
        lower, upper = (np.where(withheld, np.nan, limit) for limit in limits)
        block = {"value": value, "lower": lower, "upper": upper, "level": level, "method": method, "events": events}
        block |= {"effective": effective, "missing": np.where(withheld, "few", "")}
        blocks.append(pd.DataFrame(block, index=counts.index))
    return pd.concat(blocks)
