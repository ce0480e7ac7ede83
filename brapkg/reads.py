"""What each kind of report reads of the store, so that a report is made anew when that changes.

Rows that no declaration names may change without any page changing: a test makes pages from a store
that holds the declared rows alone. A kind without a declaration reads everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from brapkg import areas, catalogue

NATION = "00"
# The ids of what is compared across the country.
TOTAL = catalogue.TOTAL
FUNNEL_OFFENCE = "violence"
# Scopes: whose rows are read.
OWN, PLACES, POLICE = "own", "own municipalities", "own police region"
COUNTRY, EVERYWHERE, MUNICIPALITIES, COUNTIES = "nation", "all areas", "all municipalities", "all counties"
NATIONAL = (EVERYWHERE, MUNICIPALITIES, COUNTIES)


@dataclass(frozen=True)
class Read:
    """Rows of one table that a report reads.

    ``scope`` says whose rows in plain words; table and scope together are unique within a report.
    ``where`` holds by column the value that a row must have, a tuple of values, or a range of whole
    numbers; "kind" means the kind of the row's area where the table has no such column. ``columns``
    are those that are read; all where it is empty.
    """

    table: str
    scope: str
    where: dict[str, object] = field(default_factory=dict)
    columns: tuple[str, ...] = ()


def of(kind: str, about, period: int | None, tables: Iterable[str]) -> list[Read]:
    """What a report reads.

    Parameters
    ----------
    kind : the notebook's name without its ending ("region")
    about, period : the report's
    tables : names of the tables there are, all of which a kind without a declaration reads
    """
    if kind in KINDS:
        return KINDS[kind](about, period)
    return [Read(table, EVERYWHERE) for table in sorted(tables)]


def shown_areas(county: str) -> list[areas.Area]:
    """Areas whose names the pages of a county may show: all but other counties' municipalities.

    Everything where ``county`` is empty, for reports on another kind of area.
    """
    return [
        one for one in areas.all_areas().values() if not county or one.kind != "municipality" or one.county == county
    ]


def region(area: areas.Area, period: int) -> list[Read]:
    """A county's page (``profile.County``): its own rows, and those of everyone it is set against."""
    own, nation = {"area": area.code, "year": period}, {"area": NATION, "year": period}
    members = tuple(place.code for place in areas.municipalities(area.code))
    places = {"area": members, "year": period}
    until, later = range(period + 1), range(period + 1, 10_000)
    return [
        Read("areas", MUNICIPALITIES, {"kind": "municipality"}, ("area", "kind", "skr_2023")),
        Read("population", OWN, {"area": area.code, "year": until}),
        Read("population", COUNTRY, {"area": NATION, "year": until}),
        Read("population", PLACES, {"area": members, "year": until}),
        Read("population", MUNICIPALITIES, {"kind": "municipality", "year": later}),
        Read("offences_year", COUNTRY, {"area": NATION}, ("area", "year")),
        # The nation's months are the sum of the counties'.
        Read("offences_month", COUNTIES, {"kind": "county", "year": until}),
        Read("offences_month", PLACES, {"area": members}),
        Read("coverage", OWN, {"area": area.code}),
        Read("coverage", POLICE, {"area": area.police_region}),
        Read("reported_offences_rate", MUNICIPALITIES),
        Read("rates", OWN, own),
        Read("rates", COUNTRY, nation),
        Read("rates", MUNICIPALITIES, {"kind": "municipality", "offence": TOTAL, "year": period}),
        # Which years there are.
        Read("rates", "all years", {"area": NATION}, ("area", "year", "missing")),
        Read("wobble", COUNTIES, {"kind": "county"}),
        # A county of one municipality swings like a municipality.
        *([Read("wobble", MUNICIPALITIES, {"kind": "municipality"})] if len(members) == 1 else []),
        Read("comparison", OWN, own),
        Read("comparison", EVERYWHERE, {"offence": TOTAL, "year": period}),
        Read("change", OWN, own),
        Read("change", COUNTRY, nation),
        Read("peers", PLACES, places),
        Read("standardised", OWN, own),
        Read("funnel", PLACES, places | {"offence": TOTAL}),
        Read("funnel", EVERYWHERE, {"offence": FUNNEL_OFFENCE, "year": period}),
        Read("ranks", OWN, own | {"offence": TOTAL}),
        Read("ranks", PLACES, places | {"offence": (TOTAL, FUNNEL_OFFENCE)}),
        *(Read(table, OWN, own) for table in ("trend", "trend_line", "season", "signals")),
        # Any year that is kept back turns a table's counts into numbers with a fraction.
        Read("withheld", EVERYWHERE, {"month": 0}),
        Read("withheld", OWN, {"area": (NATION, area.code, *members)}),
    ]


def evaluation(about, period: int | None) -> list[Read]:
    """An evaluation (``brapkg.evaluation``): every area of the kind, since all of them show what chance does."""
    return [
        Read("offences_month", EVERYWHERE),
        Read("population", EVERYWHERE),
        Read("placebos", EVERYWHERE),
        Read("withheld", EVERYWHERE),
    ]


def nothing(about, period: int | None) -> list[Read]:
    """The pages of the knowledge base rest on records alone."""
    return []


KINDS: dict[str, Callable[..., list[Read]]] = {
    "region": region,
    "problem": nothing,
    "knowledge": nothing,
    "evaluation": evaluation,
}
# Texts that stand on pages of one kind alone; every other record may reach any page.
TEXTS_OF = {
    "texts/problem": "problem",
    "texts/knowledge": "knowledge",
    "texts/evaluation": "evaluation",
    "texts/priorities": "region",
    "texts/law": "region",
}
# Kinds whose pages name no area.
PLACELESS = ("problem", "knowledge")
