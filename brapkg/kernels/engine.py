"""The papermill engine ``brapkg``: papermill's own way, with warm kernels, without its waits, and with limits.

    papermill notebooks/region.ipynb made.ipynb -r region 20 --engine brapkg

What the notebook is given and what it puts out is as with papermill alone. Papermill saves the
notebook twice a cell, waits 0.4 s for a kernel that is there, and looks ten times a second
whether it has gone; here it is saved at the end and now and then, and nothing is waited for.
"""

from __future__ import annotations

import asyncio
import sys
import time
import uuid
from queue import Empty
from typing import Any

from jupyter_client import AsyncKernelManager
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.utils import ensure_async, run_sync
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager
from papermill.log import logger
from traitlets import Type

from brapkg.kernels import warm

PROVISIONER = "brapkg"
# Seconds between two saves of a notebook that runs.
SAVED_EVERY = 30.0


class Refused(Exception):
    """A notebook did what ends a report: it left by ``exit()``, or put out more than is allowed."""


class Engine(NBClientEngine):
    """See the module. What papermill's own engine takes, and three limits."""

    # What this process ran last, as far as it came: for who keeps no notebook on a disk.
    latest: NotebookNode | None = None

    @classmethod
    def execute_notebook(cls, nb, kernel_name, output_path=None, progress_bar=True, log_output=False, **options):
        """As in papermill, but saved less often."""
        Engine.latest = nb
        options.pop("autosave_cell_every", None)
        manager = _SavedSeldom(nb, output_path=output_path, log_output=log_output, progress_bar=progress_bar)
        manager.notebook_start()
        try:
            cls.execute_managed_notebook(manager, kernel_name, log_output=log_output, **options)
        finally:
            manager.cleanup_pbar()
            manager.notebook_complete()
        return manager.nb

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        time_limit: float | None = None,
        memory_limit: int | None = None,
        output_limit: int | None = None,
        input_path: str | None = None,
        **options: Any,
    ):
        """Run the notebook.

        Parameters
        ----------
        nb_man, kernel_name, start_timeout, execution_timeout : as papermill has them
        time_limit : seconds for the whole notebook
        memory_limit : bytes that its kernel may take beyond what it starts with (Linux)
        output_limit : characters that it may put out
        """
        ends = time.monotonic() + time_limit if time_limit else None
        client = _Client(
            nb_man,
            kernel_manager_class=_Manager,
            kernel_name=kernel_name,
            startup_timeout=start_timeout,
            timeout=execution_timeout,
            timeout_func=None if ends is None else lambda _: max(1, round(ends - time.monotonic())),
            log=logger,
            **options,
        )
        client.memory_limit, client.output_limit = memory_limit, output_limit
        try:
            client.execute()
        finally:
            nb_man.nb.metadata.papermill["peak_memory"] = client.peak_memory


class _SavedSeldom(NotebookExecutionManager):
    """Saves when the notebook ends, and in between only when the last save is long ago."""

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self.always = True

    def save(self, **options: Any) -> None:
        if self.always or (self.now() - self.last_save_time).total_seconds() >= SAVED_EVERY:
            super().save(**options)

    def notebook_start(self, **options: Any) -> None:
        self.always = False  # what papermill was given can be read where it came from
        super().notebook_start(**options)

    def notebook_complete(self, **options: Any) -> None:
        self.always = True
        super().notebook_complete(**options)


class _KernelClient(AsyncKernelClient):
    """Ready as soon as the kernel has answered on both channels."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Ask the kernel who it is until its answer comes, and with it what it publishes.

        Raises ``RuntimeError`` as jupyter_client does when it dies or is silent for ``timeout`` seconds.
        """
        ends = time.monotonic() + (timeout or float("inf"))
        patience = 0.1
        while time.monotonic() < ends:
            asked = self.kernel_info()
            try:
                reply = await self._answer(self.shell_channel, asked, 10 * patience, "kernel_info_reply")
                await self._answer(self.iopub_channel, asked, patience, "status", "idle")
            except Empty:  # the channel for publishing was not there yet: ask again
                patience = min(2 * patience, 2.0)
            else:
                self._handle_kernel_info_reply(reply)
                return
            if not await ensure_async(self.is_alive()):
                raise RuntimeError("Kernel died before replying to kernel_info")
        raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")

    async def _answer(self, channel, asked: str, patience: float, kind: str, state: str | None = None) -> dict:
        ends = time.monotonic() + patience
        while True:
            told = await ensure_async(channel.get_msg(timeout=max(0.0, ends - time.monotonic())))
            ours = told["parent_header"].get("msg_id") == asked and told["msg_type"] == kind
            if ours and state in (None, told["content"].get("execution_state")):
                return told


class _Manager(AsyncKernelManager):
    """Starts every kernel through our provisioner, whatever the kernel's specification says."""

    client_factory = Type(_KernelClient, klass=AsyncKernelClient)
    memory_limit: int | None = None

    @property
    def kernel_spec(self):
        found = super().kernel_spec
        if found is not None:
            settings = {"memory": self.memory_limit} if self.memory_limit else {}
            found.metadata = {
                **found.metadata,
                "kernel_provisioner": {"provisioner_name": PROVISIONER, "config": settings},
            }
        return found


class _Client(PapermillNotebookClient):
    """Counts what is put out, and notices a notebook that leaves early."""

    memory_limit: int | None = None
    output_limit: int | None = None
    _put_out = 0
    _provisioner = None
    _ending: asyncio.Future | None = None  # held, since asyncio lets go of a task that nobody holds

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, on_cell_executed=self._check, **options)

    @property
    def peak_memory(self) -> int | None:
        """The most memory the kernel held at a time, in bytes, where that is known."""
        return getattr(self._provisioner, "peak", None)

    def create_kernel_manager(self):
        manager = super().create_kernel_manager()
        manager.memory_limit = self.memory_limit
        if sys.platform == "linux":
            # Sockets by name: a kernel that starts can find its free port taken by another's client.
            manager.transport, manager.ip = "ipc", f"{warm.folder()}/{uuid.uuid4().hex}"
        return manager

    async def async_start_new_kernel(self, **options: Any) -> None:
        await super().async_start_new_kernel(**options)
        self._provisioner = self.km.provisioner

    start_new_kernel = run_sync(async_start_new_kernel)

    async def async_execute_cell(self, cell, cell_index, *args: Any, **options: Any):
        """As in nbclient; a kernel that was ended for what it put out is no kernel that died."""
        try:
            return await super().async_execute_cell(cell, cell_index, *args, **options)
        except DeadKernelError:
            pass
        self._check_put_out(cell_index)
        raise DeadKernelError(
            f"Kernel died in cell {cell_index + 1}: a library crashed, or the machine had too little memory."
        )

    execute_cell = run_sync(async_execute_cell)

    def output(self, outs, msg, display_id, cell_index):
        """Take in what the notebook puts out; beyond the limit it is dropped, and the kernel ended.

        An interruption would not do: a cell can be deaf to it, and where it arrives between the
        cell and its answer, there is no answer, and the whole time limit is waited for.
        """
        content = msg["content"]
        before = self._put_out
        self._put_out += len(content.get("text", "")) + sum(map(len, content.get("traceback", ())))
        self._put_out += sum(len(str(part)) for part in content.get("data", {}).values())
        if not self.output_limit or self._put_out <= self.output_limit:
            return super().output(outs, msg, display_id, cell_index)
        if before <= self.output_limit:
            self._ending = asyncio.ensure_future(self._provisioner.kill())
        return None

    def _check_put_out(self, cell_index: int) -> None:
        if self.output_limit and self._put_out > self.output_limit:
            raise Refused(
                f"cell {cell_index + 1}: the notebook has put out more than the {self.output_limit:,} characters "
                "that are allowed. Print less, or raise the limit in settings.toml."
            )

    def _check(self, cell, cell_index, execute_reply) -> None:
        """After each cell: refuse a notebook that put out too much or left early."""
        self._check_put_out(cell_index)
        # Its kernel ends a moment later, and without this it can look as if all went well.
        payload = (execute_reply or {}).get("content", {}).get("payload", ())
        if any(part.get("source") == "ask_exit" for part in payload):
            raise Refused(f"cell {cell_index + 1}: the notebook left by exit() or quit(); it must run to its end.")
