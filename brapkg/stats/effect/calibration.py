"""Calibration on placebos: how far a design strays where nothing was done, beyond Poisson chance.

An estimate's variance is taken as ``phi * variance + tau2 * swing + moved``: Poisson chance stretched by
events that come in bunches; swings of the areas themselves, which more events do not make smaller;
and the chance by which an effect takes away or adds one event and not another. The first two are
estimated from placebos; how far a standardised estimate must lie out to be rare is then counted
among the placebos, not taken from the normal curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from brapkg.stats import _check
from brapkg.stats.effect.power import halved, share
from brapkg.stats.thin import TooThin

# Weights of a t distribution with so few degrees of freedom keep a wild placebo from ruling the fit.
DEGREES = 4
ROUNDS = 200
SETTLED = 1e-10
LEAST = 1e-9
FEWEST = 10  # placebos for a spread
SCALES = ("log", "difference", "share")
MOST = 9.0  # largest rise looked for: to ten times as many
GRID = 400  # steps in which the smallest visible change is sought


@dataclass(frozen=True)
class Spread:
    """How placebos spread: ``phi`` (times the Poisson variance) and ``tau2`` (times the swing), both >= 0.

    They are of the middle of the placebos, as a t distribution with 4 degrees of freedom has it:
    scales, not variances. What is rare on that scale is counted by ``p_values`` and ``critical``.
    """

    phi: float
    tau2: float

    def scale(self, variance, swing, moved=0.0):
        """The standard error of estimates with these Poisson variances, swings and variances of the effect."""
        return np.sqrt(self.phi * np.asarray(variance) + self.tau2 * np.asarray(swing) + moved)


def spread(value, variance, swing=1.0) -> Spread:
    """Fit ``phi`` and ``tau2`` to placebos, whose true effect is nothing.

    Parameters
    ----------
    value, variance : arrays of float, shape (n,)
        Estimates around 0 (a log ratio, a difference), and their Poisson variances without an
        effect, > 0.
    swing : array of float, shape (n,), or scalar
        Variance of the estimate for swings of variance 1 in the areas, > 0.

    Returns
    -------
    Spread

    Raises
    ------
    TooThin
        Fewer than 10 placebos.
    ValueError
        A variance or swing is not above 0, a number is not finite, or lengths differ.

    Notes
    -----
    Maximum likelihood of a t distribution with 4 degrees of freedom around 0. With variances that
    are much alike, phi and tau2 cannot be told apart, and only their sum is good.

    References
    ----------
    Lange, Little and Taylor (1989), JASA 84:881-896. Schuemie, Ryan, DuMouchel, Suchard and Madigan
    (2014), Stat Med 33:209-218, on calibration by negative controls.
    """
    y, v, s = _given(value, variance, swing)
    phi, tau2 = _spreads(y, v, s, np.ones((1, y.size)))
    return Spread(float(phi[0]), float(tau2[0]))


def moved(ratio, expected, scale: str) -> np.ndarray:
    """Variance by which an effect adds to an estimate: which events it takes away, or adds, is chance.

    Parameters
    ----------
    ratio : array of float, or scalar
        Events after over those to be expected, > 0.
    expected : array of float, or scalar
        Events to be expected, > 0.
    scale : {"log", "difference", "share"}
        Of the estimate, as `interval`.

    Returns
    -------
    array of float

    Raises
    ------
    ValueError
        The scale is not allowed.

    Notes
    -----
    Each event is taken to go by itself with the same chance (binomial thinning), or to bring a
    Poisson number of others.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, section 4.5, on the binomial.
    """
    _check.option("scale", scale, SCALES)
    ratio = np.asarray(ratio, dtype=float)
    chance = np.where(ratio < 1, ratio * (1 - ratio), ratio - 1) / expected
    return chance / ratio**2 if scale == "log" else chance


def standardised(value, variance, swing, fold, moved=0.0) -> np.ndarray:
    """Placebos over their standard errors, each with a spread fitted to the other folds alone.

    A spread that was fitted to a placebo makes it look tamer than a new one is.

    Parameters
    ----------
    value, variance, swing : as `spread`
    fold : array of labels, shape (n,)
        Placebos that share something (a county, say) share a fold.
    moved : array of float, shape (n,), or scalar
        As the function of that name gives it for the events seen.

    Returns
    -------
    array of float, shape (n,)
        NaN where fewer than 10 placebos are in the other folds.

    Raises
    ------
    ValueError
        As `spread`.
    """
    y, v, s = _given(value, variance, swing)
    labels, place = np.unique(np.asarray(fold), return_inverse=True)
    kept = (place != np.arange(len(labels))[:, np.newaxis]).astype(float)
    phi, tau2 = _spreads(y, v, s, kept)
    few = kept.sum(axis=1) < FEWEST
    return np.where(few[place], np.nan, y / np.sqrt(phi[place] * v + tau2[place] * s + moved))


def p_values(z, placebos) -> np.ndarray:
    """Share of standardised placebos at least as far from 0, in either direction.

    The estimate counts as one of them, so that no p-value is 0.

    Parameters
    ----------
    z : array of float, shape (n,), or scalar
    placebos : array of float, shape (m,), as `standardised` gives them; NaN are left out

    Raises ``TooThin`` with fewer than 10 placebos.

    References
    ----------
    Phipson and Smyth (2010), Stat Appl Genet Mol Biol 9:39, on the one that is added.
    """
    far = _far(placebos)
    beyond = far.size - np.searchsorted(far, np.abs(np.asarray(z, dtype=float)), side="left")
    return (1 + beyond) / (1 + far.size)


def critical(placebos, level: float = 0.95) -> float:
    """How many standard errors out the p-value falls to ``1 - level``: what 1.96 is to the normal curve.

    Infinite where there are too few placebos for the level. Raises ``TooThin`` with fewer than 10.
    """
    far = _far(placebos)
    (level,) = _check.levels((level,))
    beyond = int(np.floor((1 - level) * (1 + far.size) + 1e-9)) - 1  # placebos further out at p = 1 - level
    return float(far[far.size - 1 - beyond]) if beyond >= 0 else np.inf


def interval(value, variance, swing, spread: Spread, far: float, *, scale: str, moved=0.0):
    """The effects that placebos do not speak against.

    Parameters
    ----------
    value, variance, swing : arrays of float, shape (n,), or scalars
        As `spread`, of estimates that may hold an effect.
    spread : Spread
    far : float
        Standard errors to each side, as `critical` gives them, > 0.
    scale : {"log", "difference", "share"}
        Of the estimate: logarithm of a ratio, difference over the events expected, or that of one
        area alone. The limits of the first two lie alike on both sides. Those of a share are the
        effects under which the estimate is no rarer than `far`: fewer events swing less.
    moved : array of float, shape (n,), or scalar
        As `standardised`, >= 0.

    Returns
    -------
    two arrays of float, shape (n,)
        Lower and upper limits; of a share the lower is at least -1, and the upper infinite where no
        rise, however large, is ruled out.

    Raises
    ------
    ValueError
        A number is not finite, or below what is allowed, lengths differ, or the scale is not allowed.

    Notes
    -----
    What the effect itself adds to the chance is taken from the events seen, not from each effect in
    question.

    References
    ----------
    Fieller (1954), JRSS B 16:175-185, on limits of a ratio.
    """
    _check.option("scale", scale, SCALES)
    checked = {
        "value": _check.numbers("value", value),
        **{name: _check.positive(name, one) for name, one in (("variance", variance), ("swing", swing))},
        "moved": _check.counts("moved", moved),
    }
    value, variance, swing, moved = _check.same_length(**checked)
    far = _check.one(_check.positive, "far", far)
    if scale != "share":
        half = far * spread.scale(variance, swing, moved)
        return value - half, value + half
    # (w - u)^2 = far^2 ((phi variance + tau2 swing) u^2 + moved), with w = 1 + value and u = 1 + effect.
    w, lead = 1 + value, 1 - far**2 * spread.scale(variance, swing) ** 2
    alone = w**2 - far**2 * moved
    with np.errstate(all="ignore"):
        root = np.sqrt(np.maximum(w**2 - lead * alone, 0))
        lower = np.where(alone > 0, alone / (w + root), 0.0)
        upper = np.where(lead > 0, (w + root) / lead, np.inf)
    return lower - 1, upper - 1


def detectable(
    expected,
    swing,
    spread: Spread,
    placebos,
    *,
    scale: str,
    variance,
    aside=0.0,
    power: float = 0.8,
    level: float = 0.95,
) -> tuple[np.ndarray, np.ndarray]:
    """Smallest fall and rise that a calibrated design would see.

    Parameters
    ----------
    expected : array of float, shape (n,), or scalar
        Events to be expected after in the treated area, > 0.
    variance, swing, spread, scale : as `interval`
    aside : array of float, shape (n,), or scalar
        The part of the variance that comes of other areas, which the effect leaves alone, >= 0.
    placebos : array of float, shape (m,), as `p_values`
    power, level : float
        Wanted chance to see it, and confidence level of the two-sided test.

    Returns
    -------
    two arrays of float, shape (n,)
        Falls and rises as shares (0.3 is 30 per cent); NaN where none would be seen: of falls up to
        all events, of rises up to ten times.

    Raises
    ------
    TooThin
        Fewer than 10 placebos.
    ValueError
        A number is not above 0 or not finite, lengths differ, or an option is not allowed.

    Notes
    -----
    Takes events away (or adds them) one by one and by chance, so that the estimate strays as the
    placebos do, and by the chance of that besides.
    """
    _check.option("scale", scale, SCALES)
    given = {"expected": expected, "variance": variance, "swing": swing}
    checked = {name: _check.positive(name, one) for name, one in given.items()} | {
        "aside": _check.counts("aside", aside)
    }
    expected, variance, swing, aside = _check.same_length(**checked)
    far = _far(placebos)
    out = critical(far, level)
    # Under a fall the estimate must not stray up, and under a rise not down.
    quantiles = np.nanquantile(np.asarray(placebos, dtype=float), [share(power), 1 - power])
    chance = stats.norm.ppf(power)
    own = spread.scale(variance - aside, 1.0) ** 2
    other = spread.scale(aside, swing - 1) ** 2

    def size(ratio):
        return np.log(ratio) if scale == "log" else ratio - 1

    def error(ratio):
        """The standard error that the test takes when the events seen are ``ratio`` of those expected."""
        return spread.scale(variance, swing, moved(ratio, expected, scale))

    def strays(ratio, usual):
        """How far the estimate strays to one side, with the chance wanted, when that is the effect."""
        placebo = other + own * (1.0 if scale == "log" else ratio**2)
        return np.sqrt(usual**2 * placebo + chance**2 * moved(ratio, expected, scale))

    found = []
    for sign, most, usual in zip((-1, 1), (1 - LEAST, MOST), np.abs(quantiles), strict=True):

        def edge(change, sign=sign):
            return sign * size(1 + sign * change) - out * error(1 + sign * change)

        limit = size(1 + sign * _first(edge, expected.size, most))

        def surplus(change, sign=sign, limit=limit, usual=usual):
            return sign * (size(1 + sign * change) - limit) - strays(1 + sign * change, usual)

        found.append(_first(surplus, expected.size, most))
    return found[0], found[1]


def _first(surplus, size: int, most: float) -> np.ndarray:
    """The smallest change whose surplus is not below 0, sought on a grid and then halved; NaN where none is."""
    grid = np.linspace(most / GRID, most, GRID)[:, np.newaxis] * np.ones(size)
    enough = surplus(grid) >= 0
    there = enough.any(axis=0)
    high = np.where(there, np.take_along_axis(grid, enough.argmax(axis=0)[np.newaxis], 0)[0], most)
    return np.where(there, halved(lambda change: ~(surplus(change) >= 0), high - most / GRID, high), np.nan)


def _given(value, variance, swing) -> list[np.ndarray]:
    arrays = {
        "value": _check.numbers("value", value),
        "variance": _check.positive("variance", variance),
        "swing": _check.positive("swing", swing),
    }
    return _check.same_length(**arrays)


def _far(placebos) -> np.ndarray:
    far = np.sort(np.abs(np.asarray(placebos, dtype=float)))
    far = far[~np.isnan(far)]
    if far.size < FEWEST:
        raise TooThin(f"found {far.size} placebos; must be at least {FEWEST}")
    return far


def _spreads(y, v, s, kept) -> tuple[np.ndarray, np.ndarray]:
    """phi and tau2 for several choices among the same placebos: kept (choices, n) of 0 and 1.

    Expectation-maximisation: each placebo's weight from the t distribution, then the variances by
    scoring, which is a weighted regression of squares on the two variances.
    """
    if y.size < FEWEST:
        raise TooThin(f"found {y.size} placebos; must be at least {FEWEST}")
    start = np.maximum(kept @ y**2 / np.maximum(kept.sum(axis=1), 1), LEAST)
    phi, tau2 = start / 2 / np.median(v), start / 2 / np.median(s)
    squares = y**2
    for _ in range(ROUNDS):
        total = phi[:, np.newaxis] * v + tau2[:, np.newaxis] * s
        weight = (DEGREES + 1) / (DEGREES + squares / total)
        w = kept / total**2
        target = weight * squares
        vv, vs, ss = (w * v * v).sum(axis=1), (w * v * s).sum(axis=1), (w * s * s).sum(axis=1)
        yv, ys = (w * v * target).sum(axis=1), (w * s * target).sum(axis=1)
        before = phi, tau2
        phi, tau2 = _positive(vv, vs, ss, yv, ys)
        moved = np.abs(np.log(np.maximum(phi, LEAST) / np.maximum(before[0], LEAST))) * (phi > LEAST)
        moved = np.maximum(moved, np.abs(tau2 - before[1]) / np.maximum(tau2 + phi * np.median(v), LEAST))
        if moved.max() < 1e-6:
            break
    return phi, tau2


def _positive(vv, vs, ss, yv, ys) -> tuple[np.ndarray, np.ndarray]:
    """The least squares of two terms that must not be below 0."""
    with np.errstate(all="ignore"):
        determinant = vv * ss - vs**2
        phi, tau2 = (ss * yv - vs * ys) / determinant, (vv * ys - vs * yv) / determinant
        bad = ~np.isfinite(phi + tau2) | (determinant <= 1e-12 * vv * ss)
        only_phi, only_tau2 = yv / vv, ys / ss
    phi = np.where(bad | (tau2 <= 0), only_phi, phi)
    tau2 = np.where(bad | (tau2 <= 0), 0.0, tau2)
    alone = phi <= 0
    return np.where(alone, LEAST, phi), np.where(alone, only_tau2, tau2)
