"""clf in a process of its own that starts at once: the fork of one that has imported everything and computed nothing.

What such a process does is what `python -m clf` does, but for what is read at import: the variables of the Hub's client,
the encoding of the streams. Tests of those start an interpreter.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing import forkserver, get_context
from multiprocessing.context import ForkServerContext
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import IO, Any

TESTS = str(Path(__file__).parents[1])


@dataclass(frozen=True)
class _Descriptor:
    """A file descriptor on its way to the new process."""

    number: int

    def __reduce__(self) -> Any:
        return _arrived, (DupFd(self.number),)


def _arrived(sent: Any) -> int:
    return int(sent.detach())


@cache
def _context() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload(["support.preloaded"])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([TESTS, *filter(None, [before])])  # or the server would not find it
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before
    return context


def _run(
    streams: Sequence[int], arguments: list[str], folder: str, environment: dict[str, str], session: bool, script: str
) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, closefd=False, encoding="utf-8")  # noqa: SIM115
        for number, mode in enumerate(("r", "w", "w"))
    )
    if session:
        os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["clf", *arguments]
    if script:
        exec(script, {"__name__": "__main__"})
    else:
        from clf.cli.app import main

        main()


class ForkedClf:
    """One clf, with pipes as `subprocess.Popen` has them: text, or bytes for stdin and stdout with `binary`."""

    def __init__(
        self,
        *arguments: object,
        folder: Path | None = None,
        environment: Mapping[str, str] = os.environ,
        new_session: bool = False,
        binary: bool = False,
        script: str = "",
    ) -> None:
        ours, theirs = [], []
        for writing in (True, False, False):
            read, write = os.pipe()
            ours.append(write if writing else read)
            theirs.append(read if writing else write)
        mode = "b" if binary else ""
        self.stdin: IO[Any] = open(ours[0], f"w{mode}")  # noqa: SIM115
        self.stdout: IO[Any] = open(ours[1], f"r{mode}")  # noqa: SIM115
        self.stderr: IO[str] = open(ours[2])  # noqa: SIM115
        given = [str(argument) for argument in arguments]
        where, variables = str(folder or Path.cwd()), dict(environment)
        streams = [_Descriptor(stream) for stream in theirs]
        self._process = _context().Process(target=_run, args=(streams, given, where, variables, new_session, script))
        self._process.start()
        for stream in theirs:
            os.close(stream)
        self.pid = int(self._process.pid or 0)

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended yet."""
        return self._process.exitcode is None

    def send_signal(self, number: int) -> None:
        """Send a signal to the process."""
        os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Return the exit code, negative for a signal."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            self._process.kill()
            raise subprocess.TimeoutExpired("clf", timeout)
        return self._process.exitcode

    def finish(self, timeout: float) -> "subprocess.CompletedProcess[str]":
        """Give it no more input, and return its code and what is left of its outputs."""
        self.stdin.close()
        said: dict[str, str] = {}
        readers = [
            threading.Thread(target=lambda name=name, stream=stream: said.update({name: stream.read()}))
            for name, stream in (("out", self.stdout), ("err", self.stderr))
        ]
        for reader in readers:
            reader.start()
        code = self.wait(timeout)
        for reader in readers:
            reader.join()
        self.stdout.close()
        self.stderr.close()
        return subprocess.CompletedProcess("clf", code, said["out"], said["err"])

    def __enter__(self) -> "ForkedClf":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        for stream in (self.stdin, self.stdout, self.stderr):
            stream.close()


def ranks(
    count: int, *arguments: object, environment: Mapping[str, str] = os.environ, script: str = ""
) -> list[ForkedClf]:
    """Start the processes of one run, as torchrun does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return [
        ForkedClf(
            *arguments,
            environment={
                **environment, "RANK": str(rank), "WORLD_SIZE": str(count), "LOCAL_RANK": str(rank),
                "LOCAL_WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
                "OMP_NUM_THREADS": "1",
            },
            script=script,
        )
        for rank in range(count)
    ]  # fmt: skip
