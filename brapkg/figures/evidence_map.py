"""The map of evidence: what is known of each measure against each problem, and where nothing is.

Ratings are shapes, certainty is a number of strokes: neither needs colour. The names of columns
stand on a stair, since letters on their side are hard to read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from brapkg.figures.canvas import LABEL, Canvas
from brapkg.figures.drawing import NARROW, WIDE, Margins, Picture, picture, text_width
from brapkg.figures.forest import wrapped
from brapkg.wording import GRADES

ROW, STAIR, SMALL = 0.19, 0.155, 8.0
MARK, EDGE = 7.0, 1.4
BASE = 0.042


@dataclass(frozen=True)
class Cell:
    """What is known of a measure against a problem. ``told``: the same in words."""

    rating: str
    certainty: str
    told: str


@dataclass(frozen=True)
class Column:
    """A column of the map, or a heading of its list."""

    id: str
    name: str


@dataclass(frozen=True)
class MapRow:
    """A measure: its name and its cells by the column's id."""

    name: str
    cells: Mapping[str, Cell]


def measures(rows: Sequence[MapRow], columns: Sequence[Column], *, name: str, title: str, description: str) -> Picture:
    """Measures by problems: a matrix where there is room, else a list under each problem."""
    lists = [(column, [row for row in rows if column.id in row.cells]) for column in columns]
    left = 2.35
    labels = [wrapped(row.name, left - 0.12, SMALL) for row in rows]
    starts = np.cumsum([0, *(_deep(label) for label in labels)])
    stairs = len(columns) * STAIR + 0.12
    narrow_rows, narrow_depth = _list(lists)

    def draw(canvas: Canvas, narrow: bool) -> None:
        if narrow:
            _draw_list(canvas, narrow_rows)
            return
        width = (WIDE - left - 0.1) / len(columns)
        at = [left + (number + 0.5) * width for number in range(len(columns))]
        bottom = stairs + float(starts[-1])
        _stair(canvas, [column.name for column in columns], at, 0.1, stairs, bottom)
        for label, row, start, end in zip(labels, rows, starts[:-1] + stairs, starts[1:] + stairs, strict=True):
            middle = (start + end) / 2
            canvas.lines([[(0, end), (WIDE, end)]], "grid", 0.8)
            _label(canvas, label, middle, SMALL)
            for x, column in zip(at, columns, strict=True):
                if cell := row.cells.get(column.id):
                    mark(canvas, cell.rating, x - 0.03, middle)
                    strokes(canvas, cell.certainty, x + 0.06, middle)

    heights = (stairs + float(starts[-1]) + 0.05, narrow_depth)
    sides = (Margins(0, 0, 0, 0), Margins(0, 0, 0, 0))
    return picture(draw, name=name, title=title, description=description, heights=heights, margins=sides)


def overview(
    rows: Sequence[tuple[str, Mapping[str, int]]],
    columns: Mapping[str, str],
    support: Sequence[str],
    *,
    name: str,
    title: str,
    description: str,
) -> Picture:
    """How many measures have each rating, for each problem; a dashed box is a gap.

    Parameters
    ----------
    rows : problem's name and its number of measures by rating
    columns : names of the ratings, by rating, in order
    support : the ratings of which one at least is wanted; they stand beside each other
    """
    lefts, tops = (2.2, 1.72), (0.62, len(columns) * STAIR + 0.34)
    labels = {n: [wrapped(label, lefts[n] - 0.1, SMALL if n else LABEL) for label, _ in rows] for n in (False, True)}
    starts = {n: tops[n] + np.cumsum([0, *(_deep(label) for label in labels[n])]) for n in (False, True)}

    def draw(canvas: Canvas, narrow: bool) -> None:
        left, whole, foot = lefts[narrow], NARROW if narrow else WIDE, tops[narrow]
        width = (whole - left) / len(columns)
        half = min(width / 2 - 0.03, 0.16)
        at = [left + (number + 0.5) * width for number in range(len(columns))]
        if narrow:
            _stair(canvas, list(columns.values()), at, 0.1, foot - 0.22, float(starts[True][-1]))
        else:
            _heads(canvas, list(columns.values()), at, width, foot - 0.26)
        for x, rating in zip(at, columns, strict=True):
            canvas.areas([canvas.box(x - 0.09, x + 0.09, foot - 0.21, foot - 0.03)], "bg")
            mark(canvas, rating, x, foot - 0.12)
        canvas.lines([[(0, foot), (whole, foot)]], "muted", 1.2)
        ends = zip(starts[narrow], starts[narrow][1:], strict=False)
        for label, (_, counts), (start, end) in zip(labels[narrow], rows, ends, strict=True):
            canvas.lines([[(0, end), (whole, end)]], "grid", 0.8)
            middle = (start + end) / 2
            _label(canvas, label, middle, SMALL if narrow else LABEL)
            for x, rating in zip(at, columns, strict=True):
                if count := counts.get(rating, 0):
                    canvas.areas([canvas.box(x - half, x + half, middle - 0.08, middle + 0.08)], "q1", "context", 0.7)
                    canvas.text(x, middle + BASE, str(count), SMALL, bold=True, align="center")
            if not any(counts.get(rating, 0) for rating in support):
                gap = [x for x, rating in zip(at, columns, strict=True) if rating in support]
                box = canvas.box(min(gap) - half, max(gap) + half, middle - 0.08, middle + 0.08)
                canvas.lines([[*box, box[0]]], "muted", 0.9, dashed=True)

    heights = tuple(float(starts[n][-1]) + 0.05 for n in (False, True))
    margins = (Margins(0, 0, 0, 0), Margins(0, 0, 0, 0))
    return picture(draw, name=name, title=title, description=description, heights=heights, margins=margins)


def _deep(label: Sequence[str]) -> float:
    """How much room a row's name takes."""
    return ROW + 0.12 * (len(label) - 1)


def _label(canvas: Canvas, label: Sequence[str], middle: float, size: float) -> None:
    """A row's name, in one line or more round its middle."""
    for number, text in enumerate(label):
        canvas.text(0, middle + BASE + (number - (len(label) - 1) / 2) * 0.135, text, size, halo=True)


def mark(canvas: Canvas, rating: str, x: float, y: float) -> None:
    """The shape of a rating: disc, ring with a point, half disc, ring, cross, or question mark."""
    if rating == "effective":
        canvas.dots([x], [y], MARK, "accent", "accent", EDGE)
    elif rating == "promising":
        canvas.dots([x], [y], MARK, "bg", "accent", EDGE)
        canvas.dots([x], [y], 3.2, "accent")
    elif rating == "mixed":
        canvas.dots([x], [y], MARK, "bg", "accent", EDGE)
        turn = np.linspace(np.pi / 2, 3 * np.pi / 2, 13)
        radius = MARK / 144
        canvas.areas([np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])], "accent")
    elif rating == "no_shown_effect":
        canvas.dots([x], [y], MARK, "bg", "muted", EDGE)
    elif rating == "harmful":
        half = MARK / 160
        cross = [[(x - half, y - half), (x + half, y + half)], [(x - half, y + half), (x + half, y - half)]]
        canvas.lines(cross, "ink", 2.2, round=True)
    else:
        canvas.text(x, y + 0.05, "?", 9.5, "muted", bold=True, align="center")


def strokes(canvas: Canvas, certainty: str, x: float, y: float) -> None:
    """One to four strokes beside a mark: how certain its rating is."""
    count = GRADES.index(certainty) + 1 if certainty in GRADES else 0
    at = [x + 0.026 * number for number in range(count)]
    canvas.lines(([(one, y - 0.045), (one, y + 0.045)] for one in at), "ink", 1.0)


def _heads(canvas: Canvas, names: Sequence[str], at: Sequence[float], width: float, foot: float) -> None:
    """Names of columns that are wide enough to hold them, in as many lines as they need."""
    for name, x in zip(names, at, strict=True):
        lines = wrapped(name, width - 0.06, SMALL)
        for number, text in enumerate(lines):
            canvas.text(x, foot - (len(lines) - 1 - number) * 0.135, text, SMALL, align="center")


def _stair(canvas: Canvas, names: Sequence[str], at: Sequence[float], top: float, foot: float, bottom: float) -> None:
    """Names of columns, the last highest, each with a line down through its column."""
    for number, (name, x) in enumerate(zip(names, at, strict=True)):
        y = top + (len(names) - 1 - number) * STAIR
        canvas.lines([[(x, y + 0.03), (x, foot)]], "rule", 0.8)
        canvas.lines([[(x, foot), (x, bottom)]], "grid", 0.8)
        begins = x - text_width(name, SMALL)
        # A name that is too long to end at its column begins at the picture's edge.
        if begins < 0:
            canvas.text(0, y, name, SMALL, halo=True)
        else:
            canvas.text(x, y, name, SMALL, align="right", halo=True)


def _list(lists: Sequence[tuple[Column, Sequence[MapRow]]]) -> tuple[list[tuple], float]:
    """The narrow picture's lines: heading or (measure, cell), its texts, and where it begins."""
    placed: list[tuple] = []
    y = 0.12
    for column, rows in lists:
        placed.append((None, wrapped(column.name, NARROW, LABEL, "bold"), y))
        y += 0.17 * len(placed[-1][1])
        if not rows:
            placed.append((None, [], y))
        for row in rows:
            cell = row.cells[column.id]
            texts = wrapped(f"{row.name}: {cell.told}", NARROW - 0.3, SMALL)
            placed.append((cell, texts, y))
            y += 0.15 * len(texts) + 0.03
        y += 0.1
    return placed, y


def _draw_list(canvas: Canvas, placed: Sequence[tuple]) -> None:
    for cell, texts, y in placed:
        if cell is None:
            for number, text in enumerate(texts):
                canvas.text(0, y + BASE + 0.17 * number, text, LABEL, bold=True)
            continue
        mark(canvas, cell.rating, 0.07, y)
        strokes(canvas, cell.certainty, 0.15, y)
        for number, text in enumerate(texts):
            canvas.text(0.3, y + BASE + 0.15 * number, text, SMALL)
