"""What a cell shows: HTML that no name can break, and the same for JupyterLab."""

from __future__ import annotations

import base64
import html
import io
import re
from itertools import pairwise

import pandas as pd
import pytest

from brapkg import blocks
from brapkg.blocks import Callout, Card, Cards, Command, Facts, Figure, Head, Points, Section, Table, Terms, Text
from brapkg.errors import UsageError
from brapkg.figures.drawing import Picture
from brapkg.wording import Words

SV, EN = Words("sv"), Words("en")
S = "\u00a0"
HOSTILE = "<script>alert(\"x\")</script> & 'Å'"
PICTURE = Picture('<svg class="fig-wide"/>', '<svg class="fig-narrow"/>', b"\x89PNG")


def table(**options) -> Table:
    frame = pd.DataFrame({"Kommun": ["Falun", "Mora"], "Antal": [f"1{S}234", "7"], "Ord": ["ja", "nej"]})
    data = pd.DataFrame({"name": ["Falun", "Mora"], "value": [1234.5, 7.25]})
    return Table("Rubrik", frame, data, text_columns=("Ord",), **options)


def figure(number: int = 3, **options) -> Figure:
    told = {"title": "Titel", "subtitle": "Mått", "reading": "Läs", "source": "Källa"} | options
    return Figure(number=number, picture=PICTURE, table=table(), **told)


def card(certainty: str = "low") -> Card:
    return Card("1. Stöldbrott", [("Nivå", f"+9{S}% (4–13{S}%)")], certainty, "Varför.", "hur det är")


PARTS = {
    "text": Text(HOSTILE, HOSTILE),
    "points": Points([Text(HOSTILE, HOSTILE)], css="points", note=HOSTILE),
    "callout": Callout(HOSTILE, HOSTILE),
    "table": Table(
        HOSTILE,
        pd.DataFrame({HOSTILE: [HOSTILE], "b" + HOSTILE: [HOSTILE]}),
        pd.DataFrame({"a": [HOSTILE]}),
        note=HOSTILE,
        stacked=True,
    ),
    "figure": figure(title=HOSTILE, subtitle=HOSTILE, reading=HOSTILE, source=HOSTILE),
    "facts": Facts([(HOSTILE, HOSTILE, HOSTILE)] * 4),
    "card": Cards([Card(HOSTILE, [(HOSTILE, HOSTILE)], "high", HOSTILE, HOSTILE)]),
    "terms": Terms(HOSTILE, [(HOSTILE, HOSTILE)]),
}


@pytest.mark.parametrize("kind", PARTS)
def test_no_name_can_break_the_page(kind):
    made = PARTS[kind].html(SV)
    assert "<script" not in made and 'alert("' not in made
    assert html.escape("<script>") in made and " &amp; " in made


def test_the_heading_of_a_section_and_the_head_are_escaped(monkeypatch):
    assert "<script" not in Section("a", HOSTILE, [], SV).html()
    (bundle,) = published(monkeypatch, Head(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, SV))
    assert "<script" not in bundle[blocks.PAGE]


# --- tables


def test_a_table_has_a_caption_a_heading_for_each_column_and_one_for_each_row():
    made = table(note="Not").html(SV)
    assert "<caption><b>Rubrik</b><span>Not</span></caption>" in made
    assert re.findall(r'<th scope="col"[^>]*>([^<]+)', made) == ["Kommun", "Antal", "Ord"]
    assert re.findall(r'<th scope="row"[^>]*>([^<]+)', made) == ["Falun", "Mora"]
    assert 'tabindex="0" role="region" aria-label="Tabell: Rubrik"' in made


def test_numbers_are_set_apart_from_words():
    made = table().html(SV)
    assert f'<td class="n">1{S}234</td>' in made and "<td>ja</td>" in made
    assert '<th scope="col" class="n">Antal</th>' in made and '<th scope="col">Ord</th>' in made


def test_only_a_table_that_is_stacked_on_a_phone_has_roles_and_labels():
    plain, stacked = table().html(SV), table(stacked=True).html(SV)
    assert "data-label" not in plain and 'role="cell"' not in plain and "<table>" in plain
    assert '<table class="stack" role="table">' in stacked
    assert stacked.count('role="rowgroup"') == 2 and stacked.count('role="row"') == 3
    assert stacked.count('role="columnheader"') == 3 and stacked.count('role="rowheader"') == 2
    assert stacked.count('role="cell"') == stacked.count("data-label=") == 4
    assert 'data-label="Antal"' in stacked


def test_the_row_of_the_total_is_marked():
    assert table(total_first=True).html(SV).count('<tr class="total">') == 1
    assert "total" not in table().html(SV)


def csv(link: str) -> bytes:
    content = re.search(r'href="data:text/csv;charset=utf-8;base64,([^"]+)"', link)[1]
    return base64.b64decode(content)


def test_the_csv_opens_in_a_swedish_spreadsheet():
    link = table().csv_link("figur-3", "Hämta", SV)
    assert 'download="figur-3.csv"' in link and ">Hämta</a>" in link
    raw = csv(link)
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.decode("utf-8-sig") == "name;value\r\nFalun;1234,5\r\nMora;7,25\r\n"


def test_the_english_csv_has_decimal_points():
    assert csv(table().csv_link("a", "b", EN)).decode("utf-8-sig").splitlines()[1] == "Falun;1234.5"


@pytest.mark.parametrize(("words", "point"), [(SV, ","), (EN, ".")])
def test_the_csv_is_what_pandas_writes(words, point):
    data = pd.DataFrame(
        {
            "text": ["a;b", 'say "x"', "two\nlines", "", "–"],
            "object": ["x", None, float("nan"), "1,5", " y "],
            "float": [0.1, 1 / 3, float("nan"), -0.0, 12345678901.5],
            "huge": [1e20, 1.5e-7, float("inf"), 2.0, 100.0],
            "whole": [1, -2, 3, 10**12, 0],
            "truth": [True, False, True, True, False],
            "a;name": list("abcde"),
        },
        index=[9, 3, 1, 4, 4],
    )
    link = Table("", data.astype(str), data).csv_link("x", "x", words)
    content = base64.b64decode(link.split("base64,")[1].split('"')[0]).decode("utf-8-sig")
    expected = data.to_csv(sep=";", decimal=point, index=False, lineterminator="\r\n", float_format="%.10g")
    assert content == expected


def test_large_numbers_are_not_cut_in_the_csv():
    data = pd.DataFrame({"population": [2231439.5], "ratio": [0.123456789], "none": [float("nan")], "name": ["A;Ö"]})
    made = csv(Table("", data.astype(str), data).csv_link("a", "b", SV)).decode("utf-8-sig")
    assert made.splitlines()[1] == '2231439,5;0,123456789;;"A;Ö"'
    back = pd.read_csv(io.StringIO(made), sep=";", decimal=",")
    assert back["population"].item() == 2231439.5


# --- figures and text


def test_a_figure_has_its_id_number_pictures_help_source_table_and_data():
    made = figure().html(SV)
    assert made.startswith('<figure class="figure" id="figur-3" aria-labelledby="figur-3-h">')
    assert '<h3 id="figur-3-h"><span class="fignr">Figur 3</span> Titel</h3>' in made
    assert PICTURE.wide in made and PICTURE.narrow in made
    assert "<b>Så läser du figuren.</b> Läs" in made and '<p class="source">Källa</p>' in made
    assert "<summary>Visa siffrorna bakom figur 3</summary>" in made and "<caption>" in made
    assert "Hämta data till figur 3 (CSV)" in made and 'download="figur-3.csv"' in made


def test_a_figure_whose_table_stands_elsewhere_links_to_it_and_still_has_its_data():
    made = figure(table_elsewhere=' <a href="#tabell-1">Tabell 1</a>').html(SV)
    assert '<a href="#tabell-1">' in made and "<details" not in made and "figur-3.csv" in made


def test_a_key_stands_beside_its_map():
    assert '<div class="mapgrid">' in figure(key="<ul></ul>").html(SV)


@pytest.mark.parametrize("told", [f"4–13{S}%", f"1{S}200–1{S}350", "2013–2016", "4–13%", "1,200–1,350", "0,5–1,2"])
def test_ranges_never_break_over_lines(told):
    made = Text(f"Så ({told}), och {told}, samt {told}.").html(SV)
    assert made.count(f'<span class="nb">{told}</span>') == 3
    assert made.endswith("</span>.</p>")


def test_what_is_no_range_is_left_alone():
    assert "nb" not in Text(f"januari–mars, A–B, 3 – 4 och {S}7").html(SV)


def test_a_claim_stands_first_and_in_bold():
    assert Text("Resten.", "Påstående.").html(SV) == "<p><strong>Påstående.</strong> Resten.</p>"
    made = Points([Text("b", "a"), Text("d", "c")], css="points", note="n").html(SV)
    assert made == (
        '<ul class="points"><li><strong>a</strong> b</li><li><strong>c</strong> d</li></ul><p class="source">n</p>'
    )


# --- cards


@pytest.mark.parametrize(("certainty", "dots"), [("very_low", 1), ("low", 2), ("moderate", 3), ("high", 4)])
def test_certainty_is_dots_and_words(certainty, dots):
    made = card(certainty).html(SV)
    assert made.count('<i class="on"></i>') == dots and made.count("<i></i>") == 4 - dots
    assert '<span aria-hidden="true">' in made
    assert SV(f"certainty_{certainty}") in made


def test_a_card_ends_with_what_to_find_out():
    assert "<strong>Att ta reda på lokalt:</strong> hur det är.</p></li>" in card().html(SV)


# --- JupyterLab


def published(monkeypatch, shown) -> list[dict]:
    """What a cell with this as its last expression displays."""
    bundles: list[dict] = []
    monkeypatch.setattr(blocks, "_publish", bundles.extend)
    shown._ipython_display_()
    return bundles


@pytest.mark.parametrize("kind", PARTS)
def test_jupyterlab_gets_what_every_viewer_shows(kind):
    for bundle in PARTS[kind].lab(SV):
        assert set(bundle) <= {"text/markdown", "text/plain", "text/html", "image/png"}
        assert "text/plain" in bundle
        if "text/html" in bundle:
            assert "<table" in bundle["text/html"] and "<script" not in bundle["text/html"]


def test_a_figure_is_a_picture_between_texts_in_jupyterlab():
    before, drawn, after = figure().lab(SV)
    assert before["text/markdown"].startswith("### Figur 3. Titel")
    assert base64.b64decode(drawn["image/png"]) == PICTURE.png
    assert "**Så läser du figuren.**" in after["text/markdown"]


def test_a_section_has_one_output_for_the_page_and_the_rest_for_jupyterlab(monkeypatch):
    section = Section("niva", "Nivå", [Text("Text."), table(), figure(4), Cards([card(), card()])], SV, css="summary")
    bundles = published(monkeypatch, section)
    assert [blocks.PAGE in bundle for bundle in bundles] == [True] + [False] * (len(bundles) - 1)
    page = bundles[0][blocks.PAGE]
    assert page.startswith('<section id="niva" aria-labelledby="niva-h" class="summary"><h2 id="niva-h">Nivå</h2>')
    assert page.endswith("</section>")
    assert bundles[0]["text/markdown"].startswith("## Nivå\n\nText.\n\n**Rubrik**")


def test_texts_side_by_side_are_one_output_and_none_is_lost(monkeypatch):
    parts = [
        Text("Första."),
        Points([Text("En.", "Ett")]),
        figure(4),
        table(),
        Terms("Ord", [("a", "b")]),
        Command("x"),
    ]
    bundles = published(monkeypatch, Section("niva", "Nivå", parts, SV))
    texts = [bundle.get("text/markdown") for bundle in bundles]
    assert not [pair for pair in pairwise(texts) if all(pair)]
    told = [bundle["text/markdown"] for part in parts for bundle in part.lab(SV) if "text/markdown" in bundle]
    assert "\n\n".join(filter(None, texts)) == "\n\n".join(["## Nivå", *told])
    assert [bundle["text/plain"] for bundle in bundles if "text/markdown" in bundle] == list(filter(None, texts))
    assert (
        sum("image/png" in bundle for bundle in bundles) == 1 and sum("text/html" in bundle for bundle in bundles) == 1
    )


def test_the_head_has_the_page_s_only_first_heading(monkeypatch):
    head = Head("Slag", "Dalarnas län 2016", "Ingress.", "2016 preliminärt", "Från Brå.", SV)
    (bundle,) = published(monkeypatch, head)
    assert bundle[blocks.PAGE].count("<h1>Dalarnas län 2016</h1>") == 1
    assert '<span class="status">2016 preliminärt</span> Från Brå.' in bundle[blocks.PAGE]
    assert bundle["text/markdown"].startswith("# Dalarnas län 2016")


def test_sections_need_a_known_language():
    with pytest.raises(UsageError):
        Text("a").html(Words("no"))
