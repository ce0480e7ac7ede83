"""Snapshots: tables of ``data/raw`` with their provenance in a sidecar beside them.

``population.csv`` has ``population.csv.meta.json``: producer, what, period, how computed, licence,
size and sha256. The hash covers the table *and* the rest of the sidecar, so that neither can be
changed alone. No dates of computing, no host: the same inputs give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd

from brapkg.errors import DataError

SUFFIX = ".meta.json"
REQUIRED = ("title", "producer", "description", "period", "processing", "licence", "columns")


def sidecar_of(path: Path) -> Path:
    """Where the provenance of a raw file lies."""
    return path.with_name(path.name + SUFFIX)


def digest(content: bytes, record: dict) -> str:
    """SHA-256 over a table's bytes and its sidecar without the hash itself."""
    told = {key: value for key, value in record.items() if key != "sha256"}
    canonical = json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
    return hashlib.sha256(content + b"\0" + canonical).hexdigest()


def write(path: Path, table: pd.DataFrame, record: dict) -> None:
    """Write a table as CSV (UTF-8, comma, LF) with its sidecar.

    Parameters
    ----------
    path : Path of the CSV file.
    table : DataFrame, written without its index in the order it has.
    record : dict with the keys in ``REQUIRED``; ``columns`` explains every column of the table.

    Raises
    ------
    ValueError
        When the record lacks a key, or does not explain exactly the table's columns.
    """
    missing = [key for key in REQUIRED if not record.get(key)]
    if missing or list(record["columns"]) != list(table.columns):
        raise ValueError(f"{path.name}: the record lacks {missing} or explains other columns")
    content = table.to_csv(index=False, lineterminator="\n").encode()
    told = {**record, "rows": len(table), "bytes": len(content)}
    told["sha256"] = digest(content, told)
    path.write_bytes(content)
    sidecar_of(path).write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def verify(path: Path) -> dict:
    """The sidecar of a raw table, once it is proven that both are as they were written.

    Raises
    ------
    DataError
        The file or its sidecar is missing, unreadable, or changed.
    """
    sidecar = sidecar_of(path)
    restore = f"Bring both back with `git checkout -- {path.parent}`."
    try:
        content = path.read_bytes()
        record = json.loads(sidecar.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{error.filename}: is missing. {restore}") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise DataError(f"{sidecar}: is no readable sidecar. {restore}") from None
    if not isinstance(record, dict):
        raise DataError(f"{sidecar}: is no readable sidecar. {restore}")
    if record.get("sha256") != digest(content, record):
        raise DataError(
            f"{path}: does not match its sidecar {sidecar.name} ({len(content)} bytes found, "
            f"{record.get('bytes')} recorded); one of them was changed. Raw figures are never "
            f"edited. {restore}"
        )
    return record
