"""What the figures cannot tell, and where they come from."""

from __future__ import annotations

from brapkg import catalogue
from brapkg.blocks import Section
from brapkg.municipality.months import unusual
from brapkg.municipality.page import Page
from brapkg.sections import closing, rule
from brapkg.wording import split

LIMITS = ("limit_crime", "mun_limit_who", "limit_place", "limit_why", "limit_effect", "mun_limit_fear")


def limits(page: Page) -> Section:
    """What the figures cannot tell."""
    return closing.limits(page, [*LIMITS[:4], *(["mun_limit_year"] if page.small else []), *LIMITS[4:]])


def sources(page: Page) -> Section:
    """Sources, the method of every number, quality by SCB's components, how to cite."""
    w, here = page.words, page.municipality
    swing = here.swings.get(catalogue.TOTAL, float("nan"))
    names = ["method_rate", "method_interval", "mun_method_pooled", "mun_method_wobble", "method_words"]
    names += [] if page.one_year else ["mun_method_bands"]
    names += ["mun_method_trend"] if page.municipality.months_known else []
    names += ["method_signals"] if unusual(page) else []
    names += [
        "mun_method_peers",
        *(["mun_method_joint"] if here.neighbours else []),
        "mun_method_place",
        "method_funnel",
    ]
    method = [*closing.methods(page, names, swing), *rule.method(page), *closing.methods(page, ["method_disclosure"])]
    known = (
        w("fact_coverage_none")
        if here.coverage is None
        else w("quality_accuracy_share", share=w.percent(here.coverage["share"]), year=here.coverage["year"])
    )
    accuracy = split(w("quality_accuracy", coverage=known))
    return closing.sources(page, method, accuracy, "cite_text", further=["mun_sources_similar"], county=page.name)
