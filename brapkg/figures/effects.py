"""Results of several designs side by side: calibrated intervals, and the naive ones faintly below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brapkg.figures.canvas import LABEL
from brapkg.figures.dots import BASE, DOT, EDGE, RATIOS, TICK
from brapkg.figures.drawing import Canvas, Margins, Picture, picture, text_width
from brapkg.wording import Words

LOWEST, HIGHEST = 0.19, 4.2
ROW = 0.34
# The naive interval stands this far below the calibrated one.
UNDER = 0.1


@dataclass(frozen=True)
class Result:
    """One line: the design's name, the ratio with both intervals (NaN where there is none), and what it says."""

    label: str
    value: float
    lower: float
    upper: float
    naive_lower: float
    naive_upper: float
    words: str


def designs(
    rows: Sequence[Result],
    expected: tuple[float, str] | None,
    words: Words,
    *,
    name: str,
    title: str,
    description: str,
    one: str,
) -> Picture:
    """Ratios to what was to be expected, on a log axis.

    Parameters
    ----------
    rows : from the top
    expected : the ratio expected beforehand and its name, drawn as a dashed line
    one : the word at the line of 1
    """
    depth = len(rows) * ROW
    marks = np.array([[r.value, r.lower, r.upper, r.naive_lower, r.naive_upper] for r in rows]).ravel()
    marks = marks[np.isfinite(marks) & (marks > 0)]
    ends = [*marks, expected[0]] if expected else list(marks)
    low, high = max(min([0.72, *ends]) * 0.95, LOWEST), min(max([1.32, *ends]) * 1.05, HIGHEST)

    def draw(canvas: Canvas, narrow: bool) -> None:
        canvas.scale((low, high), (depth, -0.1), log=True)
        _axis(canvas, low, high, words, one)
        if expected and low < expected[0] < high:
            canvas.upright([canvas.x(expected[0])], "muted", 1.1, dashed=True)
            canvas.text(canvas.x(expected[0]), canvas.bottom + 0.16, expected[1], TICK, "muted", align="center")
        for number, row in enumerate(rows):
            y = (number + 0.5) * ROW - 0.05
            _row(canvas, row, y, low, high)
            base, size = float(canvas.y(y + BASE)), 8 if narrow else LABEL
            canvas.text(canvas.left - _left(narrow), base, row.label, size)
            canvas.text(canvas.right + 0.62, base, words.deviation(row.value), size, align="right")
            if not narrow:
                canvas.text(canvas.right + 0.72, base, row.words, size, "muted")

    height = depth + 0.62
    sides = (Margins(_left(False), 2.0, 0.3, 0.24), Margins(_left(True), 0.66, 0.3, 0.24))
    return picture(draw, name=name, title=title, description=description, heights=(height, height), margins=sides)


def _left(narrow: bool) -> float:
    return 1.3 if narrow else 1.7


def _axis(canvas: Canvas, low: float, high: float, words: Words, one: str) -> None:
    texts = {tick: one if tick == 1 else words.deviation(tick) for tick in RATIOS if low <= tick <= high}
    kept: list[float] = []
    for tick in sorted(texts, key=lambda tick: abs(np.log(tick))):
        half, at = text_width(texts[tick], TICK) / 2, canvas.x(tick)
        if all(abs(at - canvas.x(k)) > half + text_width(texts[k], TICK) / 2 + 0.08 for k in kept):
            kept.append(tick)
    canvas.upright(canvas.x(kept))
    canvas.upright([canvas.x(1)], "muted", 1.2)
    canvas.ticks_above(canvas.x(kept), [texts[tick] for tick in kept], TICK)


def _row(canvas: Canvas, row: Result, y: float, low: float, high: float) -> None:
    for lower, upper, down, role, width in (
        (row.naive_lower, row.naive_upper, UNDER, "context", 1.1),
        (row.lower, row.upper, 0, "accent", 2.2),
    ):
        if not (upper > low and lower < high):  # nothing to draw, or no number
            continue
        level = float(canvas.y(y + down))
        canvas.lines(
            [canvas.x([max(lower, low), min(upper, high)])[:, None] * [1, 0] + [0, level]], role, width, round=True
        )
        if role == "accent":
            for edge, towards, beyond in ((low, "left", lower < low), (high, "right", upper > high)):
                if beyond:
                    canvas.arrowheads([canvas.x(edge)], [level], 4.5, towards, role, 1)
    if low <= row.value <= high:
        sure = row.upper < 1 or row.lower > 1
        known = np.isfinite(row.lower)
        role = "accent" if known else "context"
        canvas.dots([canvas.x(row.value)], [canvas.y(y)], DOT, role if sure else "bg", role, EDGE)
