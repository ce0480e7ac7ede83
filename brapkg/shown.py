"""What of the store a page may show: its tables without the numbers that are kept back."""

from __future__ import annotations

import pandas as pd

from brapkg import store

KEYS = {"area", "offence", "year"}
# Columns that tell what a row is about, and nothing of its numbers.
ABOUT = {"year", "first_year", "edition", "population", "members", "level"}


def table(name: str) -> pd.DataFrame:
    """A table of the store, by its name in ``records/schemas.toml``.

    Where a year's count is kept back, every number of a row that holds it is NaN and its verdict is
    "few". Tables without area, offence and year come as they are.
    """
    whole = store.load(name)
    back = store.load("withheld")
    back = back[back["month"] == 0]
    if back.empty or not set(whole.columns) >= KEYS or "month" in whole:
        return whole
    hidden = _hidden(name, whole, back)
    numbers = [c for c in whole.select_dtypes("number") if c not in ABOUT]
    told = whole.astype(dict.fromkeys(numbers, float))
    told.loc[hidden, numbers] = float("nan")
    if "verdict" in told:
        told.loc[hidden, "verdict"] = "few"
    return told


def _hidden(name: str, whole: pd.DataFrame, back: pd.DataFrame) -> pd.Series:
    """Whether a row holds a year that is kept back: pooled years and changes hold several."""
    first = whole["first_year"] if "first_year" in whole else whole["year"] - (name == "change")
    pairs = whole.assign(row=whole.index, first=first)[["row", "area", "offence", "year", "first"]]
    pairs = pairs.merge(back[["area", "offence", "year"]], on=["area", "offence"], suffixes=("", "_back"))
    held = pairs.loc[pairs["year_back"].between(pairs["first"], pairs["year"]), "row"]
    return whole.index.isin(held)
