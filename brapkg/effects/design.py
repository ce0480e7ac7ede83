"""A measure laid out in time and space: its months before and after, where it was done, and what it is set against.

A layout that would give a number without meaning is refused, with every reason at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from brapkg import areas, catalogue
from brapkg.effects import refusals
from brapkg.effects.estimators import Window
from brapkg.effects.refusals import BEFORE, PARTS
from brapkg.effects.register import Measure
from brapkg.errors import DataError, UsageError
from brapkg.indicators import placebos
from brapkg.indicators.time import monthly_exposure, person_days
from brapkg.settings import settings
from brapkg.shown import Tables

MOST_HISTORY = 36  # months before the start from which a difference in trend is told
PHASES = ("earlier", "before", "run-in", "after")


@dataclass(frozen=True, eq=False)
class Design:
    """One measure's months and areas.

    Attributes
    ----------
    measure : the measure
    months : DataFrame
        Months in order, from at most ``MOST_HISTORY`` before the start: at (year * 12 + month - 1),
        year, month, phase (one of ``PHASES``), status, and for each of ``PARTS`` the events, the person-days
        as ``<part>_exposure``; "nearby" is NaN where there is none.
    donors : codes of areas of which a mixture may be made for the synthetic control
    donor_events, donor_exposure : arrays, shape (donors, months of the window)
    withheld : whether a month of one of the areas may not be shown on a page
    """

    measure: Measure
    months: pd.DataFrame
    donors: tuple[str, ...]
    donor_events: np.ndarray
    donor_exposure: np.ndarray
    withheld: bool

    @property
    def offence(self) -> str:
        return self.measure.outcome

    @property
    def kind(self) -> str:
        """ "county" or "municipality": the kind of the treated areas."""
        return areas.get(self.measure.treated[0]).kind

    @cached_property
    def window(self) -> pd.DataFrame:
        """The months before, of the run-in, and after."""
        return self.months[self.months["phase"] != "earlier"].reset_index(drop=True)

    @property
    def first(self) -> int:
        """The window's first month, year * 12 + month - 1."""
        return int(self.window["at"].iloc[0])

    @property
    def last(self) -> int:
        """The window's last month."""
        return int(self.window["at"].iloc[-1])

    def length(self, phase: str) -> int:
        """How many months a phase has."""
        return int((self.months["phase"] == phase).sum())

    def events(self, part: str, phase: str) -> int:
        """Events of a part ("treated", "comparison", "nearby") in a phase."""
        return int(self.months.loc[self.months["phase"] == phase, part].sum())

    def rate(self, part: str, phase: str) -> float:
        """Events per 100 000 residents and year."""
        rows = self.months[self.months["phase"] == phase]
        return float(rows[part].sum() / rows[f"{part}_exposure"].sum() * 365.25 * 100_000)

    def residents(self, part: str) -> float:
        """Mean residents before the start."""
        rows = self.months[self.months["phase"] == "before"]
        days = [
            pd.Period(year=y, month=m, freq="M").days_in_month for y, m in zip(rows["year"], rows["month"], strict=True)
        ]
        return float(rows[f"{part}_exposure"].sum() / sum(days))

    @property
    def preliminary(self) -> tuple[int, ...]:
        """Years of the window whose figures are preliminary."""
        rows = self.window[self.window["status"] == "preliminary"]
        return tuple(sorted(set(rows["year"].tolist())))

    def estimation(self, treated: str = "treated") -> Window:
        """The window as the estimators take it; ``treated`` "nearby" sets the nearby areas in the treated's place."""
        rows = self.window
        near = "nearby" if self.measure.nearby and treated == "treated" else None
        return Window(
            treated=rows[treated].to_numpy(),
            exposure=rows[f"{treated}_exposure"].to_numpy(),
            comparison=rows["comparison"].to_numpy(),
            comparison_exposure=rows["comparison_exposure"].to_numpy(),
            before=self.length("before"),
            run_in=self.length("run-in"),
            after=self.length("after"),
            nearby=rows[near].to_numpy() if near else None,
            nearby_exposure=rows[f"{near}_exposure"].to_numpy() if near else None,
            donors=self.donor_events if len(self.donors) else None,
            donors_exposure=self.donor_exposure if len(self.donors) else None,
        )


def of(measure: Measure, tables: Tables) -> Design:
    """Lay a measure out.

    Parameters
    ----------
    measure : a measure, as the register holds it
    tables : the store

    Returns
    -------
    Design
        Before: the 12 months before the start. After: up to 12 months from the end of the run-in,
        not beyond the measure's end or the figures'.

    Raises
    ------
    DataError
        With every reason why the measure cannot be evaluated as it stands.
    """
    place = f"measure {measure.id}" + (f" (line {measure.line})" if measure.line else "")
    problems = refusals.overlaps(measure)
    try:
        catalogue.offence(measure.outcome)
    except UsageError as error:
        raise DataError([f"{place}: {text}" for text in [*problems, str(error)]]) from None
    series = {code: _series(tables, code, measure.outcome) for code in refusals.named(measure)}
    problems += refusals.without_months(measure, series)
    known = [rows for rows in series.values() if len(rows)]
    if not known:
        raise DataError([f"{place}: {text}" for text in problems])
    start = refusals.at_of(measure.start)
    window, told = refusals.window(
        measure, min(int(r["at"].min()) for r in known), max(int(r["at"].max()) for r in known)
    )
    problems += told
    if window is not None:
        problems += refusals.breaks(measure, window) + refusals.gaps(series, window)
        problems += refusals.small(measure, tables, window)
    if problems:
        raise DataError([f"{place}: {text}" for text in problems])
    history = _history(series, start, measure.outcome)
    at = np.arange(history, window[1] + 1)
    population = tables.built("population")
    months = pd.DataFrame({"at": at, "year": at // 12, "month": at % 12 + 1, "phase": _phases(measure, at)})
    first = series[measure.treated[0]].set_index("at").reindex(at)
    months["status"] = first["status"].to_numpy()
    for part in PARTS:
        codes = getattr(measure, part)
        months[part] = sum(_counts(series[code], at) for code in codes) if codes else np.nan
        months[f"{part}_exposure"] = sum(_person_days(population, code, at) for code in codes) if codes else np.nan
    inside = np.arange(window[0], window[1] + 1)
    donors, events, exposure = _donors(measure, tables, population, inside)
    withheld = _withheld(measure, tables, series, at)
    return Design(measure, months, donors, events, exposure, withheld)


def _withheld(measure: Measure, tables: Tables, series: dict[str, pd.DataFrame], at: np.ndarray) -> bool:
    """Whether a month of an area is kept back.

    The store keeps back months of the series that other pages show; here every series of a
    municipality counts, and one small month is enough to show none.
    """
    cells = {(code, measure.outcome, int(m) // 12, int(m) % 12 + 1) for code in series for m in at}
    largest = settings().largest_hidden["month"]
    small = any(np.any((_counts(rows, at) >= 1) & (_counts(rows, at) <= largest)) for rows in series.values())
    return small or bool(cells & tables.withheld)


# --- months --------------------------------------------------------------------------------------


def _series(tables: Tables, area: str, offence: str) -> pd.DataFrame:
    rows = tables.built_rows("offences_month", area=area, offence=offence)
    return rows.assign(at=rows["year"] * 12 + rows["month"] - 1)[["at", "count", "status"]].sort_values("at")


def _history(series: dict[str, pd.DataFrame], start: int, offence: str) -> int:
    """The earliest month from which every area has every month up to the start, without a break between."""
    shared = set.intersection(*(set(rows["at"].tolist()) for rows in series.values()))
    breaks = [b.year * 12 + b.month - 1 for b in catalogue.breaks() if b.concerns(offence)]
    floor = max([start - MOST_HISTORY, *(at for at in breaks if at <= start)])
    first = start
    while first - 1 in shared and first - 1 >= floor:
        first -= 1
    return first


def _phases(measure: Measure, at: np.ndarray) -> np.ndarray:
    start = refusals.at_of(measure.start)
    phases = [at < start - BEFORE, at < start, at < start + measure.run_in]
    return np.select(phases, PHASES[:3], PHASES[3])


def _counts(rows: pd.DataFrame, at: np.ndarray) -> np.ndarray:
    return rows.set_index("at")["count"].reindex(at).to_numpy(dtype=float)


def _person_days(population: pd.DataFrame, area: str, at: np.ndarray) -> np.ndarray:
    try:
        return monthly_exposure(population, area, at // 12, at % 12 + 1)
    except KeyError:
        years = f"{at[0] // 12 - 1}–{at[-1] // 12}"
        raise DataError(
            f"{refusals.area_name(area)}: the residents of a year-end of {years} are missing, and no rate can be told. "
            "data/raw/population.csv says which years there are."
        ) from None


def _donors(
    measure: Measure, tables: Tables, population: pd.DataFrame, at: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Areas for the synthetic control, by the rule of its placebos: ``placebos.donors``.

    Of several treated areas, those like the largest. Neither treated nor nearby areas, nor what lies
    in them: what moves there would hide an effect.
    """
    touched = {*measure.treated, *measure.nearby}
    kind = areas.get(measure.treated[0]).kind
    lived = person_days(population, at // 12, at % 12 + 1).sum(axis=1, skipna=False).dropna()
    anchor = max(measure.treated, key=lambda code: lived[code])
    counts = {}
    for area in areas.counties() if kind == "county" else areas.municipalities():
        apart = not any(area.code in (code, code[:2]) or area.code[:2] == code for code in touched)
        series = _counts(_series(tables, area.code, measure.outcome), at) if apart and area.code in lived else [np.nan]
        if np.isfinite(series).all():
            counts[area.code] = series
    kept = placebos.donors(anchor, lived[[anchor, *counts]])
    shape = (len(kept), len(at))
    exposure = [_person_days(population, code, at) for code in kept]
    return tuple(kept), np.array([counts[code] for code in kept]).reshape(shape), np.array(exposure).reshape(shape)
