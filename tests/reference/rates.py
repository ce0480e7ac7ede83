"""Checks of the cases of rates, proportions and standardisation (folder 01)."""

from reference.cases import checks

from brapkg.stats import rates


@checks("poisson_exact_ci")
def garwood(case):
    limits = rates.poisson_interval(case.given["count"], case.given["confidence"], "exact")
    case.close(limits, [case.expected["lower"], case.expected["upper"]])
