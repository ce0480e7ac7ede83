"""Dots with intervals: ratios on a log axis, and the year wheel as a strip of twelve months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brapkg.figures.canvas import LABEL, above, below
from brapkg.figures.drawing import Canvas, Margins, Picture, picture, text_width
from brapkg.wording import Words

SURE = ("clearly_higher", "clearly_lower", "probably_higher", "probably_lower")
RATIOS = (0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4)
# The axis reaches no further than this, or a single wide interval would squeeze all others; what
# lies beyond ends in an arrowhead.
LOWEST, HIGHEST = 0.19, 4.2
ROW, GAP = 0.185, 0.12
# In long blocks some air after every fifth row, so that the eye keeps its line.
LONG, FIVE, AIR = 9, 5, 0.07
TICK = 8
DOT, EDGE = 6, 1.6
# From the middle of a row down to its letters' base line; letters with rings would push a centred text.
BASE = 0.042


@dataclass(frozen=True)
class Row:
    """One line of a dot chart. ``value`` is a ratio, NaN where there is none to show."""

    label: str
    value: float
    lower: float
    upper: float
    verdict: str
    words: str
    note: str = ""
    raw: float = float("nan")
    strong: bool = False


@dataclass(frozen=True)
class Block:
    """Rows under a common heading (which may be empty)."""

    rows: Sequence[Row]
    heading: str = ""


def ratios(blocks: Sequence[Block], words: Words, *, name: str, title: str, description: str, one: str) -> Picture:
    """Ratios as dots with 95 % intervals on a log axis; filled where chance seldom gives them.

    Parameters
    ----------
    blocks : what to show, from the top; blocks without rows are left out
    one : str, the word at the line of 1 ("Riket", "gruppen")
    """
    blocks = [block for block in blocks if block.rows]
    places, depth = _places(blocks)
    low, high = _span([row for block in blocks for row in block.rows])

    def draw(canvas: Canvas, narrow: bool) -> None:
        canvas.scale((low, high), (depth, -0.12), log=True)
        _ratio_axis(canvas, (low, high), words, one)
        _marks(canvas, [(row, y) for row, y in places if isinstance(row, Row) and np.isfinite(row.value)], low, high)
        size = 8 if narrow else LABEL
        start, told = canvas.left - _left(narrow), canvas.right + 0.62
        for item, y in places:
            line = float(canvas.y(y + BASE))
            if not isinstance(item, Row):
                canvas.text(start, line, item, role="muted", bold=True)
                continue
            canvas.text(start, line, item.label, size, bold=item.strong)
            deviation = words.deviation(item.value)
            if narrow:
                canvas.text(told, line, item.note or deviation, size, bold=item.strong, align="right")
            else:
                canvas.text(told, line, deviation, size, bold=item.strong, align="right")
                canvas.text(told + 0.1, line, item.words, size, "muted")

    height = depth + 0.42
    sides = (Margins(_left(False), 2.1, 0.3, 0.12), Margins(_left(True), 0.66, 0.3, 0.12))
    return picture(draw, name=name, title=title, description=description, heights=(height, height), margins=sides)


def _left(narrow: bool) -> float:
    return 1.32 if narrow else 1.62


def _places(blocks: Sequence[Block]) -> tuple[list[tuple[Row | str, float]], float]:
    """Headings and rows, how far from the top each stands, and how deep they reach."""
    places, y = [], 0.05
    for block in blocks:
        y += GAP if places else 0
        if block.heading:
            places.append((block.heading, y))
            y += ROW
        for number, row in enumerate(block.rows):
            if number and number % FIVE == 0 and len(block.rows) > LONG and len(block.rows) - number > 2:
                y += AIR
            places.append((row, y))
            y += ROW
    return places, y - ROW / 2


def _span(rows: Sequence[Row]) -> tuple[float, float]:
    """Limits that hold every interval, at least a quarter to each side, within those of the axis."""
    ends = np.array([[r.lower, r.upper, r.value, r.raw] for r in rows], dtype=float).ravel()
    ends = ends[np.isfinite(ends) & (ends > 0)]
    low = min([0.72, *ends]) * 0.96
    high = max([1.32, *ends]) * 1.04
    return max(low, LOWEST), min(high, HIGHEST)


def _ratio_axis(canvas: Canvas, limits: tuple[float, float], words: Words, one: str) -> None:
    low, high = limits
    texts = {t: one if t == 1 else words.deviation(t) for t in RATIOS if low <= t <= high}

    def span(tick: float) -> tuple[float, float]:
        """Where a tick's label begins and ends."""
        at, half = canvas.x(tick), text_width(texts[tick], TICK) / 2
        return at - half, at + half

    # Labels need room: the line of 1 first, then outwards, skipping those that would touch.
    kept = [1.0]
    for side in (sorted((t for t in texts if t < 1), reverse=True), [t for t in texts if t > 1]):
        last = 1.0
        for tick in side:
            (begins, ends), (begun, ended) = span(tick), span(last)
            if begins - ended > 0.08 or begun - ends > 0.08:
                kept.append(tick)
                last = tick
    canvas.upright(canvas.x(kept))
    canvas.upright([canvas.x(1)], "muted", 1.2)
    canvas.ticks_above(canvas.x(kept), [texts[tick] for tick in kept], TICK)


def _marks(canvas: Canvas, rows: Sequence[tuple[Row, float]], low: float, high: float) -> None:
    """Intervals, raw values and dots of all rows that have a value, each kind drawn at once."""
    inside = [(row, y) for row, y in rows if row.lower < high and row.upper > low]
    ends = canvas.x([(max(row.lower, low), min(row.upper, high)) for row, _ in inside]).reshape(-1, 2)
    levels = canvas.y([y for _, y in inside])
    canvas.lines(([(a, y), (b, y)] for (a, b), y in zip(ends, levels, strict=True)), "accent", 1.8, round=True)
    for towards, edge, beyond in (
        ("left", low, [y for row, y in rows if row.lower < low]),
        ("right", high, [y for row, y in rows if row.upper > high]),
    ):
        canvas.arrowheads([canvas.x(edge)] * len(beyond), canvas.y(beyond), 4.5, towards, "accent", 1)
    raw = [(canvas.x(row.raw), canvas.y([y - 0.055, y + 0.055])) for row, y in rows if low < row.raw < high]
    canvas.lines(([(x, y) for y in ys] for x, ys in raw), "context", 1.4)
    # A value beyond the axis has only its arrowhead; the number is beside the row.
    shown = [(row, y) for row, y in rows if low <= row.value <= high]
    for sure, face in ((True, "accent"), (False, "bg")):
        part = [(row.value, y) for row, y in shown if (row.verdict in SURE) == sure]
        canvas.dots(canvas.x([x for x, _ in part]), canvas.y([y for _, y in part]), DOT, face, "accent", EDGE)


def year_wheel(season, words: Words, *, name: str, title: str, description: str) -> Picture:
    """The year wheel: each month's deviation from the mean month, with its interval.

    ``season`` is a slice of the table of that name: month, value, lower, upper, verdict.
    """
    reach = max(0.12, np.nanmax(np.abs(season[["lower", "upper"]].to_numpy() - 1)))
    extremes = {season["value"].idxmax(), season["value"].idxmin()}

    def draw(canvas: Canvas, narrow: bool) -> None:
        half = canvas.up / 2
        span = reach * half / (half - 0.2)  # room for a label beyond the longest interval
        canvas.scale((0.4, 12.6), (1 - span, 1 + span))
        step = 0.1 if span < 0.35 else 0.25
        ticks = [t for t in np.arange(-4, 5) * step + 1 if 1 - span < t < 1 + span]
        canvas.level(canvas.y(ticks))
        canvas.level([canvas.y(1)], "muted", 1.2)
        canvas.ticks_left(
            canvas.y(ticks), [words("mean_month") if abs(t - 1) < 1e-9 else words.deviation(t) for t in ticks]
        )
        names = [words.month(m, short=True) for m in range(1, 13)]
        canvas.ticks_below(canvas.x(range(1, 13)), [n[0].upper() if narrow else n for n in names])
        for row in season.itertuples():
            sure = row.verdict in SURE
            colour, x = "accent" if sure else "context", canvas.x(row.month)
            lower, value, upper = canvas.y([row.lower, row.value, row.upper])
            canvas.line([x, x], [lower, upper], colour, 1.8)
            canvas.dots([x], [value], DOT, colour if sure else "bg", colour, EDGE)
            if sure and (not narrow or row.Index in extremes):
                line = upper - 4 / 72 - below(8) if row.value > 1 else lower + 4 / 72 + above(8)
                canvas.text(x, line, words.deviation(row.value), 8, colour, bold=True, align="center", halo=True)

    sides = (Margins(0.72, 0.1, 0.22, 0.3), Margins(0.62, 0.12, 0.22, 0.3))
    return picture(draw, name=name, title=title, description=description, heights=(2.6, 2.5), margins=sides)
