"""The plan as documents: Word to read and decide on, Excel to fill in and read back."""

from brapkg.plans.excel import excel
from brapkg.plans.word import word

__all__ = ["excel", "word"]
