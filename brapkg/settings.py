"""What a workspace may set: the defaults in ``records/settings.toml`` and its own ``settings.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from brapkg import paths
from brapkg.errors import DataError

RECORDS = Path(__file__).parent / "records" / "settings.toml"
MEGABYTE = 1_000_000
WEIGHTS = ("level", "development", "municipalities", "harm", "control")
REASONS = ("preliminary", "probably", "depends", "control")
# The offence groups of the catalogue, which itself loads numpy.
HARMED = ("violence", "threats", "negligence", "theft", "vehicle", "damage", "traffic", "drugs", "weapons")
# Smallest and largest value of each setting, and whether it must be whole.
ALLOWED = {
    ("disclosure", "year"): (0, 20, True),
    ("disclosure", "month"): (0, 20, True),
    ("signals", "false_share"): (0.001, 0.5, False),
    ("priorities", "most"): (1, 5, True),
    **{("priorities", name): (0, 10, False) for name in WEIGHTS},
    **{("certainty", reason): (0, 3, True) for reason in REASONS},
    **{("harm", offence): (0, 3, True) for offence in HARMED},
    ("limits", "minutes"): (0.05, 1440, False),
    ("limits", "memory"): (50, 1_000_000, True),
    ("limits", "output"): (1, 1000, True),
}


@dataclass(frozen=True)
class Limits:
    """What one report may take: ``seconds``, bytes of ``memory``, characters of ``output``."""

    seconds: float
    memory: int
    output: int


@dataclass(frozen=True)
class Priorities:
    """How what stands out is weighed (the rule is in ``findings``).

    ``most`` groups are shown; ``weights`` multiply the points of each of ``WEIGHTS``; ``steps`` are
    those that each of ``REASONS`` lowers the certainty; ``harm`` is how grave an offence group is, 0-3.
    """

    most: int
    weights: dict[str, float]
    steps: dict[str, int]
    harm: dict[str, int]


@dataclass(frozen=True)
class Settings:
    """The settings in use.

    ``largest_hidden`` holds, for "year" and "month", the largest count that is not shown (0: all
    are); ``false_share`` the share of marked months that may be false on average; ``priorities`` how
    what stands out is weighed; ``limits`` what one report may take.
    """

    largest_hidden: dict[str, int]
    false_share: float
    priorities: Priorities
    limits: Limits


def settings() -> Settings:
    """The settings of the workspace in use.

    Raises
    ------
    DataError
        With every setting that is unknown, of the wrong kind or out of range.
    """
    own = paths.home() / "settings.toml"
    return _read(own, own.stat().st_mtime_ns if own.exists() else None)


@lru_cache(maxsize=8)
def _read(own: Path, version: int | None) -> Settings:
    values = _flat(RECORDS)
    if version is not None:
        found = _flat(own)
        problems = [text for key, value in found.items() if (text := _problem(own, key, value))]
        if problems:
            raise DataError(problems)
        values |= found
    return Settings(
        {period: values["disclosure", period] for period in ("year", "month")},
        values["signals", "false_share"],
        Priorities(
            values["priorities", "most"],
            {name: values["priorities", name] for name in WEIGHTS},
            {reason: values["certainty", reason] for reason in REASONS},
            {offence: values["harm", offence] for offence in HARMED},
        ),
        Limits(
            values["limits", "minutes"] * 60,
            values["limits", "memory"] * MEGABYTE,
            values["limits", "output"] * MEGABYTE,
        ),
    )


def _flat(path: Path) -> dict[tuple[str, str], object]:
    """Settings by (section, name)."""
    try:
        with path.open("rb") as file:
            read = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as TOML ({error}). Mend the line or remove the file.") from None
    loose = [name for name, section in read.items() if not isinstance(section, dict)]
    if loose:
        raise DataError(f"{path}: {', '.join(loose)} stands outside a section. {_sections()}")
    return {(section, name): value for section, names in read.items() for name, value in names.items()}


def _problem(path: Path, key: tuple[str, str], value: object) -> str:
    """Why a setting cannot be used; empty text where it can."""
    place = f"{path}, [{key[0]}] {key[1]}"
    if key not in ALLOWED:
        return f"{place}: there is no such setting. {_sections()}"
    low, high, whole = ALLOWED[key]
    number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        return f"{place}: found {value!r}; must be {kind} from {low} to {high}."
    return ""


def _sections() -> str:
    known = ", ".join(f"[{section}] {name}" for section, name in ALLOWED)
    return f"There are: {known}."
