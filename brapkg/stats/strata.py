"""Rows by area and stratum: joined by their keys, never by position."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brapkg.stats import _check


def rows_by_key(count, population, *, area, stratum) -> pd.DataFrame:
    """Count and population by area and stratum, which name the places in messages."""
    given = {"count": count, "population": population, "area": area, "stratum": stratum}
    # A Series knows None and NaN among words, which an array would take for words.
    plain = {name: np.asarray(pd.Series(values)) for name, values in given.items()}
    arrays = dict(zip(given, _check.same_length(**plain), strict=True))
    _check.shared_index(arrays["count"].size, **given)
    names = ["area", "stratum"]
    for name in names:
        empty = np.flatnonzero(pd.isna(arrays[name]))
        if empty.size:
            raise ValueError(f"{name}: missing in {empty.size} rows (first at position {empty[0]}); must be given")
    index = pd.MultiIndex.from_arrays([arrays[name] for name in names], names=names)
    again = index[index.duplicated()]
    if again.size:
        raise ValueError(f"stratum: {again.tolist()[0]} has more than one row; must have one: add the rows up first")
    columns = {name: _check.counts(name, pd.Series(arrays[name], index=index)) for name in ("count", "population")}
    return pd.DataFrame(columns, index=index)


def by_stratum(name: str, values: pd.Series) -> pd.Series:
    """One number >= 0 for each stratum."""
    if not isinstance(values, pd.Series):
        raise ValueError(f"{name}: found {type(values).__name__}; must be a Series indexed by stratum")
    again = values.index[values.index.duplicated()]
    if again.size:
        raise ValueError(f"{name}: stratum {again.tolist()[0]!r} is there more than once; must be there once")
    return pd.Series(_check.counts(name, values), index=values.index)


def known(strata: pd.Index, values: pd.Series, name: str) -> None:
    """Refuse a stratum that `values`, the argument `name`, has no number for."""
    unknown = strata[~strata.isin(values.index)]
    if unknown.size:
        raise ValueError(f"{name}: nothing for stratum {unknown.tolist()[0]!r}; must have each stratum that is used")


def every_stratum(rows: pd.DataFrame, weights: pd.Series) -> None:
    """Refuse rows where an area lacks a stratum, or has one without a weight."""
    known(rows.index.get_level_values("stratum"), weights, "standard")
    areas = rows.index.unique("area")
    absent = pd.MultiIndex.from_product([areas, weights.index], names=rows.index.names).difference(rows.index)
    if absent.size:
        raise ValueError(
            f"stratum: {absent.size} rows are missing (first {absent.tolist()[0]}); every area must have every "
            "stratum of the standard: add them with their population, or merge strata"
        )
