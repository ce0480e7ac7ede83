"""Series of an area, from the store: months, person-days, rolling years, and how much its years swing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brapkg import areas
from brapkg.indicators.common import NATION, PER, size_of
from brapkg.indicators.time import monthly_exposure
from brapkg.shown import Tables, columns_of

Months = tuple[tuple[int, int], ...]


def months(tables: Tables, area: str, offence: str, period: int) -> pd.DataFrame:
    """Counts by month up to the end of a year, in order of time.

    Parameters
    ----------
    tables : the store
    area, offence : codes; for the nation, the counties' counts are added up
    period : the last year

    Returns
    -------
    DataFrame with, beside the columns of ``offences_month`` (for the nation year, month and count):
        ``value`` per 100 000 residents and average month, ``exposure`` in person-days, ``shown`` the
        count where a page may tell it, else NaN.

    Raises
    ------
    KeyError
        The residents of a year-end are missing.
    """

    def make() -> pd.DataFrame:
        table, when = _counts(tables, area, offence, period)
        count, exposure = table["count"].to_numpy(), _exposure(tables, area, when)
        withheld = [(area, offence, *month) in tables.withheld for month in when]
        value = count / exposure * (PER * 365.25 / 12)
        return table.assign(value=value, exposure=exposure, shown=np.where(withheld, np.nan, count))

    return tables.keep(("months", area, offence, period), make).copy(deep=False)


def rolling(tables: Tables, area: str, offence: str, period: int) -> np.ndarray:
    """Offences per 100 000 residents over twelve months, ending with each month from the 12th on.

    Arguments and errors are those of ``months``.
    """

    def make() -> np.ndarray:
        table, when = _counts(tables, area, offence, period)
        sums = np.concatenate([[0], np.cumsum(table["count"].to_numpy())])
        return (sums[12:] - sums[:-12]) / _days(tables, area, when) * 365.25 * PER

    return tables.keep(("rolling", area, offence, period), make).copy()


def swings(tables: Tables, area: str, period: int) -> dict[str, float]:
    """How much an area's years swing beyond chance, a relative standard deviation by offence (table ``wobble``).

    Parameters
    ----------
    tables : the store
    area : code of a county or municipality; a county of one municipality swings as that does
    period : the year whose residents decide a municipality's size

    Returns
    -------
    dict by offence; NaN where it could not be estimated
    """

    def make() -> dict[str, float]:
        wobble = tables.built("wobble")
        if len(area) == 4 or len(areas.municipalities(area)) == 1:
            known = tables.built_rows("population", area=area)
            size = int(size_of(known.loc[known["year"] <= period, "residents"].iloc[-1]))
            mine = wobble[(wobble["kind"] == "municipality") & (wobble["residents"] == size)]
        else:
            mine = wobble[wobble["kind"] == "county"]
        return dict(columns_of(mine, "offence", "sd"))

    return tables.keep(("swings", area, period), make)


def _counts(tables: Tables, area: str, offence: str, period: int) -> tuple[pd.DataFrame, Months]:
    """Counts by month up to the end of a year, and which months they are."""
    table = tables.keep(("counts", area, offence), lambda: _all_counts(tables, area, offence))
    table = table.iloc[: np.searchsorted(table["year"].to_numpy(), period, side="right")]
    return table, tuple(columns_of(table, "year", "month"))


def _all_counts(tables: Tables, area: str, offence: str) -> pd.DataFrame:
    if area == NATION:
        known = tables.built_rows("offences_month", offence=offence)
        counties = known[known["area"].str.len() == 2]
        return counties.groupby(["year", "month"], as_index=False)["count"].sum()
    known = tables.built_rows("offences_month", area=area, offence=offence)
    order = np.lexsort((known["month"], known["year"]))
    return known if (np.diff(order) == 1).all() else known.iloc[order]


def _exposure(tables: Tables, area: str, when: Months) -> np.ndarray:
    """Person-days of months: the same for every offence."""

    def make() -> np.ndarray:
        population = tables.built_rows("population", area=area)
        return monthly_exposure(population, area, *zip(*when, strict=True))

    return tables.keep(("exposure", area, when), make)


def _days(tables: Tables, area: str, when: Months) -> np.ndarray:
    """Person-days of twelve months, ending with each month from the 12th on."""

    def make() -> np.ndarray:
        return pd.Series(_exposure(tables, area, when)).rolling(12).sum().to_numpy()[11:]

    return tables.keep(("days of a year", area, when), make)
