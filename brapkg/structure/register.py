"""The register read: each municipality's entry, every fault by its cell, and what is older than it should be.

No clock is read: ages are counted to the day that a row itself says its facts hold for.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

from brapkg import areas, files, paths, sheets
from brapkg.areas import Area
from brapkg.errors import DataError, UsageError
from brapkg.structure.duties import Duty, columns, duties, limits
from brapkg.wording import check_language, swedish_order

FILES = ("structure.xlsx", "structure.csv")
SHEETS = {"sv": "Struktur", "en": "Structure"}
TITLES = {
    "sv": "Kommunernas brottsförebyggande arbete: vad som finns och när det beslutades",
    "en": "Municipalities' crime prevention: what is in place and when it was decided",
}
ABOUT = {
    "sv": (
        "Fyll i en rad för varje kommun på bladet Struktur. Lämna en cell tom när du inte vet: sidorna skriver "
        "då att uppgift saknas.",
        "Fyll alltid i Uppgift per när något annat på raden är ifyllt. Åldrar räknas till den dagen, inte till i dag.",
        "Spara filen som structure.xlsx, eller som structure.csv, i mappen data/raw. Ha bara en av dem.",
        "Lagen (2023:196) om kommuners ansvar för brottsförebyggande arbete: lägesbilden ska uppdateras och planen "
        "följas upp minst vartannat år (6 §). Överenskommelser och strategiskt råd ska kommunen verka för (9–10 §§).",
        "Skriv inga personuppgifter. Det som står här visas på sidorna.",
    ),
    "en": (
        "Fill in a row for each municipality on the sheet Structure. Leave a cell empty when you do not know: the "
        "pages then say that nothing is known.",
        "Always fill in As of when anything else on the row is filled in. Ages are counted to that day, not to today.",
        "Save the file as structure.xlsx, or as structure.csv, in the folder data/raw. Keep only one of them.",
        "The Act (2023:196) on municipalities' responsibility for crime prevention: the overview shall be updated and "
        "the plan followed up at least every second year (section 6). The municipality shall work for agreements and "
        "a strategic council (sections 9–10).",
        "Write no personal data. What stands here is shown on the pages.",
    ),
}
_LINK = re.compile(r"https?://[^\s\"'<>]+\.[^\s\"'<>]+")


@dataclass(frozen=True)
class Status:
    """What the register says of one duty in one municipality.

    Attributes
    ----------
    duty : Duty
    state : one of ``STATES``, or "" where nothing is told
    date : when it was decided or last renewed; None where nothing is told
    link : address of the document, or ""
    as_of : the day that the row's facts hold for
    since : the day that the age is counted from: ``date``, or that of the duty that this one follows
        where it is later (a plan's follow-up is due two years after the plan, however old the last one is)
    """

    duty: Duty
    state: str
    date: date | None
    link: str
    as_of: date
    since: date | None

    def age(self, at: date | None = None) -> int | None:
        """Whole months from ``since`` to a day (the row's own where none is given); None without a date."""
        return None if self.since is None else _months(self.since, at or self.as_of)

    @property
    def due(self) -> date | None:
        """The day it falls due next by the limits in use; None without a date to count from."""
        return None if self.since is None else _later(self.since, limits()[self.duty.id])

    def old(self, at: date | None = None) -> bool | None:
        """Whether the day it fell due has passed; None where nothing is told of it, or no date."""
        return None if self.due is None or not self.state else self.due < (at or self.as_of)


@dataclass(frozen=True)
class Entry:
    """One municipality's row. ``duties`` stand in the order of the Act; ``line`` is the register's."""

    code: str
    as_of: date
    duties: tuple[Status, ...]
    origin: str = ""
    note: str = ""
    line: int = field(default=0, compare=False)

    def duty(self, id: str) -> Status:
        return next(status for status in self.duties if status.duty.id == id)


@dataclass(frozen=True)
class Register:
    """Entries by the municipality's code, and every fault of the rows that are none.

    ``file`` is the name of the file that was read, "" where there is none.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    file: str = ""


def read(folder: Path | None = None) -> Register:
    """Read the register; nothing is raised for what people wrote.

    Parameters
    ----------
    folder : Path, optional: where the file stands; ``data/raw`` of the workspace in use

    Returns
    -------
    Register
        Empty where there is no file; with a problem and no entries where there are two.
    """
    folder = folder or paths.raw()
    found = [path for name in FILES if (path := folder / name).exists()]
    if len(found) > 1:
        told = f"{folder}: holds both {' and '.join(FILES)}, and neither is read. Keep the one that is right."
        return Register({}, [told], "")
    if not found:
        return Register()
    seen = found[0].stat()
    return _read(found[0], seen.st_mtime_ns, seen.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, changed: int, size: int) -> Register:
    rows, problems = sheets.read(path, columns(), sheet=SHEETS["sv"])
    lines: dict[str, list[sheets.Row]] = {}
    for row in rows:
        lines.setdefault(row.values["municipality"], []).append(row)
    entries, problems = {}, list(problems)
    for code, told in lines.items():
        if len(told) > 1:
            places = " and ".join(row.cell("municipality") for row in told[:5])
            problems.append(f"{places}: {areas.get(code).name} stands {len(told)} times, not read. Keep one row.")
            continue
        entry, faults = _entry(code, told[0])
        problems += faults
        if entry:
            entries[code] = entry
    return Register(entries, problems, path.name)


def _entry(code: str, row: sheets.Row) -> tuple[Entry | None, list[str]]:
    """The row as an entry; (None, []) where nothing but the municipality is filled in."""
    values = row.values
    if not any(told for id, told in values.items() if id not in ("municipality", "as_of")):
        return None, []
    problems = _faults(row)
    if problems:
        return None, problems
    as_of = values["as_of"]
    statuses = []
    for duty in duties():
        since = day = values[f"{duty.id}_date"]
        if duty.after and (other := values[f"{duty.after}_date"]):
            since = max(day, other) if day else other
        link = values.get(f"{duty.id}_link") or ""
        statuses.append(Status(duty, values[duty.id] or "", day, link, as_of, since))
    return Entry(code, as_of, tuple(statuses), values["origin"] or "", values["note"] or "", row.line), []


def _faults(row: sheets.Row) -> list[str]:
    """What contradicts itself in a row whose cells are right one by one."""
    values, as_of = row.values, row.values["as_of"]
    problems = []
    if as_of is None:
        problems.append(f"{row.cell('as_of')}: found nothing; must be filled in, since ages are counted to that day.")
    for duty in duties():
        state, day, link = (values.get(f"{duty.id}{end}") for end in ("", "_date", "_link"))
        place = row.cell(f"{duty.id}_date")
        if day and as_of and day > as_of:
            problems.append(f"{place}: found {day}, after the row's own day {as_of}; mend one of them.")
        if day and state in (None, "absent"):
            said = "no state is chosen" if state is None else f"the state is {duty.state('absent', 'sv')!r}"
            problems.append(f"{place}: found {day}, but {said}; mend one of them.")
        if link and not _LINK.fullmatch(link):
            problems.append(f"{row.cell(f'{duty.id}_link')}: found {link[:80]!r}; write one address, as https://….")
    return problems


def template(places: Sequence[Area], language: str) -> bytes:
    """The register as a workbook to fill in, with a row for each municipality, in the order of their names.

    Parameters
    ----------
    places : municipalities
    language : "sv" or "en"
    """
    rows = [{"municipality": place.code} for place in sorted(places, key=lambda place: swedish_order(place.short))]
    about, sheet = ABOUT[language], SHEETS[language]
    return sheets.workbook(TITLES[language], columns(), rows, language=language, sheet=sheet, about=about)


def _months(first: date, last: date) -> int:
    """Whole months between two days, below 0 where the second is earlier."""
    months = 12 * (last.year - first.year) + last.month - first.month
    return months - (last < _later(first, months))


def _later(day: date, months: int) -> date:
    """The same day so many months later, or the month's last where it is shorter."""
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def write_template(to: Path, area: str | None = None, language: str = "sv") -> Path:
    """Write the register to fill in, with a row for each municipality.

    Parameters
    ----------
    to : the .xlsx file
    area : code or name of a county or municipality; the whole country where it is None
    language : "sv" or "en"

    Returns
    -------
    Path of the file

    Raises
    ------
    UsageError
        An unknown area or language, or a file of that name is there already: it may be filled in.
    DataError
        The file cannot be written.
    """
    check_language(language)
    about = None if area is None else areas.find(area)
    if about is not None and about.kind not in ("nation", "county", "municipality"):
        raise UsageError(f"{about.name} is no county or municipality, which are what the register holds.")
    if to.exists():
        raise UsageError(f"{to}: is there already, and is not overwritten. Move it, or name another file with --to.")
    places = [about] if about and about.kind == "municipality" else areas.municipalities(about and about.county or None)
    try:
        files.write(to, template(places, language))
    except OSError as error:
        raise DataError(f"{to}: cannot be written ({error.strerror or error}). Check the folder's rights.") from None
    return to
