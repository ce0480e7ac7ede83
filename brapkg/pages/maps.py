"""The 21 counties as shapes and labels for a small, neutral map: geometry only, no figures.

Boundaries come from ``brapkg.boundaries``; they are simplified together, so that neighbours still
share their border, and scaled to drawing units of :data:`METRES` metres. A name stands inside its
county where it fits; the others stand in a column on either side, joined to the county by a line.
Everything is computed, so it holds if the boundaries or the names change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from brapkg import areas
from brapkg.boundaries import boundaries
from brapkg.figures.labels import column

METRES = 2400.0  # to one drawing unit: Sweden becomes about 270 wide and 640 high
TOLERANCE = 1.2  # units; coarser and Gotland loses its shape, finer and the file grows
SMALLEST_ISLAND = 1.5  # square units; below this an island is a speck
FONT = 15.0  # largest text size used, on phones; what fits at 15 fits at 12.5
CHARACTER = 0.56  # mean width of a letter, in text sizes, with some room to spare
LINE = 1.15  # line height, in text sizes
GAP = 1.25  # least distance between two names in a column, in text sizes
COLUMN = 14.0  # units between the land and a column of names


@dataclass(frozen=True)
class Shape:
    """One county: its outline as SVG path data, its name, and where the name goes."""

    code: str
    label: str
    path: str
    lines: tuple[str, ...]  # the label, on one row or two
    x: float
    y: float  # base line of the first row
    anchor: str  # SVG's text-anchor: "middle" inside the county, "start" or "end" beside it
    leader: tuple[float, float, float, float] | None  # from the county to the name

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Room taken by the text: left, top, right, bottom."""
        width, height = _size(self.lines)
        left = {"middle": self.x - width / 2, "start": self.x, "end": self.x - width}[self.anchor]
        top = self.y - 0.8 * FONT
        return left, top, left + width, top + height


@dataclass(frozen=True)
class CountyMap:
    """All counties in the order of their codes, and the frame that holds them."""

    view_box: str
    shapes: tuple[Shape, ...]


@cache
def counties() -> CountyMap:
    """The map; reads the boundaries once per process (geopandas is imported only here)."""
    names, land = _land()
    inside = {code: _inside(land[code], names[code]) for code in land}
    beside = _beside({code: land[code] for code in land if inside[code] is None}, land, names)
    shapes = []
    for code, geometry in land.items():
        lines, x, y, anchor, leader = inside[code] or beside[code]
        shapes.append(Shape(code, names[code], _path(geometry), lines, round(x, 1), round(y, 1), anchor, leader))
    return CountyMap(_frame(shapes, land.values()), tuple(shapes))


def _land() -> tuple[dict[str, str], dict]:
    """Names and geometries by county code; y grows downwards, as on a screen."""
    import shapely
    from shapely import affinity

    counties = boundaries("county")
    west, _, _, north = counties.total_bounds
    to_units = [1 / METRES, 0, 0, -1 / METRES, -west / METRES, north / METRES]
    scaled = [affinity.affine_transform(geometry, to_units) for geometry in counties]
    simple = shapely.coverage_simplify(scaled, TOLERANCE)
    names = {code: areas.get(code).short for code in counties.index}
    return names, dict(zip(counties.index, map(_without_specks, simple), strict=True))


def _without_specks(geometry):
    import shapely

    parts = sorted(shapely.get_parts(geometry), key=lambda part: -part.area)
    kept = [part for part in parts if part.area >= SMALLEST_ISLAND] or parts[:1]
    return shapely.MultiPolygon(kept)


def _path(geometry) -> str:
    """SVG path data with one decimal."""
    rings = []
    for part in geometry.geoms:
        for ring in (part.exterior, *part.interiors):
            points: list[str] = []
            for x, y in ring.coords[:-1]:
                point = f"{x:.1f},{y:.1f}".replace("-0.0", "0.0")
                if not points or point != points[-1]:
                    points.append(point)
            rings.append("M" + " ".join(points) + "Z")
    return "".join(rings)


def _size(lines: tuple[str, ...]) -> tuple[float, float]:
    longest = max(len(line) for line in lines)
    return longest * CHARACTER * FONT, (LINE * (len(lines) - 1) + 1) * FONT


def _inside(geometry, label: str):
    """Where in the county the label fits with most room around it, or None."""
    import numpy as np
    import shapely

    body = geometry.geoms[0]  # the largest part
    west, north, east, south = body.bounds
    xs, ys = np.meshgrid(np.arange(west, east, 2.0), np.arange(north, south, 2.0))
    for lines in _splits(label):
        width, height = _size(lines)
        boxes = shapely.box(
            xs.ravel() - width / 2,
            ys.ravel() - height / 2,
            xs.ravel() + width / 2,
            ys.ravel() + height / 2,
        )
        fits = boxes[shapely.contains_properly(body, boxes)]
        if len(fits):
            # rounded, so that ties are settled by order and not by the last bit
            room = np.round(shapely.distance(body.exterior, fits), 3)
            centre = fits[int(room.argmax())].centroid
            return lines, centre.x, centre.y - height / 2 + 0.8 * FONT, "middle", None
    return None


def _splits(label: str) -> list[tuple[str, ...]]:
    """The label on one row, and on two if it has two words."""
    words = tuple(label.split())
    return [(label,)] + ([words] if len(words) == 2 else [])


def _beside(small: dict, land: dict, names: dict[str, str]) -> dict:
    """Names in a left and a right column, with lines that do not cross."""
    import shapely

    dots = {}
    for code, geometry in small.items():
        centre = shapely.maximum_inscribed_circle(geometry.geoms[0], tolerance=0.1).coords[0]
        dots[code] = (round(centre[0], 1), round(centre[1], 1))
    # the columns keep clear of the land at their own height; Norrbotten reaches further east
    top = min(y for _, y in dots.values()) - GAP * FONT
    near = shapely.union_all(list(land.values())).intersection(shapely.box(-1e4, top, 1e4, 1e4))
    west, _, east, _ = near.bounds
    mainland = max(shapely.get_parts(near), key=lambda part: part.area)
    middle = (mainland.bounds[0] + mainland.bounds[2]) / 2
    placed = {}
    for anchor, edge, codes in (
        ("end", west - COLUMN, [c for c, dot in dots.items() if dot[0] <= middle]),
        ("start", east + COLUMN, [c for c, dot in dots.items() if dot[0] > middle]),
    ):
        rows = {code: _splits(names[code])[-1] for code in codes}  # two rows keep columns narrow
        nudge = 4.0 if anchor == "end" else -4.0  # the line stops short of the name
        for code, y in _column({c: dots[c] for c in codes}, rows, edge).items():
            leader = (*dots[code], round(edge + nudge, 1), round(y, 1))
            first = y - _size(rows[code])[1] / 2 + 0.8 * FONT
            placed[code] = (rows[code], edge, first, anchor, leader)
    return placed


def _column(dots: dict, rows: dict[str, tuple[str, ...]], edge: float) -> dict[str, float]:
    """Height of each name: as near its county as the others allow, no lines crossing."""
    room = {code: _size(rows[code])[1] + (GAP - 1) * FONT for code in dots}
    return column(dots, room, edge)


def _frame(shapes: Iterable[Shape], land: Iterable) -> str:
    """viewBox round land and names, with two units to spare."""
    boxes = [shape.box for shape in shapes] + [geometry.bounds for geometry in land]
    left, top = min(b[0] for b in boxes) - 2, min(b[1] for b in boxes) - 2
    right, bottom = max(b[2] for b in boxes) + 2, max(b[3] for b in boxes) + 2
    return f"{left:.1f} {top:.1f} {right - left:.1f} {bottom - top:.1f}"
