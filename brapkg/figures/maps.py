"""The county's municipalities on a map, each in the fifth of the country it belongs to.

A name with its value stands inside the municipality where it fits; the others stand beside the
county, joined to their place by a line. Everything is laid out in inches before anything is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from brapkg.boundaries import boundaries
from brapkg.figures.drawing import NARROW, WIDE, Canvas, Margins, Picture, picture, text_width
from brapkg.figures.labels import column
from brapkg.wording import Words

WIDTHS = (WIDE, NARROW)
TALLEST = (5.4, 4.4)
SIZES = (8.0, 7.5)  # of text, in points
LINE = 0.13  # height of a line of text; a label has two
GAP = 0.07  # between labels of a column
REACH = 0.14  # between the map and a column
EDGE = 0.05
FIFTHS = ("q1", "q2", "q3", "q4", "q5")
# Widths of the edge of a municipality that is marked, and of the pale one round it.
HEAVY, PALE = 2.0, 3.6
DARK = ("q4", "q5")
# With more municipalities than this, and always on a phone, only the highest and lowest fifths are
# named beside the map: more lines nobody follows, and the columns take their room from the map.
MANY = 25
# So many labels stand in one column on a phone, which leaves the map twice as wide.
ONE_COLUMN = 9
GRID = 17
# How much of a label must lie inside its municipality, in each direction.
INSIDE = 0.97


def fifths(values: pd.Series) -> tuple[pd.Series, list[float]]:
    """In which fifth of the country each municipality lies (0–4), and the four limits between.

    Those whose value is missing (NaN) are in none.
    """
    values = values.dropna()
    limits = list(np.quantile(values, [0.2, 0.4, 0.6, 0.8]))
    return pd.Series(np.searchsorted(limits, values, side="right"), values.index), limits


@dataclass(frozen=True)
class Label:
    """Where a municipality's name and value stand, and the line to it (None inside)."""

    lines: tuple[str, str]
    x: float
    y: float
    align: str
    leader: tuple[tuple[float, float], tuple[float, float]] | None = None


@dataclass(frozen=True)
class Layout:
    """A map ready to be drawn, in inches: shapes and labels by code, and the height."""

    shapes: dict
    labels: dict[str, Label]
    height: float


def county(
    values: pd.Series,
    fifth: pd.Series,
    names: dict[str, str],
    words: Words,
    *,
    name: str,
    title: str,
    description: str,
    own: str = "",
) -> Picture:
    """Map of one county.

    Parameters
    ----------
    values : rates per 100 000 residents of the county's municipalities, by code
    fifth : the fifth of the country (0–4) each belongs to, by code
    names : short names by code
    own : code of a municipality that is marked by a heavy edge and always named
    """
    texts = {code: (names[code], words.number(values[code])) for code in values.index}
    outer = {code for code in texts if abs(fifth[code] - 2) == 2 or code == own}
    beside = outer if len(texts) > MANY else set(texts)
    layouts = [layout(texts, beside, narrow=False), layout(texts, outer, narrow=True)]

    def draw(canvas: Canvas, narrow: bool) -> None:
        plan = layouts[narrow]
        for number, role in enumerate(FIFTHS):
            shapes = [shape for code, shape in plan.shapes.items() if fifth[code] == number]
            canvas.areas((_flip(canvas, ring) for shape in shapes for ring in _rings(shape)), role, "context", 0.6)
        if own in plan.shapes:
            rings = [_flip(canvas, ring) for ring in _rings(plan.shapes[own])]
            canvas.areas(rings, "", "bg", PALE)
            canvas.areas(rings, "", "ink", HEAVY)
        _leaders(canvas, [label.leader for label in plan.labels.values() if label.leader])
        for code, label in plan.labels.items():
            inside_dark = label.leader is None and FIFTHS[fifth[code]] in DARK
            for text, up in zip(label.lines, (0.5, -0.5), strict=True):
                # By the base line: letters with rings and dots would push a centred text.
                line = canvas.height - (label.y + up * LINE - 0.04)
                canvas.text(label.x, line, text, SIZES[narrow], "bg" if inside_dark else "ink", align=label.align)

    whole = Margins(0, 0, 0, 0)
    heights = (layouts[0].height, layouts[1].height)
    return picture(draw, name=name, title=title, description=description, heights=heights, margins=(whole, whole))


def _leaders(canvas: Canvas, leaders: list) -> None:
    lines = [_flip(canvas, leader) for leader in leaders]
    # The pale line under the dark one parts it from borders and dark municipalities.
    canvas.lines(lines, "bg", 2.2, round=True)
    canvas.lines(lines, "ink", 0.7, round=True)
    canvas.dots([line[0, 0] for line in lines], [line[0, 1] for line in lines], 3.2, "ink", "bg", 0.7)


def _flip(canvas: Canvas, points) -> np.ndarray:
    """Layouts grow upwards, canvases downwards."""
    return np.asarray(points) * (1, -1) + (0, canvas.height)


def layout(texts: dict[str, tuple[str, str]], beside: set[str], narrow: bool) -> Layout:
    """Scale the map to what the columns leave, and place every label.

    A label that does not fit inside goes beside the map if it is in ``beside``. That makes the map
    smaller and draws lines across it, so the others are tried again, until nothing moves.
    """
    land = boundaries("municipality").loc[list(texts)]
    widths = {code: max(text_width(text, SIZES[narrow]) for text in texts[code]) for code in texts}
    west, south, east, north = land.total_bounds
    points = {code: _deepest(code) for code in texts}
    outside: set[str] = set()
    scale = min(WIDTHS[narrow] / (east - west), TALLEST[narrow] / (north - south))
    while True:
        sides = _sides(
            {code: points[code] for code in texts if code in outside},
            west,
            east,
            (2 * LINE + GAP) / scale,
            one_column=narrow and len(outside) <= ONE_COLUMN,
        )
        room = {align: max((widths[code] for code in codes), default=-REACH) + REACH for align, codes in sides.items()}
        across = WIDTHS[narrow] - room["right"] - room["left"] - 2 * EDGE
        scale = min(across / (east - west), (TALLEST[narrow] - 2 * EDGE) / (north - south))
        start = room["right"] + EDGE

        def place(point, scale=scale, start=start) -> tuple[float, float]:
            return start + (point[0] - west) * scale, EDGE + (point[1] - south) * scale

        shapes = {code: _scaled(shape, place) for code, shape in land.items()}
        edges = {"right": start - EDGE - REACH, "left": place((east, 0))[0] + EDGE + REACH}
        labels: dict[str, Label] = {}
        for align, codes in sides.items():
            dots = {code: place(points[code]) for code in codes}
            end = edges[align] + (0.04 if align == "right" else -0.04)
            for code, y in column(dots, dict.fromkeys(codes, 2 * LINE + GAP), end).items():
                labels[code] = Label(texts[code], edges[align], y, align, (dots[code], (end, y)))
        leaders = [label.leader for label in labels.values()]
        moved = set()
        for code in texts:
            if code in outside:
                continue
            found = _inside(_largest(shapes[code]), widths[code], leaders)
            if found is not None:
                labels[code] = Label(texts[code], *found, "center")
            elif code in beside:
                moved.add(code)
        if not moved:
            return _framed(shapes, labels)
        outside |= moved


def _sides(points: dict, west: float, east: float, room: float, *, one_column: bool) -> dict[str, list[str]]:
    """Which labels stand left ("right"-aligned) and right of the map: the split with the shortest lines.

    Any upright line may part them: lines to the left from the left of it and lines to the right
    from the right of it never cross. ``room`` is roughly a label's height in the map's unit.
    """

    def length(codes: list[str], edge: float) -> float:
        places = {code: points[code] for code in codes}
        heights = column(places, dict.fromkeys(codes, room), edge)
        return sum(np.hypot(edge - places[code][0], heights[code] - places[code][1]) for code in codes)

    order = sorted(points, key=lambda code: (points[code][0], code))
    splits = (0, len(order)) if one_column else range(len(order) + 1)
    best = min(splits, key=lambda at: (round(length(order[:at], west) + length(order[at:], east), 3), at))
    return {"right": order[:best], "left": order[best:]}


def _framed(shapes: dict, labels: dict[str, Label]) -> Layout:
    """Move everything so that columns taller than the map fit too."""
    from shapely import affinity

    low = min([0.0, *(label.y - LINE - EDGE for label in labels.values())])
    top = max([max(shape.bounds[3] for shape in shapes.values()), *(label.y + LINE for label in labels.values())])
    shapes = {code: affinity.translate(shape, 0, -low) for code, shape in shapes.items()}
    moved = {}
    for code, label in labels.items():
        leader = label.leader and tuple((x, y - low) for x, y in label.leader)
        moved[code] = Label(label.lines, label.x, label.y - low, label.align, leader)
    return Layout(shapes, moved, top - low + EDGE)


def _largest(shape):
    return max(getattr(shape, "geoms", [shape]), key=lambda part: part.area)


@cache
def _deepest(code: str) -> tuple[float, float]:
    """The point inside the municipality's largest part furthest from its border."""
    from shapely.ops import polylabel

    polygon = _largest(boundaries("municipality")[code])
    found = polylabel(polygon, tolerance=polygon.area**0.5 / 40)
    return found.x, found.y


def _scaled(shape, place):
    """The shape in inches, simplified to what can be seen, without specks."""
    import shapely

    moved = shapely.transform(shape, lambda points: np.column_stack(place(points.T))).simplify(1 / 150)
    parts = getattr(moved, "geoms", [moved])
    largest = max(part.area for part in parts)
    return shapely.MultiPolygon([part for part in parts if part.area >= largest / 400])


def _inside(polygon, width: float, leaders: Sequence) -> tuple[float, float] | None:
    """Centre of a label inside the polygon, clear of the lines and as far from the border as can be."""
    import shapely

    west, south, east, north = polygon.bounds
    xs, ys = (grid.ravel() for grid in np.meshgrid(np.linspace(west, east, GRID), np.linspace(south, north, GRID)))
    half, tall = width * INSIDE / 2, LINE * INSIDE
    within = (xs - half > west) & (xs + half < east) & (ys - tall > south) & (ys + tall < north)
    xs, ys = xs[within], ys[within]
    boxes = shapely.box(xs - half, ys - tall, xs + half, ys + tall)
    shapely.prepare(polygon)
    fits = shapely.contains_properly(polygon, boxes)
    if len(leaders):
        fits[fits] = shapely.distance(boxes[fits], shapely.MultiLineString(leaders)) > 0.03
    if not fits.any():
        return None
    # Rounded, so that ties are settled by order and not by the last bit.
    depth = np.round(shapely.distance(polygon.exterior, boxes[fits]), 3)
    best = int(depth.argmax())
    return float(xs[fits][best]), float(ys[fits][best])


def _rings(shape) -> list[np.ndarray]:
    rings = [ring for part in shape.geoms for ring in (part.exterior, *part.interiors)]
    return [np.asarray(ring.coords)[:-1] for ring in rings]
