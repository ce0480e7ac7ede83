"""Start the warm process, find the one that runs, and ask it for kernels and workers."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from multiprocessing.connection import Client, Connection
from pathlib import Path

# Names the socket of the warm process in use, to the processes that a run starts.
ADDRESS = "BRAPKG_WARM"
# Set to anything: every kernel is an ordinary one.
COLD = "BRAPKG_COLD"
# What makes ready for a notebook, before the first of its reports: the import of its page's code, or a
# rehearsal, which fills tables and caches too. That pays where there are many reports.
READY = {
    "national": "brapkg.nation",
    "region": "brapkg.region:rehearse",
    "municipality": "brapkg.municipality:rehearse",
    "problem": "brapkg.problem",
    "knowledge": "brapkg.knowledge",
    "evaluation": "brapkg.evaluation",
}
# What those need that run notebooks and make pages of them.
MODULES = ("papermill", "brapkg.kernels.engine", "brapkg.reports.making")
# One report's statistics need one core; more threads in two workers make both slower.
THREADS = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# A process that has another thread must not fork: Arrow's allocator would start one.
NO_THREADS = THREADS | {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
_started: Warm | None = None


def supported() -> bool:
    """Whether this system forks safely. macOS has fork, but its own libraries do not survive it."""
    return sys.platform == "linux" and not os.environ.get(COLD)


class Warm:
    """The warm process, started by this process and ended with it.

    Parameters
    ----------
    notebooks : names of those that it will run, of ``READY``
    modules : what it imports before it answers
    """

    def __init__(self, notebooks: Collection[str] = tuple(READY), modules: Sequence[str] = MODULES):
        self.folder = Path(tempfile.mkdtemp(prefix="brapkg-"))
        self.address = str(self.folder / "warm")
        command = [sys.executable, "-m", "brapkg.kernels.server", self.address, *modules]
        command += [wanted for notebook, wanted in READY.items() if notebook in notebooks]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # its end tells the warm process that this one is gone
            stdout=subprocess.PIPE,
            env=os.environ | NO_THREADS,
            text=True,
        )
        self.owner = os.getpid()
        atexit.register(self.close)

    @cached_property
    def hello(self) -> dict:
        """What it says when it is ready: "pid", "threads", and "trouble", what did not work.

        Waits for it. Empty where it ended before it was ready.
        """
        line = self.process.stdout.readline()
        return json.loads(line) if line.endswith("\n") else {}

    def close(self) -> None:
        """End it, and every child it still has."""
        if os.getpid() != self.owner:  # a fork of this process that ends
            return
        atexit.unregister(self.close)
        if "hello" not in self.__dict__:  # it does not listen yet, and has no child yet
            self.process.kill()
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def address() -> str | None:
    """The socket of the warm process in use; one is started where there is none.

    None where the system does not fork safely, or the process ended at once.
    """
    global _started
    if not supported():
        return None
    if os.environ.get(ADDRESS):
        return os.environ[ADDRESS]
    if _started is None or _started.owner != os.getpid():
        _started = Warm()
    return _started.address if _started.hello else None


def folder() -> str:
    """Where sockets may lie: beside that of the warm process, with which they go, or else among temporary files."""
    at = address()
    return os.path.dirname(at) if at and os.path.exists(at) else tempfile.gettempdir()


def kernel(argv: list[str], env: Mapping[str, str], cwd: str, memory: int | None = None) -> Forked | None:
    """Ask for a kernel.

    Parameters
    ----------
    argv : arguments of ``ipykernel_launcher``
    env, cwd : its environment and working folder
    memory : bytes it may take beyond what it starts with

    Returns
    -------
    Forked or None
        None where an ordinary kernel must be started: there is no warm process, it refused, for one
        since it was started in another environment than the kernel wants, or it has ended.
    """
    at = address()
    if at is None:
        return None
    request = {"kind": "kernel", "argv": argv, "env": dict(env), "cwd": cwd, "memory": memory}
    try:
        return Forked(at, request)
    except (OSError, EOFError):
        return None


def worker(at: str, do: str) -> tuple[int, Connection] | None:
    """Ask the warm process at a socket for a worker that does ``module:function`` for each task.

    Returns its process id and the connection that takes tasks and gives results, or None where the
    warm process has ended.
    """
    env = {**os.environ, **THREADS, ADDRESS: at}
    try:
        connection = Client(at, "AF_UNIX")
        connection.send({"kind": "worker", "do": do, "env": env, "cwd": os.getcwd()})
        return connection.recv()["pid"], connection
    except (OSError, EOFError):
        return None


class Forked:
    """A forked kernel as ``subprocess.Popen`` would show it, for jupyter_client."""

    stdin = stdout = stderr = None

    def __init__(self, at: str, request: dict):
        self.connection = Client(at, "AF_UNIX")
        self.connection.send(request)
        told = self.connection.recv()
        if "pid" not in told:
            raise EOFError("it ended at once")
        self.pid: int = told["pid"]
        self.returncode: int | None = None

    def fileno(self) -> int:
        """Readable when the kernel is up, and when it has ended."""
        return self.connection.fileno()

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._read(0)

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end."""
        while self._read(timeout) is None and timeout is None:
            pass
        return self.returncode

    def _read(self, timeout: float | None) -> int | None:
        while self.returncode is None and select.select([self.connection], [], [], timeout)[0]:
            try:
                told = self.connection.recv()
            except (EOFError, OSError):  # the warm process has ended, and takes its kernels along
                told = {"exit": -signal.SIGKILL}
                with contextlib.suppress(OSError):
                    os.killpg(self.pid, signal.SIGKILL)
            if "exit" in told:
                # The connection stays open: who waits on it is told by its end.
                self.returncode = told["exit"]
            elif timeout is None:
                continue
            else:
                timeout = 0
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
