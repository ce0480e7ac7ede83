"""Cells of the register of measures, as people and spreadsheets write them: lenient in form, strict in sense.

Each function takes the cell's text, stripped, and returns its value; ``ValueError`` says what is
wrong with it, and what to write instead.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

from brapkg import areas, catalogue
from brapkg.errors import UsageError

LONGEST = 600
YEARS = (1990, 2100)
MOST_RUN_IN = 24
YES = {"yes", "y", "ja", "j", "true", "sant", "1", "x"}
NO = {"", "no", "n", "nej", "false", "falskt", "0"}
AREAS = ("county", "municipality")
_MONTHS = {
    name: number
    for number, names in enumerate(
        "jan feb mar|mars apr maj|may jun|juni jul|juli aug sep|sept okt|oct nov dec".split(), 1
    )
    for name in names.split("|")
}
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MONTH = re.compile(r"(\d{4})\s?[-/.]?\s?(\d{1,2})", re.ASCII)
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})( 00:00(:00)?)?", re.ASCII)
_NAMED = re.compile(r"([a-zåäö]{3,5})\.?[ -]?(\d{4}|\d{2})", re.ASCII)
_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?", re.ASCII)
# 250.000 may be a quarter of a million or 250, and so may 250,000.
_EITHER = re.compile(r"[-+]?\d{1,3}([.,]\d{3})+", re.ASCII)
_SPACES = re.compile(r"[\s\u00a0\u2009\u202f]+")
_ERRORS = ("#namn", "#name", "#ref", "#refer", "#värd", "#valu", "#n/a", "#saknas", "#div", "#num", "#ogilt", "####")


def plain(cell: str, *, signed: bool = False) -> str:
    """The cell without doubled spaces and line breaks; ``signed``: it may begin with a sign.

    Refuses control characters, formulas and the errors of spreadsheets.
    """
    told = _SPACES.sub(" ", unicodedata.normalize("NFC", cell)).strip()
    odd = next((c for c in told if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn")), "")
    if odd:
        raise ValueError(f"holds the invisible character U+{ord(odd):04X}; type the cell again")
    if told.casefold().startswith(_ERRORS):
        raise ValueError("is an error of the spreadsheet; type the value itself")
    if told[:1] in ("=", "@") or (told[:1] in ("+", "-") and not signed):
        raise ValueError(f"begins with {told[0]}, as a formula of a spreadsheet; type the value itself")
    if len(told) > LONGEST:
        raise ValueError(f"is {len(told)} characters long; at most {LONGEST} are allowed")
    return told


def id(cell: str) -> str:
    """A short name that can be part of an address: ``lampor-i-parken``."""
    told = re.sub(r"[ _]+", "-", cell.casefold())
    if not _ID.fullmatch(told) or len(told) > 60:
        raise ValueError("is no id; use a–z, digits and dashes, at most 60 characters (lampor-i-parken)")
    return told


def month(cell: str) -> tuple[int, int]:
    """A year and month: ``2014-01``, ``2014-1``, ``201401``, ``2014-01-01``, or ``jan-14`` as Excel has it."""
    told = cell.casefold()
    if found := _DAY.fullmatch(told):
        if int(found[3]) != 1:
            raise ValueError("is a day; figures come by whole months. Write the month, as 2014-01")
        year, number = int(found[1]), int(found[2])
    elif found := _MONTH.fullmatch(told):
        year, number = int(found[1]), int(found[2])
    elif (found := _NAMED.fullmatch(told)) and (name := _month_name(found[1])):
        year, number = int(found[2]), name
        year += 2000 if year < 100 else 0
    else:
        raise ValueError("is no month; write year and month, as 2014-01")
    if not (YEARS[0] <= year <= YEARS[1] and 1 <= number <= 12):
        raise ValueError(f"is no month between {YEARS[0]} and {YEARS[1]}; write year and month, as 2014-01")
    return year, number


def _month_name(text: str) -> int | None:
    return _MONTHS.get(text) or _MONTHS.get(text[:3])


def number(cell: str) -> float:
    """A number with decimal comma or point, and spaces between thousands."""
    told = _SPACES.sub("", cell).replace("\u2212", "-").replace("\u2013", "-")
    if _EITHER.fullmatch(told):
        raise ValueError("can be read in two ways; write thousands with a space or nothing (250 000 or 250000)")
    if not _NUMBER.fullmatch(told) or len(told) > 15:
        raise ValueError("is no number; write digits, with a comma before decimals")
    return float(told.replace(",", "."))


def run_in(cell: str) -> int:
    """Whole months, 0 where the cell is empty."""
    if not cell:
        return 0
    found = number(cell)
    if found != int(found) or not 0 <= found <= MOST_RUN_IN:
        raise ValueError(f"must be a whole number of months from 0 to {MOST_RUN_IN}")
    return int(found)


def cost(cell: str) -> float | None:
    """Kronor; None where the cell is empty."""
    if not cell:
        return None
    found = number(re.sub(r"\s*(kr|kronor|sek|:-)\.?$", "", cell, flags=re.IGNORECASE))
    if found < 0:
        raise ValueError("is below 0; write what the measure cost in kronor, or leave the cell empty")
    return found


def change(cell: str) -> float | None:
    """A fall in per cent, from -100 to -1; None where the cell is empty."""
    if not cell:
        return None
    found = number(re.sub(r"\s*(%|procent)$", "", cell, flags=re.IGNORECASE))
    if not -100 < found <= -1:
        raise ValueError(
            "must be a fall in per cent, above -100 and at most -1 (-20 is a fall by a fifth); "
            "leave the cell empty where no fall was expected, and tell it in the column expected"
        )
    return found


def yes(cell: str) -> bool:
    """Yes or no, in Swedish or English; empty means no."""
    told = cell.casefold()
    if told not in YES | NO:
        raise ValueError("must be yes (ja) or no (nej)")
    return told in YES


def places(cell: str) -> tuple[str, ...]:
    """Codes of counties and municipalities, each once, in the order given.

    Names with spaces are parted by ``|`` or a comma. Leading zeros that a spreadsheet took away
    are put back (``980`` is ``0980``, ``9`` is ``09``).
    """
    if not cell:
        return ()
    parts = [part.strip() for part in re.split(r"[|,;]", cell)]
    if len(parts) == 1:
        parts = [cell] if isinstance(_place(cell), areas.Area) else cell.split(" ")
    found, wrong = [], []
    for part in filter(None, parts):
        place = _place(part)
        if isinstance(place, areas.Area):
            found.append(place.code)
        else:
            wrong.append(place)
    if not found and not wrong:
        raise ValueError("names no area; give codes, or names with | between them")
    if wrong:
        raise ValueError(" ".join(dict.fromkeys(wrong)) + " Give codes, or names with | between them")
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=4096)
def _place(text: str) -> areas.Area | str:
    """The county or municipality, or why there is none."""
    told = text.zfill(4) if text.isascii() and text.isdecimal() and len(text) == 3 else text
    told = told.zfill(2) if told.isascii() and told.isdecimal() else told
    try:
        found = areas.find(told[:80])
    except UsageError as error:
        return str(error)
    if found.kind not in AREAS:
        return f"{text!r} is a {found.kind.replace('_', ' ')}; only counties and municipalities are allowed."
    return found


def outcome(cell: str) -> str:
    """A series of reported offences by its id or name."""
    known = catalogue.names("groups", "chapters") | {id: id for id in _series()}
    known |= {name.casefold(): record.id for record in _series().values() for name in (record.sv, record.short_sv)}
    if (found := known.get(cell.casefold())) is None:
        raise ValueError(f"is no series of reported offences. There are: {', '.join(_series())}")
    return found


def _series() -> dict[str, catalogue.Offence]:
    return catalogue.offences("groups") | catalogue.offences("chapters")


def one_of(cell: str, allowed: Collection[str], what: str) -> str:
    """One of the ids there are."""
    told = cell.casefold()
    if told in allowed:
        return told
    near = difflib.get_close_matches(told[:60], allowed, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(allowed)}"
    raise ValueError(f"is no {what} of the knowledge base; {hint}")
