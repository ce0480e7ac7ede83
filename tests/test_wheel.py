"""The round year: arcs over the right months, marks at the right places, and nothing on top of anything."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from shapely import Point, Polygon

from brapkg.figures import wheel
from brapkg.figures.canvas import Canvas, Shape, Text, above, below
from brapkg.figures.drawing import NARROW, WIDE, text_width
from brapkg.figures.labels import overlap
from brapkg.figures.wheel import Due, Peak
from brapkg.wording import Words

SV, EN = Words("sv"), Words("en")
NAMES = {"name": "figur-9", "title": "Kort & <gott>", "description": "I ord."}
LONG = "Bedrägeri- och andra ekonomiska brott"
CASES = {
    "nothing": ([], []),
    "one of each": ([Peak("Stöldbrott", (6, 7, 8))], [Due("Uppdatera lägesbilden", 6, 2026)]),
    "spread out": (
        [Peak(f"{LONG} {n}", (n, n % 12 + 1, (n + 4) % 12 + 1)) for n in range(1, 10)],
        [Due(f"Uppdatera lägesbilden {n}", 2 * n, 2025 + n) for n in range(1, 7)],
    ),
    "all at once": (
        [Peak(f"{LONG} {n}", (6, 7, 8)) for n in range(1, 10)],
        [Due(f"Uppdatera lägesbilden {n}", 6, 2026) for n in range(1, 7)],
    ),
    "all in one month": ([Peak(LONG, (1,))] * 9, [Due("Följa upp åtgärdsplanen", 12)] * 6),
    "whole year": ([Peak("A", tuple(range(1, 13))), Peak("B", (12, 1))], []),
}


def canvases(case: str, words: Words = SV, monkeypatch=None) -> list[Canvas]:
    """What is drawn, wide and narrow."""
    kept: list[Canvas] = []

    def keep(draw, *, heights, margins, **_):
        for narrow, width in enumerate((WIDE, NARROW)):
            kept.append(Canvas(width, heights[narrow], margins[narrow]))
            draw(kept[-1], bool(narrow))

    monkeypatch.setattr(wheel, "picture", keep)
    wheel.year(*CASES[case], words, **NAMES)
    return kept


def box(text: Text) -> tuple[float, float, float, float]:
    """Left, right, top and bottom of a text, top being the smaller number."""
    wide = text_width(text.text, text.size, "bold" if text.bold else "normal")
    left = text.x - {"left": 0, "center": wide / 2, "right": wide}[text.align]
    return left, left + wide, text.y - above(text.size), text.y + below(text.size) * 0.2


def texts(canvas: Canvas) -> list[Text]:
    return [mark for mark in canvas.marks if isinstance(mark, Text)]


def arcs(canvas: Canvas) -> list[Polygon]:
    return [Polygon(m.parts[0]) for m in canvas.marks if isinstance(m, Shape) and m.face == "soft"]


def centre(canvas: Canvas) -> np.ndarray:
    rim = next(m for m in canvas.marks if isinstance(m, Shape) and m.closed and m.edge == "context")
    return rim.parts[0].mean(axis=0)


def turn(canvas: Canvas, point) -> float:
    """Degrees clockwise from the top."""
    x, y = np.asarray(point) - centre(canvas)
    return float(np.degrees(np.arctan2(x, -y)) % 360)


@pytest.mark.parametrize("words", [SV, EN])
@pytest.mark.parametrize("case", CASES)
def test_nothing_lies_outside_or_on_top_of_another_text(case, words, monkeypatch):
    for canvas in canvases(case, words, monkeypatch):
        boxes = [box(text) for text in texts(canvas)]
        for left, right, top, bottom in boxes:
            assert 0 <= left and right <= canvas.width and 0 <= top and bottom <= canvas.height
        found = [(a, b) for n, a in enumerate(boxes) for b in boxes[:n] if overlap(a, b)]
        assert not found


@pytest.mark.parametrize("case", CASES)
def test_arcs_share_no_ground_and_stay_within_the_rim(case, monkeypatch):
    for canvas in canvases(case, monkeypatch=monkeypatch):
        drawn = arcs(canvas)
        for number, arc in enumerate(drawn):
            assert arc.is_valid and all(arc.intersection(other).area < 1e-9 for other in drawn[:number])
            months = [t for t in texts(canvas) if t.text in SV("months_short").split()]
            assert len(months) == 12
            assert not any(arc.contains(Point(t.x, t.y)) for t in months)


@pytest.mark.parametrize("case", CASES)
def test_every_arc_has_its_own_number_and_lies_over_its_months(case, monkeypatch):
    peaks = CASES[case][0]
    for canvas in canvases(case, monkeypatch=monkeypatch):
        drawn = arcs(canvas)
        numbers = [t for t in texts(canvas) if t.align == "center" and t.text.isdecimal()]
        assert len(drawn) == len(numbers) >= len(peaks)
        covered: dict[int, set[int]] = {}
        for arc, number in zip(drawn, numbers, strict=True):
            assert arc.contains(Point(number.x, number.y - above(number.size) / 2))
            turns = {int(turn(canvas, point) // 30) + 1 for point in list(arc.exterior.coords)}
            covered[int(number.text)] = covered.get(int(number.text), set()) | turns
        assert covered == {n: set(peak.months) for n, peak in enumerate(peaks, 1)}


def test_the_year_runs_clockwise_from_the_top(monkeypatch):
    for canvas in canvases("one of each", monkeypatch=monkeypatch):
        names = SV("months_short").split()
        for text in texts(canvas):
            if text.text in names:
                assert turn(canvas, (text.x, text.y - above(text.size) / 2)) == pytest.approx(
                    30 * names.index(text.text) + 15, abs=0.5
                )


@pytest.mark.parametrize("case", CASES)
def test_marks_point_at_their_month_and_have_their_letters(case, monkeypatch):
    dates = sorted(CASES[case][1], key=lambda due: (due.year or 0, due.month, due.label))
    for canvas in canvases(case, monkeypatch=monkeypatch):
        letters = {t.text: t for t in texts(canvas) if t.align == "center" and re.fullmatch("[A-F]", t.text)}
        marks = [m for m in canvas.marks if isinstance(m, Shape) and m.face == "ink"]
        assert len(letters) == len(marks) == len(dates)
        for letter, due in zip("ABCDEF", dates, strict=False):
            at = letters[letter]
            assert int(turn(canvas, (at.x, at.y - above(at.size) / 2)) // 30) + 1 == due.month


def test_the_key_tells_every_number_and_letter(monkeypatch):
    for canvas in canvases("one of each", monkeypatch=monkeypatch):
        told = [t.text for t in texts(canvas) if t.align == "left"]
        whole = " ".join(told).replace("\u00a0", " ")
        assert "1 Stöldbrott: juni–augusti" in whole and "A Uppdatera lägesbilden: juni 2026" in whole


@pytest.mark.parametrize(
    ("months", "told"),
    [
        ((6,), "juni"),
        ((8, 6, 7), "juni–augusti"),
        ((12, 1), "december–januari"),
        ((11, 12, 1, 6), "juni, november–januari"),
        ((1, 12, 5, 7), "maj, juli, december–januari"),
        (tuple(range(1, 13)), "januari–december"),
        ((3, 3, 4), "mars–april"),
    ],
)
def test_months_are_told_as_ranges(months, told):
    assert wheel.month_names(months, SV) == told


def test_letters_are_never_too_small_to_read(monkeypatch):
    for case in CASES:
        for canvas in canvases(case, monkeypatch=monkeypatch):
            assert min(t.size for t in texts(canvas)) >= 7.5


def test_a_series_without_months_is_left_out():
    whole, without = ([Peak("A", (1,)), Peak("B", ()), Peak("C", (2,))], [Peak("A", (1,)), Peak("C", (2,))])
    assert wheel.year(whole, [], SV, **NAMES) == wheel.year(without, [], SV, **NAMES)


def test_the_picture_is_well_formed_has_words_and_the_same_bytes_twice():
    made = [wheel.year(*CASES["spread out"], SV, **NAMES) for _ in range(2)]
    assert made[0] == made[1]
    for svg in (made[0].wide, made[0].narrow):
        root = ET.fromstring(svg)
        assert root.attrib["role"] == "img" and "Kort & <gott>" in "".join(root.itertext())
        colours = re.findall(r"(?:fill|stroke):(?!none)([^;\"]+)", svg)
        assert all(colour.startswith("var(--") for colour in colours)
