"""One county's figures, gathered from the store: what its page shows, and nothing worked out anew."""

from __future__ import annotations

from functools import cached_property

import pandas as pd

from brapkg import areas, catalogue, shown, store
from brapkg.indicators.common import PER
from brapkg.profile.common import LIMITS, NATION, Profile
from brapkg.stats.rates import rate as rate_limits


def county(area: str, period: int | None = None) -> County:
    """The figures of one county.

    Parameters
    ----------
    area : code or name of a county, in any form ``areas.find`` knows
    period : int, optional: the year; the latest there is

    Raises
    ------
    UnknownArea
        The area is no county; the message suggests one.
    UsageError
        The area is no text, or the period is none that can be reported.
    DataError
        The store is not built, or built under another rule for small counts.
    """
    return County(areas.find(area, "county"), store.chosen_period(period))


class County(Profile):
    """A county's slices of the store for one year."""

    @cached_property
    def members(self) -> dict[str, str]:
        """The county's municipalities: short names by code."""
        return {m.code: m.short for m in areas.municipalities(self.code)}

    @cached_property
    def level(self) -> pd.DataFrame:
        """Every offence group: rate with interval, the nation's rate, the ratio and its verdict.

        Indexed by offence in the order of the catalogue.
        """
        mine = self._mine("rates").set_index("offence")
        nation = self.tables.rows("rates", area=NATION, year=self.period).set_index("offence").reindex(mine.index)
        against = self._mine("comparison").set_index("offence").reindex(mine.index)
        ratio = {f"ratio_{name}": against[name] for name in ("value", *LIMITS, "verdict")}
        table = mine[["count", "population", "value", "lower", "upper", "status"]]
        return table.assign(nation=nation["value"], **ratio).reindex(list(catalogue.offences("groups")))

    @cached_property
    def counties(self) -> pd.DataFrame:
        """All 21 counties against the nation, all offences, with their names."""
        table = self.tables.rows("comparison", offence=catalogue.TOTAL, year=self.period)
        return table.assign(name=table["area"].map(lambda code: areas.get(code).short))

    @cached_property
    def standardised(self) -> pd.DataFrame:
        """Every offence group against what the county's municipalities would have at their groups' rates.

        Indexed by offence in the order of the catalogue.
        """
        mine = self._mine("standardised").set_index("offence")
        return mine.reindex(list(catalogue.offences("groups")))

    @cached_property
    def place(self) -> pd.Series:
        """Between which places the county lies among the counties, all offences."""
        ranks = self._mine("ranks")
        return ranks[ranks["offence"] == catalogue.TOTAL].iloc[0]

    @cached_property
    def coverage(self) -> pd.Series | None:
        """The county's own latest coverage up to the period (or the first after it)."""
        return self._nearest(self.code)

    @cached_property
    def region_coverage(self) -> pd.Series | None:
        """The coverage of the police region the county lies in."""
        return self._nearest(self.area.police_region)

    def _nearest(self, area: str) -> pd.Series | None:
        known = self.tables.built_rows("coverage", area=area)
        if known.empty:
            return None
        distance = (known["year"] - self.period).abs() + (known["year"] > self.period) * 0.5
        return known.loc[distance.idxmin()]

    # --- the municipalities

    @cached_property
    def municipal_months(self) -> bool:
        """Whether the store holds months for every one of the county's municipalities."""
        known = self.tables.keep("areas with months", lambda: set(self.tables.built("offences_month")["area"]))
        return set(self.members) <= known

    def peers(self, offence: str) -> pd.DataFrame:
        """The county's municipalities against their SKR groups, with their names."""
        return self._named("peers", offence)

    def places(self, offence: str) -> pd.DataFrame:
        """Between which places each of the county's municipalities lies in the country, with names."""
        return self._named("ranks", offence)

    def _named(self, name: str, offence: str) -> pd.DataFrame:
        def make() -> tuple[pd.DataFrame, dict]:
            mine = self.tables.rows(name, county=self.code, year=self.period)
            return shown.split(mine.assign(name=mine["area"].map(self.members)), ["offence"])

        table, places = self.tables.keep(("named", name, self.code, self.period), make)
        return table.iloc[places.get((offence,), slice(0))]

    @cached_property
    def municipal_rates(self) -> pd.Series:
        """All offences per 100 000 residents in each of its municipalities, the year alone, by code."""
        rates = self.tables.rows("rates", county=self.code, offence=catalogue.TOTAL, year=self.period)
        return rates[rates["area"].str.len() == 4].set_index("area")["value"]

    @cached_property
    def newer_rates(self) -> pd.DataFrame:
        """Rates that are published without counts, for the latest year after the period.

        Columns ``name``, ``year``, ``rate`` (per 100 000 residents), ``lower``, ``upper`` (95 %, from
        the count that rate and residents imply), ``similar_low``, ``similar_high`` (the quartiles of
        the municipality's SKR group). Empty where there is no later year.
        """
        newer = self.tables.keep("newer rates", lambda: _newer_rates(self.tables))
        if newer.empty or newer["year"].iloc[0] <= self.period:
            return pd.DataFrame(columns=["name"])
        mine = newer[newer["area"].isin(self.members)]
        return mine.assign(name=mine["area"].map(self.members))


def _newer_rates(tables: shown.Tables) -> pd.DataFrame:
    """The latest rates published without counts, of the whole country, with limits and similar ones."""
    rates = tables.built("reported_offences_rate")
    later = rates[rates["year"] == rates["year"].max()]
    if later.empty:
        return later
    residents = tables.built_rows("population", year=int(later["year"].iloc[0])).set_index("area")["residents"]
    population = later["area"].map(residents)
    count = (later["rate"] * population / PER).round()
    limits = rate_limits(count, population, multiplier=PER)[["lower", "upper"]]
    groups = tables.built_rows("areas", kind="municipality").set_index("area")["skr_2023"]
    table = later.join(limits).assign(group=later["area"].map(groups))
    similar = table.groupby("group")["rate"]
    table["similar_low"], table["similar_high"] = (similar.transform("quantile", q) for q in (0.25, 0.75))
    return table
