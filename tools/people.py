"""People and contacts as the tools see them: who may decide, who may sign, and when somebody works.

Rule 1: a person is one ``person_id`` of the staff list, however many accounts he has.
Rule 2: working time is a zone and a holiday calendar of the person, not of the contract.
"""

from __future__ import annotations

from datetime import time

from contractops.tools.values import Value


class WorkingTime(Value):
    """Where and when somebody works: IANA ``zone``, ``holiday_calendar`` name; quiet time lasts from ``day_ends`` to ``day_starts``.

    The digest of the week comes on ``digest_weekday`` (0 is Monday) at ``digest_at``. All hours are at the person's place.
    """

    zone: str
    holiday_calendar: str
    day_starts: time = time(8, 0)
    day_ends: time = time(18, 0)
    digest_weekday: int = 0
    digest_at: time = time(8, 30)


class Person(Value):
    """A member of staff. ``role`` is a name of the authority matrix; ``active`` is false for who has left; ``phone``: what customers may call."""

    person_id: str
    name: str
    email: str
    title: str
    role: str
    working_time: WorkingTime
    phone: str | None = None
    manager_id: str | None = None
    deputy_id: str | None = None
    active: bool = True


class Contact(Value):
    """A customer's contact from the CRM."""

    contact_id: str
    name: str
    email: str
    title: str
    may_sign: bool = False
