"""The commands, thin by intent: each reads its options and calls a room below.

``reports`` makes pages, ``workspace`` what they are made from and the files around them, ``telling``
makes nothing and only tells; ``output`` is what they share: where the pages are, and who is spoken to.
Rooms that load numpy are imported inside the commands, so that ``--help`` costs next to nothing.
"""

from __future__ import annotations

import signal

import click

from brapkg import __version__
from brapkg.cli import reports, telling, workspace
from brapkg.errors import BrapkgError

# What shells give for a program that Ctrl-C ended.
INTERRUPTED = 130


class Commands(click.Group):
    """Turns the package's own errors into one message and an exit status, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        # A machine that shuts down, or a scheduler that has waited enough, is obeyed as Ctrl-C is.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            return super().invoke(ctx)
        except BrapkgError as error:
            click.echo(f"brapkg: {error}", err=True)
            ctx.exit(error.exit_status)
        except KeyboardInterrupt:
            click.echo(
                "brapkg: stopped. What was made is whole, and the rest is as it was; the same command goes on from here.",
                err=True,
            )
            ctx.exit(INTERRUPTED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Reproducible evidence summaries of local crime and safety in Sweden.

    Exit status: 0 all well or nothing to do, 1 some work failed, 2 wrong call, 130 stopped by Ctrl-C.
    """


for command in (
    reports.report,
    telling.evidence,
    telling.runs,
    telling.status,
    workspace.build,
    workspace.fetch,
    workspace.init,
    workspace.schedule,
    workspace.snapshot,
    workspace.template,
):
    main.add_command(command)
