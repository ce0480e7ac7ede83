"""One county's figures, gathered from the store: what its page shows, and nothing worked out anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from brapkg import areas, catalogue, series, shown
from brapkg.errors import UsageError
from brapkg.indicators.common import PER
from brapkg.profile.common import LIMITS, NATION, chosen_period, municipalities_together
from brapkg.settings import settings
from brapkg.shown import columns_of, records
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
    if not isinstance(area, str):
        raise UsageError(f"A county is named by text such as '20' or 'Dalarna', not by {area!r}.")
    found = areas.find(area, "county")
    return County(found, chosen_period(period))


@dataclass(frozen=True)
class County:
    """A county's slices of the store for one year. Tables have the columns of their schemas.

    ``tables`` is the store that they are taken from: the same for all of a page.
    """

    area: areas.Area
    period: int
    tables: shown.Tables = field(default_factory=shown.tables, compare=False, repr=False)

    @property
    def code(self) -> str:
        return self.area.code

    @cached_property
    def members(self) -> dict[str, str]:
        """The county's municipalities: short names by code."""
        return {m.code: m.short for m in areas.municipalities(self.code)}

    @cached_property
    def status(self) -> str:
        """Whether the period is final or preliminary."""
        return self.level.loc[catalogue.TOTAL, "status"]

    @cached_property
    def first_year(self) -> int:
        """The first year with figures for every municipality."""
        return int(self.tables.built_rows("offences_year", area=NATION)["year"].min())

    def _mine(self, name: str) -> pd.DataFrame:
        return self.tables.rows(name, area=self.code, year=self.period)

    def _mine_as_built(self, name: str) -> pd.DataFrame:
        return self.tables.built_rows(name, area=self.code, year=self.period)

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
    def level_rows(self) -> dict[str, dict]:
        """The rows of ``level`` by offence."""
        return dict(zip(self.level.index, records(self.level), strict=True))

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

    @cached_property
    def residents(self) -> pd.Series:
        """Residents on 31 December of the county, by year."""
        return self.tables.built_rows("population", area=self.code).set_index("year")["residents"]

    # --- time

    @cached_property
    def change(self) -> pd.DataFrame:
        """Each offence against the year before, county and nation; empty in the first year."""
        mine = self._mine("change").set_index("offence")
        nation = self.tables.rows("change", area=NATION, year=self.period).set_index("offence").reindex(mine.index)
        return mine.assign(nation_value=nation["value"])

    @cached_property
    def change_rows(self) -> dict[str, dict]:
        """The rows of ``change`` by offence."""
        return dict(zip(self.change.index, records(self.change), strict=True))

    @cached_property
    def trend(self) -> pd.DataFrame:
        """Both trend models by offence: indexed by (offence, model)."""
        return self._mine_as_built("trend").set_index(["offence", "model"])

    @cached_property
    def trend_rows(self) -> dict[str, dict[str, dict]]:
        """The rows of ``trend`` by offence and model; no entry where an offence has none."""
        found: dict[str, dict[str, dict]] = {}
        for (offence, model), row in zip(self.trend.index, records(self.trend), strict=True):
            found.setdefault(offence, {})[model] = row
        return found

    def trend_line(self, offence: str) -> pd.DataFrame:
        """The trend without season, by position; empty where the series is too thin."""
        return self.tables.built_rows("trend_line", area=self.code, offence=offence, year=self.period)

    def season(self, offence: str) -> pd.DataFrame:
        """The year wheel of an offence: twelve rows, or none where the series is too thin."""
        return self.tables.built_rows("season", area=self.code, offence=offence, year=self.period)

    @cached_property
    def signals(self) -> pd.DataFrame:
        """The period's months by offence against earlier years; empty where there are too few of them.

        ``signal`` says whether a month stays above the expected after correction, ``withheld``
        whether its count is kept back.
        """
        table = self._mine_as_built("signals")
        withheld = [key in self.tables.withheld for key in columns_of(table, "area", "offence", "year", "month")]
        return table.assign(signal=table["p_adjusted"] <= settings().false_share, withheld=np.array(withheld, bool))

    def months(self, offence: str, area: str | None = None) -> pd.DataFrame:
        """Counts by month up to the period, with ``value``: per 100 000 residents and average month.

        ``shown`` is the count where a page may tell it, else NaN.
        """
        return series.months(self.tables, area or self.code, offence, self.period)

    def rolling(self, offence: str, area: str | None = None) -> np.ndarray:
        """Offences per 100 000 residents over twelve months, ending with each month from the 12th on."""
        return series.rolling(self.tables, area or self.code, offence, self.period)

    @cached_property
    def municipal_months(self) -> bool:
        """Whether the store holds months for every one of the county's municipalities."""
        known = self.tables.keep("areas with months", lambda: set(self.tables.built("offences_month")["area"]))
        return set(self.members) <= known

    @cached_property
    def breaks(self) -> list[tuple[int, catalogue.Break]]:
        """Breaks inside the months up to the period: the first month's position, and the break."""
        months = self.months(catalogue.TOTAL)
        at = (months["year"] * 12 + months["month"] - 1).to_numpy()
        places = [(known.position(at), known) for known in catalogue.breaks()]
        return [(place, known) for place, known in places if place is not None]

    # --- the municipalities

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

    def funnel(self, offence: str) -> pd.DataFrame:
        """All municipalities of the country in the funnel."""
        return self.tables.rows("funnel", offence=offence, year=self.period)

    @cached_property
    def country(self) -> pd.DataFrame:
        """All offences in every municipality of the country: see ``common.municipalities_together``."""
        return municipalities_together(self.tables, self.period)

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
