"""The pictures: nothing outside, nothing on top of anything, colours as roles, the same bytes twice."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath
from PIL import Image
from shapely import LineString, Point, Polygon, box

from brapkg.figures import canvas, dots, drawing, grid, letters, lines, maps, places, png, scatter
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
    "many months": lambda: monthly(16),
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
        bare = re.sub(r"var\(--[a-z0-9]+,#[0-9a-f]{6}\)", "", text)
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(|nan", bare)


def test_roles_have_a_colour_each():
    assert len(set(drawing.ROLES.values())) == len(drawing.ROLES)


def test_no_text_is_small_or_outside_the_picture(picture):
    for _, svg in both(picture):
        width, height = size(svg)
        found = list(texts(svg))
        assert found
        for text in found:
            assert text.size >= 7.5, text
            assert -1 <= text.left and text.right <= width + 1, text
            assert text.size * 0.6 <= text.y <= height + 0.5, text


def test_no_mark_is_outside_the_picture(picture):
    for _, svg in both(picture):
        points = np.vstack([*(part for path in svg.iter(f"{SVG}path") for part in parts(path)), *discs(svg)])
        # A dot or arrowhead on the edge reaches half its width beyond.
        assert (points >= -3).all() and (points <= np.add(size(svg), 3)).all()


def test_the_png_is_the_wide_picture(picture):
    image = Image.open(io.BytesIO(picture.png))
    assert image.size == tuple(int(side / 72 * png.DPI + 1e-9) for side in size(ET.fromstring(picture.wide)))
    shown = {tuple(colour) for colour in np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)}
    for role in set(re.findall(r"(?:fill|stroke):var\(--(\w+)", picture.wide)) & {"accent", "q1", "q5", "bg"}:
        assert tuple(bytes.fromhex(drawing.ROLES[role][1:])) in shown, role


def test_the_png_has_every_text_at_its_place(picture):
    image = np.asarray(Image.open(io.BytesIO(picture.png)).convert("L")).astype(int)
    for text in texts(ET.fromstring(picture.wide)):
        left, right, top, base = (
            round(at / 72 * png.DPI) for at in (text.left, text.right, text.y - 0.75 * text.size, text.y)
        )
        letters_and_ground = image[top:base, max(left, 0) : right]
        assert np.ptp(letters_and_ground) > 60, text


def size(svg: ET.Element) -> tuple[float, float]:
    return tuple(map(float, svg.get("viewBox").split()))[2:]


@dataclass(frozen=True)
class Written:
    """A text as the SVG has it: its ends and its base line, in points."""

    text: str
    left: float
    right: float
    x: float
    y: float
    size: float
    halo: bool


def texts(svg: ET.Element):
    for group in svg.iter(f"{SVG}g"):
        for element in group.findall(f"{SVG}text"):
            style = group.get("style")
            points = float(re.search(r"font-size:([\d.]+)px", style)[1])
            width = 72 * drawing.text_width(element.text, points, "bold" if "font-weight:700" in style else "normal")
            share = {"middle": 0.5, "end": 1.0}.get((re.search(r"text-anchor:(\w+)", style) or ["", ""])[1], 0.0)
            x, y = float(element.get("x")), float(element.get("y"))
            halo = group.get("class") == "halo"
            yield Written(element.text, x - share * width, x + (1 - share) * width, x, y, points, halo)


def parts(path: ET.Element) -> list[np.ndarray]:
    """The points of each line or area of a path."""
    return [np.array(part.rstrip("Z").split(), dtype=float).reshape(-1, 2) for part in path.get("d").split("M")[1:]]


def paths(svg: ET.Element, style: str) -> list[np.ndarray]:
    """The lines or areas of the paths whose style has this in it."""
    return [part for path in svg.iter(f"{SVG}path") if style in path.get("style") for part in parts(path)]


def discs(svg: ET.Element, fill: str = "") -> list[tuple[float, float]]:
    return [
        (float(circle.get("cx")), float(circle.get("cy")))
        for group in svg.iter(f"{SVG}g")
        if group.find(f"{SVG}circle") is not None and group.get("style").startswith(f"fill:{fill}")
        for circle in group.findall(f"{SVG}circle")
    ]


HOSTILE = {
    "font.size": 20,
    "font.family": "serif",
    "text.hinting": "none",
    "text.antialiased": False,
    "axes.grid": True,
    "axes.facecolor": "red",
    "axes.autolimit_mode": "round_numbers",
    "path.simplify": True,
    "path.simplify_threshold": 1.0,
    "path.snap": False,
    "agg.path.chunksize": 101,
    "image.origin": "lower",
    "savefig.dpi": 30,
    "svg.fonttype": "path",
}


@pytest.mark.parametrize("name", PICTURES)
def test_same_input_gives_the_same_bytes(name):
    """Whatever was drawn before, and whatever a notebook has set."""
    for read_once in (letters._font, letters._letter, letters._kerning, maps._deepest, png._palette):
        read_once.cache_clear()
    first = PICTURES[name]()
    TextToPath().get_text_path(FontProperties(family="DejaVu Sans", size=31), "Upplands")
    for other in PICTURES.values():
        other()
    with matplotlib.rc_context(HOSTILE):
        assert PICTURES[name]() == first


@pytest.mark.parametrize("weight", ["normal", "bold"])
@pytest.mark.parametrize("text", ["Upplands Väsby", "12\u00a0345", "AVATAR Tyresö", "−25\u00a0%"])
def test_a_text_is_as_wide_as_matplotlib_has_it(text, weight):
    font = FontProperties(family="DejaVu Sans", size=9, weight=weight)
    expected = TextToPath().get_text_width_height_descent(text, font, ismath=False)[0]
    assert 72 * drawing.text_width(text, 9, weight) == pytest.approx(expected, abs=0.02)


def test_the_outline_of_a_text_reaches_as_far_as_it_is_wide():
    text = "Öckerö Hammarby"
    outline = letters.outline(text, bold=True)
    reach = outline.get_extents().x1 / letters.UNIT * 10 / 72
    assert reach == pytest.approx(drawing.text_width(text, 10, "bold"), abs=0.01)
    assert len(letters.outline("\u00a0 ", bold=False)) == 0


def test_a_line_breaks_where_a_value_is_missing():
    sheet = canvas.Canvas(2, 1, canvas.Margins(0, 0, 0, 0))
    sheet.line([0, 1, 2, 3, 4], [0.1, 0.2, np.nan, 0.4, 0.5], "accent", 1)
    sheet.dots([0, 1], [np.nan, 1], 4, "accent")
    line, dot = sheet.marks
    assert [part[:, 0].tolist() for part in line.parts] == [[0, 1], [3, 4]]
    assert dot.places.tolist() == [[1, 1]]


# --- dots


def test_rows_without_value_have_no_dot_and_the_dot_follows_the_verdict():
    for _, svg in both(ratios()):
        assert len(discs(svg)) == 2
        assert len(discs(svg, "var(--accent")) == len(discs(svg, "var(--bg")) == 1


def test_dots_and_intervals_stand_at_their_values():
    """Against the axis' own labels, by the logarithm."""
    for _, svg in both(ratios()):
        written = {text.text: text for text in reversed(list(texts(svg)))}  # the axis' labels come first
        one, other = written["Riket"].x, written["+50\u00a0%"].x

        def at(value: float, one: float = one, other: float = other) -> float:
            return one + np.log(value) / np.log(1.5) * (other - one)

        ((filled, first),), ((hollow, second),) = discs(svg, "var(--accent"), discs(svg, "var(--bg")
        assert (filled, hollow) == pytest.approx((at(1.5), at(0.9)), abs=0.05)
        intervals = paths(svg, "stroke:var(--accent,#0b5c7a);stroke-width:1.8")
        assert [line[:, 0].tolist() for line in intervals] == [
            pytest.approx([at(1.3), at(1.7)], abs=0.05),
            pytest.approx([at(0.6), at(1.2)], abs=0.05),
        ]
        for y, label, line in ((first, "Upplands Väsby 0", intervals[0]), (second, "Upplands Väsby 1", intervals[1])):
            assert line[:, 1] == pytest.approx([y, y], abs=0.01) and 2 < written[label].y - y < 4


def arrowheads(svg: ET.Element) -> list[np.ndarray]:
    return [part for part in paths(svg, "fill:var(--accent") if len(part) == 3]


def test_intervals_beyond_the_axis_end_in_an_arrowhead():
    wide = dots.Row("Öckerö", 0.3, 0.01, 9.0, "unclear", "")
    for _, svg in both(dots.ratios([dots.Block([wide])], SV, one="Riket", **NAMES)):
        left, right = arrowheads(svg)
        (line,) = paths(svg, "stroke-width:1.8")
        assert left[0, 0] < line[0, 0] < line[1, 0] < right[0, 0]
        assert len(discs(svg, "var(--bg")) == 1


def test_a_row_wholly_beyond_the_axis_has_an_arrowhead_and_nothing_else():
    far = dots.Row("Öckerö", 9.0, 6.0, 12.0, "clearly_higher", "")
    for _, svg in both(dots.ratios([dots.Block([far])], SV, one="Riket", **NAMES)):
        assert len(arrowheads(svg)) == 1 and not discs(svg) and not paths(svg, "stroke-width:1.8")
        assert "+800\u00a0%" in [text.text for text in texts(svg)]


def test_months_stand_at_their_values():
    table = season()
    for _, svg in both(dots.year_wheel(table, SV, **NAMES)):
        level = {text.text: text.y for text in texts(svg) if text.size == canvas.LABEL}
        one, other = level[SV("mean_month")], level["+25\u00a0%"]
        at = (one + (table["value"] - 1) / 0.25 * (other - one)).to_numpy() - 72 * canvas.above(canvas.LABEL) / 2
        assert [y for _, y in sorted(discs(svg))] == pytest.approx(at.tolist(), abs=0.05)


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
        assert -1e-9 <= left and right <= width + 1e-9 and 0 <= bottom and top <= plan.height, area
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


def test_a_municipality_has_the_colour_of_its_fifth():
    codes = members("20")
    fifth = pd.Series(np.arange(len(codes)) % 5, codes)
    drawn = maps.county(pd.Series(9_000.0, codes), fifth, {code: code for code in codes}, SV, **NAMES)
    for _, svg in both(drawn):
        areas = [(role, Polygon(ring)) for role in maps.FIFTHS for ring in paths(svg, f"fill:var(--{role},")]
        checked = 0
        for text in texts(svg):
            under = [role for role, area in areas if area.contains(Point(text.x, text.y))]
            if text.text in codes and under:
                assert under == [maps.FIFTHS[fifth[text.text]]], text
                checked += 1
        assert checked >= 5


def test_fifths_of_the_country():
    values = pd.Series(range(290), [f"{n:04d}" for n in range(290)])
    fifth, limits = maps.fifths(values)
    assert fifth.value_counts().tolist() == [58] * 5
    assert limits == sorted(limits)
    values["0300"] = np.nan  # kept back
    assert maps.fifths(values)[1] == limits and maps.fifths(values)[0].equals(fifth)


# --- the rest


def test_points_of_the_funnel_stand_at_their_values_and_those_above_at_its_edge():
    for _, svg in both(funnel()):
        grey, own = discs(svg, "var(--context"), discs(svg, "var(--accent")
        assert (len(grey), len(own)) == (45, 14)
        written = {text.text: text for text in texts(svg)}
        small, large = written[SV.number(3_000)].x, written[SV.number(30_000)].x
        zero, one = written["−100\u00a0%"].y, written[SV("nation_lower")].y
        shift = 72 * canvas.above(canvas.LABEL) / 2
        population, value = np.geomspace(3_000, 900_000, 60), 1 + 0.5 * np.cos(np.arange(60))
        expected = sorted(
            (small + np.log10(population[n] / 3_000) * (large - small), zero + value[n] * (one - zero) - shift)
            for n in range(60)
            if n not in range(5, 20)
        )
        assert np.ravel(sorted(grey)) == pytest.approx(np.ravel(expected), abs=0.06)
        (above,) = arrowheads(svg)
        assert above[:, 0].mean() == pytest.approx(small + np.log10(population[7] / 3_000) * (large - small), abs=0.06)
        assert above[:, 1].min() < 7.2 < above[:, 1].max()


def test_names_in_the_funnel_lie_on_no_other_and_have_a_halo():
    for _, svg in both(funnel()):
        named = [text for text in texts(svg) if "Väsby" in text.text]
        assert len(named) > 3 and all(text.halo for text in named)
        boxes = [(t.left, t.right, t.y - 6, t.y) for t in named]
        assert not any(overlap(one, two) for n, one in enumerate(boxes) for two in boxes[:n])


def test_the_series_and_its_trend_are_drawn_at_their_values():
    series, line = months(4)
    for _, svg in both(monthly()):
        level = {text.text: text.y for text in texts(svg) if text.size == canvas.LABEL}
        zero, high = level["0"], level["750" if "750" in level else "800"]
        unit, shift = (high - zero) / (750 if "750" in level else 800), 72 * canvas.above(canvas.LABEL) / 2
        (drawn,) = [part for part in paths(svg, "stroke:var(--context") if len(part) > 2]
        assert drawn[:, 1] == pytest.approx(zero - shift + unit * series["value"].to_numpy(), abs=0.06)
        trend = paths(svg, "stroke:var(--accent,#0b5c7a);stroke-width:2.2")
        assert [len(part) for part in trend] == [24, 24]  # it breaks where the series does
        assert np.vstack(trend)[:, 1] == pytest.approx(zero - shift + unit * line["value"].to_numpy(), abs=0.06)
        assert np.vstack(trend)[:, 0] == pytest.approx(drawn[:, 0], abs=0.02)


@pytest.mark.parametrize("highest", [0.4, 7, 10, 99.5, 1000, 1083, 23_456])
def test_an_axis_has_few_round_ticks_from_nought(highest):
    ticks = lines._ticks(highest, 5)
    assert ticks[0] == 0 and highest * 0.6 < ticks[-1] <= highest and 3 <= len(ticks) <= 6
    step = ticks[1] / 10 ** np.floor(np.log10(ticks[1]))
    assert min(abs(step - np.array([1, 2, 2.5, 5]))) < 1e-9


def test_drawing_leaves_pyplot_alone():
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
    cells_drawn = paths(ET.fromstring(picture.narrow), "stroke-width:0.7")
    assert len(cells_drawn) == 24 and len({tuple(cell[0]) for cell in cells_drawn}) == 24


def test_a_cell_that_stands_out_is_filled():
    def filled(table: pd.DataFrame) -> list[np.ndarray]:
        return paths(ET.fromstring(grid.months(table, SV, **NAMES).wide), "fill:var(--accent")

    assert not filled(cells().assign(signal=False))
    (cell,) = filled(cells())
    column = {text.text: text.x for text in texts(ET.fromstring(grid.months(cells(), SV, **NAMES).wide))}
    assert cell[:, 0].mean() == pytest.approx(column["feb"], abs=0.02)


def test_places_stand_between_their_limits():
    for _, svg in both(spans(3)):
        at = {text.text: text.x for text in texts(svg) if text.size == dots.TICK}
        unit = (at["290"] - at["1"]) / 289
        expected = [at["1"] + (place - 1) * unit for place in (280, 279, 278)]
        assert [x for x, _ in sorted(discs(svg), key=lambda dot: dot[1])] == pytest.approx(expected, abs=0.05)
        for number, line in enumerate(paths(svg, "stroke-width:1.8")):
            limits = [at["1"] + (place - 1) * unit for place in (250 - number, 290)]
            assert line[:, 0] == pytest.approx(limits, abs=0.05)
        assert len(discs(svg, "var(--accent")) == 1  # the one that probably is among the highest
