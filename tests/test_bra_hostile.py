"""The reader of Brå's exports against damage: it says what is wrong and where, or reads it all."""

from __future__ import annotations

import pytest
from conftest import HEADER, export, row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brapkg.errors import DataError
from brapkg.sources import bra, databasfil

GROUPS = ["Totalt antal brott", "Våldsbrott ", "Stöldbrott", "Vapenbrott"]
TABLE = [
    row(f"{area} kommun", group, f"2015;{month}", len(area) + i, 9 * i)
    for area in ("Ale", "Heby", "Lerum")
    for i, group in enumerate(GROUPS)
    for month in ("Jan", "Maj")
]
GOOD = "\n".join([HEADER, *TABLE, ""]).encode("iso-8859-1")
quick = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the file is written anew each time
)


def problems(*paths):
    """What the reader says against these files; no row of it may lack the file's name."""
    with pytest.raises(DataError) as error:
        bra.read_exports(paths)
    names = [str(path) for path in paths]
    assert all(any(name in line for name in names) for line in error.value.problems)
    return error.value.problems


@pytest.fixture
def of_rows(tmp_path):
    return lambda *lines: problems(export(tmp_path, lines))


@pytest.fixture
def of_bytes(tmp_path):
    def refused(content):
        path = tmp_path / "export.txt"
        path.write_bytes(content)
        return problems(path)

    return refused


# --- files that are no exports -------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"Hello;world\n1;2\n", b"\xff", GOOD[100:]])
def test_a_file_without_the_heading_is_no_export(of_bytes, content):
    (line,) = of_bytes(content)
    assert "line 1: found" in line and HEADER in line


@pytest.mark.parametrize("end", ["", "\n", "\r\n \n"])
def test_a_heading_alone_is_refused(of_bytes, end):
    (line,) = of_bytes((HEADER + end).encode("iso-8859-1"))
    assert "has a heading but no rows" in line


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_an_export_saved_as_utf_16_is_refused_with_the_remedy(of_bytes, encoding):
    (line,) = of_bytes(GOOD.decode("iso-8859-1").encode(encoding))
    assert "UTF-16" in line and "Export it again" in line


def test_the_bytes_of_an_old_spreadsheet_are_refused(of_bytes):
    (line,) = of_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + b"Workbook")
    assert "a spreadsheet?" in line


@pytest.mark.parametrize("encoding", ["cp865", "mac-roman"])
def test_a_heading_in_another_encoding_is_hinted_at(of_bytes, encoding):
    (line,) = of_bytes(GOOD.decode("iso-8859-1").encode(encoding))
    assert "another encoding" in line


def test_a_file_that_is_not_there_is_named(tmp_path):
    (line,) = problems(tmp_path / "nosuch.txt")
    assert "nosuch.txt: cannot be read (No such file" in line


OTHERS = """sol_textfil_2021_cut.txt sol_excel_stockholm_2025.xls kommun_csv_2021_head.csv
    kommun_csv_2025_head.csv kommun_totals_2021.csv preliminary_2013_export_2014-03.csv"""


@pytest.mark.parametrize("name", OTHERS.split())
def test_a_real_file_of_another_format_is_refused(shared_data, name):
    (line,) = problems(shared_data / "bra/other" / name)
    assert "databasfil" in line


# --- files cut off -------------------------------------------------------------------------------


def test_a_file_cut_after_its_first_area_is_refused_or_holds_whole_areas(tmp_path):
    path, of_one_area = tmp_path / "cut.txt", len(GROUPS) * 2
    line_ends = {place for place, byte in enumerate(GOOD) if byte == ord("\n")}
    places = line_ends | set(range(GOOD.rindex(b"Lerum"), len(GOOD)))
    for place in sorted(p for p in places if p > GOOD.index(b"Heby")):
        path.write_bytes(GOOD[:place])
        try:
            table, account = bra.read_export(path)
        except DataError as error:
            assert str(path) in str(error)
        else:
            assert account.balanced and len(table) == account.rows_read
            assert account.rows_read % of_one_area == 0


def test_a_cut_in_the_middle_of_a_line_names_the_line(of_bytes):
    lines = of_bytes(GOOD[:-4])
    assert f"line {len(TABLE) + 1}: found" in lines[0] and "may be cut off" in lines[0]


def test_a_cut_at_a_line_end_is_seen_by_the_cells_an_area_lacks(of_rows):
    (line,) = of_rows(*TABLE[:-3])
    assert f"line {len(TABLE) - 2}: Lerums kommun has 5 of 8 cells" in line and "cut off" in line


def test_a_cut_is_seen_beside_rows_that_are_not_published(of_rows):
    unpublished = row(offence="6 kap. Sexualbrott", count="..", rate="..")
    (line,) = of_rows(unpublished, *TABLE[:-3])
    assert "Lerums kommun has 5 of 8 cells" in line


def test_every_area_that_lacks_cells_is_named(of_rows):
    ale, lerum = of_rows(*TABLE[:7], *TABLE[8:-1])
    assert "Ale kommun has 7 of 8 cells" in ale and "Lerums kommun has 7 of 8 cells" in lerum


# --- cells that are no figures -------------------------------------------------------------------


NO_NUMBERS = ["-1", "−1", "abc", "12,5", "12.5", "1e3", "", "...", "–", "½", "²", "٣", "0x10"]


@pytest.mark.parametrize("text", [*NO_NUMBERS, "9" * 10, "9" * 5000])
@pytest.mark.parametrize("what", ["count", "rate"])
def test_a_figure_that_is_no_whole_number_is_refused(tmp_path, what, text):
    bad = row(offence="Våldsbrott ", **{what: text})
    (line,) = problems(export(tmp_path, [TABLE[0], bad], "utf-8"))
    assert f'line 3: "{text}" is no {what} for Ale kommun, Våldsbrott; a whole number' in line


NO_PERIODS = ["2015;Foo", "2015;", "2015;13", "15;Jan", "20155;Jan", "2015 p;Jan", "0000;Jan"]


@pytest.mark.parametrize("period", [*NO_PERIODS, "År;Jan", "År;", ";", "Jan;2015"])
def test_a_period_that_is_none_is_refused(of_rows, period):
    (line,) = of_rows(row(when=period))
    assert f'line 2: period "{period}" is neither a month' in line


@pytest.mark.parametrize("line", ["Ale kommun", row()[:-1], row()[:-4], row() + "65", row() + ";", '"";"', "\0"])
def test_a_row_of_other_fields_is_refused_with_its_line(of_rows, line):
    (problem,) = of_rows(*TABLE, line)
    assert f"line {len(TABLE) + 2}: found" in problem


def test_a_cell_with_two_values_in_a_file_names_both_lines(of_rows):
    (line,) = of_rows(*TABLE, row(when="2015;Maj", count=99, rate=9))
    assert "Ale kommun, Stöldbrott, 2015-05" in line
    assert "line 7 says 5 (18 per 100 000) and" in line and "line 26 says 99 (9 per" in line


def test_a_cell_with_two_rates_is_a_contradiction_too(of_rows):
    (line,) = of_rows(*TABLE, row(when="2015;Maj", count=5, rate=19))
    assert "says 5 (18 per" in line and "says 5 (19 per" in line


@pytest.mark.parametrize("status", ["2015", "2015 prel."])
def test_two_files_that_contradict_each_other_are_both_named_with_lines(tmp_path, status):
    first = export(tmp_path, [row(when=f"{status};Jan")], name="a.txt")
    second = export(tmp_path, ["", row(when=f"{status};Jan", count=19)], name="b.txt")
    (line,) = problems(second, first)
    assert f"{first}, line 2 says 18 (64 per 100 000) and {second}, line 3 says 19" in line


def test_preliminary_figures_that_differ_are_settled_by_a_final_one(tmp_path):
    preliminary = [row(when="2016 prel.;Jan", count=count) for count in (18, 19)]
    path = export(tmp_path, [*preliminary, row(when="2016;Jan", count=20)])
    table, account = bra.read_export(path)
    assert table["count"].tolist() == [20] and account.superseded == 2 and account.balanced


def test_all_problems_of_all_files_are_reported_at_once(tmp_path):
    bad = [row(when="2015;Foo"), row(count=-1), row(rate="x"), "Ale kommun;Stöldbrott"]
    first, second = export(tmp_path, bad, name="a.txt"), tmp_path / "b.txt"
    second.write_bytes(b"")
    found = problems(first, second)
    assert len(found) == 5
    for number in (2, 3, 4, 5):
        assert sum(f"{first}, line {number}:" in line for line in found) == 1


# --- damage at random ----------------------------------------------------------------------------


def read_or_refuse(path, content):
    path.write_bytes(content)
    try:
        table, account = bra.read_export(path)
    except DataError as error:
        assert error.problems and all(str(path) in line for line in error.problems)
    else:
        assert account.balanced and account.kept == len(table)
        assert not table.duplicated(databasfil.CELL).any()


@quick
@given(st.sampled_from([b"", f"{HEADER}\n".encode()]), st.binary(max_size=300))
def test_random_bytes_are_refused_or_accounted_for(tmp_path, heading, content):
    read_or_refuse(tmp_path / "export.txt", heading + content)


pieces = st.sampled_from([b";", b"\n", b"\r", b"..", b"0", b"\xa0", b"\0"])


@quick
@given(st.data())
def test_an_export_changed_at_random_is_refused_or_accounted_for(tmp_path, data):
    content = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(len(HEADER), len(content)))
        length = data.draw(st.integers(0, 40))
        content[place : place + length] = data.draw(st.binary(max_size=3) | pieces)
    read_or_refuse(tmp_path / "export.txt", bytes(content))


text = st.text(max_size=8) | st.sampled_from(["", "..", "0", "År", "2015", *GROUPS])
odd_row = st.builds(
    row,
    text | st.sampled_from(["Ale kommun", "Heby kommun", "Hela landet"]),
    text | st.sampled_from(GROUPS),
    st.sampled_from(["2015;Jan", "2015 prel.;Jan", "År;2015", "År;Jan", "2015;"]),
    text | st.integers(-1, 3),
    text | st.integers(0, 1),
)
sound_row = st.builds(
    row,
    st.sampled_from(["Heby kommun", "Ale kommun", "Xby kommun"]),
    st.sampled_from(["Totalt antal brott", "Vapenbrott", "Sjöfylleri"]),
    st.sampled_from(["2015;Jan", "2015 prel.;Jan"]),
    st.sampled_from(["0", "0", "5", ".."]),
    st.just(1),
)


@quick
@given(st.lists(odd_row, max_size=8) | st.lists(sound_row, min_size=1, max_size=8))
def test_rows_made_at_random_are_refused_or_accounted_for(tmp_path, rows):
    content = "\n".join([HEADER, *rows, ""]).encode("utf-8", "replace")
    read_or_refuse(tmp_path / "export.txt", content)
