"""What an indicator stood at: an area's reported offences of one group over one or more years."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from brapkg import catalogue
from brapkg.wording import Words

if TYPE_CHECKING:
    from brapkg.shown import Tables

PER = 100_000
# Below this count nothing is said of a level, as on the pages.
FEW = 10


@dataclass(frozen=True)
class Value:
    """Reported offences of an area over whole years, added together.

    Attributes
    ----------
    first, last : years, both counted
    count : offences; NaN where a year's count is kept back
    residents : residents added over the years (person-years)
    preliminary : whether a year is
    """

    first: int
    last: int
    count: float
    residents: float
    preliminary: bool = False

    @property
    def years(self) -> int:
        return self.last - self.first + 1

    @property
    def told(self) -> bool:
        """Whether the count may be told."""
        return math.isfinite(self.count)

    @property
    def rate(self) -> float:
        """Offences per 100 000 residents and year; NaN below 10 offences."""
        return PER * self.count / self.residents if self.count >= FEW else math.nan

    @cached_property
    def limits(self) -> tuple[float, float]:
        """The rate's 95 % interval from chance alone (Byar); NaN below 10 offences."""
        if not self.count >= FEW:
            return math.nan, math.nan
        from brapkg.stats.rates import rate

        row = rate([self.count], [self.residents], multiplier=PER).iloc[0]
        return float(row["lower"]), float(row["upper"])


def value(tables: Tables, area: str, offence: str, first: int, last: int) -> Value | None:
    """What an indicator stood at, from the store as a page may show it.

    Parameters
    ----------
    tables : the store in use
    area, offence : code and id
    first, last : years, both counted

    Returns
    -------
    Value
        None where a year has no figures or no residents. The count is NaN where a year's is kept back.
    """
    rows = tables.rows("rates", area=area, offence=offence)
    rows = rows[rows["year"].between(first, last)]
    if first > last or len(rows) != last - first + 1 or rows["population"].isna().any():
        return None
    count = rows["count"].sum(skipna=False)
    return Value(first, last, float(count), float(rows["population"].sum()), bool((rows["status"] != "final").any()))


def told(found: Value | None, offence: str, words: Words) -> str:
    """An indicator's value in words, with years, rate and interval where there are enough offences."""
    if found is None:
        return words("plan_value_missing")
    named = {
        "offence": catalogue.offence(offence).text("short", words.language),
        "years": words.years(found.first, found.last),
    }
    if not found.told:
        return words("plan_value_withheld", **named)
    named["count"] = words.number(found.count)
    preliminary = " " + words("plan_value_preliminary") if found.preliminary else ""
    if found.count < FEW:
        return words("plan_value_few", **named) + preliminary
    rate = {"rate": words.number(found.rate), "range": words.rate_range(*found.limits)}
    return words("plan_value" if found.years == 1 else "plan_value_years", **named, **rate) + preliminary
