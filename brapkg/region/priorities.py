"""What stands out, and the way on: questions about causes, measures to try, what to follow up with."""

from __future__ import annotations

import math
import re

import pandas as pd

from brapkg import findings
from brapkg.blocks import Card, Cards, Part, Points, Section, Table, Text, table
from brapkg.evidence.kinds import Problem, Study
from brapkg.evidence.ratings import Rating
from brapkg.priorities import FEW, Priority, priorities
from brapkg.region.page import Page
from brapkg.region.rule import weighed
from brapkg.sections.area import HIGHER
from brapkg.wording import Words, capital, split

# A fall is told in per cent up to here; beyond it the text says that not even a halving would be seen.
HALF = 0.5
# From here on the text says that a measure may have worked without its showing.
LARGE = 0.25
# Characters of a source's authors.
LONGEST = 60
# The beginning of a citation: authors and year.
_AUTHORS = re.compile(r"^.*?\b(?:19|20)\d\d\b\)?")


# --- what stands out


def stands_out(page: Page) -> Section:
    """Cards by the rule in ``findings``, and what goes well."""
    w = page.words
    found = findings.standing_out(page.county)
    parts: list = []
    if found:
        number = capital(w.count_word(len(found), neuter=True))
        names = w.listed([w(f"priority_weighed_{name}") for name in weighed()])
        parts.append(Text(w("priority_one" if len(found) == 1 else "priority_many", n=number, weighed=names)))
        parts.append(Cards([_card(page, n, finding) for n, finding in enumerate(found, 1)]))
    else:
        parts.append(Text(w("priority_none")))
    well = findings.going_well(page.county)
    if well:
        form = "priority_well_level" if page.county.trend.empty else "priority_well_text"
        parts.append(Text(w(form, names=page.offence_names(well)), w("priority_well")))
    return page.section("det-som-sticker-ut", "priority_heading", *parts)


def _card(page: Page, number: int, finding: findings.Finding) -> Card:
    w = page.words
    row = page.county.level_rows[finding.offence]
    level = w.verdict(finding.level)
    if finding.level != "few":
        level = f"{w.deviation(row['ratio_value'])} ({w.signed_range(row['ratio_lower'], row['ratio_upper'])}): {level}"
    facts = [
        (w("priority_level"), level),
        (w("priority_trend"), page.trend_words(finding.offence, "priority_trend")),
        (w("priority_harm"), w("priority_harm_value", n=finding.harm)),
    ]
    title, ask = _title(page, number, finding), page.offence(finding.offence, "ask")
    return Card(title, facts, finding.certainty, _why(page, finding), ask)


def _title(page: Page, number: int, finding: findings.Finding) -> str:
    offence = page.offence(finding.offence, "name")
    if finding.places and len(page.county.members) > 1:
        places = page.words.names(finding.places, most=5)
        return page.words("priority_title_places", n=number, offence=offence, places=places)
    return page.words("priority_title", n=number, offence=offence)


def _why(page: Page, finding: findings.Finding) -> str:
    w, parts = page.words, []
    if finding.level in HIGHER:
        parts.append(w("priority_why_level", verdict=w.verdict(finding.level)))
    if finding.trend == "rising":
        both = "step" in page.county.trend_rows[finding.offence]
        parts.append(w("priority_why_trend" if both else "priority_why_trend_smooth"))
    if finding.trend == "depends":
        parts.append(w(_which_model(page, finding.offence)))
    if finding.places:
        parts.append(w("priority_why_places", names=w.names(finding.places, most=12)))
    lost = [w(f"priority_lost_{reason}") for reason in finding.lost]
    if lost:
        parts.append(w("priority_lost", reasons=w.listed(lost)))
    return " ".join(parts)


def _which_model(page: Page, offence: str) -> str:
    """The text that says what one trend model shows and the other does not."""
    ways = findings.trend_ways(page.county, offence)
    if "falling" not in ways:
        return "priority_why_depends"
    return "priority_why_depends_both" if "rising" in ways else "priority_why_depends_falling"


# --- from problem to follow-up


def chain(page: Page) -> Section:
    """For each priority: questions about causes, measures to try, what to follow up with."""
    w, found = page.words, priorities(page.county)
    if not found:
        return page.section("fran-problem-till-uppfoljning", "priority_chain", Text(w("priority_chain_none")))
    parts = [_part(page, number, priority) for number, priority in enumerate(found, 1)]
    caution = Text(w("priority_caution_text"), w("priority_caution"))
    return page.section(
        "fran-problem-till-uppfoljning", "priority_chain", Text(w("priority_chain_text")), *parts, caution
    )


def _part(page: Page, number: int, priority: Priority) -> Part:
    w = page.words
    offence = page.offence(priority.finding.offence, "name")
    parts: list = [Text(_holds(page, priority))]
    if priority.known.problems:
        parts.append(Part(w("priority_questions"), [_questions(page, priority)], level=4))
        parts.append(Part(w("priority_measures"), _measures(page, priority), level=4))
    parts.append(Part(w("priority_follow"), [_follow(page, priority)], level=4))
    return Part(w("priority_title", n=number, offence=offence), parts, id=f"prioritering-{number}")


def _holds(page: Page, priority: Priority) -> str:
    """Which problems the offence group holds, and that the mapping must tell them apart."""
    w, problems = page.words, priority.known.problems
    if not problems:
        return w("priority_problems_none")
    names = _names(page, problems)
    if len(problems) == 1:
        return w("priority_problems_whole" if problems[0].share == "whole" else "priority_problems_one", problem=names)
    return w("priority_problems_many", problems=names)


def _names(page: Page, problems: tuple[Problem, ...]) -> str:
    return page.words.listed([one.text("lower", page.language) for one in problems])


def _questions(page: Page, priority: Priority) -> Points:
    w, alone = page.words, len(priority.known.problems) == 1
    items = []
    for problem, question in priority.known.questions:
        kind = w(f"priority_kind_{question.kind}")
        name = problem.text("lower", page.language)
        lead = w("priority_question_alone", kind=kind) if alone else w("priority_question", kind=kind, problem=name)
        items.append(Text(question.text("name", page.language), lead))
    return Points(items)


def _measures(page: Page, priority: Priority) -> list:
    w, known = page.words, priority.known
    parts: list = [_table(page, priority)] if known.tried else []
    if known.nothing:
        names = _names(page, known.nothing)
        parts.append(Text(w("priority_nothing_text", problems=names), w("priority_nothing")))
    for pairs, name in ((known.mixed, "mixed"), (known.no_effect, "no_effect"), (known.avoid, "avoid")):
        if pairs:
            alone = len(known.problems) == 1
            measures = " ".join(capital(_against(page, *pair, alone)) for pair in pairs)
            parts.append(Text(w(f"priority_{name}_text", measures=measures), w(f"priority_{name}")))
    return parts


def _against(page: Page, problems: tuple[Problem, ...], rating: Rating, alone: bool) -> str:
    measure = rating.measure.text("lower", page.language)
    if alone:
        return f"{measure}."
    return page.words("priority_against", measure=measure, problems=_names(page, problems))


def _table(page: Page, priority: Priority) -> Table:
    w, known = page.words, priority.known.problems
    # The series need not be the problem: what a measure is against then has to be told.
    alone = len(known) == 1 and known[0].share == "whole"
    rows = []
    for problems, rating in priority.known.tried:
        row = {w("priority_col_measure"): rating.measure.text("name", page.language)}
        if not alone:
            row[w("priority_col_problem")] = capital(_names(page, problems))
        row[w("priority_col_effect")] = _effect(w, rating)
        row[w("priority_col_certainty")] = w(f"certainty_{rating.certainty}")
        row[w("priority_col_ground")] = _ground(w, rating)
        rows.append(row)
    caption = w("priority_measures_caption", offence=page.offence(priority.finding.offence, "lower"))
    columns = tuple(rows[0])[1:]
    return table(caption, rows, pd.DataFrame(), text_columns=columns, stacked=True)


def _effect(words: Words, rating: Rating) -> str:
    """The effect in words, and on what where that is not crime."""
    effect = words(f"priority_effect_{rating.effect}")
    if rating.outcome == "crime":
        return effect
    return words("priority_effect_other", effect=effect, outcome=words(f"priority_outcome_{rating.outcome}"))


def _ground(words: Words, rating: Rating) -> str:
    """How many evaluations, the largest and latest source, and whether there is a Swedish one."""
    row = max(rating.rows, key=lambda row: (row.studies or 0, row.year, row.id))
    where = words(f"priority_swedish_{'yes' if rating.swedish else 'nordic' if rating.nordic else 'no'}")
    return words("priority_ground", evaluations=_evaluations(words, rating), source=_source(words, row), swedish=where)


def _evaluations(words: Words, rating: Rating) -> str:
    """How many evaluations carry the rating, where that could be read."""
    largest = max((row.studies or 0 for row in rating.rows), default=0)
    if not largest and any(row.kind == "review" for row in rating.rows):
        return words("priority_evaluations_review")
    number = max(largest, len({row.source for row in rating.rows}))
    return words("priority_evaluations_one" if number == 1 else "priority_evaluations_many", n=words.number(number))


def _source(words: Words, row: Study) -> str:
    """Authors and year of a citation; of one that is long or has no year only the first name."""
    authors = _AUTHORS.match(row.cited(words.language))
    if authors and len(authors[0]) <= LONGEST:
        return authors[0]
    first = row.cited(words.language).split(",")[0]
    name = "priority_source_many" if authors and "&" in authors[0] else "priority_source"
    return words(name, first=first, year=row.year if row.dated else words("problem_undated"))


def _follow(page: Page, priority: Priority) -> Points:
    w = page.words
    items = [_today(page, priority.finding.offence), _smallest(w, priority.smallest_fall)]
    if priority.known.indicators:
        told = [
            w("priority_indicator", what=one.text("name", page.language), source=one.text("source", page.language))
            for one in priority.known.indicators
        ]
        items.append(Text(" ".join(told), w("priority_indicators")))
    return Points(items)


def _today(page: Page, offence: str) -> Text:
    w, row = page.words, page.county.level_rows[offence]
    name = "priority_today"
    if math.isnan(row["count"]):
        name += "_withheld"
    elif row["count"] < FEW:
        name += "_few"
    told = {"year": page.period, "count": w.number(row["count"])}
    rate = {"rate": w.number(row["value"]), "range": w.rate_range(row["lower"], row["upper"])}
    strong, body = split(w(name, **told, **rate))
    return Text(body, strong)


def _smallest(words: Words, falls: dict[int, float | None]) -> Text:
    """The smallest fall that would be seen after one and after three years, rounded up."""
    one, three = falls.values()
    if one is None or three is None:
        name = "unknown"
    else:
        # NaN, where no fall would be seen, is not up to a half either.
        name = "both" if one <= HALF else "three" if three <= HALF else "none"
    told = {} if name in ("unknown", "none") else {"one": _upwards(words, one), "three": _upwards(words, three)}
    parts = [words(f"priority_smallest_{name}", **told)]
    if name in ("both", "three") and one > LARGE:
        parts.append(words("priority_smallest_large"))
    return Text(" ".join(parts), words("priority_smallest"))


def _upwards(words: Words, share: float) -> str:
    return words.number(math.ceil(100 * share - 1e-9)) if math.isfinite(share) else ""
