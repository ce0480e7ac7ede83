"""Problems by how widespread and how rising: a point with its interval for each, named where it stands.

On a phone the same becomes a list: a line for each problem, how widespread beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brapkg.figures.canvas import above, below
from brapkg.figures.dots import BASE, DOT, EDGE, ROW
from brapkg.figures.drawing import Canvas, Margins, Picture, picture, text_width
from brapkg.figures.labels import overlap, spread
from brapkg.wording import Words

SIZE = 8.0
HEIGHT = 3.9
LEFT = 1.4  # of the list's names
# Lines of problems that are as widespread as each other stand so far apart, else they would be one line.
APART = 0.1
# How far a name above or below its interval reaches to the left of it, as a share of its length.
SHIFTS = (0.5, 0.45, 0.55, 0.4, 0.6, 0.35, 0.65, 0.3, 0.7, 0.25, 0.75, 0.2, 0.8, 0.15, 0.85, 0.1, 0.9)
STARTS, SWEEPS = 8, 6
# A name on a name cannot be read; one on a line can.
ON_A_NAME = 5
AIR = 0.015
# So near another dot a name would be taken for that one's.
NEAR, NEAR_ANOTHER = 0.17, 2
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Problem:
    """``share``: how widespread, 0–1, and ``told`` in words; a change a year as a ratio; ``sure`` fills the dot."""

    label: str
    share: float
    told: str
    value: float
    lower: float
    upper: float
    sure: bool


def problems(
    rows: Sequence[Problem],
    words: Words,
    *,
    chance: float,
    across: str,
    name: str,
    title: str,
    description: str,
) -> Picture:
    """Change a year by how widespread; a list with the change alone drawn where there is no room for both.

    Parameters
    ----------
    rows : the problems
    chance : the share that chance alone would give, marked by a dashed line
    across : what the axis of shares is called
    """
    ends = np.array([(row.lower, row.upper) for row in rows])
    low, high = min(0.97, ends.min()) - 0.012, max(1.03, ends.max()) + 0.012
    shares = [chance, *(row.share for row in rows)]
    least, most = 0.6 * min(shares), 1.12 * max(shares)

    def draw(canvas: Canvas, narrow: bool) -> None:
        (_list if narrow else _field)(canvas)

    def _field(canvas: Canvas) -> None:
        canvas.scale((least, most), (low, high))
        ticks = _steps(low, high)
        canvas.level(canvas.y(ticks))
        canvas.level([canvas.y(1)], "muted", 1.2)
        canvas.ticks_left(canvas.y(ticks), [words("nation_unchanged") if t == 1 else words.deviation(t) for t in ticks])
        step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2) if (most - least) / step <= 8)
        named = [share for share in np.arange(np.ceil(least / step), most / step) * step if share < 0.97 * most]
        canvas.ticks_below(canvas.x(named), [words.percent(share) for share in named])
        canvas.upright([canvas.x(chance)], "muted", 1, dashed=True)
        canvas.text((canvas.left + canvas.right) / 2, canvas.bottom + 0.36, across, SIZE, "muted", align="center")
        note = words("nation_by_chance")
        canvas.text(canvas.x(chance) - 0.05, canvas.bottom - 0.05, note, SIZE, "muted", align="right", halo=True)
        x, y = _apart(canvas.x([row.share for row in rows])), canvas.y([row.value for row in rows])
        lines = [[(a, canvas.y(row.lower)), (a, canvas.y(row.upper))] for a, row in zip(x, rows, strict=True)]
        canvas.lines(lines, "accent", 1.8, round=True)
        _dots(canvas, x, y, rows)
        marks = [(a - 0.05, a + 0.05, line[1][1], line[0][1]) for a, line in zip(x, lines, strict=True)]
        # A dot counts beside its line: a name may rather cross a line than hide a dot.
        marks += [(a - 0.06, a + 0.06, b - 0.06, b + 0.06) for a, b in zip(x, y, strict=True)] * 2
        one, by_chance = float(canvas.y(1)), float(canvas.x(chance))
        marks += [(canvas.left, canvas.right, one - 0.01, one + 0.01)]
        marks += [(by_chance - 0.01, by_chance + 0.01, canvas.top, canvas.bottom)]
        edge = (canvas.left, canvas.right, canvas.top, canvas.bottom - 0.2)
        for row, (left, base) in zip(rows, _places(rows, x, y, marks, edge), strict=True):
            canvas.text(left, base, row.label, SIZE, bold=row.sure, halo=True)

    def _list(canvas: Canvas) -> None:
        canvas.scale((low, high), (len(rows) * ROW, 0))
        room = text_width(words.deviation(0.95), SIZE) + 0.1
        ends = (_steps(low, high)[0], _steps(low, high)[-1])
        ticks = [tick for tick in (ends[0], 1.0, ends[1]) if tick == 1 or abs(canvas.x(tick) - canvas.x(1)) > room]
        canvas.upright(canvas.x(ticks))
        canvas.upright([canvas.x(1)], "muted", 1.2)
        canvas.ticks_above(canvas.x(ticks), [words.deviation(tick) for tick in ticks], SIZE)
        levels = canvas.y((np.arange(len(rows)) + 0.5) * ROW)
        lines = [[(canvas.x(row.lower), y), (canvas.x(row.upper), y)] for row, y in zip(rows, levels, strict=True)]
        canvas.lines(lines, "accent", 1.8, round=True)
        _dots(canvas, canvas.x([row.value for row in rows]), levels, rows)
        for row, y in zip(rows, levels + BASE, strict=True):
            canvas.text(canvas.left - LEFT, y, row.label, SIZE, bold=row.sure)
            canvas.text(canvas.right + 0.62, y, words.percent(row.share), SIZE, bold=row.sure, align="right")

    sides = (Margins(0.82, 0.1, 0.1, 0.5), Margins(LEFT, 0.66, 0.3, 0.06))
    heights = (HEIGHT, len(rows) * ROW + 0.4)
    return picture(draw, name=name, title=title, description=description, heights=heights, margins=sides)


def _apart(x: np.ndarray) -> np.ndarray:
    """The places along the axis, moved no more than the lines need to be told from each other."""
    order = np.argsort(x, kind="stable")
    moved = np.empty(len(x))
    moved[order] = spread(np.asarray(x)[order].tolist(), [APART] * len(x))
    return moved


def _dots(canvas: Canvas, x: np.ndarray, y: np.ndarray, rows: Sequence[Problem]) -> None:
    sure = np.array([row.sure for row in rows])
    for part, face in ((sure, "accent"), (~sure, "bg")):
        canvas.dots(np.asarray(x)[part], np.asarray(y)[part], DOT, face, "accent", EDGE)


def _steps(low: float, high: float) -> list[float]:
    """Round ratios a year round 1, at most eight."""
    step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1) if (high - low) / step < 8)
    first, last = int(np.ceil((low - 1) / step)), int(np.floor((high - 1) / step))
    return [1 + number * step for number in range(first, last + 1)]


def _places(
    rows: Sequence[Problem], x: np.ndarray, y: np.ndarray, marks: Sequence[Box], edge: Box
) -> list[tuple[float, float]]:
    """Left end and base line of each name: none on another, and on as few marks as can be.

    Each name in turn takes the place where it touches least, until none moves; the best of several
    beginnings is kept.
    """
    options = [_options(row.label, a, b, mark, edge) for row, a, b, mark in zip(rows, x, y, marks, strict=False)]
    near = [(a - NEAR, a + NEAR, b - NEAR, b + NEAR) for a, b in zip(x, y, strict=True)]
    costs = [
        [_hit(_wider(box), marks) + NEAR_ANOTHER * _hit(box, near[:n] + near[n + 1 :]) for box in found]
        for n, found in enumerate(options)
    ]
    found = [_settled(options, costs, start) for start in range(STARTS)]
    _, places = min(found, key=lambda one: one[0])
    boxes = [boxes[at] for boxes, at in zip(options, places, strict=True)]
    return [(box[0] + 0.02, box[3] - below(SIZE)) for box in boxes]


def _settled(options: list[list[Box]], costs: list[list[int]], start: int) -> tuple[int, list[int]]:
    """What the names touch in the end, and which of its places each has."""
    places = [start % len(boxes) for boxes in options]

    def touched(n: int, at: int) -> int:
        others = [options[m][places[m]] for m in range(len(options)) if m != n]
        return costs[n][at] + ON_A_NAME * _hit(options[n][at], others)

    for _ in range(SWEEPS):
        moved = False
        for n, boxes in enumerate(options):
            best = min(range(len(boxes)), key=lambda at: (touched(n, at), at))
            moved |= best != places[n]
            places[n] = best
        if not moved:
            break
    return sum(touched(n, at) for n, at in enumerate(places)), places


def _wider(box: Box) -> Box:
    """A name's box with the air that tells whose it is; its own line keeps that distance too."""
    return box[0] - AIR, box[1] + AIR, box[2], box[3]


def _hit(box: Box, others: Sequence[Box]) -> int:
    return sum(overlap(box, other) for other in others)


def _options(label: str, x: float, y: float, mark: Box, edge: Box) -> list[Box]:
    """Boxes (left, right, top, bottom) for a name near its point: beside it, above and below its interval."""
    long, tall = text_width(label, SIZE, "bold") + 0.04, above(SIZE) + below(SIZE) + 0.02
    middles = [y, y - 0.12, y + 0.12, mark[2] + tall / 2, mark[3] - tall / 2]
    boxes = [(x + 0.08, x + 0.08 + long, m - tall / 2, m + tall / 2) for m in middles]
    boxes += [(x - 0.08 - long, x - 0.08, m - tall / 2, m + tall / 2) for m in middles]
    for shift in SHIFTS:
        left = x - long * shift
        boxes += [
            (left, left + long, mark[2] - 0.03 - tall, mark[2] - 0.03),
            (left, left + long, mark[3] + 0.03, mark[3] + 0.03 + tall),
        ]
    inside = [box for box in boxes if edge[0] < box[0] and box[1] < edge[1] and edge[2] < box[2] and box[3] < edge[3]]
    return inside or boxes[:1]
