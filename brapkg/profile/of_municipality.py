"""One municipality's figures, gathered from the store: what its page shows, small counts kept back."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from brapkg import areas, catalogue, series, store
from brapkg.errors import UsageError
from brapkg.indicators.common import PER
from brapkg.indicators.municipal import edition_for
from brapkg.profile.common import LIMITS, NATION, Profile
from brapkg.profile.of_county import County
from brapkg.shown import records
from brapkg.stats.spread import year_bands

REFERENCES = ("nation", "county", "similar", "neighbours")


def municipality(area: str, period: int | None = None) -> Municipality:
    """The figures of one municipality.

    Parameters
    ----------
    area : code or name of a municipality, in any form ``areas.find`` knows
    period : int, optional: the year; the latest there is

    Raises
    ------
    UnknownArea
        The area is no municipality; the message suggests one.
    UsageError
        The area is no text, or the period is none that can be reported.
    DataError
        The store is not built, or built under another rule for small counts.
    """
    return Municipality(areas.find(area, "municipality"), store.chosen_period(period))


class Municipality(Profile):
    """A municipality's slices of the store for one year. Numbers that a page may not show are NaN."""

    # --- those it is compared with

    @cached_property
    def county(self) -> areas.Area:
        """The county it lies in."""
        return areas.get(self.area.county)

    @cached_property
    def county_profile(self) -> County:
        """The figures of its county, from the same store."""
        return County(self.county, self.period, self.tables)

    @property
    def edition(self) -> int:
        """The edition of SKR's groups that belongs to the period."""
        return edition_for(self.period)

    @cached_property
    def group(self) -> areas.Area:
        """Its SKR group in that edition."""
        return areas.get(getattr(self.area, f"group_{self.edition}"))

    @cached_property
    def group_members(self) -> list[areas.Area]:
        """Every municipality of its SKR group, itself among them."""
        return areas.group_members(self.group.code, self.edition)

    @cached_property
    def similar(self) -> list[areas.Area]:
        """The municipalities most like it in social and economic conditions (Kolada, 2024)."""
        return [areas.get(code) for code in self.area.similar]

    @cached_property
    def neighbours(self) -> list[areas.Area]:
        """The municipalities that border on it; none for an island."""
        return [areas.get(code) for code in self.area.neighbours]

    # --- level

    @cached_property
    def pooled(self) -> pd.DataFrame:
        """Every offence group over the latest years together (``first_year`` to the period), by offence."""
        return self._by_offence("pooled")

    @cached_property
    def level(self) -> pd.DataFrame:
        """``pooled`` with the nation's rate in the same years (``nation``), the ratio and its verdict."""
        against = self.against("nation")
        ratio = {f"ratio_{name}": against[name] for name in ("value", *LIMITS, "verdict")}
        columns = ["first_year", "count", "population", "value", "lower", "upper", "status"]
        nation = against["expected"] / self.pooled["population"] * PER
        return self.pooled[columns].assign(nation=nation, **ratio)

    def against(self, reference: str) -> pd.DataFrame:
        """Every offence group against "nation", "county", "similar" or "neighbours", by offence.

        Raises ``UsageError`` for another reference.
        """
        if reference not in REFERENCES:
            raise UsageError(f"{reference!r} is no reference. There are: {', '.join(REFERENCES)}.")
        return self._against[reference].copy(deep=False)

    @cached_property
    def _against(self) -> dict[str, pd.DataFrame]:
        """The rows of ``against`` by reference."""
        mine = self._mine("against")
        return {reference: self._ordered(mine[mine["reference"] == reference]) for reference in REFERENCES}

    @cached_property
    def peers(self) -> pd.DataFrame:
        """Every offence group against its SKR group, drawn towards it, by offence."""
        return self._by_offence("peers")

    @cached_property
    def peer_verdicts(self) -> dict[str, str]:
        """The verdicts of ``peers`` by offence."""
        return self.peers["verdict"].to_dict()

    @cached_property
    def joint(self) -> pd.DataFrame:
        """The municipality and its neighbours together against their SKR groups, by offence."""
        return self._by_offence("joint")

    def place(self, offence: str) -> pd.Series:
        """Between which places it lies among the municipalities in the period's year alone."""
        return self._by_offence("ranks").loc[offence]

    @cached_property
    def newer(self) -> pd.Series | None:
        """The latest rate that is published without a count: the row of ``County.newer_rates``, or none."""
        newer = self.county_profile.newer_rates
        mine = newer[newer["area"] == self.code] if len(newer) else newer
        return mine.iloc[0] if len(mine) else None

    @property
    def coverage(self) -> pd.Series | None:
        """The coverage of its county: see ``County.coverage``."""
        return self.county_profile.coverage

    # --- years

    @cached_property
    def yearly(self) -> pd.DataFrame:
        """Every year since ``first_year`` by offence, with the band of chance and the usual swing.

        Columns offence, year, count and shown (the same: NaN where it is kept back), expected, lower,
        upper, outside ("above", "below", ""), chance (see ``stats.spread.year_bands``). A band rests
        on all years: where one is kept back there is none.
        """

        def make() -> pd.DataFrame:
            rates = self.tables.rows("rates", area=self.code)
            known = rates[rates["year"].between(self.first_year, self.period) & (rates["missing"] == "")]
            return _banded(_in_order(known.sort_values("year")), self.swings)

        return self.tables.keep(("yearly", self.code, self.period), make).copy(deep=False)

    @property
    def swings(self) -> dict[str, float]:
        """How much a year of a municipality of its size swings beyond chance, by offence; NaN where not known."""
        return series.swings(self.tables, self.code, self.period)

    @cached_property
    def year_rows(self) -> dict[str, dict]:
        """The rows of ``yearly`` for the period itself, by offence."""
        return {row["offence"]: row for row in records(self.yearly) if row["year"] == self.period}

    # --- months, where they are known

    @cached_property
    def months_known(self) -> bool:
        """Whether the store has the period's months of every municipality of the county.

        Small counts are kept back county by county: without all of them a page shows no months. A
        county's months are those of its only municipality.
        """
        return self.months_of == self.county.code or self._every_month

    @cached_property
    def months_of(self) -> str:
        """The code that its months stand under: the county's where only that has them and it is the county."""
        alone = len(areas.municipalities(self.county.code)) == 1
        theirs = alone and not self._every_month and self.county.code in self._areas_with_months
        return self.county.code if theirs else self.code

    @cached_property
    def _every_month(self) -> bool:
        return {m.code for m in areas.municipalities(self.county.code)} <= self._areas_with_months

    @property
    def _areas_with_months(self) -> set[str]:
        """The areas with twelve months of all offences in the period."""

        def make() -> set[str]:
            months = self.tables.built_rows("offences_month", offence=catalogue.TOTAL, year=self.period)
            known = months["area"].value_counts()
            return set(known.index[known == 12])

        return self.tables.keep(("areas with months", self.period), make)

    def months(self, offence: str, area: str | None = None) -> pd.DataFrame:
        """Counts by month up to the period: see ``series.months``; its ``shown`` is what a page may tell.

        Of a municipality's own months, only those of all offences together may be told. Empty where
        the area's months are not known.
        """
        area = area or self.months_of
        if not self._has_months(area):
            return pd.DataFrame(columns=["year", "month", "count", "value", "exposure", "shown"])
        found = series.months(self.tables, area, offence, self.period)
        return found if len(area) == 2 or offence == catalogue.TOTAL else found.assign(shown=np.nan)

    def rolling(self, offence: str, area: str | None = None) -> np.ndarray:
        """Offences per 100 000 residents over twelve months, ending with each month from the 12th on."""
        area = area or self.months_of
        if not self._has_months(area):
            return np.array([])
        return series.rolling(self.tables, area, offence, self.period)

    def _has_months(self, area: str) -> bool:
        return self.months_known if area == self.code else area == NATION or area in self._areas_with_months

    @cached_property
    def signals(self) -> pd.DataFrame:
        """As ``Profile.signals``; empty where its months are not known."""
        table = super().signals
        return table if self.months_known else table.iloc[:0]

    # --- slices

    def _by_offence(self, name: str) -> pd.DataFrame:
        return self._ordered(self._mine(name))

    def _ordered(self, table: pd.DataFrame) -> pd.DataFrame:
        """By offence, in the order of the catalogue; offences without a row are left out."""
        return _in_order(table).set_index("offence")


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the catalogue's offence groups in its order; those of one group keep theirs."""
    places = {offence: place for place, offence in enumerate(catalogue.offences("groups"))}
    order = np.array([places.get(offence, -1) for offence in table["offence"].tolist()], dtype=int)
    return table.take(np.argsort(order, kind="stable")[np.count_nonzero(order < 0) :])


def _banded(years: pd.DataFrame, swings: dict[str, float]) -> pd.DataFrame:
    """The years of every offence with their bands; without one where a year of the offence is kept back."""
    told = years[["offence", "year", "count"]].assign(shown=years["count"]).reset_index(drop=True)
    offences, counts = np.array(told["offence"].tolist(), dtype=object), told["count"].to_numpy(float)
    whole = ~np.isin(offences, offences[np.isnan(counts)])
    bands = year_bands(
        counts[whole],
        years["population"].to_numpy(float)[whole],
        series=offences[whole],
        wobble=np.nan_to_num([swings.get(offence, 0.0) for offence in offences[whole]]),
    )
    bands = bands.set_axis(told.index[whole]).rename(columns={"value": "expected"})
    told = told.join(bands[["expected", "lower", "upper", "outside", "chance"]])
    return told.assign(outside=told["outside"].fillna(""))
