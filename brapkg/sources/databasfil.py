"""The format "databasfil" of Brå's statistics database: one file, from bytes to a tidy table.

The format::

    Region;Brott;År;Period;Antal;/100 000 inv
    Ale kommun;Våldsbrott ;2016 prel.;Jan;18;64;

Six headings over seven fields, ISO-8859-1, names without codes, trailing spaces, ``2016 prel.``.
Yearly exports hold the word "År" in the column År and the year in Period. The database repeats
the ancestors of a chosen offence, with ``..`` or with the same rows again, and lists areas that
no longer exist with zeros. Whatever is left out is counted in the ``Account``.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path

import pandas as pd

from brapkg import areas, catalogue
from brapkg.errors import DataError

HEADER = ["Region", "Brott", "År", "Period", "Antal", "/100 000 inv"]
FIELDS = ["region", "brott", "year_text", "period", "count_text", "rate_text", "end"]
CELL = ["area", "offence", "year", "month"]
TYPES = {
    "area": "str",
    "offence": "str",
    "year": "int64",
    "month": "int64",
    "count": "int64",
    "rate": "int64",
    "status": "str",
}
COLUMNS = list(TYPES)
NOT_PUBLISHED = ".."
WHOLE_YEAR = 0
MONTHS = {
    name: number
    for number, names in enumerate(
        ["jan", "feb", "mar", "apr", "maj may", "jun", "jul", "aug", "sep", "okt oct", "nov", "dec"], 1
    )
    for name in names.split()
}
_YEAR = re.compile(r"((?:19|20)[0-9]{2})( prel\.?)?")
_SPACES = str.maketrans("", "", " \u00a0\u2009\u202f")
_DIGITS = 9  # more in one cell is damage, not a count


@dataclass
class Account:
    """What became of every row: ``rows_read`` is the sum of all the others (see ``balanced``)."""

    rows_read: int = 0
    kept: int = 0
    duplicates: int = 0
    not_published: int = 0
    ghost_rows: int = 0
    superseded: int = 0
    unknown_areas: Counter[str] = field(default_factory=Counter)
    unknown_offences: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Account) -> Account:
        return Account(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Account)))

    @property
    def balanced(self) -> bool:
        """Whether no row went missing between the file and the table."""
        dropped = self.duplicates + self.not_published + self.ghost_rows + self.superseded
        unknown = self.unknown_areas.total() + self.unknown_offences.total()
        return self.rows_read == self.kept + dropped + unknown

    def __str__(self) -> str:
        lines = [
            f"{self.rows_read} rows read, {self.kept} kept",
            f"left out: {self.duplicates} repeated, {self.not_published} not published (..), "
            f"{self.ghost_rows} of ghost areas, {self.superseded} preliminary replaced by final",
        ]
        for what, names in (("areas", self.unknown_areas), ("offences", self.unknown_offences)):
            if names:
                told = ", ".join(f"{name} ({rows} rows)" for name, rows in sorted(names.items()))
                lines.append(f"{what} not known: {told}")
        return "\n".join(lines)


def read(path: Path) -> tuple[pd.DataFrame, Account]:
    """One row per published row, with file and line, and what became of the others.

    Parameters
    ----------
    path : of one export

    Returns
    -------
    table : DataFrame
        ``COLUMNS`` as in ``bra.read_export``, and ``file`` and ``line``.
    account : Account

    Raises
    ------
    DataError
        With every problem of the file.
    """
    return _tidy(*_rows(path), path)


# --- from bytes to rows --------------------------------------------------------------------------


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content[:200]:
        raise DataError(
            f"{path}: is not text in ISO-8859-1 or UTF-8 (UTF-16 or a spreadsheet?). "
            'Export it again from Brå as "databasfil", and do not save it from a spreadsheet.'
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _rows(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """The rows as text, with the line each stands on; and the problems of lines that are no rows."""
    lines = _text(path).split("\n")
    header = [heading.strip() for heading in lines[0].split(";")]
    if header != HEADER:
        other = " (the letters look like another encoding)" if header[:2] == HEADER[:2] else ""
        raise DataError(
            f'{path}, line 1: found "{lines[0].strip()[:80]}"{other}, but a "databasfil" of Brå begins '
            f'"{";".join(HEADER)}". Export it again, or move the file out of data/raw/bra.'
        )
    rows, problems = [], []
    for number, line in enumerate(lines[1:], 2):
        stripped = line.rstrip("\r")
        if not stripped.strip():
            continue
        cells = stripped.split(";")
        if len(cells) != len(FIELDS) or cells[-1].strip():
            problems.append(
                f'{path}, line {number}: found "{stripped[:80]}", but a row has six values, each '
                "followed by a semicolon. The file may be cut off; export it again."
            )
        else:
            rows.append([number, *cells])
    if not rows and not problems:
        problems.append(f"{path}: has a heading but no rows. Export it again.")
    return pd.DataFrame(rows, columns=["line", *FIELDS]), problems


# --- from rows to the tidy table -----------------------------------------------------------------


def _tidy(rows: pd.DataFrame, problems: list[str], path: Path) -> tuple[pd.DataFrame, Account]:
    """Codes for names, numbers for text. Raises ``DataError`` with the problems handed over and those found here."""
    account = Account(rows_read=len(rows))
    area = _each(rows["region"], area_code)
    known_offences = catalogue.names("groups", "chapters")
    offence = _each(rows["brott"], lambda name: known_offences.get(name.strip().casefold()))
    account.unknown_areas += Counter(rows.loc[area.isna(), "region"].str.strip())
    account.unknown_offences += Counter(rows.loc[area.notna() & offence.isna(), "brott"].str.strip())

    frame = rows.assign(area=area, offence=offence, file=str(path))[area.notna() & offence.notna()]
    if frame.empty and not problems:
        return pd.DataFrame(columns=[*COLUMNS, "file", "line"]), account
    if frame.empty:
        raise DataError(problems)
    frame = frame.assign(**_periods(frame, problems))
    published = _each(frame["count_text"], lambda text: text.strip() != NOT_PUBLISHED)
    account.not_published = int((~published).sum())
    figures = frame[published]
    figures = figures.assign(
        count=_numbers(figures, "count_text", problems), rate=_numbers(figures, "rate_text", problems)
    )
    problems = problems or _missing_cells(frame, figures)
    if problems:
        raise DataError(problems)
    return _without_ghosts(figures, account)[[*COLUMNS, "file", "line"]], account


def _each(column: pd.Series, function) -> pd.Series:
    """The function's answer for each row, asked once for each different value: they repeat thousands of times."""
    at, values = column.factorize()
    return pd.Series([function(value) for value in values]).take(at).set_axis(column.index)


@cache
def area_code(name: str) -> str | None:
    """The code of an area as Brå names it, or None (city districts, areas abroad, …)."""
    text = name.strip()
    if text.endswith(" län"):
        kind = "county"
    elif text.startswith("Region "):
        kind = "police_region"
    elif text == "Hela landet":
        kind = "nation"
    else:
        kind = "municipality"
    try:
        return areas.find(text, kind).code
    except areas.UnknownArea:
        return None


def _periods(frame: pd.DataFrame, problems: list[str]) -> dict[str, tuple]:
    """Year, month and status of each row, whichever of the two styles it is written in.

    A row whose period cannot be read is a problem, and gets values that nobody will see.
    """
    told = _each(frame["year_text"] + ";" + frame["period"], _period)
    for row in frame[told.isna()].itertuples():
        problems.append(
            f'{row.file}, line {row.line}: period "{row.year_text};{row.period}" is neither a month '
            '("2016;Jan", "2016 prel.;Maj") nor a year ("År;2016").'
        )
    columns = zip(*(one or (0, WHOLE_YEAR, "final") for one in told), strict=True)
    return dict(zip(("year", "month", "status"), columns, strict=True))


def _period(text: str) -> tuple[int, int, str] | None:
    """Year, month and status of "2016 prel.;Jan" or "År;2016"; None where it is neither."""
    year, month = (part.strip() for part in text.split(";"))
    year, number = (month, WHOLE_YEAR) if year == "År" else (year, MONTHS.get(month.casefold()))
    matched = _YEAR.fullmatch(year)
    if matched is None or number is None:
        return None
    return int(matched[1]), number, "preliminary" if matched[2] else "final"


def _numbers(frame: pd.DataFrame, column: str, problems: list[str]) -> pd.Series:
    """Whole numbers from text; thousands may be set apart by spaces. What is none is a problem."""
    texts, noun = frame[column], column.removesuffix("_text")
    values = _each(texts, _whole_number)
    for row in frame[values.isna()].itertuples():
        found = getattr(row, column)
        problems.append(
            f'{row.file}, line {row.line}: "{found}" is no {noun} for {row.region.strip()}, '
            f"{row.brott.strip()}; a whole number from 0 up is allowed, or .. where none is published."
        )
    return values.fillna(0).astype("int64")


def _whole_number(text: str) -> int | None:
    digits = text.translate(_SPACES)
    good = digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS
    return int(digits) if good else None


def _without_ghosts(frame: pd.DataFrame, account: Account) -> pd.DataFrame:
    """Leave out areas that did not exist, which are listed with nothing but zeros.

    Two ways to meet one: the second listing of a municipality of ``areas.ghosts``, whose zeros
    stand beside another row for the same cell; and an area that has a total in the file, but not
    one offence. (A real area can have no weapons offence in a month, but not none at all.)
    """
    zero = frame["count"] == 0
    # Largest first: a zero that comes after another row of its cell is the ghost's. Where the real
    # count is zero too, the rows are alike and one of them stays.
    listed = frame[frame["area"].isin(areas.ghosts())]
    listed = listed.sort_values("count", ascending=False, kind="stable")
    second = zero & frame.index.isin(listed.index[listed.duplicated(CELL)])

    with_total = frame.loc[frame["offence"] == catalogue.TOTAL, "area"].unique()
    never = frame["area"].isin(with_total) & ~frame["area"].isin(frame.loc[~zero, "area"].unique())

    ghost = second | never
    account.ghost_rows = int(ghost.sum())
    return frame[~ghost]


def _missing_cells(frame: pd.DataFrame, figures: pd.DataFrame) -> list[str]:
    """An export is a full table: an area without a row that others have means that it was cut off.

    Asked for are the cells that some area has a figure in; a row with ``..`` is a row.
    """
    cell = frame.groupby(["offence", "year", "month"], sort=False).ngroup()
    asked = cell[cell.isin(cell[figures.index])]
    wanted = asked.nunique()
    size = asked.groupby(frame["area"]).nunique().reindex(frame["area"].unique(), fill_value=0)
    short = size[size < wanted]
    last = frame[frame["area"].isin(short.index)].drop_duplicates("area", keep="last").set_index("area")
    return [
        f"{last.at[area, 'file']}, line {last.at[area, 'line']}: {areas.get(area).name} has {found} "
        f"of {wanted} cells, so the file looks cut off. Export it again."
        for area, found in short.items()
    ]
