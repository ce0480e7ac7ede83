"""How much of it happens in the few worst places, and how many places hold most of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from brapkg.stats import _check
from brapkg.stats._rows import no_interval
from brapkg.stats.concentration import counted


def top_share(count, shares: Sequence[float] = (0.01, 0.05, 0.10, 0.25)) -> pd.DataFrame:
    """Share of events in the places that have most.

    Parameters
    ----------
    count : array or Series of int, shape (n,)
        Events in each place, whole numbers >= 0, places without events included.
    shares : sequence of float
        Shares of all places, above 0 and at most 1. The number of places is rounded up.

    Returns
    -------
    DataFrame
        One row per share: share, value (share of events in those places), lower, upper and level
        (NaN: a description, no estimate), even (the same if the events were spread as evenly as
        whole events can be), events and places (in the top), all_events, all_places, method.

    Raises
    ------
    ValueError
        A count is negative or not whole, or a share is not allowed.
    TooThin
        Fewer than 2 places, or no events.

    Notes
    -----
    The top places are picked by their counts and so hold more than they will next year. With
    fewer events than places a high value is arithmetic: read it beside `even`. Descriptive; no
    interval is given.

    References
    ----------
    Weisburd (2015), Criminology 53:133-157; Hipp and Kim (2017), J Quant Criminol 33:595-632.
    """
    events, _ = counted(count, None, "top share", 1)
    wanted = _shares(shares)
    # 0.07 * 100 is a hair above 7: a rounding error must not add a place.
    places = np.ceil(wanted * events.size * (1 - 1e-12)).astype(int)
    held, even = (np.cumsum(spread)[places - 1] for spread in (_falling(events), _falling(_even(events))))
    columns = {
        "share": wanted,
        "value": held / events.sum(),
        "even": even / events.sum(),
        "events": held,
        "places": places,
    }
    return _table(columns, events)


def places_holding(count, shares: Sequence[float] = (0.25, 0.50)) -> pd.DataFrame:
    """Smallest share of the places that together hold a share of the events.

    Parameters
    ----------
    count
        As in `top_share`.
    shares : sequence of float
        Shares of all events, above 0 and at most 1.

    Returns
    -------
    DataFrame
        One row per share: share, value (share of all places), lower, upper and level (NaN), even
        (the same if the events were spread as evenly as whole events can be), events and places
        (that hold them), all_events, all_places, method.

    Raises
    ------
    ValueError, TooThin
        As `top_share`.

    Notes
    -----
    As `top_share`: compare with `even`.

    References
    ----------
    As `top_share`.
    """
    events, _ = counted(count, None, "places holding", 1)
    wanted, total = _shares(shares), events.sum()
    running, even = np.cumsum(_falling(events)), np.cumsum(_falling(_even(events)))
    needed = wanted * total * (1 - 1e-12)
    places, fewest = (np.searchsorted(sums, needed) + 1 for sums in (running, even))
    columns = {"share": wanted, "value": places / events.size, "even": fewest / events.size}
    return _table({**columns, "events": running[places - 1], "places": places}, events)


def _table(columns: dict, events: np.ndarray) -> pd.DataFrame:
    told = {"all_events": events.sum(), "all_places": events.size, "method": "places by count"}
    return no_interval(pd.DataFrame(columns).assign(**told))


def _falling(events: np.ndarray) -> np.ndarray:
    return np.sort(events)[::-1]


def _even(events: np.ndarray) -> np.ndarray:
    """As many events, as evenly as whole events can be."""
    each, left = divmod(int(events.sum()), events.size)
    return np.where(np.arange(events.size) < left, each + 1, each)


def _shares(shares) -> np.ndarray:
    wanted = _check.positive("shares", shares)
    _check.refuse("shares", wanted, wanted > 1, "must be at most 1")
    if wanted.size == 0:
        raise ValueError("shares: found none; must hold at least one share, for example (0.1,)")
    return wanted
