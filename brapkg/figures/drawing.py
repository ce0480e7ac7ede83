"""From a drawing function to pictures: wide and narrow SVG for the page, PNG for JupyterLab.

A page shows the narrow picture on a phone: a desktop picture scaled down cannot be read there.
Margins are fixed in inches, so nothing is clipped and the same inputs give the same bytes.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

STYLE = Path(__file__).with_name("brapkg.mplstyle")
WIDE, NARROW = 6.6, 3.42
PNG_DPI = 110
# Give a text this gid, and the page draws the ground's colour round its letters.
HALO = "halo"

ROLES = {
    "bg": "#ffffff",
    "ink": "#182026",
    "muted": "#4d5861",
    "rule": "#cdd4d9",
    "grid": "#e3e8eb",
    "context": "#78838c",
    "accent": "#0b5c7a",
    "soft": "#cfe3eb",
    "q1": "#e6eff3",
    "q2": "#b7d3de",
    "q3": "#7db0c3",
    "q4": "#2f708b",
    "q5": "#0a4459",
}


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


@dataclass(frozen=True)
class Margins:
    """Space round the axes, in inches."""

    left: float
    right: float
    top: float = 0.1
    bottom: float = 0.3


def picture(
    draw: Callable[[Axes, bool], None],
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
    draw : function of the axes and of whether the narrow picture is drawn
    name : str, unique on the page; begins the ids inside the SVG
    title, description : str, what the picture shows, in words (for those who cannot see it)
    heights : wide and narrow height in inches
    margins : wide and narrow margins
    widths : wide and narrow width in inches
    """
    made = {}
    for narrow in (False, True):
        # Not through pyplot: that would choose the backend of the researcher's own figures.
        with matplotlib.rc_context(_style()):
            figure = Figure(figsize=(widths[narrow], heights[narrow]))
            draw(_axes(figure, margins[narrow]), narrow)
            form = "narrow" if narrow else "wide"
            made[form] = _svg(figure, f"{name}-{form}", title, description, f"fig-{form}")
            if not narrow:
                made["png"] = _png(figure)
    return Picture(**made)


@cache
def _style() -> dict:
    """matplotlib's defaults with ours on top: settings made in a notebook don't change the pictures."""
    own = matplotlib.rc_params_from_file(STYLE, use_default_template=False)
    defaults = {key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith("backend")}
    return defaults | own


def _axes(figure, margins: Margins) -> Axes:
    width, height = figure.get_size_inches()
    across = width - margins.left - margins.right
    up = height - margins.top - margins.bottom
    return figure.add_axes((margins.left / width, margins.bottom / height, across / width, up / height))


def _png(figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=PNG_DPI, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def _svg(figure, prefix: str, title: str, description: str, css: str) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    drawn = buffer.getvalue()
    body = drawn[drawn.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.S)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.S)
    # Inside a page this would style everything on it; below it becomes attributes.
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, flags=re.S)
    # The page's style sheet draws the halo; matplotlib's own would turn the text into outlines.
    body = body.replace(f' id="{HALO}"', f' class="{HALO}"')
    body = _named_ids(body, prefix)
    body = _roles(body)
    body = re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), body)
    body = re.sub(r"\s*\n\s*", " ", body)
    box = re.search(r'viewBox="[^"]+"', body)[0]
    head = (
        f'<svg class="{css}" {box} role="img" aria-labelledby="{prefix}-t {prefix}-d" '
        'stroke-linejoin="round" stroke-linecap="butt" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<title id="{prefix}-t">{escape(title)}</title>'
        f'<desc id="{prefix}-d">{escape(description)}</desc>'
    )
    return head + body[body.index(">") + 1 :].strip()


def _named_ids(body: str, prefix: str) -> str:
    """Keep the ids that something refers to, and make them the page's only ones of that name."""
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))
    body = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in used else "", body)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", body)


def _roles(body: str) -> str:
    """Replace each role's colour by the page's variable, and the font by the page's."""
    for role, colour in ROLES.items():
        body = body.replace(colour, f"var(--{role},{colour})")
    body = re.sub(r"font: (?:(bold|\d+) )?([\d.]+)px [^;\"]+", r"font-size: \2px;font-weight: \1", body)
    body = re.sub(r";?font-weight: (?=[;\"])", "", body)
    return body


@cache
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Width of a text in inches, in the font the pictures are laid out in."""
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    return TextToPath().get_text_width_height_descent(text, font, ismath=False)[0] / 72
