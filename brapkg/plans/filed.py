"""Filled-in plans: the Excel sheets in ``data/raw/plans``, read with every fault told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

from brapkg import areas, catalogue, paths, sheets
from brapkg.plans.draft import Candidate
from brapkg.plans.excel import columns
from brapkg.plans.values import Value
from brapkg.sheets.cells import empty
from brapkg.sheets.grids import grid_of, heading, key, names

FOLDER = "plans"
READ = (".xlsx", ".csv")
SHEET = "Plan"
KINDS = ("county", "municipality")
YEARS = (1990, 2100)
BASELINE = ("first", "last", "count", "residents")


@dataclass(frozen=True)
class FiledRow:
    """One measure of a filed plan, with the priority that it belongs to.

    ``offence`` is "" where the row follows no offence group; ``value`` is the baseline as filed, None
    where there is none; ``place`` says where the row stands.
    """

    priority: int | None
    problem: str
    offence: str
    measure: Candidate
    value: Value | None
    place: str = field(default="", compare=False)


@dataclass(frozen=True)
class FiledPlan:
    """A filed plan: area (code), year of the figures it was made from, file, rows in the file's order.

    ``refused`` is how many rows of the file could not be used; ``apart`` the offence groups whose
    baseline is not the same on all rows, which have none.
    """

    area: str
    period: int
    file: str
    rows: tuple[FiledRow, ...]
    refused: int = 0
    apart: tuple[str, ...] = ()

    @property
    def baselines(self) -> dict[str, Value | None]:
        """What each offence group that the plan follows stood at, in the plan's order."""
        found: dict[str, Value | None] = {}
        for row in self.rows:
            if row.offence:
                found[row.offence] = found.get(row.offence) or row.value
        return found

    def measures(self, offence: str | None = None) -> list[Candidate]:
        """The measures that have a name: all, or those of an offence group."""
        return [row.measure for row in self.rows if row.measure.name and offence in (None, row.offence)]

    def start(self, offence: str) -> date | None:
        """When the first of an offence group's measures starts, of those that have a start."""
        return min((one.start for one in self.measures(offence) if one.start), default=None)


@dataclass(frozen=True)
class Filed:
    """Every plan that could be read, by the area's code with the latest year first, and every fault."""

    plans: Mapping[str, tuple[FiledPlan, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def plan(self, area: str, period: int) -> FiledPlan | None:
        """The area's latest plan made from figures of this year or an earlier one."""
        return next((one for one in self.plans.get(area, ()) if one.period <= period), None)


def read(folder: Path | None = None) -> Filed:
    """Read the filed plans.

    Parameters
    ----------
    folder : Path, optional: ``data/raw/plans`` of the workspace in use

    Returns
    -------
    Filed
        Empty where there is no folder. Nothing is raised for what people wrote: ``problems`` name file,
        sheet and cell, what was found, what is allowed and the remedy. A row with a fault is left out;
        the others are used. Two files with a plan of the same area and year are both left out.
    """
    folder = folder or paths.raw() / FOLDER
    if not folder.is_dir():
        return Filed()
    problems: list[str] = []
    found: dict[tuple[str, int], list[FiledPlan]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir() or path.name.startswith((".", "~$")) or path.name == "README.md":
            continue
        plans, wrong = _file(path)
        problems += wrong
        for plan in plans:
            found.setdefault((plan.area, plan.period), []).append(plan)
    by_area: dict[str, list[FiledPlan]] = {}
    for (area, period), plans in sorted(found.items(), key=lambda item: (item[0][0], -item[0][1])):
        if len(plans) == 1:
            by_area.setdefault(area, []).append(plans[0])
        else:
            named = " and ".join(plan.file for plan in plans)
            problems.append(
                f"{folder}: {named} each hold a plan of {area} {areas.get(area).name} for {period}, and none of them "
                "is used. Keep the one that was decided, and move the others out of the folder."
            )
    return Filed({area: tuple(plans) for area, plans in by_area.items()}, tuple(problems))


def _file(path: Path) -> tuple[list[FiledPlan], list[str]]:
    if path.suffix.casefold() not in READ:
        told = "is a Word document" if path.suffix.casefold() == ".docx" else "is no Excel sheet"
        return [], [
            f"{path.name}: {told}, and is not read. Fill in the Excel sheet of the plan (.xlsx) and put it here."
        ]
    try:
        state = path.stat()
    except OSError as error:
        return [], [f"{path.name}: cannot be read ({error.strerror}). Check the file's rights."]
    plans, problems = _read(path, state.st_mtime_ns, state.st_size)
    return list(plans), list(problems)


# All pages of a county ask for the same files.
@lru_cache(maxsize=512)
def _read(path: Path, changed: int, size: int) -> tuple[tuple[FiledPlan, ...], tuple[str, ...]]:
    rows, problems = sheets.read(path, columns(), sheet=SHEET)
    found: dict[tuple[str, int], list[FiledRow]] = {}
    for row in rows:
        wrong = _faults(row)
        problems += wrong
        if not wrong:
            found.setdefault((row.values["area"], int(row.values["period"])), []).append(_filed(row))
    refused = _filled(path) - sum(map(len, found.values())) if problems else 0
    plans = []
    for (area, period), told in found.items():
        agreed, apart, wrong = _agreed(told)
        problems += wrong
        plans.append(FiledPlan(area, period, path.name, tuple(agreed), refused, apart))
    return tuple(plans), tuple(problems)


def _filled(path: Path) -> int:
    """How many rows below the headings have something in a column of the plan, whether they can be read or not."""
    try:
        grid = grid_of(path, columns(), SHEET)
    except ValueError:
        return 0
    line = heading(grid, columns())
    if line is None:
        return 0
    heads, known = grid.cells[line], names(columns())
    within = [at for at, cell in enumerate(heads) if key(cell) in known]
    return sum(
        any(at < len(cells) and not empty(cells[at]) for at in within)
        for below, cells in grid.cells.items()
        if below > line and list(map(key, cells)) != list(map(key, heads))
    )


def _filed(row: sheets.Row) -> FiledRow:
    told = row.values
    measure = Candidate(
        *(told[id] or "" for id in ("measure", "evidence", "owner")),
        told["start"],
        told["end"],
        *(told[id] or "" for id in ("status", "done")),
    )
    value = None
    if told["first"] is not None:
        value = Value(int(told["first"]), int(told["last"]), told["count"], told["residents"])
    priority = None if told["priority"] is None else int(told["priority"])
    return FiledRow(priority, told["problem"] or "", told["offence"] or "", measure, value, row.cell("measure"))


def _faults(row: sheets.Row) -> list[str]:
    """What is wrong with a row whose cells can each be read."""
    told, problems = row.values, []

    def wrong(id: str, why: str) -> None:
        found = told[id]
        shown = f"{found:g}" if isinstance(found, float) else "nothing" if found is None else str(found)
        problems.append(f"{row.cell(id)} ({_heading(id)}): found {shown}; {why}.")

    if areas.get(told["area"]).kind not in KINDS:
        wrong("area", "a plan is of a municipality or a county; write its name or code")
    for id in ("period", "first", "last"):
        if told[id] is not None and not (told[id] == int(told[id]) and YEARS[0] <= told[id] <= YEARS[1]):
            wrong(id, f"must be a year from {YEARS[0]} to {YEARS[1]}, in digits")
    if told["priority"] is not None and not (
        told["priority"] == int(told["priority"]) and 1 <= told["priority"] <= 999
    ):
        wrong("priority", "must be a whole number from 1 to 999, or empty")
    if told["start"] and told["end"] and told["end"] < told["start"]:
        wrong("end", f"lies before the start ({told['start'].isoformat()}); mend one of them")
    given = [id for id in BASELINE if told[id] is not None]
    if not given:
        return problems
    for id in BASELINE:
        if told[id] is None:
            wrong(id, "the baseline needs all four of its cells, or none; copy them from the draft")
    if len(given) < len(BASELINE) or problems:
        return problems
    if not told["offence"]:
        wrong("offence", "a baseline needs its offence group; choose one in the list")
    if told["first"] > told["last"]:
        wrong("first", f"lies after the baseline's last year {told['last']:g}; copy both from the draft")
    if told["last"] > told["period"]:
        wrong("last", f"lies after the plan's year {told['period']:g}; copy both from the draft")
    if told["count"] < 0 or told["count"] != int(told["count"]):
        wrong("count", "must be a whole number of offences, 0 or more")
    if told["residents"] <= 0:
        wrong("residents", "must be above 0: residents times years")
    elif told["count"] > told["residents"] * 10:
        wrong("count", f"cannot be, with {told['residents']:g} residents; copy both from the draft")
    return problems


def _heading(id: str) -> str:
    return next(column.sv for column in columns() if column.id == id)


def _agreed(rows: list[FiledRow]) -> tuple[list[FiledRow], tuple[str, ...], list[str]]:
    """The rows, without a baseline where those of an offence group are told in more than one way; these groups."""
    told: dict[str, set[Value]] = {}
    for row in rows:
        if row.value:
            told.setdefault(row.offence, set()).add(row.value)
    apart = tuple(sorted(offence for offence, values in told.items() if len(values) > 1))
    problems = [
        f"{_places(row.place for row in rows if row.offence == offence and row.value)}: the baseline of {catalogue.offence(offence).sv!r} is "
        "not the same on these rows, and the indicator is not followed. Copy the four cells from the draft to each row."
        for offence in apart
    ]
    kept = [row if row.offence not in apart else _without_value(row) for row in rows]
    return kept, apart, problems


def _without_value(row: FiledRow) -> FiledRow:
    return FiledRow(row.priority, row.problem, row.offence, row.measure, None, row.place)


def _places(places: Iterable[str]) -> str:
    """The first place whole, of the others what comes last ("cell D7")."""
    first, *rest = list(places)
    return ", ".join([first, *(place.rsplit(", ", 1)[-1] for place in rest[:9])])
