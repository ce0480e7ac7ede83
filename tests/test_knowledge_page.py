"""The knowledge page: every count is the ratings' own, every problem has its link, gaps are shown as gaps."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html import unescape

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from test_problem_page import head, plain, tables
from test_render import check_page

from brapkg import evidence
from brapkg.blocks import PAGE
from brapkg.errors import UsageError
from brapkg.evidence.kinds import UNVERIFIED
from brapkg.figures import evidence_map
from brapkg.figures.drawing import Picture
from brapkg.knowledge import Knowledge
from brapkg.pages.render import render
from brapkg.problem.told import EFFECTS
from brapkg.wording import LANGUAGES, Words

SECTIONS = ("brief", "maps", "problems", "counts", "gaps", "disagreements", "search", "sources")
both = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module", autouse=True)
def undrawn_map():
    """Pictures with title and description only: drawing is tested elsewhere."""

    def blank(draw, *, name: str, title: str, description: str, **_) -> Picture:
        def svg(form: str) -> str:
            return (
                f'<svg class="fig-{form}" role="img" aria-labelledby="{name}-{form}-t {name}-{form}-d">'
                f'<title id="{name}-{form}-t">{title}</title><desc id="{name}-{form}-d">{description}</desc></svg>'
            )

        return Picture(svg("wide"), svg("narrow"), b"PNG")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence_map, "picture", blank)
        yield


def sections(language: str) -> dict[str, str]:
    page = Knowledge(language)
    return {name: getattr(page, name)().html() for name in SECTIONS}


@pytest.fixture(scope="module")
def pages() -> dict[str, dict[str, str]]:
    return {language: sections(language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def pairs() -> dict[tuple[str, str], evidence.Rating]:
    return {(id, one.measure.id): one for id in evidence.problems() for one in evidence.candidates(id)}


@both
def test_the_page_passes_what_holds_for_all_pages(pages, language):
    html = [head(Knowledge(language)), *pages[language].values()]
    outputs = [new_output("display_data", {PAGE: one, "text/plain": "…"}) for one in html]
    book = new_notebook(cells=[new_code_cell("page", outputs=outputs)])
    check_page(render(book, title="Kunskapsbank", language=language), language)
    said = plain("".join(html))
    assert not re.search(r"\b(nan|NaN|None(?!\.| [a-z]))\b|[{}«»]", said)


@both
def test_every_pair_of_measure_and_problem_is_on_one_map_with_its_rating(pages, pairs, language):
    shown = [row for rows in tables(pages[language]["maps"]).values() for row in rows]
    assert {(one["problem"], one["measure"]) for one in shown} == set(pairs) and len(shown) == len(pairs)
    for one in shown:
        rating = pairs[one["problem"], one["measure"]]
        assert (one["effect"], one["certainty"]) == (rating.effect, rating.certainty)
        assert one["swedish"] == str(int(rating.swedish)) and one["kind"] == rating.measure.kind


@both
def test_the_maps_tell_every_rating_in_words(pages, pairs, language):
    w = Words(language)
    told = [unescape(text) for text in re.findall(r"<desc[^>]*>(.*?)</desc>", pages[language]["maps"])]
    for rating in pairs.values():
        said = f"{w(f'problem_rating_{rating.effect}').lower()}, {w(f'problem_certainty_short_{rating.certainty}')}."
        name = rating.measure.text("name", language)
        assert any(name in text and said in text for text in told), (name, rating.problem)


@both
def test_the_overview_counts_measures_by_problem(pages, pairs, language):
    shown = tables(pages[language]["brief"])["figur-1"]
    assert [one["problem"] for one in shown] == list(evidence.problems())
    for one in shown:
        counts = Counter(rating.effect for (problem, _), rating in pairs.items() if problem == one["problem"])
        assert {effect: int(one[effect]) for effect in EFFECTS} == {effect: counts[effect] for effect in EFFECTS}


def against(id: str) -> list[evidence.Rating]:
    """The ratings of a measure, one for each of its problems."""
    return [evidence.rating(id, problem) for problem in evidence.measure(id).problems]


def alike(id: str) -> str:
    """The effect of a measure where all of its problems agree on it."""
    effects = {one.effect for one in against(id)}
    return effects.pop() if len(effects) == 1 else "differs"


@both
def test_the_table_of_what_is_known_counts_each_measure_once(pages, language):
    groups = (*EFFECTS, "differs")
    shown = {one["effect"]: one for one in tables(pages[language]["counts"])["tabell-1"]}
    assert set(shown) == {"all", *groups}
    every = len(evidence.measures())
    assert int(shown["all"]["measures"]) == every == sum(int(shown[group]["measures"]) for group in groups)
    for group in groups:
        mine = [id for id in evidence.measures() if alike(id) == group]
        assert int(shown[group]["measures"]) == len(mine)
        assert int(shown[group]["swedish"]) == sum(evidence.rating(id).swedish for id in mine)
        sure = [id for id in mine if all(one.certainty in ("moderate", "high") for one in against(id))]
        assert int(shown[group]["moderate_or_high"]) == len(sure)


@both
def test_the_summary_tells_the_same_counts_as_the_table(pages, language):
    counts = Counter(alike(id) for id in evidence.measures())
    points = [plain(point) for point in re.findall(r"<li>(.*?)</li>", pages[language]["brief"].split("</ul>")[0])]
    assert len(points) == 5
    numbers = [[int(n) for n in re.findall(r"\d+", point)] for point in points]
    assert numbers[0] == [sum(counts.values()), counts["effective"], counts["promising"], counts["differs"]]
    assert numbers[1] == [counts[e] for e in ("no_shown_effect", "harmful", "mixed", "unknown")]


@both
def test_every_problem_has_a_link_to_its_page_in_the_same_language(pages, language):
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', pages[language]["problems"])
    assert [(address, unescape(name)) for address, name in links] == [
        (f"problem-{id}-{language}.html", one.text("name", language)) for id, one in evidence.problems().items()
    ]


@both
def test_support_is_counted_without_what_harms_or_has_no_shown_effect(pages, pairs, language):
    counts = Counter(problem for (problem, _), one in pairs.items() if one.effect in ("effective", "promising"))
    w = Words(language)
    told = [plain(item) for item in re.findall(r"<li>(.*?)</li>", pages[language]["problems"])]
    for id, said in zip(evidence.problems(), told, strict=True):
        measures = len(evidence.measures(problem=id))
        support, _ = w.count_words(counts[id], measures)
        assert f" {support} " in said.split(",")[-1], said


@both
def test_gaps_are_problems_and_measures_without_support(pages, pairs, language):
    html = pages[language]["gaps"]
    lists = [[unescape(item) for item in re.findall(r"<li>(.*?)</li>", part)] for part in html.split("<h3>")[1:]]
    none = [Words(language)("knowledge_gaps_nothing")]
    bare = [
        one.text("name", language)
        for id, one in evidence.problems().items()
        if not any(
            rating.effect in ("effective", "promising") for (problem, _), rating in pairs.items() if problem == id
        )
    ]
    assert lists[0] == (bare or none)
    ratings = [evidence.rating(id) for id in evidence.measures()]
    unknown = {one.measure.text("name", language) for one in ratings if alike(one.measure.id) == "unknown"}
    assert set(lists[1]) == (unknown or set(none))
    compared = {one.measure.text("name", language) for one in ratings if one.swedish}
    assert not compared & set(lists[2])


@both
def test_harm_and_no_effect_are_named_as_results(pages, language):
    points = re.findall(r"<li>(.*?)</li>", pages[language]["counts"].replace("\u00a0", " "))
    harmful, none = (plain(point).casefold() for point in points)
    for id, measure in evidence.measures().items():
        name = measure.text("lower", language).casefold()
        for said, effect in ((harmful, "harmful"), (none, "no_shown_effect")):
            problems = [one.problem for one in against(id) if one.effect == effect]
            if not problems:
                assert name not in said, (id, effect)
            elif len(problems) == len(measure.problems):
                assert name in said and f"{name} (" not in said, (id, effect)
            else:
                listed = said.split(f"{name} (", 1)[1].split(")", 1)[0]
                for problem in measure.problems:
                    there = evidence.problem(problem).text("lower", language).casefold() in listed
                    assert there == (problem in problems), (id, effect, problem)


def test_a_measure_that_helps_against_some_problems_only_is_not_said_to_have_support():
    """CCTV in car parks is one thing, in streets another: no page gives the two one effect."""
    assert alike("guards") == alike("cctv") == alike("street-lighting") == "differs"
    shown = tables(sections("sv")["counts"])["tabell-1"]
    assert int({one["effect"]: one for one in shown}["differs"]["measures"]) >= 3


@both
def test_nothing_unverified_reaches_the_page(pages, language):
    whole = "".join(pages[language].values())
    citations = {row.citation for row in evidence.studies()}
    sources = plain(pages[language]["sources"])
    for row in evidence.all_studies():
        if row.verified == UNVERIFIED and row.citation not in citations:
            assert row.citation not in plain(whole), row.id
    for row in evidence.studies():
        assert row.cited(language).rstrip(".").replace("\u00a0", " ") in sources


@both
def test_every_disagreement_shows_both_sides(pages, language):
    said = plain(pages[language]["disagreements"])
    assert evidence.disagreements()
    for one in evidence.disagreements():
        for side in ("question", "one", "other"):
            assert one.text(side, language).replace("\u00a0", " ") in said


def test_a_rating_that_changes_changes_the_page(monkeypatch):
    base = evidence.base()
    before = {one["effect"]: int(one["measures"]) for one in tables(sections("sv")["counts"])["tabell-1"]}
    measure = next(id for id in base.measures if alike(id) == "effective")
    rows = {
        id: replace(row, direction="harmful") if row.measure == measure else row for id, row in base.studies.items()
    }
    monkeypatch.setattr(evidence, "base", lambda: replace(base, studies=rows))
    after = {one["effect"]: int(one["measures"]) for one in tables(sections("sv")["counts"])["tabell-1"]}
    assert after["harmful"] == before["harmful"] + 1 and after["effective"] == before["effective"] - 1


@pytest.mark.parametrize("wrong", ["de", "", None])
def test_an_unknown_language_is_refused(wrong):
    with pytest.raises(UsageError, match="sv and en"):
        Knowledge(wrong)


def test_the_page_is_the_same_twice():
    assert sections("sv") == sections("sv")
