"""Key figures: what an area's page rests on, as flat rows that programs read and runs are compared by.

Rows hold ids and plain numbers, so that they are the same in every language of the page. What a page
does not tell, because a count is kept back, is not told here either. A notebook carries them under a
mime type of its own, so that a runner needs no knowledge of what the notebook shows. Here is their
form; ``keyfigures.rows`` makes them of the store.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a run with nothing to do reads this module's fields alone, and loads no tables
    from nbformat import NotebookNode

# What a row holds: area, what is told of it, the number with its interval and base, and how it came about.
FIELDS = (
    "area",
    "name",
    "period",
    "offence",
    "figure",
    "value",
    "lower",
    "upper",
    "level",
    "unit",
    "count",
    "population",
    "method",
    "status",
    "missing",
    "source",
)
# What makes a row the same figure in two runs.
KEY = ("area", "period", "offence", "figure")
NUMBERS = ("value", "lower", "upper", "level", "count", "population")
TEXTS = tuple(field for field in FIELDS if field not in (*NUMBERS, "period"))
# The CSV's last column: which reports rest on the row.
REPORTS = "reports"
# Two machines may differ in a number's last digits; ten of them tell any figure here.
DIGITS = 10
WITHHELD = "withheld"
LEVEL = 0.95
BRA = "Brå, SCB; own calculations"
GROUPS = "Brå, SCB, SKR; own calculations"


def read(book: NotebookNode) -> list[dict]:
    """The key figures that an executed notebook carries.

    Parameters
    ----------
    book : an executed notebook, as nbformat reads it

    Returns
    -------
    list of dict with the keys in ``FIELDS``; empty where the notebook carries none

    Raises
    ------
    ValueError
        An output under the mime type holds anything else; the message says which cell's.
    """
    from brapkg.blocks import FIGURES

    found: list[dict] = []
    for number, cell in enumerate(book.cells, start=1):
        for output in cell.get("outputs", ()):
            content = output.get("data", {}).get(FIGURES)
            if content is None:
                continue
            rows = from_lines(content)
            if wrong := problem(rows):
                raise ValueError(f"cell {number}: the key figures {wrong}")
            found += rows
    return found


def to_lines(rows: Sequence[dict]) -> str:
    """Key figures as a notebook carries them: a line of JSON with the names of the fields, and one for each row."""
    lines = [list(FIELDS), *([row[field] for field in FIELDS] for row in rows)]
    return "\n".join(json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":")) for line in lines)


def from_lines(content: object) -> object:
    """What ``to_lines`` wrote; what is none of it comes back as it can be read, for ``problem`` to tell."""
    text = "".join(content) if isinstance(content, list) else content  # nbformat may keep a text as its lines
    try:
        names, *rows = map(json.loads, text.split("\n"))
        return [dict(zip(FIELDS, row, strict=True)) for row in rows] if names == list(FIELDS) else content
    except (AttributeError, TypeError, ValueError):
        return content


def to_csv(figures: dict[tuple, list[str]]) -> bytes:
    """Key figures as CSV (RFC 4180): UTF-8, comma, decimal point, nothing where there is no number.

    Parameters
    ----------
    figures : the names of the reports that rest on a row, by the row's values in the order of ``FIELDS``
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*FIELDS, REPORTS])
    key = [FIELDS.index(name) for name in KEY]
    for row in sorted(figures, key=lambda row: [row[place] for place in key]):
        writer.writerow([*row, " ".join(sorted(figures[row]))])
    return text.getvalue().encode()


def from_csv(content: bytes) -> dict[str, dict[tuple, dict]]:
    """What ``to_csv`` wrote, by the report's name and the row's ``KEY``; numbers as float or None, all else as text."""
    found: dict[str, dict[tuple, dict]] = {}
    for row in csv.DictReader(io.StringIO(content.decode(), newline="")):
        names = row.pop(REPORTS).split()
        row |= {name: float(row[name]) if row[name] else None for name in NUMBERS}
        for name in names:
            found.setdefault(name, {})[tuple(row[part] for part in KEY)] = row
    return found


def problem(content: object) -> str:
    """What is wrong with something that should be key figures; empty text where nothing is."""
    if not isinstance(content, list):
        return f"are no list but {type(content).__name__}"
    for number, row in enumerate(content, start=1):
        if not isinstance(row, dict) or set(row) != set(FIELDS):
            return f"must hold exactly {', '.join(FIELDS)}; row {number} does not"
        wrong = [field for field in TEXTS if not isinstance(row[field], str)]
        wrong += [field for field in NUMBERS if not (row[field] is None or _is_number(row[field]))]
        wrong += ["period"] if type(row["period"]) is not int else []
        if wrong:
            return f"hold in row {number} {wrong[0]} = {row[wrong[0]]!r:.60}, which is of the wrong kind"
    return ""


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)
