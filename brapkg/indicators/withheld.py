"""Small counts that no page shows, and those kept back so that nobody can work them out.

Municipalities add up to counties and the nation, months to years; offence groups overlap and add
up to nothing. The rule is ``[disclosure]`` of the settings.
"""

from __future__ import annotations

import pandas as pd

from brapkg import areas, catalogue
from brapkg.indicators.common import NATION
from brapkg.indicators.municipal import whole_country
from brapkg.stats.disclosure.suppression import Rule, suppress

YEAR = 0  # the month of a cell that holds the whole year
KEY = ["area", "offence", "year", "month"]


def withheld_table(rated: pd.DataFrame, months: pd.DataFrame, largest: dict[str, int]) -> pd.DataFrame:
    """Cells that are not shown: area, offence, year, month (0 for the year), and why.

    ``largest`` holds, for "year" and "month", the largest count that is kept back (0: none is).
    """
    parts = []
    if largest["year"]:
        parts.append(_years(rated, largest["year"]))
    if largest["month"]:
        parts += [_county_months(months, largest["month"]), _municipal_months(months, largest["month"])]
    parts = [part for part in parts if len(part)]
    return pd.concat(parts).drop_duplicates(KEY) if parts else pd.DataFrame(columns=[*KEY, "missing"])


def _years(rated: pd.DataFrame, largest: int) -> pd.DataFrame:
    """Years of municipalities, counties and nation."""
    above = {m.code: m.code[:2] for m in areas.municipalities()}
    above |= dict.fromkeys(set(above.values()), NATION)
    return _suppressed(whole_country(rated), {"area": above}, largest)


def _county_months(months: pd.DataFrame, largest: int) -> pd.DataFrame:
    """Months of counties, every series: each adds up to its year."""
    mine = months[months["area"].str.len() == 2]
    whole = _whole_years(mine)
    return pd.concat([_suppressed(mine[whole], {"month": _of_the_year()}, largest), _small(mine[~whole], largest)])


def _municipal_months(months: pd.DataFrame, largest: int) -> pd.DataFrame:
    """Months of municipalities, of the series that the pages show by municipality: all offences.

    They add up to the county where all of its municipalities are known.
    """
    mine = months[(months["offence"] == catalogue.TOTAL) & (months["area"].str.len() == 4)]
    whole = _whole_years(mine)
    parts = [_small(mine[~whole], largest)]
    mine = mine[whole]
    for county, part in mine.groupby(mine["area"].str[:2]):
        members = {m.code: county for m in areas.municipalities(county)}
        everyone = part.groupby(["offence", "year", "month"])["area"].transform("size") == len(members)
        parts.append(_suppressed(part[everyone], {"area": members, "month": _of_the_year()}, largest))
        parts.append(_suppressed(part[~everyone], {"month": _of_the_year()}, largest))
    return pd.concat(parts)


def _small(cells: pd.DataFrame, largest: int) -> pd.DataFrame:
    """Small months of years that are not whole: they add up to nothing that is shown."""
    small = cells.loc[cells["count"].between(1, largest), KEY]
    return small.assign(missing="suppressed, small")


def _of_the_year() -> dict[int, int]:
    return dict.fromkeys(range(1, 13), YEAR)


def _whole_years(months: pd.DataFrame) -> pd.Series:
    """Which rows are of series and years with all twelve months."""
    return months.groupby(["area", "offence", "year"])["month"].transform("size") == 12


def _suppressed(cells: pd.DataFrame, above: dict[str, dict], largest: int) -> pd.DataFrame:
    """The withheld of these cells, totals included; series and years stand by themselves."""
    parts = []
    for (offence, year), part in cells.groupby(["offence", "year"]):
        small = part["count"].between(1, largest)
        if not small.any():
            continue
        keys = above
        if "area" not in above:  # areas that are not added up stand by themselves
            keys, part = {"area": None, **above}, part[part["area"].isin(part.loc[small, "area"])]
        found = suppress(part[[*keys, "count"]], keys, rule=Rule(largest))
        parts.append(found[found["suppressed"]].assign(offence=offence, year=year))
    if not parts:
        return pd.DataFrame(columns=[*KEY, "missing"])
    return pd.concat(parts).reindex(columns=[*KEY, "missing"]).fillna({"month": YEAR})
