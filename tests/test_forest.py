"""The forest and the map of evidence: marks say what they should, texts stay inside, same bytes twice."""

from __future__ import annotations

import io
import math
import re
import xml.etree.ElementTree as ET

import pytest
from PIL import Image

from brapkg.figures import evidence_map, forest
from brapkg.figures.evidence_map import Cell, Column, MapRow
from brapkg.figures.forest import Group, Line, Panel
from brapkg.figures.letters import text_width
from brapkg.wording import Words

SV = Words("sv")
SVG = "{http://www.w3.org/2000/svg}"
NAMES = {"name": "figur-9", "title": "Kort & <gott>", "description": "I ord."}
LONG = "Gruppvåldsintervention och riktat stöd till personer i konflikter mellan kriminella nätverk"
EFFECTS = ("effective", "promising", "mixed", "no_shown_effect", "harmful", "unknown")


def panel(*lines: Line, metric: str = "relative change", favourable: str = "below") -> Panel:
    return Panel("Ruta", metric, favourable, [Group("Grannsamverkan", "Låg säkerhet", lines)])


def drawn(*panels: Panel) -> forest.Picture:
    return forest.forest(panels, SV, **NAMES)


def texts(svg: str) -> list[tuple[str, float, float, float, float]]:
    """Each text with its left and right end, base line and size, in points."""
    found = []
    for group in ET.fromstring(svg).iter(f"{SVG}g"):
        style = group.get("style", "")
        if "font-size" not in style:
            continue
        size = float(re.search(r"font-size:([\d.]+)px", style)[1])
        weight = "bold" if "font-weight:700" in style else "normal"
        for text in group.iter(f"{SVG}text"):
            width = text_width(text.text, size, weight) * 72
            x = float(text.get("x")) - width * (0.5 if "middle" in style else 1 if "end" in style else 0)
            found.append((text.text, x, x + width, float(text.get("y")), size))
    return found


def assert_readable(picture: forest.Picture) -> None:
    """Every text lies inside the picture, none is smaller than allowed, and none lies on another."""
    for svg, smallest in ((picture.wide, 7.5), (picture.narrow, 7.5)):
        _, _, width, height = map(float, ET.fromstring(svg).get("viewBox").split())
        told = texts(svg)
        assert told
        for text, left, right, line, size in told:
            assert -0.5 <= left and right <= width + 0.5, (text, left, right, width)
            assert size * 0.7 <= line <= height, text
            assert size >= smallest, text
        for number, (text, left, right, line, size) in enumerate(told):
            for other, begins, ends, base, _ in told[:number]:
                apart = right <= begins + 0.1 or ends <= left + 0.1 or abs(line - base) >= 0.75 * size
                assert apart, f"{text!r} lies on {other!r}"


def paths(svg: str, **wanted: bool) -> list[str]:
    """The paths in the accent's colour that are dashed or round as wanted."""
    found = []
    for path in ET.fromstring(svg).iter(f"{SVG}path"):
        style = path.get("style")
        if "stroke:var(--accent" in style and all((name in style) == has for name, has in wanted.items()):
            found.append(path.get("d"))
    return found


# --- the forest


def test_a_solid_line_is_drawn_only_where_there_is_an_interval():
    bare = drawn(panel(Line("Piza m.fl. 2019", [0.87], "−13 %"))).wide
    known = drawn(panel(Line("Piza m.fl. 2019", [0.87], "−13 %", 0.8, 0.95, "−20 till −5 %"))).wide
    assert not paths(bare, **{"linecap:round": True})
    (line,) = paths(known, **{"linecap:round": True})
    first, last = (float(pair.split()[0]) for pair in re.findall(r"[\d.]+ [\d.]+", line))
    circle = ET.fromstring(known).find(f".//{SVG}circle")
    assert first < float(circle.get("cx")) < last


def test_an_interval_with_one_end_is_not_drawn():
    half = drawn(panel(Line("A 2019", [0.87], "−13 %", lower=0.8))).wide
    assert not paths(half, **{"linecap:round": True})


def test_values_of_two_models_are_joined_by_a_dashed_line():
    two = drawn(panel(Line("Bennett m.fl. 2008", [0.84, 0.74], "−16 % eller −26 %"))).wide
    assert len(list(ET.fromstring(two).iter(f"{SVG}circle"))) == 2
    assert len(paths(two, dasharray=True)) == 1
    one = drawn(panel(Line("Bennett m.fl. 2008", [0.84], "−16 %"))).wide
    assert not paths(one, dasharray=True)


def test_one_study_is_a_hollow_diamond_and_a_pooled_result_a_dot():
    single = drawn(panel(Line("Wallin m.fl. 2003", [0.71], "−29 %", pooled=False))).wide
    assert not list(ET.fromstring(single).iter(f"{SVG}circle"))
    diamonds = [p for p in ET.fromstring(single).iter(f"{SVG}path") if "fill:var(--bg" in p.get("style")]
    assert len(diamonds) == 1 and diamonds[0].get("d").count(" ") == 7  # four corners
    pooled = drawn(panel(Line("Piza m.fl. 2019", [0.87], "−13 %"))).wide
    assert len(list(ET.fromstring(pooled).iter(f"{SVG}circle"))) == 1


@pytest.mark.parametrize(("sure", "face"), [(True, "accent"), (False, "bg")])
def test_a_pooled_result_that_may_be_chance_is_hollow(sure, face):
    svg = drawn(panel(Line("CTC 2026", [0.93], "−7 %", sure=sure))).wide
    (group,) = (g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.find(f"{SVG}circle") is not None)
    assert f"fill:var(--{face}," in group.get("style")


@pytest.mark.parametrize(
    ("favourable", "left", "right"),
    [("below", "← gynnsamt", "ogynnsamt →"), ("above", "← ogynnsamt", "gynnsamt →")],
)
def test_each_panel_says_which_side_is_good(favourable, left, right):
    for svg in (lambda p: (p.wide, p.narrow))(
        drawn(panel(Line("A 2007", [1.5], "1,50"), metric="odds ratio", favourable=favourable))
    ):
        told = {text: begins for text, begins, *_ in texts(svg)}
        assert told[left] < told[right]


def test_good_values_stand_on_the_good_side():
    svg = drawn(panel(Line("A 2019", [0.8], "−20 %"), Line("B 2019", [1.25], "+25 %"))).wide
    none = next(begins + (ends - begins) / 2 for text, begins, ends, *_ in texts(svg) if text == "0\u00a0%")
    good, bad = (float(c.get("cx")) for c in ET.fromstring(svg).iter(f"{SVG}circle"))
    assert good < none < bad
    assert none - good == pytest.approx(bad - none, abs=0.1)  # a ratio and its inverse are equally far


def test_what_lies_beyond_the_axis_ends_in_an_arrowhead():
    for metric, value, lower, upper in (("odds ratio", 4.28, 2.0, 90.0), ("d", 0.1, -9.0, 0.5)):
        svg = drawn(panel(Line("A 2012", [value], "x", lower, upper, "y"), metric=metric)).wide
        arrows = [p for p in ET.fromstring(svg).iter(f"{SVG}path") if p.get("style").startswith("fill:var(--accent")]
        assert len(arrows) == 1, metric
    inside = drawn(panel(Line("A 2012", [1.5], "x", 1.2, 1.9, "y"), metric="odds ratio")).wide
    assert not [p for p in ET.fromstring(inside).iter(f"{SVG}path") if p.get("style").startswith("fill:var(--accent")]


def test_a_line_without_a_value_shows_its_interval_only():
    svg = drawn(panel(Line("Nytt ställe", [], "", 0.8, 2.9, "0,80–2,90"), metric="odds ratio")).wide
    assert not list(ET.fromstring(svg).iter(f"{SVG}circle")) and paths(svg, **{"linecap:round": True})


@pytest.mark.parametrize("metric", ["relative change", "odds ratio", "rate ratio", "d"])
@pytest.mark.parametrize("value", [-0.9, 0.001, 0.5, 1.0, 4.0, 60.0])
def test_texts_stay_readable_whatever_the_values(metric, value):
    value = abs(value) if metric != "d" else value
    lines = [
        Line(
            f"{LONG}: upprepade inbrott i bostäder och butiker",
            [value],
            "−33,8 %",
            value / 2,
            value * 2,
            "−50 till −5 %",
        ),
        Line("Ett", [1.0], "1,00", pooled=False),
    ]
    groups = [Group(LONG, "Mycket låg säkerhet", lines), Group("Kort", "Hög säkerhet", lines[:1])]
    assert_readable(drawn(Panel(f"{LONG} {LONG}", metric, "below", groups), panel(*lines, metric="d")))


def test_axis_labels_have_swedish_signs():
    svg = drawn(panel(Line("A", [1.5], "1,50"), metric="odds ratio"), panel(Line("A", [0.3], "0,30"), metric="d")).wide
    assert not [text for text, *_ in texts(svg) if "." in text and "m.fl." not in text or "-" in text]


def test_panels_without_lines_are_left_out():
    empty = Panel("Tom ruta", "d", "above", [Group("A", "Låg säkerhet", [])])
    told = [text for text, *_ in texts(drawn(empty, panel(Line("A", [0.9], "−10 %"))).wide)]
    assert "Tom ruta" not in told and "Ruta" in told


def test_the_same_forest_has_the_same_bytes():
    first, second = (drawn(panel(Line("A", [0.9], "−10 %", 0.8, 1.1, "−20 till 10 %"))) for _ in range(2))
    assert (first.wide, first.narrow, first.png) == (second.wide, second.narrow, second.png)
    assert Image.open(io.BytesIO(first.png)).size[0] == 726
    assert "&lt;gott&gt;" in first.wide and "figur-9-wide-t" in first.wide and "figur-9-narrow-t" in first.narrow


def test_long_words_are_kept_whole_and_lines_are_filled():
    assert forest.wrapped("a b", 10, 8) == ["a b"]
    assert forest.wrapped("ordningsstörningar", 0.1, 8) == ["ordningsstörningar"]
    lines = forest.wrapped(LONG, 1.5, 8)
    assert " ".join(lines) == LONG and len(lines) > 2
    assert all(text_width(line, 8) <= 1.5 for line in lines)


# --- the map


def cells(*ids: str) -> dict[str, Cell]:
    return {
        id: Cell(EFFECTS[n % 6], ("very_low", "low", "moderate", "high")[n % 4], "i ord") for n, id in enumerate(ids)
    }


def matrix(columns: int = 16, rows: int = 20) -> evidence_map.Picture:
    made = [Column(f"p{n}", f"Skjutningar och organiserad brottslighet {n}"[: 12 + 3 * n]) for n in range(columns)]
    measures = [
        MapRow(LONG if n % 7 == 0 else f"Åtgärd {n}", cells(*[c.id for c in made][n % 5 :])) for n in range(rows)
    ]
    return evidence_map.measures(measures, made, **NAMES)


@pytest.mark.parametrize("columns", [1, 3, 16])
def test_the_map_is_readable_in_both_widths(columns):
    assert_readable(matrix(columns))


def test_the_narrow_map_lists_each_measure_under_each_problem():
    rows = [MapRow("Alfa", cells("p")), MapRow("Beta", cells("p", "q"))]
    picture = evidence_map.measures(rows, [Column("p", "Inbrott"), Column("q", "Rån")], **NAMES)
    told = [text for text, *_ in sorted(texts(picture.narrow), key=lambda one: one[3])]
    assert told == ["Inbrott", "Alfa: i ord", "Beta: i ord", "Rån", "Beta: i ord"]


def shape(effect: str) -> str:
    """What is drawn for an effect, without the words."""
    picture = evidence_map.measures([MapRow("A", {"p": Cell(effect, "", "")})], [Column("p", "P")], **NAMES)
    kept = re.sub(r"<title.*?</desc>", "", picture.wide)
    return re.sub(r"var\(--[a-z0-9]+,#[0-9a-f]+\)", "colour", kept)


def test_each_rating_has_a_shape_of_its_own_without_colour():
    drawn_shapes = {effect: shape(effect) for effect in EFFECTS}
    # a filled disc and an empty ring differ by being filled, which black and white shows too
    alike = [(a, b) for a in EFFECTS for b in EFFECTS if a < b and drawn_shapes[a] == drawn_shapes[b]]
    assert alike in ([], [("effective", "no_shown_effect")])


@pytest.mark.parametrize(("certainty", "count"), [("very_low", 1), ("low", 2), ("moderate", 3), ("high", 4)])
def test_certainty_is_a_number_of_strokes(certainty, count):
    with_strokes = evidence_map.measures(
        [MapRow("A", {"p": Cell("unknown", certainty, "")})], [Column("p", "P")], **NAMES
    ).wide
    ink = [p.get("d") for p in ET.fromstring(with_strokes).iter(f"{SVG}path") if "stroke:var(--ink" in p.get("style")]
    assert sum(d.count("M") for d in ink) == count


def counted(rows) -> evidence_map.Picture:
    names = {effect: Words("sv")(f"problem_rating_{effect}") for effect in EFFECTS}
    return evidence_map.overview(rows, names, ("effective", "promising"), **NAMES)


def test_the_overview_tells_the_counts_and_frames_the_gaps():
    rows = [("Inbrott", {"effective": 4, "unknown": 12}), ("Bedrägeri mot äldre", {"unknown": 1}), ("Tomt", {})]
    picture = counted(rows)
    for svg in (picture.wide, picture.narrow):
        numbers = sorted(int(text) for text, *_ in texts(svg) if text.isdigit())
        assert numbers == [1, 4, 12]
        dashed = [p for p in ET.fromstring(svg).iter(f"{SVG}path") if "dasharray" in p.get("style")]
        assert len(dashed) == 2  # no support against the last two
    assert_readable(picture)


def test_the_overview_with_long_names_is_readable():
    assert_readable(counted([(LONG, {effect: 99 for effect in EFFECTS})] * 16))


def test_the_map_is_the_same_twice():
    assert matrix().png == matrix().png and matrix().wide == matrix().wide
    assert math.isfinite(float(ET.fromstring(matrix().wide).get("viewBox").split()[3]))
