"""Reasons why a measure cannot be evaluated as it is laid out, and the months that its window has.

Each function returns sentences for people: what was found, what is needed, the remedy.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from brapkg import areas, catalogue
from brapkg.effects.register import Measure
from brapkg.settings import settings
from brapkg.shown import Tables

BEFORE = 12  # a whole year, so that the season cancels
MOST_AFTER = 12
FEWEST_AFTER = 6
PARTS = ("treated", "comparison", "nearby")
HOW = (
    "months of single municipalities come only from Brå's monthly exports: put them in data/raw/bra and run "
    "`brapkg build` (data/raw/bra/README.md says how), or follow the measure by county"
)


def named(measure: Measure) -> tuple[str, ...]:
    """Codes of every area of a measure, each once."""
    return tuple(dict.fromkeys([*measure.treated, *measure.comparison, *measure.nearby]))


def at_of(month: tuple[int, int]) -> int:
    """A month as year * 12 + month - 1."""
    return month[0] * 12 + month[1] - 1


def told_month(at: int) -> str:
    """ "2014-01" of a month counted as year * 12 + month - 1."""
    return f"{at // 12}-{at % 12 + 1:02d}"


def overlaps(measure: Measure) -> list[str]:
    """Areas that stand in two places, or lie in one another."""
    told = []
    listed = [(part, code) for part in PARTS for code in getattr(measure, part)]
    for number, (part, code) in enumerate(listed):
        for other, earlier in listed[:number]:
            if code == earlier:
                told.append(f"{area_name(code)} is both {other} and {part}; it can be only one of them.")
            elif code[:2] == earlier[:2] and 2 in (len(code), len(earlier)):
                inner, outer = (code, earlier) if len(code) > len(earlier) else (earlier, code)
                roles = f"{other} and {part}" if other != part else f"both {part}"
                told.append(f"{area_name(inner)} lies in {area_name(outer)} ({roles}); name one of them.")
    if len({areas.get(code).kind for _, code in listed}) > 1:
        told.append("counties and municipalities are mixed; name areas of one kind in treated, comparison and nearby.")
    for part in ("treated", "comparison"):
        if not getattr(measure, part):
            told.append(f"no {part} area is named; name at least one.")
    return told


def treated_elsewhere(measure: Measure, others: Iterable[Measure]) -> list[str]:
    """Comparison areas in which another measure of the register was at work on the same offences in these months."""
    start = at_of(measure.start)
    first, last = start - BEFORE, start + measure.run_in + MOST_AFTER - 1
    told = []
    for other in others:
        ended = other.end is not None and at_of(other.end) < first
        if other.placebo or other.id == measure.id or other.outcome != measure.outcome or ended:
            continue
        shared = [code for code in measure.comparison if code in other.treated]
        if shared and at_of(other.start) <= last:
            names = ", ".join(area_name(code) for code in shared)
            told.append(f"{names}: is treated by measure {other.id} in these months; choose another comparison area.")
    return told


def area_name(code: str) -> str:
    return f"{code} {areas.get(code).name}"


def without_months(measure: Measure, series: dict[str, pd.DataFrame]) -> list[str]:
    lacking = [code for code, rows in series.items() if rows.empty]
    if not lacking:
        return []
    names = ", ".join(area_name(code) for code in lacking[:6]) + (" …" if len(lacking) > 6 else "")
    how = HOW if any(len(code) == 4 for code in lacking) else "the store holds no months of this series"
    return [f"there are no months of {measure.outcome} for {names}: {how}."]


def window(measure: Measure, first: int, last: int) -> tuple[tuple[int, int] | None, list[str]]:
    """First and last month of the window, and what is wrong with it."""
    start = at_of(measure.start)
    span = f"the figures reach from {told_month(first)} to {told_month(last)}"
    if not first <= start <= last:
        return None, [
            f"the start {told_month(start)} lies outside the figures: {span}. Mend the start, or add figures."
        ]
    told = []
    if start - first < BEFORE:
        told.append(
            f"there are {start - first} months before the start {told_month(start)}, and {BEFORE} are needed: {span}."
        )
    begins = start + measure.run_in
    ends = min(begins + MOST_AFTER - 1, last, at_of(measure.end) if measure.end else last)
    if ends - begins + 1 < FEWEST_AFTER:
        end = f", the measure ended {told_month(at_of(measure.end))}" if measure.end else ""
        told.append(
            f"there are {max(ends - begins + 1, 0)} months after the run-in, and {FEWEST_AFTER} are needed: "
            f"{span}{end}. Wait for more months, or mend run_in or end."
        )
        return None, told
    return (start - BEFORE, ends), told


def breaks(measure: Measure, window: tuple[int, int]) -> list[str]:
    inside = np.arange(window[0], window[1] + 1)
    return [
        f"the series is counted in another way from {known.year}-{known.month:02d} ({known.title_en}), within the "
        f"months {told_month(window[0])} to {told_month(window[1])}: a change there need not be the measure's. "
        "Evaluate it with months on one side of the break (an earlier end, or a shorter run_in), or not at all."
        for known in catalogue.breaks()
        if known.concerns(measure.outcome) and known.position(inside) is not None
    ]


def gaps(series: dict[str, pd.DataFrame], window: tuple[int, int]) -> list[str]:
    known = set().union(*(rows["at"].tolist() for rows in series.values()))
    inside, told = set(range(window[0], window[1] + 1)) & set(range(min(known), max(known) + 1)), []
    for code, rows in series.items():
        lacking = sorted(inside - set(rows["at"].tolist()))
        if lacking and len(rows):
            some = ", ".join(map(told_month, lacking[:4])) + (" …" if len(lacking) > 4 else "")
            how = HOW if len(code) == 4 else "add the exports of every municipality of the county"
            told.append(f"{area_name(code)} lacks {len(lacking)} of {len(inside)} months ({some}): {how}.")
    return told


def small(measure: Measure, tables: Tables, window: tuple[int, int]) -> list[str]:
    """Where sums of the window would tell what the workspace keeps back of years."""
    years = range(window[0] // 12, window[1] // 12 + 1)
    hidden = [c for c in named(measure) if any((c, measure.outcome, y, 0) in tables.withheld for y in years)]
    if not hidden:
        return []
    limit = settings().largest_hidden["year"]
    names = ", ".join(area_name(code) for code in hidden[:6])
    return [f"years of {names} are kept back (settings.toml, [disclosure] year = {limit}): too few to be evaluated."]
