"""One plain call of every public function of the statistics, for the tests of what all of them promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np
import pandas as pd

from brapkg.stats import (
    comparison,
    concentration,
    funnel,
    funnel_limits,
    harm,
    marshall,
    mix,
    multiplicity,
    pooling,
    pooling_bias,
    published,
    ranks,
    rates,
    reference,
    sampling,
    shrinkage,
    significance,
    spread,
    standardisation,
    survey,
    swing,
    top_shares,
    two_rates,
)
from brapkg.stats.disclosure import audit, rounding, suppression, table
from brapkg.stats.effect import did, displacement, interrupted, mixture, power, power_trend, ratios, synthetic
from brapkg.stats.time import (
    annual,
    breaks,
    charts,
    farrington,
    farrington_flexible,
    joinpoint,
    monthly,
    rank_trend,
    season,
    signals,
)

RNG = np.random.default_rng(1)
LETTERS = pd.Index(list("abcdefghijklmnopqrstuvwxyz"))
MONTHS = pd.period_range("2017-01", periods=72, freq="M").astype(str)

# What an array argument holds, and so what it must refuse.
WHOLE, COUNT, POSITIVE, NUMBER, LABEL, BINARY = "whole", "count", "positive", "number", "label", "binary"


@dataclass(frozen=True)
class Example:
    """A function, its array arguments (what they hold, the values), other arguments, and how to find its rows."""

    call: Callable
    arrays: dict[str, tuple[str, object]]
    others: dict = field(default_factory=dict)
    rows: Callable = staticmethod(lambda found: found)
    keys: pd.Index = field(default_factory=lambda: LETTERS)

    @property
    def name(self) -> str:
        return f"{self.call.__module__.removeprefix('brapkg.stats.')}.{self.call.__name__}"

    @property
    def given(self) -> dict:
        return {name: values for name, (_, values) in self.arrays.items()}

    def run(self, **changed):
        return self.call(**{**self.given, **self.others, **changed})


AREAS = [30, 45, 12, 80, 60, 25]
PERSONS = [1000, 1500, 700, 2500, 2100, 900]
EXPECTED = [33.0, 40, 15, 71, 66, 27]
EVENTS = {"count": (WHOLE, AREAS), "population": (POSITIVE, PERSONS)}
LOOSE = {"count": (COUNT, AREAS), "population": (POSITIVE, PERSONS)}
RATIO = {"count": (COUNT, AREAS), "expected": (POSITIVE, EXPECTED)}
GRID = {"expected": (POSITIVE, EXPECTED)}
TOTAL = {"total": (POSITIVE, [100, 200, 400])}
PLACES = {"count": (WHOLE, [0, 0, 1, 2, 3, 4, 5, 0, 1, 9, 14, 2, 1, 1, 7])}
YEARLY = [40, 44, 51, 47, 58, 60, 66, 61, 70, 77, 75, 83]
YEARS = {"years": (NUMBER, list(range(2010, 2022)))}
YEAR_COUNTS = {"counts": (WHOLE, YEARLY), "population": (POSITIVE, [1000.0] * 12)} | YEARS
VALUES = {"values": (NUMBER, [4.0, 4.4, 5.1, 4.7, 5.8, 6.0, 9.6, 9.1, 9.0, 9.7, 9.5, 9.3])}
MONTHLY = RNG.poisson(60 * np.exp(0.2 * np.sin(np.arange(72) * np.pi / 6)))
NUMBERS = [i % 12 + 1 for i in range(72)]
MONTH_COUNTS = {"counts": (WHOLE, MONTHLY.tolist()), "exposure": (POSITIVE, [1000.0] * 72)}
STUDIES = {
    "estimate": (NUMBER, [-0.4, -0.2, -0.5, 0.1, -0.3, -0.1, -0.6, -0.2, -0.35, 0.05, -0.25]),
    "variance": (POSITIVE, [0.02, 0.01, 0.05, 0.03, 0.015, 0.01, 0.08, 0.02, 0.04, 0.03, 0.012]),
}
FOUR = {
    "before": (WHOLE, [60, 45]),
    "after": (WHOLE, [40, 44]),
    "comparison_before": (WHOLE, [70, 52]),
    "comparison_after": (WHOLE, [66, 50]),
}
NEXT = {"nearby_before": (WHOLE, [20, 30]), "nearby_after": (WHOLE, [22, 28])}
TWO = {"x1": (WHOLE, [10, 4]), "n1": (POSITIVE, [100, 90]), "x2": (WHOLE, [5, 9]), "n2": (POSITIVE, [80, 100])}
OFFENCES = pd.DataFrame([[12, 30, 8], [20, 15, 9], [7, 22, 30]], index=list("abc"), columns=["x", "y", "z"])
MIX = {"counts": (WHOLE, OFFENCES)}
SURVEY = sampling.design([1.0, 2, 1, 3, 2, 1, 2, 2])
ANSWERS = {"values": (BINARY, [1, 0, 1, 1, 0, 0, 1, 0])}
GROUPS = {"by": (LABEL, ["u", "u", "u", "u", "v", "v", "v", "v"])}
STRATA = {
    **{"count": (COUNT, [10, 20, 30, 40]), "population": (POSITIVE, [100, 100, 150, 150])},
    **{"area": (LABEL, ["p", "p", "q", "q"]), "stratum": (LABEL, ["s", "t", "s", "t"])},
}
PANEL = {
    "counts": (WHOLE, RNG.poisson(30, 48).tolist()),
    "population": (POSITIVE, [1000.0] * 48),
    "area": (LABEL, [area for area in "abcdefgh" for _ in range(6)]),
    "period": (NUMBER, list(range(6)) * 8),
    "treated": (BINARY, [int(area in "abcd") for area in "abcdefgh" for _ in range(6)]),
}
OUTCOME = pd.DataFrame(
    RNG.normal(10, 1, (12, 30)).cumsum(axis=0), index=range(2008, 2020), columns=[f"m{i}" for i in range(30)]
)
OUTCOME["m0"] = OUTCOME[["m1", "m2", "m3"]].mean(axis=1)
CELLS = pd.DataFrame({"place": ["p", "q", "r", "all"], "count": [1, 9, 12, 22]})
TREE = {"place": {"p": "all", "q": "all", "r": "all"}}
WITHHELD = CELLS.assign(suppressed=[True, True, False, False])
SERIES = {"counts": (WHOLE, MONTHLY.tolist())}


def _example(call, *arrays: dict, rows: str | None = None, keys=None, **others) -> Example:
    merged = {name: values for part in arrays for name, values in part.items()}
    options = {} if rows is None else {"rows": attrgetter(rows)}
    return Example(call, merged, others, **options, **({} if keys is None else {"keys": keys}))


def _some(arrays: dict, *names: str) -> dict:
    return {name: arrays[name] for name in names}


LONG = pd.Index([f"k{i:02}" for i in range(72)])
BY_YEAR = pd.DataFrame({1: [10, 5], 2: [2, 1]}, index=["a", "b"])
LIMITS = {"lower_95": [0.9, 1.1], "upper_95": [1.2, 1.4], "lower_998": [0.8, 1.05], "upper_998": [1.3, 1.5]}
STANDARD = pd.Series([500.0, 500.0], index=["s", "t"])
RATIO_SHRUNK = {"nu": 5.0, "alpha": 5.0}
FIRST = interrupted.interrupted_series(MONTHLY, np.full(72, 1000.0), 36)
SECOND = interrupted.interrupted_series(MONTHLY, np.full(72, 1000.0), 36, slope=True)
MANY = pd.DataFrame([MONTHLY, MONTHLY + 5], index=["a", "b"], columns=MONTHS)

EXAMPLES = [
    _example(comparison.between_year_sd, {"counts": (COUNT, np.array([[50, 55], [40, 30], [20, 28], [70, 81]]))}),
    _example(
        swing.between_years,
        {"counts": (COUNT, np.array([[50, 55], [40, 30], [20, 28], [70, 81]]))},
        shares=[0.5, 0.5],
    ),
    _example(
        comparison.part_of_whole,
        LOOSE,
        {"total_count": (POSITIVE, [300] * 6), "total_population": (POSITIVE, [10_000] * 6)},
    ),
    _example(
        comparison.change,
        {
            **{"count_before": (COUNT, AREAS), "population_before": (POSITIVE, PERSONS)},
            **{"count_after": (COUNT, AREAS[::-1]), "population_after": (POSITIVE, PERSONS)},
        },
    ),
    _example(
        reference.to_reference,
        LOOSE,
        {
            "reference_count": (COUNT, [400, 500, 300, 900, 700, 200]),
            "reference_population": (POSITIVE, [9000, 9900, 9100, 22_000, 16_000, 8000]),
            "swing": (COUNT, [0.01, 0.0, 0.02, 0.01, 0.01, 0.03]),
        },
        inside=False,
    ),
    _example(
        spread.year_bands,
        {"counts": (WHOLE, [111, 161, 193, 204, 150, 170]), "exposures": (POSITIVE, PERSONS)},
        wobble=0.1,
    ),
    _example(comparison.verdict, {name: ("limit", values) for name, values in LIMITS.items()}),
    _example(concentration.lorenz, EVENTS),
    _example(concentration.gini, PLACES),
    _example(concentration.weighted_gini, EVENTS),
    _example(concentration.hoover, EVENTS),
    _example(top_shares.top_share, PLACES),
    _example(top_shares.places_holding, PLACES),
    _example(funnel.winsorise, {"z": (NUMBER, [-1.0, 0, 1, 3])}),
    _example(funnel.dispersion, RATIO),
    _example(funnel.additive_variance, {"count": (POSITIVE, AREAS), "expected": (POSITIVE, EXPECTED)}),
    _example(funnel.funnel, RATIO),
    _example(funnel.count_ratio_funnel, {"count1": (COUNT, AREAS), "count2": (COUNT, AREAS[::-1])}),
    _example(funnel_limits.poisson_limits, GRID, level=0.95),
    _example(funnel_limits.binomial_limits, TOTAL, target=0.2, level=0.95),
    _example(funnel_limits.proportion_limits, TOTAL, target=0.2, level=0.95),
    _example(funnel_limits.event_limits, {"events": (POSITIVE, [1, 5, 20])}, level=0.95),
    _example(funnel_limits.funnel_limits, {"expected_grid": (POSITIVE, EXPECTED)}, level=0.95),
    _example(funnel_limits.additive_limits, {"expected_grid": (POSITIVE, EXPECTED)}, level=0.95),
    _example(significance.significance, {"count": (COUNT, AREAS), "base": (POSITIVE, EXPECTED)}),
    _example(marshall.marshall, LOOSE),
    _example(mix.location_quotient, MIX),
    _example(mix.mix_distance, MIX),
    _example(mix.diversity, MIX),
    _example(harm.harm_sum, MIX, weights={"x": 1.0, "y": 2.0, "z": 10.0}),
    _example(multiplicity.adjust, {"p_value": (COUNT, [0.01, 0.2, 0.03])}),
    _example(multiplicity.comparison_interval, {"value": (NUMBER, [0.1, 0.3, 0.2]), "se": (POSITIVE, [0.1] * 3)}),
    _example(pooling.pool, STUDIES),
    _example(pooling.leave_one_out, STUDIES),
    _example(pooling.meta_regression, STUDIES, {"moderator": (NUMBER, list(range(11)))}),
    _example(pooling_bias.egger, STUDIES),
    _example(pooling_bias.begg, STUDIES),
    _example(pooling_bias.fail_safe_n, STUDIES),
    _example(pooling_bias.trim_and_fill, STUDIES),
    _example(published.published_rate, EVENTS),
    _example(ranks.posterior, EVENTS),
    _example(
        ranks.chance_higher,
        {name: (POSITIVE, [3.0, 4.0, 5.0]) for name in ("shape1", "rate1", "shape2", "rate2")},
    ),
    _example(ranks.ranks, EVENTS),
    _example(rates.poisson_interval, {"count": (COUNT, AREAS)}),
    _example(rates.rate, LOOSE),
    _example(rates.proportion_interval, {"count": (COUNT, AREAS), "total": (POSITIVE, PERSONS)}),
    _example(rates.proportion, {"count": (COUNT, AREAS), "total": (POSITIVE, PERSONS)}),
    _example(
        sampling.design,
        {"weight": (COUNT, [1.0, 2, 1, 2]), "stratum": (LABEL, list("ssuu")), "cluster": (LABEL, list("klmn"))},
    ),
    _example(
        sampling.rake,
        base=SURVEY,
        groups=pd.DataFrame({"g": list("uuuuvvvv")}),
        totals={"g": pd.Series([8.0, 7.0], index=["u", "v"])},
    ),
    _example(shrinkage.poisson_gamma, RATIO),
    _example(shrinkage.discount, GRID, wobble=0.1),
    _example(shrinkage.shrink, RATIO, **RATIO_SHRUNK),
    _example(standardisation.direct, STRATA, standard=STANDARD),
    _example(standardisation.repeat_rate, {"events": (COUNT, BY_YEAR), "population": (POSITIVE, [100.0, 80.0])}),
    _example(
        standardisation.indirect,
        STRATA,
        {"population": (COUNT, STRATA["population"][1])},
        reference_count=STANDARD / 4,
        reference_population=STANDARD,
    ),
    _example(survey.proportion, ANSWERS, GROUPS, design=SURVEY),
    _example(survey.mean, {"values": (NUMBER, [3.0, 1, 4, 1, 5, 9, 2, 6])}, GROUPS, design=SURVEY),
    _example(survey.difference, {"values": (NUMBER, ANSWERS["values"][1])}, GROUPS, design=SURVEY, pair=("u", "v")),
    _example(survey.effective_size, {"weight": (COUNT, [1.0, 2, 1, 3, 2, 1, 2, 2])}, GROUPS),
    _example(two_rates.rate_ratio_exact, TWO),
    _example(two_rates.e_test, TWO),
    _example(annual.annual_trend, YEAR_COUNTS),
    _example(joinpoint.joinpoint, YEAR_COUNTS, rows="segments"),
    _example(breaks.mean_breaks, VALUES, YEARS, share=0.2, rows="breaks"),
    _example(rank_trend.mann_kendall, VALUES, YEARS),
    _example(rank_trend.pettitt, VALUES, YEARS),
    _example(rank_trend.seasonal_mann_kendall, values=pd.Series(MONTHLY, index=MONTHS)),
    _example(season.stl, values=pd.Series(MONTHLY, index=MONTHS)),
    _example(season.decompose, values=pd.Series(MONTHLY, index=MONTHS)),
    _example(monthly.monthly_trend, MONTH_COUNTS, {"months": (NUMBER, NUMBERS)}, rows="annual_change", keys=LONG),
    _example(
        monthly.monthly_trends,
        {"counts": (WHOLE, np.array([MONTHLY, MONTHLY])), "exposure": (POSITIVE, np.full((2, 72), 1000.0))},
        months=NUMBERS,
    ),
    _example(farrington.farrington, MONTH_COUNTS, keys=MONTHS),
    _example(farrington_flexible.farrington_flexible, MONTH_COUNTS, keys=MONTHS),
    _example(charts.ears, SERIES, keys=MONTHS),
    _example(charts.cusum, SERIES, keys=MONTHS),
    _example(charts.bayes, SERIES, keys=MONTHS),
    _example(
        signals.signals, {"counts": (WHOLE, MANY), "exposure": (POSITIVE, MANY * 0 + 1000.0)}, months=list(MONTHS)
    ),
    _example(did.difference_in_differences, PANEL, start=3, keys=LONG),
    _example(did.event_study, PANEL, start=3, rows="effects", keys=LONG),
    _example(displacement.wdd, FOUR, NEXT),
    _example(displacement.wdd_harm, FOUR, {"weights": (COUNT, [1.0, 5.0])}),
    _example(displacement.wdq, FOUR, NEXT),
    _example(
        interrupted.interrupted_series,
        MONTH_COUNTS,
        {"months": (NUMBER, NUMBERS)},
        start=36,
        harmonics=1,
        rows="effects",
        keys=LONG,
    ),
    _example(interrupted.deviance_test, simpler=FIRST, fuller=SECOND),
    _example(mixture.simplex_weights, target=[1.0, 2.0], donors=[[1.0, 0.5], [1.0, 3.0]]),
    _example(power.detectable_change, {"before": (POSITIVE, [40.0, 200.0, 90.0])}),
    _example(power.power, {"before": (POSITIVE, [40.0, 200.0, 90]), "ratio": (POSITIVE, [0.8, 0.9, 0.7])}),
    _example(power_trend.detectable_trend, {"count": (POSITIVE, [40.0, 200.0, 90.0])}, years=8),
    _example(ratios.relative_effect, FOUR),
    _example(ratios.poisson_z, {"current": (WHOLE, [10, 30, 20]), "past": (COUNT, [14.0, 20, 21])}),
    _example(synthetic.synthetic_control, outcome=OUTCOME, treated="m0", last_before=2015, rows="effect"),
    _example(audit.audit, cells=WITHHELD, hierarchies=TREE),
    _example(rounding.round_to_base, {"count": (WHOLE, AREAS)}),
    _example(rounding.round_at_random, {"count": (WHOLE, AREAS)}),
    _example(rounding.round_small, cells=CELLS, hierarchies=TREE),
    _example(suppression.suppress, cells=CELLS, hierarchies=TREE),
    _example(
        table.nested, cells=pd.DataFrame({"county": ["c"], "area": ["a"]}), columns=["county", "area"], total="all"
    ),
    _example(table.tabulate, cells=CELLS, hierarchies=TREE),
]
