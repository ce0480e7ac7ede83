"""The funnel: every municipality's level by its size, with the limits of what size explains."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from brapkg.figures.drawing import ROLES, Margins, Picture, label, picture
from brapkg.stats import funnel as stats
from brapkg.wording import Words

SIZES = (3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
LEVELS = ((0.95, (4, 2)), (0.998, (None, None)))
HIGHEST = 2.6


def funnel(
    table: pd.DataFrame, mine: dict[str, str], words: Words, *, name: str, title: str, description: str
) -> Picture:
    """All municipalities in grey, the county's own filled and named where there is room.

    Parameters
    ----------
    table : slice of the table of that name: area, population, expected, value, phi
    mine : codes of the county's own municipalities and the names to write
    """
    rate = (table["expected"] / table["population"]).iloc[0]
    phi = table["phi"].iloc[0]
    own = table[table["area"].isin(mine)]

    def draw(axes: Axes, narrow: bool) -> None:
        axes.set_xscale("log")
        axes.set_xlim(2_000, 1_300_000)
        axes.set_ylim(0, HIGHEST)
        ticks = np.array([0, 0.5, 1, 1.5, 2, 2.5])
        axes.set_yticks(ticks, [words("nation_lower") if t == 1 else words.deviation(t) for t in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
        sizes = SIZES[1::2] if narrow else SIZES
        axes.xaxis.set_major_locator(FixedLocator(sizes))
        axes.set_xticks(sizes, [words.number(size) for size in sizes])
        axes.set_xlabel(words("residents_in_municipality"))
        axes.grid(axis="y")
        axes.axhline(1, color=ROLES["muted"], linewidth=1.2, zorder=1)
        grid = np.geomspace(2_000, 1_300_000, 120)
        for level, dashes in LEVELS:
            for limit in stats.funnel_limits(grid * rate, level, phi):
                inside = (limit > 0) & (limit < HIGHEST)
                style = {} if dashes[0] is None else {"dashes": dashes}
                axes.plot(grid[inside], limit[inside], color=ROLES["muted"], linewidth=0.9, **style)
            upper = stats.funnel_limits(np.array([14_000 * rate]), level, phi)[1][0]
            if upper < HIGHEST - 0.1:
                label(axes, 14_500, upper + 0.05, words.percent(level, 0 if level == 0.95 else 1),
                      fontsize=7.5, va="bottom", ha="left")
        others = table[~table["area"].isin(mine)]
        axes.plot(others["population"], others["value"].clip(upper=HIGHEST), "o", markersize=2.4,
                  color=ROLES["context"], markeredgewidth=0)
        axes.plot(own["population"], own["value"].clip(upper=HIGHEST), "o", markersize=5,
                  color=ROLES["accent"], markeredgewidth=0)
        _names(axes, own, mine, narrow)

    sides = (Margins(0.62, 0.1, 0.1, 0.5), Margins(0.58, 0.1, 0.1, 0.5))
    return picture(
        draw, name=name, title=title, description=description, heights=(3.5, 3.1), margins=sides
    )


def _names(axes: Axes, own: pd.DataFrame, mine: dict[str, str], narrow: bool) -> None:
    """Name the municipalities outside the limits first, then the largest, while there is room."""
    ordered = own.assign(far=own["z_adjusted"].abs()).sort_values(["far", "area"], ascending=[False, True])
    taken = [_box(axes, x, min(y, HIGHEST), 0.05) for x, y in zip(own["population"], own["value"], strict=True)]
    for row in ordered.itertuples():
        text = mine[row.area]
        size = (0.062 if narrow else 0.066) * len(text)
        for to_right in (True, False):
            box = _box(axes, row.population, min(row.value, HIGHEST), size, to_right=to_right)
            inside = 0 < box[0] and box[1] < axes.get_position().width * axes.figure.get_figwidth()
            clashes = sum(_overlap(box, other) for other in taken)
            if inside and not clashes:
                taken.append(box)
                axes.annotate(text, (row.population, min(row.value, HIGHEST)),
                              xytext=(5 if to_right else -5, 0), textcoords="offset points", fontsize=8,
                              va="center", ha="left" if to_right else "right")
                break


def _box(axes: Axes, x: float, y: float, length: float, *, to_right: bool | None = None) -> tuple:
    """The space of a label beside a point (or of the point itself), in inches within the axes."""
    width, height = (
        side * inches
        for side, inches in zip(axes.get_position().size, axes.figure.get_size_inches(), strict=True)
    )
    low, high = np.log(axes.get_xlim())
    at = (np.log(x) - low) / (high - low) * width
    up = y / HIGHEST * height
    if to_right is None:
        return at - length, at + length, up - length, up + length
    start, end = (at + 0.06, at + 0.06 + length) if to_right else (at - 0.06 - length, at - 0.06)
    return start, end, up - 0.065, up + 0.065


def _overlap(a: tuple, b: tuple) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
