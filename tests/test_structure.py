"""The register of structure: what each row means, what falls due when, and every fault told."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from brapkg import areas, evidence, paths, structure
from brapkg.structure import register

HEADS = [column.id for column in structure.columns()]
ROW = {"municipality": "Bjurholm", "as_of": "2026-09-01", "picture": "finns", "picture_date": "2024-09-01"}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    (tmp_path / "data" / "raw").mkdir(parents=True)
    return tmp_path / "data" / "raw"


def filled(folder: Path, *rows: dict, name: str = "structure.csv") -> structure.Register:
    lines = [";".join(HEADS), *(";".join(row.get(id, "") for id in HEADS) for row in rows)]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return structure.read()


def entry(folder: Path, **told) -> structure.Entry:
    read = filled(folder, ROW | told)
    assert read.problems == []
    return read.entries["2403"]


def settings(folder: Path, text: str) -> None:
    (folder.parents[1] / "settings.toml").write_text(f"[structure]\n{text}\n", encoding="utf-8")


# --- what the law says


def test_the_duties_are_those_of_the_issue_in_the_order_of_the_act():
    told = [(duty.id, duty.paragraph) for duty in structure.duties()]
    assert told == [
        ("picture", "4"),
        ("plan", "5"),
        ("follow_up", "6"),
        ("agreements", "9"),
        ("council", "10"),
        ("coordination", "11"),
        ("board", "13"),
    ]
    assert set(structure.limits()) == {duty.id for duty in structure.duties()}


def test_times_and_words_follow_the_records_of_the_act():
    act = {(item.paragraph, item.item): item.text_sv for item in evidence.law() if item.act == "2023:196"}
    assert "minst vartannat år" in act["6", ""]
    assert {duty.id: duty.law for duty in structure.duties() if duty.law} == {"picture": 24, "follow_up": 24}
    work_for = {duty.paragraph for duty in structure.duties() if duty.work_for}
    assert work_for == {number for (number, _), text in act.items() if "”verka för”" in text} == {"9", "10"}
    plan = next(duty for duty in structure.duties() if duty.id == "plan")
    transition = next(item.text_sv for item in evidence.law() if item.id == "law-transitional")
    assert "1 juli 2024" in transition and "1 juli 2024" in plan.help_sv and "1 July 2024" in plan.help_en


def test_schema_and_template_are_the_columns():
    schema = json.loads((Path(structure.__file__).parents[1] / "records/structure.schema.json").read_text("utf-8"))
    columns = structure.columns()
    assert [(told["name"], told["title"]) for told in schema["fields"]] == [(c.id, c.sv) for c in columns]
    for told, column in zip(schema["fields"], columns, strict=True):
        assert told["constraints"]["required"] == column.required
        assert told["constraints"].get("enum", []) == (column.labels("sv") if column.kind == "choice" else [])
    heads = (paths.CLONE / "data/raw/structure.template.csv").read_text("utf-8-sig").strip().split(";")
    assert heads == [column.sv for column in columns]


def test_the_schema_s_examples_are_a_row_that_can_be_read(folder):
    schema = json.loads((Path(structure.__file__).parents[1] / "records/structure.schema.json").read_text("utf-8"))
    read = filled(folder, {told["name"]: told["example"] for told in schema["fields"]})
    assert read.problems == [] and [status.state for status in read.entries["2403"].duties] == ["in_place"] * 7


# --- ages


DUE = [
    ("2024-09-01", 24, date(2026, 9, 1), False),  # on the day itself it has not passed
    ("2024-08-31", 24, date(2026, 8, 31), True),
    ("2024-09-02", 23, date(2026, 9, 2), False),
    ("2024-02-29", 30, date(2026, 2, 28), True),
    ("2026-09-01", 0, date(2028, 9, 1), False),
]


@pytest.mark.parametrize(("day", "age", "due", "old"), DUE)
def test_ages_and_dates_are_counted_to_the_row_s_own_day(folder, day, age, due, old):
    status = entry(folder, picture_date=day).duty("picture")
    assert (status.age(), status.due, status.old()) == (age, due, old)


def test_another_day_may_be_asked_for(folder):
    status = entry(folder).duty("picture")
    assert status.age(date(2025, 8, 31)) == 11 and status.age(date(2024, 8, 31)) == -1
    assert status.old(date(2026, 9, 2)) and not status.old(date(2026, 9, 1))


def test_months_between_agree_with_counting_one_by_one():
    first = date(2023, 1, 31)
    for months in range(60):
        last = register._later(first, months)
        assert register._months(first, last) == months
        assert (last.year - first.year) * 12 + last.month - first.month == months and last.day >= 28


def test_the_follow_up_is_counted_from_the_later_of_itself_and_the_plan(folder):
    for own, plan, since in (
        ("", "2024-06-30", date(2024, 6, 30)),
        ("2023-05-01", "2024-06-30", date(2024, 6, 30)),
        ("2025-05-01", "2024-06-30", date(2025, 5, 1)),
        ("2025-05-01", "", date(2025, 5, 1)),
        ("", "", None),
    ):
        told = {"plan": "beslutad", "plan_date": plan, "follow_up": "gjord" if own else "inte gjord"}
        status = entry(folder, follow_up_date=own, **told).duty("follow_up")
        assert status.since == since and status.date == (date.fromisoformat(own) if own else None)


def test_what_nothing_is_told_of_is_not_old(folder):
    status = entry(folder, plan="beslutad", plan_date="2024-06-30").duty("follow_up")
    assert status.state == "" and status.due == date(2026, 6, 30) and status.old() is None
    assert entry(folder).duty("council").due is None and entry(folder).duty("council").old() is None


def test_settings_say_what_is_old(folder):
    settings(folder, "picture = 12\nplan = 100")
    told = entry(folder, picture_date="2025-06-01", plan="beslutad", plan_date="2019-01-01")
    assert told.duty("picture").old() and not told.duty("plan").old()
    assert told.duty("plan").due == date(2027, 5, 1)


# --- reading


def test_without_a_file_nothing_is_known_and_nothing_is_wrong(folder):
    assert structure.read() == structure.Register({}, [], "")


def test_both_files_are_a_fault_and_neither_is_read(folder):
    filled(folder, ROW)
    (folder / "structure.xlsx").write_bytes(structure.template(areas.municipalities("09"), "sv"))
    read = structure.read()
    assert read.entries == {} and len(read.problems) == 1
    assert "structure.xlsx and structure.csv" in read.problems[0]


def test_a_change_of_the_file_is_seen(folder):
    assert entry(folder).note == ""
    assert entry(folder, note="Nytt").note == "Nytt"


FAULTS = [
    ({"as_of": ""}, "as_of", "must be filled in"),
    ({"picture_date": "2026-09-02"}, "picture_date", "after the row's own day 2026-09-01"),
    ({"picture": ""}, "picture_date", "no state is chosen"),
    ({"picture": "finns inte"}, "picture_date", "'finns inte'"),
    ({"picture_link": "kommunen.se/a.pdf"}, "picture_link", "https://"),
    ({"picture_link": "javascript:alert(1)"}, "picture_link", "https://"),
    ({"picture_link": 'https://a.se/"onclick'}, "picture_link", "https://"),
    ({"picture_link": "https://a.se https://b.se"}, "picture_link", "one address"),
    ({"municipality": "Västerbottens län"}, "municipality", "not a municipality"),
    ({"council": "kanske"}, "council", "finns, påbörjat, finns inte"),
]


@pytest.mark.parametrize(("change", "column", "word"), FAULTS)
def test_a_row_that_contradicts_itself_is_told_and_left_out(folder, change, column, word):
    read = filled(folder, ROW | change, ROW | {"municipality": "Dorotea"})
    assert list(read.entries) == ["2425"]
    (told,) = read.problems
    assert told.startswith(f"structure.csv, line 2, column {column}: found ") and word in told


def test_all_faults_are_told_at_once(folder):
    read = filled(folder, {"municipality": "Mora", "council_date": "2027-01-01", "plan_date": "x"}, {"note": "a"}, ROW)
    assert list(read.entries) == ["2403"] and len(read.problems) == 2  # a cell's fault hides what follows from it
    read = filled(folder, {"municipality": "Mora", "council_date": "2027-01-01", "plan_link": "x"})
    assert len(read.problems) == 3


def test_a_municipality_twice_is_told_and_neither_is_read(folder):
    read = filled(folder, ROW, ROW | {"municipality": "2403"}, ROW | {"municipality": "Mora"})
    assert list(read.entries) == ["2062"]
    assert "line 2" in read.problems[0] and "line 3" in read.problems[0] and "2 times" in read.problems[0]


def test_rows_with_nothing_but_the_municipality_are_no_entries(folder):
    read = filled(folder, {"municipality": "Mora"}, {"municipality": "Falun", "as_of": "2026-01-01"})
    assert read.entries == {} and read.problems == []


# --- the template


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_template_that_is_filled_in_is_read(folder, language):
    content = structure.template(areas.municipalities("24"), language)
    assert content == structure.template(areas.municipalities("24")[::-1], language)
    made = openpyxl.load_workbook(io.BytesIO(content))
    page = made.active
    names = [page.cell(row, 1).value for row in range(2, 17)]
    assert len(set(names)) == 15 and names[0].startswith("Bjurholm") and names[-1].startswith("Åsele")
    (folder / "structure.xlsx").write_bytes(content)
    assert structure.read() == structure.Register({}, [], "structure.xlsx")
    heads = {column.heading(language): number for number, column in enumerate(structure.columns(), 1)}
    for column in structure.columns():
        if column.kind == "choice":
            page.cell(2, heads[column.heading(language)]).value = column.labels(language)[0]
    page.cell(2, 2).value = date(2026, 9, 1)
    made.save(folder / "structure.xlsx")
    read = structure.read()
    assert read.problems == [] and [status.state for status in read.entries["2403"].duties] == ["in_place"] * 7


def test_help_fits_the_messages_of_excel():
    for column in structure.columns():
        for language in ("sv", "en"):
            assert 0 < len(column.help(language)) <= 255
            assert not re.search(r"beprövad|kraftig|utsatta", column.help(language))
