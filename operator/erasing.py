"""Erasing a person: his name, addresses, numbers and ids are replaced everywhere by one word that says nothing of him.

Rule 1: the same word stands in every place, so that what belongs together still does: who approved is still another than who asked.
Rule 2: whoever still answers for something, or is asked, or signs, is not erased: somebody else takes that over first.
Rule 3: the audit chain still verifies (``store.audit.erase``); what a row said before cannot be read again.
Rule 4: raw inbound payloads that name him are deleted. Every other text and JSON column of every table is searched, keys too. A name of one
word is replaced only in the person's own record, since it is a word of other texts as well. Bytes of documents are evidence and are not
changed: they go with their period (``retention``).
Rule 5: it is done while nothing runs; the queue, which may hold keys with his id, is dropped, and the file is written anew, so that no
freed page holds a trace.
"""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, Table, Text, cast, or_
from sqlalchemy import select as rows_of
from sqlalchemy.types import JSON, String
from sqlmodel import Session, SQLModel, col, select
from sqlmodel.sql.sqltypes import AutoString

from contractops.graphs.lifecycle import FINAL
from contractops.operator.sole import file_of
from contractops.operator.store import audit
from contractops.operator.store.db import Database
from contractops.operator.store.records import Account, Contact, Contract, Person
from contractops.operator.store.tables import Audit, Draft, Effect, Gate, Inbox, Renewal
from contractops.operator.store.types import JsonText
from contractops.tools.errors import InputError, NotFound, Refused

_LONGEST_LIST: Final = 5


@dataclass(frozen=True, slots=True)
class Erased:
    """``word`` stands in the person's place now; rows that were changed by table; chains that were sealed."""

    word: str
    rows: dict[str, int]
    chains: int


class Cleaner:
    """Replaces everything that names a person, in any value."""

    def __init__(self, marks: frozenset[str], word: str) -> None:
        self.marks = marks
        self.word = word
        # Longest first: an address holds the id. A mark ends where a longer word, name or address would go on.
        anyone = "|".join(re.escape(mark) for mark in sorted(marks, key=len, reverse=True))
        self._pattern = re.compile(rf"(?<![\w@])(?<![\w][.-])(?:{anyone})(?![\w@])(?![.-][\w])", re.IGNORECASE)

    def __call__(self, value: Any) -> Any:
        """``value`` without the person."""
        if isinstance(value, str):
            return self._pattern.sub(self.word, value)
        if isinstance(value, dict):
            return {self(key): self(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self(one) for one in value]
        return value


def erase(database: Database, person_id: str, now: datetime, *, dry_run: bool = False) -> Erased:
    """Erase one person of staff or one contact. ``now`` is business time; the caller holds the database alone.

    Raises ``NotFound`` CO-ERA-001, ``Refused`` CO-ERA-002 (he still answers for something) and CO-AUD-001 (a chain is broken),
    ``InputError`` CO-ERA-003 (the id is no id).
    """
    word = f"erased-{secrets.token_hex(4)}"
    with database.write() as session:
        clean = Cleaner(_marks(session, person_id), word)
        held = _held_by(session, person_id, clean)
        if held:
            shown = ", ".join(held[:_LONGEST_LIST]) + (f" and {len(held) - _LONGEST_LIST} more" if len(held) > _LONGEST_LIST else "")
            advice = "Name somebody else in the files and import them, or let the open questions be answered; then run this again."
            raise Refused("CO-ERA-002", f"{person_id} is still needed: {shown}", advice=advice)
        rows = Counter[str]()
        chains = sum(_seal(session, clean, now, rows))
        inbox = SQLModel.metadata.tables[str(Inbox.__tablename__)]
        rows[inbox.name] = session.connection().execute(inbox.delete().where(_names_him(inbox, clean))).rowcount
        for table in SQLModel.metadata.sorted_tables:
            if table.name != Audit.__tablename__:
                rows[table.name] += _clean_table(session, table, clean)
        session.expire_all()
        _own(session, word, now)
        if dry_run:
            session.rollback()
    if not dry_run:
        _forget_pages(database)
    return Erased(word, {name: count for name, count in sorted(rows.items()) if count}, chains)


def _marks(session: Session, person_id: str) -> frozenset[str]:
    """What names the person: his id, and of every version of his record the name (of two words or more), addresses, numbers and Slack ids."""
    if len(person_id) < 3:  # noqa: PLR2004 - a letter or two stand in every text
        raise InputError("CO-ERA-003", f"{person_id!r} is too short to be an id", advice="Name the id of people.csv or contacts.csv.")
    staff = session.exec(select(Person).where(Person.id == person_id)).all()
    contacts = session.exec(select(Contact).where(Contact.id == person_id)).all()
    if not staff and not contacts:
        raise NotFound("CO-ERA-001", f"nobody is called {person_id}", advice="Name the id of people.csv or contacts.csv.")
    found = {person_id, *(one.slack_id for one in staff), *(one.phone for one in staff)}
    for name, email in [(one.name, one.email) for one in staff] + [(one.name, one.email) for one in contacts]:
        found |= {email, name if " " in name.strip() else None}
    return frozenset(mark.strip() for mark in found if mark and mark.strip())


def _held_by(session: Session, person_id: str, clean: Cleaner) -> list[str]:
    """What the person still answers for, is asked, or is part of, in words."""
    stages = [str(stage) for stage in FINAL]
    still = select(Person.id).where(Person.id == person_id, Person.active, col(Person.superseded_at).is_(None))
    held = ["active in the staff list"] if session.exec(still).first() else []
    held += [
        f"owner of {one}"
        for one in session.exec(select(Account.id).where(Account.owner_id == person_id, col(Account.superseded_at).is_(None)))
    ]
    held += [
        f"owner of {one}"
        for one in session.exec(select(Contract.id).where(Contract.owner_id == person_id, col(Contract.superseded_at).is_(None)))
    ]
    open_terms = session.exec(select(Renewal).where(col(Renewal.stage).not_in(stages))).all()
    versions = {row.id: row.version for row in open_terms}
    held += [f"owner of {row.id}" for row in open_terms if row.owner_id == person_id]
    for gate in session.exec(select(Gate).where(col(Gate.decision).is_(None))):
        if person_id in gate.allowed and versions.get(gate.renewal_id) == gate.version:
            held.append(f"asked about {gate.renewal_id}")
    for effect in session.exec(select(Effect).where(col(Effect.status).in_(("todo", "needs_person")))):
        if clean(effect.payload) != effect.payload:
            held.append(f"in {effect.kind} of {effect.renewal_id}")
    for row in open_terms:
        draft = session.get(Draft, (row.id, row.draft_number)) if row.draft_number else None
        if draft is not None and clean(draft.terms) != draft.terms:
            held.append(f"in the draft of {row.id}")
    return list(dict.fromkeys(held))


def _seal(session: Session, clean: Cleaner, now: datetime, rows: Counter[str]) -> list[bool]:
    """Clean every chain that names the person; one entry a chain."""
    table: Table = SQLModel.metadata.tables[str(Audit.__tablename__)]
    hits = session.connection().execute(rows_of(table.c.renewal_id).where(_names_him(table, clean)).distinct()).scalars().all()
    found = []
    for renewal_id in sorted(hits):
        changed = audit.erase(session, renewal_id, clean, by="machine", at=now)
        rows[table.name] += changed
        found.append(bool(changed))
    session.flush()
    return found


def _clean_table(session: Session, table: Table, clean: Cleaner) -> int:
    """Clean every row that names the person; returns how many were changed."""
    columns = _columns(table)
    if not columns:
        return 0
    keys = list(table.primary_key.columns)
    changed = 0
    for row in session.connection().execute(rows_of(*keys, *columns).where(_names_him(table, clean))).mappings().all():
        values = {column.name: clean(row[column.name]) for column in columns}
        values = {name: value for name, value in values.items() if value != row[name]}
        if values:
            mine = [column == row[column.name] for column in keys]
            session.connection().execute(table.update().where(*mine).values(values))
            changed += 1
    return changed


def _columns(table: Table) -> list[Column[Any]]:
    """The columns that can name a person: texts and JSON."""
    texts = (AutoString, String, JSON, JsonText)
    return [one for one in table.columns if isinstance(one.type, texts)]


def _names_him(table: Table, clean: Cleaner) -> Any:
    """Rows in which a mark may stand; the cleaner decides. JSON keeps other letters as escapes."""
    written = {form for mark in clean.marks for form in (mark, json.dumps(mark)[1:-1])}
    return or_(*(cast(column, Text).icontains(mark, autoescape=True) for column in _columns(table) for mark in written))


def _own(session: Session, word: str, now: datetime) -> None:
    """The person's own record, in every version: nothing of it says who he was, and a contact is none any more."""
    for one in session.exec(select(Person).where(Person.id == word)):
        one.name = one.email = one.row_hash = word
        one.title = one.slack_id = one.phone = None
        session.add(one)
    for contact in session.exec(select(Contact).where(Contact.id == word)):
        contact.name = contact.email = contact.row_hash = word
        contact.title, contact.signing_right, contact.billing = None, False, False
        contact.superseded_at = contact.superseded_at or now
        session.add(contact)


def _forget_pages(database: Database) -> None:
    """Write the file anew, and drop the queue: freed pages and old keys hold what was erased."""
    file = file_of(database.url)
    if file is None:
        return
    database.dispose()
    with closing(sqlite3.connect(file)) as alone:
        alone.execute("VACUUM")
        alone.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for end in ("", "-wal", "-shm"):
        Path(f"{file}.engine{end}").unlink(missing_ok=True)
