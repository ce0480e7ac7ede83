"""Spreadsheets in and out: what people write is read as they meant it, or told by its cell."""

from __future__ import annotations

import io
import random
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from brapkg import areas
from brapkg.sheets import Column, grids, read, steady, workbook

COLUMNS = (
    Column("place", "Kommun", "Municipality", "area", (("municipality", "", ""),), required=True),
    Column("state", "Läge", "State", "choice", (("in", "finns", "exists"), ("out", "finns inte", "does not exist"))),
    Column("day", "Datum", "Date", "date", help_sv="När", help_en="When"),
    Column("size", "Antal", "Count", "number"),
    Column("note", "Anteckning", "Note"),
)
HEADS = "Kommun;Läge;Datum;Antal;Anteckning"


def csv(tmp_path: Path, *lines: str, head: str = HEADS, encoding: str = "utf-8", name: str = "a.csv") -> Path:
    path = tmp_path / name
    path.write_bytes("\r\n".join([head, *lines, ""]).encode(encoding))
    return path


def book(tmp_path: Path, *rows: list, head: str = HEADS, change=None) -> Path:
    made = openpyxl.Workbook()
    made.active.title = "Blad"
    for row in (head.split(";"), *rows):
        made.active.append(row)
    if change:
        change(made)
    path = tmp_path / "a.xlsx"
    made.save(path)
    return path


def values(path: Path, **options) -> list[dict]:
    rows, problems = read(path, COLUMNS, **options)
    assert problems == []
    return [dict(row.values) for row in rows]


def problems(path: Path, **options) -> list[str]:
    return read(path, COLUMNS, **options)[1]


# --- forms that are read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_csv_in_every_form_that_spreadsheets_save(tmp_path, encoding, separator):
    line = separator.join(["Åsele", "finns inte", "2025-03-01", "12", "på väg"])
    path = csv(tmp_path, line, head=HEADS.replace(";", separator), encoding=encoding)
    told = {"place": "2463", "state": "out", "day": date(2025, 3, 1), "size": 12.0, "note": "på väg"}
    assert values(path) == [told]


def test_the_separator_is_not_the_one_that_texts_hold_most_of(tmp_path):
    path = csv(tmp_path, "Åsele;finns;;;ett, två, tre, fyra, fem, sex, sju, åtta")
    assert values(path)[0]["note"].endswith("sju, åtta")


@pytest.mark.parametrize("head", ["place;state;day;size;note", "Municipality;State;Date;Count;Note", HEADS.upper()])
def test_headings_are_ids_or_either_language(tmp_path, head):
    assert values(csv(tmp_path, "Mora;finns;;;", head=head))[0] | {} == {
        "place": "2062",
        "state": "in",
        "day": None,
        "size": None,
        "note": None,
    }


def test_columns_stand_in_any_order_under_a_title(tmp_path):
    path = csv(tmp_path, ";;", "Antal;Kommun;Läge;Datum;Anteckning", "3;Mora;exists;;x", head="Vår kommun;;")
    assert values(path) == [{"place": "2062", "state": "in", "day": None, "size": 3.0, "note": "x"}]


DAYS = {
    "2025-03-01": date(2025, 3, 1),
    "2025-3-1": date(2025, 3, 1),
    "20250301": date(2025, 3, 1),
    "2025-03-01 00:00:00": date(2025, 3, 1),
    "2025-03": date(2025, 3, 1),
    "mars 2025": date(2025, 3, 1),
    "Mar-2025": date(2025, 3, 1),
    "17 maj 2024": date(2024, 5, 17),
    "17 May 2024": date(2024, 5, 17),
    "29 februari 2024": date(2024, 2, 29),
}


@pytest.mark.parametrize("written", DAYS)
def test_dates_that_are_read(tmp_path, written):
    assert values(csv(tmp_path, f"Mora;;{written};;"))[0]["day"] == DAYS[written]


@pytest.mark.parametrize("cell", [datetime(2025, 3, 1), date(2025, 3, 1), 45717, 20250301, "2025-03-01"])
def test_dates_of_workbooks(tmp_path, cell):
    assert values(book(tmp_path, ["Mora", None, cell]))[0]["day"] == date(2025, 3, 1)


@pytest.mark.parametrize(
    "written", ["2025-02-29", "2025-13-01", "01/03/2025", "3.1.25", "2025", "1025-01-01", "snart", "32 mars 2025"]
)
def test_dates_that_are_none(tmp_path, written):
    (told,) = problems(csv(tmp_path, f"Mora;;{written};;"))
    assert "a.csv, line 2, column day" in told and repr(written) in told and "2025-03-01" in told


NUMBERS = {"12": 12, "2,5": 2.5, "2.5": 2.5, "12 345,6": 12345.6, "12\u00a0345": 12345, "\u22123": -3, "0,125": 0.125}


@pytest.mark.parametrize("written", NUMBERS)
def test_numbers(tmp_path, written):
    assert values(csv(tmp_path, f"Mora;;;{written};"))[0]["size"] == NUMBERS[written]


@pytest.mark.parametrize("written", ["1,234", "1.234", "12 %", "tolv", "1e5", "nan", "inf", "1,2,3", "²"])
def test_numbers_that_are_none_or_two(tmp_path, written):
    assert "column size" in problems(csv(tmp_path, f"Mora;;;{written};"))[0]


@pytest.mark.parametrize("cell", [datetime(2025, 4, 3), True])
def test_a_number_that_the_spreadsheet_made_a_date_is_told(tmp_path, cell):
    (told,) = problems(book(tmp_path, ["Mora", None, None, cell]))
    assert "cell D2 (Antal)" in told


@pytest.mark.parametrize("written", ["180", "0180", "Stockholms kommun", "Stockholm", "STOCKHOLM"])
def test_areas_also_where_the_nought_is_lost(tmp_path, written):
    assert values(csv(tmp_path, f"{written};;;;"))[0]["place"] == "0180"
    assert values(book(tmp_path, [int(written) if written.isdecimal() else written]))[0]["place"] == "0180"


@pytest.mark.parametrize("kind", ["municipality", "county"])
def test_every_area_is_read_back_by_the_name_it_is_written_with(kind):
    column = Column("place", "Plats", "Place", "area", ((kind, "", ""),), required=True)
    from brapkg.sheets import cells

    every = [area for area in areas.all_areas().values() if area.kind == kind]
    for area in every:
        assert {cells.value(column, area.label(language)) for language in ("sv", "en")} == {area.code}


def test_a_misspelt_area_is_met_with_the_nearest(tmp_path):
    (told,) = problems(csv(tmp_path, "Bjurhulm;;;;"))
    assert "2403 Bjurholms kommun?" in told and not told.endswith("?.")


def test_line_breaks_and_numbers_in_texts_stay(tmp_path):
    assert values(csv(tmp_path, 'Mora;;;;"ett\n två"'))[0]["note"] == "ett\ntvå"
    assert values(book(tmp_path, ["Mora", None, None, None, 12.0]))[0]["note"] == "12"


# --- every fault, by its cell


def test_every_fault_is_told_at_once_and_the_rest_is_read(tmp_path):
    path = book(
        tmp_path,
        ["Mora", "fins", "2025-02-30", "många", None],
        ["Falun", "finns", date(2025, 1, 1), 3, None],
        [None, "finns", None, None, None],
        ["Nowhere", None, None, None, None],
    )
    rows, told = read(path, COLUMNS)
    assert [row.values["place"] for row in rows] == ["2080"] and rows[0].line == 3
    places = ["B2 (Läge)", "C2 (Datum)", "D2 (Antal)", "A4 (Kommun)", "A5 (Kommun)"]
    assert len(told) == len(places)
    for one, place in zip(told, places, strict=True):
        assert one.startswith(f"a.xlsx, sheet Blad, cell {place}: found ")
    assert "did you mean 'finns'? allowed: finns, finns inte" in told[0] and "must be filled in" in told[3]


def test_a_row_knows_its_cells(tmp_path):
    row = read(book(tmp_path, [], ["Mora"]), COLUMNS)[0][0]
    assert row.cell("day") == "a.xlsx, sheet Blad, cell C3" and row.cell("none") == "a.xlsx, sheet Blad, row 3"
    row = read(csv(tmp_path, "", "Mora;;;;"), COLUMNS)[0][0]
    assert row.cell("day") == "a.csv, line 3, column day"


def test_headings_that_are_unknown_lacking_or_twice(tmp_path):
    path = csv(tmp_path, "Mora;1;2;x;y", head="Kommun;Antal;Antal;Anteckningar;Datum och tid")
    rows, told = read(path, COLUMNS)
    assert [row.values["size"] for row in rows] == [None]
    text = "\n".join(told)
    assert "line 1, column 4: found 'Anteckningar'" in text and "Did you mean 'anteckning'?" in text
    assert "'Antal' stands 2 times (column 2 and column 3)" in text
    assert all(f"lacks the column {name!r}" in text for name in ("Läge", "Datum", "Anteckning"))
    assert "lacks the column 'Antal'" not in text and len(told) == 6


def test_without_a_column_that_is_required_no_row_is_read(tmp_path):
    rows, told = read(csv(tmp_path, "finns;x", head="Läge;Anteckning"), COLUMNS)
    assert rows == [] and any("'Kommun'" in one and "no row can be read" in one for one in told)


def test_headings_that_stand_again_and_cells_that_are_shifted(tmp_path):
    rows, told = read(csv(tmp_path, HEADS, "Mora;;;;ett;två", "Falun;;;;"), COLUMNS)
    assert [row.values["place"] for row in rows] == ["2080"]
    assert "line 2: the headings stand here again" in told[0]
    assert "line 3: found 6 cells under 5 headings" in told[1]


def test_a_quote_that_is_never_closed_loses_only_what_follows(tmp_path):
    rows, told = read(csv(tmp_path, "Mora;;;;", 'Falun;;;;"ett', "Orsa;;;;"), COLUMNS)
    assert [row.values["place"] for row in rows] == ["2062"] and "line 3" in told[0] and "quotes" in told[0]


@pytest.mark.parametrize("written", ["=1+1", "#SAKNAS!", "#REF!", "a\u200bb", "x" * 2001, "a\x07b"])
def test_texts_that_no_one_meant(tmp_path, written):
    (told,) = problems(csv(tmp_path, f"Mora;;;;{written}"))
    assert "column note" in told and len(told) < 300


def test_what_joins_pictures_and_letters_stays_in_texts_and_is_refused_elsewhere(tmp_path):
    family = "\U0001f469\u200d\U0001f467"
    (row,), told = read(csv(tmp_path, f"Mora;;;;{family}"), COLUMNS)
    assert row.values["note"] == family and not told
    (told,) = problems(csv(tmp_path, "Mo\u200dra;;;;"))
    assert "U+200D" in told


def test_formulas_with_errors_or_without_results_are_told(tmp_path):
    def change(made):
        made.active["D2"] = "=1/0"
        made.active["E2"] = "#DIV/0!"

    told = problems(book(tmp_path, ["Mora"], change=change))
    assert "cell D2 (Antal): found '=1/0'" in told[0] and "not stored" in told[0]
    assert "cell E2 (Anteckning): found '#DIV/0!'" in told[1]


def test_merged_cells_lose_their_rows_and_are_told_once(tmp_path):
    def change(made):
        made.active.merge_cells("A2:A3")
        made.active.merge_cells("H8:J9")  # beside the columns: no matter

    rows, told = read(book(tmp_path, ["Mora"], ["x", "finns"], ["Falun"], change=change), COLUMNS)
    assert [row.values["place"] for row in rows] == ["2080"]
    assert len(told) == 1 and "cells A2:A3: are merged" in told[0]


def test_hidden_sheets(tmp_path):
    def hide(made):
        made.create_sheet("Annat")
        made.worksheets[0].sheet_state = "hidden"

    (told,) = problems(book(tmp_path, ["Mora"], change=hide))
    assert "sheet Blad: is hidden" in told

    def copy(made):
        made.copy_worksheet(made.active).sheet_state = "hidden"

    rows, told = read(book(tmp_path, ["Mora"], change=copy), COLUMNS)
    assert len(rows) == 1 and len(told) == 1 and "has as many of the headings" in told[0]


def test_the_sheet_is_chosen_by_its_name_then_by_its_headings(tmp_path):
    def change(made):
        for name, place in (("Först", "Orsa"), ("Sedan", "Falun")):
            page = made.create_sheet(name)
            page.append(HEADS.split(";"))
            page.append([place])

    path = book(tmp_path, ["Mora"], change=change)
    assert [read(path, COLUMNS, sheet=name)[0][0].values["place"] for name in ("sedan", "", "?")] == [
        "2080",
        "2062",
        "2062",
    ]
    assert len(problems(path, sheet="Först")) == 2


def test_a_cell_far_away_neither_hangs_nor_hides_the_rows(tmp_path):
    def change(made):
        made.active["XFD1048576"] = "x"

    rows, told = read(book(tmp_path, ["Mora"], change=change), COLUMNS)
    assert len(rows) == 1 and any("reaches to cell XFD1048576" in one for one in told)


# --- files that are none


def test_files_that_are_no_spreadsheets(tmp_path, monkeypatch):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as parts:
        parts.writestr("word/document.xml", "<a/>")
    whole = book(tmp_path, ["Mora"]).read_bytes()
    broken = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"<broken" if name.startswith("xl/worksheets") else old.read(name))
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    for content, word in (
        (b"", "empty"),
        (b"  \n", "empty"),
        (ole + b"\0" * 99, "old Excel file"),
        (ole + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"%PDF-1.7 \n", "no spreadsheet"),
        (b"a\0b", "no spreadsheet"),
        (random.Random(1).randbytes(4000), ""),
        (made.getvalue(), "no Excel workbook"),
        (whole[: len(whole) // 2], "damaged"),
        (b"PK\x03\x04", "damaged"),
        (broken.getvalue(), "cannot be read as a workbook"),
        (b"Namn;Adress\r\n1;2\r\n", "no known headings"),
    ):
        path = tmp_path / "b.xlsx"
        path.write_bytes(content)
        rows, told = read(path, COLUMNS)
        assert rows == [] and len(told) == 1 and told[0].startswith("b.xlsx") and word in told[0], content[:20]
    assert "cannot be read" in problems(tmp_path / "none.csv")[0]
    assert "cannot be read" in problems(tmp_path)[0]
    monkeypatch.setattr(grids, "LARGEST", 1000)
    path.write_bytes(b"x" * 1001)
    assert "1001 bytes" in problems(path)[0]
    path.write_bytes(whole)
    assert "bytes" in problems(path)[0]


def test_a_small_file_that_unpacks_to_a_large_one_is_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", b" " * 30_000_000)
    assert path.stat().st_size < 100_000 and "unpacked" in problems(path)[0]


def test_damaged_files_never_end_in_a_traceback(tmp_path):
    whole, draw = book(tmp_path, ["Mora", "finns", date(2025, 1, 1), 2, "x"]).read_bytes(), random.Random(2)
    path = tmp_path / "c.xlsx"
    for _ in range(60):
        content = bytearray(whole)
        for _ in range(draw.randint(1, 30)):
            content[draw.randrange(len(content))] = draw.randrange(256)
        path.write_bytes(content)
        rows, told = read(path, COLUMNS)
        assert rows or told


# --- workbooks to fill in

FILLED = [
    {"place": "0980", "state": "out", "day": date(2025, 3, 1), "size": 2.5, "note": "- ett\ntvå"},
    {"place": "2403"},
]


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_workbook_is_read_back_as_it_was_written(tmp_path, language):
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook("T", COLUMNS, FILLED, language=language, sheet="Blad", about=["Ett.", "Två."]))
    empty = dict.fromkeys(column.id for column in COLUMNS)
    assert values(path, sheet="Blad") == values(path) == [empty | row for row in FILLED]


def test_equal_input_gives_equal_bytes_whatever_the_clock_says(monkeypatch):
    options = {"language": "sv", "sheet": "Blad"}
    first = workbook("T", COLUMNS, FILLED, **options)
    import openpyxl.writer.excel as writer

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2031, 1, 1)

    monkeypatch.setattr(writer.datetime, "datetime", Later)
    assert workbook("T", COLUMNS, FILLED, **options) == first
    assert workbook("T", COLUMNS, FILLED[:1], **options) != first


def test_steady_keeps_the_content_and_nothing_of_time_or_order():
    made = []
    for names, when in ((["b", "a", "docProps/core.xml"], 1990), (["docProps/core.xml", "a", "b"], 2020)):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as parts:
            for name in names:
                stamp = f'<dcterms:modified xsi:type="x">{when}-01-01T00:00:00Z</dcterms:modified>'
                text = stamp if name.startswith("doc") else name * 100
                parts.writestr(zipfile.ZipInfo(name, (when, 1, 1, 0, 0, 0)), text)
        made.append(steady(content.getvalue()))
    assert made[0] == made[1] == steady(made[0])
    with zipfile.ZipFile(io.BytesIO(made[0])) as parts:
        assert parts.read("a") == b"a" * 100 and parts.testzip() is None


def test_choices_have_lists_dates_are_checked_and_help_is_shown():
    made = openpyxl.load_workbook(
        io.BytesIO(workbook("T", COLUMNS, FILLED, language="sv", sheet="Blad", about=["Läs detta."]))
    )
    assert made.sheetnames == ["Blad", "Om", "Listor"]
    page = made["Blad"]
    assert page.freeze_panes == "B2" and all(cell.font.bold for cell in page[1])
    checks = {str(check.sqref).split(":")[0]: check for check in page.data_validations.dataValidation}
    assert checks["B2"].type == "list" and checks["B2"].formula1 == "'Listor'!$A$2:$A$3"
    assert [made["Listor"]["A2"].value, made["Listor"]["A3"].value] == ["finns", "finns inte"]
    assert checks["C2"].type == "date" and checks["C2"].prompt == "När" and checks["D2"].type == "decimal"
    assert checks["C2"].formula1 == "32874" and checks["C2"].formula2 == "73415"  # 1990-01-01 to 2100-12-31
    assert page["C2"].number_format == "yyyy-mm-dd" and page["A2"].number_format == "@"
    told = " ".join(str(cell.value) for row in made["Om"].iter_rows() for cell in row)
    assert "Läs detta." in told and "finns, finns inte" in told


def test_rows_that_people_add_have_the_forms_of_their_columns():
    """The forms are those of whole columns: no empty cell is written for them."""
    options = {"language": "sv", "sheet": "Blad"}
    page = openpyxl.load_workbook(io.BytesIO(workbook("T", COLUMNS, FILLED, **options)))["Blad"]
    assert page.max_row == len(FILLED) + 1
    for letter, column in zip("ABCDE", COLUMNS, strict=True):
        forms = {"date": "yyyy-mm-dd", "text": "@", "area": "@"}
        whole = page.column_dimensions[letter]
        assert whole.number_format == page[f"{letter}2"].number_format == forms.get(column.kind, "General")
        assert whole.alignment.vertical == "top" and bool(whole.alignment.wrap_text) == (column.kind == "text")
    assert workbook("T", COLUMNS, FILLED, spare=5, **options) != workbook("T", COLUMNS, FILLED, spare=6, **options)


def test_only_the_columns_that_people_read_are_printed_and_every_row():
    content = workbook("T", COLUMNS, FILLED, language="sv", sheet="Blad", printed=COLUMNS[2].id)
    page = openpyxl.load_workbook(io.BytesIO(content))["Blad"]
    assert page.print_area == "'Blad'!$A$1:$C$1048576" and page.print_title_rows == "$1:$1"
    assert page.page_setup.fitToWidth in (None, 1) and page.page_setup.fitToHeight == 0


@pytest.mark.parametrize(
    ("text", "lines"),
    [("", 1), ("kort", 1), ("x" * 30, 1), ("x" * 31, 2), ("ett\ntvå\n\nfyra", 4), ("x" * 20_000, 27)],
)
def test_a_row_is_as_high_as_its_longest_text(text, lines):
    column = Column("note", "Not", "Note", width=30)
    content = workbook("T", [column, COLUMNS[0]], [{"note": text}], language="sv", sheet="S")
    page = openpyxl.load_workbook(io.BytesIO(content))["S"]
    assert page.row_dimensions[2].height == 15 * lines


def test_a_text_never_becomes_a_formula():
    content = workbook("T", COLUMNS, [{"place": "0980", "note": '=HYPERLINK("x")\x07'}], language="en", sheet="S")
    cell = openpyxl.load_workbook(io.BytesIO(content))["S"]["E2"]
    assert cell.data_type == "s" and cell.value == '=HYPERLINK("x")'
