"""What the figures of every kind of area share: which years there are, and how a period is chosen."""

from __future__ import annotations

import pandas as pd

from brapkg import catalogue, shown, store
from brapkg.errors import DataError, UsageError

NATION = "00"
LIMITS = ("lower", "upper", "lower_998", "upper_998")
FUNNEL_OFFENCE = "violence"


def periods() -> list[int]:
    """The years a report can be made for: every municipality has figures and a population."""
    nation = shown.tables().rows("rates", area=NATION)
    return sorted(nation.loc[nation["missing"] == "", "year"].unique().tolist())


def latest_period() -> int:
    """The latest year a report can be made for."""
    return periods()[-1]


def chosen_period(period: int | None) -> int:
    """The period asked for, or the latest, where a report can be made for it.

    Raises
    ------
    UsageError
        The period is none that can be reported.
    DataError
        The store is not built, or built under another rule for small counts.
    """
    store.check_settings()
    allowed = periods()
    if not allowed:
        raise DataError("No year has figures for every municipality. Run `brapkg build` on whole years.")
    if period is None:
        return allowed[-1]
    if isinstance(period, bool) or not isinstance(period, int) or period not in allowed:
        raise UsageError(
            f"No report can be made for period {period!r}. There are figures for all municipalities "
            f"for {', '.join(map(str, allowed))}."
        )
    return period


def municipalities_together(tables: shown.Tables, period: int) -> pd.DataFrame:
    """All offences in every municipality of the country, the years together as in ``pooled``, by code.

    Columns ``first_year``, ``count`` and ``population`` (person-years) of all the years, ``value`` (per
    100 000 residents and year), ``lower``, ``upper``; NaN where a count is kept back.
    """
    found = tables.rows("pooled", offence=catalogue.TOTAL, year=period).set_index("area").sort_index()
    return found[["first_year", "count", "population", "value", "lower", "upper"]]
