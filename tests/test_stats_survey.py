"""Surveys: hand-made designs, samples drawn over and over, and designs that cannot be."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from brapkg.stats.survey import design, difference, effective_size, mean, proportion, rake

# Two strata of 2 and 4 respondents.
WEIGHT = [10.0, 10.0, 5.0, 5.0, 5.0, 5.0]
STRATUM = ["s", "s", "t", "t", "t", "t"]
YES = [1, 0, 1, 1, 1, 0]


def test_equal_weights_are_a_simple_sample():
    # By hand: se^2 = p (1 - p) / (n - 1) with replacement; of N = 200 drawn 50, times 3/4.
    y = np.repeat([1, 0], [20, 30])
    row = proportion(y, design(np.full(50, 4.0))).iloc[0]
    assert (row["n"], row["count"], row["population"], row["value"], row["df"]) == (50, 20, 200, 0.4, 49)
    assert row["se"] == pytest.approx(np.sqrt(0.24 / 49))
    # Against a simple sample without replacement: 1 / (1 - 50 / 200).
    assert row["deff"] == pytest.approx(4 / 3)
    known = proportion(y, design(np.full(50, 4.0), population=np.full(50, 200))).iloc[0]
    assert known["se"] == pytest.approx(np.sqrt(0.75 * 0.24 / 49))
    assert known["deff"] == pytest.approx(1)


def test_strata_by_hand():
    # Stratum means 1/2 and 3/4 with shares 1/2: 0.625. Each half's variance is s^2 / n, with s^2 of
    # 1/2 and 1/4: 0.25 * (0.5 / 2 + 0.25 / 4) = 0.078125.
    row = proportion(YES, design(WEIGHT, stratum=STRATUM), method="mean").iloc[0]
    assert row["value"] == pytest.approx(0.625)
    assert row["se"] ** 2 == pytest.approx(0.078125)
    assert row["df"] == 4
    assert row["upper"] == pytest.approx(0.625 + stats.t.ppf(0.975, 4) * np.sqrt(0.078125))


def test_clusters_by_hand():
    # Three schools of two with totals of y - 1/2 of 1, 0, -1: variance 3/2 * 2 / 36 = 1/12.
    y, school = [1, 1, 1, 0, 0, 0], ["a", "a", "b", "b", "c", "c"]
    row = proportion(y, design(np.ones(6), cluster=school)).iloc[0]
    assert row["se"] ** 2 == pytest.approx(1 / 12)
    assert row["df"] == 2
    assert np.isnan(row["deff"])  # weights of mean 1 do not say how many there are
    alone = proportion(y, design(np.ones(6), cluster=list("abcdef"))).iloc[0]
    assert alone["se"] == pytest.approx(proportion(y, design(np.ones(6))).iloc[0]["se"])


def test_intervals_by_hand():
    y = np.repeat([1, 0], [20, 30])
    se, t = np.sqrt(0.24 / 49), stats.t.ppf(0.975, 49)
    found = {m: proportion(y, design(np.ones(50)), method=m).iloc[0] for m in ("logit", "asin", "beta", "mean")}
    odds = np.log(0.4 / 0.6) + np.array([-1, 1]) * t * se / 0.24
    assert list(found["logit"][["lower", "upper"]]) == pytest.approx(1 / (1 + np.exp(-odds)))
    angle = np.arcsin(np.sqrt(0.4)) + np.array([-1, 1]) * t * se / (2 * np.sqrt(0.24))
    assert list(found["asin"][["lower", "upper"]]) == pytest.approx(np.sin(angle) ** 2)
    # Effective size 49, as the variance has 49 below: Clopper and Pearson of 19.6 in 49.
    beta = [stats.beta.ppf(0.025, 19.6, 30.4), stats.beta.ppf(0.975, 20.6, 29.4)]
    assert list(found["beta"][["lower", "upper"]]) == pytest.approx(beta)
    assert {row["method"] for row in found.values()} == set(found)


def test_few_clusters_cost_the_beta_interval_degrees_of_freedom():
    # The three schools above: 0.25 / (1/12) = 3 independent answers, fewer by (t of 5 / t of 2)^2.
    y, school = [1, 1, 1, 0, 0, 0], ["a", "a", "b", "b", "c", "c"]
    row = proportion(y, design(np.ones(6), cluster=school), method="beta").iloc[0]
    size = 3 * (stats.t.ppf(0.975, 5) / stats.t.ppf(0.975, 2)) ** 2
    assert row["lower"] == pytest.approx(stats.beta.ppf(0.025, size / 2, size / 2 + 1))
    assert row["upper"] == pytest.approx(stats.beta.ppf(0.975, size / 2 + 1, size / 2))


def test_limits_stay_between_0_and_1_but_for_the_plain_one():
    y = np.r_[1, np.zeros(30)]
    for method in ("logit", "asin", "beta"):
        row = proportion(y, design(np.ones(31)), method=method).iloc[0]
        assert 0 <= row["lower"] < row["value"] < row["upper"] < 1
        row = proportion(1 - y, design(np.ones(31)), method=method).iloc[0]
        assert 0 < row["lower"] < row["value"] < row["upper"] <= 1
    assert proportion(y, design(np.ones(31)), method="mean").iloc[0]["lower"] < 0


def test_a_domain_is_part_of_the_whole_design():
    # The number of respondents in the domain is itself random: rows outside count with 0.
    y = pd.Series(YES)
    by = ["in", "in", "in", "in", "out", "out"]
    row = proportion(y, design(WEIGHT, stratum=STRATUM), by=by).loc["in"]
    # Value (10 + 5 + 5) / 30; parts of t: 5 * (1 - 2/3) / 30 twice, and 0 twice; s: 1/9 and -2/9.
    part = np.array([1 / 18, 1 / 18, 0, 0])
    variance = 2 * 2 * (1 / 6) ** 2 + 4 / 3 * np.sum((part - part.mean()) ** 2)
    assert row["value"] == pytest.approx(2 / 3)
    assert row["se"] ** 2 == pytest.approx(variance)
    assert (row["n"], row["df"], row["population"]) == (4, 2, 30)


def test_domains_are_sorted_with_one_block_per_level():
    table = mean(range(6), design(WEIGHT), by=list("bababa"), levels=(0.9, 0.95))
    assert list(table.index) == ["a", "b", "a", "b"]
    assert list(table["level"]) == [0.9, 0.9, 0.95, 0.95]
    assert list(table.columns) == [
        "n", "count", "population", "se", "df", "deff", "value", "lower", "upper", "level", "method", "missing",
    ]  # fmt: skip


def test_few_respondents_are_withheld_with_the_reason():
    by = list("aabbbc")
    table = proportion(YES, design(WEIGHT), by=by, minimum=3)
    assert list(table["missing"]) == ["few", "alike", "few"]
    withheld = table.loc[["a", "c"], ["value", "se", "deff", "lower", "upper"]]
    assert withheld.isna().all(axis=None)
    assert list(table["n"]) == [2, 3, 1]
    # One respondent has no spread, whatever the minimum.
    assert proportion(YES, design(WEIGHT), by=by).loc["c", "missing"] == "few"


def test_all_alike_has_a_value_but_no_limits():
    for value in (0, 1):
        for method in ("logit", "asin", "beta", "mean"):
            row = proportion(np.full(6, value), design(WEIGHT), method=method).iloc[0]
            assert (row["value"], row["missing"]) == (value, "alike")
            assert row[["se", "lower", "upper", "deff"]].isna().all()
    row = mean(np.full(6, 0.1), design(WEIGHT)).iloc[0]
    assert (row["value"], row["missing"]) == (pytest.approx(0.1), "alike")


def test_a_weight_of_zero_is_not_a_respondent():
    row = proportion([1, 0, 1, 1], design([1.0, 1.0, 1.0, 0.0])).iloc[0]
    assert (row["n"], row["count"], row["df"]) == (3, 2, 2)
    table = proportion([1, 0, 1, 1], design([1.0, 1.0, 1.0, 0.0]), by=list("aaab"))
    assert (table.loc["b", "n"], table.loc["b", "missing"]) == (0, "few")


def test_total_by_hand():
    row = mean(YES, design(WEIGHT, stratum=STRATUM), total=True).iloc[0]
    # 20 + 20 * ... : 10 + 15 = 25; variance 2 * 50 + 4/3 * 3/4 * 25 = 125.
    assert row["value"] == 25
    assert row["se"] ** 2 == pytest.approx(125)
    assert row["method"] == "total"


def test_difference_of_strata_adds_their_variances():
    drawn = design(WEIGHT, stratum=STRATUM)
    each = mean(YES, drawn, by=STRATUM)
    row = difference(YES, drawn, by=STRATUM, pair=("t", "s")).iloc[0]
    assert row["value"] == pytest.approx(0.25)
    assert row["se"] ** 2 == pytest.approx((each["se"] ** 2).sum())
    assert row["df"] == 3
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(0.25 / row["se"], 3))
    other = difference(YES, drawn, by=STRATUM, pair=("s", "t")).iloc[0]
    assert other["value"] == -row["value"] and other["p_value"] == row["p_value"]


def test_difference_knows_that_domains_share_clusters():
    # Within each household both answer alike, so the domains move together.
    rng = np.random.default_rng(4)
    y = np.repeat(rng.integers(0, 2, 200), 2)
    y[:10] = [0, 1] * 5
    who, household = np.tile(["he", "she"], 200), np.repeat(np.arange(200), 2)
    together = difference(y, design(np.ones(400), cluster=household), by=who, pair=("he", "she")).iloc[0]
    apart = difference(y, design(np.ones(400)), by=who, pair=("he", "she")).iloc[0]
    assert together["se"] < 0.3 * apart["se"]


def test_difference_is_withheld_where_there_are_few():
    row = difference(YES, design(WEIGHT), by=list("aabbbb"), pair=("a", "b"), minimum=3).iloc[0]
    assert row["missing"] == "few"
    assert row[["value", "value_first", "value_second", "se", "t", "p_value", "lower"]].isna().all()
    alike = difference([1, 1, 0, 0, 0, 0], design(WEIGHT), by=list("aabbbb"), pair=("a", "b")).iloc[0]
    assert (alike["value"], alike["missing"]) == (1, "alike")


def test_effective_size():
    # (1 + 1 + 2)^2 / (1 + 1 + 4) = 16/6.
    row = effective_size([1, 1, 2]).iloc[0]
    assert (row["n"], row["value"], row["deff"]) == (3, pytest.approx(16 / 6), pytest.approx(18 / 16))
    table = effective_size([1, 1, 2, 5, 0], by=list("aabba"))
    assert list(table["value"]) == pytest.approx([2, 49 / 29]) and list(table["n"]) == [2, 2]


def population() -> pd.DataFrame:
    """3 000 persons in 300 households, in two strata, of whom 3 in 10 say yes."""
    rng = np.random.default_rng(5)
    household = np.repeat(np.arange(300), 10)
    mood = rng.normal(0, 1, 300)[household]
    stratum = np.where(household < 100, "town", "rest")
    yes = (rng.normal(0, 1, 3000) + mood > np.where(stratum == "town", 0.3, 1.0)).astype(int)
    sex = np.where(rng.random(3000) < 0.3 + 0.4 * yes, "K", "M")
    return pd.DataFrame({"household": household, "stratum": stratum, "yes": yes, "sex": sex})


def test_intervals_cover_when_households_are_drawn_again_and_again():
    people = population()
    rng = np.random.default_rng(6)
    truth, rounds = people["yes"].mean(), 150
    covered = {"logit": 0, "beta": 0, "as if drawn one by one": 0}
    for _ in range(rounds):
        chosen = np.r_[rng.choice(100, 30, replace=False), rng.choice(np.arange(100, 300), 25, replace=False)]
        sample = people[people["household"].isin(chosen)]
        town = sample["stratum"] == "town"
        weight, units = np.where(town, 100 / 30, 200 / 25), np.where(town, 100, 200)
        drawn = design(weight, stratum=sample["stratum"], cluster=sample["household"], population=units)
        tables = {method: proportion(sample["yes"], drawn, method=method) for method in ("logit", "beta")}
        tables["as if drawn one by one"] = proportion(sample["yes"], design(weight))
        for name, table in tables.items():
            low, high = table[["lower", "upper"]].iloc[0]
            covered[name] += low <= truth <= high
    assert 0.91 <= covered["logit"] / rounds <= 0.985
    assert 0.91 <= covered["beta"] / rounds <= 0.99
    assert covered["as if drawn one by one"] / rounds < 0.88


def test_error_after_raking_is_that_of_samples_drawn_again_and_again():
    people = population()
    totals = {"sex": people["sex"].value_counts(), "stratum": people["stratum"].value_counts()}
    rng = np.random.default_rng(7)
    values, errors, plain = [], [], []
    for _ in range(150):
        sample = people.iloc[rng.choice(3000, 300, replace=False)]
        drawn = design(np.full(300, 10.0), population=np.full(300, 3000))
        found = proportion(sample["yes"], rake(drawn, sample[list(totals)], totals)).iloc[0]
        values.append(found["value"])
        errors.append(found["se"])
        plain.append(proportion(sample["yes"], drawn).iloc[0]["se"])
    assert np.mean(values) == pytest.approx(people["yes"].mean(), abs=0.005)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15)
    assert np.mean(errors) < 0.95 * np.mean(plain)


def test_raked_weights_meet_every_total():
    people = population()[::7]
    totals = {"sex": pd.Series({"M": 700.0, "K": 300.0}), "stratum": pd.Series({"rest": 450.0, "town": 550.0})}
    raked = rake(design(np.ones(len(people))), people[["sex", "stratum"]], totals)
    for name, wanted in totals.items():
        found = pd.Series(raked.weight).groupby(people[name].to_numpy()).sum()
        np.testing.assert_allclose(found[wanted.index], wanted, rtol=1e-9)
    # What the margins fix is known without error.
    row = proportion((people["sex"] == "K").to_numpy(), raked).iloc[0]
    assert row["value"] == pytest.approx(0.3) and (np.isnan(row["se"]) or row["se"] < 1e-9)


RESPONDENTS = st.lists(
    st.tuples(st.floats(0.1, 100), st.integers(0, 1), st.sampled_from("pqr"), st.sampled_from("xy")),
    min_size=4,
    max_size=40,
)


@settings(deadline=None, max_examples=60)
@given(RESPONDENTS, st.floats(0.01, 1000), st.randoms())
def test_neither_order_nor_scale_of_weights_matters(respondents, scale, random):
    table = pd.DataFrame(respondents, columns=["weight", "yes", "by", "stratum"])
    if table.groupby("stratum").size().min() < 2:
        return
    order = list(range(len(table)))
    random.shuffle(order)
    shuffled = table.iloc[order]
    found = [
        proportion(one["yes"], design(factor * one["weight"], stratum=one["stratum"]), by=one["by"])
        for one, factor in ((table, 1.0), (shuffled, scale))
    ]
    columns = ["n", "count", "df", "value", "se", "missing"]
    pd.testing.assert_frame_equal(found[0][columns], found[1][columns], rtol=1e-7, atol=1e-9)
    shown = found[0][found[0]["lower"].notna()]
    assert ((shown["lower"] <= shown["value"]) & (shown["value"] <= shown["upper"])).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight": [10, -10, 5, 5, 5, 5]}, r"weight: 1 of 6 .*-10 at position 1"),
        ({"weight": [10, np.nan, 5, 5, 5, 5]}, r"weight: .*finite"),
        ({"weight": np.zeros(6)}, r"weight: adds up to 0"),
        ({"weight": []}, r"weight: adds up to 0"),
        ({"stratum": ["s", None, "t", "t", "t", "t"]}, r"stratum: missing in 1 rows \(first at position 1\)"),
        ({"stratum": ["s", "t"]}, r"stratum: found 2 rows; must be one for each respondent \(6,"),
        ({"stratum": ["s", "t", "t", "t", "t", "t"]}, r"stratum: 's' holds 1 sampling unit"),
        ({"cluster": list("abcdea")}, r"cluster: 'a' lies in two strata"),
        ({"cluster": list("aabbbb")}, r"stratum: 's' holds 1 sampling unit"),
        ({"cluster": ["a", "b", np.nan, "c", "d", "e"]}, r"cluster: missing in 1 rows"),
        ({"population": [20, 20, 20, 20, 20, 22]}, r"population: .*at 't'.*same in all of a stratum"),
        ({"population": [20, 20, 0, 0, 0, 0]}, r"population: .*must be > 0"),
        ({"population": [20, 20, 3, 3, 3, 3]}, r"population: .*3 at 't'.*at least the number drawn"),
        ({"population": [20, 20, 30, 30, 30, 30]}, r"population: .*30 at 't'.*within 10% of the sum of the weights"),
        ({"population": [20, 20]}, r"population: found 2 rows"),
    ],
)
def test_designs_that_cannot_be_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        design(**({"weight": WEIGHT, "stratum": STRATUM} | changes))


def test_series_are_not_paired_by_position():
    weight = pd.Series(WEIGHT, index=list("abcdef"))
    turned = pd.Series(YES, index=list("fedcba"))
    with pytest.raises(ValueError, match="index of stratum differs from index of weight"):
        design(weight, stratum=turned)
    with pytest.raises(ValueError, match="index of values differs from index of weight"):
        proportion(turned, design(weight))
    with pytest.raises(ValueError, match="index of by differs from index of weight"):
        mean(YES, design(weight), by=turned)
    with pytest.raises(ValueError, match="index of groups differs from index of weight"):
        rake(design(weight), turned.to_frame("g"), {"g": pd.Series({0: 1, 1: 1})})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: proportion([0, 1, 2, 0, 1, 0], d), r"values: 1 of 6 .*2 at position 2.*must be 0 or 1"),
        (lambda d: proportion([0, 1, np.nan, 0, 1, 0], d), r"values: .*finite"),
        (lambda d: proportion(YES[:5], d), r"values: found 5 rows; must be one for each respondent \(6,"),
        (lambda d: proportion(YES, d, by=["a", None] * 3), r"by: missing in 3 rows"),
        (lambda d: proportion(YES, d, by=["a"]), r"by: found 1 rows"),
        (lambda d: proportion(YES, d, method="likelihood"), r"method: found 'likelihood'; must be one of logit"),
        (lambda d: proportion(YES, d, levels=(95,)), r"level: found 95"),
        (lambda d: proportion(YES, d, minimum=-1), r"minimum: .*must be >= 0"),
        (lambda d: mean(["a"] * 6, d), r"values: not numbers"),
        (lambda d: difference(YES, d, by=STRATUM, pair=("s", "u")), r"pair: found \('s', 'u'\); must be two of"),
        (lambda d: difference(YES, d, by=STRATUM, pair=("s", "s")), r"pair: found"),
        (lambda d: effective_size([1, -1]), r"weight: .*-1 at position 1"),
        (lambda d: effective_size([1, 0], by=["a", "b"]), r"weight: .*0 at 'b'.*more than 0 in each domain"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(design(WEIGHT, stratum=STRATUM))


GROUPS = pd.DataFrame({"g": STRATUM, "h": list("xyxyxy")})
TOTALS = {"g": pd.Series({"s": 40.0, "t": 60.0}), "h": pd.Series({"x": 50.0, "y": 50.0})}


@pytest.mark.parametrize(
    ("groups", "totals", "message"),
    [
        (GROUPS, TOTALS | {"h": pd.Series({"x": 50, "y": 60})}, r"different populations \(g 100, h 110\)"),
        (GROUPS, TOTALS | {"h": pd.Series({"x": 100})}, r"totals: h has none for group 'y'"),
        (GROUPS, TOTALS | {"h": pd.Series({"x": 50, "y": 49, "z": 1})}, r"groups: h has no respondent in 'z'"),
        (GROUPS, TOTALS | {"h": pd.Series({"x": 100, "y": 0})}, r"totals of h: .*0 at 'y'.*must be > 0"),
        (GROUPS, TOTALS | {"h": {"x": 50, "y": 50}}, r"totals: h must be a Series"),
        (GROUPS, {"g": TOTALS["g"]}, r"totals: found \['g'\]; must be named by the columns"),
        (GROUPS[:5], TOTALS, r"groups: found 5 rows"),
        # Nobody in s and x: x cannot hold more than t does.
        (GROUPS.assign(h=list("yyxxyy")), TOTALS | {"h": pd.Series({"x": 70, "y": 30})}, r"no weights meet them"),
    ],
)
def test_totals_that_cannot_be_met_are_refused(groups, totals, message):
    with pytest.raises(ValueError, match=message):
        rake(design(WEIGHT), groups, totals)


def test_a_design_is_raked_once():
    once = rake(design(WEIGHT), GROUPS, TOTALS)
    with pytest.raises(ValueError, match="base: calibrated already"):
        rake(once, GROUPS, TOTALS)
