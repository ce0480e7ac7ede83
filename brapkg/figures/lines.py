"""Lines over time: the monthly series with its trend, and small multiples of rolling years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from brapkg.figures.canvas import LEADING, above, below
from brapkg.figures.drawing import NARROW, WIDE, Canvas, Margins, Picture, picture, text_width
from brapkg.wording import Words

# A small chart, in inches: two lines of heading, the lines, and the space to the next.
LINE, HEAD, TALL, BELOW, BESIDE = 0.155, 0.36, 0.8, 0.2, 0.22
# More charts than this stand closer, or they would fill several pages.
FEW = 12


def monthly(
    series: pd.DataFrame,
    line: pd.DataFrame,
    words: Words,
    *,
    name: str,
    title: str,
    description: str,
    preliminary: int | None,
    breaks: Sequence[tuple[int, str]],
) -> Picture:
    """Months as a thin line, the trend without season as a thick one with its band.

    Parameters
    ----------
    series : DataFrame with ``year``, ``month``, ``value`` (per 100 000 and average month), in order
    line : DataFrame with ``position``, ``value``, ``lower``, ``upper``; empty where there is no trend
    preliminary : the year whose figures are preliminary, marked on the axis
    breaks : positions and labels of breaks in the series
    """
    values = series["value"].to_numpy()
    top = max(values.max(), line["upper"].max() if len(line) else 0) * 1.08

    pieces = np.split(np.arange(len(line)), [at for at, _ in breaks if at < len(line)])
    parts = [line.iloc[piece] for piece in pieces if len(piece)]

    def draw(canvas: Canvas, narrow: bool) -> None:
        last, highest = len(values) - 1, top * (1.16 if breaks else 1)
        canvas.scale((-0.5, last + 0.5), (0, highest))
        ticks = _ticks(highest, 5 if narrow else 6)
        canvas.level(canvas.y(ticks))
        named = [tick for tick in ticks if tick <= top]
        canvas.ticks_left(canvas.y(named), [words.number(tick) for tick in named])
        _years(canvas, series, words, preliminary, narrow)
        for part in parts:
            x, lower, upper = canvas.x(part["position"]), canvas.y(part["lower"]), canvas.y(part["upper"])
            canvas.areas([np.column_stack([[*x, *x[::-1]], [*lower, *upper[::-1]]])], "soft", "accent", 0.5)
        canvas.line(canvas.x(range(last + 1)), canvas.y(values), "context", 1.1)
        for part in parts:
            canvas.line(canvas.x(part["position"]), canvas.y(part["value"]), "accent", 2.2)
        canvas.upright((canvas.x(at - 0.5) for at, _ in breaks), "muted", 1, dashed=True)
        canvas.level([canvas.bottom], "rule")
        for at, text in breaks:
            # The label stands on the side with more room.
            left = at > last / 2
            x, y = canvas.x(at - (1 if left else 0)), canvas.y(top * 1.15) + above(8)
            canvas.text(x, y, text, 8, "muted", align="right" if left else "left")
        _name_months(canvas, values, line, words("monthly_values"), [at for at, _ in breaks])
        if len(line) and not narrow:
            _beside(canvas, canvas.x(last + 0.8), canvas.y(line["value"].iloc[-1]), words("trend_label"))

    sides = (Margins(0.5, 0.95 if len(line) else 0.1, 0.08, 0.3), Margins(0.42, 0.06, 0.08, 0.3))
    return picture(draw, name=name, title=title, description=description, heights=(2.7, 2.4), margins=sides)


def _ticks(highest: float, most: int) -> np.ndarray:
    """Round values from nought, as many as there may be."""
    unit = 10 ** np.floor(np.log10(highest / most))
    step = next(step * unit for step in (1, 2, 2.5, 5, 10) if step * unit >= highest / most)
    return np.arange(int(highest / step) + 1) * step


def _beside(canvas: Canvas, x: float, y: float, text: str) -> None:
    """Lines of bold text in the middle of a height."""
    size = 8
    lines = text.split("\n")
    leading = LEADING * size / 72
    first = y + (above(size) - below(size) - leading * (len(lines) - 1)) / 2
    for number, part in enumerate(lines):
        canvas.text(x, first + number * leading, part, size, "accent", bold=True)


def _name_months(canvas: Canvas, values: np.ndarray, line: pd.DataFrame, text: str, breaks: Sequence[int]) -> None:
    """Name the thin line where the name lies closest above it, and above the trend, on one side of a break."""
    length = int(np.ceil(text_width(text, 8) / canvas.across * len(values))) + 1
    roof = values.copy()
    if len(line):
        at = line["position"].to_numpy(dtype=int)
        roof[at] = np.maximum(values[at], line["upper"])
    places = []
    for start in range(len(values) - length + 1):
        part = slice(start, start + length)
        if any(start < at < start + length for at in breaks):
            continue
        hidden = values[part].max() < roof[part].max()
        places.append((hidden, roof[part].max() - values[part].mean(), start, roof[part].max()))
    if not places:
        return
    _, _, start, height = min(places)
    x, y = canvas.x(start + (length - 1) / 2), canvas.y(height) - 0.04 - below(8)
    canvas.text(x, y, text, 8, "muted", align="center", halo=True)


def _years(canvas: Canvas, series: pd.DataFrame, words: Words, preliminary: int | None, narrow: bool) -> None:
    """The year's name in the middle of its months, and a line where each year begins; months for a single year."""
    years = series["year"].to_numpy()
    names = list(dict.fromkeys(years))
    if len(names) == 1:
        months = [words.month(month, short=True) for month in series["month"]]
        canvas.ticks_below(canvas.x(range(len(months))), [month[0].upper() if narrow else month for month in months])
        return
    starts = [int((years == year).argmax()) for year in names]
    middles = [float(np.flatnonzero(years == year).mean()) for year in names]
    texts = [f"{y} {words('prel')}" if y == preliminary and not narrow else str(y) for y in names]
    canvas.ticks_below(canvas.x(middles), texts)
    begin = canvas.x(np.array(starts[1:]) - 0.5)
    canvas.lines(([(x, canvas.bottom), (x, canvas.bottom - 0.03 * canvas.up)] for x in begin), "context", 0.8)


@dataclass(frozen=True)
class Panel:
    """One small chart: its heading, the area's line, the line it is compared with, the last values."""

    heading: str
    values: np.ndarray
    others: np.ndarray | None
    told: str
    others_told: str = ""


def multiples(
    panels: Sequence[Panel],
    *,
    first: str,
    last: str,
    name: str,
    title: str,
    description: str,
    breaks: Sequence[int] = (),
) -> Picture:
    """Small charts, each on its own scale from zero, with the latest values as numbers."""

    many = len(panels) > FEW
    columns = (5, 3) if many else (3, 2)
    tall = TALL * 0.7 if many else TALL
    step = HEAD + tall + BELOW

    def draw(canvas: Canvas, narrow: bool) -> None:
        across = columns[narrow]
        pitch = ((NARROW if narrow else WIDE) + BESIDE) / across
        for index, panel in enumerate(panels):
            x, y = index % across * pitch, canvas.top + index // across * step
            width = pitch - BESIDE
            _panel(canvas, panel, (x, y + HEAD, width, tall), breaks, 7.5 if narrow or many else 8)
            if index + across >= len(panels):
                for text, at, align in ((first, x, "left"), (last, x + width, "right")):
                    canvas.text(at, y + HEAD + tall + 0.05 + above(7.5), text, 7.5, "muted", align=align)

    def height(across: int) -> float:
        return step * -(-len(panels) // across) + 0.04

    whole = Margins(0, 0, 0.02, 0.02)
    heights = tuple(height(across) + 0.04 for across in columns)
    return picture(draw, name=name, title=title, description=description, heights=heights, margins=(whole, whole))


def _panel(canvas: Canvas, panel: Panel, box: tuple, breaks: Sequence[int], size: float) -> None:
    """One small chart in its box (left, top, width, height), its heading above it."""
    left, start, width, tall = box
    base = start + tall
    lines = [panel.values] + ([panel.others] if panel.others is not None else [])
    top = max(np.nanmax(line) for line in lines) or 1
    x = left + width * np.linspace(0, 1, len(panel.values))

    def y(values: np.ndarray) -> np.ndarray:
        return base - tall * values / top

    # By the base line: letters with rings and dots would push a line set by its top.
    first, second = start - HEAD + 0.11, start - HEAD + 0.11 + LINE
    canvas.text(left, first, panel.heading, size, bold=True)
    canvas.text(left, second, panel.told, size, "accent", bold=True)
    needed = text_width(panel.told, size, "bold") + text_width(panel.others_told, size) + 0.08
    if needed < width:  # among many charts only their own number has room; the other is in the table
        canvas.text(left + width, second, panel.others_told, size, "muted", align="right")
    canvas.line([left, left + width], [base, base], "rule", 0.8)
    steps = [left + width * at / max(len(x) - 1, 1) for at in breaks]
    canvas.lines(([(at, base), (at, start)] for at in steps), "rule", 0.8, dashed=True)
    if panel.others is not None:
        canvas.line(x, y(panel.others), "context", 1.2, dashed=True)
        if len(x) == 1:  # a first year has no line
            canvas.dots(x, y(panel.others), 4, "context")
    canvas.line(x, y(panel.values), "accent", 1.8)
    canvas.dots(x[-1:], y(panel.values[-1:]), 5, "accent")
