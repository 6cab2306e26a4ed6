"""The local Salesforce, spoken to as an HTTP client would."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import jwt
import pytest

from tests.localworld_vendors.conftest import GRANT, Running

DATA = "/sf/services/data/v61.0"
MSA = f"{DATA}/sobjects/Contract/MSA_Number__c"
NORTHWIND = {"Monthly_Price__c": 19003.5, "CurrencyIsoCode": "USD", "Term_End__c": "2027-02-28", "Renewal_Version__c": 1}


def _assertion(running: Running, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": "local-client", "sub": "desk@operator.example", "aud": "https://login.salesforce.com", "exp": now + 180} | changes
    return jwt.encode(claims, running.pem, algorithm="RS256")


@pytest.fixture
def crm(running: Running) -> Iterator[httpx.Client]:
    """A signed-in client; one contract is seeded."""
    record = {"object": "Contract", "external_field": "MSA_Number__c", "external_id": "MSA-1", "fields": NORTHWIND}
    running.control("seed", {"salesforce": {"records": [record]}})
    form = {"grant_type": GRANT, "assertion": _assertion(running)}
    token = running.http.post("/sf/services/oauth2/token", data=form).json()
    assert token["instance_url"] == f"{running.url}/sf"
    with httpx.Client(base_url=running.url, headers={"Authorization": f"Bearer {token['access_token']}"}) as client:
        yield client


def _stamp(crm: httpx.Client) -> str:
    modified = datetime.strptime(crm.get(f"{MSA}/MSA-1").json()["SystemModstamp"], "%Y-%m-%dT%H:%M:%S.%f%z")
    return format_datetime(modified.astimezone(UTC), usegmt=True)


def test_upsert_updates_makes_and_refuses_the_key_in_the_body(crm: httpx.Client) -> None:
    """200 with created false, 201 for a new key, 400 when the body repeats the key; before version 46 an empty 204."""
    updated = crm.patch(f"{MSA}/MSA-1", json={"Monthly_Price__c": 16723.08})
    assert (updated.status_code, updated.json()["created"]) == (200, False)
    made = crm.patch(f"{MSA}/MSA%2F2", json={"Monthly_Price__c": 5})
    assert (made.status_code, made.json()["created"]) == (201, True)
    assert crm.get(f"{MSA}/MSA%2F2").json()["MSA_Number__c"] == "MSA/2"
    assert crm.patch(f"{MSA}/MSA-1", json={"MSA_Number__c": "MSA-1"}).json()[0]["errorCode"] == "INVALID_FIELD"
    old = crm.patch(f"{MSA.replace('v61', 'v45')}/MSA-1", json={"Term_Months__c": 36})
    assert (old.status_code, old.content) == (204, b"")


def test_a_row_answers_the_fields_that_were_asked(crm: httpx.Client) -> None:
    """`fields` narrows the answer; an unknown one is refused; an unknown row is 404."""
    row = crm.get(f"{MSA}/MSA-1", params={"fields": "Monthly_Price__c,SystemModstamp"}).json()
    assert set(row) == {"attributes", "Monthly_Price__c", "SystemModstamp"}
    assert crm.get(f"{MSA}/MSA-1", params={"fields": "Nope__c"}).status_code == 400
    assert crm.get(f"{MSA}/MSA-9").json()[0]["errorCode"] == "NOT_FOUND"
    assert crm.get(f"{DATA}/sobjects/Contract/Billing_Contact__c/x").status_code == 404


def test_a_conditional_write_loses_against_a_persons_edit(running: Running, crm: httpx.Client) -> None:
    """If-Unmodified-Since: 200 while nobody touched the row, 412 after an edit at the same virtual moment."""
    seen = _stamp(crm)
    running.control("salesforce/edit", {"external_id": "MSA-1", "fields": {"Billing_Contact__c": "ap@northwind.example"}})
    write = {"Monthly_Price__c": 16723.08}
    lost = crm.patch(f"{MSA}/MSA-1", json=write, headers={"If-Unmodified-Since": seen})
    assert lost.status_code == 412
    won = crm.patch(f"{MSA}/MSA-1", json=write, headers={"If-Unmodified-Since": _stamp(crm)})
    assert won.status_code == 200


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Monthly_Price__c": "16,723.08"}, "JSON_PARSER_ERROR"),
        ({"Term_End__c": "28.02.2027"}, "JSON_PARSER_ERROR"),
        ({"CurrencyIsoCode": "ZZZ"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Billing_Contact__c": "x" * 256}, "STRING_TOO_LONG"),
        ({"SystemModstamp": "2026-12-07T15:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Price__c": 1}, "INVALID_FIELD"),
    ],
)
def test_a_bad_value_is_refused_and_changes_nothing(crm: httpx.Client, fields: dict[str, Any], code: str) -> None:
    """400 with the vendor's code."""
    before = crm.get(f"{MSA}/MSA-1").json()
    refused = crm.patch(f"{MSA}/MSA-1", json={"Term_Months__c": 36} | fields)
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, code)
    assert crm.get(f"{MSA}/MSA-1").json() == before


def test_a_doubled_external_id_answers_both_addresses(running: Running, crm: httpx.Client) -> None:
    """300 with a list when a field that ought to be unique is not."""
    doubled = {"object": "Contract", "external_field": "MSA_Number__c", "external_id": "MSA-7", "fields": NORTHWIND}
    running.control("seed", {"salesforce": {"records": [doubled | {"id": "800A"}, doubled | {"id": "800B"}]}})
    answer = crm.patch(f"{MSA}/MSA-7", json={"Term_Months__c": 36})
    assert answer.status_code == 300
    assert [url.rsplit("/", 1)[1] for url in answer.json()] == ["800A", "800B"]


def test_describe_says_which_field_is_the_key(running: Running, crm: httpx.Client) -> None:
    """externalId and unique are true for the key only; an org set up wrongly can be played."""
    path = f"{DATA}/sobjects/Contract/describe"
    keys = [field["name"] for field in crm.get(path).json()["fields"] if field["externalId"] and field["unique"]]
    assert keys == ["MSA_Number__c"]
    running.control("salesforce/describe", {"object": "Contract", "field": "MSA_Number__c", "unique": False})
    assert not [field["name"] for field in crm.get(path).json()["fields"] if field["unique"]]


def test_queries(running: Running, crm: httpx.Client) -> None:
    """Equality, newer than a stamp, order and limit; nonsense is malformed."""
    crm.patch(f"{MSA}/O'Neill", json={"Monthly_Price__c": 7})
    stamp = crm.get(f"{MSA}/MSA-1").json()["SystemModstamp"].replace("+0000", "Z")

    def ask(text: str) -> Any:
        return crm.get(f"{DATA}/query", params={"q": text}).json()

    found = ask("SELECT Id, MSA_Number__c FROM Contract WHERE MSA_Number__c = 'O\\'Neill'")
    assert (found["totalSize"], found["records"][0]["MSA_Number__c"]) == (1, "O'Neill")
    newer = ask(
        "SELECT MSA_Number__c, LastModifiedBy.Name FROM Contract WHERE SystemModstamp > " + stamp + " ORDER BY SystemModstamp LIMIT 5"  # noqa: S608 - a query of the CRM under test
    )
    assert [row["MSA_Number__c"] for row in newer["records"]] == ["O'Neill"]
    assert newer["records"][0]["LastModifiedBy"]["Name"] == "Renewal Desk"
    cheapest = ask(
        "SELECT MSA_Number__c FROM Contract WHERE Monthly_Price__c >= 7 AND CurrencyIsoCode = null ORDER BY Monthly_Price__c DESC LIMIT 1"
    )
    assert cheapest["records"][0]["MSA_Number__c"] == "O'Neill"
    assert ask("SELECT Id FROM Contract WHERE Id LIKE 'a%'")[0]["errorCode"] == "MALFORMED_QUERY"
    assert ask("SELECT Nope FROM Contract")[0]["errorCode"] == "INVALID_FIELD"


def _part(reference: str, path: str, **body: Any) -> dict[str, Any]:
    return {"method": "PATCH", "url": f"/services/data/v61.0/sobjects/{path}", "referenceId": reference, "body": body}


def test_composite_is_all_or_none(crm: httpx.Client) -> None:
    """One bad part undoes the good ones; 26 parts are too many; a good one writes both objects."""
    good = _part("contract", "Contract/MSA_Number__c/MSA-1", Monthly_Price__c=1)
    order = _part("order", "Change_Order__c/CO_Number__c/CO-1", Contract_Number__c="MSA-1", Monthly_Change__c=250.0)
    bad = _part("order", "Change_Order__c/CO_Number__c/CO-1", Effective_On__c="soon")
    path = f"{DATA}/composite"
    before = crm.get(f"{MSA}/MSA-1").json()
    refused = crm.post(path, json={"allOrNone": True, "compositeRequest": [good, bad]}).json()["compositeResponse"]
    assert [part["httpStatusCode"] for part in refused] == [400, 400]
    assert [part["body"][0]["errorCode"] for part in refused] == ["PROCESSING_HALTED", "JSON_PARSER_ERROR"]
    assert crm.get(f"{MSA}/MSA-1").json() == before
    done = crm.post(path, json={"allOrNone": True, "compositeRequest": [good, order]}).json()["compositeResponse"]
    assert [(part["referenceId"], part["httpStatusCode"]) for part in done] == [("contract", 200), ("order", 201)]
    assert crm.post(path, json={"compositeRequest": [good] * 26}).json()[0]["errorCode"] == "LIMIT_EXCEEDED"


def test_the_history_keeps_before_after_and_who(running: Running, crm: httpx.Client) -> None:
    """Only changed fields are kept, with the person who changed them; seeding is no change."""
    crm.patch(f"{MSA}/MSA-1", json={"Monthly_Price__c": 16723.08, "CurrencyIsoCode": "USD"})
    running.control("salesforce/edit", {"external_id": "MSA-1", "fields": {"Monthly_Price__c": 1}, "by": "Sam Reyes"})
    (record,) = running.http.get("/_world/salesforce/records").json()
    assert [(each["by"], each["before"], each["after"]) for each in record["history"]] == [
        ("Renewal Desk", {"Monthly_Price__c": 19003.5}, {"Monthly_Price__c": 16723.08}),
        ("Sam Reyes", {"Monthly_Price__c": 16723.08}, {"Monthly_Price__c": 1}),
    ]


def test_a_lost_answer_has_written_once(running: Running, crm: httpx.Client) -> None:
    """The connection drops after the commit; the row tells what happened."""
    running.control("faults", {"surface": "salesforce", "operation": "sobjects.upsert", "kind": "drop_after_commit"})
    with pytest.raises(httpx.TransportError):
        crm.patch(f"{MSA}/MSA-1", json={"Renewal_Key__c": "MSA-1/2"})
    assert crm.get(f"{MSA}/MSA-1").json()["Renewal_Key__c"] == "MSA-1/2"


def test_credentials(running: Running) -> None:
    """A long-lived, foreign or expired assertion buys nothing; no token is 401; an overload says when to come back."""
    for spoiled in ({"exp": int(time.time()) + 3600}, {"aud": "https://elsewhere.example"}, {"exp": 1}, {"iss": ""}):
        form = {"grant_type": GRANT, "assertion": _assertion(running, **spoiled)}
        assert running.http.post("/sf/services/oauth2/token", data=form).json()["error"] == "invalid_grant"
    assert running.http.get(f"{MSA}/MSA-1").json()[0]["errorCode"] == "INVALID_SESSION_ID"
    running.control("faults", {"surface": "salesforce", "kind": "status", "status": 503, "retry_after": 7})
    answer = running.http.get(f"{MSA}/MSA-1")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")


def test_delete(crm: httpx.Client) -> None:
    """Deleted is gone."""
    assert crm.delete(f"{MSA}/MSA-1").status_code == 204
    assert crm.get(f"{MSA}/MSA-1").status_code == 404
