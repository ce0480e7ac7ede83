"""The settings in use, as what reads them gets them: checked, and in the units that are computed with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from brapkg import areas


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
