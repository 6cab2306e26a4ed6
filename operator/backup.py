"""Backups: one file that holds the whole truth, made while the operator runs, and taken back while it does not.

Rule 1: the copy is one consistent view of the database (SQLite's own backup); documents are rows of it. The engine's file is no part: it is
rebuilt from the truth.
Rule 2: a manifest says what is inside: schema, counts, the names and hashes of documents, the heads of the audit chains, the hash of the copy.
A backup is taken back only when everything in it is as the manifest says.
Rule 3: neither is ever half there: each is written beside its place and moved there in one step. What was there before is kept.
Rule 4: what is taken back is marked: nothing is performed until the vendors were asked (``reconcile``).
Rule 5: the file holds all that the database holds, with the secret of the buttons' tokens: it is readable by its owner only.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func
from sqlmodel import SQLModel, col, select

from contractops.operator.clock import wall_now
from contractops.operator.sole import file_of
from contractops.operator.store import records, schema
from contractops.operator.store.audit import digest
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Audit, Restoring
from contractops.tools.errors import InputError, Refused

FORMAT: Final = 1
_DATABASE, _MANIFEST = "contractops.db", "manifest.json"
_CHUNK: Final = 1 << 20


def backup(database_url: str, target: Path, version: str) -> dict[str, Any]:
    """Write the backup to ``target``; returns its manifest.

    Raises ``InputError`` CO-BAK-001 (not SQLite), CO-BAK-002 (cannot be written), ``Refused`` CO-BAK-003 (something is there already).
    """
    source = _file(database_url)
    if target.exists():
        raise Refused("CO-BAK-003", f"{target} is there already", advice="Name a new file: a backup is never written over.")
    copy, part = target.with_name(f"{target.name}.db"), target.with_name(f"{target.name}.part")
    try:
        with closing(sqlite3.connect(source)) as now, closing(sqlite3.connect(copy)) as then:
            made_at = wall_now()  # before the view: what is done later is looked up after a restoring
            now.backup(then)
            then.execute("PRAGMA journal_mode=DELETE")
        manifest = _manifest(copy, made_at, version)
        part.touch(mode=0o600)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(_MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False))
            packed.write(copy, _DATABASE)
        _settle(part)
        part.rename(target)
    except OSError as problem:
        raise InputError(
            "CO-BAK-002", f"{target} cannot be written ({type(problem).__name__})", advice="Name a file in a folder that is ours to write."
        ) from None
    finally:
        copy.unlink(missing_ok=True)
        part.unlink(missing_ok=True)
    return manifest


def restore(source: Path, database_url: str) -> dict[str, Any]:
    """Put the backup ``source`` in the place of the database, marked as not yet compared with the vendors; returns its manifest.

    The database that was there is kept beside it. The caller holds the database alone. Raises ``InputError`` CO-RST-001 (no backup, or not
    as its manifest says), CO-DB-002 (of a newer version).
    """
    target = _file(database_url)
    fresh = target.with_name(f"{target.name}.restoring")
    try:
        manifest = _unpack(source, fresh)
        database = Database(f"sqlite:///{fresh}")
        schema.upgrade(database)
        _check(database, manifest)
        with database.write() as session:
            session.add(Restoring(made_at=datetime.fromisoformat(manifest["made_at"]), restored_at=wall_now()))
        database.dispose()
        with closing(sqlite3.connect(fresh)) as alone:
            alone.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _settle(fresh)
        _put(fresh, target)
    finally:
        for end in ("", "-wal", "-shm"):
            Path(f"{fresh}{end}").unlink(missing_ok=True)
    return manifest


def _file(database_url: str) -> Path:
    found = file_of(database_url)
    if found is None:
        raise InputError("CO-BAK-001", "only a SQLite file is backed up so", advice="Use pg_dump and pg_restore for PostgreSQL.")
    return found


def _manifest(copy: Path, made_at: datetime, version: str) -> dict[str, Any]:
    database = Database(f"sqlite:///{copy}")
    with database.read() as session:
        document = records.Document
        query = select(document.id, document.sha256).where(col(document.superseded_at).is_(None)).order_by(col(document.id))
        found = {
            "format": FORMAT,
            "version": version,
            "made_at": made_at.astimezone(UTC).isoformat(),
            "schema": schema.ensure(database),
            "tables": {
                name: session.connection().execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in sorted(SQLModel.metadata.tables.items())
            },
            "documents": dict(session.exec(query).all()),
            "audit": _heads(database),
        }
    database.dispose()
    for end in ("-wal", "-shm"):
        Path(f"{copy}{end}").unlink(missing_ok=True)
    return {**found, "database": {"sha256": _sha256(copy), "size": copy.stat().st_size}}


def _heads(database: Database) -> str:
    """One hash over the newest row of every audit chain."""
    with database.read() as session:
        newest = select(Audit.renewal_id, func.max(Audit.number).label("number")).group_by(col(Audit.renewal_id)).subquery()
        query = select(Audit.renewal_id, Audit.number, Audit.hash).join(
            newest, (col(Audit.renewal_id) == newest.c.renewal_id) & (col(Audit.number) == newest.c.number)
        )
        return digest([list(one) for one in session.exec(query.order_by(col(Audit.renewal_id)))])


def _unpack(source: Path, fresh: Path) -> dict[str, Any]:
    """The database of the backup at ``fresh``, when it is the one of the manifest; the manifest."""
    advice = "Name a file that contractops backup wrote."
    try:
        with zipfile.ZipFile(source) as packed:
            manifest: dict[str, Any] = json.loads(packed.read(_MANIFEST))
            if manifest.get("format") != FORMAT:
                raise InputError(
                    "CO-RST-001", f"{source} has the form {manifest.get('format')}, which this version does not know", advice=advice
                )
            fresh.touch(mode=0o600)
            with packed.open(_DATABASE) as inside, fresh.open("wb") as out:
                shutil.copyfileobj(inside, out, _CHUNK)
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, AttributeError) as problem:
        raise InputError("CO-RST-001", f"{source} is no backup that can be read ({type(problem).__name__})", advice=advice) from None
    if _sha256(fresh) != manifest["database"]["sha256"]:
        raise InputError("CO-RST-001", f"{source} was changed: its database is not the one of its manifest", advice="Take another backup.")
    return manifest


def _check(database: Database, manifest: dict[str, Any]) -> None:
    """Everything is there: the pages, the rows, the bytes of every document, the chains. Raises ``InputError`` CO-RST-001."""
    with database.read() as session:
        whole = session.connection().exec_driver_sql("PRAGMA integrity_check").scalar_one()
        wrong = [] if whole == "ok" else [str(whole)]
        for name, table in sorted(SQLModel.metadata.tables.items()):
            there = session.connection().execute(select(func.count()).select_from(table)).scalar_one()
            if there != manifest["tables"].get(name, 0):
                wrong.append(f"{name}: {there} rows, not {manifest['tables'].get(name, 0)}")
        blobs = session.exec(select(records.Blob)).yield_per(50)
        wrong += [f"document {one.sha256[:12]}" for one in blobs if hashlib.sha256(one.content).hexdigest() != one.sha256]
    if _heads(database) != manifest["audit"]:
        wrong.append("the audit chains end elsewhere")
    if wrong:
        raise InputError("CO-RST-001", f"the backup is not whole: {'; '.join(wrong[:5])}", advice="Take another backup.")


def _put(fresh: Path, target: Path) -> None:
    """Move ``fresh`` to its place; what was there is kept under a name with the moment, the engine's queue is dropped."""
    stamp = f"{wall_now():%Y%m%dT%H%M%S}"
    for end in ("", "-wal", "-shm"):  # all of the old is gone before the new comes: a file never meets another's journal
        old = Path(f"{target}{end}")
        if old.exists():
            old.rename(Path(f"{target}.before-{stamp}{end}"))
    fresh.rename(target)
    for end in ("", "-wal", "-shm"):
        Path(f"{target}.engine{end}").unlink(missing_ok=True)


def _settle(path: Path) -> None:
    """What was written survives a power cut."""
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
