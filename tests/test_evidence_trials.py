"""Trials for pooling: the records give the published results, by three methods."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

import brapkg
from brapkg.stats.pooling import pool

FOLDER = Path(brapkg.__file__).parent / "records" / "evidence"
RECORDS = tomllib.loads((FOLDER / "trials.toml").read_text(encoding="utf-8"))
CBT, SCARED = "landenberger-2005", "petrosino-2013"


def tables(study: str) -> np.ndarray:
    """Events and no events of the treated, then of the control group: one row per trial."""
    trials = [trial for trial in RECORDS["trial"] if trial["study"] == study]
    counts = [
        (
            trial["treated_events"],
            trial["treated_total"] - trial["treated_events"],
            trial["control_events"],
            trial["control_total"] - trial["control_events"],
        )
        for trial in trials
    ]
    return np.array(counts, dtype=float)


def log_odds(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    counts = np.where((counts == 0).any(axis=1, keepdims=True), counts + 0.5, counts)
    a, b, c, d = counts.T
    return np.log(a * d / (b * c)), (1 / counts).sum(axis=1)


def mantel_haenszel(counts: np.ndarray) -> list[float]:
    """Pooled odds ratio with the variance of Robins, Breslow and Greenland (1986)."""
    a, b, c, d = counts.T
    n = counts.sum(axis=1)
    p, q, r, s = (a + d) / n, (b + c) / n, a * d / n, b * c / n
    total_r, total_s = r.sum(), s.sum()
    variance = (p * r).sum() / (2 * total_r**2)
    variance += (p * s + q * r).sum() / (2 * total_r * total_s)
    variance += (q * s).sum() / (2 * total_s**2)
    middle, width = np.log(total_r / total_s), 1.959964 * np.sqrt(variance)
    return list(np.exp([middle, middle - width, middle + width]))


def ratios(study: str, method: str) -> list[float]:
    told = pool(*log_odds(tables(study)), method=method, test="z").iloc[0]
    return list(np.exp([told["value"], told["lower"], told["upper"]]))


def test_cognitive_behavioural_programmes():
    assert ratios(CBT, "DL") == pytest.approx([1.533, 1.354, 1.735], abs=5e-4)
    assert ratios(CBT, "FE")[0] == pytest.approx(1.40, abs=5e-3)
    told = pool(*log_odds(tables(CBT)), method="DL", test="z").iloc[0]
    assert told["k"] == 58
    assert told["tau2"] == pytest.approx(0.120, abs=5e-4)
    assert told["q"] == pytest.approx(213.7, abs=0.05)
    assert told["i2"] == pytest.approx(73, abs=0.5)


@pytest.mark.parametrize(("method", "expected"), [("DL", [1.724, 1.134, 2.619]), ("FE", [1.642, 1.162, 2.320])])
def test_visits_to_prisons(method, expected):
    assert ratios(SCARED, method) == pytest.approx(expected, abs=5e-4)


def test_visits_to_prisons_by_mantel_and_haenszel():
    assert mantel_haenszel(tables(SCARED)) == pytest.approx([1.682, 1.198, 2.361], abs=5e-4)


def test_visits_to_prisons_differ_little_between_trials():
    told = pool(*log_odds(tables(SCARED)), method="DL", test="z").iloc[0]
    assert (told["k"], tables(SCARED).sum()) == (7, 794)
    assert told["tau2"] == pytest.approx(0.092, abs=5e-4)
    assert told["q"] == pytest.approx(8.48, abs=5e-3)
    assert told["i2"] == pytest.approx(29, abs=0.5)


def test_the_good_side_is_told_for_each_set():
    """Odds of staying out of crime should rise, odds of a new offence should fall."""
    assert {study: told["favourable"] for study, told in RECORDS["set"].items()} == {CBT: "above", SCARED: "below"}
    assert ratios(CBT, "DL")[0] > 1 and ratios(SCARED, "DL")[0] > 1


def test_every_trial_belongs_to_a_set_and_counts_add_up():
    keys = [(trial["study"], trial["name"]) for trial in RECORDS["trial"]]
    assert len(set(keys)) == len(keys)
    assert {study for study, _ in keys} == set(RECORDS["set"])
    for trial in RECORDS["trial"]:
        for group in ("treated", "control"):
            events, total = trial[f"{group}_events"], trial[f"{group}_total"]
            assert isinstance(events, int) and isinstance(total, int), trial["name"]
            assert 0 <= events <= total and total > 0, trial["name"]


def test_the_study_rows_tell_the_pooled_result():
    rows = tomllib.loads((FOLDER / "studies_treatment.toml").read_text(encoding="utf-8"))["study"]
    told = {row["id"]: row for row in rows}
    for study in (CBT, SCARED):
        row = told[study]
        assert [row["estimate"], row["lower"], row["upper"]] == pytest.approx(ratios(study, "DL"), abs=5e-4)
        assert (row["favourable"], row["verified"]) == (RECORDS["set"][study]["favourable"], "recomputed")
        assert row["studies"] == len(tables(study))
