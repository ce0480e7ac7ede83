"""What more than one indicator needs: units, levels, and the shape of a row with its verdict."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from brapkg import areas
from brapkg.stats import comparison

PER = 100_000
LEVELS = (0.95, 0.998)
NATION = "00"
# Size classes of municipalities, by their fewest residents: the smaller, the more a year swings.
SIZES = (0, 5_000, 10_000, 30_000)


def sds(wobble: pd.DataFrame) -> dict[str, float]:
    """The counties' variation between years by offence; 0 where it could not be estimated."""
    mine = wobble[wobble["kind"] == "county"]
    return mine.set_index("offence")["sd"].fillna(0.0).to_dict()


def size_of(residents) -> np.ndarray:
    """The size class of places: the fewest residents that belong to it."""
    return np.array(SIZES)[np.searchsorted(SIZES, np.asarray(residents, dtype=float), side="right") - 1]


def swings(wobble: pd.DataFrame, offences: Iterable[str], residents) -> np.ndarray:
    """Municipalities' variation between years, each by its offence and size; 0 where there is no estimate.

    Parameters
    ----------
    wobble : DataFrame, the table of that name
    offences : ids of offence groups, one for each municipality and offence
    residents : array of float of the same length
    """
    mine = wobble[wobble["kind"] == "municipality"]
    known = mine.set_index(["offence", "residents"])["sd"].fillna(0.0).to_dict()
    return np.array([known.get(cell, 0.0) for cell in zip(offences, size_of(residents).tolist(), strict=True)])


def swing_of(wobble: pd.DataFrame, table: pd.DataFrame) -> np.ndarray:
    """The variation between years of each row's area, from columns area, offence and population.

    A county of one municipality swings like the municipality it is. The nation's variation cannot be
    told from that of a single series: 0.
    """
    alone = {county.code for county in areas.counties() if len(areas.municipalities(county.code)) == 1}
    whole = table["offence"].map(sds(wobble)).fillna(0.0).to_numpy()
    own = swings(wobble, table["offence"], table["population"])
    as_one = (table["area"].str.len() == 4) | table["area"].isin(alone)
    return np.where(table["area"] == NATION, 0.0, np.where(as_one, own, whole))


def wide(long: pd.DataFrame) -> pd.DataFrame:
    """One row per area from one block of rows per level."""
    narrow, broad = (long[long["level"] == level] for level in LEVELS)
    return narrow.drop(columns="level").assign(lower_998=broad["lower"], upper_998=broad["upper"])


def with_verdict(table: pd.DataFrame) -> pd.DataFrame:
    limits = (table[name] for name in ("lower", "upper", "lower_998", "upper_998"))
    return table.assign(verdict=comparison.verdict(*limits))
