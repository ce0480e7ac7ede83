"""The problems' pages: every number is its record's, nothing unverified, nothing harmful proposed."""

from __future__ import annotations

import base64
import csv
import io
import re
from dataclasses import replace
from html import unescape

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from test_render import check_page

from brapkg import blocks, evidence
from brapkg.blocks import PAGE
from brapkg.errors import UsageError
from brapkg.evidence.kinds import UNVERIFIED
from brapkg.evidence.pooled import pooled
from brapkg.figures import forest
from brapkg.figures.drawing import Picture
from brapkg.pages.render import render
from brapkg.problem import Problem, told
from brapkg.wording import LANGUAGES, Words

PROBLEMS = sorted(evidence.problems())
SECTIONS = (
    "brief",
    "where",
    "causes",
    "measures",
    "estimates",
    "disagreements",
    "follow_up",
    "sources",
)
IDS = [
    "kort-sagt",
    "var-och-nar",
    "fragor-om-orsaker",
    "atgarder",
    "effekterna-i-siffror",
    "dar-kallorna-sager-olika",
    "uppfoljning",
    "kallor-och-metod",
]


@pytest.fixture(scope="module", autouse=True)
def undrawn_forest():
    """Pictures with title and description only: drawing is tested elsewhere."""

    def blank(draw, *, name: str, title: str, description: str, **_) -> Picture:
        def svg(form: str) -> str:
            return (
                f'<svg class="fig-{form}" role="img" aria-labelledby="{name}-{form}-t {name}-{form}-d">'
                f'<title id="{name}-{form}-t">{blocks.escape(title)}</title>'
                f'<desc id="{name}-{form}-d">{blocks.escape(description)}</desc></svg>'
            )

        return Picture(svg("wide"), svg("narrow"), b"PNG")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forest, "picture", blank)
        yield


def head(page) -> str:
    with pytest.MonkeyPatch.context() as patch:
        shown: list[dict] = []
        patch.setattr(blocks, "_publish", shown.extend)
        page.head()._ipython_display_()
    return shown[0][PAGE]


def sections(problem: str, language: str) -> dict[str, str]:
    page = Problem(problem, language)
    return {name: getattr(page, name)().html() for name in SECTIONS}


@pytest.fixture(scope="module")
def pages() -> dict[tuple[str, str], dict[str, str]]:
    return {(id, language): sections(id, language) for id in PROBLEMS for language in LANGUAGES}


every = pytest.mark.parametrize(("id", "language"), [(id, language) for id in PROBLEMS for language in LANGUAGES])


def plain(html: str) -> str:
    html = re.sub(r'<span class="nb">([^<]*)</span>', r"\1", html)  # a range that does not break
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ").split())


def tables(html: str) -> dict[str, list[dict[str, str]]]:
    """The CSV files in a piece of a page, by name."""
    found = {}
    for content, name in re.findall(r'base64,([^"]+)" download="([^"]+)\.csv"', html):
        text = base64.b64decode(content).decode("utf-8-sig")
        found[name] = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    return found


def number(text: str) -> float | None:
    return float(text.replace(",", ".")) if text else None


@every
def test_every_page_is_whole(pages, id, language):
    page = pages[id, language]
    assert [re.match(r'<section id="([^"]+)"', html)[1] for html in page.values()] == IDS
    for name, html in page.items():
        said = plain(html)
        # "None of the measures" is English
        assert not re.search(r"\b(nan|inf|NaN|None(?! [a-z]))\b", said), name
        assert not re.search(r"[{}«»]", said), name
        assert len(said) > 60, name


@every
def test_every_page_passes_what_holds_for_all_pages(pages, id, language):
    html = [head(Problem(id, language)), *pages[id, language].values()]
    outputs = [new_output("display_data", {PAGE: one, "text/plain": "…"}) for one in html]
    book = new_notebook(cells=[new_code_cell("page", outputs=outputs)])
    title = evidence.problem(id).text("name", language)
    check_page(render(book, title=title, language=language), language)


@every
def test_a_summary_has_at_most_five_sentences_with_a_claim(pages, id, language):
    points = re.findall(r"<li>(.*?)</li>", pages[id, language]["brief"].split("</ul>")[0])
    assert 3 <= len(points) <= 5
    for point in points:
        claim = re.match(r"<strong>([^<]+)</strong> ", point)[1]
        assert claim.endswith(".") and 1 <= len(claim.split()) <= 6


# --- the numbers


@every
def test_every_estimate_on_the_page_is_its_records(pages, id, language):
    rows = {row.id: row for row in evidence.studies(problem=id)}
    rated = {row.id for rating in evidence.candidates(id) for row in told.rows(rating)}
    wanted = {key for key in rated if rows[key].estimate is not None}
    shown = tables(pages[id, language]["estimates"]).get("figur-1", [])
    assert {one["study"] for one in shown} == wanted and len(shown) == len(wanted)
    for one in shown:
        row = rows[one["study"]]
        assert number(one["estimate"]) == pytest.approx(row.estimate, rel=1e-9)
        assert (number(one["lower"]), number(one["upper"])) == (
            pytest.approx(row.lower, rel=1e-9) if row.lower is not None else None,
            pytest.approx(row.upper, rel=1e-9) if row.upper is not None else None,
        )
        assert one["verified"] == row.verified != UNVERIFIED


@every
def test_what_is_read_is_what_is_in_the_csv(pages, id, language):
    """The shown table tells the same numbers as the file, in the same order, to the digits that the record has."""
    html = pages[id, language]["estimates"]
    shown = tables(html).get("figur-1")
    if shown is None:
        pytest.skip("no estimates")
    body = html.split('id="figur-1"')[1].split("<tbody")[1].split("</tbody>")[0]
    rows = re.findall(r"<tr.*?</tr>", body)
    assert len(rows) == len(shown)
    for row, data in zip(rows, shown, strict=True):
        cells = [plain(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        value = float(re.sub(r"[ %+]", "", cells[3]).replace("−", "-").replace(",", "."))
        scale = 100 if data["metric"] == "relative change" else 1
        assert value == pytest.approx(scale * number(data["estimate"]), abs=0.0005 if scale == 1 else 0.05)
        assert bool(re.search(r"\d", cells[4])) == bool(data["lower"])


@pytest.mark.parametrize(
    ("metric", "estimate", "sv", "en"),
    [
        ("relative change", -0.13, "−13 %", "−13%"),
        ("relative change", -0.081, "−8,1 %", "−8.1%"),
        ("relative change", 0.65, "+65 %", "+65%"),
        ("odds ratio", 1.533, "1,533", "1.533"),
        ("odds ratio", 4.28, "4,28", "4.28"),
        ("d", 0.1, "0,10", "0.10"),
        ("d", -0.158, "−0,158", "−0.158"),
        ("rate ratio", 0.58, "0,58", "0.58"),
    ],
)
def test_values_are_told_with_the_digits_of_their_source(metric, estimate, sv, en):
    row = replace(evidence.studies()[0], metric=metric, estimate=estimate)
    assert told.value(row, Words("sv")).replace("\u00a0", " ") == sv
    assert told.value(row, Words("en")).replace("\u00a0", " ") == en


def test_intervals_are_told_in_the_metric_of_their_source():
    row = replace(evidence.studies()[0], metric="odds ratio", estimate=1.72, lower=1.134, upper=2.619)
    assert told.interval(row, Words("sv")) == "1,134–2,619"
    change = replace(row, metric="relative change", estimate=-0.1, lower=-0.2, upper=0.05)
    assert told.interval(change, Words("sv")).replace("\u00a0", " ") == "−20 till 5 %"
    assert told.interval(replace(row, lower=None, upper=None), Words("sv")) == ""


@every
def test_swedish_pages_have_no_decimal_points_and_english_ones_no_commas(pages, id, language):
    for name in ("brief", "causes", "measures", "estimates", "disagreements"):
        said = plain(re.sub(r"<svg.*?</svg>|<a .*?</a>|<td[^>]*>[^<]*</td>", " ", pages[id, language][name]))
        wrong = r"(?<![\d.§])\d+\.\d+(?![\d.])" if language == "sv" else r"(?<![\d,])\d,\d{1,2}(?!\d)"
        assert not re.findall(wrong, said), (name, re.findall(wrong, said))


# --- what must not be there


@every
def test_nothing_unverified_reaches_a_page(pages, id, language):
    hidden = [row for row in evidence.all_studies() if row.verified == UNVERIFIED]
    assert hidden, "the records hold unverified rows, or this test says nothing"
    whole = "".join(pages[id, language].values())
    said, files = plain(whole), tables(whole)
    known = {row.text("result", language) for row in evidence.studies()}
    citations = {row.citation for row in evidence.studies()}
    for row in hidden:
        for text in (row.text("result", language), row.text("note", language)):
            if text and text not in known:
                assert text.replace("\u00a0", " ") not in said, row.id
        if row.citation not in citations:
            assert row.cited(language) not in said, row.id
        assert all(row.id not in one.values() for rows in files.values() for one in rows), row.id


def test_a_row_that_becomes_unverified_leaves_the_page(monkeypatch):
    base = evidence.base()
    row = next(row for row in base.studies.values() if row.estimate is not None and row.doi)
    problem = (row.problems or base.measures[row.measure].problems)[0]
    shown = tables(sections(problem, "sv")["estimates"])["figur-1"]
    assert row.id in {one["study"] for one in shown}
    rest = {id: one for id, one in base.studies.items() if id != row.id}
    fewer = replace(base, studies=rest, unverified=base.unverified | {row.id: replace(row, verified=UNVERIFIED)})
    monkeypatch.setattr(evidence, "base", lambda: fewer)
    page = sections(problem, "sv")
    shown = tables(page["estimates"]).get("figur-1", [])
    assert row.id not in {one["study"] for one in shown}
    assert row.text("result", "sv").replace("\u00a0", " ") not in plain("".join(page.values()))


@every
def test_a_harmful_measure_is_never_among_those_with_support(pages, id, language):
    page, w = pages[id, language], Words(language)
    ratings = evidence.candidates(id)
    first = plain(re.findall(r"<li>(.*?)</li>", page["brief"])[0])
    groups = re.split(r"<h3>", page["measures"])[1:]
    placed = {plain(group.split("</h3>")[0]): group for group in groups}
    for rating in ratings:
        heading = w(f"problem_rating_{rating.effect}")
        card = f'id="atgard-{rating.measure.id}"'
        assert card in placed[heading]
        assert sum(card in group for group in groups) == 1
        if rating.effect not in ("effective", "promising"):
            assert rating.measure.text("lower", language) not in first.replace(" (", "("), rating.measure.id
    assert {name for name, group in placed.items() if "card" in group} == {
        w(f"problem_rating_{one.effect}") for one in ratings
    }


def test_somewhere_a_measure_is_harmful_and_told_so():
    found = [(id, one) for id in PROBLEMS for one in evidence.candidates(id) if one.effect == "harmful"]
    assert found, "the records hold a harmful measure, or the test above says nothing"
    for id, rating in found:
        page = sections(id, "sv")
        claim = next(point for point in re.findall(r"<li>(.*?)</li>", page["brief"]) if "Skadlig:" in point)
        assert rating.measure.text("lower", "sv") in plain(claim)


# --- what is told of each measure


@every
def test_effect_certainty_and_ground_are_three_things(pages, id, language):
    w = Words(language)
    cards = re.findall(r'<li class="card measure".*?</dl>', pages[id, language]["measures"])
    ratings = {f'id="atgard-{one.measure.id}"': one for one in evidence.candidates(id)}
    assert len(cards) == len(ratings)
    for card in cards:
        rating = next(one for mark, one in ratings.items() if mark in card)
        labels = [plain(label) for label in re.findall(r"<dt>(.*?)</dt>", card)]
        assert labels == [w("problem_col_effect"), w("problem_certainty"), w("problem_col_ground")]
        values = [plain(value) for value in re.findall(r"<dd>(.*?)</dd>", card)]
        assert values[0] == w(f"problem_rating_{rating.effect}")
        assert values[1] == w(f"certainty_{rating.certainty}")
        assert card.count('class="on"') == ("very_low", "low", "moderate", "high").index(rating.certainty) + 1


@every
def test_swedish_evidence_is_marked_where_it_is_and_nowhere_else(pages, id, language):
    w = Words(language)
    for rating in evidence.candidates(id):
        card = pages[id, language]["measures"].split(f'id="atgard-{rating.measure.id}"')[1].split("</h4>")[0]
        assert (w("problem_mark_swedish") in card) == rating.swedish


@every
def test_every_result_links_to_its_source_and_every_source_to_the_publication(pages, id, language):
    page = pages[id, language]
    links = set(re.findall(r'href="#(kalla-[^"]+)"', page["measures"]))
    items = dict(re.findall(r'<li id="(kalla-[^"]+)">.*?<a href="([^"]+)"', page["sources"]))
    assert links == set(items)
    addresses = {f"https://doi.org/{row.doi}" if row.doi else row.url for row in evidence.studies()}
    assert {unescape(address) for address in items.values()} <= addresses


def test_a_page_without_estimates_says_so():
    bare = [id for id in PROBLEMS if all(row.estimate is None for row in evidence.studies(problem=id))]
    for id in bare:
        html = sections(id, "sv")["estimates"]
        assert "Ingen siffra att visa" in html and "<figure" not in html


# --- trials pooled


def test_pooled_trials_tell_the_value_the_interval_and_what_to_expect_in_a_new_place():
    rows = [row for row in evidence.studies() if evidence.trials(row.id)]
    assert rows, "the records hold single trials, or this test says nothing"
    for row in rows:
        problem = next(id for id in PROBLEMS if row in evidence.studies(problem=id))
        found, html = pooled(row), sections(problem, "sv")["estimates"]
        said = plain(html)
        for value in (found.estimate, found.lower, found.upper, found.prediction_lower, found.prediction_upper):
            assert f"{value:.2f}".replace(".", ",") in said
        assert "brittiska eller amerikanska" in said
        shown = next(t for t in tables(html).values() if t[0].get("trial") == evidence.trials(row.id)[0].name)
        assert len(shown) == found.k
        assert sum(number(one["weight"]) for one in shown) == pytest.approx(1)


# --- wrong calls, hostile records


@pytest.mark.parametrize("wrong", ["bicycle", "", "Cykelstöld", None, 7, "../etc"])
def test_an_unknown_problem_is_refused(wrong):
    with pytest.raises(UsageError):
        Problem(wrong)


@pytest.mark.parametrize("wrong", ["de", "", None])
def test_an_unknown_language_is_refused(wrong):
    with pytest.raises(UsageError, match="sv and en"):
        Problem(PROBLEMS[0], wrong)


def test_markup_in_a_record_is_text_on_the_page(monkeypatch):
    base = evidence.base()
    bad = '<script>x</script>&"'
    row = next(row for row in base.studies.values() if row.estimate is not None)
    problem = (row.problems or base.measures[row.measure].problems)[0]
    measure = replace(base.measures[row.measure], sv=bad, lower_sv=bad, what_sv=bad)
    study = replace(row, citation=bad, result_sv=bad, outcome_sv=bad, doi="", url='https://x.se/"><script>')
    hostile = replace(
        base,
        problems=base.problems | {problem: replace(base.problems[problem], where_sv=bad, sources_sv=(bad,))},
        measures=base.measures | {measure.id: measure},
        studies=base.studies | {row.id: study},
    )
    monkeypatch.setattr(evidence, "base", lambda: hostile)
    html = "".join(sections(problem, "sv").values())
    assert "<script" not in html and html.count("&lt;script&gt;") > 5


def test_a_problem_without_measures_has_a_page(monkeypatch):
    base = evidence.base()
    problem = PROBLEMS[0]
    kept = {
        id: replace(one, problems=tuple(p for p in one.problems if p != problem)) for id, one in base.measures.items()
    }
    bare = replace(base, measures=kept, studies={id: r for id, r in base.studies.items() if problem not in r.problems})
    monkeypatch.setattr(evidence, "base", lambda: bare)
    page = sections(problem, "sv")
    assert "ännu ingen åtgärd" in page["measures"] and "Ingen siffra att visa" in page["estimates"]
    assert not re.search(r"\bnan\b|None", plain("".join(page.values())))


def test_a_page_is_the_same_twice():
    assert sections(PROBLEMS[0], "sv") == sections(PROBLEMS[0], "sv")


@pytest.mark.parametrize(
    ("citation", "year", "shown"),
    [
        ("Piza, Welsh, Farrington & Thomas (2019), Criminology & Public Policy 18(1)", 2019, "Piza m.fl. 2019"),
        ("Wallin, Norström & Andréasson 2003, J Stud Alcohol", 2003, "Wallin m.fl. 2003"),
        ("Priks (2015), Economic Journal 125", 2015, "Priks 2015"),
        ("Buckley et al. (2023), Does Hot Spots Policing", 2023, "Buckley m.fl. 2023"),
        ("SBU (2024), rapport 369", 2024, "SBU 2024"),
        ("Communities That Care: systematic review, APO (2022)", 2022, "Communities That Care 2022"),
        ("Groff & Taniguchi (2019), J Exp Criminol", 2019, "Groff m.fl. 2019"),
    ],
)
def test_sources_are_named_by_first_author_and_year(citation, year, shown):
    row = replace(evidence.studies()[0], citation=citation, year=year)
    assert told.short(row, Words("sv")) == shown
