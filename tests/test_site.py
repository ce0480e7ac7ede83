"""The front page: all counties, in Swedish order, by name and on the map."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest
from test_render import check_page

from brapkg import areas
from brapkg.figures import labels
from brapkg.pages import maps
from brapkg.pages.site import Entry, front_page
from brapkg.wording import swedish_order

NAMES = {
    "01": "Stockholms län", "03": "Uppsala län", "04": "Södermanlands län",
    "05": "Östergötlands län", "06": "Jönköpings län", "07": "Kronobergs län",
    "08": "Kalmar län", "09": "Gotlands län", "10": "Blekinge län", "12": "Skåne län",
    "13": "Hallands län", "14": "Västra Götalands län", "17": "Värmlands län",
    "18": "Örebro län", "19": "Västmanlands län", "20": "Dalarnas län",
    "21": "Gävleborgs län", "22": "Västernorrlands län", "23": "Jämtlands län",
    "24": "Västerbottens län", "25": "Norrbottens län",
}  # fmt: skip
PLACES = {"20": ("Älvdalen", "Avesta", "Mora", "Säter", "Orsa"), "09": ("Gotland",)}


def places(code: str) -> list[tuple[str, str | None]]:
    """Municipalities, each other one with a page of its own."""
    return [(name, None if n % 2 else f"{code}-{n}.html") for n, name in enumerate(PLACES.get(code, ("A", "B")))]


@pytest.fixture
def entries():
    made = [Entry(code, name, f"{code}.html", places(code)) for code, name in NAMES.items()]
    random.Random(1).shuffle(made)
    return made


def page(entries, **kwargs):
    return front_page(entries, **{"period": "2016", "preliminary": True, **kwargs})


def in_list(html: str) -> list[str]:
    block = html[html.index('<ul class="counties">') : html.index('id="karta"')]
    return re.findall(r'<span class="name">(?:<a [^>]+>)?([^<]+?) ?<', block)


def on_map(html: str) -> str:
    return re.search(r"<svg.*?</svg>", html, re.S).group(0)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_page_is_sound_and_small(entries, language):
    html = page(entries, language=language)
    check_page(html, language)
    assert len(html.encode()) <= 200_000


def test_counties_stand_in_swedish_order(entries):
    names = in_list(page(entries))
    assert len(names) == 21
    assert names[:4] == ["Blekinge län", "Dalarnas län", "Gotlands län", "Gävleborgs län"]
    assert names[-7:] == [
        "Värmlands län", "Västerbottens län", "Västernorrlands län", "Västmanlands län",
        "Västra Götalands län", "Örebro län", "Östergötlands län",
    ]  # fmt: skip


def test_swedish_letters_come_last_and_in_their_order():
    names = ["Örebro", "Ärla", "Åre", "Zinkgruvan", "Upplands-Bro", "Upplands Väsby", "arboga"]
    assert sorted(names, key=swedish_order) == [
        "arboga", "Upplands-Bro", "Upplands Väsby", "Zinkgruvan", "Åre", "Ärla", "Örebro",
    ]  # fmt: skip


def test_list_and_map_link_to_the_same_pages(entries):
    html = page(entries)
    links = re.findall(r'<a href="([^"]+)" aria-label="([^"]+)">', on_map(html))
    assert len(links) == 21 and len({label for _, label in links}) == 21
    assert {href for href, _ in links} == {f"{code}.html" for code in NAMES}
    assert all(html.count(f'href="{code}.html"') == 2 for code in NAMES)


def test_municipalities_stand_under_their_county(entries):
    html = page(entries)
    assert html.count("<details>") == 21 and html.count("<details ") == 1
    listed = re.search(r'<li id="lan-20">.*?<ul class="places">(.*?)</ul>', html, re.DOTALL)[1]
    names = re.findall(r"<li>(.*?)</li>", re.sub(r"<a [^>]+>|</a>", "", listed))
    assert names == ["Avesta", "Mora", "Orsa", "Säter", "Älvdalen"]
    assert '<a href="20-0.html">Älvdalen</a>' in listed and "<li>Avesta</li>" in listed
    assert '5 kommuner<span class="visually-hidden"> i Dalarnas län</span>' in html
    assert '1 kommun<span class="visually-hidden"> i Gotlands län</span>' in html


def test_every_municipality_with_a_page_is_found_without_its_county(entries):
    """Not every browser searches in closed lists."""
    html = page(entries)
    listed = re.search(r'<details class="all">.*?</details>', html, re.DOTALL)[0]
    links = re.findall(r'<a href="([^"]+)">(.*?)</a>', listed)
    assert sorted(links) == sorted((address, name) for e in entries for name, address in e.municipalities if address)
    names = [name for _, name in links]
    assert names == sorted(names, key=swedish_order) and names[-1] == "Älvdalen"
    assert "Kommuner i bokstavsordning (23)" in listed and "Välj län eller kommun" in html


def test_without_pages_of_municipalities_there_is_no_list_of_them(entries):
    html = page([replace(e, municipalities=[(name, None) for name, _ in e.municipalities]) for e in entries])
    assert 'class="all"' not in html and ">Välj län<" in html and "länens kommunlistor" in html


def whole_country() -> list[Entry]:
    """Every county and municipality with a page, by the names and addresses they have."""
    return [
        Entry(
            county.code,
            county.label("sv"),
            f"{county.code}-2016-sv.html",
            [(place.short, f"{place.code}-2016-sv.html") for place in areas.municipalities(county.code)],
        )
        for county in areas.counties()
    ]


def test_the_front_page_of_the_whole_country_is_small_and_leads_everywhere():
    html = page(whole_country(), nation="00-2016-sv.html")
    check_page(html, "sv")
    assert len(html.encode()) <= 200_000
    counted = {code: html.count(f'href="{code}-2016-sv.html"') for code in re.findall(r'href="(\d+)-2016-sv', html)}
    assert len(counted) == 1 + 21 + 290
    # A county in list and on map, a municipality under its county and by the alphabet.
    assert {code: n for code, n in counted.items() if n != 2} == {"00": 1}


def test_counties_without_report_are_text_with_the_reason(entries):
    change = {"14": {"href": None}, "05": {"failed": True}}
    changed = [replace(e, **change.get(e.code, {})) for e in entries]
    html = page(changed)
    check_page(html, "sv")
    assert in_list(html) == in_list(page(entries))
    assert "Västra Götalands län <small>ingen sida</small>" in html
    assert "Östergötlands län <small>rapporten gick inte att framställa" in html
    assert "05.html" not in html and "14.html" not in html
    assert on_map(html).count("<a ") == 19 and on_map(html).count('class="gap"') == 2
    assert "streckad kant" in html and "streckad kant" not in page(entries)


def test_status_says_whether_the_period_is_final(entries):
    assert '<span class="status">2016 preliminärt</span>' in page(entries)
    assert '<span class="status">2016</span>' in page(entries, preliminary=False)


def test_names_are_escaped(entries):
    odd = [replace(e, municipalities=[("<b>A&B</b>", None)]) for e in entries]
    assert "<li>&lt;b&gt;A&amp;B&lt;/b&gt;</li>" in page(odd)


def test_same_entries_same_bytes_whatever_their_order(entries):
    once = page(entries)
    maps.counties.cache_clear()
    assert page(sorted(entries, key=lambda e: e.code)) == once


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e[1:], "missing: "),
        (lambda e: [*e, e[0]], "given twice: "),
        (lambda e: [*e, Entry("99", "Atlantis", None, ())], "unknown: 99"),
    ],
)
def test_a_county_too_few_or_too_many_is_refused(entries, change, message):
    with pytest.raises(ValueError, match=message):
        page(change(entries))


# --- the map's geometry ---


@pytest.fixture(scope="module")
def shapes():
    return maps.counties().shapes


def test_map_has_the_21_counties_in_code_order(shapes):
    assert [shape.code for shape in shapes] == sorted(NAMES)
    labels = {shape.code: shape.label for shape in shapes}
    assert (labels["20"], labels["14"], labels["18"]) == ("Dalarna", "Västra Götaland", "Örebro")


def test_coordinates_have_one_decimal(shapes):
    for shape in shapes:
        assert re.fullmatch(r"(M(-?\d+\.\d,-?\d+\.\d ?)+Z)+", shape.path), shape.code


def test_lines_do_not_cross_each_other_or_any_name(shapes):
    lines = {s.code: (s.leader[:2], s.leader[2:]) for s in shapes if s.leader}
    codes = sorted(lines)
    assert not [(a, b) for a in codes for b in codes if a < b and labels.cross(lines[a], lines[b])]
    for shape in shapes:
        left, top, right, bottom = shape.box
        diagonals = (((left, top), (right, bottom)), ((left, bottom), (right, top)))
        assert not [
            (code, shape.code) for code, line in lines.items() for diagonal in diagonals if labels.cross(line, diagonal)
        ]


def test_names_do_not_overlap(shapes):
    boxes = [shape.box for shape in shapes]
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_names_lie_within_the_frame_and_beside_the_land(shapes):
    left, top, width, height = map(float, maps.counties().view_box.split())
    land = [
        tuple(map(float, point.split(",")))
        for shape in shapes
        for point in re.findall(r"-?\d+\.\d,-?\d+\.\d", shape.path)
    ]
    for shape in shapes:
        a, b, c, d = shape.box
        assert left <= a and top <= b and c <= left + width and d <= top + height
        if shape.leader:
            assert not [p for p in land if a < p[0] < c and b < p[1] < d], shape.label


def test_neighbours_share_their_border(shapes):
    """Simplified one by one, the counties would gape."""
    points = {s.code: set(re.findall(r"-?\d+\.\d,-?\d+\.\d", s.path)) for s in shapes}
    assert len(points["20"] & points["21"]) > 5
    assert len(points["24"] & points["25"]) > 5


@pytest.mark.parametrize(
    ("wanted", "room", "expected"),
    [
        ([], [], []),
        ([5.0], [10.0], [5.0]),
        ([0.0, 50.0], [10.0, 10.0], [0.0, 50.0]),
        ([0.0, 0.0], [10.0, 10.0], [-5.0, 5.0]),
        ([0.0, 0.0, 100.0], [10.0, 20.0, 10.0], [-7.5, 7.5, 100.0]),
    ],
)
def test_spread_moves_as_little_as_it_can(wanted, room, expected):
    assert labels.spread(wanted, room) == pytest.approx(expected)


def test_crowded_names_change_places_rather_than_cross_lines():
    """Pushed down by three names above it, the far dot's line would cut the near one's."""
    dots = {"a": (9, 8), "b": (9, 9), "c": (9, 9.5), "far": (0, 10), "near": (9, 12)}
    heights = maps._column(dots, {code: (code,) for code in dots}, 20.0)
    lines = [(dots[code], (20.0, height)) for code, height in heights.items()]
    assert not any(labels.cross(a, b) for i, a in enumerate(lines) for b in lines[:i])
    assert heights["near"] < heights["far"]


def test_pages_that_are_about_no_county_follow_under_their_own_headings(entries):
    shelves = {"knowledge": [("Cykelstöld", "problem-bicycle-theft-sv.html")], "evaluations": []}
    html = page(entries, shelves=shelves)
    check_page(html, "sv")
    assert html.index("</svg>") < html.index('<a href="problem-bicycle-theft-sv.html">Cykelstöld</a>')
    assert 'id="evaluations"' not in html, "an empty shelf is not shown"
    assert 'id="knowledge"' not in page(entries)
