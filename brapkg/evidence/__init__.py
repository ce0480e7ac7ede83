"""The knowledge base: problems, measures, studies, where they disagree, and the law.

The records in ``records/evidence/`` are read and checked as a whole at first use. ``kinds`` says
what they hold, ``load`` reads them, ``checks`` finds what is wrong, ``ratings`` weighs a measure's
studies, ``searching`` finds records by words, ``citing`` names a source in a sentence, ``pooled`` joins
trials or rows to one estimate, ``brapkg.lookup`` tells it in the terminal. Nothing here but ``pooled``
imports numpy or pandas, so that a plan or a question in the terminal starts at once.

Rows that were not verified are read and checked, but only ``all_studies`` gives them away; no
page may call it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from brapkg.errors import UsageError
from brapkg.evidence import ratings, searching
from brapkg.evidence.kinds import Disagreement, LawItem, Measure, Problem, Study, Trial, TrialSet
from brapkg.evidence.load import base
from brapkg.evidence.ratings import Rating
from brapkg.evidence.searching import Hit

__all__ = [
    "all_studies",
    "candidates",
    "disagreements",
    "law",
    "measure",
    "measures",
    "problem",
    "problems",
    "rating",
    "search",
    "studies",
    "study",
    "trial_set",
    "trials",
]


def problems() -> dict[str, Problem]:
    """Every problem by id, in the order of the file."""
    return dict(base().problems)


def problem(id: str) -> Problem:
    """The problem with this id; ``UsageError`` suggests ids near to it."""
    return _one(base().problems, id, "problem")


def measures(problem: str | None = None, kind: str | None = None) -> dict[str, Measure]:
    """Measures by id: all, those against a problem, of a kind, or both.

    Parameters
    ----------
    problem : str, optional
        Id of a problem.
    kind : {"situational", "police", "social", "treatment"}, optional
        What kind of measure.

    Raises
    ------
    UsageError
        For a problem or kind that there is not.
    """
    found = base().measures
    if problem is not None:
        _one(base().problems, problem, "problem")
    kinds = sorted({one.kind for one in found.values()})
    if kind is not None and kind not in kinds:
        raise UsageError(f"No measures of the kind {kind!r}; there are {', '.join(kinds)}.")
    return {
        one.id: one
        for one in found.values()
        if (problem is None or problem in one.problems) and (kind is None or one.kind == kind)
    }


def measure(id: str) -> Measure:
    """The measure with this id; ``UsageError`` suggests ids near to it."""
    return _one(base().measures, id, "measure")


def studies(measure: str | None = None, problem: str | None = None) -> list[Study]:
    """Rows of studies that may reach a page: those of a measure, those that concern a problem, or all.

    A row without problems of its own concerns all of its measure's. Unverified rows are not here.

    Raises
    ------
    UsageError
        For a measure or problem that there is not.
    """
    if measure is not None:
        _one(base().measures, measure, "measure")
    if problem is not None:
        _one(base().problems, problem, "problem")
    return [
        row
        for row in base().studies.values()
        if (measure is None or row.measure == measure) and (problem is None or base().concerns(row, problem))
    ]


def study(id: str) -> Study:
    """The verified row with this id; ``UsageError`` suggests ids near to it."""
    return _one(base().studies, id, "study")


def all_studies() -> list[Study]:
    """Every row, with the unverified ones. Not for pages: for tests and for those who look after the records."""
    return [*base().studies.values(), *base().unverified.values()]


def trials(study: str) -> list[Trial]:
    """The single trials behind a row, where they are known; empty where not."""
    _one(base().studies, study, "study")
    return [trial for trial in base().trials if trial.study == study]


def trial_set(study: str) -> TrialSet | None:
    """What the trials of a row count and where they come from; None where there are no trials."""
    _one(base().studies, study, "study")
    return base().trial_sets.get(study)


def disagreements(measure: str | None = None, problem: str | None = None) -> list[Disagreement]:
    """Where sources disagree: on a measure, on any measure against a problem, or all."""
    wanted = set(measures(problem))
    if measure is not None:
        _one(base().measures, measure, "measure")
        wanted &= {measure}
    return [one for one in base().disagreements if wanted & set(one.measures)]


def law() -> list[LawItem]:
    """What the law asks, in its order; items whose wording was not verified are left out."""
    return list(base().law)


def rating(measure: str, problem: str | None = None) -> Rating:
    """What the studies of a measure say together, on a problem or on all; see `brapkg.evidence.ratings`.

    Raises
    ------
    UsageError
        For a measure or problem that there is not, or a measure that is not one against the problem.
    """
    one = _one(base().measures, measure, "measure")
    if problem is not None and problem not in one.problems:
        _one(base().problems, problem, "problem")
        raise UsageError(f"{measure!r} is no measure against {problem!r}; it is one against {', '.join(one.problems)}.")
    return ratings.rated(base(), one, problem)


def candidates(problem: str) -> list[Rating]:
    """The measures against a problem as ratings, best evidence first; harmful ones last (``avoid``)."""
    return ratings.ordered(rating(one, problem) for one in measures(problem))


def search(text: str, language: str | None = None) -> list[Hit]:
    """Problems, measures and studies that answer to the text, best first; see `brapkg.evidence.searching`."""
    return searching.found(base(), text, language)


def _one(records: dict, id: str, name: str):
    try:
        return records[id]
    except (KeyError, TypeError):
        raise UsageError(f"No {name} {id!r}. {near(str(id), records)}") from None


def near(id: str, known: Iterable[str]) -> str:
    """A sentence with the ids that look like this one, or where to find them all."""
    known = list(known)
    close = difflib.get_close_matches(id, known, n=3, cutoff=0.5) or known
    return f"Did you mean {', '.join(close[:3])}? `brapkg evidence WORD` searches in all {len(known)}."
