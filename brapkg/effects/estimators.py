"""Four designs that estimate the effect of a measure from months of counts, one window or thousands.

Each tells its effect on one scale: the natural logarithm of a ratio (``comparison``,
``interrupted``, ``synthetic``), or a share of the events that the treated area was to expect
(``displacement``). The variance is that of Poisson counts alone, which crime exceeds:
``brapkg.effects.null`` says how much, from the same designs where nothing was done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from brapkg.stats import poisson
from brapkg.stats.effect.mixture import simplex_weights

DESIGNS = ("comparison", "interrupted", "displacement", "synthetic")
# What tables of placebos call the displacement difference without nearby areas.
LOCAL = "local"
# Taken for a count of 0 in a ratio; the floors below keep such counts rare.
ZERO = 0.5
# Fewest events, counted before and expected after in the treated area, with which a design is used: below
# it power is not what it is said to be, nor is a percentage told elsewhere.
FLOOR = 20


@dataclass(frozen=True)
class Window:
    """Months around a start, in order: ``before``, then ``run_in`` (left out), then ``after``.

    Attributes
    ----------
    treated, exposure : arrays of float, shape (months,) or (windows, months)
        Events and person-days (``indicators.time.person_days``) of the area with the measure;
        several areas are summed.
    comparison, comparison_exposure : the same of the comparison area.
    nearby, nearby_exposure : the same of the areas into which crime may move, or None.
    donors, donors_exposure : arrays of float, shape (donors, months) or (windows, donors, months), or None
        Areas of which a mixture is made for the synthetic control.
    before, run_in, after : int
        Months of each part; they add up to the months of the arrays. At least 3, 0 and 3.

    Raises
    ------
    ValueError
        Shapes differ, months do not add up, a count is negative, an exposure is not above 0, or a
        number is not finite.
    """

    treated: np.ndarray
    exposure: np.ndarray
    comparison: np.ndarray
    comparison_exposure: np.ndarray
    before: int
    run_in: int
    after: int
    nearby: np.ndarray | None = None
    nearby_exposure: np.ndarray | None = None
    donors: np.ndarray | None = None
    donors_exposure: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            if (values := getattr(self, name)) is not None:
                object.__setattr__(self, name, np.asarray(values, dtype=float))
        if problems := list(_problems(self)):
            raise ValueError("Window: " + "; ".join(problems))

    def stacked(self) -> Window:
        """The same with a leading axis of windows, where there is none."""
        if self.treated.ndim == 2:
            return self
        given = {name: getattr(self, name) for name in _ARRAYS}
        return replace(self, **{name: values[np.newaxis] for name, values in given.items() if values is not None})


@dataclass(frozen=True)
class Estimate:
    """What one design says of one window, before it is set against placebos.

    Attributes
    ----------
    design : one of ``DESIGNS``
    value : float
        Logarithm of the ratio to what was to be expected (−0.22 is 20 per cent fewer); for
        "displacement" the events fewer (below 0) or more as a share of those to be expected in the
        treated area, net of the comparison and with the nearby areas where there are any.
    variance : float
        Of the value, for Poisson counts.
    fixed, aside : float
        The parts of the variance that do not rest on the treated area's events after: those of the
        events to be expected, and those of nearby areas.
    swing : float
        Variance of the value for swings of variance 1 in the rates of the areas: 1, but more where
        nearby areas outweigh the treated one.
    events, expected : float
        The treated area's events after, and those to be expected without an effect.
    before : float
        The treated area's events before.
    nearby : bool
        Whether the value counts nearby areas.
    missing : str
        "" or why there is no value: "few" (fewer events before, or to be expected after, than the
        design can be used with), "no donors", "no comparison" (no events there).
    """

    design: str
    value: float
    variance: float
    fixed: float
    aside: float
    swing: float
    events: float
    expected: float
    before: float
    missing: str
    nearby: bool = False


def estimate(design: str, window: Window) -> Estimate:
    """What a design says of one window.

    Raises ``ValueError`` when there is no such design, or the window holds several.
    """
    if window.treated.ndim != 1:
        raise ValueError(f"estimate: found {len(window.treated)} windows; must be one (see estimates)")
    (row,) = estimates(design, window).to_dict("records")
    return Estimate(design, **row, nearby=design == "displacement" and window.nearby is not None)


def estimates(design: str, windows: Window) -> pd.DataFrame:
    """What a design says of many windows at once.

    Parameters
    ----------
    design : one of ``DESIGNS``
        "comparison": change in the rate over change in the comparison's rate (RIRR). "interrupted":
        step in a Poisson regression of the treated area alone, with a yearly wave; no trend,
        which a year before and a year after cannot tell from a step. "displacement": weighted
        displacement difference, the comparison scaled to the treated and nearby areas by
        person-days. "synthetic": as the comparison, against the mixture of donors whose monthly
        rates before came nearest; the gap before is subtracted.
    windows : Window with arrays of shape (windows, months)

    Returns
    -------
    DataFrame
        One row per window: value, variance, fixed, aside, swing, events, expected, before, missing, as in
        ``Estimate``; the first five are NaN where missing says why.

    Raises
    ------
    ValueError
        There is no such design.

    Notes
    -----
    A count of 0 in a ratio is taken as 0.5. The interrupted series takes a change that the whole
    country shares for an effect. The displacement difference rests on equal changes per resident,
    the others on equal ratios. The weights of the synthetic control are taken as known.

    References
    ----------
    Farrington, Gill, Waples and Argomaniz (2007), J Exp Criminol 3:21-38. Lopez Bernal, Cummins and
    Gasparrini (2017), Int J Epidemiol 46:348-355. Wheeler and Ratcliffe (2018), Crime Science 7:11.
    Abadie, Diamond and Hainmueller (2010), JASA 105:493-505; Ferman and Pinto (2021), Quant Econ
    12:1197-1221, on the gap before.
    """
    if design not in _DESIGNED:
        raise ValueError(f"design: found {design!r}; must be one of {', '.join(DESIGNS)}")
    windows = windows.stacked()
    sums = _Sums.of(windows)
    with np.errstate(all="ignore"):  # what is undefined is told below as missing
        found = _DESIGNED[design](windows, sums)
        few = (sums.before < FLOOR) | ~(found.expected >= FLOOR)
        chance = sums.after / found.expected**2 if design == "displacement" else 1 / _some(sums.after)
    missing = np.where(found.missing != "", found.missing, np.where(few, "few", ""))
    told = {"value": found.value, "variance": chance + found.fixed + found.aside}
    told |= {"fixed": found.fixed, "aside": found.aside, "swing": found.swing}
    return pd.DataFrame(
        {
            **{name: np.where(missing == "", number, np.nan) for name, number in told.items()},
            "events": sums.after,
            "expected": found.expected,
            "before": sums.before,
            "missing": missing.astype(str),
        }
    )


@dataclass(frozen=True)
class _Sums:
    """Events and exposure of each window before and after: (windows,) each; ``c_`` the comparison."""

    before: np.ndarray
    after: np.ndarray
    exposure_before: np.ndarray
    exposure_after: np.ndarray
    c_before: np.ndarray
    c_after: np.ndarray
    c_exposure_before: np.ndarray
    c_exposure_after: np.ndarray

    @classmethod
    def of(cls, windows: Window) -> _Sums:
        given = (windows.treated, windows.exposure, windows.comparison, windows.comparison_exposure)
        return cls(*(part.sum(axis=-1) for values in given for part in _parts(windows, values)))

    @property
    def compared(self) -> np.ndarray:
        """Why there is nothing to compare with, or empty text."""
        return np.where((self.c_before > 0) & (self.c_after > 0), "", "no comparison")


class _Told(NamedTuple):
    """What a design finds in each window; names as in ``Estimate``."""

    value: np.ndarray
    fixed: np.ndarray
    expected: np.ndarray
    missing: np.ndarray
    aside: np.ndarray | float = 0.0
    swing: np.ndarray | float = 1.0


def _parts(windows: Window, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The months before and the months after."""
    return values[..., : windows.before], values[..., windows.before + windows.run_in :]


def _some(counts: np.ndarray) -> np.ndarray:
    return np.where(counts > 0, counts, ZERO)


def _comparison(windows: Window, sums: _Sums) -> _Told:
    growth = sums.c_after / sums.c_exposure_after * sums.c_exposure_before / sums.c_before
    expected = sums.before * sums.exposure_after / sums.exposure_before * growth
    fixed = 1 / sums.before + 1 / sums.c_before + 1 / sums.c_after
    return _Told(np.log(_some(sums.after) / expected), fixed, expected, sums.compared)


def _interrupted(windows: Window, sums: _Sums) -> _Told:
    place = np.r_[: windows.before, windows.before + windows.run_in : windows.treated.shape[-1]]
    step = np.arange(place.size) >= windows.before
    wave = 2 * np.pi * place / 12
    design = np.column_stack([np.ones(place.size), step, np.sin(wave), np.cos(wave)])
    exposure = windows.exposure[:, place]
    counts = windows.treated[:, place] + _spread_zero(sums.after, exposure, step)
    fits = poisson.fit(counts, design, exposure)
    value, variance = fits.coefficients[:, 1], fits.covariance[:, 1, 1]
    expected = _some(sums.after) / np.exp(value)
    return _Told(value, variance - 1 / _some(sums.after), expected, np.where(fits.settled, "", "few"))


def _spread_zero(after: np.ndarray, exposure: np.ndarray, step: np.ndarray) -> np.ndarray:
    """What a window without events after gets in each month after, so that it has a logarithm."""
    share = exposure * step / (exposure * step).sum(axis=1, keepdims=True)
    return np.where(after > 0, 0.0, ZERO)[:, np.newaxis] * share


def _displacement(windows: Window, sums: _Sums) -> _Told:
    rise = sums.c_after / sums.c_exposure_after - sums.c_before / sums.c_exposure_before
    chance = sums.c_after / sums.c_exposure_after**2 + sums.c_before / sums.c_exposure_before**2
    ratio = sums.exposure_after / sums.exposure_before
    expected = sums.before * ratio + sums.exposure_after * rise
    fixed = (ratio**2 * sums.before + sums.exposure_after**2 * chance) / expected**2
    told = _Told((sums.after - expected) / expected, fixed, expected, sums.compared)
    if windows.nearby is None:
        return told
    before, after = (part.sum(axis=-1) for part in _parts(windows, windows.nearby))
    exposure_before, exposed = (part.sum(axis=-1) for part in _parts(windows, windows.nearby_exposure))
    ratio = exposed / exposure_before
    moved = after - before * ratio - exposed * rise
    # Both areas are set against one comparison, whose chance they share.
    shared = (exposed + 2 * sums.exposure_after) * exposed * chance
    aside = (after + ratio**2 * before + shared) / expected**2
    return told._replace(value=told.value + moved / expected, aside=aside, swing=1 + (before / sums.before) ** 2)


def _synthetic(windows: Window, sums: _Sums) -> _Told:
    nothing = np.full(len(sums.before), np.nan)
    if windows.donors is None:
        return _Told(nothing, nothing, nothing, np.full(nothing.shape, "no donors"))
    own = _parts(windows, windows.treated / windows.exposure)[0]
    donors = _parts(windows, windows.donors / windows.donors_exposure)[0].swapaxes(1, 2)
    weights = np.array([simplex_weights(y, x) for y, x in zip(own, donors, strict=True)])
    d_before, d_after = (part.sum(axis=-1) for part in _parts(windows, windows.donors))
    e_before, e_after = (part.sum(axis=-1) for part in _parts(windows, windows.donors_exposure))
    before, after = (weights * d_before / e_before).sum(axis=1), (weights * d_after / e_after).sum(axis=1)
    expected = sums.before * sums.exposure_after / sums.exposure_before * after / before
    chance = (weights**2 * d_before / e_before**2).sum(axis=1) / before**2
    chance = chance + (weights**2 * d_after / e_after**2).sum(axis=1) / after**2
    reason = np.where((before > 0) & (after > 0), "", "no comparison")
    return _Told(np.log(_some(sums.after) / expected), 1 / sums.before + chance, expected, reason)


def _problems(window: Window) -> Iterator[str]:
    """What is wrong with a window."""
    lengths = {"before": (window.before, 3), "run_in": (window.run_in, 0), "after": (window.after, 3)}
    wrong = {name: months for name, (months, least) in lengths.items() if months < least}
    yield from (f"{name}: found {months} months; must be at least {lengths[name][1]}" for name, months in wrong.items())
    shape = (*window.treated.shape[:-1], window.before + window.run_in + window.after)
    for name in _ARRAYS:
        values = getattr(window, name)
        if values is None:
            continue
        own = (*values.shape[:-2], values.shape[-1]) if name.startswith("donors") else values.shape
        if own != shape:
            yield f"{name}: found the shape {values.shape}; months must be {shape}"
        low = values <= 0 if "exposure" in name else values < 0
        if not np.isfinite(values).all() or low.any():
            yield f"{name}: must be numbers {'above 0' if 'exposure' in name else 'of at least 0'}"
    for name in ("nearby", "donors"):
        if (getattr(window, name) is None) != (getattr(window, f"{name}_exposure") is None):
            yield f"{name}: must come with {name}_exposure"


_ARRAYS = tuple(field.name for field in fields(Window) if field.name not in ("before", "run_in", "after"))
_DESIGNED = {
    "comparison": _comparison,
    "interrupted": _interrupted,
    "displacement": _displacement,
    "synthetic": _synthetic,
}
