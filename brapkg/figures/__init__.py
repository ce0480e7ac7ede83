"""Figures: each a picture in two widths, its description in words, and nothing else.

``drawing`` turns a drawing function into SVG for the page and PNG for JupyterLab; ``dots``,
``lines``, ``scatter`` and ``maps`` draw. Titles, reading help and tables are text and lie in
``brapkg.blocks``.
"""
