"""What the figures cannot tell, and where they come from."""

from __future__ import annotations

from brapkg.blocks import Section
from brapkg.region.page import Page
from brapkg.sections import closing, rule
from brapkg.wording import split

LIMITS = ("limit_crime", "limit_place", "limit_why", "limit_effect", "limit_fear")
METHODS = (
    "method_rate",
    "method_interval",
    "method_wobble",
    "method_words",
    "method_standardised",
    "method_trend",
    "method_signals",
    "method_peers",
    "method_ranks",
    "method_funnel",
)


def limits(page: Page) -> Section:
    """What the figures cannot tell."""
    return closing.limits(page, LIMITS)


def sources(page: Page) -> Section:
    """Sources, method, quality by SCB's components, how to cite."""
    w, coverage = page.words, page.county.coverage
    method = [
        *closing.methods(page, METHODS),
        *rule.method(page),
        *closing.methods(page, ["method_disclosure"]),
    ]
    known = (
        w("fact_coverage_none")
        if coverage is None
        else w("quality_accuracy_share", share=w.percent(coverage["share"]), year=coverage["year"])
    )
    return closing.sources(page, method, split(w("quality_accuracy", coverage=known)), "cite_text", county=page.name)
