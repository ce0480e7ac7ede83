"""Fetches the figures of the records from Kolada, whole, and keeps them as a snapshot."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from brapkg.errors import DataError, UsageError
from brapkg.sources import snapshot
from brapkg.sources.kolada_api import BASE, Client

# The address of another server, for tests and for those who keep a copy.
ENVIRONMENT = "BRAPKG_KOLADA"
TABLE = "context.csv"
YEARS = (1990, 2100)
COLUMNS = {
    "area": "00, county code or municipality code",
    "kpi": "Kolada's id of the indicator",
    "year": "year as Kolada gives it",
    "value": "value as published; empty where Kolada has none",
    "status": "Kolada's own mark on the value; mostly empty",
}
_ENDED = re.compile(r"\(-\s*[0-9]{4}\)")
_LEAD = re.compile(r"^(medborgarundersökningen|ntu)\s*[-–]\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """An indicator that is asked for, the title it is known by, and the id of its margin of error, if any."""

    kpi: str
    title: str
    margin: str = ""


def fetch(
    folder: Path,
    years: Sequence[int],
    wanted: Sequence[Wanted],
    *,
    retrieved: str,
    base: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Path]:
    """Fetch indicators and write them to ``context.csv`` with its sidecar.

    Parameters
    ----------
    folder : Path
        Where the table is written: ``data/raw``.
    years : sequence of int
        The years asked for.
    wanted : sequence of Wanted
        The indicators asked for. One that Kolada no longer has, has under a title that does not hold
        the known one, or whose margin of error does not repeat the title, is left out and named in the
        sidecar's ``notices``.
    retrieved : str
        The day it is fetched, as 2026-11-22. The same answer and day give the same bytes.
    base : str, optional
        Address of the interface; ``BRAPKG_KOLADA`` or Kolada's own.
    sleep : function of seconds
        How to wait.

    Returns
    -------
    list of Path
        The table and its sidecar.

    Raises
    ------
    UsageError
        No year, or one that is none; a day that is none.
    DataError
        Kolada cannot be reached, refuses, or answers with something else than asked for. What was
        in the folder before is still there.
    """
    asked = _years(years)
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", retrieved):
        raise UsageError(f"The day of fetching is {retrieved!r}; write it as 2026-11-22.")
    client = Client(base or os.environ.get(ENVIRONMENT) or BASE, sleep=sleep)
    kept, notices = _still_there(client, wanted)
    if not kept:
        raise DataError([f"{client.base}: has none of the {len(wanted)} indicators asked for.", *notices])
    ids = sorted({one for each in kept for one in (each.kpi, each.margin) if one})
    table = client.values(ids, asked)
    if table.empty:
        raise DataError(f"{client.base}: has no value for {_span(asked)}. Ask for other years.")
    notices += [f"{kpi}: no value for {_span(asked)}." for kpi in ids if kpi not in set(table["kpi"])]
    return _write(folder, table, _record(client.base, asked, retrieved, notices))


def _years(years: Sequence[int]) -> list[int]:
    asked = sorted(set(years))
    if not asked or not all(isinstance(one, int) and YEARS[0] <= one <= YEARS[1] for one in asked):
        raise UsageError(f"No years to fetch in {list(years)}; give years from {YEARS[0]} to {YEARS[1]}.")
    return asked


def _span(years: Sequence[int]) -> str:
    return str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"


# --- indicators that mean what they meant --------------------------------------------------------


def _still_there(client: Client, wanted: Sequence[Wanted]) -> tuple[list[Wanted], list[str]]:
    """Those whose titles, and whose margins' titles, still hold the known title; and what is left out."""
    titles = client.titles([id for one in wanted for id in (one.kpi, one.margin) if id])
    kept, notices = [], []
    for one in wanted:
        lacking = [id for id in (one.kpi, one.margin) if id and id not in titles]
        other = [id for id in (one.kpi, one.margin) if id in titles and _core(one.title) not in _core(titles[id])]
        notices += [f"{one.kpi}: left out, since Kolada has no {id}." for id in lacking]
        notices += [f'{one.kpi}: left out, since Kolada calls {id} "{titles[id]}".' for id in other]
        if not lacking and not other:
            kept.append(one)
            if _ENDED.search(titles[one.kpi]):
                notices.append(f'{one.kpi}: has ended ("{titles[one.kpi]}").')
    return kept, notices


def _core(title: str) -> str:
    """What a title is about: letters and digits, without the survey's name and the unit."""
    about = _LEAD.sub("", title.strip()).rpartition(", andel")
    return re.sub(r"[\W_]+", " ", (about[0] or about[2]).casefold()).strip()


# --- writing -------------------------------------------------------------------------------------


def _record(base: str, years: Sequence[int], retrieved: str, notices: list[str]) -> dict:
    return {
        "title": f"Nyckeltal från Kolada {_span(years)}",
        "producer": ["Kolada (RKA); each indicator's own producer is named in Kolada"],
        "address": base,
        "retrieved": retrieved,
        "description": "Indicators on living conditions, and answers of surveys with their margins of error, "
        "of municipalities, counties and the nation. Which indicators: records/context.toml.",
        "period": _span(years),
        "processing": "Figures as published, both sexes together; groups of municipalities left out.",
        "licence": "Kolada: name the producer (Källa: Kolada).",
        "notices": notices,
        "columns": COLUMNS,
    }


def _write(folder: Path, table: pd.DataFrame, record: dict) -> list[Path]:
    """Write table and sidecar beside their place and move them there."""
    target = folder / TABLE
    beside = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".", suffix=".new", dir=folder))
        snapshot.write(beside / TABLE, table, record)
        made = [target, snapshot.sidecar_of(target)]
        for path in made:
            os.replace(beside / path.name, path)
    except OSError as error:
        raise DataError(
            f"{target}: cannot be written ({error.strerror or error}). Check the folder's rights."
        ) from None
    finally:
        if beside:
            shutil.rmtree(beside, ignore_errors=True)
    return made
