"""The evaluation page, section by section: what ``notebooks/evaluation.ipynb`` calls.

``Evaluation`` joins a measure of the register, its layout (``brapkg.effects.design``), the designs set
against placebos (``brapkg.effects.null``) and the verdict (``brapkg.effects.verdict``) into sections; each
method is one cell of the notebook. What could be seen at all comes before any result.
"""

from __future__ import annotations

from brapkg import shown, store
from brapkg.blocks import Head, Section
from brapkg.effects import design, refusals, register
from brapkg.errors import DataError
from brapkg.evaluation import closing, opening, results, setting
from brapkg.evaluation.page import Page
from brapkg.wording import Words


class Evaluation:
    """The page of one local measure in one language.

    Parameters
    ----------
    measure : id of a measure in ``data/raw/measures.csv``
    language : "sv" or "en"

    Raises
    ------
    UsageError
        The measure or the language is unknown; the message says which there are.
    DataError
        The measure's row has faults, it cannot be evaluated as it is laid out, or the store is not
        built; every reason is told.
    """

    def __init__(self, measure: str, language: str = "sv"):
        words = Words(language)
        one = register.measure(measure)
        if told := refusals.treated_elsewhere(one, register.read().measures):
            raise DataError([f"measure {one.id}: {fault}" for fault in told])
        store.check_settings()
        tables = shown.tables()
        self._page = Page(design.of(one, tables), tables, words)

    def head(self) -> Head:
        """What was done, where and from when; a made-up measure is marked."""
        return opening.head(self._page)

    def brief(self) -> Section:
        """The verdict and what it rests on, in five sentences."""
        return opening.brief(self._page)

    def visible(self) -> Section:
        """The smallest change that each design would have seen, before any result."""
        return opening.visible(self._page)

    def design(self) -> Section:
        """Months and areas, on a time line and a map."""
        return setting.design(self._page)

    def before(self) -> Section:
        """Whether the areas went the same way before the start."""
        return setting.before(self._page)

    def result(self) -> Section:
        """The designs side by side."""
        return results.result(self._page)

    def displacement(self) -> Section:
        """What happened next door."""
        return results.displacement(self._page)

    def placebos(self) -> Section:
        """Where the result falls among measures that never were."""
        return results.placebos(self._page)

    def agreement(self) -> Section:
        """What the designs agree and disagree on."""
        return results.agreement(self._page)

    def cost(self) -> Section:
        """Kronor for each offence avoided, where that can be told."""
        return closing.cost(self._page)

    def verdict(self) -> Section:
        """The verdict and its rule."""
        return closing.verdict(self._page)

    def limits(self) -> Section:
        """What this cannot tell."""
        return closing.limits(self._page)

    def sources(self) -> Section:
        """Method with its own test, sources, how to cite."""
        return closing.sources(self._page)
