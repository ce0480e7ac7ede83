"""What could be seen at all: the smallest effect that the counts at hand would show.

Asked before a measure is evaluated. With few events no fall, however large, stands out from
chance, and "no significant effect" then says nothing of the measure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special, stats

from brapkg.stats import _check
from brapkg.stats._rows import no_interval

NONE = "undetectable"
_BEFORE_AFTER, _COMPARED = "square-root", "log ratio to comparison"


def detectable_change(
    before,
    *,
    exposure_before=1.0,
    exposure_after=1.0,
    comparison_before=None,
    comparison_after=None,
    phi=1.0,
    power: float = 0.8,
    levels: Sequence[float] = (0.95,),
) -> pd.DataFrame:
    """Smallest fall and rise that would be seen between a time before and a time after.

    Parameters
    ----------
    before : array or Series of float, shape (n,), or scalar
        Events before, counted or expected, > 0.
    exposure_before, exposure_after : arrays or Series of float, shape (n,), or scalars
        Length of the two times (or person-years), > 0.
    comparison_before, comparison_after : arrays or Series of float, shape (n,), or scalars, or None
        Events of a comparison area, > 0. Without `comparison_after` it is taken to stay level;
        without both there is no comparison area.
    phi : array or Series of float, shape (n,), or scalar
        Overdispersion of the counts, > 0; 1 or less makes no adjustment.
    power : float
        Wanted chance to see the effect, between 0 and 1.
    levels : sequence of float
        Confidence levels of the two-sided test, in the order wanted.

    Returns
    -------
    DataFrame
        Two rows (direction "fall" and "rise") per entry and level, index kept: direction, value
        (per cent, > 0), lower and upper (NaN: worked out, not estimated), level, power, before,
        expected (events after, without effect), comparison_before, comparison_after (NaN without),
        phi (as used), method, missing ("" or "undetectable": no fall, however large, would be seen;
        the value is NaN).

    Raises
    ------
    ValueError
        A number is not above 0 or not finite, there is a comparison after without one before,
        lengths or indexes differ, or the power or a level is not allowed.

    Notes
    -----
    Without comparison the test is on square roots, sqrt(after) - sqrt(before) per exposure; with
    one, on the logarithm of the ratio of ratios, as `relative_effect` (there the variance is that
    under the effect, so that a fall to next to nothing is no easier to see). Normal
    approximations: good to a few points of power for expected counts above about 10. With a
    comparison the expected events after are before * comparison_after / comparison_before.

    References
    ----------
    Anscombe (1948), Biometrika 35:246-254. Wilson (2022), J Quant Criminol 38:323-341.
    """
    design, index = _design(locals())
    power = share(power)
    blocks = []
    for level in _check.levels(levels):
        sum_z = stats.norm.isf((1 - level) / 2) + stats.norm.ppf(power)
        if sum_z <= 0:
            raise ValueError(f"power: found {power:g}; must be above half of 1 - level ({(1 - level) / 2:g})")
        for direction, sign in (("fall", -1), ("rise", 1)):
            change = _smallest_compared(design, sum_z, sign) if "c" in design else _smallest(design, sum_z, sign)
            columns = {"direction": direction, "value": 100 * np.abs(change), "level": level, "power": power}
            missing = np.where(np.isnan(change), NONE, "").astype(str)
            table = pd.DataFrame({**columns, **_told(design), "missing": missing}, index=index)
            blocks.append(no_interval(table))
    return pd.concat(blocks)


def power(
    before,
    ratio,
    *,
    exposure_before=1.0,
    exposure_after=1.0,
    comparison_before=None,
    comparison_after=None,
    phi=1.0,
    levels: Sequence[float] = (0.95,),
) -> pd.DataFrame:
    """Chance to see a given effect between a time before and a time after.

    Parameters
    ----------
    before : array or Series of float, shape (n,), or scalar
        Events before, counted or expected, > 0.
    ratio : array or Series of float, shape (n,), or scalar
        Effect as a ratio, > 0: 0.8 is a fall of 20 per cent from what was to be expected.
    exposure_before, exposure_after, comparison_before, comparison_after, phi, levels :
        As `detectable_change`.

    Returns
    -------
    DataFrame
        One row per entry and level, index kept: value (chance, 0-1), lower and upper (NaN, as
        there), ratio, level, before, expected, comparison_before, comparison_after, phi, method,
        missing (always "").

    Raises
    ------
    ValueError
        As `detectable_change`, or a ratio is not above 0.

    Notes
    -----
    As `detectable_change`. The chance counts significant results in both directions: with ratio 1
    it is 1 - level.

    References
    ----------
    As `detectable_change`.
    """
    design, index = _design(locals())
    r, expected, phi = design["ratio"], design["expected"], design["phi"]
    if "c" in design:
        size = np.log(r)
        error = np.sqrt(phi * (1 / design["before"] + 1 / (r * expected) + 1 / design["c"] + 1 / design["d"]))
    else:
        size = np.sqrt(expected) * (np.sqrt(r) - 1)
        error = _root_error(design)
    shift = np.abs(size) / error
    blocks = []
    for level in _check.levels(levels):
        z = stats.norm.isf((1 - level) / 2)
        chance = stats.norm.cdf(shift - z) + stats.norm.cdf(-shift - z)
        columns = {"value": chance, "ratio": r, "level": level, **_told(design), "missing": ""}
        blocks.append(no_interval(pd.DataFrame(columns, index=index)))
    return pd.concat(blocks)


def _design(given: dict) -> tuple[dict[str, np.ndarray], pd.Index]:
    """The numbers of a design, of one length, with the events expected after without effect."""
    names = ["before", "exposure_before", "exposure_after", "phi"]
    names += ["ratio"] if "ratio" in given else []
    names += [name for name in ("comparison_before", "comparison_after") if given.get(name) is not None]
    if "comparison_after" in names and "comparison_before" not in names:
        raise ValueError("comparison_before: found None; must be given with comparison_after")
    arrays = _check.same_length(**{name: _check.positive(name, given[name]) for name in names})
    index = _check.shared_index(arrays[0].size, **{name: given[name] for name in names})
    design = dict(zip(names, arrays, strict=True))
    design["phi"] = np.maximum(1.0, design["phi"])
    growth = design["exposure_after"] / design["exposure_before"]
    if "comparison_before" in design:
        design["c"] = design["comparison_before"]
        design["d"] = design.get("comparison_after", growth * design["c"])
        growth = design["d"] / design["c"]
    design["expected"] = design["before"] * growth
    return design, index


def _told(design: dict[str, np.ndarray]) -> dict:
    """The columns of a result that say what it was made from."""
    return {
        "before": design["before"],
        "expected": design["expected"],
        "comparison_before": design.get("c", np.nan),
        "comparison_after": design.get("d", np.nan),
        "phi": design["phi"],
        "method": _COMPARED if "c" in design else _BEFORE_AFTER,
    }


def _root_error(design: dict[str, np.ndarray]) -> np.ndarray:
    # sqrt(after) has variance phi/4; the past, scaled to the same exposure, that times the ratio of exposures.
    return np.sqrt(design["phi"] * (1 + design["expected"] / design["before"])) / 2


def _smallest(design, sum_z: float, sign: int) -> np.ndarray:
    root = np.sqrt(design["expected"])
    after = root + sign * sum_z * _root_error(design)
    return np.where(after > 0, (after / root) ** 2 - 1, np.nan)


def _smallest_compared(design, sum_z: float, sign: int) -> np.ndarray:
    """Solve t^2 = sum_z^2 * phi * (1/a + 1/c + 1/d + exp(-sign * t) / b) for t = abs(log ratio)."""
    factor = sum_z**2 * design["phi"]
    fixed = factor * (1 / design["before"] + 1 / design["c"] + 1 / design["d"])
    moving = factor / design["expected"]

    def short(t):
        return t**2 < fixed + moving * np.exp(-sign * t)

    if sign > 0:
        low, high = np.zeros_like(fixed), np.sqrt(fixed + moving)
        none = np.zeros(fixed.shape, dtype=bool)
    else:
        # The gain t^2 less the variance rises between the roots of 2 t = moving * exp(t), and
        # falls after: where it is still short at the upper root, no fall can be seen.
        none = moving / 2 > np.exp(-1)
        argument = -np.where(none, 0.1, moving) / 2
        low, high = (-special.lambertw(argument, k).real for k in (0, -1))
        none |= short(high)
    return np.where(none, np.nan, np.expm1(sign * halved(short, low, high)))


def halved(below, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Where `below` turns from true to false between low and high, by bisection."""
    for _ in range(60):  # the bracket ends below rounding
        middle = (low + high) / 2
        short = below(middle)
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return (low + high) / 2


def share(power: float) -> float:
    """The wanted chance, strictly between 0 and 1."""
    number = _check.one(_check.numbers, "power", power)
    if not 0 < number < 1:
        raise ValueError(f"power: found {number:g}; must be between 0 and 1, for example 0.8")
    return float(number)
