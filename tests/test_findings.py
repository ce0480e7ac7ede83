"""The written rule for what stands out, on counties made by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import pytest

from brapkg import catalogue, findings
from brapkg.findings import going_well, standing_out, trend_direction

GROUPS = list(catalogue.offences("groups"))
LIMITS = {
    "rising": (1.02, 1.10),
    "falling": (0.90, 0.98),
    "unclear": (0.96, 1.08),
    "slowly rising": (1.01, 1.03),
    "few": (float("nan"), float("nan")),
}
NOTHING = pd.DataFrame({"verdict": pd.Series(dtype=object), "name": pd.Series(dtype=object)})


@dataclass
class County:
    """As much of ``profile.County`` as the rule looks at."""

    levels: dict[str, str] = field(default_factory=dict)
    trends: dict[str, tuple[str, ...]] = field(default_factory=dict)
    places: dict[str, dict[str, str]] = field(default_factory=dict)
    status: str = "final"

    @property
    def level_rows(self) -> dict[str, dict]:
        return {offence: {"ratio_verdict": self.levels.get(offence, "unclear")} for offence in GROUPS}

    @property
    def trend_rows(self) -> dict[str, dict[str, dict]]:
        return {
            offence: {
                model: {"lower": LIMITS[way][0], "upper": LIMITS[way][1], "missing": "few" if way == "few" else ""}
                for model, way in zip(("step", "smooth"), ways, strict=False)
            }
            for offence, ways in self.trends.items()
        }

    def peers(self, offence: str) -> pd.DataFrame:
        found = self.places.get(offence, {})
        return pd.DataFrame({"name": list(found), "verdict": list(found.values())}) if found else NOTHING


def points(**told) -> int:
    (finding,) = standing_out(County(**told))
    return finding.points


def only(**told) -> findings.Finding:
    (finding,) = standing_out(County(**told))
    return finding


# --- points


def test_a_county_where_nothing_stands_out():
    assert standing_out(County()) == []


def test_all_offences_together_are_no_candidate():
    assert standing_out(County({"total": "clearly_higher"}, {"total": ("rising", "rising")})) == []


@pytest.mark.parametrize(("verdict", "expected"), [("clearly_higher", 3), ("probably_higher", 2)])
def test_points_for_the_level(verdict, expected):
    assert points(levels={"theft": verdict}) == expected


@pytest.mark.parametrize("verdict", ["level", "unclear", "probably_lower", "clearly_lower", "few"])
def test_no_points_for_other_levels(verdict):
    assert standing_out(County({"theft": verdict})) == []


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        (("rising", "rising"), 2),
        (("rising",), 2),
        (("rising", "unclear"), 1),
        (("unclear", "rising"), 1),
        (("slowly rising", "rising"), 2),
    ],
)
def test_points_for_the_development(ways, expected):
    assert points(trends={"theft": ways}) == expected


@pytest.mark.parametrize(
    "ways",
    [("rising", "falling"), ("falling", "falling"), ("falling", "unclear"), ("unclear", "unclear"), ("few", "few")],
)
def test_no_points_where_a_model_falls_or_nothing_is_seen(ways):
    assert standing_out(County(trends={"theft": ways})) == []


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ({"Falun": "clearly_higher"}, 2),
        ({"Falun": "probably_higher"}, 1),
        ({"Falun": "probably_higher", "Mora": "probably_higher"}, 1),
        ({"Falun": "probably_higher", "Mora": "clearly_higher"}, 2),
    ],
)
def test_points_for_municipalities_above_their_group(places, expected):
    assert points(places={"theft": places}) == expected


def test_points_add_up_and_the_places_are_named():
    finding = only(
        levels={"theft": "clearly_higher"},
        trends={"theft": ("rising", "rising")},
        places={"theft": {"Falun": "clearly_higher", "Mora": "unclear", "Orsa": "probably_higher"}},
    )
    assert (finding.points, finding.places) == (7, ("Falun", "Orsa"))


@pytest.mark.parametrize("offence", ["traffic", "drugs", "weapons"])
def test_offences_that_follow_checks_lose_a_point(offence):
    finding = only(levels={offence: "clearly_higher"})
    assert (finding.points, finding.certainty, finding.lost) == (2, "moderate", ("control",))


# --- which are shown


def test_at_most_three_are_shown_most_points_first():
    levels = dict.fromkeys(GROUPS[1:], "probably_higher") | {"damage": "clearly_higher"}
    assert [f.offence for f in standing_out(County(levels))] == ["damage", "violence", "threats"]


def test_ties_stand_in_the_order_of_the_catalogue():
    levels = dict.fromkeys(["vehicle", "violence", "theft"], "clearly_higher")
    assert [f.offence for f in standing_out(County(levels))] == ["violence", "theft", "vehicle"]


def test_an_offence_that_follows_checks_gives_way_to_one_that_does_not():
    levels = {"traffic": "clearly_higher", "damage": "clearly_higher"}
    assert [f.offence for f in standing_out(County(levels))] == ["damage", "traffic"]


# --- certainty


def test_certainty_is_high_where_nothing_lowers_it():
    finding = only(levels={"theft": "clearly_higher"})
    assert (finding.certainty, finding.lost) == ("high", ())


def test_a_municipality_clearly_above_its_group_is_enough_for_high_certainty():
    assert only(places={"theft": {"Falun": "clearly_higher"}}).certainty == "high"


@pytest.mark.parametrize(
    ("told", "lost", "certainty"),
    [
        ({"status": "preliminary"}, ("preliminary",), "moderate"),
        ({"levels": {"theft": "probably_higher"}}, ("probably",), "moderate"),
        ({"trends": {"theft": ("rising", "unclear")}}, ("depends",), "moderate"),
        (
            {"status": "preliminary", "trends": {"theft": ("rising", "unclear")}},
            ("preliminary", "depends"),
            "low",
        ),
        (
            {
                "status": "preliminary",
                "levels": {"theft": "unclear"},
                "trends": {"theft": ("rising", "unclear")},
            },
            ("preliminary", "probably", "depends"),
            "very_low",
        ),
    ],
)
def test_each_reason_lowers_certainty_a_step(told, lost, certainty):
    finding = only(**{"levels": {"theft": "clearly_higher"}} | told)
    assert (finding.lost, finding.certainty) == (lost, certainty)


def test_certainty_ends_at_very_low():
    finding = only(trends={"drugs": ("rising", "unclear")}, status="preliminary")
    assert finding.lost == ("preliminary", "probably", "depends", "control")
    assert finding.certainty == "very_low"


# --- what the trend models say together


@pytest.mark.parametrize(
    ("ways", "direction"),
    [
        (("rising", "rising"), "rising"),
        (("falling", "falling"), "falling"),
        (("rising",), "rising"),
        (("rising", "falling"), "depends"),
        (("unclear", "falling"), "depends"),
        (("unclear", "unclear"), "unclear"),
        (("few", "few"), "few"),
        (("slowly rising", "slowly rising"), "rising"),
    ],
)
def test_both_models_are_needed_for_a_direction(ways, direction):
    assert trend_direction(County(trends={"theft": ways}), "theft") == direction


def test_a_series_without_a_model_is_too_thin():
    assert trend_direction(County(trends={"violence": ("rising",)}), "theft") == "few"


# --- what is low and not rising


def test_low_groups_need_not_be_examined_first():
    low = dict.fromkeys(["total", "theft", "vehicle", "damage"], "clearly_lower") | {"violence": "probably_lower"}
    trends = {"vehicle": ("rising", "rising"), "damage": ("falling", "rising")}
    county = County(low, trends)
    assert going_well(county) == ["theft", "damage"]


def test_a_group_that_stands_out_is_not_also_said_to_be_low():
    county = County(dict.fromkeys(["theft", "damage"], "clearly_lower"), places={"theft": {"Falun": "clearly_higher"}})
    assert [f.offence for f in standing_out(county)] == ["theft"]
    assert going_well(county) == ["damage"]
