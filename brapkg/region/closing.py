"""What the figures cannot tell, and where they come from."""

from __future__ import annotations

from brapkg import __version__, catalogue
from brapkg.blocks import Points, Section, Terms, Text
from brapkg.indicators import municipal
from brapkg.region import rule
from brapkg.region.page import Page
from brapkg.settings import settings
from brapkg.wording import split

LIMITS = ("limit_crime", "limit_place", "limit_why", "limit_effect", "limit_fear")
METHODS = (
    "rate",
    "interval",
    "wobble",
    "words",
    "standardised",
    "trend",
    "signals",
    "peers",
    "ranks",
    "funnel",
    "disclosure",
)


def limits(page: Page) -> Section:
    """What the figures cannot tell."""
    points = [split(page.words(name)) for name in LIMITS]
    return page.section("vad-siffrorna-inte-sager", "limits", Points([Text(b, a) for a, b in points]))


def sources(page: Page) -> Section:
    """Sources, method, quality by SCB's components, how to cite."""
    w, county = page.words, page.county
    edition = municipal.edition_for(county.period)
    told = [
        w("sources_bra", years=page.years, preliminary=page.preliminary_note),
        w("sources_scb"),
        w("sources_skr", edition=edition),
    ]
    wobble = county.tables.built_rows("wobble", kind="county", offence=catalogue.TOTAL)["sd"]
    values = {
        "wobble": w.percent(wobble.iloc[0] if len(wobble) else float("nan")),
        "enough": municipal.ENOUGH_EXPECTED,
        "members": municipal.ENOUGH_MEMBERS,
        "false": w.percent(settings().false_share),
        "rule": _rule(page),
    }
    method = [split(w(f"method_{name}", **values)) for name in METHODS]
    # Before the small counts, which come last.
    method[-1:-1] = rule.method(page)
    cite = Text(w("cite_text", county=page.name, year=page.year, version=__version__), f"{w('cite')}.")
    return page.section(
        "kallor-och-metod",
        "sources",
        Points([Text(b, a) for a, b in map(split, told)]),
        Terms(w("method"), method),
        Terms(w("quality"), _quality(page)),
        cite,
    )


def _rule(page: Page) -> str:
    """Which small counts are kept back."""
    hidden = settings().largest_hidden
    told = [page.words(f"rule_{period}", n=largest) for period, largest in hidden.items() if largest]
    return " ".join(told) or page.words("rule_none")


def _quality(page: Page) -> list[tuple[str, str]]:
    w, coverage = page.words, page.county.coverage
    known = (
        w("fact_coverage_none")
        if coverage is None
        else w("quality_accuracy_share", share=w.percent(coverage["share"]), year=coverage["year"])
    )
    status = w(f"quality_time_{page.county.status}", year=page.year)
    return [
        split(w("quality_relevance")),
        split(w("quality_accuracy", coverage=known)),
        split(w("quality_time", status=status)),
        split(w("quality_access")),
        split(w("quality_compare")),
    ]
