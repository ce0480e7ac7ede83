"""An estimate set against placebos: the same design where nothing was done.

Plain Poisson intervals cry effect in a third of the areas in which nothing happened. Here the
uncertainty is that which the same design shows on comparable municipalities and months, so that 5
per cent of nothing looks like something. Where the study of ``data/raw/placebo_study.csv`` found that
this does not hold, no p-value is given.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from brapkg import paths
from brapkg.effects.estimators import DESIGNS, LOCAL, ZERO, Estimate
from brapkg.sources import snapshot
from brapkg.stats.effect import calibration
from brapkg.stats.effect.calibration import Spread
from brapkg.stats.thin import TooThin

LEVEL = 0.95
POWER = 0.80
SIZES = ("small", "middle", "large", "county")
# Residents from which a municipality is middle, and large: about thirds of the 290.
LIMITS = (11_500, 26_000)
# Fewest placebos of a size class, all offences, on which a judgement may rest.
FEWEST = 100
# On what scale each design tells its effect, as `calibration.interval` names them.
SCALES = {**dict.fromkeys(DESIGNS, "log"), "displacement": "difference", LOCAL: "share"}
STUDY = paths.CLONE / "data" / "raw" / "placebo_study.csv"
VERDICTS = paths.CLONE / "data" / "raw" / "verdict_study.csv"
ALL = "all"


@dataclass(frozen=True)
class Judged:
    """An estimate with the uncertainty that placebos give it.

    Attributes
    ----------
    design : one of ``estimators.DESIGNS``
    value, lower, upper : float
        Ratio to what was to be expected (0.8 is 20 per cent fewer); for "displacement" a share of the
        events to be expected (−0.2 is 20 per cent fewer). Limits at 95 %.
    p_value : float
        Share of placebos at least as far from nothing, in either direction, the measure's own
        estimate counted as one of them.
    position : float
        Share of placebos of the same size class that lie below the value (0–1): 0.5 is in the middle.
    placebos : int
        How many the judgement rests on.
    detectable_fall, detectable_rise : float
        Smallest change that would be seen in 4 of 5 cases, per cent (> 0); NaN where none would, or
        where the study found that it cannot be foretold.
        They do not rest on the treated area's events after.
    null : array of float
        What placebos of the same offence and size class gave, on the scale of value, drawn to
        the measure's own uncertainty: for a picture.
    events, expected : float
        As in ``Estimate``.
    missing : str
        "" or why there is no judgement: a reason of ``Estimate``, "few placebos", or "not calibrated"
        (the study found that the design fails for such areas; value stands, the rest is NaN).
    """

    design: str
    value: float
    lower: float
    upper: float
    p_value: float
    position: float
    placebos: int
    detectable_fall: float
    detectable_rise: float
    null: np.ndarray
    events: float
    expected: float
    missing: str


def judge(estimate: Estimate, placebos: pd.DataFrame, offence: str, size: str) -> Judged:
    """Set an estimate against placebos.

    Parameters
    ----------
    estimate : Estimate
    placebos : DataFrame
        Rows of the table ``placebos`` with the measure's months before, run-in and after and its
        number of comparison areas, all offences, as ``others`` leaves them.
    offence : id of the offence series
    size : one of ``SIZES``, as ``size_class`` tells it

    Returns
    -------
    Judged

    Raises
    ------
    DataError
        The table of the study is missing or was changed.
    """
    design = kind_of(estimate)
    plain = np.exp if estimate.design != "displacement" else float
    nothing = dict.fromkeys(("lower", "upper", "p_value", "position", "detectable_fall", "detectable_rise"), np.nan)
    told = {"design": estimate.design, "value": plain(estimate.value), "placebos": 0, "null": np.array([])}
    told |= nothing | {"events": estimate.events, "expected": estimate.expected}
    reason = estimate.missing or ("" if usable(design, size, offence) else "not calibrated")
    if reason:
        return Judged(**told, missing=reason)
    try:
        null = Nulls.of(placebos[placebos["design"] == design], size).of_offence(offence)
    except TooThin:
        return Judged(**told, missing="few placebos")
    scale, chance = SCALES[design], chances(estimate, design)
    error = float(null.spread.scale(**chance))
    z = estimate.value / error
    lower, upper = calibration.interval(estimate.value, spread=null.spread, far=null.critical, scale=scale, **chance)
    told |= {
        "lower": plain(lower[0]),
        "upper": plain(upper[0]),
        "p_value": float(calibration.p_values(z, null.everyone)),
        "position": float((null.everyone < z).mean()),
        "placebos": null.everyone.size,
        "null": np.sort(np.exp(null.own * error) if scale == "log" else null.own * error),
    }
    if foreseen(design, size):
        fall, rise = calibration.detectable(
            estimate.expected,
            chance["swing"],
            null.spread,
            null.everyone,
            scale=scale,
            variance=chance["variance"],
            aside=estimate.aside,
            power=POWER,
            level=LEVEL,
        )
        told |= {"detectable_fall": 100 * float(fall[0]), "detectable_rise": 100 * float(rise[0])}
    return Judged(**told, missing="")


@dataclass(frozen=True)
class Null:
    """What nothing looks like for one design, offence and size class.

    ``spread`` is of the offence; ``everyone`` holds the standardised placebos of the size class, all
    offences; ``own`` those of the offence.
    """

    spread: Spread
    everyone: np.ndarray
    own: np.ndarray

    @property
    def critical(self) -> float:
        return calibration.critical(self.everyone, LEVEL)


@dataclass(frozen=True)
class Nulls:
    """The nulls of one design and size class: the spread of each offence, and its standardised placebos."""

    spreads: dict[str, Spread]
    placebos: dict[str, np.ndarray]

    @classmethod
    def of(cls, placebos: pd.DataFrame, size: str) -> Nulls:
        """From the placebos of one design; spreads are of all areas of the kind.

        Each placebo is standardised by the spread of other counties' placebos alone.
        """
        kind = "county" if size == "county" else "municipality"
        spreads, found = {}, {}
        for offence, mine in placebos[placebos["kind"] == kind].groupby("offence"):
            if len(mine) < calibration.FEWEST:
                continue
            value, chance = mine["value"].to_numpy(), chances(mine, mine["design"].iloc[0])
            z = calibration.standardised(value, fold=mine["area"].str[:2], **chance)
            there = size_classes(mine) == size
            spreads[offence] = calibration.spread(value, chance["variance"], chance["swing"])
            found[offence] = z[there & ~np.isnan(z)]
        return cls(spreads, found)

    def of_offence(self, offence: str) -> Null:
        """The null of one offence. Raises ``TooThin`` where placebos are too few."""
        everyone = np.concatenate(list(self.placebos.values())) if self.placebos else np.array([])
        if offence not in self.spreads or everyone.size < FEWEST:
            raise TooThin(f"found {everyone.size} placebos, of {offence!r} too; a judgement needs {FEWEST}")
        return Null(self.spreads[offence], everyone, self.placebos[offence])


def chances(found, design: str) -> dict:
    """What `calibration` takes of an estimate, or a table of them: variance without an effect, swing, moved.

    Parameters
    ----------
    found : Estimate, or DataFrame with its fields as columns
    design : as tables of placebos name it
    """
    variance = found.fixed + found.aside + 1 / found.expected
    events = np.maximum(found.events, ZERO)
    moved = calibration.moved(events / found.expected, found.expected, SCALES[design])
    return {name: np.asarray(one) for name, one in (("variance", variance), ("swing", found.swing), ("moved", moved))}


def others(
    placebos: pd.DataFrame, treated: Collection[str], involved: Collection[str], first: int, last: int
) -> pd.DataFrame:
    """Placebos without those that the measure itself may have touched.

    Parameters
    ----------
    placebos : DataFrame, the table ``placebos``
    treated : area codes
        Treated and nearby areas: their placebos are left out in all months.
    involved : area codes
        Comparison areas: theirs are left out where their months overlap with the measure's.
    first, last : int
        The measure's first month before and last month after, as year * 12 + month - 1.
    """
    begin, end = placebos["start"] - placebos["before"], placebos["start"] + placebos["run_in"] + placebos["after"]
    overlaps = (begin <= last) & (end > first)
    return placebos[~placebos["area"].isin(treated) & ~(placebos["area"].isin(involved) & overlaps)]


def kind_of(estimate: Estimate) -> str:
    """The name that a table of placebos has for the design of an estimate."""
    return LOCAL if estimate.design == "displacement" and not estimate.nearby else estimate.design


def size_class(kind: str, residents: float) -> str:
    """The size class of an area: "county", or by its residents "small", "middle" or "large"."""
    return "county" if kind == "county" else SIZES[int(np.searchsorted(LIMITS, residents, side="right"))]


def size_classes(placebos: pd.DataFrame) -> np.ndarray:
    """The size class of each placebo."""
    classes = np.array(SIZES)[np.searchsorted(LIMITS, placebos["population"].to_numpy(), side="right")]
    return np.where(placebos["kind"] == "county", "county", classes)


def usable(design: str, size: str, offence: str) -> bool:
    """Whether the study found that the design keeps its promises for such areas and offences.

    Raises ``DataError`` when the study's table is missing or was changed.
    """
    return _studied(design, size, (offence, ALL), "usable")


def foreseen(design: str, size: str) -> bool:
    """Whether the study found that the smallest visible effects are what they are said to be; errors as ``usable``."""
    return _studied(design, size, (ALL,), "visible")


def _studied(design: str, size: str, offences: tuple[str, ...], column: str) -> bool:
    found = study()
    mine = found[(found["design"] == design) & (found["size"] == size) & found["offence"].isin(offences)]
    return (mine["offence"] == ALL).any() and bool((mine[column] == "yes").all())


@cache
def verdicts() -> pd.DataFrame:
    """How often the rule of ``verdict`` is right: ``data/raw/verdict_study.csv``; errors as ``usable``."""
    snapshot.verify(VERDICTS)
    return pd.read_csv(VERDICTS, keep_default_na=False)


@cache
def study() -> pd.DataFrame:
    """The table of the study that calibration is tested by: ``data/raw/placebo_study.csv``."""
    snapshot.verify(STUDY)
    return pd.read_csv(STUDY, keep_default_na=False)
