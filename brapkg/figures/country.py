"""The whole country on a map: every municipality in its fifth, the counties' names and numbers beside it.

On a phone there is no room beside a map of use: the counties' codes stand on it, and what they mean below.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from brapkg.boundaries import boundaries
from brapkg.figures.canvas import above
from brapkg.figures.drawing import NARROW, WIDE, Canvas, Margins, Picture, picture, text_width
from brapkg.figures.labels import column
from brapkg.figures.maps import FIFTHS
from brapkg.wording import Words

TALLEST = (6.3, 6.0)
SIZES = (8.0, 7.5)  # of text, in points
LINE, GAP, REACH, EDGE = 0.13, 0.05, 0.16, 0.04
# The key on a phone: from the map to it, a row, from a code to its name, between the two columns.
DOWN, ROW, INDENT, BETWEEN = 0.14, 0.165, 0.2, 0.22
# Finer than this nobody sees, and smaller parts than this of a municipality are specks (inches).
FINE, SPECK = 1 / 110, 0.0004


def country(
    fifth: pd.Series, texts: dict[str, tuple[str, str]], words: Words, *, name: str, title: str, description: str
) -> Picture:
    """Map of Sweden.

    Parameters
    ----------
    fifth : the fifth of the country (0–4) of each municipality, by code
    texts : name and number of each county, by code
    """
    codes = tuple(sorted(texts))
    widest = max(text_width(text, SIZES[0], "bold") for pair in texts.values() for text in pair)
    large, places, height = _labelled(codes, widest)
    small, spots, _, below = _placed(codes, NARROW, NARROW, TALLEST[1])
    rows = -(-len(codes) // 2)  # of the key's two columns

    def draw(canvas: Canvas, narrow: bool) -> None:
        shapes = small if narrow else large
        for number, role in enumerate(FIFTHS):
            rings = [ring for code, shape in shapes["municipality"].items() if fifth[code] == number for ring in shape]
            canvas.areas(rings, role, "context", 0.25)
        canvas.areas((ring for shape in shapes["county"].values() for ring in shape), "", "ink", 0.45)
        if narrow:
            _codes(canvas, spots, texts, below, rows)
        else:
            _labels(canvas, places, texts)

    whole = Margins(0, 0, 0, 0)
    heights = height, below + DOWN + ROW * rows + EDGE
    return picture(draw, name=name, title=title, description=description, heights=heights, margins=(whole, whole))


def _labels(canvas: Canvas, places: dict, texts: dict[str, tuple[str, str]]) -> None:
    """Names and numbers on both sides, each with a line to its county."""
    leaders = [place[1] for place in places.values()]
    canvas.lines(leaders, "bg", 2.0, round=True)
    canvas.lines(leaders, "ink", 0.6, round=True)
    canvas.dots([line[0][0] for line in leaders], [line[0][1] for line in leaders], 3.0, "ink", "bg", 0.7)
    for code, (align, ((_, _), (x, y))) in places.items():
        beside = x + (0.04 if align == "left" else -0.04)
        first = y - LINE / 2 + above(SIZES[0]) / 2
        for number, (text, bold) in enumerate(zip(texts[code], (True, False), strict=True)):
            canvas.text(beside, first + number * LINE, text, SIZES[0], bold=bold, align=align)


def _codes(canvas: Canvas, spots: dict, texts: dict[str, tuple[str, str]], below: float, rows: int) -> None:
    """The counties' codes on the map, and below it their names and numbers in two columns."""
    size, wide = SIZES[1], (canvas.width - BETWEEN) / 2
    for code, (x, y) in spots.items():
        canvas.text(x, y + above(size) / 2, code, size, bold=True, align="center", halo=True)
    for place, code in enumerate(spots):
        left, line = (place // rows) * (wide + BETWEEN), below + DOWN + ROW * (place % rows + 0.5) + above(size) / 2
        name, number = texts[code]
        canvas.text(left, line, code, size, bold=True)
        canvas.text(left + INDENT, line, name, size)
        canvas.text(left + wide, line, number, size, align="right")


@cache
def _labelled(counties: tuple[str, ...], widest: float) -> tuple[dict, dict, float]:
    """Outlines by kind and code, places of the labels with their lines, and the height, in inches."""
    shapes, spots, left, height = _placed(counties, WIDE, WIDE - 2 * (widest + REACH + 0.06), TALLEST[0])
    ends = {"right": left - REACH / 2, "left": WIDE - left + REACH / 2}
    places = {}
    for align, codes in _sides(spots, ends).items():
        room = dict.fromkeys(codes, 2 * LINE + GAP)
        for code, y in column({code: spots[code] for code in codes}, room, ends[align]).items():
            places[code] = (align, (spots[code], (ends[align], y)))
    # Labels pushed beyond the map's edges move the map down, or make room below.
    highest = min(line[1][1] for _, line in places.values()) - LINE - EDGE
    lowest = max(line[1][1] for _, line in places.values()) + LINE + EDGE
    down = max(0.0, -highest)
    if down:
        shapes = {
            kind: {c: [ring + (0, down) for ring in s] for c, s in found.items()} for kind, found in shapes.items()
        }
        places = {c: (align, tuple((x, y + down) for x, y in line)) for c, (align, line) in places.items()}
    return shapes, places, max(height, lowest) + down


@cache
def _placed(counties: tuple[str, ...], whole: float, widest: float, tallest: float) -> tuple[dict, dict, float, float]:
    """Outlines by kind and code, a spot in each county, the map's left edge and the height, in inches."""
    west, south, east, north = boundaries("county").total_bounds
    scale = min(widest / (east - west), (tallest - 2 * EDGE) / (north - south))
    left = (whole - (east - west) * scale) / 2

    def place(points: np.ndarray) -> np.ndarray:
        points = np.asarray(points, dtype=float)
        return np.column_stack([left + (points[:, 0] - west) * scale, EDGE + (north - points[:, 1]) * scale])

    shapes = {
        kind: {code: _rings(s, place) for code, s in boundaries(kind).items()} for kind in ("municipality", "county")
    }
    inside = {code: boundaries("county")[code].representative_point() for code in counties}
    spots = {code: tuple(place([(point.x, point.y)])[0].tolist()) for code, point in inside.items()}
    return shapes, spots, left, (north - south) * scale + 2 * EDGE


def _sides(dots: dict[str, tuple[float, float]], ends: dict[str, float]) -> dict[str, list[str]]:
    """Which labels stand left ("right"-aligned) and right of the map: the split with the shortest lines."""
    order = sorted(dots, key=lambda code: (dots[code][0], code))

    def length(codes: list[str], end: float) -> float:
        heights = column({code: dots[code] for code in codes}, dict.fromkeys(codes, 2 * LINE + GAP), end)
        return sum(np.hypot(end - dots[code][0], heights[code] - dots[code][1]) for code in codes)

    def total(at: int) -> tuple[float, int]:
        return round(length(order[:at], ends["right"]) + length(order[at:], ends["left"]), 3), at

    best = min(range(len(order) + 1), key=total)
    return {"right": order[:best], "left": order[best:]}


def _rings(shape, place) -> list[np.ndarray]:
    """The outlines in inches, without what nobody sees; the largest part is always kept."""
    import shapely

    moved = shapely.transform(shape, place).simplify(FINE)
    parts = sorted(getattr(moved, "geoms", [moved]), key=lambda part: -part.area)
    kept = parts[:1] + [part for part in parts[1:] if part.area >= SPECK]
    return [np.asarray(part.exterior.coords)[:-1] for part in kept]
