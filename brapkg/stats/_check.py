"""Checks shared by the statistics: bad input is refused with its place, never turned into NaN."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

_SHOWN = 5  # positions named in a message; the full number of bad entries is always given


def numbers(name: str, values, *, ndim: int = 1, finite: bool = True) -> np.ndarray:
    """Return `values` as a (finite) float array of `ndim` dimensions (a scalar becomes length 1)."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: not numbers ({error}); must be finite numbers") from None
    if array.ndim == 0 and ndim == 1:
        array = array.reshape(1)
    if array.ndim != ndim:
        raise ValueError(f"{name}: found {array.ndim} dimensions; must have {ndim}")
    refuse(name, array, ~np.isfinite(array) & finite, "must be finite", keys(values))
    return array


def keys(values) -> pd.Index | None:
    """The labels of a Series or DataFrame, to name a place by; None for an array."""
    return values.index if isinstance(values, (pd.Series, pd.DataFrame)) else None


def counts(name: str, values, *, ndim: int = 1) -> np.ndarray:
    """Return `values` as a float array, all finite and >= 0."""
    array = numbers(name, values, ndim=ndim)
    refuse(name, array, array < 0, "must be >= 0", keys(values))
    return array


def whole(name: str, values, *, ndim: int = 1) -> np.ndarray:
    """Return `values` as a float array of whole numbers >= 0."""
    array = counts(name, values, ndim=ndim)
    refuse(name, array, array != np.floor(array), "must be whole numbers", keys(values))
    return array


def positive(name: str, values, *, ndim: int = 1) -> np.ndarray:
    """Return `values` as a float array, all finite and > 0."""
    array = numbers(name, values, ndim=ndim)
    refuse(name, array, array <= 0, "must be > 0", keys(values))
    return array


def one(check: Callable[..., np.ndarray], name: str, value) -> float:
    """Return an option that is a single number, after one of the checks above."""
    if np.size(value) != 1:
        raise ValueError(f"{name}: found {np.size(value)} values; must be a single number")
    return float(check(name, value).item())


def integer(name: str, value, least: int) -> int:
    """Return an option that is a whole number, at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name}: found {value!r}; must be a whole number, at least {least}")
    return int(value)


def refuse(name: str, array: np.ndarray, bad: np.ndarray, rule: str, keys: pd.Index | None = None) -> None:
    """Raise ValueError where `bad`: how many, the first few places and values, and the rule.

    A place is named by its key where `keys` label the first dimension, else by its position.
    """
    if not bad.any():
        return
    places = np.argwhere(bad)
    labelled = keys is not None and len(keys) == len(array) and not isinstance(keys, pd.RangeIndex)

    def named(place) -> str:
        # tolist() turns numpy's numbers, which would show as np.int64(3), into plain ones.
        first = repr(keys[place[0] : place[0] + 1].tolist()[0]) if labelled else str(place[0])
        return ("at " if labelled else "at position ") + ", ".join([first, *map(str, place[1:])])

    shown = ", ".join(f"{array[tuple(place)]:g} {named(place)}" for place in places[:_SHOWN])
    more = "" if len(places) <= _SHOWN else ", ..."
    raise ValueError(f"{name}: {len(places)} of {array.size} values not allowed ({shown}{more}); {rule}")


def equal_length(**values) -> None:
    """Refuse lengths that differ."""
    if len({len(value) for value in values.values()}) > 1:
        found = ", ".join(f"{name} {len(value)}" for name, value in values.items())
        raise ValueError(f"lengths differ ({found}); must be equal")


def same_length(**arrays: np.ndarray) -> list[np.ndarray]:
    """Broadcast arrays of length 1 to the length of the others; other lengths are refused."""
    lengths = {name: array.size for name, array in arrays.items()}
    if len({size for size in lengths.values() if size != 1}) > 1:
        found = ", ".join(f"{name} {size}" for name, size in lengths.items())
        raise ValueError(f"lengths differ ({found}); must be equal, or 1 for a single value")
    return [np.array(array) for array in np.broadcast_arrays(*arrays.values())]


def shared_index(size: int, **values) -> pd.Index:
    """Return the index of the Series among `values`, or 0..size-1 where there is none.

    Two Series with different indexes are refused: pairing them by position would be a silent
    wrong join.
    """
    series = {k: v for k, v in values.items() if isinstance(v, (pd.Series, pd.DataFrame)) and len(v) == size}
    if not series:
        return pd.RangeIndex(size)
    first, *others = series
    index = series[first].index
    for other in others:
        if not series[other].index.equals(index):
            pairs = zip(index, series[other].index, strict=True)
            place = next((i for i, (one_key, other_key) in enumerate(pairs) if one_key != other_key), 0)
            raise ValueError(
                f"index of {other} differs from index of {first} (first at position {place}: "
                f"{series[other].index.tolist()[place]!r} against {index.tolist()[place]!r}); "
                "must be the same: align them by key first"
            )
    tables = {k: v.columns for k, v in series.items() if isinstance(v, pd.DataFrame)}
    for one_name, columns in tables.items():
        for other, others_columns in tables.items():
            if not columns.equals(others_columns):
                raise ValueError(f"columns of {other} differ from columns of {one_name}; must be the same, in order")
    return index


def level(value: float) -> float:
    """Return the confidence level, strictly between 0 and 1."""
    number = one(numbers, "level", value)
    if not 0 < number < 1:
        raise ValueError(f"level: found {number:g}; must be between 0 and 1, for example 0.95")
    return number


def levels(values: Sequence[float]) -> list[float]:
    """Return the confidence levels as a list with at least one entry."""
    checked = [level(value) for value in numbers("levels", values)]
    if not checked:
        raise ValueError("levels: found none; must hold at least one level, for example (0.95,)")
    return checked


def option(name: str, value: str, allowed: Sequence[str]) -> str:
    """Return `value` if it is one of the allowed words."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name}: found {value!r}; must be one of {', '.join(allowed)}")
    return value
