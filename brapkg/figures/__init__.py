"""Figures: each a picture in two widths, its description in words, and nothing else.

``dots``, ``lines``, ``scatter``, ``places``, ``grid`` and ``maps`` draw on a ``canvas``; ``drawing``
has it drawn in both widths, and ``svg`` and ``png`` turn it into pictures with the ``letters`` of one
font. Titles, reading help and tables are text and lie in ``brapkg.blocks``.
"""
