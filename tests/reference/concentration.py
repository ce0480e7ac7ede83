"""Checks of the cases of concentration and offence mix (folder 05)."""

import numpy as np

from brapkg.stats import concentration, harm, mix, top_shares
from reference.cases import NotOffered, checks


def counts_of(case):
    return case.given["values"] if "values" in case.given else case.table()["count"]


def offences(case):
    return case.table(index_col=0)


@checks("lorenz")
def lorenz(case):
    curve = concentration.lorenz(counts_of(case))
    case.close(curve["base_share"], case.expected["p"])
    case.close(curve["event_share"], case.expected["L"])


@checks("gini")
def gini(case):
    # "theil" leaves places without events out, which hides concentration: not offered.
    count = counts_of(case)
    for name, method in (("gini", "raw"), ("gini_corrected", "corrected")):
        case.close(concentration.gini(count, method=method)["value"], case.expected[name])
    case.close(concentration.hoover(count), case.expected["hoover"])


@checks("gini_generalised")
def gini_generalised(case):
    count = counts_of(case)
    for name, method in (("gini", "raw"), ("generalised", "sparse"), ("generalised_unbiased", "sparse-corrected")):
        row = concentration.gini(count, method=method).iloc[0]
        case.close([row["value"], row["places"], row["events"]], [case.expected[c] for c in (name, "n", "crimes")])


@checks("gini_weighted")
def gini_weighted(case):
    table = case.table()
    value = concentration.weighted_gini(table["count"], table["pop"])["value"].iloc[0]
    case.close([value, value], [case.expected["gini"], case.expected["gini_from_Lc"]])
    index = concentration.hoover(table["count"], table["pop"])
    case.close([index, index], [case.expected["hoover"], case.expected["hoover_formula"]])
    curve = concentration.lorenz(table["count"], table["pop"])
    case.close(1 - 2 * np.trapezoid(curve["event_share"], curve["base_share"]), case.expected["gini_from_Lc"])


@checks("concentration_share")
def concentration_share(case):
    count = counts_of(case)
    for name, expected in case.expected.items():
        if name.startswith("top_"):
            share = float(name.removeprefix("top_").removesuffix("pct")) / 100
            table = top_shares.top_share(count, [share])
        else:
            table = top_shares.places_holding(count, [float(name.removeprefix("units_for_")) / 100])
        case.close(table["value"], [expected])


@checks("location_quotient")
def offence_mix(case):
    counts, expected = offences(case), case.expected
    quotients = mix.location_quotient(counts)["value"].to_numpy().reshape(counts.shape)
    case.close(quotients, expected["lq"])
    for name, method in (
        ("krugman", "krugman"),
        ("dissimilarity", "dissimilarity"),
        ("bray_curtis_shares", "dissimilarity"),
        ("jsd", "jensen-shannon"),
    ):
        case.close(mix.mix_distance(counts, method=method)["value"], expected[name])
    for name in ("hhi", "shannon"):
        case.close(mix.diversity(counts, method=name)["value"], expected[name])
    for name in expected:
        if name.startswith("pair_"):
            first, second = name.removeprefix("pair_").removesuffix("_dissimilarity").split("_")
            distance = mix.mix_distance(counts.loc[[first]], counts.loc[second])["value"]
            case.close(distance, [expected[name]])


@checks("harm_index")
def harm_index(case):
    table = harm.harm_sum(offences(case), case.given["weights"], minimum=0)
    case.close(table["lower"], case.expected["lower"])
    case.close(table["upper"], case.expected["upper"])


@checks("near_repeat")
def near_repeat(case):
    raise NotOffered("needs the place and day of each event, which aggregated statistics lack")
