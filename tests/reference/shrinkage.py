"""Checks of the cases of empirical Bayes (folder 03)."""

import numpy as np

from brapkg.stats import shrinkage
from brapkg.stats.marshall import marshall
from reference.cases import NotOffered, checks

COLUMNS = {"a": "prior_variance", "b": "prior_mean", "m": "prior_mean", "raw": "raw", "estimate": "value"}


def counts(case):
    """Events and persons, from the columns that the case names or from the case itself."""
    given = case.given
    if "csv" not in given:
        return given["count"], given["pop"]
    data = case.table()
    return data[given["count"]], data[given["pop"]]


def compare(case, table):
    for name, column in COLUMNS.items():
        if name in case.expected:
            case.close(table[column], np.broadcast_to(np.array(case.expected[name], dtype=float), len(table)))
    if "n_zero" in case.expected:
        assert (table["count"] == 0).sum() == case.expected["n_zero"]


@checks("marshall_global", "marshall_global_binomial")
def over_all(case):
    family = "binomial" if case.method.endswith("binomial") else "poisson"
    compare(case, marshall(*counts(case), family=family))


@checks("marshall_local")
def over_neighbours(case):
    if "geoda=FALSE" in case.call:
        raise NotOffered("each neighbour centred on its own window's mean, which is not Marshall's formula")
    data, pairs = case.table().set_index("id"), case.table(case.given["neighbours"])
    neighbours = {key: list(pairs["j"][pairs["i"] == key]) for key in data.index}
    # By key, not by position: the rows come in another order.
    shuffled = data.sample(frac=1, random_state=1)
    given = case.given
    table = marshall(shuffled[given["count"]], shuffled[given["pop"]], neighbours=neighbours)
    compare(case, table.loc[data.index])


def ratios(case):
    """Observed and expected counts; expected from the whole's rate where only persons are given."""
    data = case.table()
    if "observed" in data:
        return data["observed"], data["expected"]
    return data["count"], data["pop"] * data["count"].sum() / data["pop"].sum()


@checks("poisson_gamma_moment")
def moments(case):
    observed, base = ratios(case)
    nu, alpha = shrinkage.poisson_gamma(observed, base)
    case.close([nu, alpha], [case.expected["nu"], case.expected["alpha"]])
    table = shrinkage.shrink(observed, base, nu, alpha, levels=(0.95,))
    case.close(table["value"], case.expected["theta"])


@checks("poisson_gamma_ml")
def likelihood(case):
    (observed, base), expected = ratios(case), case.expected
    nu, alpha = shrinkage.poisson_gamma(observed, base, "likelihood")
    # The source's alpha is the shape; its mu is the mean, shape over rate.
    case.close([nu, nu / alpha], [expected["alpha"], expected["mu"]])
    table = shrinkage.shrink(observed, base, nu, alpha, levels=(0.95,))
    for name, column in {"RR": "value", "q025": "lower", "q975": "upper"}.items():
        case.close(table[column], expected[name])


@checks("moran", "eb_moran")
def moran(case):
    raise NotOffered("spatial correlation is not measured")
