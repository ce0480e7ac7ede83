"""NTU's workbook by county, in the layout of Brå's: written by the test, and spoilt in every way."""

from __future__ import annotations

import math

import openpyxl
import pytest

from brapkg.errors import DataError
from brapkg.sources import ntu

SHEETS = {"R4.1": "unsafe", "R4.11": "worried"}
YEARS = [2023, 2024, 2025]
ROWS = {
    "Hela landet": [26.5, 25, 24.1, 23.6, 24.6],
    "Dalarnas län": [22.0, "..", 20.5, 17.2, 23.8],
    "Gotlands län": ["..", 15.5, ".", "..", ".."],
}


def book(
    path, sheets=("R4.1",), years=YEARS, rows=ROWS, sections=("Samtliga 16–84 år", "Män", "Kvinnor"), repeat=False
):
    """A workbook: the section stands on its first row only, or on every row; men and women differ from all."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    made.create_sheet("Innehåll")
    for name in sheets:
        sheet = made.create_sheet(name)
        sheet["A1"] = "Tabell " + name
        for offset, year in enumerate(years):
            sheet.cell(3, 3 + offset, year)
        sheet.cell(3, 3 + len(years), "KI (95 %) för 2025")
        line = 4
        for number, section in enumerate(sections):
            for place, (area, cells) in enumerate(rows.items()):
                if repeat or place == 0:
                    sheet.cell(line, 1, section)
                sheet.cell(line, 2, area)
                for offset, cell in enumerate(cells):
                    sheet.cell(line, 3 + offset, cell + number if isinstance(cell, float) else cell)
                line += 1
    made.save(path)
    return path


def read(*paths):
    return ntu.read(paths, SHEETS)


@pytest.mark.parametrize("repeat", [False, True])
def test_values_of_all_by_county_and_year_with_the_interval_of_the_latest(tmp_path, repeat):
    table = read(book(tmp_path / "ntu.xlsx", repeat=repeat)).set_index(["area", "year"])
    assert list(table.index) == [("00", 2023), ("00", 2024), ("00", 2025), ("09", 2024), ("20", 2023), ("20", 2025)]
    assert table["question"].unique().tolist() == ["unsafe"]
    assert table.loc[("20", 2025), ["value", "lower", "upper"]].tolist() == [20.5, 17.2, 23.8]
    assert table.loc[("00", 2024), "value"] == 25 and math.isnan(table.loc[("00", 2024), "lower"])


def test_men_and_women_are_not_read_as_all(tmp_path):
    first_men = book(tmp_path / "ntu.xlsx", sections=("Män", "Samtliga 16–84 år"))
    assert read(first_men).set_index(["area", "year"]).loc[("20", 2025), "value"] == 21.5


def test_several_sheets_and_none_of_the_others(tmp_path):
    table = read(book(tmp_path / "ntu.xlsx", sheets=("R4.1", "R4.11", "R4.2")))
    assert set(table["question"]) == {"unsafe", "worried"}


def test_two_years_workbooks_give_two_years_with_intervals(tmp_path):
    old = {"Dalarnas län": [22.0, 21.0, 18.0, 24.0]}
    new = {"Dalarnas län": [22.0, 21.0, 20.5, 17.2, 23.8]}
    table = read(
        book(tmp_path / "a.xlsx", years=[2023, 2024], rows=old), book(tmp_path / "b.xlsx", rows=new)
    ).set_index("year")
    assert table["lower"].dropna().to_dict() == {2024: 18.0, 2025: 17.2}


def test_workbooks_that_contradict_each_other_are_refused_by_cell(tmp_path):
    other = book(tmp_path / "b.xlsx", rows={"Dalarnas län": [22.0, "..", 29.5, 27.2, 31.8]})
    with pytest.raises(DataError, match=r"b\.xlsx, sheet R4\.1, cell E4: 29\.5 per cent, but .*a\.xlsx.* says 20\.5"):
        read(book(tmp_path / "a.xlsx"), other)


def test_no_workbook_is_an_empty_table():
    table = read()
    assert table.empty and list(table) == ntu.COLUMNS


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rows": {"Dalarna kommun": [1.0, 2.0, 3.0, 2.0, 4.0]}}, "cell B4: .*neither Hela landet nor a county"),
        ({"rows": {"Dalarnas län": [22.0, "x", 20.5, 17.2, 23.8]}}, 'cell D4: found "x"'),
        ({"rows": {"Dalarnas län": [22.0, -1.0, 20.5, 17.2, 23.8]}}, 'cell D4: found "-1"'),
        ({"rows": {"Dalarnas län": [22.0, 101.0, 20.5, 17.2, 23.8]}}, "per cent from 0 to 100"),
        ({"rows": {"Dalarnas län": [22.0, 21.0, 20.5, 23.8, 17.2]}}, "do not hold the value 20.5"),
        ({"rows": {"Dalarnas län": [0.22, 0.21, 0.205, 0.172, 0.238]}}, "no value above 1"),
        ({"years": [2023, 2025, 2024]}, "row 3: found"),
        ({"years": ["a", "b"]}, "row 3: found no year"),
        ({"sections": ("Män", "Kvinnor")}, 'no county under "Samtliga"'),
        ({"sections": ("Samtliga 16–84 år", "Samtliga 16–84 år")}, "stands twice"),
        ({"sheets": ("R9.9",)}, "none of the sheets R4.1, R4.11"),
    ],
)
def test_a_spoilt_workbook_is_refused_by_its_place(tmp_path, change, told):
    with pytest.raises(DataError, match=rf"ntu\.xlsx.*{told}"):
        read(book(tmp_path / "ntu.xlsx", **change))


def test_every_fault_is_told_at_once(tmp_path):
    rows = {"Dalarnas län": ["x", "y", 20.5, 17.2, 23.8], "Okänt län": [1.0, 2.0, 3.0, 2.0, 4.0]}
    with pytest.raises(DataError) as error:
        read(book(tmp_path / "ntu.xlsx", rows=rows, sections=("Samtliga 16–84 år",)))
    assert len(error.value.problems) == 3


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04cut", b"<html></html>", None])
def test_what_is_no_workbook_is_refused_by_name(tmp_path, content):
    path = tmp_path / "ntu.xlsx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"ntu\.xlsx: cannot be read as a workbook"):
        read(path)
