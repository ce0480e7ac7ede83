"""The verdict on a measure: one of a fixed scale of words, by a written rule, so that no hand decides.

A design counts where placebos gave it an interval. Its interval lies below (fewer than expected
without the measure), above, or across no change. The rule, in this order:

1. "undecided" where fewer than two designs count, or none that has a comparison.
2. "disagree" where one lies below and another above.
3. "clear_fall" where all lie below; "probable_fall" where at least half do.
4. "rise" where at least half lie above.
5. "smaller" where a fall was expected beforehand, none lies below, and the intervals of at least half
   exclude a fall as large as that.
6. "undecided" otherwise.

Where the areas went different ways before the start, a clear fall becomes a probable one, and a
probable fall, a rise and a smaller fall than expected become "undecided".
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brapkg.effects.null import Judged

SCALE = ("clear_fall", "probable_fall", "undecided", "smaller", "rise", "disagree")
# Designs that set the area against others; the interrupted series knows only the area itself.
COMPARED = ("comparison", "displacement", "synthetic")
WEAKER = {"clear_fall": "probable_fall", "probable_fall": "undecided", "rise": "undecided", "smaller": "undecided"}


@dataclass(frozen=True)
class Result:
    """One design's answer on one scale: ratios to what was to be expected, 0.8 being 20 per cent fewer.

    ``missing`` says why there is no interval ("" where there is one), as in ``null.Judged``.
    """

    design: str
    value: float
    lower: float
    upper: float
    missing: str = ""

    @property
    def side(self) -> str:
        """Where the interval lies: "below", "above" or "across" no change."""
        if self.upper < 1:
            return "below"
        return "above" if self.lower > 1 else "across"


@dataclass(frozen=True)
class Verdict:
    """The verdict and what it rests on.

    Attributes
    ----------
    word : one of ``SCALE``
    counted, left_out : the results with an interval, and those without
    lowered : whether different trends before the start made it weaker
    """

    word: str
    counted: tuple[Result, ...]
    left_out: tuple[Result, ...]
    lowered: bool = False

    def on(self, side: str) -> list[str]:
        """Names of the designs whose interval lies there."""
        return [result.design for result in self.counted if result.side == side]


def result(judged: Judged) -> Result:
    """A judged design on the scale of ratios."""
    shift = 1.0 if judged.design == "displacement" else 0.0
    return Result(judged.design, judged.value + shift, judged.lower + shift, judged.upper + shift, judged.missing)


def of(results: Iterable[Result], expected: float | None = None, *, trends_differ: bool = False) -> Verdict:
    """The verdict.

    Parameters
    ----------
    results : one for each design
    expected : the ratio expected beforehand, below 1 (0.85: 15 per cent fewer), or None
    trends_differ : whether the areas went different ways before the start

    Returns
    -------
    Verdict
    """
    results = tuple(results)
    counted = tuple(one for one in results if not one.missing and one.lower <= one.upper)
    left_out = tuple(one for one in results if one not in counted)
    word = _word(counted, expected)
    if trends_differ and word in WEAKER:
        return Verdict(WEAKER[word], counted, left_out, lowered=True)
    return Verdict(word, counted, left_out)


def _word(counted: tuple[Result, ...], expected: float | None) -> str:
    if len(counted) < 2 or not any(one.design in COMPARED for one in counted):
        return "undecided"
    below, above = (sum(one.side == side for one in counted) for side in ("below", "above"))
    if below and above:
        return "disagree"
    if below == len(counted):
        return "clear_fall"
    if 2 * below >= len(counted):
        return "probable_fall"
    if 2 * above >= len(counted):
        return "rise"
    excluded = sum(one.lower > expected for one in counted) if expected is not None else 0
    return "smaller" if not below and 2 * excluded >= len(counted) else "undecided"


# --- cost ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """Kronor for each offence avoided. ``missing``: "" or "no cost", "no interval", "may be none"."""

    value: float = float("nan")
    lower: float = float("nan")
    upper: float = float("nan")
    avoided: float = float("nan")
    missing: str = ""


def cost(kronor: float | None, one: Result, expected_events: float) -> Cost:
    """What each offence avoided has cost, by one design.

    Parameters
    ----------
    kronor : what the measure cost, or None
    one : the design's result
    expected_events : events to be expected without the measure

    Returns
    -------
    Cost
        Without a value where the interval includes no effect: the cost of nothing has no limit.
    """
    if kronor is None:
        return Cost(missing="no cost")
    if one.missing or not one.lower <= one.upper:
        return Cost(missing="no interval")
    if one.side != "below":
        return Cost(missing="may be none")
    avoided = (1 - one.value) * expected_events
    least, most = (kronor / _avoided(one, ratio, expected_events) for ratio in (one.lower, one.upper))
    return Cost(kronor / avoided, least, most, avoided)


def _avoided(one: Result, ratio: float, expected_events: float) -> float:
    """Events avoided if the true ratio were this one."""
    if one.design == "displacement":
        return (1 - ratio) * expected_events
    # The events after are known; what is uncertain is how many there would have been.
    return one.value * expected_events * (1 / ratio - 1) if ratio > 0 else math.inf
