"""The warm process: imports once, then forks a kernel or a worker for each that asks.

    python -m brapkg.kernels.server ADDRESS [MODULE[:FUNCTION] ...]

It has one thread, so that a fork copies nothing that is half done, and it never runs a notebook
itself. Who asks connects to the socket ADDRESS and sends a request; the child answers on the same
connection. A caller that hangs up ends its child, and the end of standard input, that is of the
process that started this one, ends everything: nothing is left behind when a run is killed.
"""

from __future__ import annotations

import argparse
import builtins
import contextlib
import gc
import importlib
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import traceback
from multiprocessing.connection import Connection
from types import SimpleNamespace

from brapkg.kernels import child

# Of the environment, what Python, its libraries and the C library read once and keep.
READ_ONCE = ("PYTHON", "MPL", "LC_", "LANG", "TZ", "HOME", "XDG_", "VIRTUAL_ENV")
# Of no use here, and slow: ipykernel would import the debugger's 150 modules for every kernel, and
# jsonschema works out a whole grammar for a kind of address that no notebook's schema has.
UNUSED = {"debugpy": "ipykernel.debugger", "rfc3987_syntax": "jsonschema"}
# Modules that look at the shell of the process that imports them: each kernel imports its own.
BOUND_TO_SHELL = ("matplotlib_inline", "tqdm.auto", "__main__", "__mp_main__")


def main() -> None:
    environment = dict(os.environ)
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("wanted", nargs="*")
    told = parser.parse_args()
    sys.path[:1] = []  # the folder this was started in is none of a kernel's business
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it too; the runner decides
    answer = os.fdopen(os.dup(1), "w")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)  # what a library prints is no answer
    os.close(quiet)
    trouble = warm_up(told.wanted)
    server = Server(told.address, environment)
    try:
        with contextlib.suppress(BrokenPipeError), answer:
            print(json.dumps({"pid": os.getpid(), "threads": threads(), "trouble": trouble}), file=answer, flush=True)
        server.serve()
    except Exception:
        traceback.print_exc()
    finally:
        server.end()


def warm_up(wanted: list[str]) -> list[str]:
    """Import each module that is wanted, call its function where one is named; return what did not work.

    What every kernel needs is imported too.

    A report that needs what failed here meets the same error itself, and tells it better.
    """
    # As in every IPython kernel, before matplotlib is imported.
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    for unused, asks_for_it in UNUSED.items():
        with _without(unused):
            importlib.import_module(asks_for_it)
    trouble = []
    with _as_in_a_kernel():
        for each in wanted:
            module, _, function = each.partition(":")
            try:
                found = importlib.import_module(module)
                if function:
                    getattr(found, function)()
            except Exception as error:
                trouble.append(f"{each}: {type(error).__name__}: {error}")
        for module in child.modules_of_a_kernel():
            if not module.startswith(BOUND_TO_SHELL):
                with contextlib.suppress(Exception):
                    importlib.import_module(module)
    for module in [name for name in sys.modules if name.startswith(BOUND_TO_SHELL[:2])]:
        del sys.modules[module]
    gc.collect()
    gc.freeze()  # collections in a child would touch, and so copy, every page of memory
    return trouble


@contextlib.contextmanager
def _as_in_a_kernel():
    """Let pandas find a kernel: it settles how wide tables are printed when it is imported."""
    builtins.get_ipython = lambda: SimpleNamespace(kernel=None)
    try:
        yield
    finally:
        del builtins.get_ipython


@contextlib.contextmanager
def _without(module: str):
    """Let who looks for a module find none."""
    sys.modules[module] = None
    try:
        yield
    finally:
        del sys.modules[module]


def threads() -> int:
    """How many threads this process has."""
    return len(os.listdir("/proc/self/task"))


class Server:
    """Listens, forks, and tells each caller how its child ended."""

    def __init__(self, address: str, environment: dict[str, str]):
        self.environment = _read_once(environment)
        self.address = address
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(address)
        self.listener.listen(64)
        self.waker, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.wake = wake
        self.selector = selectors.DefaultSelector()
        for source in (self.listener, self.waker, sys.stdin.fileno()):
            self.selector.register(source, selectors.EVENT_READ)
        # Every child by its process id; the connection of a kernel's caller, None for a worker's.
        self.children: dict[int, Connection | None] = {}

    def serve(self) -> None:
        """Answer until standard input ends."""
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.listener:
                    self._answer()
                elif key.fileobj == self.waker:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self.waker, 4096)
                elif isinstance(key.fileobj, Connection):
                    self._hung_up(key.fileobj)
                elif not os.read(sys.stdin.fileno(), 4096):
                    return
            self._reap()

    def _answer(self) -> None:
        try:
            caller = Connection(self.listener.accept()[0].detach())
        except OSError:  # too many open files, or who asked has gone
            return
        try:
            request = caller.recv()
        except Exception:  # it has hung up, or is none of ours
            caller.close()
            return
        # No child where it would not be what a new process is, or where a library has started a
        # thread, which makes a fork unsafe: the caller starts an ordinary one.
        if _read_once(request["env"]) != self.environment or threads() > 1:
            caller.close()
            return
        try:
            process = os.fork()
        except OSError:  # no memory, or no more processes allowed
            caller.close()
            return
        if not process:
            try:
                self._forget_all_but(caller)
                child.run(request, caller)
            finally:
                os._exit(1)
        if request["kind"] == "kernel":
            self.children[process] = caller
            self.selector.register(caller, selectors.EVENT_READ)
        else:  # a worker keeps the only other end, so that its caller sees it end
            self.children[process] = None
            caller.close()

    def _forget_all_but(self, caller: Connection) -> None:
        """In a child: close what belongs to the server and to other children."""
        signal.set_wakeup_fd(-1)
        self.selector.close()
        self.listener.close()
        os.close(self.waker)
        os.close(self.wake)
        for other in self.children.values():
            if other is not None and other is not caller:
                other.close()

    def _hung_up(self, caller: Connection) -> None:
        for process, its in self.children.items():
            if its is caller:
                _kill(process)
                self.children[process] = None
        self._drop(caller)

    def _reap(self) -> None:
        while self.children:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not process:
                return
            caller = self.children.pop(process, None)
            _kill(process)  # what the child itself started and left running
            if caller is not None:
                with contextlib.suppress(OSError):
                    caller.send({"exit": os.waitstatus_to_exitcode(status)})
                self._drop(caller)

    def _drop(self, caller: Connection) -> None:
        self.selector.unregister(caller)
        caller.close()

    def end(self) -> None:
        """End all children and this process. Does not return."""
        for process in self.children:
            _kill(process)
        # Who started this may have been killed; beside the socket lie those of its kernels.
        shutil.rmtree(os.path.dirname(self.address), ignore_errors=True)
        os._exit(0)


def _read_once(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(READ_ONCE)}


def _kill(leader: int) -> None:
    """End a child and all that it started."""
    with contextlib.suppress(OSError):
        os.killpg(leader, signal.SIGKILL)


if __name__ == "__main__":
    main()
