"""What the figures cannot tell, and where they come from."""

from __future__ import annotations

from brapkg import __version__, catalogue
from brapkg.blocks import Points, Section, Terms, Text
from brapkg.indicators import municipal
from brapkg.municipality.page import Page
from brapkg.sections import rule
from brapkg.settings import settings
from brapkg.wording import split

LIMITS = ("limit_crime", "mun_limit_who", "limit_place", "limit_why", "limit_effect", "mun_limit_fear")


def limits(page: Page) -> Section:
    """What the figures cannot tell."""
    names = [*LIMITS[:4], *(["mun_limit_year"] if page.small else []), *LIMITS[4:]]
    points = [split(page.words(name)) for name in names]
    return page.section("vad-siffrorna-inte-sager", "limits", Points([Text(body, lead) for lead, body in points]))


def sources(page: Page) -> Section:
    """Sources, the method of every number, quality by SCB's components, how to cite."""
    w, here = page.words, page.municipality
    told = [
        w("sources_bra", years=page.years, preliminary=page.preliminary_note),
        w("sources_scb"),
        w("sources_skr", edition=municipal.edition_for(here.period)),
        w("mun_sources_similar"),
    ]
    values = {
        "wobble": w.percent(here.swings.get(catalogue.TOTAL, float("nan"))),
        "enough": settings().small.expected,
        "years": w.count_word(settings().small.most_years),
        "small": w.number(settings().small.residents),
        "members": municipal.ENOUGH_MEMBERS,
        "few": municipal.FEW,
        "rule": _rule(page),
    }
    names = ["method_rate", "method_interval", "mun_method_pooled", "mun_method_wobble", "method_words"]
    names += [] if page.one_year else ["mun_method_bands"]
    names += ["mun_method_trend"] if page.timed is not None else []
    names += [
        "mun_method_peers",
        *(["mun_method_joint"] if here.neighbours else []),
        "mun_method_place",
        "method_funnel",
    ]
    method = [split(w(name, **values)) for name in names]
    method += [*rule.method(page), split(w("method_disclosure", **values))]
    cite = Text(w("cite_text", county=page.name, year=page.year, version=__version__), f"{w('cite')}.")
    return page.section(
        "kallor-och-metod",
        "sources",
        Points([Text(body, lead) for lead, body in map(split, told)]),
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
    w, coverage = page.words, page.municipality.coverage
    known = (
        w("fact_coverage_none")
        if coverage is None
        else w("quality_accuracy_share", share=w.percent(coverage["share"]), year=coverage["year"])
    )
    status = w(f"quality_time_{page.profile.status}", year=page.year)
    return [
        split(w("quality_relevance")),
        split(w("quality_accuracy", coverage=known)),
        split(w("quality_time", status=status)),
        split(w("quality_access")),
        split(w("quality_compare")),
    ]
