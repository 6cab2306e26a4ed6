"""Forms as Slack views. View-model in, view out; pure. The words of every form stand here.

Rule 1: title and button are verb and object, at most 24 characters; at most ten inputs; what is known is filled in.
Rule 2: what may be typed is said beside the field, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, time, timedelta
from typing import Any, Final

from contractops.operator import wording
from contractops.operator.slack import inputs, modals_facts, phrases
from contractops.operator.slack.actions import Callback
from contractops.operator.slack.blocks import Block, Bold, facts, field, lines, section
from contractops.operator.slack.forms import (
    AnyForm,
    Choice,
    ClauseForm,
    DeclineForm,
    EditForm,
    EvidenceForm,
    HandoverForm,
    MailForm,
    NoticeForm,
    PriceForm,
    ReviewForm,
    SettingsForm,
    SignerForm,
    SnoozeForm,
    StopForm,
    TextForm,
)
from contractops.operator.slack.limits import check_view
from contractops.tools.errors import InvariantError
from contractops.tools.terms import CreditHandling

NOTE = 500
SUBJECT, BODY = 150, 3000
_FACTS = 10
_MONDAY = 0
_A_WEEK = 7

TEXTS: dict[Callback, tuple[str, str, str, str]] = {
    Callback.DRAFT_CHANGES: (
        "Ask for changes",
        "Send the wish",
        "What should change?",
        "It goes to contract-ops and stands in the thread.",
    ),
    Callback.SECOND_ASK: ("Ask {whom}", "Send the question", "Your question", "It goes to {whom}'s thread. Nothing is paused."),
    Callback.HANDOVER_RETURN: ("Give back", "Give back", "Why does it go back?", ""),
    Callback.FINDING_LEAVE_OUT: (
        "Leave an order out",
        "Leave it out",
        "Why is it left out?",
        "A new draft is prepared without the order. The reason stands in its note.",
    ),
    Callback.LEGAL_ASK: ("Ask legal", "Send to legal", "Your question", "The dates and clauses of this contract go with it."),
    Callback.MISSED_REASON: ("Record the reason", "Save the reason", "Why was it missed?", "No blame: it helps to prevent the next one."),
    Callback.CREDIT_FINANCE: ("Send to finance", "Send to finance", "Note to finance", ""),
    Callback.CREDIT_DISPUTE: (
        "Not a breach",
        "Save the reason",
        "Why is it not a breach?",
        "The credit is not owed then; contract-ops sees this.",
    ),
    Callback.FINANCE_RETURN: ("Return to owner", "Return to owner", "What is missing?", ""),
    Callback.EFFECT_DONE: ("Mark as done", "Mark as done", "What did you find?", "Name the reference, for example the envelope id."),
    Callback.DIFFERENCE_ACCEPT: (
        "Accept difference",
        "Accept difference",
        "Why is the signed text right?",
        "It stands in the audit trail.",
    ),
    Callback.DIFFERENCE_DISPUTE: ("Dispute difference", "Dispute difference", "What is wrong?", "Nothing is written to the CRM."),
}
"""Title, button, question and hint of the forms with one text, by callback."""

STOP_CHOICES = (
    Choice(value="end", label="We end it"),
    Choice(value="customer_notice", label="The customer has given notice"),
    Choice(value="renew", label="It renews as it is"),
)
STOP_REASONS = (
    Choice(value="price", label="Price"),
    Choice(value="service", label="Service"),
    Choice(value="site_closed", label="Site closed or moved"),
    Choice(value="competitor", label="Changed supplier"),
    Choice(value="no_change_needed", label="No change needed"),
    Choice(value="other", label="Other"),
)
DECLINE_REASONS = (
    Choice(value="price", label="Price"),
    Choice(value="term", label="Term"),
    Choice(value="risk", label="Risk"),
    Choice(value="other", label="Other"),
)


def render_form(form: AnyForm) -> Block:
    """The view of ``form``. Raises ``InvariantError``: no view for it (CO-SLK-012), or sizes (CO-SLK-013)."""
    renderer = FORMS.get(type(form))
    if renderer is None:
        raise InvariantError("CO-SLK-012", f"no form is made from {type(form).__name__}")
    view = renderer(form)
    faults = check_view(view)
    if faults:
        raise InvariantError("CO-SLK-013", f"{type(form).__name__} cannot be shown: {'; '.join(faults)}")
    return view


def edit(form: EditForm) -> Block:
    """Edit a draft; the preview line is computed anew on each change."""
    title, submit = f"Edit draft {form.number}", f"Save as draft {form.newer or form.number + 1}"
    stale = []
    if form.newer is not None:
        title, submit = f"Edit draft {form.newer}", f"Save as draft {form.newer + 1}"
        stale = [section("stale", Bold(f"Draft {form.newer} appeared while you edited."), " Your changes are carried to it.")]
    blocks = [
        inputs.who(form, f"Must be signed by {wording.deadline(form.sign_by, form.zone)}."),
        *stale,
        inputs.entry("term", "Term", inputs.select([_term(each, form.term) for each in form.terms]), live=True),
        *_prices(form),
        _preview(form),
        *_credit(form),
        *_orders_and_options(form),
        _signers(form.signers),
        inputs.entry(
            "note", "Note to the approver", inputs.text(NOTE, initial=form.note, placeholder="Why is this a good deal?"), optional=True
        ),
    ]
    return inputs.modal(Callback.DRAFT_EDIT, form.token, title, submit, blocks)


def _term(months: int, chosen: int) -> Choice:
    return Choice(value=str(months), label=phrases.months(months), chosen=months == chosen)


def _prices(form: EditForm) -> list[Block]:
    clause = f" ({form.clause})" if form.clause else ""
    alone = f"Up to {wording.percent(form.alone_max)} you decide alone. " if form.alone_max is not None else ""
    return [
        inputs.entry(
            "uplift",
            "Price rise before discount, in %",
            inputs.percentage(form.uplift, form.uplift_max),
            live=True,
            hint=f"The contract allows at most {wording.percent(form.uplift_max)}{clause}.",
        ),
        inputs.entry(
            "discount",
            "Discount, in %",
            inputs.percentage(form.discount, form.discount_max),
            live=True,
            hint=f"{alone}At most {wording.percent(form.discount_max)}: then the price reaches the floor of {wording.money(form.floor)}.",
        ),
    ]


def _preview(form: EditForm) -> Block:
    if form.preview is None:
        return section("preview", Bold("Result:"), " unknown until every field can be read.")
    needs = "".join(f", then {who}" for who in form.preview.needs)
    said = f" {wording.monthly(form.preview.monthly)}, {wording.money(form.preview.total)} in total. Needs you{needs}."
    return section("preview", Bold("Result:"), said)


def _credit(form: EditForm) -> list[Block]:
    if form.credit is None or form.credit.amount == 0:
        return []
    closes = f"The claim still closes {wording.day(form.claim_closes)}" if form.claim_closes else ""
    words = {
        CreditHandling.FIRST_INVOICE: ("Credit on the first invoice", ""),
        CreditHandling.SEPARATE: ("Separate credit note", ""),
        CreditHandling.LEAVE_OPEN: ("Leave open", closes),
    }
    choices = [Choice(value=use.value, label=label, detail=detail, chosen=use is form.credit_use) for use, (label, detail) in words.items()]
    return [inputs.entry("credits", f"Open credit of {wording.money(form.credit)}", inputs.radios(choices))]


def _orders_and_options(form: EditForm) -> list[Block]:
    blocks = []
    if form.orders:
        blocks.append(inputs.entry("orders", "Change orders to include", inputs.boxes(form.orders), optional=True))
    options = [Choice(value="true_up", label="Yearly true-up of usage", chosen=form.true_up)]
    month = form.exit_after_month or form.exit_offered
    if month is not None:
        chosen = form.exit_after_month is not None
        options.insert(0, Choice(value=f"exit:{month}", label=f"Exit right after month {month}", chosen=chosen))
    return [*blocks, inputs.entry("options", "Options", inputs.boxes(options), optional=True)]


def _signers(signers: Sequence[Choice]) -> Block:
    """Who may sign for the customer; a drop-down cannot be empty, so nobody is said in words."""
    if not signers:
        return section("no_signer", Bold("Nobody may sign:"), " the CRM has no contact with signing right. Add the person in the CRM.")
    hint = "From the CRM contacts with signing right. Missing someone? Add the person in the CRM."
    return inputs.entry("signer", "Customer signs", inputs.select(signers), hint=hint)


def review(form: ReviewForm) -> Block:
    """Every figure again before a second approval."""
    shown = [facts(*[field(label, words) for label, words in form.facts[:_FACTS]])]
    if len(form.facts) > _FACTS:
        more = facts(*[field(label, words) for label, words in form.facts[_FACTS : 2 * _FACTS]])
        shown.append(more | {"block_id": "facts_2"})
    so_far = "\n".join(form.approvals)
    blocks = [
        inputs.who(form, "Your approval counts for exactly these terms."),
        *shown,
        *([section("approvals", Bold("Approvals so far:"), f"\n{so_far}")] if so_far else []),
        *_document(form),
        inputs.entry("comment", "Comment", inputs.text(NOTE), optional=True),
    ]
    return inputs.modal(Callback.SECOND_APPROVE, form.token, "Approve these terms", f"Approve draft {form.number}", blocks)


def _document(form: ReviewForm) -> list[Block]:
    return [section("document", f"Document: {form.document_url}")] if form.document_url else []


def decline(form: DeclineForm) -> Block:
    """Decline, with a reason."""
    blocks = [
        inputs.who(form),
        inputs.entry("reason", "Reason", inputs.radios(DECLINE_REASONS)),
        inputs.entry("text", "What would make it acceptable?", inputs.text(NOTE), hint="It goes to the owner's thread at once."),
    ]
    title = f"Decline draft {form.number}"
    return inputs.modal(Callback.SECOND_DECLINE, form.token, title, title, blocks)


def snooze(form: SnoozeForm) -> Block:
    """Quiet for a while."""
    latest = f"Latest: {wording.day(form.latest)}, for the deadline {wording.day(form.deadline)}."
    choices = [Choice(value=on.isoformat(), label=_snooze_label(on, form.today), chosen=on == form.choices[0]) for on in form.choices]
    blocks = [inputs.who(form, latest)]
    if choices:
        blocks.append(inputs.entry("choice", "Quiet until", inputs.radios(choices), optional=True))
    blocks.append(
        inputs.entry("day", "Or another day", inputs.calendar(), optional=bool(choices), hint=f"Until 09:00 of that day. {latest}")
    )
    return inputs.modal(Callback.SNOOZE, form.token, "Snooze alert", "Snooze", blocks)


def _snooze_label(on: date, today: date) -> str:
    when = f"{wording.day(on)}, 09:00"
    if on == today + timedelta(days=1):
        return f"Tomorrow, {when}"
    if on.weekday() == _MONDAY and (on - today).days <= _A_WEEK:
        return f"Next Monday, {when}"
    return when


def stop(form: StopForm) -> Block:
    """No terms are prepared: what happens instead."""
    blocks = [
        inputs.who(form),
        inputs.entry("what", f"What should happen on {wording.day(form.term_end)}?", inputs.radios(STOP_CHOICES)),
        inputs.entry(
            "received", "Customer's notice received on", inputs.calendar(), optional=True, hint="Needed when the customer has given notice."
        ),
        inputs.entry("file", "Customer's notice", inputs.upload(*NOTICE_FILES), optional=True, hint=NOTICE_HINT),
        inputs.entry("reason", "Reason", inputs.select(STOP_REASONS)),
        inputs.entry("note", "Note", inputs.text(NOTE), optional=True),
    ]
    return inputs.modal(Callback.STOP, form.token, "Not preparing terms", "Save decision", blocks)


NOTICE_FILES: Final = ("pdf", "docx", "png", "jpg", "eml")
NOTICE_HINT: Final = "Kept when the customer has given notice: PDF, DOCX, PNG, JPG or EML."


def handover(form: HandoverForm) -> Block:
    """Somebody else takes over."""
    blocks = [
        inputs.who(form, "Until it is accepted, both of you are told."),
        inputs.entry("person", "To whom", inputs.select(form.people)),
        inputs.entry("until", "Until when", inputs.calendar(), optional=True, hint="Empty: for good."),
        inputs.entry("note", "Note", inputs.text(300), optional=True),
    ]
    return inputs.modal(Callback.HANDOVER, form.token, "Hand over", "Hand over", blocks)


def signer(form: SignerForm) -> Block:
    """Another signer on the customer's side."""
    blocks = [inputs.who(form, f"Draft {form.number} stays as it is."), _signers(form.signers)]
    return inputs.modal(Callback.ENVELOPE_SIGNER, form.token, "Change signer", "Change signer", blocks)


def notice(form: NoticeForm) -> Block:
    """The very notice that is sent for signature, once more."""
    by = wording.deadline(form.received_by, form.zone)
    blocks = [
        inputs.who(form, "Your decision counts for exactly this notice."),
        lines("notice", form.lines),
        section(
            "signer",
            f"{form.signer} signs for us. Nothing goes to the customer: you deliver the signed notice, so that it is received by {by}.",
        ),
        section("fingerprint", f"Document fingerprint {wording.fingerprint(form.fingerprint)}."),
        inputs.entry("comment", "Comment", inputs.text(NOTE), optional=True),
    ]
    return inputs.modal(Callback.NOTICE_SEND, form.token, "Send the notice", "Send for signature", blocks)


def evidence(form: EvidenceForm) -> Block:
    """How, when and by whom the notice was served."""
    blocks = [
        inputs.who(form, f"The notice must be received by {wording.deadline(form.received_by, form.zone)}."),
        *([section("signed", form.signed)] if form.signed else []),
        inputs.entry("method", "Method", inputs.select(form.methods)),
        inputs.entry("served", "Received on", inputs.calendar()),
        inputs.entry("reference", "Reference", inputs.text(100, many_lines=False), hint="Tracking number, receipt or message id."),
        inputs.entry("by", "Served by", inputs.text(100, many_lines=False)),
    ]
    return inputs.modal(Callback.NOTICE_EVIDENCE, form.token, "Proof of delivery", "Save the proof", blocks)


def text(form: TextForm) -> Block:
    """One question."""
    first = form.whom.split(" ", 1)[0]
    title, submit, label, hint = (words.format(whom=first) for words in TEXTS[form.callback])
    optional = form.callback is Callback.CREDIT_FINANCE
    blocks = [inputs.who(form), inputs.entry("text", label, inputs.text(NOTE), hint=hint, optional=optional)]
    return inputs.modal(form.callback, form.token, title, submit, blocks)


def mail(form: MailForm) -> Block:
    """A mail that the person sends himself; its figures are those of the case."""
    to = inputs.entry("to", "To", inputs.select(form.contacts), hint="From the CRM contacts. Missing someone? Add the person in the CRM.")
    nobody = section("nobody", Bold("To: unknown."), " The CRM has no contact with an e-mail address.")
    hint = "Figures are locked: change the words, keep the figures of this case or remove them."
    blocks = [
        inputs.who(form, "You send it; I don't."),
        to if form.contacts else nobody,
        inputs.entry("subject", "Subject", inputs.text(SUBJECT, initial=form.subject, many_lines=False)),
        inputs.entry("body", "Text", inputs.text(BODY, initial=form.body), hint=hint),
    ]
    return inputs.modal(form.callback, form.token, "E-mail draft", "Copy text / Open in mail", blocks)


def settings(form: SettingsForm) -> Block:
    """What a person decides about himself; roles and limits are only shown."""
    shown = f"\n{form.role[:1].upper()}{form.role[1:]}. {' '.join(form.limits)} Contract-ops keeps roles and limits."
    blocks = [
        section("who", Bold(f"{form.name}."), f" All hours are {wording.city(form.zone)} time.{shown}"),
        inputs.entry("digest_day", "Your week comes on", inputs.select(_weekdays(form.digest_weekday))),
        inputs.entry("digest_at", "At", inputs.select(_hours(DIGEST_HOURS, form.digest_at))),
        inputs.entry("quiet_from", "Quiet from", inputs.select(_hours(QUIET_FROM, form.quiet_from))),
        inputs.entry("quiet_until", "Quiet until", inputs.select(_hours(QUIET_UNTIL, form.quiet_until)), hint=_BREAKS_THROUGH),
        inputs.entry("deputy", "While you are away", inputs.select(form.deputies), optional=True, hint="Stands in for you on these days."),
        inputs.entry("from", "Away from", inputs.calendar(form.away_from), optional=True),
        inputs.entry("until", "Away until", inputs.calendar(form.away_until), optional=True, hint="The last day. Empty: until you say so."),
        inputs.entry("by_mail", "E-mail", inputs.boxes(_by_mail(form)), optional=True, hint=LAST_WEEK),
    ]
    return inputs.modal(Callback.SETTINGS, form.token, "Settings", "Save settings", blocks)


LAST_WEEK: Final = "Alerts in the last 7 days can't be switched off."
_BREAKS_THROUGH: Final = "In the last 3 days an alert may come between 07:00 and 21:00."
_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
WEEKDAYS: Final = tuple(str(number) for number in range(len(_NAMES)))
DIGEST_HOURS: Final = tuple(time(hour, minute) for hour in range(7, 18) for minute in (0, 30))
QUIET_FROM: Final = tuple(time(hour, minute) for hour in range(17, 21) for minute in (0, 30))
QUIET_UNTIL: Final = tuple(time(hour, minute) for hour in range(7, 10) for minute in (0, 30))
"""What may be chosen. Quiet time may not eat the working day: an answer time counts from 09:00 to 17:00."""


def _weekdays(chosen: int) -> list[Choice]:
    return [Choice(value=value, label=name, chosen=int(value) == chosen) for value, name in zip(WEEKDAYS, _NAMES, strict=True)]


def _hours(offered: Sequence[time], chosen: time) -> list[Choice]:
    return [Choice(value=f"{at:%H:%M}", label=f"{at:%H:%M}", chosen=at == chosen) for at in offered]


def _by_mail(form: SettingsForm) -> list[Choice]:
    detail = "" if form.mails else "E-mail is not configured here."
    return [Choice(value="mail", label="Mail me an alert that I left unanswered in Slack", detail=detail, chosen=form.by_mail)]


FORMS: dict[type[AnyForm], Callable[[Any], Block]] = {
    EditForm: edit,
    ReviewForm: review,
    DeclineForm: decline,
    SnoozeForm: snooze,
    StopForm: stop,
    HandoverForm: handover,
    SignerForm: signer,
    NoticeForm: notice,
    EvidenceForm: evidence,
    PriceForm: modals_facts.price,
    ClauseForm: modals_facts.clause,
    TextForm: text,
    MailForm: mail,
    SettingsForm: settings,
}
"""One view a form."""
