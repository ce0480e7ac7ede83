"""A canvas as PNG, for JupyterLab and other places that do not show the page's SVG."""

from __future__ import annotations

import io
from functools import cache

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgba
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from PIL import Image

from brapkg.figures.canvas import DASHES, ROLES, Canvas, Dots, Shape, Text
from brapkg.figures.letters import UNIT, outline, text_width

DPI = 110
# What the renderer reads of matplotlib's settings: a notebook's own must not change the pictures.
SETTINGS = {"path.simplify": False, "agg.path.chunksize": 0}
ALIGN = {"left": 0, "center": 0.5, "right": 1}
DISC = Path.unit_circle()
BLENDS, APART = 16, 8


def png(canvas: Canvas) -> bytes:
    """The picture on white."""
    with matplotlib.rc_context(SETTINGS):
        renderer = RendererAgg(int(canvas.width * DPI), int(canvas.height * DPI), DPI)
        _shape(renderer, Shape([np.array(canvas.box(0, canvas.width, 0, canvas.height))], "bg", closed=True))
        for mark in canvas.marks:
            {Shape: _shape, Dots: _dots, Text: _text}[type(mark)](renderer, mark)
    buffer = io.BytesIO()
    image = Image.fromarray(np.asarray(renderer.buffer_rgba())).convert("RGB")
    image.quantize(palette=_palette(), dither=Image.Dither.NONE).save(buffer, "png", dpi=(DPI, DPI))
    return buffer.getvalue()


@cache
def _palette() -> Image.Image:
    """The roles, and their blends with white as at the edges of letters: a fifth of the bytes, and of the time.

    No blend lies near a role, or Pillow would take it instead.
    """
    roles = [tuple(bytes.fromhex(colour[1:])) for colour in ROLES.values()]
    shares = np.arange(1, BLENDS) / BLENDS
    blends = [tuple(np.round(255 - share * (255 - np.array(role))).astype(int)) for role in roles for share in shares]
    apart = [blend for blend in blends if all(max(np.abs(np.subtract(blend, role))) >= APART for role in roles)]
    image = Image.new("P", (1, 1))
    image.putpalette([int(part) for colour in dict.fromkeys(roles + apart) for part in colour])
    return image


def _shape(renderer: RendererAgg, shape: Shape) -> None:
    if not shape.parts:
        return
    parts = [np.vstack([part, part[:1]]) for part in shape.parts] if shape.closed else shape.parts
    ends = np.cumsum([len(part) for part in parts])
    codes = np.full(ends[-1], Path.LINETO)
    codes[[0, *ends[:-1]]] = Path.MOVETO
    if shape.closed:
        codes[ends - 1] = Path.CLOSEPOLY
    renderer.draw_path(_gc(renderer, shape), Path(np.vstack(parts), codes), _inches(renderer), _rgba(shape.face))


def _dots(renderer: RendererAgg, dots: Dots) -> None:
    size = Affine2D().scale(renderer.points_to_pixels(dots.size / 2))
    places = Path(dots.places)
    renderer.draw_markers(_gc(renderer, dots), DISC, size, places, _inches(renderer), _rgba(dots.face))


def _text(renderer: RendererAgg, text: Text) -> None:
    width = text_width(text.text, text.size, "bold" if text.bold else "normal")
    x = (text.x - ALIGN[text.align] * width) * DPI
    # On a whole pixel, or feet and bars of the letters would blur.
    y = round(renderer.height - text.y * DPI)
    size = renderer.points_to_pixels(text.size) / UNIT
    gc = renderer.new_gc()
    gc.set_linewidth(0)
    there = Affine2D().scale(size).translate(x, y)
    renderer.draw_path(gc, outline(text.text, text.bold), there, _rgba(text.role))


def _gc(renderer: RendererAgg, mark: Shape | Dots):
    gc = renderer.new_gc()
    gc.set_linewidth(mark.width)
    if mark.edge:
        gc.set_foreground(ROLES[mark.edge])
    if isinstance(mark, Shape) and mark.dashed:
        gc.set_dashes(0, [dash * mark.width for dash in DASHES])
    if isinstance(mark, Shape) and mark.round:
        gc.set_capstyle("round")
    return gc


def _rgba(role: str):
    return to_rgba(ROLES[role]) if role else None


def _inches(renderer: RendererAgg) -> Affine2D:
    return Affine2D().scale(DPI, -DPI).translate(0, renderer.height)
