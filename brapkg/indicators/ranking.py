"""Places with their uncertainty: each county among the counties, each municipality in the country.

A municipality's place is that of the years that ``municipal.windows`` puts together, each against the
nation in the same year; a county's of the year alone.
"""

from __future__ import annotations

import pandas as pd

from brapkg.indicators.common import NATION, swing_of, swings
from brapkg.stats.ranks import ranks
from brapkg.stats.shrinkage import discount, poisson_gamma

LEVEL = 0.95
HIGHEST = 0.2


def rank_table(rated: pd.DataFrame, windowed: pd.DataFrame, wobble: pd.DataFrame) -> pd.DataFrame:
    """Median place, its interval and the probability of the highest fifth; 1 is the lowest rate."""
    residents = windowed["population"] / windowed["years"]
    municipal = windowed.assign(sd=swings(wobble, windowed["offence"], residents))
    counties = rated[(rated["area"].str.len() == 2) & (rated["area"] != NATION) & (rated["missing"] == "")]
    # Counties are sums of municipalities: the same offences and years are whole.
    counties = counties.merge(municipal[["offence", "year"]].drop_duplicates())
    sums = counties.groupby(["offence", "year"])[["count", "population"]].transform("sum")
    counties = counties.assign(
        national=counties["population"] * sums["count"] / sums["population"],
        sd=swing_of(wobble, counties),
        first_year=counties["year"],
        years=1,
    )
    parts = []
    for cells in (municipal[municipal["national"] > 0], counties):
        parts += [_ranked(part) for _, part in cells.groupby(["offence", "year"])]
    return pd.concat(parts, ignore_index=True)


def _ranked(cells: pd.DataFrame) -> pd.DataFrame:
    """The areas of one offence and year, shrunken to each other and with the swings between years."""
    expected = cells["national"]
    nu, alpha = poisson_gamma(cells["count"], expected)
    found = ranks(
        cells["count"],
        expected,
        shape=nu,
        rate=alpha,
        discount=discount(expected, cells["sd"], cells["years"]),
        levels=(LEVEL,),
        worst=HIGHEST,
    )
    columns = ["median", "lower", "upper", "level", "chance_worst", "method"]
    told = found[columns].rename(columns={"median": "value", "chance_worst": "highest_fifth"})
    told["highest_fifth"] = told["highest_fifth"].clip(upper=1)  # a sum of probabilities may end a hair above
    told["method"] = "ranks of gamma distributions, " + told["method"]
    return cells[["area", "offence", "year", "first_year", "count", "population"]].join(told).assign(members=len(cells))
