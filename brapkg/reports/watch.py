"""Who watches a run: a bar for people at a terminal, a line of JSON per event for machines, or nobody."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from brapkg.reports.manifest import in_one_line

if TYPE_CHECKING:
    from brapkg.reports.batch import Result
    from brapkg.reports.plan import Report


class Watcher:
    """Nobody: what a run tells of itself, and none of it is shown."""

    def begun(self, id: str, todo: int, unchanged: int) -> None:
        """A run begins: its id, how many reports it makes and how many have not changed."""

    def started(self, report: Report) -> None:
        """A report begins, or begins again since its worker died."""

    def ended(self, result: Result) -> None:
        """A report was made, or failed."""

    def finished(self, status: str, seconds: float) -> None:
        """The run has ended: "good", "failed" or "stopped"."""


class Several(Watcher):
    """Tells several watchers."""

    def __init__(self, watchers: Sequence[Watcher]):
        self.watchers = watchers

    def begun(self, id, todo, unchanged):
        for watcher in self.watchers:
            watcher.begun(id, todo, unchanged)

    def started(self, report):
        for watcher in self.watchers:
            watcher.started(report)

    def ended(self, result):
        for watcher in self.watchers:
            watcher.ended(result)

    def finished(self, status, seconds):
        for watcher in self.watchers:
            watcher.finished(status, seconds)


class Bar(Watcher):
    """A bar on standard error: reports done, running and failed, and the time left."""

    FORM = "{desc}{percentage:3.0f} %|{bar}| {n_fmt} of {total_fmt}{postfix} · {elapsed} gone, about {remaining} left"

    def begun(self, id, todo, unchanged):
        from tqdm import tqdm

        self.running: dict[str, str] = {}
        self.failed = 0
        self.bar = tqdm(total=todo, bar_format=self.FORM, disable=not todo, smoothing=0.1)
        self._tell()

    def started(self, report):
        self.running[report.name] = report.about.label(report.language)
        self._tell()

    def ended(self, result):
        self.running.pop(result.report.name, None)
        self.failed += result.status == "failed"
        self._tell()
        self.bar.update()

    def finished(self, status, seconds):
        self.bar.close()

    def _tell(self) -> None:
        failed = f" · {self.failed} failed" if self.failed else ""
        running = f" · making {', '.join(self.running.values())}" if self.running else ""
        # tqdm would put a comma before its own postfix
        self.bar.postfix = f"{failed}{running}"
        self.bar.refresh()


class JsonLog(Watcher):
    """One JSON object a line on a stream: "time", "event", and what belongs to the event."""

    def __init__(self, stream: TextIO | None = None):
        self.stream = stream or sys.stderr

    def begun(self, id, todo, unchanged):
        self.id = id
        self._line("run started", to_make=todo, unchanged=unchanged)

    def started(self, report):
        self._line("report started", report=report.name)

    def ended(self, result):
        told = {
            "report": result.report.name,
            "why": result.why,
            "seconds": round(result.seconds, 3),
            "peak_memory": result.peak_memory,
            "tries": result.tries,
            "warnings": list(result.warnings),
        }
        if result.status == "failed":
            told["error"] = in_one_line(result.error)
        self._line(f"report {result.status}", **told)

    def finished(self, status, seconds):
        self._line("run ended", status=status, seconds=round(seconds, 3))

    def _line(self, event: str, **told: object) -> None:
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": time, "event": event, "run": self.id, **told}, ensure_ascii=False)
        print(line, file=self.stream, flush=True)
