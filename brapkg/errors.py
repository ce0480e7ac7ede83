"""The errors a user meets: what was found, where, what is allowed, and the remedy."""

from __future__ import annotations

from collections.abc import Sequence

SHOWN = 12


class BrapkgError(Exception):
    """Base of every error that is the user's to mend; printed without a traceback.

    ``exit_status`` is what the command line ends with.
    """

    exit_status = 1


class UsageError(BrapkgError):
    """A wrong call: an unknown area, period, language, parameter or option."""

    exit_status = 2


class DataError(BrapkgError):
    """Input that cannot be used. Holds every problem found, not just the first.

    Parameters
    ----------
    problems : sequence of str
        One line each: file, line, what was found, what is allowed, remedy.
    """

    def __init__(self, problems: str | Sequence[str]):
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        shown = self.problems[:SHOWN]
        if len(self.problems) > SHOWN:
            shown.append(f"… and {len(self.problems) - SHOWN} more of the same kind")
        super().__init__("\n".join(shown))
