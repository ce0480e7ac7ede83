"""The catalogue: offence series and breaks in them, read from the records and checked at load."""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from brapkg.errors import DataError, UsageError

RECORDS = Path(__file__).parent / "records"
SCHEMES = ("groups", "chapters", "nation")
TOTAL = "total"


@dataclass(frozen=True)
class Offence:
    """One series of reported offences. Fields as explained in ``records/offences.toml``."""

    id: str
    scheme: str
    names: tuple[str, ...]
    sv: str
    en: str
    short_sv: str = ""
    short_en: str = ""
    lower_sv: str = ""
    lower_en: str = ""
    driven: str = ""
    ask_sv: str = ""
    ask_en: str = ""

    def text(self, field: str, language: str) -> str:
        """A field in a language, as ``text("short", "sv")``; ``"name"`` is the full name."""
        return getattr(self, language if field == "name" else f"{field}_{language}")


@dataclass(frozen=True)
class Break:
    """A month from which a series is counted in another way."""

    id: str
    year: int
    month: int
    offences: str | tuple[str, ...]
    source: str
    title_sv: str
    title_en: str
    label_sv: str
    label_en: str
    text_sv: str
    text_en: str

    def text(self, field: str, language: str) -> str:
        """A field in a language, as ``text("title", "en")``."""
        return getattr(self, f"{field}_{language}")

    def concerns(self, offence: str) -> bool:
        """Whether the break lies in the series of this offence."""
        return self.offences == "all" or offence in self.offences

    def position(self, at: Sequence[int]) -> int | None:
        """Position of the first month after the break, or None where it does not lie inside.

        ``at`` counts months (year * 12 + month - 1), in order.
        """
        place = bisect_left(at, self.year * 12 + self.month - 1)
        return place if 0 < place < len(at) else None


def _load(name: str, kind: type) -> list:
    """Records of one file as ``kind``; every record that does not fit is named in one error."""
    path = RECORDS / f"{name}s.toml"
    with path.open("rb") as file:
        records = tomllib.load(file)[name]
    known = {field.name for field in fields(kind)}
    problems, made = [], []
    for record in records:
        tidy = {k: tuple(v) if isinstance(v, list) else v for k, v in record.items()}
        unknown = sorted(set(tidy) - known)
        if unknown:
            problems.append(f"{path.name}, {record.get('id')}: unknown fields {unknown}")
            continue
        try:
            made.append(kind(**tidy))
        except TypeError as error:
            problems.append(f"{path.name}, {record.get('id')}: {error}")
    ids = [record.id for record in made]
    problems += [f"{path.name}: id {i!r} is used twice" for i in sorted(set(ids)) if ids.count(i) > 1]
    if problems:
        raise DataError(problems)
    return made


@cache
def offences(scheme: str | None = None) -> dict[str, Offence]:
    """Offence series by id, in the order of the pages; all schemes, or one of ``SCHEMES``."""
    return {o.id: o for o in _load("offence", Offence) if scheme in (None, o.scheme)}


def offence(id: str) -> Offence:
    """The series with this id; ``UsageError`` names the ids there are."""
    try:
        return offences()[id]
    except KeyError:
        raise UsageError(f"No offence series {id!r}. There are: {', '.join(offences())}.") from None


@cache
def names(*schemes: str) -> dict[str, str]:
    """From a name as exports write it (stripped, case-folded) to the id, within the schemes."""
    return {
        name.strip().casefold(): record.id
        for record in offences().values()
        if record.scheme in schemes
        for name in record.names
    }


@cache
def breaks() -> tuple[Break, ...]:
    """Every known break in the series, in order of time."""
    return tuple(sorted(_load("break", Break), key=lambda b: (b.year, b.month)))
