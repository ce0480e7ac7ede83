"""One county's figures, gathered from the store: what its page shows, and nothing worked out anew."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from brapkg import areas, catalogue, shown, store
from brapkg.errors import DataError, UsageError
from brapkg.indicators.common import PER
from brapkg.indicators.time import monthly_exposure
from brapkg.settings import settings
from brapkg.stats.rates import rate as rate_limits

NATION = "00"
FUNNEL_OFFENCE = "violence"


def periods() -> list[int]:
    """The years a report can be made for: every municipality has figures and a population."""
    rates = shown.table("rates")
    whole = rates[(rates["area"] == NATION) & (rates["missing"] == "")]
    return sorted(whole["year"].unique().tolist())


def latest_period() -> int:
    """The latest year a report can be made for."""
    return periods()[-1]


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
    store.check_settings()
    allowed = periods()
    if not allowed:
        raise DataError("No year has figures for every municipality. Run `brapkg build` on whole years.")
    if period is None:
        period = allowed[-1]
    if isinstance(period, bool) or not isinstance(period, int) or period not in allowed:
        raise UsageError(
            f"No report can be made for period {period!r}. There are figures for all municipalities "
            f"for {', '.join(map(str, allowed))}."
        )
    return County(found, period)


@dataclass(frozen=True)
class County:
    """A county's slices of the store for one year. Tables have the columns of their schemas."""

    area: areas.Area
    period: int

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
        return self._rate(catalogue.TOTAL)["status"]

    def _rate(self, offence: str, area: str | None = None, year: int | None = None) -> pd.Series:
        rates = shown.table("rates")
        mine = (rates["area"] == (area or self.code)) & (rates["offence"] == offence)
        return rates[mine & (rates["year"] == (year or self.period))].iloc[0]

    @cached_property
    def level(self) -> pd.DataFrame:
        """Every offence group: rate with interval, the nation's rate, the ratio and its verdict.

        Indexed by offence in the order of the catalogue.
        """
        rates = _at(shown.table("rates"), year=self.period)
        mine = _at(rates, area=self.code).set_index("offence")
        nation = _at(rates, area=NATION).set_index("offence")["value"].rename("nation")
        against = _at(shown.table("comparison"), area=self.code, year=self.period).set_index("offence")
        ratio = against[["value", "lower", "upper", "lower_998", "upper_998", "verdict"]]
        table = mine[["count", "population", "value", "lower", "upper", "status"]].join(nation)
        return table.join(ratio.add_prefix("ratio_")).reindex(list(catalogue.offences("groups")))

    @cached_property
    def counties(self) -> pd.DataFrame:
        """All 21 counties against the nation, all offences, with their names."""
        table = _at(shown.table("comparison"), offence=catalogue.TOTAL, year=self.period)
        return table.assign(name=table["area"].map(lambda code: areas.get(code).short))

    @cached_property
    def standardised(self) -> pd.DataFrame:
        """Every offence group against what the county's municipalities would have at their groups' rates.

        Indexed by offence in the order of the catalogue.
        """
        mine = _at(shown.table("standardised"), area=self.code, year=self.period).set_index("offence")
        return mine.reindex(list(catalogue.offences("groups")))

    @cached_property
    def place(self) -> pd.Series:
        """Between which places the county lies among the counties, all offences."""
        return _at(shown.table("ranks"), area=self.code, offence=catalogue.TOTAL, year=self.period).iloc[0]

    @cached_property
    def coverage(self) -> pd.Series | None:
        """The county's own latest coverage up to the period (or the first after it)."""
        return self._nearest(self.code)

    @cached_property
    def region_coverage(self) -> pd.Series | None:
        """The coverage of the police region the county lies in."""
        return self._nearest(self.area.police_region)

    def _nearest(self, area: str) -> pd.Series | None:
        known = _at(store.load("coverage"), area=area)
        if known.empty:
            return None
        distance = (known["year"] - self.period).abs() + (known["year"] > self.period) * 0.5
        return known.loc[distance.idxmin()]

    @cached_property
    def residents(self) -> pd.Series:
        """Residents on 31 December of the county, by year."""
        return _at(store.load("population"), area=self.code).set_index("year")["residents"]

    # --- time

    @cached_property
    def change(self) -> pd.DataFrame:
        """Each offence against the year before, county and nation; empty in the first year."""
        table = _at(shown.table("change"), year=self.period)
        mine = _at(table, area=self.code).set_index("offence")
        nation = _at(table, area=NATION).set_index("offence")[["value"]].add_prefix("nation_")
        return mine.join(nation)

    @cached_property
    def trend(self) -> pd.DataFrame:
        """Both trend models by offence: indexed by (offence, model)."""
        mine = _at(store.load("trend"), area=self.code, year=self.period)
        return mine.set_index(["offence", "model"])

    def trend_line(self, offence: str) -> pd.DataFrame:
        """The trend without season, by position; empty where the series is too thin."""
        return _at(store.load("trend_line"), area=self.code, offence=offence, year=self.period)

    def season(self, offence: str) -> pd.DataFrame:
        """The year wheel of an offence: twelve rows, or none where the series is too thin."""
        return _at(store.load("season"), area=self.code, offence=offence, year=self.period)

    @cached_property
    def signals(self) -> pd.DataFrame:
        """The period's months by offence against earlier years; empty where there are too few of them.

        ``signal`` says whether a month stays above the expected after correction, ``withheld``
        whether its count is kept back.
        """
        table = _at(store.load("signals"), area=self.code, year=self.period)
        return table.assign(signal=table["p_adjusted"] <= settings().false_share, withheld=_kept_back(table))

    def months(self, offence: str, area: str | None = None) -> pd.DataFrame:
        """Counts by month up to the period, with ``value``: per 100 000 residents and average month.

        ``shown`` is the count where a page may tell it, else NaN.
        """
        area = area or self.code
        months = store.load("offences_month")
        if area == NATION:
            nation = months[(months["offence"] == offence) & (months["area"].str.len() == 2)]
            table = nation.groupby(["year", "month"], as_index=False)["count"].sum()
        else:
            table = _at(months, area=area, offence=offence)
        table = table[table["year"] <= self.period].sort_values(["year", "month"])
        exposure = monthly_exposure(store.load("population"), area, table["year"], table["month"])
        scale = PER * 365.25 / 12
        told = table["count"].astype(float).mask(_kept_back(table.assign(area=area, offence=offence)))
        return table.assign(value=table["count"] / exposure * scale, exposure=exposure, shown=told)

    def rolling(self, offence: str, area: str | None = None) -> np.ndarray:
        """Offences per 100 000 residents over twelve months, ending with each month from the 12th on."""
        months = self.months(offence, area)
        days = months["exposure"].rolling(12).sum()
        return (months["count"].rolling(12).sum() / days * 365.25 * PER).to_numpy()[11:]

    @cached_property
    def municipal_months(self) -> bool:
        """Whether the store holds months for every one of the county's municipalities."""
        months = store.load("offences_month")
        return set(self.members) <= set(months["area"].unique())

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
        table = _at(shown.table("peers"), offence=offence, year=self.period)
        mine = table[table["area"].isin(self.members)]
        return mine.assign(name=mine["area"].map(self.members))

    def places(self, offence: str) -> pd.DataFrame:
        """Between which places each of the county's municipalities lies in the country, with names."""
        table = _at(shown.table("ranks"), offence=offence, year=self.period)
        mine = table[table["area"].isin(self.members)]
        return mine.assign(name=mine["area"].map(self.members))

    def funnel(self, offence: str) -> pd.DataFrame:
        """All municipalities of the country in the funnel."""
        return _at(shown.table("funnel"), offence=offence, year=self.period)

    @cached_property
    def municipal_rates(self) -> pd.Series:
        """All offences per 100 000 residents in every municipality of the country, by code."""
        rates = _at(shown.table("rates"), offence=catalogue.TOTAL, year=self.period)
        return rates[rates["area"].str.len() == 4].set_index("area")["value"]

    @cached_property
    def newer_rates(self) -> pd.DataFrame:
        """Rates that are published without counts, for the latest year after the period.

        Columns ``name``, ``year``, ``rate`` (per 100 000 residents), ``lower``, ``upper`` (95 %, from
        the count that rate and residents imply), ``similar_low``, ``similar_high`` (the quartiles of
        the municipality's SKR group). Empty where there is no later year.
        """
        rates = store.load("reported_offences_rate")
        later = rates[rates["year"] == rates["year"].max()]
        if later.empty or later["year"].iloc[0] <= self.period:
            return pd.DataFrame(columns=["name"])
        residents = _at(store.load("population"), year=later["year"].iloc[0]).set_index("area")["residents"]
        population = later["area"].map(residents)
        count = (later["rate"] * population / PER).round()
        limits = rate_limits(count, population, multiplier=PER)[["lower", "upper"]]
        groups = _at(store.load("areas"), kind="municipality").set_index("area")["skr_2023"]
        table = later.join(limits).assign(group=later["area"].map(groups))
        similar = table.groupby("group")["rate"]
        table["similar_low"], table["similar_high"] = (similar.transform("quantile", q) for q in (0.25, 0.75))
        mine = table[table["area"].isin(self.members)]
        return mine.assign(name=mine["area"].map(self.members))


def _at(table: pd.DataFrame, **wanted: object) -> pd.DataFrame:
    """The rows where each named column has the wanted value."""
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table


def _kept_back(months: pd.DataFrame) -> pd.Series:
    """Whether the count of each row (area, offence, year, month) is one that no page shows."""
    key = ["area", "offence", "year", "month"]
    back = pd.MultiIndex.from_frame(store.load("withheld")[key])
    return pd.Series(pd.MultiIndex.from_frame(months[key]).isin(back), index=months.index)
