"""From a workspace's ``settings.toml`` to its settings: every mistake is told at once, with its remedy."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from brapkg import areas, logo
from brapkg.errors import DataError
from brapkg.settings.allowed import ALLOWED, SECTIONS, WEIGHTS
from brapkg.settings.rules import found, meant
from brapkg.settings.shape import Limits, Municipality, Priorities, Reports, Sender, Settings, Small

FILE = "settings.toml"
RECORDS = Path(__file__).parents[1] / "records" / FILE
SCHEMA = RECORDS.with_name("settings.schema.json")
MEGABYTE = 1_000_000
LARGEST = 1_000_000


def defaults() -> dict[tuple[str, str], object]:
    """The project's own settings by section and name, as they are written."""
    return _values(RECORDS, RECORDS.read_bytes(), [])


def content_of(own: Path) -> bytes | None:
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
def read(own: Path, content: bytes | None) -> Settings:
    """The project's settings, overruled by a workspace's file ``own`` of this content; errors as ``settings``."""
    values = defaults()
    if content is not None:
        problems: list[str] = []
        values |= _values(own, content, problems)
        if problems:
            raise DataError(problems)
    return _settings(values, own.parent)


def _values(path: Path, content: bytes, problems: list[str]) -> dict[tuple[str, str], object]:
    """Settings by section and name; what is wrong with them goes to ``problems``."""
    written, values = _toml(path, content), {}
    for section, names in written.items():
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
