"""Head, summary, where and when, and the questions about causes."""

from __future__ import annotations

from collections.abc import Sequence

from brapkg.blocks import Head, Listing, Points, Section, Text
from brapkg.evidence.kinds import QUESTIONS
from brapkg.evidence.ratings import Rating
from brapkg.problem import told
from brapkg.problem.measures import overview
from brapkg.problem.page import Page


def head(page: Page) -> Head:
    """Kind, title, what the problem is, and when the knowledge base was checked."""
    w = page.words
    lead = page.problem.text("what", page.language)
    status = w("problem_status", date=told.checked(w))
    return Head(w("problem_kind"), page.name, lead, status, w("problem_meta"), w)


def brief(page: Page) -> Section:
    """At most five sentences, chosen by the ratings, and every measure with its effect and certainty."""
    w = page.words
    sentences = [_works(page), _against(page), _unknown(page), _swedish(page), _people(page)]
    points = Points([one for one in sentences if one], css="points", note=w("problem_brief_note"))
    return page.section("kort-sagt", "problem_brief", points, overview(page), css="summary")


def _names(page: Page, ratings: Sequence[Rating]) -> str:
    """The measures inside a sentence."""
    return told.named([rating.measure.text("lower", page.language) for rating in ratings], page.words)


def _graded(page: Page, ratings: Sequence[Rating]) -> str:
    """The measures inside a sentence with their certainty, told once where all have the same."""
    w = page.words
    if len(ratings) > 1 and len({rating.certainty for rating in ratings}) == 1:
        certainty = told.certainty(ratings[0].certainty, w)
        return w("problem_named_all", names=_names(page, ratings), certainty=certainty)
    names = []
    for rating in ratings:
        name, certainty = rating.measure.text("lower", page.language), told.certainty(rating.certainty, w)
        names.append(w("problem_named", name=name, certainty=certainty))
    return told.named(names, w, most=4)


def _works(page: Page) -> Text:
    w = page.words
    effective, promising = page.rated("effective"), page.rated("promising")
    parts = []
    if effective:
        parts.append(w("problem_brief_effective", problem=page.lower, names=_graded(page, effective)))
    if promising:
        parts.append(w("problem_brief_promising", names=_graded(page, promising)))
    if parts:
        return Text(" ".join(parts), w("problem_brief_works"))
    count = len(page.ratings)
    form = "problem_brief_nothing_one" if count == 1 else "problem_brief_nothing_why"
    return Text(w(form, n=w.count_word(count), problem=page.lower), w("problem_brief_nothing"))


def _against(page: Page) -> Text | None:
    w, parts = page.words, []
    if harmful := page.rated("harmful"):
        parts.append(w("problem_brief_harmful", names=_names(page, harmful)))
    if none := page.rated("no_shown_effect"):
        parts.append(w("problem_brief_none", names=_names(page, none)))
    return Text(" ".join(parts), w("problem_brief_against")) if parts else None


def _unknown(page: Page) -> Text | None:
    w, parts = page.words, []
    if mixed := page.rated("mixed"):
        parts.append(w("problem_brief_mixed_names", names=_names(page, mixed)))
    if unknown := page.rated("unknown"):
        parts.append(w("problem_brief_unknown_names", names=_names(page, unknown)))
    claim = "problem_brief_unknown" if unknown else "problem_brief_mixed"
    return Text(" ".join(parts), w(claim)) if parts else None


def _swedish(page: Page) -> Text:
    w = page.words
    found = [rating for rating in page.ratings if rating.swedish]
    if found:
        return Text(w("problem_brief_swedish_names", names=_names(page, found)), w("problem_brief_swedish"))
    return Text(w("problem_brief_swedish_none"), w("problem_brief_swedish"))


def _people(page: Page) -> Text:
    return Text(page.words("problem_brief_people_why"), page.words("problem_brief_people"))


def where(page: Page) -> Section:
    """Where and when it tends to occur, who is harmed, and what the statistics can tell."""
    w, problem = page.words, page.problem
    series = w(f"problem_where_share_{problem.share}", series=page.series())
    points = [
        Text(problem.text("where", page.language), w("problem_where_place")),
        Text(problem.text("when", page.language), w("problem_where_time")),
        Text(problem.text("harm", page.language), w("problem_where_harm")),
        Text(f"{problem.text('series', page.language)} {series}", w("problem_where_series")),
    ]
    rests = w("problem_where_rests", sources="; ".join(problem.text("sources", page.language)))
    return page.section("var-och-nar", "problem_where", Text(w("problem_where_title")), Points(points, note=rests))


def causes(page: Page) -> Section:
    """Questions by the crime triangle, then on the situation and social conditions."""
    w = page.words
    lists = []
    for kind in QUESTIONS:
        asked = [one.text("name", page.language) for one in page.problem.question if one.kind == kind]
        lists.append(Listing(w(f"problem_causes_{kind}"), asked))
    return page.section("fragor-om-orsaker", "problem_causes", Text(w("problem_causes_text")), *lists)
