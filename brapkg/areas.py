"""Sweden's areas: codes, names in any form met in files, who belongs where, who borders on whom.

The nation ``00``, 21 counties ``01``–``25``, 7 police regions ``P01``–``P07``, 290 municipalities
(four digits, the county's two first) and the 9 municipality groups of SKR ``A1``–``C9``, whose
members differ between the editions of 2017 and 2023.

Sources: ``records/areas.toml`` and ``data/raw/municipalities.csv`` (with its sidecar).
"""

from __future__ import annotations

import csv
import difflib
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from brapkg import paths
from brapkg.errors import DataError, UsageError

RECORDS = Path(__file__).parent / "records" / "areas.toml"
MUNICIPALITIES = paths.CLONE / "data" / "raw" / "municipalities.csv"
KINDS = ("nation", "county", "police_region", "municipality", "group")
EDITIONS = (2017, 2023)


@dataclass(frozen=True)
class Area:
    """One area. ``short`` is the name without "län" or "kommun", as running text wants it."""

    code: str
    name: str
    name_en: str
    short: str
    kind: str
    county: str = ""
    police_region: str = ""
    group_2017: str = ""
    group_2023: str = ""
    neighbours: tuple[str, ...] = ()
    # The municipalities most like it, by Kolada's groups of social and economic conditions.
    similar: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    def label(self, language: str = "sv") -> str:
        """The official name in Swedish (``"sv"``) or English (``"en"``)."""
        return self.name_en if language == "en" else self.name


@dataclass(frozen=True)
class Ghost:
    """A municipality that Brå's database lists a second time, with zeros that are no figures."""

    municipality: str
    until: int
    reason: str


class UnknownArea(UsageError):
    """No area, more than one area, or an area of another kind answers to the text."""


@cache
def _records() -> dict:
    with RECORDS.open("rb") as file:
        return tomllib.load(file)


@cache
def all_areas() -> dict[str, Area]:
    """Every area by its code, in the order of the codes within each kind."""
    areas: dict[str, Area] = {}
    for kind in ("nation", "county", "police_region", "group"):
        for record in _records()[kind]:
            fields = {**record, "aliases": tuple(record["aliases"])}
            own = {"county": record["code"]} if kind == "county" else {}
            areas[record["code"]] = Area(kind=kind, **fields, **own)
    for row in _municipality_rows():
        areas[row["code"]] = Area(
            code=row["code"],
            name=row["full_name"],
            name_en=f"{row['name']} Municipality",
            short=row["name"],
            kind="municipality",
            county=row["code"][:2],
            police_region=areas[row["code"][:2]].police_region,
            group_2017=row["skr_2017"],
            group_2023=row["skr_2023"],
            neighbours=tuple(row["neighbours"].split()),
            similar=tuple(row["similar"].split()),
        )
    return areas


def _municipality_rows() -> list[dict[str, str]]:
    try:
        with MUNICIPALITIES.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        raise DataError(
            f"{MUNICIPALITIES} is missing: the list of municipalities comes with the project; "
            "bring it back with `git checkout -- data/raw`"
        ) from None


def get(code: str) -> Area:
    """The area with this code.

    Raises
    ------
    UnknownArea
        When no area has the code; the message suggests how to look it up.
    """
    try:
        return all_areas()[code]
    except KeyError:
        raise UnknownArea(
            f"No area has the code {code!r}. Codes are text: '00' for the nation, '01'–'25' for "
            "counties, four digits for municipalities, 'P01'–'P07' for police regions."
        ) from None


def counties() -> list[Area]:
    """The 21 counties, by code."""
    return [area for area in all_areas().values() if area.kind == "county"]


def municipalities(county: str | None = None) -> list[Area]:
    """The 290 municipalities, or those of one county, by code."""
    everyone = (area for area in all_areas().values() if area.kind == "municipality")
    return [area for area in everyone if county in (None, area.county)]


def group_members(group: str, edition: int) -> list[Area]:
    """The municipalities of an SKR group.

    Parameters
    ----------
    group : str
        ``"A1"`` … ``"C9"``.
    edition : int
        2017 or 2023: the year of SKR's classification.
    """
    if edition not in EDITIONS:
        raise UsageError(f"SKR's groups exist in the editions {EDITIONS}, not {edition}.")
    return [m for m in municipalities() if getattr(m, f"group_{edition}") == get(group).code]


@cache
def ghosts() -> dict[str, Ghost]:
    """The areas that Brå's database holds twice, by the municipality's code."""
    return {record["municipality"]: Ghost(**record) for record in _records()["ghost"]}


# --- names ---------------------------------------------------------------------------------------


def _key(text: str) -> str:
    """The part of a name that tells areas apart: no case, dashes, punctuation or double spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\W_]+", " ", folded).strip()


def _spellings(area: Area) -> set[str]:
    forms = {area.name, area.name_en, area.short, *area.aliases}
    if area.kind == "municipality":
        city = area.name.removesuffix("kommun") + "stad"
        forms |= {f"{area.short} kommun", f"{area.short}s kommun", f"{area.short} stad", city}
    if area.kind == "county":
        forms.add(f"{area.short} län")
    return {_key(form) for form in forms} | {area.code.casefold()}


@cache
def _index() -> dict[str, tuple[Area, ...]]:
    index: dict[str, tuple[Area, ...]] = {}
    for area in all_areas().values():
        for spelling in sorted(_spellings(area)):
            index[spelling] = (*index.get(spelling, ()), area)
    return index


def find(text: str, kind: str | None = None) -> Area:
    """The area that a code or a name means, in any of the forms met in files.

    Parameters
    ----------
    text : str
        ``"20"``, ``"Dalarnas Län"``, ``"Region Skåne"``, ``"ALE"``, ``"Arjeplogs kommun"``,
        ``"Upplands-Väsby"``, ``"Malung–Sälen"``, …
    kind : str, optional
        One of ``KINDS``: which kind of area is wanted. Needed where a name is both a county's and
        a municipality's (Gotland, Uppsala, …) and nothing in it tells which.

    Raises
    ------
    UnknownArea
        When nothing, several areas, or only an area of another kind answers; the message names
        the nearest, or the county that the municipality lies in.
    UsageError
        What was given is no text, or there is no such kind.
    """
    if not isinstance(text, str):
        raise UsageError(f"An area is named by text such as '2403' or 'Bjurholm', not by {text!r}.")
    if kind is not None and kind not in KINDS:
        raise UsageError(f"{kind!r} is no kind of area. Kinds: {', '.join(KINDS)}.")
    answers = _index().get(_key(text), ())
    wanted = [area for area in answers if kind in (None, area.kind)]
    if len(wanted) == 1:
        return wanted[0]
    if wanted:
        choices = "; ".join(f"{area.code} {area.name}" for area in wanted)
        raise UnknownArea(f"{text!r} can mean several areas: {choices}. Give the code.")
    if answers:
        raise UnknownArea(_other_kind(text, answers[0], kind))
    near = suggest(text, kind)
    hint = f" Did you mean {', '.join(f'{a.code} {a.name}' for a in near)}?" if near else ""
    raise UnknownArea(f"No {_words(kind)} is called {text!r}.{hint}")


def suggest(text: str, kind: str | None = None, most: int = 3) -> list[Area]:
    """The areas whose names are nearest to a misspelt one, nearest first (none if all are far)."""
    spellings = {spelling: area for spelling, found in _index().items() for area in found if kind in (None, area.kind)}
    near = difflib.get_close_matches(_key(text), spellings, n=3 * most, cutoff=0.7)
    return list(dict.fromkeys(spellings[spelling] for spelling in near))[:most]


def _words(kind: str | None) -> str:
    return {None: "area", "group": "municipality group"}.get(kind, str(kind).replace("_", " "))


def _other_kind(text: str, found: Area, kind: str | None) -> str:
    message = f"{text!r} is a {_words(found.kind)} ({found.code} {found.name}), not a {_words(kind)}."
    if found.kind == "municipality" and kind == "county":
        county = get(found.county)
        message += f" It lies in {county.code} {county.name}: use --area {county.code}."
    return message
