"""Counties with the kind of their municipalities taken into account: indirect standardisation.

A county of large cities has more reported offences per resident than one of small municipalities,
whatever is done there. Here each county is compared with what its own municipalities would have if
each had the rate of its SKR group in the country.
"""

from __future__ import annotations

import pandas as pd

from brapkg.indicators.common import LEVELS, swing_of, wide, with_verdict
from brapkg.indicators.municipal import edition_for, groups, whole_country
from brapkg.stats import comparison, standardisation


def standardised_table(rated: pd.DataFrame, wobble: pd.DataFrame) -> pd.DataFrame:
    """Each county's count over the one expected from the groups of its municipalities."""
    known = whole_country(rated)
    parts = [_year(known[known["year"] == year], year, wobble) for year in sorted(known["year"].unique())]
    return with_verdict(pd.concat(parts, ignore_index=True))


def _year(known: pd.DataFrame, year: int, wobble: pd.DataFrame) -> pd.DataFrame:
    stratum = known["offence"] + "/" + known["area"].map(groups(year))
    known = known.assign(stratum=stratum, county=known["offence"] + "/" + known["area"].str[:2])
    reference = known.groupby("stratum")[["count", "population"]].sum()
    members = known.groupby(["county", "stratum"], as_index=False)[["count", "population"]].sum()
    found = standardisation.indirect(
        members["count"],
        members["population"],
        reference["count"],
        reference["population"],
        area=members["county"],
        stratum=members["stratum"],
    )
    found[["offence", "area"]] = found.index.str.split("/").tolist()
    persons = known.groupby(["county"])["population"].sum()
    totals = found.groupby("offence")[["count", "expected"]].transform("sum")
    # The groups hold the county's own offences: a part of a whole, whose expected sum is its count.
    ratio = comparison.part_of_whole(
        found["count"],
        found["expected"],
        totals["count"],
        totals["expected"],
        wobble=swing_of(wobble, found.assign(population=persons.reindex(found.index))),
        levels=LEVELS,
    )
    method = "indirect standardisation by municipality group, log ratio"
    table = found[["area", "offence"]].join(wide(ratio).rename(columns={"population": "expected"}))
    return table.assign(year=year, edition=edition_for(year), method=method)
