"""The register of structure: how far each municipality has come with the duties of the Act (2023:196).

Kept by people, as ``data/raw/structure.xlsx`` or ``structure.csv``, one row a municipality. Where there
is none, nothing is known of anyone, and the pages say so.
"""

from brapkg.structure.duties import STATES, Duty, columns, duties, limits
from brapkg.structure.register import Entry, Register, Status, read, template, write_template

__all__ = [
    "STATES",
    "Duty",
    "Entry",
    "Register",
    "Status",
    "columns",
    "duties",
    "limits",
    "read",
    "template",
    "write_template",
]
