"""A big portfolio as CSV, and a measured import of it. Run as a file; it is not a test.

    python tests/importing/big.py FOLDER [CONTRACTS]     writes the files and imports them into FOLDER.db

Two service orders a contract, a hundred contracts an account. Deterministic: the same number gives the same bytes.
"""

from __future__ import annotations

import csv
import resource
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

CONTRACT_COLUMNS = (
    *("id", "kind", "account_id", "agreement_date", "effective_on", "start_on", "initial_length", "initial_unit", "renewal_kind"),
    *("renewal_length", "renewal_unit", "notice_length", "notice_unit", "notice_basis", "notice_cutoff", "window_right", "zone"),
    *("holiday_calendar", "uplift_kind", "uplift_percent", "currency"),
)
ORDER_COLUMNS = ("id", "contract_id", "product", "description", "site", "circuit_id", "quantity", "monthly_price", "currency", "start_on")
ZONES = (
    ("America/Chicago", "US-IL", "USD"),
    ("Europe/London", "GB-ENG", "GBP"),
    ("Europe/Berlin", "DE-BE", "EUR"),
    ("Asia/Tokyo", "JP", "USD"),
)
NOTICES = ((30, "days"), (60, "days"), (90, "days"), (3, "months"), (20, "business_days"))


def write(folder: Path, contracts: int) -> None:
    """People, accounts, contracts and two orders each, as CSV files in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(
        folder / "people.csv",
        ("id", "name", "email", "role", "zone"),
        ((f"p{n}", f"Owner {n}", f"p{n}@example.com", "account_owner", "America/Chicago") for n in range(50)),
    )
    accounts = range(max(1, contracts // 100))
    _write(
        folder / "accounts.csv",
        ("id", "name", "owner_id", "zone"),
        ((f"a{n}", f"Customer {n}", f"p{n % 50}", ZONES[n % 4][0]) for n in accounts),
    )
    _write(folder / "contracts.csv", CONTRACT_COLUMNS, (_contract(n, len(accounts)) for n in range(contracts)))
    _write(folder / "service_orders.csv", ORDER_COLUMNS, (_order(n, part) for n in range(contracts) for part in (0, 1)))


def _contract(n: int, accounts: int) -> tuple[object, ...]:
    zone, calendar, currency = ZONES[n % 4]
    notice, unit = NOTICES[n % 5]
    start = date(2020, 1, 1) + timedelta(days=n * 7 % 2400)
    months = (12, 24, 36)[n % 3]
    return (
        *(f"C-{n:06d}", "msa", f"a{n % accounts}", start - timedelta(days=14), start, start, months, "months", "successive", 12, "months"),
        *(notice, unit, "receipt", "17:00", "both", zone, calendar, "up_to", "3.00", currency),
    )


def _order(n: int, part: int) -> tuple[object, ...]:
    start = date(2020, 1, 1) + timedelta(days=n * 7 % 2400)
    price = f"{400 + n % 9000}.{part * 50:02d}"
    name = f"{n:06d}-{part}"
    return (
        f"O-{name}",
        f"C-{n:06d}",
        "Dedicated Internet 1 Gbps",
        f"Line {name}",
        f"{n % 900} Main St",
        f"CIR-{name}",
        1,
        price,
        ZONES[n % 4][2],
        start,
    )


def _write(path: Path, header: tuple[str, ...], rows: object) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)  # type: ignore[arg-type]


def measure(folder: Path) -> None:
    """Import ``folder`` into an empty SQLite file beside it and print seconds and peak memory of this process."""
    from sqlmodel import SQLModel, create_engine

    from contractops.operator.importing.folder import import_folder
    from contractops.operator.store import records  # noqa: F401 (its tables)

    database = folder.with_name(f"{folder.name}.db")
    database.unlink(missing_ok=True)
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=wal")
    SQLModel.metadata.create_all(engine)
    for attempt in ("empty database", "same again"):
        began = time.perf_counter()
        report = import_folder(folder, engine, datetime(2026, 12, 7, 15, tzinfo=UTC))
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
        counts = ", ".join(f"{each.new + each.changed:,} of {each.read:,} {each.entity}" for each in report.files)
        print(f"{attempt}: {seconds:.1f} s, peak {peak:.0f} MB; written: {counts}; problems: {len(report.problems)}")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    if len(sys.argv) > 2:
        write(target, int(sys.argv[2]))
    measure(target)
