"""Spreadsheets in and out: read with every fault told by its cell, and made to be filled in.

``read`` takes an .xlsx or .csv as people save them; ``workbook`` makes one with drop-down lists;
``steady`` makes the same content the same bytes.
"""

from brapkg.sheets.cells import Column
from brapkg.sheets.reading import LARGEST, Row, read
from brapkg.sheets.writing import steady, workbook

__all__ = ["Column", "LARGEST", "Row", "read", "steady", "workbook"]
