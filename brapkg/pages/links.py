"""Where a page leads: up to whoever it is a part of, and on to its own parts and neighbours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """A page by its label; ``href`` is its address from the page that shows it, "" where there is no such page."""

    label: str
    href: str = ""


@dataclass(frozen=True)
class Links:
    """The links in a page's frame.

    Attributes
    ----------
    home : address of the front page
    up : from the front page down to the page itself, which is left out
    onward : other pages, by the name of the frame's text that is their heading ("onward_" before it)
    """

    home: str = "index.html"
    up: tuple[Link, ...] = ()
    onward: tuple[tuple[str, tuple[Link, ...]], ...] = ()
