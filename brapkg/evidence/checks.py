"""What must hold between and within records, beyond the kind of each field."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from brapkg.evidence.kinds import (
    QUESTIONS,
    RATIOS,
    UNVERIFIED,
    Disagreement,
    LawItem,
    Measure,
    Problem,
    Study,
    Trial,
    TrialSet,
)
from brapkg.evidence.row_checks import URL, Faults, of_row

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ACT = re.compile(r"\d{4}:\d+")
_PERCENT = re.compile(r"(?<![\d.,])\d+(?:[.,]\d+)?(?=[\u00a0 ]?(?:%|procent|per cent))")
# From so many words on, the same text in both languages is taken for a slip.
SAME_WORDS = 4


class Found:
    """The records that were read, by kind and by id, and what the rules need beside them.

    ``records`` holds them by kind, ``series`` the ids of the offence series that pages follow.
    """

    def __init__(self, records: dict[type, list], series: set[str]):
        kinds = (Problem, Measure, Study, Trial, TrialSet, Disagreement, LawItem)
        self.every = {kind: records.get(kind, []) for kind in kinds}
        self.series = series
        self.problems, self.measures, self.studies = (
            {one.id: one for one in self.every[kind]} for kind in (Problem, Measure, Study)
        )


def faults(found: Found, places: dict[int, str], linked: bool) -> list[str]:
    """Every fault of the records, a line each.

    ``places`` tells where a record stands, by its ``id()``; ``linked`` whether to look between the
    records too.
    """
    told = _ids(found, places)
    for kind, records in found.every.items():
        for one in records:
            alone = (*_languages(one), *_ALONE.get(kind, lambda one: ())(one))
            between = _BETWEEN.get(kind, lambda one, found: ())(one, found) if linked else ()
            told += [f"{places[id(one)]}, {field}: {said}" for field, said in (*alone, *between)]
    return told


def _ids(found: Found, places: dict[int, str]) -> list[str]:
    told = []
    for kind, records in found.every.items():
        seen: dict[str, str] = {}
        for one in records if kind not in (Trial, TrialSet) else ():
            place = places[id(one)]
            if not _ID.fullmatch(one.id):
                told.append(f"{place}, id: found {one.id!r}; must be lower-case English letters, digits and dashes.")
            if one.id in seen:
                told.append(f"{place}, id: {one.id!r} is used before ({seen[one.id]}); give it another.")
            seen.setdefault(one.id, place)
    for id_ in sorted(set(found.problems) & set(found.measures)):
        told.append(f"{places[id(found.measures[id_])]}, id: {id_!r} is a problem too; rename one of them.")
    return told


def _languages(one: object) -> Faults:
    """Texts that are there in one language only, or are the same in both."""
    for field, value in vars(one).items():
        if field == "sv" or field.endswith("_sv"):
            other = getattr(one, field[:-2] + "en")
            if bool(value) != bool(other):
                yield field, "is there in one language only; write it in both."
            elif isinstance(value, str) and value == other and len(value.split()) >= SAME_WORDS:
                yield field, f"found the same text in Swedish and English ({value!r}); translate it."
        elif isinstance(value, tuple):
            for inner in value:
                if hasattr(inner, "sv"):
                    yield from ((f"{field}, {name}", said) for name, said in _languages(inner))


def _rests(problem: Problem) -> Faults:
    if len(problem.sources_sv) != len(problem.sources_en):
        yield (
            "sources_sv",
            f"has {len(problem.sources_sv)} and sources_en {len(problem.sources_en)}; write each in both.",
        )


def _problem(problem: Problem, found: Found) -> Faults:
    asked = {question.kind for question in problem.question}
    if lacking := [kind for kind in QUESTIONS if kind not in asked]:
        yield "question", f"no question of the kind {', '.join(lacking)}; write at least one of each."
    followed = [(id, "offences") for id in problem.offences]
    followed += [(one.offence, "indicator") for one in problem.indicator if one.offence]
    for id, field in followed:
        if id not in found.series:
            yield field, f"there is no offence series {id!r}; there are {', '.join(sorted(found.series))}."
    if (problem.share == "none") == bool(problem.offences):
        allowed = "'whole' or 'part'" if problem.offences else "'none'"
        yield "share", f"found {problem.share!r} with {len(problem.offences)} offence series; must be {allowed}."
    if not any(problem.id in measure.problems for measure in found.measures.values()):
        yield "id", "no measure names this problem; add it to the problems of at least one measure."


def _measure(measure: Measure, found: Found) -> Faults:
    for id in measure.problems:
        if id not in found.problems:
            yield "problems", f"there is no problem {id!r}. {_near(id, found.problems, 'problems.toml')}"
    if not any(row.measure == measure.id for row in found.studies.values()):
        yield (
            "id",
            (
                "no row in studies_*.toml has this measure; write one, or where no evaluation was found "
                "one with design 'none' and direction 'unknown' that says so."
            ),
        )
    if empty := [field for field in measure.basis if not getattr(measure, f"{field}_sv")]:
        yield "basis", f"names {', '.join(empty)}, which is empty; write it or take it out."


def _study(row: Study, found: Found) -> Faults:
    measure = found.measures.get(row.measure)
    if measure is None:
        yield "measure", f"there is no measure {row.measure!r}. {_near(row.measure, found.measures, 'measures_*.toml')}"
    for id in row.problems:
        if id not in found.problems:
            yield "problems", f"there is no problem {id!r}. {_near(id, found.problems, 'problems.toml')}"
        elif measure is not None and id not in measure.problems:
            yield "problems", f"{id!r} is no problem of {row.measure!r}; add it there or take it out here."
    if row.superseded_by:
        yield from _superseded(row, measure, found)
    if row.verified == UNVERIFIED:
        for place, same in _leaks(row, found):
            yield "verified", f"{same} of this unverified row stands in {place}; take it out there or verify the row."


def _superseded(row: Study, measure: Measure | None, found: Found) -> Faults:
    """A row gives way only to one that takes its place: on the same thing, of another publication, and shown."""
    newer = found.studies.get(row.superseded_by)
    if newer is None:
        yield (
            "superseded_by",
            f"there is no row {row.superseded_by!r}. {_near(row.superseded_by, found.studies, 'studies_*.toml')}",
        )
        return
    whole = measure.problems if measure else ()
    said = f"found {newer.id!r}, "
    if newer.verified == UNVERIFIED:
        yield "superseded_by", f"{said}which is unverified; nothing may give way to it."
    if (newer.measure, newer.outcome_kind) != (row.measure, row.outcome_kind):
        yield "superseded_by", f"{said}which is on another measure or kind of outcome; name a row on the same."
    if lost := sorted(set(row.problems or whole) - set(newer.problems or whole)):
        yield "superseded_by", f"{said}which does not concern {', '.join(lost)}; name a row that does."
    if newer.source == row.source:
        yield "superseded_by", f"{said}which is of the same publication; name a row of another."
    if newer.year < row.year:
        yield "superseded_by", f"{said}which is older ({newer.year} before {row.year}); turn it round."
    if newer.superseded_by:
        yield "superseded_by", f"{said}which gives way to {newer.superseded_by!r} itself; name the last one."


def _leaks(row: Study, found: Found) -> list[tuple[str, str]]:
    """Where percentages of an unverified row stand in what pages may tell of its measure."""
    beside = [one for one in found.studies.values() if one.measure == row.measure and one.verified != UNVERIFIED]
    claims = (_percentages(f"{row.result_sv} {row.result_en}") | _own(row)) - {n for one in beside for n in _own(one)}
    texts = [("measure", one) for one in found.measures.values() if one.id == row.measure]
    texts += [("row", one) for one in beside]
    texts += [("disagreement", one) for one in found.every[Disagreement] if row.measure in one.measures]
    return [
        (f"{name} {one.id!r}, {field}", ", ".join(f"{number} %" for number in sorted(same)))
        for name, one in texts
        for field, value in vars(one).items()
        if isinstance(value, str) and (same := claims & _percentages(value))
    ]


def _own(row: Study) -> set[str]:
    """The percentages that a row's numbers are, without sign."""
    numbers = (row.estimate, row.lower, row.upper) if row.metric == "relative change" else ()
    return {f"{abs(100 * number):.3g}" for number in numbers if number is not None}


def _percentages(text: str) -> set[str]:
    return {number.replace(",", ".") for number in _PERCENT.findall(text)}


def _counted(trial: Trial, found: Found) -> Faults:
    if trial.study not in {one.study for one in found.every[TrialSet]}:
        yield "study", f"say what is counted under a line [set.{trial.study}]."


def _counts(trial: Trial) -> Faults:
    for side in ("treated", "control"):
        n, total = getattr(trial, f"{side}_events"), getattr(trial, f"{side}_total")
        if not (0 <= n <= total and total > 0):
            yield f"{side}_events", f"found {n} of {total}; must be from 0 to the total, which must be above 0."


def _trial_set(one: TrialSet, found: Found) -> Faults:
    if not any(trial.study == one.study for trial in found.every[Trial]):
        yield "study", f"there are no trials of {one.study!r}; write them or remove the table."
    if not URL.fullmatch(one.url):
        yield "url", f"found {one.url!r}; must be an address, http(s)://…"
    row = found.studies.get(one.study)
    if row is None:
        yield "study", f"there is no row {one.study!r}. {_near(one.study, found.studies, 'studies_*.toml')}"
        return
    if row.verified == UNVERIFIED:
        yield "study", f"{one.study!r} is unverified; nothing may rest on it."
    if row.metric not in RATIOS:
        yield "study", f"{one.study!r} has the metric {row.metric!r}; counts are pooled to a ratio."
    if row.favourable != one.favourable:
        yield "favourable", f"found {one.favourable!r}, but its row says {row.favourable!r}; mend one of them."


def _disagreement(one: Disagreement, found: Found) -> Faults:
    for id in one.measures:
        if id not in found.measures:
            yield "measures", f"there is no measure {id!r}. {_near(id, found.measures, 'measures_*.toml')}"
    for id in one.studies:
        if id not in found.studies:
            yield "studies", f"there is no row {id!r}. {_near(id, found.studies, 'studies_*.toml')}"
        elif found.studies[id].verified == UNVERIFIED:
            yield "studies", f"{id!r} is unverified; nothing may rest on it."


def _item(item: LawItem) -> Faults:
    if not _ACT.fullmatch(item.act):
        yield "act", f"found {item.act!r}; must be as '2023:196'."
    if not URL.fullmatch(item.url):
        yield "url", f"found {item.url!r}; must be an address, http(s)://…"


# What is looked at within a record, and what between records.
_ALONE = {Problem: _rests, Study: of_row, Trial: _counts, LawItem: _item}
_BETWEEN = {
    Problem: _problem,
    Measure: _measure,
    Study: _study,
    Trial: _counted,
    TrialSet: _trial_set,
    Disagreement: _disagreement,
}


def _near(id: str, known: Iterable[str], files: str) -> str:
    close = difflib.get_close_matches(id, list(known), n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(map(repr, close))}?" if close else f"Write its record in {files}."
