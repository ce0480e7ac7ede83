"""Pictures of the municipality page: counts stand where they belong, numbers do not touch, the own place is marked."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from brapkg.boundaries import boundaries
from brapkg.figures import canvas, maps, years
from brapkg.figures.canvas import Dots, Shape, Text
from brapkg.figures.drawing import text_width
from brapkg.wording import Words

SV = Words("sv")
NAMES = {"name": "figur-9", "title": "Kort & <gott>", "description": "I ord."}
YEARS = (2013, 2014, 2015, 2016)


@pytest.fixture
def drawn(monkeypatch):
    """What was drawn on each canvas: wide and narrow."""
    made: list[canvas.Canvas] = []

    def keep(draw, *, heights, margins, widths=(6.6, 3.42), **_):
        for narrow in (False, True):
            one = canvas.Canvas(widths[narrow], heights[narrow], margins[narrow])
            draw(one, narrow)
            made.append(one)

    monkeypatch.setattr(years, "picture", keep)
    monkeypatch.setattr(maps, "picture", keep)
    return made


def panel(counts, lower=2.0, upper=9.0, heading="Våldsbrott") -> years.Panel:
    n = len(counts)
    outside = ["above" if c > upper else "below" if c < lower else "" for c in counts]
    return years.Panel(heading, counts, [lower] * n, [upper] * n, outside)


def marks(one: canvas.Canvas, kind: type) -> list:
    return [mark for mark in one.marks if isinstance(mark, kind)]


def numbers(one: canvas.Canvas) -> list[Text]:
    return [text for text in marks(one, Text) if text.halo]


def box(text: Text) -> tuple[float, float]:
    width = text_width(text.text, text.size, "bold" if text.bold else "normal")
    left = text.x - width * {"left": 0, "center": 0.5, "right": 1}[text.align]
    return left, left + width


def test_counts_stand_at_their_height_from_zero(drawn):
    years.counts([panel([5, 28, 13, 20], 9, 26)], YEARS, SV, **NAMES)
    for one in drawn:
        places = np.concatenate([dots.places for dots in marks(one, Dots)])
        places = places[np.argsort(places[:, 0])]
        base = max(shape.parts[0][:, 1].max() for shape in marks(one, Shape))
        heights = base - places[:, 1]
        assert np.allclose(heights / heights[1], np.array([5, 28, 13, 20]) / 28)


def test_only_years_outside_the_band_are_filled_and_bold(drawn):
    years.counts([panel([5, 28, 13, 20], 9, 26)], YEARS, SV, **NAMES)
    for one in drawn:
        filled = {dots.face: len(dots.places) for dots in marks(one, Dots)}
        assert filled == {"bg": 2, "accent": 2}
        assert {text.text for text in numbers(one) if text.bold} == {"5", "28"}


def test_a_count_that_is_kept_back_leaves_no_mark(drawn):
    nan = float("nan")
    years.counts([years.Panel("Vapenbrott", [1, nan, 2, 1], [nan] * 4, [nan] * 4, [""] * 4)], YEARS, SV, **NAMES)
    for one in drawn:
        assert sum(len(dots.places) for dots in marks(one, Dots)) == 3
        assert [text.text for text in numbers(one)] == ["1", "2", "1"]
        assert not [shape for shape in marks(one, Shape) if shape.face == "soft"]


@pytest.mark.parametrize("size", [1, 10, 1_000, 10_000, 200_000])
def test_numbers_stand_inside_their_panel_and_touch_no_other(drawn, size):
    years.counts([panel([9 * size, 8 * size, 9 * size, 7 * size], 0, 9 * size)] * 10, YEARS, SV, **NAMES)
    for one, width in zip(drawn, (6.6, 3.42), strict=True):
        lines: dict[float, list] = {}
        for text in numbers(one):
            left, right = box(text)
            assert left >= -1e-9 and right <= width + 1e-9
            lines.setdefault(round(text.y, 3), []).append((left, right))
        for spans in lines.values():
            spans.sort()
            assert all(a[1] <= b[0] + 1e-9 for a, b in zip(spans, spans[1:], strict=False))


def test_long_numbers_leave_the_first_and_the_last(drawn):
    years.counts([panel([200_415, 209_173, 216_000, 222_779], 0, 1e6)], YEARS, SV, **NAMES)
    for one in drawn:
        assert [text.text for text in numbers(one)] == [SV.number(200_415), SV.number(222_779)]


def test_nothing_at_all_is_drawn_without_a_fault(drawn):
    years.counts([panel([0, 0, 0, 0], 0, 0)], YEARS, SV, **NAMES)
    for one in drawn:
        for dots in marks(one, Dots):
            assert np.isfinite(dots.places).all()


def test_the_same_counts_give_the_same_bytes():
    first, second = (years.counts([panel([5, 28, 13, 20], 9, 26)], YEARS, SV, **NAMES) for _ in range(2))
    assert first == second
    assert "Kort &amp; &lt;gott&gt;" in first.wide and not re.search(r"nan|inf", first.wide)


# --- the own place on the map


def county(own: str) -> tuple[pd.Series, pd.Series, dict[str, str]]:
    codes = [code for code in boundaries("municipality").index if code.startswith(own[:2])]
    values = pd.Series(np.linspace(4_000, 18_000, len(codes)), codes)
    return values, pd.Series(2, codes), dict.fromkeys(codes, "Upplands Väsby") | {own: "Härjedalen"}


@pytest.mark.parametrize("own", ["2403", "0980", "0180", "1480"])
def test_one_municipality_has_a_heavy_edge_and_always_its_name(drawn, own):
    values, fifth, names = county(own)
    maps.county(values, fifth, names, SV, **NAMES, own=own)
    for one in drawn:
        heavy = [shape for shape in marks(one, Shape) if shape.edge == "ink" and shape.closed]
        assert len(heavy) == 1 and heavy[0].width == maps.HEAVY
        # Of a county's municipalities in the middle fifth only the own one is named beside a narrow map.
        assert "Härjedalen" in [text.text for text in marks(one, Text)]
        left, top = np.concatenate(heavy[0].parts).min(axis=0)
        right, bottom = np.concatenate(heavy[0].parts).max(axis=0)
        assert 0 <= left < right <= one.width and 0 <= top < bottom <= one.height


def test_the_map_without_the_own_place_is_that_of_the_county():
    values, fifth, names = county("2403")
    marked = maps.county(values, fifth, names, SV, **NAMES, own="2403")
    plain = maps.county(values, fifth, names, SV, **NAMES)
    # The narrow ones differ by a name; the wide one by two edges alone.
    assert len(re.findall("<path", marked.wide)) == len(re.findall("<path", plain.wide)) + 2
    assert re.findall(r"<text.*?</text>", marked.wide) == re.findall(r"<text.*?</text>", plain.wide)
