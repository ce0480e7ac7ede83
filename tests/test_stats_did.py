"""Difference-in-differences: the plain case by hand, coverage, leads, and panels that do not hold."""

import numpy as np
import pandas as pd
import pytest

from brapkg.stats.effect.did import difference_in_differences, event_study
from brapkg.stats.thin import TooThin


def panel(areas=30, treated=10, periods=8, start=4, effect=0.0, lead=0.0, mean=60, spread=0.0, seed=1):
    """Log-linear areas and periods; `lead` bends the treated areas' trend per period."""
    rng = np.random.default_rng(seed)
    area, period = (x.ravel() for x in np.meshgrid(np.arange(areas), np.arange(periods), indexing="ij"))
    kind = area < treated
    log = rng.normal(0, 0.5, areas)[area] + rng.normal(0, 0.2, periods)[period]
    log = log + effect * (kind & (period >= start)) + lead * kind * period + spread * rng.normal(size=area.size)
    population = rng.uniform(0.5, 2, areas)[area] * 10_000
    counts = rng.poisson(mean * population / 10_000 * np.exp(log))
    return pd.DataFrame(
        {"counts": counts, "population": population, "area": area, "period": period, "treated": kind * 1}
    ), start


def run(table, start, function=difference_in_differences, **options):
    return function(*(table[name] for name in ("counts", "population", "area", "period", "treated")), start, **options)


TWO = pd.DataFrame(
    {
        "counts": [40, 25, 110, 130],
        "population": 1000.0,
        "area": ["a", "a", "b", "b"],
        "period": [1, 2, 1, 2],
        "treated": [1, 1, 0, 0],
    }
)


def test_two_areas_and_two_periods_by_hand():
    # (25 / 40) / (130 / 110), variance the sum of the inverses. No row is left over for another error.
    row = run(TWO, 2, error="poisson").iloc[0]
    assert row["value"] == pytest.approx((25 / 40) / (130 / 110))
    assert row["se"] ** 2 == pytest.approx(1 / 40 + 1 / 25 + 1 / 110 + 1 / 130)
    assert (row["areas"], row["treated_areas"], row["periods"], row["events"]) == (2, 1, 2, 305)


def test_difference_of_rates_by_hand():
    table = pd.concat([TWO, TWO.assign(area=["c", "c", "d", "d"], counts=[20, 15, 90, 100])])
    row = run(table.reset_index(drop=True), 2, model="rate", multiplier=1000).iloc[0]
    assert row["value"] == pytest.approx((-15 - 5) / 2 - (20 + 10) / 2)


def test_cluster_error_by_hand_for_two_periods():
    # Least squares in differences: clusters are areas, n - 1 over n - k and G / (G - 1) as the correction.
    table = pd.concat([TWO, TWO.assign(area=["c", "c", "d", "d"], counts=[20, 15, 90, 100])], ignore_index=True)
    row = run(table, 2, model="rate", multiplier=1000).iloc[0]
    # Differences -15, -5 (treated) and 20, 10: residuals 5 from each mean; in levels half of it in each period.
    meat = 4 * (5 / 2) ** 2  # sum over areas of the squared scores, on 2 areas of each kind
    assert row["se"] ** 2 == pytest.approx(meat * (4 / 3) * (7 / 2))
    assert row["df"] == 3 and "few areas (4), few treated (2): error too small" in row["method"].replace(
        ": error too small, few treated", ", few treated"
    )


def test_interval_covers_with_many_areas():
    covered, widths = 0, []
    for seed in range(80):
        table, start = panel(areas=40, treated=20, effect=-0.2, spread=0.15, seed=seed)
        row = run(table, start).iloc[0]
        covered += row["lower"] <= np.exp(-0.2) <= row["upper"]
        widths.append(row["se"])
    assert 0.88 <= covered / 80
    plain = run(*panel(areas=40, treated=20, spread=0.15, seed=0), error="poisson").iloc[0]
    assert np.mean(widths) > 1.2 * plain["se"]  # what the Poisson error leaves out


def test_quasi_poisson_is_floored_and_says_so():
    table, start = panel(seed=2)
    table["counts"] = 100 + table["area"]  # no chance at all: dispersion near 0
    quasi, poisson = (run(table, start, error=error).iloc[0] for error in ("quasi-poisson", "poisson"))
    assert quasi["dispersion"] < 1 and quasi["se"] == pytest.approx(poisson["se"])
    assert quasi["method"].endswith("dispersion floored at 1")
    assert run(table, start, error="quasi-poisson", floor=False)["se"].iloc[0] < quasi["se"]


def test_order_of_rows_and_names_of_areas_do_not_matter():
    table, start = panel(seed=3)
    names = table.assign(area="area " + table["area"].astype(str)).sample(frac=1, random_state=1)
    one, other = run(table, start).iloc[0], run(names, start).iloc[0]
    assert other["value"] == pytest.approx(one["value"], rel=1e-9)
    assert other["se"] == pytest.approx(one["se"], rel=1e-7)


def test_areas_without_events_say_nothing():
    table, start = panel(seed=4)
    more = table[table["area"].isin([0, 29])].assign(counts=0)
    more["area"] += 100
    both = run(pd.concat([table, more], ignore_index=True), start).iloc[0]
    one = run(table, start).iloc[0]
    assert both["left_out"] == 2 and both["areas"] == one["areas"] == 30
    assert both["value"] == pytest.approx(one["value"], rel=1e-10)


def test_events_show_the_effect_when_it_came():
    table, start = panel(effect=-0.5, mean=400, seed=5)
    found = run(table, start, event_study)
    effects = found.effects
    assert list(effects["relative"]) == [-4, -3, -2, 0, 1, 2, 3]
    assert list(effects["period"]) == [0, 1, 2, 4, 5, 6, 7]
    before = effects["relative"] < 0
    assert (np.abs(effects.loc[before, "value"] - 1) < 0.1).all()
    assert (np.abs(effects.loc[~before, "value"] - np.exp(-0.5)) < 0.08).all()
    assert found.leads_df == (3, 29) and found.leads_p_value > 0.01


def test_leads_tell_trends_that_were_not_parallel():
    table, start = panel(lead=-0.1, mean=200, seed=6)
    assert run(table, start, event_study).leads_p_value < 1e-4
    plain = [run(*panel(seed=seed), event_study, error="poisson").leads_p_value for seed in range(60)]
    assert np.mean(np.array(plain) < 0.05) < 0.13  # one in twenty by chance


def test_no_joint_test_without_room_for_it():
    table, start = panel(areas=4, treated=2, seed=7)
    assert np.isnan(run(table, start, event_study).leads_p_value)  # three leads, three degrees of freedom
    table, _ = panel(seed=8)
    assert np.isnan(run(table, 1, event_study).leads_p_value)  # no leads


def test_levels_widen():
    table = run(*panel(seed=9), levels=(0.9, 0.998))
    assert table["lower"][1] < table["lower"][0] < table["value"][0] < table["upper"][0] < table["upper"][1]


def changed(column, row, value):
    table, start = panel(seed=1)
    table[column] = table[column].astype(object)
    table.loc[row, column] = value
    return lambda: run(table, start)


def lacking():
    table, start = panel(seed=1)
    return run(table.drop(index=3), start)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (changed("counts", 2, -1), r"counts: 1 of 240 .*must be >= 0"),
        (changed("counts", 2, 1.5), r"counts: .*whole"),
        (changed("population", 2, 0), r"population: .*must be > 0"),
        (changed("treated", 2, 2), r"treated: .*must be 0 or 1"),
        (changed("treated", 2, 0), r"treated: area 0 is both 0 and 1"),
        (changed("period", 2, 1), r"period: area 0 lacks period 2"),
        (changed("area", 2, None), r"area: 1 of 240 labels missing"),
        (lacking, r"period: area 0 lacks period 3"),
        (lambda: run(pd.concat([TWO, TWO.iloc[:1]], ignore_index=True), 2), r"area 'a' has more than once period 1"),
        (lambda: run(TWO, 2, error="ols"), r"error: found 'ols'; must be one of cluster, quasi-poisson, poisson"),
        (lambda: run(TWO, 2, model="rate", error="poisson"), r"error: found 'poisson'; must be one of cluster, ols"),
        (lambda: run(TWO, 2, model="logit"), r"model: found 'logit'"),
        (lambda: run(TWO, 2, error="poisson", levels=(0,)), r"level: found 0"),
        (lambda: difference_in_differences([1, 2], [1.0], ["a"], [1], [1], 1), r"lengths differ \(counts 2, pop"),
        (
            lambda: difference_in_differences(
                pd.Series([1, 2]), pd.Series([1, 2], index=[1, 0]), ["a", "b"], [1, 1], [0, 1], 1
            ),
            r"index of population differs",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def thinned(chosen):
    table, start = panel(seed=1)
    return table.assign(counts=table["counts"].where(~chosen(table), 0)), start


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: run(TWO, 2), r"found 1 areas with the measure and with events; error 'cluster' needs 2"),
        (
            lambda: run(TWO, 2, error="quasi-poisson"),
            r"found 4 rows and 4 parameters; error 'quasi-poisson' needs more",
        ),
        (lambda: run(TWO.assign(treated=1), 2, error="poisson"), r"found 0 areas without the measure"),
        (lambda: run(*panel(treated=29)), r"found 1 areas without the measure"),
        (lambda: run(TWO, 9, error="poisson"), r"found no period after the start 9"),
        (lambda: run(TWO, 0, error="poisson"), r"found no period before the start 0"),
        (
            lambda: run(*thinned(lambda t: (t["treated"] == 1) & (t["period"] >= 4))),
            r"no event among the areas with the measure after the start",
        ),
        (lambda: run(*thinned(lambda t: t["period"] == 2)), r"no event in period 2"),
        (
            lambda: run(*thinned(lambda t: (t["treated"] == 1) & (t["period"] == 2)), event_study),
            r"no event among the areas with the measure in period 2; event_study needs one",
        ),
    ],
)
def test_thin_panels_are_refused(call, message):
    with pytest.raises(TooThin, match=message):
        call()
