"""Claims about what is kept and what is not: a person is taken out, and what is over goes; the audit chains verify after both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import SQLModel, col, func, select

from contractops.graphs.lifecycle import Stage
from contractops.operator import retention
from contractops.operator.store import audit
from contractops.operator.store.db import Database
from contractops.operator.store.records import Blob, Contact, Person
from contractops.operator.store.tables import Approval, Audit, Draft, Inbox, Renewal
from contractops.tools.errors import Refused
from tests.faults.rig import RENEWAL, Place, stored

pytestmark = [pytest.mark.kill, pytest.mark.timeout(120)]

Template = Callable[[str], Place]
SIGNER = "mark.ellis"
WHO = ("maria.ortiz", "Maria Ortiz", "U0MARIA")


@pytest.fixture
def place(template: Template, tmp_path: Path) -> Place:
    """A place whose renewal was signed and written: closed."""
    return template("closed").copy(tmp_path / "place")


def command(place: Place, *arguments: str) -> tuple[int, str]:
    """(exit status, what the command said)."""
    log = place.folder / "child.log"
    before = log.stat().st_size if log.exists() else 0
    status = place.run("command", arguments=list(arguments), more={"CONTRACTOPS_CLOCK_URL": ""})
    return status, log.read_text()[before:]


def leave(place: Place, person: str, heir: str) -> None:
    """The person left: not on the staff list any more, and ``heir`` answers for what was hers."""
    database = place.database()
    with database.write() as session:
        for row in session.exec(select(Person).where(Person.id == person)):
            row.active = False
        for table in SQLModel.metadata.sorted_tables:
            if "owner_id" in table.c:
                session.connection().execute(table.update().where(table.c.owner_id == person).values(owner_id=heir))
    database.dispose()


def chains(database: Database) -> dict[str, int | None]:
    """The first broken row of every chain."""
    with database.read() as session:
        return {one: audit.verify(session, one) for one in session.exec(select(Audit.renewal_id).distinct())}


def test_an_erased_person_stands_nowhere_and_every_chain_verifies(place: Place) -> None:
    """Not while she answers for something. Then: no byte of the database and its files holds her id, name or Slack id; whoever approved is
    still one and the same person; a row changed afterwards is still found."""
    status, said = command(place, "erase", "maria.ortiz")
    assert (status, "CO-ERA-002" in said) == (6, True)
    leave(place, "maria.ortiz", "sam.okafor")
    assert command(place, "erase", "maria.ortiz", "--dry-run")[0] == 0
    before = stored(place)
    status, said = command(place, "erase", "maria.ortiz")
    assert status == 0, said
    for file in place.folder.glob("contractops.db*"):
        content = file.read_bytes().lower()
        found = [one for one in (*WHO, "maria.ortiz@prairie.example") if one.lower().encode() in content]
        assert found == [], file.name
    database = place.database()
    assert set(chains(database).values()) == {None}
    with database.write() as session:
        assert session.get_one(Renewal, RENEWAL).stage == before["renewals"][[one[0] for one in before["renewals"]].index(RENEWAL)][1]
        [approved] = set(session.exec(select(Approval.person_id).where(Approval.renewal_id == RENEWAL)))
        assert approved.startswith("erased-")
        numbers = audit.erased(session, RENEWAL)
        assert numbers
        by = set(session.exec(select(Audit.by).where(Audit.renewal_id == RENEWAL, col(Audit.number).in_(numbers))))
        assert approved in by
        row = session.exec(select(Audit).where(Audit.renewal_id == RENEWAL, Audit.number == numbers[-1])).one()
        row.by = "somebody.else"
        session.add(row)
    assert chains(database)[RENEWAL] == numbers[-1]
    with database.write() as session, pytest.raises(Refused, match="CO-AUD-001"):  # a seal would hide the change
        audit.erase(session, RENEWAL, lambda value: value, by="machine", at=row.at)
    database.dispose()
    assert command(place, "erase", "maria.ortiz")[0] == 4


def test_an_erased_contact_signs_nothing_any_more(place: Place) -> None:
    """A contact's name and address are gone from envelopes and drafts too, and he is no contact for the next term."""
    database = place.database()
    with database.read() as session:
        [contact] = session.exec(select(Contact).where(Contact.id == SIGNER))
    database.dispose()
    status, said = command(place, "erase", SIGNER)
    assert status == 0, said
    content = b"".join(file.read_bytes() for file in place.folder.glob("contractops.db*")).lower()
    assert contact.name.lower().encode() not in content
    assert contact.email.lower().encode() not in content
    database = place.database()
    with database.read() as session:
        [erased] = session.exec(select(Contact).where(col(Contact.name).startswith("erased-")))
        assert erased.superseded_at is not None
        assert not erased.signing_right
    assert set(chains(database).values()) == {None}
    database.dispose()


def test_what_is_over_goes_after_its_period(place: Place) -> None:
    """A day before nothing goes; then drafts and cards, then the bytes. The row, its chain and the terms that run stay, and a period of 0
    keeps for ever."""
    database = place.database()
    with database.write() as session:
        closed = session.exec(select(func.max(Audit.at)).where(Audit.renewal_id == RENEWAL, col(Audit.moved))).one()
        row = session.get_one(Renewal, RENEWAL)
        assert row.stage == Stage.RENEWED
        assert row.term_end is not None
        over = max(closed, datetime.combine(row.term_end, datetime.max.time(), tzinfo=UTC))
        session.add(Inbox(key="old", kind="click", payload={}, received_at=closed - timedelta(days=31)))
        session.add(Inbox(key="new", kind="click", payload={}, received_at=closed - timedelta(days=29)))
        drafts = set(session.exec(select(Draft.document_sha256).where(Draft.renewal_id == RENEWAL)))
    kept = retention.Periods(inbox=0, terms=100, documents=200)
    for_ever = retention.Periods(inbox=0, terms=0, documents=0)

    def run(days: int, periods: retention.Periods, wall: datetime = closed) -> retention.Deleted:
        return retention.run(database, over + timedelta(days=days), wall, periods)

    assert run(99, kept) == retention.Deleted()
    assert run(4000, for_ever) == retention.Deleted()
    assert run(101, kept) == retention.Deleted(terms=1)
    assert run(102, kept) == retention.Deleted()
    with database.read() as session:
        assert session.exec(select(Draft).where(Draft.renewal_id == RENEWAL)).all() == []
        assert all(session.get(Blob, one) for one in drafts)
        assert session.get(Renewal, f"{RENEWAL.partition('#')[0]}#2") is not None
    assert run(201, kept).documents >= len(drafts)
    assert run(202, kept) == retention.Deleted()
    assert run(203, retention.Periods(inbox=30, terms=0, documents=0)).inbox == 1
    with database.read() as session:
        assert session.get(Inbox, "new") is not None
        assert not any(session.get(Blob, one) for one in drafts)
        assert session.get_one(Renewal, RENEWAL).stage == Stage.RENEWED
        events = session.exec(select(Audit.event).where(Audit.renewal_id == RENEWAL).order_by(col(Audit.number))).all()
        assert events[-2:] == [retention.TERM_DELETED, retention.BYTES_DELETED]
    assert set(chains(database).values()) == {None}
    database.dispose()
