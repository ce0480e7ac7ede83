"""The section on context and surveys: with and without figures, in every kind of area, and never beyond them."""

from __future__ import annotations

import html
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from test_wording import BANNED

from brapkg import areas, shown
from brapkg.context import figures, tables
from brapkg.sections.area import AreaPage
from brapkg.sections.context import context
from brapkg.wording import Words

LANGUAGES = ("sv", "en")
PLACES = ("2403", "0980", "24", "09", "00")
EMPTY = {"context": tables._empty(tables.CONTEXT_COLUMNS), "survey": tables._empty(tables.SURVEY_COLUMNS)}
YOUTH = "neither-work-nor-study"


class Store(shown.Tables):
    """Tables given by the test, handed out as the real ones are."""

    def __init__(self, frames: dict[str, pd.DataFrame]):
        self._kept, self._frames = {}, frames

    def _built(self, name):
        return self._frames[name]

    _shown = _built


def level(count=40.0, value=900.0, lower=650.0, upper=1240.0) -> dict:
    return {"count": count, "value": value, "lower": lower, "upper": upper}


def page(code: str, frames=None, language="sv", rows=None) -> AreaPage:
    rows = {name: level() for name in ("total", "violence", "theft", "damage")} if rows is None else rows
    profile = SimpleNamespace(
        area=areas.get(code), period=2016, status="preliminary", first_year=2013,
        tables=Store({**EMPTY, **(frames or {})}), level_rows=rows,
    )  # fmt: skip
    return AreaPage(profile, Words(language))


def told(made) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", made.html())).replace("\u00a0", " ")


def lives(*rows) -> dict:
    frame = pd.DataFrame(rows, columns=["area", "figure", "year", "value", "missing"])
    return {"context": frame.assign(source="kolada")}


def everywhere(figure=YOUTH, year=2024, own=None) -> list[tuple]:
    """A value of every municipality: its place among them over ten; ``own`` values replace them."""
    values = {area.code: place / 10 for place, area in enumerate(areas.municipalities())}
    return [(code, figure, year, (own or {}).get(code, value), "") for code, value in values.items()]


def answers(*rows, source="kolada") -> dict:
    frame = pd.DataFrame(rows, columns=["area", "question", "year", "value", "margin"])
    good = frame["margin"].notna()
    limits = {"lower": frame["value"] - frame["margin"], "upper": frame["value"] + frame["margin"]}
    return {
        "survey": frame.assign(**limits, respondents=np.nan, missing=np.where(good, "", "no margin"), source=source)
    }


# --- nothing fetched


@pytest.mark.parametrize("code", PLACES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_without_figures_the_page_says_how_to_fetch_them_and_why_sources_differ(code, language):
    text = told(context(page(code, language=language), []))
    assert text.count("brapkg fetch kolada") == 1
    assert ("inte fel utan dem" if language == "sv" else "not wrong without them") in text
    assert ("Mörkertal" if language == "sv" else "Dark figure") in text
    assert "Källa:" not in text and "Source:" not in text


# --- living conditions


def test_a_municipality_is_shown_with_the_middle_of_county_and_country_of_the_same_year():
    rows = everywhere(own={"2403": 30.0}) + [("2403", YOUTH, 2023, 20.0, ""), ("2403", YOUTH, 2021, 5.0, "")]
    members = [row[3] for row in rows if row[0][:2] == "24" and row[2] == 2024]
    text = told(context(page("2403", lives(*rows)), ["youth-crime"]))
    assert "30,0 % (2024)" in text and "20,0–30,0 % (2023–2024)" in text, "2021 is too long ago"
    assert f"{np.median(members):.1f} % (15 kommuner)".replace(".", ",") in text
    middle = np.median([row[3] for row in rows if row[2] == 2024])
    assert f"{middle:.1f} %".replace(".", ",") in text or f"{middle + 0.05:.1f} %".replace(".", ",") in text
    assert "Brott bland unga: Kan brist på skola" in text


def test_a_missing_value_is_said_to_be_missing_and_is_never_zero():
    rows = [row for row in everywhere() if row[0] != "2403"] + [("2403", YOUTH, 2024, np.nan, "not published")]
    text = told(context(page("2403", lives(*rows)), ["youth-crime"]))
    assert "uppgift saknas" in text and " 0,0 % (2024)" not in text


def test_a_county_has_its_own_published_value_and_never_the_mean_of_its_municipalities():
    rows = everywhere(own={area.code: 10.0 for area in areas.municipalities("24")} | {"2480": 90.0})
    text = told(context(page("24", lives(*rows)), ["youth-crime"]))
    assert "10,0 % (15 kommuner)" in text, "the middle"
    assert "15,3" not in text, "the mean"
    text = told(context(page("24", lives(*rows, ("24", YOUTH, 2024, 12.3, ""))), ["youth-crime"]))
    assert "12,3 % (2024)" in text


def test_a_county_of_one_municipality_has_that_ones_value_and_no_middle():
    text = told(context(page("09", lives(("0980", YOUTH, 2024, 7.7, ""))), ["youth-crime"]))
    assert "7,7 % (2024)" in text and "kommuner)" not in text
    assert "bara ett år finns" in text and text.count("för få kommuner med uppgift") == 2


def test_the_middle_of_the_country_needs_half_of_its_municipalities():
    some = [row for row in everywhere() if row[0] < "1300"]
    assert "halva landet" not in told(context(page("0180", lives(*some)), ["youth-crime"]))
    assert "halva landet" in told(context(page("0180", lives(*everywhere())), ["youth-crime"]))


def test_the_nation_has_no_column_of_a_county():
    text = told(context(page("00", lives(*everywhere(), ("00", YOUTH, 2024, 6.5, ""))), ["youth-crime"]))
    assert "6,5 % (2024)" in text and "Mitten av länets" not in text


def test_only_figures_that_bear_on_the_problems_are_shown():
    rows = everywhere() + everywhere("debt")
    text = told(context(page("2403", lives(*rows)), ["reoffending"]))
    assert "Skuldsatta" in text and "Unga 16–24" not in text
    text = told(context(page("2403", lives(*rows)), []))
    assert "Skuldsatta" in text and "Unga 16–24" in text


def test_years_before_a_break_are_not_shown_beside_those_after():
    rows = everywhere("unemployment", 2024) + everywhere("unemployment", 2022, own={"2403": 88.0})
    assert "88,0" not in told(context(page("2403", lives(*rows)), ["reoffending"]))


def test_a_number_per_ten_thousand_keeps_its_unit_in_a_range():
    known = "violence-known-to-services"
    rows = [("2403", known, 2024, 12.0, ""), ("2403", known, 2023, 31.25, "")]
    text = told(context(page("2403", lives(*rows)), ["partner-violence"]))
    assert "12,0 per 10 000 (2024)" in text and "12,0–31,2 per 10 000 (2023–2024)" in text
    text = told(context(page("2403", lives(*rows), "en"), ["partner-violence"]))
    assert "12.0–31.2 per 10,000" in text


def test_the_page_says_that_years_differ_only_where_they_do():
    late, same = everywhere(), everywhere(year=2016)
    assert "andra år än de anmälda" in told(context(page("2403", lives(*late)), ["youth-crime"]))
    assert "andra år än de anmälda" not in told(context(page("2403", lives(*same)), ["youth-crime"]))


# --- surveys


SAFE = "safe-in-the-dark"


def test_answers_of_several_years_are_joined_with_their_interval():
    rows = [("2403", SAFE, year, 0.80, 0.06) for year in (2021, 2022, 2023, 2024)]
    text = told(context(page("2403", answers(*rows)), ["unsafety"]))
    # Three equal samples: the margin is 6 / sqrt(3) = 3.46.
    assert "80 % (77–83 %), 2022, 2023 och 2024" in text
    assert "Bjurholms kommun" in text and "ingen egen serie" in text


def test_years_that_differ_are_not_joined_and_the_page_says_so():
    rows = [("2403", SAFE, 2023, 0.60, 0.05), ("2403", SAFE, 2024, 0.80, 0.05)]
    text = told(context(page("2403", answers(*rows)), ["unsafety"]))
    assert "80 % (75–85 %), 2024" in text and "mer än slumpen brukar ge" in text and "70 %" not in text


def test_an_answer_without_margin_reaches_no_page():
    text = told(context(page("2403", answers(("2403", SAFE, 2024, 0.42, np.nan))), ["unsafety"]))
    assert "42" not in text.replace("2403", "") and "brapkg fetch kolada" in text


def test_a_municipality_without_answers_is_shown_the_countys_by_name():
    rows = answers(("24", "ntu-unsafe-at-night", 2025, 0.22, 0.03), source="ntu")
    text = told(context(page("2403", rows), ["unsafety"]))
    assert "Västerbottens län" in text and "22 % (19–25 %), 2025" in text
    assert "Det säger inget säkert om en enskild kommun" in text and "Brå, Nationella trygghetsundersökningen" in text
    assert "Det säger inget säkert" not in told(context(page("24", rows), ["unsafety"]))


def test_reported_offences_stand_beside_an_answer_of_the_same_area_only():
    rows = answers(("2403", "little-violence", 2024, 0.9, 0.04), ("24", "ntu-worried-assault", 2025, 0.1, 0.02))
    text = told(context(page("2403", rows), ["public-violence"]))
    assert text.count("våldsbrott: 900 (650–1 240), 2016 (preliminärt)") == 1
    assert "svaret gäller ett större område" in text


def test_few_reported_offences_are_a_count_and_a_withheld_one_a_word():
    rows = answers(("2403", "little-violence", 2024, 0.9, 0.04))
    few = told(context(page("2403", rows, rows={"violence": level(3.0, 120.0)}), ["public-violence"]))
    assert "våldsbrott: 3 anmälda, 2016 (preliminärt)" in few and "120" not in few
    kept = told(
        context(page("2403", rows, rows={"violence": level(np.nan, np.nan, np.nan, np.nan)}), ["public-violence"])
    )
    assert "våldsbrott: antalet visas inte, 2016" in kept


# --- all of it at once


def full() -> dict:
    rows, asked, draw = [], [], np.random.default_rng(7)
    places = [*areas.municipalities(), *areas.counties(), areas.get("00")]
    for figure in figures().values():
        for area in places:
            for year in (2023, 2024, 2025):
                if figure.kind == "context":
                    rows.append((area.code, figure.id, year, draw.uniform(1, 99), ""))
                else:
                    asked.append((area.code, figure.id, year, draw.uniform(0.1, 0.9), draw.uniform(0.02, 0.3)))
    return lives(*rows) | answers(*asked)


@pytest.fixture(scope="module")
def everything():
    return full()


@pytest.mark.parametrize("code", PLACES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_reads_well_with_every_figure(everything, code, language):
    made = context(page(code, everything, language), [])
    text = told(made)
    assert not [word for word in BANNED if word in text.casefold()] and not re.search(r"\bnan\b|None", text)
    assert "{" not in text and "|" not in text
    if language == "sv":
        assert not re.search(r"\d\.\d", text)
    assert made.bundles() and sum(len(part.lab(made.words)) for part in made.parts) >= 5, (
        "JupyterLab's form can be made"
    )
    for block in re.findall(r"<(?:p|li|td|th|span|dd)[^>]*>(.*?)</(?:p|li|td|th|span|dd)>", made.html()):
        for sentence in re.split(r"(?<=[.?!:;])\s", html.unescape(re.sub(r"<[^>]+>", " ", block))):
            assert len(sentence.split()) <= 35, sentence


def test_a_sentence_that_names_a_figure_is_a_question_and_no_cause(everything):
    text = told(context(page("2403", everything), []))
    for word in ("orsakar", "leder till", "beror på att", "därför att"):
        assert word not in text.replace("Kan få kända fall bero på att", "")
