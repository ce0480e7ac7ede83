"""Yearly counts in small panels, each with the band that chance and ordinary swings fill.

For places where a percentage would mislead: the reader sees the counts themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brapkg.figures.canvas import above
from brapkg.figures.drawing import NARROW, WIDE, Canvas, Margins, Picture, picture, text_width
from brapkg.wording import Words

# Of a panel, in inches: its heading with the numbers' room, the chart, the years under it, the gap beside it.
HEAD, TALL, BELOW, BESIDE = 0.36, 0.6, 0.3, 0.24
COLUMNS = (4, 2)
SIZE = 8.0
# From the edge of a panel to its first year, as a share of the step between years.
EDGE = 0.45
CLEAR = 0.03


@dataclass(frozen=True, eq=False)
class Panel:
    """One series: its heading, and by year the count (NaN: kept back), the band's limits and whether it is outside."""

    heading: str
    counts: Sequence[float]
    lower: Sequence[float]
    upper: Sequence[float]
    outside: Sequence[str]


def counts(
    panels: Sequence[Panel],
    years: Sequence[int],
    words: Words,
    *,
    name: str,
    title: str,
    description: str,
) -> Picture:
    """Small panels of yearly counts, each on its own scale from zero.

    Parameters
    ----------
    panels : the series, each with a value for every year
    years : the years, in order, at least two

    Notes
    -----
    Filled dots and bold numbers lie outside the band. Where numbers would touch, only the first and
    the last year's are written; the table beside the figure has them all.
    """

    def draw(canvas: Canvas, narrow: bool) -> None:
        across = COLUMNS[narrow]
        pitch = ((NARROW if narrow else WIDE) + BESIDE) / across
        for index, panel in enumerate(panels):
            left, start = index % across * pitch, canvas.top + index // across * (HEAD + TALL + BELOW)
            _panel(canvas, panel, years, (left, start, pitch - BESIDE), words)

    whole = Margins(0, 0, 0.02, 0.02)
    heights = tuple((HEAD + TALL + BELOW) * -(-len(panels) // across) + 0.04 for across in COLUMNS)
    return picture(draw, name=name, title=title, description=description, heights=heights, margins=(whole, whole))


def _panel(canvas: Canvas, panel: Panel, years: Sequence[int], box: tuple[float, float, float], words: Words) -> None:
    left, start, width = box
    step = width / (len(years) - 1 + 2 * EDGE)
    x = left + step * (EDGE + np.arange(len(years)))
    base = start + HEAD + TALL
    count, lower, upper = (np.asarray(part, dtype=float) for part in (panel.counts, panel.lower, panel.upper))
    known = np.concatenate([count, upper])
    top = max(known[np.isfinite(known)], default=1) or 1

    def y(values):
        return base - TALL * np.asarray(values, dtype=float) / top

    canvas.text(left, start + above(SIZE), panel.heading, SIZE, bold=True)
    if np.isfinite(lower).all():
        # The band reaches both edges, so that the first and the last year stand in it too.
        edges = np.array([left, *x, left + width])
        low, high = (y([part[0], *part, part[-1]]) for part in (lower, upper))
        canvas.areas([np.column_stack([[*edges, *edges[::-1]], [*low, *high[::-1]]])], "soft", "context", 0.5)
    canvas.line([left, left + width], [base, base], "rule", 0.8)
    canvas.line(x, y(count), "accent", 1.4)
    outside = np.array([bool(told) for told in panel.outside])
    for face, part in (("bg", ~outside), ("accent", outside)):
        canvas.dots(x[part], y(count[part]), 5, face, "accent", 1.3)
    _numbers(canvas, x, y(count), count, outside, step, words)
    for at, year, align in ((left, years[0], "left"), (left + width, years[-1], "right")):
        canvas.text(at, base + 0.05 + above(7.5), str(year), 7.5, "muted", align=align)


def _numbers(canvas: Canvas, x, y, count, outside, step: float, words: Words) -> None:
    """The counts over their dots; the first and last only where all would touch."""
    texts = [words.number(value) if np.isfinite(value) else "" for value in count]
    widest = max(text_width(text, SIZE, "bold") for text in texts)
    last = len(texts) - 1
    shown = range(len(texts)) if widest + CLEAR < step else (0, last)
    for at in shown:
        # At the edges long numbers are set inwards, so that they stay in the panel.
        align = "center" if widest / 2 < step * EDGE else "left" if at == 0 else "right" if at == last else "center"
        shift = {"center": 0.0, "left": -step * EDGE, "right": step * EDGE}[align]
        canvas.text(x[at] + shift, y[at] - 0.07, texts[at], SIZE, bold=bool(outside[at]), align=align, halo=True)
