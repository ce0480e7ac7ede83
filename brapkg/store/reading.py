"""Reading the store: tables as they were built, or a clear word that they are not.

A build that was killed between its two renames is mended before anything is read.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from brapkg import files, paths
from brapkg.errors import DataError, UsageError
from brapkg.settings import built_by

if TYPE_CHECKING:  # what a plan asks of the store needs no table, and is answered without pandas
    import pandas as pd

PACKAGE = "datapackage.json"
SCHEMAS = Path(__file__).parents[1] / "records" / "schemas.toml"
# Where in the settings the rules stand that the tables are computed by.
SECTIONS = {"largest_hidden": "disclosure", "small": "small"}


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
    if package(folder).get("tables") != form():
        raise DataError(f"{folder}: was built by another version of brapkg, with other tables. Run `brapkg build`.")
    now = built_by()
    then = {name: package(folder).get(name) for name in now}
    if then != now:
        raise DataError(
            f"{folder}: was built by other rules for small counts than the settings now hold "
            f"({'; '.join(_differences(then, now))}). Run `brapkg build`."
        )


def form() -> str:
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


def chosen_period(period: int | None, processed: Path | None = None) -> int:
    """The year asked for, or the latest, where a report can be made for it.

    Raises
    ------
    UsageError
        The period is none that can be reported.
    DataError
        The store is not built, or built under another rule for small counts.
    """
    check_settings(processed)
    allowed = list(periods(processed))
    if not allowed:
        raise DataError("No year has figures for every municipality. Run `brapkg build` on whole years.")
    if period is None:
        return allowed[-1]
    if isinstance(period, bool) or not isinstance(period, int) or period not in allowed:
        raise UsageError(
            f"No report can be made for period {period!r}. There are figures for all municipalities "
            f"for {', '.join(map(str, allowed))}."
        )
    return period


def _version(folder: Path) -> int:
    """What changes with every build; a store that a killed build left aside is brought back first."""
    restore(folder)
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


def forget() -> None:
    """Let go of the tables read so far: there are new ones."""
    _load.cache_clear()


def _is_as_built(path: Path, known: str) -> bool:
    try:
        return hash_of(path) == known
    except OSError:
        return False


def _changed(path: Path) -> str:
    was = "was" if path.name == PACKAGE else "is missing or was"
    return f"{path}: {was} changed since it was built. Run `brapkg build`."


def hash_of(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def restore(target: Path) -> None:
    """Bring the old tables back where a build ended between its two renames."""
    old = aside(target)
    if not old.exists() or target.exists():
        return
    try:
        os.rename(old, target)
    except OSError as error:
        raise DataError(
            f"{old}: holds the tables of before an interrupted build and cannot be renamed to "
            f"{target.name} ({error.strerror or error}). Check the folder's rights."
        ) from None


def aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")
