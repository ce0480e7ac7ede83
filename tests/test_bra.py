"""The reader of Brå's "databasfil": one hand-made file for each quirk, then the real files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import HEADER, export, row

from brapkg import areas
from brapkg.sources import bra, databasfil


@pytest.fixture
def read(tmp_path):
    """Read rows as an export; the account is balanced in every test."""

    def read_rows(*lines, **options):
        return balanced(bra.read_export(export(tmp_path, lines, **options)))

    return read_rows


def balanced(result):
    table, account = result
    assert account.balanced and account.kept == len(table), str(account)
    assert list(table.columns) == databasfil.COLUMNS and not table.duplicated(databasfil.CELL).any()
    return table, account


def cells(table):
    return list(table.itertuples(index=False, name=None))


def test_seven_fields_under_six_headings_become_one_row(read):
    table, account = read("Ale kommun;Stöldbrott;2015;Jan;18;64;")
    assert cells(table) == [("1440", "theft", 2015, 1, 18, 64, "final")]
    assert account.rows_read == 1


def test_fields_may_end_in_spaces(read):
    table, _ = read("Ale kommun ;Våldsbrott ;2015 ; Jan;18 ; 64; ")
    assert cells(table) == [("1440", "violence", 2015, 1, 18, 64, "final")]


def test_a_year_marked_prel_is_preliminary(read):
    table, _ = read(row(when="2016 prel.;Jan"))
    assert cells(table) == [("1440", "theft", 2016, 1, 18, 64, "preliminary")]


@pytest.mark.parametrize(("text", "month"), [("Maj", 5), ("May", 5), ("Okt", 10), ("Oct", 10), ("dec", 12)])
def test_months_are_read_in_swedish_and_english(read, text, month):
    table, _ = read(row(when=f"2015;{text}"))
    assert table["month"].tolist() == [month]


def test_a_yearly_export_has_its_year_in_the_column_of_periods(read):
    table, _ = read(row(when="År;2015"), row(when="År;2016 prel."))
    assert table[["year", "month", "status"]].values.tolist() == [
        [2015, databasfil.WHOLE_YEAR, "final"],
        [2016, databasfil.WHOLE_YEAR, "preliminary"],
    ]


def test_rows_that_are_not_published_are_left_out_and_counted(read):
    table, account = read(row(offence="Våldsbrott ", count="..", rate=".."), row())
    assert table["offence"].tolist() == ["theft"] and account.not_published == 1


def test_an_area_with_rows_not_published_has_not_lost_them(read):
    whole = [row("Ale kommun", offence) for offence in ("Stöldbrott", "Bilbrott")]
    table, account = read(*whole, row("Lerum kommun", count="..", rate=".."), row("Lerum kommun", "Bilbrott"))
    assert len(table) == 3 and account.not_published == 1


def test_rows_repeated_for_each_descendant_are_kept_once(read):
    table, account = read(row(), row(), row())
    assert len(table) == 1 and account.duplicates == 2


def listed_twice(*figures):
    """Heby as Brå lists it: with its figures, and again with zeros."""
    real = [row("Heby kommun", offence, count=count) for offence, count in figures]
    ghost = [row("Heby kommun", offence, count=0, rate=0) for offence, _ in figures]
    return real, ghost


def test_hebys_ghost_is_left_out_beside_the_real_figures(read):
    real, ghost = listed_twice(("Totalt antal brott", 59), ("Våldsbrott ", 2))
    table, account = read(*real, *ghost)
    assert table["count"].tolist() == [59, 2] and account.ghost_rows == 2


def test_hebys_ghost_is_left_out_when_it_stands_first(read):
    real, ghost = listed_twice(("Totalt antal brott", 59), ("Våldsbrott ", 2))
    table, account = read(*ghost, *real)
    assert table["count"].tolist() == [59, 2] and account.ghost_rows == 2


def test_a_real_zero_of_heby_stays_beside_its_ghost(read):
    real, ghost = listed_twice(("Totalt antal brott", 59), ("Vapenbrott", 0))
    table, account = read(*real, *ghost)
    assert table["offence"].tolist() == ["total", "weapons"]
    assert table["count"].tolist() == [59, 0] and account.ghost_rows == 2


def test_an_area_that_is_all_zeros_with_its_total_never_existed(read):
    table, account = read(
        row("Ale kommun", "Totalt antal brott"),
        row("Ale kommun", "Vapenbrott", count=0),
        row("Lerum kommun", "Totalt antal brott", count=0),
        row("Lerum kommun", "Vapenbrott", count=0),
    )
    assert set(table["area"]) == {"1440"} and account.ghost_rows == 2


def test_zeros_without_a_total_are_figures(read):
    table, account = read(row("Ale kommun", count=0), row("Lerum kommun", count=1))
    assert table["count"].tolist() == [0, 1] and account.ghost_rows == 0


def test_an_area_with_an_offence_is_no_ghost_whatever_its_total_says(read):
    table, account = read(row(offence="Totalt antal brott", count=0), row(offence="Bilbrott"))
    assert len(table) == 2 and account.ghost_rows == 0


def test_areas_not_known_are_counted_by_name(read):
    district = "Stadsdelsområde Farsta (Sthlm)"
    table, account = read(row(), row(district), row(f"{district} ", when="2015;Feb"))
    assert len(table) == 1 and account.unknown_areas == {district: 2}
    assert f"areas not known: {district} (2 rows)" in str(account)


def test_offences_not_known_are_counted_by_name(read):
    table, account = read(row(), row(offence="Sjöfylleri "))
    assert len(table) == 1 and account.unknown_offences == {"Sjöfylleri": 1}
    assert "offences not known: Sjöfylleri (1 rows)" in str(account)


@pytest.mark.parametrize("line", [row("Xby kommun"), row(offence="Sjöfylleri")])
def test_an_export_of_nothing_known_is_an_empty_table(read, line):
    table, account = read(line)
    assert table.empty and account.rows_read == 1


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Hela landet", "00"),
        ("Uppsala län", "03"),
        ("Uppsala kommun", "0380"),
        ("Gotlands län", "09"),
        ("Gotlands kommun", "0980"),
        ("Region Stockholm", "P06"),
    ],
)
def test_bras_names_tell_counties_regions_and_municipalities_apart(name, code):
    assert databasfil.area_code(name) == code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_other_encodings_of_the_same_letters_are_read(read, encoding):
    table, _ = read(row("Östersunds kommun", "Våldsbrott "), encoding=encoding)
    assert table[["area", "offence"]].values.tolist() == [["2380", "violence"]]


def test_windows_line_ends_and_blank_lines_are_read(tmp_path):
    path = tmp_path / "export.txt"
    path.write_bytes(f"{HEADER}\r\n\r\n{row()}\r\n\r\n".encode("iso-8859-1"))
    table, account = balanced(bra.read_export(path))
    assert len(table) == account.rows_read == 1


@pytest.mark.parametrize("space", [" ", "\u00a0"])
def test_thousands_may_be_set_apart(read, space):
    table, _ = read(row("Hela landet", count=f"1{space}234{space}567", rate=f"12{space}345"))
    assert table[["count", "rate"]].values.tolist() == [[1234567, 12345]]


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_final_figures_replace_preliminary_ones_whichever_file_comes_first(tmp_path, order):
    lines = [row(when="2016;Jan"), row(when="2016 prel.;Jan", count=17, rate=60)]
    paths = [export(tmp_path, [line], name=n) for line, n in zip(lines, order, strict=True)]
    table, account = balanced(bra.read_exports(paths))
    assert cells(table) == [("1440", "theft", 2016, 1, 18, 64, "final")]
    assert account.superseded == 1


def test_no_files_give_an_empty_table():
    table, account = balanced(bra.read_exports([]))
    assert table.empty and account.rows_read == 0


# --- the real files ------------------------------------------------------------------------------


def test_every_row_of_the_48_exports_is_kept_or_a_ghost(months):
    _, account = balanced(months)
    assert (account.rows_read, account.ghost_rows, account.kept) == (139_680, 480, 139_200)


def test_the_48_exports_hold_every_cell_once(months):
    table, _ = months
    assert len(table) == 290 * 10 * 48 and table["count"].min() == 0
    assert table.groupby("year")["status"].unique().map(list).to_dict() == {
        **dict.fromkeys((2013, 2014, 2015), ["final"]),
        2016: ["preliminary"],
    }


def test_the_municipalities_add_up_to_the_sums_of_the_years(months):
    totals = months[0].query("offence == 'total'").groupby("year")["count"].sum()
    assert totals.to_dict() == {2013: 1_176_244, 2014: 1_218_815, 2015: 1_265_633, 2016: 1_252_386}


def test_published_rates_follow_from_the_counts_and_the_residents(months, shared_data):
    table, _ = months
    people = pd.read_csv(shared_data / "population/kolada_invanare_1998_2019_tidy.csv")
    names = people["Municipality"].unique()
    code = people["Municipality"].map({n: areas.find(n, "municipality").code for n in names})
    of = people.assign(area=code).set_index(["area", "ar"])["invanare"]
    before, at_end = (of.loc[list(zip(table["area"], table["year"] - back, strict=True))].to_numpy() for back in (1, 0))
    mean = np.where(table["status"] == "final", (before + at_end) / 2, before)
    assert (np.floor(table["count"] / mean * 100_000 + 0.5) == table["rate"]).all()


def test_the_exports_by_chapter_keep_22_areas_once(shared_data):
    folder = shared_data / "bra/sol_databasfil_2020_2023"
    table, account = balanced(bra.read_exports(folder.glob("*.txt")))
    assert (account.rows_read, account.duplicates, account.kept) == (22_176, 7_392, 7_392)
    assert table["area"].nunique() == 22 and len(account.unknown_areas) == 11
    assert set(table.loc[table["status"] == "preliminary", "year"]) == {2023}


def test_the_yearly_sample_has_nothing_published_of_known_series(shared_data):
    table, account = balanced(bra.read_export(shared_data / "bra/other/sol_dbfil_ar.txt"))
    assert table.empty and account.rows_read == 19
    assert account.not_published == 7 and account.unknown_offences.total() == 12


def test_the_monthly_sample_has_an_offence_not_known(shared_data):
    table, account = balanced(bra.read_export(shared_data / "bra/other/sol_dbfil_manad.txt"))
    assert table.empty and account.unknown_offences.total() == 3
