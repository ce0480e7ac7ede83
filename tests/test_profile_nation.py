"""The country's figures: control totals typed from the sources, sums made anew with plain Python, and nothing hidden let out."""

from __future__ import annotations

import csv
import math
from collections import defaultdict

import numpy as np
import pytest

from brapkg import areas, catalogue, paths, store
from brapkg.errors import UsageError
from brapkg.indicators import municipal
from brapkg.profile.of_nation import OFFICIAL_GROUPS, Nation, nation
from brapkg.shown import tables
from brapkg.stats import comparison

RAW = paths.CLONE / "data" / "raw"
YEARS = (2013, 2014, 2015, 2016)
GROUPS = tuple(catalogue.offences("groups"))
# Typed from Brå's tables and the control totals that come with them.
SUMS = {2013: 1_176_244, 2014: 1_218_815, 2015: 1_265_633, 2016: 1_252_386}
OFFICIAL = {2013: 1_401_982, 2014: 1_443_753, 2015: 1_503_399, 2016: 1_502_023}
RESIDENTS = {2014: 9_747_355, 2015: 9_851_017, 2016: 9_995_153}
REGIONS_2015 = {"P01": 97_297, "P02": 117_677, "P03": 138_874, "P04": 288_437, "P05": 276_472, "P06": 477_922}
# Which counties make up a police region, as the police do.
POLICE = {
    "P01": ("22", "23", "24", "25"),
    "P02": ("03", "19", "21"),
    "P03": ("04", "05", "06"),
    "P04": ("13", "14"),
    "P05": ("07", "08", "10", "12"),
    "P06": ("01", "09"),
    "P07": ("17", "18", "20"),
}


@pytest.fixture(scope="module")
def counts() -> dict[tuple[str, str, int], int]:
    """Every municipality's count as it stands in the shipped table."""
    with (RAW / "offences_municipality_year.csv").open(encoding="utf-8", newline="") as file:
        return {(row["area"], row["offence"], int(row["year"])): int(row["count"]) for row in csv.DictReader(file)}


# --- control totals


@pytest.mark.parametrize("year", YEARS)
def test_the_sum_and_the_official_total_are_the_control_totals(built, year):
    here = nation(year)
    assert here.level_rows["total"]["count"] == SUMS[year]
    assert here.coverage["count"] == SUMS[year]
    assert here.coverage["official"] == OFFICIAL[year]
    assert here.official_rate["count"] == OFFICIAL[year]
    assert here.coverage["share"] == pytest.approx(SUMS[year] / OFFICIAL[year], abs=1e-12)
    assert dict(zip(here.official["year"], here.official["official"], strict=True)) == {
        at: total for at, total in OFFICIAL.items() if at <= year
    }


def test_the_counties_of_2014_and_the_regions_of_2015_add_up_to_the_nation(built):
    here = nation(2015)
    assert set(here.official_counties["year"]) == {2014} and len(here.official_counties) == 21
    assert here.official_counties["official"].sum() == 1_443_753
    assert here.official_counties["share"].between(0.77, 0.885).all()
    regions = here.official_regions.set_index("area")["official"]
    assert {code: regions[code] for code in REGIONS_2015} == REGIONS_2015
    assert regions.sum() == 1_503_399
    assert here.official_regions["share"].between(0.82, 0.87).all()


def test_the_official_rate_is_that_of_a_preliminary_and_of_a_final_year(built):
    # A preliminary year is set against the residents of the year-end before, a final one against the mean of two.
    assert nation(2016).official_rate["value"] == pytest.approx(1_502_023 / RESIDENTS[2015] * 1e5)
    final = (RESIDENTS[2014] + RESIDENTS[2015]) / 2
    assert nation(2015).official_rate["value"] == pytest.approx(1_503_399 / final * 1e5)
    change = nation(2016).official_change
    assert change["value"] == pytest.approx((1_502_023 / RESIDENTS[2015]) / (1_503_399 / final))
    assert change["lower"] < change["value"] < change["upper"] < 1 and change["verdict"] == "level"


def test_offence_groups_with_an_official_total(built):
    found = nation(2016).official_groups
    assert set(found) == set(OFFICIAL_GROUPS)
    assert found["violence"]["official"] == 112_645 and found["damage"]["official"] == 196_162
    assert all(0.9 < row["share"] < 1 for row in found.values())


# --- sums


@pytest.mark.parametrize("year", (2013, 2016))
def test_police_regions_are_the_sums_of_their_counties(built, counts, year):
    for offence in GROUPS:
        sums = defaultdict(int)
        for (area, of, at), count in counts.items():
            if (of, at) == (offence, year):
                sums[next(code for code, members in POLICE.items() if area[:2] in members)] += count
        found = nation(year).police_regions(offence).set_index("area")
        assert found["count"].to_dict() == sums
        assert found["members"].to_dict() == {code: len(members) for code, members in POLICE.items()}


@pytest.mark.parametrize("year", YEARS)
def test_groups_are_the_sums_of_their_municipalities(built, counts, year):
    here = nation(year)
    for offence in ("total", "weapons"):
        sums = defaultdict(int)
        for place in areas.municipalities():
            sums[place.group_2017] += counts[place.code, offence, year]
        found = here.groups(offence).set_index("area")
        assert found["count"].to_dict() == sums
        assert found["members"].sum() == 290 and len(found) == 9
        assert found["count"].sum() == here.level_rows[offence]["count"]
        assert found["population"].sum() == pytest.approx(here.level_rows[offence]["population"])


def test_the_groups_are_of_the_edition_that_belongs_to_the_year(built):
    assert nation(2016).edition == 2017 and municipal.edition_for(2025) == 2023


def test_a_ratio_to_the_nation_by_hand(built):
    here = nation(2016)
    swing = tables().built("wobble").query("kind == 'county' and offence == 'violence'")["sd"].iloc[0]
    whole = here.level_rows["violence"]
    for row in here.groups("violence").to_dict("records"):
        ratio = (row["count"] / row["population"]) / (whole["count"] / whole["population"])
        far = 1.959964 * math.sqrt(1 / row["count"] - 1 / whole["count"] + swing**2)
        assert row["value"] == pytest.approx(ratio)
        assert math.log(row["upper"] / ratio) == pytest.approx(far, rel=1e-6)
        assert row["rate"] == pytest.approx(row["count"] / row["population"] * 1e5)
        assert row["rate_lower"] < row["rate"] < row["rate_upper"]


@pytest.mark.parametrize("offence", GROUPS)
def test_the_swing_of_the_counties_is_not_too_small_for_regions_and_groups(built, counts, offence):
    owners = {
        "region": {place.code: place.police_region for place in areas.municipalities()},
        "group": {place.code: place.group_2017 for place in areas.municipalities()},
    }
    used = tables().built("wobble").query("kind == 'county' and offence == @offence")["sd"].iloc[0]
    for owner in owners.values():
        sums = {part: [0] * len(YEARS) for part in set(owner.values())}
        for (area, of, year), count in counts.items():
            if of == offence:
                sums[owner[area]][YEARS.index(year)] += count
        assert comparison.between_year_sd(np.array(list(sums.values()))) <= used


def test_counties_carry_their_rate_and_both_comparisons(built):
    here = nation(2016)
    found = here.counties("total").set_index("area")
    assert len(found) == 21 and found["count"].sum() == SUMS[2016]
    dalarna = found.loc["20"]
    assert dalarna["count"] == 28_862 and dalarna["rate"] == pytest.approx(10_270, abs=0.5)
    other = store.load("standardised").query("area == '20' and offence == 'total' and year == 2016").iloc[0]
    assert (dalarna["kind_value"], dalarna["kind_verdict"]) == (other["value"], other["verdict"])


def test_spread_grows_with_real_differences_and_leaves_out_chance(built):
    here = nation(2016)
    raw = here.tables.rows("funnel", offence="negligence", year=2016)
    crude = np.std(raw["value"])
    assert 0.1 < here.spread("negligence") < crude, "chance is not taken off"
    assert here.spread("damage") > here.spread("total")


# --- periods


def test_the_first_year_has_neither_change_nor_trend(built):
    here = nation(2013)
    assert here.trend_rows == {} and here.change_rows == {} and here.official_change is None
    assert here.official_regions.empty and set(here.official_counties["year"]) == {2013}
    assert here.breaks == []


def test_the_latest_year_is_taken_and_others_refused(built):
    assert nation().period == 2016 and nation().status == "preliminary" and nation(2015).status == "final"
    for wrong in (2012, 2017, "2016", True, 2016.0):
        with pytest.raises(UsageError, match="2013, 2014, 2015, 2016"):
            nation(wrong)


def test_a_profile_has_what_every_area_page_needs(built):
    here = nation(2016)
    assert (here.area.code, here.code, here.first_year) == ("00", "00", 2013)
    assert list(here.level.index) == list(GROUPS)
    for row in here.level_rows.values():
        assert (row["ratio_value"], row["ratio_verdict"]) == (1.0, "level")


# --- small counts


def test_no_sum_lets_out_a_count_that_is_kept_back(guarded):
    here = Nation(areas.get("00"), 2016)
    back = store.load("withheld").query("month == 0 and year == 2016")
    owner = {place.code: place.group_2017 for place in areas.municipalities()}
    held = {
        (owner[area], offence) for area, offence in zip(back["area"], back["offence"], strict=True) if area in owner
    }
    assert held, "nothing is kept back: the test tests nothing"
    for offence in GROUPS:
        found = here.groups(offence).set_index("area")
        for code, row in found.iterrows():
            if (code, offence) in held:
                assert row[["count", "rate", "rate_lower", "value", "lower", "upper"]].isna().all(), (code, offence)
                assert row["verdict"] == "few"
            else:
                assert row["count"] > 0 and row["verdict"] != "few"
        hidden = here.peers(offence)
        municipal_back = back[(back["offence"] == offence) & back["area"].isin(owner)]["area"]
        assert hidden[hidden["area"].isin(municipal_back)]["count"].isna().all()
        assert math.isnan(here.spread(offence)) == bool(len(municipal_back))
