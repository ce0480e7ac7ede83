"""The municipalities: years put together, against their SKR group, and in the country's funnel."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api.typing import DataFrameGroupBy

from brapkg import areas
from brapkg.indicators.common import LEVELS, PER, swings, wide, with_verdict
from brapkg.settings import settings
from brapkg.stats import comparison, funnel, rates, shrinkage

# Below this count only the count itself is told.
FEW = comparison.FEW
# With fewer members a group cannot tell how much its members differ: no shrinkage.
ENOUGH_MEMBERS = 10
# From this year on SKR's groups of 2023 are used.
EDITION_2023_FROM = 2023


def edition_for(year: int) -> int:
    """Which edition of SKR's groups belongs to a year's figures."""
    return 2023 if year >= EDITION_2023_FROM else 2017


def groups(year: int) -> dict[str, str]:
    """The SKR group of every municipality in the edition that belongs to a year's figures."""
    edition = edition_for(year)
    return {m.code: getattr(m, f"group_{edition}") for m in areas.municipalities()}


def whole_country(rated: pd.DataFrame) -> pd.DataFrame:
    """Municipalities' rates, of the offences and years that every municipality has and some offence.

    A user's exports may hold a few municipalities only: they are no measure of group or nation.
    """
    known = rated[(rated["missing"] == "") & (rated["area"].str.len() == 4)]
    cells = known.groupby(["offence", "year"])
    everyone = cells["area"].transform("size") == len(areas.municipalities())
    return known[everyone & (cells["count"].transform("sum") > 0)]


def windows(rated: pd.DataFrame) -> pd.DataFrame:
    """Every municipality's latest years together, up to each year, by the rule ``[small]`` of the settings.

    Columns area, offence, year (the last), first_year, years, count, population (person-years),
    expected (at the group's rate), national (expected at the nation's), status, group, edition.
    """
    known = whole_country(rated)
    parts = []
    for year in sorted(known["year"].unique()):
        window = known[known["year"].between(year - settings().small.most_years + 1, year)]
        pooled = _pooled(window.assign(group=window["area"].map(groups(year))), year)
        parts.append(pooled.assign(year=year, edition=edition_for(year)))
    return pd.concat(parts, ignore_index=True)


def pooled_table(windowed: pd.DataFrame) -> pd.DataFrame:
    """Rates per 100 000 residents and year over the years put together; none below ``FEW`` offences."""
    rated = rates.rate(windowed["count"], windowed["population"], multiplier=PER)
    limits = ["value", "lower", "upper"]
    few = windowed["count"] < FEW
    keys = ["area", "offence", "year", "first_year", "count", "population", "status"]
    table = windowed[keys].join(rated[[*limits, "level", "method"]])
    return table.assign(missing=np.where(few, "few", ""), **table[limits].mask(few))


def peer_table(windowed: pd.DataFrame, wobble: pd.DataFrame) -> pd.DataFrame:
    """Each municipality against its SKR group, small ones with several years together."""
    residents = windowed["population"] / windowed["years"]
    pooled = windowed.assign(sd=swings(wobble, windowed["offence"], residents))
    # Without a single offence in the group there is nothing to compare with.
    pooled = pooled[(pooled["expected"] > 0) & (_in_group(pooled)["count"].transform("sum") > 0)]
    many = _in_group(pooled)["area"].transform("size") >= ENOUGH_MEMBERS
    parts = [make(part) for make, part in ((_shrunken, pooled[many]), (_plain, pooled[~many])) if len(part)]
    keys = ["area", "offence", "year", "group", "edition", "first_year"]
    return with_verdict(pooled[keys].join(pd.concat(parts)))


def _in_group(pooled: pd.DataFrame) -> DataFrameGroupBy:
    return pooled.groupby(["offence", "year", "group"])


def _pooled(window: pd.DataFrame, last: int) -> pd.DataFrame:
    """A municipality's years added together, latest first.

    The number of years depends on the population and the group's rate, never on the municipality's
    own count: choosing by the outcome would bias it.
    """
    sums = window.groupby(["offence", "year"])[["count", "population"]].transform("sum")
    window = window.assign(national=window["population"] * sums["count"] / sums["population"])
    used = latest_years(with_expected(window), last)
    return used.groupby(["group", "area", "offence"], as_index=False).agg(
        count=("count", "sum"),
        population=("population", "sum"),
        expected=("expected", "sum"),
        national=("national", "sum"),
        first_year=("year", "min"),
        years=("year", "size"),
        status=("status", "max"),
    )


def with_expected(window: pd.DataFrame) -> pd.DataFrame:
    """Every municipality's year with the count ``expected`` at its group's rate of that year."""
    sums = window.groupby(["group", "offence", "year"])[["count", "population"]].transform("sum")
    return window.assign(expected=window["population"] * sums["count"] / sums["population"])


def latest_years(window: pd.DataFrame, last: int) -> pd.DataFrame:
    """The years up to the last that it takes until enough offences are expected; all where residents are few.

    A single year of a small place says more about that year than about the place, however many
    offences it holds: years swing beyond Poisson chance.
    """
    rule = settings().small
    window = window.sort_values("year", ascending=False)
    groups = window.groupby(["area", "offence"])
    # A year is needed as long as the later years do not expect enough by themselves.
    later = groups["expected"].cumsum() - window["expected"]
    needed = (later < rule.expected) | (groups["population"].transform("first") < rule.residents)
    return window[needed & (last - window["year"] == groups.cumcount())]


def _shrunken(pooled: pd.DataFrame) -> pd.DataFrame:
    """Ratios shrunken towards the group, from what each group tells of how its members differ."""
    groups = _in_group(pooled)
    fits = [shrinkage.poisson_gamma(part["count"], part["expected"]) for _, part in groups]
    number = groups.ngroup()
    pooled = pooled.assign(**pd.DataFrame(fits, columns=["nu", "alpha"]).loc[number].set_index(pooled.index))
    # All groups at once, but for those whose members are equal: they get the mean of their own.
    batch = number.where(np.isinf(pooled["nu"]), -1)
    parts = []
    for _, part in pooled.groupby(batch):
        weight = shrinkage.discount(part["expected"], part["sd"], part["years"])
        ratio = shrinkage.shrink(
            part["count"], part["expected"], part["nu"], part["alpha"], discount=weight, levels=LEVELS
        )
        parts.append(wide(ratio))
    table = pd.concat(parts)
    few = table["count"] < FEW
    limits = ["value", "lower", "upper", "lower_998", "upper_998"]
    return table.assign(missing=np.where(few, "few", ""), **table[limits].mask(few))


def _plain(pooled: pd.DataFrame) -> pd.DataFrame:
    """Plain ratios, where the group has too few members to tell how much they differ."""
    totals = _in_group(pooled)[["count", "expected"]].transform("sum")
    ratio = comparison.part_of_whole(
        pooled["count"],
        pooled["expected"],
        totals["count"],
        totals["expected"],
        wobble=pooled["sd"],
        levels=LEVELS,
    )
    table = wide(ratio).rename(columns={"population": "expected"})
    return table.assign(raw=table["value"], weight=1.0)


def funnel_table(rated: pd.DataFrame) -> pd.DataFrame:
    """All municipalities against the nation's rate, with limits widened by their own spread."""
    known = whole_country(rated)
    parts = []
    for _, part in known.groupby(["offence", "year"]):
        rate = part["count"].sum() / part["population"].sum()
        placed = funnel.funnel(part["count"], part["population"] * rate, levels=LEVELS)
        columns = ["expected", "value", "z_adjusted", "phi", "outside"]
        parts.append(part[["area", "offence", "year", "count", "population"]].join(placed[columns]))
    return pd.concat(parts, ignore_index=True).assign(method="funnel, multiplicative overdispersion")
