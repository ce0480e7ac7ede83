"""Context figures: the records, the tables from what was fetched, and the years joined."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
import test_wording

from brapkg import context, evidence
from brapkg.context import fetching, records, tables
from brapkg.context.pooled import pooled
from brapkg.errors import DataError
from brapkg.sources import snapshot
from brapkg.wording import texts

FIGURES = context.figures()
# A figure beside a problem is a question, never its cause.
BANNED = (*test_wording.BANNED, "därför att", "orsakar")
GOOD = {
    "id": "debt", "kind": "context", "sv": "Skulder", "en": "Debts", "problems": ["reoffending"],
    "kolada": "N00989", "title": "Skuldsatta, andel (%)", "higher_sv": "fler", "higher_en": "more",
    "question_sv": "Kan skulder bidra? Fråga.", "question_en": "Can debts contribute? Ask.",
}  # fmt: skip
SURVEY = GOOD | {"id": "safe", "kind": "survey", "kolada": "N00610", "margin": "U01610"}


def toml(path: Path, *tables: dict) -> Path:
    lines = []
    for one in tables:
        lines.append("[[figure]]")
        for name, value in one.items():
            told = str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')
            lines.append(f"{name} = {told}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def read(path: Path):
    return records.read(path, evidence.base().problems)


# --- the records of the package


def test_there_are_context_figures_and_survey_questions_of_both_sources():
    kinds = pd.Series([one.kind for one in FIGURES.values()]).value_counts()
    assert 10 <= kinds["context"] <= 14 and kinds["survey"] >= 10
    assert {one.sheet for one in FIGURES.values() if one.sheet} == {"R4.1", "R4.2", "R4.6", "R4.11"}


@pytest.mark.parametrize("id", FIGURES)
def test_every_id_of_kolada_is_verified_with_its_title(id, shared_data):
    one = FIGURES[id]
    listed = (
        pd.read_csv(shared_data / "kolada/kpi_metadata_selected.csv", dtype=str).set_index("kpi")["titel"].str.strip()
    )
    if one.kolada:
        assert listed[one.kolada] == one.title


@pytest.mark.parametrize("id", [id for id, one in FIGURES.items() if one.margin])
def test_a_margin_has_the_id_that_goes_with_its_question(id):
    number, margin = int(FIGURES[id].kolada[1:]), FIGURES[id].margin
    if 608 <= number <= 631:
        assert margin == f"U{number + 1000:05d}"
    elif 7600 <= number <= 7647:
        assert margin == f"N{number + 48:05d}"
    else:
        assert (number, margin) == (1460, "N01461")


def test_answers_that_may_hold_several_years_are_not_joined():
    assert not any(one.pools for one in FIGURES.values() if one.kolada.startswith(("N076", "N0146")))
    assert all(one.pools for one in FIGURES.values() if one.kolada.startswith("N006"))


def test_the_contradictory_and_the_modelled_figures_are_not_used():
    used = {one.kolada for one in FIGURES.values()}
    assert not used & {"N07609", "U00489", "U00490", "N02280", "U01404"}


@pytest.mark.parametrize("id", FIGURES)
def test_texts_are_whole_short_and_ask(id):
    one = FIGURES[id]
    for language, asks in (("sv", "Kan "), ("en", "Can ")):
        question = one.text("question", language)
        assert question.startswith(asks) and question.count("?") == 1 and question.endswith(".")
        for text in (question, one.text("name", language), one.text("higher", language)):
            assert not [word for word in BANNED if word in text.casefold()]
            assert max(len(part.split()) for part in text.replace("?", ".").split(".")) <= 30
            assert "  " not in text and '"' not in text and "{" not in text


def test_most_problems_have_a_figure_or_a_question():
    covered = {problem for one in FIGURES.values() for problem in one.problems}
    assert len(covered) >= 14


# --- faulty records


def test_good_records_are_read(tmp_path):
    assert list(read(toml(tmp_path / "context.toml", GOOD, SURVEY))) == ["debt", "safe"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"colour": "x"}, "there is no field 'colour'"),
        ({"kind": "fact"}, "kind: found 'fact'; allowed are"),
        ({"unit": "kronor"}, "unit: found 'kronor'"),
        ({"problems": ["theft"]}, "'theft', which is no problem"),
        ({"problems": []}, "must be a list of texts"),
        ({"sv": ""}, "must be a text, not empty"),
        ({"since": "2023"}, "must be a whole number"),
        ({"since": True}, "must be a whole number"),
        ({"pools": "no"}, "must be true or false"),
        ({"kolada": "N9"}, "must be one of Kolada's ids"),
        ({"kolada": "", "title": ""}, "exactly one of them"),
        ({"title": ""}, "must be Kolada's title"),
        ({"margin": "U01610"}, "no other figure has one"),
        ({"kind": "survey"}, "every survey figure of Kolada needs one"),
        ({"sheet": "R4.1"}, "exactly one of them"),
        ({"kolada": "", "title": "", "sheet": "Blad1"}, "name of a sheet"),
        ({"question_sv": "Skulder leder till brott."}, "must be a question"),
        ({"question_en": "Debts lead to crime."}, "must be a question"),
    ],
)
def test_a_fault_is_told_by_record_and_field(tmp_path, change, told):
    with pytest.raises(DataError, match=rf"context\.toml, figure 1, debt.*{told}"):
        read(toml(tmp_path / "context.toml", GOOD | change))


def test_every_fault_is_told_at_once_and_what_stands_twice(tmp_path):
    short = {name: value for name, value in GOOD.items() if name != "en"}
    with pytest.raises(DataError) as error:
        read(toml(tmp_path / "context.toml", short | {"id": "a"}, GOOD | {"kind": "x"}, GOOD))
    assert len(error.value.problems) == 4
    assert sum("stands twice" in one for one in error.value.problems) == 2


@pytest.mark.parametrize("content", ["[[figure]\n", "figure = 1", "[[other]]\nid = 'x'", ""])
def test_what_holds_no_records_is_refused(tmp_path, content):
    path = tmp_path / "context.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"context\.toml"):
        read(path)


# --- tables


def fetched(raw: Path, *rows) -> Path:
    table = pd.DataFrame(rows, columns=["area", "kpi", "year", "value"]).assign(status="")
    fetching._write(raw, table, fetching._record("http://x", [2024], "2026-11-22", []))
    return raw


def test_nothing_fetched_is_two_empty_tables(tmp_path):
    made, sources = context.read(tmp_path)
    assert list(made) == ["context", "survey"] and sources == []
    assert [len(one) for one in made.values()] == [0, 0]
    assert made["context"].dtypes["year"] == "int64" and made["survey"].dtypes["value"] == "float64"


def test_a_snapshot_becomes_context_and_answers_with_their_limits(tmp_path):
    raw = fetched(
        tmp_path,
        ("2403", "N02797", 2024, 8.1), ("20", "N02797", 2024, np.nan), ("00", "N02797", 2024, 0.0),
        ("2403", "N00610", 2024, 80.0), ("2403", "U01610", 2024, 5.0),
    )  # fmt: skip
    made, sources = context.read(raw)
    told = made["context"].set_index("area")
    assert told["value"].fillna(-1).to_dict() == {"00": 0.0, "20": -1, "2403": 8.1}
    assert told["missing"].to_dict() == {"00": "", "20": "not published", "2403": ""}
    assert set(told["figure"]) == {"neither-work-nor-study"}
    answer = made["survey"].iloc[0]
    assert answer["question"] == "safe-in-the-dark" and len(made["survey"]) == 1
    assert answer[["value", "lower", "upper", "margin"]].tolist() == pytest.approx([0.80, 0.75, 0.85, 0.05])
    assert [one["path"] for one in sources] == ["raw/context.csv"] and len(sources[0]["sha256"]) == 64


def test_limits_stay_within_0_and_100_per_cent_and_the_margin_stays_whole(tmp_path):
    raw = fetched(tmp_path, ("2403", "N00610", 2024, 98.0), ("2403", "U01610", 2024, 4.0))
    answer = context.read(raw)[0]["survey"].iloc[0]
    assert answer["upper"] == 1 and answer["margin"] == pytest.approx(0.04)


@pytest.mark.parametrize(
    "margin", [[], [("2403", "U01610", 2024, np.nan)], [("2403", "U01610", 2024, 0.0)], [("2403", "U01610", 2023, 4.0)]]
)
def test_an_answer_without_a_margin_is_marked(tmp_path, margin):
    answer = context.read(fetched(tmp_path, ("2403", "N00610", 2024, 80.0), *margin))[0]["survey"].iloc[0]
    assert answer["missing"] == "no margin" and np.isnan(answer["lower"])


def test_a_changed_snapshot_is_refused_with_the_remedy(tmp_path):
    path = fetched(tmp_path, ("2403", "N02797", 2024, 8.1)) / "context.csv"
    path.write_text(path.read_text().replace("8.1", "1.8"))
    with pytest.raises(DataError, match=r"context\.csv: does not match.*brapkg fetch kolada") as error:
        context.read(tmp_path)
    assert "git" not in str(error.value)


@pytest.mark.parametrize("lost", ["context.csv", "context.csv.meta.json"])
def test_half_of_a_snapshot_is_refused(tmp_path, lost):
    (fetched(tmp_path, ("2403", "N02797", 2024, 8.1)) / lost).unlink()
    with pytest.raises(DataError, match="is missing.*brapkg fetch kolada"):
        context.read(tmp_path)


def workbook(raw: Path) -> Path:
    (raw / "ntu").mkdir()
    made = openpyxl.Workbook()
    made.active.title = "R4.1"
    for line, cells in {3: [None, None, 2024, 2025], 4: ["Samtliga", "Dalarnas län", 21.0, 20.0, 17.0, 23.0]}.items():
        for column, cell in enumerate(cells, 1):
            made["R4.1"].cell(line, column, cell)
    made.save(raw / "ntu" / "ntu_lan.xlsx")
    return raw


def test_ntu_becomes_shares_and_only_the_year_with_an_interval_is_for_pages(tmp_path):
    made, sources = context.read(workbook(tmp_path))
    survey = made["survey"].set_index("year")
    assert survey["missing"].to_dict() == {2024: "no margin", 2025: ""}
    assert survey.loc[2025, ["value", "lower", "upper", "margin"]].tolist() == pytest.approx([0.20, 0.17, 0.23, 0.03])
    assert set(survey["source"]) == {"ntu"} and sources == [{"title": "ntu_lan.xlsx", "path": "raw/ntu/ntu_lan.xlsx"}]


def test_both_sources_make_one_table(tmp_path):
    fetched(workbook(tmp_path), ("2403", "N00610", 2024, 80.0), ("2403", "U01610", 2024, 5.0))
    survey = context.read(tmp_path)[0]["survey"]
    assert survey["source"].tolist() == ["ntu", "ntu", "kolada"] and list(survey) == tables.SURVEY_COLUMNS


def test_every_fault_of_every_file_is_told(tmp_path):
    path = fetched(workbook(tmp_path), ("2403", "N02797", 2024, 8.1)) / "context.csv"
    path.write_text(path.read_text().replace("8.1", "1.8"))
    (tmp_path / "ntu" / "ntu.pdf").write_bytes(b"%PDF")
    with pytest.raises(DataError) as error:
        context.read(tmp_path)
    assert len(error.value.problems) == 2 and any("ntu.pdf: is no .xlsx" in one for one in error.value.problems)


def test_a_fetch_of_the_records_asks_for_every_id_and_its_margin(tmp_path, monkeypatch):
    seen = {}
    monkeypatch.setattr(fetching, "fetch", lambda folder, years, wanted, **how: seen.update(wanted=wanted, **how) or [])
    context.fetch(tmp_path, [2024], retrieved="2026-11-22", base="http://x")
    asked = {one.kpi: one.margin for one in seen["wanted"]}
    assert asked["N00610"] == "U01610" and asked["N02797"] == "" and "" not in asked
    assert seen["retrieved"] == "2026-11-22" and seen["base"] == "http://x"


def test_the_fetched_table_is_what_the_sidecar_says(tmp_path):
    record = snapshot.verify(fetched(tmp_path, ("2403", "N02797", 2024, 8.1)) / "context.csv")
    assert list(record["columns"]) == tables.COLUMNS


# --- years joined


def years(*rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["year", "value", "margin"])
    limits = {"lower": frame["value"] - frame["margin"], "upper": frame["value"] + frame["margin"]}
    return frame.assign(**limits, missing=np.where(frame["margin"].notna(), "", "no margin"))


def test_one_year_is_itself():
    found = pooled(years((2024, 0.8, 0.05)))
    assert (found.value, found.lower, found.upper, found.years, found.differ) == (
        0.8,
        0.75,
        pytest.approx(0.85),
        (2024,),
        False,
    )


def test_three_years_weigh_by_their_variance():
    found = pooled(years((2022, 0.80, 0.04), (2023, 0.78, 0.08), (2024, 0.82, 0.08)))
    weights = np.array([1 / 0.04**2, 1 / 0.08**2, 1 / 0.08**2])
    value, margin = (weights * [0.80, 0.78, 0.82]).sum() / weights.sum(), weights.sum() ** -0.5
    assert found.value == pytest.approx(value) and found.years == (2022, 2023, 2024)
    assert (found.lower, found.upper) == (pytest.approx(value - margin), pytest.approx(value + margin))


def test_only_the_latest_three_calendar_years_are_joined():
    rows = years((2019, 0.1, 0.05), (2022, 0.80, 0.05), (2024, 0.80, 0.05))
    assert pooled(rows).years == (2022, 2024)
    assert pooled(rows, most=1).years == (2024,)
    assert pooled(rows, since=2023).years == (2024,)
    assert pooled(rows, since=2025) is None


def test_years_that_may_hold_the_same_answers_are_not_joined():
    assert pooled(years((2023, 0.1, 0.02), (2024, 0.3, 0.02)), joins=False).years == (2024,)


def test_years_that_differ_are_not_made_into_one():
    found = pooled(years((2023, 0.60, 0.05), (2024, 0.80, 0.05)))
    assert found.differ and found.years == (2024,) and found.value == 0.80


def test_the_alarm_for_different_years_is_rare_where_they_are_alike():
    draw, alarms = np.random.default_rng(11), 0
    for _ in range(600):
        n, share = 400, 0.7
        found = draw.binomial(n, share, 3) / n
        rows = years(*[(2022 + k, p, 1.96 * np.sqrt(p * (1 - p) / n)) for k, p in enumerate(found)])
        alarms += pooled(rows).differ
    assert 0.02 < alarms / 600 < 0.09


def test_joined_intervals_hold_the_truth_about_as_often_as_they_say():
    draw, held, joined = np.random.default_rng(12), 0, 0
    for _ in range(600):
        n, share = 400, 0.7
        found = draw.binomial(n, share, 3) / n
        one = pooled(years(*[(2022 + k, p, 1.96 * np.sqrt(p * (1 - p) / n)) for k, p in enumerate(found)]))
        joined += not one.differ
        held += one.lower <= share <= one.upper
    assert joined > 500 and 0.92 < held / 600 < 0.98


def test_years_without_margin_do_not_count():
    assert pooled(years((2023, 0.5, np.nan), (2024, 0.8, 0.05))).years == (2024,)
    assert pooled(years((2024, 0.8, np.nan))) is None
    assert pooled(tables._empty(tables.SURVEY_COLUMNS)) is None


# --- the section's texts


def test_the_texts_of_the_section_have_names_of_their_own():
    mine = tomllib.loads((Path(records.PATH).parent / "texts" / "context.toml").read_text(encoding="utf-8"))
    assert all(name.startswith("context_") for name in mine) and set(mine) <= set(texts())
