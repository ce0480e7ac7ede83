"""What ``brapkg evidence TEXT`` tells in the terminal: the problem or measure that answers best."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable

from brapkg import evidence
from brapkg.evidence.kinds import Study
from brapkg.evidence.ratings import Rating
from brapkg.wording import Words

WIDTH = 100
# How many measures are told with their sources, and how many other hits by name.
MOST_MEASURES = 8
MOST_OTHERS = 4


def told(text: str, language: str = "sv") -> str:
    """What the knowledge base says on a text.

    Parameters
    ----------
    text : str
        Words in Swedish or English, an exact id (which wins), or a DOI.
    language : {"sv", "en"}
        The language of the answer.

    Returns
    -------
    str
        Lines to print. Where nothing answers they say so, and what there is.

    Raises
    ------
    UsageError
        For a language that there is not.
    """
    words = Words(language)
    hits = evidence.search(text, language)
    if not hits:
        return _nothing(text, words)
    first, *rest = hits
    tell = {"problem": _problem, "measure": _measure, "study": _study}[first.kind]
    lines = tell(first.id, words)
    others = [f"{hit.title} ({hit.id})" for hit in rest if hit.kind != "study"][:MOST_OTHERS]
    if others and first.kind != "problem":
        lines += ["", *_wrapped(words("evidence_told_others", names="; ".join(others)))]
    return "\n".join(lines)


def _nothing(text: str, words: Words) -> str:
    records = [*evidence.problems().values(), *evidence.measures().values()]
    names = {one.text("name", words.language).casefold(): one for one in records}
    close = difflib.get_close_matches(text.casefold(), names, n=3, cutoff=0.55)
    lines = [words("evidence_told_none", text=_printable(text))]
    if close:
        near = [f"{names[name].text('name', words.language)} ({names[name].id})" for name in close]
        lines += _wrapped(words("evidence_told_near", names="; ".join(near)))
    known = [problem.text("name", words.language) for problem in evidence.problems().values()]
    return "\n".join([*lines, *_wrapped(words("evidence_told_problems", names=", ".join(known)))])


def _problem(id: str, words: Words) -> list[str]:
    problem = evidence.problem(id)
    ratings = evidence.candidates(id)
    lines = [problem.text("name", words.language), "", *_wrapped(problem.text("what", words.language))]
    lines += ["", words("evidence_told_measures")]
    for rating in ratings[:MOST_MEASURES]:
        lines += ["", *_rated(rating, words), *_sources(rating.rows[:2], words)]
    if rest := ratings[MOST_MEASURES:]:
        names = [f"{one.measure.text('name', words.language)} ({_judged(one, words)})" for one in rest]
        lines += ["", *_wrapped(words("evidence_told_others", names="; ".join(names)))]
    return [*lines, "", words("evidence_told_more", id=ratings[0].measure.id)]


def _measure(id: str, words: Words) -> list[str]:
    measure, language = evidence.measure(id), words.language
    lines = [words("evidence_told_measure", name=measure.text("name", language)), ""]
    lines += _wrapped(measure.text("what", language))
    alike: dict[tuple, list[Rating]] = {}
    for problem in measure.problems:
        rating = evidence.rating(id, problem)
        alike.setdefault((_judged(rating, words), rating.reasons), []).append(rating)
    for (judged, reasons), ratings in alike.items():
        against = ", ".join(evidence.problem(one.problem).text("name", language) for one in ratings)
        why = " ".join(words(f"evidence_reason_{reason}") for reason in reasons)
        lines += ["", f"  {judged}", *_wrapped(words("evidence_told_against", problems=against), "  ")]
        lines += _wrapped(f"{words('evidence_told_why')} {why}", "  ")
    for one in evidence.disagreements(id):
        told = " ".join(one.text(field, language) for field in ("question", "one", "other"))
        lines += ["", *_wrapped(f"{words('evidence_told_dissent')} {told}", "  ")]
    rows, swedish = evidence.studies(id), any(one.swedish for ratings in alike.values() for one in ratings)
    return [*lines, "", words("evidence_told_studies"), f"  {_counted(rows, swedish, words)}", *_sources(rows, words)]


def _study(id: str, words: Words) -> list[str]:
    row = evidence.study(id)
    measure = evidence.measure(row.measure).text("name", words.language)
    return [*_sources([row], words), *_wrapped(f"{words('evidence_told_measure', name=measure)} ({row.measure})", "  ")]


def _rated(rating: Rating, words: Words) -> list[str]:
    """A measure's name, what was found and how sure it is, and how many sources there are."""
    rows = (*rating.rows, *rating.opposing, *rating.others)
    return [
        f"{rating.measure.text('name', words.language)} ({rating.measure.id})",
        f"  {_judged(rating, words)}",
        f"  {_counted(rows, rating.swedish, words)}",
    ]


def _counted(rows: Iterable[Study], swedish: bool, words: Words) -> str:
    """How many publications there are, without those whose studies are in another, and whether one is Swedish."""
    sources = len({row.source for row in rows if not row.superseded_by})
    at_home = words("evidence_told_yes" if swedish else "evidence_told_no")
    return words("evidence_told_sources", n=words.number(sources), swedish=at_home)


def _judged(rating: Rating, words: Words) -> str:
    effect = words(f"problem_rating_{rating.effect}")
    if rating.effect == "unknown":
        return effect
    told = words("evidence_told_line", effect=effect, certainty=words(f"problem_certainty_short_{rating.certainty}"))
    return f"{told} ({words('evidence_told_avoid')})" if rating.avoid else told


def _sources(rows: tuple[Study, ...] | list[Study], words: Words) -> list[str]:
    """What each publication found, and where that is written."""
    lines = []
    for source in dict.fromkeys(row.source for row in rows):
        same = [row for row in rows if row.source == source]
        for row in same:
            how = {"second-hand": "evidence_told_second", "recomputed": "evidence_told_recomputed"}.get(row.verified)
            found = row.text("result", words.language) + (f" {words(how)}" if how else "")
            if row.superseded_by:
                newer = evidence.study(row.superseded_by).cited(words.language)
                found += f" {words('evidence_told_superseded', source=newer)}"
            lines += _wrapped(found, "  - ", "    ")
        one = same[0]
        lines += _wrapped(f"{one.cited(words.language)} {'https://doi.org/' + one.doi if one.doi else one.url}", "    ")
    return lines


def _wrapped(text: str, first: str = "", rest: str | None = None) -> list[str]:
    later = first if rest is None else rest
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )


def _printable(text: str) -> str:
    """A text without what could steer a terminal, shortened."""
    return textwrap.shorten("".join(c if c.isprintable() else " " for c in text), 60, placeholder="…")
