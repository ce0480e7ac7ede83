"""Checks of the cases of synthetic controls (folder 06)."""

import re

import numpy as np
import pandas as pd

from brapkg.stats.effect.synthetic import synthetic_control
from reference.cases import NotOffered, checks


@checks("synthetic_control")
def synthetic(case):
    if "X_csv" in case.given:
        with_predictors(case)
    else:
        outcome_only(case)


def outcome_only(case):
    expected, table = case.expected, case.table(index_col=0)
    found = synthetic_control(table, case.given["treated"], case.given["last_pre"])
    effect = found.effect.iloc[0]
    # The note's own tolerances: before the measure 1e-6, after it 1e-3, ranks exactly.
    before = table.index <= case.given["last_pre"]
    gap = np.array(expected["gap"])
    case.close(found.gaps["gap"][before], gap[before], rtol=1e-6, atol=1e-6)
    case.close(found.gaps["gap"][~before], gap[~before], rtol=1e-3, atol=1e-3)
    case.close(effect["pre_rmspe"], expected["pre_rmspe"], rtol=1e-6)
    case.close(effect[["post_rmspe", "ratio"]].astype(float), [expected["post_rmspe"], expected["ratio"]])
    assert (effect["rank"], effect["n"]) == (expected["rank"], expected["n"])
    case.close(effect["p_value"], expected["p"])
    case.close(found.weights[list(expected["weights"])], list(expected["weights"].values()))
    ratios = pd.Series(expected["ratios"])
    case.close(found.placebos.loc[ratios.index, "ratio"], ratios)
    assert list(found.placebos["ratio"].rank()) == list(ratios[found.placebos.index].rank())


def tables(case):
    """Outcome and predictors. Which column of the outcome is which donor, the case's own gap tells."""
    x, y = (case.table(case.given[name], index_col=0) for name in ("X_csv", "Y_csv"))
    treated, donors = x.columns[0], [str(number) for number in case.given["unit_numbers"]]
    # One file's columns bear wrong names, in the right order: by name the case's own weights do not give its gap.
    for outcome in (y[x.columns], y.set_axis(x.columns, axis=1)):
        gap = outcome[treated] - outcome[donors] @ np.array(case.expected["weights"])
        if np.allclose(gap, case.expected["gap"], atol=1e-6):
            return outcome, x, treated, donors
    raise AssertionError(f"{case.id}: the case's weights do not give its gap")


def with_predictors(case):
    outcome, x, treated, donors = tables(case)
    given, expected, before = case.given, case.expected, case.given["pre_years"]
    options = {"predictors": x, "fitted_periods": before, "placebos": False}
    found = synthetic_control(outcome, treated, max(before), predictor_weights=given["V"], **options)
    weights = found.weights[donors]
    case.close(weights, expected["weights_qp_given_V"], rtol=0, atol=1e-4)
    case.close(weights, expected["weights"])
    case.close(found.effect["pre_rmspe"] ** 2, [expected["loss_v_qp"]])
    # The gap in the case is that of its iterative weights; ours is that of the exact ones.
    exact = outcome[treated] - outcome[donors] @ np.array(expected["weights_qp_given_V"])
    case.close(found.gaps["gap"], exact)
    own_search(case, synthetic_control(outcome, treated, max(before), **options), donors)


def own_search(case, found, donors):
    """The rule that the case's note gives for a search of one's own."""
    loss = found.effect["pre_rmspe"].iloc[0] ** 2
    relative = re.search(r"loss_v *<= *([\d.]+)\*reference", case.note)
    absolute = re.search(r"loss_v *<= *(\d+\.\d+)(?![\d*])", case.note)
    if not (relative or absolute):
        raise NotOffered("no rule for a search of the predictor weights")
    limit = float(relative[1]) * case.expected["loss_v"] if relative else float(absolute[1])
    assert loss <= limit, f"{case.id}: {loss} above {limit}"
    told = re.search(r"Stata synth ((?:[A-Z][A-Za-z ]+ 0\.\d+(?:, )?)+)", case.note)
    within = re.search(r"each within ([\d.]+) of Stata, the others <([\d.]+) in total", case.note)
    if told and within:
        names = dict(zip(donors, case.given["unit_names"], strict=True))
        weights = found.weights.rename(names)
        stata = {name: float(w) for name, w in re.findall(r"([A-Z][A-Za-z ]+) (0\.\d+)", told[1])}
        own = weights[list(stata)]
        assert (own > 0).all() and (own - pd.Series(stata)).abs().max() <= float(within[1])
        assert weights.sum() - own.sum() < float(within[2])


@checks("microsynth")
def microsynth(case):
    raise NotOffered("calibration of many small units is for points on a map, not for statistics by area")
