"""A portfolio of small contracts that are due at once, each with an owner and a customer of its own.

Rules of this module:

1. Every contract can be carried to its end by its owner alone: its terms stay below what an account owner may approve.
2. It is imported beside the sample, whose people sign for the company and stand in where nobody else can.
"""

import csv
from pathlib import Path
from typing import Any, Final


def write(folder: Path, count: int, *, owners: int | None = None, name: str = "bench") -> None:
    """Files for ``contractops import``: ``count`` customers with a contract, and their ``owners`` (default: one each)."""
    numbers, staff = range(count), range(owners or count)
    folder.mkdir()
    people = [(f"{name}{n:03d}", f"Owner {n:03d}", f"{name}{n:03d}@prairie.example", "account_owner", slack_id(n, name)) for n in staff]
    _write(folder / "people.csv", "id,name,email,role,slack_id,zone,holiday_calendar", [(*row, *PLACE) for row in people])
    _write(
        folder / "accounts.csv",
        "id,name,owner_id,country,address,locale,zone",
        [
            (f"{name}{n:03d}", customer(n), f"{name}{n % len(staff):03d}", "US", f"{n + 1} Lake St; Chicago", "en-US", PLACE[0])
            for n in numbers
        ],
    )
    _write(
        folder / "contacts.csv",
        "id,account_id,name,title,email,signing_right,checked_on,billing",
        [
            (f"{name}-c{n:03d}", f"{name}{n:03d}", f"Signer {n:03d}", "COO", f"s{n:03d}@{name}.example", "yes", "2026-11-02", "yes")
            for n in numbers
        ],
    )
    _write(
        folder / "contracts.csv",
        ",".join(TERMS),
        [(contract(n, name), "msa", f"{name}{n:03d}", *list(TERMS.values())[3:]) for n in numbers],
    )
    _write(
        folder / "service_orders.csv",
        "id,contract_id,product,description,quantity,monthly_price,currency,start_on",
        [(f"{name}-o{n:03d}", contract(n, name), "Ethernet Line 1G", f"Line {n:03d}", 1, "3200.00", "USD", "2026-04-08") for n in numbers],
    )


def seed(count: int, *, owners: int | None = None, name: str = "bench") -> dict[str, Any]:
    """What the local world must know of them: the owners' Slack accounts and the CRM's records, under Salesforce's own names."""
    users = [
        {"id": slack_id(n, name), "name": f"{name}{n:03d}", "real_name": f"Owner {n:03d}", "email": f"{name}{n:03d}@prairie.example"}
        for n in range(owners or count)
    ]
    records = [
        {"object": "Contract", "external_field": "MSA_Number__c", "external_id": contract(n, name), "fields": {}} for n in range(count)
    ]
    return {"users": [user | {"tz": PLACE[0]} for user in users], "salesforce": {"records": records}}


def contract(number: int, name: str = "bench") -> str:
    """Id of a contract."""
    return f"{name.upper()}-{number:03d}"


def customer(number: int) -> str:
    """Name of its customer."""
    return f"Customer {number:03d}"


def slack_id(number: int, name: str = "bench") -> str:
    """Slack account of an owner."""
    return f"U0{name.upper()}{number:03d}"


PLACE: Final = ("America/Chicago", "US-IL")
TERMS: Final = {
    "id": "",
    "kind": "",
    "account_id": "",
    "title": "Master Services Agreement",
    "agreement_date": "2026-03-20",
    "effective_on": "2026-04-08",
    "start_on": "2026-04-08",
    "start_event": "acceptance",
    "initial_length": 12,
    "initial_unit": "months",
    "renewal_kind": "successive",
    "renewal_length": 12,
    "renewal_unit": "months",
    "renewals_so_far": 0,
    "notice_length": 60,
    "notice_unit": "days",
    "notice_basis": "receipt",
    "notice_cutoff": "17:00",
    "window_right": "both",
    "zone": "America/Chicago",
    "holiday_calendar": "US-IL",
    "uplift_kind": "up_to",
    "uplift_percent": "3.00",
    "currency": "USD",
}


def _write(path: Path, header: str, rows: list[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header.split(","))
        writer.writerows(rows)
