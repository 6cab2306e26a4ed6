"""Records of the local CRM and the history of their changes.

Rules of this module:

1. Every change keeps the values before and after and who made it, for the CRM page.
2. `SystemModstamp` never repeats: it is the world's time, or a second after the last stamp when the clock stands still, so that a
   conditional write (one second of resolution) sees a change made at the same virtual moment. Seeded records share one stamp.
3. A unit of work can be undone as a whole.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from contractops.operator.localworld import salesforce_schema as schema
from contractops.operator.localworld.salesforce_schema import SalesforceError
from contractops.operator.localworld.world import Document, World

INTEGRATION_USER: Final = "Renewal Desk"
STAMP_FORMAT: Final = "%Y-%m-%dT%H:%M:%S.000+0000"
_KIND: Final = "crm_record"
_HISTORY: Final = "crm_history"


class Records:
    """The records of one world. A record is {"object", "id", "values", "by"}; `values` holds the system fields too."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._undo: list[tuple[str, Document | None, str]] | None = None

    def absorb_seed(self) -> None:
        """Take over seeded records once for each new seed; seeding is no change, so it leaves no history."""
        seeded = (self.world.get("seed", "salesforce") or {}).get("records", [])
        digest = hashlib.sha256(json.dumps(seeded, sort_keys=True).encode()).hexdigest()
        if (self.world.get("crm_seed", "last") or {}).get("digest") == digest:
            return
        self.world.put("crm_seed", "last", {"digest": digest})
        for each in seeded:
            schema.check_values(each["object"], each["fields"])
            values = each["fields"] | {each["external_field"]: each["external_id"]}
            found = [] if "id" in each else self.find(each["object"], each["external_field"], each["external_id"])
            number = each.get("id") or (found[0]["id"] if found else self._new_id(each["object"]))
            self._store({"object": each["object"], "id": number, "values": values | {"Id": number}, "by": "Import"}, step=0)

    def all(self, name: str) -> list[Document]:
        """Every record of an object, oldest first."""
        schema.fields_of(name)
        return [record for record in self.world.all(_KIND) if record["object"] == name]

    def find(self, name: str, field: str, value: str) -> list[Document]:
        """Records whose `field` is `value`, ignoring case as the vendor does. Raises SalesforceError for an unknown field."""
        if field != "Id" and not (field in schema.fields_of(name) and schema.fields_of(name)[field].external):
            raise SalesforceError("NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {field}", 404)
        return [record for record in self.all(name) if str(record["values"].get(field, "")).casefold() == value.casefold()]

    def create(self, name: str, values: Mapping[str, Any], by: str = INTEGRATION_USER) -> Document:
        """A new record. Raises SalesforceError for a bad or doubled value."""
        schema.check_values(name, values)
        key = schema.external_field(name)
        if values.get(key) is not None and (other := self.find(name, key, str(values[key]))):
            message = f"duplicate value found: {key} duplicates value on record with id: {other[0]['id']}"
            raise SalesforceError("DUPLICATE_VALUE", message)
        number = self._new_id(name)
        blank: Document = {"object": name, "id": number, "values": {"Id": number}, "by": by}
        return self._change(blank, values, by, existed=False)

    def update(self, record: Document, values: Mapping[str, Any], by: str = INTEGRATION_USER) -> Document:
        """Change some fields. Raises SalesforceError for a bad value."""
        schema.check_values(record["object"], values)
        return self._change(record, values, by, existed=True)

    def delete(self, record: Document, by: str = INTEGRATION_USER) -> None:
        """Remove a record."""
        entry = self._remember(record, record["values"], {}, by)
        self._note_undo(record["id"], record, entry)
        self.world.delete(_KIND, record["id"])
        self.world.changed("crm")

    def history(self, name: str, external_id: str) -> list[Document]:
        """Changes of one record, oldest first: {"at", "by", "object", "external_id", "before", "after"} (changed fields only)."""
        return [e for e in self.world.all(_HISTORY) if e["object"] == name and e["external_id"] == external_id]

    def begin(self) -> None:
        """Start a unit of work, to be ended by `keep` or `undo`."""
        self._undo = []

    def keep(self) -> None:
        """End the unit of work; its changes stay."""
        self._undo = None

    def undo(self) -> None:
        """End the unit of work and restore what stood before it."""
        for number, before, entry in reversed(self._undo or []):
            self.world.delete(_HISTORY, entry)
            if before is None:
                self.world.delete(_KIND, number)
            else:
                self.world.put(_KIND, number, before)
        self._undo = None
        self.world.changed("crm")

    def _change(self, record: Document, values: Mapping[str, Any], by: str, *, existed: bool) -> Document:
        old = record["values"]
        changed = {field: value for field, value in values.items() if old.get(field) != value or not existed}
        entry = self._remember(record, {field: old.get(field) for field in changed}, changed, by, old | dict(values))
        self._note_undo(record["id"], record if existed else None, entry)
        return self._store(record | {"values": old | dict(values), "by": by})

    def _note_undo(self, number: str, before: Document | None, entry: str) -> None:
        if self._undo is not None:
            self._undo.append((number, before, entry))

    def _store(self, record: Document, *, step: int = 1) -> Document:
        stamp = self._next_stamp(step)
        values = {"CreatedDate": stamp} | record["values"] | {"SystemModstamp": stamp, "LastModifiedDate": stamp}
        values["LastModifiedById"] = "005" + hashlib.sha256(record["by"].encode()).hexdigest()[:15]
        stored = record | {"values": values}
        self.world.put(_KIND, record["id"], stored)
        self.world.changed("crm")
        return stored

    def _remember(
        self, record: Document, before: Mapping[str, Any], after: Mapping[str, Any], by: str, whole: Mapping[str, Any] | None = None
    ) -> str:
        key = self.world.next_id("crm_change")
        external = (whole or record["values"]).get(schema.external_field(record["object"]))
        entry = {"key": key, "at": self.world.now().isoformat(), "by": by, "object": record["object"], "external_id": external}
        self.world.put(_HISTORY, key, entry | {"before": dict(before), "after": dict(after)})
        return key

    def _new_id(self, name: str) -> str:
        return f"{schema.KEY_PREFIX[name]}{self.world.next_number('crm_record'):015d}"

    def _next_stamp(self, step: int) -> str:
        last = self.world.get("crm_stamp", "last")
        now = self.world.now().replace(microsecond=0)
        if last is not None:
            now = max(now, datetime.fromisoformat(last["at"]) + timedelta(seconds=step))
        self.world.put("crm_stamp", "last", {"at": now.isoformat()})
        return now.astimezone(UTC).strftime(STAMP_FORMAT)


def parse_stamp(text: str) -> datetime:
    """An aware time from the vendor's stamp."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
