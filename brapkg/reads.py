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


def shown_areas(code: str) -> list[areas.Area]:
    """Areas whose names the pages of an area may show: of other counties' municipalities, those it is set against.

    Everything where ``code`` is no county's and no municipality's.
    """
    here = areas.all_areas().get(code)
    if here is None or here.kind not in ("county", "municipality"):
        return list(areas.all_areas().values())
    members = tuple(place.code for place in areas.municipalities(here.county))
    near = _beyond(members) if here.kind == "county" else _against(here)
    return [
        one
        for one in areas.all_areas().values()
        if one.kind != "municipality" or one.county == here.county or one.code in near
    ]


def _against(here: areas.Area) -> set[str]:
    """Those that a municipality is compared with by name."""
    groups = ((getattr(here, f"group_{edition}"), edition) for edition in areas.EDITIONS)
    members = {one.code for group, edition in groups for one in areas.group_members(group, edition)}
    return {*here.neighbours, *here.similar, *members}


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
        # Of a filed plan, earlier years too.
        Read("rates", OWN, {"area": area.code, "year": until}),
        Read("rates", COUNTRY, {"area": NATION, "year": until}),
        Read("rates", PLACES, places | {"offence": TOTAL}),
        Read("pooled", MUNICIPALITIES, {"offence": TOTAL, "year": period}),
        # Which years there are.
        Read("rates", "all years", {"area": NATION}, ("area", "offence", "year", "missing")),
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
        # Neighbours beyond the border may share a problem.
        Read("peers", "neighbours", {"area": _beyond(members), "year": period}),
        Read("joint", PLACES, places),
        Read("context", OWN, {"area": area.code}),
        Read("context", MUNICIPALITIES, {"kind": "municipality"}),
        # A county of one municipality has its answers.
        Read("survey", OWN, {"area": (area.code, *(members if len(members) == 1 else ()))}),
    ]


def _beyond(members: tuple[str, ...]) -> tuple[str, ...]:
    """The municipalities of other counties that border on one of these."""
    near = {code for own in members for code in areas.get(own).neighbours}
    return tuple(sorted(near - set(members)))


def municipality(area: areas.Area, period: int) -> list[Read]:
    """A municipality's page (``profile.Municipality``): its own rows, its county's, and those it is set against."""
    own, nation = {"area": area.code, "year": period}, {"area": NATION, "year": period}
    county, until = {"area": area.county, "year": period}, range(period + 1)
    members = tuple(place.code for place in areas.municipalities(area.county))
    return [
        Read("areas", MUNICIPALITIES, {"kind": "municipality"}, ("area", "kind", "skr_2023")),
        Read("population", OWN, {"area": (area.code, area.county, NATION), "year": until}),
        Read("population", MUNICIPALITIES, {"kind": "municipality", "year": range(period, 10_000)}),
        Read("offences_year", COUNTRY, {"area": NATION}, ("area", "year")),
        Read("offences_month", PLACES, {"area": (area.county, *members), "year": until}),
        Read("coverage", COUNTIES, {"area": area.county}),
        Read("reported_offences_rate", MUNICIPALITIES),
        Read("rates", OWN, {"area": area.code, "year": until}),
        # The rest of the country, beside which a fall would be seen.
        Read("rates", COUNTRY, {"area": NATION, "year": until}),
        Read("rates", "all years", {"area": NATION}, ("area", "offence", "year", "missing")),
        Read("wobble", MUNICIPALITIES, {"kind": "municipality"}),
        *(Read(table, OWN, own) for table in ("pooled", "against", "peers", "joint", "ranks")),
        *(Read(table, OWN, own) for table in ("trend", "trend_line", "season", "signals", "change")),
        Read("season", "own county", county),
        # Where it is a county of its own, it has the county's months.
        *(Read(table, "own county", county) for table in ("trend", "trend_line", "signals") if len(members) == 1),
        Read("change", COUNTRY, nation),
        Read("pooled", MUNICIPALITIES, {"offence": TOTAL, "year": period}),
        Read("funnel", EVERYWHERE, {"offence": FUNNEL_OFFENCE, "year": period}),
        Read("withheld", EVERYWHERE, {"month": 0}),
        Read("withheld", OWN, {"area": (area.code, area.county)}),
        Read("context", MUNICIPALITIES, {"kind": "municipality"}),
        Read("survey", OWN, {"area": (area.code, area.county)}),
    ]


def national(area: areas.Area, period: int) -> list[Read]:
    """The nation's page (``profile.Nation``): the whole country's rows."""
    year, nation = {"year": period}, {"area": NATION}
    return [
        Read("population", COUNTRY, nation),
        Read("offences_year", COUNTRY, nation),
        Read("offences_month", COUNTIES, {"kind": "county", "year": range(period + 1)}),
        Read("official_totals", COUNTRY, nation),
        Read("coverage", EVERYWHERE, {"year": range(period + 1)}),
        Read("rates", EVERYWHERE, year),
        Read("rates", "all years", nation, ("area", "offence", "year", "missing")),
        Read("wobble", COUNTIES, {"kind": "county"}),
        *(Read(table, EVERYWHERE, year) for table in ("comparison", "standardised", "peers", "funnel")),
        *(Read(table, EVERYWHERE, year | {"offence": TOTAL}) for table in ("ranks", "pooled")),
        Read("change", COUNTRY, nation | year),
        Read("trend", COUNTIES, year | {"kind": ("nation", "county")}),
        Read("withheld", EVERYWHERE, {"month": 0}),
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
    "national": national,
    "region": region,
    "municipality": municipality,
    "problem": nothing,
    "knowledge": nothing,
    "evaluation": evaluation,
}
# Records that stand on pages of some kinds alone; every other one may reach any page.
LOCAL = ("region", "municipality")
RECORDS_OF: dict[str, tuple[str, ...]] = {
    "texts/problem": ("problem",),
    "texts/knowledge": ("knowledge",),
    "texts/evaluation": ("evaluation",),
    "texts/nation": ("national",),
    "texts/region": ("region",),
    "texts/municipality": ("municipality",),
    "texts/together": ("region",),
    "texts/law": ("municipality",),
    "texts/priorities": LOCAL,
    "texts/plan": LOCAL,
    "texts/context": LOCAL,
    "context": LOCAL,
    "texts/structure": (*LOCAL, "national"),
    "duties": (*LOCAL, "national"),
}
# Kinds whose pages name no area.
PLACELESS = ("problem", "knowledge")
