"""The records of context and survey figures, refused as a whole where one is wrong."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path

from brapkg.errors import DataError

PATH = Path(__file__).parents[1] / "records" / "context.toml"
CONTEXT, SURVEY = "context", "survey"
ALLOWED = {"kind": (CONTEXT, SURVEY), "unit": ("percent", "per_10000")}
OPTIONAL_TEXTS = ("kolada", "title", "margin", "sheet")
_KOLADA = re.compile(r"[NU][0-9]{5}")
_SHEET = re.compile(r"R[0-9]+\.[0-9]+")


@dataclass(frozen=True)
class Figure:
    """A context figure or a survey question.

    ``kolada`` is Kolada's id and ``title`` its title there; ``margin`` the id of the half width of a
    survey's 95 per cent interval; ``sheet`` the sheet of NTU's workbook instead. ``problems`` are ids
    of the knowledge base. ``higher`` says in words what a higher value means, never whether it is
    good. ``since`` is the first year that can be compared with the latest (0: all). ``pools`` tells
    whether the years hold different answers, so that they may be joined.
    """

    id: str
    kind: str
    sv: str
    en: str
    problems: tuple[str, ...]
    higher_sv: str
    higher_en: str
    question_sv: str
    question_en: str
    unit: str = "percent"
    kolada: str = ""
    title: str = ""
    margin: str = ""
    sheet: str = ""
    since: int = 0
    pools: bool = True

    def text(self, field: str, language: str) -> str:
        """A field in a language, as ``text("higher", "sv")``; ``"name"`` is the name."""
        return getattr(self, language if field == "name" else f"{field}_{language}")


@cache
def figures() -> dict[str, Figure]:
    """The package's figures by id, in the order of the records."""
    from brapkg import evidence

    return read(PATH, evidence.base().problems)


def read(path: Path, problems: Collection[str]) -> dict[str, Figure]:
    """Read and check the records.

    Parameters
    ----------
    path : Path of the TOML file, of tables ``[[figure]]``.
    problems : ids of the problems of the knowledge base.

    Raises
    ------
    DataError
        With every fault: file, number and id of the record, field, what was found, what is allowed.
    """
    try:
        records = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as TOML ({error}). Mend that line.") from None
    tables = records.get("figure")
    if set(records) != {"figure"} or not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise DataError(f"{path}: found {', '.join(records) or 'nothing'}; must be tables, each under [[figure]].")
    faults: list[str] = []
    made = []
    for number, table in enumerate(tables, 1):
        place = f"{path.name}, figure {number}, {table.get('id', 'without an id')}"
        before = len(faults)
        values = _values(table, place, faults)
        if len(faults) == before:
            figure = Figure(**values)
            faults += [f"{place}, {told}" for told in _faults(figure, problems)]
            made.append(figure)
    for field in ("id", "kolada", "margin", "sheet"):
        given = [value for one in made if (value := getattr(one, field))]
        faults += [
            f"{path.name}: the {field} {one!r} stands twice." for one in sorted(set(given)) if given.count(one) > 1
        ]
    if faults:
        raise DataError(faults)
    return {one.id: one for one in made}


def _values(table: dict, place: str, faults: list[str]) -> dict:
    known = {field.name: field for field in fields(Figure)}
    faults += [f"{place}: there is no field {name!r}. Remove it." for name in sorted(set(table) - set(known))]
    values = {}
    for name, field in known.items():
        if name not in table:
            if field.default is MISSING:
                faults.append(f"{place}: the field {name!r} is missing; write it.")
            continue
        value = table[name]
        if not _fits(value, str(field.type), name):
            wanted = {"int": "a whole number", "bool": "true or false", "str": "a text"}.get(
                str(field.type), "a list of texts"
            )
            faults.append(f"{place}, {name}: found {value!r}; must be {wanted}, not empty.")
        values[name] = tuple(value) if isinstance(value, list) else value
    return values


def _fits(value: object, annotation: str, name: str) -> bool:
    if annotation == "str":
        return isinstance(value, str) and value == value.strip() and (bool(value) or name in OPTIONAL_TEXTS)
    if annotation == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if annotation == "bool":
        return isinstance(value, bool)
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) and one for one in value)


def _faults(figure: Figure, problems: Collection[str]) -> list[str]:
    told = [
        f"{name}: found {getattr(figure, name)!r}; allowed are {', '.join(map(repr, allowed))}."
        for name, allowed in ALLOWED.items()
        if getattr(figure, name) not in allowed
    ]
    told += [
        f"problems: found {one!r}, which is no problem of the knowledge base."
        for one in figure.problems
        if one not in problems
    ]
    if bool(figure.kolada) == bool(figure.sheet):
        told.append("kolada and sheet: exactly one of them must be given.")
    told += [
        f"{name}: found {value!r}; must be one of Kolada's ids, as N02797."
        for name, value in (("kolada", figure.kolada), ("margin", figure.margin))
        if value and not _KOLADA.fullmatch(value)
    ]
    if bool(figure.kolada) != bool(figure.title):
        told.append("title: must be Kolada's title where there is an id of Kolada, and only there.")
    if figure.sheet and not _SHEET.fullmatch(figure.sheet):
        told.append(f"sheet: found {figure.sheet!r}; must be the name of a sheet, as R4.1.")
    if bool(figure.margin) != (figure.kind == SURVEY and bool(figure.kolada)):
        told.append("margin: every survey figure of Kolada needs one, and no other figure has one.")
    if figure.sheet and figure.kind != SURVEY:
        told.append("kind: a sheet of NTU is a survey.")
    for name in ("question_sv", "question_en"):
        text = getattr(figure, name)
        starts = text.startswith("Kan " if name == "question_sv" else "Can ")
        if not starts or "?" not in text:
            told.append(f'{name}: must be a question that begins "Kan" or "Can", and never a cause.')
    return told
