"""What every section of the knowledge page needs: all ratings, by measure and by problem."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from brapkg import evidence
from brapkg.blocks import Sections
from brapkg.evidence.kinds import Problem
from brapkg.evidence.ratings import Rating
from brapkg.problem.told import SUPPORTED
from brapkg.wording import Words

# What stands for the effect of a measure that is rated differently against different problems.
DIFFERS = "differs"
KINDS = ("situational", "police", "social", "treatment")


@dataclass(frozen=True)
class Page(Sections):
    """The knowledge page in one language."""

    words: Words

    @cached_property
    def problems(self) -> dict[str, Problem]:
        return evidence.problems()

    def problem(self, id: str, field: str = "name") -> str:
        return self.problems[id].text(field, self.language)

    @cached_property
    def measures(self) -> list[Rating]:
        """Each measure once, with all of its studies, by name. Its effect is in ``effects``: problems may differ."""
        ratings = [evidence.rating(id) for id in evidence.measures()]
        return sorted(ratings, key=lambda one: one.measure.text("name", self.language).casefold())

    @cached_property
    def pairs(self) -> dict[str, list[Rating]]:
        """The ratings of each problem's measures, best evidence first."""
        return {id: evidence.candidates(id) for id in self.problems}

    @cached_property
    def every(self) -> list[Rating]:
        """The ratings of all pairs of measure and problem."""
        return [rating for ratings in self.pairs.values() for rating in ratings]

    @cached_property
    def effects(self) -> dict[str, str]:
        """The effect of each measure where it is the same against all of its problems, else ``DIFFERS``."""
        found: dict[str, set[str]] = {}
        for one in self.every:
            found.setdefault(one.measure.id, set()).add(one.effect)
        return {id: "".join(effects) if len(effects) == 1 else DIFFERS for id, effects in found.items()}

    def alike(self, effect: str) -> list[Rating]:
        """The measures with this effect against all of their problems, or ``DIFFERS``."""
        return [one for one in self.measures if self.effects[one.measure.id] == effect]

    def told(self, ratings: list[Rating], field: str = "name") -> list[str]:
        """The measures of ratings by name, with the problems where not all of the measure's are among them."""
        names = []
        for measure in self.measures:
            id = measure.measure.id
            problems = [one.problem for one in ratings if one.measure.id == id]
            name = measure.measure.text(field, self.language)
            if len(problems) == len(measure.measure.problems):
                names.append(name)
            elif problems:
                against = self.words.listed([self.problem(problem, "lower") for problem in problems])
                names.append(self.words("knowledge_against", measure=name, problems=against))
        return names

    def counts(self, problem: str) -> Counter:
        """How many measures have each effect against a problem."""
        return Counter(rating.effect for rating in self.pairs[problem])

    @cached_property
    def unsupported(self) -> list[str]:
        """Problems against which no measure has support."""
        return [id for id in self.problems if not any(one.effect in SUPPORTED for one in self.pairs[id])]

    def names(self, ratings: list[Rating], field: str = "name") -> list[str]:
        """The measures' names."""
        return [one.measure.text(field, self.language) for one in ratings]
