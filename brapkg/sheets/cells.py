"""Cells of spreadsheets, as people and Excel write them: lenient in form, strict in sense.

``value`` returns what a cell means; ``ValueError`` says what is wrong with it and what is allowed.
"""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from brapkg import areas
from brapkg.errors import UsageError

KINDS = ("text", "date", "number", "choice", "area")
LONGEST = 2000
SHOWN = 80
YEARS = (1990, 2100)
# Days since 1899-12-30: what Excel shows of a date whose cell has lost its format.
SERIAL = (32874, 73415)
# What joins and parts letters in some scripts, and holds pictures such as families together.
JOINERS = "\u200d\u200c"
ERRORS = ("#namn", "#name", "#ref", "#refer", "#värd", "#valu", "#n/a", "#saknas", "#div", "#num", "#ogilt", "####")
_MONTHS = {
    name: number
    for number, names in enumerate(
        "januari|january februari|february mars|march april maj|may juni|june juli|july augusti|august "
        "september oktober|october november december".split(),
        1,
    )
    for full in names.split("|")
    for name in (full, full[:3])
}
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00(?::00)?)?|(\d{4})(\d{2})(\d{2})", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{1,2})", re.ASCII)
_NAMED = re.compile(r"(?:(\d{1,2})\.? )?([a-zåäö]+)\.?[ -](\d{4})", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?", re.ASCII)
# 250.000 may be a quarter of a million or 250, and so may 250,000.
_EITHER = re.compile(r"[-+]?[1-9]\d{0,2}([.,]\d{3})+", re.ASCII)
_SPACES = re.compile(r"[\s\u00a0\u2009\u202f]+")


@dataclass(frozen=True)
class Column:
    """One column of a spreadsheet.

    Attributes
    ----------
    id, sv, en : its name for programs and its headings; each of them is read
    kind : one of ``KINDS``
    allowed : of a choice: (value, Swedish, English) each; of an area: the kind of area wanted as the
        value of the first (empty: any)
    required : whether a row without it is a fault
    width : in letters
    help_sv, help_en : what to write, shown when the cell is chosen
    """

    id: str
    sv: str
    en: str
    kind: str = "text"
    allowed: tuple[tuple[str, str, str], ...] = ()
    required: bool = False
    width: int = 16
    help_sv: str = ""
    help_en: str = ""

    def heading(self, language: str) -> str:
        return self.en if language == "en" else self.sv

    def help(self, language: str) -> str:
        return self.help_en if language == "en" else self.help_sv

    def labels(self, language: str) -> list[str]:
        """A choice's words in a language, in order."""
        return [en if language == "en" else sv for _, sv, en in self.allowed]


@dataclass(frozen=True)
class Refused:
    """A cell that could not be read as a value, and why."""

    text: str
    why: str


def empty(value: object) -> bool:
    """Whether nothing stands in the cell."""
    return value is None or (isinstance(value, str) and not value.strip())


def shown(value: object) -> str:
    """What stands in a cell, as a message tells it."""
    told = value.text if isinstance(value, Refused) else value
    if isinstance(told, str):
        return repr(told.strip()[:SHOWN])
    if isinstance(told, (datetime, date)):
        return told.isoformat()[:10]
    return "nothing" if told is None else str(told)[:SHOWN]


def value(column: Column, cell: object) -> str | date | float | None:
    """What a cell of a column means; None where it is empty.

    Parameters
    ----------
    cell : str, or a number, date or truth value as a workbook holds them, or ``Refused``

    Raises
    ------
    ValueError
        What is wrong and what is allowed, to follow "found '…'; ".
    """
    if isinstance(cell, Refused):
        raise ValueError(cell.why)
    if isinstance(cell, str):
        cell = _plain(cell, lines=column.kind == "text")
    if empty(cell):
        if column.required:
            raise ValueError("must be filled in" + (f": {column.help_en}" if column.help_en else ""))
        return None
    return _KINDS[column.kind](column, cell)


def _plain(cell: str, *, lines: bool) -> str:
    """The cell without doubled spaces; line breaks stay in texts."""
    told = unicodedata.normalize("NFC", cell.replace("\r\n", "\n").replace("\r", "\n").replace("_x000D_", ""))
    parts = [_SPACES.sub(" ", part).strip() for part in told.split("\n")]
    told = ("\n" if lines else " ").join(parts).strip()
    kept = f"\n{JOINERS}" if lines else ""
    odd = next((c for c in told if c not in kept and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn")), "")
    if odd:
        raise ValueError(f"holds the invisible character U+{ord(odd):04X}; type the cell again")
    if told.casefold().startswith(ERRORS):
        raise ValueError("is an error of the spreadsheet; type the value itself")
    if told.startswith("="):
        raise ValueError("is a formula; type the value itself")
    if len(told) > LONGEST:
        raise ValueError(f"is {len(told)} characters long; at most {LONGEST} are allowed")
    return told


def _text(column: Column, cell: object) -> str:
    if isinstance(cell, (datetime, date)):
        return cell.isoformat()[:10]
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _date(column: Column, cell: object) -> date:
    if isinstance(cell, datetime):
        cell = cell.date()
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        cell = _day_of_number(cell)
    found = cell if isinstance(cell, date) else _written_day(cell) if isinstance(cell, str) else None
    if found is None:
        raise ValueError("is no date; write year, month and day, as 2025-03-01")
    if not YEARS[0] <= found.year <= YEARS[1]:
        raise ValueError(f"is no date between {YEARS[0]} and {YEARS[1]}; write it as 2025-03-01")
    return found


def _day_of_number(number: float) -> date | str:
    """A date that has lost its format, or one typed as 20250301."""
    if SERIAL[0] <= number <= SERIAL[1]:
        return date(1899, 12, 30) + timedelta(days=int(number))
    return str(int(number)) if math.isfinite(number) and number == int(number) else ""


def _written_day(text: str) -> date | None:
    if found := _DAY.fullmatch(text):
        year, month, day = (int(part) for part in found.groups() if part is not None)
    elif found := _MONTH.fullmatch(text):
        year, month, day = int(found[1]), int(found[2]), 1
    elif (found := _NAMED.fullmatch(text)) and found[2].casefold() in _MONTHS:
        year, month, day = int(found[3]), _MONTHS[found[2].casefold()], int(found[1] or 1)
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _number(column: Column, cell: object) -> float:
    if isinstance(cell, (datetime, date, time)):
        raise ValueError("is a date, perhaps made by the spreadsheet of a number; type the number again")
    if isinstance(cell, bool):
        raise ValueError("is a truth value; write digits, with a comma before decimals")
    if isinstance(cell, str):
        told = _SPACES.sub("", cell).replace("\u2212", "-").replace("\u2013", "-")
        if _EITHER.fullmatch(told):
            raise ValueError("can be read in two ways; write thousands with a space or nothing (250 000 or 250000)")
        if not _NUMBER.fullmatch(told) or len(told) > 20:
            raise ValueError("is no number; write digits, with a comma before decimals")
        cell = told.replace(",", ".")
    found = float(cell)
    if not math.isfinite(found):
        raise ValueError("is no number; write digits, with a comma before decimals")
    return found


def _choice(column: Column, cell: object) -> str:
    words = {word.casefold(): told for told, sv, en in reversed(column.allowed) for word in (en, sv, told)}
    written = _text(column, cell).casefold()
    if written not in words:
        near = difflib.get_close_matches(written, words, n=1, cutoff=0.7)
        meant = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"is no choice here; {meant}allowed: {', '.join(column.labels('sv'))}")
    return words[written]


def _area(column: Column, cell: object) -> str:
    kind = column.allowed[0][0] if column.allowed else None
    written = _text(column, cell)
    if written.isdecimal() and written.isascii() and len(written) in (1, 3):  # Excel has taken the nought away
        written = f"0{written}"
    try:
        return areas.find(written, kind).code
    except UsageError as error:
        raise ValueError(str(error).rstrip(".")) from None


_KINDS = {"text": _text, "date": _date, "number": _number, "choice": _choice, "area": _area}
