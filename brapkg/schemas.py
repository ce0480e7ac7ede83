"""The schemas of the tidy tables, read from ``records/schemas.toml``.

One record serves three: pandera checks a table against it before it is written, the data package
describes the table with it, and a reader gets the columns' types from it.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import pandas as pd

from brapkg.errors import DataError

RECORDS = Path(__file__).parent / "records" / "schemas.toml"
DTYPES = {"string": "str", "integer": "int64", "number": "float64"}
CONSTRAINTS = ("minimum", "maximum", "enum", "required")


@cache
def tables() -> dict[str, dict]:
    """The record of every tidy table by name: title, description, key, columns."""
    with RECORDS.open("rb") as file:
        return tomllib.load(file)


def check(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """The table with the schema's columns, order and types, sorted by its key.

    Raises
    ------
    DataError
        With every breach that pandera found: column, what was found, how often.
    """
    import pandera.pandas as pa

    record = tables()[name]
    columns = {
        column: pa.Column(
            DTYPES[told["type"]],
            checks=_checks(pa, told),
            nullable=not told.get("required", True),
            description=told["description"],
        )
        for column, told in record["columns"].items()
    }
    schema = pa.DataFrameSchema(columns, unique=record["key"], strict=True)
    # pandera cannot report repeated keys where the index has repeats of its own.
    typed = table.reset_index(drop=True).reindex(columns=list(columns))
    typed = typed.astype({c: s.dtype.type for c, s in columns.items()})
    try:
        checked = schema.validate(typed, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases.groupby(["column", "check"], dropna=False)["failure_case"]
        raise DataError(
            [f"table {name}, {key}: found {list(found)[:3]} ({len(found)} rows)" for key, found in cases]
        ) from None
    return checked.sort_values(record["key"], ignore_index=True)


def _checks(pa, told: dict) -> list:
    checks = []
    if "minimum" in told:
        checks.append(pa.Check.ge(told["minimum"]))
    if "maximum" in told:
        checks.append(pa.Check.le(told["maximum"]))
    if "enum" in told:
        checks.append(pa.Check.isin(told["enum"]))
    return checks


def resource(name: str) -> dict:
    """The table's Frictionless Table Schema: fields with constraints, and the primary key."""
    record = tables()[name]
    fields = []
    for column, told in record["columns"].items():
        limits = {key: told[key] for key in CONSTRAINTS if key in told}
        limits["required"] = told.get("required", True)
        kind = {"type": told["type"], "description": told["description"]}
        fields.append({"name": column, **kind, "constraints": limits})
    # By default the standard takes empty text for a missing value; here it is a value of its own.
    return {"fields": fields, "primaryKey": record["key"], "missingValues": []}
