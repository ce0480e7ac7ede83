"""The funnel: every municipality's level by its size, with the limits of what size explains."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from brapkg.figures.drawing import HALO, ROLES, Margins, Picture, picture, text_width
from brapkg.figures.labels import overlap
from brapkg.stats import funnel_limits as stats
from brapkg.wording import Words

SIZES = (3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
LEVELS = ((0.95, (4, 2)), (0.998, (None, None)))
HIGHEST = 2.6
LIMITS = (2_000, 1_300_000)
SIZE = 8
# Where the limits are named: at this size of municipality.
NAMED_AT = 14_000


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
        axes.set_xlim(*LIMITS)
        axes.set_ylim(0, HIGHEST)
        ticks = np.array([0, 0.5, 1, 1.5, 2, 2.5])
        axes.set_yticks(ticks, [words("nation_lower") if t == 1 else words.deviation(t) for t in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
        sizes = SIZES[::2] if narrow else SIZES
        axes.xaxis.set_major_locator(FixedLocator(sizes))
        axes.set_xticks(sizes, [words.number(size) for size in sizes])
        axes.set_xlabel(words("residents_in_municipality"))
        axes.grid(axis="y")
        axes.axhline(1, color=ROLES["muted"], linewidth=1.2, zorder=1)
        grid = np.geomspace(*LIMITS, 120)
        taken = []
        for level, dashes in LEVELS:
            for limit in stats.funnel_limits(grid * rate, level, phi):
                inside = (limit > 0) & (limit < HIGHEST)
                style = {} if dashes[0] is None else {"dashes": dashes}
                axes.plot(grid[inside], limit[inside], color=ROLES["muted"], linewidth=0.9, **style)
            upper = stats.funnel_limits(np.array([NAMED_AT * rate]), level, phi)[1][0]
            if upper < HIGHEST - 0.1:
                text = words.percent(level, 0 if level == 0.95 else 1)
                axes.text(NAMED_AT, upper + 0.04, text, fontsize=7.5, va="bottom", color=ROLES["muted"], gid=HALO)
                taken.append(_box(axes, NAMED_AT, upper, text_width(text, 7.5), "above", start=True))
        others = table[~table["area"].isin(mine)]
        _points(axes, others, 2.4, ROLES["context"])
        _points(axes, own, 5, ROLES["accent"])
        grey = [_box(axes, x, min(y, HIGHEST)) for x, y in zip(others["population"], others["value"], strict=True)]
        _names(axes, own, mine, taken, grey)

    sides = (Margins(0.62, 0.1, 0.1, 0.5), Margins(0.58, 0.1, 0.1, 0.5))
    return picture(draw, name=name, title=title, description=description, heights=(3.5, 3.1), margins=sides)


def _points(axes: Axes, table: pd.DataFrame, size: float, colour: str) -> None:
    """Points; an arrowhead at the upper edge for those that lie above it."""
    beyond = table["value"] > HIGHEST
    style = {"color": colour, "markeredgewidth": 0, "linestyle": "none"}
    axes.plot(table.loc[~beyond, "population"], table.loc[~beyond, "value"], "o", markersize=size, **style)
    edge = [HIGHEST] * beyond.sum()
    axes.plot(table.loc[beyond, "population"], edge, "^", markersize=size + 2, clip_on=False, **style)


def _names(axes: Axes, own: pd.DataFrame, mine: dict[str, str], taken: list[tuple], grey: list[tuple]) -> None:
    """Name the municipalities furthest from what their size explains first, while there is room.

    A name never lies on another name or on a point of the county's own; on grey points only where
    no side of the point is free of them.
    """
    ordered = own.assign(far=own["z_adjusted"].abs()).sort_values(["far", "area"], ascending=[False, True])
    taken = taken + [_box(axes, x, min(y, HIGHEST)) for x, y in zip(own["population"], own["value"], strict=True)]
    width = axes.get_position().width * axes.figure.get_figwidth()
    for row in ordered.itertuples():
        text, y = mine[row.area], min(row.value, HIGHEST)
        free = []
        for side in ("right", "left", "above", "below"):
            box = _box(axes, row.population, y, text_width(text, SIZE), side)
            if 0 < box[0] and box[1] < width and not any(overlap(box, other) for other in taken):
                free.append((sum(overlap(box, point) for point in grey), len(free), side, box))
        if not free:
            continue
        _, _, side, box = min(free)
        taken.append(box)
        at = {
            "right": (5, 0, "left", "center"),
            "left": (-5, 0, "right", "center"),
            "above": (0, 4, "center", "bottom"),
            "below": (0, -4, "center", "top"),
        }
        across, up, ha, va = at[side]
        axes.annotate(
            text,
            (row.population, y),
            xytext=(across, up),
            textcoords="offset points",
            fontsize=SIZE,
            ha=ha,
            va=va,
            gid=HALO,
        )


def _box(axes: Axes, x: float, y: float, length: float = 0, side: str = "", *, start: bool = False) -> tuple:
    """The space of a label beside a point (or of the point itself), in inches within the axes."""
    width, height = (
        side * inches for side, inches in zip(axes.get_position().size, axes.figure.get_size_inches(), strict=True)
    )
    low, high = np.log(LIMITS)
    at, up = (np.log(x) - low) / (high - low) * width, y / HIGHEST * height
    if not side:
        return at - 0.03, at + 0.03, up - 0.03, up + 0.03
    if side in ("right", "left"):
        first = at + 0.05 if side == "right" else at - 0.05 - length
        return first - 0.02, first + length + 0.02, up - 0.07, up + 0.07
    first = at if start else at - length / 2
    return (
        (first, first + length, up + 0.03, up + 0.18)
        if side == "above"
        else (first, first + length, up - 0.18, up - 0.03)
    )
