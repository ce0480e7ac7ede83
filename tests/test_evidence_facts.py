"""The evidence records hold what the sources say: key facts typed from the sources, not from the records."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import brapkg
from brapkg import evidence

FOLDER = Path(brapkg.__file__).parent / "records" / "evidence"
RECORDS = {path.name: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))}
EVERY = [row for name, file in RECORDS.items() if name.startswith("studies_") for row in file["study"]]
SHOWN = [row for row in EVERY if row["verified"] != "unverified"]

# Measure, DOI (or words of the citation), and what one row of theirs must hold.
# "says" are words of the English result; a direction that is not named is "reduces".
FACTS = [
    (
        "cctv",
        "10.1111/1745-9133.12419",
        {"estimate": -0.13, "studies": 76, "verified": "second-hand", "kind": "review"},
    ),
    ("cctv", "10.1111/1745-9133.12419", {"studies": 80, "sure": True, "direction": "reduces", "verified": "read"}),
    ("cctv", "10.1111/1745-9133.12419", {"problems": ["public-violence"], "direction": "none"}),
    ("cctv", "10.1111/1745-9133.12419", {"says": ("car parks", "largest"), "direction": "reduces"}),
    ("cctv", "10.1111/1745-9133.12419", {"says": ("city centres", "chance"), "direction": "none", "sure": False}),
    ("cctv", "10.1111/1745-9133.12419", {"says": ("public transport", "chance"), "direction": "none", "sure": False}),
    ("cctv", "10.1111/1745-9133.12419", {"says": ("United States", "chance"), "direction": "none"}),
    ("cctv", "rapport 2007:29", {"estimate": -0.16, "verified": "second-hand"}),
    ("cctv", "rapport 2007:29", {"estimate": -0.51, "verified": "second-hand", "problems": ["vehicle-theft"]}),
    ("cctv", "10.1080/14043858.2017.1387410", {"studies": 7, "says": ("24–28 per cent",), "direction": "reduces"}),
    ("cctv", "10.1080/14043858.2017.1387410", {"says": ("no desirable effect", "parking"), "direction": "none"}),
    ("cctv", "10.1111/ecoj.12327", {"estimate": -0.25, "design": "natural", "swedish": True}),
    ("cctv", "rapport 2007:29", {"estimate": -0.23, "outcome_en": "crime in public transport"}),
    ("cctv", "rapport 2007:29", {"estimate": -0.07, "outcome_en": "crime in other public places"}),
    ("cctv", "Priks 2013", {"estimate": -0.65, "outcome_kind": "behaviour", "swedish": True}),
    ("cctv", "Gerell 2016", {"direction": "none", "design": "controlled", "swedish": True}),
    ("street-lighting", "10.4073/csr.2008.13", {"estimate": -0.21, "studies": 13, "verified": "read"}),
    ("street-lighting", "10.1111/1745-9133.12585", {"estimate": -0.14, "studies": 21, "sure": True, "year": 2022}),
    ("street-lighting", "10.1111/1745-9133.12585", {"outcome_en": "violent crime", "direction": "none", "sure": False}),
    ("neighbourhood-watch", "10.4073/csr.2008.18", {"estimate": -0.16, "studies": 18}),
    ("neighbourhood-watch", "10.4073/csr.2008.18", {"estimate": -0.26, "studies": 18}),
    ("neighbourhood-watch", "Security Journal 22(2):143–155", {"says": ("about half",), "direction": "mixed"}),
    ("neighbourhood-watch", "Svensson 2012", {"says": ("37 per cent in Sörse", "23 per cent in Andersberg")}),
    ("alley-gating", "10.1007/s10610-005-5502-0", {"estimate": -0.37, "studies": 1, "displacement": "diffusion"}),
    ("repeat-victimisation", "978-91-86027-91-9", {"studies": 31, "says": ("one sixth",), "direction": "reduces"}),
    ("repeat-victimisation", "978-91-86027-91-9", {"problems": ["sexual-offences"], "direction": "none"}),
    (
        "bicycle-signs",
        "10.1371/journal.pone.0051738",
        {"estimate": 4.28, "lower": 2.04, "upper": 8.98, "favourable": "above", "direction": "mixed"},
    ),
    ("bicycle-signs", "10.1371/journal.pone.0051738", {"estimate": -0.62, "displacement": "displacement"}),
    ("bicycle-signs", "10.1371/journal.pone.0051738", {"estimate": 0.65, "direction": "harmful"}),
    ("home-security", "10.1057/sj.2014.30", {"design": "survey", "says": ("20 times",)}),
    ("cocooning", "10.1007/s11292-018-09350-1", {"design": "randomised", "direction": "mixed"}),
    ("retail-tags", "10.1186/s40163-017-0068-y", {"studies": 8, "direction": "mixed", "says": ("not be pooled",)}),
    ("immobilisers", "10.1057/sj.2012.55", {"studies": 16, "says": ("15 of 16",), "displacement": "displacement"}),
    ("cpted-shops", "College of Policing", {"studies": 26, "direction": "none"}),
    ("greening", "10.1073/pnas.1718503115", {"estimate": -0.578, "outcome_kind": "fear", "design": "randomised"}),
    ("greening", "10.1073/pnas.1718503115", {"estimate": -0.291, "problems": ["gang-crime"], "sure": True}),
    ("greening", "10.1073/pnas.1718503115", {"estimate": -0.393, "outcome_kind": "proxy"}),
    ("greening", "10.1073/pnas.1718503115", {"estimate": -0.368, "outcome_kind": "proxy"}),
    ("greening", "10.1073/pnas.1718503115", {"estimate": 0.757, "favourable": "above"}),
    ("greening", "10.1073/pnas.1718503115", {"estimate": -0.133, "sure": True, "verified": "read"}),
    ("greening", "10.1073/pnas.1718503115", {"estimate": -0.219, "problems": ["burglary-homes"]}),
    ("greening", "10.1073/pnas.1718503115", {"estimate": -0.303, "sure": True}),
    ("responsible-serving", "10.15288/jsa.2003.64.270", {"estimate": -0.29, "design": "natural", "swedish": True}),
    ("responsible-serving", "10.1111/j.1360-0443.2012.04004.x", {"estimate": -0.031, "sure": True, "swedish": True}),
    (
        "closing-hours",
        "10.1111/j.1360-0443.2011.03643.x",
        {"countries_en": "Norway", "says": ("4.8 more assaults", "2.60–6.99", "16 per cent"), "direction": "reduces"},
    ),
    ("hot-spots", "10.1002/cl2.1046", {"studies": 65, "estimate": 0.1, "displacement": "diffusion", "sure": True}),
    ("hot-spots", "10.1007/s10940-020-09481-7", {"estimate": -0.081, "studies": 53}),
    ("hot-spots", "10.1007/s10940-020-09481-7", {"estimate": -0.16, "studies": 53}),
    ("hot-spots", "Buckley", {"estimate": 0.046, "studies": 22, "design": "randomised", "says": ("inconsistent",)}),
    ("foot-patrol", "10.1111/j.1745-9125.2011.00240.x", {"estimate": -0.23, "studies": 1, "says": ("53",)}),
    ("problem-oriented-policing", "10.1093/police/paae053", {"estimate": -0.338, "studies": 34}),
    ("disorder-policing", "10.1177/0022427815576576", {"studies": 28, "direction": "reduces", "sure": True}),
    ("order-maintenance", "10.1177/0022427815576576", {"direction": "none"}),
    ("stop-and-search", "10.1002/cl2.1302", {"direction": "harmful", "outcome_kind": "crime"}),
    ("community-policing", "10.1007/s11292-014-9210-y", {"studies": 25, "direction": "mixed", "outcome_kind": "crime"}),
    (
        "focused-deterrence",
        "10.1111/1745-9133.12353",
        {"studies": 24, "design": "controlled", "direction": "reduces", "metric": "words"},
    ),
    ("focused-deterrence", "rapport 369", {"estimate": -0.25, "says": ("quarter",), "year": 2023}),
    ("focused-deterrence", "Malmö universitet 2021", {"direction": "unknown", "swedish": True}),
    ("second-responders", "10.1002/cl2.1217", {"direction": "none", "sure": False}),
    ("police-diversion", "10.4073/csr.2018.5", {"studies": 19, "says": ("44 in 100",), "years": "1973–2011"}),
    ("anti-bullying", "10.1007/s42380-019-0007-4", {"studies": 100, "says": ("19–20 per cent",), "metric": "words"}),
    (
        "anti-bullying",
        "10.1007/s42380-019-0007-4",
        {"studies": 100, "says": ("15–16 per cent",), "direction": "reduces"},
    ),
    ("anti-bullying", "Youth Endowment Fund", {"estimate": 0.153, "favourable": "above"}),
    ("anti-bullying", "10.1001/jamapediatrics.2020.3541", {"estimate": -0.15, "lower": -0.191, "upper": -0.109}),
    ("anti-bullying", "10.1001/jamapediatrics.2020.3541", {"estimate": -0.111, "lower": -0.146, "upper": -0.077}),
    ("anti-bullying", "10.1001/jamapediatrics.2020.3541", {"estimate": -0.158, "lower": -0.225, "upper": -0.092}),
    ("anti-bullying", "Skolverket rapport 353", {"direction": "unknown", "swedish": True}),
    ("school-violence-prevention", "10.1016/j.amepre.2007.04.012", {"metric": "words", "direction": "reduces"}),
    (
        "prison-programmes",
        "Kriminalvården 2017",
        {"says": ("25–42 per cent",), "direction": "reduces", "swedish": True},
    ),
    ("prison-programmes", "rapport 369", {"says": ("nearly half",), "direction": "reduces"}),
    ("parent-training", "10.1007/s11292-016-9256-0", {"estimate": 0.37, "studies": 78, "outcome_kind": "behaviour"}),
    ("self-control", "10.1007/s11292-016-9257-z", {"estimate": 0.27, "studies": 41, "design": "randomised"}),
    ("self-control", "10.1007/s11292-016-9257-z", {"estimate": 0.32, "outcome_kind": "proxy"}),
    ("social-skills", "10.1007/s40865-020-00142-8", {"estimate": 0.25, "studies": 113}),
    ("social-skills", "10.1007/s40865-020-00142-8", {"studies": 14, "direction": "none", "sure": False}),
    (
        "after-school",
        "10.1177/1541204014567542",
        {"estimate": 0.062, "lower": -0.098, "upper": 0.223, "studies": 17, "direction": "none"},
    ),
    ("communities-that-care", "333265", {"estimate": -0.07, "studies": 13, "direction": "none", "sure": False}),
    ("summer-jobs", "10.1126/science.1257809", {"estimate": -0.43, "studies": 1, "design": "randomised"}),
    ("mentoring", "10.4073/csr.2013.10", {"estimate": 0.21, "studies": 46, "verified": "second-hand"}),
    ("mentoring", "10.4073/csr.2013.10", {"estimate": 0.16, "verified": "second-hand"}),
    ("mentoring", "10.4073/csr.2013.10", {"estimate": 0.11, "outcome_kind": "proxy"}),
    ("mentoring", "10.4073/csr.2013.10", {"estimate": 0.29, "outcome_kind": "behaviour", "verified": "read"}),
    (
        "cardiff-model",
        "10.1136/bmj.d3313",
        {"estimate": 0.58, "lower": 0.49, "upper": 0.69, "metric": "rate ratio", "favourable": "below"},
    ),
    ("cardiff-model", "10.1136/bmj.d3313", {"says": ("54 to 82", "54 to 114"), "direction": "reduces"}),
    (
        "cbt",
        "10.1007/s11292-005-3541-7",
        {
            "estimate": 1.533,
            "lower": 1.354,
            "upper": 1.735,
            "favourable": "above",
            "verified": "recomputed",
            "studies": 58,
        },
    ),
    (
        "scared-straight",
        "10.4073/csr.2013.5",
        {
            "estimate": 1.682,
            "lower": 1.198,
            "upper": 2.361,
            "favourable": "below",
            "direction": "harmful",
            "studies": 7,
        },
    ),
    (
        "scared-straight",
        "10.4073/csr.2013.5",
        {"estimate": 1.724, "lower": 1.134, "upper": 2.619, "favourable": "below", "direction": "harmful"},
    ),
    ("scared-straight", "10.1002/14651858.CD002796.pub2", {"studies": 9, "direction": "harmful"}),
    (
        "partner-violence-programmes",
        "10.1002/cl2.1151",
        {"estimate": 0.79, "lower": 0.49, "upper": 1.28, "favourable": "below", "direction": "none", "studies": 7},
    ),
    (
        "partner-violence-programmes",
        "10.1002/cl2.1151",
        {"estimate": 0.99, "lower": 0.74, "upper": 1.32, "favourable": "below", "direction": "none", "studies": 7},
    ),
    (
        "restorative-conferences",
        "10.1007/s10940-014-9222-9",
        {"studies": 10, "direction": "reduces", "metric": "words"},
    ),
    ("honour-violence-work", "SBU", {"studies": 0, "direction": "unknown", "year": 2019}),
    ("electronic-monitoring", "10.1016/j.jcrimjus.2020.101686", {"direction": "none", "sure": False}),
    ("electronic-monitoring", "10.1007/s11292-008-9064-2", {"says": ("26 per cent", "38"), "verified": "second-hand"}),
    ("drug-courts", "10.4073/csr.2012.4", {"says": ("50 to 38 in 100",), "direction": "reduces"}),
    ("drug-courts", "Public Safety Canada", {"studies": 96, "says": ("8 per cent",)}),
    ("mst", "Littell, Popa", {"studies": 8, "direction": "none"}),
    ("youth-open-care", "SBU", {"direction": "unknown", "verified": "read"}),
    ("property-marking", "Staffanstorps kommun", {"estimate": -0.37, "design": "before-after", "swedish": True}),
    ("good-behaviour-game", "NCT05407623", {"direction": "unknown"}),
    ("elder-fraud-prevention", "Chung", {"outcome_kind": "proxy"}),
]

# Numbers that were not verified: measure, how each would look in a text, and as an estimate.
UNVERIFIED = [
    ("alley-gating", r"(?<!\d)43\s*(?:%|procent|per cent)", -0.43),
    ("focused-deterrence", r"0[.,]38(?!\d)", 0.38),
    ("school-violence-prevention", r"(?<!\d)15\s*(?:%|procent|per cent)", -0.15),
    ("stop-and-search", r"\d\s*(?:%|procent|per cent)", None),
    ("second-responders", r"\d\s*(?:%|procent|per cent)|\d[.,]\d", None),
    ("restorative-conferences", r"\d\s*(?:%|procent|per cent)|d = ", None),
    ("cardiff-model", r"0[.,]68(?!\d)", 0.68),
    ("cardiff-model", r"1[.,]38(?!\d)", 1.38),
]
# Sources whose intervals were never read, by DOI.
NO_INTERVAL = [
    "10.1111/1745-9133.12419",
    "10.4073/csr.2008.13",
    "10.1111/1745-9133.12585",
    "10.4073/csr.2008.18",
    "10.1002/cl2.1046",
    "10.1007/s10940-020-09481-7",
    "10.1111/1745-9133.12353",
    "10.1093/police/paae053",
    "10.4073/csr.2013.10",
    "10.1007/s11292-016-9256-0",
    "10.1007/s11292-016-9257-z",
    "10.1007/s40865-020-00142-8",
    "10.4073/csr.2018.5",
    "10.1002/cl2.1217",
    "10.4073/csr.2013.12",
    "10.1007/s10940-014-9222-9",
    "10.1073/pnas.1718503115",
    "10.15288/jsa.2003.64.270",
]
# What an expert would expect of the ratings: measure, problem, effect.
RATED = [
    ("scared-straight", "youth-crime", {"harmful"}),
    ("partner-violence-programmes", "partner-violence", {"no_shown_effect"}),
    ("second-responders", "partner-violence", {"no_shown_effect"}),
    ("after-school", "youth-crime", {"no_shown_effect"}),
    ("order-maintenance", "public-violence", {"no_shown_effect"}),
    ("cctv", "public-violence", {"no_shown_effect"}),
    ("cctv", "robbery", {"mixed"}),
    ("street-lighting", "public-violence", {"no_shown_effect"}),
    ("hot-spots", "public-violence", {"effective"}),
    ("responsible-serving", "public-violence", {"effective"}),
    ("cbt", "reoffending", {"effective"}),
    ("closing-hours", "public-violence", {"promising", "effective"}),
    ("neighbourhood-watch", "burglary-homes", {"promising"}),
    ("parent-training", "youth-crime", {"promising"}),
    ("mst", "youth-crime", {"mixed"}),
    ("bicycle-signs", "bicycle-theft", {"mixed"}),
    ("elder-fraud-prevention", "elder-fraud", {"unknown"}),
    ("honour-violence-work", "partner-violence", {"unknown"}),
    ("planet-youth", "youth-crime", {"unknown"}),
    ("sspf", "youth-crime", {"unknown"}),
]


def of(rows: list[dict], measure: str, source: str) -> list[dict]:
    return [
        r for r in rows if r["measure"] == measure and (source == r["doi"] or source in f"{r['citation']} {r['url']}")
    ]


def lacking(row: dict, facts: dict) -> list[str]:
    """The facts that the row does not hold."""
    if {"estimate", "says"} & set(facts):
        facts = {"direction": "reduces", **facts}
    said = [words for words in facts.get("says", ()) if words not in row["result_en"]]
    return said + [key for key, value in facts.items() if key != "says" and row.get(key) != value]


@pytest.mark.parametrize(
    ("measure", "source", "facts"), FACTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_row_holds_what_its_source_says(measure, source, facts):
    rows = of(SHOWN, measure, source)
    assert rows, "no row of this source may reach a page"
    assert [] in [lacking(row, facts) for row in rows], {row["id"]: lacking(row, facts) for row in rows}


def test_numbers_in_swedish_and_english_are_the_same():
    def numbers(text: str) -> list[str]:
        flat = re.sub(r"(?<=\d)[\s\u00a0,.](?=\d{3}(?!\d))", "", text)
        return sorted(re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d)", ".", flat)))

    differ = []
    for row in EVERY:
        for field in ("result", "place", "economics", "note"):
            if numbers(row[f"{field}_sv"]) != numbers(row[f"{field}_en"]):
                differ.append((row["id"], field, row[f"{field}_sv"], row[f"{field}_en"]))
    assert not differ


def test_the_estimate_of_a_row_stands_in_its_result():
    lost = []
    for row in SHOWN:
        if "estimate" not in row:
            continue
        share = row["metric"] == "relative change"
        value = abs(100 * row["estimate"]) if share else abs(row["estimate"])
        found = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", row["result_en"])]
        slack = 0.5 if share else 0.005
        words = {25: "quarter"}.get(round(value), "")
        if not any(abs(n - value) <= slack for n in found) and not (words and words in row["result_en"]):
            lost.append((row["id"], row["estimate"], row["result_en"]))
    assert not lost


@pytest.mark.parametrize("doi", NO_INTERVAL)
def test_no_interval_where_none_was_read(doi):
    rows = [row for row in EVERY if row["doi"] == doi]
    assert rows
    assert not [row["id"] for row in rows if "lower" in row or "upper" in row]


@pytest.mark.parametrize(("measure", "pattern", "estimate"), UNVERIFIED)
def test_an_unverified_number_reaches_no_page(measure, pattern, estimate):
    rows = [row for row in SHOWN if row["measure"] == measure]
    measures = [one for name, file in RECORDS.items() if name.startswith("measures_") for one in file["measure"]]
    told = [*rows, *(one for one in measures if one["id"] == measure)]
    told += [one for one in RECORDS["disagreements.toml"]["disagreement"] if measure in one["measures"]]
    assert len(told) > len(rows) > 0
    said = [text for record in told for field, text in record.items() if field.endswith(("_sv", "_en"))]
    assert not [text for text in said if isinstance(text, str) and re.search(pattern, text)]
    assert estimate is None or not [row["id"] for row in rows if row.get("estimate") == estimate]


def test_what_was_not_read_is_not_given_away():
    shown = {row.id for row in evidence.studies()}
    assert shown == {row["id"] for row in SHOWN}
    assert not [row for row in evidence.studies() if row.doi == "10.1002/cl2.1158"], "MST 2021 was not read"
    assert all(item.status != "unverified" for item in evidence.law())
    assert not [
        text
        for item in evidence.law()
        for text in (item.text_sv, item.text_en)
        if re.search(r"\d\s*(%|procent|per cent)", text)
    ]


def test_the_way_of_odds_ratios():
    ways = {row["measure"]: row["favourable"] for row in SHOWN if row["metric"] == "odds ratio"}
    assert ways == {
        "bicycle-signs": "above",
        "cbt": "above",
        "scared-straight": "below",
        "partner-violence-programmes": "below",
    }


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        ("hot-spots", ("16 per cent", "8 per cent", "inconsistent")),
        ("cctv", ("24–28 per cent", "no desirable effect")),
        ("neighbourhood-watch", ("16 or 26 per cent", "half")),
        ("guards", ("Promising|promising", "Swedish")),
        ("focused-deterrence", ("quarter", "Malmö")),
        ("mst", ("twelve", "no consistent difference")),
        ("drug-courts", ("50 to 38", "8 per cent")),
        ("social-skills", ("0.25", "no effect")),
        ("property-marking", ("37 per cent", "small")),
        ("communities-that-care", ("8.22", "7 per cent")),
    ],
)
def test_both_sides_of_a_disagreement_are_told(measure, words):
    both = " ".join(f"{one.one_en} {one.other_en}" for one in evidence.disagreements(measure))
    assert not [word for word in words if not re.search(word, both)]


@pytest.mark.parametrize(("measure", "problem", "effects"), RATED)
def test_ratings_that_an_expert_would_expect(measure, problem, effects):
    assert evidence.rating(measure, problem).effect in effects


def test_a_source_without_a_known_year_says_so():
    read = [
        row for row in EVERY if row["year"] >= 2026 and not row["citation"].startswith(("Egen sökning", "GASA 2026"))
    ]
    assert read
    for row in read:
        assert "year not known" in row["citation_en"], row["id"]
        assert "2026" in row["note_sv"] and "not known" in row["note_en"], row["id"]


def test_total_crime_is_no_evidence_of_violence_where_a_review_tells_violence_apart():
    apart = {row["doi"] for row in SHOWN if row["outcome_en"] == "violent crime" and row["kind"] == "review"}
    assert apart == {"10.1111/1745-9133.12419", "10.1111/1745-9133.12585"}
    wrong = [
        row["id"]
        for row in SHOWN
        if row["doi"] in apart and row["outcome_en"].startswith(("total crime", "property", "vehicle"))
        if not row["problems"] or {"public-violence", "robbery"} & set(row["problems"])
    ]
    assert not wrong
