"""The written rule for what stands out, on counties made by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brapkg import catalogue, findings
from brapkg.findings import going_well, standing_out, trend_direction
from brapkg.settings import HARMED, REASONS, WEIGHTS, Priorities, settings

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


def use(patch: pytest.MonkeyPatch, **changes) -> Priorities:
    """Let the rule be the project's own but for these: ``most``, or parts of weights, steps and harm."""
    own = settings().priorities
    parts = {name: getattr(own, name) | told if isinstance(told, dict) else told for name, told in changes.items()}
    rule = replace(own, **parts)
    patch.setattr(findings, "settings", lambda: replace(settings(), priorities=rule))
    return rule


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """The rule as it is without harm, with three shown; the tests of harm and of the settings say what they use."""
    use(monkeypatch, most=3, weights={"harm": 0})


def points(**told) -> float:
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


# --- harm, weights and steps


def test_harm_adds_its_points_to_what_stands_out(monkeypatch):
    use(monkeypatch)
    for offence, harm in (("weapons", 3), ("theft", 2), ("damage", 1)):
        finding = only(levels={offence: "clearly_higher"})
        assert finding.harm == harm and finding.points == 3 + harm - (offence == "weapons")


def test_harm_alone_makes_no_priority(monkeypatch):
    use(monkeypatch, weights={"harm": 10}, harm=dict.fromkeys(HARMED, 3))
    assert standing_out(County(dict.fromkeys(GROUPS, "unclear"))) == []


def test_the_graver_of_two_that_stand_out_alike_comes_first(monkeypatch):
    levels = dict.fromkeys(["damage", "violence", "vehicle", "theft"], "clearly_higher")
    use(monkeypatch)
    assert [f.offence for f in standing_out(County(levels))] == ["violence", "theft", "vehicle", "damage"]
    use(monkeypatch, harm={"damage": 3, "violence": 0})
    assert [f.offence for f in standing_out(County(levels))] == ["damage", "theft", "vehicle", "violence"]


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5])
def test_no_more_are_shown_than_the_settings_say(monkeypatch, most):
    use(monkeypatch, most=most)
    assert len(standing_out(County(dict.fromkeys(GROUPS, "clearly_higher")))) == most


def test_what_has_no_weight_makes_no_candidate(monkeypatch):
    counties = {
        "level": County({"theft": "clearly_higher"}),
        "development": County(trends={"theft": ("rising", "rising")}),
        "municipalities": County(places={"theft": {"Falun": "clearly_higher"}}),
    }
    for name, county in counties.items():
        use(monkeypatch)
        assert standing_out(county)
        use(monkeypatch, weights={name: 0})
        assert standing_out(county) == []


def test_equal_points_are_a_tie_whatever_the_weights(monkeypatch):
    """0.1 + 0.2 is not 0.3 to a computer; the order must not hang on that."""
    use(monkeypatch, weights={"level": 0.1, "development": 0.15, "municipalities": 0.1, "harm": 0})
    county = County(
        {"theft": "clearly_higher"}, {"vehicle": ("rising", "rising")}, {"damage": {"Falun": "probably_higher"}}
    )
    found = standing_out(county)
    assert [(f.offence, f.points) for f in found] == [("theft", 0.3), ("vehicle", 0.3), ("damage", 0.1)]


@pytest.mark.parametrize(("steps", "grade"), [(0, "high"), (1, "moderate"), (2, "low"), (3, "very_low")])
def test_a_reason_lowers_certainty_as_far_as_the_settings_say(monkeypatch, steps, grade):
    use(monkeypatch, steps={"preliminary": steps})
    finding = only(levels={"theft": "clearly_higher"}, status="preliminary")
    assert (finding.certainty, finding.lost) == (grade, ("preliminary",) if steps else ())


# Counties among which every part of the rule plays a role.
MIXED = [
    County(dict.fromkeys(GROUPS, "probably_higher")),
    *(County({offence: "clearly_higher"}, status="preliminary") for offence in HARMED),
    County(trends={"theft": ("rising", "unclear")}, places={"damage": {"Falun": "clearly_higher"}}),
]


@pytest.mark.parametrize(
    ("part", "name"),
    [
        *(("weights", name) for name in WEIGHTS),
        *(("steps", name) for name in REASONS),
        *(("harm", name) for name in HARMED),
        ("most", ""),
    ],
)
def test_every_setting_has_an_effect(monkeypatch, part, name):
    def found(value: int) -> list[findings.Finding]:
        use(monkeypatch, **({"most": value} if part == "most" else {part: {name: value}}))
        return [finding for county in MIXED for finding in standing_out(county)]

    assert found(1) != found(3)


# --- properties


ways = st.sampled_from([("rising", "rising"), ("rising", "unclear"), ("unclear", "unclear"), ("falling", "falling")])
verdicts = st.sampled_from(["clearly_higher", "probably_higher", "unclear", "clearly_lower", "few"])
groups = st.sampled_from(GROUPS[1:])
made_counties = st.builds(
    County,
    levels=st.dictionaries(groups, verdicts),
    trends=st.dictionaries(groups, ways),
    places=st.dictionaries(groups, st.dictionaries(st.sampled_from(["Falun", "Mora"]), verdicts)),
    status=st.sampled_from(["final", "preliminary"]),
)


def as_it_was(county: County) -> list[str]:
    """The rule before harm, written anew."""
    found = []
    for place, offence in enumerate(GROUPS):
        level = {"clearly_higher": 3, "probably_higher": 2}.get(county.levels.get(offence), 0)
        trend = county.trends.get(offence, ())
        rise = 2 if set(trend) == {"rising"} else 1 if "rising" in trend and "falling" not in trend else 0
        above = set(county.places.get(offence, {}).values())
        near = 2 if "clearly_higher" in above else 1 if "probably_higher" in above else 0
        if offence != "total" and level + rise + near:
            checked = offence in ("traffic", "drugs", "weapons")
            found.append((-(level + rise + near - checked), place, offence))
    return [offence for _, _, offence in sorted(found)][:3]


@given(county=made_counties)
def test_without_harm_the_order_is_as_it_was(county):
    with pytest.MonkeyPatch.context() as patch:
        use(patch, most=3, weights={"harm": 0})
        assert [finding.offence for finding in standing_out(county)] == as_it_was(county)


@given(county=made_counties, offence=groups, part=st.sampled_from(["levels", "trends", "places"]))
def test_more_points_never_lower_the_place(county, offence, part):
    most = {"levels": "clearly_higher", "trends": ("rising", "rising"), "places": {"Orsa": "clearly_higher"}}
    raised = replace(county, **{part: getattr(county, part) | {offence: most[part]}})

    def place(one: County) -> float:
        shown = [finding.offence for finding in standing_out(one)]
        return shown.index(offence) if offence in shown else float("inf")

    with pytest.MonkeyPatch.context() as patch:
        use(patch)
        assert place(raised) <= place(county)


@given(county=made_counties)
def test_at_most_five_with_points_that_fall(county):
    with pytest.MonkeyPatch.context() as patch:
        use(patch)
        found = standing_out(county)
    assert len(found) <= 5 and len({finding.offence for finding in found}) == len(found)
    assert [finding.points for finding in found] == sorted((finding.points for finding in found), reverse=True)
    assert not {finding.offence for finding in found} & {"total"}
