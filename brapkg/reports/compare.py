"""In which numbers two runs of a report differ, told in words, by how much."""

from __future__ import annotations

import math

# Numbers that differ by no more than their last digit are the same number on two machines.
SAME = 2e-9
LIMITS = ("value", "lower", "upper")
# What a key figure tells beside its value and interval.
BESIDE = ("count", "population", "level", "unit", "status", "method", "missing")


def numbers(old: dict[tuple, dict], new: dict[tuple, dict]) -> list[tuple[float, str]]:
    """The key figures that differ.

    Parameters
    ----------
    old, new : a report's key figures in two runs, as from ``keyfigures.from_csv``

    Returns
    -------
    list of (float, str), in the order of the figures: the largest relative change of one of its
    numbers (endless where one came or went), and area, offence, figure, year: old -> new
    """
    found = []
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key), new.get(key)
        row = now or was
        told, size = _differences(was, now)
        if told:
            place = f"{row['area']} {row['name']}, {row['offence']}, {row['figure']}, {row['period']}"
            found.append((size, f"{place}: {'; '.join(told)}"))
    return found


def _differences(was: dict | None, now: dict | None) -> tuple[list[str], float]:
    """What differs between two rows of a figure, and by how much."""
    if was is None or now is None:
        return [f"{_told(was)} -> {_told(now)}"], math.inf
    names = [name for name in (*LIMITS, *BESIDE) if not _alike(was[name], now[name])]
    told = []
    if set(names) & set(LIMITS):
        change = _distance(was["value"], now["value"])
        told.append(f"{_told(was)} -> {_told(now)}" + (f", {change:+.2%}" if 0 < abs(change) < math.inf else ""))
    told += [f"{name} {_text(was[name])} -> {_text(now[name])}" for name in names if name in BESIDE]
    return told, max((abs(_distance(was[name], now[name])) for name in names), default=0.0)


def _alike(old: float | str | None, new: float | str | None) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=SAME)
    return old == new


def _distance(old: float | str | None, new: float | str | None) -> float:
    """Relative change; endless where a number came, went or left zero, none between texts."""
    if isinstance(old, str) or isinstance(new, str):
        return 0.0
    return math.inf if old is None or new is None or not old else (new - old) / abs(old)


def _told(row: dict | None) -> str:
    """A key figure with its interval."""
    if row is None:
        return "none"
    if row["value"] is None:
        return f"none ({row['missing']})"
    interval = "" if row["lower"] is None else f" ({_text(row['lower'])}–{_text(row['upper'])})"
    return f"{_text(row['value'])}{interval}"


def _text(value: float | str | None) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:.6g}"
    return value or "none"
