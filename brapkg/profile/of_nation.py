"""The country's figures, gathered from the store; sums by police region and municipality group are made here."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from brapkg import areas, catalogue, store
from brapkg.indicators import level, municipal
from brapkg.indicators.common import LEVELS, PER, sds, wide, with_verdict
from brapkg.profile.common import LIMITS, NATION, Profile
from brapkg.profile.of_county import County
from brapkg.shown import records
from brapkg.stats import comparison, rates, shrinkage

# Groups that Brå's totals for the nation hold too, counted alike, by the id there.
OFFICIAL_GROUPS = {"violence": "nation_violence", "damage": "nation_damage"}


def nation(period: int | None = None) -> Nation:
    """The figures of the whole country.

    Parameters
    ----------
    period : int, optional: the year; the latest there is

    Raises
    ------
    UsageError
        The period is none that can be reported.
    DataError
        The store is not built, or built under another rule for small counts.
    """
    return Nation(areas.get(NATION), store.chosen_period(period))


class Nation(Profile):
    """The nation's slices of the store for one year.

    "The nation" is the sum of the municipalities, except where a table is called official.
    """

    @cached_property
    def members(self) -> dict[str, str]:
        """The country's municipalities: short names by code."""
        return {place.code: place.short for place in areas.municipalities()}

    @cached_property
    def edition(self) -> int:
        """The edition of SKR's groups that belongs to the period."""
        return municipal.edition_for(self.period)

    @cached_property
    def level(self) -> pd.DataFrame:
        """Every offence group: count, residents, rate with interval; indexed by offence as in the catalogue.

        The ratio is the nation's to itself, for what every area's profile has.
        """
        mine = self.tables.rows("rates", area=NATION, year=self.period).set_index("offence")
        itself = {f"ratio_{name}": 1.0 for name in ("value", *LIMITS)} | {"ratio_verdict": "level"}
        table = mine[["count", "population", "value", "lower", "upper", "status"]]
        return table.assign(nation=mine["value"], **itself).reindex(list(catalogue.offences("groups")))

    # --- the parts of the country

    def counties(self, offence: str) -> pd.DataFrame:
        """The 21 counties against the nation: columns as in ``comparison``, ``name``, and the rate.

        ``rate``, ``rate_lower`` and ``rate_upper`` are per 100 000 residents; ``kind_value``, ``kind_lower``,
        ``kind_upper`` and ``kind_verdict`` set the county against municipalities of the same kind.
        """
        found = self.tables.rows("comparison", offence=offence, year=self.period).set_index("area")
        own = self.tables.rows("rates", offence=offence, year=self.period).set_index("area").reindex(found.index)
        kind = self.tables.rows("standardised", offence=offence, year=self.period).set_index("area")
        kind = kind.reindex(found.index)
        rate = {"rate": own["value"], "rate_lower": own["lower"], "rate_upper": own["upper"]}
        kinds = {f"kind_{name}": kind[name] for name in ("value", "lower", "upper", "verdict")}
        names = [areas.get(code).short for code in found.index]
        return found.assign(name=names, **rate, **kinds).reset_index()

    def police_regions(self, offence: str) -> pd.DataFrame:
        """The seven police regions against the nation: the sums of their counties. Columns as ``groups``."""
        return self._parts("police_region", offence)

    def groups(self, offence: str) -> pd.DataFrame:
        """SKR's nine groups against the nation: the sums of their municipalities.

        Returns
        -------
        DataFrame in the order of the codes with area, name, offence, members (number of counties or
        municipalities), count, population, rate, rate_lower, rate_upper (per 100 000 residents), value,
        lower, upper, lower_998, upper_998 (ratio to the nation), verdict. Where a member's count is kept
        back, so is the sum's: count and numbers are NaN, the verdict "few".

        Notes
        -----
        The swing between years is the counties'. Sums of many municipalities swing less, so that the
        intervals are rather too wide than too narrow.
        """
        return self._parts("group", offence)

    def _parts(self, kind: str, offence: str) -> pd.DataFrame:
        table = self.tables.keep(("parts", kind, self.period), lambda: self._all_parts(kind))
        return table[table["offence"] == offence].reset_index(drop=True)

    def _all_parts(self, kind: str) -> pd.DataFrame:
        owner = municipal.groups(self.period) if kind == "group" else _regions()
        mine = self.tables.rows("rates", year=self.period)
        mine = mine[mine["area"].isin(owner)].assign(part=mine["area"].map(owner))
        cells = mine.groupby(["part", "offence"])
        sums = cells.agg(count=("count", "sum"), population=("population", "sum"), members=("area", "size"))
        # A sum of which one member is kept back would tell it to whoever knows the others.
        whole = ~mine["count"].isna().groupby([mine["part"], mine["offence"]]).any()
        whole &= sums["members"] == sums.index.get_level_values("part").map(pd.Series(owner).value_counts())
        made = pd.concat([self._against(offence, part) for offence, part in sums[whole].groupby("offence")])
        table = sums.assign(count=sums["count"].where(whole)).join(made).reset_index(names=["area", "offence"])
        table["verdict"] = table["verdict"].fillna("few")
        return table.assign(name=[areas.get(code).short for code in table["area"]])

    def _against(self, offence: str, part: pd.DataFrame) -> pd.DataFrame:
        """Rate and ratio of parts of the country, one offence."""
        whole = self.level.loc[offence]
        rated = rates.rate(part["count"], part["population"], multiplier=PER)
        table = rated[["value", "lower", "upper"]].add_prefix("rate_").rename(columns={"rate_value": "rate"})
        if not whole["count"] > 0:  # kept back, or none at all: nothing to compare with
            return table.assign(**dict.fromkeys(("value", *LIMITS), np.nan), verdict="few")
        swing = sds(self.tables.built("wobble")).get(offence, 0.0)
        ratio = comparison.part_of_whole(
            part["count"], part["population"], whole["count"], whole["population"], wobble=swing, levels=LEVELS
        )
        return table.join(with_verdict(wide(ratio))[["value", *LIMITS, "verdict"]])

    @cached_property
    def county_profiles(self) -> dict[str, County]:
        """The counties' own profiles by code, for their trends."""
        return {area.code: County(area, self.period, self.tables) for area in areas.counties()}

    # --- the municipalities

    def peers(self, offence: str) -> pd.DataFrame:
        """All municipalities against their SKR groups, with their names."""
        found = self.tables.rows("peers", offence=offence, year=self.period)
        return found.assign(name=found["area"].map(self.members))

    @cached_property
    def municipal(self) -> pd.DataFrame:
        """All municipalities, all offences, years together as in ``pooled``: ``name``, ``group``, ``highest_fifth``."""
        table = self.country.reset_index().assign(year=self.period)
        places = self.tables.rows("ranks", offence=catalogue.TOTAL, year=self.period).set_index("area")
        return table.assign(
            name=table["area"].map(self.members),
            group=table["area"].map(municipal.groups(self.period)),
            highest_fifth=table["area"].map(places["highest_fifth"]),
        )

    def spread(self, offence: str) -> float:
        """How much the municipalities' levels differ beyond chance: relative standard deviation.

        0.3: a municipality's level typically lies some 30 per cent from the nation's. From the gamma
        distribution of the true levels (``shrinkage.poisson_gamma``); NaN where a count is kept back.
        It holds each municipality's swing of the single year, and counts every municipality alike.
        """
        return self.tables.keep(("spread", offence, self.period), lambda: self._spread(offence))

    def _spread(self, offence: str) -> float:
        funnel = self.funnel(offence)
        if funnel.empty or funnel["count"].isna().any():
            return float("nan")
        nu, _ = shrinkage.poisson_gamma(funnel["count"], funnel["expected"])
        return float(nu**-0.5)

    # --- the official totals

    @cached_property
    def official(self) -> pd.DataFrame:
        """The nation by year up to the period: year, count (the municipalities' sum), official, share."""
        return self._coverage([NATION])

    @cached_property
    def official_counties(self) -> pd.DataFrame:
        """The counties of the latest year up to the period that has official totals for them."""
        return self._latest(self._coverage([county.code for county in areas.counties()]))

    @cached_property
    def official_regions(self) -> pd.DataFrame:
        """The police regions of the latest year up to the period that has official totals for them."""
        codes = [area.code for area in areas.all_areas().values() if area.kind == "police_region"]
        return self._latest(self._coverage(codes))

    @cached_property
    def official_groups(self) -> dict[str, dict]:
        """Offence groups with an official total in the period: count, official and share, by offence."""
        known = self.tables.built_rows("official_totals", area=NATION, year=self.period).set_index("offence")["count"]
        found = {}
        for offence, official in OFFICIAL_GROUPS.items():
            count = self.level_rows[offence]["count"]
            if official in known and not np.isnan(count):
                found[offence] = {"count": count, "official": known[official], "share": count / known[official]}
        return found

    def _coverage(self, codes: list[str]) -> pd.DataFrame:
        known = self.tables.built("coverage")
        known = known[known["area"].isin(codes) & (known["year"] <= self.period)].sort_values(["area", "year"])
        return known.assign(name=[areas.get(code).short for code in known["area"]]).reset_index(drop=True)

    @staticmethod
    def _latest(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["year"] == table["year"].max()]

    @cached_property
    def coverage(self) -> pd.Series | None:
        """The nation's coverage in the period; None without an official total."""
        mine = self.official[self.official["year"] == self.period]
        return None if mine.empty else mine.iloc[0]

    @cached_property
    def official_rate(self) -> dict | None:
        """The official total of the period per 100 000 residents: count, value, lower, upper; None without one."""
        if self.coverage is None:
            return None
        known = self._denominators.loc[self.period]
        rated = rates.rate([self.coverage["official"]], [known], multiplier=PER).iloc[0]
        return {"count": self.coverage["official"], **rated[["value", "lower", "upper"]].to_dict()}

    @cached_property
    def official_change(self) -> dict | None:
        """The official total per resident against the year before, as ``change``; None in the first year.

        The interval covers chance alone: the swing of a single series cannot be told from it.
        """
        years = self.official.set_index("year")["official"]
        if not {self.period - 1, self.period} <= set(years.index):
            return None
        before, after = ((years[year], self._denominators.loc[year]) for year in (self.period - 1, self.period))
        ratio = comparison.change(*([value] for value in (*before, *after)), levels=LEVELS)
        return records(with_verdict(wide(ratio)))[0]

    @cached_property
    def _denominators(self) -> pd.Series:
        """Residents by year as the official rates are counted, by the status of the year."""
        status = self.tables.built_rows("offences_year", area=NATION, offence=catalogue.TOTAL)
        known = level.denominators(self.tables.built_rows("population", area=NATION))
        return status.merge(known, on=["area", "year", "status"]).set_index("year")["population"]


def _regions() -> dict[str, str]:
    return {county.code: county.police_region for county in areas.counties()}
