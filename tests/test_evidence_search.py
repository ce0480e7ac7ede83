"""Search and the terminal: what people type finds what they mean, and nonsense finds nothing."""

from __future__ import annotations

import time

import pytest
from click.testing import CliRunner

from brapkg import cli, evidence, lookup
from brapkg.errors import UsageError

# What is typed, and what must come first.
FIRST = {
    # problems, as they are called
    "cykelstöld": "bicycle-theft",
    "cykelstölder": "bicycle-theft",
    "cykelstölderna": "bicycle-theft",
    "stulna cyklar": "bicycle-theft",
    "stulen cykel": "bicycle-theft",
    "bike theft": "bicycle-theft",
    "bicycle thefts": "bicycle-theft",
    "stolen bikes": "bicycle-theft",
    "inbrott": "burglary-homes",
    "inbrotten": "burglary-homes",
    "villainbrott": "burglary-homes",
    "burglaries": "burglary-homes",
    "klotter": "vandalism",
    "klottret": "vandalism",
    "graffiti": "vandalism",
    "skadegörelse": "vandalism",
    "kvinnomisshandel": "partner-violence",
    "våld i nära relationer": "partner-violence",
    "partnervåld": "partner-violence",
    "domestic violence": "partner-violence",
    "våldtäkter": "sexual-offences",
    "rape": "sexual-offences",
    "bilstölder": "vehicle-theft",
    "bilinbrott": "vehicle-theft",
    "car theft": "vehicle-theft",
    "butiksstölder": "shop-theft",
    "snatteri": "shop-theft",
    "shoplifting": "shop-theft",
    "rånen": "robbery",
    "personrån": "robbery",
    "robberies": "robbery",
    "anlagda bränder": "arson",
    "mordbrand": "arson",
    "skjutningar": "gang-crime",
    "gängkriminalitet": "gang-crime",
    "gang violence": "gang-crime",
    "otrygga": "unsafety",
    "fear of crime": "unsafety",
    "narkotikaförsäljning": "public-drugs",
    "drug dealing": "public-drugs",
    "telefonbedrägerier": "elder-fraud",
    "elder fraud": "elder-fraud",
    "återfallen": "reoffending",
    "recidivism": "reoffending",
    "krogvåldet": "public-violence",
    # problems, misspelt or without accents
    "cykelstold": "bicycle-theft",
    "cykelstöd": "bicycle-theft",
    "cykel stöld": "bicycle-theft",
    "CYKELSTÖLD": "bicycle-theft",
    "inbrot": "burglary-homes",
    "burglry": "burglary-homes",
    "grafiti": "vandalism",
    "skadegorelse": "vandalism",
    "kvinnomishandel": "partner-violence",
    "narkotka": "public-drugs",
    # measures
    "kamera": "cctv",
    "kameror": "cctv",
    "övervakningskamera": "cctv",
    "overvakningskameror": "cctv",
    "övervakningskamror": "cctv",
    "kamera bevakning": "cctv",
    "CCTV cameras": "cctv",
    "grannsamverkan": "neighbourhood-watch",
    "grannsammverkan": "neighbourhood-watch",
    "neighborhood watch": "neighbourhood-watch",
    "gatubelysning": "street-lighting",
    "street lights": "street-lighting",
    "mobbning": "anti-bullying",
    "mobning": "anti-bullying",
    "bullying": "anti-bullying",
    "ordningsvakter": "guards",
    "väktare": "guards",
    "hot spot": "hot-spots",
    "hotspots": "hot-spots",
    "sluta skjut": "focused-deterrence",
    "öppettider": "closing-hours",
    "closing hours": "closing-hours",
    "ansvarsfull alkoholservering": "responsible-serving",
    "kbt": "cbt",
    "kognitiv beteendeterapi": "cbt",
    "medling": "restorative-conferences",
    "fotboja": "electronic-monitoring",
    "sommarjobb": "summer-jobs",
    "föräldrautbildning": "parent-training",
    "mentorer": "mentoring",
    "scared strait": "scared-straight",
    "märk-dna": "property-marking",
    "hedersrelaterat våld": "honour-violence-work",
    # ids, DOIs and authors
    "hot-spots": "hot-spots",
    "measure hot-spots": "hot-spots",
    "petrosino-2013": "petrosino-2013",
    "10.1111/1745-9133.12419": "cctv-piza-2019-total",
    "https://doi.org/10.1371/journal.pone.0051738": "bicycle-nettle-2012-at-signs",
    "Piza": "cctv-piza-2019-total",
    "Landenberger": "landenberger-2005",
}
NOTHING = [
    "xyzzy",
    "qwertyuiop",
    "asdf ghjk",
    "bananpaj",
    "kvantfysik",
    "rymdraket",
    "zzzz",
    "hej",
    "42",
    "lorem ipsum dolor",
]
EMPTY = ["", " ", "!!!", "å", "och", "hur kan vi", "\x00\x1b[31m", "%s{0}", "💥", "\n\n"]


@pytest.mark.parametrize("text", FIRST)
def test_what_people_type_finds_what_they_mean(text):
    hits = evidence.search(text)
    assert hits and hits[0].id == FIRST[text], [hit.id for hit in hits[:4]]


@pytest.mark.parametrize("text", NOTHING + EMPTY)
def test_nonsense_finds_nothing(text):
    assert evidence.search(text) == []


@pytest.mark.parametrize("text", ["cykelstöld", "bicycle theft", "cykelstold"])
def test_a_problem_brings_measures_against_it(text):
    assert "bicycle-signs" in [hit.id for hit in evidence.search(text)]


def test_scores_are_from_0_to_1_and_fall():
    for text in FIRST:
        scores = [hit.score for hit in evidence.search(text)]
        assert scores == sorted(scores, reverse=True) and 0.4 < scores[-1] and scores[0] <= 1
        assert all(hit.why for hit in evidence.search(text))


def test_an_exact_id_wins_and_is_alone():
    for id in (*evidence.problems(), *evidence.measures(), *(row.id for row in evidence.studies())):
        found = evidence.search(id)
        assert [hit.id for hit in found] == [id] and found[0].score == 1


def test_every_problem_and_measure_is_found_by_its_names_and_words():
    for kind, all_of in (("problem", evidence.problems()), ("measure", evidence.measures())):
        for id, one in all_of.items():
            for language in ("sv", "en"):
                for text in (one.text("name", language), *one.text("words", language)):
                    found = [(hit.kind, hit.id) for hit in evidence.search(text)]
                    assert (kind, id) in found or found[0][1] == text, (id, text)


def test_titles_are_in_the_language_asked_for_or_found():
    assert evidence.search("bike theft")[0].title == evidence.problem("bicycle-theft").en
    assert evidence.search("cykelstöld")[0].title == evidence.problem("bicycle-theft").sv
    assert evidence.search("bike theft", "sv")[0].title == evidence.problem("bicycle-theft").sv


def test_the_same_question_has_the_same_answer():
    assert evidence.search("stulna cyklar") == evidence.search("stulna cyklar")
    assert [h.id for h in evidence.search("cykel stöld")] == [h.id for h in evidence.search("  Cykel,  STÖLD! ")]


def test_a_search_is_fast():
    evidence.search("värm upp")
    start = time.perf_counter()
    for text in FIRST:
        evidence.search(text)
    assert (time.perf_counter() - start) / len(FIRST) < 0.05


def test_a_long_text_takes_no_longer_and_breaks_nothing():
    start = time.perf_counter()
    assert evidence.search("cykelstöld " * 20_000)[0].id == "bicycle-theft"
    evidence.search("x" * 100_000)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize("call", [lambda: evidence.search(3), lambda: evidence.search("cykel", "no")])
def test_a_wrong_call_is_refused(call):
    with pytest.raises(UsageError):
        call()


# --- the terminal


def test_a_problem_is_told_with_effect_certainty_sources_and_address():
    told = lookup.told("snatteri")
    assert told.startswith("Butiksstöld") and "Blandade resultat, låg säkerhet" in told
    assert "Källor: 1. Svensk utvärdering med jämförelse: nej." in told
    assert "https://doi.org/10.1186/s40163-017-0068-y" in told


def test_a_measure_is_told_with_why_and_dissent():
    told = lookup.told("hot-spots", "en")
    assert "Shown effect, low certainty" in told and "The sources disagree" in told
    assert "Sources disagree:" in told and "https://doi.org/10.1002/cl2.1046" in told


def test_what_is_harmful_says_so():
    assert "Skadlig, måttlig säkerhet (undvik)" in lookup.told("scared-straight")
    assert "(avoid)" in lookup.told("scared straight", "en")
    assert "undvik" in lookup.told("youth-crime")


def test_what_is_unknown_has_no_certainty():
    told = lookup.told("honour-violence-work")
    assert "Okänd effekt" in told and "säkerhet" not in told.split("Studier:")[0]


@pytest.mark.parametrize(("language", "said"), [("sv", "inget om ”xyzzy”"), ("en", "nothing on “xyzzy”")])
def test_what_is_not_there_is_said_and_what_is_there(language, said):
    told = lookup.told("xyzzy", language)
    assert said in told and evidence.problem("arson").text("name", language) in told


def test_what_was_typed_cannot_steer_the_terminal():
    told = lookup.told("\x1b[31mxyzzy\x07" + "q" * 5000)
    assert told.isprintable() or all(c.isprintable() or c == "\n" for c in told)
    assert len(told) < 2000


def test_lines_are_no_longer_than_a_terminal_except_addresses():
    for id in (*evidence.problems(), *evidence.measures()):
        for line in lookup.told(id).splitlines():
            assert len(line) <= lookup.WIDTH or "://" in line, line


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["cykelstöld"], 0),
        (["stulna", "cyklar"], 0),
        (["measure", "cctv", "--language", "en"], 0),
        (["xyzzy"], 0),
        (["cykelstöld", "--language", "no"], 2),
        ([], 2),
    ],
)
def test_the_command(arguments, status):
    done = CliRunner().invoke(cli.main, ["evidence", *arguments])
    assert done.exit_code == status, done.output
    assert "Traceback" not in done.output
