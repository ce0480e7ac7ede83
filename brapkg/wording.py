"""Words and numbers as the pages write them, in Swedish and English.

Texts are records: the sections' in ``records/texts/``, a file for each kind of page. This module
reads them and the frame's in ``page_texts.toml``, fills the former in and formats numbers by each
language's rules: decimal comma and hard space in Swedish, a true minus, ranges that never break.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from pathlib import Path

from brapkg.errors import DataError, UsageError

RECORDS = Path(__file__).parent / "records"
LANGUAGES = ("sv", "en")
# How sure something is, lowest first; their words are the texts "certainty_…".
GRADES = ("very_low", "low", "moderate", "high")
HARD_SPACE = "\u00a0"
MINUS = "\u2212"
EN_DASH = "\u2013"
# å, ä and ö are letters of their own, after z; the sorting must not hang on the machine's locale.
_ORDER = str.maketrans({"å": "{", "ä": "|", "ö": "}", "é": "e", "ü": "y", "-": " "})


@cache
def texts() -> dict[str, dict[str, str]]:
    """Every text of the sections by its name, in both languages.

    Raises ``DataError`` where two files have a text of the same name.
    """
    found: dict[str, dict[str, str]] = {}
    for path in sorted((RECORDS / "texts").glob("*.toml")):
        read = tomllib.loads(path.read_text(encoding="utf-8"))
        if twice := sorted(set(read) & set(found)):
            raise DataError(f"{path}: {', '.join(twice)} stands in another file too; rename one of them.")
        found |= read
    return found


def frame_texts() -> dict[str, dict[str, str]]:
    """Every text of the frame round a page, by its name, in both languages."""
    return tomllib.loads((RECORDS / "page_texts.toml").read_text(encoding="utf-8"))


def check_language(language: str) -> None:
    """Refuse a language that the pages are not written in."""
    if language not in LANGUAGES:
        raise UsageError(f"No language {language!r}; there are {' and '.join(LANGUAGES)}.")


class Words:
    """The words of one language: ``words("level_intro", county="…")`` and the number formats."""

    def __init__(self, language: str):
        check_language(language)
        self.language = language
        self._percent = f"{HARD_SPACE}%" if language == "sv" else "%"

    @cached_property
    def _signs(self) -> dict[int, str]:
        # Loaded by the first who writes a number: a plan or a check of records needs none of it.
        from babel.numbers import get_decimal_symbol, get_group_symbol

        language = self.language
        return str.maketrans({",": get_group_symbol(language), ".": get_decimal_symbol(language), "-": MINUS})

    def __call__(self, name: str, /, **values: object) -> str:
        """The text of this name with its placeholders filled in."""
        return texts()[name][self.language].format(**values)

    # --- numbers

    def number(self, value: float, decimals: int = 0) -> str:
        """12345.6 as "12 346"; a missing value as a dash."""
        if value is None or not math.isfinite(value):
            return EN_DASH
        rounded = round(float(value), decimals) + 0.0  # + 0.0 turns -0.0 into 0.0
        return f"{rounded:,.{decimals}f}".translate(self._signs)

    def percent(self, share: float, decimals: int = 0) -> str:
        """0.86 as "86 %"."""
        return self.number(100 * share, decimals) + self._percent

    def chance(self, share: float) -> str:
        """A probability in per cent, never 0 or 100: 0.003 as "<1 %"; a missing one as a dash."""
        if not math.isfinite(share):
            return EN_DASH
        if round(100 * share) in (0, 100):
            return ("<" if share < 0.5 else ">") + self.percent(0.01 if share < 0.5 else 0.99)
        return self.percent(share)

    def deviation(self, ratio: float) -> str:
        """A ratio as a signed percentage: 0.81 as "−19 %", 1.05 as "+5 %", 1 as "0 %"."""
        if ratio is None or not math.isfinite(ratio):
            return EN_DASH
        whole = round(100 * (ratio - 1))
        return ("+" if whole > 0 else "") + self.number(whole) + self._percent

    def distance(self, ratio: float) -> str:
        """A ratio's distance from 1 in per cent, without sign or unit: 0.81 as "19"."""
        return self.number(abs(100 * (ratio - 1)))

    def hundredths(self, share: float) -> str:
        """A share in per cent without the unit, for sentences: 0.86 as "86"."""
        return self.number(100 * share)

    def compared(self, ratio: float) -> str:
        """A ratio in a sentence: "9 procent högre", "2 procent lägre", "oförändrat"."""
        return self._told(ratio, ("percent_higher", "percent_lower", "percent_same"))

    def changed(self, ratio: float, what: str) -> str:
        """A change in a sentence: "minskade antalet med 2 procent", "var antalet oförändrat"."""
        return self._told(ratio, ("rose", "fell", "stayed"), what=what)

    def _told(self, ratio: float, texts: tuple[str, str, str], **values: str) -> str:
        whole = round(100 * (ratio - 1))
        name = texts[0] if whole > 0 else texts[1] if whole < 0 else texts[2]
        return self(name, n=self.number(abs(whole)), **values)

    def range(self, low: str, high: str) -> str:
        """Two numbers as a range; with a word between them as soon as one is negative."""
        if MINUS in low + high:
            return f"{low} {self('to')} {high}".replace(" ", HARD_SPACE)
        return f"{low}{EN_DASH}{high}"

    def years(self, first: int, last: int) -> str:
        """ "2013–2016", or "2013" where both are the same."""
        return str(first) if first == last else f"{first}{EN_DASH}{last}"

    def rate_range(self, lower: float, upper: float) -> str:
        """Limits of a rate or count."""
        return self.range(self.number(lower), self.number(upper))

    def deviation_range(self, lower: float, upper: float) -> str:
        """Limits of a ratio as percentages: "13–25 %" below, "−3 till 22 %" across zero.

        Where both limits lie on the same side of zero the range is told without signs, smallest
        first, for use after "högre" or "lägre".
        """
        if not (math.isfinite(lower) and math.isfinite(upper)):
            return EN_DASH
        if upper <= 1:
            lower, upper = 2 - upper, 2 - lower
        return self.range(self._limit(lower), self._limit(upper)) + self._percent

    def signed_range(self, lower: float, upper: float) -> str:
        """Limits of a ratio as signed percentages, for tables: "−25 till −13 %"."""
        if not (math.isfinite(lower) and math.isfinite(upper)):
            return EN_DASH
        return self.range(self._limit(lower), self._limit(upper)) + self._percent

    def _limit(self, ratio: float) -> str:
        """A limit in per cent; with a decimal near zero, so that its side can be seen: "0,3"."""
        percent = 100 * (ratio - 1)
        return self.number(percent, 0 if round(percent) else 1) if round(percent, 1) else self.number(0)

    def count_word(self, count: int, *, neuter: bool = False) -> str:
        """Small counts of things as words: 5 as "fem"; 1 of a neuter thing as "ett"."""
        words = self("number_words_neuter" if neuter else "number_words").split()
        return words[count] if 0 <= count < len(words) else self.number(count)

    def count_words(self, *counts: int) -> list[str]:
        """Counts in one sentence: all as words, or all as digits where one is large ("ingen" stays)."""
        small = max(counts) < len(self("number_words").split())
        return [self.count_word(count) if small or count == 0 else self.number(count) for count in counts]

    # --- words

    def verb(self, count: int) -> str:
        """The verb that goes with so many: "ligger"; "is" or "are"."""
        return self("verb_one" if count <= 1 else "verb_many")

    def verdict(self, verdict: str) -> str:
        """What the intervals allow to say: "clearly_higher" as "tydligt högre"."""
        return self(f"verdict_{verdict}")

    def names(self, names: Iterable[str], most: int = 6) -> str:
        """Names in the language's order: "A, B och C"; beyond ``most`` "… och fyra till"."""
        ordered = sorted(names, key=swedish_order)
        if len(ordered) > most:
            rest = self("and_more", n=self.count_word(len(ordered) - most + 1))
            return ", ".join(ordered[: most - 1]) + f" {rest}"
        return self.listed(ordered)

    def listed(self, things: Sequence[str]) -> str:
        """Things in the order given: "A, B och C"; with "samt" where one of them holds an "och"."""
        if len(things) < 2:
            return "".join(things)
        first, last = ", ".join(things[:-1]), things[-1]
        if any(f" {self('and')} " in thing for thing in things):
            return self("and_also", first=first, last=last)
        return f"{first} {self('and')} {last}"

    def month(self, number: int, *, short: bool = False) -> str:
        """The name of a month, 1–12."""
        return self("months_short" if short else "months").split()[number - 1]

    def period(self, year: int, status: str) -> str:
        """ "2016 (preliminärt)" or "2015"."""
        return self("period_preliminary", year=year) if status == "preliminary" else str(year)


def split(text: str) -> tuple[str, str]:
    """The two halves of a text written "term|explanation"."""
    term, _, explanation = text.partition("|")
    return term, explanation


def swedish_order(name: str) -> str:
    """Sort key with å, ä and ö last, case and hyphens without weight, as Swedish readers expect."""
    return name.casefold().translate(_ORDER)


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
