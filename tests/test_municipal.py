"""The municipalities' own tables: years together, references, neighbours, months; by hand and in sum."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from brapkg import areas, catalogue, store
from brapkg.indicators import municipal, references, signals, time, withheld
from brapkg.settings import Small

KEY = ["area", "offence", "year"]
OFFENCES = catalogue.offences("groups")
NOTHING_BACK = pd.DataFrame(columns=[*KEY, "month", "missing"])


@pytest.fixture(scope="module")
def rated(tables):
    rates = tables["rates"]
    return rates[rates["area"].str.len() == 4]


@pytest.fixture(scope="module")
def cells(rated):
    """Counts and residents by area, offence and year."""
    return rated.set_index(KEY)[["count", "population"]].sort_index()


@pytest.fixture(scope="module")
def four_years(tables):
    """Bjurholm's years 2013–2016, which a small place always gets together, against the nation."""
    mine = tables["against"].query("area == '2403' and year == 2016 and reference == 'nation'").set_index("offence")
    return tables["pooled"].query("area == '2403' and year == 2016").set_index("offence"), mine


@pytest.fixture(scope="module")
def single_years(tables):
    """Every municipality's single years against every reference: no place is small, twenty are always expected."""
    with pytest.MonkeyPatch.context() as patch:
        alone = SimpleNamespace(small=Small(residents=0, expected=0.001, most_years=1))
        patch.setattr(municipal, "settings", lambda: alone)
        windowed = municipal.windows(tables["rates"])
    return references.against_table(tables["rates"], windowed, tables["wobble"], NOTHING_BACK)


# --- years together ------------------------------------------------------------------------------


def test_the_years_put_together_are_those_of_the_comparison_with_the_group(tables):
    pooled, peers = (tables[name].set_index(KEY) for name in ("pooled", "peers"))
    assert len(pooled) == 290 * 10 * 4 and set(peers.index) <= set(pooled.index)
    both = pooled.loc[peers.index]
    assert (both["first_year"] == peers["first_year"]).all() and (both["count"] == peers["count"]).all()
    assert (both["first_year"] < both.index.get_level_values("year")).any()


def test_counts_and_person_years_are_sums_of_the_years(tables, cells):
    pooled = tables["pooled"].query("area in ['2403', '2506', '0980', '0180']")
    for row in pooled.itertuples():
        years = cells.loc[(row.area, row.offence)].loc[row.first_year : row.year]
        assert len(years) == row.year - row.first_year + 1
        assert (row.count, row.population) == (years["count"].sum(), years["population"].sum())


def test_a_pooled_rate_is_per_resident_and_year_with_the_interval_of_its_count(tables):
    row = tables["pooled"].query("area == '2403' and offence == 'vehicle' and year == 2016").iloc[0]
    assert (row["first_year"], row["count"], row["population"], row["method"]) == (2013, 30, 9777, "byar")
    assert row["value"] == pytest.approx(30 / 9777 * 100_000)
    exact = stats.chi2.ppf(0.025, 60) / 2, stats.chi2.isf(0.025, 62) / 2
    assert [row["lower"], row["upper"]] == pytest.approx([x / 9777 * 100_000 for x in exact], rel=0.005)


def test_below_ten_offences_only_the_count_is_told(tables):
    for table in (tables["pooled"], tables["against"]):
        few = table["count"] < 10
        assert few.any() and table.loc[few, ["value", "lower", "upper"]].isna().all(axis=None)
        assert table.loc[few, "missing"].isin(["few", "not_applicable"]).all()
    assert ((tables["pooled"]["missing"] == "few") == (tables["pooled"]["count"] < 10)).all()


def test_years_together_are_preliminary_as_soon_as_one_is(tables):
    status = tables["pooled"].groupby("year")["status"].unique().map(list).to_dict()
    assert status == {2013: ["final"], 2014: ["final"], 2015: ["final"], 2016: ["preliminary"]}


@pytest.mark.parametrize(
    ("offence", "count", "rate", "nation", "per_cent"),
    [
        ("total", 669, 6843, 12615, -46),
        ("threats", 137, 1401, 1460, -4),
        ("traffic", 60, 614, 768, -20),
        ("violence", 66, 675, 1055, -36),
        ("drugs", 46, 470, 1200, -61),
        ("theft", 168, 1718, 4936, -65),
        ("vehicle", 30, 307, 1040, -70),
        ("damage", 47, 481, 1737, -72),
        ("negligence", 9, None, 75, None),
        ("weapons", 8, None, 140, None),
    ],
)
def test_bjurholms_four_years_are_as_worked_out_by_hand(four_years, offence, count, rate, nation, per_cent):
    pooled, against = (table.loc[offence] for table in four_years)
    assert pooled["count"] == count and pooled["first_year"] == 2013
    assert round(against["expected"] / pooled["population"] * 100_000) == nation
    if rate is None:
        assert np.isnan(pooled["value"]) and np.isnan(against["value"]) and against["verdict"] == "few"
    else:
        assert round(pooled["value"]) == rate and round(100 * against["value"] - 100) == per_cent


# --- references ----------------------------------------------------------------------------------


def test_every_municipality_has_four_references_for_every_offence_and_year(tables):
    against = tables["against"]
    assert against["reference"].value_counts().to_dict() == dict.fromkeys(references.INSIDE, 290 * 10 * 4)
    number = against.drop_duplicates(["area", "reference"]).set_index(["area", "reference"])["members"].unstack()
    assert set(number["nation"]) == {289} and set(number["similar"]) == {7}
    for m in areas.municipalities():
        assert number.loc[m.code, "neighbours"] == len(m.neighbours)
        assert number.loc[m.code, "county"] == len(areas.municipalities(m.county)) - 1


def test_what_is_expected_at_the_nations_rate_adds_up_to_the_nations_count(single_years):
    total = single_years.query("offence == 'total' and reference == 'nation'")
    sums = total.groupby("year")[["count", "expected"]].sum()
    assert sums["count"].to_dict() == {2013: 1_176_244, 2014: 1_218_815, 2015: 1_265_633, 2016: 1_252_386}
    np.testing.assert_allclose(sums["expected"], sums["count"], rtol=1e-12)
    assert (total.groupby("year").size() == 290).all()


def test_what_is_expected_at_the_countys_rate_adds_up_to_the_countys_count(single_years):
    total = single_years.query("offence == 'total' and reference == 'county' and year == 2015")
    sums = total.groupby(total["area"].str[:2])[["count", "expected"]].sum().drop("09")
    np.testing.assert_allclose(sums["expected"], sums["count"], rtol=1e-12)


def by_hand(cells, sds, code, offence, first, last, reference):
    """Expected count, ratio, and the variances by chance and by swings, municipality by municipality.

    ``sds`` holds the swing by the fewest residents of a size class.
    """
    members = {
        "nation": [m.code for m in areas.municipalities()],
        "county": [m.code for m in areas.municipalities(code[:2])],
        "similar": list(areas.get(code).similar),
        "neighbours": list(areas.get(code).neighbours),
    }[reference]

    def total(codes, column):
        return sum(cells.loc[(one, offence, year), column] for one in codes for year in range(first, last + 1))

    own, persons = total([code], "count"), total([code], "population")
    theirs, everyone = total(members, "count"), total(members, "population")
    years = last - first + 1

    def sd(one):
        residents = total([one], "population") / years
        return sds[max(size for size in sds if size <= residents)]

    inside = code in members
    swing = ((1 - persons / everyone) ** 2 if inside else 1) * sd(code) ** 2
    swing += sum((sd(one) * total([one], "population") / everyone) ** 2 for one in members if one != code)
    expected = persons * theirs / everyone
    return expected, own / expected, 1 / own + (-1 if inside else 1) / theirs, swing / years


@pytest.mark.parametrize("reference", list(references.INSIDE))
@pytest.mark.parametrize(("code", "offence"), [("2403", "theft"), ("2403", "vehicle"), ("0380", "violence")])
def test_a_ratio_and_its_interval_are_as_worked_out_one_by_one(tables, cells, code, offence, reference):
    against = tables["against"].query("area == @code and offence == @offence and year == 2016")
    row = against.set_index("reference").loc[reference]
    swings = tables["wobble"].query("kind == 'municipality' and offence == @offence")
    sds = dict(zip(swings["residents"], swings["sd"], strict=True))
    assert list(sds) == [0, 5_000, 10_000, 30_000] and min(sds.values()) > 0.05
    expected, ratio, chance, swing = by_hand(cells, sds, code, offence, row["first_year"], 2016, reference)
    assert (row["expected"], row["value"]) == pytest.approx((expected, ratio), rel=1e-9)
    for lower, upper, z in (("lower", "upper", 1.959964), ("lower_998", "upper_998", 3.090232)):
        factor = np.exp(z * np.sqrt(chance + swing))
        assert (row[lower], row[upper]) == pytest.approx((ratio / factor, ratio * factor), rel=1e-6)


def test_gotland_has_neither_another_municipality_in_its_county_nor_neighbours(tables):
    gotland = tables["against"].query("area == '0980'")
    none = gotland[gotland["reference"].isin(["county", "neighbours"])]
    assert (none["missing"] == "not_applicable").all() and (none["verdict"] == "few").all()
    assert none[["expected", "value", "lower", "upper"]].isna().all(axis=None) and (none["members"] == 0).all()
    assert (gotland.query("reference == 'similar' and offence == 'total'")["missing"] == "").all()
    others = tables["against"].query("missing == 'not_applicable'")
    assert set(others["area"]) == {"0980"}


def test_without_swings_only_the_chance_of_counts_is_left(tables):
    calm = tables["wobble"].assign(sd=0.0)
    windowed = municipal.windows(tables["rates"])
    found = references.against_table(tables["rates"], windowed, calm, NOTHING_BACK).set_index([*KEY, "reference"])
    known = tables["against"].set_index([*KEY, "reference"]).loc[found.index]
    told = found["lower"].notna() & (known["lower"] < known["value"] * (1 - 1e-9))
    assert (found["value"][told] == known["value"][told]).all()
    assert (found["lower"][told] > known["lower"][told]).all()


# --- neighbours together -------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "offence", "last"), [("2403", "theft", 2016), ("2506", "weapons", 2016)])
def test_neighbours_together_are_as_worked_out_one_by_one(tables, cells, code, offence, last):
    row = tables["joint"].query("area == @code and offence == @offence and year == @last").iloc[0]
    members = [code, *areas.get(code).neighbours]
    expected, count, years = 0.0, 0, []
    for year in range(last, last - 4, -1):
        if expected >= 20:
            break
        for one in members:
            group = [m.code for m in areas.group_members(areas.get(one).group_2017, 2017)]
            theirs = sum(cells.loc[(m, offence, year), "count"] for m in group)
            everyone = sum(cells.loc[(m, offence, year), "population"] for m in group)
            expected += cells.loc[(one, offence, year), "population"] * theirs / everyone
            count += cells.loc[(one, offence, year), "count"]
        years.append(year)
    assert (row["members"], row["count"], row["first_year"]) == (len(members), count, min(years))
    assert row["expected"] == pytest.approx(expected, rel=1e-9)
    assert row["value"] == pytest.approx(count / expected, rel=1e-9)


def test_neighbours_together_swing_no_less_than_a_county(tables):
    joint = tables["joint"].query("missing == ''")
    sd = joint["offence"].map(tables["wobble"].query("kind == 'county'").set_index("offence")["sd"])
    years = joint["year"] - joint["first_year"] + 1
    half = np.log(joint["upper"] / joint["value"]) / 1.959964
    country = tables["rates"].query("area == '00'").set_index(["offence", "year"])["count"]
    totals = [country.loc[row.offence].loc[row.first_year : row.year].sum() for row in joint.itertuples()]
    least = np.sqrt(1 / joint["count"] - 1 / np.array(totals) + sd**2 / years)
    assert (half >= least - 1e-6).all()
    # A few neighbours swing more than a county of many.
    assert (half > least + 1e-6).any()


def test_only_gotland_stands_alone(tables):
    joint = tables["joint"]
    assert len(joint) == 290 * 10 * 4
    alone = joint[joint["missing"] == "not_applicable"]
    assert set(alone["area"]) == {"0980"} and (alone["members"] == 1).all() and alone["value"].isna().all()
    assert (joint.loc[joint["area"] != "0980", "members"] > 1).all()


# --- what is kept back ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guarded_tables(tables):
    """Withheld years of 1–20 offences, and the tables that are built under that rule."""
    back = withheld.withheld_table(tables["rates"], tables["offences_month"], {"year": 20, "month": 3})
    windowed = municipal.windows(tables["rates"])
    against = references.against_table(tables["rates"], windowed, tables["wobble"], back)
    joint = references.joint_table(tables["rates"], tables["wobble"], back)
    hidden = set(back.loc[back["month"] == 0, KEY].itertuples(index=False, name=None))
    return hidden, against, joint


def test_no_sum_over_similar_or_neighbouring_municipalities_holds_a_count_that_is_kept_back(guarded_tables):
    hidden, against, joint = guarded_tables
    told = against[against["reference"].isin(["similar", "neighbours"]) & against["expected"].notna()]
    kept = against[against["reference"].isin(["similar", "neighbours"]) & against["expected"].isna()]
    assert len(told) > 10_000 and len(kept) > 1000 and (kept["verdict"] == "few").all()
    for row in told.itertuples():
        for one in getattr(areas.get(row.area), row.reference):
            assert not any((one, row.offence, year) in hidden for year in range(row.first_year, row.year + 1))
    told = joint[joint["count"].notna()]
    assert 5000 < len(told) < len(joint) - 100
    for row in told.itertuples():
        for one in (row.area, *areas.get(row.area).neighbours):
            assert not any((one, row.offence, year) in hidden for year in range(row.first_year, row.year + 1))
    assert joint.loc[joint["count"].isna(), ["expected", "value", "lower", "upper"]].isna().all(axis=None)


def test_no_county_or_nation_is_told_over_a_year_that_is_kept_back(tables):
    # A rule so wide that whole counties are kept back with their municipalities.
    back = withheld.withheld_table(tables["rates"], tables["offences_month"], {"year": 60, "month": 3})
    hidden = set(back.loc[back["month"] == 0, KEY].itertuples(index=False, name=None))
    assert {"09", "10"} & {area for area, *_ in hidden}
    windowed = municipal.windows(tables["rates"])
    against = references.against_table(tables["rates"], windowed, tables["wobble"], back)
    for row in against[against["reference"].isin(["nation", "county"]) & against["expected"].notna()].itertuples():
        whole = row.area[:2] if row.reference == "county" else "00"
        assert not any((whole, row.offence, year) in hidden for year in range(row.first_year, row.year + 1))


def test_small_months_of_years_and_counties_that_are_not_whole_are_kept_back():
    def months(area, number, count, offence="total"):
        return pd.DataFrame(
            {"area": area, "offence": offence, "year": 2017, "month": range(1, number + 1), "count": count}
        )

    given = pd.concat(
        [
            months("2403", 5, [2, 0, 4, 1, 9]),  # a year that is not whole
            months("2425", 12, [2, *[20] * 11]),  # a whole year, in a county that is not whole
            months("24", 3, [3, 30, 30], "weapons"),
            months("2506", 5, [1, 1, 1, 1, 1], "weapons"),  # no page shows it
        ]
    )
    rated = pd.DataFrame(columns=[*KEY, "count", "missing"]).astype({"area": "str"})
    found = withheld.withheld_table(rated, given, {"year": 0, "month": 3})
    kept = set(found[["area", "month"]].itertuples(index=False, name=None))
    assert {("2403", 1), ("2403", 4), ("2425", 1), ("24", 1)} <= kept
    assert ("2403", 2) not in kept and ("2403", 3) not in kept and not any(area == "2506" for area, _ in kept)
    # One hidden month of a whole year could be had from the year's count: another is kept back with it.
    assert sum(area == "2425" for area, _ in kept) == 2


# --- months, where they are known ----------------------------------------------------------------


def test_without_exports_no_municipality_has_a_trend_or_a_signal(tables):
    for name in ("trend", "trend_line", "season", "signals"):
        assert tables[name]["area"].str.len().eq(2).all()


def test_with_exports_the_counties_tables_are_what_they_were(tables, processed_whole):
    for name in ("trend", "trend_line", "season", "signals"):
        whole = store.load(name, processed_whole)
        counties = whole[whole["area"].str.len() == 2].reset_index(drop=True)
        pd.testing.assert_frame_equal(counties, tables[name], check_exact=True)


def test_with_exports_every_municipality_has_a_trend_or_a_reason(processed_whole):
    trend = store.load("trend", processed_whole).query("year == 2016 and model == 'step'")
    mine = trend[trend["area"].str.len() == 4]
    assert len(mine) == 290 * 10 and set(mine["missing"]) == {"", "few"}
    bjurholm = mine[mine["area"] == "2403"].set_index("offence")
    assert bjurholm["missing"].eq("").sum() == 1 and bjurholm.loc["total", "verdict"] == "unclear"
    season = store.load("season", processed_whole).query("area == '2403' and year == 2016")
    assert set(season["offence"]) == {"total"} and len(season) == 12


def test_a_municipalitys_trend_is_that_of_its_own_months(processed_whole):
    months = store.load("offences_month", processed_whole).query("area == '1780'")
    people = store.load("population", processed_whole)
    found = time.trend_tables(
        pd.concat([months, store.load("offences_month", processed_whole).query("area == '17'")]), people
    )
    trend = store.load("trend", processed_whole).query("area == '1780'").set_index([*KEY, "model"])["value"]
    alone = found["trend"].query("area == '1780'").set_index([*KEY, "model"])["value"].reindex(trend.index)
    pd.testing.assert_series_equal(alone, trend, rtol=1e-9)


def test_signals_of_municipalities_are_of_all_offences_only_and_corrected_by_themselves(processed_whole):
    found = store.load("signals", processed_whole)
    mine = found[found["area"].str.len() == 4]
    assert set(mine["offence"]) == {"total"} and mine["area"].nunique() == 290
    months = store.load("offences_month", processed_whole).query("area == '0180' and offence == 'total'")
    alone = signals.signal_table(months, store.load("population", processed_whole))
    here = mine[mine["area"] == "0180"].set_index(["year", "month"])["p_adjusted"]
    pd.testing.assert_series_equal(
        alone.set_index(["year", "month"])["p_adjusted"].reindex(here.index), here, rtol=1e-9
    )
