"""Indicators: Brå's own rates come out exactly, and the rules that decide are kept."""

from __future__ import annotations

import calendar

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from brapkg import areas
from brapkg.indicators import level, municipal, time
from brapkg.settings import settings
from brapkg.stats import rates
from brapkg.stats.time import monthly as trend

KEY = ["area", "offence", "year"]
JUDGED = ["comparison", "change", "peers", "against", "joint", "trend", "season"]


def of_municipalities(table):
    return table[table["area"].str.len() == 4]


# --- level ---------------------------------------------------------------------------------------


def test_every_rate_that_was_published_comes_out_exactly(months, tables):
    published, _ = months
    persons = level.denominators(tables["population"])
    cells = published.merge(persons, on=["area", "year", "status"], how="left", validate="many_to_one")
    found = rates.published_rate(cells["count"], cells["population"])
    assert cells.groupby("year").size().to_dict() == dict.fromkeys(range(2013, 2017), 34_800)
    assert (found == cells["rate"].to_numpy()).all()


def test_a_final_year_takes_the_mean_of_two_year_ends_and_a_preliminary_one_the_year_before():
    people = pd.DataFrame({"area": "0114", "year": [2014, 2015], "residents": [1000, 1101]})
    found = level.denominators(people).set_index(["year", "status"])["population"].to_dict()
    assert found == {
        (2015, "final"): 1050.5,
        (2015, "preliminary"): 1000,
        (2016, "preliminary"): 1101,
    }


def test_a_rate_is_exact_below_ten_offences_and_byar_from_ten_on(tables):
    rated = tables["rates"]
    assert (rated["method"] == np.where(rated["count"] < 10, "exact", "byar")).all()
    few = rated[rated["count"].between(1, 9)]
    assert len(few) > 100
    per = 100_000 / few["population"]
    np.testing.assert_allclose(few["lower"], stats.chi2.ppf(0.025, 2 * few["count"]) / 2 * per, rtol=1e-12)
    np.testing.assert_allclose(few["upper"], stats.chi2.isf(0.025, 2 * few["count"] + 2) / 2 * per, rtol=1e-12)


def test_without_residents_there_is_a_count_but_no_rate():
    years = pd.DataFrame({"area": ["0114"], "offence": "theft", "year": 2021, "count": 5, "status": "final"})
    people = pd.DataFrame({"area": ["0114"], "year": 2019, "residents": 1000})
    (row,) = level.rate_table(years, people).to_dict("records")
    assert (row["count"], row["missing"]) == (5, "no_population") and np.isnan(row["value"])


def test_the_nation_lies_within_its_counties_every_year(tables):
    ratios = tables["comparison"].groupby(["offence", "year"])["value"]
    assert len(ratios) == 40 and (ratios.min() < 1).all() and (ratios.max() > 1).all()


def test_a_countys_ratio_is_its_rate_over_the_nations(tables):
    rate = tables["rates"].set_index(KEY)["value"]
    row = tables["comparison"].query("area == '12' and offence == 'theft' and year == 2015").iloc[0]
    assert row["value"] == pytest.approx(rate["12", "theft", 2015] / rate["00", "theft", 2015], rel=1e-12)


# --- change --------------------------------------------------------------------------------------


def test_no_change_is_given_where_either_count_is_below_twenty(tables):
    change = tables["change"]
    few = change[["count_before", "count"]].min(axis=1) < 20
    assert few.any() and ((change["missing"] == "few") == few).all()
    assert (change["value"].isna() == few).all() and (change.loc[few, "verdict"] == "few").all()


def test_a_change_is_the_ratio_of_two_rates(tables):
    rate = tables["rates"].set_index(KEY)["value"]
    row = tables["change"].query("area == '1280' and offence == 'violence' and year == 2014").iloc[0]
    ratio = rate["1280", "violence", 2014] / rate["1280", "violence", 2013]
    assert row["value"] == pytest.approx(ratio, rel=1e-12)


# --- municipalities and their group --------------------------------------------------------------


def pooled(rated, group="C9", offence="weapons"):
    """First year and number of years by municipality, pooled up to 2016, for one group."""
    codes = [m.code for m in areas.group_members(group, 2017)]
    window = rated[rated["area"].isin(codes) & (rated["offence"] == offence)].assign(group=group)
    table = municipal._pooled(window, 2016).set_index("area")
    return table[["first_year", "years"]], window


@pytest.mark.parametrize("seed", range(5))
def test_which_years_are_pooled_does_not_depend_on_a_municipalitys_own_count(tables, seed):
    before, window = pooled(of_municipalities(tables["rates"]))
    # Counts change places among the municipalities of a year: every own count, no expected one.
    rng = np.random.default_rng(seed)
    shuffled = window.assign(count=window.groupby("year")["count"].transform(rng.permutation))
    assert not shuffled["count"].equals(window["count"]) and before["years"].nunique() > 1
    after, _ = pooled(shuffled)
    pd.testing.assert_frame_equal(before, after)


def test_years_are_pooled_until_twenty_are_expected_and_no_longer(tables):
    peers = tables["peers"].query("year == 2016")
    assert ((peers["expected"] >= 20) | (peers["first_year"] == 2013)).all()
    assert (peers["year"] - peers["first_year"] < settings().small.most_years).all()
    rated = of_municipalities(tables["rates"]).assign(group="C9")
    window = rated[rated["area"].isin([m.code for m in areas.group_members("C9", 2017)])]
    one_less = municipal._pooled(window[window["year"] > 2013], 2016)
    short = one_less.merge(peers, on=["area", "offence"], suffixes=("_three", ""))
    residents = rated[rated["year"] == 2016].drop_duplicates("area").set_index("area")["population"]
    small = short["area"].map(residents) < settings().small.residents
    assert small.any() and not small.all() and (short.loc[small, "first_year"] == 2013).all()
    assert (short.loc[~small & (short["first_year"] == 2013), "expected_three"] < 20).all()


def test_groups_with_few_members_are_not_shrunken(tables):
    peers = tables["peers"]
    members = peers.groupby(["offence", "year", "group"])["area"].transform("size")
    plain = peers["method"] == "log ratio, part of whole"
    assert plain.any() and (plain == (members < municipal.ENOUGH_MEMBERS)).all()
    assert (peers.loc[plain, "value"] == peers.loc[plain, "raw"]).all()


def test_a_shrunken_ratio_lies_between_its_own_and_the_groups(tables):
    peers = tables["peers"].query("method == 'poisson-gamma' and missing == ''")
    # The mean of the group's true ratios, which all are drawn to, follows from value and weight.
    mean = (peers["value"] - peers["weight"] * peers["raw"]) / (1 - peers["weight"])
    spread = mean.groupby([peers["offence"], peers["year"], peers["group"]]).agg(["min", "max"])
    np.testing.assert_allclose(spread["min"], spread["max"], rtol=1e-6)


def test_a_group_whose_members_are_equal_gets_its_own_mean(tables):
    rated = of_municipalities(tables["rates"]).query("offence == 'theft'")
    alike = rated.assign(count=(rated["population"] * 0.02).round().astype(int))
    wobble = pd.DataFrame({"kind": ["municipality"], "offence": "theft", "residents": 0, "sd": 0.0})
    peers = municipal.peer_table(municipal.windows(alike), wobble).query("year == 2016 and missing == ''")
    equal = peers[peers["method"] == "all areas equal"]
    assert equal["group"].nunique() >= 7 and (equal["weight"] == 0).all()
    assert (equal["lower"] == equal["upper"]).all()
    sums = equal.groupby("group")[["count", "expected"]].sum()
    expected = equal["group"].map(sums["count"] / sums["expected"])
    np.testing.assert_allclose(equal["value"], expected, rtol=1e-12)


def test_a_few_municipalities_are_no_measure_of_group_or_nation(tables):
    rated = tables["rates"]
    here = rated[~((rated["area"] == "0114") & (rated["year"] == 2016))]
    assert 2016 not in set(municipal.windows(here)["year"])
    assert 2016 not in set(municipal.funnel_table(here)["year"])


# --- verdicts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", JUDGED)
def test_a_verdict_says_what_the_limits_say(tables, name):
    for row in tables[name].itertuples():
        if np.isnan([row.lower, row.upper, row.lower_998, row.upper_998]).any():
            expected = {"few"}
        elif 0.95 <= row.lower and row.upper <= 1.05:
            expected = {"level"}
        elif row.lower > 1 or row.upper < 1:
            way = "higher" if row.lower > 1 else "lower"
            clear = row.lower_998 > 1 or row.upper_998 < 1
            expected = {f"{'clearly' if clear else 'probably'}_{way}"}
        else:
            expected = {"unclear"}
        assert {row.verdict} == expected, row


@pytest.mark.parametrize("name", JUDGED)
def test_an_interval_holds_its_value_and_the_broad_one_the_narrow(tables, name):
    table = tables[name].dropna(subset=["lower"])
    ordered = table[["lower_998", "lower", "value", "upper", "upper_998"]].to_numpy()
    assert len(table) and (np.diff(ordered, axis=1) >= 0).all()


# --- time ----------------------------------------------------------------------------------------


def test_person_days_run_straight_between_two_year_ends():
    people = pd.DataFrame({"area": "01", "year": [2015, 2016], "residents": [1000, 2200]})
    days = time.monthly_exposure(people, "01", [2016, 2016], [1, 2])
    assert days.tolist() == pytest.approx([1050 * 31, 1150 * 29])
    with pytest.raises(KeyError):
        time.monthly_exposure(people, "01", [2017], [1])


def test_a_trend_knows_nothing_of_the_months_after_its_year(tables):
    months = tables["offences_month"]
    early = time.trend_tables(months[months["year"] <= 2015], tables["population"])
    for name, table in early.items():
        key = [*KEY, {"trend": "model", "trend_line": "position", "season": "month"}[name]]
        whole = tables[name][tables[name]["year"] <= 2015].set_index(key).sort_index()
        numbers = whole.select_dtypes("number").columns
        found = table.set_index(key).sort_index()[numbers]
        pd.testing.assert_frame_equal(found, whole[numbers], rtol=1e-12, check_dtype=False)


def test_trends_are_of_every_county_and_the_nation_from_the_second_year_on(tables):
    told = tables["trend"].groupby(["year", "model"]).size().to_dict()
    assert told == {(2014, "smooth"): 220, **{(y, m): 220 for y in (2015, 2016) for m in ("smooth", "step")}}
    assert tables["trend"].set_index("year")["months"].to_dict() == {2014: 24, 2015: 36, 2016: 48}


def test_the_step_is_in_january_2015(tables):
    months = tables["offences_month"].query("area == '14' and offence == 'drugs'").sort_values(["year", "month"])
    exposure = time.monthly_exposure(tables["population"], "14", months["year"], months["month"])
    fit = trend.monthly_trend(months["count"], exposure, months["month"], step=24)
    row = tables["trend"].query("area == '14' and offence == 'drugs' and year == 2016").set_index("model")
    expected = fit.annual_change[["value", "lower", "upper"]].to_numpy().tolist()
    assert row.loc["step", ["value", "lower", "upper"]].tolist() == pytest.approx(expected[0], rel=1e-9)
    assert row.loc["step", ["lower_998", "upper_998"]].tolist() == pytest.approx(expected[1][1:], rel=1e-9)
    assert row.loc["step", "value"] != pytest.approx(row.loc["smooth", "value"], rel=1e-3)


def test_the_line_of_a_known_series_is_its_rate_per_average_month(tables):
    # The same number of offences per person-day throughout: a level line and a flat year.
    days = [calendar.monthrange(y, m)[1] for y in range(2013, 2017) for m in range(1, 13)]
    months = pd.DataFrame({"year": np.repeat(range(2013, 2017), 12), "month": 4 * [*range(1, 13)]})
    months = months.assign(area="01", offence="theft", status="final", count=np.multiply(days, 1000))
    people = pd.DataFrame({"area": "01", "year": range(2012, 2017), "residents": 100_000})
    found = time.trend_tables(months, people)
    np.testing.assert_allclose(found["trend_line"]["value"], 1000 * 365.25 / 12, rtol=1e-9)
    np.testing.assert_allclose(found["season"]["value"], 1, rtol=1e-9)
    assert set(found["trend"]["verdict"]) == {"level"}


def test_the_months_of_a_year_wheel_have_the_geometric_mean_one(tables):
    wheels = tables["season"].groupby(KEY)["value"]
    assert (wheels.size() == 12).all()
    np.testing.assert_allclose(np.exp(wheels.agg(lambda v: np.log(v).mean())), 1, rtol=1e-9)


def test_every_series_but_thin_ones_has_a_line_and_a_year_wheel(tables):
    told = tables["trend"].groupby(KEY)["missing"].agg(lambda missing: (missing == "").any())
    series = set(told[told].index)
    assert 0 < len(told) - len(series) < 50
    for name in ("trend_line", "season"):
        assert set(tables[name].set_index(KEY).index) == series


def test_a_trend_begins_after_the_last_gap(tables):
    months = tables["offences_month"].query("offence == 'theft' and area == '14'")
    gap = (months["year"] == 2013) & (months["month"] == 5)
    found = time.trend_tables(months[~gap], tables["population"])["trend"]
    assert found.set_index(["year", "model"])["months"].to_dict() == {
        (2014, "smooth"): 19,
        **{(y, m): 12 * (y - 2013) + 7 for y in (2015, 2016) for m in ("smooth", "step")},
    }
    assert found.query("year == 2014")["missing"].tolist() == ["few"]


def test_residents_that_are_missing_take_only_the_years_that_need_them(tables):
    people = tables["population"].query("year < 2016")
    found = time.trend_tables(tables["offences_month"], people)["trend"]
    assert set(found["year"]) == {2014, 2015}
