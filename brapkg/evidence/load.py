"""Reads the records of the knowledge base, and refuses them as a whole where one is wrong."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path

from brapkg.errors import DataError
from brapkg.evidence import checks
from brapkg.evidence.kinds import (
    ALLOWED,
    EMPTY,
    FILES,
    NESTED,
    UNVERIFIED,
    Disagreement,
    LawItem,
    Measure,
    Problem,
    Study,
    Trial,
    TrialSet,
)
from brapkg.wording import HARD_SPACE

RECORDS = Path(__file__).parents[1] / "records"
# What a field of this type is called in an error, and which types TOML may give for it.
_TYPES = {
    "str": ("a text", (str,)),
    "int": ("a whole number", (int,)),
    "int | None": ("a whole number", (int,)),
    "float | None": ("a number", (int, float)),
    "bool": ("true or false", (bool,)),
    "bool | None": ("true or false", (bool,)),
    "tuple[str, ...]": ("a list of texts", (list,)),
    "tuple[Question, ...]": ("tables", (list,)),
    "tuple[Indicator, ...]": ("tables", (list,)),
}
# Where a line must not break: before a per cent sign, and within 12 345.
_TOGETHER = re.compile(r"(?<=\d) (?=%)|(?:(?<=\b\d)|(?<=\b\d\d)|(?<=\b\d{3})) (?=\d{3}\b)")


@dataclass(frozen=True, eq=False)
class Base:
    """The whole knowledge base. ``studies`` holds the rows that may reach a page, ``unverified`` the others."""

    problems: dict[str, Problem]
    measures: dict[str, Measure]
    studies: dict[str, Study]
    unverified: dict[str, Study]
    trials: tuple[Trial, ...]
    trial_sets: dict[str, TrialSet]
    disagreements: tuple[Disagreement, ...]
    law: tuple[LawItem, ...]

    def concerns(self, row: Study, problem: str) -> bool:
        """Whether a row of a study says something about a problem: it names it, or none and its measure does."""
        return problem in (row.problems or self.measures[row.measure].problems)


@cache
def base() -> Base:
    """The package's own knowledge base; a workspace cannot have another."""
    return read(RECORDS / "evidence")


def read(folder: Path) -> Base:
    """Read and check every record of a folder.

    Parameters
    ----------
    folder : Path
        Holds the files that ``kinds.FILES`` names.

    Raises
    ------
    DataError
        With every fault: file, line and id of the record, field, what was found, what is allowed.
    """
    faults: list[str] = []
    found: dict[type, list] = {}
    places: dict[int, str] = {}
    for pattern, name, kind in FILES:
        paths = sorted(folder.glob(pattern))
        if not paths:
            faults.append(f"{folder / pattern}: there is no such file. It comes with the package; install it again.")
        for path in paths:
            records = _tables(path, faults)
            if kind is Trial:
                for place, one in _sets(path, records.pop("set", {}), faults):
                    found.setdefault(TrialSet, []).append(one)
                    places[id(one)] = place
            if unknown := sorted(set(records) - {name}):
                faults.append(f"{path.name}: found {', '.join(unknown)}; only [[{name}]] may stand here.")
            for place, table in _placed(path, name, records.get(name, []), faults):
                if record := _made(kind, table, place, faults):
                    found.setdefault(kind, []).append(record)
                    places[id(record)] = place
    # With a record that is no record its links would be told as missing too.
    faults += checks.faults(checks.Found(found, _series()), places, linked=not faults)
    if faults:
        raise DataError(faults)
    rows = found.get(Study, [])
    return Base(
        {one.id: one for one in found.get(Problem, [])},
        {one.id: one for one in found.get(Measure, [])},
        {one.id: one for one in rows if one.verified != UNVERIFIED},
        {one.id: one for one in rows if one.verified == UNVERIFIED},
        tuple(found.get(Trial, [])),
        {one.study: one for one in found.get(TrialSet, [])},
        tuple(found.get(Disagreement, [])),
        tuple(one for one in found.get(LawItem, []) if one.status != UNVERIFIED),
    )


def _series() -> set[str]:
    """Ids of the offence series that pages follow. Read here, since the catalogue needs numpy."""
    records = tomllib.loads((RECORDS / "offences.toml").read_text(encoding="utf-8"))["offence"]
    return {record["id"] for record in records if record["scheme"] == "groups"}


def _tables(path: Path, faults: list[str]) -> dict:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{path.name}: cannot be read as TOML ({error}). Mend that line.")
        return {}


def _sets(path: Path, tables: object, faults: list[str]) -> list[tuple[str, TrialSet]]:
    """What the trials of each study count, from ``[set.STUDY]``, with where it stands."""
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        faults.append(f"{path.name}: 'set' must be tables, each under a line [set.STUDY].")
        return []
    placed = {f"{path.name}, [set.{study}]": {**table, "study": study} for study, table in tables.items()}
    return [(place, made) for place, table in placed.items() if (made := _made(TrialSet, table, place, faults))]


def _placed(path: Path, name: str, tables: object, faults: list[str]) -> list[tuple[str, dict]]:
    """Each record with where it stands: file, line, id."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        faults.append(f"{path.name}: {name!r} must be tables, each under a line [[{name}]].")
        return []
    if not tables:
        return []
    head = f"[[{name}]]"
    lines = [n for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if line.startswith(head)]
    lines += [0] * (len(tables) - len(lines))
    called = [table.get("id") or table.get("name") or "without an id" for table in tables]
    return [(f"{path.name}, line {line}, {id}", table) for line, id, table in zip(lines, called, tables, strict=False)]


def _made(kind: type, table: dict, place: str, faults: list[str]):
    """A record of its kind, or None with the faults told."""
    before = len(faults)
    known = {field.name: field for field in fields(kind)}
    for name in sorted(set(table) - set(known)):
        faults.append(f"{place}: there is no field {name!r}. {_nearest(name, known)}")
    values = {}
    for name, field in known.items():
        if name not in table:
            if field.default is MISSING:
                faults.append(f"{place}: the field {name!r} is missing; write it.")
            continue
        values[name] = _fitting(kind, name, field.type, table[name], place, faults)
    return kind(**values) if len(faults) == before else None


def _nearest(name: str, known: dict) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else "Remove it."


def _fitting(kind: type, name: str, annotation: str, value: object, place: str, faults: list[str]):
    """The value as the record holds it; what does not fit is told."""
    wanted, types = _TYPES[annotation]
    said = f"{place}, {name}: found {value!r}"
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        faults.append(f"{said}; must be {wanted}.")
        return value
    if name in NESTED and value:
        if not all(isinstance(one, dict) for one in value):
            faults.append(f"{said}; must be tables, each under a line [[problem.{name}]].")
            return value
        return tuple(_made(NESTED[name], one, f"{place}, {name} {n}", faults) for n, one in enumerate(value, 1))
    if isinstance(value, list) and not all(isinstance(one, str) and one.strip() for one in value):
        faults.append(f"{said}; every item must be a text that is not empty.")
        return value
    plain = name.removesuffix("_sv").removesuffix("_en")
    if value in ("", []) and plain not in EMPTY.get(kind, ()):
        faults.append(f"{said}; must not be empty.")
    allowed = ALLOWED.get(kind, {}).get(name)
    if allowed and (wrong := [one for one in (value if isinstance(value, list) else [value]) if one not in allowed]):
        faults.append(
            f"{place}, {name}: found {', '.join(map(repr, wrong))}; allowed are {', '.join(map(repr, allowed))}."
        )
    if isinstance(value, str):
        if value != value.strip() or "{" in value or "}" in value or "  " in value:
            faults.append(f"{said}; must have no braces, no double spaces and none at the ends.")
        return _TOGETHER.sub(HARD_SPACE, value) if plain != name or name in ("sv", "en", "heterogeneity") else value
    return tuple(value) if isinstance(value, list) else value
