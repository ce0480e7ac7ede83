"""What the figures cannot tell, and where they come from."""

from __future__ import annotations

from brapkg.blocks import Section
from brapkg.nation.page import Page
from brapkg.sections import closing
from brapkg.wording import split

LIMITS = ("limit_crime", "limit_place", "nation_limit_compare", "limit_why", "limit_effect", "limit_fear")
METHODS = (
    "method_rate",
    "method_interval",
    "method_wobble",
    "nation_method_parts",
    "method_words",
    "method_standardised",
    "nation_method_trend",
    "method_peers",
    "nation_method_spread",
    "method_ranks",
    "nation_method_official",
    "method_disclosure",
)


def limits(page: Page) -> Section:
    """What the figures cannot tell."""
    return closing.limits(page, LIMITS)


def sources(page: Page) -> Section:
    """Sources, method, quality by SCB's components, how to cite."""
    w, coverage = page.words, page.nation.coverage
    known = w("fact_coverage_none") if coverage is None else w.percent(coverage["share"])
    accuracy = split(w("nation_quality_accuracy", coverage=known))
    return closing.sources(page, closing.methods(page, METHODS), accuracy, "nation_cite")
