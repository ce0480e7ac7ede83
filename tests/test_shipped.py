"""The tables of data/raw: as they were written, whole, and in agreement with the producers."""

from __future__ import annotations

import shutil
import tomllib

import pandas as pd
import pytest

from brapkg import areas, catalogue, paths
from brapkg.errors import DataError
from brapkg.sources import shipped, snapshot

RAW = paths.CLONE / "data" / "raw"
with shipped.RECORDS.open("rb") as file:
    RECORDS = tomllib.load(file)
TABLES = list(RECORDS)
CODES = {"area": str, "code": str, "county": str}
MUNICIPALITIES = {m.code for m in areas.municipalities()}
GROUPS = set(catalogue.offences("groups"))


def table(name):
    return pd.read_csv(RAW / f"{name}.csv", dtype=CODES, keep_default_na=False)


def official(year, kind):
    totals = table("official_totals").query("offence == 'total' and year == @year")
    return totals[totals["area"].map(lambda code: areas.get(code).kind) == kind]


# --- the sidecars --------------------------------------------------------------------------------


def test_every_table_has_a_record_and_every_record_a_table():
    shipped = {path.stem for path in RAW.glob("*.csv") if not path.stem.endswith(".template")}
    assert shipped - {"measures", "structure"} == set(TABLES), "the registers are people's own"


@pytest.mark.parametrize("name", TABLES)
def test_a_table_and_its_sidecar_are_as_they_were_written(name):
    told = snapshot.verify(RAW / f"{name}.csv")
    assert told["rows"] == len(table(name))
    assert {key: told[key] for key in RECORDS[name]} == RECORDS[name]


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("suffix", ["", snapshot.SUFFIX])
def test_one_changed_digit_in_table_or_sidecar_is_refused_by_name(tmp_path, name, suffix):
    for path in RAW.glob(f"{name}.csv*"):
        shutil.copy(path, tmp_path)
    changed = tmp_path / f"{name}.csv{suffix}"
    changed.write_bytes(changed.read_bytes().replace(b"1", b"7", 1))
    with pytest.raises(DataError, match=f"{name}.csv: does not match"):
        snapshot.verify(tmp_path / f"{name}.csv")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_columns_its_record_explains_and_no_empty_cells(name):
    found = table(name)
    assert list(found.columns) == list(RECORDS[name]["columns"])
    empty = (found == "").sum()
    assert empty[empty > 0].to_dict() == ({"neighbours": 1} if name == "municipalities" else {})


# --- what they hold ------------------------------------------------------------------------------


def test_municipality_years_are_every_municipality_group_and_year_once():
    years = table("offences_municipality_year")
    assert len(years) == 290 * 10 * 4 == 11_600
    assert not years.duplicated(["area", "offence", "year"]).any()
    assert set(years["area"]) == MUNICIPALITIES and set(years["offence"]) == GROUPS
    assert set(years["year"]) == {2013, 2014, 2015, 2016} and years["count"].min() >= 0


def test_county_months_are_every_county_group_and_month_once():
    months = table("offences_county_month")
    assert len(months) == 21 * 10 * 48 == 10_080
    assert not months.duplicated(["area", "offence", "year", "month"]).any()
    assert set(months["area"]) == {c.code for c in areas.counties()}
    assert set(months["offence"]) == GROUPS and set(months["month"]) == set(range(1, 13))


@pytest.mark.parametrize("name", ["offences_municipality_year", "offences_county_month"])
def test_2016_and_only_2016_is_preliminary(name):
    statuses = table(name).groupby("status")["year"].unique().map(sorted).to_dict()
    assert statuses == {"final": [2013, 2014, 2015], "preliminary": [2016]}


def test_the_municipalities_add_up_to_the_known_sums():
    totals = table("offences_municipality_year").query("offence == 'total'")
    sums = totals.groupby("year")["count"].sum().to_dict()
    assert sums == {2013: 1_176_244, 2014: 1_218_815, 2015: 1_265_633, 2016: 1_252_386}


def test_no_group_exceeds_the_total_but_their_sum_does_in_some_places_and_not_in_others():
    years = table("offences_municipality_year")
    wide = years.pivot(index=["area", "year"], columns="offence", values="count")
    total = wide.pop("total")
    assert (wide.max(axis=1) <= total).all()
    assert (wide.sum(axis=1) > total).any() and (wide.sum(axis=1) < total).any()


def test_the_months_of_the_counties_add_up_to_the_years_of_their_municipalities():
    years = table("offences_municipality_year")
    by_county = years.assign(area=years["area"].str[:2]).groupby(["area", "offence", "year"])
    by_month = table("offences_county_month").groupby(["area", "offence", "year"])
    pd.testing.assert_series_equal(by_month["count"].sum(), by_county["count"].sum())


def test_the_counties_of_2014_add_up_to_the_nation():
    assert len(official(2014, "county")) == 21
    assert official(2014, "county")["count"].sum() == 1_443_753
    assert official(2014, "nation")["count"].tolist() == [1_443_753]


def test_the_police_regions_of_2015_add_up_to_the_nation():
    assert len(official(2015, "police_region")) == 7
    assert official(2015, "police_region")["count"].sum() == 1_503_399
    assert official(2015, "nation")["count"].tolist() == [1_503_399]


def test_official_totals_of_counties_end_in_2014_and_of_regions_begin_in_2015():
    totals = table("official_totals").query("offence == 'total'")
    kind = totals["area"].map(lambda code: areas.get(code).kind)
    years = totals.groupby(kind)["year"].unique().map(sorted).to_dict()
    assert years["county"] == [2011, 2012, 2013, 2014]
    assert years["police_region"] == [2015, 2016]


def test_official_totals_are_of_known_series_once_and_2016_is_preliminary():
    totals = table("official_totals")
    assert not totals.duplicated(["area", "offence", "year"]).any()
    assert set(totals["offence"]) == {"total", *catalogue.offences("nation")}
    assert ((totals["status"] == "preliminary") == (totals["year"] == 2016)).all()


def test_the_municipalities_cover_77_to_88_per_cent_of_their_county_in_2014():
    totals = table("offences_municipality_year").query("offence == 'total' and year == 2014")
    sums = totals.groupby(totals["area"].str[:2])["count"].sum()
    coverage = sums / official(2014, "county").set_index("area")["count"]
    assert (coverage.round(2).min(), coverage.round(2).max()) == (0.77, 0.88)


def test_the_municipalities_cover_83_to_86_per_cent_of_their_police_region_in_2015():
    totals = table("offences_municipality_year").query("offence == 'total' and year == 2015")
    sums = totals.groupby(totals["area"].map(lambda c: areas.get(c).police_region))["count"].sum()
    coverage = sums / official(2015, "police_region").set_index("area")["count"]
    assert (coverage.round(2).min(), coverage.round(2).max()) == (0.83, 0.86)


def test_residents_are_there_for_every_municipality_and_year_but_2020_to_2023():
    people = table("population")
    assert set(people["area"]) == MUNICIPALITIES and people["residents"].min() > 2_000
    years = [*range(2011, 2020), 2024, 2025]
    assert people["year"].value_counts().to_dict() == dict.fromkeys(years, 290)


def test_the_median_and_the_smallest_municipality_of_2015_are_as_known():
    residents = table("population").query("year == 2015")["residents"]
    assert round(residents.median(), -2) == 15_500 and residents.min() == 2_453


def test_the_published_rates_of_2025_are_of_every_municipality_once():
    rates = table("reported_offences_2025")
    assert sorted(rates["area"]) == sorted(MUNICIPALITIES) and set(rates["year"]) == {2025}


def test_every_municipality_has_seven_similar_ones_that_are_not_itself():
    similar = table("municipalities").set_index("code")["similar"].str.split()
    assert len(similar) == 290 and set(similar.str.len()) == {7}
    for code, codes in similar.items():
        assert len(set(codes)) == 7 and set(codes) <= MUNICIPALITIES - {code} and codes == sorted(codes)


# --- computing them again ------------------------------------------------------------------------


def test_a_third_of_municipality_months_lacks_weapons_and_the_median_has_11_violent(months):
    cells, _ = months
    weapons = cells.loc[cells["offence"] == "weapons", "count"]
    violence = cells.loc[cells["offence"] == "violence", "count"]
    assert round((weapons == 0).mean(), 2) == 0.35 and violence.median() == 11


@pytest.fixture
def read_already(monkeypatch, months):
    """The 48 exports need not be read again."""
    monkeypatch.setattr(shipped.bra, "read_exports", lambda paths: months)


def test_the_producers_files_give_the_committed_bytes(shared_data, tmp_path, read_already):
    written = shipped.write_tables(shared_data, tmp_path / "raw")
    studies = {name for name in TABLES if name.endswith("_study")}  # written by benchmarks/placebos.py
    assert {path.stem for path in written} == set(TABLES) - studies
    for path in (tmp_path / "raw").iterdir():
        assert path.read_bytes() == (RAW / path.name).read_bytes(), path.name


def refused(source, target):
    """What is said against the source; the target must be untouched."""
    target.mkdir()
    (target / "population.csv").write_text("as it was", encoding="utf-8")
    with pytest.raises(DataError) as error:
        shipped.write_tables(source, target)
    assert [path.read_text(encoding="utf-8") for path in target.iterdir()] == ["as it was"]
    return error.value.problems


def linked(source, folder, without=""):
    """A folder like the source, but for one file."""
    for path in source.rglob("*.*"):
        here = folder / path.relative_to(source)
        if path.is_file() and str(path.relative_to(source)) != without:
            here.parent.mkdir(parents=True, exist_ok=True)
            here.symlink_to(path)
    return folder


def test_a_folder_without_exports_is_refused_with_what_it_lacks(tmp_path):
    (line,) = refused(tmp_path, tmp_path / "raw")
    assert f"has no folder {shipped.EXPORTS}" in line


NEEDED = """bra/other/riket_2000_2016.csv bra/other/lan_and_police_region_totals_2011_2016.csv
    bra/other/kommun_totals_2021.csv population/kolada_invanare_1998_2019_tidy.csv
    population/scb_population_2024.csv population/kolada_invanare_2025.csv
    kolada/n07540_reported_offences_2025.csv classification/municipalities.csv
    classification/neighbours.csv"""


@pytest.mark.parametrize("name", NEEDED.split())
def test_a_missing_file_is_refused_by_name(shared_data, tmp_path, read_already, name):
    (line,) = refused(linked(shared_data, tmp_path / "source", without=name), tmp_path / "raw")
    assert f"{name}: is missing" in line


def test_missing_months_are_all_named(shared_data, tmp_path):
    folder = tmp_path / "source" / shipped.EXPORTS
    folder.mkdir(parents=True)
    (folder / "only.txt").symlink_to(shared_data / shipped.EXPORTS / "DatabasfilMay2014.txt")
    lines = refused(tmp_path / "source", tmp_path / "raw")
    assert len(lines) == 47 and "2013-01 has 0 of 2900 cells" in lines[0]
    assert not any("2014-05" in line for line in lines)


def test_a_damaged_export_is_refused_with_its_line(shared_data, tmp_path):
    folder = tmp_path / "source" / shipped.EXPORTS
    folder.mkdir(parents=True)
    whole = (shared_data / shipped.EXPORTS / "DatabasfilMay2014.txt").read_bytes()
    (folder / "cut.txt").write_bytes(whole[:100_000])
    (line,) = refused(tmp_path / "source", tmp_path / "raw")
    assert "cut.txt, line 1915: " in line and "may be cut off" in line


@pytest.mark.parametrize("name", ["scb_population_2024.csv", "kolada_invanare_2025.csv"])
def test_a_list_that_lacks_a_municipality_is_refused(shared_data, tmp_path, read_already, name):
    source = linked(shared_data, tmp_path / "source", without=f"population/{name}")
    lines = (shared_data / "population" / name).read_text(encoding="utf-8").splitlines()
    (source / "population" / name).write_text("\n".join(lines[:-1]), encoding="utf-8")
    (line,) = refused(source, tmp_path / "raw")
    assert f"{name}: " in line and "289 municipalities" in line


# --- producers' files that are wrong -------------------------------------------------------------


def with_text(source, folder, name, change):
    """A folder like the source, with one file's text changed."""
    here = linked(source, folder, without=name) / name
    here.write_text(change((source / name).read_text(encoding="utf-8")), encoding="utf-8")
    return folder


HEADINGS = {
    "bra/other/riket_2000_2016.csv": "timepoint",
    "bra/other/lan_and_police_region_totals_2011_2016.csv": "antal",
    "bra/other/kommun_totals_2021.csv": "name",
    "population/kolada_invanare_1998_2019_tidy.csv": "invanare",
    "population/scb_population_2024.csv": "population",
    "population/kolada_invanare_2025.csv": "N01951_invanare",
    "kolada/n07540_reported_offences_2025.csv": "N07540_ar",
    "classification/municipalities.csv": "county_code",
    "classification/neighbours.csv": "skl_code",
}


@pytest.mark.parametrize("name", HEADINGS)
def test_a_wrong_heading_is_refused_with_the_columns_found_and_needed(shared_data, tmp_path, read_already, name):
    column = HEADINGS[name]
    source = with_text(shared_data, tmp_path / "source", name, lambda t: t.replace(column, "other", 1))
    (line,) = refused(source, tmp_path / "raw")
    assert f"{name}, line 1: lacks the columns {column}; found are " in line and "other" in line


@pytest.mark.parametrize("name", HEADINGS)
@pytest.mark.parametrize("text", ["", "\n\n", "not a table"])
def test_a_file_that_is_no_table_is_refused_by_name(shared_data, tmp_path, read_already, name, text):
    source = with_text(shared_data, tmp_path / "source", name, lambda _: text)
    (line,) = refused(source, tmp_path / "raw")
    assert name in line


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("bra/other/riket_2000_2016.csv", "1210821", "many", 'line 2: "many" is no number for value'),
        ("bra/other/riket_2000_2016.csv", "1210821", "", 'line 2: "" is no whole number for value'),
        ("bra/other/riket_2000_2016.csv", "1210821", "0.5", 'line 2: "0.5" is no whole number'),
        ("bra/other/riket_2000_2016.csv", "2000-01-01", "in 2000", 'line 2: "in 2" is no number for timepoint'),
        ("bra/other/lan_and_police_region_totals_2011_2016.csv", "1416280", "x", '"x" is no number for antal'),
        ("population/scb_population_2024.csv", "50295", "50 295", '"50 295" is no number for population'),
        ("population/scb_population_2024.csv", "50295", "", "1 values are missing or negative"),
        ("population/kolada_invanare_2025.csv", "50495.0", "-5", "1 values are missing or negative"),
        ("population/kolada_invanare_1998_2019_tidy.csv", "Ale,", "Atlantis,", "'Atlantis'"),
        ("classification/municipalities.csv", "Upplands Väsby,01", "Upplands Väsby,99", "'99'"),
        ("bra/other/kommun_totals_2021.csv", "Ale kommun", "Ala", 'names neither "Ale kommun" nor "Ales kommun"'),
    ],
)
def test_a_wrong_cell_is_refused_with_what_it_holds(shared_data, tmp_path, read_already, name, old, new, words):
    source = with_text(shared_data, tmp_path / "source", name, lambda t: t.replace(old, new))
    lines = refused(source, tmp_path / "raw")
    assert name in lines[0] and words in lines[0]


def test_a_file_in_another_encoding_is_refused_by_name(shared_data, tmp_path, read_already):
    name = "classification/municipalities.csv"
    source = linked(shared_data, tmp_path / "source", without=name)
    (source / name).write_bytes((shared_data / name).read_text(encoding="utf-8").encode("iso-8859-1"))
    (line,) = refused(source, tmp_path / "raw")
    assert f"{name}: cannot be read as a table" in line


def test_a_list_without_the_wanted_years_is_refused(shared_data, tmp_path, read_already):
    name = "population/kolada_invanare_1998_2019_tidy.csv"
    source = with_text(shared_data, tmp_path / "source", name, lambda t: t.splitlines()[0] + "\nAle,1998,25292\n")
    (line,) = refused(source, tmp_path / "raw")
    assert f"{name}: " in line and "no rows of the years wanted" in line


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('G1,"Liknande kommuner socioekonomi, Ale, 2024",1440,Ale', '"1440" cannot be like .*Ale, 2024'),
        ('G1,"Liknande kommuner socioekonomi, Ale, 2024",9999,Nowhere', '"9999" cannot be like'),
        ('G1,"Liknande kommuner socioekonomi, Atlantis, 2024",0114,Upplands Väsby', '"0114" cannot be like .*Atlantis'),
    ],
)
def test_a_similar_municipality_that_is_none_is_refused_by_line(shared_data, tmp_path, line, told):
    path = shared_data / "classification" / "kolada_similar_municipalities.csv"
    copy = tmp_path / path.name
    copy.write_text(f"{path.read_text(encoding='utf-8')}{line}\n", encoding="utf-8")
    members = pd.read_csv(path.with_name("municipalities.csv"), dtype=str)[["municipality_code", "municipality_name"]]
    with pytest.raises(DataError, match=f"line 2032: {told}"):
        shipped._similar(copy, members)
    assert len(shipped._similar(path, members)) == 290


def test_municipalities_without_similar_ones_are_all_named(shared_data, tmp_path):
    path = shared_data / "classification" / "kolada_similar_municipalities.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    copy = tmp_path / path.name
    kept = [one for one in lines if "Bjurholm, 2024" not in one and "Dorotea, 2024" not in one]
    copy.write_text("\n".join(kept), encoding="utf-8")
    members = pd.read_csv(path.with_name("municipalities.csv"), dtype=str)[["municipality_code", "municipality_name"]]
    with pytest.raises(DataError) as error:
        shipped._similar(copy, members)
    assert len(error.value.problems) == 2 and "2403" in str(error.value) and "2425" in str(error.value)
