"""Private servers for tests: on loopback and a free port, ended by their process id."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from random import SystemRandom

PATIENCE = 60.0  # seconds until a server that does not answer fails the test
POSTGRESQL = Path("/usr/lib/postgresql")
# Below those from which Linux and macOS take a port for a connection, or for port 0.
PORTS = range(10_000, 32_768)
PLACES = os.pathsep.join(
    [os.environ["PATH"], "/usr/sbin", *map(str, POSTGRESQL.glob("*/bin"))]
)


def program(name: str) -> str:
    """Where a command lies. One that is missing fails the test; none is skipped."""
    found = shutil.which(name, path=PLACES)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed. `make test` installs it.")
    return found


class ReservedPorts:
    """Ports that tests of this process use, or those of others that run beside it.

    A server takes a port seconds after it was found free, on a busy machine. ``path``
    is a file of which each process locks a byte for each of its ports until it ends.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # open until the end
        self._own: set[int] = set()

    def reserve(self, port: int) -> bool:
        """Reserve a port. False if it was reserved before, by whatever process."""
        if port in self._own:
            return False
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except OSError:
            return False
        self._own.add(port)
        return True


RESERVED = ReservedPorts(Path(tempfile.gettempdir(), f"test-ports-{os.getuid()}"))


def free_port() -> int:
    """Return a port that is free, and that no connection or other test takes.

    At random, by the system's own numbers, as hypothesis seeds those of `random`.
    """
    while True:
        port = SystemRandom().choice(PORTS)
        if not RESERVED.reserve(port):
            continue
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def await_stopped(pid: int) -> None:
    """Return when all threads of a process that was sent SIGSTOP stand still.

    A signal is only noted when `kill` returns: on a busy machine a thread may still
    answer. Threads, and the processes of others, are seen in /proc alone.
    """
    deadline = time.monotonic() + PATIENCE
    while any(state not in "TtZX" for state in _states(pid)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Process {pid} does not stop: {list(_states(pid))}.")
        time.sleep(0.001)


def _states(pid: int) -> Iterator[str]:
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        with suppress(OSError):  # a thread that has ended
            yield stat.read_text().rpartition(")")[2].split()[0]


class Server:
    """A process that listens on ``port`` and keeps its files in ``folder``."""

    user: str | None = None

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        """The command that runs the server in the foreground."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Is it ready? May raise OSError for no."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True

    def start(self) -> None:
        """Start it and wait until it answers; after ``stop``, with what it kept."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self.user,
            )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError):
                if self.answers():
                    return
            time.sleep(0.02)
        self.kill()
        said = (self.folder / "log").read_text(errors="replace")
        raise TimeoutError(f"{type(self).__name__} does not answer:\n{said[-2000:]}")

    def stop(self) -> None:
        """End it in an orderly way."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self._end(signal.SIGKILL)

    def remove(self) -> None:
        """End it for good."""
        self.kill()

    def freeze(self) -> None:
        """Let it be silent: connections are taken, and nothing is answered."""
        self._signal(signal.SIGSTOP)
        if self._process is not None and self._process.poll() is None:
            await_stopped(self._process.pid)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._signal(how)
        self._signal(signal.SIGCONT)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()
        self._process = None
        self._await_closed()

    def _await_closed(self) -> None:
        """Wait until connections are refused.

        A process that the server has just forked for one may hold the port for longer
        than the server, and takes connections to cut them.
        """
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except ConnectionRefusedError:
                return
            except OSError:
                pass
            time.sleep(0.02)
        raise TimeoutError(f"{type(self).__name__} has ended, and its port is open")

    def _signal(self, which: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(which)


@contextmanager
def running(*servers: Server) -> Iterator[None]:
    """Start servers, and remove them whatever happens, while they start too."""
    with ExitStack() as stack:
        for server in servers:
            stack.callback(server.remove)
            server.start()
        yield
