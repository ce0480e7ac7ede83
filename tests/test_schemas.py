"""Schemas: every table and column is described once, and a table that breaks its own is refused."""

from __future__ import annotations

import pandas as pd
import pytest

from brapkg import schemas
from brapkg.errors import DataError

TABLES = schemas.tables()
COLUMNS = [(name, column) for name, table in TABLES.items() for column in table["columns"]]
YEARS = pd.DataFrame({"area": ["0114", "00"], "offence": "theft", "year": 2015, "count": [7, 9], "status": "final"})


def problems(name, table):
    with pytest.raises(DataError) as error:
        schemas.check(name, table)
    return error.value.problems


@pytest.mark.parametrize("name", TABLES)
def test_a_table_says_what_it_is_and_has_its_key_among_its_columns(name):
    record = TABLES[name]
    assert record["title"] and record["description"].endswith(".")
    assert record["key"] and set(record["key"]) <= set(record["columns"])
    assert set(record) == {"title", "description", "key", "columns"}


@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_a_column_has_a_type_and_says_what_it_holds(name, column):
    told = TABLES[name]["columns"][column]
    assert told["type"] in schemas.DTYPES and len(told["description"]) > 5
    assert set(told) <= {"type", "description", *schemas.CONSTRAINTS}


def test_a_column_of_the_same_name_has_the_same_type_everywhere():
    kinds: dict[str, set] = {}
    for name, column in COLUMNS:
        if (name, column) != ("joint", "count"):
            kinds.setdefault(column, set()).add(TABLES[name]["columns"][column]["type"])
    assert {column for column, kind in kinds.items() if len(kind) > 1} == set()
    # A sum of neighbours is empty where one of them is kept back, which no whole number can be.
    told = TABLES["joint"]["columns"]["count"]
    assert (told["type"], told["required"]) == ("number", False)


@pytest.mark.parametrize("name", TABLES)
def test_a_built_table_passes_its_own_schema_again(tables, name):
    pd.testing.assert_frame_equal(schemas.check(name, tables[name]), tables[name])


def test_a_table_comes_back_with_the_columns_of_its_schema_sorted_by_key():
    table = schemas.check("offences_year", YEARS.assign(extra=1)[::-1][["count", *YEARS, "extra"][1:]])
    assert list(table.columns) == list(TABLES["offences_year"]["columns"])
    assert table["area"].tolist() == ["00", "0114"] and table["count"].dtype == "int64"


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"count": -1}, "count"),
        ({"year": 1600}, "year"),
        ({"status": "guessed"}, "status"),
        ({"area": None}, "area"),
    ],
)
def test_a_breach_is_refused_with_table_column_and_what_was_found(change, column):
    (line, *_) = problems("offences_year", YEARS.assign(**change))
    assert line.startswith("table offences_year") and f"'{column}'" in line and "found [" in line


def test_every_breach_is_told_at_once():
    lines = problems("offences_year", YEARS.assign(count=-1, status="guessed"))
    assert len(lines) == 2


def test_a_key_that_comes_twice_is_refused():
    assert problems("offences_year", pd.concat([YEARS, YEARS]))


def test_an_empty_cell_is_allowed_only_where_the_record_says_so():
    row = {"kind": ["county"], "offence": "theft", "residents": 0, "sd": None, "method": "x"}
    assert schemas.check("wobble", pd.DataFrame(row))["sd"].isna().all()
    assert problems("wobble", pd.DataFrame({**row, "method": None}))


def test_a_resource_describes_every_column_with_its_constraints():
    told = schemas.resource("coverage")
    assert told["primaryKey"] == ["area", "year"]
    assert told["missingValues"] == []  # else "" would break every column that is required
    fields = {field["name"]: field for field in told["fields"]}
    assert list(fields) == list(TABLES["coverage"]["columns"])
    assert fields["share"]["type"] == "number"
    assert fields["share"]["constraints"] == {"minimum": 0, "maximum": 1.05, "required": True}
