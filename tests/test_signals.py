"""Month signals and places: found where there is something, quiet where there is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from brapkg import areas
from brapkg.indicators import ranking, signals
from brapkg.indicators.common import swings
from brapkg.indicators.municipal import windows
from brapkg.stats.shrinkage import poisson_gamma

MONTHS = [(year, month) for year in range(2013, 2017) for month in range(1, 13)]


def county_months(seed: int, mean: float = 80) -> tuple[pd.DataFrame, pd.DataFrame]:
    """48 months of two series in two counties, and their residents."""
    rng = np.random.default_rng(seed)
    rows = [
        {"area": area, "offence": offence, "year": year, "month": month, "count": rng.poisson(mean)}
        for area in ("09", "24")
        for offence in ("theft", "violence")
        for year, month in MONTHS
    ]
    people = [{"area": a, "year": y, "residents": 58_000} for a in ("09", "24") for y in range(2012, 2017)]
    return pd.DataFrame(rows), pd.DataFrame(people)


def at(found: pd.DataFrame, *key) -> pd.Series:
    return found.set_index(["area", "offence", "year", "month"]).loc[key]


def test_a_doubled_month_is_found_where_it_is():
    months, people = county_months(1)
    there = (
        (months["area"] == "24") & (months["offence"] == "violence") & (months["year"] == 2016) & (months["month"] == 5)
    )
    months.loc[there, "count"] *= 3
    found = signals.signal_table(months, people)
    now = found[found["year"] == 2016]
    marked = now[now["p_adjusted"] <= 0.01]
    assert list(marked[["area", "offence", "month"]].itertuples(index=False, name=None)) == [("24", "violence", 5)]


def test_the_correction_is_that_of_each_countys_own_year():
    found = signals.signal_table(*county_months(2))
    mine = found[(found["area"] == "09") & (found["year"] == 2016) & (found["missing"] == "")]
    assert len(mine) == 24
    expected = multipletests(mine["p_value"], method="fdr_bh")[1]
    np.testing.assert_allclose(mine["p_adjusted"], expected, rtol=1e-12)


def test_only_earlier_years_are_the_measure_of_a_year():
    months, people = county_months(3)
    first = signals.signal_table(months, people)
    months.loc[months["year"] == 2016, "count"] += 500
    later = signals.signal_table(months, people)
    same = ["value", "upper"]
    for year in (2015, 2016):
        one, two = (table.loc[table["year"] == year, same] for table in (first, later))
        np.testing.assert_allclose(one, two)
    assert set(first["year"]) == {2015, 2016}  # a year needs two before it


def test_a_thin_series_is_not_judged_and_not_counted():
    months, people = county_months(4)
    rare = (months["area"] == "24") & (months["offence"] == "violence")
    months.loc[rare, "count"] = months.loc[rare, "count"] % 3
    found = signals.signal_table(months, people)
    thin = found[(found["area"] == "24") & (found["offence"] == "violence")]
    assert (thin["missing"] == "thin").all() and thin[["p_value", "p_adjusted", "value"]].isna().all(axis=None)


def test_a_series_with_a_gap_is_left_out():
    months, people = county_months(5)
    hole = (months["area"] == "09") & (months["offence"] == "theft") & (months["year"] == 2014) & (months["month"] == 7)
    found = signals.signal_table(months[~hole], people)
    assert ("09", "theft") not in set(found[["area", "offence"]].itertuples(index=False, name=None))
    assert len(found[found["area"] == "24"])


def test_the_tables_signals_agree_with_their_limits(tables):
    found = tables["signals"].query("missing == ''")
    # A month looked at alone passes its limit exactly where its p-value is below 1 per cent.
    assert ((found["count"] > found["upper"]) == (found["p_value"] < 0.01)).mean() > 0.999
    assert (found["p_adjusted"] >= found["p_value"]).all()
    assert set(found["year"]) == {2015, 2016}


# --- places --------------------------------------------------------------------------------------


def test_places_add_up(tables):
    found = tables["ranks"]
    assert set(found["members"]) == {21, 290}
    for (_, _, members), part in found.groupby(["offence", "year", "members"]):
        assert len(part) == members
        # A fifth of the areas is among the highest fifth, whatever the uncertainty.
        assert part["highest_fifth"].sum() == pytest.approx(round(members * 0.2), abs=0.1)
        assert (part["lower"] <= part["value"]).all() and (part["value"] <= part["upper"]).all()
        assert part["lower"].min() >= 1 and part["upper"].max() <= members


def test_stockholm_has_most_and_the_small_are_unsure(tables):
    found = tables["ranks"].query("offence == 'total' and year == 2016")
    counties = found[found["area"].str.len() == 2].set_index("area")
    assert tuple(counties.loc["01", ["lower", "upper"]]) == (21, 21)
    width = found.assign(width=found["upper"] - found["lower"]).set_index("area")["width"]
    assert width["2403"] > 30  # Bjurholm


def test_swings_between_years_widen_the_places(tables):
    rated = tables["rates"].query("offence == 'violence'")
    still = tables["wobble"].assign(sd=0.0)
    calm = ranking.rank_table(rated, windows(rated), still).query("year == 2016").set_index("area")
    moved = tables["ranks"].query("offence == 'violence' and year == 2016").set_index("area")
    codes = [m.code for m in areas.municipalities()]
    assert ((moved["upper"] - moved["lower"]) - (calm["upper"] - calm["lower"]))[codes].mean() > 20


def test_small_places_are_placed_by_several_years_each_against_the_nation(tables):
    found = tables["ranks"].query("offence == 'total' and year == 2016").set_index("area")
    rates = tables["rates"].query("offence == 'total' and missing == ''").set_index(["area", "year"])
    assert (found.loc["2403", "first_year"], found.loc["2403", "count"]) == (2013, 669)  # Bjurholm
    assert set(found.loc[["0180", "24"], "first_year"]) == {2016}
    persons = sum(rates.loc[("2403", year), "population"] for year in range(2013, 2017))
    assert found.loc["2403", "population"] == pytest.approx(persons)
    windowed = windows(tables["rates"]).query("offence == 'total' and year == 2016").set_index("area")
    expected = 0.0
    for year in range(2013, 2017):
        municipal = rates[(rates.index.get_level_values("area").str.len() == 4)].xs(year, level="year")
        expected += municipal.loc["2403", "population"] * municipal["count"].sum() / municipal["population"].sum()
    assert windowed.loc["2403", "national"] == pytest.approx(expected)
    # Four years tell more than one.
    alone = tables["rates"].query("year == 2016")
    single = ranking.rank_table(alone, windows(alone), tables["wobble"]).query("offence == 'total'").set_index("area")
    width = found["upper"] - found["lower"]
    assert width["2403"] < 0.6 * (single["upper"] - single["lower"])["2403"]


def test_a_place_by_a_plain_simulation(tables):
    """Draws from every municipality's gamma distribution, ranked: the same median and limits."""
    windowed = windows(tables["rates"]).query("offence == 'violence' and year == 2016").set_index("area")
    sd = swings(tables["wobble"], ["violence"] * 290, windowed["population"] / windowed["years"])
    nu, alpha = poisson_gamma(windowed["count"], windowed["national"])
    weight = 1 / (1 + sd**2 / windowed["years"] * windowed["national"])
    draws = np.random.default_rng(7).gamma(
        (nu + weight * windowed["count"]).to_numpy(),
        1 / (alpha + weight * windowed["national"]).to_numpy(),
        (4000, 290),
    )
    places = pd.DataFrame(draws.argsort(axis=1).argsort(axis=1) + 1, columns=windowed.index)
    found = tables["ranks"].query("offence == 'violence' and year == 2016").set_index("area").loc[windowed.index]
    for name, share in (("lower", 0.025), ("value", 0.5), ("upper", 0.975)):
        apart = (found[name] - places.quantile(share)).abs()
        assert apart.mean() < 1.5 and apart.max() <= 12  # some of the draws' own chance
    assert (found["highest_fifth"] - (places > 232).mean()).abs().max() < 0.04
