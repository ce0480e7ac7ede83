"""Level and change of every area: rates, counties against the nation, a year against the one before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from brapkg.indicators.common import LEVELS, NATION, PER, SIZES, size_of, swing_of, wide, with_verdict
from brapkg.stats import comparison, rates
from brapkg.stats.swing import between_years

# Below this count a percentage change says more about the counts than about the change.
MINIMUM_FOR_CHANGE = 20


def denominators(population: pd.DataFrame) -> pd.DataFrame:
    """Brå's own denominators by area, year and status.

    A final year's is the mean of the residents on 31 December of the year before and of the year;
    a preliminary year's is those of the year before (the others are not known yet).
    """
    before = population.assign(year=population["year"] + 1)
    final = before.merge(population, on=["area", "year"], suffixes=("_before", ""))
    final["population"] = (final["residents_before"] + final["residents"]) / 2
    preliminary = before.rename(columns={"residents": "population"})
    parts = [final.assign(status="final"), preliminary.assign(status="preliminary")]
    return pd.concat(parts)[["area", "year", "status", "population"]]


def rate_table(years: pd.DataFrame, population: pd.DataFrame) -> pd.DataFrame:
    """Rates per 100 000 with 95 % intervals: exact below 10 offences, Byar from 10 on."""
    table = years.merge(denominators(population), on=["area", "year", "status"], how="left")
    known = table["population"].notna()
    rated = rates.rate(table.loc[known, "count"], table.loc[known, "population"], multiplier=PER)
    columns = ["value", "lower", "upper", "level", "method"]
    table = table.join(rated[columns])
    table["missing"] = np.where(known, "", "no_population")
    return table.fillna({"level": 0.95, "method": ""})


def wobble_table(rated: pd.DataFrame) -> pd.DataFrame:
    """How much an area's year moves beyond chance: of counties, and of municipalities by their size."""
    known = rated[(rated["area"] != NATION) & (rated["missing"] == "")]
    rows = []
    for offence, part in known.groupby("offence"):
        counties = part[part["area"].str.len() == 2].pivot(index="area", columns="year", values="count").dropna()
        rows.append(_swing("county", offence, 0, "moments of log ratios", comparison.between_year_sd, counties))
        municipal = part[part["area"].str.len() == 4]
        counts = municipal.pivot(index="area", columns="year", values="count").dropna()
        shares = counts.sum().to_numpy() / max(counts.to_numpy().sum(), 1)
        residents = municipal.sort_values("year").groupby("area")["population"].last().reindex(counts.index)
        for size in SIZES:
            alike = counts[size_of(residents) == size]
            rows.append(_swing("municipality", offence, size, "moments of counts", between_years, alike, shares))
    return pd.DataFrame(rows)


def _swing(kind: str, offence: str, residents: int, method: str, estimate: Callable[..., float], *given) -> dict:
    try:
        sd = estimate(*given)
    except ValueError:  # too few areas or years: no variation can be told from chance
        sd = np.nan
    return {"kind": kind, "offence": offence, "residents": residents, "sd": sd, "method": method}


def comparison_table(rated: pd.DataFrame, wobble: pd.DataFrame) -> pd.DataFrame:
    """Each county against the nation, its own part of it included."""
    known = rated[rated["missing"] == ""]
    nation = known[(known["area"] == NATION) & (known["count"] > 0)]
    counties = known[(known["area"].str.len() == 2) & (known["area"] != NATION)]
    key = ["offence", "year"]
    pairs = counties.merge(nation[[*key, "count", "population"]], on=key, suffixes=("", "_nation"))
    ratio = comparison.part_of_whole(
        pairs["count"],
        pairs["population"],
        pairs["count_nation"],
        pairs["population_nation"],
        wobble=swing_of(wobble, pairs),
        levels=LEVELS,
    )
    return with_verdict(pairs[["area", "offence", "year"]].join(wide(ratio)))


def change_table(rated: pd.DataFrame, wobble: pd.DataFrame) -> pd.DataFrame:
    """Each year against the one before; withheld where either count is below 20."""
    known = rated[rated["missing"] == ""]
    before = known.assign(year=known["year"] + 1)
    pairs = before.merge(known, on=["area", "offence", "year"], suffixes=("_before", ""))
    ratio = comparison.change(
        pairs["count_before"],
        pairs["population_before"],
        pairs["count"],
        pairs["population"],
        wobble=swing_of(wobble, pairs),
        minimum=MINIMUM_FOR_CHANGE,
        levels=LEVELS,
    )
    limits = wide(ratio)[["value", "lower", "upper", "lower_998", "upper_998", "method", "missing"]]
    return with_verdict(pairs[["area", "offence", "year", "count_before", "count"]].join(limits))
