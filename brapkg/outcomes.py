"""What became of a plan's indicators: the area's change since the baseline against the rest of the country's.

A change says nothing of why. What was chosen because it was high tends to fall by itself. What moves
the whole country alike, a new way of counting too, cancels; what moves some places more does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from brapkg import areas, catalogue, series
from brapkg.plans.filed import FiledPlan
from brapkg.plans.values import Value, value
from brapkg.priorities import YEARS_AFTER
from brapkg.profile import NATION
from brapkg.shown import Tables
from brapkg.stats.comparison import change
from brapkg.stats.two_rates import rate_ratio_exact

# From this count in both periods on the log ratio's normal interval is used, below it the exact one.
MANY = 20
# What may be said. "rose" and "fell" only where the interval does not span 1.
COMPARED = ("rose", "fell", "level", "unclear")
VERDICTS = (*COMPARED, "few", "unknown", "withheld", "break", "same", "not_started", "too_soon", "none", "apart")
# A change within this share makes no practical difference.
LEVEL = 0.05
# A limit within half a per cent of no change is too close to it to speak of a rise or a fall.
TOLD = 0.005
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Outcome:
    """What became of one indicator.

    ``verdict`` is one of ``VERDICTS``: "rose" and "fell" beside the rest of the country, "level" where
    the whole interval lies within 5 per cent, "few" where there are no offences to compare, "unknown"
    where the swings between years or the rest of the country are not known, "break" where the rest is
    not known and the series is counted anew in between, "same" where there are no years after the
    baseline's, "not_started" where the measures start after them, "too_soon" where no whole year has
    passed since, "none" where the plan has no baseline, "apart" where its rows disagree on it.
    ``ratio`` is the area's change divided by the rest of the country's (1: as there), with its 95 per
    cent interval; NaN where nothing is compared. ``broken``: a break within the years compared.
    ``start``: when the first of the measures starts.
    """

    offence: str
    before: Value | None
    after: Value | None
    verdict: str
    ratio: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    broken: catalogue.Break | None = None
    start: date | None = None


def outcomes(plan: FiledPlan, tables: Tables, period: int) -> list[Outcome]:
    """What became of each indicator of a filed plan, in the plan's order.

    Parameters
    ----------
    plan : as read from its file
    tables : the store in use
    period : the year of the page; years after it are not used

    Notes
    -----
    The years compared lie after the baseline's last, are whole years since the first of the
    indicator's measures started (where a start is given), and end with ``period``. They are at most as
    many as the plan told the smallest visible fall for (``priorities.YEARS_AFTER``), or as the
    baseline's where those are more: later years tell of something else than the plan. Rates are
    compared, so that a change of population is no change of crime.
    """
    spread = series.swings(tables, plan.area, period)
    return [
        Outcome(offence, None, None, "apart")
        if offence in plan.apart
        else _followed(plan, tables, period, offence, before, spread.get(offence, math.nan))
        for offence, before in plan.baselines.items()
    ]


def _followed(plan: FiledPlan, tables: Tables, period: int, offence: str, before: Value | None, sd: float) -> Outcome:
    if before is None or before.last >= period:
        return outcome(offence, before, None, sd, None)
    most = max(before.years, *YEARS_AFTER[areas.get(plan.area).kind])
    first = max(before.last + 1, period - most + 1)
    if start := plan.start(offence):
        # A year in which the measures ran for a part only belongs to neither side.
        whole = start.year + (start > date(start.year, 1, 1))
        if whole > period:
            return Outcome(offence, before, None, "not_started" if start.year > period else "too_soon", start=start)
        first = max(first, whole)
    after = value(tables, plan.area, offence, first, period)
    rest = (_rest(tables, offence, before), _rest(tables, offence, after))
    return outcome(offence, before, after, sd, rest if all(rest) else None)


def _rest(tables: Tables, offence: str, own: Value | None) -> Value | None:
    """The rest of the country over the same years; None where it cannot be had."""
    nation = own and value(tables, NATION, offence, own.first, own.last)
    if not nation or not nation.count > own.count or not nation.residents > own.residents:
        return None
    return Value(own.first, own.last, nation.count - own.count, nation.residents - own.residents)


def outcome(
    offence: str, before: Value | None, after: Value | None, sd: float, rest: tuple[Value, Value] | None
) -> Outcome:
    """What became of one indicator.

    Parameters
    ----------
    offence : id of the group
    before : the baseline as filed; None where there is none
    after : the years after it; None where there are none
    sd : how much a year moves beyond chance, a relative standard deviation (table ``wobble``)
    rest : the rest of the country over the years before and after; None where it is not known

    Notes
    -----
    The comparison whose power ``priorities.smallest_falls`` tells. The log ratio has variance
    1/b + 1/a + 1/B + 1/A + s**2 (1/n + 1/k): b and a the area's counts over n years before and k after,
    B and A the rest's, s the swing. With 20 offences or more in both periods: a normal interval
    (``stats.comparison.change``). With fewer: the exact conditional interval of ``stats.two_rates``,
    each side widened on the log scale by all but 1/b + 1/a; it is careful. Years are taken to swing
    independently of each other; a break that moved the area otherwise than the rest stays in the ratio.
    """
    if before is None:
        return Outcome(offence, None, after, "none")
    if after is None or after.first <= before.last:
        return Outcome(offence, before, None, "same")
    if not (before.told and after.told):
        return Outcome(offence, before, after, "withheld")
    broken = _break_between(offence, before, after)
    if rest is None:
        return Outcome(offence, before, after, "break" if broken else "unknown", broken=broken)
    if not math.isfinite(sd):
        return Outcome(offence, before, after, "unknown")
    if before.count + after.count == 0:
        return Outcome(offence, before, after, "few")
    ratio, lower, upper = _compared(before, after, sd, rest)
    return Outcome(offence, before, after, _verdict(lower, upper), ratio, lower, upper, broken)


def _break_between(offence: str, before: Value, after: Value) -> catalogue.Break | None:
    """The first break of the series that lies after the baseline began and in or before the years after it."""
    first, last = before.first * 12, after.last * 12 + 11
    found = (one for one in catalogue.breaks() if one.concerns(offence))
    return next((one for one in found if first < one.year * 12 + one.month - 1 <= last), None)


def _verdict(lower: float, upper: float) -> str:
    """As the pages' verdicts: within 5 per cent nothing of weight has changed."""
    if 1 - LEVEL <= lower and upper <= 1 + LEVEL:
        return "level"
    return "rose" if lower > 1 + TOLD else "fell" if upper < 1 - TOLD else "unclear"


def _compared(before: Value, after: Value, sd: float, rest: tuple[Value, Value]) -> tuple[float, float, float]:
    """The ratio of the area's change to the rest's, with its 95 % interval."""
    spread = math.sqrt(sd**2 * (1 / before.years + 1 / after.years) + sum(1 / one.count for one in rest))
    # What the area would have had at the rest's rates: the ratio of the counts to these is the one sought.
    expected = [own.residents * one.count / one.residents for own, one in zip((before, after), rest, strict=True)]
    if min(before.count, after.count) >= MANY:
        # ``change`` takes one spread for both periods, and adds it twice.
        given = ([before.count], [expected[0]], [after.count], [expected[1]])
        row = change(*given, wobble=spread / math.sqrt(2), minimum=MANY, levels=(0.95,)).iloc[0]
        return float(row["value"]), float(row["lower"]), float(row["upper"])
    row = rate_ratio_exact([after.count], [expected[1]], [before.count], [expected[0]]).iloc[0]
    ratio, lower, upper = (float(row[name]) for name in ("value", "lower", "upper"))
    return ratio, _widened(ratio, lower, spread), _widened(ratio, upper, spread)


def _widened(ratio: float, limit: float, spread: float) -> float:
    """A limit moved away from the ratio by what adds to the area's own chance as a variance."""
    if limit in (0, math.inf):
        return limit
    if ratio in (0, math.inf):  # no distance to add to: the whole of the swings is added
        return limit * math.exp(Z95 * spread if ratio == 0 else -Z95 * spread)
    distance = math.hypot(math.log(limit / ratio), Z95 * spread)
    return ratio * math.exp(distance if limit > ratio else -distance)
