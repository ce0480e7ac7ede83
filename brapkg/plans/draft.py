"""The draft of an action plan: what the figures and the research can give it, and fields left for people.

The law (2023:196) asks for the plan in 5 § and for its follow-up at least every second year in 6 §.
A draft proposes. It is the municipality that chooses, and decides on who, when and for what money.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from brapkg import catalogue
from brapkg.areas import Area
from brapkg.evidence import citing
from brapkg.plans.values import Value
from brapkg.wording import Words

if TYPE_CHECKING:  # priorities stand on the floor above; only their fields are read here
    from brapkg.evidence.kinds import Problem
    from brapkg.evidence.ratings import Rating
    from brapkg.priorities import Measured, Priority

STATUSES = ("not_started", "ongoing", "done", "stopped")
# A fall is told in per cent up to here; a larger one is not waited for.
HALF = 0.5
# What the law asks in any case, where no offence group stands out.
LAW = ("picture", "keep", "follow")


@dataclass(frozen=True)
class Indicator:
    """What to follow: its words today, and the figures behind them (None where it is no count)."""

    text: str
    value: Value | None = None


@dataclass(frozen=True)
class Candidate:
    """A measure to consider: what it is, what research knows of it, and what people fill in.

    ``short`` is the measure with effect and certainty alone, for a table.
    """

    name: str
    evidence: str = ""
    owner: str = ""
    start: date | None = None
    end: date | None = None
    status: str = ""
    done: str = ""
    short: str = field(default="", compare=False)


@dataclass(frozen=True)
class Row:
    """One priority of a plan.

    Attributes
    ----------
    priority : its number, from 1
    problem : its heading
    offence : id of the offence group; "" where the row follows from the law alone
    mapping : what the local mapping must tell first
    questions : suspected causes to examine, as questions
    measures : candidates, those with the best ground first
    cautions : what research warns of, or has found without effect
    indicator : what to follow, and what it is today
    smallest : the smallest change that could be seen, and when
    also : what else to follow, from other sources
    certainty : how sure it is that the problem stands out, in words; "" where it follows from the law
    """

    priority: int
    problem: str
    offence: str = ""
    mapping: str = ""
    questions: tuple[str, ...] = ()
    measures: tuple[Candidate, ...] = ()
    cautions: tuple[str, ...] = ()
    indicator: Indicator = Indicator("")
    smallest: str = ""
    also: tuple[str, ...] = ()
    certainty: str = ""


@dataclass(frozen=True)
class Draft:
    """A draft plan of one area.

    ``period`` is the year of the figures, ``told_period`` the same in words ("2016 (preliminärt)"),
    ``sources`` the line on where the figures come from.
    """

    area: Area
    period: int
    told_period: str
    sources: str
    rows: tuple[Row, ...]

    @property
    def law_alone(self) -> bool:
        """Whether nothing stands out, so that the plan holds the law's own lines only."""
        return not any(row.offence and row.offence != catalogue.TOTAL for row in self.rows)

    def file_name(self, language: str, ending: str) -> str:
        """ "atgardsplan-2403-2016.docx"."""
        return f"{'atgardsplan' if language == 'sv' else 'action-plan'}-{self.area.code}-{self.period}.{ending}"


def rows(priorities: Iterable[Priority], told: Callable[[str], Indicator], words: Words) -> tuple[Row, ...]:
    """The rows of a draft plan.

    Parameters
    ----------
    priorities : what stands out, first things first (``brapkg.priorities``)
    told : gives an offence group's indicator by its id, in the words' language
    words : the plan's language

    Returns
    -------
    tuple of Row
        One for each priority; where there is none, the lines that the law asks for in any case.
    """
    made = tuple(_row(number, one, told, words) for number, one in enumerate(priorities, 1))
    return made or _by_law(told, words)


def smallest(falls: Mapping[int, float | None], words: Words) -> str:
    """The smallest fall that could be seen, and after how many years.

    Parameters
    ----------
    falls : by years after: a share, NaN where no fall would be seen, None where it is not known
    """
    if not falls or any(share is None for share in falls.values()):
        return words("plan_smallest_unknown")
    seen = [(years, share) for years, share in sorted(falls.items()) if share <= HALF]
    if not seen:
        return words("plan_smallest_none", years=_years(max(falls), words))
    # The first years after which anything shows, and the last: those between add nothing.
    ends = seen if len(seen) == 1 else (seen[0], seen[-1])
    parts = [
        words("plan_smallest_part", share=words.number(math.ceil(100 * share - 1e-9)), years=_years(years, words))
        for years, share in ends
    ]
    late = " " + words("plan_smallest_late", years=_years(seen[0][0], words)) if len(seen) < len(falls) else ""
    return words("plan_smallest", parts=words.listed(parts)) + late


def _row(number: int, priority: Priority, told: Callable[[str], Indicator], words: Words) -> Row:
    language, known, offence = words.language, priority.known, priority.finding.offence
    return Row(
        number,
        catalogue.offence(offence).text("name", language),
        offence,
        _mapping(known.problems, words),
        tuple(question.text("name", language) for _, question in known.questions),
        tuple(_candidate(pair, known.problems, words) for pair in known.tried),
        _cautions(priority, words),
        told(offence),
        smallest(priority.smallest_fall, words),
        tuple(
            words("plan_also", what=one.text("name", language), source=one.text("source", language))
            for one in known.indicators
        ),
        words(f"certainty_{priority.finding.certainty}"),
    )


def _mapping(problems: tuple[Problem, ...], words: Words) -> str:
    if not problems:
        return words("plan_mapping_none")
    names = _names(problems, words)
    if len(problems) == 1:
        return words("plan_mapping_whole" if problems[0].share == "whole" else "plan_mapping_one", problems=names)
    return words("plan_mapping_many", problems=names)


def _names(problems: Iterable[Problem], words: Words) -> str:
    return words.listed([one.text("lower", words.language) for one in problems])


def _candidate(measured: Measured, problems: tuple[Problem, ...], words: Words) -> Candidate:
    against, rating = measured
    title = name = rating.measure.text("name", words.language)
    # The group need not be the problem: what the measure is against then has to be told.
    if len(problems) > 1 or problems[0].share != "whole":
        name = words("plan_against", measure=name, problems=_names(against, words))
    graded = _graded(rating, words)
    short = words("plan_short", measure=title, graded=graded[:1].lower() + graded[1:])
    return Candidate(name, _with_source(graded, rating, words), short=short)


def _graded(rating: Rating, words: Words) -> str:
    """Effect and certainty: two things."""
    effect = words(f"plan_effect_{rating.effect}")
    if rating.outcome not in ("crime", ""):
        effect = words("plan_effect_other", effect=effect, outcome=words(f"plan_outcome_{rating.outcome}"))
    return words("plan_graded", effect=effect, certainty=words(f"certainty_{rating.certainty}").lower())


def _with_source(graded: str, rating: Rating, words: Words) -> str:
    """With the largest and latest source."""
    if not rating.rows:
        return graded
    return words("plan_evidence", graded=graded, source=citing.short(citing.leading(rating), words))


def _cautions(priority: Priority, words: Words) -> tuple[str, ...]:
    """Measures to avoid, without a shown effect or with mixed results, each with what it is against.

    The same measure may help against one problem of the group and not against another.
    """
    known, told = priority.known, []
    for name, pairs in (("avoid", known.avoid), ("no_effect", known.no_effect), ("mixed", known.mixed)):
        measures = [
            words("plan_against", measure=rating.measure.text("lower", words.language), problems=_names(against, words))
            for against, rating in pairs
        ]
        if measures:
            told.append(words(f"plan_{name}", measures="; ".join(measures)))
    return tuple(told)


def _by_law(told: Callable[[str], Indicator], words: Words) -> tuple[Row, ...]:
    """The lines of the law: update the picture, keep what works, follow up with all offences."""
    made = []
    for number, name in enumerate(LAW, 1):
        if name == "follow":
            offence, indicator = catalogue.TOTAL, told(catalogue.TOTAL)
        else:
            offence, indicator = "", Indicator(words(f"plan_law_{name}_indicator"))
        made.append(
            Row(
                number,
                words(f"plan_law_{name}"),
                offence,
                questions=(words(f"plan_law_{name}_question"),),
                measures=(Candidate(words(f"plan_law_{name}_measure"), words(f"plan_law_{name}_paragraph")),),
                indicator=indicator,
                smallest=words(f"plan_law_{name}_smallest"),
            )
        )
    return tuple(made)


def _years(years: int, words: Words) -> str:
    name = "plan_after_year" if years == 1 else "plan_after_years"
    return words(name, n=words.count_word(years, neuter=True))
