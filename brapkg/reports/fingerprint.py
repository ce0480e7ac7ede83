"""What a report is made from, each input with a short hash: what has not changed need not be made anew.

Everything here is read without pandas or a notebook library, since a plan of which nothing changed
should cost next to nothing.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from brapkg import areas, reads, settings
from brapkg.errors import DataError
from brapkg.reports import registers
from brapkg.reports.slices import Slices, short

if TYPE_CHECKING:
    from brapkg.reports.plan import Report

PACKAGE = Path(__file__).parents[1]
# Folders of the package whose files are inputs of their own, or none.
APART = {"records", "templates", "__pycache__"}
LANGUAGES = ("sv", "en")
# Records that reach a page another way: through the store, or as inputs of their own.
ELSEWHERE = ("schemas", "tables", "settings", "areas")


def inputs(reports: Sequence[Report], output: Path) -> dict[Report, dict[str, str]]:
    """The named inputs of each report, each with a short hash.

    Parameters
    ----------
    reports : the reports
    output : the folder of the pages, which remembers the hashes of slices of the store

    Returns
    -------
    dict of dict, by report: "notebook", "parameters", "package", "templates", "settings",
    "library NAME", "record NAME LANGUAGE", "data TABLE SCOPE", and what ``registers.inputs`` names

    Raises
    ------
    DataError
        The store is not built or not as it was built, a notebook or a setting cannot be read.
    """
    slices = Slices(output)
    same = {"package": package(), "templates": templates(), "settings": chosen()}
    same |= {f"library {name}": short(version) for name, version in versions().items()}
    notebooks = {path: notebook(path) for path in {report.notebook for report in reports}}
    texts = {language: records(language) for language in {report.language for report in reports}}
    shown = {which: area_record(*which) for which in {_shown_by(report) for report in reports} if which}
    found = {}
    for report in reports:
        found[report] = {
            "notebook": notebooks[report.notebook],
            "parameters": short(report.parameters),
            **same,
            **_records_of(report, texts[report.language]),
            **({f"record areas {report.language}": shown[which]} if (which := _shown_by(report)) else {}),
            **_data(report, slices),
        }
    slices.remember()
    return found


def of(inputs: dict[str, str]) -> str:
    """The one fingerprint of all inputs."""
    return short(inputs)


def _data(report: Report, slices: Slices) -> dict[str, str]:
    wanted = reads.of(report.kind, report.about, report.period, slices.tables)
    return {f"data {read.table} {read.scope}": slices.hash(read) for read in wanted} | registers.inputs(report)


def _records_of(report: Report, texts: dict[str, str]) -> dict[str, str]:
    """The records that can reach a report, without the texts of other kinds of pages."""
    return {
        name: told
        for name, told in texts.items()
        if report.kind in reads.RECORDS_OF.get(name.split()[1], (report.kind,))
    }


def chosen() -> str:
    """Hash of the settings that a page can depend on."""
    return short(settings.shown())


def package() -> str:
    """Hash of the package's code and whatever else it holds beside records and templates."""
    return _files(path for path in _whole(PACKAGE) if not APART & set(path.relative_to(PACKAGE).parts))


def templates() -> str:
    """Hash of the pages' templates, in whichever folders of that name they lie."""
    return _files(path for folder in PACKAGE.rglob("templates") for path in _whole(folder))


def _whole(folder: Path) -> Iterator[Path]:
    """The files in a folder and those below; hidden ones are an editor's or a system's."""
    return (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def _files(paths: Iterable[Path]) -> str:
    return short({path.relative_to(PACKAGE).as_posix(): short(path.read_bytes()) for path in paths})


def records(language: str) -> dict[str, str]:
    """Hash of every record that pages read, without what stands there in another language."""
    found = {}
    folder = PACKAGE / "records"
    for path in sorted(folder.rglob("*.toml")):
        name = path.relative_to(folder).with_suffix("").as_posix()
        if name not in ELSEWHERE:
            with path.open("rb") as file:
                found[f"record {name} {language}"] = short(_in_language(tomllib.load(file), language))
    return found


def _in_language(value: object, language: str) -> object:
    """A record without the texts whose key is, or ends in, another language."""
    if isinstance(value, list):
        return [_in_language(one, language) for one in value]
    if not isinstance(value, dict):
        return value
    others = tuple(f"_{other}" for other in LANGUAGES if other != language)
    return {
        key: _in_language(one, language)
        for key, one in value.items()
        if not (isinstance(one, str) and f"_{key}".endswith(others))
    }


def area_record(code: str, language: str) -> str:
    """Hash of what is told of the areas that the pages of an area may show."""
    return short([_told(one, language) for one in reads.shown_areas(code)])


def _shown_by(report: Report) -> tuple[str, str] | None:
    """For which area, and in which language, areas are named on a page; None where none is."""
    if report.kind in reads.PLACELESS:
        return None
    return (report.about.code if isinstance(report.about, areas.Area) else "", report.language)


def _told(area: areas.Area, language: str) -> tuple[str, ...]:
    groups, around = (area.group_2017, area.group_2023), (area.neighbours, area.similar)
    return (area.code, area.label(language), area.short, area.kind, area.county, area.police_region, *groups, *around)


def versions() -> dict[str, str]:
    """The versions of Python and of the libraries that the package names as its own, by name."""
    try:
        wanted = metadata.requires("brapkg") or []
    except metadata.PackageNotFoundError:
        raise DataError("brapkg is not installed here. Run `pip install -e .` in the clone.") from None
    names = [re.match(r"[\w.-]+", line).group() for line in wanted if "extra ==" not in line]
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {"python": python} | {name: _version(name) for name in sorted(names)}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


# --- the notebook --------------------------------------------------------------------------------


def notebook(path: Path) -> str:
    """Hash of what runs: cells and kernel, without the outputs and numbers that are stored in it."""
    book = read_notebook(path)
    cells = [[cell["cell_type"], tags(cell), source(cell)] for cell in book["cells"]]
    return short({"cells": cells, "kernel": book["metadata"].get("kernelspec")})


def read_notebook(path: Path) -> dict:
    """A notebook of format 4 as it lies in its file.

    Raises ``DataError`` when the file is missing or is no such notebook.
    """
    try:
        book = json.loads(path.read_bytes())
        if book["nbformat"] != 4:
            raise ValueError(f"format {book['nbformat']!r}; format 4 is wanted")
        book["metadata"].items()
        for cell in book["cells"]:
            if not isinstance(cell["cell_type"], str):
                raise ValueError(f"a cell of type {cell['cell_type']!r}")
            source(cell), tags(cell)
    except FileNotFoundError:
        raise DataError(f"{path}: is missing; bring it back with `git checkout -- notebooks`.") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        told = f"{type(error).__name__}: {error}"
        raise DataError(f"{path}: is no readable notebook ({told}).") from None
    return book


def source(cell: dict) -> str:
    """A cell's text, which a file may hold as a list of lines."""
    return "".join(cell["source"])


def tags(cell: dict) -> list[str]:
    """A cell's tags, in order."""
    found = cell["metadata"].get("tags", [])
    if not isinstance(found, list):
        raise ValueError(f"tags {found!r}")
    return sorted(found)
