"""The pictures: nothing outside, nothing on top of anything, colours as roles, the same bytes twice."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from shapely import LineString, box

from brapkg.figures import dots, drawing, grid, lines, maps, places, scatter
from brapkg.figures.labels import cross, overlap
from brapkg.wording import Words

SV = Words("sv")
SVG = "{http://www.w3.org/2000/svg}"
NAMES = {"name": "figur-9", "title": "Kort & <gott>", "description": "I ord."}
# Gotland, Dalarna, Stockholm, Västra Götaland (49 municipalities), Norrbotten: by code of county.
COUNTIES = ("09", "20", "01", "14", "25")


def rows(count: int = 3) -> list[dots.Row]:
    verdicts = ("clearly_higher", "unclear", "few")
    values = ((1.5, 1.3, 1.7), (0.9, 0.6, 1.2), (np.nan, np.nan, np.nan))
    return [
        dots.Row(f"Upplands Väsby {n}", *values[n % 3], verdicts[n % 3], "går inte att skilja") for n in range(count)
    ]


def ratios(count: int = 3) -> drawing.Picture:
    return dots.ratios([dots.Block(rows(count), "Över riket")], SV, one="Riket", **NAMES)


def season() -> pd.DataFrame:
    value = 1 + 0.2 * np.sin(np.arange(12))
    verdict = np.where(np.abs(value - 1) > 0.1, "clearly_higher", "unclear")
    return pd.DataFrame(
        {"month": range(1, 13), "value": value, "lower": value - 0.1, "upper": value + 0.1, "verdict": verdict}
    )


def months(years: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    position = np.arange(12 * years)
    series = pd.DataFrame(
        {"year": 2013 + position // 12, "month": position % 12 + 1, "value": 800 + 90 * np.sin(position)}
    )
    line = pd.DataFrame({"position": position, "value": 800.0, "lower": 780.0, "upper": 820.0})
    return series, line


def monthly(years: int = 4) -> drawing.Picture:
    series, line = months(years)
    breaks = [(24, "Ny polisorganisation")] if years > 2 else []
    return lines.monthly(series, line if years > 1 else line[:0], SV, preliminary=2016, breaks=breaks, **NAMES)


def panels(count: int) -> drawing.Picture:
    values = 1000 + 100 * np.sin(np.arange(37))
    made = [lines.Panel(f"Malung-Sälen {n}", values, values * 1.1, "10 270", "länet 12 712") for n in range(count)]
    return lines.multiples(made, first="2013", last="2016", breaks=[13], **NAMES)


def funnel() -> drawing.Picture:
    population = np.geomspace(3_000, 900_000, 60)
    value = 1 + 0.5 * np.cos(np.arange(60))
    value[7] = 3.4
    table = pd.DataFrame(
        {
            "area": [f"{n:04d}" for n in range(60)],
            "population": population,
            "expected": population * 0.01,
            "value": value,
            "phi": 3.0,
            "z_adjusted": value - 1,
        }
    )
    return scatter.funnel(table, {f"{n:04d}": f"Upplands Väsby {n}" for n in range(5, 20)}, SV, **NAMES)


def members(code: str) -> list[str]:
    return [area for area in maps.boundaries("municipality").index if area.startswith(code)]


def county(code: str) -> drawing.Picture:
    codes = members(code)
    values = pd.Series(np.linspace(4_000, 18_000, len(codes)), codes)
    fifth = pd.Series(np.arange(len(codes)) % 5, codes)
    return maps.county(values, fifth, dict.fromkeys(codes, "Smedjebacken"), SV, **NAMES)


def spans(count: int) -> drawing.Picture:
    made = [places.Place(f"Upplands Väsby {n}", 280 - n, 250 - n, 290, 0.81 if n == 0 else 0.002) for n in range(count)]
    return places.places(made, 290, SV, **NAMES)


def cells() -> pd.DataFrame:
    table = pd.DataFrame(
        {"label": np.repeat(["Våldsbrott", "Hot, kränkning, frihet"], 12), "month": [*range(1, 13)] * 2}
    )
    ratio = 1 + 0.3 * np.sin(np.arange(24))
    ratio[3] = np.nan
    return table.assign(ratio=ratio, told=table.index != 5, signal=table.index == 1)


PICTURES = {
    "places": lambda: spans(3),
    "many places": lambda: spans(49),
    "grid": lambda: grid.months(cells(), SV, **NAMES),
    "ratios": ratios,
    "many ratios": lambda: ratios(49),
    "wheel": lambda: dots.year_wheel(season(), SV, **NAMES),
    "months": monthly,
    "first year": lambda: monthly(1),
    "panels": lambda: panels(9),
    "many panels": lambda: panels(49),
    "funnel": funnel,
    "map": lambda: county("20"),
}


@pytest.fixture(scope="module", params=PICTURES)
def picture(request) -> drawing.Picture:
    return PICTURES[request.param]()


def both(picture: drawing.Picture) -> list[tuple[str, ET.Element]]:
    return [(text, ET.fromstring(text)) for text in (picture.wide, picture.narrow)]


# --- every picture


def test_picture_is_named_and_described(picture):
    for _, svg in both(picture):
        assert svg.get("role") == "img"
        title, description = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")
        assert (title.text, description.text) == (NAMES["title"], NAMES["description"])
        assert svg.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"


def test_ids_are_unique_on_the_page_and_carry_the_figures_name(picture):
    everything = picture.wide + picture.narrow
    ids = re.findall(r'\bid="([^"]+)"', everything)
    assert len(ids) == len(set(ids))
    assert all(name.startswith("figur-9-") for name in ids)
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', everything)) <= set(ids)


def test_every_colour_is_a_role(picture):
    for text, _ in both(picture):
        assert re.findall(r"var\(--[a-z0-9]+,#[0-9a-f]{6}\)", text)
        bare = re.sub(r"var\(--[a-z0-9]+,#[0-9a-f]{6}\)", "", re.sub(r'(?:href="|url\()#[^")]+', "", text))
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", bare)


def test_roles_have_a_colour_each():
    assert len(set(drawing.ROLES.values())) == len(drawing.ROLES)


def test_no_text_is_small_or_outside_the_picture(picture):
    for _, svg in both(picture):
        _, _, width, height = map(float, svg.get("viewBox").split())
        for text, left, right, y, size in texts(svg):
            assert size >= 7.5, text
            assert -1 <= left and right <= width + 1, text
            assert size * 0.6 <= y <= height + 0.5, text


def texts(svg: ET.Element):
    """Each text with its left and right end, its base line and its size, in points."""
    for element in svg.iter(f"{SVG}text"):
        style = element.get("style", "")
        size = float(re.search(r"font-size: ([\d.]+)px", style)[1])
        weight = "bold" if "font-weight: " in style else "normal"
        width = 72 * drawing.text_width(element.text, size, weight)
        x, y = place(element)
        share = {"middle": 0.5, "end": 1.0}.get((re.search(r"text-anchor: (\w+)", style) or ["", "start"])[1], 0.0)
        yield element.text, x - share * width, x + (1 - share) * width, y, size


def place(element: ET.Element) -> tuple[float, float]:
    moved = re.search(r"translate\(([-\d.]+)[ ,]+([-\d.]+)\)", element.get("transform", ""))
    x, y = float(element.get("x", 0)), float(element.get("y", 0))
    return (x + float(moved[1]), y + float(moved[2])) if moved and not element.get("x") else (x, y)


@pytest.mark.parametrize("name", PICTURES)
def test_same_input_gives_the_same_bytes(name, picture):
    import matplotlib

    first = PICTURES[name]()
    with matplotlib.rc_context({"font.size": 20, "axes.grid": True, "axes.facecolor": "red"}):
        assert PICTURES[name]() == first  # a notebook's own settings leave the pictures alone


# --- dots


def marks(svg: ET.Element) -> list[str]:
    """What fills each dot."""
    found = []
    for group in svg.iter(f"{SVG}g"):
        for use in group.findall(f"{SVG}use"):
            found.append(re.search(r"fill: (var\(--\w+)", use.get("style"))[1] + ")")
    return found


def test_rows_without_value_have_no_dot_and_the_dot_follows_the_verdict():
    for _, svg in both(ratios()):
        assert sorted(marks(svg)) == ["var(--accent)", "var(--bg)"]


def test_intervals_beyond_the_axis_end_in_an_arrowhead():
    wide = dots.Row("Öckerö", 0.3, 0.01, 9.0, "unclear", "")
    for _, svg in both(dots.ratios([dots.Block([wide])], SV, one="Riket", **NAMES)):
        assert sorted(marks(svg)) == ["var(--accent)", "var(--accent)", "var(--bg)"]


def test_blocks_without_rows_are_left_out():
    picture = dots.ratios([dots.Block([], "Tom"), dots.Block(rows(1), "Full")], SV, one="Riket", **NAMES)
    assert "Full" in picture.wide and "Tom" not in picture.wide


# --- map


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("code", COUNTIES)
def test_labels_of_real_counties(code, narrow):
    codes = members(code)
    told = {area: ("Smedjebacken", "12 345") for area in codes}
    outer = set(codes[::3])
    plan = maps.layout(told, outer, narrow)
    assert outer <= set(plan.labels), "the outer fifths are always named"
    boxes = {area: label_box(label, narrow) for area, label in plan.labels.items()}
    width = maps.WIDTHS[narrow]
    for area, (left, right, bottom, top) in boxes.items():
        assert 0 <= left and right <= width and 0 <= bottom and top <= plan.height, area
        for other in boxes:
            assert other == area or not overlap(boxes[area], boxes[other]), (area, other)
        label = plan.labels[area]
        if label.leader is None:
            assert plan.shapes[area].intersection(box(left, bottom, right, top)).area > 0.9 * (right - left) * (
                top - bottom
            )
        else:
            assert LineString(label.leader).intersects(plan.shapes[area])
            assert not any(shape.intersects(box(left, bottom, right, top)) for shape in plan.shapes.values())
    leaders = [(area, label.leader) for area, label in plan.labels.items() if label.leader]
    for n, (area, leader) in enumerate(leaders):
        assert not any(cross(leader, other) for _, other in leaders[:n])
        line = LineString(leader)
        assert not any(line.intersects(box(b[0], b[2], b[1], b[3])) for other, b in boxes.items() if other != area)


def label_box(label: maps.Label, narrow: bool) -> tuple[float, float, float, float]:
    width = max(drawing.text_width(line, maps.SIZES[narrow]) for line in label.lines)
    left = label.x - {"left": 0.0, "center": 0.5, "right": 1.0}[label.align] * width
    return left, left + width, label.y - maps.LINE * 0.95, label.y + maps.LINE * 0.95


def test_fifths_of_the_country():
    values = pd.Series(range(290), [f"{n:04d}" for n in range(290)])
    fifth, limits = maps.fifths(values)
    assert fifth.value_counts().tolist() == [58] * 5
    assert limits == sorted(limits)


# --- the rest


def test_point_above_the_funnel_is_drawn_at_its_edge():
    axes = SimpleNamespace(plotted=[])
    axes.plot = lambda x, y, marker, **style: axes.plotted.append((list(x), list(y), marker))
    table = pd.DataFrame({"population": [5_000, 9_000], "value": [1.0, 9.0]})
    scatter._points(axes, table, 3, "#000000")
    assert axes.plotted == [([5_000], [1.0], "o"), ([9_000], [scatter.HIGHEST], "^")]


def test_labels_on_points_have_a_halo():
    assert 'class="halo"' in funnel().wide and 'id="halo"' not in funnel().wide


def test_drawing_leaves_pyplot_alone():
    import matplotlib

    before = dict(matplotlib.rcParams)
    ratios()
    assert dict(matplotlib.rcParams) == before


# --- places and the grid of months


def texts_of(svg: str) -> list[str]:
    return [text for text in (element.text for element in ET.fromstring(svg).iter(f"{SVG}text")) if text]


def test_a_place_tells_its_probability_and_never_nought_or_certainty():
    told = texts_of(spans(2).wide)
    assert "81\u00a0%" in told and "<1\u00a0%" in told and "0\u00a0%" not in told


def test_the_grid_writes_only_what_it_may_tell():
    wide = texts_of(grid.months(cells(), SV, **NAMES).wide)
    numbers = [text for text in wide if text[0] in "+\u22120"]
    # 24 cells, less the one without a ratio and the one whose per cent would mislead.
    assert len(numbers) == 22
    assert numbers[:3] == ["0", "+25", "+27"]


def test_the_narrow_grid_has_no_numbers_but_every_cell():
    picture = grid.months(cells(), SV, **NAMES)
    assert not [text for text in texts_of(picture.narrow) if text[0] in "+\u22120"]
    assert picture.narrow.count("<path") >= 24


def test_a_cell_that_stands_out_is_filled():
    def filled(table: pd.DataFrame) -> int:
        return grid.months(table, SV, **NAMES).wide.count("fill: var(--accent,#0b5c7a)")

    quiet = cells().assign(signal=False)
    assert filled(cells()) == filled(quiet) + 1
