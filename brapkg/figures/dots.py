"""Dots with intervals: ratios on a log axis, and the year wheel as a strip of twelve months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from brapkg.figures.drawing import ROLES, Margins, Picture, picture
from brapkg.wording import Words

SURE = ("clearly_higher", "clearly_lower", "probably_higher", "probably_lower")
RATIOS = (0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 5)
ROW, GAP = 0.2, 0.14


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


def ratios(
    blocks: Sequence[Block], words: Words, *, name: str, title: str, description: str, one: str
) -> Picture:
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

        at_axes = axes.get_yaxis_transform()
        for kind, item, y in places:
            if kind == "heading":
                axes.text(x(-_left(narrow)), y, item, transform=at_axes, fontsize=8.5, weight="bold",
                          color=ROLES["muted"], va="center")
                continue
            weight = "bold" if item.strong else "normal"
            axes.text(x(-_left(narrow)), y, item.label, transform=at_axes, va="center", weight=weight,
                      fontsize=8 if narrow else 8.5)
            _dot(axes, item, y)
            right = width + 0.12
            if narrow:
                axes.text(x(width + 0.62), y, item.note or words.deviation(item.value), transform=at_axes,
                          va="center", ha="right", weight=weight, fontsize=8)
            else:
                axes.text(x(right + 0.5), y, words.deviation(item.value), transform=at_axes,
                          va="center", ha="right", weight=weight, fontsize=8.5)
                axes.text(x(right + 0.6), y, item.words, transform=at_axes, va="center",
                          color=ROLES["muted"], fontsize=8.5)

    height = depth + 0.42
    sides = (Margins(_left(False), 2.1, 0.3, 0.12), Margins(_left(True), 0.66, 0.3, 0.12))
    return picture(
        draw, name=name, title=title, description=description, heights=(height, height), margins=sides
    )


def _left(narrow: bool) -> float:
    return 1.32 if narrow else 1.62


def _places(blocks: Sequence[Block]) -> tuple[list, float]:
    """Where headings and rows stand, in inches from the top, and how deep they reach."""
    places, y = [], 0.05
    for block in blocks:
        if block.heading:
            y += GAP if places else 0
            places.append(("heading", block.heading, y))
            y += ROW
        for row in block.rows:
            places.append(("row", row, y))
            y += ROW + (GAP / 2 if row.strong else 0)
    return places, y


def _span(rows: Sequence[Row]) -> tuple[float, float]:
    """Limits that hold every interval, at least a quarter to each side, at most a tenth and tenfold."""
    ends = np.array([[r.lower, r.upper, r.value, r.raw] for r in rows], dtype=float).ravel()
    ends = ends[np.isfinite(ends) & (ends > 0)]
    low = min([0.72, *ends]) * 0.96
    high = max([1.32, *ends]) * 1.04
    return max(low, 0.08), min(high, 12)


def _ratio_axis(axes: Axes, words: Words, one: str, narrow: bool) -> None:
    low, high = axes.get_xlim()
    ticks = [t for t in RATIOS if low <= t <= high]
    width = axes.get_position().width * axes.figure.get_figwidth()
    kept = [1.0]
    # Labels need room: the line of 1 first, then outwards, skipping those that would touch.
    for side in (sorted((t for t in ticks if t < 1), reverse=True), [t for t in ticks if t > 1]):
        last = 1.0
        for tick in side:
            if abs(np.log(tick / last)) / np.log(high / low) * width > (0.46 if narrow else 0.5):
                kept.append(tick)
                last = tick
    axes.xaxis.set_major_locator(FixedLocator(kept))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.tick_top()
    axes.set_xticks(kept, [one if t == 1 else words.deviation(t) for t in kept], fontsize=8)
    axes.grid(axis="x")
    axes.axvline(1, color=ROLES["muted"], linewidth=1.2, zorder=1)


def _dot(axes: Axes, row: Row, y: float) -> None:
    if not np.isfinite(row.value):
        return
    low, high = axes.get_xlim()
    axes.plot([max(row.lower, low), min(row.upper, high)], [y, y], color=ROLES["accent"], linewidth=1.8)
    if np.isfinite(row.raw) and low < row.raw < high:
        axes.plot([row.raw] * 2, [y - 0.055, y + 0.055], color=ROLES["context"], linewidth=1.4)
    face = ROLES["accent"] if row.verdict in SURE else ROLES["bg"]
    axes.plot([row.value], [y], "o", markersize=6, markerfacecolor=face, markeredgecolor=ROLES["accent"],
              markeredgewidth=1.6)


def year_wheel(season, words: Words, *, name: str, title: str, description: str) -> Picture:
    """The year wheel: each month's deviation from the mean month, with its interval.

    ``season`` is a slice of the table of that name: month, value, lower, upper, verdict.
    """
    span = max(0.12, np.nanmax(np.abs(season[["lower", "upper"]].to_numpy() - 1))) * 1.12

    def draw(axes: Axes, narrow: bool) -> None:
        axes.set_xlim(0.4, 12.6)
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
            axes.plot([row.month], [row.value], "o", markersize=6, markeredgewidth=1.6,
                      markerfacecolor=colour if sure else ROLES["bg"], markeredgecolor=colour)
            if sure and not narrow:
                up = row.value > 1
                axes.annotate(words.deviation(row.value), (row.month, row.upper if up else row.lower),
                              xytext=(0, 4 if up else -4), textcoords="offset points", ha="center",
                              va="bottom" if up else "top", fontsize=8, weight="bold", color=colour)

    sides = (Margins(0.72, 0.1, 0.22, 0.3), Margins(0.62, 0.05, 0.22, 0.3))
    return picture(
        draw, name=name, title=title, description=description, heights=(2.6, 2.5), margins=sides
    )
