"""What more than one indicator needs: units, levels, and the shape of a row with its verdict."""

from __future__ import annotations

import pandas as pd

from brapkg.stats import comparison

PER = 100_000
LEVELS = (0.95, 0.998)
NATION = "00"


def sds(wobble: pd.DataFrame, kind: str) -> dict[str, float]:
    """The variation between years by offence; none where it could not be estimated."""
    mine = wobble[wobble["kind"] == kind]
    return mine.set_index("offence")["sd"].fillna(0.0).to_dict()


def wide(long: pd.DataFrame) -> pd.DataFrame:
    """One row per area from one block of rows per level."""
    narrow, broad = (long[long["level"] == level] for level in LEVELS)
    return narrow.drop(columns="level").assign(lower_998=broad["lower"], upper_998=broad["upper"])


def with_verdict(table: pd.DataFrame) -> pd.DataFrame:
    limits = (table[name] for name in ("lower", "upper", "lower_998", "upper_998"))
    return table.assign(verdict=comparison.verdict(*limits))
