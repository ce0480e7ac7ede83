"""What stands out, and the way on: questions about causes, measures to try, what to follow up with.

For the page of a county or a municipality.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd

from brapkg import findings
from brapkg.blocks import Cards, Part, Points, Section, Table, Text, table
from brapkg.evidence import citing
from brapkg.evidence.kinds import Problem
from brapkg.evidence.ratings import Rating
from brapkg.findings import Finding
from brapkg.priorities import FEW, HALF, Priority, seen_after
from brapkg.sections import cards
from brapkg.sections.area import AreaPage
from brapkg.sections.rule import weighed
from brapkg.wording import GRADES, Words, capital, split

# From here on the text says that a measure may have worked without its showing.
LARGE = 0.25


# --- what stands out


def stands_out(page: AreaPage) -> Section:
    """Cards by the rule in ``findings``, and what goes well."""
    w = page.words
    found = findings.standing_out(page.profile)
    parts: list = []
    if found:
        number = capital(w.count_word(len(found), neuter=True))
        names = w.listed([w(f"priority_weighed_{name}") for name in weighed(page)])
        form = _call(found)
        parts.append(Text(w(f"{form}_one" if len(found) == 1 else f"{form}_many", n=number, weighed=names)))
        parts.append(Cards([cards.card(page, n, finding) for n, finding in enumerate(found, 1)]))
    else:
        parts.append(Text(w("priority_none")))
    well = findings.going_well(page.profile)
    if well:
        parts += cards.well(page, well)
    return page.section("det-som-sticker-ut", "priority_heading", *parts)


def _call(found: list[Finding]) -> str:
    """How strongly the figures call for something: single high years and weak signs call for no measure yet."""
    if all(finding.single_year for finding in found):
        return "priority_followed"
    if all(finding.single_year or finding.certainty == GRADES[0] for finding in found):
        return "priority_unsure"
    return "priority"


# --- from problem to follow-up


def chain(page: AreaPage) -> Section:
    """For each priority: questions about causes, measures to try, what to follow up with."""
    w, found = page.words, page.priorities
    if not found:
        return page.section("fran-problem-till-uppfoljning", "priority_chain", Text(w("priority_chain_none")))
    parts = [_part(page, number, priority) for number, priority in enumerate(found, 1)]
    caution = Text(w("priority_caution_text"), w("priority_caution"))
    return page.section(
        "fran-problem-till-uppfoljning", "priority_chain", Text(w("priority_chain_text")), *parts, caution
    )


def _part(page: AreaPage, number: int, priority: Priority) -> Part:
    w = page.words
    offence = page.offence(priority.finding.offence, "name")
    parts: list = [Text(_holds(page, priority))]
    if first := _first(page, priority.finding):
        parts.append(first)
    if priority.known.problems:
        parts.append(Part(w("priority_questions"), [_questions(page, priority)], level=4))
        parts.append(Part(w("priority_measures"), _measures(page, priority), level=4))
    parts.append(Part(w("priority_follow"), [_follow(page, priority)], level=4))
    return Part(w("priority_title", n=number, offence=offence), parts, id=f"prioritering-{number}")


def _first(page: AreaPage, finding: Finding) -> Text | None:
    """What to find out before any measure, where a single high year is all that stands out."""
    if not finding.single_year:
        return None
    w, cases = page.words, cards.cases(page, finding)
    text = w("priority_first_cases", cases=cases) if cases else w("priority_first_year", year=page.year)
    return Text(text, w("priority_first"))


def _holds(page: AreaPage, priority: Priority) -> str:
    """Which problems the offence group holds, and that the mapping must tell them apart."""
    w, problems = page.words, priority.known.problems
    if not problems:
        return w("priority_problems_none")
    names = _names(page, problems)
    if len(problems) == 1:
        return w("priority_problems_whole" if problems[0].share == "whole" else "priority_problems_one", problem=names)
    return w("priority_problems_many", problems=names)


def _names(page: AreaPage, problems: tuple[Problem, ...]) -> str:
    return page.words.listed([one.text("lower", page.language) for one in problems])


def _questions(page: AreaPage, priority: Priority) -> Points:
    w, alone = page.words, len(priority.known.problems) == 1
    items = []
    for problem, question in priority.known.questions:
        kind = w(f"priority_kind_{question.kind}")
        name = problem.text("lower", page.language)
        lead = w("priority_question_alone", kind=kind) if alone else w("priority_question", kind=kind, problem=name)
        items.append(Text(question.text("name", page.language), lead))
    return Points(items)


def _measures(page: AreaPage, priority: Priority) -> list:
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


def _against(page: AreaPage, problems: tuple[Problem, ...], rating: Rating, alone: bool) -> str:
    measure, names = rating.measure.text("lower", page.language), _names(page, problems)
    if alone or names in measure:
        return f"{measure}."
    return page.words("priority_against", measure=measure, problems=names)


def _table(page: AreaPage, priority: Priority) -> Table:
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
    source = citing.short(citing.leading(rating), words)
    where = words(f"priority_swedish_{'yes' if rating.swedish else 'nordic' if rating.nordic else 'no'}")
    return words("priority_ground", evaluations=_evaluations(words, rating), source=source, swedish=where)


def _evaluations(words: Words, rating: Rating) -> str:
    """How many evaluations carry the rating, where that could be read."""
    largest = max((row.studies or 0 for row in rating.rows), default=0)
    if not largest and any(row.kind == "review" for row in rating.rows):
        return words("priority_evaluations_review")
    number = max(largest, len({row.source for row in rating.rows}))
    return words("priority_evaluations_one" if number == 1 else "priority_evaluations_many", n=words.number(number))


def _follow(page: AreaPage, priority: Priority) -> Points:
    w = page.words
    falls = SMALLEST[page.area.kind](w, priority.smallest_fall)
    items = [_today(page, priority.finding.offence), Text(falls, w("priority_smallest"))]
    if priority.known.indicators:
        told = [
            w("priority_indicator", what=one.text("name", page.language), source=one.text("source", page.language))
            for one in priority.known.indicators
        ]
        items.append(Text(" ".join(told), w("priority_indicators")))
    return Points(items)


def _today(page: AreaPage, offence: str) -> Text:
    w, row = page.words, page.profile.level_rows[offence]
    first, last = int(row.get("first_year", page.profile.period)), page.profile.period
    name = "priority_today"
    if math.isnan(row["count"]):
        name += "_withheld"
    elif row["count"] < FEW:
        name += "_few"
    elif first < last:
        name += "_pooled"
    years = page.period if first == last else w.years(first, last)
    if first < last and page.profile.status == "preliminary":
        years = w("priority_pooled_years", years=years, year=page.year)
    told = {"year": years, "count": w.number(row["count"])}
    rate = {"rate": w.number(row["value"]), "range": w.rate_range(row["lower"], row["upper"])}
    strong, body = split(w(name, **told, **rate))
    return Text(body, strong)


def _smallest_county(words: Words, falls: dict[int, float | None]) -> str:
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
        parts.append(words("priority_smallest_large", whose=words("priority_whose_county")))
    return " ".join(parts)


def _smallest_municipality(words: Words, falls: dict[int, float | None]) -> str:
    """The smallest fall that would be seen, by years after, from the first at which it is at most a half."""
    if None in falls.values():
        return words("priority_smallest_unknown")
    seen, last = seen_after(falls), words.count_word(max(falls))
    if not seen:
        return words("priority_smallest_never", years=last)
    told = [
        words("priority_smallest_after", n=_upwards(words, fall), years=_after(words, after))
        for after, fall in seen.items()
    ]
    first, parts = next(iter(seen)), [words("priority_smallest_seen", falls=words.listed(told))]
    if seen[first] > LARGE:
        parts.append(words("priority_smallest_large", whose=words("priority_whose_municipality")))
    if first > min(falls):
        parts.append(words("priority_smallest_before", years=_after(words, first)))
    return " ".join(parts)


def _after(words: Words, years: int) -> str:
    """ "ett år", "två år"."""
    name = "priority_after_one" if years == 1 else "priority_after_many"
    return words(name, n=words.count_word(years, neuter=True))


SMALLEST: dict[str, Callable] = {"county": _smallest_county, "municipality": _smallest_municipality}


def _upwards(words: Words, share: float) -> str:
    return words.number(math.ceil(100 * share - 1e-9)) if math.isfinite(share) else ""
