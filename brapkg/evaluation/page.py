"""What every section of an evaluation needs: the layout, the judged designs, the verdict, and shared phrases."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from brapkg import areas, catalogue, shown
from brapkg.blocks import Section, Sections
from brapkg.effects import estimators, null, trends, verdict
from brapkg.effects.design import Design
from brapkg.indicators import placebos as made_up
from brapkg.settings import settings
from brapkg.wording import Words

DESIGNS = estimators.DESIGNS
MAIN = "comparison"
# Every figure of the page in its order.
FIGURES = ("timeline", "map", "before", "result", "placebos", "study")
# Every numbered table of the page in its order.
TABLES = ("visible", "tests", "cost", "verdicts", "study")
PRICED = ("clear_fall", "probable_fall")
Z = 1.959963984540054


@dataclass(frozen=True, eq=False)
class Page(Sections):
    """A measure's page in one language."""

    design: Design
    tables: shown.Tables
    words: Words

    @property
    def measure(self):
        return self.design.measure

    def section(self, id: str, heading: str, *parts, css: str = "") -> Section:
        """As ever; the heading is a text by its name without the prefix."""
        return super().section(id, f"evaluation_{heading}", *parts, css=css)

    def __call__(self, name: str, /, **values: object) -> str:
        """A text of this page by its name without the prefix."""
        return self.words(f"evaluation_{name}", **values)

    def number(self, figure: str) -> int:
        """A figure's number on this page, which shows only the figures that can be made."""
        return self._figures.index(figure) + 1

    @cached_property
    def _figures(self) -> list[str]:
        refused = {
            "before": self.design.withheld,
            "placebos": not any(self._panel(design) for design in DESIGNS),
            "study": self.study.empty,
        }
        return [figure for figure in FIGURES if not refused.get(figure)]

    def table_number(self, name: str) -> int:
        """A numbered table's number on this page."""
        refused = {
            "tests": not self.drawn,
            "cost": not self.priced,
            "verdicts": self.verdicts.empty,
            "study": self.study.empty,
        }
        return [one for one in TABLES if not refused.get(one)].index(name) + 1

    @property
    def priced(self) -> bool:
        """Whether a cost for each offence avoided can be told."""
        return self.measure.cost is not None and self.verdict.word in PRICED and bool(self.verdict.on("below"))

    def _panel(self, design: str) -> bool:
        """Whether the design can be drawn among its placebos."""
        judged = self.judged[design]
        return judged.missing == "" and len(judged.null) > 0

    @property
    def drawn(self) -> list[str]:
        """The designs that can be drawn among their placebos."""
        return [design for design in DESIGNS if self._panel(design)]

    # --- names

    @property
    def title(self) -> str:
        """The measure's title; a made-up one says so in the page's language."""
        return self.measure.label(self.language)

    def offence(self, field: str = "lower") -> str:
        """The outcome's series in the page's language; the name in small letters where none is recorded."""
        known = catalogue.offence(self.measure.outcome)
        found = known.text(field, self.language)
        return found or known.text("name", self.language).lower()

    def places(self, part: str, most: int = 6) -> str:
        """Names of the areas of a part, in the language's order."""
        return self.words.names((self.place(code) for code in getattr(self.measure, part)), most)

    def place(self, code: str) -> str:
        """An area's name; counties in full, or Gotland the county and the municipality would be one."""
        area = areas.get(code)
        return area.label(self.language) if area.kind == "county" else area.short

    def month(self, at: int) -> str:
        """ "januari 2014" of a month counted as year * 12 + month - 1."""
        return f"{self.words.month(at % 12 + 1)} {at // 12}"

    def span(self, phase: str) -> str:
        """ "januari–december 2013" in words: from and to."""
        at = self.design.months.loc[self.design.months["phase"] == phase, "at"]
        return self("span", first=self.month(int(at.iloc[0])), last=self.month(int(at.iloc[-1])))

    def name(self, design: str) -> str:
        """A design's name."""
        return self(f"design_{self.form(design)}")

    def form(self, design: str) -> str:
        """The design as it is used here: a displacement difference is "local" without nearby areas."""
        return estimators.LOCAL if design == "displacement" and not self.whole else design

    def named(self, designs: list[str]) -> str:
        """Designs inside a sentence."""
        return self.words.listed([self(f"design_{self.form(design)}_lower") for design in designs])

    def source(self, *more: str) -> str:
        """The source line of a figure."""
        years = self.words.years(self.design.first // 12, self.design.last // 12)
        preliminary = self.design.preliminary
        note = self.words("source_preliminary", year=preliminary[-1]) if preliminary else ""
        return " ".join([self.words("source", years=years, preliminary=note), *more])

    # --- numbers

    def count(self, part: str, phase: str) -> str:
        """Events of a part in a phase, or the word for a sum that is kept back."""
        events, hidden = self.design.events(part, phase), settings().largest_hidden
        kept_back = 0 < events <= max(hidden["year"], hidden["month"] if self.design.length(phase) < 12 else 0)
        return self.words("withheld") if kept_back else self.words.number(events)

    @property
    def expected(self) -> float | None:
        """The ratio expected beforehand: 0.85 for 15 per cent fewer."""
        change = self.measure.expected_change
        return None if change is None else 1 + change / 100

    def fewer(self, ratio: float) -> str:
        """ "8 procent färre", "3 procent fler", "lika många"."""
        whole = round(100 * (ratio - 1))
        form = "fewer" if whole < 0 else "more" if whole > 0 else "as_many"
        return self(form, n=self.words.number(abs(whole)))

    # --- what the designs say

    @cached_property
    def size(self) -> str:
        """The size class of the treated areas together."""
        return null.size_class(self.design.kind, self.design.residents("treated"))

    def all_placebos(self, kind: str) -> pd.DataFrame:
        """Placebos of the measure's shape among areas of a kind."""
        one = self.design
        months = (one.length(phase) for phase in ("before", "run-in", "after"))
        shape = made_up.shape_of(*months, len(self.measure.comparison))
        tables = (self.tables.built(name) for name in ("placebos", "offences_month", "population"))
        return self.tables.keep(("placebos", kind, shape), lambda: made_up.fitting(*tables, kind, shape))

    def placebo_rows(self, kind: str) -> pd.DataFrame:
        """Those of them that the measure cannot have touched."""
        touched = {*self.measure.treated, *self.measure.nearby}
        rows, compared = self.all_placebos(kind), set(self.measure.comparison)
        return null.others(rows, touched, compared, self.design.first, self.design.last)

    @cached_property
    def whole(self) -> bool:
        """Whether the displacement difference counts the nearby areas: there are some, and the study lets it.

        Elsewhere the area is judged alone, so that a design is not lost for a sum that cannot be judged.
        """
        return bool(self.measure.nearby) and null.usable("displacement", self.size, self.measure.outcome)

    def estimate(self, design: str, treated: str = "treated") -> estimators.Estimate:
        window = self.design.estimation(treated)
        if not self.whole:
            window = replace(window, nearby=None, nearby_exposure=None)
        return estimators.estimate(design, window)

    @cached_property
    def judged(self) -> dict[str, null.Judged]:
        """Every design set against placebos."""
        rows, offence = self.placebo_rows(self.design.kind), self.measure.outcome
        return {design: null.judge(self.estimate(design), rows, offence, self.size) for design in DESIGNS}

    @cached_property
    def results(self) -> dict[str, verdict.Result]:
        """Every design as a ratio to what was to be expected."""
        return {design: verdict.result(judged) for design, judged in self.judged.items()}

    @property
    def lead(self) -> str:
        """The design whose result the summary tells: against the comparison areas, or the next that has an interval."""
        order = sorted(DESIGNS, key=lambda design: (design not in verdict.COMPARED, DESIGNS.index(design)))
        return next((design for design in order if not self.results[design].missing), MAIN)

    @cached_property
    def near(self) -> verdict.Result | None:
        """The nearby areas against the comparison areas, as though the measure had been there."""
        if not self.measure.nearby:
            return None
        kind = areas.get(self.measure.nearby[0]).kind
        size = null.size_class(kind, self.design.residents("nearby"))
        judged = null.judge(self.estimate(MAIN, "nearby"), self.placebo_rows(kind), self.measure.outcome, size)
        return verdict.result(judged)

    def naive(self, design: str) -> tuple[float, float]:
        """The interval that counts of pure chance would give: too narrow."""
        told = self.estimate(design)
        if told.missing:
            return math.nan, math.nan
        reach = Z * math.sqrt(told.variance)
        limits = (told.value - reach, told.value + reach)
        if design == "displacement":
            return 1 + limits[0], 1 + limits[1]
        return math.exp(limits[0]), math.exp(limits[1])

    @cached_property
    def parallel(self) -> trends.Parallel:
        """The difference in trend before the start."""
        rows = self.design.months[self.design.months["phase"].isin(["earlier", "before"])]
        columns = ("treated", "treated_exposure", "comparison", "comparison_exposure")
        return trends.parallel(*(rows[column].to_numpy() for column in columns))

    @cached_property
    def verdict(self) -> verdict.Verdict:
        return verdict.of(self.results.values(), self.expected, trends_differ=self.parallel.differs)

    @property
    def verdict_why(self) -> str:
        """Why the verdict is what it is, and for a made-up measure whether it is right."""
        found = self.verdict
        form = found.word
        if form == "undecided":
            compared = any(one.design in verdict.COMPARED for one in found.counted)
            enough = compared and len(found.counted) > 1
            across = "across" if len(found.on("across")) == len(found.counted) else form
            form = "lowered" if found.lowered else across if enough else "few"
        name = f"verdict_{form}_why" if found.counted else "verdict_no_interval"
        return self(name, n=self.words.count_word(len(found.counted), neuter=True))

    @property
    def placebo_verdict(self) -> str:
        """Whether the verdict on a made-up measure is right."""
        found = self.verdict
        if found.word in ("undecided", "smaller"):
            apart = found.lowered or found.on("below") or found.on("above")
            return "" if apart or not found.counted else self("placebo_verdict_right")
        return " ".join([self("placebo_verdict_wrong"), self.wrong_verdicts])

    @property
    def wrong_verdicts(self) -> str:
        """How often measures of the same size class that never were get a verdict of change; "" where it is not known."""
        if self.verdicts.empty:
            return ""
        told = self.verdicts[self.verdicts["laid"] == 0].iloc[0]
        sums = {"falls": told["clear_fall"] + told["probable_fall"], "rises": told["rise"], "apart": told["disagree"]}
        numbers = {name: self.words.number(share) for name, share in sums.items()}
        return self("verdicts_text", size=self(f"size_{self.size}"), **numbers)

    @cached_property
    def study(self) -> pd.DataFrame:
        """What the test of the method found, by design and size class; empty where it is not there."""
        return null.study() if null.STUDY.exists() else pd.DataFrame()

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """How often the rule gives each verdict for measures like this one, by the fall laid on; empty where not known."""
        if not null.VERDICTS.exists():
            return pd.DataFrame()
        rows, nearby = null.verdicts(), "yes" if self.whole else "no"
        return rows[(rows["size"] == self.size) & (rows["nearby"] == nearby)]

    def seen(self) -> list[str]:
        """Designs for which a smallest visible fall is known."""
        return [design for design in DESIGNS if math.isfinite(self.judged[design].detectable_fall)]

    def interval(self, result: verdict.Result) -> str:
        """ "−17 till 10 %", or why there is none."""
        if result.missing or not math.isfinite(result.lower):
            return self(f"missing_{(result.missing or 'few').replace(' ', '_')}")
        if math.isinf(result.upper):
            return self("interval_open", low=self.words.deviation(result.lower))
        return self.words.signed_range(result.lower, result.upper)
