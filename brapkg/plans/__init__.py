"""Action plans: the draft, its Word and Excel documents, and filled-in plans read back.

``draft`` makes the rows, ``documents`` the files, ``filed`` reads what people filled in. What became of a
plan's indicators is told by ``brapkg.outcomes``, a floor above.
"""
