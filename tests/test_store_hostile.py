"""A build succeeds or leaves everything as it was: full disks, no rights, crashes, bad raw files."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
from conftest import export, row

from brapkg import store
from brapkg.errors import DataError

GOTLAND = row("Gotlands kommun", "Stöldbrott", "År;2017", 7, 20)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def target(raw, processed) -> Path:
    """Tables of an earlier build, in the same workspace as ``raw``."""
    shutil.copytree(processed, raw.parent / "processed")
    return raw.parent / "processed"


def refused(raw, target) -> list[str]:
    """The problems that a build tells; the tables are as they were, and nothing lies beside them."""
    before = content(target)
    with pytest.raises(DataError) as error:
        store.build(raw, target)
    assert content(target) == before and len(store.load("rates", target))
    assert sorted(path.name for path in target.parent.iterdir()) == ["processed", "raw"]
    return error.value.problems


# --- writing -------------------------------------------------------------------------------------


def failing(monkeypatch, owner, name, error, *, at=1):
    """Let the call number ``at`` of a function fail; the others do what they always do."""
    plain, calls = getattr(owner, name), []

    def call(*args, **kwargs):
        calls.append(args)
        if len(calls) == at:
            raise error
        return plain(*args, **kwargs)

    monkeypatch.setattr(owner, name, call)
    return calls


def test_a_disk_that_fills_up_leaves_the_old_tables(raw, target, quick, monkeypatch):
    full = OSError(errno.ENOSPC, "No space left on device")
    calls = failing(monkeypatch, pd.DataFrame, "to_parquet", full, at=5)
    (line,) = refused(raw, target)
    assert len(calls) == 5
    assert f"{target}: cannot be written (No space left on device)" in line and "space on the disk" in line


def test_a_folder_without_rights_leaves_the_old_tables(raw, target, quick, monkeypatch):
    failing(monkeypatch, Path, "mkdir", PermissionError(errno.EACCES, "Permission denied"))
    (line,) = refused(raw, target)
    assert "cannot be written (Permission denied)" in line and "the folder's rights" in line


@pytest.mark.parametrize("at", [1, 2])
def test_a_rename_that_fails_leaves_the_old_tables(raw, target, quick, monkeypatch, at):
    calls = failing(monkeypatch, os, "rename", PermissionError(errno.EACCES, "Permission denied"), at=at)
    assert "Permission denied" in refused(raw, target)[0]
    assert len(calls) == (1 if at == 1 else 3)  # the third brings the old tables back


def test_an_error_of_our_own_leaves_no_debris_either(raw, target, quick, monkeypatch):
    failing(monkeypatch, pd.DataFrame, "to_parquet", KeyboardInterrupt(), at=5)
    before = content(target)
    with pytest.raises(KeyboardInterrupt):
        store.build(raw, target)
    assert content(target) == before
    assert sorted(path.name for path in target.parent.iterdir()) == ["processed", "raw"]


@pytest.fixture
def crashed(target) -> Path:
    """As a power cut between the two renames leaves it: old tables aside, new ones not in place."""
    os.rename(target, target.with_name(".processed.old"))
    (target.with_name(".processed.new")).mkdir()
    return target


def test_a_crash_between_the_renames_is_mended_when_tables_are_read(crashed, processed):
    assert len(store.load("rates", crashed)) == len(store.load("rates", processed))
    assert content(crashed) == content(processed)


def test_a_crash_between_the_renames_is_mended_by_the_next_build(raw, crashed, quick):
    store.build(raw, crashed)
    assert len(store.load("rates", crashed))
    assert sorted(path.name for path in crashed.parent.iterdir()) == ["processed", "raw"]


def test_a_crash_that_cannot_be_mended_is_told_with_the_folder(crashed, monkeypatch):
    failing(monkeypatch, os, "rename", PermissionError(errno.EACCES, "Permission denied"))
    with pytest.raises(DataError, match=r"\.processed\.old: holds the tables of before .*Permission denied"):
        store.load("rates", crashed)


# --- reading back --------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [lambda p: p.write_bytes(p.read_bytes()[:-1] + b"x"), Path.unlink])
def test_a_changed_or_missing_table_is_refused_by_name(target, change):
    change(target / "funnel.parquet")
    with pytest.raises(DataError, match=r"funnel\.parquet: is missing or was changed .*`brapkg build`"):
        store.load("funnel", target)
    assert len(store.load("rates", target))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"resources": [{}]}', '{"resources": null}'])
def test_a_damaged_package_is_refused_by_name(target, text):
    (target / store.PACKAGE).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"datapackage\.json: was changed .*Run `brapkg build`"):
        store.load("rates", target)


# --- raw files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, Path.touch])
def test_an_empty_or_missing_folder_of_raw_files_says_how_to_get_them(tmp_path, raw, target, make):
    folder = tmp_path / "elsewhere"
    make(folder)
    (line,) = refused(folder, target)
    assert f"{folder}: is empty or missing" in line and "`git checkout -- data/raw`" in line


@pytest.mark.parametrize("name", ["population.csv", "population.csv.meta.json"])
def test_a_missing_table_or_sidecar_is_refused_by_name(raw, target, name):
    (raw / name).unlink()
    (line,) = refused(raw, target)
    assert f"{raw / name}: is missing" in line and "`git checkout" in line


def test_a_table_that_does_not_match_its_sidecar_is_refused(raw, target):
    path = raw / "population.csv"
    path.write_bytes(path.read_bytes().replace(b"0114,2015,", b"0114,2015,1", 1))
    (line,) = refused(raw, target)
    assert f"{path}: does not match its sidecar" in line


def test_a_spreadsheet_among_the_exports_is_refused_by_name(raw, target):
    (raw / "bra" / "brott.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    (line,) = refused(raw, target)
    assert "brott.xls: is no .txt export of Brå" in line and "Move it away" in line


def test_a_cut_off_export_is_refused_with_its_line(raw, target):
    path = export(raw / "bra", [GOTLAND])
    path.write_bytes(path.read_bytes()[:-5])
    (line,) = refused(raw, target)
    assert f"{path}, line 2: " in line and "cut off" in line


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "begins"),
        (b"hello\n", "begins"),
        (b"Region;Brott\n", "begins"),
        ("Region;Brott;År;Period;Antal;/100 000 inv\n".encode("utf-16"), "is not text"),
        (b"\0" * 300, "is not text"),
        ("Region;Brott;År;Period;Antal;/100 000 inv\n".encode(), "no rows"),
    ],
)
def test_a_text_file_that_is_no_export_is_refused(raw, target, content, words):
    (raw / "bra" / "notes.txt").write_bytes(content)
    (line,) = refused(raw, target)
    assert "notes.txt" in line and words in line


def test_a_folder_named_like_an_export_is_refused(raw, target):
    (raw / "bra" / "2017.txt").mkdir()
    (line,) = refused(raw, target)
    assert "2017.txt: cannot be read" in line


def test_two_exports_that_contradict_each_other_are_named_with_file_and_line(raw, target):
    one = export(raw / "bra", [GOTLAND], name="one.txt")
    two = export(raw / "bra", [GOTLAND.replace(";7;", ";8;")], name="two.txt")
    (line,) = refused(raw, target)
    assert f"{one}, line 2 says 7" in line and f"{two}, line 2 says 8" in line
    assert "Gotlands kommun, Stöldbrott, 2017" in line and "Keep the newer export" in line


def test_an_export_that_contradicts_a_table_is_named_with_place_and_remedy(raw, target):
    export(raw / "bra", [GOTLAND.replace("2017", "2015")])
    (line,) = refused(raw, target)
    assert line.startswith("Gotlands kommun, Stöldbrott, 2015: data/raw/offences_municipality_year.csv and")
    assert "Move the export away" in line


def test_all_problems_are_told_at_once(raw, target):
    (raw / "population.csv").unlink()
    (raw / "official_totals.csv").write_text("changed", encoding="utf-8")
    (raw / "bra" / "brott.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    export(raw / "bra", ["cut"], name="cut.txt")
    lines = "\n".join(refused(raw, target))
    for name in ("population.csv: is missing", "official_totals.csv: does not", "brott.xls", "cut.txt, line 2"):
        assert name in lines


def test_hidden_files_and_the_readme_among_the_exports_are_nothing_to_mind(raw, target, quick):
    (raw / "bra" / "README.md").write_text("Put exports here.", encoding="utf-8")
    (raw / "bra" / ".DS_Store").write_bytes(b"\0")
    assert store.build(raw, target).account.rows_read == 0
