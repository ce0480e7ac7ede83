"""Every reference case, against the function that offers its method, at the case's own tolerance.

The cases come from independent programs (R and its packages, published test suites) and lie
outside this repository: BRAPKG_REFERENCE names the folder. The run ends with a table of methods
(`pytest_terminal_summary` in conftest.py).
"""

import importlib
import pkgutil

import pytest
import reference
from reference import cases

for module in pkgutil.iter_modules(reference.__path__):
    importlib.import_module(f"reference.{module.name}")

FOUND = cases.find() if cases.FOLDER.is_dir() else []


@pytest.mark.skipif(not FOUND, reason=f"no reference cases at {cases.FOLDER} (set BRAPKG_REFERENCE)")
@pytest.mark.parametrize("case", FOUND, ids=lambda case: f"{case.folder.name}-{case.id}")
def test_case(case, record_property):
    record_property("reference method", case.method)
    try:
        cases.run(case)
    except cases.NotOffered as why:
        record_property("reference not offered", str(why))
        pytest.skip(f"not offered: {why}")


@pytest.mark.parametrize("folder", sorted({case.folder for case in FOUND}), ids=lambda folder: folder.name)
def test_no_folder_of_cases_is_left_out_altogether(folder):
    assert any(case.method in cases.CHECKS for case in FOUND if case.folder == folder)


def test_account_counts_every_outcome():
    lines = cases.account(
        [("a", "passed", ""), ("a", "failed", ""), ("b", "not offered", "no map"), ("b", "not offered", "no map")]
    )
    assert [line.split() for line in lines] == [
        ["method", "cases", "passed", "failed", "not", "offered"],
        ["a", "2", "1", "1", "0"],
        ["b", "2", "0", "0", "2", "no", "map"],
        ["all", "4", "1", "1", "2"],
    ]


def test_a_case_that_disagrees_fails(tmp_path):
    text = (
        '[{"id": "x", "method": "poisson_exact_ci", "input": {"count": [0], "confidence": 0.95},'
        ' "expected": {"lower": [0], "upper": [3.5]}, "rtol": 1e-9, "atol": 1e-12}]'
    )
    (tmp_path / "cases.json").write_text(text, encoding="utf-8")
    (case,) = cases.find(tmp_path)
    with pytest.raises(AssertionError):
        cases.run(case)
