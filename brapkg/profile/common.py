"""What the figures of every kind of area share: its slices of the store, which years there are, how one is chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from brapkg import areas, catalogue, series, shown
from brapkg.settings import settings
from brapkg.shown import columns_of, records

NATION = "00"
LIMITS = ("lower", "upper", "lower_998", "upper_998")
FUNNEL_OFFENCE = "violence"


def periods() -> list[int]:
    """The years a report can be made for: every municipality has figures and a population.

    Those of ``store.periods``, but read from a table: a page that tells of newer years is made anew with them.
    """
    nation = shown.tables().rows("rates", area=NATION)
    return sorted(nation.loc[nation["missing"] == "", "year"].unique().tolist())


def latest_period() -> int:
    """The latest year a report can be made for."""
    return periods()[-1]


@dataclass(frozen=True)
class Profile:
    """One area's slices of the store for one year. Tables have the columns of their schemas.

    ``tables`` is the store that they are taken from: the same for all of a page.
    """

    area: areas.Area
    period: int
    tables: shown.Tables = field(default_factory=shown.tables, compare=False, repr=False)

    @property
    def code(self) -> str:
        return self.area.code

    @property
    def months_of(self) -> str:
        """The code that its months stand under."""
        return self.code

    @cached_property
    def first_year(self) -> int:
        """The first year with figures for every municipality."""
        return int(self.tables.built_rows("offences_year", area=NATION)["year"].min())

    @cached_property
    def status(self) -> str:
        """Whether the period is final or preliminary."""
        return self._mine("rates").set_index("offence").loc[catalogue.TOTAL, "status"]

    @cached_property
    def residents(self) -> pd.Series:
        """Residents on 31 December, by year."""
        return self.tables.built_rows("population", area=self.code).set_index("year")["residents"]

    # --- level

    @property
    def level(self) -> pd.DataFrame:
        """Every offence group's level, indexed by offence in the order of the catalogue; each kind has its own.

        At least ``count``, ``value`` (per 100 000 residents and year), ``lower``, ``upper`` and, against the
        nation, ``ratio_value``, ``ratio_lower``, ``ratio_upper``, ``ratio_verdict``.
        """
        raise NotImplementedError

    @cached_property
    def level_rows(self) -> dict[str, dict]:
        """The rows of ``level`` by offence."""
        return dict(zip(self.level.index, records(self.level), strict=True))

    def funnel(self, offence: str) -> pd.DataFrame:
        """All municipalities of the country in the funnel, the period's year alone."""
        return self.tables.rows("funnel", offence=offence, year=self.period)

    @cached_property
    def country(self) -> pd.DataFrame:
        """All offences in every municipality of the country, the years together as in ``pooled``, by code.

        Columns ``first_year``, ``count`` and ``population`` (person-years) of all the years, ``value`` (per
        100 000 residents and year), ``lower``, ``upper``; NaN where a count is kept back.
        """
        found = self.tables.rows("pooled", offence=catalogue.TOTAL, year=self.period)
        return found.set_index("area").sort_index()[["first_year", "count", "population", "value", "lower", "upper"]]

    # --- time

    @cached_property
    def change(self) -> pd.DataFrame:
        """Each offence against the year before, and the nation's (``nation_value``); empty in the first year."""
        mine = self._mine("change").set_index("offence")
        nation = self.tables.rows("change", area=NATION, year=self.period).set_index("offence").reindex(mine.index)
        return mine.assign(nation_value=nation["value"])

    @cached_property
    def change_rows(self) -> dict[str, dict]:
        """The rows of ``change`` by offence."""
        return dict(zip(self.change.index, records(self.change), strict=True))

    @cached_property
    def trend_rows(self) -> dict[str, dict[str, dict]]:
        """Both trend models by offence and model ("step", "smooth"); no entry where there is none."""
        found: dict[str, dict[str, dict]] = {}
        for row in records(self._timed("trend")):
            # The reason that a series is too thin tells how much it holds, also of what is kept back.
            told = row | ({"method": ""} if row["missing"] else {})
            found.setdefault(row["offence"], {})[row["model"]] = told
        return found

    def trend_line(self, offence: str) -> pd.DataFrame:
        """The trend without season, by position; empty where the series is too thin or not known."""
        return self.tables.built_rows("trend_line", area=self.months_of, offence=offence, year=self.period)

    def season(self, offence: str) -> pd.DataFrame:
        """The year wheel of an offence: twelve rows, or none where the series is too thin or not known."""
        return self.tables.built_rows("season", area=self.months_of, offence=offence, year=self.period)

    @cached_property
    def signals(self) -> pd.DataFrame:
        """The period's months by offence against earlier years; empty where there are too few of them.

        ``signal`` says whether a month stays above the expected after correction, ``withheld``
        whether its count is kept back.
        """
        table = self._timed("signals")
        withheld = [key in self.tables.withheld for key in columns_of(table, "area", "offence", "year", "month")]
        return table.assign(signal=table["p_adjusted"] <= settings().false_share, withheld=np.array(withheld, bool))

    def months(self, offence: str, area: str | None = None) -> pd.DataFrame:
        """Counts by month up to the period, of the area or another one: see ``series.months``."""
        return series.months(self.tables, area or self.months_of, offence, self.period)

    def rolling(self, offence: str, area: str | None = None) -> np.ndarray:
        """Offences per 100 000 residents over twelve months, ending with each month from the 12th on."""
        return series.rolling(self.tables, area or self.months_of, offence, self.period)

    @cached_property
    def breaks(self) -> list[tuple[int, catalogue.Break]]:
        """Breaks inside the months up to the period: the first month's position, and the break."""
        months = self.months(catalogue.TOTAL)
        at = (months["year"] * 12 + months["month"] - 1).to_numpy()
        places = [(known.position(at), known) for known in catalogue.breaks()]
        return [(place, known) for place, known in places if place is not None]

    # --- slices

    def _mine(self, name: str) -> pd.DataFrame:
        return self.tables.rows(name, area=self.code, year=self.period)

    def _timed(self, name: str) -> pd.DataFrame:
        return self.tables.built_rows(name, area=self.months_of, year=self.period)
