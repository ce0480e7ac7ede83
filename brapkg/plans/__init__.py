"""Action plans: the draft, its Word and Excel documents, and filled-in plans read back.

``draft`` makes the rows, ``documents`` the files, ``filed`` reads what people filled in, and
``outcomes`` tells what became of each indicator.
"""

from brapkg.plans.outcomes import Outcome, outcome, outcomes

__all__ = ["Outcome", "outcome", "outcomes"]
