"""Cost, verdict with its rule, what this cannot tell, method and sources."""

from __future__ import annotations

import pandas as pd

from brapkg import __version__, evidence
from brapkg.blocks import Callout, NumberedTable, Part, Points, Section, Terms, Text, table
from brapkg.effects import verdict as rule
from brapkg.effects.estimators import LOCAL
from brapkg.evaluation import study
from brapkg.evaluation.page import DESIGNS, Page
from brapkg.wording import split

# The row that comes with the project.
EXAMPLE = "pahittad-atgard"
LIMITS = ("limit_cause", "limit_crime", "limit_other", "limit_short", "limit_place", "limit_fear")
METHODS = (
    "window",
    *(f"design_{design}" for design in (*DESIGNS[:3], LOCAL, *DESIGNS[3:])),
    "calibration",
    "visible",
    "trends",
    "near",
    "cost",
)


def cost(page: Page) -> Section:
    """Kronor for each offence avoided, only where the verdict is a fall."""
    w, kronor = page.words, page.measure.cost
    if kronor is None:
        return page.section("kostnad", "cost", Callout(page("cost_missing"), page("cost_missing_why")))
    told = Text(page("cost_told", kronor=w.number(kronor)))
    if not page.priced:
        why = page("cost_no_interval_why" if not page.verdict.counted else "cost_none_why")
        return page.section("kostnad", "cost", told, Callout(page("cost_none"), why))
    rows, data = [], []
    for design in DESIGNS:
        found = rule.cost(kronor, page.results[design], page.judged[design].expected)
        one = bool(found.missing)
        rows.append(
            {
                page("col_design"): page.name(design),
                page("col_avoided"): page("cost_not") if one else w.number(found.avoided),
                page("col_cost"): page("cost_not") if one else w.number(found.value),
                page("col_cost_range"): page("cost_not") if one else w.rate_range(found.lower, found.upper),
            }
        )
        data.append(
            {
                "design": design,
                "avoided": found.avoided,
                "cost": found.value,
                "lower": found.lower,
                "upper": found.upper,
                "missing": found.missing,
            }
        )
    made = table(
        page("cost_table", n=page.table_number("cost")), rows, pd.DataFrame(data), note=page("cost_note"), stacked=True
    )
    return page.section("kostnad", "cost", told, NumberedTable(page.table_number("cost"), made))


def verdict(page: Page) -> Section:
    """The verdict in words, the whole scale, and the rule it comes from."""
    found = page.verdict
    parts: list = [Text(page.verdict_why, page(f"verdict_{found.word}") + ".")]
    if found.lowered and found.word != "undecided":
        parts.append(Text(page("verdict_lowered")))
    if page.measure.placebo:
        parts.append(Callout(page("placebo_mark"), page.placebo_verdict))
    scale = [(page(f"verdict_{word}"), page(f"rule_{word}")) for word in rule.SCALE]
    rules = Terms(page("rule"), [*scale, split(page("rule_trends"))])
    return page.section("omdome", "verdict", *parts, rules, *study.verdicts(page))


def limits(page: Page) -> Section:
    """What this cannot tell."""
    points = [split(page(name)) for name in LIMITS]
    return page.section("vad-detta-inte-sager", "limits", Points([Text(b, a) for a, b in points]))


def sources(page: Page) -> Section:
    """Method and its own test, sources, how to cite."""
    w, one = page.words, page.measure
    method = [split(page(f"method_{name}")) for name in METHODS]
    told = [
        split(page("source_register")),
        *map(split, (w("sources_bra", years=_years(page), preliminary=""), w("sources_scb"))),
    ]
    title = page.title
    known = evidence.problem(one.problem)
    problem = known.sv if page.language == "sv" else known.en
    register = page("register_row", id=one.id, owner=one.owner or page("owner_none"), problem=problem)
    chosen = [Text(page("example_rule"), page("example"))] if one.placebo and one.id == EXAMPLE else []
    cite = Text(page("cite", title=title, version=__version__), f"{w('cite')}.")
    return page.section(
        "kallor-och-metod",
        "sources",
        Terms(w("method"), method),
        *study.parts(page),
        Part(page("register"), [Text(register), *chosen, Points([Text(b, a) for a, b in told]), cite]),
    )


def _years(page: Page) -> str:
    return page.words.years(page.design.first // 12, page.design.last // 12)
