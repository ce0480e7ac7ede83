"""Checks of the cases of pooled studies (folder 06, meta-analysis)."""

import re

import numpy as np
import pandas as pd

from brapkg.stats import pooling, pooling_bias
from reference.cases import checks

COLUMNS = {
    "estimate": "value",
    "se": "se",
    "stat": "statistic",
    "p": "p_value",
    "lower": "lower",
    "upper": "upper",
    "tau2": "tau2",
    "I2": "i2",
    "H2": "h2",
    "Q": "q",
    "Q_p": "q_p_value",
    "k": "k",
    "pi_lower": "prediction_lower",
    "pi_upper": "prediction_upper",
}


def studies(case):
    return case.table() if "csv" in case.given else pd.DataFrame({name: case.given[name] for name in ("yi", "vi")})


def options(case):
    """The tau2 estimator and test named in the call; the other program does not floor the multiplier."""
    found = dict(re.findall(r"(method|test)='(\w+)'", case.call))
    test = {"z": "z", "knha": "hartung-knapp"}[found.get("test", "z")]
    return {"method": found["method"], "test": test, "floor": False}


@checks("meta_analysis")
def meta_analysis(case):
    table = studies(case)
    # The other program's search for Paule and Mandel's tau2 stops here, short of the solution.
    row = pooling.pool(table["yi"], table["vi"], tolerance=np.finfo(float).eps ** 0.25, **options(case)).iloc[0]
    for name, expected in case.expected.items():
        column = COLUMNS[name.removeprefix("exp_")]
        case.close(np.exp(row[column]) if name.startswith("exp_") else row[column], expected)


@checks("meta_regression")
def meta_regression(case):
    table, expected = studies(case), case.expected
    moderator = table[re.search(r"mods=~(\w+)", case.call)[1]]
    rows = pooling.meta_regression(table["yi"], table["vi"], moderator, **options(case))
    case.close(rows["value"], expected["beta"])
    case.close(rows["se"], expected["se"])
    first = rows.loc["moderator"]
    found = [first["tau2"], first["statistic"] ** 2, first["q"], first["r2"]]
    case.close(found, [expected[name] for name in ("tau2", "QM", "QE", "R2")])


@checks("publication_bias")
def publication_bias(case):
    table, expected = studies(case), case.expected
    y, v = table["yi"], table["vi"]
    row = pooling_bias.egger(y, v, minimum=3).iloc[0]
    case.close([row["statistic"], row["p_value"], row["df"]], [expected[f"egger_{name}"] for name in ("t", "p", "df")])
    row = pooling_bias.begg(y, v, minimum=3).iloc[0]
    case.close([row["value"], row["p_value"]], [expected["begg_tau"], expected["begg_p"]])
    row = pooling_bias.fail_safe_n(y, v, method="rosenthal").iloc[0]
    case.close([row["value"], row["p_value"]], [expected["rosenthal_n"], expected["rosenthal_p"]])
    case.close(pooling_bias.fail_safe_n(y, v, method="rosenberg")["value"], expected["rosenberg_n"])
    model = {"method": re.search(r"on (\w+) model", case.definition)[1], "test": "z"}
    row = pooling_bias.trim_and_fill(y, v, **model).iloc[0]
    found = [row[name] for name in ("filled", "value", "lower", "upper")]
    case.close(found, [expected[f"trimfill_{name}"] for name in ("k0", "est", "lower", "upper")])
    case.close(pooling.leave_one_out(y, v, **model)["value"], expected["leave1out"])
