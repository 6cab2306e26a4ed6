"""Forms that came back: read strictly into typed values, or errors at their fields, in words.

Rule 1: an error says what is allowed and why; what was typed stays in the form.
Rule 2: what only the database knows (limits, absence, deadlines) is checked by the desk; its errors are worded here too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, time
from decimal import Decimal

from contractops.operator import wording
from contractops.operator.sentences import field_error_sentence
from contractops.operator.slack.actions import Callback
from contractops.operator.slack.commands import Submit
from contractops.operator.slack.forms import (
    ClauseSubmission,
    DeclineSubmission,
    EditSubmission,
    EvidenceSubmission,
    FormErrors,
    HandoverSubmission,
    MailSubmission,
    PriceSubmission,
    ReviewSubmission,
    SettingsSubmission,
    SignerSubmission,
    SnoozeSubmission,
    StopSubmission,
    Submission,
    TextSubmission,
)
from contractops.operator.slack.modals import BODY, DIGEST_HOURS, QUIET_FROM, QUIET_UNTIL, SUBJECT, TEXTS, WEEKDAYS
from contractops.tools.errors import InvariantError
from contractops.tools.mail_figures import Foreign
from contractops.tools.terms_edit import FieldError

LEAST, MOST = 10, 500

EDIT_FIELDS = {
    "term_months": "term",
    "uplift_pct": "uplift",
    "discount_pct": "discount",
    "free_months": "discount",
    "credit": "credits",
    "change_orders": "orders",
    "left_out_orders": "orders",
    "exit_after_month": "options",
    "true_up": "options",
    "signer_contact_id": "signer",
    "note": "note",
}
"""Block of the edit form that answers for a field of ``tools.terms_edit``."""

_WHOLE = re.compile(r"[1-9][0-9]{0,2}")
_PRICE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")


def read_values(submit: Submit) -> Submission | FormErrors:
    """The typed submission, or the errors by block id. Raises ``InvariantError`` (CO-SLK-014) for a form that is never opened."""
    if submit.callback in TEXTS:
        return _text(submit)
    reader = READERS.get(submit.callback)
    if reader is None:
        raise InvariantError("CO-SLK-014", f"form {submit.callback} cannot be read")
    return reader(submit)


def edit_errors(errors: Iterable[FieldError], submit: Submit) -> dict[str, str]:
    """Errors of ``tools.terms_edit`` by block id; an error without a field of its own stands at the term."""
    said: dict[str, str] = {}
    for error in errors:
        block = EDIT_FIELDS.get(error.field, "term")
        said.setdefault(block if block in submit.values else "term", field_error_sentence(error))
    return said


def late_notice(deadline: date) -> str:
    """A customer's notice that came after the deadline; no error, a remark."""
    return f"Received after {wording.day(deadline)}: it may not count. Contract-ops is asked."


def away(name: str, until: date | None, block: str = "person") -> dict[str, str]:
    """Somebody was chosen who is away himself; ``until`` None: nobody knows how long."""
    if until is None:
        return {block: f"{name} is away. Choose somebody else."}
    return {block: f"{name} is away until {wording.short_day(until)}. Choose a deputy or a later start."}


def foreign_region(name: str) -> dict[str, str]:
    """Hand-over to somebody who may not see the account."""
    return {"person": f"{name} may not see this account's region; contract-ops can change that."}


def foreign_figure(block: str, figure: Foreign) -> dict[str, str]:
    """A figure of a mail that is none of its case."""
    way = f"Use {figure.instead} or remove it." if figure.instead else "Remove it."
    return {block: f"{figure.found} is not a figure of this case. {way}"}


def edit_changes(submit: Submit) -> EditSubmission:
    """The fields of the edit form as typed, by the names of ``tools.terms_edit``; a field that the form does not show is left out."""
    changes: dict[str, str | bool | int | tuple[str, ...] | None] = {}
    direct = {"term": "term_months", "uplift": "uplift_pct", "discount": "discount_pct", "credits": "credit", "signer": "signer_contact_id"}
    for block, name in direct.items():
        if block in submit.values:
            changes[name] = submit.values[block]
    if "orders" in submit.values:
        changes["change_orders"] = _many(submit, "orders")
    if "options" in submit.values:
        ticked = _many(submit, "options")
        months = [each.removeprefix("exit:") for each in ticked if each.startswith("exit:")]
        changes["exit_after_month"] = months[0] if months else None
        changes["true_up"] = "true_up" in ticked
    if "note" in submit.values:
        changes["note"] = _said(submit, "note")
    return EditSubmission(changes=changes)


def _text(submit: Submit) -> TextSubmission | FormErrors:
    said = _said(submit, "text")
    if submit.callback is not Callback.CREDIT_FINANCE and len(said) < LEAST:
        return _wrong("text", f"Please write a sentence: at least {LEAST} characters.")
    return TextSubmission(text=said[:MOST])


def _decline(submit: Submit) -> DeclineSubmission | FormErrors:
    reason, said = _one(submit, "reason"), _said(submit, "text")
    if reason is None:
        return _wrong("reason", "Please choose one.")
    if not LEAST <= len(said) <= MOST:
        return _wrong("text", "Please say in a sentence what would make it acceptable.")
    return DeclineSubmission(reason=reason, text=said)


def _snooze(submit: Submit) -> SnoozeSubmission | FormErrors:
    """A day that was picked wins over the list."""
    chosen = _day(submit, "day") or _day(submit, "choice")
    return _wrong("day", "Please choose a day.") if chosen is None else SnoozeSubmission(until=chosen)


def _stop(submit: Submit) -> StopSubmission | FormErrors:
    what, reason, received = _one(submit, "what"), _one(submit, "reason"), _day(submit, "received")
    if what is None:
        return _wrong("what", "Please choose one.")
    if what == "customer_notice" and received is None:
        return _wrong("received", "The notice must have a date of receipt.")
    if reason is None:
        return _wrong("reason", "Please choose one.")
    given, files = what == "customer_notice", _many(submit, "file")
    return StopSubmission(
        what=what,
        received_on=received if given else None,
        reason=reason,
        note=_said(submit, "note"),
        file_id=files[0] if given and files else None,
    )


def _handover(submit: Submit) -> HandoverSubmission | FormErrors:
    person = _one(submit, "person")
    if person is None:
        return _wrong("person", "Please choose a person.")
    return HandoverSubmission(person_id=person, until=_day(submit, "until"), note=_said(submit, "note")[:300])


def _signer(submit: Submit) -> SignerSubmission | FormErrors:
    contact = _one(submit, "signer")
    return _wrong("signer", "Please choose a person.") if contact is None else SignerSubmission(contact_id=contact)


def _evidence(submit: Submit) -> EvidenceSubmission | FormErrors:
    method, served = _one(submit, "method"), _day(submit, "served")
    reference, by = _said(submit, "reference"), _said(submit, "by")
    missing = {
        "method": "Please choose a method." if method is None else "",
        "served": "A notice counts as served only with a date of receipt." if served is None else "",
        "reference": "A notice counts as served only with a reference." if not reference else "",
        "by": "Please name the person who served it." if not by else "",
    }
    errors = {block: words for block, words in missing.items() if words}
    if errors or method is None or served is None:
        return FormErrors(errors=errors)
    return EvidenceSubmission(method=method, served_on=served, reference=reference, served_by=by)


def _price(submit: Submit) -> PriceSubmission | FormErrors:
    price, said = _said(submit, "price"), _said(submit, "said")
    missing = {
        "price": "" if _PRICE.fullmatch(price) else "Two decimals, please: 1250.00.",
        "said": "" if len(said) >= LEAST else f"Please say where the price stands, or who agreed it: at least {LEAST} characters.",
    }
    errors = {block: words for block, words in missing.items() if words}
    return FormErrors(errors=errors) if errors else PriceSubmission(amount=Decimal(price), said=said[:MOST])


def _clause(submit: Submit) -> ClauseSubmission | FormErrors:
    """A value; what does not stand in the recorded words is quoted, or said."""
    ground, said = _one(submit, "ground"), _said(submit, "said")
    value, missing = _value(submit)
    missing |= {
        "ground": "" if ground else "Please choose one.",
        "said": f"Please quote the place, or say what was agreed: at least {LEAST} characters."
        if ground != "text" and len(said) < LEAST
        else "",
    }
    errors = {block: words for block, words in missing.items() if words}
    if errors or value is None or ground is None:
        return FormErrors(errors=errors)
    return ClauseSubmission(value=value, ground=ground, said=said[:MOST])


def _value(submit: Submit) -> tuple[str | None, dict[str, str]]:
    """The day, the reading, the length with its unit or the number that the form asks for; or what is missing, by block."""
    if "length" in submit.values or "count" in submit.values:
        block = "length" if "length" in submit.values else "count"
        number, unit = _said(submit, block), _one(submit, "unit")
        missing = {block: "" if _WHOLE.fullmatch(number) else "A whole number from 1 to 999, please."}
        if block == "count":
            return number, missing
        return f"{number} {unit}", missing | {"unit": "" if unit else "Please choose one."}
    if "date" in submit.values:
        day = _day(submit, "date")
        return day.isoformat() if day else None, {"date": "" if day else "Please choose a day."}
    reading = _one(submit, "reading")
    return reading, {"reading": "" if reading else "Please choose one."}


def _settings(submit: Submit) -> SettingsSubmission | FormErrors:
    """Hours within their bounds; a deputy has a first day, and a first day a deputy."""
    weekday, digest = _one(submit, "digest_day"), _hour(submit, "digest_at")
    quiet_from, quiet_until = _hour(submit, "quiet_from"), _hour(submit, "quiet_until")
    deputy, first, last = _one(submit, "deputy"), _day(submit, "from"), _day(submit, "until")
    errors = {
        "digest_day": "" if weekday in WEEKDAYS else "Please choose a day from Monday to Friday.",
        "digest_at": "" if digest in DIGEST_HOURS else _between("The digest comes", DIGEST_HOURS),
        "quiet_from": "" if quiet_from in QUIET_FROM else _between("Quiet time begins", QUIET_FROM),
        "quiet_until": "" if quiet_until in QUIET_UNTIL else _between("Quiet time ends", QUIET_UNTIL),
        "deputy": "Please choose who stands in for you." if first and not deputy else "",
        "from": "Please choose the first day, or no last day." if last and not first else "",
        "until": "The last day comes before the first." if first and last and last < first else "",
    }
    wrong = {block: words for block, words in errors.items() if words}
    if wrong or weekday is None or digest is None or quiet_from is None or quiet_until is None:
        return FormErrors(errors=wrong)
    return SettingsSubmission(
        digest_weekday=int(weekday),
        digest_at=digest,
        quiet_from=quiet_from,
        quiet_until=quiet_until,
        deputy_id=deputy if first else None,
        away_from=first,
        away_until=last,
        by_mail="mail" in _many(submit, "by_mail"),
    )


def _between(what: str, hours: Sequence[time]) -> str:
    return f"{what} between {hours[0]:%H:%M} and {hours[-1]:%H:%M}."


def _hour(submit: Submit, block: str) -> time | None:
    value = _one(submit, block)
    try:
        return None if value is None else time.fromisoformat(value)
    except ValueError:
        return None


def _review(submit: Submit) -> ReviewSubmission:
    return ReviewSubmission(comment=_said(submit, "comment")[:MOST])


def _mail(submit: Submit) -> MailSubmission | FormErrors:
    subject, body = _said(submit, "subject"), _said(submit, "body")
    missing = {
        "subject": "Please write a subject." if not subject else "",
        "body": "Please write a text." if not body else "",
    }
    errors = {block: words for block, words in missing.items() if words}
    if errors:
        return FormErrors(errors=errors)
    return MailSubmission(contact_id=_one(submit, "to"), subject=subject[:SUBJECT], body=body[:BODY])


READERS: dict[Callback, Callable[[Submit], Submission | FormErrors]] = {
    Callback.DRAFT_EDIT: edit_changes,
    Callback.SECOND_APPROVE: _review,
    Callback.SECOND_DECLINE: _decline,
    Callback.SNOOZE: _snooze,
    Callback.STOP: _stop,
    Callback.HANDOVER: _handover,
    Callback.ENVELOPE_SIGNER: _signer,
    Callback.NOTICE_SEND: _review,
    Callback.NOTICE_EVIDENCE: _evidence,
    Callback.FINDING_PRICE: _price,
    Callback.CREDIT_MAIL: _mail,
    Callback.RESTORE_MAIL: _mail,
    Callback.ENVELOPE_NUDGE: _mail,
    Callback.SETTINGS: _settings,
    Callback.CLAUSE_SETTLE: _clause,
}
"""One reader a form; the forms of one text share ``_text``."""


def _wrong(block: str, words: str) -> FormErrors:
    return FormErrors(errors={block: words})


def _one(submit: Submit, block: str) -> str | None:
    value = submit.values.get(block)
    return value if isinstance(value, str) and value else None


def _many(submit: Submit, block: str) -> tuple[str, ...]:
    value = submit.values.get(block)
    return value if isinstance(value, tuple) else ()


def _said(submit: Submit, block: str) -> str:
    return (_one(submit, block) or "").strip()


def _day(submit: Submit, block: str) -> date | None:
    value = _one(submit, block)
    try:
        return None if value is None else date.fromisoformat(value)
    except ValueError:
        return None
