"""Every reference case, against the function that offers its method.

The cases come from independent programs (R and its packages, published test suites) and lie
outside this repository: BRAPKG_REFERENCE names the folder. A method that is offered must meet
its cases at the case's own tolerance; a method that is not offered is listed with the reason.
`table()` gives the account of it by method.
"""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from brapkg.stats import comparison, funnel, rates, shrinkage, trend

BESIDE = Path(__file__).parents[1].parent / "shared" / "reference"
REFERENCE = Path(os.environ.get("BRAPKG_REFERENCE", BESIDE))
FOLDERS = ("01_rates", "02_funnel", "03_shrinkage", "04_trend")

pytestmark = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason=f"reference cases not found at {REFERENCE} (BRAPKG_REFERENCE)"
)

NOT_OFFERED = {
    "byar_epitools_variant_0.95": "the mid-point variant; brapkg uses Breslow and Day's form",
    "dsr_": "direct standardisation needs counts by age, which the sources lack",
    "isr": "indirect standardisation needs counts by age, which the sources lack",
    "phe_funnel_": "limits by inversion; brapkg's funnel widens normal limits by dispersion",
    "funnelplotr_RC": "ratio of two counts; brapkg compares counts with expected counts",
    "spiegelhalter2005_exact_interpolated_binomial": "no funnel of proportions",
    "ebest_nc74_binomial": "counts are Poisson here",
    "eblocal_": "no neighbours: brapkg.stats knows no map",
    "moran_": "no neighbours: brapkg.stats knows no map",
    "ebi_": "no neighbours: brapkg.stats knows no map",
    "negbin_": "quasi-Poisson is the one overdispersed trend",
    "loglinear_ols_": "quasi-Poisson is the one overdispersed trend",
    "mk_sen_": "no rank trend test",
    "seasonal_mk": "no rank trend test",
    "stl_": "the season is part of the trend model",
    "decompose_": "the season is part of the trend model",
    "nile_": "a break is given, not sought",
    "joinpoint_": "a break is given, not sought",
    "farrington": "no outbreak detection",
    "ears_": "no outbreak detection",
    "cusum_": "no outbreak detection",
    "rki_": "no outbreak detection",
    "etest": "the exact conditional ratio is the one exact two-period test",
}
CHECKS = {}


def load() -> dict[str, dict]:
    cases = {}
    for folder in FOLDERS:
        for path in sorted((REFERENCE / folder).glob("cases*.json")):
            for case in json.loads(path.read_text(encoding="utf-8")):
                cases[case["id"]] = case | {"folder": folder}
    return cases


CASES = load() if REFERENCE.is_dir() else {}


def offers(*ids):
    def register(function):
        CHECKS.update(dict.fromkeys(ids, function))
        return function

    return register


def close(case, actual, expected):
    np.testing.assert_allclose(
        np.asarray(actual, dtype=float),
        np.asarray(expected, dtype=float),
        rtol=case["rtol"],
        atol=case["atol"],
    )


def frame(case, name=None) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / case["folder"] / (name or case["input"]["csv"]), skipinitialspace=True)


@offers("garwood_0.9", "garwood_0.95")
def check_garwood(case):
    limits = rates.poisson_interval(case["input"]["count"], case["input"]["confidence"], "exact")
    close(case, limits, [case["expected"]["lower"], case["expected"]["upper"]])


@offers("byar_0.95", "byar_0.998")
def check_byar(case):
    limits = rates.poisson_interval(case["input"]["count"], case["input"]["confidence"], "byar")
    # The source withholds a lower limit below 0; brapkg says 0.
    lower = [0.0 if x is None else x for x in case["expected"]["lower"]]
    close(case, limits, [lower, case["expected"]["upper"]])


@offers("crude_rate_phe")
def check_crude_rate(case):
    data, expected = frame(case), case["expected"]
    table = rates.rate(data["count"], data["pop"], levels=(0.95, 0.998))
    at95, at998 = (table[table["level"] == level] for level in (0.95, 0.998))
    close(case, at95["value"], expected["value"])
    close(case, [at95["lower"], at95["upper"]], [expected["lower95"], expected["upper95"]])
    close(case, [at998["lower"], at998["upper"]], [expected["lower998"], expected["upper998"]])
    assert [word.capitalize().replace("Byar", "Byars") for word in at95["method"]] == expected["method95"]


@offers("crude_rate_exact")
def check_crude_rate_exact(case):
    data, expected = frame(case), case["expected"]
    table = rates.rate(data["count"], data["pop"], method="exact")
    names = ["value", "lower", "upper"]
    close(case, table[names].T, [expected["value"], expected["lower95"], expected["upper95"]])


@offers("phe_published_byars_wilson")
def check_byars_wilson(case):
    for row in frame(case).itertuples():
        level = float(row.confidence.rstrip("%")) / 100
        if row.method == "Byars":
            limits = rates.poisson_interval(row.x, level, "byar")
        else:
            limits = rates.proportion_interval(row.x, row.n, level)
        lower = 0.0 if np.isnan(row.lowercl) else row.lowercl
        close(case, np.ravel(limits), [lower, row.uppercl])


PHE_COLUMNS = {
    0.95: ["value", "lower95_0cl", "upper95_0cl"],
    0.998: ["value", "lower99_8cl", "upper99_8cl"],
}


@offers("phe_published_rate")
def check_published_rate(case):
    data = frame(case)
    given = data[["Numerator", "Denominator"]].notna().all(axis=1)
    assert given.any()
    for row in data[given].itertuples():
        table = rates.rate(row.Numerator, row.Denominator, multiplier=row.multiplier, levels=(0.95, 0.998))
        for (level, names), (_, found) in zip(PHE_COLUMNS.items(), table.iterrows(), strict=True):
            assert found["level"] == level
            close(case, found[["value", "lower", "upper"]], [getattr(row, n) for n in names])
    for row in data[~given].itertuples():  # the source leaves the row empty; brapkg refuses it
        with pytest.raises(ValueError, match="must be finite"):
            rates.rate(row.Numerator, row.Denominator)


@offers("phe_published_proportion")
def check_published_proportion(case):
    data = frame(case)
    given = data[["Numerator", "Denominator"]].notna().all(axis=1)
    assert given.any()
    full = data[given]
    for level, (_, lower, upper) in PHE_COLUMNS.items():
        limits = rates.proportion_interval(full["Numerator"], full["Denominator"], level)
        close(case, limits * full["multiplier"].to_numpy(), [full[lower], full[upper]])
    for row in data[~given].itertuples():
        with pytest.raises(ValueError, match="must be finite"):
            rates.proportion_interval(row.Numerator, row.Denominator)


@offers("wilson_95", "clopper_pearson_95")
def check_proportion(case):
    given = case["input"]
    method = "wilson" if case["id"] == "wilson_95" else "exact"
    limits = rates.proportion_interval(given["x"], given["n"], given["confidence"], method)
    close(case, limits, [case["expected"]["lower"], case["expected"]["upper"]])


@offers("rate_ratio_exact")
def check_rate_ratio(case):
    table = comparison.rate_ratio_exact(**case["input"])
    columns = {"ratio": "value", "lower": "lower", "upper": "upper", "p_value": "p_value"}
    for name, column in columns.items():
        close(case, table[column], case["expected"][name])


@offers("funnelplotr_SR_SHMI_0.1")
def check_additive(case):
    data, expected = frame(case), case["expected"]
    tau2 = funnel.additive_variance(data["observed"], data["expected"], case["input"]["trim_by"])
    close(case, tau2, expected["tau2"])


@offers("funnelplotr_published_poisson")
def check_chi_square_limits(case):
    # Chi-square limits around an expected count are the exact interval of that count, over it.
    base = np.array(case["input"]["expected"])
    for level, name in ((0.95, "95"), (0.998, "998")):
        lower, upper = rates.poisson_interval(base, level, "exact")
        close(case, lower / base, case["expected"][f"ll{name}"])
        close(case, upper / base, case["expected"][f"ul{name}"])


@offers("spiegelhalter2005_exact_interpolated_poisson")
def check_interpolated(case):
    for level, low, high in ((0.95, "p0.025", "p0.975"), (0.998, "p0.001", "p0.999")):
        limits = funnel.poisson_limits(case["input"]["expected"], level, clip=False)
        close(case, limits, [case["expected"][low], case["expected"][high]])


@offers("spiegelhalter2005_multiplicative_winsorised")
def check_multiplicative(case):
    data, expected = frame(case), case["expected"]
    share = case["input"]["winsor"]
    table = funnel.funnel(data["observed"], data["expected"], share=share)
    phi = funnel.dispersion(data["observed"], data["expected"], share)
    close(case, phi, expected["phi"])
    close(case, table["phi"], [expected["phi"]] * len(table))
    raw = funnel.dispersion(data["observed"], data["expected"], 0)
    close(case, raw, expected["phi_unwinsorised"])
    close(case, table["z"], expected["z"])
    close(case, table["z_adjusted"], expected["z_adjusted"])
    close(case, funnel.winsorise(table["z"], share), expected["z_winsorised"])
    for level, name in ((0.95, "95"), (0.998, "998")):
        limits = funnel.funnel_limits(data["expected"], level, phi, clip=False)
        close(case, limits, [expected[f"ll{name}"], expected[f"ul{name}"]])


@offers("ebest_nc74", "ebest_nc79", "ebest_synth290", "ebest_underdispersed")
def check_marshall(case):
    given, expected = case["input"], case["expected"]
    if "csv" in given:
        data = frame(case)
        table = shrinkage.marshall(data[given["count"]], data[given["pop"]])
    else:
        table = shrinkage.marshall(given["count"], given["pop"])
    columns = {"a": "prior_variance", "b": "prior_mean", "raw": "raw", "estimate": "value"}
    for name, column in columns.items():
        if name in expected:
            wanted = np.broadcast_to(expected[name], len(table))
            close(case, table[column], wanted)


@offers("clayton_kaldor_lip_moment", "clayton_kaldor_synth290")
def check_moments(case):
    data = frame(case)
    if "observed" in data:
        observed, base = data["observed"], data["expected"]
    else:
        observed = data["count"]
        base = data["pop"] * observed.sum() / data["pop"].sum()
    nu, alpha = shrinkage.poisson_gamma(observed, base)
    close(case, [nu, alpha], [case["expected"]["nu"], case["expected"]["alpha"]])
    table = shrinkage.shrink(observed, base, nu, alpha, levels=(0.95,))
    close(case, table["value"], case["expected"]["theta"])


@offers("eBayes_lip_ml")
def check_likelihood(case):
    data, expected = frame(case), case["expected"]
    nu, alpha = shrinkage.poisson_gamma(data["observed"], data["expected"], "likelihood")
    # The source's alpha is the shape; its mu is the mean, shape over rate.
    close(case, [nu, nu / alpha], [expected["alpha"], expected["mu"]])
    table = shrinkage.shrink(data["observed"], data["expected"], nu, alpha, levels=(0.95,))
    for name, column in {"RR": "value", "q025": "lower", "q975": "upper"}.items():
        close(case, table[column], expected[name])


@offers(
    "poisson_trend_burglary",
    "poisson_trend_small",
    "poisson_trend_od",
    "quasipoisson_trend_burglary",
    "quasipoisson_trend_od",
)
def check_annual(case):
    data, expected = frame(case), case["expected"]
    family = "quasi-poisson" if case["id"].startswith("quasi") else "poisson"
    row = trend.annual_trend(data[case["input"]["count"]], data["population"], data["year"], family, floor=False).iloc[
        0
    ]
    per_cent = 100 * (row[["value", "lower", "upper"]].astype(float) - 1)
    close(case, per_cent, [expected[name] for name in ("apc", "lower", "upper")])
    close(case, np.log(row["value"]), expected["beta"])
    critical = stats.norm.isf(0.025) if family == "poisson" else stats.t.isf(0.025, row["df"])
    close(case, np.log(row["upper"] / row["lower"]) / 2 / critical, expected["se"])
    assert row["df"] == expected["df"]
    if family == "quasi-poisson":
        close(case, row["dispersion"], expected["dispersion"])


def reason(identity: str) -> str | None:
    """Why a case is not offered, or None."""
    return next((why for start, why in NOT_OFFERED.items() if identity.startswith(start)), None)


def table() -> pd.DataFrame:
    """Run every offered case; per method: cases, offered, passed, and why the rest are not."""
    rows = []
    for identity, case in CASES.items():
        passed = False
        if identity in CHECKS:
            try:
                CHECKS[identity](case)
                passed = True
            except AssertionError:
                pass
        why = "" if identity in CHECKS else reason(identity) or "NOT ACCOUNTED FOR"
        rows.append((case["folder"], case["method"], identity in CHECKS, passed, why))
    columns = ["folder", "method", "offered", "passed", "not_offered"]
    return (
        pd.DataFrame(rows, columns=columns)
        .groupby(["folder", "method"], sort=False)
        .agg(
            cases=("offered", "size"),
            offered=("offered", "sum"),
            passed=("passed", "sum"),
            not_offered=("not_offered", lambda words: "; ".join(sorted(set(words) - {""}))),
        )
        .reset_index()
    )


@pytest.mark.parametrize("identity", sorted(CHECKS))
def test_case(identity):
    CHECKS[identity](CASES[identity])


def test_every_case_is_run_or_has_a_reason():
    assert set(CHECKS) <= set(CASES), "checks without a case"
    unaccounted = [name for name in CASES if name not in CHECKS and reason(name) is None]
    assert not unaccounted, "cases neither offered nor explained"
    account = table()
    print(account.to_string())  # shown with pytest -s
    assert account["offered"].sum() == len(CHECKS)
    assert (account["passed"] == account["offered"]).all()
