"""Letters of the font that pictures are laid out in: how wide a text is, and its outline.

DejaVu Sans is the widest of the usual fonts and shipped with matplotlib: what fits here fits in any
reader's font. Widths and outlines are put together from single letters, which are read once a
process; laying out every text anew took half the time of a page.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path as FilePath
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.ft2font import FT2Font, Kerning, LoadFlags
from matplotlib.path import Path

FILES = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}
UNIT = 100  # points that letters are measured at


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Width of a text in inches, ``size`` in points, ``weight`` "normal" or "bold"."""
    return _ends(text, weight == "bold")[-1] * size / UNIT / 72


def outline(text: str, bold: bool) -> Path:
    """The letters' outlines at ``UNIT`` points, from the start of the text and its base line; it may not be empty."""
    letters = [_letter(letter, bold) for letter in text]
    codes = np.concatenate([letter.codes for letter in letters])
    points = np.concatenate([letter.points for letter in letters])
    points[:, 0] += np.repeat(_ends(text, bold)[:-1], [len(letter.codes) for letter in letters])
    return Path(points, codes)


def _ends(text: str, bold: bool) -> list[float]:
    """Where each letter begins, and where the last one ends."""
    ends, last = [0.0], ""
    for letter in text:
        if last:
            ends[-1] += _kerning(last, letter, bold)
        ends.append(ends[-1] + _letter(letter, bold).advance)
        last = letter
    return ends


@cache
def _font(bold: bool) -> FT2Font:
    # An own one: matplotlib's are shared, and drawing changes their size. From memory: forked kernels
    # that read one open file move each other's place in it, and get broken letters.
    file = FilePath(matplotlib.get_data_path(), "fonts", "ttf", FILES[bold])
    font = FT2Font(BytesIO(file.read_bytes()))
    font.set_size(UNIT, 72)
    return font


class Letter(NamedTuple):
    """A letter's number in the font, the way to the next letter, and its outline."""

    number: int
    advance: float
    points: np.ndarray
    codes: np.ndarray


@cache
def _letter(letter: str, bold: bool) -> Letter:
    font = _font(bold)
    glyph = font.load_char(ord(letter), flags=LoadFlags.NO_HINTING)
    return Letter(font.get_char_index(ord(letter)), glyph.linearHoriAdvance / 65536, *font.get_path())


@cache
def _kerning(first: str, second: str, bold: bool) -> float:
    numbers = (_letter(letter, bold).number for letter in (first, second))
    return _font(bold).get_kerning(*numbers, Kerning.UNFITTED) / 64
