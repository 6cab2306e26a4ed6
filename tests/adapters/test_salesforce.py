"""Salesforce beyond the contract: races, lost answers, wrong organisations, and answers nobody should send."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx

from contractops.operator.adapters.salesforce import Salesforce
from contractops.operator.adapters.salesforce_fields import CHANGE_ORDER_FIELDS, FIELDS, from_vendor, to_vendor
from contractops.tools.crm import CrmPatch, FieldChange
from contractops.tools.errors import Conflict, InputError, InvariantError, NotFound, OutcomeUnknown, VendorError
from tests.adapters.conftest import Keys, salesforce_config, wall
from tests.localworld.worlds import RunningWorld

Make = Callable[..., Salesforce]
BASE = "https://crm.example"
ROOT = f"{BASE}/services/data/v62.0"
CHANGE = FieldChange(field="monthly_price", old="17720.00", new="16723.08")
PATCH = CrmPatch(contract_id="ENT-1", renewal_key="renewal:R-1:9", changes=(CHANGE,), add_change_orders=())


def row(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {each.name: None for each in FIELDS.values()} | {
        "Id": "8001", "Monthly_Price__c": 17720.0, "Renewal_Key__c": None, "Renewal_Version__c": 3.0,
        "SystemModstamp": "2026-12-14T15:05:00.000+0000", "LastModifiedDate": "2026-12-14T15:05:00.000+0000",
        "LastModifiedBy": {"Name": "J. Kim"},
    }  # fmt: skip
    return values | changes


class Organisation:
    """Plays Salesforce's answers in order and keeps what it was sent."""

    def __init__(self, mock: respx.MockRouter) -> None:
        self.token = mock.post(f"{BASE}/services/oauth2/token").respond(json={"access_token": "t", "instance_url": BASE})
        self.contracts: list[Any] = []
        self.patches: list[httpx.Response | Exception] = []
        self.queries: list[str] = []
        mock.get(f"{ROOT}/query").mock(side_effect=self._query)
        self.patch = mock.patch(url__startswith=f"{ROOT}/sobjects/Contract/").mock(side_effect=self._patch)

    def _query(self, request: httpx.Request) -> httpx.Response:
        query = request.url.params["q"]
        self.queries.append(query)
        if "FROM Change_Order__c" in query:
            return httpx.Response(200, json={"done": True, "records": []})
        answer = self.contracts.pop(0)
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, json={"done": True, "records": answer})

    def _patch(self, _: httpx.Request) -> httpx.Response:
        answer = self.patches.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def organisation() -> Iterator[Organisation]:
    with respx.mock(assert_all_called=False) as mock:
        yield Organisation(mock)


@pytest.fixture
def crm(keys: Keys) -> Iterator[Salesforce]:
    from dataclasses import replace

    adapter = Salesforce(replace(salesforce_config("x", keys), login_url=BASE, api_version="62.0"), wall)
    yield adapter
    adapter.close()


WRITTEN = row(Monthly_Price__c=16723.08, Renewal_Key__c="renewal:R-1:9", Renewal_Version__c=4.0)


def test_the_write_is_conditional_and_counts_versions(organisation: Organisation, crm: Salesforce) -> None:
    """If-Unmodified-Since carries the stamp that was read; the body carries the value, the key and the next version."""
    organisation.contracts, organisation.patches = [[row()], [WRITTEN]], [httpx.Response(204)]
    assert crm.write(PATCH).written == ("monthly_price",)
    request = organisation.patch.calls.last.request
    assert request.headers["If-Unmodified-Since"] == "Mon, 14 Dec 2026 15:05:00 GMT"
    assert json.loads(request.content) == {"Monthly_Price__c": 16723.08, "Renewal_Key__c": "renewal:R-1:9", "Renewal_Version__c": 4}


def test_a_lost_race_is_read_again_and_settled_again(organisation: Organisation, crm: Salesforce) -> None:
    """412: a person wrote meanwhile; the field he changed is now a conflict and is not in the second write."""
    edited = row(Monthly_Price__c=18000.0, SystemModstamp="2026-12-14T15:06:00.000+0000")
    after = edited | {"Renewal_Key__c": "renewal:R-1:9", "Renewal_Version__c": 4.0}
    organisation.contracts, organisation.patches = [[row()], [edited], [after]], [httpx.Response(412), httpx.Response(204)]
    receipt = crm.write(PATCH)
    assert [(each.field, each.crm, each.changed_by) for each in receipt.conflicts] == [("monthly_price", "18000.00", "J. Kim")]
    assert "Monthly_Price__c" not in json.loads(organisation.patch.calls.last.request.content)


def test_a_race_that_is_never_won_is_a_conflict(organisation: Organisation, crm: Salesforce) -> None:
    """After three tries somebody else decides what to do."""
    organisation.contracts, organisation.patches = [[row()]] * 3, [httpx.Response(412)] * 3
    with pytest.raises(Conflict):
        crm.write(PATCH)
    assert organisation.patch.call_count == 3


def test_two_writers_in_one_second_are_seen_in_the_read_back(organisation: Organisation, crm: Salesforce) -> None:
    """The version read back is not ours: settled again, and the second time it is."""
    theirs = row(Renewal_Key__c="renewal:R-9:1", Renewal_Version__c=4.0)
    ours = WRITTEN | {"Renewal_Version__c": 5.0}
    organisation.contracts = [[row()], [theirs], [theirs], [ours]]
    organisation.patches = [httpx.Response(204), httpx.Response(204)]
    assert crm.write(PATCH).written == ("monthly_price",)
    assert organisation.patch.call_count == 2


def test_a_value_that_did_not_stick_is_a_mismatch(organisation: Organisation, crm: Salesforce) -> None:
    """A trigger of the organisation changed what we wrote: named, not called written."""
    organisation.contracts = [[row()], [WRITTEN | {"Monthly_Price__c": 16723.0}]]
    organisation.patches = [httpx.Response(204)]
    receipt = crm.write(PATCH)
    assert receipt.written == ()
    assert receipt.mismatches == (FieldChange(field="monthly_price", old="16723.00", new="16723.08"),)


def test_an_answer_lost_for_good_is_an_unknown_outcome(organisation: Organisation, crm: Salesforce) -> None:
    """Three writes without an answer, none visible: OutcomeUnknown, never success."""
    organisation.contracts, organisation.patches = [[row()]] * 3, [httpx.ReadTimeout("slow")] * 3
    with pytest.raises(OutcomeUnknown):
        crm.write(PATCH)


def test_refusals_are_permanent_and_not_repeated(organisation: Organisation, crm: Salesforce) -> None:
    """400 with an error code: one request, the code in the error, not the vendor's message (it quotes values)."""
    secret = "bad value for restricted picklist: 16,723.08"
    organisation.contracts = [[row()]]
    organisation.patches = [httpx.Response(400, json=[{"errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": secret}])]
    with pytest.raises(VendorError) as refused:
        crm.write(PATCH)
    assert refused.value.permanent
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION" in str(refused.value)
    assert "16,723.08" not in str(refused.value)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>maintenance</html>"),
        httpx.Response(200, json={"error": "odd"}),
        httpx.Response(200, json=[]),
        [{"Id": "8001"}],
        [row(LastModifiedBy="J. Kim")],
        [row(SystemModstamp="yesterday")],
        [row(Monthly_Price__c="17720")],
        [row(Monthly_Price__c=True)],
        [row(), row(Id="8002")],
    ],
)
def test_answers_of_another_form_are_vendor_errors(organisation: Organisation, crm: Salesforce, answer: Any) -> None:
    """Garbage, a 200 with an error, half a record, wrong types, two records: never taken for a record."""
    organisation.contracts = [answer] * 3
    with pytest.raises(VendorError):
        crm.read("ENT-1")


def test_a_contract_id_cannot_leave_its_quotes(organisation: Organisation, crm: Salesforce) -> None:
    """A quote in an id is escaped in SOQL."""
    organisation.contracts = [[]]
    assert crm.read("x' OR Name != '") is None
    assert "WHERE MSA_Number__c = 'x\\' OR Name != \\''" in organisation.queries[0]


def test_numbers_keep_their_digits_both_ways() -> None:
    """Decimals go out as the JSON number of the same digits; one with more digits than a double holds is refused."""
    assert to_vendor(FIELDS, {"monthly_price": "16723.08"}) == {"Monthly_Price__c": 16723.08}
    assert to_vendor(FIELDS, {"term_months": "36", "notice_by": None}) == {"Term_Months__c": 36, "Notice_By__c": None}
    assert from_vendor({"Monthly_Price__c": Decimal("0.1")})["monthly_price"] == "0.10"
    assert from_vendor({"Monthly_Price__c": Decimal("1.005")})["monthly_price"] == "1.005"
    with pytest.raises(InvariantError):
        to_vendor(FIELDS, {"monthly_price": "12345678901234567.89"})
    with pytest.raises(InvariantError):
        to_vendor(FIELDS, {"monthly_price": "16,723.08"})
    with pytest.raises(InvariantError):
        to_vendor(FIELDS, {"owner": "x"})


def test_no_two_names_share_a_field() -> None:
    """The table maps one to one."""
    for table in (FIELDS, CHANGE_ORDER_FIELDS):
        assert len({each.name for each in table.values()}) == len(table)


def seed_contract(world: RunningWorld, number: str) -> None:
    record = {"object": "Contract", "external_field": "MSA_Number__c", "external_id": number, "fields": {"Monthly_Price__c": 17720.0}}
    world.post("/_world/seed", {"salesforce": {"records": [record]}})


def test_a_write_whose_answer_was_lost_is_found_and_not_repeated(world: RunningWorld, salesforce: Salesforce) -> None:
    """Dropped after commit: the next look finds our key; the record was written once."""
    seed_contract(world, "LOST-1")
    world.fault("drop_after_commit", "sobjects.upsert", surface="salesforce")
    receipt = salesforce.write(PATCH.model_copy(update={"contract_id": "LOST-1"}))
    assert receipt.written == ("monthly_price",)
    rows = [each for each in world.get("/_world/salesforce/records") if each["external_id"] == "LOST-1"]
    assert len(rows[0]["history"]) == 1


def test_a_read_is_repeated_after_a_server_fault_and_waits_when_told(world: RunningWorld, salesforce: Salesforce) -> None:
    """500 once: answered by the second try. 429: told at once with the vendor's time, not hammered."""
    seed_contract(world, "BUSY-1")
    world.fault("drop_before", "query", surface="salesforce")
    assert salesforce.read("BUSY-1") is not None
    world.fault("status", "query", surface="salesforce", status=429, retry_after=60)
    with pytest.raises(VendorError) as busy:
        salesforce.read("BUSY-1")
    assert busy.value.retry_at is not None
    assert 50 < (busy.value.retry_at - wall()).total_seconds() <= 61


def test_check_accepts_the_organisation_and_refuses_one_without_a_unique_id(world: RunningWorld, salesforce: Salesforce) -> None:
    """The doctor's question: external ids must be External ID and Unique, else one write could reach two records."""
    salesforce.check()
    for name, field, flag in (("Contract", "MSA_Number__c", "unique"), ("Change_Order__c", "CO_Number__c", "externalId")):
        world.post("/_world/salesforce/describe", {"object": name, "field": field, flag: False})
        with pytest.raises(InputError) as refused:
            salesforce.check()
        assert field in str(refused.value)
        world.post("/_world/salesforce/describe", {"object": name, "field": field, flag: True})


def test_a_wrong_user_is_refused_for_good(world: RunningWorld, salesforce_with: Make, keys: Keys) -> None:
    """An assertion for another audience buys nothing, and the error shows no secret."""
    with pytest.raises(VendorError) as refused:
        salesforce_with(audience="https://elsewhere.example").read("ENT-1")
    assert refused.value.permanent
    assert "eyJ" not in str(refused.value)


def test_an_unknown_object_is_not_found(organisation: Organisation, crm: Salesforce) -> None:
    """404 of the vendor keeps its meaning."""
    organisation.contracts, organisation.patches = [[row()]], [httpx.Response(404, json=[{"errorCode": "NOT_FOUND"}])]
    with pytest.raises(NotFound):
        crm.write(PATCH)
