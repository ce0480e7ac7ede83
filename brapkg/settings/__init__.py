"""What a workspace may set: the defaults in ``records/settings.toml`` and its own ``settings.toml``.

``allowed`` holds every rule, of the kinds in ``rules``; ``reading`` checks a file by them and makes of it
what ``shape`` describes. Here is what others ask: the settings in use, and as they go into records.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict

from brapkg import logo, paths
from brapkg.settings import reading
from brapkg.settings.allowed import ALLOWED, DUTIES, HARMED, LEVELS, PEERS, REASONS, SECTIONS, WEIGHTS, schema
from brapkg.settings.reading import FILE, RECORDS, SCHEMA, defaults
from brapkg.settings.shape import Limits, Priorities, Reports, Sender, Settings, Small

__all__ = [
    "ALLOWED",
    "DUTIES",
    "FILE",
    "HARMED",
    "LEVELS",
    "PEERS",
    "REASONS",
    "RECORDS",
    "SCHEMA",
    "SECTIONS",
    "UNSEEN",
    "WEIGHTS",
    "Limits",
    "Priorities",
    "Reports",
    "Sender",
    "Settings",
    "Small",
    "built_by",
    "defaults",
    "output",
    "schema",
    "settings",
    "shown",
    "told",
]

# What changes no page: which are made, where they lie and what making them may take.
UNSEEN = ("reports", "output", "limits")


def settings() -> Settings:
    """The settings of the workspace in use.

    Raises
    ------
    DataError
        With every setting that is unknown, of the wrong kind or out of range.
    """
    own = paths.home() / FILE
    return reading.read(own, reading.content_of(own))


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
