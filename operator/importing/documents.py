"""Contract documents: attached to their contract and stored under the hash of their bytes.

Rule 1: the name of a file is never used as a path again; the bytes stand under their hash, the name is only shown.
Rule 2: a document belongs to the contract named in ``documents.csv`` (columns file_name, contract_id), else to the one its name begins with.
Rule 3: only plain files directly in the folder are read: no links, no sub-folders, no other place a list may name.
Rule 4: a document is what its first bytes say; the ending must agree. Reading it comes later.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, insert, select

from contractops.operator.importing.cells import BadCell, text
from contractops.operator.importing.parse import Plan
from contractops.operator.importing.readers import read
from contractops.operator.importing.report import FileReport, ImportReport, Problem
from contractops.operator.importing.rows import Column, FileKind
from contractops.operator.importing.versions import VersionWriter
from contractops.operator.store.records import Blob, Document, table_of

LIST: Final = "documents.csv"
MAX_BYTES: Final = 50_000_000
MAX_NAME: Final = 200
MEDIA: Final = MappingProxyType(
    {
        ".pdf": ("application/pdf", b"%PDF-"),
        ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04"),
    }
)
LIST_KIND: Final = FileKind(
    "documents",
    Document,
    "Which document belongs to which contract, where the file name does not begin with the contract's id.",
    (
        Column("file_name", "text", "Name of a file in this folder.", required=True, example="Northwind MSA.pdf"),
        Column("contract_id", "id", "Contract or amendment.", required=True, refers_to="contracts", example="ENT-3391"),
    ),
    key=("file_name",),
)
STORED_KIND: Final = FileKind(
    "documents",
    Document,
    "Documents as stored.",
    tuple(Column(name, "text", name) for name in ("contract_id", "file_name", "sha256", "size", "media_type")),
)
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def import_documents(connection: Connection, folder: Path, contracts: Collection[str], report: ImportReport, recorded_at: datetime) -> None:
    """Attach every document of ``folder``; problems go into ``report``. Raises ``InputError`` when ``documents.csv`` cannot be used."""
    listed = _listed(folder, contracts, report)
    counts = FileReport("documents", f"{folder.name}/")
    report.files.append(counts)
    writer = VersionWriter(connection, STORED_KIND, counts, recorded_at)
    for path in sorted(folder.iterdir()):
        if path.name == LIST or path.name.startswith("."):
            continue
        counts.read += 1
        contract = listed.pop(path.name, None) or _by_name(path.name, contracts)
        problem = _refusal(path, contract)
        if problem is not None or contract is None:
            counts.rejected += 1
            report.problems.extend([problem] if problem else [])
            continue
        _attach(connection, writer, path, contract, counts.read)
    writer.flush()
    for name in listed:
        reason = "the list names a file that is not in the folder."
        report.problems.append(
            Problem("CO-IMP-043", f"{folder.name}/{LIST}", None, "file_name", f"{name}: {reason}", "Add it, or drop the line.")
        )


def _listed(folder: Path, contracts: Collection[str], report: ImportReport) -> dict[str, str]:
    """Contract by file name, from ``documents.csv``."""
    path = folder / LIST
    if not path.is_file():
        return {}
    source = read(path)
    plan = Plan(LIST_KIND, f"{folder.name}/{LIST}", source.header)
    report.problems.extend(plan.problems)
    listed: dict[str, str] = {}
    for line, cells in source.rows:
        row, problems = plan.row(line, cells)
        report.problems.extend(problems)
        if row is None:
            continue
        if row["contract_id"] not in contracts:
            reason = f"{row['contract_id']} is not in contracts."
            report.problems.append(Problem("CO-IMP-031", plan.file, line, "contract_id", reason, "Add it to contracts, or correct the id."))
        elif _is_path(row["file_name"]):
            reason = "the name is a path or deceives the eye."
            report.problems.append(Problem("CO-IMP-040", plan.file, line, "file_name", reason, "Name a file of this folder."))
        else:
            listed[row["file_name"]] = row["contract_id"]
    return listed


def _is_path(name: str) -> bool:
    try:
        text(name)
    except BadCell:
        return True
    return any(part in name for part in "/\\\n\r\t") or ".." in name or len(name) > MAX_NAME or _RESERVED.fullmatch(name) is not None


def _by_name(name: str, contracts: Collection[str]) -> str | None:
    """The contract whose id ``name`` begins with, the longest one: ``ENT-3391-A1 amendment.pdf`` belongs to ENT-3391-A1."""
    ends = [place for place, each in enumerate(name) if not each.isalnum()]
    return next((name[:end] for end in reversed(ends) if name[:end] in contracts), None)


def _refusal(path: Path, contract: str | None) -> Problem | None:
    """Why a file of the folder is not attached, or None."""
    file = f"{path.parent.name}/{path.name.encode('utf-8', 'replace').decode()}"
    media = MEDIA.get(path.suffix.lower())
    if path.is_symlink() or not path.is_file():
        return Problem("CO-IMP-040", file, None, None, "it is a link or a folder, not a file.", "Put the file itself there.")
    if _is_path(path.name):
        return Problem("CO-IMP-040", file, None, None, "its name is a path or deceives the eye.", "Rename it.")
    if contract is None:
        advice = f"Begin its name with the contract's id, or name it in {LIST}."
        return Problem("CO-IMP-041", file, None, None, "it belongs to no known contract.", advice)
    if path.stat().st_size > MAX_BYTES:
        return Problem("CO-IMP-044", file, None, None, f"it is larger than {MAX_BYTES:,} bytes.", "Attach a smaller one.")
    with path.open("rb") as stream:
        head = stream.read(8)
    if media is None or not head.startswith(media[1]):
        return Problem("CO-IMP-042", file, None, None, "it is neither a PDF nor a DOCX document.", "Save it as PDF or DOCX.")
    return None


def _attach(connection: Connection, writer: VersionWriter, path: Path, contract: str, line: int) -> None:
    content = path.read_bytes()
    digest = sha256(content).hexdigest()
    blob = table_of(Blob)
    if connection.scalar(select(blob.c.sha256).where(blob.c.sha256 == digest)) is None:
        connection.execute(insert(blob), {"sha256": digest, "content": content})
    row = {
        "id": f"{contract}:{path.name}",
        "contract_id": contract,
        "file_name": path.name,
        "sha256": digest,
        "size": len(content),
        "media_type": MEDIA[path.suffix.lower()][0],
    }
    writer.put(row, line)
