"""What a sent form may say: read strictly, then checked against the facts of now. Pure reading; nothing is changed.

Rule 1: an error stands at its field and says what is allowed and why.
Rule 2: who decides and whether the question is still open is the desk's business, after the form was stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlmodel import Session, col, select

from contractops.operator import cases, clauses, people, wording
from contractops.operator.sentences import sentence
from contractops.operator.showing import mails
from contractops.operator.showing.edit_form import submitted
from contractops.operator.slack.actions import Action, Callback
from contractops.operator.slack.commands import FieldValue, Submit
from contractops.operator.slack.forms import (
    ClauseSubmission,
    EditSubmission,
    EvidenceSubmission,
    FormErrors,
    HandoverSubmission,
    MailSubmission,
    SignerSubmission,
    SnoozeSubmission,
    StopSubmission,
)
from contractops.operator.slack.submissions import away, edit_errors, foreign_figure, foreign_region, read_values
from contractops.operator.store import records
from contractops.operator.store.tables import Button, Card, Draft, Renewal
from contractops.tools.alerts import snooze_limit
from contractops.tools.terms import TermsChoices
from contractops.tools.terms_edit import edit


def check(
    session: Session,
    callback: Callback,
    renewal: Renewal,
    button: Button,
    values: Mapping[str, FieldValue],
    now: datetime,
    rules: cases.Rules,
) -> dict[str, str]:
    """Errors by block id in words; empty when the form can be taken. ``now`` is business time."""
    sent = submitted(callback, button.token, values)
    read = read_values(sent)
    errors: dict[str, str] = {}
    match read:
        case FormErrors():
            errors = dict(read.errors)
        case EditSubmission():
            errors = _edit(session, renewal, button, sent, read, now, rules)
        case SnoozeSubmission():
            errors = _snooze(session, renewal, read.until, now, rules)
        case StopSubmission():
            errors = _not_ahead("received", read.received_on, renewal, now)
        case EvidenceSubmission():
            errors = _not_ahead("served", read.served_on, renewal, now)
        case HandoverSubmission():
            errors = _hand_over(session, renewal, read, now)
        case ClauseSubmission():
            errors = _clause(session, renewal, button, read, now, rules)
        case SignerSubmission():
            errors = _signer(session, renewal, read.contact_id, now, rules)
        case MailSubmission():
            errors = _mail(session, Action(button.action), renewal, session.get_one(Card, button.card_key), read, now, rules)
    return errors


def _edit(
    session: Session, renewal: Renewal, button: Button, sent: Submit, read: EditSubmission, now: datetime, rules: cases.Rules
) -> dict[str, str]:
    """The tools' own errors; or that another draft appeared meanwhile."""
    stored = session.get(Draft, (renewal.id, renewal.draft_number))
    if stored is None:
        return {"term": "There is no draft any more."}
    opened = button.args.get("draft")
    if isinstance(opened, int) and opened < stored.number:
        return {"term": f"Draft {stored.number} appeared while you edited. Change the term or a price to carry your changes to it."}
    source = cases.overview(session, renewal, now, rules).source
    return edit_errors(edit(source, TermsChoices.model_validate(stored.choices), read.changes, stored.number + 1).errors, sent)


def _snooze(session: Session, renewal: Renewal, until: date, now: datetime, rules: cases.Rules) -> dict[str, str]:
    working = cases.working_time(session, renewal.owner_id, rules)
    limit = snooze_limit(cases.window_of(session, renewal, now), working, renewal.snoozes, now)
    if limit.latest is None or until > limit.latest:
        return {"day": sentence(limit.reason, renewal.zone or "UTC")}
    return {} if until > wording.local_date(now, working.zone) else {"day": "Please choose a day after today."}


def _not_ahead(block: str, day: date | None, renewal: Renewal, now: datetime) -> dict[str, str]:
    """A day on which something was received cannot lie ahead."""
    ahead = day is not None and day > wording.local_date(now, renewal.zone or "UTC")
    return {block: "This day lies ahead; a receipt has a day that has come."} if ahead else {}


def _hand_over(session: Session, renewal: Renewal, read: HandoverSubmission, now: datetime) -> dict[str, str]:
    to = people.person(session, read.person_id)
    if to is None or not to.active:
        return {"person": "Please choose a person."}
    if to.person_id == renewal.owner_id:
        return {"person": f"{to.name} owns this already."}
    today = wording.local_date(now, to.working_time.zone)
    absent = people.away_now(session, to, now)
    if absent is not None:
        return away(to.name, absent.back_on)
    theirs, wanted = _regions(session, to.person_id, renewal.account_id)
    if theirs and wanted and theirs != wanted:
        return foreign_region(to.name)
    return {"until": "Please choose a day after today."} if read.until is not None and read.until <= today else {}


def _clause(
    session: Session, renewal: Renewal, button: Button, read: ClauseSubmission, now: datetime, rules: cases.Rules
) -> dict[str, str]:
    """A date or a length stands in the words that are given for it."""
    question = clauses.asked_by(session, renewal, button.args, now, rules)
    if question is None or read.ground == "outside" or not question.fits(read.value):
        return {}
    quoted = read.said if read.ground == "quoted" else ""
    block = "said" if quoted else "ground" if question.answer is clauses.Answer.READING else question.answer.value
    return {} if question.stands_in_text(read.value, quoted) else {block: question.not_in_text}


def _signer(session: Session, renewal: Renewal, contact_id: str, now: datetime, rules: cases.Rules) -> dict[str, str]:
    contacts = cases.overview(session, renewal, now, rules).source.contacts
    chosen = next((one for one in contacts if one.contact_id == contact_id), None)
    return {} if chosen is not None and chosen.may_sign else {"signer": "This person has no signing right in the CRM. Choose another."}


def _mail(
    session: Session, action: Action, renewal: Renewal, card: Card, read: MailSubmission, now: datetime, rules: cases.Rules
) -> dict[str, str]:
    """A figure that is none of the case, or an addressee who is no contact any more."""
    mail = mails.mail_of(session, action, renewal, card, now, rules)
    if mail is None:
        return {"body": "This case is over: nothing is left to write about."}
    if read.contact_id is not None and all(one.contact_id != read.contact_id for one in mail.contacts):
        return {"to": "This person is no contact with an address in the CRM any more. Choose another."}
    found = {block: mail.foreign(text) for block, text in (("subject", read.subject), ("body", read.body))}
    return {name: words for block, figure in found.items() if figure for name, words in foreign_figure(block, figure).items()}


def _regions(session: Session, person_id: str, account_id: str) -> tuple[str | None, str | None]:
    """Region of a person (None: all of them) and of an account."""
    of_person = select(records.Person.region).where(records.Person.id == person_id, col(records.Person.superseded_at).is_(None))
    of_account = select(records.Account.region).where(records.Account.id == account_id, col(records.Account.superseded_at).is_(None))
    return session.exec(of_person).first(), session.exec(of_account).first()
