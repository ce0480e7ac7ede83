"""Places among many areas, as the span between which each one lies: never a league table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from brapkg.figures.dots import AIR, BASE, FIVE, LONG, ROW, TICK
from brapkg.figures.drawing import ROLES, Margins, Picture, picture
from brapkg.wording import Words

# From this probability on an area probably belongs to the highest fifth: its dot is filled.
PROBABLE = 0.8
FIFTH = 0.2
LOWEST = 0.5  # inches: a single line needs air to be seen as a figure


@dataclass(frozen=True)
class Place:
    """One area: the median place, its limits, and the probability of the highest fifth."""

    label: str
    middle: float
    lower: float
    upper: float
    chance: float


def places(rows: Sequence[Place], members: int, words: Words, *, name: str, title: str, description: str) -> Picture:
    """Places from 1 (lowest) to ``members`` (highest) as lines with a dot, the highest fifth in grey."""
    depths = [number * ROW + (number // FIVE * AIR if len(rows) > LONG else 0) for number in range(len(rows))]
    needed = depths[-1] + ROW
    depth = max(needed, LOWEST)
    depths = [y + (depth - needed) / 2 for y in depths]

    def draw(axes: Axes, narrow: bool) -> None:
        axes.set_xlim(1, members)
        axes.set_ylim(depth, -0.12)
        axes.spines["bottom"].set_visible(False)
        axes.yaxis.set_major_locator(NullLocator())
        axes.axvspan(members * (1 - FIFTH) + 0.5, members, color=ROLES["q1"], zorder=0)
        ticks = [1, *(round(members * share) for share in (0.25, 0.5, 0.75)), members]
        axes.xaxis.tick_top()
        axes.set_xticks(ticks, [str(tick) for tick in ticks], fontsize=TICK)
        axes.grid(axis="x")
        width = axes.get_position().width * axes.figure.get_figwidth()
        at_axes = axes.get_yaxis_transform()
        size = 8 if narrow else 8.5
        for row, y in zip(rows, depths, strict=True):
            probable = row.chance >= PROBABLE
            weight = "bold" if probable else "normal"
            axes.hlines(y, row.lower, row.upper, colors=ROLES["accent"], linewidth=1.8, zorder=2)
            axes.plot(
                [row.middle],
                [y],
                "o",
                markersize=6,
                markerfacecolor=ROLES["accent"] if probable else ROLES["bg"],
                markeredgecolor=ROLES["accent"],
                markeredgewidth=1.6,
                zorder=3,
                clip_on=False,
            )
            axes.text(-_left(narrow) / width, y + BASE, row.label, transform=at_axes, fontsize=size, weight=weight)
            axes.text(
                1 + 0.6 / width,
                y + BASE,
                words.chance(row.chance),
                transform=at_axes,
                ha="right",
                fontsize=size,
                weight=weight,
            )

    sides = (Margins(_left(False), 0.75, 0.3, 0.05), Margins(_left(True), 0.66, 0.3, 0.05))
    height = depth + 0.35
    return picture(draw, name=name, title=title, description=description, heights=(height, height), margins=sides)


def _left(narrow: bool) -> float:
    return 1.12 if narrow else 1.4
