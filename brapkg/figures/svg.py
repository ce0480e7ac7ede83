"""A canvas as SVG for the page: colours are the page's variables, letters the page's font."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import groupby, islice

import numpy as np

from brapkg.figures.canvas import DASHES, ROLES, Canvas, Dots, Shape, Text

ANCHORS = {"left": "", "center": "text-anchor:middle;", "right": "text-anchor:end;"}
# The class of texts that the page's style sheet draws a halo round.
HALO = "halo"


def svg(canvas: Canvas, prefix: str, title: str, description: str, css: str) -> str:
    """The picture as an SVG element of the class ``css``; its ids begin with ``prefix``."""
    box = " ".join(["0", "0", *_points([canvas.width, canvas.height])])
    head = (
        f'<svg class="{css}" viewBox="{box}" role="img" aria-labelledby="{prefix}-t {prefix}-d" '
        'stroke-linejoin="round" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{prefix}-t">{escape(title)}</title>'
        f'<desc id="{prefix}-d">{escape(description)}</desc>'
    )
    return head + "".join(_marks(canvas.marks)) + "</svg>"


def _marks(marks: list) -> Iterable[str]:
    for look, group in groupby(marks, key=_look):
        if isinstance(look, str):
            yield _texts(look, list(group))
        elif isinstance(look, Dots):
            yield _dots(look)
        else:
            yield _shape(look)


def _look(mark: Shape | Dots | Text) -> Shape | Dots | str:
    """Texts of one look that follow each other share a group; other marks stand alone."""
    if not isinstance(mark, Text):
        return mark
    halo = f'class="{HALO}" ' if mark.halo else ""
    weight = "font-weight:700;" if mark.bold else ""
    return f'{halo}style="font-size:{mark.size:g}px;{weight}{ANCHORS[mark.align]}fill:{_colour(mark.role)}"'


def _texts(look: str, texts: list[Text]) -> str:
    points = _points([(text.x, text.y) for text in texts])
    lines = (
        f'<text x="{x}" y="{y}">{escape(text.text)}</text>'
        for text, x, y in zip(texts, points[::2], points[1::2], strict=True)
    )
    return f"<g {look}>{''.join(lines)}</g>"


def _shape(shape: Shape) -> str:
    if not shape.parts:
        return ""
    points, path = iter(_points(np.concatenate(shape.parts))), []
    for part in shape.parts:
        path.append(f"M{' '.join(islice(points, 2 * len(part)))}{'Z' if shape.closed else ''}")
    return f'<path d="{"".join(path)}" style="{_fill(shape)}"/>'


def _dots(dots: Dots) -> str:
    if not len(dots.places):
        return ""
    points, radius = _points(dots.places), f"{dots.size / 2:g}"
    circles = (f'<circle cx="{x}" cy="{y}" r="{radius}"/>' for x, y in zip(points[::2], points[1::2], strict=True))
    return f'<g style="{_fill(dots)}">{"".join(circles)}</g>'


def _fill(mark: Shape | Dots) -> str:
    style = f"fill:{_colour(mark.face)}"
    if mark.edge:
        style += f";stroke:{_colour(mark.edge)};stroke-width:{mark.width:g}"
    if isinstance(mark, Shape) and mark.dashed:
        style += ";stroke-dasharray:" + ",".join(f"{dash * mark.width:g}" for dash in DASHES)
    if isinstance(mark, Shape) and mark.round:
        style += ";stroke-linecap:round"
    return style


def _colour(role: str) -> str:
    return f"var(--{role},{ROLES[role]})" if role else "none"


def _points(inches) -> list[str]:
    """Coordinates in points, to a hundredth."""
    rounded = np.round(np.asarray(inches, dtype=float).ravel() * 72, 2) + 0.0  # no minus nought
    return [f"{value:g}" for value in rounded.tolist()]
