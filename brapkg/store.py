"""The store: tidy tables in ``data/processed``, built whole or not at all, and read from there.

``build`` reads ``data/raw``, computes every table, checks each against its schema, writes them as
Parquet beside the old ones and then swaps the folders. The same inputs give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from brapkg import __version__, files, paths
from brapkg.errors import DataError
from brapkg.settings import built_by

if TYPE_CHECKING:  # what a plan asks of the store needs no table, and is answered without pandas
    import pandas as pd

    from brapkg.sources import bra

PACKAGE = "datapackage.json"
# What stays in the folder of tables for git's sake while the tables come and go.
KEPT = ".gitignore"
SCHEMAS = Path(__file__).parent / "records" / "schemas.toml"
NATION = "00"
# Where in the settings the rules stand that the tables are computed by.
SECTIONS = {"largest_hidden": "disclosure", "small": "small"}


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
    _restore(target)
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
    _load.cache_clear()
    return Built(target, {name: len(table) for name, table in checked.items()}, told.account, told.notices)


def load(name: str, processed: Path | None = None) -> pd.DataFrame:
    """A tidy table, by its name in ``records/schemas.toml``.

    Raises
    ------
    DataError
        When the store has not been built, or the table is not as it was built.
    """
    folder = processed or paths.processed()
    return _load(name, folder, _version(folder)).copy(deep=False)


def check_settings(processed: Path | None = None) -> None:
    """Refuse tables of another version, or built under other rules for small counts than the settings now hold.

    Raises
    ------
    DataError
        The rules were changed since the build: a page would claim what it does not keep.
    """
    folder = processed or paths.processed()
    if package(folder).get("tables") != _tables():
        raise DataError(f"{folder}: was built by another version of brapkg, with other tables. Run `brapkg build`.")
    now = built_by()
    then = {name: package(folder).get(name) for name in now}
    if then != now:
        raise DataError(
            f"{folder}: was built by other rules for small counts than the settings now hold "
            f"({'; '.join(_differences(then, now))}). Run `brapkg build`."
        )


def _tables() -> str:
    """Hash of what this version's tables are and hold."""
    return hashlib.sha256(SCHEMAS.read_bytes()).hexdigest()[:16]


def _differences(then: dict, now: dict) -> list[str]:
    """What differs between two sets of rules, as "[small] most_years: built with 4, now 3"."""
    told = []
    for name, rules in now.items():
        built = then.get(name) if isinstance(then.get(name), dict) else {}
        told += [
            f"[{SECTIONS[name]}] {rule}: built with {built.get(rule, 'none')}, now {value}"
            for rule, value in rules.items()
            if built.get(rule) != value
        ]
    return told


def package(processed: Path | None = None) -> dict:
    """What the build told about the tables: the content of ``datapackage.json``, not to be changed.

    Raises
    ------
    DataError
        When the store has not been built, or the file is not as it was built.
    """
    folder = processed or paths.processed()
    return _package(folder, _version(folder))


def hashes(processed: Path | None = None) -> dict[str, str]:
    """The hash of every table's file by the table's name, as "sha256:…".

    Raises
    ------
    DataError
        With every table that is missing or not as it was built.
    """
    folder = processed or paths.processed()
    told = {name: (folder / resource["path"], resource["hash"]) for name, resource in _resources(folder).items()}
    problems = [_changed(path) for path, known in told.values() if not _is_as_built(path, known)]
    if problems:
        raise DataError(problems)
    return {name: known for name, (_, known) in told.items()}


def periods(processed: Path | None = None) -> dict[int, str]:
    """The years a report can be made for, in order, each "final" or "preliminary".

    Raises
    ------
    DataError
        When the store has not been built, or by a version that did not tell the years.
    """
    folder = processed or paths.processed()
    told = package(folder).get("periods")
    try:
        found = {int(year): status for year, status in told.items()}
    except (AttributeError, ValueError):
        raise DataError(f"{folder / PACKAGE}: does not tell which years it holds. Run `brapkg build`.") from None
    return dict(sorted(found.items()))


def _periods(rates: pd.DataFrame) -> dict[str, str]:
    """Years in which every municipality has figures and a population, with their status."""
    whole = rates[(rates["area"] == NATION) & (rates["missing"] == "")]
    status = whole.groupby("year")["status"]
    return {str(year): "preliminary" if (told == "preliminary").any() else "final" for year, told in status}


def _version(folder: Path) -> int:
    """What changes with every build; a store that a killed build left aside is brought back first."""
    _restore(folder)
    try:
        return (folder / PACKAGE).stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(f"{folder}: holds no tables yet. Run `brapkg build` first.") from None


@lru_cache(maxsize=8)
def _package(folder: Path, _at: int) -> dict:
    try:
        package = json.loads((folder / PACKAGE).read_text(encoding="utf-8"))
        known = {(resource["name"], resource["path"], resource["hash"]) for resource in package["resources"]}
    except (ValueError, KeyError, TypeError):
        raise DataError(_changed(folder / PACKAGE)) from None
    except OSError as error:
        raise DataError(f"{folder / PACKAGE}: cannot be read ({error.strerror or error}).") from None
    if not all(isinstance(text, str) for told in known for text in told):
        raise DataError(_changed(folder / PACKAGE))
    return package


def _resources(folder: Path) -> dict[str, dict]:
    return {resource["name"]: resource for resource in package(folder)["resources"]}


@lru_cache(maxsize=64)
def _load(name: str, folder: Path, _at: int) -> pd.DataFrame:
    told = _resources(folder)
    if name not in told:
        raise DataError(f"No table {name!r} in {folder}. There are: {', '.join(sorted(told))}.")
    path = folder / told[name]["path"]
    if not _is_as_built(path, told[name]["hash"]):
        raise DataError(_changed(path))
    return files.parquet(path).to_pandas(use_threads=False)


def _is_as_built(path: Path, known: str) -> bool:
    try:
        return _hash(path) == known
    except OSError:
        return False


def _changed(path: Path) -> str:
    was = "was" if path.name == PACKAGE else "is missing or was"
    return f"{path}: {was} changed since it was built. Run `brapkg build`."


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
        "hash": _hash(path),
        "schema": schemas.resource(name),
    }


def _write_package(folder: Path, resources: list[dict], sources: list[dict], periods: dict[str, str]) -> None:
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "brapkg-processed",
        "title": "Reported offences in Sweden: tidy tables",
        "description": "Egen bearbetning of figures from Brå, SCB, Kolada and SKR; not official statistics.",
        "version": __version__,
        "tables": _tables(),
        **built_by(),
        "periods": periods,
        "sources": sources,
        "resources": resources,
    }
    text = json.dumps(package, ensure_ascii=False, indent=1) + "\n"
    (folder / PACKAGE).write_text(text, encoding="utf-8")


def _hash(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def _swap(new: Path, target: Path) -> None:
    """Put the new folder in the place of the old one; an interruption is mended by ``_restore``."""
    old = _aside(target)
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


def _restore(target: Path) -> None:
    """Bring the old tables back where a build ended between its two renames."""
    old = _aside(target)
    if not old.exists() or target.exists():
        return
    try:
        os.rename(old, target)
    except OSError as error:
        raise DataError(
            f"{old}: holds the tables of before an interrupted build and cannot be renamed to "
            f"{target.name} ({error.strerror or error}). Check the folder's rights."
        ) from None


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")
