"""What every section of a county's page needs: the county, the words, and phrases used more than once."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import pandas as pd

from brapkg import catalogue
from brapkg.profile import FUNNEL_OFFENCE, County
from brapkg.sections import year
from brapkg.sections.area import HIGHER, LOWER, AreaPage


class Page(AreaPage):
    """A county's page in one language."""

    FIGURES: ClassVar[tuple[str, ...]] = (
        "overview",
        "map",
        "counties",
        "standardised",
        "trend",
        "groups",
        "wheel",
        "signals",
        "peers",
        "ranks",
        "funnel",
        "months",
        "year",
    )

    @property
    def county(self) -> County:
        return self.profile

    def refused(self) -> set[str]:
        """The figures that cannot be made for this county."""
        refused = {
            "wheel": self.county.season(catalogue.TOTAL).empty,
            "signals": self.county.signals.empty,
            "months": len(self.county.members) == 1 or not self.county.municipal_months,
            "year": not year.known(self, self.county.season),
            "ranks": self.county.places(FUNNEL_OFFENCE)["value"].isna().all(),
        }
        return {figure for figure, missing in refused.items() if missing}

    @cached_property
    def by_ratio(self) -> list[str]:
        """Offence groups (not the total), the county's highest against the nation first."""
        level = self.county.level.drop(catalogue.TOTAL)
        return list(level.sort_values("ratio_value", ascending=False, kind="stable").index)

    @cached_property
    def standardised_title(self) -> str:
        """ "Mot kommuner av samma slag ligger en av nio brottsgrupper högre, ingen lägre"."""
        verdicts = self.county.standardised["verdict"].drop(catalogue.TOTAL)
        return self.verdicts_title("standardised_title", verdicts.isin(HIGHER).sum(), verdicts.isin(LOWER).sum())


def level_data(page: Page) -> pd.DataFrame:
    """The bare values of the level table, for the CSV."""
    data = page.county.level.reset_index()
    names = data["offence"].map(lambda id: page.offence(id, "name"))
    return data.assign(offence=names, year=page.county.period)
