"""``contractops doctor``: looks at everything that must be right, and says what to do about what is not.

Rule 1: it changes nothing but a test write that keeps every value, and asks vendors only what can be asked any time.
Rule 2: no secret is printed, neither whole nor in part.
Rule 3: a check that fails stops no other check; a vendor that is not configured is said to be so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlmodel import Session, col, or_, select

from contractops.operator import cases, doctor_vendors, people, ringing, settings, sweep_watch, tables_out
from contractops.operator.clock import WallClock, monotonic, wall_now
from contractops.operator.core import Core
from contractops.operator.doctor_checks import INPUT, Check, fail, ok, warn
from contractops.operator.store import heartbeat, records, schema
from contractops.operator.store.due import left_aside
from contractops.operator.store.tables import Unreached
from contractops.operator.wording import listing, plural
from contractops.tools.errors import ContractOpsError

_NAMES_SHOWN: Final = 5


def run(db: str | None, *, as_json: bool) -> int:
    """Run every check and print it; returns 0, 1 for warnings, 5 when a vendor fails, 3 when settings or database are unusable."""
    found = list(_checks(db))
    if as_json:
        tables_out.document({"checks": [_data(one) for one in found], "exit_status": _status(found)})
    else:
        for one in found:
            _show(one)
    return _status(found)


def _checks(db: str | None) -> Iterator[Check]:
    try:
        loaded = settings.load(database_url=db) if db else settings.load()
    except ContractOpsError as problem:
        yield fail("settings", problem.message, problem.advice, INPUT)
        return
    yield _settings(loaded)
    yield _policy(loaded)
    try:
        core = Core(loaded)
    except ContractOpsError as problem:
        yield fail("database", problem.message, problem.advice, INPUT)
        yield from doctor_vendors.checks(loaded)
        return
    try:
        yield _guarded("database", lambda: _database(core))
        yield _engine(loaded.database_url)
        yield _business_clock(core)
        yield from doctor_vendors.checks(loaded)
        with core.database.read() as session:
            yield _sweep(session)
            yield from _people(session)
            yield from doctor_vendors.accounts(loaded, _without_slack_id(session))
    finally:
        core.close()


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except ContractOpsError as problem:
        return fail(name, problem.message, problem.advice, INPUT)


def _settings(loaded: settings.Settings) -> Check:
    parts = {
        "Slack": loaded.slack_bot_token is not None,
        "DocuSign": loaded.docusign_host is not None,
        "Salesforce": loaded.salesforce_url is not None,
        "e-mail": loaded.smtp_host is not None,
        "model": loaded.openai_api_key is not None or loaded.openai_base_url is not None,
    }
    there = [name for name, configured in parts.items() if configured]
    absent = [name for name, configured in parts.items() if not configured]
    said = [f"{listing(there)} configured"] if there else []
    said += [f"{listing(absent)} not configured"] if absent else []
    return ok("settings", "; ".join(said))


def _policy(loaded: settings.Settings) -> Check:
    try:
        rules = cases.rules_of(loaded.rules, b"")
    except ContractOpsError as problem:
        return fail("policy", problem.message, problem.advice, INPUT)
    return ok("policy", f"{loaded.policy.name}, {plural(len(rules.matrix.levels), 'level')} of authority")


def _database(core: Core) -> Check:
    """Open, schema and a write that keeps every value."""
    secret = core.rules.token_secret.hex()
    begun = monotonic()
    with core.database.write() as session:
        session.connection().execute(text("UPDATE installation SET token_secret = :same WHERE id = 1").bindparams(same=secret))
    took = (monotonic() - begun) * 1000
    kind = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[make_url(core.settings.database_url).get_backend_name()]
    return ok("database", f"{kind}, schema {schema.HEAD}, write test {took:.0f} ms")


def _engine(database_url: str) -> Check:
    if ringing.has_tables(database_url):
        return ok("engine", "tables present")
    return warn("engine", "no worker ever ran on this database", "start one: contractops run")


def _business_clock(core: Core) -> Check:
    if isinstance(core.clock, WallClock):
        return ok("business clock", "the machine's")
    return doctor_vendors.followed_clock(core.settings.clock_url or "", core.clock.now())


def _sweep(session: Session) -> Check:
    aside = left_aside(session)
    if aside:
        advice = "look for their ids in the operator's log, mend the cause, and import or change the contract again"
        return warn("sweep", f"{plural(len(aside), 'renewal')} could not be attended to: {_some(aside)}", advice)
    beat = heartbeat.last(session, heartbeat.SWEEP)
    silent = wall_now() - beat if beat else sweep_watch.TOO_LONG
    if silent > sweep_watch.TOO_LONG:
        return warn("sweep", f"none for {plural(round(silent.total_seconds() / 3600), 'hour')}", "start the operator: contractops run")
    return ok("sweep", "no renewal was left aside")


def _people(session: Session) -> Iterator[Check]:
    staff = people.everybody(session)
    if not staff:
        yield warn("people", "nobody is imported yet", "contractops import FOLDER; contractops import --template FOLDER shows the files")
        return
    if people.with_role(session, people.CONTRACT_OPS):
        yield ok("people", f"{plural(len(staff), 'person', 'people')}, contract-ops present")
    else:
        yield warn("people", "nobody has the role contract_ops", "give the role to a person in people.csv and import it")
    silent = [row.person_id for row in session.exec(select(Unreached)) if people.is_unreached(session, row.person_id)]
    if silent:
        advice = "put slack_id or e-mail in people.csv right and import it, or name another owner; until then the next in line is told"
        yield warn("reached", f"Slack delivers nothing to {listing(sorted(silent))}", advice)
    orphans = _orphans(session, {one.person_id for one in staff if one.active})
    if orphans:
        named = _some(orphans)
        yield warn(
            "owners", f"{plural(len(orphans), 'contract')} nobody owns: {named}", "name an active owner_id in accounts.csv or contracts.csv"
        )
    else:
        yield ok("owners", "every contract has an owner who is there")


def _orphans(session: Session, active: set[str]) -> list[str]:
    """Contracts without an owner, or whose owner is not on the active staff list."""
    contract, account = records.Contract, records.Account
    query = (
        select(contract.id, contract.owner_id, account.owner_id)
        .join(account, (col(account.id) == contract.account_id) & col(account.superseded_at).is_(None))
        .where(col(contract.superseded_at).is_(None), contract.kind == "msa")
        .order_by(col(contract.id))
    )
    return [contract_id for contract_id, own, of_account in session.exec(query) if (own or of_account) not in active]


def _without_slack_id(session: Session) -> list[tuple[str, str]]:
    """(name, e-mail) of the active staff who have no Slack id in the staff list."""
    person = records.Person
    query = select(person.name, person.email).where(
        col(person.superseded_at).is_(None), person.active, or_(col(person.slack_id).is_(None), person.slack_id == "")
    )
    return list(session.exec(query.order_by(col(person.name))))


def _some(names: list[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _show(one: Check) -> None:
    tables_out.table_line((f"{one.status:<4}", f"{one.name:<14}"), one.said)
    if one.advice:
        tables_out.say(f"-> {one.advice}", indent=6, hang=3)


def _data(one: Check) -> dict[str, Any]:
    return {"status": one.status, "name": one.name, "said": one.said, "advice": one.advice or None}


def _status(found: list[Check]) -> int:
    """The gravest: unusable input, then a failing vendor, then a warning."""
    seen = {one.exit_status for one in found}
    return next((status for status in (INPUT, 5, 1) if status in seen), 0)
