"""Where a measure was done, where it is compared, and where crime may have moved: a map by pattern and name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np

from brapkg.boundaries import boundaries
from brapkg.figures.drawing import Canvas, Margins, Picture, picture, text_width
from brapkg.figures.labels import column

TALLEST = (4.3, 4.0)
SIZE = 8
LINE = 0.13
EDGE = 0.06
REACH = 0.16
# Between the lines of a pattern, in inches.
HATCH = 0.07
# With more areas than this only the treated and the nearby ones are named.
MANY = 14
ROLES = ("treated", "comparison", "nearby")


def map_of(
    areas: Mapping[str, str],
    texts: Mapping[str, tuple[str, str]],
    kind: str,
    *,
    name: str,
    title: str,
    description: str,
) -> Picture:
    """Treated areas filled, comparison areas hatched upwards, nearby ones level; each with its name beside.

    Parameters
    ----------
    areas : role ("treated", "comparison" or "nearby") by code
    texts : name and role in words, by code
    kind : "county" shows the country, "municipality" the areas and what lies around them
    """
    named = [code for code in areas if len(areas) <= MANY or areas[code] != "comparison"]
    plans = [_plan(tuple(areas), kind, texts, tuple(named), narrow) for narrow in (False, True)]

    def draw(canvas: Canvas, narrow: bool) -> None:
        ground, shapes, points, width, _ = plans[narrow]
        flip = np.array([1, -1]), np.array([0, canvas.height])

        def flat(ring):
            return np.asarray(ring) * flip[0] + flip[1]

        canvas.areas((flat(ring) for shape in ground for ring in _rings(shape)), "", "rule", 0.6)
        for role, face in zip(ROLES, ("accent", "bg", "bg"), strict=True):
            mine = [shapes[code] for code in areas if areas[code] == role]
            canvas.areas((flat(ring) for shape in mine for ring in _rings(shape)), face, "context", 0.7)
            if role != "treated":
                lines = [line for shape in mine for line in _hatched(shape, level=role == "nearby")]
                canvas.lines((flat(line) for line in lines), "muted", 0.7)
        for code, (x, y, at) in points.items():
            first, second = texts[code]
            canvas.lines([[flat(at), flat((x - 0.04, y))]], "bg", 2.2, round=True)
            canvas.lines([[flat(at), flat((x - 0.04, y))]], "ink", 0.7)
            base = canvas.height - y
            canvas.text(x, base - 0.02, first, SIZE, bold=areas[code] == "treated")
            canvas.text(x, base + LINE - 0.02, second, SIZE, "muted")

    whole = Margins(0, 0, 0, 0)
    return picture(
        draw,
        name=name,
        title=title,
        description=description,
        heights=(plans[0][-1], plans[1][-1]),
        margins=(whole, whole),
    )


def _plan(codes: tuple[str, ...], kind: str, texts, named: tuple[str, ...], narrow: bool):
    """Shapes and label places in inches: ground, shapes by code, label and point by code, width, height."""
    import shapely

    every = {code: _boundary(code) for code in codes}
    ground = boundaries(kind)
    if kind == "county":
        west, south, east, north = ground.total_bounds
    else:
        west, south, east, north = shapely.union_all(list(every.values())).bounds
        pad = 0.12 * max(east - west, north - south)
        west, south, east, north = west - pad, south - pad, east + pad, north + pad
    frame = shapely.box(west, south, east, north)
    labels = max(text_width(text, SIZE, "bold") for code in named for text in texts[code])
    width = (3.42 if narrow else 6.6) - labels - REACH - 3 * EDGE
    scale = min((TALLEST[narrow] - 2 * EDGE) / (north - south), width / (east - west))
    around = [shape for shape in ground if shape.intersects(frame)]
    placed = [_placed(shape.intersection(frame), west, south, scale) for shape in around]
    shapes = {code: _placed(shape, west, south, scale) for code, shape in every.items()}
    edge = EDGE + (east - west) * scale + REACH
    at = {code: _point(shapes[code]) for code in named}
    heights = column(at, dict.fromkeys(named, 2 * LINE + 0.05), edge)
    low = min([0.0, *(y - LINE - EDGE for y in heights.values())])
    top = max((north - south) * scale + EDGE, *(y + LINE for y in heights.values()))
    if low:
        shapes = {code: shapely.affinity.translate(shape, 0, -low) for code, shape in shapes.items()}
        placed = [shapely.affinity.translate(shape, 0, -low) for shape in placed]
    points = {code: (edge, y - low, (at[code][0], at[code][1] - low)) for code, y in heights.items()}
    return placed, shapes, points, edge + labels, top - low + EDGE


@cache
def _boundary(code: str):
    return boundaries("county" if len(code) == 2 else "municipality")[code]


def _placed(shape, west: float, south: float, scale: float):
    """The shape in inches, simplified to what can be seen, without specks."""
    import shapely

    moved = shapely.transform(shape, lambda at: (at - [west, south]) * scale + EDGE).simplify(1 / 120)
    parts = [part for part in getattr(moved, "geoms", [moved]) if part.geom_type == "Polygon"]
    largest = max((part.area for part in parts), default=0)
    return shapely.MultiPolygon([part for part in parts if part.area >= max(largest / 400, 1e-5)])


def _point(shape) -> tuple[float, float]:
    largest = max(shape.geoms, key=lambda part: part.area)
    point = largest.representative_point()
    return float(point.x), float(point.y)


def _hatched(shape, *, level: bool) -> list[np.ndarray]:
    """Parallel lines inside a shape: level, or rising to the right."""
    import shapely

    west, south, east, north = shape.bounds
    if level:
        lines = [[(west, y), (east, y)] for y in np.arange(np.ceil(south / HATCH), north / HATCH) * HATCH]
    else:
        tall = north - south
        starts = np.arange(np.floor((west - tall) / HATCH), east / HATCH) * HATCH
        lines = [[(x, south), (x + tall, north)] for x in starts]
    if not lines:
        return []
    cut = shapely.intersection(shape, shapely.MultiLineString(lines))
    parts = getattr(cut, "geoms", [cut])
    return [np.asarray(part.coords) for part in parts if part.geom_type == "LineString" and not part.is_empty]


def _rings(shape) -> list[np.ndarray]:
    rings = [ring for part in getattr(shape, "geoms", [shape]) for ring in (part.exterior, *part.interiors)]
    return [np.asarray(ring.coords)[:-1] for ring in rings]
