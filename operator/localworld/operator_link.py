"""The only call the local world makes by itself: asking the operator what comes next, and telling it the time.

Rules of this module:

1. The clock stops at every event on the way, and the operator settles at each stop before the next. It is asked anew at each
   stop, because what it did there may have planned more.
2. An operator that does not answer is said to be silent; the clock still moves.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from ssl import SSLContext
from typing import Final

import httpx

from contractops.operator.localworld.world import Document, World

SETTLE_SECONDS: Final = 120.0
"""How long one tick may take: the operator answers only when its work of that moment is done."""
HORIZON: Final = timedelta(days=400)
"""How far "next event" looks ahead: one contract year and its alerts."""


@dataclass(frozen=True, slots=True)
class AgendaEvent:
    """Something the operator will do at `at` (aware), named by `label` for a reader and counted by its `kind`."""

    at: datetime
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Jump:
    """What a clock move did: where it ended, the events it stopped at, and whether the operator answered."""

    now: datetime
    played: tuple[AgendaEvent, ...]
    operator_answers: bool


@cache
def certificates() -> SSLContext:
    """Whom the world trusts where somebody gives it an https address; read once, each reading takes 15 ms."""
    return httpx.create_ssl_context(trust_env=False)


class OperatorLink:
    """Asks for the agenda and sends ticks to the operator at `url` ("" when there is none)."""

    def __init__(self, world: World, url: str) -> None:
        self._world = world
        self._url = url.rstrip("/")

    async def agenda(self, until: datetime) -> tuple[AgendaEvent, ...] | None:
        """The operator's events after now and up to `until`, earliest first; None when it does not answer."""
        if not self._url:
            return None
        try:
            async with httpx.AsyncClient(timeout=10, trust_env=False, verify=certificates()) as client:
                answer = await client.get(f"{self._url}/clock/agenda", params={"to": until.isoformat()})
                answer.raise_for_status()
        except httpx.HTTPError:
            return None
        events = (
            AgendaEvent(datetime.fromisoformat(e["at"]), str(e["label"]), str(e.get("kind", "event"))) for e in answer.json()["events"]
        )
        return tuple(sorted((e for e in events if self._world.now() < e.at <= until), key=lambda event: event.at))

    async def audit(self) -> list[Document] | None:
        """The operator's newest audit rows: {"at", "contract", "event", "stage", "by"}; None when it does not answer."""
        if not self._url:
            return None
        try:
            async with httpx.AsyncClient(timeout=10, trust_env=False, verify=certificates()) as client:
                answer = await client.get(f"{self._url}/clock/audit")
                answer.raise_for_status()
        except httpx.HTTPError:
            return None
        rows: list[Document] = answer.json()["rows"]
        return rows

    async def next_event(self) -> AgendaEvent | None:
        """The operator's next event within a year, or None."""
        events = await self.agenda(self._world.now() + HORIZON)
        return events[0] if events else None

    async def move(self, target: datetime) -> Jump:
        """Move the clock to `target`, stopping at each event; the operator is ticked at each stop and at the end.

        Raises ValueError when `target` lies before now.
        """
        if target < self._world.now():
            message = f"the clock runs forward only: it is {self._world.now().isoformat()}"
            raise ValueError(message)
        played: list[AgendaEvent] = []
        answers = True
        while self._world.now() < target:
            events = await self.agenda(target)
            stop = events[0].at if events else target
            played += [event for event in events or () if event.at == stop]
            self._world.set_now(stop)
            answers = await self._tick(stop) and events is not None and answers
        return Jump(target, tuple(played), answers)

    async def _tick(self, now: datetime) -> bool:
        if not self._url:
            return False
        try:
            async with httpx.AsyncClient(timeout=SETTLE_SECONDS, trust_env=False, verify=certificates()) as client:
                answer = await client.post(f"{self._url}/clock/tick", json={"now": now.isoformat()})
        except httpx.HTTPError:
            return False
        return answer.is_success
