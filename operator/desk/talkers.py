"""Threads of their own for the answers of a conversation, so that a slow model never holds up a click or an acknowledgement.

Rule 1: a message that is being answered, or waits for its turn, is not taken a second time.
Rule 2: what is lost here, at a stop or by a failure, stands in the inbox and is found again by ``recover``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import structlog

THREADS: Final = 4

log = structlog.get_logger("contractops.chat")


class Talkers:
    """Answers messages by ``handle``, which takes the key of an inbox row."""

    def __init__(self, handle: Callable[[str], None]) -> None:
        self._handle = handle
        self._pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="talk")
        self._under_way: set[str] = set()
        self._lock = threading.Lock()

    def submit(self, key: str) -> None:
        """Answer the message soon; nothing when that is under way."""
        with self._lock:
            if key in self._under_way:
                return
            self._under_way.add(key)
        self._pool.submit(self._handle, key).add_done_callback(lambda done: self._over(key, done))

    def has(self, key: str) -> bool:
        """Whether the message is being answered here, or waits for its turn."""
        with self._lock:
            return key in self._under_way

    def beside(self, work: Callable[[], object]) -> None:
        """Do something else that may take its time."""
        self._pool.submit(work).add_done_callback(lambda done: self._over("", done))

    def close(self) -> None:
        """Finish what is under way and take nothing more; what waits for its turn stays in the inbox."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _over(self, key: str, done: Future[object] | Future[None]) -> None:
        with self._lock:
            self._under_way.discard(key)
        problem = None if done.cancelled() else done.exception()
        if problem is not None:
            log.error("message not answered", key=key, error=str(problem), exc_info=problem)
