"""What the studies of a measure say together, and how sure that is: two things, by written rules.

A rating is of one measure against one problem (or all of its problems), on one kind of outcome.
Only verified rows count, and of those only the rows that concern the problem. A row that names
the problem goes before rows of the same publication that name none.

**Outcome.** Crime, reoffending and victimisation are the matter; for the problem ``unsafety``
fear is. Where no row is on the matter, behaviour is rated in its place, and for ``unsafety`` crime;
the certainty then loses a step. Knowledge, attitudes and other stand-ins are never rated as an effect.

**Carrying.** Reviews carry the rating; without a review that found anything, single studies with a
comparison; without those, surveys and before-after studies. Accounts of the work (process) and rows
that could not tell carry nothing. Rows of one publication are one source, whose direction is what
most of its rows found, mixed on ties; for all problems its rows on the whole go before those on a part.
A mixed source counts as half a reduction. A row that is superseded (an older version of a review, or a
publication of the same studies) is shown and carries nothing: not the rating, nor against it.

**Effect** is what the carrying sources found, not how sure it is.

* *effective*: every carrying row found a reduction, at least one of them more than chance, and they
  rest on several evaluations. "More than chance" is an interval, or the source's word where it also
  gives a size or how many evaluations there are: a bare word on some part of the studies is not enough.
* *promising*: more than half of the sources found a reduction, and none harm, but it is not *effective*: one
  evaluation, not shown to be more than chance or by a bare word only, some rows without it, or behaviour
  instead of crime.
* *mixed*: some found a reduction and as many or more did not; or one found harm beside others; or a source
  itself found some of each.
* *no shown effect*: none found a reduction or harm.
* *harmful*: more than half found harm, and none a reduction.
* *unknown*: nothing carries. The certainty is then very low.

A single study with a comparison that goes against the reviews does not change the effect but the
certainty, and is told as ``opposing``.

**Certainty** starts from the best design among the carrying rows that found the same as the whole:

* high: a review of several randomised trials or natural experiments;
* moderate: a review of several designs together, or single randomised trials or natural experiments;
* low: chosen comparison areas or groups;
* very low: surveys, before-after.

It loses a step for each of

* ``one_study``: all that carries is one evaluation;
* ``not_shown``: no carrying row has an interval, and no source says whether the result is more than chance;
* ``other_outcome``: another outcome stands in for the matter;
* ``disagreement``: a recorded disagreement between sources, carrying sources of different directions,
  or a study with a comparison that goes against them;
* ``transfer``: no Swedish or Nordic evaluation with a comparison.

The last two never take it below low: they say that the effect may be another in other places,
not that nothing is known of it. What counts is whether a result can be moved and trusted, so the
same steps hold for harm and for no shown effect.

The limits of these rules: reviews that share some studies count as separate sources, sizes are not
weighed, and the risk of bias within a design is not graded. The grades are the project's own and are
no agency's. The idea of separate axes is that of EMMIE (Johnson, Tilley and Bowers 2015, J Exp
Criminol 11:459-473), the steps those of GRADE (Guyatt et al. 2008, BMJ 336:924-926), much simplified.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brapkg.evidence.kinds import Disagreement, Measure, Study
from brapkg.wording import GRADES

if TYPE_CHECKING:
    from brapkg.evidence.load import Base

EFFECTS = ("effective", "promising", "mixed", "unknown", "no_shown_effect", "harmful")
STEPS = ("one_study", "not_shown", "other_outcome", "disagreement", "transfer")
# These two never take the certainty below low.
GENTLE = ("disagreement", "transfer")
CRIME = ("crime", "reoffending", "victimisation")
FEAR_PROBLEM = "unsafety"
BEST = ("randomised", "natural")
COMPARED = (*BEST, "mixed", "controlled")
WEAK = ("survey", "before-after")
NORDIC = ("Sweden", "Norway", "Denmark", "Finland", "Iceland", "Nordic", "Scandinavia")
# The axes beside the effect, and the field of the measure that each is told in.
AXES = {"mechanism": "mechanism", "moderators": "moderators", "implementation": "needs", "economics": "cost"}


@dataclass(frozen=True)
class Axis:
    """One of ``AXES``: the ``field`` of the measure that tells it, whether it is ``known`` (the field
    or a row says something), and whether that rests on a study that is ``cited``; ``rows`` say more."""

    name: str
    field: str
    known: bool
    cited: bool
    rows: tuple[Study, ...]


@dataclass(frozen=True)
class Rating:
    """What the studies of a measure say together.

    ``effect`` is one of ``EFFECTS``, ``certainty`` one of ``GRADES``; ``start`` is where the
    certainty began and ``lost`` the ``STEPS`` it lost. ``outcome`` is what was rated: "crime",
    "fear", "behaviour" or "" where nothing is. ``reasons`` are names of texts, each with the prefix
    ``evidence_reason_``. ``rows`` carry the rating, ``opposing`` go against it, ``others`` are the
    remaining rows on the problem; ``evaluations`` counts those behind the largest carrying source.
    ``swedish`` and ``nordic`` say whether there is such an evaluation with a comparison.
    """

    measure: Measure
    problem: str | None
    outcome: str
    effect: str
    certainty: str
    start: str
    lost: tuple[str, ...]
    reasons: tuple[str, ...]
    rows: tuple[Study, ...]
    opposing: tuple[Study, ...]
    others: tuple[Study, ...]
    evaluations: int
    swedish: bool
    nordic: bool
    dissent: tuple[Disagreement, ...]
    axes: dict[str, Axis]

    @property
    def avoid(self) -> bool:
        """Whether the measure does harm, so that no page may offer it without saying so."""
        return self.effect == "harmful"


def rated(base: Base, measure: Measure, problem: str | None = None) -> Rating:
    """The rating of a measure against a problem, or against all of its problems; rules as above."""
    about = [row for row in base.studies.values() if row.measure == measure.id]
    about = _nearest([row for row in about if problem is None or base.concerns(row, problem)], problem)
    standing = [row for row in about if not row.superseded_by]
    outcome, stands_in, on = _on_matter(standing, problem)
    rows = _carrying(on)
    sources = _sources(rows)
    effect = _effect(sources, rows, stands_in and outcome == "behaviour")
    opposing = tuple(row for row in on if row not in rows and row.design in COMPARED and _against(row, effect))
    near = [row for row in on if row.design in COMPARED and row.direction != "unknown" and is_nordic(row)]
    swedish = [row for row in near if row.swedish]
    ids = {row.id for row in about}
    dissent = tuple(one for one in base.disagreements if measure.id in one.measures and _concerns(one, ids, problem))
    evaluations = max((_evaluations(same) for same in _by_source(rows).values()), default=0)
    holds = {
        "one_study": len(sources) == 1 and evaluations == 1,
        "not_shown": not any(row.lower is not None or row.sure is not None for row in rows),
        "other_outcome": stands_in,
        "disagreement": bool(dissent or opposing) or len(set(sources.values())) > 1,
        "transfer": not near,
    }
    lost = tuple(step for step in STEPS if holds[step]) if rows else ()
    start = _start(rows, sources, effect)
    return Rating(
        measure=measure,
        problem=problem,
        outcome=outcome if rows else "",
        effect=effect,
        certainty=_lowered(start, lost),
        start=start,
        lost=lost,
        reasons=_reasons(standing, rows, start, lost),
        rows=tuple(rows),
        opposing=opposing,
        others=tuple(row for row in about if row not in rows and row not in opposing),
        evaluations=evaluations,
        swedish=bool(swedish),
        nordic=bool(near),
        dissent=dissent,
        axes={name: _axis(name, field, measure, about) for name, field in AXES.items()},
    )


def ordered(ratings: Iterable[Rating]) -> list[Rating]:
    """Ratings with the best evidence first: reductions by certainty, then mixed, unknown, no shown effect, harm."""

    def place(one: Rating) -> tuple:
        helps = one.effect in ("effective", "promising")
        group = 0 if helps else EFFECTS.index(one.effect)
        sure = GRADES.index(one.certainty)
        return (group, -sure, EFFECTS.index(one.effect), not one.swedish, -one.evaluations, one.measure.id)

    return sorted(ratings, key=place)


def _nearest(rows: list[Study], problem: str | None) -> list[Study]:
    """Of each publication the rows that name the problem, where it has such; for all problems those on the whole."""
    kept = []
    for row in rows:
        same = [one for one in rows if one.source == row.source and one.outcome_kind == row.outcome_kind]
        if problem is None:
            near = not row.problems or all(one.problems for one in same)
        else:
            near = problem in row.problems or not any(problem in one.problems for one in same)
        if near:
            kept.append(row)
    return kept


def _on_matter(rows: list[Study], problem: str | None) -> tuple[str, bool, list[Study]]:
    """The kind of outcome that is rated, whether it stands in for another, and its rows."""
    matters = {"crime": CRIME, "fear": ("fear",), "behaviour": ("behaviour",)}
    order = ("fear", "crime") if problem == FEAR_PROBLEM else ("crime", "behaviour")
    for outcome in order:
        on = [row for row in rows if row.outcome_kind in matters[outcome]]
        if _carrying(on):
            return outcome, outcome != order[0], on
    return order[0], False, [row for row in rows if row.outcome_kind in matters[order[0]]]


def _carrying(rows: list[Study]) -> list[Study]:
    told = [row for row in rows if row.direction != "unknown"]
    reviews = [row for row in told if row.kind == "review" and row.design in (*COMPARED, *WEAK)]
    compared = [row for row in told if row.design in COMPARED]
    return reviews or compared or [row for row in told if row.design in WEAK]


def _by_source(rows: Iterable[Study]) -> dict[str, list[Study]]:
    found: dict[str, list[Study]] = {}
    for row in rows:
        found.setdefault(row.source, []).append(row)
    return found


def _sources(rows: Iterable[Study]) -> dict[str, str]:
    """The direction of each publication: what most of its rows found."""
    return {source: _most([row.direction for row in same]) for source, same in _by_source(rows).items()}


def _most(directions: list[str]) -> str:
    (first, n), *rest = Counter(directions).most_common()
    return first if not rest or n > rest[0][1] else "mixed"


def _effect(sources: dict[str, str], rows: list[Study], behaviour: bool) -> str:
    if not sources:
        return "unknown"
    count = Counter(sources.values())
    half = len(sources) / 2
    harm = any(row.direction == "harmful" for row in rows)
    if count["harmful"] > half and not count["reduces"]:
        return "harmful"
    if count["reduces"] + count["mixed"] / 2 > half and not harm:
        good = [row for row in rows if row.direction == "reduces"]
        shown = any(_shown(row) for row in good)
        several = len(sources) > 1 or _evaluations(rows) > 1
        return "effective" if good == rows and shown and several and not behaviour else "promising"
    return "mixed" if harm or count["reduces"] or count["mixed"] else "no_shown_effect"


def _shown(row: Study) -> bool:
    """Whether a result is shown to be more than chance: by its interval, or a word that has a number beside it."""
    return row.lower is not None or bool(row.sure and (row.estimate is not None or row.studies is not None))


def _evaluations(rows: Iterable[Study]) -> int:
    """How many evaluations are behind rows of one publication, at least."""
    return max(row.studies or (2 if row.kind == "review" else 1) for row in rows)


def _against(row: Study, effect: str) -> bool:
    """Whether a row found something else than the whole."""
    if effect in ("effective", "promising"):
        return row.direction in ("none", "harmful")
    return row.direction == "reduces" if effect in ("no_shown_effect", "harmful") else False


def is_nordic(row: Study) -> bool:
    """Whether a row is of Sweden or a neighbour, alone or among other countries."""
    return row.swedish or any(country in row.countries_en for country in NORDIC)


def _concerns(one: Disagreement, ids: set[str], problem: str | None) -> bool:
    """Whether a disagreement bears on the problem: on any, if the studies that it names do, or it names none."""
    return problem is None or not one.studies or bool(ids & set(one.studies))


def _start(rows: list[Study], sources: dict[str, str], effect: str) -> str:
    way = {"effective": "reduces", "promising": "reduces", "harmful": "harmful", "no_shown_effect": "none"}.get(effect)
    same = [row for row in rows if way in (None, row.direction)] or rows
    return max((_level(row) for row in same), key=GRADES.index, default="very_low")


def _level(row: Study) -> str:
    if row.design in BEST:
        return "high" if row.kind == "review" and _evaluations([row]) > 1 else "moderate"
    return {"mixed": "moderate", "controlled": "low"}.get(row.design, "very_low")


def _lowered(start: str, lost: Iterable[str]) -> str:
    grade = GRADES.index(start)
    hard = [step for step in lost if step not in GENTLE]
    grade = max(0, grade - len(hard))
    gentle = len(list(lost)) - len(hard)
    return GRADES[max(min(grade, GRADES.index("low")), grade - gentle)]


def _reasons(about: list[Study], rows: list[Study], start: str, lost: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the texts that say why."""
    if rows:
        return (f"start_{start}", *lost)
    if not about:
        return ("no_rows",)
    if any(row.direction == "unknown" and row.design in (*COMPARED, *WEAK, "none") for row in about):
        return ("cannot_tell",)
    return ("no_comparison",)


def _axis(name: str, field: str, measure: Measure, rows: list[Study]) -> Axis:
    said = {"moderators": "place_sv", "economics": "economics_sv"}.get(name)
    more = tuple(row for row in rows if said and getattr(row, said))
    text = bool(getattr(measure, f"{field}_sv"))
    return Axis(name, field, text or bool(more), (text and field in measure.basis) or bool(more), more)
