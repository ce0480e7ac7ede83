"""Months that are higher than the earlier years let one expect, corrected for looking at many."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from brapkg import catalogue
from brapkg.indicators.common import NATION
from brapkg.indicators.time import person_days
from brapkg.stats.time.signals import signals

LEVEL = 0.99
YEARS = 3
COLUMNS = ["area", "offence", "year", "month", "count", "value", "upper", "level", "p_value", "method", "missing"]


def signal_table(months: pd.DataFrame, population: pd.DataFrame) -> pd.DataFrame:
    """Every area's months of each year against at most three years before it, series by series.

    Every series of the counties; of municipalities all offences together, the only months of theirs
    that pages show. The p-values are corrected area by area, over all its series and months of the
    year: that is what a reader of a page looks through.
    """
    counties = months[(months["area"].str.len() == 2) & (months["area"] != NATION)]
    municipalities = months[(months["area"].str.len() == 4) & (months["offence"] == catalogue.TOTAL)]
    parts = [part for some in (counties, municipalities) for part in _years(some, population) if len(part)]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    found = pd.concat(parts, ignore_index=True)
    judged = found[found["missing"] == ""]
    together = judged.groupby(["area", "year"])["p_value"]
    return found.assign(p_adjusted=together.transform(false_discovery_control))


def _years(months: pd.DataFrame, population: pd.DataFrame) -> list[pd.DataFrame]:
    """The judged months of each year, for areas of one kind."""
    at = months["year"] * 12 + months["month"] - 1
    wide = months.assign(at=at).pivot(index=["area", "offence"], columns="at", values="count")
    return [_year(wide, population, year) for year in sorted(months["year"].unique())]


def _year(wide: pd.DataFrame, population: pd.DataFrame, year: int) -> pd.DataFrame:
    """One year's months of the series that have all months since its earlier years began."""
    at = np.arange((year - YEARS) * 12, (year + 1) * 12)
    part = wide.reindex(columns=at).dropna(axis=1, how="all").dropna()
    at = part.columns.to_numpy()
    exposure = person_days(population, at // 12, at % 12 + 1).reindex(part.index.get_level_values("area"))
    known = exposure.notna().all(axis=1).to_numpy()
    part, exposure = part[known], exposure[known]
    now = at // 12 == year
    if part.empty or now.all() or (np.diff(at) != 1).any():
        return pd.DataFrame()
    keys = pd.PeriodIndex.from_fields(year=at // 12, month=at % 12 + 1, freq="M")
    found = signals(
        part.to_numpy(),
        exposure.to_numpy(),
        keys,
        levels=(LEVEL,),
        last=int(now.sum()),
        years=YEARS,
    )
    told = part.index.to_frame(index=False).loc[found["series"]].reset_index(drop=True).assign(year=year)
    # Where no series is judged there is nothing to tell.
    told = told.join(found[COLUMNS[4:]]).assign(month=found["month"].dt.month)
    return told if (told["missing"] == "").any() else told.iloc[:0]
