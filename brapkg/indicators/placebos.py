"""Placebo measures: every design in every area at starts where nothing was done.

They show how far a design strays by itself. Municipalities are compared with the rest of their
county, counties with the other counties, or either with a few areas of like size, where a measure
is. No window holds a break in its series. Counties always; municipalities where the store has
their months.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from brapkg import areas, catalogue
from brapkg.effects.estimators import LOCAL, Window, estimates
from brapkg.indicators.time import person_days

Shape = tuple[int, int, int, int]
# Months before, run-in and after; areas of the comparison, 0 for all the rest.
STANDARD = (12, 0, 12, 0)
# What the build makes; other shapes are made when a page asks for them.
BUILT = (STANDARD,)
FEW_COMPARED = 5
KINDS = ("county", "municipality")
DONORS = 20
KEY = ["kind", "area", "offence", "start", "before", "run_in", "after", "compared", "design"]
NUMBERS = ["value", "variance", "fixed", "aside", "swing", "events", "expected"]


def table(
    months: pd.DataFrame, population: pd.DataFrame, shapes: Iterable[Shape] = BUILT, kinds: Iterable[str] = KINDS
) -> pd.DataFrame:
    """Placebos of every area, offence, start and design.

    Parameters
    ----------
    months, population : the tidy tables ``offences_month`` and ``population``
    shapes : (before, run-in, after, compared)
        Months of each part; and the number of comparison areas, those nearest in residents, or 0
        for the rest of the county (of the country, for a county).
    kinds : of ``KINDS``

    Returns
    -------
    DataFrame
        The columns of the table ``placebos``. Windows follow one another without sharing months
        after; those with too few events for a design are left out. Empty where no window fits
        between two breaks.
    """
    parts = []
    for panel in panels(months, population, kinds):
        for shape in sorted(set(shapes)):
            parts += [_placebos(panel, shape, first) for first in firsts(panel.at, shape)]
    columns = [*KEY, "population", *NUMBERS]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def shape_of(before: int, run_in: int, after: int, comparison: int) -> Shape:
    """The shape of a measure with so many months and comparison areas: many stand for all the rest."""
    return before, run_in, after, comparison if comparison <= FEW_COMPARED else 0


def fitting(built: pd.DataFrame, months: pd.DataFrame, population: pd.DataFrame, kind: str, shape: Shape):
    """Placebos of one kind of area and shape: those of the build, or made now where it has none.

    Parameters
    ----------
    built, months, population : the tables ``placebos``, ``offences_month`` and ``population``
    kind : "county" or "municipality"
    shape : as for ``table``
    """
    if shape not in BUILT:
        built = table(months, population, (shape,), (kind,))
    wanted = dict(zip(("before", "run_in", "after", "compared"), shape, strict=True), kind=kind)
    return built[np.logical_and.reduce([built[column] == value for column, value in wanted.items()])]


def donors(code: str, residents: pd.Series) -> list[str]:
    """The areas of which a synthetic control of an area is mixed, most like it first.

    Municipalities of its SKR group outside its county, by likeness in residents, then others; for
    a county the other counties.

    Parameters
    ----------
    code : of a county or municipality
    residents : Series by code of the areas of the same kind
    """
    own, others = areas.get(code), [areas.get(other) for other in residents.index]
    outside = np.array([other.county != own.county for other in others])
    elsewhere = np.array([other.group_2017 != own.group_2017 for other in others])
    gap = np.log(residents / residents[code]).abs()
    order = np.lexsort((residents.index, gap, elsewhere))  # the last key counts first
    return list(residents.index[order[outside[order]]][:DONORS])


@dataclass(frozen=True)
class Panel:
    """Months of all areas of one kind.

    ``at`` the months as year * 12 + month - 1; ``counts`` (areas, offences, months) and
    ``exposure`` (areas, months) in the order of ``codes`` and ``offences``; ``residents`` by code.
    """

    kind: str
    codes: list[str]
    offences: list[str]
    at: np.ndarray
    counts: np.ndarray
    exposure: np.ndarray
    residents: pd.Series

    @cached_property
    def donors(self) -> np.ndarray:
        """Positions of the donors of each area, shape (areas, donors)."""
        place = {code: i for i, code in enumerate(self.codes)}
        return np.array([[place[other] for other in donors(code, self.residents)] for code in self.codes])

    @cached_property
    def nearby(self) -> np.ndarray:
        """Which areas border on which, 0 or 1; counties do where municipalities of theirs do."""
        place = {code: i for i, code in enumerate(self.codes)}
        members = np.zeros((len(place), len(place)))
        cut = 2 if self.kind == "county" else 4
        for one in areas.municipalities():
            for other in one.neighbours:
                members[place[one.code[:cut]], place[other[:cut]]] = 1
        np.fill_diagonal(members, 0)
        return members

    def compared(self, number: int, without: np.ndarray | None = None) -> np.ndarray:
        """The comparison areas of each area, 0 or 1, shape (areas, areas): none of those left out.

        The rest of its county (of the country, for a county), or the ``number`` of them nearest in
        residents. An area without such a rest, as Gotland, is compared with its donors.
        """
        size = len(self.codes)
        home = np.array([code[:2] if self.kind == "municipality" else "" for code in self.codes])
        left_out = np.zeros((size, size), dtype=bool) if without is None else without > 0
        rest = (home[:, np.newaxis] == home) & ~np.eye(size, dtype=bool)
        alone = ~(rest & ~left_out).any(axis=1)
        rest[alone] = _as_matrix(self.donors[alone], size)
        rest &= ~left_out
        if number:
            residents = np.log(self.residents.to_numpy())
            gap = np.where(rest, np.abs(residents[:, np.newaxis] - residents), np.inf)
            rest &= _as_matrix(np.argsort(gap, axis=1, kind="stable")[:, :number], size)
        return rest.astype(float)


def panels(months: pd.DataFrame, population: pd.DataFrame, kinds: Iterable[str] = KINDS) -> list[Panel]:
    """Counties and municipalities in the months in which none of their kind is missing."""
    found = []
    for kind in kinds:
        codes = [area.code for area in (areas.counties() if kind == "county" else areas.municipalities())]
        mine = months[months["area"].isin(codes)]
        at = mine["year"] * 12 + mine["month"] - 1
        wide = mine.assign(at=at).pivot(index=["area", "offence"], columns="at", values="count")
        offences = [offence for offence in catalogue.offences() if offence in wide.index.unique("offence")]
        wide = wide.reindex(pd.MultiIndex.from_product([codes, offences])).dropna(axis=1)
        if wide.empty:
            continue
        at = wide.columns.to_numpy()
        exposure = person_days(population, at // 12, at % 12 + 1).reindex(codes)
        whole = exposure.notna().all().to_numpy()
        counts = wide.to_numpy(dtype=float).reshape(len(codes), len(offences), -1)[..., whole]
        lived = exposure.to_numpy()[:, whole]
        residents = pd.Series(lived.mean(axis=1) * 12 / 365.25, codes) if whole.any() else None
        if whole.any():
            found.append(Panel(kind, codes, offences, at[whole], counts, lived, residents))
    return found


def firsts(at: np.ndarray, shape: Shape) -> list[int]:
    """First positions of windows without a gap or break, whose months after do not overlap."""
    before, run_in, after, _ = shape
    edges = {known.position(at) for known in catalogue.breaks()} - {None}
    edges |= set((np.flatnonzero(np.diff(at) != 1) + 1).tolist())
    bounds = [0, *sorted(edges), len(at)]
    length = before + run_in + after
    pairs = zip(bounds[:-1], bounds[1:], strict=True)
    return [first for low, high in pairs for first in range(low, high - length + 1, after)]


def windows(panel: Panel, shape: Shape, first: int) -> Iterator[tuple[str, pd.DataFrame, Window]]:
    """Each design with its placebos in one stretch of months: area, offence, residents; and the months.

    Parameters
    ----------
    panel : Panel
    shape : as for ``table``
    first : position of the first month in ``panel.at``
    """
    before, run_in, after, number = shape
    part = slice(first, first + before + run_in + after)
    counts, exposure = panel.counts[..., part], panel.exposure[:, part]
    rows = (len(panel.codes) * len(panel.offences), counts.shape[-1])

    def each(values: np.ndarray) -> np.ndarray:
        return np.repeat(values, len(panel.offences), axis=0)

    def of(members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Counts and exposure of the areas that belong to each by a matrix of 0 and 1."""
        return np.tensordot(members, counts, 1).reshape(rows), each(members @ exposure)

    lengths = (before, run_in, after)
    mixed, near = panel.donors, panel.nearby
    own, rest = of(np.eye(len(panel.codes))), of(panel.compared(number))
    labels = pd.MultiIndex.from_product([panel.codes, panel.offences], names=["area", "offence"]).to_frame(index=False)
    labels["population"] = labels["area"].map(panel.residents)
    plain = Window(*own, *rest, *lengths)
    for design in ("comparison", "interrupted", LOCAL):
        yield design, labels, plain
    donated = counts[mixed].swapaxes(1, 2).reshape(rows[0], -1, rows[1])
    yield "synthetic", labels, replace(plain, donors=donated, donors_exposure=each(exposure[mixed]))
    bordered = each(near.any(axis=1))
    apart = panel.compared(number, without=near)
    treated, aside = ([values[bordered] for values in (*own, *of(apart))], [values[bordered] for values in of(near)])
    yield "displacement", labels[bordered].reset_index(drop=True), Window(*treated, *lengths, *aside)


def _placebos(panel: Panel, shape: Shape, first: int) -> pd.DataFrame:
    """All designs in all areas and offences of one stretch of months."""
    parts = []
    for design, labels, window in windows(panel, shape, first):
        told = estimates("displacement" if design == LOCAL else design, window)
        parts.append(labels.assign(design=design, **told[NUMBERS])[told["missing"] == ""])
    before, run_in, after, number = shape
    start = int(panel.at[first]) + before
    lengths = {"before": before, "run_in": run_in, "after": after, "compared": number}
    return pd.concat(parts).assign(kind=panel.kind, start=start, **lengths)


def _as_matrix(places: np.ndarray, size: int) -> np.ndarray:
    members = np.zeros((len(places), size), dtype=bool)
    np.put_along_axis(members, places, True, axis=1)
    return members
