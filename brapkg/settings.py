"""What a workspace may set: the defaults in ``records/settings.toml`` and its own ``settings.toml``.

Every rule stands in ``ALLOWED``; ``records/settings.schema.json`` tells editors the same.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from brapkg import areas, logo, paths
from brapkg.allowed import Areas, Number, Rule, Some, Text, found, meant
from brapkg.errors import DataError

FILE = "settings.toml"
RECORDS = Path(__file__).parent / "records" / FILE
SCHEMA = RECORDS.with_name("settings.schema.json")
MEGABYTE = 1_000_000
LARGEST = 1_000_000
LANGUAGES = ("sv", "en")
LEVELS = ("nation", "county", "municipality", "knowledge", "evaluations")
PEERS = ("group", "similar", "neighbours", "county", "nation")
WEIGHTS = ("level", "development", "municipalities", "harm", "control")
REASONS = ("preliminary", "probably", "single_year", "depends", "control")
# The offence groups of the catalogue, which itself loads numpy.
HARMED = ("violence", "threats", "negligence", "theft", "vehicle", "damage", "traffic", "drugs", "weapons")
# The law's duties and the most months that may be set: 6 § says at least every second year of two of them.
LONGEST = {"picture": 24, "plan": 120, "follow_up": 24}
DUTIES = ("picture", "plan", "follow_up", "agreements", "council", "coordination", "board")
ALLOWED: dict[tuple[str, str], Rule] = {
    ("reports", "areas"): Areas(),
    ("reports", "period"): Number(1975, 2100, whole=True, also=0),
    ("reports", "languages"): Some(LANGUAGES),
    ("reports", "levels"): Some(LEVELS),
    ("output", "folder"): Text(300, "[^~].*", "a folder, seen from this file, or an address such as s3://bucket/pages"),
    ("sender", "name"): Text(100),
    ("sender", "unit"): Text(100),
    ("sender", "contact"): Text(150),
    ("sender", "web"): Text(200, "(https?://[^\\s\"'<>]+)?", "an address that begins with https://"),
    ("sender", "logo"): Text(200, "([^/\\\\][^\\\\]*\\.(png|svg|PNG|SVG))?", 'a .png or .svg, such as "logo.svg"'),
    ("peers", "show"): Some(PEERS),
    ("small", "residents"): Number(0, 100_000, whole=True),
    ("small", "expected"): Number(10, 100, whole=True),
    ("small", "most_years"): Number(1, 10, whole=True),
    ("disclosure", "year"): Number(0, 20, whole=True),
    ("disclosure", "month"): Number(0, 20, whole=True),
    ("signals", "false_share"): Number(0.001, 0.5),
    ("priorities", "most"): Number(1, 5, whole=True),
    **{("priorities", name): Number(0, 10) for name in WEIGHTS},
    **{("certainty", reason): Number(0, 3, whole=True) for reason in REASONS},
    **{("harm", offence): Number(0, 3, whole=True) for offence in HARMED},
    **{("structure", duty): Number(1, LONGEST.get(duty, 120), whole=True) for duty in DUTIES},
    ("limits", "minutes"): Number(0.05, 1440),
    ("limits", "memory"): Number(50, 1_000_000, whole=True),
    ("limits", "output"): Number(1, 1000, whole=True),
}
SECTIONS = tuple(dict.fromkeys(section for section, _ in ALLOWED))
# What changes no page: which are made, where they lie and what making them may take.
UNSEEN = ("reports", "output", "limits")


@dataclass(frozen=True)
class Reports:
    """Which reports the workspace makes.

    ``areas`` are codes, in the order given (empty: every area); ``period`` is the year, 0 the latest;
    ``levels`` are some of ``LEVELS``.
    """

    areas: tuple[str, ...]
    period: int
    languages: tuple[str, ...]
    levels: tuple[str, ...]

    def wanted(self, area: areas.Area) -> bool:
        """Whether the page of a nation, county or municipality is one of them."""
        return area.kind in self.levels and (not self.areas or area.code in self.areas)


@dataclass(frozen=True)
class Sender:
    """Who stands behind the pages; empty texts, and None, where it is not told.

    ``logo`` is an absolute path; ``logo.data_address`` makes of it what a page can hold.
    """

    name: str
    unit: str
    contact: str
    web: str
    logo: Path | None


@dataclass(frozen=True)
class Municipality:
    """What a municipality's page holds: the comparisons ``peers``, some of ``PEERS``, in their order."""

    peers: tuple[str, ...]


@dataclass(frozen=True)
class Small:
    """How small numbers are met.

    Years are added together until ``expected`` offences are expected, at most ``most_years`` of them;
    municipalities with fewer than ``residents`` always get that many.
    """

    residents: int
    expected: int
    most_years: int


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
    what stands out is weighed; ``limits`` what one report may take; ``output`` the folder of the pages
    as it is written; ``structure`` the months after which what is done about a duty is flagged as old.
    """

    largest_hidden: dict[str, int]
    false_share: float
    priorities: Priorities
    limits: Limits
    reports: Reports
    output: str
    sender: Sender
    municipality: Municipality
    small: Small
    structure: dict[str, int]

    @property
    def peers(self) -> tuple[str, ...]:
        """The comparisons of a municipality's page, in their order."""
        return self.municipality.peers


def settings() -> Settings:
    """The settings of the workspace in use.

    Raises
    ------
    DataError
        With every setting that is unknown, of the wrong kind or out of range.
    """
    own = paths.home() / FILE
    return _read(own, _bytes(own))


def output() -> str:
    """Where the pages are: an absolute path, or an address as it is written. Errors as ``settings``."""
    told = settings().output
    return told if "://" in told else str((paths.home() / told).resolve())


def told() -> dict[str, object]:
    """The settings as a run's record holds them: plain values, the logo as its file and hash.

    Errors as ``settings``; ``DataError`` too where the logo has gone or changed into what no page may hold.
    """
    used = settings()
    found = asdict(used, dict_factory=_plain)
    if used.sender.logo:
        digest = hashlib.sha256(logo.content(used.sender.logo)).hexdigest()
        found["sender"]["logo"] = f"{used.sender.logo.relative_to(paths.home()).as_posix()} sha256:{digest}"
    return found


def _plain(fields: list[tuple[str, object]]) -> dict[str, object]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields}


def shown() -> dict[str, object]:
    """As ``told``, without what changes no page (``UNSEEN``)."""
    return {name: value for name, value in told().items() if name not in UNSEEN}


def built_by() -> dict[str, object]:
    """The settings that the store's tables are computed by, as plain values. Errors as ``settings``."""
    used = settings()
    return {"largest_hidden": used.largest_hidden, "small": asdict(used.small)}


def defaults() -> dict[tuple[str, str], object]:
    """The project's own settings by section and name, as they are written."""
    return _values(RECORDS, RECORDS.read_bytes(), [])


def schema() -> dict[str, object]:
    """The rules as JSON Schema (draft 2020-12), without the texts of ``records/settings.schema.json``."""
    sections: dict[str, dict] = {section: {} for section in SECTIONS}
    for (section, name), rule in ALLOWED.items():
        sections[section][name] = rule.schema()
    closed = {"type": "object", "additionalProperties": False}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **closed,
        "properties": {section: closed | {"properties": names} for section, names in sections.items()},
    }


# --- reading -------------------------------------------------------------------------------------


def _bytes(own: Path) -> bytes | None:
    """A workspace's file as it is now; None where there is none."""
    try:
        with own.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DataError(f"{own}: cannot be read ({error.strerror or error}). Mend its rights or remove it.") from None
    if len(content) > LARGEST:
        raise DataError(f"{own}: is larger than {LARGEST // MEGABYTE} MB; settings are some lines of text.")
    return content


@lru_cache(maxsize=8)
def _read(own: Path, content: bytes | None) -> Settings:
    values = defaults()
    if content is not None:
        problems: list[str] = []
        values |= _values(own, content, problems)
        if problems:
            raise DataError(problems)
    return _settings(values, own.parent)


def _values(path: Path, content: bytes, problems: list[str]) -> dict[tuple[str, str], object]:
    """Settings by section and name; what is wrong with them goes to ``problems``."""
    read, values = _toml(path, content), {}
    for section, names in read.items():
        if section not in SECTIONS or not isinstance(names, dict):
            problems.append(f"{path}: {_no_section(section, names)}")
            continue
        for name, value in names.items():
            if why := _problem(section, name, value, path.parent):
                problems.append(f"{path}, [{section}] {name}: {why}")
            values[section, name] = value
    return values


def _toml(path: Path, content: bytes) -> dict:
    try:
        return tomllib.loads(content.decode("utf-8-sig"))  # Windows' Notepad begins a file with a mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}, line {line}: is no text in UTF-8. Save the file with the encoding UTF-8.") from None
    except (ValueError, RecursionError) as error:
        hint = " In paths write / and not \\." if b"\\" in content else ""
        raise DataError(f"{path}: cannot be read as TOML ({error}). Mend the line or remove the file.{hint}") from None


def _no_section(section: str, value: object) -> str:
    known = ", ".join(f"[{one}]" for one in SECTIONS)
    if isinstance(value, dict):
        near = meant(section, SECTIONS)
        return f"[{section:.60}]: there is no such section.{near and f' Did you mean [{near}]?'} There are: {known}."
    if section in SECTIONS:
        return f"{section} is {found(value)}; must be a section: a line [{section}], and its settings below."
    homes = [f"[{one}]" for one, name in ALLOWED if name == section]
    where = f"Write it below {' or '.join(homes)}." if homes else f"There are: {known}."
    return f"{section:.60} stands outside a section. {where}"


def _problem(section: str, name: str, value: object, home: Path) -> str:
    """Why a setting cannot be used; empty text where it can."""
    rule = ALLOWED.get((section, name))
    if rule is None:
        names = [one for part, one in ALLOWED if part == section]
        near = meant(name, names)
        return f"there is no such setting.{near and f' Did you mean {near}?'} [{section}] holds: {', '.join(names)}."
    if why := rule.problem(value):
        return why
    if (section, name) == ("output", "folder"):
        return _folder_problem(str(value), home)
    if (section, name) == ("sender", "logo") and value:
        return _logo_problem(str(value), home)
    return ""


def _folder_problem(folder: str, home: Path) -> str:
    if "://" in folder:
        return ""
    place = (home / folder).resolve()
    if home.resolve().is_relative_to(place) or place.is_relative_to((home / "data").resolve()):
        return f"found {found(folder)}, where the workspace has its own files; name a folder for pages alone."
    return f"found {found(folder)}, which is a file; name a folder." if place.is_file() else ""


def _logo_problem(name: str, home: Path) -> str:
    path = (home / name).resolve()
    if not path.is_relative_to(home.resolve()):
        return f"found {found(name)}, which lies outside the workspace. Copy the picture into {home}."
    why = logo.problem(path)
    return why and f"found {found(name)}, which {why}"


def _settings(values: dict[tuple[str, str], object], home: Path) -> Settings:
    def all_of(section: str) -> dict:
        return {name: values[section, name] for part, name in ALLOWED if part == section}

    picture = values["sender", "logo"]
    return Settings(
        largest_hidden=all_of("disclosure"),
        false_share=values["signals", "false_share"],
        priorities=Priorities(
            values["priorities", "most"],
            {name: values["priorities", name] for name in WEIGHTS},
            all_of("certainty"),
            all_of("harm"),
        ),
        limits=Limits(
            values["limits", "minutes"] * 60,
            values["limits", "memory"] * MEGABYTE,
            values["limits", "output"] * MEGABYTE,
        ),
        reports=Reports(
            tuple(areas.find(one).code for one in values["reports", "areas"]),
            values["reports", "period"],
            tuple(values["reports", "languages"]),
            tuple(values["reports", "levels"]),
        ),
        output=values["output", "folder"],
        sender=Sender(**all_of("sender") | {"logo": home / picture if picture else None}),
        municipality=Municipality(tuple(values["peers", "show"])),
        small=Small(**all_of("small")),
        structure=all_of("structure"),
    )
