"""Places among many areas, as the span between which each one lies: never a league table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brapkg.figures.canvas import LABEL
from brapkg.figures.dots import AIR, BASE, DOT, EDGE, FIVE, LONG, ROW, TICK
from brapkg.figures.drawing import Canvas, Margins, Picture, picture
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

    def draw(canvas: Canvas, narrow: bool) -> None:
        canvas.scale((1, members), (depth, -0.12))
        highest = canvas.x(members * (1 - FIFTH) + 0.5)
        canvas.areas([canvas.box(highest, canvas.right, canvas.top, canvas.bottom)], "q1")
        ticks = [1, *(round(members * share) for share in (0.25, 0.5, 0.75)), members]
        canvas.upright(canvas.x(ticks))
        canvas.ticks_above(canvas.x(ticks), [str(tick) for tick in ticks], TICK)
        levels = canvas.y(depths)
        ends = canvas.x([(row.lower, row.upper) for row in rows])
        canvas.lines(([(a, y), (b, y)] for (a, b), y in zip(ends, levels, strict=True)), "accent", 1.8)
        probable = np.array([row.chance >= PROBABLE for row in rows])
        middles = canvas.x([row.middle for row in rows])
        for part, face in ((probable, "accent"), (~probable, "bg")):
            canvas.dots(middles[part], levels[part], DOT, face, "accent", EDGE)
        size = 8 if narrow else LABEL
        for row, y, bold in zip(rows, canvas.y(np.array(depths) + BASE), probable, strict=True):
            canvas.text(canvas.left - _left(narrow), y, row.label, size, bold=bold)
            canvas.text(canvas.right + 0.6, y, words.chance(row.chance), size, bold=bold, align="right")

    sides = (Margins(_left(False), 0.75, 0.3, 0.05), Margins(_left(True), 0.66, 0.3, 0.05))
    height = depth + 0.35
    return picture(draw, name=name, title=title, description=description, heights=(height, height), margins=sides)


def _left(narrow: bool) -> float:
    return 1.12 if narrow else 1.4
