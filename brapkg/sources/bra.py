"""Brå, the Swedish National Council for Crime Prevention: exports of reported offences.

Several exports make one table: repeated cells are told once, final figures replace preliminary
ones, and contradictions are refused. ``databasfil`` reads the files.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from brapkg import areas, catalogue
from brapkg.errors import DataError
from brapkg.sources import databasfil
from brapkg.sources.databasfil import CELL, COLUMNS, TYPES, Account


def read_export(path: str | Path) -> tuple[pd.DataFrame, Account]:
    """Read one "databasfil" export.

    Parameters
    ----------
    path : path of a file as Brå's database writes it, monthly or yearly.

    Returns
    -------
    table : DataFrame
        ``area`` (code), ``offence`` (id), ``year``, ``month`` (1–12; 0 = the whole year),
        ``count``, ``rate`` (per 100 000 residents as published, a whole number),
        ``status`` ("final" or "preliminary"); one row per cell, sorted.
    account : Account

    Raises
    ------
    DataError
        With every problem found: not an export, cut off, other encoding, a count that is no
        number or is negative, the same cell with two values.
    """
    return read_exports([path])


def read_exports(paths: Iterable[str | Path]) -> tuple[pd.DataFrame, Account]:
    """Read several exports into one table; final figures replace preliminary ones.

    Parameters, return and errors as ``read_export``. Two files that give the same cell two
    values with the same status contradict each other and are refused.
    """
    frames, problems, account = [], [], Account()
    for path in sorted(Path(p) for p in paths):
        try:
            frame, dropped = databasfil.read(path)
            frames.append(frame)
            account += dropped
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        return pd.DataFrame(columns=COLUMNS).astype(TYPES), account
    table = _one_value_per_cell(pd.concat(frames, ignore_index=True), account)
    account.kept = len(table)
    return table[COLUMNS].sort_values(CELL, ignore_index=True), account


def _one_value_per_cell(frame: pd.DataFrame, account: Account) -> pd.DataFrame:
    """Drop repeated rows; let final figures replace preliminary ones; refuse contradictions."""
    same = frame.duplicated([*CELL, "count", "rate", "status"])
    account.duplicates += int(same.sum())
    frame = frame[~same]
    final_first = frame.sort_values("status", kind="stable")
    replaced = (final_first["status"] == "preliminary") & final_first.duplicated(CELL)
    finals = final_first[final_first["status"] == "final"].set_index(CELL).index
    replaced &= pd.MultiIndex.from_frame(final_first[CELL]).isin(finals)
    account.superseded += int(replaced.sum())
    kept = final_first[~replaced]
    clash = kept[kept.duplicated(CELL, keep=False)].sort_values([*CELL, "file", "line"])
    if len(clash):
        raise DataError([_contradiction(group) for _, group in clash.groupby(CELL)])
    return kept


def _contradiction(group: pd.DataFrame) -> str:
    first = group.iloc[0]
    places = " and ".join(
        f"{row.file}, line {row.line} says {row.number} ({row.rate} per 100 000)"
        for row in group.rename(columns={"count": "number"}).itertuples()
    )
    when = f"{first['year']}" + (f"-{first['month']:02d}" if first["month"] else "")
    return (
        f"{areas.get(first['area']).name}, {catalogue.offence(first['offence']).sv}, {when}: {places}. "
        "Keep the newer export and move the other out of data/raw/bra."
    )
