"""The section on the Act's duties: facts of the register, nothing of those who are not in it, no ranking."""

from __future__ import annotations

import html as escaping
import re
from collections import Counter
from types import SimpleNamespace

import pytest

from brapkg import areas, structure
from brapkg.blocks import Links, Table
from brapkg.sections import structure as section
from brapkg.sections.area import AreaPage
from brapkg.wording import Words, swedish_order

HEADS = [column.id for column in structure.columns()]
LANGUAGES = ("sv", "en")
WHOLE = {"municipality": "Bjurholm", "as_of": "2026-09-01", "origin": "kommunens säkerhetsenhet"} | {
    "picture": "finns",
    "picture_date": "2024-06-15",
    "picture_link": "https://www.bjurholm.se/a.pdf?x=1&y=2",
    "plan": "beslutad",
    "plan_date": "2024-06-30",
    "follow_up": "inte gjord",
    "agreements": "påbörjade",
    "coordination": "finns",
    "coordination_date": "2020-01-01",
    "note": "Gemensam med <b>Vindeln</b>",
}


@pytest.fixture
def fill(tmp_path, monkeypatch):
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    (tmp_path / "data" / "raw").mkdir(parents=True)

    def write(*rows: dict) -> None:
        lines = [";".join(HEADS), *(";".join(row.get(id, "") for id in HEADS) for row in rows)]
        (tmp_path / "data/raw/structure.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        assert structure.read().problems == []

    write()
    return write


def page(code: str, language: str = "sv") -> AreaPage:
    return AreaPage(SimpleNamespace(area=areas.get(code)), Words(language))


def of(code: str, language: str = "sv"):
    return section.of_municipality(page(code, language))


def places(code: str, language: str = "sv"):
    return section.of_places(page(code, language), areas.municipalities(None if code == "00" else code))


def tables(made) -> list[Table]:
    return [part for part in made.parts if isinstance(part, Table)]


def text(made) -> str:
    """What a reader sees, a line for each block."""
    bare = re.sub(r"<(/p|/li|/td|/th|/caption|/span|/b|/h2|/strong)>", "\n", made.html())
    return escaping.unescape(re.sub(r"<[^>]+>", "", bare)).replace("\u00a0", " ")


# --- one municipality


def test_a_municipality_s_row_is_told_as_it_stands(fill):
    fill(WHOLE)
    (shown,) = tables(of("2403"))
    told = [[cell.replace("\u00a0", " ") for cell in row] for row in shown.frame.to_numpy().tolist()]
    assert told == [
        ["Lägesbild (4 §)", "finns", "15 juni 2024", "skulle ha skett senast 15 juni 2026"],
        ["Åtgärdsplan (5 §)", "beslutad", "30 juni 2024", "lagen sätter ingen tid"],
        ["Uppföljning av planen (6 §)", "inte gjord", "–", "skulle ha skett senast 30 juni 2026"],
        ["Överenskommelser (9 §)", "påbörjade", "–", "lagen sätter ingen tid"],
        ["Strategiskt råd (10 §)", "uppgift saknas", "–", "lagen sätter ingen tid"],
        ["Samordningsfunktion (11 §)", "finns", "1 januari 2020", "äldre än 48 månader"],
        ["Ledande nämnd (13 §)", "uppgift saknas", "–", "lagen sätter ingen tid"],
    ]
    assert list(shown.data["due"][:3]) == ["2026-06-15", "2028-06-30", "2026-06-30"]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "sv",
            (
                "Tre av sju punkter ur lagen är på plats.",
                "Uppgifterna gäller den 1 september 2026 och kommer från kommunens säkerhetsenhet.",
                "Dags att förnya eller följa upp: lägesbild, uppföljning av planen och samordningsfunktion.",
                "Uppgift saknas om strategiskt råd och ledande nämnd.",
            ),
        ),
        (
            "en",
            (
                "In place: three of seven tasks of the Act.",
                "Time to renew or follow up: overview, follow-up of the plan and coordination function.",
                "There is no information on strategic council and leading board.",
            ),
        ),
    ],
)
def test_the_summary_counts_what_is_in_place_old_and_unknown(fill, language, sentences):
    fill(WHOLE)
    told = text(of("2403", language))
    assert all(sentence in told for sentence in sentences)


def test_a_limit_of_the_workspace_is_not_told_as_the_act_s(fill, tmp_path):
    (tmp_path / "settings.toml").write_text("[structure]\npicture = 12\n", encoding="utf-8")
    fill(WHOLE | {"picture_date": "2025-06-15"})
    (shown,) = tables(of("2403"))
    assert shown.frame.iloc[0, 3] == "äldre än 12\u00a0månader"


def test_no_plan_is_told_with_the_day_of_the_act(fill):
    fill(WHOLE | {"plan": "finns inte", "plan_date": ""})
    assert "skulle finnas senast den 1 juli 2024" in text(of("2403"))
    fill(WHOLE)
    assert "1 juli 2024" not in text(of("2403"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ["2403", "0980"])
def test_no_row_is_no_information_and_no_blame(fill, code, language):
    fill(WHOLE | {"municipality": "Mora"})
    made = of(code, language)
    told = text(made)
    assert not tables(made) and "structure.xlsx" in told
    assert {"sv": "Uppgift saknas", "en": "No information"}[language] in told
    assert {"sv": "Det säger inget om", "en": "That says nothing of"}[language] in told


def test_texts_of_people_are_texts_and_links_are_links(fill):
    fill(WHOLE)
    made = of("2403")
    assert "<b>Vindeln" not in made.html() and "&lt;b&gt;Vindeln" in made.html()
    (links,) = (part for part in made.parts if isinstance(part, Links))
    assert [link[:2] for link in links.items] == [("Lägesbild", "https://www.bjurholm.se/a.pdf?x=1&y=2")]


def test_the_dates_of_the_round_year_are_the_act_s_alone(fill):
    fill(WHOLE)
    told = [(due.label, due.month, due.year) for due in section.due_dates(page("2403"))]
    assert told == [("Uppdatera lägesbilden", 6, 2026), ("Följa upp åtgärdsplanen", 6, 2026)]
    assert section.due_dates(page("2425")) == []


# --- several


STATES = [
    {"municipality": "Åsele", "as_of": "2026-09-01", "picture": "finns", "picture_date": "2024-01-01"},
    {"municipality": "Umeå", "as_of": "2024-09-01", "picture": "finns", "picture_date": "2024-01-01"},
    {"municipality": "Vännäs", "as_of": "2026-09-01", "picture": "finns inte", "council": "finns"},
    {"municipality": "Mora", "as_of": "2026-09-01", "picture": "påbörjad"},
]


def test_a_county_s_counts_are_those_of_its_own_rows(fill):
    fill(WHOLE, *STATES)
    counts, every = tables(places("24"))
    assert counts.data.set_index("duty").loc["picture"].to_dict() == {
        "in_place": 3,
        "under_way": 0,
        "absent": 1,
        "unknown": 11,
        "old": 2,
    }
    assert (counts.data[["in_place", "under_way", "absent", "unknown"]].sum(axis=1) == 15).all()
    told = text(places("24"))
    assert "4 av 15 kommuner finns i registret." in told and "Två har något som det är dags att förnya" in told
    assert len(every.frame) == 15


def test_municipalities_stand_in_alphabetical_order_whatever_they_have_done(fill):
    fill(WHOLE, *STATES)
    names = list(tables(places("24"))[1].frame.iloc[:, 0])
    assert names == sorted(names, key=swedish_order) and names[0] == "Bjurholm" and names[-1] == "Åsele"
    rows = tables(places("24"))[1].frame.set_index("Kommun")
    assert list(rows.loc["Bjurholm"])[:3] == [
        "finns, juni\u00a02024 (dags att förnya)",
        "beslutad, juni\u00a02024",
        "inte gjord (dags att förnya)",
    ]
    assert list(rows.loc["Umeå"])[0] == "finns, januari\u00a02024"  # old today, not on the row's own day
    assert list(rows.loc["Sorsele"]) == ["uppgift saknas"] * 3 + ["–"]


def test_the_nation_has_a_row_for_each_county(fill):
    fill(WHOLE, *STATES)
    counts, counties = tables(places("00"))
    assert len(counties.frame) == 21 and list(counties.data["all"]).count(15) == 2
    assert sum(counties.data["all"]) == 290 and sum(counties.data["known"]) == 5
    assert counties.frame.set_index("Län").loc["Västerbottens län"].tolist() == ["4 av 15", "2"]
    assert counties.frame.set_index("Län").loc["Skåne län"].tolist() == ["0 av 33", "–"]
    assert counts.data["unknown"].iloc[0] == 290 - 5


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ["09", "00", "24"])
def test_nobody_in_the_register(fill, code, language):
    made = places(code, language)
    assert not tables(made) and ("Uppgift saknas" if language == "sv" else "No information") in text(made)


def test_a_county_of_one_municipality_is_shown_as_that(fill):
    assert "Det finns ingen rad för Gotlands kommun" in text(places("09"))
    fill(WHOLE | {"municipality": "Gotland"})
    assert places("09").html() == of("0980").html() and "Gotlands kommun" in text(places("09"))


def test_everyone_in_the_register(fill):
    fill(
        *(
            {"municipality": place.code, "as_of": "2026-01-01", "board": "påbörjat"}
            for place in areas.municipalities("10")
        )
    )
    told = text(places("10"))
    assert "Alla fem kommuner finns i registret." in told and "De andra kan" not in told
    assert "Ingen har något som det är dags att förnya" in told


# --- the words


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_short_and_easy_to_read(fill, language):
    fill(WHOLE, *STATES)
    made = [of("2403", language), of("2425", language), places("24", language), places("00", language)]
    for one in made:
        told = text(one)
        assert not re.search(r"\b(nan|None)\b|\{|\}", told)
        sentences = [s for s in re.split(r"(?<=[.!?:])\s|\n", told) if s.strip()]
        assert max(len(s.split()) for s in sentences) <= 35
    words = re.findall(r"[^\W\d]+", " ".join(map(text, made)))
    ends = sum(len(re.findall(r"[.!?:]\s|\n+", text(one))) for one in made)
    assert len(words) / ends + 100 * sum(len(word) > 6 for word in words) / len(words) < 50


def test_no_id_stands_twice_and_the_section_shows_in_a_notebook(fill):
    fill(WHOLE, *STATES)
    for made in (of("2403"), places("24")):
        ids = Counter(re.findall(r'\bid="([^"]+)"', made.html()))
        assert max(ids.values()) == 1 and made.bundles()
