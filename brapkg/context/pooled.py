"""The years of a survey joined, so that a small sample tells more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from brapkg.stats.pooling import pool

YEARS = 3
# From here on years differ more than chance usually gives.
CHANCE = 0.05
Z95 = float(stats.norm.isf(0.025))


@dataclass(frozen=True)
class Pooled:
    """A share over one or more years, with its 95 per cent limits.

    ``years`` are those joined. ``differ`` says that the years differ more than chance usually gives
    (Cochran's Q, 5 per cent): then the joined share is no single state, and the latest year is given
    alone, with ``years`` of that year only.
    """

    value: float
    lower: float
    upper: float
    years: tuple[int, ...]
    differ: bool


def pooled(answers: pd.DataFrame, *, most: int = YEARS, since: int = 0, joins: bool = True) -> Pooled | None:
    """One question in one area, over the latest years.

    Parameters
    ----------
    answers : DataFrame
        Rows of the table ``survey`` of one area and question: year, value and margin (shares 0-1,
        the margin half the width of a 95 per cent interval), missing.
    most : int
        How many calendar years back from the latest that has a value, at least 1.
    since : int
        The first year that can be compared with the later ones.
    joins : bool
        Whether the years hold different respondents; where not, only the latest is given.

    Returns
    -------
    Pooled or None
        None where no year has both value and margin.

    Notes
    -----
    Years are weighted by the inverse of their variance (margin / 1.96)², as for one common share.
    That is right when each year is a sample of its own. Where shares are near 0 or 1 the weights pull
    the result towards the ends, and limits are cut off there. With two or three years Q finds only
    large differences: that none was found does not mean that nothing changed.

    References
    ----------
    Cochran (1954), Biometrics 10:101-129.
    """
    # An answer without a margin above 0 cannot be weighed.
    good = answers[(answers["missing"] == "") & (answers["margin"] > 0) & (answers["year"] >= since)]
    good = good.sort_values("year")
    if good.empty:
        return None
    latest = int(good["year"].iloc[-1])
    good = good[good["year"] > latest - most] if joins else good.tail(1)
    if len(good) == 1:
        return _one(good.iloc[-1], latest, differ=False)
    row = pool(good["value"].to_numpy(), (good["margin"].to_numpy() / Z95) ** 2, method="FE", test="z").iloc[0]
    if row["q_p_value"] < CHANCE:
        return _one(good.iloc[-1], latest, differ=True)
    lower, upper = np.clip([row["lower"], row["upper"]], 0, 1)
    return Pooled(float(row["value"]), float(lower), float(upper), tuple(good["year"].astype(int)), False)


def _one(row: pd.Series, year: int, *, differ: bool) -> Pooled:
    lower, upper = np.clip([row["lower"], row["upper"]], 0, 1)
    return Pooled(float(row["value"]), float(lower), float(upper), (year,), differ)
