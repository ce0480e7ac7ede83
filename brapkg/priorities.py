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
  the year of the page against one and three years after it, with the rest of the country as
  comparison and the store's variation between years.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from brapkg import evidence, findings
from brapkg.evidence.kinds import Indicator, Problem, Question
from brapkg.evidence.ratings import Rating
from brapkg.findings import Finding
from brapkg.profile import NATION, County
from brapkg.stats.effect.power import detectable_change

# The crime triangle first, then what lies round it.
KINDS = ("place", "victim", "offender", "situational", "social")
MOST_QUESTIONS, MOST_MEASURES, MOST_INDICATORS = 6, 5, 3
TRIED = ("effective", "promising")
YEARS_AFTER = (1, 3)
POWER = 0.8
# Below this count nothing is said of a level, as on the whole page.
FEW = 10

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


def priorities(county: County) -> list[Priority]:
    """What stands out in a county, most points first (``findings.standing_out``), linked to the knowledge base.

    Raises
    ------
    DataError
        A record of the knowledge base or a setting is wrong.
    """
    found = findings.standing_out(county)
    falls = smallest_falls(county, [finding.offence for finding in found])
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


def smallest_falls(county: County, offences: list[str]) -> dict[str, dict[int, float | None]]:
    """The smallest fall from the period's count that would be seen, by offence group and years after.

    Parameters
    ----------
    county : the county and year
    offences : ids of offence groups

    Returns
    -------
    dict of dict
        By offence, then by ``YEARS_AFTER``: a share (0.2: a fall of 20 per cent), NaN where no fall
        would be seen, None where the count is below 10 or kept back or the variation is not known.

    Notes
    -----
    The log ratio of the county's change to that of the rest of the country has variance
    1/b + 1/(k b r) + (1 + 1/k) (1/c + s**2): b the county's count, r the ratio of the effect, k the
    years after, c the rest's count, s the variation between years (table ``wobble``; that of
    municipalities where the county is one). s does not follow the counts, as an overdispersion
    factor would, but adds to the comparison's part. It is itself uncertain, and taken to be
    independent from year to year; where a county drifts away from the rest less is seen. A group
    chosen because it was high tends to fall by itself, which no comparison of this kind takes away.

    References
    ----------
    ``stats.effect.power.detectable_change``, with a power of 80 per cent at the 5 per cent level.
    """
    kind = "municipality" if len(county.members) == 1 else "county"
    spread = county.tables.built_rows("wobble", kind=kind).set_index("offence")["sd"]
    nation = county.tables.rows("rates", area=NATION, year=county.period).set_index("offence")["count"]
    before = county.level["count"].reindex(offences).to_numpy(float)
    rest = nation.reindex(offences).to_numpy(float) - before
    sd = spread.reindex(offences).to_numpy(float)
    able = (before >= FEW) & (rest > 0) & np.isfinite(sd)
    falls: dict[str, dict[int, float | None]] = {offence: dict.fromkeys(YEARS_AFTER) for offence in offences}
    if not able.any():
        return falls
    # The rest of the country as steady as its count and the county's own variation let it be.
    steady = 1 / (1 / rest[able] + sd[able] ** 2)
    ids, years = np.array(offences)[able], np.repeat(YEARS_AFTER, able.sum())
    seen = detectable_change(
        np.tile(before[able], len(YEARS_AFTER)),
        exposure_after=years,
        comparison_before=np.tile(steady, len(YEARS_AFTER)),
        comparison_after=years * np.tile(steady, len(YEARS_AFTER)),
        power=POWER,
    )
    shares = seen.loc[seen["direction"] == "fall", "value"] / 100
    for offence, after, share in zip(np.tile(ids, len(YEARS_AFTER)).tolist(), years.tolist(), shares, strict=True):
        falls[offence][after] = share
    return falls


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
