"""From a drawing function to pictures: wide and narrow SVG for the page, PNG for JupyterLab.

A page shows the narrow picture on a phone: a desktop picture scaled down cannot be read there.
Margins are fixed in inches, so nothing is clipped and the same inputs give the same bytes.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

from brapkg.figures.canvas import ROLES, Canvas, Margins
from brapkg.figures.letters import text_width
from brapkg.figures.png import png
from brapkg.figures.svg import svg

__all__ = ["NARROW", "ROLES", "WIDE", "Canvas", "Margins", "Picture", "picture", "text_width"]

WIDE, NARROW = 6.6, 3.42


@dataclass(frozen=True)
class Picture:
    """One figure's picture: two SVG texts, and a PNG for where SVG is not shown."""

    wide: str
    narrow: str
    png: bytes

    @property
    def png_base64(self) -> str:
        """The PNG as Jupyter wants it."""
        return base64.b64encode(self.png).decode()


def picture(
    draw: Callable[[Canvas, bool], None],
    *,
    name: str,
    title: str,
    description: str,
    heights: tuple[float, float],
    margins: tuple[Margins, Margins],
    widths: tuple[float, float] = (WIDE, NARROW),
) -> Picture:
    """Draw a figure in both widths.

    Parameters
    ----------
    draw : function of the canvas and of whether the narrow picture is drawn
    name : str, unique on the page; begins the ids inside the SVG
    title, description : str, what the picture shows, in words (for those who cannot see it)
    heights : wide and narrow height in inches
    margins : wide and narrow margins
    widths : wide and narrow width in inches
    """
    canvases = []
    for narrow in (False, True):
        canvases.append(Canvas(widths[narrow], heights[narrow], margins[narrow]))
        draw(canvases[narrow], narrow)
    wide, narrow = (
        svg(canvas, f"{name}-{form}", title, description, f"fig-{form}")
        for canvas, form in zip(canvases, ("wide", "narrow"), strict=True)
    )
    return Picture(wide, narrow, png(canvases[0]))
