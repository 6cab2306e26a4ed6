"""One contract for every CRM: the suite runs against Salesforce (in the local world) and against the embedded CRM."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

from contractops.operator.store.crm_history import remember
from contractops.operator.store.db import Database
from contractops.operator.store.embedded_crm import EmbeddedCrm
from contractops.operator.store.records import CrmState
from contractops.tools.crm import CrmChangeOrder, CrmPatch, FieldChange
from contractops.tools.errors import NotFound
from contractops.tools.ports import Crm
from tests.postgres import databases

SEEN = {"monthly_price": "17720.00", "currency": "USD", "term_end": "2027-04-07", "term_months": "12", "billing_contact": "Ana Duarte"}
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Bench:
    """A CRM under test: ``put`` makes a record, ``edit`` is a person at work, ``writes`` counts the changes made to a record."""

    crm: Crm
    put: Callable[[str], None]
    edit: Callable[[str, dict[str, Any]], None]
    writes: Callable[[str], int]


class Noon:
    """A business clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 12, 14, 12, tzinfo=UTC)


@pytest.fixture(params=["salesforce", "embedded"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    if request.param == "salesforce":
        yield _salesforce(request)
        return
    database = Database(databases.url_of(tmp_path / "crm.db"))
    SQLModel.metadata.create_all(database.engine)
    yield _embedded(database)
    database.dispose()


def _salesforce(request: pytest.FixtureRequest) -> Bench:
    world = request.getfixturevalue("world")
    fields = {
        "Monthly_Price__c": 17720.0,
        "CurrencyIsoCode": "USD",
        "Term_End__c": "2027-04-07",
        "Term_Months__c": 12,
        "Billing_Contact__c": "Ana Duarte",
    }
    names = {"billing_contact": "Billing_Contact__c", "monthly_price": "Monthly_Price__c"}

    def put(contract: str) -> None:
        record = {"object": "Contract", "external_field": "MSA_Number__c", "external_id": contract, "fields": fields}
        world.post("/_world/seed", {"salesforce": {"records": [record]}})

    def edit(contract: str, changes: dict[str, Any]) -> None:
        body = {"object": "Contract", "external_id": contract, "fields": {names[k]: v for k, v in changes.items()}, "by": "J. Kim"}
        world.post("/_world/salesforce/edit", body)

    def writes(contract: str) -> int:
        rows = [each for each in world.get("/_world/salesforce/records") if each["external_id"] == contract]
        return len(rows[0]["history"])

    return Bench(request.getfixturevalue("salesforce"), put, edit, writes)


def _embedded(database: Database) -> Bench:
    versions: dict[str, int] = {}

    def put(contract: str) -> None:
        store(contract, dict(SEEN), "Import")

    def store(contract: str, fields: dict[str, Any], by: str) -> None:
        version = versions[contract] = versions.get(contract, 0) + 1
        with database.write() as session:
            if version > 1:
                old = session.get_one(CrmState, (contract, version - 1))
                old.superseded_at = Noon().now()
                session.add(old)
                session.flush()
            session.add(
                CrmState(
                    id=contract,
                    version=version,
                    recorded_at=Noon().now(),
                    row_hash=str(version),
                    source="crm.csv:2",
                    contract_id=contract,
                    fields=fields,
                    change_orders=[],
                    modified_at=Noon().now(),
                    modified_by=by,
                )
            )

    def edit(contract: str, changes: dict[str, Any]) -> None:
        record = crm.read(contract)
        assert record is not None
        store(contract, record.fields | changes, "J. Kim")

    def writes(contract: str) -> int:
        record = crm.read(contract)
        assert record is not None
        return int(record.renewal_key is not None)

    crm = EmbeddedCrm(database, Noon())
    return Bench(crm, put, edit, writes)


def contract() -> str:
    return f"ENT-{next(NUMBERS):04d}"


def patch(contract_id: str, *, key: str = "renewal:R-1:9") -> CrmPatch:
    changes = (
        FieldChange(field="monthly_price", old="17720.00", new="16723.08"),
        FieldChange(field="term_end", old="2027-04-07", new="2030-04-07"),
        FieldChange(field="term_months", old="12", new="36"),
        FieldChange(field="billing_contact", old="Ana Duarte", new="Ana Duarte-Lima"),
    )
    order = CrmChangeOrder(
        order_id=f"CO-{contract_id}", description="Second path", monthly_change="480.00", currency="USD", effective_on="2026-03-01"
    )
    return CrmPatch(contract_id=contract_id, renewal_key=key, changes=changes, add_change_orders=(order,))


def test_an_unknown_contract_reads_as_none_and_cannot_be_written(bench: Bench) -> None:
    """Nothing is made by a write: a missing record is NotFound."""
    assert bench.crm.read("ENT-NOPE") is None
    with pytest.raises(NotFound):
        bench.crm.write(patch("ENT-NOPE"))
    with pytest.raises(NotFound):
        bench.crm.overwrite("ENT-NOPE", "billing_contact", "x", "k")


def test_read_gives_canonical_names_and_plain_values(bench: Bench) -> None:
    """Amounts keep two decimals, dates are ISO, absent is None or missing."""
    bench.put(its := contract())
    record = bench.crm.read(its)
    assert record is not None
    assert {name: record.fields.get(name) for name in SEEN} == SEEN
    assert record.modified_at.tzinfo is not None
    assert record.change_orders == ()


def test_write_is_read_back_field_by_field(bench: Bench) -> None:
    """All fields written, the change order added, no conflict, no mismatch; the record holds what was signed."""
    bench.put(its := contract())
    receipt = bench.crm.write(patch(its))
    assert receipt.written == ("monthly_price", "term_end", "term_months", "billing_contact")
    assert (receipt.conflicts, receipt.mismatches) == ((), ())
    assert receipt.change_orders_added == (f"CO-{its}",)
    after = bench.crm.read(its)
    assert after is not None
    assert (after.fields["monthly_price"], after.fields["term_end"]) == ("16723.08", "2030-04-07")
    assert (after.renewal_key, after.change_orders) == ("renewal:R-1:9", (f"CO-{its}",))


def test_a_repeat_gives_the_same_receipt_and_writes_nothing(bench: Bench) -> None:
    """The renewal key is recognised."""
    bench.put(its := contract())
    first = bench.crm.write(patch(its))
    before, count = bench.crm.read(its), bench.writes(its)
    assert bench.crm.write(patch(its)) == first
    assert (bench.crm.read(its), bench.writes(its)) == (before, count)


def test_a_field_changed_by_a_person_is_a_conflict_and_stays(bench: Bench) -> None:
    """The other fields are written; the conflict names who changed it and what stands there."""
    bench.put(its := contract())
    bench.edit(its, {"billing_contact": "Tom Reyes"})
    receipt = bench.crm.write(patch(its))
    conflict = receipt.conflicts[0]
    assert [(each.field, each.signed, each.crm, each.changed_by) for each in receipt.conflicts] == [
        ("billing_contact", "Ana Duarte-Lima", "Tom Reyes", "J. Kim")
    ]
    assert conflict.changed_at.tzinfo is not None
    assert "billing_contact" not in receipt.written
    after = bench.crm.read(its)
    assert after is not None
    assert after.fields["billing_contact"] == "Tom Reyes"
    assert after.fields["monthly_price"] == "16723.08"


def test_a_change_after_our_write_is_never_written_over_by_a_repeat(bench: Bench) -> None:
    """A repeat after a person's edit reports the edit and leaves it."""
    bench.put(its := contract())
    bench.crm.write(patch(its))
    bench.edit(its, {"monthly_price": "16000.00" if isinstance(bench.crm, EmbeddedCrm) else 16000})
    receipt = bench.crm.write(patch(its))
    assert [each.field for each in receipt.conflicts] == ["monthly_price"]
    after = bench.crm.read(its)
    assert after is not None
    assert after.fields["monthly_price"] == "16000.00"


def test_overwrite_writes_the_one_field_a_person_decided_on(bench: Bench) -> None:
    """After a conflict was settled for the signed value, that field alone changes."""
    bench.put(its := contract())
    bench.edit(its, {"billing_contact": "Tom Reyes"})
    bench.crm.write(patch(its))
    before = bench.crm.read(its)
    bench.crm.overwrite(its, "billing_contact", "Ana Duarte-Lima", "renewal:R-1:9")
    after = bench.crm.read(its)
    assert before is not None
    assert after is not None
    assert after.fields == before.fields | {"billing_contact": "Ana Duarte-Lima"}


def test_the_next_renewal_writes_again(bench: Bench) -> None:
    """Another key is another write, from the values the first left."""
    bench.put(its := contract())
    bench.crm.write(patch(its))
    change = FieldChange(field="term_end", old="2030-04-07", new="2033-04-07")
    receipt = bench.crm.write(CrmPatch(contract_id=its, renewal_key="renewal:R-2:4", changes=(change,), add_change_orders=()))
    assert receipt.written == ("term_end",)
    after = bench.crm.read(its)
    assert after is not None
    assert (after.fields["term_end"], after.renewal_key) == ("2033-04-07", "renewal:R-2:4")


def test_our_own_reading_kept_late_does_not_undo_a_write(tmp_path: Path) -> None:
    """A reading from before the write, stored after it, is no person's change to the embedded CRM."""
    database = Database(databases.url_of(tmp_path / "crm.db"))
    SQLModel.metadata.create_all(database.engine)
    bench = _embedded(database)
    bench.put(its := contract())
    seen = bench.crm.read(its)
    bench.crm.write(patch(its))
    assert seen is not None
    with database.write() as session:
        remember(session, seen.model_copy(update={"change_orders": ("CO-OLD",)}), Noon().now())
    after = bench.crm.read(its)
    database.dispose()
    assert after is not None
    assert after.fields["monthly_price"] == "16723.08"
