"""What every section of the national page needs: the nation, the words, and phrases used more than once."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import pandas as pd

from brapkg import catalogue, findings
from brapkg.profile.of_nation import Nation
from brapkg.sections.area import HIGHER, LOWER, AreaPage

TABLES = (
    "counties",
    "county_offences",
    "regions",
    "groups",
    "group_offences",
    "problems",
    "rising",
    "official",
    "covered",
)


class Page(AreaPage):
    """The national page in one language."""

    FIGURES: ClassVar[tuple[str, ...]] = ("overview", "map", "counties", "regions", "groups", "problems")

    @property
    def nation(self) -> Nation:
        return self.profile

    def refused(self) -> set[str]:
        """The figures that cannot be made: without trends, those of development."""
        return set() if self.nation.trend_rows else {"overview", "problems"}

    def table_number(self, table: str) -> int:
        """A numbered table's number; without trends there is no table of them."""
        made = [name for name in TABLES if name != "rising" or self.nation.trend_rows]
        return made.index(table) + 1

    @cached_property
    def offences(self) -> list[str]:
        """The offence groups (not the total), in the order of the catalogue."""
        return [id for id in catalogue.offences("groups") if id != catalogue.TOTAL]

    @cached_property
    def directions(self) -> dict[str, str]:
        """What both trend models of the nation say together, by offence group."""
        return {id: findings.trend_direction(self.nation, id) for id in self.offences}

    def going(self, direction: str) -> list[str]:
        """Offence groups that go one way: "rising" or "falling"."""
        return [id for id in self.offences if self.directions[id] == direction]

    @cached_property
    def county_directions(self) -> dict[str, list[str]]:
        """What both trend models say in each county, by offence (the total too)."""
        counties = self.nation.county_profiles.values()
        ids = [catalogue.TOTAL, *self.offences]
        return {id: [findings.trend_direction(county, id) for county in counties] for id in ids}

    def main_trend(self, offence: str) -> dict | None:
        """The nation's trend with a step where the series has a break; None where it is too thin."""
        models = self.nation.trend_rows.get(offence, {})
        row = models.get("step", models.get("smooth"))
        return None if row is None or row["missing"] else row

    def direction(self, offence: str) -> str:
        """ "ökar", "minskar" or "osäkert"."""
        way = self.directions[offence]
        return self.words(f"nation_way_{way if way in ('rising', 'falling') else 'unclear'}")

    def ratio(self, row: dict, prefix: str = "") -> str:
        """ "−19 % (−25 till −13 %)", or the word for too few."""
        value, lower, upper = (row[f"{prefix}{name}"] for name in ("value", "lower", "upper"))
        if pd.isna(lower):
            return self.words.verdict("few")
        return f"{self.words.deviation(value)} ({self.words.signed_range(lower, upper)})"

    def judged(self, row: dict, prefix: str = "") -> str:
        """ "−19 % (−25 till −13 %), tydligt lägre"."""
        told = self.words.verdict(row[f"{prefix}verdict"])
        return told if pd.isna(row[f"{prefix}lower"]) else f"{self.ratio(row, prefix)}, {told}"

    def rate(self, row: dict) -> str:
        """A rate with its interval, or a dash where it is kept back."""
        if pd.isna(row["rate"]):
            return self.words("withheld")
        limits = self.words.rate_range(row["rate_lower"], row["rate_upper"])
        return f"{self.words.number(row['rate'])} ({limits})"


def sides(table: pd.DataFrame, column: str = "verdict") -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows above and below, clearly or probably."""
    return table[table[column].isin(HIGHER)], table[table[column].isin(LOWER)]
