"""What must hold within a row of a study: its source, its numbers, and what it says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from brapkg.evidence.kinds import RATIOS, Study

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_DAY = re.compile(r"(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
URL = re.compile(r"https?://[^\s/.]+(\.[^\s/.]+)+(/\S*)?")
FIRST_YEAR = 1950
# The field, and what is wrong with it.
Faults = Iterator[tuple[str, str]]


def of_row(row: Study) -> Faults:
    """Every fault within a row."""
    yield from _source(row)
    yield from _shape(row)
    if row.metric != "words" and row.estimate is not None:
        yield from _numbers(row)
        yield from _direction(row)


def _source(row: Study) -> Faults:
    if row.doi and not _DOI.fullmatch(row.doi):
        yield "doi", f"found {row.doi!r}; must be as 10.1111/1745-9133.12419, without address, or empty."
    if not URL.fullmatch(row.url):
        yield "url", f"found {row.url!r}; must be an address, http(s)://…"
    day = _DAY.fullmatch(row.checked)
    if not day:
        yield "checked", f"found {row.checked!r}; must be a day as 2026-11-22."
    elif not FIRST_YEAR <= row.year <= int(day[1]):
        yield "year", f"found {row.year}; must lie from {FIRST_YEAR} to {day[1]}, when it was checked."
    if row.studies is not None and row.studies < 0:
        yield "studies", f"found {row.studies}; must be 0 or more."


def _shape(row: Study) -> Faults:
    """Which of the numbers are there."""
    if (row.lower is None) != (row.upper is None):
        yield "lower, upper", "only one of them is there; write both or none."
    elif row.lower is not None and row.estimate is None:
        yield "lower, upper", "there is an interval without an estimate; write it."
    if row.metric == "words":
        if row.estimate is not None:
            yield "estimate", f"found {row.estimate} with metric 'words'; name the metric or leave it out."
        if row.favourable:
            yield "favourable", f"found {row.favourable!r}; must be empty with metric 'words'."
        return
    if row.estimate is None:
        yield "estimate", f"is missing with metric {row.metric!r}; write it, or the metric 'words'."
    if not row.favourable:
        yield "favourable", f"is empty with metric {row.metric!r}; say 'below' or 'above'."
    if row.sure and row.direction in ("none", "unknown"):
        yield "sure", f"found true with direction {row.direction!r}; mend one of them."


def _numbers(row: Study) -> Faults:
    least = 0 if row.metric in RATIOS else -1 if row.metric == "relative change" else float("-inf")
    for name in ("estimate", "lower", "upper"):
        value = getattr(row, name)
        if value is not None and not least < value < float("inf"):
            yield name, f"found {value}; must be a number above {least} with metric {row.metric!r}."
    if _interval(row) and not row.lower <= row.estimate <= row.upper:
        yield "estimate", f"{row.estimate} lies outside its interval {row.lower} to {row.upper}; mend one of them."


def _direction(row: Study) -> Faults:
    """The direction told must be what the numbers say."""
    holds_null = _interval(row) and row.lower <= row.null <= row.upper
    if holds_null and row.direction in ("reduces", "harmful"):
        yield (
            "direction",
            f"found {row.direction!r}, but the interval holds no effect ({row.null:g}); say 'none' or 'mixed'.",
        )
    if holds_null and row.sure:
        yield "sure", f"found true, but the interval holds no effect ({row.null:g})."
    if _interval(row) and not holds_null and row.direction == "none":
        yield "direction", f"found 'none', but the interval leaves out no effect ({row.null:g})."
    if row.favourable and row.direction in ("reduces", "harmful") and row.estimate != row.null:
        good = (row.estimate < row.null) == (row.favourable == "below")
        if good != (row.direction == "reduces"):
            side = "good" if good else "bad"
            yield (
                "direction",
                f"found {row.direction!r}, but {row.estimate} is {side} where {row.favourable!r} is favourable.",
            )


def _interval(row: Study) -> bool:
    return row.lower is not None and row.upper is not None
