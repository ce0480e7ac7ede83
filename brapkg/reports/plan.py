"""The plan: which reports to make, checked before any kernel starts.

Papermill only warns about a parameter that a notebook does not have, and would then quietly make
the default county's report under another name. Here the notebook's own parameters cell says which
parameters there are and of which type; anything else is refused.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import nbformat

from brapkg import areas, paths
from brapkg.errors import DataError, UsageError
from brapkg.wording import check_language

TAG = "parameters"


@dataclass(frozen=True)
class Report:
    """One report to make."""

    notebook: Path
    area: areas.Area
    period: int
    language: str

    @property
    def name(self) -> str:
        """File name without its ending: ``20-2016-sv``."""
        return name_of(self.area.code, self.period, self.language)

    @property
    def parameters(self) -> dict[str, object]:
        """What the notebook is given. Codes are text: 01 as a number would be another thing."""
        return {"region": self.area.code, "period": self.period, "language": self.language}


def name_of(code: str, period: int, language: str) -> str:
    """What a report's files are called, without their endings."""
    return f"{code}-{period}-{language}"


def region_reports(area: str | None = None, period: int | None = None, language: str = "sv") -> list[Report]:
    """The reports of all counties, or of one.

    Parameters
    ----------
    area : code or name of a county; all 21 where it is None
    period : the year; the latest there is
    language : "sv" or "en"

    Raises
    ------
    UsageError
        An unknown county, period or language, or a notebook that lacks one of the parameters.
    DataError
        The store has not been built, or the notebook is missing.
    """
    from brapkg import profile  # heavy, and the worker processes import this module for Report alone

    check_language(language)
    chosen = areas.counties() if area is None else [areas.find(area, "county")]
    year = profile.county(chosen[0].code, period).period
    notebook = paths.notebooks() / "region.ipynb"
    reports = [Report(notebook, county, year, language) for county in chosen]
    check_parameters(notebook, reports[0].parameters)
    return reports


def check_parameters(notebook: Path, given: dict[str, object]) -> None:
    """Refuse parameters that the notebook does not have, or of another type than its own."""
    known = notebook_parameters(notebook)
    problems = [
        f"{notebook.name} has no parameter {name!r}; it has {', '.join(known) or 'none'}."
        for name in given
        if name not in known
    ]
    problems += [
        f"{notebook.name}: {name} must be of type {type(known[name]).__name__} (as {known[name]!r}), not {value!r}."
        for name, value in given.items()
        if name in known and type(value) is not type(known[name])
    ]
    if problems:
        raise UsageError("\n".join(problems))


def notebook_parameters(notebook: Path) -> dict[str, object]:
    """The literals of the cell tagged ``parameters``, by name.

    Raises ``DataError`` when there is no notebook, not exactly one such cell, or a value is not a literal.
    """
    try:
        book = nbformat.read(notebook, as_version=4)
    except FileNotFoundError:
        raise DataError(f"{notebook}: is missing; bring it back with `git checkout -- notebooks`.") from None
    except Exception as error:  # nbformat raises many kinds for a file that is no notebook
        raise DataError(f"{notebook}: is no readable notebook ({error}).") from None
    cells = [cell for cell in book.cells if TAG in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise DataError(f"{notebook}: has {len(cells)} cells tagged {TAG!r}; exactly one is needed.")
    values = {}
    for statement in _statements(cells[0].source, notebook):
        try:
            [target] = statement.targets
            values[target.id] = ast.literal_eval(statement.value)
        except (AttributeError, TypeError, ValueError):
            raise DataError(
                f"{notebook}: the cell tagged {TAG!r} holds {ast.unparse(statement)!r}; only lines "
                'such as name = "literal" are allowed, since papermill works nothing out anew.'
            ) from None
    return values


def _statements(source: str, notebook: Path) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError as error:
        raise DataError(
            f"{notebook}: the cell tagged {TAG!r} is no Python (line {error.lineno}: {error.msg})."
        ) from None
