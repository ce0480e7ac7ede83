"""One municipality's figures: what the store holds of it, in the forms a page needs, small counts kept back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import copied

from brapkg import areas, catalogue, profile, shown, store
from brapkg.errors import UsageError
from brapkg.stats.spread import year_bands

pytestmark = pytest.mark.usefixtures("built")

OFFENCES = list(catalogue.offences("groups"))
PLACES = ["2403", "2425", "2506", "0980", "1780", "0380", "0180"]
KEY = ["area", "offence", "year"]


@pytest.fixture(scope="module")
def bjurholm(built):
    return profile.municipality("Bjurholm", 2016)


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A workspace whose settings keep back years of 1 to 5 offences, built."""
    home = tmp_path_factory.mktemp("strict")
    (home / "settings.toml").write_text("[disclosure]\nyear = 5\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRAPKG_HOME", str(home))
        store.build(copied(home / "data" / "raw"), home / "data" / "processed")
    return home


# --- which municipality, which year --------------------------------------------------------------


@pytest.mark.parametrize("name", ["2403", "Bjurholm", "Bjurholms kommun", "BJURHOLM"])
def test_a_municipality_is_found_in_any_form_of_its_name(name):
    found = profile.municipality(name)
    assert (found.code, found.area.short, found.period) == ("2403", "Bjurholm", 2016)


@pytest.mark.parametrize(("area", "told"), [("24", "is a county"), ("Bjurhlm", "Did you mean 2403"), (2403, "by text")])
def test_what_is_no_municipality_is_refused(area, told):
    with pytest.raises(UsageError, match=told):
        profile.municipality(area)


@pytest.mark.parametrize("period", [2012, 2017, True, "2016"])
def test_a_year_without_figures_is_refused_with_those_there_are(period):
    with pytest.raises(UsageError, match="2013, 2014, 2015, 2016"):
        profile.municipality("2403", period)


@pytest.mark.parametrize("period", [2013, 2016])
@pytest.mark.parametrize("code", PLACES)
def test_every_part_is_there_for_places_of_every_size(code, period):
    m = profile.municipality(code, period)
    assert list(m.pooled.index) == list(m.level_rows) == list(m.peers.index) == list(m.joint.index) == OFFENCES
    assert m.place("violence")["members"] == 290 and len(m.funnel("violence")) == 290
    assert len(m.country) == 290 and m.country["value"].notna().all()
    assert m.newer["year"] == 2025 and m.coverage["area"] == code[:2] and m.first_year == 2013
    assert (m.change.empty, m.change_rows == {}) == (period == 2013, period == 2013)
    assert m.yearly.groupby("offence").size().to_dict() == dict.fromkeys(OFFENCES, period - 2012)
    assert m.status == ("preliminary" if period == 2016 else "final")
    if code == "0980":  # its months are its county's
        return
    assert not m.months_known and m.trend_rows == {} and m.signals.empty and m.season("total").empty
    assert m.months("total").empty and m.rolling("total").size == 0 and m.trend_line("total").empty


# --- those it is compared with -------------------------------------------------------------------


def test_bjurholms_peers_are_named(bjurholm):
    assert bjurholm.county.name == "Västerbottens län" and bjurholm.county_profile.code == "24"
    assert bjurholm.group.code == "B4" and len(bjurholm.group_members) == 52
    assert bjurholm.area in bjurholm.group_members
    assert {a.short for a in bjurholm.similar} == {
        *("Ödeshög", "Vimmerby", "Ovanåker", "Berg", "Norsjö", "Malå", "Vilhelmina")
    }
    assert {a.short for a in bjurholm.neighbours} == {
        *("Örnsköldsvik", "Nordmaling", "Vindeln", "Vännäs", "Åsele", "Lycksele")
    }
    assert profile.municipality("0980").neighbours == []


def test_another_reference_is_refused_with_those_there_are(bjurholm):
    assert list(bjurholm.against("similar").index) == OFFENCES
    with pytest.raises(UsageError, match="'group' is no reference.*nation, county, similar, neighbours"):
        bjurholm.against("group")


# --- level and years -----------------------------------------------------------------------------


def test_the_smallest_municipality_has_the_residents_it_had(bjurholm):
    assert bjurholm.residents[2015] == 2453 and bjurholm.residents.index.min() == 2011


def test_a_level_row_is_its_rate_the_nations_in_the_same_years_and_their_ratio(bjurholm, tables):
    row = bjurholm.level_rows["vehicle"]
    nation = tables["rates"].query("area == '00' and offence == 'vehicle' and 2013 <= year <= 2016")
    residents = (
        tables["rates"].query("area == '2403' and offence == 'vehicle' and 2013 <= year <= 2016")["population"].sum()
    )
    assert (row["count"], row["first_year"], row["status"]) == (30, 2013, "preliminary")
    assert row["value"] == pytest.approx(30 / residents * 100_000)
    assert row["nation"] == pytest.approx(nation["count"].sum() / nation["population"].sum() * 100_000)
    assert row["ratio_value"] == pytest.approx(row["value"] / row["nation"])
    assert row["ratio_lower_998"] < row["ratio_lower"] < row["ratio_value"] < row["ratio_upper"]
    assert row["ratio_verdict"] == "clearly_lower" and bjurholm.level_rows["weapons"]["ratio_verdict"] == "few"


def test_bjurholms_years_are_those_of_the_figures_and_their_band_is_told(bjurholm):
    years = bjurholm.yearly.set_index(["offence", "year"])
    assert years.loc["total", "count"].tolist() == [111, 161, 193, 204]
    assert years.loc["threats", "shown"].tolist() == [24, 31, 32, 50]
    assert years.loc["threats", "outside"].tolist() == ["", "", "", "above"]
    assert years.loc[("threats", 2016), "lower":"upper"].tolist() == [21, 49]
    # Of forty values about one and a half are expected outside by chance; five are.
    assert 1 < bjurholm.yearly["chance"].sum() < 2 and (bjurholm.yearly["outside"] != "").sum() == 5


@pytest.mark.parametrize("period", [2014, 2016])
def test_the_rows_of_the_period_are_its_year_and_no_other(period):
    place = profile.municipality("2403", period)
    found = {offence: (row["year"], row["shown"]) for offence, row in place.year_rows.items()}
    counts = store.load("rates").query("area == '2403' and year == @period").set_index("offence")["count"]
    assert found == {offence: (period, counts[offence]) for offence in OFFENCES}


def test_the_bands_of_all_offences_at_once_are_those_of_each_by_itself(bjurholm):
    rates = store.load("rates").query("area == '2403' and year <= 2016").set_index("offence")
    # Bjurholm's years swing as those of the smallest municipalities.
    swings = store.load("wobble").query("kind == 'municipality' and residents == 0").set_index("offence")["sd"]
    for offence, years in bjurholm.yearly.groupby("offence"):
        own = rates.loc[offence].sort_values("year")
        alone = year_bands(own["count"], own["population"], wobble=swings[offence])
        for name, of in (("expected", "value"), ("lower", "lower"), ("upper", "upper"), ("chance", "chance")):
            assert years[name].tolist() == pytest.approx(alone[of].tolist()), (offence, name)
        assert years["outside"].tolist() == alone["outside"].tolist()


def test_the_first_year_has_no_band():
    years = profile.municipality("2403", 2013).yearly
    assert years[["expected", "lower", "upper"]].isna().all(axis=None) and (years["outside"] == "").all()


def test_a_place_changes_nothing_in_the_store_by_being_read(bjurholm):
    bjurholm.pooled["value"] = 0.0
    bjurholm.yearly["count"] = 0
    again = profile.municipality("2403", 2016)
    assert again.pooled["value"].max() > 0 and again.yearly["count"].sum() > 0


# --- what is kept back ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept_back(strict):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRAPKG_HOME", str(strict))
        back = store.load("withheld").query("month == 0")
        counts = store.load("rates").set_index(KEY)["count"]
    return set(back[KEY].itertuples(index=False, name=None)), counts


@pytest.mark.parametrize("code", [*PLACES, "2417", "0509"])
def test_no_kept_back_count_can_be_had_from_the_years_together_and_the_others(kept_back, strict, monkeypatch, code):
    monkeypatch.setenv("BRAPKG_HOME", str(strict))
    hidden, _ = kept_back
    for period in (2014, 2016):
        m = profile.municipality(code, period)
        for offence in OFFENCES:
            row = m.pooled.loc[offence]
            back = [y for y in range(row["first_year"], period + 1) if (code, offence, y) in hidden]
            own = [row["count"], row["value"], m.peers.loc[offence, "count"]]
            own += [m.level_rows[offence][name] for name in ("count", "value", "nation", "ratio_value")]
            own += [m.against(one).loc[offence, "count"] for one in ("nation", "county", "similar", "neighbours")]
            if back:
                assert np.isnan(own).all(), (code, offence, period)
                assert m.level_rows[offence]["ratio_verdict"] == "few"
            together = m.joint.loc[offence]
            if any((code, offence, y) in hidden for y in range(int(together["first_year"]), period + 1)):
                assert np.isnan(together["count"]) and np.isnan(together["expected"])
            years = m.yearly[m.yearly["offence"] == offence]
            gone = [(code, offence, y) in hidden for y in years["year"]]
            assert years["count"].isna().tolist() == years["shown"].isna().tolist() == gone
            # The mean of all years and those that are shown would tell the one that is not.
            if any(gone):
                assert years[["expected", "lower", "upper"]].isna().all(axis=None) and (years["outside"] == "").all()


def test_enough_is_kept_back_for_that_test_to_mean_something(kept_back):
    hidden, counts = kept_back
    mine = {key for key in hidden if key[0] in PLACES}
    assert len(mine) > 15 and {code for code, *_ in mine} >= {"2403", "2425", "2506"}
    assert any(counts[key] > 5 for key in hidden), "others are kept back to protect the small ones"


def test_under_a_rule_no_neighbour_tells_what_another_keeps_back(kept_back, strict, monkeypatch):
    monkeypatch.setenv("BRAPKG_HOME", str(strict))
    hidden, counts = kept_back
    against, pooled = shown.table("against"), shown.table("pooled").set_index(KEY)["population"]
    told = against[(against["reference"] == "neighbours") & against["expected"].notna()]
    people = store.load("rates").set_index(KEY)["population"]
    worked_out = 0
    for row in told[told["year"] == 2016].itertuples():
        years = range(row.first_year, row.year + 1)
        members = areas.get(row.area).neighbours
        persons = sum(people[one, row.offence, year] for one in members for year in years)
        # The sum can be had from what is shown, and so nothing in it may be kept back.
        total = row.expected / pooled[row.area, row.offence, row.year] * persons
        assert total == pytest.approx(sum(counts[one, row.offence, year] for one in members for year in years))
        assert not {(one, row.offence, year) for one in members for year in years} & hidden
        worked_out += 1
    assert worked_out > 1000


# --- months --------------------------------------------------------------------------------------


def test_with_the_exports_the_months_are_told_and_small_ones_kept_back(built_whole):
    m = profile.municipality("2403", 2016)
    assert m.months_known
    months = m.months("total")
    assert len(months) == 48 and months["count"].sum() == 669 and len(m.rolling("total")) == 37
    told = months["shown"].notna()
    assert told.sum() > 40 and (months["shown"] == months["count"])[told].all()
    back = store.load("withheld").query("offence == 'total' and month > 0 and missing == 'suppressed, small'")["area"]
    guarded = profile.municipality(back[back.str.len() == 4].iloc[0], 2016).months("total")
    small = guarded["count"].between(1, 3)
    assert small.any() and guarded.loc[small, "shown"].isna().all() and guarded["shown"].notna().any()
    assert m.months("theft")["shown"].isna().all(), "of single groups no month is told"
    assert len(m.months("total", "24")) == len(m.months("total", "00")) == 48
    assert m.months("total", "24")["shown"].notna().all()
    assert set(m.trend_rows["total"]) == {"step", "smooth"} and m.trend_rows["total"]["step"]["verdict"] == "unclear"
    assert m.trend_rows["theft"]["step"]["missing"] == "few" and m.trend_rows["theft"]["step"]["method"] == ""
    assert len(m.season("total")) == 12 and len(m.trend_line("total")) == 48 and m.season("theft").empty
    assert len(m.signals) == 12 and set(m.signals["offence"]) == {"total"}
    kept = months.tail(12)["shown"].isna().tolist()
    assert m.signals.sort_values("month")["withheld"].tolist() == kept


def test_a_municipality_that_is_its_county_has_the_countys_months():
    m, county = profile.municipality("0980", 2016), profile.county("09", 2016)
    assert m.months_known and m.trend_rows.keys() == county.trend_rows.keys()
    for offence, models in county.trend_rows.items():
        assert {name: row["value"] for name, row in m.trend_rows[offence].items()} == pytest.approx(
            {name: row["value"] for name, row in models.items()}, nan_ok=True
        )

    pd.testing.assert_frame_equal(m.months("theft"), county.months("theft"))
    assert (m.rolling("total") == county.rolling("total")).all() and len(m.season("total")) == 12
    assert set(m.signals["area"]) == {"09"} and len(m.trend_line("total")) == 48


def test_where_the_exports_have_its_own_months_those_are_told(built_whole):
    m = profile.municipality("0980", 2016)
    assert m.months_known and set(m.signals["area"]) == {"0980"}
    assert m.months("theft")["shown"].isna().all() and m.months("total")["shown"].notna().all()


def test_months_end_with_the_period(built_whole):
    m = profile.municipality("1780", 2014)
    assert len(m.months("total")) == 24 and m.months("total")["year"].max() == 2014
    assert m.trend_rows["total"]["smooth"]["months"] == 24 and "step" not in m.trend_rows["total"]
    assert pd.Series(m.rolling("total")).notna().all()
