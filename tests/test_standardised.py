"""The county against municipalities of the same kind: by hand, and what must add up."""

from __future__ import annotations

import pandas as pd
import pytest

from brapkg import areas
from brapkg.indicators import standardised
from brapkg.indicators.common import swing_of
from brapkg.indicators.municipal import edition_for, groups

# Every place and size swings by 5 % from year to year.
EVEN = pd.DataFrame(
    {
        "kind": ["county"] + ["municipality"] * 4,
        "offence": "theft",
        "residents": [0, 0, 5_000, 10_000, 30_000],
        "sd": 0.05,
    }
)


def test_gotland_by_hand(tables):
    # One municipality: expected is its residents times the rate of its SKR group in the country.
    rated = tables["rates"].query("offence == 'theft' and year == 2016 and area.str.len() == 4")
    group = groups(2016)
    alike = rated[rated["area"].map(group) == group["0980"]]
    own = rated[rated["area"] == "0980"].iloc[0]
    expected = own["population"] * alike["count"].sum() / alike["population"].sum()
    row = tables["standardised"].query("area == '09' and offence == 'theft' and year == 2016").iloc[0]
    assert row["expected"] == pytest.approx(expected, rel=1e-12)
    assert row["value"] == pytest.approx(own["count"] / expected, rel=1e-12)
    assert row["count"] == own["count"]


def test_skane_by_a_plain_loop(tables):
    rated = tables["rates"].query("offence == 'violence' and year == 2015 and area.str.len() == 4").set_index("area")
    members = [m.code for m in areas.municipalities("12")]
    assert len(members) == 33
    expected = 0.0
    for code in members:
        alike = [m.code for m in areas.municipalities() if m.group_2017 == areas.get(code).group_2017]
        expected += (
            rated.loc[code, "population"] * rated.loc[alike, "count"].sum() / rated.loc[alike, "population"].sum()
        )
    row = tables["standardised"].query("area == '12' and offence == 'violence' and year == 2015").iloc[0]
    assert row["expected"] == pytest.approx(expected, rel=1e-12)


def test_the_expected_add_up_to_the_nations_count(tables):
    found = tables["standardised"].groupby(["offence", "year"])[["count", "expected"]].sum()
    nation = tables["rates"].query("area == '00'").set_index(["offence", "year"])["count"]
    assert len(found) == 40
    pd.testing.assert_series_equal(found["expected"], found["count"].astype(float), check_names=False, rtol=1e-9)
    assert (found["count"] == nation.loc[found.index]).all()


def test_every_group_at_one_rate_leaves_nothing_to_standardise():
    # All municipalities alike: whatever the groups, every county is as expected.
    codes = [m.code for m in areas.municipalities()]
    rated = pd.DataFrame({"area": codes, "offence": "theft", "year": 2016, "count": 200, "population": 10_000.0})
    rated["missing"] = ""
    found = standardised.standardised_table(rated, EVEN)
    assert len(found) == 21 and found["value"].tolist() == pytest.approx([1] * 21)
    assert not found["verdict"].isin(["clearly_higher", "clearly_lower", "probably_higher", "probably_lower"]).any()


def test_the_interval_is_never_narrower_than_the_wobble_allows(tables):
    sd = tables["wobble"].query("kind == 'county'").set_index("offence")["sd"]
    found = tables["standardised"].query("verdict != 'few' and area != '09'")
    width = (found["upper"] / found["lower"]).map(lambda x: x**0.5)
    least = found["offence"].map(sd).mul(1.95).map(lambda x: pow(2.718281828, x))
    assert (width >= least).all()


def test_few_offences_are_not_judged():
    # Nine offences in Gotland's one municipality, 200 in every other.
    codes = [m.code for m in areas.municipalities()]
    rated = pd.DataFrame({"area": codes, "offence": "theft", "year": 2016, "count": 200, "population": 10_000.0})
    rated = rated.assign(missing="")
    rated.loc[rated["area"] == "0980", "count"] = 9
    found = standardised.standardised_table(rated, EVEN).set_index("area")
    assert (found.loc["09", "verdict"], found.loc["09", "missing"]) == ("few", "few")
    assert found.drop("09")["missing"].eq("").all()


def test_edition_of_the_groups_is_told(tables):
    assert set(tables["standardised"]["edition"]) == {edition_for(2016)} == {2017}


def test_it_needs_every_municipality(tables):
    rated = tables["rates"]
    years = rated[rated["year"] != 2014]
    short = pd.concat([years, rated[(rated["year"] == 2014) & (rated["area"] != "2403")]])
    found = standardised.standardised_table(short, tables["wobble"])
    assert 2014 not in set(found["year"]) and 2015 in set(found["year"])


def test_gotland_swings_like_the_municipality_it_is(tables):
    row = tables["standardised"].query("area == '09' and offence == 'theft' and year == 2016").iloc[0]
    sd = tables["wobble"].query("offence == 'theft'").set_index(["kind", "residents"])["sd"]
    own = sd["municipality", 30_000]  # Gotland has some 58 000 residents: the largest size class
    assert own > sd["county", 0]
    variance = 1 / row["count"] + own**2
    assert (row["upper"] / row["lower"]) == pytest.approx(2.718281828 ** (2 * 1.959964 * variance**0.5), rel=1e-3)


def test_a_small_county_of_one_municipality_swings_by_its_size(tables):
    found = swing_of(
        tables["wobble"], pd.DataFrame({"area": ["09", "09"], "offence": "theft", "population": [57_000.0, 4_000.0]})
    )
    sd = tables["wobble"].query("offence == 'theft' and kind == 'municipality'").set_index("residents")["sd"]
    assert found.tolist() == [sd[30_000], sd[0]]
