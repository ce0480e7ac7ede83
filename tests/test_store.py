"""The store: the same bytes from the same inputs, a package that describes itself, and loading."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from conftest import export, row

from brapkg import areas, indicators, profile, schemas, store
from brapkg.errors import DataError

TABLES = list(schemas.tables())
THEFT = [row("Gotlands kommun", "Stöldbrott", f"2017;{month}", 7, 20) for month in ("Jan", "Feb")]


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def package(processed):
    return json.loads((processed / store.PACKAGE).read_text(encoding="utf-8"))


# --- the same inputs give the same bytes ---------------------------------------------------------


def test_another_process_with_other_hashes_writes_the_same_bytes(raw, processed):
    target = raw.parent / "processed"
    code = f"from pathlib import Path; from brapkg import store; store.build(Path({str(raw)!r}), Path({str(target)!r}))"
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=Path(store.__file__).parents[2])
    assert content(target) == content(processed)


def test_the_order_in_which_files_are_listed_does_not_matter(raw, monkeypatch, quick):
    export(raw / "bra", THEFT[:1], name="a.txt")
    export(raw / "bra", THEFT[1:], name="b.txt")
    store.build(raw, raw.parent / "one")
    plain = Path.glob
    monkeypatch.setattr(Path, "glob", lambda self, pattern: sorted(plain(self, pattern), reverse=True))
    store.build(raw, raw.parent / "two")
    assert content(raw.parent / "one") == content(raw.parent / "two")


def test_the_place_of_the_workspace_leaves_no_mark(processed, raw):
    written = content(processed)
    for part in (str(processed.parent), str(raw.parent), str(Path.home())):
        assert not any(part.encode() in found for found in written.values())


def test_48_exports_add_months_of_municipalities_and_change_no_other_figure(processed, processed_whole):
    without, whole = content(processed), content(processed_whole)
    different = {name for name in without if without[name] != whole[name]}
    monthly = {f"{name}.parquet" for name in ("offences_month", "trend", "trend_line", "season", "signals")}
    assert different == {*monthly, "placebos.parquet", "withheld.parquet", store.PACKAGE}
    months = store.load("offences_month", processed_whole)
    municipal = months["area"].str.len() == 4
    assert municipal.sum() == 290 * 10 * 48
    known = store.load("offences_month", processed)
    pd.testing.assert_frame_equal(months[~municipal].reset_index(drop=True), known)
    placebos = store.load("placebos", processed_whole)
    counties = placebos[placebos["kind"] == "county"].reset_index(drop=True)
    pd.testing.assert_frame_equal(counties, store.load("placebos", processed))


# --- the package ---------------------------------------------------------------------------------


def test_the_package_has_what_the_standard_asks_for(package):
    assert re.fullmatch(r"[a-z0-9._-]+", package["name"])
    assert package["$schema"].endswith("datapackage.json") and package["title"]
    names = [resource["name"] for resource in package["resources"]]
    assert names == TABLES and len(set(names)) == len(names)
    assert "created" not in package  # a date would change the bytes of every build


@pytest.mark.parametrize("name", TABLES)
def test_a_resource_tells_size_and_hash_of_its_file(package, processed, name):
    (told,) = [resource for resource in package["resources"] if resource["name"] == name]
    path = processed / told["path"]
    assert not Path(told["path"]).is_absolute() and ".." not in told["path"]
    assert told["bytes"] == path.stat().st_size
    assert told["hash"] == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert told["format"] == "parquet" and told["title"] and told["description"]


@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_described_with_the_type_it_has(package, processed, name):
    (told,) = [resource for resource in package["resources"] if resource["name"] == name]
    table, fields = store.load(name, processed), told["schema"]["fields"]
    assert [field["name"] for field in fields] == list(table.columns)
    assert all(field["description"] for field in fields)
    assert {field["name"]: schemas.DTYPES[field["type"]] for field in fields} == {
        column: str(dtype) for column, dtype in table.dtypes.items()
    }
    assert not table.duplicated(told["schema"]["primaryKey"]).any()
    # What a user fetches does not come with the project.
    assert bool(len(table)) == (name not in ("context", "survey"))


def test_the_sources_of_the_figures_are_listed_with_their_hashes(package):
    assert [Path(source["path"]).stem for source in package["sources"]] == [
        "municipalities",
        "offences_municipality_year",
        "offences_county_month",
        "official_totals",
        "population",
        "reported_offences_2025",
    ]
    assert all(source["title"] and re.fullmatch("[0-9a-f]{64}", source["sha256"]) for source in package["sources"])


def test_every_file_of_the_store_is_in_the_package(package, processed):
    listed = {resource["path"] for resource in package["resources"]} | {store.PACKAGE}
    assert set(content(processed)) == listed


# --- what a plan asks of the store ---------------------------------------------------------------


def old(processed: Path, folder: Path, **changes: object) -> Path:
    """A copy of the store in which the package's file says something else."""
    shutil.copytree(processed, folder)
    path = folder / store.PACKAGE
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    return folder


@pytest.mark.usefixtures("built")
def test_the_years_to_report_are_those_of_the_pages_with_their_status(processed):
    assert list(store.periods()) == profile.periods() == [2013, 2014, 2015, 2016]
    for period, status in store.periods().items():
        assert {profile.county(county.code, period).status for county in areas.counties()} == {status}
    assert store.periods(processed)[2016] == "preliminary"


def test_a_year_without_every_municipality_is_none_to_report(raw, quick, monkeypatch):
    """The years are those of the table that is written, not those of the exports."""
    compute = indicators.compute

    def lacking(told):
        made = compute(told)
        rates = made["rates"]
        nation = (rates["area"] == "00") & (rates["year"] == 2014)
        return made | {"rates": rates.assign(missing=rates["missing"].mask(nation, "no_population"))}

    monkeypatch.setattr(indicators, "compute", lacking)
    store.build(raw, raw.parent / "processed")
    assert list(store.periods(raw.parent / "processed")) == [2013, 2015, 2016]


@pytest.mark.parametrize("periods", [None, [], 2016, {"every": "final"}])
def test_a_store_that_does_not_tell_its_years_is_to_be_built(processed, tmp_path, periods):
    with pytest.raises(DataError, match="does not tell which years it holds. Run `brapkg build`"):
        store.periods(old(processed, tmp_path / "old", periods=periods))


def test_the_hashes_are_those_of_the_files_as_they_are(processed):
    files = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in processed.glob("*.parquet")}
    assert store.hashes(processed) == {name: f"sha256:{known}" for name, known in files.items()}


def test_every_table_that_is_not_as_built_is_told_at_once(processed, tmp_path):
    folder = old(processed, tmp_path / "old")
    (folder / "funnel.parquet").unlink()
    (folder / "trend.parquet").write_bytes(b"")
    with pytest.raises(DataError) as refused:
        store.hashes(folder)
    assert [re.search(r"(\w+)\.parquet: is missing or was changed", line)[1] for line in refused.value.problems] == [
        "funnel",
        "trend",
    ]


@pytest.mark.parametrize("resources", [None, 1, [1], [{}], [{"name": 1, "path": "a", "hash": "b"}]])
def test_a_package_that_makes_no_sense_is_refused(processed, tmp_path, resources):
    folder = old(processed, tmp_path / "old", resources=resources)
    for asked in (store.package, store.hashes, store.periods, store.check_settings):
        with pytest.raises(DataError, match=r"datapackage\.json: was changed since it was built"):
            asked(folder)


@pytest.mark.parametrize("asked", [store.package, store.hashes, store.periods, store.check_settings])
def test_without_a_store_every_question_names_the_remedy(tmp_path, asked):
    with pytest.raises(DataError, match="holds no tables yet. Run `brapkg build` first"):
        asked(tmp_path)


def test_these_questions_are_answered_without_pandas(processed):
    code = (
        "import sys; from pathlib import Path; from brapkg import store\n"
        f"folder = Path({str(processed)!r})\n"
        "store.hashes(folder), store.periods(folder), store.check_settings(folder)\n"
        "assert not {'pandas', 'numpy', 'pyarrow', 'pandera'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(store.__file__).parents[2])


# --- build and load ------------------------------------------------------------------------------


def test_a_build_tells_folder_rows_account_and_notices(raw, quick):
    export(raw / "bra", THEFT)
    built = store.build(raw, raw.parent / "processed")
    assert built.folder == raw.parent / "processed" and list(built.rows) == TABLES
    assert built.rows["population"] == 11 * (290 + 21 + 1)
    assert (built.account.rows_read, built.account.kept) == (2, 2)
    assert built.notices[0].startswith("2017-01 to 2017-02 (2 months) in data/raw/bra: 1 of 290 ")


def test_without_folders_the_workspace_in_use_is_built_and_read(raw, monkeypatch, quick):
    monkeypatch.setenv("BRAPKG_HOME", str(raw.parents[1]))
    assert store.build().folder == raw.parent / "processed"
    assert len(store.load("areas")) == 319


def test_a_build_replaces_the_tables_and_what_is_loaded_after_it(raw, quick):
    target = raw.parent / "processed"
    store.build(raw, target)
    assert 2017 not in set(store.load("offences_year", target)["year"])
    lines = [row("Gotlands kommun", "Stöldbrott", "År;2017", 7, 20)]
    export(raw / "bra", lines)
    store.build(raw, target)
    assert 2017 in set(store.load("offences_year", target)["year"])


def test_a_caller_that_changes_a_loaded_table_changes_its_own_only(processed):
    table = store.load("areas", processed)
    table["name"] = "changed"
    assert "changed" not in set(store.load("areas", processed)["name"])


def test_gits_mark_in_the_folder_survives_a_build(raw, quick):
    target = raw.parent / "processed"
    target.mkdir()
    (target / store.building.KEPT).write_text("*\n", encoding="utf-8")
    store.build(raw, target)
    assert (target / store.building.KEPT).read_text(encoding="utf-8") == "*\n"


def test_a_missing_store_says_how_to_build_it(tmp_path):
    with pytest.raises(DataError, match="holds no tables yet. Run `brapkg build` first"):
        store.load("rates", tmp_path / "processed")


def test_an_unknown_table_is_refused_with_those_there_are(processed):
    with pytest.raises(DataError, match=r"No table 'crimes' .*There are: against, areas, change, "):
        store.load("crimes", processed)
