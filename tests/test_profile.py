"""A county's slices of the store, against figures known beforehand."""

from __future__ import annotations

import re

import numpy as np
import pytest

from brapkg import areas, catalogue, profile
from brapkg.errors import UsageError
from brapkg.region import Region
from brapkg.wording import Words

pytestmark = pytest.mark.usefixtures("built")


@pytest.fixture(scope="module")
def dalarna(built):
    return profile.county("20", 2016)


def test_the_periods_are_the_years_with_every_municipality(built):
    assert profile.periods() == [2013, 2014, 2015, 2016]
    assert profile.latest_period() == 2016


def test_dalarna_2016(dalarna):
    total = dalarna.level.loc["total"]
    assert (total["count"], round(total["value"])) == (28862, 10270)
    assert dalarna.status == "preliminary" and total["ratio_verdict"] == "clearly_lower"
    assert total["lower"] < total["value"] < total["upper"]


def test_dalarna_s_coverage(dalarna):
    coverage = dalarna.coverage
    assert (coverage["year"], coverage["official"], round(100 * coverage["share"])) == (2014, 29349, 86)
    assert dalarna.region_coverage["year"] == 2016 and dalarna.region_coverage["area"] == "P07"


def test_gotland_s_coverage(built):
    assert round(100 * profile.county("Gotlands län").coverage["share"]) == 77


def test_the_coverage_of_a_year_with_official_figures_is_its_own(built):
    assert profile.county("20", 2013).coverage["year"] == 2013


@pytest.mark.parametrize("period", [2013, 2014, 2015, 2016])
def test_populations_are_bras_denominators(built, period):
    county = profile.county("20", period)
    ends = county.residents
    expected = ends[2015] if period == 2016 else (ends[period - 1] + ends[period]) / 2
    assert set(county.level["population"]) == {expected}


def test_the_level_holds_every_group_in_the_order_of_the_catalogue(dalarna):
    assert list(dalarna.level.index) == list(catalogue.offences("groups"))
    ratio = dalarna.level["value"] / dalarna.level["nation"]
    assert np.allclose(dalarna.level["ratio_value"], ratio)


def test_the_members_and_their_tables(dalarna):
    codes = {m.code for m in areas.municipalities("20")}
    assert set(dalarna.members) == codes and dalarna.members["2080"] == "Falun"
    assert set(dalarna.peers("violence")["area"]) == codes
    assert len(dalarna.funnel("total")) == len(dalarna.country) == 290 and set(dalarna.municipal_rates.index) == codes
    assert len(dalarna.counties) == 21


# --- time


def test_months_reach_the_end_of_the_period_and_add_up_to_its_years(dalarna):
    months = dalarna.months("total")
    assert len(months) == 48 and months[months["year"] == 2016]["count"].sum() == 28862
    assert dalarna.months("total", "00")["count"].sum() > months["count"].sum()
    assert len(profile.county("20", 2014).months("total")) == 24


def test_twelve_rolling_months_at_the_end_of_a_year_are_about_its_rate(dalarna):
    rolling = dalarna.rolling("total")
    assert len(rolling) == 37 and np.isfinite(rolling).all()
    assert abs(rolling[-1] / dalarna.level.loc["total", "value"] - 1) < 0.01


def test_the_first_year_has_no_change_no_trend_and_no_year_wheel(built):
    first = profile.county("20", 2013)
    assert first.change.empty and first.trend_rows == {} and first.season("total").empty
    assert first.trend_line("total").empty


def test_before_the_break_the_series_has_no_step(built):
    before, after = profile.county("20", 2014), profile.county("20", 2016)
    assert before.breaks == [] and set(before.trend_rows["total"]) == {"smooth"}
    assert [(at, known.id) for at, known in after.breaks] == [(24, "police-2015")]
    assert set(after.trend_rows["total"]) == {"step", "smooth"}


def test_newer_rates_hold_the_county_s_municipalities_and_similar_ones(dalarna):
    newer = dalarna.newer_rates
    assert set(newer["area"]) == set(dalarna.members) and set(newer["year"]) == {2025}
    assert ((newer["lower"] < newer["rate"]) & (newer["rate"] < newer["upper"])).all()
    assert (newer["similar_low"] < newer["similar_high"]).all()


# --- what is refused


@pytest.mark.parametrize("area", ["2080", "Falun", "00", "26", "Dalrna", ""])
def test_what_is_no_county_is_refused_with_a_hint(built, area):
    with pytest.raises(areas.UnknownArea):
        profile.county(area)


@pytest.mark.parametrize("area", [20, True, None, 20.0, ["20"]])
def test_a_county_is_named_by_text(built, area):
    with pytest.raises(UsageError, match="text"):
        profile.county(area)


@pytest.mark.parametrize("period", [2012, 2017, 2025, 0, -1, True, False, "2016", 2016.0, "latest"])
def test_a_period_without_figures_or_of_another_type_is_refused(built, period):
    with pytest.raises(UsageError, match="2013, 2014, 2015, 2016"):
        profile.county("20", period)


@pytest.mark.parametrize("name", ["20", "Dalarna", "Dalarnas län", "dalarnas LÄN", "Dalarna County"])
def test_a_county_is_found_by_code_and_by_name(built, name):
    assert profile.county(name).code == "20" and profile.county(name).period == 2016


# --- months by municipality


def shown(county: str) -> str:
    return Region(county, 2016, "sv").municipalities().html()


def test_without_exports_there_are_no_months_by_municipality(dalarna, undrawn):
    assert dalarna.municipal_months is False
    page = shown("20")
    assert 'id="figur-12"' not in page and Words("sv")("months_missing") in page


def test_with_the_exports_the_page_shows_every_municipality_s_months(built_whole, undrawn):
    county = profile.county("20", 2016)
    assert county.municipal_months is True
    assert len(county.months("total", "2080")) == 48
    page = shown("20")
    figure = page[page.index('<figure class="figure" id="figur-12"') :]
    description = re.search(r"<desc[^>]*>(.*?)</desc>", figure)[1]
    assert all(name in description for name in county.members.values())
    assert Words("sv")("months_missing") not in page


def test_a_county_of_one_municipality_has_its_months_in_its_trend_already(built_whole, undrawn):
    page = shown("09")
    assert "figur-12" not in page and Words("sv")("months_missing") not in page
