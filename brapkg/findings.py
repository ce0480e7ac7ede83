"""What stands out in a county: a written rule, so that the program and not a hand decides.

An offence group is a candidate when the county lies above the nation, when its trend rises, or
when municipalities lie above their SKR group. It gets points, each times its weight:

* level: 3 when the county lies clearly above the nation, 2 when probably;
* development: 2 when both trend models rise, 1 when one does and the other does not fall;
* municipalities: 2 when one or more lie clearly above their group, 1 when probably;
* harm: 0 to 3, as judged for the offence group. Harm alone makes no candidate.

Groups that follow how much the police check (traffic, drugs, weapons) lose a point: a high count
may be work done. Those with most points are shown, at most five, in the order of the catalogue on
ties. "All offences" is no candidate: it is not a problem that a measure can meet.

Certainty is another thing than points. It starts at high and loses a step for each of: figures
that are preliminary; nothing but "probably"; trend models that disagree; a group that follows
checks. It ends at very low.

Weights, harm, steps and how many are shown are settings (``records/settings.toml``).
"""

from __future__ import annotations

from dataclasses import dataclass

from brapkg import catalogue
from brapkg.profile import County
from brapkg.settings import Priorities, settings
from brapkg.wording import GRADES

# Points before they are weighed.
LEVEL = {"clearly_higher": 3, "probably_higher": 2}
RISING, DEPENDS = 2, 1
CLEARLY, PROBABLY = 2, 1
CHECKED = 1
HIGHER = ("clearly_higher", "probably_higher")
LOWER = ("clearly_lower", "probably_lower")


@dataclass(frozen=True)
class Finding:
    """One offence group that stands out.

    ``harm`` is how grave it is, 0-3; ``places`` are municipalities above their group; ``lost`` says
    why certainty is not high: "preliminary", "probably", "depends", "control".
    """

    offence: str
    points: float
    harm: int
    certainty: str
    level: str
    trend: str
    places: tuple[str, ...]
    lost: tuple[str, ...]


def trend_direction(county: County, offence: str) -> str:
    """What the trend models say together: "rising", "falling", "depends", "unclear" or "few".

    "rising" and "falling" need both models where there is a break; "depends" means that one model
    sees a change that the other does not.
    """
    if all(model["missing"] for model in county.trend_rows.get(offence, {}).values()):
        return "few"
    ways = trend_ways(county, offence)
    if len(set(ways)) == 1:
        return ways[0] or "unclear"
    return "depends"


def trend_ways(county: County, offence: str) -> list[str]:
    """What each trend model sees: "rising" or "falling" where its 95 % interval excludes no change, else "".

    The verdicts are not used here: they call a change within 5 per cent "level", which is right for
    a difference but not for a change that goes on year after year.
    """
    models = county.trend_rows[offence].values()
    return ["rising" if model["lower"] > 1 else "falling" if model["upper"] < 1 else "" for model in models]


def standing_out(county: County) -> list[Finding]:
    """The offence groups that stand out, most points first, at most as many as the settings allow."""
    rule, found = settings().priorities, []
    for offence in catalogue.offences("groups").values():
        if offence.id != catalogue.TOTAL and (finding := _weigh(county, offence, rule)):
            found.append(finding)
    return sorted(found, key=lambda finding: -finding.points)[: rule.most]


def going_well(county: County) -> list[str]:
    """Offence groups where the county lies clearly below the nation, nothing rises, and none stands out."""
    shown = {finding.offence for finding in standing_out(county)}
    return [
        offence
        for offence, level in county.level_rows.items()
        if offence != catalogue.TOTAL
        and offence not in shown
        and level["ratio_verdict"] == "clearly_lower"
        and trend_direction(county, offence) != "rising"
    ]


def _weigh(county: County, offence: catalogue.Offence, rule: Priorities) -> Finding | None:
    level = county.level_rows[offence.id]["ratio_verdict"]
    trend = trend_direction(county, offence.id)
    peers = county.peers(offence.id)
    above = [
        (name, verdict) for name, verdict in zip(peers["name"], peers["verdict"], strict=True) if verdict in HIGHER
    ]
    clearly = any(verdict == "clearly_higher" for _, verdict in above)
    one_rises = trend == "depends" and "falling" not in trend_ways(county, offence.id)
    checked = offence.driven == "control"

    weight, harm = rule.weights, rule.harm[offence.id]
    seen = weight["level"] * LEVEL.get(level, 0)
    seen += weight["development"] * (RISING if trend == "rising" else DEPENDS if one_rises else 0)
    seen += weight["municipalities"] * (CLEARLY if clearly else PROBABLY if above else 0)
    if seen == 0:
        return None
    # Rounded, so that equal points are a tie whatever the weights.
    points = round(seen + weight["harm"] * harm - weight["control"] * CHECKED * checked, 9)

    reasons = {
        "preliminary": county.status == "preliminary",
        "probably": level != "clearly_higher" and not clearly,
        "depends": trend == "depends",
        "control": checked,
    }
    lost = tuple(reason for reason, holds in reasons.items() if holds and rule.steps[reason])
    grade = GRADES[max(0, len(GRADES) - 1 - sum(rule.steps[reason] for reason in lost))]
    return Finding(offence.id, points, harm, grade, level, trend, tuple(name for name, _ in above), lost)
