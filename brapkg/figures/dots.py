"""Dots with intervals: ratios on a log axis, and the year wheel as a strip of twelve months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from brapkg.figures.drawing import HALO, ROLES, Margins, Picture, picture, text_width
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

    def draw(axes: Axes, narrow: bool) -> None:
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        axes.set_ylim(depth, -0.12)
        axes.spines["bottom"].set_visible(False)
        axes.yaxis.set_major_locator(NullLocator())
        _ratio_axis(axes, words, one, narrow)
        width = axes.get_position().width * axes.figure.get_figwidth()

        def x(inches: float) -> float:
            """Axes fraction of a place so many inches from the axes' left edge."""
            return inches / width

        _marks(axes, [(item, y) for kind, item, y in places if kind == "row" and np.isfinite(item.value)])
        at_axes = axes.get_yaxis_transform()
        for kind, item, y in places:
            line = y + BASE
            if kind == "heading":
                axes.text(
                    x(-_left(narrow)), line, item, transform=at_axes, fontsize=8.5, weight="bold", color=ROLES["muted"]
                )
                continue
            weight = "bold" if item.strong else "normal"
            axes.text(
                x(-_left(narrow)), line, item.label, transform=at_axes, weight=weight, fontsize=8 if narrow else 8.5
            )
            right = width + 0.12
            if narrow:
                axes.text(
                    x(width + 0.62),
                    line,
                    item.note or words.deviation(item.value),
                    transform=at_axes,
                    ha="right",
                    weight=weight,
                    fontsize=8,
                )
            else:
                axes.text(
                    x(right + 0.5),
                    line,
                    words.deviation(item.value),
                    transform=at_axes,
                    ha="right",
                    weight=weight,
                    fontsize=8.5,
                )
                axes.text(x(right + 0.6), line, item.words, transform=at_axes, color=ROLES["muted"], fontsize=8.5)

    height = depth + 0.42
    sides = (Margins(_left(False), 2.1, 0.3, 0.12), Margins(_left(True), 0.66, 0.3, 0.12))
    return picture(draw, name=name, title=title, description=description, heights=(height, height), margins=sides)


def _left(narrow: bool) -> float:
    return 1.32 if narrow else 1.62


def _places(blocks: Sequence[Block]) -> tuple[list, float]:
    """Where headings and rows stand, in inches from the top, and how deep they reach."""
    places, y = [], 0.05
    for block in blocks:
        y += GAP if places else 0
        if block.heading:
            places.append(("heading", block.heading, y))
            y += ROW
        for number, row in enumerate(block.rows):
            if number and number % FIVE == 0 and len(block.rows) > LONG and len(block.rows) - number > 2:
                y += AIR
            places.append(("row", row, y))
            y += ROW
    return places, y - ROW / 2


def _span(rows: Sequence[Row]) -> tuple[float, float]:
    """Limits that hold every interval, at least a quarter to each side, within those of the axis."""
    ends = np.array([[r.lower, r.upper, r.value, r.raw] for r in rows], dtype=float).ravel()
    ends = ends[np.isfinite(ends) & (ends > 0)]
    low = min([0.72, *ends]) * 0.96
    high = max([1.32, *ends]) * 1.04
    return max(low, LOWEST), min(high, HIGHEST)


def _ratio_axis(axes: Axes, words: Words, one: str, narrow: bool) -> None:
    low, high = axes.get_xlim()
    width = axes.get_position().width * axes.figure.get_figwidth()
    texts = {t: one if t == 1 else words.deviation(t) for t in RATIOS if low <= t <= high}

    def span(tick: float) -> tuple[float, float]:
        """Where a tick's label begins and ends, in inches from the line of 1."""
        at, half = np.log(tick) / np.log(high / low) * width, text_width(texts[tick], TICK) / 2
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
    axes.xaxis.set_major_locator(FixedLocator(kept))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.tick_top()
    axes.set_xticks(kept, [texts[t] for t in kept], fontsize=TICK)
    axes.grid(axis="x")
    axes.axvline(1, color=ROLES["muted"], linewidth=1.2, zorder=1)


def _marks(axes: Axes, rows: Sequence[tuple[Row, float]]) -> None:
    """Intervals, raw values and dots of all rows that have a value, each kind drawn at once."""
    low, high = axes.get_xlim()
    for row, y in rows:
        for beyond, edge, arrow in ((row.lower < low, low, "<"), (row.upper > high, high, ">")):
            if beyond:
                axes.plot([edge], [y], arrow, markersize=4.5, color=ROLES["accent"], clip_on=False)
    starts, ends = [max(row.lower, low) for row, _ in rows], [min(row.upper, high) for row, _ in rows]
    axes.hlines([y for _, y in rows], starts, ends, colors=ROLES["accent"], linewidth=1.8, capstyle="round", zorder=2)
    raw = [(row.raw, y) for row, y in rows if np.isfinite(row.raw) and low < row.raw < high]
    axes.vlines(
        [x for x, _ in raw],
        [y - 0.055 for _, y in raw],
        [y + 0.055 for _, y in raw],
        colors=ROLES["context"],
        linewidth=1.4,
        zorder=2.1,
    )
    # A value beyond the axis has only its arrowhead; the number is beside the row.
    shown = [(row, y) for row, y in rows if low <= row.value <= high]
    for sure, face in ((True, ROLES["accent"]), (False, ROLES["bg"])):
        part = [(row.value, y) for row, y in shown if (row.verdict in SURE) == sure]
        axes.plot(
            [x for x, _ in part],
            [y for _, y in part],
            "o",
            markersize=6,
            markerfacecolor=face,
            markeredgecolor=ROLES["accent"],
            markeredgewidth=1.6,
            zorder=3,
        )


def year_wheel(season, words: Words, *, name: str, title: str, description: str) -> Picture:
    """The year wheel: each month's deviation from the mean month, with its interval.

    ``season`` is a slice of the table of that name: month, value, lower, upper, verdict.
    """
    reach = max(0.12, np.nanmax(np.abs(season[["lower", "upper"]].to_numpy() - 1)))
    extremes = {season["value"].idxmax(), season["value"].idxmin()}

    def draw(axes: Axes, narrow: bool) -> None:
        axes.set_xlim(0.4, 12.6)
        half = axes.get_position().height * axes.figure.get_figheight() / 2
        span = reach * half / (half - 0.2)  # room for a label beyond the longest interval
        axes.set_ylim(1 - span, 1 + span)
        axes.spines["bottom"].set_visible(False)
        step = 0.1 if span < 0.35 else 0.25
        ticks = np.arange(-4, 5) * step + 1
        ticks = [t for t in ticks if 1 - span < t < 1 + span]
        axes.set_yticks(ticks, [words("mean_month") if abs(t - 1) < 1e-9 else words.deviation(t) for t in ticks])
        axes.grid(axis="y")
        axes.axhline(1, color=ROLES["muted"], linewidth=1.2, zorder=1)
        names = [words.month(m, short=True) for m in range(1, 13)]
        axes.set_xticks(range(1, 13), [n[0].upper() if narrow else n for n in names])
        for row in season.itertuples():
            sure = row.verdict in SURE
            colour = ROLES["accent"] if sure else ROLES["context"]
            axes.plot([row.month] * 2, [row.lower, row.upper], color=colour, linewidth=1.8)
            axes.plot(
                [row.month],
                [row.value],
                "o",
                markersize=6,
                markeredgewidth=1.6,
                markerfacecolor=colour if sure else ROLES["bg"],
                markeredgecolor=colour,
            )
            if sure and (not narrow or row.Index in extremes):
                up = row.value > 1
                axes.annotate(
                    words.deviation(row.value),
                    (row.month, row.upper if up else row.lower),
                    xytext=(0, 4 if up else -4),
                    textcoords="offset points",
                    ha="center",
                    va="bottom" if up else "top",
                    fontsize=8,
                    weight="bold",
                    color=colour,
                    gid=HALO,
                )

    sides = (Margins(0.72, 0.1, 0.22, 0.3), Margins(0.62, 0.12, 0.22, 0.3))
    return picture(draw, name=name, title=title, description=description, heights=(2.6, 2.5), margins=sides)
