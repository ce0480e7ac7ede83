"""Where a command's pages are, and what it says of them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

OUTPUT = click.option(
    "--output",
    metavar="FOLDER",
    help="Where the pages are; reports/ otherwise. Also s3://, abs:// and gs:// addresses.",
)


def address_of(output: str | None) -> str | None:
    """The address of an output that lies elsewhere."""
    told = _output(output)
    return told if "://" in told else None


def folder_of(output: str | None) -> Path:
    """The folder of the reports, or the one that mirrors an address, as an absolute path."""
    from brapkg import paths

    if address := address_of(output):
        from brapkg.reports import remote

        return remote.mirror(address, paths.home())
    return Path(_output(output)).resolve()


def _output(output: str | None) -> str:
    """The folder or address that was given, else the settings'."""
    from brapkg import settings

    return output or settings.output()


def tell(text: str) -> None:
    """Say something to whoever sits at the terminal; to a log file only failures matter."""
    if sys.stdout.isatty():
        click.echo(text)
