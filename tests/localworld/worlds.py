"""Starts the local world in a process of its own, for tests of every part that speaks with vendors.

Rules of this module:

1. Each world has its own port, its own state folder and an environment without vendor credentials.
2. Whoever starts a world stops it: `RunningWorld` is a context manager.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

READY = "local world: "
FOREIGN = ("SLACK_", "CONTRACTOPS_", "OPENAI_")

SEED: dict[str, Any] = {
    "users": [
        {"id": "U0MARIA", "name": "maria", "real_name": "Maria Ortiz", "email": "maria@example.com"},
        {"id": "U0SAM", "name": "sam", "real_name": "Sam Okafor", "email": "sam@example.com"},
        {"id": "U0DANA", "name": "dana", "real_name": "Dana Whitfield", "email": "dana@example.com"},
        {"id": "U0GONE", "name": "gone", "real_name": "Gone Person", "email": "gone@example.com", "deleted": True},
    ],
    "channels": [
        {"id": "C0REN", "name": "renewals", "is_private": True, "members": ["U0MARIA", "U0SAM", "U0DANA"]},
        {"id": "C0CREDITS", "name": "credits", "is_private": True, "members": ["U0SAM"]},
        {"id": "C0CLOSED", "name": "closed", "is_private": True, "members": ["U0SAM"], "bot_is_member": False},
        {"id": "C0GENERAL", "name": "general", "members": ["U0MARIA", "U0SAM", "U0DANA"]},
    ],
}
"""Three people, one who left, three private channels (one without the bot) and a public one."""


WEB = httpx.Client(trust_env=False, verify=False, timeout=40, limits=httpx.Limits(max_keepalive_connections=0))  # noqa: S501 - loopback
"""One client for all: a client of its own for each request would read the machine's certificates each time, 15 ms of work."""


@dataclass(frozen=True)
class RunningWorld:
    """A world at `url`; `process` is its own."""

    url: str
    process: subprocess.Popen[str]

    def get(self, path: str, **query: Any) -> Any:
        """GET a control route; answers its JSON. Raises httpx.HTTPStatusError on a refusal."""
        return WEB.get(f"{self.url}{path}", params=query).raise_for_status().json()

    def post(self, path: str, body: Any) -> Any:
        """POST a control route; answers its JSON. Raises httpx.HTTPStatusError on a refusal."""
        answer = WEB.post(f"{self.url}{path}", json=body)
        return answer.raise_for_status().json()

    def refused(self, path: str, body: Any) -> tuple[int, str]:
        """POST what should be refused; answers (status, error word)."""
        answer = WEB.post(f"{self.url}{path}", json=body)
        return answer.status_code, answer.json().get("error", "")

    def fault(self, kind: str, operation: str = "*", surface: str = "slack", **more: Any) -> None:
        """Switch one fault on."""
        self.post("/_world/faults", {"surface": surface, "operation": operation, "kind": kind, **more})

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """The messages of a Slack conversation, oldest first."""
        found: list[dict[str, Any]] = self.get("/_world/slack/state")["messages"].get(channel, [])
        return found

    def stop(self) -> None:
        """End the process and wait for it."""
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def __enter__(self) -> Self:
        """The world itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()


def start_world(state: Path, operator_url: str = "", seed: dict[str, Any] | None = None) -> RunningWorld:
    """Run a world with its state in `state`, seeded with `seed` (default: `SEED`; {} for nothing).

    Raises RuntimeError when it does not come up.
    """
    command = [sys.executable, "-m", "contractops.operator.localworld", "--port", "0", "--state", str(state)]
    if operator_url:
        command += ["--operator-url", operator_url]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline() if process.stdout else ""
    if not line.startswith(READY):
        process.kill()
        message = f"the local world did not start: {line!r}"
        raise RuntimeError(message)
    world = RunningWorld(line.removeprefix(READY).strip(), process)
    world.post("/_world/seed", SEED if seed is None else seed)
    return world


def until(claim: Callable[[], Any], seconds: float = 5.0) -> Any:
    """Ask `claim` until it is true; answers its value. Raises AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = claim()
        if value:
            return value
        time.sleep(0.05)
    message = f"not true within {seconds} s"
    raise AssertionError(message)
