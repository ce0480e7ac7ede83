"""The law as records, and the section that tells each municipality what it asks."""

from __future__ import annotations

import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from brapkg import evidence
from brapkg.evidence.kinds import LawItem
from brapkg.region.page import Page
from brapkg.sections.law import law
from brapkg.wording import HARD_SPACE, Words

PATH = Path(evidence.__file__).parents[1] / "records" / "evidence" / "law.toml"
RECORDS = tomllib.loads(PATH.read_text(encoding="utf-8"))["item"]
ACT = [record for record in RECORDS if record["act"] == "2023:196" and record["paragraph"].isdigit()]
# Issue 5: a municipality's page carries 4 § 1–3, 5 §, 6 §, 7 § and 9–12 §§.
ON_PAGE = ("4 1", "4 2", "4 3", "5", "6", "7", "9", "10", "11", "12 1", "12 2", "12 3")
PEOPLE = {"7", "9", "10", "11", "12 1", "12 2"}
LANGUAGES = ("sv", "en")
KNOWN = evidence.law


def number(record: dict) -> str:
    return f"{record['paragraph']} {record['item']}".strip()


@pytest.fixture(autouse=True)
def items(monkeypatch):
    """The records of this file alone, so that a fault in another file is not told here."""
    made = [LawItem(**record) for record in RECORDS if record["status"] != "unverified"]
    monkeypatch.setattr(evidence, "law", lambda: list(made))
    return made


def html(language: str) -> str:
    return law(Page(None, Words(language))).html()


def rows(language: str) -> list[list[str]]:
    body = re.search(r"<tbody.*?</tbody>", html(language))[0]
    cells = r"<(?:th|td)[^>]*>(.*?)</(?:th|td)>"
    return [re.findall(cells, row) for row in re.findall(r"<tr.*?</tr>", body)]


# --- the records


def test_every_paragraph_stands_once_and_once_for_each_of_its_items():
    expected = [str(n) for n in range(1, 15) if n not in (4, 12)]
    expected += [f"{n} {item}" for n in (4, 12) for item in (1, 2, 3)]
    assert sorted(map(number, ACT)) == sorted(expected)
    assert [int(record["paragraph"]) for record in ACT] == sorted(int(record["paragraph"]) for record in ACT)


def test_the_items_on_a_page_are_those_of_the_issue():
    assert tuple(number(record) for record in RECORDS if record["on_page"]) == ON_PAGE
    assert all(record["duty"] and record["status"] == "read" for record in RECORDS if record["on_page"])


def test_what_needs_people_is_not_said_to_be_fed_by_the_page():
    fed = {number(record): record["fed"] for record in ACT if record["on_page"]}
    assert {name for name, by in fed.items() if by == "people"} == PEOPLE
    assert "summary" not in fed.values(), "reported offences alone fulfil no item"
    for record in RECORDS:
        given, people = (record["how_sv"].partition("|")[n] for n in (0, 2))
        assert bool(given) == (record["fed"] != "people") and people, record["id"]


def test_the_duties_are_those_of_the_act():
    assert {record["paragraph"] for record in ACT if not record["duty"]} == {"1", "3", "14"}


@pytest.mark.parametrize(
    ("words", "paragraph"),
    [
        ("minst vartannat år", "6"),
        ("strategiskt råd", "10"),
        ("en kartläggning av brottsligheten, dess omfattning och konsekvenser", "4"),
        ("annan information av betydelse i sammanhanget", "4"),
        ("en analys av kartläggningen och informationen", "4"),
        ("(åtgärdsplan)", "5"),
        ("skriftliga överenskommelser", "9"),
        ("kontaktpunkt", "12"),
        ("kommunfullmäktige", "13"),
        ("kamerabevakning", "14"),
        ("utifrån ett kunskapsbaserat underlag", "3"),
    ],
)
def test_a_rule_stands_in_its_paragraph_and_in_no_other(words, paragraph):
    assert {record["paragraph"] for record in ACT if words in record["text_sv"]} == {paragraph}


def test_9_and_10_are_duties_to_work_for_something():
    for record in ACT:
        if record["paragraph"] in ("9", "10"):
            assert "”verka för”" in record["text_sv"] and "shall work for" in record["text_en"]
    told = " ".join(f"{record['text_sv']} {record['how_sv']}" for record in RECORDS)
    assert "brottsförebyggande rådet" not in told.casefold().replace("brottsförebyggande rådet (brå)", "")


def test_the_statute_s_own_words_are_within_marks_that_close():
    for record in RECORDS:
        marks = re.findall('[”“"]', record["text_sv"])
        assert len(marks) % 2 == 0 and set(marks) <= {"”"}, record["id"]
        assert not re.search('[”“"]', record["text_en"]), f"{record['id']}: a translation is nobody's own words"
    quoted = {number(record) for record in ACT if "”" in record["text_sv"]}
    assert quoted == {"1", "2", "3", "4 1", "4 2", "4 3", "5", "6", "9", "10", "11"}


def test_texts_are_there_in_both_languages_and_short():
    for record in RECORDS:
        for field in ("heading", "text", "how"):
            sv, en = record[f"{field}_sv"], record[f"{field}_en"]
            assert sv and en and sv != en and sv.count("|") == en.count("|") == (field == "how")
            for text in (sv, en):
                assert all(len(sentence.split()) <= 40 for sentence in re.split(r"(?<=[.?])\s|\|", text)), text


def test_the_knowledge_base_gives_every_item_but_those_not_verified(items):
    assert [one.id for one in KNOWN()] == [one.id for one in items]
    assert len(items) < len(RECORDS), "the records should show what was not verified"


# --- the section


def test_the_section_stands_in_the_order_of_the_act_with_every_item():
    labels = {
        "sv": [name.replace(" ", " § ") if " " in name else f"{name} §" for name in ON_PAGE],
        "en": [f"Section {name.replace(' ', '(')})" if " " in name else f"Section {name}" for name in ON_PAGE],
    }
    for language in LANGUAGES:
        assert [row[0] for row in rows(language)] == [label.replace(" ", HARD_SPACE) for label in labels[language]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_row_says_in_words_what_the_page_gives_and_what_people_do(language):
    marks = {
        "sv": {True: "Görs av kommunen", False: "Delvis. "},
        "en": {True: "Done by the municipality", False: "In part. "},
    }
    for name, (_, asks, gives, people) in zip(ON_PAGE, rows(language), strict=True):
        assert asks and people.endswith(".")
        mark = marks[language][name in PEOPLE]
        assert gives == mark if name in PEOPLE else gives.startswith(mark) and gives.endswith(".")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lead_puts_the_duty_on_each_municipality_and_the_caption_counts(language):
    told = html(language)
    assert told.startswith('<section id="lagen"')
    duty, caption = {
        "sv": ("på varje kommun, inte på länet", "till sex av lagens tolv punkter"),
        "en": ("on each municipality, not on the county", "for six of the twelve items"),
    }[language]
    assert duty in told and caption in told
    assert "https://selex.se/eli/sfs/2023/196" in told
    assert not re.search(r"[{}|]", told)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_unverified_and_nothing_of_another_act_reaches_the_section(language):
    told = html(language)
    for record in RECORDS:
        if record["status"] == "unverified" or not record["on_page"]:
            assert record[f"text_{language}"] not in told and record[f"how_{language}"].strip("|") not in told


def test_an_item_that_the_page_feeds_wholly_says_so(monkeypatch, items):
    one = next(item for item in items if item.id == "law-4-1")
    monkeypatch.setattr(evidence, "law", lambda: [LawItem(**vars(one) | {"fed": "summary"})])
    assert [row[2].partition(". ")[0] for row in rows("sv")] == ["Underlag här"]


def test_the_section_needs_only_words_language_and_sections():
    class Bare:
        words = Words("sv")
        language = "sv"
        section = Page.section

    assert law(Bare()).html() == html("sv")


class Nesting(HTMLParser):
    """Every element is closed by its own end tag."""

    def __init__(self, told: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(told)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_is_well_formed_and_each_cell_has_its_heading(language):
    told = html(language)
    assert Nesting(told).open == []
    assert told.count("<table") == 1 and told.count('scope="col"') == 4 and told.count('scope="row"') == len(ON_PAGE)
    assert {len(row) for row in rows(language)} == {4}
    assert told.count("data-label=") == 3 * len(ON_PAGE)
    assert 'class="n"' not in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notebook_shows_the_section_too(language):
    bundles = law(Page(None, Words(language))).bundles()
    assert ["text/html" in bundle for bundle in bundles] == [False, True, False]
