"""What stands out in a county or municipality: a written rule, so that the program and not a hand decides.

An offence group is a candidate when something of the area stands out. It gets points, each times
its weight:

* level: 3 when clearly higher, 2 when probably. A county against the nation; a municipality against
  its SKR group, shrunken towards it, which is the fair comparison for a small place;
* development: 2 when both trend models rise, 1 when one does and the other does not fall. For a
  municipality also 1 when the year lies above the band of its own years and no model falls, since few
  municipalities have months enough for a trend;
* municipalities: 2 when clearly higher, 1 when probably. A county's municipalities against their SKR
  groups, the highest counts; a municipality itself against the nation;
* harm: 0 to 3, as judged for the offence group. Harm alone makes no candidate.

Groups that follow how much the police check (traffic, drugs, weapons) lose a point: a high count
may be work done. Those with most points are shown, at most five, in the order of the catalogue on
ties. "All offences" is no candidate: it is not a problem that a measure can meet. With fewer than 10
offences in the years compared no level is told, and a year of fewer than 10 is not called high.

Certainty is another thing than points. It starts at high and loses a step for each of: figures
that are preliminary; nothing but "probably"; nothing but a single year above its band; trend models
that disagree; a group that follows checks. It ends at very low.

A single high year counts in place of "probably", not beside it: both say that one 95 per cent limit
was passed and no stricter one. It leaves certainty at low at most. By chance alone 18 per cent of the
municipalities have such a year in one of the nine groups; of the series 2013-2016 it was 16, 20 and 26
per cent in 2014, 2015 and 2016, so that most of those marked may be chance.

That years were pooled lowers nothing: the interval already holds how few offences there are, and which
years are pooled is chosen by population and group rate, never by the outcome. It changes what is told,
the level of those years together, and the page says which.

Weights, harm, steps and how many are shown are settings (``records/settings.toml``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from brapkg import catalogue
from brapkg.profile import County, Municipality
from brapkg.settings import Priorities, settings
from brapkg.stats.comparison import FEW
from brapkg.wording import GRADES

# Points before they are weighed.
LEVEL = {"clearly_higher": 3, "probably_higher": 2}
RISING, DEPENDS, HIGH_YEAR = 2, 1, 1
COMPARED = {"clearly_higher": 2, "probably_higher": 1}
CHECKED = 1
HIGHER = ("clearly_higher", "probably_higher")
LOWER = ("clearly_lower", "probably_lower")
SINGLE_YEAR = "single_year"
# Why certainty is lowered, by kind of area: of single years only a municipality's are weighed.
REASONS = {
    "county": ("preliminary", "probably", "depends", "control"),
    "municipality": ("preliminary", "probably", SINGLE_YEAR, "depends", "control"),
}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the rule weighs of one offence group in one area, whatever its kind.

    ``level`` is the verdict that weighs most, ``compared`` the other one ("" where no municipality of a
    county lies above its group), ``trend`` and ``ways`` as ``trend_direction`` and ``trend_ways`` give
    them; ``places`` are municipalities above their group; ``high_year`` says that the year lies above the
    band of the area's own years.
    """

    level: str
    compared: str
    trend: str
    ways: tuple[str, ...]
    places: tuple[str, ...] = ()
    high_year: bool = False

    @property
    def higher(self) -> bool:
        """Whether any comparison says higher."""
        return self.level in HIGHER or self.compared in HIGHER

    @property
    def development(self) -> int:
        """Points for the development."""
        if self.trend == "rising":
            return RISING
        if "falling" in self.ways:
            return 0
        return DEPENDS if "rising" in self.ways else HIGH_YEAR if self.high_year else 0

    @property
    def single_year(self) -> bool:
        """Whether a single year is all that stands out."""
        return self.high_year and not self.higher and not any(self.ways)


@dataclass(frozen=True, kw_only=True)
class Finding(Seen):
    """One offence group that stands out: what was seen of it, and what that weighs.

    ``harm`` is how grave it is, 0-3; ``lost`` says why certainty is not high: "preliminary",
    "probably", "single_year", "depends", "control".
    """

    offence: str
    points: float
    harm: int
    certainty: str
    lost: tuple[str, ...]


def trend_direction(profile: County | Municipality, offence: str) -> str:
    """What the trend models say together: "rising", "falling", "depends", "unclear" or "few".

    "rising" and "falling" need both models where there is a break; "depends" means that one model
    sees a change that the other does not.
    """
    if all(model["missing"] for model in profile.trend_rows.get(offence, {}).values()):
        return "few"
    ways = trend_ways(profile, offence)
    if len(set(ways)) == 1:
        return ways[0] or "unclear"
    return "depends"


def trend_ways(profile: County | Municipality, offence: str) -> list[str]:
    """What each trend model sees: "rising" or "falling" where its 95 % interval excludes no change, else "".

    The verdicts are not used here: they call a change within 5 per cent "level", which is right for
    a difference but not for a change that goes on year after year.
    """
    models = profile.trend_rows.get(offence, {}).values()
    return ["rising" if model["lower"] > 1 else "falling" if model["upper"] < 1 else "" for model in models]


def standing_out(profile: County | Municipality) -> list[Finding]:
    """The offence groups that stand out, most points first, at most as many as the settings allow."""
    rule, found = settings().priorities, []
    for offence in _candidates():
        if finding := _weigh(profile, offence, rule):
            found.append(finding)
    return sorted(found, key=lambda finding: -finding.points)[: rule.most]


def going_well(profile: County | Municipality) -> list[str]:
    """Offence groups that lie clearly low, where nothing points upwards and that do not stand out.

    Clearly low: a county below the nation; a municipality below its SKR group or the nation.
    """
    shown = {finding.offence for finding in standing_out(profile)}
    low = LOW[profile.area.kind]
    return [one.id for one in _candidates() if one.id not in shown and low(seen(profile, one.id))]


def seen(profile: County | Municipality, offence: str) -> Seen:
    """What the rule weighs of an offence group in an area."""
    return GATHER[profile.area.kind](profile, offence)


def _candidates() -> list[catalogue.Offence]:
    return [one for one in catalogue.offences("groups").values() if one.id != catalogue.TOTAL]


# --- what is gathered from each kind of area


def _of_county(county: County, offence: str) -> Seen:
    peers = county.peers(offence)
    above = {name: told for name, told in zip(peers["name"], peers["verdict"], strict=True) if told in HIGHER}
    return Seen(
        level=county.level_rows[offence]["ratio_verdict"],
        compared=next((verdict for verdict in HIGHER if verdict in above.values()), ""),
        trend=trend_direction(county, offence),
        ways=tuple(trend_ways(county, offence)),
        places=tuple(above),
    )


def _of_municipality(municipality: Municipality, offence: str) -> Seen:
    return Seen(
        level=municipality.peer_verdicts.get(offence, "few"),
        compared=municipality.level_rows.get(offence, {}).get("ratio_verdict", "few"),
        trend=trend_direction(municipality, offence),
        ways=tuple(trend_ways(municipality, offence)),
        high_year=_high_year(municipality, offence),
    )


def _high_year(municipality: Municipality, offence: str) -> bool:
    """Whether the period's year lies above the band of the municipality's own years, with enough offences to tell."""
    year = municipality.year_rows.get(offence)
    return year is not None and year["outside"] == "above" and year["shown"] >= FEW


def _low_county(one: Seen) -> bool:
    return one.level == "clearly_lower" and one.trend != "rising"


def _low_municipality(one: Seen) -> bool:
    low = "clearly_lower" in (one.level, one.compared)
    return low and not one.higher and not one.high_year and "rising" not in one.ways


GATHER: dict[str, Callable[..., Seen]] = {"county": _of_county, "municipality": _of_municipality}
LOW: dict[str, Callable[[Seen], bool]] = {"county": _low_county, "municipality": _low_municipality}


# --- the rule


def steps(kind: str) -> dict[str, int]:
    """How many steps each reason lowers the certainty, of the reasons that a kind of area can have."""
    known = settings().priorities.steps
    return {reason: known[reason] for reason in REASONS[kind]}


def _weigh(profile: County | Municipality, offence: catalogue.Offence, rule: Priorities) -> Finding | None:
    one = seen(profile, offence.id)
    weight, harm, checked = rule.weights, rule.harm[offence.id], offence.driven == "control"
    found = weight["level"] * LEVEL.get(one.level, 0)
    found += weight["development"] * one.development
    found += weight["municipalities"] * COMPARED.get(one.compared, 0)
    if found == 0:
        return None
    # Rounded, so that equal points are a tie whatever the weights.
    points = round(found + weight["harm"] * harm - weight["control"] * CHECKED * checked, 9)

    reasons = {
        "preliminary": profile.status == "preliminary",
        "probably": "clearly_higher" not in (one.level, one.compared) and not one.single_year,
        SINGLE_YEAR: one.single_year,
        "depends": one.trend == "depends",
        "control": checked,
    }
    lowered = steps(profile.area.kind)
    lost = tuple(reason for reason in lowered if reasons[reason] and lowered[reason])
    highest = GRADES.index("low") if SINGLE_YEAR in lost else len(GRADES) - 1
    grade = GRADES[max(0, min(highest, len(GRADES) - 1 - sum(lowered[reason] for reason in lost)))]
    return Finding(**vars(one), offence=offence.id, points=points, harm=harm, certainty=grade, lost=lost)
