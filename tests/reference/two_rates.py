"""Checks of the cases of two Poisson rates (folders 01 and 04)."""

from brapkg.stats import two_rates
from reference.cases import checks


@checks("rate_ratio")
def rate_ratio(case):
    table = two_rates.rate_ratio_exact(**case.given)
    for name, column in {"ratio": "value", "lower": "lower", "upper": "upper", "p_value": "p_value"}.items():
        case.close(table[column], case.expected[name])


@checks("poisson_two_period")
def two_periods(case):
    given, expected = case.given, case.expected
    pairs = [given[name] for name in ("k1", "n1", "k2", "n2")]
    case.close(two_rates.e_test(*pairs)["p_value"], expected["p_wheeler_exact"])
    case.close(two_rates.e_test(*pairs, form="wald")["p_value"], expected["p_kt_unpooled"])
    conditional = two_rates.rate_ratio_exact(*pairs)
    case.close(conditional["p_value"], expected["sm_exact_cond"])
    case.close(conditional["p_mid"], expected["sm_midp"])
