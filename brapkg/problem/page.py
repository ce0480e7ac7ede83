"""What every section of a problem's page needs: the problem, its measures with their ratings, the words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from brapkg import catalogue, evidence
from brapkg.blocks import Sections
from brapkg.evidence.kinds import Disagreement, Problem, Study
from brapkg.evidence.ratings import Rating
from brapkg.problem import told
from brapkg.wording import Words


@dataclass(frozen=True)
class Page(Sections):
    """A problem's page in one language."""

    problem: Problem
    words: Words

    @property
    def name(self) -> str:
        """The problem as a heading."""
        return self.problem.text("name", self.language)

    @property
    def lower(self) -> str:
        """The problem inside a sentence."""
        return self.problem.text("lower", self.language)

    @cached_property
    def ratings(self) -> list[Rating]:
        """The measures against the problem, best evidence first."""
        return evidence.candidates(self.problem.id)

    def rated(self, *effects: str) -> list[Rating]:
        """Those with one of these effects, in the order of the evidence."""
        return [rating for rating in self.ratings if rating.effect in effects]

    @cached_property
    def every_study(self) -> list[Study]:
        """The rows of all measures, in the order of the measures' evidence."""
        return [row for rating in self.ratings for row in told.rows(rating)]

    @cached_property
    def disagreements(self) -> list[Disagreement]:
        """Where sources disagree on a measure against this problem."""
        bearing = {one.id for rating in self.ratings for one in rating.dissent}
        return [one for one in evidence.disagreements(problem=self.problem.id) if one.id in bearing]

    def series(self) -> str:
        """The offence series that hold the problem, by name."""
        return self.words.listed([catalogue.offence(id).text("name", self.language) for id in self.problem.offences])
