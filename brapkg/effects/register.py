"""The register of local measures: ``data/raw/measures.csv``, read with every fault told at once.

People keep it in a spreadsheet. A row with a fault is not made and says why; the others are made.
The columns are those of ``records/measures.schema.json``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from brapkg import paths
from brapkg.effects import cells, lines
from brapkg.errors import DataError, UsageError
from brapkg.wording import Words

SCHEMA = Path(__file__).parents[1] / "records" / "measures.schema.json"
FILE = "measures.csv"
SIGNED = ("expected", "expected_change", "cost", "run_in")
SHOWN = 80


@dataclass(frozen=True)
class Measure:
    """One local measure, as its row tells it.

    Attributes
    ----------
    id, title : str
    problem, measure : ids of the knowledge base; ``measure`` may be ""
    treated, comparison, nearby : codes of counties or municipalities
    start, end : (year, month); ``end`` None where the measure goes on
    run_in : months from ``start`` that belong neither before nor after
    cost : kronor, or None
    owner, expected : texts, may be ""
    outcome : id of the series of reported offences
    expected_change : per cent, below 0; None where none was told
    placebo : whether nothing was done
    line : of the register, 0 where it comes from elsewhere
    """

    id: str
    title: str
    problem: str
    treated: tuple[str, ...]
    comparison: tuple[str, ...]
    start: tuple[int, int]
    outcome: str
    measure: str = ""
    nearby: tuple[str, ...] = ()
    run_in: int = 0
    end: tuple[int, int] | None = None
    cost: float | None = None
    owner: str = ""
    expected: str = ""
    expected_change: float | None = None
    placebo: bool = False
    line: int = field(default=0, compare=False)

    def label(self, language: str) -> str:
        """The title as a heading in a language, "sv" or "en"; a made-up measure always says so.

        Titles stand as people wrote them, but for a made-up one whose title says so in Swedish: there the
        English heading says it in English, before what is left of the title.
        """
        if not self.placebo:
            return self.title
        words, swedish = Words(language), Words("sv")
        mark = swedish("evaluation_placebo")
        if not self.title.casefold().startswith(mark.casefold()):
            return words("evaluation_placebo_title", title=self.title)
        if language == "sv":
            return self.title
        rest = self.title[len(mark) :].lstrip(" :,")
        nothing = swedish("evaluation_placebo_nothing")
        rest = rest[len(nothing) :].lstrip(" :,") if rest.casefold().startswith(nothing) else rest
        return words("evaluation_placebo_title", title=rest) if rest else words("evaluation_placebo_mark")


@dataclass(frozen=True)
class Register:
    """What a register holds: the measures whose rows are right, and every fault of the others.

    ``faults`` are the problems of each measure that is not made, by its id (where it has one).
    """

    measures: tuple[Measure, ...] = ()
    problems: tuple[str, ...] = ()
    faults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    path: Path | None = None

    def measure(self, id: str) -> Measure:
        """The measure with this id.

        Raises
        ------
        UsageError
            No row has the id; the message names the ids there are.
        DataError
            The row has faults: all of them.
        """
        if not isinstance(id, str):
            raise UsageError(f"A measure is named by the text of its id, not by {id!r}.")
        told = id.strip().casefold()
        for one in self.measures:
            if one.id == told:
                return one
        if told in self.faults:
            raise DataError(self.faults[told])
        there = ", ".join(one.id for one in self.measures) or "none"
        raise UsageError(f"No measure {id!r} in {self.path}. There are: {there}.")


def read(path: Path | None = None) -> Register:
    """Read the register.

    Parameters
    ----------
    path : Path, optional: ``data/raw/measures.csv`` of the workspace in use

    Returns
    -------
    Register
        Empty where there is no file. Nothing is raised for what people wrote: faults are in
        ``problems``, each with file, line, column, what was found, what is allowed and the remedy.
    """
    path = path or paths.raw() / FILE
    if not path.exists():
        return Register(path=path)
    try:
        rows = lines.read(path)
        heads, first = _heading(path, next(rows, (1, [])))
    except DataError as error:
        return Register(problems=tuple(error.problems), path=path)
    problems, found, faults = list(first), [], {}
    try:
        for line, row in rows:
            values, wrong = _row(f"{path}, line {line}", heads, row)
            found.append((line, values, wrong))
    except DataError as error:  # a quote that is never closed: what stands before it is made
        problems += error.problems
    standing: dict[str, list[int]] = {}
    for line, values, _ in found:
        if "id" in values:
            standing.setdefault(values["id"], []).append(line)
    measures = []
    for line, values, wrong in found:
        id = values.get("id", "")
        if len(standing.get(id, ())) > 1:
            named = " and ".join(map(str, standing[id][:5]))
            wrong = [
                *wrong,
                f"{path}, line {line}, column id: {id!r} stands on lines {named}; give each row its own id.",
            ]
        if wrong:
            problems += wrong
            faults[id] = (*faults.get(id, ()), *wrong)
        else:
            measures.append(Measure(**values, line=line))
    return Register(tuple(measures), tuple(problems), {id: told for id, told in faults.items() if id}, path)


def measure(id: str) -> Measure:
    """A measure of the register in use by its id; errors as ``Register.measure``."""
    register = read()
    if not register.measures and not register.problems:
        raise UsageError(
            f"{register.path}: there are no measures yet. Copy measures.template.csv to {FILE} and fill in a row."
        )
    return register.measure(id)


@cache
def columns() -> dict[str, dict]:
    """The register's columns by name, in order: title, description, example, whether required."""
    fields = json.loads(SCHEMA.read_text(encoding="utf-8"))["fields"]
    return {told["name"]: told for told in fields}


# --- the heading ---------------------------------------------------------------------------------


def _heading(path: Path, row: tuple[int, list[str]]) -> tuple[list[str], list[str]]:
    """The name of each column ("" for one without), and what is wrong with the heading.

    A heading may be the schema's name or its Swedish title.
    """
    line, found = row
    titles = {told["title"].casefold(): name for name, told in columns().items()}
    told = [" ".join(cell.split()).casefold() for cell in found]
    heads = [titles.get(cell, cell.replace(" ", "_").replace("-", "_")) for cell in told]
    place = f"{path}, line {line}"
    problems = [
        f"{place}: the column {name!r} stands {heads.count(name)} times; keep one."
        for name in dict.fromkeys(heads)
        if name and heads.count(name) > 1
    ]
    lacking = [name for name in columns() if name not in heads]
    if lacking:
        seen = ", ".join(filter(None, heads))[:SHOWN]
        problems.append(
            f"{place}: lacks the columns {', '.join(lacking)}; found {seen!r}. Copy the heading from "
            "measures.template.csv, and keep every column even where it is empty."
        )
    if problems:
        raise DataError(problems)
    unknown = [
        f"{place}: no column is called {name[:SHOWN]!r}, and it is not read. There are: {', '.join(columns())}."
        for name in heads
        if name and name not in columns()
    ]
    return heads, unknown


# --- from rows to measures -----------------------------------------------------------------------


def _row(place: str, heads: list[str], row: list[str]) -> tuple[dict, list[str]]:
    """The values that could be read, by column, and what is wrong with the row."""
    if [name.strip().casefold() for name in row] == heads:
        return {}, [f"{place}: the heading stands here again; remove the line."]
    if any(cell.strip() for cell in row[len(heads) :]):
        told = f"{len(row)} cells under {len(heads)} headings"
        return {}, [f"{place}: found {told}. Put a cell that holds the separator in quotes."]
    given = dict(zip(heads, [*row, *[""] * len(heads)], strict=False))
    values, problems = {}, []
    for name, read in _readers().items():
        try:
            cell = cells.plain(given[name], signed=name in SIGNED)
            if not cell and columns()[name]["constraints"]["required"]:
                raise ValueError(f"must be filled in: {columns()[name]['description']}")
            values[name] = read(cell)
        except ValueError as error:
            problems.append(f"{place}, column {name}: found {given[name].strip()[:SHOWN]!r}; {error}.")
    if "start" in values and values.get("end") and values["end"] < values["start"]:
        problems.append(f"{place}, column end: found {given['end'].strip()!r}, before the start; mend one of them.")
    return values, problems


@cache
def _readers() -> dict[str, Callable]:
    problems, measures = _knowledge()
    return {
        "id": cells.id,
        "title": str,
        "problem": partial(cells.one_of, allowed=problems, what="problem"),
        "measure": lambda cell: cells.one_of(cell, measures, "measure") if cell else "",
        "treated": cells.places,
        "comparison": cells.places,
        "nearby": cells.places,
        "start": cells.month,
        "run_in": cells.run_in,
        "end": lambda cell: cells.month(cell) if cell else None,
        "cost": cells.cost,
        "owner": str,
        "outcome": cells.outcome,
        "expected": str,
        "expected_change": cells.change,
        "placebo": cells.yes,
    }


def _knowledge() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids of the knowledge base's problems and measures."""
    from brapkg import evidence

    return tuple(evidence.problems()), tuple(evidence.measures())
