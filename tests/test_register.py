"""The register of measures: lenient in form, strict in sense, every fault at once."""

from __future__ import annotations

import csv
import io
import json
import math
import time
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brapkg import areas, evidence, paths
from brapkg.effects import cells, register
from brapkg.errors import DataError, UsageError

GOOD = {
    "id": "lampor-i-parken",
    "title": "Lampor i parken",
    "problem": "vandalism",
    "measure": "",
    "treated": "10",
    "comparison": "04 06",
    "nearby": "07",
    "start": "2014-01",
    "run_in": "2",
    "end": "",
    "cost": "250 000",
    "owner": "Gatukontoret",
    "outcome": "damage",
    "expected": "Färre klotter",
    "expected_change": "-20",
    "placebo": "nej",
}
HEADS = list(GOOD)


@pytest.fixture(autouse=True)
def knowledge(monkeypatch):
    """The knowledge base has tests of its own."""
    known = (("vandalism", "bicycle-theft"), ("street-lighting",))
    monkeypatch.setattr(register, "_knowledge", lambda: known)
    register._readers.cache_clear()
    yield
    register._readers.cache_clear()


def text(*rows: dict, heads=HEADS, separator=";") -> str:
    out = io.StringIO()
    write = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    write.writerow(heads)
    write.writerows([[{**GOOD, **row}.get(head, "") for head in heads] for row in rows])
    return out.getvalue()


@pytest.fixture
def written(tmp_path):
    """Writes a register, as text or bytes, and reads it."""

    def write(content: str | bytes, encoding: str = "utf-8-sig") -> register.Register:
        path = tmp_path / "measures.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return register.read(path)

    return write


@pytest.fixture
def cell(written):
    """What one cell becomes, or the one problem it makes."""

    def read(**changed: str):
        found = written(text(changed))
        if found.problems:
            assert not found.measures
            (problem,) = found.problems
            assert "measures.csv, line 2, column " + next(iter(changed)) in problem
            return problem
        (one,) = found.measures
        return getattr(one, next(iter(changed)))

    return read


# --- what is read


def test_a_row_becomes_a_measure(written):
    (one,) = written(text({})).measures
    assert (one.id, one.treated, one.comparison, one.nearby) == ("lampor-i-parken", ("10",), ("04", "06"), ("07",))
    assert (one.start, one.run_in, one.end, one.cost) == ((2014, 1), 2, None, 250_000)
    assert (one.outcome, one.expected_change, one.placebo, one.line) == ("damage", -20, False, 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_what_a_spreadsheet_saves_is_read(written, encoding, separator):
    (one,) = written(text({"title": "Påhittad: å, ä; ö"}, separator=separator), encoding).measures
    assert one.title == "Påhittad: å, ä; ö" and one.expected == "Färre klotter"


def test_what_excel_adds_is_passed_over(written):
    content = "sep=;\r\n" + text({}) + ";" * 15 + "\r\n\r\n"
    found = written(content)
    assert len(found.measures) == 1 and not found.problems
    assert found.measures[0].line == 3


def test_columns_may_stand_in_any_order_and_under_their_swedish_titles(written):
    titles = {name: told["title"] for name, told in register.columns().items()}
    heads = HEADS[::-1]
    content = text({}, heads=heads).replace("start", titles["start"]).replace("run_in", "Run-in", 1)
    (one,) = written(content).measures
    assert one.start == (2014, 1) and one.run_in == 2


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("2014-1", (2014, 1)),
        ("2014/01", (2014, 1)),
        ("201412", (2014, 12)),
        ("2014-03-01", (2014, 3)),
        ("2014-03-01 00:00:00", (2014, 3)),
        ("jan-14", (2014, 1)),
        ("Maj 2014", (2014, 5)),
        ("okt-16", (2016, 10)),
        (" 2014 - 02 ", (2014, 2)),
    ],
)
def test_months_in_the_forms_that_people_and_excel_write(cell, told, read):
    assert cell(start=told) == read


@pytest.mark.parametrize(
    "told", ["2014", "2014-13", "2014-00", "14-01", "2014-01-15", "i våras", "1914-01", "x-14", "²014-01"]
)
def test_what_is_no_month_is_refused(cell, told):
    assert "month" in cell(start=told)


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("250000", 250_000),
        ("250\u00a0000 kr", 250_000),
        ("1 250 000,50", 1_250_000.5),
        ("0", 0),
        ("", None),
        ("99.5 kronor", 99.5),
    ],
)
def test_kronor_with_spaces_and_decimal_comma(cell, told, read):
    assert cell(cost=told) == read


@pytest.mark.parametrize(
    "told", ["250.000", "250,000", "1.250.000", "-5", "gratis", "1e6", "NaN", "inf", "٣٠٠", "9" * 30]
)
def test_costs_that_can_be_read_in_two_ways_or_none_are_refused(cell, told):
    assert "column cost" in cell(cost=told)


@pytest.mark.parametrize(("told", "read"), [("-20", -20), ("\u221220 %", -20), ("-12,5", -12.5), ("", None)])
def test_expected_falls(cell, told, read):
    assert cell(expected_change=told) == read


@pytest.mark.parametrize("told", ["20", "0", "-0,2", "-100", "-250", "mindre"])
def test_an_expected_fall_must_be_one(cell, told):
    assert "column expected_change" in cell(expected_change=told)


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("2425 0980", ("2425", "0980")),
        ("980", ("0980",)),
        ("9", ("09",)),
        ("Bjurholm|Dorotea", ("2403", "2425")),
        ("Västra Götalands län | Örebro län", ("14", "18")),
        ("Upplands Väsby", ("0114",)),
        ("Bjurholm Dorotea", ("2403", "2425")),
        ("2425 2425", ("2425",)),
        ("24, 25", ("24", "25")),
    ],
)
def test_areas_by_code_or_name(cell, told, read):
    assert cell(treated=told) == read


@pytest.mark.parametrize(
    ("told", "hint"),
    [
        ("Gotland", "several areas"),
        ("00", "nation"),
        ("P01", "police region"),
        ("A1", "is a group"),
        ("9999", "No area"),
        ("Bjurhlom", "Bjurholm"),
        ("|", "no area"),
        ("", "must be filled in"),
        ("2425 Atlantis", "Atlantis"),
    ],
)
def test_areas_that_are_none(cell, told, hint):
    assert hint in cell(treated=told)


@pytest.mark.parametrize(
    ("told", "read"),
    [("damage", "damage"), ("Skadegörelsebrott (inkl. mordbrand)", "damage"), ("VÅLDSBROTT", "violence")],
)
def test_outcomes_by_id_or_swedish_name(cell, told, read):
    assert cell(outcome=told) == read


def test_unknown_ids_name_what_there_is(cell):
    assert "damage" in cell(outcome="klotter")
    assert "did you mean vandalism" in cell(problem="vandalisme")
    assert "street-lighting" in cell(measure="street-lightning")


@pytest.mark.parametrize(("told", "read"), [("ja", True), ("YES", True), ("SANT", True), ("", False), ("0", False)])
def test_yes_and_no(cell, told, read):
    assert cell(placebo=told) is read
    assert "yes (ja) or no (nej)" in cell(placebo="kanske")


@pytest.mark.parametrize("told", ["../../etc", "å", "a b!", "-a", "a--b", "x" * 61, "CON.", ""])
def test_ids_that_cannot_be_a_file_name_are_refused(cell, told):
    assert "column id" in cell(id=told)


def test_an_id_is_made_plain(cell):
    assert cell(id=" Lampor i_Parken ") == "lampor-i-parken"


# --- what is refused


def test_all_faults_are_told_at_once_and_right_rows_are_made(written):
    found = written(text({"id": "a"}, {"id": "b", "start": "x", "cost": "y", "treated": "9999"}, {"id": "c"}))
    assert [one.id for one in found.measures] == ["a", "c"]
    assert len(found.problems) == 3 and all("line 3, column" in problem for problem in found.problems)
    assert [problem.split("column ")[1].split(":")[0] for problem in found.problems] == ["treated", "start", "cost"]
    assert all("found '" in problem for problem in found.problems)


def test_two_rows_with_one_id_are_both_refused(written):
    found = written(text({"id": "a"}, {"id": "b"}, {"id": "A"}))
    assert [one.id for one in found.measures] == ["b"]
    assert len(found.problems) == 2 and all("lines 2 and 4" in problem for problem in found.problems)


def test_an_end_before_the_start(cell):
    assert "before the start" in cell(end="2013-12")


@pytest.mark.parametrize("told", ["=1+1", "@SUM(A1)", "+46 8", "-x", "#NAMN?", "#REF!", "########"])
def test_formulas_and_errors_of_spreadsheets_are_refused(cell, told):
    assert "spreadsheet" in cell(title=told)


@pytest.mark.parametrize("odd", ["\x07", "\u202e", "\u200b", "\x1b[31m", "\ue000"])
def test_characters_that_cannot_be_seen_are_refused(cell, odd):
    assert "invisible character" in cell(title=f"Lam{odd}por")


def test_line_breaks_in_a_cell_become_spaces_and_lines_are_counted(written):
    found = written(text({"id": "a", "expected": "en\r\ntvå\n\ntre"}, {"id": "b", "start": ""}))
    assert found.measures[0].expected == "en två tre"
    assert "line 6, column start" in found.problems[0]


def test_long_texts_are_refused(cell):
    assert "601 characters" in cell(owner="x" * 601)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\r\n \r\n"])
def test_an_empty_file_says_so(written, content):
    found = written(content)
    assert not found.measures and "is empty" in found.problems[0]


def test_a_missing_file_is_an_empty_register(tmp_path):
    found = register.read(tmp_path / "measures.csv")
    assert found.measures == () and found.problems == ()


def test_a_folder_in_its_place_is_told(tmp_path):
    assert "cannot be read" in register.read(tmp_path).problems[0]


def test_a_heading_alone_holds_no_measures(written):
    assert written(text()) == register.Register(path=written(text()).path)


@pytest.mark.parametrize("content", ["\ufeffid;titel".encode("utf-16"), b"PK\x03\x04rest", b"id;title\0"])
def test_workbooks_and_other_encodings_are_refused(written, content):
    assert "no CSV text" in written(content).problems[0]


def test_a_heading_without_its_columns(written):
    found = written("namn;plats\r\nx;y\r\n")
    assert len(found.problems) == 1 and "line 1: lacks the columns id, title" in found.problems[0]


def test_a_column_that_stands_twice(written):
    assert "'start' stands 2 times" in written(text({}, heads=[*HEADS, "start"])).problems[0]


def test_a_column_that_is_unknown_is_told_and_the_rows_are_made(written):
    found = written(text({}, heads=[*HEADS, "anteckning"]))
    assert len(found.measures) == 1 and "'anteckning'" in found.problems[0]


def test_a_heading_that_comes_again(written):
    found = written(text({"id": "a"}) + text({"id": "b"}))
    assert [one.id for one in found.measures] == ["a", "b"]
    assert found.problems == (found.problems[0],) and "line 3: the heading" in found.problems[0]


def test_too_many_cells(written):
    found = written(text({"id": "a"}).rstrip() + ";mer\r\n" + text({"id": "b"}).split("\r\n")[1])
    assert [one.id for one in found.measures] == ["b"] and "17 cells under 16" in found.problems[0]


def test_a_quote_that_is_never_closed_leaves_the_rows_before(written):
    found = written(text({"id": "a"}) + '"b;x\r\nc;y\r\n')
    assert [one.id for one in found.measures] == ["a"] and "line 3: a cell's quotes" in found.problems[0]


def test_ten_thousand_rows(written):
    rows = [{"id": f"m-{n}", "treated": "Bjurhlom" if n % 2 else "10"} for n in range(10_000)]
    began = time.perf_counter()
    found = written(text(*rows))
    assert len(found.measures) == len(found.problems) == 5000
    assert time.perf_counter() - began < 10


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.integers(0, 300))
def test_no_bytes_make_it_fall(written, noise, place):
    good = text({}).encode("cp1252")
    found = written(good[:place] + noise + good[place:])
    assert isinstance(found, register.Register)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(HEADS), st.text(max_size=40)))
def test_no_cell_makes_it_fall_and_every_fault_is_placed(written, changed):
    found = written(text(changed), "utf-8") if "\ud800" not in str(changed) else None
    for problem in found.problems:
        assert "measures.csv" in problem


# --- one measure


def test_one_measure_by_its_id(written):
    found = written(text({"id": "a"}, {"id": "b", "start": "x"}))
    assert found.measure("a").id == found.measure(" A ").id == "a"
    with pytest.raises(DataError, match="line 3, column start"):
        found.measure("b")
    with pytest.raises(UsageError, match="There are: a"):
        found.measure("c")
    with pytest.raises(UsageError):
        found.measure(7)


def test_a_workspace_without_a_register_says_how_to_begin(tmp_path, monkeypatch):
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="measures.template.csv"):
        register.measure("a")


# --- what comes with the project


def test_the_shipped_register_is_a_placebo_that_says_so(monkeypatch):
    monkeypatch.undo()  # with the knowledge base as it is
    register._readers.cache_clear()
    found = register.read(paths.CLONE / "data" / "raw" / "measures.csv")
    assert found.problems == ()
    (one,) = found.measures
    assert one.placebo and one.title.startswith("Påhittad åtgärd") and one.start == (2014, 1)


def test_the_shipped_measure_follows_from_its_rule():
    """Chosen without a look at results: each part is worked out anew from residents, borders and sums."""
    raw = paths.CLONE / "data" / "raw"
    (row,) = csv.DictReader((raw / "measures.csv").read_text("utf-8-sig").splitlines(), delimiter=";")
    neighbours, residents, events = {}, Counter(), Counter()
    for one in areas.municipalities():
        beyond = {code[:2] for code in one.neighbours} - {one.county}
        neighbours.setdefault(one.county, set()).update(beyond)
    for told in csv.DictReader((raw / "population.csv").read_text("utf-8").splitlines()):
        residents[told["area"][:2]] += int(told["residents"]) * (told["year"] == "2013")
    smallest = min((code for code in neighbours if neighbours[code]), key=residents.__getitem__)
    assert row["treated"] == smallest and set(row["nearby"].split()) == neighbours[smallest]
    rest = [code for code in neighbours if code not in {smallest, *neighbours[smallest]}]
    rest.sort(key=lambda code: abs(math.log(residents[code] / residents[smallest])))
    assert set(row["comparison"].split()) == set(rest[:4])
    with (raw / "offences_county_month.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    first = min((int(told["year"]), int(told["month"])) for told in rows)
    assert row["start"] == f"{first[0] + 1}-{first[1]:02d}"
    followed = [offence for problem in evidence.problems().values() for offence in problem.offences]
    for told in rows:
        events[told["offence"]] += int(told["count"]) * (told["year"] == str(first[0]))
    assert row["outcome"] == max(followed, key=events.__getitem__)
    assert row["problem"] == next(id for id, told in evidence.problems().items() if row["outcome"] in told.offences)


def placebo(title: str) -> register.Measure:
    return register.Measure("a", title, "vandalism", ("10",), ("04",), (2014, 1), "damage", placebo=True)


@pytest.mark.parametrize(
    ("title", "sv", "en"),
    [
        (
            "Påhittad åtgärd: ingenting gjordes",
            "Påhittad åtgärd: ingenting gjordes",
            "Made-up measure: nothing was done",
        ),
        ("Påhittad åtgärd", "Påhittad åtgärd", "Made-up measure: nothing was done"),
        ("påhittad åtgärd: Lampor", "påhittad åtgärd: Lampor", "Made-up measure, nothing was done: Lampor"),
        ("Lampor", "Påhittad åtgärd, ingenting gjordes: Lampor", "Made-up measure, nothing was done: Lampor"),
    ],
)
def test_a_made_up_measure_is_marked_in_both_languages(title, sv, en):
    assert (placebo(title).label("sv"), placebo(title).label("en")) == (sv, en)


def test_a_real_measure_keeps_its_title():
    real = replace(placebo("Lampor i {parken}"), placebo=False)
    assert real.label("sv") == real.label("en") == "Lampor i {parken}"


def test_the_template_has_the_schema_s_columns():
    content = (paths.CLONE / "data" / "raw" / "measures.template.csv").read_text("utf-8-sig")
    assert content.strip().split(";") == list(register.columns()) == HEADS


def test_the_schema_s_own_examples_are_right(written):
    fields = json.loads(register.SCHEMA.read_text("utf-8"))["fields"]
    found = written(text({told["name"]: told["example"] for told in fields}))
    assert found.problems == () and found.measures[0].id == "gatubelysning-2014"


def test_numbers_are_plain_digits():
    with pytest.raises(ValueError):
        cells.number("1_000")
