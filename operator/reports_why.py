"""``contractops why``: the arithmetic behind each date of a contract, with the clause it rests on.

Rule 1: the steps are the reasons of ``notice_window``, worded; nothing is computed or explained a second time here.
Rule 2: what is unknown comes with what to enter, in which column of which file.
Rule 3: the version and the file line of every record that the facts come from are named, so that a wrong date leads to its source.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from sqlmodel import Session, col, or_, select

from contractops.operator import tables_out, wording
from contractops.operator.core import opened
from contractops.operator.reports import reason_data
from contractops.operator.sentences import finding_sentence, sentence
from contractops.operator.standing import Standing, Terms
from contractops.operator.store import portfolio, records
from contractops.tools.coverage import CoverageState
from contractops.tools.facts import UnknownFact
from contractops.tools.notice_window import NoticeWindow, SendBy, WindowStatus
from contractops.tools.values import Severity

_COLUMNS: Final = {
    "start": "start_on",
    "start_event": "start_on",
    "end": "end_on",
    "initial_term": "initial_length and initial_unit",
    "renewal": "renewal_kind",
    "renewal_term": "renewal_length and renewal_unit",
    "renewals_max": "renewal_max",
    "notice": "notice_length and notice_unit",
}
"""Field of the facts -> the columns of contracts.csv that hold it."""

_STEP: Final = 4


def why(contract: str, db: str | None, as_of: datetime | None, *, as_json: bool) -> int:
    """Print why the dates of ``contract`` are what they are; returns 0. Raises ``NotFound`` for an id that is no contract."""
    with opened(db) as core, core.database.read() as session:
        moment = as_of or core.clock.now()
        entry = portfolio.contract_entry(session, contract, moment)
        terms = Terms(session, moment, [facts.unit_id for facts in entry.units])
        standings = [terms.standing(facts) for facts in entry.units]
        sources = _sources(session, contract)
        owner = _owner(session, entry.owner_id)
    if as_json:
        tables_out.document(_document(entry, standings, sources, moment))
        return 0
    tables_out.say(f"{contract}, {entry.account_name}: {_title(sources[0])}. Owner: {owner}.", hang=2)
    for one in standings:
        tables_out.say()
        _show_unit(one, contract)
    tables_out.say()
    for finding in entry.findings:
        word = "To settle" if finding.severity is Severity.BLOCKING else "Note"
        tables_out.say(f"{word}: {finding_sentence(finding)}", hang=2)
    tables_out.say(f"Facts from {wording.listing([_source_words(each, standings[0].facts.zone) for each in sources])}.", hang=2)
    return 0


def _show_unit(one: Standing, contract: str) -> None:
    window = one.window
    name = "" if window.unit_id == contract else f"{window.unit_id}: "
    tables_out.say(f"{name}{_headline(one)}", hang=2)
    if window.status is WindowStatus.UNKNOWN:
        for fact in window.unknown:
            tables_out.say(sentence(fact.reason, window.zone), indent=2, hang=3)
            tables_out.say(f"-> {_advice(fact, window.unit_id, contract)}", indent=2, hang=3)
    else:
        for number, step in enumerate(_steps(window), 1):
            tables_out.say(f"{number:>2}. {step}", indent=1, hang=_STEP)
    for line in _after(window):
        tables_out.say(line, indent=2, hang=2)
    tables_out.say(_renewal_words(one), indent=2, hang=2)


def _headline(one: Standing) -> str:
    """What holds now, in one line."""
    window, found = one.window, one.coverage
    if window.decide_by is None or found.days_left is None:
        if window.status is WindowStatus.UNKNOWN:
            return "Decide by: unknown."
        return sentence(found.reason, window.zone)
    until = wording.deadline(window.decide_by, window.zone)
    if found.state is CoverageState.MISSED:
        return f"Missed: the date to decide by was {until}."
    said = f"Decide by {until}. {_days(found.days_left)}"
    closed = found.state is CoverageState.SAFE and found.reason.code != "coverage.later"
    return f"{said} {sentence(found.reason, window.zone)}" if closed else said


def _days(left: int) -> str:
    if left == 0:
        return "That is today."
    return f"{wording.plural(left, 'day')} {'is' if left == 1 else 'are'} left."


def _steps(window: NoticeWindow) -> Iterator[str]:
    for reason in window.reasons:
        yield sentence(reason, window.zone)
    for way in window.send_by:
        yield sentence(way.reason, window.zone)


def _after(window: NoticeWindow) -> Iterator[str]:
    """The contract's own last day where we use another, and what the next term brings."""
    if window.last_defensible is not None and window.last_defensible != window.safe_on:
        yield f"Contract's own last day: {wording.day(window.last_defensible)}."
    if window.renews_on is not None:
        until = f" to {wording.day(window.renews_to)}" if window.renews_to else ""
        then = f"; to be decided by {wording.deadline(window.next_decide_by, window.zone)}" if window.next_decide_by else ""
        yield f"Next term, if nobody acts: {wording.day(window.renews_on)}{until}{then}."


def _renewal_words(one: Standing) -> str:
    if one.renewal is None:
        return "Renewal: not armed yet; contractops import arms it."
    stage = wording.sentence_case(one.renewal.stage.replace("_", " "))
    draft = f", draft {one.renewal.draft_number}" if one.renewal.draft_number else ""
    signed = ""
    if one.executed is not None:
        signed = f" Signed: {wording.day(one.executed.start)} to {wording.day(one.executed.end)}."
    return f"Renewal: {stage.lower()}{draft}.{signed}"


def _advice(fact: UnknownFact, unit_id: str, contract: str) -> str:
    """What to enter, and where."""
    amendment = fact.reason.values.get("amendment")
    if amendment is not None:
        return f"Enter effective_on of {amendment} in contracts.csv and import it again."
    columns = _COLUMNS.get(fact.field, fact.field)
    if unit_id != contract:
        return f"Enter {columns} of {unit_id} in service_orders.csv, or of {contract} in contracts.csv, and import it again."
    return f"Enter {columns} of {contract} in contracts.csv and import it again."


def _sources(session: Session, contract_id: str) -> list[records.Contract]:
    """The records that hold the term: the contract, then its amendments."""
    query = select(records.Contract).where(
        or_(records.Contract.id == contract_id, records.Contract.amends_id == contract_id), col(records.Contract.superseded_at).is_(None)
    )
    return sorted(session.exec(query), key=lambda one: (one.id != contract_id, one.agreement_date or date.min, one.id))


def _title(contract: records.Contract) -> str:
    return contract.title or contract.id


def _source_words(record: records.Contract, zone: str) -> str:
    place = record.source.replace(":", " line ")
    return f"{record.id} ({place}, version {record.version}, imported {wording.moment(record.recorded_at, zone)})"


def _owner(session: Session, owner_id: str | None) -> str:
    if owner_id is None:
        return "nobody"
    query = select(records.Person.name).where(records.Person.id == owner_id, col(records.Person.superseded_at).is_(None))
    return session.exec(query).first() or owner_id


def _document(entry: portfolio.Entry, standings: list[Standing], sources: list[records.Contract], as_of: datetime) -> dict[str, Any]:
    return {
        "as_of": as_of.isoformat(),
        "contract_id": entry.contract_id,
        "account": entry.account_name,
        "title": _title(sources[0]),
        "owner": entry.owner_id,
        "units": [_unit_data(one, entry.contract_id) for one in standings],
        "findings": [{**each.model_dump(mode="json"), "sentence": finding_sentence(each)} for each in entry.findings],
        "facts_from": [
            {"record": each.id, "version": each.version, "recorded_at": each.recorded_at.isoformat(), "source": each.source}
            for each in sources
        ],
    }


def _unit_data(one: Standing, contract: str) -> dict[str, Any]:
    window = one.window
    return {
        "unit_id": window.unit_id,
        "state": one.coverage.state.value,
        "days_left": one.coverage.days_left,
        "reason": reason_data(one.coverage.reason, window.zone),
        "window": window.model_dump(mode="json", exclude={"reasons", "send_by", "unknown", "unit_id", "as_of"}),
        "reasons": [reason_data(reason, window.zone) for reason in window.reasons],
        "send_by": [_send_by_data(way, window.zone) for way in window.send_by],
        "unknown": [
            {"field": fact.field, "reason": reason_data(fact.reason, window.zone), "advice": _advice(fact, window.unit_id, contract)}
            for fact in window.unknown
        ],
        "renewal": None
        if one.renewal is None
        else {"id": one.renewal.renewal_id, "stage": one.renewal.stage, "draft": one.renewal.draft_number or None},
    }


def _send_by_data(way: SendBy, zone: str) -> dict[str, Any]:
    return {"method": way.method, "on": way.on.isoformat(), "at": way.at.isoformat(), "reason": reason_data(way.reason, zone)}
