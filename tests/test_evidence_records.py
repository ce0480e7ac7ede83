"""The records of the knowledge base: every rule finds what it should, and nothing unverified gets out."""

from __future__ import annotations

import copy
import itertools
import json
import re
import subprocess
import sys
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path

import pytest
from test_wording import BANNED

from brapkg import catalogue, evidence, lookup
from brapkg.errors import DataError, UsageError
from brapkg.evidence import kinds, load, ratings
from brapkg.evidence.kinds import UNVERIFIED
from brapkg.evidence.pooled import pooled
from brapkg.wording import LANGUAGES

# --- a small knowledge base written by hand

QUESTION = [{"kind": kind, "sv": f"Vem är {kind}?", "en": f"Who is {kind}?"} for kind in kinds.QUESTIONS]
INDICATOR = [
    {"sv": "Anmälda brott", "en": "Reported offences", "source_sv": "Brå", "source_en": "Brå", "offence": "theft"}
]


def texts(*names: str) -> dict:
    return {f"{name}_{s}": f"{name} på {'svenska' if s == 'sv' else 'engelska'}" for name in names for s in LANGUAGES}


def problem(id: str = "bike", **changes) -> dict:
    return {
        "id": id,
        "sv": "Stulna cyklar",
        "en": "Stolen bikes",
        **texts("lower", "series", "what", "where", "when", "harm"),
        "words_sv": ["cykel"],
        "words_en": ["bike"],
        "offences": ["theft"],
        "share": "part",
        "sources_sv": ["allmän kunskap"],
        "sources_en": ["common knowledge"],
        "question": copy.deepcopy(QUESTION),
        "indicator": copy.deepcopy(INDICATOR),
    } | changes


def measure(id: str = "locks", **changes) -> dict:
    return {
        "id": id,
        "kind": "situational",
        "sv": "Bättre lås",
        "en": "Better locks",
        **texts("lower", "what", "mechanism", "moderators", "needs", "owner", "cost", "time", "risks"),
        "words_sv": ["lås"],
        "words_en": ["lock"],
        "problems": ["bike"],
        "basis": ["mechanism"],
    } | changes


def study(id: str = "review-2020", **changes) -> dict:
    return {
        "id": id,
        "measure": "locks",
        "problems": [],
        "kind": "review",
        "swedish": False,
        "citation": f"Author {id}",
        "year": 2020,
        "doi": f"10.1000/{id}",
        "url": "https://example.org/a",
        "studies": 12,
        **texts("outcome", "result"),
        "countries_sv": "Storbritannien",
        "countries_en": "United Kingdom",
        "place_sv": "",
        "place_en": "",
        "economics_sv": "",
        "economics_en": "",
        "note_sv": "",
        "note_en": "",
        "design": "mixed",
        "outcome_kind": "crime",
        "metric": "relative change",
        "favourable": "below",
        "estimate": -0.2,
        "lower": -0.3,
        "upper": -0.1,
        "direction": "reduces",
        "sure": True,
        "displacement": "unknown",
        "verified": "read",
        "checked": "2026-11-22",
    } | changes


def in_words(**changes) -> dict:
    """What makes a row one without numbers."""
    return {"metric": "words", "favourable": "", "estimate": None, "lower": None, "upper": None} | changes


def odds(**changes) -> dict:
    return {"metric": "odds ratio", "estimate": 0.8, "lower": 0.7, "upper": 0.9} | changes


def trial(name: str = "A 1990", **changes) -> dict:
    counts = {"treated_events": 5, "treated_total": 20, "control_events": 9, "control_total": 20}
    return {"study": "review-2020", "name": name, **counts, "source": "the review"} | changes


def trial_set(**changes) -> dict:
    made = {"event_sv": "nytt brott", "event_en": "new offence", "favourable": "below", "source": "the review"}
    return made | {"url": "https://example.org/a"} | changes


def disagreement(**changes) -> dict:
    return {
        "id": "size",
        "measures": ["locks"],
        **texts("question", "one", "other"),
        "studies": ["review-2020"],
    } | changes


def item(**changes) -> dict:
    made = {"id": "law-4", "act": "2023:196", "paragraph": "4", "item": "", "url": "https://example.org/a"}
    rest = {"status": "read", "duty": True, "on_page": True, "fed": "partly"}
    return made | texts("heading", "text", "how") | rest | changes


def records(**changes) -> dict:
    """The tables of every file; a change replaces those of one kind."""
    return {
        "problem": [problem()],
        "measure": [measure()],
        "study": [study()],
        "trial": [],
        "set": {},
        "disagreement": [disagreement()],
        "item": [item()],
    } | changes


def base(folder: Path, **changes) -> load.Base:
    """The knowledge base that these records make."""
    made = records(**changes)
    folder.mkdir(exist_ok=True)
    for pattern, name, _ in kinds.FILES:
        tables = "".join(f"[[{name}]]\n{toml(table)}\n" for table in made[name])
        if name == "trial":
            tables += "".join(f"[set.{id}]\n{toml(table)}\n" for id, table in made["set"].items())
        (folder / pattern.replace("*", "some")).write_text(tables, encoding="utf-8")
    return load.read(folder)


def toml(table: dict) -> str:
    lines, inner = [], []
    for key, value in table.items():
        if value is None:
            continue
        if isinstance(value, list) and value and isinstance(value[0], dict):
            name = "problem." + key
            inner += [f"[[{name}]]\n{toml(one)}" for one in value]
        else:
            lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join([*lines, *inner])


# --- rules


def test_the_small_base_is_right(tmp_path):
    made = base(tmp_path)
    assert list(made.problems) == ["bike"] and made.problems["bike"].question[0].kind == "offender"
    assert made.studies["review-2020"].lower == -0.3
    assert made.law[0].text("heading", "en") == "heading på engelska"


def rows(**changes) -> dict:
    return {"study": [study(**changes)]}


def ratio(**changes) -> dict:
    """A row with an odds ratio, one trial and what it counts."""
    tables = {"study": [study(**odds())], "trial": [trial(**changes.pop("trial", {}))]}
    return tables | {"set": {"review-2020": trial_set(**changes)}}


def unverified(**changes) -> dict:
    return study("alone", **(in_words(verified=UNVERIFIED, doi="", result_sv="Minskade med 43 %") | changes))


def without(table: dict, *names: str) -> dict:
    return {key: value for key, value in table.items() if key not in names}


FAULTS = {
    "missing field": ({"study": [without(study(), "design")]}, "review-2020: the field 'design' is missing"),
    "unknown field": (rows(efect="x", effect_kind="y"), "no field 'efect'"),
    "unknown field near": ({"measure": [measure(mechanism="x")]}, "Did you mean 'mechanism_"),
    "text for number": (rows(year="2020"), "year: found '2020'; must be a whole number"),
    "true for number": (rows(year=True), "year: found True; must be a whole number"),
    "fraction for whole": (rows(studies=1.5), "studies: found 1.5; must be a whole number"),
    "number for flag": (rows(swedish=1), "swedish: found 1; must be true or false"),
    "text for list": ({"measure": [measure(problems="bike")]}, "problems: found 'bike'; must be a list of texts"),
    "empty item": ({"measure": [measure(words_sv=[""])]}, "every item must be a text"),
    "number in list": ({"measure": [measure(words_sv=[1])]}, "every item must be a text"),
    "empty text": ({"problem": [problem(what_sv="", what_en="")]}, "what_sv: found ''; must not be empty"),
    "empty list": ({"measure": [measure(problems=[])]}, "problems: found []; must not be empty"),
    "one language": ({"measure": [measure(cost_en="")]}, "cost_sv: is there in one language only"),
    "untranslated": (
        {"measure": [measure(cost_sv="a b c d", cost_en="a b c d")]},
        "found the same text in Swedish and English ('a b c d')",
    ),
    "untranslated question": (
        {"problem": [problem(question=[*QUESTION, {"kind": "place", "sv": "Var är det då?", "en": "Var är det då?"}])]},
        "question, sv: found the same text",
    ),
    "braces": ({"measure": [measure(cost_sv="{n} kr")]}, "cost_sv: found '{n} kr'; must have no braces"),
    "space at the end": ({"measure": [measure(sv="Lås ")]}, "no double spaces and none at the ends"),
    "kind": ({"measure": [measure(kind="magic")]}, "kind: found 'magic'; allowed are 'situational', 'police'"),
    "basis": ({"measure": [measure(basis=["hope"])]}, "basis: found 'hope'; allowed are 'what'"),
    "basis empty": (
        {"measure": [measure(basis=["cost"], cost_sv="", cost_en="")]},
        "basis: names cost, which is empty",
    ),
    "design": (rows(design="rct"), "design: found 'rct'; allowed are 'randomised'"),
    "verified": (rows(verified="yes"), "verified: found 'yes'; allowed are 'read'"),
    "question kind": ({"problem": [problem(question=[*QUESTION, {"kind": "x", "sv": "A", "en": "B"}])]}, "found 'x'"),
    "question missing": ({"problem": [problem(question=QUESTION[1:])]}, "no question of the kind offender"),
    "no indicator": ({"problem": [problem(indicator=[])]}, "indicator: found []; must not be empty"),
    "series": ({"problem": [problem(offences=["thefts"])]}, "offences: there is no offence series 'thefts'"),
    "series of a chapter": ({"problem": [problem(offences=["total_nation"])]}, "offences: there is no offence series"),
    "indicator series": (
        {"problem": [problem(indicator=[INDICATOR[0] | {"offence": "x"}])]},
        "indicator: there is no offence series 'x'",
    ),
    "share with none": ({"problem": [problem(share="none")]}, "found 'none' with 1 offence series"),
    "share without": ({"problem": [problem(offences=[])]}, "found 'part' with 0 offence series; must be 'none'"),
    "problem alone": ({"problem": [problem(), problem("cars")]}, "cars, id: no measure names this problem"),
    "measure alone": ({"measure": [measure(), measure("lamps")]}, "lamps, id: no row in studies_*.toml"),
    "measure's problem": (
        {"measure": [measure(problems=["bike", "bikes"])]},
        "no problem 'bikes'. Did you mean 'bike'?",
    ),
    "study's measure": (rows(measure="lock"), "no measure 'lock'. Did you mean 'locks'?"),
    "study's measure far": (rows(measure="zzz"), "no measure 'zzz'. Write its record in measures_*.toml."),
    "study's problem": (rows(problems=["car"]), "problems: there is no problem 'car'"),
    "study's other problem": (
        {"problem": [problem(), problem("cars")], "study": [study(problems=["cars"]), study("b", measure="lamps")]}
        | {"measure": [measure(), measure("lamps", problems=["cars"])]},
        "problems: 'cars' is no problem of 'locks'",
    ),
    "id form": ({"measure": [measure("Lås")]} | rows(measure="Lås"), "id: found 'Lås'; must be lower-case"),
    "id twice": ({"study": [study(), study()]}, "id: 'review-2020' is used before (studies_some.toml, line 1"),
    "id of both": ({"measure": [measure("bike")]} | rows(measure="bike"), "'bike' is a problem too"),
    "doi address": (rows(doi="https://doi.org/10.1000/x"), "doi: found 'https://doi.org/10.1000/x'; must be as 10."),
    "doi short": (rows(doi="10.1/x"), "doi: found '10.1/x'"),
    "url": (rows(url="example.org"), "url: found 'example.org'; must be an address"),
    "url of a script": (rows(url="javascript:alert(1)"), "url: found 'javascript:alert(1)'"),
    "url empty": (rows(url=""), "url: found ''"),
    "year early": (rows(year=1899), "year: found 1899; must lie from 1950 to 2026"),
    "year ahead": (rows(year=2027), "year: found 2027"),
    "checked": (rows(checked="22/11 2026"), "checked: found '22/11 2026'; must be a day as"),
    "count below zero": (rows(studies=-1), "studies: found -1"),
    "one limit": (rows(upper=None), "lower, upper: only one of them is there"),
    "interval alone": (rows(estimate=None), "there is an interval without an estimate"),
    "outside": (rows(estimate=-0.05), "-0.05 lies outside its interval -0.3 to -0.1"),
    "limits turned": (rows(lower=-0.1, upper=-0.3), "lies outside its interval"),
    "words with number": (rows(metric="words", favourable=""), "found -0.2 with metric 'words'"),
    "words with side": (rows(**in_words(favourable="below")), "favourable: found 'below'; must be empty"),
    "metric without number": (rows(estimate=None, lower=None, upper=None), "estimate: is missing with metric"),
    "metric without side": (rows(favourable=""), "favourable: is empty with metric 'relative change'"),
    "ratio of zero": (rows(**odds(estimate=0.0, lower=0.0)), "estimate: found 0.0; must be a number above 0"),
    "ratio below zero": (rows(**odds(lower=-0.3)), "lower: found -0.3; must be a number above 0"),
    "more than all": (rows(estimate=-13, lower=None, upper=None), "estimate: found -13; must be a number above -1"),
    "direction over null": (rows(upper=0.1, sure=False), "found 'reduces', but the interval holds no effect (0)"),
    "sure over null": (rows(upper=0.1, direction="none"), "sure: found true, but the interval holds no effect"),
    "none beyond null": (rows(direction="none", sure=False), "found 'none', but the interval leaves out no effect"),
    "sure of none": (rows(direction="none", lower=None, upper=None), "sure: found true with direction 'none'"),
    "wrong side": (rows(favourable="above"), "found 'reduces', but -0.2 is bad where 'above' is favourable"),
    "wrong side of a ratio": (rows(**odds(direction="harmful")), "found 'harmful', but 0.8 is good"),
    "trial without set": (ratio() | {"set": {}}, "study: say what is counted under a line [set.review-2020]"),
    "set without trial": (ratio() | {"trial": []}, "there are no trials of 'review-2020'"),
    "trial of none": (
        ratio() | {"trial": [trial(study="x")], "set": {"x": trial_set()}},
        "[set.x], study: there is no row 'x'",
    ),
    "events above total": (ratio(trial={"treated_events": 21}), "treated_events: found 21 of 20"),
    "nobody": (ratio(trial={"control_events": 0, "control_total": 0}), "control_events: found 0 of 0"),
    "trials of words": (ratio() | rows(**in_words()), "has the metric 'words'; counts are pooled to a ratio"),
    "set's side": (ratio(favourable="above"), "found 'above', but its row says 'below'"),
    "trials unverified": (
        ratio() | {"study": [study(**odds(verified=UNVERIFIED))]},
        "is unverified; nothing may rest on it",
    ),
    "disagreement's measure": (
        {"disagreement": [disagreement(measures=["lock"])]},
        "measures: there is no measure 'lock'",
    ),
    "disagreement's study": ({"disagreement": [disagreement(studies=["x"])]}, "studies: there is no row 'x'"),
    "disagreement unverified": (
        {"study": [study(), unverified()], "disagreement": [disagreement(studies=["alone"])]},
        "studies: 'alone' is unverified",
    ),
    "leak to the measure": (
        {"study": [study(), unverified()], "measure": [measure(cost_en="It fell by 43%, they say")]},
        "43 % of this unverified row stands in measure 'locks', cost_en",
    ),
    "leak in words": (
        {"study": [study(), unverified()], "measure": [measure(cost_en="It fell by 43 per cent")]},
        "43 % of this unverified row stands in measure 'locks', cost_en",
    ),
    "leak to a row": (
        {"study": [study(note_sv="Andra säger 43 %", note_en="x"), unverified()]},
        "stands in row 'review-2020', note_sv",
    ),
    "leak to a disagreement": (
        {
            "study": [study(), unverified(**{"metric": "relative change", "favourable": "below", "estimate": -0.435})],
            "disagreement": [disagreement(one_sv="Det blev 43,5 % färre")],
        },
        "43.5 % of this unverified row stands in disagreement 'size', one_sv",
    ),
    "superseded by none": (rows(superseded_by="x"), "superseded_by: there is no row 'x'. Write its record in studies_"),
    "superseded by itself": (rows(superseded_by="review-2020"), "which is of the same publication"),
    "superseded in a circle": (
        {"study": [study(superseded_by="b"), study("b", superseded_by="review-2020")]},
        "found 'b', which gives way to 'review-2020' itself; name the last one",
    ),
    "superseded by an older one": (
        {"study": [study(superseded_by="b"), study("b", year=2019)]},
        "which is older (2019 before 2020)",
    ),
    "superseded by another outcome": (
        {"study": [study(superseded_by="b"), study("b", outcome_kind="fear")]},
        "which is on another measure or kind of outcome",
    ),
    "superseded by a part": (
        {"problem": [problem(), problem("cars")], "measure": [measure(problems=["bike", "cars"])]}
        | {"study": [study(superseded_by="b"), study("b", problems=["bike"])]},
        "found 'b', which does not concern cars",
    ),
    "superseded by an unverified one": (
        {"study": [study(superseded_by="alone"), unverified()]},
        "found 'alone', which is unverified; nothing may give way to it",
    ),
    "sources in one language": (
        {"problem": [problem(sources_sv=["a", "b"])]},
        "sources_sv: has 2 and sources_en 1; write each in both",
    ),
    "source in one language": (
        {"problem": [problem(indicator=[INDICATOR[0] | {"source_en": ""}])]},
        "source_en: found ''; must not be empty",
    ),
    "act": ({"item": [item(act="lagen")]}, "act: found 'lagen'; must be as '2023:196'"),
    "law's address": ({"item": [item(url="lagen.nu")]}, "url: found 'lagen.nu'"),
    "fed": ({"item": [item(fed="page")]}, "fed: found 'page'; allowed are 'summary'"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_told(name, tmp_path):
    changes, told = FAULTS[name]
    with pytest.raises(DataError) as error:
        base(tmp_path, **changes)
    assert told in "\n".join(error.value.problems)


def test_every_fault_is_told_at_once_with_file_and_line(tmp_path):
    with pytest.raises(DataError) as error:
        base(tmp_path, study=[study(doi="x", url="y"), study("b", year=1)], item=[item(act="z")])
    told = error.value.problems
    assert len(told) == 4
    assert told[0].startswith("studies_some.toml, line 1, review-2020, doi:")
    assert re.match(r"studies_some\.toml, line 3\d, b, year:", told[2])


def test_a_record_of_another_form_hides_no_other_fault(tmp_path):
    with pytest.raises(DataError) as error:
        base(tmp_path, study=[without(study(), "design"), study("b", doi="x")], problem=[problem(question=["who"])])
    told = "\n".join(error.value.problems)
    assert "the field 'design' is missing" in told and "b, doi: found 'x'" in told
    assert "question: found ['who']; must be tables" in told and "there is no problem" not in told


def test_a_file_that_is_no_toml_is_named_with_its_line_and_the_others_are_checked(tmp_path):
    base(tmp_path)
    (tmp_path / "law.toml").write_text("[[item]]\nid = \n", encoding="utf-8")
    (tmp_path / "measures_some.toml").write_text(f"[[measure]]\n{toml(measure(kind='x'))}", encoding="utf-8")
    with pytest.raises(DataError) as error:
        load.read(tmp_path)
    told = "\n".join(error.value.problems)
    assert "law.toml: cannot be read as TOML" in told and "line 2" in told and "kind: found 'x'" in told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "cannot be read as TOML"),
        (b"item = 3", "must be tables, each under a line [[item]]"),
        (b"[[thing]]\nid = 'a'", "found thing; only [[item]] may stand here"),
    ],
)
def test_a_file_of_another_form_is_refused(content, told, tmp_path):
    base(tmp_path)
    (tmp_path / "law.toml").write_bytes(content)
    with pytest.raises(DataError, match=re.escape(told)):
        load.read(tmp_path)


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(DataError) as error:
        load.read(tmp_path)
    assert len(error.value.problems) == len(kinds.FILES)
    assert "measures_*.toml: there is no such file" in str(error.value)


def test_numbers_in_texts_are_kept_together(tmp_path):
    text = "Av 12 345 brott föll 13 % i 21 av 290 kommuner 2019 och 1 000 000 andra"
    made = base(tmp_path, study=[study(result_sv=text)]).studies["review-2020"]
    kept = "Av 12\u00a0345 brott föll 13\u00a0% i 21 av 290 kommuner 2019 och 1\u00a0000\u00a0000 andra"
    assert made.result_sv == kept


# --- what is there


def test_the_package_has_the_records_that_it_should():
    assert len(evidence.problems()) >= 15
    assert len(evidence.measures()) >= 40
    assert {one.kind for one in evidence.measures().values()} == {"situational", "police", "social", "treatment"}
    assert set(evidence.measures("bicycle-theft", "situational")) == {"bicycle-signs", "property-marking"}
    assert {row.swedish for row in evidence.studies()} == {True, False}
    for id, one in evidence.problems().items():
        for offence in one.offences:
            assert offence in catalogue.offences("groups"), id


def test_rows_are_those_of_a_measure_and_a_problem():
    row = evidence.study("petrosino-2013")
    assert row in evidence.studies("scared-straight") and row in evidence.studies(problem="youth-crime")
    assert row not in evidence.studies("cbt")
    violence = evidence.studies("street-lighting", "public-violence")
    assert violence and all("public-violence" in row.problems or not row.problems for row in violence)


@pytest.mark.parametrize(
    "call",
    [
        lambda: evidence.problem("burglary-home"),
        lambda: evidence.measure("hot-spot"),
        lambda: evidence.study("petrosino"),
        lambda: evidence.studies(measure="hot-spot"),
        lambda: evidence.measures("burglary-home"),
        lambda: evidence.rating("hot-spot"),
        lambda: evidence.candidates("burglary-home"),
        lambda: evidence.disagreements("hot-spot"),
    ],
)
def test_an_unknown_id_suggests_near_ones(call):
    with pytest.raises(UsageError, match="Did you mean .*(burglary-homes|hot-spots|petrosino-2013)"):
        call()


@pytest.mark.parametrize("id", ["", None, 7, ("a",), ["a"], "ö" * 1000])
def test_no_id_makes_a_traceback(id):
    with pytest.raises(UsageError):
        evidence.measure(id)


def test_a_rating_of_a_measure_against_another_problem_is_refused():
    with pytest.raises(UsageError, match="'scared-straight' is no measure against 'arson'"):
        evidence.rating("scared-straight", "arson")
    with pytest.raises(UsageError, match="No measures of the kind 'magic'"):
        evidence.measures(kind="magic")


def test_what_is_given_away_cannot_change_the_records():
    evidence.problems().clear()
    evidence.studies().clear()
    evidence.law().clear()
    assert evidence.problems() and evidence.studies() and evidence.law()
    with pytest.raises(AttributeError):
        evidence.problem("arson").sv = "x"


def test_neither_loading_nor_searching_needs_numpy_or_pandas():
    code = (
        "import sys; from brapkg import evidence, lookup; lookup.told('cykelstöld'); "
        "evidence.candidates('arson'); print([m for m in ('numpy', 'pandas', 'scipy', 'IPython') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# --- an unverified value never reaches a page


def everything() -> dict[str, str]:
    """All that the functions which pages use give away, as text, by call."""
    given = {"problems": evidence.problems(), "measures": evidence.measures(), "studies": evidence.studies()}
    given |= {"law": evidence.law(), "disagreements": evidence.disagreements()}
    for one in evidence.measures():
        given[f"studies {one}"] = evidence.studies(one)
        given[f"rating {one}"] = evidence.rating(one)
        for language in LANGUAGES:
            given[f"told {one} {language}"] = lookup.told(one, language)
    for one in evidence.problems():
        given[f"candidates {one}"] = evidence.candidates(one)
        given[f"studies of {one}"] = evidence.studies(problem=one)
        given[f"told {one}"] = lookup.told(one)
        for hit in evidence.search(one):
            given[f"hit {one} {hit.id}"] = hit
    for row in evidence.studies():
        if evidence.trials(row.id):
            given[f"pooled {row.id}"] = pooled(row)
    return {name: str(plain(value)) for name, value in given.items()}


def plain(value: object) -> object:
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def test_nothing_that_pages_use_gives_an_unverified_row_away():
    hidden = [row for row in evidence.all_studies() if row.verified == UNVERIFIED]
    assert hidden, "the test would see nothing"
    shown = {(row.id, s): row.text("result", s) for row in evidence.studies() for s in LANGUAGES}
    for name, text in everything().items():
        assert UNVERIFIED not in text, name
        for row in hidden:
            assert f"'{row.id}'" not in text and f"({row.id})" not in text, (name, row.id)
            for s in LANGUAGES:
                assert row.text("result", s) not in shown.values()
                assert row.text("result", s) not in text, (name, row.id)


def test_an_unverified_row_can_be_neither_asked_for_nor_pooled():
    for row in evidence.all_studies():
        if row.verified == UNVERIFIED:
            for call in (evidence.study, evidence.trials, evidence.trial_set, pooled):
                with pytest.raises(UsageError):
                    call(row.id)
            with pytest.raises(UsageError, match="unverified"):
                pooled(row)


@pytest.mark.parametrize("direction", ["reduces", "harmful", "none", "mixed"])
def test_an_unverified_row_never_changes_a_rating(direction, tmp_path):
    loud = unverified(direction=direction, kind="review", design="randomised", swedish=True, studies=900)
    loud |= {"result_sv": "Alldeles säkert", "result_en": "Quite certainly"}
    quiet = base(tmp_path / "a")
    with_it = base(tmp_path / "b", study=[study(), loud])
    one, other = (asdict(ratings.rated(b, b.measures["locks"], "bike")) for b in (quiet, with_it))
    assert one == other


def test_an_unverified_paragraph_never_reaches_a_page(tmp_path):
    assert base(tmp_path, item=[item(), item(id="law-5", status=UNVERIFIED)]).law[-1].id == "law-4"
    assert all(one.status != UNVERIFIED for one in evidence.law())


# --- what readers read


ADDRESS = re.compile(r"https?://\S+")


def prose() -> list[tuple[str, str]]:
    """Every text of the records that pages print, by where it stands."""
    every = [*evidence.problems().values(), *evidence.measures().values(), *evidence.studies()]
    every += [*evidence.disagreements(), *evidence.law()]
    # Search words, titles and the statute's own words are others' or not printed.
    free = re.compile(r"words_|citation|url|doi|id|text_sv")
    found = []
    for one in every:
        for name, value in vars(one).items():
            inner = value if isinstance(value, tuple) else (value,)
            for part in inner:
                told = vars(part).items() if is_dataclass(part) else [(name, part)]
                found += [(f"{one.id} {key}", t) for key, t in told if isinstance(t, str) and not free.fullmatch(key)]
    return [(place, ADDRESS.sub("", text)) for place, text in found if not place.split()[1].startswith("words_")]


def test_texts_use_none_of_the_words_that_are_not_written():
    wrong = [(place, word) for place, text in prose() for word in BANNED if word in text.casefold()]
    assert not wrong


def test_numbers_in_texts_do_not_break_over_lines():
    wrong = [(place, text) for place, text in prose() if re.search(r"\d \d{3}\b(?! )|\d %", text)]
    assert not wrong


def test_sentences_are_short():
    wrong = []
    for place, text in prose():
        for sentence in re.split(r"(?<=[.!?:;|])\s+|\|", text):
            if len(sentence.split()) > 35:
                wrong.append((place, len(sentence.split())))
    assert not wrong


def test_the_order_of_files_does_not_matter(tmp_path):
    pairs = list(itertools.permutations([study(), study("b", direction="none", sure=False, upper=0.1)]))
    told = [ratings.rated(b, b.measures["locks"]) for b in (base(tmp_path, study=list(pair)) for pair in pairs)]
    assert told[0].effect == told[1].effect and told[0].certainty == told[1].certainty
