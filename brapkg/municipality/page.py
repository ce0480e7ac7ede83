"""What every section of a municipality's page needs: the municipality, the words, phrases used more than once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import ClassVar

import pandas as pd

from brapkg import areas, catalogue, profile
from brapkg.findings import HIGHER, LOWER
from brapkg.indicators import municipal
from brapkg.profile import FUNNEL_OFFENCE
from brapkg.sections.area import AreaPage
from brapkg.settings import settings
from brapkg.shown import records

# Names of peers beyond this many are counted.
MOST_NAMES = 12
# Half a month's interval, as a share of its value: where it is usually wider, it is wider than a season.
WIDEST = 0.25
# Islands, of which Swedish says "på": Ekerö, Lidingö, Gotland, Öckerö, Tjörn, Orust.
ISLANDS = ("0125", "0186", "0980", "1407", "1419", "1421")


class Page(AreaPage):
    """A municipality's page in one language."""

    FIGURES: ClassVar[tuple[str, ...]] = (
        "overview",
        "map",
        "years",
        "trend",
        "wheel",
        "peers",
        "references",
        "funnel",
        "year",
    )

    @property
    def municipality(self) -> profile.Municipality:
        return self.profile

    @property
    def short(self) -> str:
        """The municipality's name in a sentence: "Bjurholm"; the full name where "i" does not go with it."""
        return self.name if self.area.code in ISLANDS else self.area.short

    def window(self, offences: Iterable[str]) -> str:
        """The years that some offences' rows hold: the period, the years together, or that they differ."""
        firsts = {int(self.profile.level_rows[id]["first_year"]) for id in offences}
        if firsts == {self.profile.period}:
            return self.period
        if len(firsts) == 1:
            years = self.words.years(firsts.pop(), self.profile.period)
            if self.profile.status != "preliminary":
                return years
            return self.words("mun_window_preliminary", years=years, year=self.year)
        return self.words("mun_window", period=self.period, n=self.most_years)

    @cached_property
    def firsts(self) -> set[int]:
        """The first years of the offence groups' rows."""
        return {int(row["first_year"]) for row in self.profile.level_rows.values()}

    @cached_property
    def most_years(self) -> str:
        """How many years are added together at most, as a word."""
        return self.words.count_word(self.profile.period - min(self.firsts) + 1, neuter=True)

    @cached_property
    def together(self) -> str:
        """The years where every offence group holds the same ones, more than one: "2013–2016"; else nothing."""
        if not self.pooled or len(self.firsts) > 1:
            return ""
        return self.words.years(min(self.firsts), self.profile.period)

    @cached_property
    def is_county(self) -> bool:
        """Whether the municipality is a county of its own, which Gotland is."""
        return len(areas.municipalities(self.area.county)) == 1

    @cached_property
    def small(self) -> bool:
        """Whether some offence group needs several years together, or holds too little to be judged."""
        rows = self.profile.level_rows.values()
        return any(row["first_year"] < self.profile.period or row["ratio_verdict"] == "few" for row in rows)

    @cached_property
    def pooled(self) -> bool:
        """Whether some offence group needs several years together."""
        return min(self.firsts) < self.profile.period

    @cached_property
    def group(self) -> str:
        """The SKR group inside a sentence: "pendlingskommuner nära större stad"."""
        group = self.municipality.group
        return group.short if self.language == "sv" else group.name_en.lower()

    @cached_property
    def county_name(self) -> str:
        return self.municipality.county.label(self.language)

    @cached_property
    def judged(self) -> list[str]:
        """Offence groups (not the total) that hold enough to be compared, the highest against the nation first."""
        rows = [(id, row) for id, row in self.profile.level_rows.items() if row["ratio_verdict"] != "few"]
        rows = [(id, row) for id, row in rows if id != catalogue.TOTAL]
        return [id for id, row in sorted(rows, key=lambda pair: -pair[1]["ratio_value"])]

    @cached_property
    def few(self) -> list[str]:
        """Offence groups that hold too little to be compared, in the order of the catalogue."""
        return [id for id, row in self.profile.level_rows.items() if row["ratio_verdict"] == "few"]

    def cases(self, offence: str) -> str:
        """A small count in words: "tre anmälda fall på fyra år"; "inget anmält fall 2016"."""
        row, w = self.profile.level_rows[offence], self.words
        years = self.profile.period - row["first_year"] + 1
        when = w("mun_in_years", n=w.count_word(years)) if years > 1 else w("mun_in_year", year=self.year)
        if pd.isna(row["count"]):
            return w("mun_cases_withheld", when=when)
        count = int(row["count"])
        n = w.count_word(count, neuter=True)
        return w("mun_cases_one" if count < 2 else "mun_cases_many", n=n, when=when)

    def years_of(self, row: dict) -> str:
        """The years that a row adds together: "2013–2016"."""
        return self.words.years(int(row["first_year"]), self.profile.period)

    @cached_property
    def peers(self) -> dict[str, dict]:
        """The rows against the SKR group by offence."""
        table = self.municipality.peers
        return dict(zip(table.index, records(table), strict=True))

    @cached_property
    def against(self) -> dict[str, dict[str, dict]]:
        """The rows that can be judged, by reference and offence, in the settings' order of references.

        References that the municipality lacks have none.
        """
        found = {}
        for reference in settings().peers:
            if reference == "group":
                found[reference] = {id: row for id, row in self.peers.items() if row["verdict"] != "few"}
                continue
            table = self.municipality.against(reference)
            rows = zip(table.index, records(table), strict=True)
            found[reference] = {id: row for id, row in rows if row["verdict"] != "few" and not row["missing"]}
        return found

    def peers_with(self, verdicts: tuple[str, ...]) -> list[str]:
        """Offence groups (not the total) with one of these verdicts against the SKR group."""
        return [id for id, row in self.peers.items() if id != catalogue.TOTAL and row["verdict"] in verdicts]

    @property
    def over_peers(self) -> list[str]:
        return self.peers_with(HIGHER)

    @property
    def under_peers(self) -> list[str]:
        return self.peers_with(LOWER)

    @cached_property
    def plain(self) -> bool:
        """Whether the SKR group has too few members for anything to be drawn towards it."""
        return len(self.municipality.group_members) < municipal.ENOUGH_MEMBERS

    # --- time

    @cached_property
    def yearly(self) -> pd.DataFrame:
        """Yearly counts with their bands."""
        return self.municipality.yearly

    @cached_property
    def one_year(self) -> bool:
        return self.profile.first_year == self.profile.period

    @cached_property
    def series(self) -> pd.DataFrame | None:
        """All offences by month; None where the months are not known or one of their counts is kept back."""
        if not self.municipality.months_known:
            return None
        months = self.municipality.months(catalogue.TOTAL)
        return months if months["shown"].notna().all() else None

    def season(self, offence: str) -> pd.DataFrame:
        """The municipality's own year wheel; empty where it is not known or tells less than chance does."""
        if not self.municipality.months_known:
            return pd.DataFrame()
        season = self.municipality.season(offence)
        wide = ((season["upper"] - season["lower"]) / 2 / season["value"]).median()
        return season if wide <= WIDEST else season.iloc[:0]

    @cached_property
    def broken(self) -> list[catalogue.Break]:
        """Breaks inside the years of the page."""
        first, last = self.profile.first_year, self.profile.period
        return [known for known in catalogue.breaks() if first < known.year <= last]

    @property
    def seasons(self) -> tuple[Callable[[str], pd.DataFrame], str]:
        """Whose year wheels the plan goes by: its own where they tell enough, else its county's, with its name."""
        if self.is_county or len(self.season(catalogue.TOTAL)):
            return self.season, ""
        return self.municipality.county_profile.season, self.county_name

    # --- figures

    def refused(self) -> set[str]:
        """The figures that cannot be made for this municipality."""
        total, violence = catalogue.TOTAL, FUNNEL_OFFENCE
        funnel = self.municipality.funnel(violence)
        refused = {
            "years": self.one_year,
            "trend": self.series is None,
            "wheel": self.season(total).empty,
            "peers": all(row["verdict"] == "few" for row in self.peers.values()),
            "references": not any(total in rows for rows in self.against.values()),
            "funnel": funnel.loc[funnel["area"] == self.area.code, "value"].isna().all(),
        }
        return {figure for figure, missing in refused.items() if missing}
