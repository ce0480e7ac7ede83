"""The funnel: every municipality's level by its size, with the limits of what size explains."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brapkg.figures.canvas import above, below
from brapkg.figures.drawing import Canvas, Margins, Picture, picture, text_width
from brapkg.figures.labels import overlap
from brapkg.stats import funnel_limits as stats
from brapkg.wording import Words

SIZES = (3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
LEVELS = ((0.95, True), (0.998, False))  # and whether the line is dashed
HIGHEST = 2.6
LIMITS = (2_000, 1_300_000)
SIZE = 8
# Where the limits are named: at this size of municipality.
NAMED_AT = 14_000
# From the lower edge to the base line of the axis' name, in inches.
NAME = 0.34
# Where a name stands beside its point, in inches, and how it is aligned.
SIDES = {
    "right": (5 / 72, (above(SIZE) - below(SIZE)) / 2, "left"),
    "left": (-5 / 72, (above(SIZE) - below(SIZE)) / 2, "right"),
    "above": (0, -4 / 72 - below(SIZE), "center"),
    "below": (0, 4 / 72 + above(SIZE), "center"),
}


def funnel(
    table: pd.DataFrame, mine: dict[str, str], words: Words, *, name: str, title: str, description: str
) -> Picture:
    """All municipalities in grey, the county's own filled and named where there is room.

    Parameters
    ----------
    table : slice of the table of that name: area, population, expected, value, phi
    mine : codes of the county's own municipalities and the names to write
    """
    table = table[table["value"].notna()]  # a count that is kept back has no place
    rate = (table["expected"] / table["population"]).iloc[0]
    phi = table["phi"].iloc[0]
    table = table.assign(far=table["z_adjusted"].abs()).sort_values(["far", "area"], ascending=[False, True])
    areas, population, value = (table[column].to_numpy() for column in ("area", "population", "value"))
    own = np.array([area in mine for area in areas])
    texts = [mine[area] for area in areas[own]]

    grid = np.geomspace(*LIMITS, 120)
    limits = {level: stats.funnel_limits(grid * rate, level, phi) for level, _ in LEVELS}
    named = {level: stats.funnel_limits(np.array([NAMED_AT * rate]), level, phi)[1][0] for level, _ in LEVELS}

    def draw(canvas: Canvas, narrow: bool) -> None:
        canvas.scale(LIMITS, (0, HIGHEST), log=True)
        ticks = [0, 0.5, 1, 1.5, 2, 2.5]
        canvas.level(canvas.y(ticks))
        canvas.level([canvas.y(1)], "muted", 1.2)
        canvas.ticks_left(canvas.y(ticks), [words("nation_lower") if t == 1 else words.deviation(t) for t in ticks])
        sizes = SIZES[::2] if narrow else SIZES
        canvas.ticks_below(canvas.x(sizes), [words.number(size) for size in sizes])
        middle = (canvas.left + canvas.right) / 2
        canvas.text(middle, canvas.bottom + NAME, words("residents_in_municipality"), role="muted", align="center")
        taken = []
        for level, dashed in LEVELS:
            for limit in limits[level]:
                inside = (limit > 0) & (limit < HIGHEST)
                canvas.line(canvas.x(grid[inside]), canvas.y(limit[inside]), "muted", 0.9, dashed=dashed)
        _points(canvas, population[~own], value[~own], 2.4, "context")
        _points(canvas, population[own], value[own], 5, "accent")
        canvas.level([canvas.bottom], "rule")
        for level, upper in named.items():
            if upper < HIGHEST - 0.1:
                text = words.percent(level, 0 if level == 0.95 else 1)
                x, y = float(canvas.x(NAMED_AT)), float(canvas.y(upper))
                canvas.text(x, canvas.y(upper + 0.04) - below(7.5), text, 7.5, "muted", halo=True)
                taken.append(_box(x, y, text_width(text, 7.5), "above", start=True))
        x, y = canvas.x(population), canvas.y(np.minimum(value, HIGHEST))
        points = list(zip(x[own].tolist(), y[own].tolist(), strict=True))
        _names(canvas, points, texts, taken, np.array(_box(x[~own], y[~own])))

    sides = (Margins(0.62, 0.1, 0.1, 0.5), Margins(0.58, 0.1, 0.1, 0.5))
    return picture(draw, name=name, title=title, description=description, heights=(3.5, 3.1), margins=sides)


def _points(canvas: Canvas, population: np.ndarray, value: np.ndarray, size: float, role: str) -> None:
    """Points; an arrowhead at the upper edge for those that lie above it."""
    x, beyond = canvas.x(population), value > HIGHEST
    canvas.dots(x[~beyond], canvas.y(value[~beyond]), size, role)
    canvas.arrowheads(x[beyond], [canvas.top] * beyond.sum(), size + 2, "up", role)


def _names(canvas: Canvas, points: list[tuple[float, float]], texts: list[str], taken: list, grey: np.ndarray) -> None:
    """Name the municipalities, those furthest from what their size explains first, while there is room.

    A name never lies on another name or on a point of the county's own; on grey points only where
    no side of the point is free of them.
    """
    taken = taken + [_box(x, y) for x, y in points]
    for (x, y), text in zip(points, texts, strict=True):
        length, free = text_width(text, SIZE), []
        for side in SIDES:
            box = _box(x, y, length, side)
            if canvas.left < box[0] and box[1] < canvas.right and not any(overlap(box, other) for other in taken):
                free.append((int(_overlaps(box, grey).sum()), len(free), side, box))
        if free:
            _, _, side, box = min(free)
            taken.append(box)
            across, down, align = SIDES[side]
            canvas.text(x + across, y + down, text, SIZE, align=align, halo=True)


def _overlaps(box: tuple, others: np.ndarray) -> np.ndarray:
    left, right, top, bottom = others
    return (box[0] < right) & (left < box[1]) & (box[2] < bottom) & (top < box[3])


def _box(x, y, length: float = 0, side: str = "", *, start: bool = False) -> tuple:
    """The space of a label beside a point (or of the point itself): left, right, top, bottom, in inches."""
    if not side:
        return x - 0.03, x + 0.03, y - 0.03, y + 0.03
    if side in ("right", "left"):
        first = x + 0.05 if side == "right" else x - 0.05 - length
        # A little less than to the point itself, or the last bit would decide whether the two touch.
        return first - 0.015, first + length + 0.015, y - 0.07, y + 0.07
    first = x if start else x - length / 2
    return (
        (first, first + length, y - 0.18, y - 0.03) if side == "above" else (first, first + length, y + 0.03, y + 0.18)
    )
