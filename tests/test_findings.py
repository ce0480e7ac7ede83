"""The written rule for what stands out, on counties and municipalities made by hand and on real ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as limits_of
from hypothesis import strategies as st

from brapkg import areas, catalogue, findings, profile, store
from brapkg.findings import going_well, seen, standing_out, trend_direction
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


def models(trends: dict[str, tuple[str, ...]]) -> dict[str, dict[str, dict]]:
    """Both trend models by offence, from what each of them sees."""
    return {
        offence: {
            model: {"lower": LIMITS[way][0], "upper": LIMITS[way][1], "missing": "few" if way == "few" else ""}
            for model, way in zip(("step", "smooth"), ways, strict=False)
        }
        for offence, ways in trends.items()
    }


@dataclass
class County:
    """As much of ``profile.County`` as the rule looks at."""

    levels: dict[str, str] = field(default_factory=dict)
    trends: dict[str, tuple[str, ...]] = field(default_factory=dict)
    places: dict[str, dict[str, str]] = field(default_factory=dict)
    status: str = "final"
    area = SimpleNamespace(kind="county")

    @property
    def level_rows(self) -> dict[str, dict]:
        return {offence: {"ratio_verdict": self.levels.get(offence, "unclear")} for offence in GROUPS}

    @property
    def trend_rows(self) -> dict[str, dict[str, dict]]:
        return models(self.trends)

    def peers(self, offence: str) -> pd.DataFrame:
        found = self.places.get(offence, {})
        return pd.DataFrame({"name": list(found), "verdict": list(found.values())}) if found else NOTHING


@dataclass
class Municipality:
    """As much of ``profile.Municipality`` as the rule looks at; ``years`` are the period's count and where it lies."""

    groups: dict[str, str] = field(default_factory=dict)
    nation: dict[str, str] = field(default_factory=dict)
    trends: dict[str, tuple[str, ...]] = field(default_factory=dict)
    years: dict[str, tuple[float, str]] = field(default_factory=dict)
    status: str = "final"
    area = SimpleNamespace(kind="municipality")
    period = 2016

    @cached_property
    def peer_verdicts(self) -> dict[str, str]:
        return {one: self.groups.get(one, "unclear") for one in GROUPS}

    @cached_property
    def level_rows(self) -> dict[str, dict]:
        return {one: {"ratio_verdict": self.nation.get(one, "unclear")} for one in GROUPS}

    @cached_property
    def trend_rows(self) -> dict[str, dict[str, dict]]:
        return models(self.trends)

    @cached_property
    def year_rows(self) -> dict[str, dict]:
        years = {one: self.years.get(one, (40.0, "")) for one in GROUPS}
        return {one: {"shown": shown, "outside": outside} for one, (shown, outside) in years.items()}


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


# Places among which every part of the rule plays a role.
MIXED = [
    Municipality(years={"theft": (50.0, "above")}),
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
        return [finding for place in MIXED for finding in standing_out(place)]

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


# --- municipalities


def one_of(**told) -> findings.Finding:
    (finding,) = standing_out(Municipality(**told))
    return finding


HIGH = {"theft": (50.0, "above")}


@pytest.mark.parametrize(
    ("told", "points", "lost", "certainty"),
    [
        ({"groups": {"theft": "clearly_higher"}}, 3, (), "high"),
        ({"groups": {"theft": "probably_higher"}}, 2, ("probably",), "moderate"),
        ({"nation": {"theft": "clearly_higher"}}, 2, (), "high"),
        ({"nation": {"theft": "probably_higher"}}, 1, ("probably",), "moderate"),
        ({"groups": {"theft": "clearly_higher"}, "nation": {"theft": "probably_higher"}}, 4, (), "high"),
        ({"trends": {"theft": ("rising", "rising")}}, 2, ("probably",), "moderate"),
        ({"trends": {"theft": ("rising", "unclear")}}, 1, ("probably", "depends"), "low"),
        ({"years": HIGH}, 1, ("single_year",), "low"),
        ({"years": HIGH, "status": "preliminary"}, 1, ("preliminary", "single_year"), "low"),
        (
            {"years": {"drugs": (50.0, "above")}, "status": "preliminary"},
            0,
            ("preliminary", "single_year", "control"),
            "very_low",
        ),
        ({"years": HIGH, "trends": {"theft": ("few", "few")}}, 1, ("single_year",), "low"),
        ({"years": HIGH, "trends": {"theft": ("unclear", "unclear")}}, 1, ("single_year",), "low"),
        ({"years": HIGH, "trends": {"theft": ("rising", "rising")}}, 2, ("probably",), "moderate"),
        ({"years": HIGH, "trends": {"theft": ("rising", "unclear")}}, 1, ("probably", "depends"), "low"),
        ({"years": HIGH, "nation": {"theft": "probably_higher"}}, 2, ("probably",), "moderate"),
        ({"years": HIGH, "nation": {"theft": "clearly_lower"}}, 1, ("single_year",), "low"),
    ],
)
def test_what_is_weighed_for_a_municipality(told, points, lost, certainty):
    finding = one_of(**told)
    assert (finding.points, finding.lost, finding.certainty) == (points, lost, certainty)
    assert finding.single_year == ("single_year" in lost) and finding.places == ()


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"years": {"theft": (9.0, "above")}},
        {"years": {"theft": (float("nan"), "above")}},
        {"years": {"theft": (50.0, "below")}},
        {"years": HIGH, "trends": {"theft": ("unclear", "falling")}},
        {"years": HIGH, "trends": {"theft": ("rising", "falling")}},
        {"groups": {"theft": "few"}, "nation": {"theft": "few"}},
        {
            "groups": {"total": "clearly_higher"},
            "nation": {"total": "clearly_higher"},
            "years": {"total": (500.0, "above")},
        },
    ],
)
def test_what_makes_nothing_stand_out_in_a_municipality(told):
    assert standing_out(Municipality(**told)) == []


def test_an_offence_that_was_not_compared_is_one_of_too_few():
    place = Municipality(years=HIGH)
    place = SimpleNamespace(
        **{name: getattr(place, name) for name in ("trend_rows", "year_rows", "status", "area", "period")},
        peer_verdicts={one: verdict for one, verdict in place.peer_verdicts.items() if one != "theft"},
        level_rows={one: row for one, row in place.level_rows.items() if one != "theft"},
    )
    assert (seen(place, "theft").level, seen(place, "theft").compared) == ("few", "few")
    assert [finding.offence for finding in standing_out(place)] == ["theft"]


def test_a_municipality_keeps_what_lies_clearly_low_and_points_nowhere_upwards():
    low = dict.fromkeys(["total", "theft", "vehicle", "damage", "violence"], "clearly_lower")
    place = Municipality(
        groups=low | {"negligence": "probably_lower"},
        nation={"traffic": "clearly_lower", "violence": "probably_higher", "drugs": "few"},
        trends={"vehicle": ("rising", "unclear"), "damage": ("falling", "falling")},
        years={"threats": (50.0, "above")},
    )
    assert going_well(place) == ["theft", "damage", "traffic"]


def test_what_stands_out_but_is_not_shown_is_not_said_to_go_well(monkeypatch):
    use(monkeypatch, most=1)
    place = Municipality(
        groups={"violence": "clearly_higher", "theft": "clearly_lower", "damage": "clearly_lower"},
        nation={"theft": "probably_higher"},
        years={"damage": (50.0, "above")},
    )
    assert [finding.offence for finding in standing_out(place)] == ["violence"] and going_well(place) == []


def test_a_single_year_that_the_settings_do_not_lower_keeps_its_certainty(monkeypatch):
    use(monkeypatch, steps={"single_year": 0})
    assert (one_of(years=HIGH).certainty, one_of(years=HIGH).lost) == ("high", ())
    use(monkeypatch, steps={"single_year": 3})
    assert one_of(years=HIGH).certainty == "very_low"


def test_a_county_has_no_single_years():
    assert "single_year" not in findings.steps("county") and "single_year" in findings.steps("municipality")


placed = st.tuples(st.sampled_from([3.0, 9.0, 10.0, 40.0, float("nan")]), st.sampled_from(["above", "below", ""]))
made_municipalities = st.builds(
    Municipality,
    groups=st.dictionaries(groups, verdicts),
    nation=st.dictionaries(groups, verdicts),
    trends=st.dictionaries(groups, ways),
    years=st.dictionaries(groups, placed),
    status=st.sampled_from(["final", "preliminary"]),
)
ORDER = ("clearly_lower", "unclear", "probably_higher", "clearly_higher")


@limits_of(deadline=None)
@given(place=made_municipalities, offence=groups, part=st.sampled_from(["groups", "nation"]))
def test_a_higher_verdict_never_gives_fewer_points_or_less_certainty(place, offence, part):
    with pytest.MonkeyPatch.context() as patch:
        use(patch, most=9)
        found = []
        for verdict in ORDER:
            raised = replace(place, **{part: getattr(place, part) | {offence: verdict}})
            mine = [finding for finding in standing_out(raised) if finding.offence == offence]
            found += [(mine[0].points, findings.GRADES.index(mine[0].certainty)) if mine else (-10, -1)]
    assert found == sorted(found) and [grade for _, grade in found] == sorted(grade for _, grade in found)


@limits_of(deadline=None)
@given(place=made_municipalities)
def test_nothing_stands_out_by_a_year_of_fewer_than_ten_and_low_is_never_high(place):
    with pytest.MonkeyPatch.context() as patch:
        use(patch)
        found, well = standing_out(place), going_well(place)
    assert [finding.points for finding in found] == sorted((finding.points for finding in found), reverse=True)
    assert len(found) <= 5 and not {finding.offence for finding in found} & {"total", *well}
    for finding in found:
        count, where = place.years.get(finding.offence, (40.0, ""))
        assert finding.high_year == (where == "above" and count >= 10)
        assert finding.higher or any(finding.ways) or finding.high_year
        if finding.single_year:
            assert finding.certainty in ("low", "very_low")
    for offence in well:
        assert "clearly_lower" in (place.groups.get(offence), place.nation.get(offence))


# --- real places


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("code", "period", "expected"),
    [
        ("2403", 2016, [("threats", "low", True)]),
        ("2425", 2016, [("damage", "low", True)]),
        ("2506", 2016, [("threats", "low", True)]),
        ("0980", 2016, [("violence", "low", False), ("traffic", "very_low", False)]),
        ("0980", 2013, [("damage", "moderate", False)]),
    ],
)
def test_what_stands_out_in_small_places(monkeypatch, code, period, expected):
    use(monkeypatch)
    found = standing_out(profile.municipality(code, period))
    assert [(one.offence, one.certainty, one.single_year) for one in found] == expected


@pytest.mark.usefixtures("built")
def test_in_stockholm_the_level_against_the_nation_stands_out_and_no_single_year(monkeypatch):
    use(monkeypatch, most=5)
    found = standing_out(profile.municipality("0180", 2016))
    assert {"violence", "theft", "damage", "weapons"} < {one.offence for one in found}
    assert all(one.compared in findings.HIGHER and not one.single_year for one in found)


@pytest.mark.usefixtures("built")
def test_gotland_as_county_and_as_municipality_holds_the_same_level_and_development():
    """One place, two pages: what the county sees in its municipalities is what the municipality sees of itself."""
    for period in (2013, 2014, 2015, 2016):
        county, municipality = profile.county("09", period), profile.municipality("0980", period)
        for offence in GROUPS:
            above = seen(municipality, offence).level in findings.HIGHER
            assert bool(seen(county, offence).places) == above
            assert seen(municipality, offence).ways == seen(county, offence).ways


@pytest.mark.usefixtures("built")
def test_the_rule_holds_for_every_tenth_municipality():
    for area in areas.municipalities()[::10]:
        place = profile.municipality(area.code, 2016)
        for finding in standing_out(place):
            row = place.level_rows[finding.offence]
            assert finding.compared not in findings.HIGHER or (row["ratio_lower"] > 1 and row["count"] >= 10)
            if finding.level in findings.HIGHER:
                peer = place.peers.loc[finding.offence]
                assert peer["lower"] > 1 and peer["count"] >= 10
            if finding.high_year:
                years = store.load("rates").query("area == @area.code and offence == @finding.offence")
                counts = years.set_index("year")["count"]
                assert counts[2016] == counts.max() >= 10
        for offence in going_well(place):
            limits = (place.level_rows[offence]["ratio_upper_998"], place.peers["upper_998"].get(offence, 2))
            assert min(limit for limit in limits if limit == limit) < 1


@pytest.mark.usefixtures("built")
def test_about_every_fifth_municipality_has_a_high_year_by_chance():
    """What the rule and the page say of a single high year, from the chances of the bands themselves."""
    shares = []
    for area in areas.municipalities()[::10]:
        years = profile.municipality(area.code, 2016).yearly.query("year == 2016 and offence != 'total' and upper >= 9")
        shares.append(1 - (1 - years["chance"] / 2).prod())
    assert 0.15 < sum(shares) / len(shares) < 0.22
