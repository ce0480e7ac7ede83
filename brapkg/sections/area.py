"""What every page about an area has: its words, names, numbers of figures, and phrases used more than once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import ClassVar

import pandas as pd

from brapkg import areas, catalogue, findings
from brapkg.blocks import Sections
from brapkg.figures import maps
from brapkg.figures.dots import Row
from brapkg.priorities import Priority, priorities
from brapkg.profile import Profile
from brapkg.shown import records
from brapkg.wording import Words, capital, swedish_order

HIGHER, LOWER = findings.HIGHER, findings.LOWER
# Which way a verdict points, as the texts are named; every other one is "unclear".
DIRECTION = {**dict.fromkeys(HIGHER, "higher"), **dict.fromkeys(LOWER, "lower"), "level": "level"}
# Of comparisons without any difference, this share lies on either side of a 95 per cent interval by chance.
ONE_SIDE = 0.025


@dataclass(frozen=True)
class AreaPage(Sections):
    """An area's page in one language."""

    profile: Profile
    words: Words

    # Every figure of this kind of page, in its order.
    FIGURES: ClassVar[tuple[str, ...]] = ()

    @property
    def area(self) -> areas.Area:
        return self.profile.area

    @property
    def name(self) -> str:
        """The area's full name."""
        return self.area.label(self.language)

    @property
    def year(self) -> str:
        return str(self.profile.period)

    @property
    def period(self) -> str:
        """ "2016 (preliminärt)"."""
        return self.words.period(self.profile.period, self.profile.status)

    @property
    def years(self) -> str:
        """The years of the page's figures: "2013–2016"."""
        return self.words.years(self.profile.first_year, self.profile.period)

    def offence(self, id: str, field: str = "short") -> str:
        """An offence series in the page's language; ``field`` as in the records."""
        return catalogue.offence(id).text(field, self.language)

    def offence_names(self, ids: list[str]) -> str:
        """Offence groups inside a sentence, in the order given."""
        return self.words.listed([self.offence(id, "lower") for id in ids])

    def title_of_group(self, code: str) -> str:
        """An SKR group's name in the page's language."""
        return areas.get(code).label(self.language)

    def pooling(self, first_years: pd.Series) -> tuple[str, str]:
        """The end of the texts' names where years are added together, and how many at most, in words.

        ("_pooled", "fyra"), or ("", "ett") where every number is of the year alone.
        """
        first, period = int(first_years.min()), self.profile.period
        return "_pooled" if first < period else "", self.words.count_word(period - first + 1, neuter=True)

    def chance(self, comparisons: int, sides: int = 1) -> str:
        """How many of so many comparisons chance alone puts on one side, or on either (``sides`` 2)."""
        expected = comparisons * ONE_SIDE * sides
        return self.words.number(expected, 0 if expected >= 3 else 1)

    @cached_property
    def preliminary_note(self) -> str:
        """ ", 2016 preliminärt" where the period is; else nothing."""
        if self.profile.status != "preliminary":
            return ""
        return self.words("source_preliminary", year=self.year)

    def source(self, *more: str) -> str:
        """The source line of a figure."""
        told = self.words("source", years=self.years, preliminary=self.preliminary_note)
        return " ".join([told, *more])

    # --- the figures' numbers

    def number(self, figure: str) -> int:
        """A figure's number on this page, which shows only the figures that can be made."""
        return self._figures.index(figure) + 1

    @cached_property
    def _figures(self) -> list[str]:
        refused = self.refused()
        return [figure for figure in self.FIGURES if figure not in refused]

    def refused(self) -> set[str]:
        """The figures that cannot be made for this area."""
        return set()

    # --- counts, verdicts and ranges

    def count(self, value: float) -> str:
        """A count, or the word for one that is kept back."""
        return self.words("withheld") if pd.isna(value) else self.words.number(value)

    @cached_property
    def above(self) -> list[str]:
        """Offence groups (not the total) where the area lies above the nation."""
        return self._with_verdict(HIGHER)

    @cached_property
    def below(self) -> list[str]:
        """Offence groups (not the total) where the area lies below the nation."""
        return self._with_verdict(LOWER)

    def _with_verdict(self, verdicts: tuple[str, ...]) -> list[str]:
        rows = self.profile.level_rows.items()
        return [id for id, row in rows if id != catalogue.TOTAL and row["ratio_verdict"] in verdicts]

    @cached_property
    def overview_title(self) -> str:
        """ "Fem av nio brottsgrupper ligger lägre än riket, ingen högre"."""
        return self.verdicts_title("overview", len(self.above), len(self.below))

    def verdicts_title(self, text: str, above: int, below: int) -> str:
        """How many offence groups lie above and below, as the text ``<text>_<both, higher, lower or none>``."""
        higher, lower, every = self.words.count_words(above, below, len(self.profile.level_rows) - 1)
        which = {(True, True): "both", (True, False): "higher", (False, True): "lower"}
        name = which.get((above > 0, below > 0), "none")
        verb = self.words.verb(above or below)
        return capital(self.words(f"{text}_{name}", higher=higher, lower=lower, all=every, verb=verb))

    def place(self, row: Mapping) -> dict[str, str]:
        """The words of a row of ranks: between which places, of how many."""
        return {
            "low": self.words.number(row["lower"]),
            "high": self.words.number(row["upper"]),
            "n": self.words.number(row["members"]),
        }

    def trend_words(self, offence: str, prefix: str) -> str:
        """What both trend models say together, as a text ``<prefix>_<direction>``."""
        direction = findings.trend_direction(self.profile, offence)
        told: dict[str, str] = {}
        if direction != "few":
            models = self.profile.trend_rows[offence]
            main = models.get("step", models["smooth"])
            told = {
                "change": self.words.distance(main["value"]),
                "range": self.words.deviation_range(main["lower"], main["upper"]),
                "months": self.words.number(main["months"]),
            }
        return self.words(f"{prefix}_{direction}", **told)

    @cached_property
    def priorities(self) -> list[Priority]:
        """What stands out, linked to the knowledge base; of a county or a municipality."""
        return priorities(self.profile)

    # --- lines of a dot chart

    def row(self, table_row, label: str, note: str = "", *, strong: bool = False, prefix: str = "") -> Row:
        """A line of a dot chart from a row with value, limits and verdict."""
        get = {name: table_row[f"{prefix}{name}"] for name in ("value", "lower", "upper", "verdict")}
        words = self.words.verdict(get["verdict"])
        raw = table_row["raw"] if "raw" in table_row else float("nan")
        if get["verdict"] == "few":
            get |= {"value": float("nan"), "lower": float("nan"), "upper": float("nan")}
            raw = float("nan")
        return Row(label, **get, words=words, note=note, raw=raw, strong=strong)

    def told_rows(self, rows: list[Row]) -> str:
        """The rows of a dot chart in words, for those who cannot see it."""
        parts = []
        for row in rows:
            if row.verdict == "few":
                parts.append(self.words("alt_row_few", label=capital(row.label)))
                continue
            parts.append(
                self.words(
                    "alt_row",
                    label=capital(row.label),
                    deviation=self.words.deviation(row.value),
                    range=self.words.signed_range(row.lower, row.upper),
                    verdict=row.words,
                )
            )
        return " ".join(parts)


def blocks_by_verdict(table: pd.DataFrame) -> dict[str, list[dict]]:
    """Rows above, not to be told, below and too few, alphabetical within each."""
    places = {**dict.fromkeys(HIGHER, "over"), **dict.fromkeys(LOWER, "under"), "few": "few"}
    blocks: dict[str, list[dict]] = {"over": [], "unsure": [], "under": [], "few": []}
    for row in sorted(records(table), key=lambda row: swedish_order(row["name"])):
        blocks[places.get(row["verdict"], "unsure")].append(row)
    return blocks


def alphabetical(table: pd.DataFrame) -> pd.DataFrame:
    """The table in the order of its names."""
    names = [swedish_order(name) for name in table["name"]]
    return table.iloc[sorted(range(len(names)), key=names.__getitem__)]


def map_key(words: Words, limits: list[float]) -> str:
    """The key of a map by fifths: what each shade stands for.

    Parameters
    ----------
    words : the page's words
    limits : the four limits between the fifths, per 100 000 residents
    """
    rounded = [words.number(round(limit, -2)) for limit in limits]
    texts = [words("map_key_first", limit=rounded[0])]
    texts += [words("map_key_middle", limit=limit) for limit in rounded[1:]] + [words("map_key_last")]
    items = "".join(
        f'<li><i style="background:var(--{role})"></i>{escape(text)}</li>'
        for role, text in zip(maps.FIFTHS, texts, strict=True)
    )
    return f'<div class="key"><p class="keyhead">{escape(words("map_key"))}</p><ul class="key">{items}</ul></div>'
