"""Documents that a page carries with it, to be saved as files."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePath

from brapkg.blocks.prose import inline, markdown
from brapkg.wording import Words

KINDS = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Document:
    """A file by the name it is saved under, what its link says, and its bytes."""

    name: str
    label: str
    content: bytes

    def link(self) -> str:
        """A link that saves the file under its name."""
        kind = KINDS[PurePath(self.name).suffix]
        content = base64.b64encode(self.content).decode()
        return f'<a href="data:{kind};base64,{content}" download="{escape(self.name)}">{escape(self.label)}</a>'


@dataclass(frozen=True)
class Downloads:
    """Links to documents, with a note under them; ``in_notebook`` says how to save them there."""

    documents: Sequence[Document]
    note: str
    in_notebook: str

    def html(self, words: Words) -> str:
        links = "".join(f'<p class="csv">{one.link()}</p>' for one in self.documents)
        return f'{links}<p class="source">{inline(self.note)}</p>'

    def lab(self, words: Words) -> list[dict]:
        return [markdown(f"{self.in_notebook}\n\n*{self.note}*")]
