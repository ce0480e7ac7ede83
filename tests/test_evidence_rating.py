"""Ratings: each rule by itself on rows written by hand, and what they give for the measures there are."""

from __future__ import annotations

import itertools

import pytest
from test_evidence_records import base, disagreement, in_words, measure, problem, study

from brapkg import evidence, findings
from brapkg.evidence import ratings
from brapkg.evidence.kinds import DESIGNS
from brapkg.evidence.ratings import CRIME, EFFECTS, GRADES, STEPS
from brapkg.wording import LANGUAGES, texts


def rated(folder, *rows: dict, problem_id: str | None = "bike", dissent: bool = False, **changes):
    """The rating of the measure that these rows are of."""
    made = {"study": list(rows), "disagreement": [disagreement(studies=[rows[0]["id"]])] if dissent else []} | changes
    known = changes.get("problem", [problem()])
    # A file must be there, so one disagreement is on another measure.
    if not made["disagreement"]:
        made["measure"] = made.get("measure", [measure()]) + [measure("other", problems=[known[0]["id"]])]
        made["study"] += [study("of-other", measure="other", direction="unknown", **in_words(sure=None))]
        made["disagreement"] = [disagreement(measures=["other"], studies=["of-other"])]
    whole = base(folder, **made)
    return ratings.rated(whole, whole.measures["locks"], problem_id)


def word(id: str = "a", direction: str = "reduces", **changes) -> dict:
    return study(id, **(in_words(direction=direction, sure=None) | changes))


def test_the_grades_are_those_of_the_findings():
    assert GRADES == findings.GRADES


# --- effect


@pytest.mark.parametrize(
    ("directions", "effect"),
    [
        (["reduces"], "effective"),
        (["reduces", "reduces"], "effective"),
        (["reduces", "reduces", "none"], "promising"),
        (["reduces", "mixed"], "promising"),
        (["reduces", "none"], "mixed"),
        (["reduces", "none", "none"], "mixed"),
        (["mixed"], "mixed"),
        (["mixed", "none"], "mixed"),
        (["none"], "no_shown_effect"),
        (["none", "none"], "no_shown_effect"),
        (["harmful"], "harmful"),
        (["harmful", "harmful", "none"], "harmful"),
        (["harmful", "none"], "mixed"),
        (["harmful", "reduces"], "mixed"),
        (["reduces", "reduces", "harmful"], "mixed"),
        (["unknown"], "unknown"),
        (["unknown", "reduces"], "effective"),
        (["unknown", "none"], "no_shown_effect"),
    ],
)
def test_effect_is_what_the_reviews_found(directions, effect, tmp_path):
    rows = [
        word(f"r{n}", direction, sure=True if direction == "reduces" else None)
        for n, direction in enumerate(directions)
    ]
    for n, order in enumerate(itertools.islice(itertools.permutations(rows), 6)):
        assert rated(tmp_path / str(n), *order).effect == effect


@pytest.mark.parametrize(
    ("changes", "effect"),
    [
        ({}, "effective"),
        ({"studies": None}, "promising"),
        ({"studies": None, "metric": "d", "favourable": "below", "estimate": -0.2}, "effective"),
        ({"studies": None, "sure": False}, "promising"),
        ({"sure": None}, "promising"),
        ({"sure": False}, "promising"),
        ({"studies": 1}, "promising"),
        ({"kind": "study", "studies": 1}, "promising"),
        ({"outcome_kind": "behaviour"}, "promising"),
        ({"outcome_kind": "victimisation"}, "effective"),
        ({"outcome_kind": "reoffending"}, "effective"),
        ({"outcome_kind": "proxy"}, "unknown"),
        ({"outcome_kind": "fear"}, "unknown"),
        ({"design": "survey"}, "effective"),
        ({"design": "process"}, "unknown"),
        ({"design": "none"}, "unknown"),
    ],
)
def test_an_effect_needs_a_comparison_crime_and_more_than_chance(changes, effect, tmp_path):
    assert rated(tmp_path, word(**({"sure": True} | changes))).effect == effect


def test_an_interval_shows_more_than_chance(tmp_path):
    assert rated(tmp_path, study(sure=None)).effect == "effective"


def test_a_bare_word_on_a_part_does_not_make_it_effective(tmp_path):
    """It takes a row with a number beside the word, whatever other rows say."""
    bare = {"sure": True, "studies": None}
    assert rated(tmp_path / "a", word("x", **bare), word("y", **bare)).effect == "promising"
    assert rated(tmp_path / "b", word("x", **bare), word("y", sure=None)).effect == "promising"
    assert rated(tmp_path / "c", word("x", **bare), word("y", sure=True)).effect == "effective"
    assert rated(tmp_path / "d", study("x", studies=None, sure=None)).effect == "effective", "an interval is enough"


def test_a_superseded_publication_is_shown_and_counts_for_nothing(tmp_path):
    new, other = study("new"), word("other", "none")
    twice = rated(tmp_path / "a", word("old"), new, other)
    assert (twice.effect, "disagreement" in twice.lost) == ("promising", True)
    once = rated(tmp_path / "b", word("old", superseded_by="new"), new, other)
    assert once.effect == "mixed" and [row.id for row in once.others] == ["old"]
    alone = rated(tmp_path / "c", new)
    dissenting = rated(tmp_path / "d", new, word("old", "none", superseded_by="new", studies=99))
    same = ("effect", "certainty", "lost", "evaluations")
    assert all(getattr(alone, name) == getattr(dissenting, name) for name in same) and not dissenting.opposing
    nordic = word("old", superseded_by="new", swedish=True, countries_en="Sweden", countries_sv="Sverige")
    assert not rated(tmp_path / "e", new, nordic).nordic, "the newer row says where its studies are from"


def test_single_studies_carry_only_where_no_review_found_anything(tmp_path):
    single = word("single", "none", kind="study", design="randomised", studies=1)
    assert rated(tmp_path / "a", single).effect == "no_shown_effect"
    both = rated(tmp_path / "b", study(), single)
    assert both.effect == "effective" and [row.id for row in both.opposing] == ["single"]
    assert rated(tmp_path / "c", word("r", "unknown"), single).effect == "no_shown_effect"
    weak = word("weak", "reduces", kind="study", design="before-after", studies=1)
    assert rated(tmp_path / "d", single, weak).effect == "no_shown_effect"


def test_rows_of_one_publication_are_one_source(tmp_path):
    parts = [word(f"p{n}", "none", doi="10.1000/same") for n in range(3)]
    one = rated(tmp_path, *parts, study("b", sure=True), study("c", sure=True))
    assert one.effect == "promising", "two sources of three found a reduction"


def test_a_row_that_names_the_problem_goes_before_the_whole(tmp_path):
    two = {"problem": [problem(), problem("cars")], "measure": [measure(problems=["bike", "cars"])]}
    rows = [study("whole"), word("cars-only", "none", problems=["cars"], doi="10.1000/whole")]
    assert rated(tmp_path / "a", *rows, **two).effect == "effective"
    assert rated(tmp_path / "b", *rows, problem_id="cars", **two).effect == "no_shown_effect"
    assert rated(tmp_path / "c", *rows, problem_id=None, **two).effect == "effective", "the row on the whole"


def test_a_problem_that_no_row_concerns_is_unknown(tmp_path):
    two = {"problem": [problem(), problem("cars")], "measure": [measure(problems=["bike", "cars"])]}
    one = rated(tmp_path, study(problems=["cars"]), **two)
    assert (one.effect, one.certainty, one.reasons) == ("unknown", "very_low", ("no_rows",))


def test_for_unsafety_fear_is_the_matter_and_crime_stands_in(tmp_path):
    fear = {"problem": [problem("unsafety")], "measure": [measure(problems=["unsafety"])], "problem_id": "unsafety"}
    both = rated(tmp_path / "a", study("crime"), word("fear", "none", outcome_kind="fear"), **fear)
    assert (both.effect, both.outcome) == ("no_shown_effect", "fear") and "other_outcome" not in both.lost
    crime = rated(tmp_path / "b", study("crime"), **fear)
    assert crime.outcome == "crime" and "other_outcome" in crime.lost


# --- certainty


@pytest.mark.parametrize(
    ("kind", "design", "start"),
    [
        ("review", "randomised", "high"),
        ("review", "natural", "high"),
        ("review", "mixed", "moderate"),
        ("review", "controlled", "low"),
        ("study", "randomised", "moderate"),
        ("study", "natural", "moderate"),
        ("study", "controlled", "low"),
        ("study", "survey", "very_low"),
        ("study", "before-after", "very_low"),
        ("review", "before-after", "very_low"),
    ],
)
def test_certainty_starts_from_the_best_design(kind, design, start, tmp_path):
    one = rated(tmp_path, word(kind=kind, design=design, studies=12 if kind == "review" else 1, sure=True))
    assert one.start == start and one.reasons[0] == f"start_{start}"
    assert design in DESIGNS


def test_the_best_design_must_have_found_the_same_as_the_whole(tmp_path):
    rows = [word("a", sure=True), word("b", sure=True), word("c", "none", design="randomised")]
    one = rated(tmp_path, *rows)
    assert (one.effect, one.start) == ("promising", "moderate")


SWEDISH = {"swedish": True, "countries_sv": "Sverige", "countries_en": "Sweden"}


@pytest.mark.parametrize(
    ("changes", "lost", "certainty"),
    [
        ({**SWEDISH}, (), "high"),
        ({"countries_en": "Norway", "countries_sv": "Norge"}, (), "high"),
        ({}, ("transfer",), "moderate"),
        ({**SWEDISH, "sure": None}, ("not_shown",), "moderate"),
        ({**SWEDISH, "sure": False}, (), "high"),
        ({**SWEDISH, "outcome_kind": "behaviour"}, ("other_outcome",), "moderate"),
        ({"sure": None, "outcome_kind": "behaviour"}, ("not_shown", "other_outcome", "transfer"), "low"),
        ({"kind": "study", "studies": 1}, ("one_study", "transfer"), "low"),
        ({"kind": "study", "studies": 1, **SWEDISH, "sure": None}, ("one_study", "not_shown"), "very_low"),
        ({"design": "controlled"}, ("transfer",), "low"),
        ({"design": "controlled", "sure": None}, ("not_shown", "transfer"), "very_low"),
        ({"design": "before-after", **SWEDISH}, ("transfer",), "very_low"),
    ],
)
def test_each_shortcoming_costs_a_step(changes, lost, certainty, tmp_path):
    one = rated(tmp_path, word(**({"design": "randomised", "sure": True} | changes)))
    assert (one.lost, one.certainty) == (lost, certainty)


def test_disagreement_costs_a_step_whether_recorded_or_seen(tmp_path):
    strong = {"design": "randomised", "sure": True} | SWEDISH
    assert rated(tmp_path / "a", word(**strong)).certainty == "high"
    assert rated(tmp_path / "b", word(**strong), dissent=True).lost == ("disagreement",)
    seen = rated(tmp_path / "c", word(**strong), word("b", "none"), word("c", **strong))
    assert seen.lost == ("disagreement",) and seen.certainty == "moderate"
    against = word("single", "none", kind="study", studies=1)
    assert rated(tmp_path / "d", word(**strong), against).lost == ("disagreement",)
    blind = word("single", "none", kind="study", design="before-after", studies=1)
    assert rated(tmp_path / "e", word(**strong), blind).lost == ()


def test_disagreement_and_transfer_never_take_it_below_low(tmp_path):
    one = rated(tmp_path / "a", word(design="controlled", sure=True), dissent=True)
    assert (one.lost, one.certainty) == (("disagreement", "transfer"), "low")
    two = rated(tmp_path / "b", word(sure=True), dissent=True)
    assert (two.lost, two.certainty) == (("disagreement", "transfer"), "low")


def test_a_swedish_study_counts_only_with_a_comparison_and_a_result(tmp_path):
    for n, changes in enumerate(({"design": "before-after"}, {"direction": "unknown"}, {"outcome_kind": "proxy"})):
        local = word("local", **({"kind": "study", "studies": 1, **SWEDISH} | changes))
        one = rated(tmp_path / str(n), word(sure=True), local)
        assert not one.swedish and not one.nordic and "transfer" in one.lost, changes
    one = rated(tmp_path / "x", word(sure=True), word("local", "none", kind="study", studies=1, **SWEDISH))
    assert one.swedish and "transfer" not in one.lost and "disagreement" in one.lost


def test_a_disagreement_on_other_rows_does_not_lower_a_problem(tmp_path):
    two = {"problem": [problem(), problem("cars")], "measure": [measure(problems=["bike", "cars"])]}
    rows = [word("cars-only", sure=True, problems=["cars"]), word("bikes", sure=True, problems=["bike"])]
    assert rated(tmp_path / "a", *rows, dissent=True, **two).dissent == ()
    assert len(rated(tmp_path / "b", *rows, dissent=True, problem_id="cars", **two).dissent) == 1


@pytest.mark.parametrize("direction", ["reduces", "none", "harmful"])
def test_effect_and_certainty_are_never_mixed(direction, tmp_path):
    """The same evidence is as sure whatever it found, and other designs do not change what was found."""
    grades = set()
    for n, design in enumerate(("randomised", "mixed", "controlled")):
        lower = {"lower": -0.3, "upper": -0.1, "estimate": -0.2, "favourable": "below"}
        upper = {"lower": 0.1, "upper": 0.3, "estimate": 0.2, "favourable": "below"}
        none = {"lower": -0.1, "upper": 0.1, "estimate": 0.0, "sure": False}
        numbers = {"reduces": lower, "harmful": upper, "none": none}[direction]
        one = rated(tmp_path / str(n), study(**({"design": design, "direction": direction} | numbers)))
        assert one.effect == {"reduces": "effective", "none": "no_shown_effect", "harmful": "harmful"}[direction]
        grades.add((design, one.certainty))
    assert grades == {("randomised", "moderate"), ("mixed", "low"), ("controlled", "low")}


# --- the other axes


def test_axes_say_what_is_known_and_whether_a_study_says_it(tmp_path):
    made = measure(moderators_sv="", moderators_en="", cost_sv="", cost_en="", basis=["mechanism"])
    one = rated(tmp_path / "a", study(), measure=[made])
    told = {name: (axis.known, axis.cited) for name, axis in one.axes.items()}
    assert told == {
        "mechanism": (True, True),
        "moderators": (False, False),
        "implementation": (True, False),
        "economics": (False, False),
    }
    row = study(economics_sv="Billigt", economics_en="Cheap")
    assert rated(tmp_path / "b", row, measure=[made]).axes["economics"].cited


# --- order


def test_candidates_are_ordered_by_evidence_and_harm_comes_last():
    for id in evidence.problems():
        found = evidence.candidates(id)
        assert {one.measure.id for one in found} == set(evidence.measures(id))
        groups = [0 if one.effect in ("effective", "promising") else EFFECTS.index(one.effect) for one in found]
        assert groups == sorted(groups), id
        sure = [GRADES.index(one.certainty) for one in found if one.effect in ("effective", "promising")]
        assert sure == sorted(sure, reverse=True), id
        assert all(one.avoid == (one.effect == "harmful") for one in found)


# --- the measures there are


@pytest.mark.parametrize(
    ("measure_id", "problem_id", "effect", "certainty"),
    [
        ("cctv", None, "promising", "moderate"),
        ("cctv", "public-violence", "no_shown_effect", "low"),
        ("street-lighting", "public-violence", "no_shown_effect", "low"),
        ("street-lighting", "burglary-homes", "effective", "low"),
        ("hot-spots", "public-violence", "effective", "low"),
        ("responsible-serving", "public-violence", "effective", "moderate"),
        ("scared-straight", "youth-crime", "harmful", "moderate"),
        ("partner-violence-programmes", "partner-violence", "no_shown_effect", "moderate"),
        ("second-responders", "partner-violence", "no_shown_effect", "low"),
        ("bicycle-signs", "bicycle-theft", "mixed", "very_low"),
        ("cctv", "vehicle-theft", "mixed", "low"),
        ("alley-gating", "burglary-homes", "promising", "low"),
        ("electronic-monitoring", "sexual-offences", "promising", "low"),
        ("guards", "public-violence", "no_shown_effect", "very_low"),
        ("honour-violence-work", "partner-violence", "unknown", "very_low"),
        ("elder-fraud-prevention", "elder-fraud", "unknown", "very_low"),
        ("cbt", "reoffending", "effective", "low"),
        ("mst", "youth-crime", "mixed", "low"),
        ("after-school", "youth-crime", "no_shown_effect", "low"),
        ("neighbourhood-watch", "burglary-homes", "promising", "low"),
        ("planet-youth", "youth-crime", "unknown", "very_low"),
        ("closing-hours", "public-violence", "promising", "low"),
        ("summer-jobs", "public-violence", "promising", "very_low"),
    ],
)
def test_what_the_rules_give(measure_id, problem_id, effect, certainty):
    one = evidence.rating(measure_id, problem_id)
    assert (one.effect, one.certainty) == (effect, certainty)


def test_known_traits_of_some_ratings():
    assert evidence.rating("scared-straight").avoid
    assert evidence.rating("hot-spots").dissent
    assert evidence.rating("cctv").swedish and evidence.rating("responsible-serving").swedish
    closing = evidence.rating("closing-hours")
    assert closing.nordic and not closing.swedish
    assert not evidence.rating("cbt").swedish
    signs = evidence.rating("bicycle-signs", "bicycle-theft")
    assert {row.direction for row in signs.rows} >= {"reduces", "harmful"}
    assert any(row.displacement == "displacement" for row in signs.rows)
    assert not evidence.rating("bid").swedish, "a study whose result was not read shows nothing"


def test_every_rating_is_whole_and_every_reason_has_its_text():
    named = texts()
    for id, one in evidence.measures().items():
        for against in (None, *one.problems):
            found = evidence.rating(id, against)
            assert found.effect in EFFECTS and found.certainty in GRADES and set(found.lost) <= set(STEPS)
            assert (found.effect == "unknown") == (not found.rows) == (found.outcome == "")
            assert not set(found.rows) & set(found.others) and not set(found.rows) & set(found.opposing)
            for reason in found.reasons:
                assert set(named[f"evidence_reason_{reason}"]) == set(LANGUAGES)
            if found.effect in ("effective", "promising", "harmful"):
                assert all(row.outcome_kind not in ("proxy",) for row in found.rows)
            if found.outcome == "crime":
                assert all(row.outcome_kind in CRIME for row in found.rows)
    for step in (*STEPS, *(f"start_{grade}" for grade in GRADES), "no_rows", "cannot_tell", "no_comparison"):
        assert f"evidence_reason_{step}" in named


def test_a_rating_without_a_row_that_may_be_shown_is_unknown(tmp_path):
    hidden = study(verified="unverified", result_sv="x", result_en="y")
    assert rated(tmp_path, hidden).effect == "unknown"
