"""What stands out, what the figures cannot tell, and where they come from."""

from __future__ import annotations

from brapkg import __version__, catalogue, findings
from brapkg.blocks import Card, Cards, Points, Section, Terms, Text
from brapkg.indicators import municipal
from brapkg.region.page import HIGHER, Page, split
from brapkg.settings import settings
from brapkg.wording import capital

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
    "rule",
    "disclosure",
)


def stands_out(page: Page) -> Section:
    """Cards by the rule in ``findings``, and what goes well."""
    w = page.words
    found = findings.standing_out(page.county)
    parts: list = []
    if found:
        form = "stands_out_text" if len(found) == 1 else "stands_out_text_many"
        number = capital(w.count_word(len(found), neuter=True))
        parts += [Text(w(form, n=number)), Cards([_card(page, n, finding) for n, finding in enumerate(found, 1)])]
    else:
        parts.append(Text(w("stands_out_none")))
    well = findings.going_well(page.county)
    if well:
        form = "going_well_level" if page.county.trend.empty else "going_well_text"
        parts.append(Text(w(form, names=page.offence_names(well)), w("going_well")))
    return page.section("det-som-sticker-ut", "stands_out", *parts)


def _card(page: Page, number: int, finding: findings.Finding) -> Card:
    w = page.words
    row = page.county.level_rows[finding.offence]
    level = w.verdict(finding.level)
    if finding.level != "few":
        level = f"{w.deviation(row['ratio_value'])} ({w.signed_range(row['ratio_lower'], row['ratio_upper'])}): {level}"
    offence = page.offence(finding.offence, "name")
    title = w("card_title", n=number, offence=offence)
    if finding.places and len(page.county.members) > 1:
        title = w("card_title_places", n=number, offence=offence, places=w.names(finding.places, most=5))
    facts = [(w("card_level"), level), (w("card_trend"), page.trend_words(finding.offence, "card_trend"))]
    return Card(title, facts, finding.certainty, _why(page, finding), page.offence(finding.offence, "ask"))


def _why(page: Page, finding: findings.Finding) -> str:
    w, parts = page.words, []
    if finding.level in HIGHER:
        parts.append(w("card_why_level", verdict=w.verdict(finding.level)))
    if finding.trend == "rising":
        both = "step" in page.county.trend_rows[finding.offence]
        parts.append(w("card_why_trend" if both else "card_why_trend_smooth"))
    if finding.trend == "depends":
        parts.append(w(_which_model(page, finding.offence)))
    if finding.places:
        parts.append(w("card_why_places", names=w.names(finding.places, most=12)))
    lost = [w(f"lost_{reason}") for reason in finding.lost]
    if lost:
        parts.append(w("card_lost", reasons=w.listed(lost)))
    return " ".join(parts)


def _which_model(page: Page, offence: str) -> str:
    """The text that says what one trend model shows and the other does not."""
    ways = findings.trend_ways(page.county, offence)
    if "falling" not in ways:
        return "card_why_depends"
    return "card_why_depends_both" if "rising" in ways else "card_why_depends_falling"


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
