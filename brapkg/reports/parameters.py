"""A notebook's parameters: which there are and of which type, read from its own cell and checked.

Papermill only warns about a parameter that a notebook does not have, and would then quietly make
the default county's report under another name. Here anything else than what the notebook's
parameters cell holds is refused.
"""

from __future__ import annotations

import ast
from pathlib import Path

from brapkg.errors import DataError, UsageError
from brapkg.reports import fingerprint

TAG = "parameters"


def check(notebook: Path, given: dict[str, object]) -> None:
    """Refuse parameters that the notebook does not have, or of another type than its own."""
    known = of(notebook)
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


def of(notebook: Path) -> dict[str, object]:
    """The literals of the cell tagged ``parameters``, by name.

    Raises ``DataError`` when there is no notebook, not exactly one such cell, or a value is not a literal.
    """
    book = fingerprint.read_notebook(notebook)
    cells = [fingerprint.source(cell) for cell in book["cells"] if TAG in fingerprint.tags(cell)]
    if len(cells) != 1:
        raise DataError(f"{notebook}: has {len(cells)} cells tagged {TAG!r}; exactly one is needed.")
    values = {}
    for statement in _statements(cells[0], notebook):
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
        told = f"line {error.lineno}: {error.msg}"
    except (ValueError, MemoryError, RecursionError) as error:  # null bytes, brackets without end
        told = f"{type(error).__name__}: {error}"
    raise DataError(f"{notebook}: the cell tagged {TAG!r} is no Python ({told}).")
