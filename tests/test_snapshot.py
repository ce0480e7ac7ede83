"""Snapshots: a table and its sidecar, neither of which can be changed alone."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from brapkg.errors import DataError
from brapkg.sources import snapshot

TABLE = pd.DataFrame({"area": ["0114", "2080"], "residents": [40194, 56044]})
RECORD = {
    "title": "Invånare",
    "producer": ["SCB"],
    "description": "Residents.",
    "period": "2011",
    "processing": "None.",
    "licence": "CC0",
    "columns": {"area": "code", "residents": "how many"},
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "population.csv"
    snapshot.write(path, TABLE, RECORD)
    return path


def test_a_table_is_written_as_plain_csv(path):
    assert path.read_bytes() == b"area,residents\n0114,40194\n2080,56044\n"


def test_the_sidecar_lies_beside_the_table_and_tells_size_and_rows(path):
    told = json.loads((path.parent / "population.csv.meta.json").read_text(encoding="utf-8"))
    assert told["rows"] == 2 and told["bytes"] == len(path.read_bytes())
    assert told["title"] == "Invånare" and len(told["sha256"]) == 64


def test_what_was_written_verifies_and_gives_its_record(path):
    assert snapshot.verify(path)["producer"] == ["SCB"]


def test_the_same_table_gives_the_same_bytes(path, tmp_path):
    (tmp_path / "again").mkdir()
    again = tmp_path / "again" / path.name
    snapshot.write(again, TABLE, RECORD)
    assert again.read_bytes() == path.read_bytes()
    assert snapshot.sidecar_of(again).read_bytes() == snapshot.sidecar_of(path).read_bytes()


def test_one_changed_figure_is_refused_by_the_tables_name(path):
    path.write_bytes(path.read_bytes().replace(b"40194", b"40195"))
    with pytest.raises(DataError, match=r"population\.csv: does not match its sidecar.*checkout"):
        snapshot.verify(path)


def test_a_spreadsheets_line_ends_are_refused(path):
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(DataError, match="does not match"):
        snapshot.verify(path)


@pytest.mark.parametrize("key", [*snapshot.REQUIRED, "rows", "bytes", "sha256"])
def test_a_sidecar_changed_in_any_entry_is_refused(path, key):
    sidecar = snapshot.sidecar_of(path)
    told = json.loads(sidecar.read_text(encoding="utf-8"))
    told[key] = "something else"
    sidecar.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(DataError, match="does not match its sidecar population.csv.meta.json"):
        snapshot.verify(path)


def test_an_entry_added_to_the_sidecar_is_refused(path):
    sidecar = snapshot.sidecar_of(path)
    told = {**json.loads(sidecar.read_text(encoding="utf-8")), "note": "checked by me"}
    sidecar.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(DataError, match="does not match"):
        snapshot.verify(path)


def test_the_order_and_layout_of_the_sidecar_do_not_matter(path):
    sidecar = snapshot.sidecar_of(path)
    told = json.loads(sidecar.read_text(encoding="utf-8"))
    sidecar.write_text(json.dumps(dict(reversed(told.items()))), encoding="utf-8")
    assert snapshot.verify(path)["rows"] == 2


def test_a_missing_table_is_named(path):
    path.unlink()
    with pytest.raises(DataError, match=r"population\.csv: is missing"):
        snapshot.verify(path)


def test_a_missing_sidecar_is_named(path):
    snapshot.sidecar_of(path).unlink()
    with pytest.raises(DataError, match=r"population\.csv\.meta\.json: is missing"):
        snapshot.verify(path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'"text"'])
def test_a_sidecar_that_is_no_record_is_refused_by_name(path, content):
    snapshot.sidecar_of(path).write_bytes(content)
    with pytest.raises(DataError, match=r"population\.csv\.meta\.json: is no readable sidecar"):
        snapshot.verify(path)


@pytest.mark.parametrize("key", snapshot.REQUIRED)
def test_a_record_that_lacks_an_entry_is_not_written(tmp_path, key):
    record = {k: v for k, v in RECORD.items() if k != key}
    with pytest.raises(ValueError, match=key):
        snapshot.write(tmp_path / "t.csv", TABLE, record)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("columns", [{"area": ""}, {"residents": "", "area": ""}, {"a": "", "b": ""}])
def test_a_record_that_explains_other_columns_is_not_written(tmp_path, columns):
    with pytest.raises(ValueError, match="explains other columns"):
        snapshot.write(tmp_path / "t.csv", TABLE, {**RECORD, "columns": columns})
    assert not list(tmp_path.iterdir())
