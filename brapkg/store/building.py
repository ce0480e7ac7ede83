"""Building the store: ``data/raw`` is read, every table computed, checked against its schema and written.

The tables are written beside the old ones, and then the folders are swapped. The same inputs give
the same bytes.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from brapkg import __version__, paths
from brapkg.errors import DataError
from brapkg.settings import built_by
from brapkg.store import reading
from brapkg.store.reading import PACKAGE

if TYPE_CHECKING:
    import pandas as pd

    from brapkg.sources import bra

# What stays in the folder of tables for git's sake while the tables come and go.
KEPT = ".gitignore"
NATION = "00"


@dataclass(frozen=True)
class Built:
    """What a build made: the folder, rows by table, and what became of the exports' rows.

    ``notices`` tell what the exports leave out: months without every municipality, for one.
    """

    folder: Path
    rows: dict[str, int]
    account: bra.Account
    notices: list[str] = field(default_factory=list)


def build(raw: Path | None = None, target: Path | None = None) -> Built:
    """Build the tidy tables from ``data/raw``.

    Parameters
    ----------
    raw, target : Path, optional
        Folders to read and to write; those of the workspace in use.

    Raises
    ------
    DataError
        With every problem found in the raw files, or why the target cannot be written. What was
        in the target before is still there.
    """
    # Heavy imports that only a build needs.
    from brapkg import indicators, schemas, tidy

    raw, target = raw or paths.raw(), target or paths.processed()
    if not raw.is_dir() or not any(raw.iterdir()):
        raise DataError(
            f"{raw}: is empty or missing. The project's own tables belong there; bring them back "
            "with `git checkout -- data/raw`."
        )
    told = tidy.read(raw)
    tables = told.tables | indicators.compute(told.tables)
    checked = {name: schemas.check(name, tables[name]) for name in schemas.tables()}
    reading.restore(target)
    beside = target.with_name(f".{target.name}.new")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        resources = [_write(beside, name, table) for name, table in checked.items()]
        _write_package(beside, resources, told.sources, _periods(checked["rates"]))
        if (target / KEPT).exists():
            shutil.copy2(target / KEPT, beside / KEPT)
        _swap(beside, target)
    except OSError as error:
        raise DataError(
            f"{target}: cannot be written ({error.strerror or error}). Nothing there was changed; "
            "check the folder's rights and the space on the disk."
        ) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    reading.forget()
    return Built(target, {name: len(table) for name, table in checked.items()}, told.account, told.notices)


def _periods(rates: pd.DataFrame) -> dict[str, str]:
    """Years in which every municipality has figures and a population, with their status."""
    whole = rates[(rates["area"] == NATION) & (rates["missing"] == "")]
    status = whole.groupby("year")["status"]
    return {str(year): "preliminary" if (told == "preliminary").any() else "final" for year, told in status}


def _write(folder: Path, name: str, table: pd.DataFrame) -> dict:
    """Write one table and return its resource in the data package."""
    from brapkg import schemas

    path = folder / f"{name}.parquet"
    table.to_parquet(path, index=False, compression="zstd")
    record = schemas.tables()[name]
    return {
        "name": name,
        "path": path.name,
        "title": record["title"],
        "description": record["description"],
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": path.stat().st_size,
        "hash": reading.hash_of(path),
        "schema": schemas.resource(name),
    }


def _write_package(folder: Path, resources: list[dict], sources: list[dict], periods: dict[str, str]) -> None:
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "brapkg-processed",
        "title": "Reported offences in Sweden: tidy tables",
        "description": "Egen bearbetning of figures from Brå, SCB, Kolada and SKR; not official statistics.",
        "version": __version__,
        "tables": reading.form(),
        **built_by(),
        "periods": periods,
        "sources": sources,
        "resources": resources,
    }
    text = json.dumps(package, ensure_ascii=False, indent=1) + "\n"
    (folder / PACKAGE).write_text(text, encoding="utf-8")


def _swap(new: Path, target: Path) -> None:
    """Put the new folder in the place of the old one; an interruption between the renames is mended by a reader."""
    old = reading.aside(target)
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        os.rename(target, old)
    try:
        os.rename(new, target)
    except OSError:
        if old.exists():
            os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)
