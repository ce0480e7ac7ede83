"""Tidy tables of context and survey figures, from what lies in ``data/raw``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from brapkg.context.records import CONTEXT, SURVEY, Figure, figures
from brapkg.errors import DataError
from brapkg.sources import ntu, snapshot, table

FILE, NTU_FOLDER = "context.csv", "ntu"
COLUMNS = ["area", "kpi", "year", "value", "status"]
CONTEXT_COLUMNS = ["area", "figure", "year", "value", "missing", "source"]
SURVEY_COLUMNS = ["area", "question", "year", "value", "lower", "upper", "margin", "respondents", "missing", "source"]
KOLADA, NTU = "kolada", "ntu"
NOT_PUBLISHED, NO_MARGIN = "not published", "no margin"
_REMEDY = "Run `brapkg fetch kolada` again, or move context.csv and its sidecar away."


def read(raw: Path) -> tuple[dict[str, pd.DataFrame], list[dict]]:
    """The tables ``context`` and ``survey``, without rows where nothing has been fetched.

    Parameters
    ----------
    raw : Path of ``data/raw``, which may hold ``context.csv`` and workbooks in ``ntu/``.

    Returns
    -------
    tables : dict
        ``context``: area, figure, year, value (unit of the figure, NaN where missing), missing (""
        or "not published"), source. ``survey``: area, question, year, value, lower, upper, margin
        (shares 0-1; the limits never beyond), respondents (NaN: neither source tells), missing
        ("", "not published", or "no margin": such a value is not for pages), source.
    sources : list of dict with title, path and, of the snapshot, sha256.

    Raises
    ------
    DataError
        With every fault of every file.
    """
    problems: list[str] = []
    kept, sources = pd.DataFrame(columns=COLUMNS), []
    book = pd.DataFrame(columns=ntu.COLUMNS)
    try:
        kept, sources = _snapshot(raw / FILE)
    except DataError as error:
        problems += error.problems
    try:
        book, files = _workbooks(raw / NTU_FOLDER)
        sources = [*sources, *files]
    except DataError as error:
        problems += error.problems
    if problems:
        raise DataError(problems)
    known = figures()
    survey = [part for part in (_answers(kept, known), _surveyed(book)) if len(part)]
    tables = {
        "context": _context(kept, known),
        "survey": pd.concat(survey, ignore_index=True) if survey else _empty(SURVEY_COLUMNS),
    }
    return {name: one.sort_values(list(one.columns[:3]), ignore_index=True) for name, one in tables.items()}, sources


def _snapshot(path: Path) -> tuple[pd.DataFrame, list[dict]]:
    if not path.exists() and not snapshot.sidecar_of(path).exists():
        return pd.DataFrame(columns=COLUMNS), []
    try:
        record = snapshot.verify(path)
    except DataError as error:
        told = [problem.partition(" Bring both back")[0] for problem in error.problems]
        raise DataError([f"{problem} {_REMEDY}" for problem in told]) from None
    text = table.read_csv(path, COLUMNS)
    years, values = table.integers(path, text["year"]), table.numbers(path, text["value"])
    kept = text.assign(year=years, value=values)
    return kept, [{"title": record["title"], "path": f"raw/{path.name}", "sha256": record["sha256"]}]


def _workbooks(folder: Path) -> tuple[pd.DataFrame, list[dict]]:
    sheets = {one.sheet: one.id for one in figures().values() if one.sheet}
    seen = sorted(
        path for path in folder.glob("*") if not path.name.startswith((".", "~$")) and path.name != "README.md"
    )
    wrong = [path for path in seen if path.suffix.lower() != ".xlsx"]
    if wrong:
        raise DataError(
            [f"{path}: is no .xlsx workbook of NTU; only those are read there. Move it away." for path in wrong]
        )
    return ntu.read(seen, sheets), [{"title": path.name, "path": f"raw/{NTU_FOLDER}/{path.name}"} for path in seen]


def _context(kept: pd.DataFrame, known: Mapping[str, Figure]) -> pd.DataFrame:
    ids = {one.kolada: one.id for one in known.values() if one.kind == CONTEXT}
    mine = kept[kept["kpi"].isin(ids)]
    if mine.empty:
        return _empty(CONTEXT_COLUMNS)
    missing = mine["value"].isna().map({True: NOT_PUBLISHED, False: ""})
    return mine.assign(figure=mine["kpi"].map(ids), missing=missing, source=KOLADA)[CONTEXT_COLUMNS]


def _answers(kept: pd.DataFrame, known: Mapping[str, Figure]) -> pd.DataFrame:
    """Kolada's survey values, each with the margin of error published beside it."""
    asked = [one for one in known.values() if one.kind == SURVEY and one.kolada]
    ids, margins = {one.kolada: one.id for one in asked}, {one.margin: one.id for one in asked}
    mine, widths = kept[kept["kpi"].isin(ids)], kept[kept["kpi"].isin(margins)]
    if mine.empty:
        return _empty(SURVEY_COLUMNS)
    widths = widths.assign(question=widths["kpi"].map(margins))[["area", "question", "year", "value"]]
    both = mine.assign(question=mine["kpi"].map(ids)).merge(
        widths.rename(columns={"value": "width"}), on=["area", "question", "year"], how="left", validate="1:1"
    )
    value, margin = both["value"].astype(float) / 100, both["width"].astype(float) / 100
    margin = margin.where(margin > 0)  # a margin of 0 is none: no sample is that sure
    missing = pd.Series("", both.index).mask(margin.isna(), NO_MARGIN).mask(value.isna(), NOT_PUBLISHED)
    limits = {"lower": (value - margin).clip(lower=0), "upper": (value + margin).clip(upper=1)}
    told = {"value": value, **limits, "margin": margin, "respondents": float("nan")}
    return both.assign(**told, missing=missing, source=KOLADA)[SURVEY_COLUMNS]


def _surveyed(book: pd.DataFrame) -> pd.DataFrame:
    """NTU's values; only the latest year of a workbook has limits, and half their distance is the margin."""
    if book.empty:
        return _empty(SURVEY_COLUMNS)
    shares = book.assign(**{name: book[name] / 100 for name in ("value", "lower", "upper")})
    margin = (shares["upper"] - shares["lower"]) / 2
    margin = margin.where(margin > 0)
    missing = margin.isna().map({True: NO_MARGIN, False: ""})
    return shares.assign(margin=margin, respondents=float("nan"), missing=missing, source=NTU)[SURVEY_COLUMNS]


def _empty(columns: list[str]) -> pd.DataFrame:
    kinds = {"year": "int64", **dict.fromkeys(("value", "lower", "upper", "margin", "respondents"), "float64")}
    return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, "str")) for name in columns})
