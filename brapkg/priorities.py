"""From what stands out to what can be done: problems, questions, measures to try, and what could be seen.

The link that local work often lacks. It proposes, by rules; people decide.

* **Problems** are those of the knowledge base whose offence series is the group's. A broad series
  holds several; which of them it is, the local mapping must tell.
* **Questions**: of each kind one, from the problems in turn, so that every problem is asked about
  (at most six).
* **Measures to try**: each problem in turn gives the best by evidence that is not there yet, until
  there are five. Only measures that were found to reduce something (effective, promising) are
  proposed. Those with mixed results or without a shown effect are named apart, and harmful ones as
  something to avoid.
* **What could be seen**: the smallest fall that four times of five would be told apart from chance,
  with the rest of the country as comparison and the store's variation between years. A county's year
  against one and three years after it; a municipality's pooled years against one, two and four.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from brapkg import evidence, findings, series
from brapkg.evidence.kinds import Indicator, Problem, Question
from brapkg.evidence.ratings import Rating
from brapkg.findings import Finding
from brapkg.profile import NATION, County, Municipality
from brapkg.shown import Tables, columns_of
from brapkg.stats.comparison import FEW
from brapkg.stats.effect.power import detectable_change

# The crime triangle first, then what lies round it.
KINDS = ("place", "victim", "offender", "situational", "social")
MOST_QUESTIONS, MOST_MEASURES, MOST_INDICATORS = 6, 5, 3
TRIED = ("effective", "promising")
YEARS_AFTER = {"county": (1, 3), "municipality": (1, 2, 4)}
POWER = 0.8
# A larger fall than this is not told: few measures halve the offences of a whole area.
HALF = 0.5

# A measure's rating, and the problems of the group that it holds for.
Measured = tuple[tuple[Problem, ...], Rating]


@dataclass(frozen=True)
class Known:
    """What the knowledge base holds on an offence group.

    Questions come with the problem that they belong to; ``tried`` with the problems for which effect
    and certainty are the same, ``mixed``, ``no_effect`` and ``avoid`` with those for which the effect
    is. ``nothing`` are problems without a measure to try or one with mixed results.
    """

    problems: tuple[Problem, ...]
    questions: tuple[tuple[Problem, Question], ...]
    tried: tuple[Measured, ...]
    mixed: tuple[Measured, ...]
    no_effect: tuple[Measured, ...]
    avoid: tuple[Measured, ...]
    nothing: tuple[Problem, ...]
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True)
class Priority:
    """One thing that stands out, with what is known of it.

    ``smallest_fall`` holds, by years after, the smallest fall that would be seen, as a share: NaN
    where none would be, however large; None where it cannot be worked out.
    """

    finding: Finding
    known: Known
    smallest_fall: dict[int, float | None]


def seen_after(falls: dict[int, float | None]) -> dict[int, float]:
    """Of the smallest falls by years after those of at most a half, fewest years first."""
    return {after: fall for after, fall in sorted(falls.items()) if fall is not None and fall <= HALF}


def priorities(profile: County | Municipality) -> list[Priority]:
    """What stands out in an area, most points first (``findings.standing_out``), linked to the knowledge base.

    Raises
    ------
    DataError
        A record of the knowledge base or a setting is wrong.
    """
    found = findings.standing_out(profile)
    falls = smallest_falls(profile, [finding.offence for finding in found])
    return [Priority(finding, known(finding.offence), falls[finding.offence]) for finding in found]


@lru_cache(maxsize=64)
def known(offence: str) -> Known:
    """What the knowledge base holds on an offence group, by the rules above."""
    about = [one for one in evidence.problems().values() if offence in one.offences]
    about.sort(key=lambda one: one.share != "whole")
    ratings = {one.id: evidence.candidates(one.id) for one in about}
    avoid = _with_effect(about, ratings, "harmful")
    # What does harm to one of the problems is not offered against another of the same group.
    harmful = {rating.measure.id for _, rating in avoid}
    tried = {
        id: [one for one in rated if one.effect in TRIED and one.measure.id not in harmful]
        for id, rated in ratings.items()
    }
    mixed = _with_effect(about, ratings, "mixed")
    mixed_on = {one.id for problems, _ in mixed for one in problems}
    return Known(
        problems=tuple(about),
        questions=tuple(_questions(about)),
        tried=tuple((_alike(about, ratings, one), one) for one in _in_turn(about, tried)),
        mixed=mixed,
        no_effect=_with_effect(about, ratings, "no_shown_effect"),
        avoid=avoid,
        nothing=tuple(one for one in about if not tried[one.id] and one.id not in mixed_on),
        indicators=tuple(_indicators(about)),
    )


def smallest_falls(profile: County | Municipality, offences: list[str]) -> dict[str, dict[int, float | None]]:
    """The smallest fall from the area's count that would be seen, by offence group and years after.

    Parameters
    ----------
    profile : the county or municipality and year
    offences : ids of offence groups

    Returns
    -------
    dict of dict
        By offence, then by the years after of ``YEARS_AFTER``: a share (0.2: a fall of 20 per cent), NaN
        where no fall would be seen, None where the count is below 10 or kept back or the variation is
        not known.

    Notes
    -----
    The log ratio of the area's change to that of the rest of the country has variance
    1/b + n/(k b r) + (1/n + 1/k) (1/c + s**2): b the area's count over n years before (1 for a county,
    the pooled years for a municipality), r the ratio of the effect, k the years after, c the rest's count
    of an average year before, s the variation between years (table ``wobble``; that of municipalities
    also where the county is one). s does not follow the counts, as an overdispersion factor would, but
    adds to the comparison's part. It is itself uncertain, the same for every municipality though small
    ones may swing more, and taken to be independent from year to year; where an area drifts away from
    the rest less is seen. A group chosen because it was high tends to fall by itself, which no comparison
    of this kind takes away. Normal approximation: good to a few points of power where at least about 20
    offences are expected after; with fewer the power is higher than said (by up to ten points), and the
    fall told somewhat too large.

    References
    ----------
    ``stats.effect.power.detectable_change``, with a power of 80 per cent at the 5 per cent level.
    """
    after = YEARS_AFTER[profile.area.kind]
    falls: dict[str, dict[int, float | None]] = {offence: dict.fromkeys(after) for offence in offences}
    able = [
        (offence, *base)
        for offence, base in _before(profile, offences).items()
        if base[0] >= FEW and base[2] > 0 and math.isfinite(base[3])
    ]
    if not able:
        return falls
    ids = [(offence, later) for offence, *_ in able for later in after]
    count, years, rest, sd = np.repeat([base for _, *base in able], len(after), axis=0).T
    later = np.tile(np.array(after, dtype=float), len(able))
    # Each year of the rest of the country is as steady as its count and the area's own variation let it be.
    steady = 1 / (years / rest + sd**2)
    shares = detectable_change(
        count,
        exposure_before=years,
        exposure_after=later,
        comparison_before=years * steady,
        comparison_after=later * steady,
        power=POWER,
    )
    shares = shares.loc[shares["direction"] == "fall", "value"] / 100
    for (offence, years_after), share in zip(ids, shares.tolist(), strict=True):
        falls[offence][years_after] = share
    return falls


def _before(profile: County | Municipality, offences: list[str]) -> dict[str, tuple[float, int, float, float]]:
    """By offence: the area's count before, over how many years, that of the rest of the country, and the variation."""
    spread = series.swings(profile.tables, profile.area.code, profile.period)
    nation = profile.tables.keep("the nation's counts", lambda: _of_the_country(profile.tables))
    found = {}
    for offence in offences:
        row = profile.level_rows[offence]
        years = range(int(row.get("first_year", profile.period)), profile.period + 1)
        whole = sum(nation.get((offence, year), math.nan) for year in years)
        found[offence] = (row["count"], len(years), whole - row["count"], spread.get(offence, math.nan))
    return found


def _of_the_country(tables: Tables) -> dict[tuple[str, int], float]:
    """The nation's counts by offence and year."""
    nation = tables.rows("rates", area=NATION)
    return {(offence, year): count for offence, year, count in columns_of(nation, "offence", "year", "count")}


def _questions(about: list[Problem]) -> list[tuple[Problem, Question]]:
    """A question of each kind, from the problems in turn, until every problem was asked about."""
    left = {(one.id, kind): [q for q in one.question if q.kind == kind] for one in about for kind in KINDS}
    chosen = []
    for turn in range(min(MOST_QUESTIONS, max(len(KINDS), len(about))) if about else 0):
        one, kind = about[turn % len(about)], KINDS[turn % len(KINDS)]
        if questions := left[one.id, kind]:
            chosen.append((one, questions.pop(0)))
    return sorted(chosen, key=lambda pair: KINDS.index(pair[1].kind))


def _in_turn(about: list[Problem], tried: dict[str, list[Rating]]) -> list[Rating]:
    """Of each problem in turn the best measure that is not chosen yet; grouped by problem."""
    left = {id: list(rated) for id, rated in tried.items()}
    chosen: dict[str, Rating] = {}
    while any(left.values()) and len(chosen) < MOST_MEASURES:
        for one in about:
            left[one.id] = [rating for rating in left[one.id] if rating.measure.id not in chosen]
            if left[one.id] and len(chosen) < MOST_MEASURES:
                best = left[one.id].pop(0)
                chosen[best.measure.id] = best
    order = [one.id for one in about]
    return sorted(chosen.values(), key=lambda rating: order.index(rating.problem))


def _alike(about: list[Problem], ratings: dict[str, list[Rating]], rating: Rating) -> tuple[Problem, ...]:
    """The problems for which a measure has the same effect, certainty and kind of outcome."""

    def graded(one: Rating) -> tuple[str, ...]:
        return one.measure.id, one.effect, one.certainty, one.outcome

    return tuple(one for one in about if graded(rating) in map(graded, ratings[one.id]))


def _with_effect(about: list[Problem], ratings: dict[str, list[Rating]], effect: str) -> tuple[Measured, ...]:
    """The measures with this effect on any of the problems, each once, with all problems it has it on."""
    found: dict[str, list[tuple[Problem, Rating]]] = {}
    for one in about:
        for rating in ratings[one.id]:
            if rating.effect == effect:
                found.setdefault(rating.measure.id, []).append((one, rating))
    return tuple((tuple(one for one, _ in pairs), pairs[0][1]) for pairs in found.values())


def _indicators(about: list[Problem]) -> list[Indicator]:
    """What else to follow: the problems' indicators in turn, but for those that brapkg itself follows."""
    lists = [[told for told in one.indicator if not told.offence] for one in about]
    chosen: dict[str, Indicator] = {}
    for place in range(max(map(len, lists), default=0)):
        for told in lists:
            if place < len(told):
                chosen.setdefault(told[place].sv, told[place])
    return list(chosen.values())[:MOST_INDICATORS]
