"""The kinds of rules for what a setting may hold: each tells what is wrong with a value, and itself as JSON Schema."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from brapkg import areas
from brapkg.errors import UsageError

# Kinds of areas that have a page.
WITH_PAGES = ("nation", "county", "municipality")
# Signs that cannot be seen, or that turn the reading order of the line they stand in.
UNSEEN = "[\\u0000-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff]"
LONGEST = 60
MOST_AREAS = 400


@dataclass(frozen=True)
class Number:
    """A number from ``low`` to ``high``, or ``also``."""

    low: float
    high: float
    whole: bool = False
    also: int | None = None

    def problem(self, value: object) -> str:
        """Why the value cannot be used; empty text where it can."""
        number = isinstance(value, int if self.whole else (int, float)) and not isinstance(value, bool)
        if number and (self.low <= value <= self.high or (self.also is not None and value == self.also)):
            return ""
        kind = "a whole number" if self.whole else "a number"
        also = "" if self.also is None else f"{self.also}, or "
        return f"found {found(value)}; must be {also}{kind} from {self.low} to {self.high}."

    def schema(self) -> dict:
        """The rule as JSON Schema."""
        limits = {"minimum": self.low, "maximum": self.high}
        kind = {"type": "integer" if self.whole else "number"}
        return kind | (limits if self.also is None else {"anyOf": [{"enum": [self.also]}, limits]})


@dataclass(frozen=True)
class Text:
    """One line of text, at most ``longest`` characters, of the form ``pattern`` (``form`` says it in words)."""

    longest: int
    pattern: str = ".*"
    form: str = ""

    def problem(self, value: object) -> str:
        """Why the value cannot be used; empty text where it can."""
        what = f"must be one line of text in quotes, at most {self.longest} characters{self.form and f': {self.form}'}."
        if isinstance(value, str) and re.search(UNSEEN, value):
            # In TOML "\\r" in "C:\\rapporter" is a line break.
            hint = " In paths write / and not \\."
            return f"found {found(value)}, which holds a line break or a sign that cannot be seen; {what}{hint}"
        if isinstance(value, str) and len(value) <= self.longest and re.fullmatch(self.pattern, value):
            return ""
        return f"found {found(value)}; {what}"

    def schema(self) -> dict:
        """The rule as JSON Schema."""
        signs = {"not": {"pattern": UNSEEN}}
        return {"type": "string", "maxLength": self.longest, "pattern": f"^{self.pattern}$", **signs}


@dataclass(frozen=True)
class Some:
    """A list of one or more of ``options``, each once, in an order that the reader of it may use."""

    options: tuple[str, ...]

    def problem(self, value: object) -> str:
        """Why the value cannot be used; empty text where it can."""
        allowed = f"must be a list of one or more of {', '.join(map(found, self.options))}, each once."
        if not isinstance(value, list) or not value:
            return f"found {found(value)}; {allowed}"
        wrong = [one for one in value if one not in self.options]
        if wrong:
            near = [f"{found(one)}{_meant(one, self.options)}" for one in wrong]
            return f"found {', '.join(near)} in the list; {allowed}"
        return f"found {', '.join(map(found, twice))} twice; {allowed}" if (twice := _twice(value)) else ""

    def schema(self) -> dict:
        """The rule as JSON Schema."""
        return {"type": "array", "items": {"enum": [*self.options]}, "minItems": 1, "uniqueItems": True}


@dataclass(frozen=True)
class Areas:
    """A list of codes or names of areas that have pages, each once; it may be empty."""

    def problem(self, value: object) -> str:
        """Why the value cannot be used; empty text where it can."""
        allowed = 'must be a list of codes or names in quotes, such as ["24", "2403"], each area once.'
        if not isinstance(value, list):
            return f"found {found(value)}; {allowed}"
        if len(value) > MOST_AREAS:
            return f"found {len(value)} areas; {allowed}"
        wrong = [why for one in value if (why := _no_page(one))]
        codes = [areas.find(one).code for one in value if not _no_page(one)]
        twice = [areas.get(code) for code in _twice(codes)]
        wrong += [f"found {area.code} {area.name} twice." for area in twice]
        return f"{' '.join(wrong)} It {allowed}" if wrong else ""

    def schema(self) -> dict:
        """The rule as JSON Schema, which cannot tell the names of areas."""
        items = {"type": "string", "minLength": 2, "maxLength": LONGEST}
        return {"type": "array", "items": items, "maxItems": MOST_AREAS, "uniqueItems": True}


Rule = Number | Text | Some | Areas


def found(value: object) -> str:
    """A value as TOML writes it, shortened."""
    if isinstance(value, (date, datetime, time)):
        return str(value)
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except ValueError:  # more digits than Python writes out
        return "a number of thousands of digits"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def meant(name: str, names: Sequence[str]) -> str:
    """The name that is nearest to a misspelt one, or empty text."""
    return next(iter(difflib.get_close_matches(name[:LONGEST].casefold(), names, n=1)), "")


def _meant(value: object, options: tuple[str, ...]) -> str:
    near = meant(value, options) if isinstance(value, str) else ""
    return near and f" (did you mean {found(near)}?)"


def _no_page(value: object) -> str:
    """Why this is no area that has a page; empty text where it is one."""
    if not isinstance(value, str):
        return f'found {found(value)}, which is no text: write a code in quotes, with its zeros, such as "09".'
    if not 2 <= len(value) <= LONGEST:
        return f"found {found(value)}, which is no code or name of an area."
    try:
        area = areas.find(value)
    except UsageError as error:
        return str(error)
    kind = area.kind.replace("_", " ")
    return "" if area.kind in WITH_PAGES else f"found {found(value)}, which is a {kind} and has no page."


def _twice(values: list) -> list:
    return list(dict.fromkeys(one for one in values if values.count(one) > 1))
