"""How the respondents of a survey were drawn and weighted: what the variance of an estimate needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from brapkg.stats import _check

# Weights adjusted for those who did not answer miss the population of a stratum by some per cent.
AGREEMENT = 0.1
_ROUNDS = 200
_SETTLED = 1e-12


@dataclass(frozen=True)
class Design:
    """How n respondents were drawn; made by `design`, reweighted by `rake`.

    ``weight`` (n,); ``index`` of the weights, if any; ``cluster`` (n,), number of the sampling
    unit; ``stratum`` (units,), number of its stratum; ``open_share`` (strata,), share of the
    units not drawn; ``margins`` (n, k) and ``projection`` (k, n), what calibrated weights explain.
    """

    weight: np.ndarray
    index: pd.Index | None
    cluster: np.ndarray
    stratum: np.ndarray
    open_share: np.ndarray
    margins: np.ndarray | None = None
    projection: np.ndarray | None = None

    def variance(self, parts: np.ndarray) -> float:
        """Variance of a sum of the respondents' linearised parts, shape (n,)."""
        if self.margins is not None:
            # What the margins explain does not vary from sample to sample with calibrated weights.
            weight = np.where(self.weight > 0, self.weight, 1.0)
            parts = parts - self.weight * (self.margins @ (self.projection @ (parts / weight)))
        totals = np.bincount(self.cluster, parts)
        units = np.bincount(self.stratum)
        spread = totals - (np.bincount(self.stratum, totals) / units)[self.stratum]
        return float(np.sum(self.open_share * units / (units - 1) * np.bincount(self.stratum, spread**2)))

    def check(self, **values) -> None:
        """Refuse values that are not one for each respondent, or have another index than the weights."""
        weight = self.weight if self.index is None else pd.Series(self.weight, self.index)
        aligned(self.weight.size, weight=weight, **values)

    def df(self, inside: np.ndarray) -> int:
        """Sampling units less strata, of those with a respondent inside the domain."""
        units = np.unique(self.cluster[inside])
        return units.size - np.unique(self.stratum[units]).size


def design(weight, *, stratum=None, cluster=None, population=None) -> Design:
    """Describe how the respondents were drawn.

    Parameters
    ----------
    weight : array or Series of float, shape (n,)
        Persons that each respondent stands for, >= 0.
    stratum, cluster : arrays or Series, shape (n,), or None
        Stratum, and sampling unit (household, school) where people were drawn in groups.
    population : array or Series of float, shape (n,), or None
        Sampling units in the population of the respondent's stratum, the same for the whole
        stratum: makes the finite population correction.

    Returns
    -------
    Design

    Raises
    ------
    ValueError
        A weight is negative or all are 0; lengths or indexes differ; a key is missing; a cluster
        lies in two strata; a stratum holds one sampling unit; `population` varies within a
        stratum, is smaller than the sample, or (without clusters) is more than 10 per cent from
        the sum of the weights of its stratum.

    Notes
    -----
    Of several stages only the first is taken into account. With weights that do not add up to a
    population (such as weights of mean 1) totals mean nothing and no design effect is given.

    References
    ----------
    Binder (1983), Int Stat Rev 51:279-292.
    """
    w = _check.counts("weight", weight)
    if not w.sum() > 0:
        raise ValueError("weight: adds up to 0; must have respondents with a weight above 0")
    given = {"weight": weight, "stratum": stratum, "cluster": cluster, "population": population}
    index = aligned(w.size, **given)
    strata, names = numbered("stratum", np.zeros(w.size, int) if stratum is None else stratum)
    unit, labels = numbered("cluster", np.arange(w.size) if cluster is None else cluster)
    of_unit = strata[np.unique(unit, return_index=True)[1]]
    crossing = np.flatnonzero(of_unit[unit] != strata)
    if crossing.size:
        raise ValueError(f"cluster: {labels[unit[crossing[0]]]!r} lies in two strata; must lie in one: rename it")
    drawn = np.bincount(of_unit)
    alone = np.flatnonzero(drawn < 2)
    if alone.size:
        raise ValueError(f"stratum: {names[alone[0]]!r} holds 1 sampling unit; must hold 2 or more: merge strata")
    share = np.ones(drawn.size)
    if population is not None:
        weighted = np.bincount(strata, w) if cluster is None else None
        share = 1 - drawn / _units(_check.positive("population", population), strata, drawn, weighted, names)
    return Design(w, index, unit, of_unit, share)


def _units(population, strata, drawn, weighted, names) -> np.ndarray:
    """Sampling units in the population, by stratum."""
    by_stratum = pd.Series(population).groupby(strata)
    units = by_stratum.max().to_numpy()
    rules = {"must be the same in all of a stratum": by_stratum.min().to_numpy() != units}
    rules["must be at least the number drawn"] = units < drawn
    if weighted is not None:
        rule = f"must be within {AGREEMENT:.0%} of the sum of the weights of the stratum"
        rules[rule] = abs(weighted / units - 1) > AGREEMENT
    for rule, bad in rules.items():
        _check.refuse("population", units, bad, rule, pd.Index(names, dtype=object))
    return units


def rake(base: Design, groups: pd.DataFrame, totals: Mapping[str, pd.Series]) -> Design:
    """Calibrate the weights to known totals; with one margin this is post-stratification.

    Parameters
    ----------
    base : Design
        The design with its weights as drawn.
    groups : DataFrame, shape (n, margins)
        Group of each respondent, one column for each margin.
    totals : mapping of Series, indexed by group
        Persons in the population, > 0, by the names of the columns.

    Returns
    -------
    Design
        With new weights, and variances that take the calibration into account.

    Raises
    ------
    ValueError
        A group has no total or no respondent, margins add up to different populations, indexes
        differ, the design is calibrated already, or no weights meet the totals.

    Notes
    -----
    Groups with a handful of respondents give extreme weights. The variance is that of residuals
    from the margins: weighted for one margin, unweighted for several, as R's survey package has
    it. Asymptotically, weighting them changes little (3e-5 of the error in the reference data).

    References
    ----------
    Deming and Stephan (1940), Ann Math Stat 11:427-444. Deville and Saerndal (1992), JASA
    87:376-382.
    """
    if base.margins is not None:
        raise ValueError("base: calibrated already; must be the design as drawn, with all margins given at once")
    if not isinstance(groups, pd.DataFrame) or groups.empty or set(groups) != set(totals):
        raise ValueError(f"totals: found {list(totals)}; must be named by the columns of groups, a DataFrame")
    base.check(groups=groups)
    margins = [_margin(name, groups[name], totals[name], base.weight) for name in groups]
    sizes = [wanted.sum() for _, wanted in margins]
    if not np.allclose(sizes, sizes[0], rtol=1e-9):
        found = ", ".join(f"{name} {size:g}" for name, size in zip(groups, sizes, strict=True))
        raise ValueError(f"totals: margins add up to different populations ({found}); must be the same")
    weight = base.weight
    for _ in range(_ROUNDS):
        before = weight
        for group, wanted in margins:
            weight = weight * (wanted / np.bincount(group, weight))[group]
        if np.allclose(weight, before, rtol=_SETTLED, atol=0):
            break
    else:
        raise ValueError(f"totals: no weights meet them in {_ROUNDS} rounds; must allow it: merge groups")
    dummies = np.hstack([np.eye(wanted.size)[group] for group, wanted in margins])
    scaled = dummies * (base.weight[:, np.newaxis] if len(margins) == 1 else 1.0)
    return replace(base, weight=weight, margins=dummies, projection=np.linalg.pinv(scaled.T @ dummies) @ scaled.T)


def _margin(name: str, groups: pd.Series, totals: pd.Series, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number of each respondent's group and the total of each group."""
    if not isinstance(totals, pd.Series) or totals.index.has_duplicates:
        raise ValueError(f"totals: {name} must be a Series indexed by group, each group once")
    wanted = _check.positive(f"totals of {name}", totals)
    number = totals.index.get_indexer(pd.Index(np.asarray(groups)))
    if (number < 0).any():
        raise ValueError(
            f"totals: {name} has none for group {groups.tolist()[np.argmax(number < 0)]!r}; must have each"
        )
    empty = np.bincount(number, weight, minlength=wanted.size) == 0
    if empty.any():
        raise ValueError(
            f"groups: {name} has no respondent in {totals.index.tolist()[np.argmax(empty)]!r}; merge groups"
        )
    return number, wanted


def numbered(name: str, labels) -> tuple[np.ndarray, list]:
    """Number of each label in the sorted list of labels, and the list."""
    numbers, names = pd.factorize(np.asarray(pd.Series(labels)), sort=True)  # a Series knows None and NaN among words
    if (numbers < 0).any():
        raise ValueError(
            f"{name}: missing in {(numbers < 0).sum()} rows (first at position {np.argmax(numbers < 0)}); must be given"
        )
    return numbers, names.tolist()


def aligned(size: int, **values) -> pd.Index | None:
    """Index of the Series among the values given, which must be as long as the weights; None without one."""
    given = {name: value for name, value in values.items() if value is not None}
    for name, value in given.items():
        if np.shape(value)[:1] != (size,):
            rows = len(np.atleast_1d(value))
            raise ValueError(f"{name}: found {rows} rows; must be one for each respondent ({size}, as in weight)")
    index = _check.shared_index(size, **given)
    return index if any(isinstance(value, (pd.Series, pd.DataFrame)) for value in given.values()) else None
