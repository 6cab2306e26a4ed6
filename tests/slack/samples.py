"""One value of every card and state, from the worked story (Northwind Logistics, Mon 7 Dec 2026); invented people."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from contractops.operator.slack import views as v
from contractops.operator.slack import views_outcome as o
from contractops.operator.slack import views_service as s
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.views_chat import ChatReply
from contractops.tools.terms import CreditHandling
from contractops.tools.values import ClauseRef, Finding, Money, Reason, Severity, Value

ZONE = "America/Chicago"
_TZ = ZoneInfo(ZONE)


def usd(text: str) -> Money:
    """An amount in USD."""
    return Money(amount=Decimal(text), currency="USD")


def at(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """An instant told in Chicago, kept in UTC as the product does."""
    return datetime(year, month, day, hour, minute, tzinfo=_TZ).astimezone(UTC)


def buttons(*actions: Action, about: str = "") -> tuple[Button, ...]:
    """Buttons with opaque tokens."""
    return tuple(Button(action=action, token=f"g1.{action.value}", about=about) for action in actions)


BASE = {"account": "Northwind Logistics", "contract_id": "ENT-3391", "zone": ZONE}
RENEWS = v.Renews(on=date(2027, 4, 8), months=12)
RENEWS_AT = v.Renews(on=date(2027, 4, 8), months=12, monthly=usd("18450"))
DUE = at(2027, 2, 5, 17)
MARIA = v.Act(by="Maria Ortiz", at=at(2026, 12, 7, 10, 42))
DANA = v.Act(by="Dana Whitfield", at=at(2026, 12, 7, 11, 5))
SERVICE = v.Service(missed=2, months=8, credit=usd("1435"), claim_closes=date(2026, 12, 30))
TARGET = SERVICE.model_copy(update={"target": Decimal("99.95")})
SHA = "7f3a91c2" + "0" * 56

ALERT = v.AlertCard(
    **BASE,
    days_left=60,
    decide_by=DUE,
    otherwise=RENEWS,
    monthly=usd("18450"),
    yearly=usd("221400"),
    term_months=12,
    term_ends=date(2027, 4, 7),
    service=SERVICE,
    crm=v.CrmBehind(missing=2, net=usd("730")),
    data_checked=at(2026, 12, 7, 9),
    next_told=("Sam Okafor", date(2027, 1, 6)),
    buttons=buttons(Action.RENEWAL_PREPARE, Action.RENEWAL_WHY, Action.RENEWAL_SNOOZE, Action.RENEWAL_HANDOVER, Action.RENEWAL_STOP),
)

DRAFT = v.DraftCard(
    **BASE,
    number=2,
    months=36,
    monthly=usd("16723.08"),
    today=usd("18450"),
    change=Decimal("-9.36"),
    total=usd("602030.88"),
    start=date(2027, 4, 8),
    end=date(2030, 4, 7),
    sign_by=DUE,
    otherwise=RENEWS,
    changes=(
        v.TermChange(old=12, new=36),
        v.PercentChange(what="discount", old=Decimal(0), new=Decimal(12)),
        v.Added(what="exit right after month 24"),
    ),
    price=v.PriceBuild(
        base=usd("18450"),
        uplift=Decimal(3),
        ground="cap, clause 4.2",
        listed=usd("19003.50"),
        discount=Decimal(12),
        result=usd("16723.08"),
    ),
    arr_change=usd("-20723.04"),
    floor=usd("16200"),
    floor_kept=True,
    service=TARGET,
    credit_use=CreditHandling.FIRST_INVOICE,
    orders_in=("CO-118", "CO-131"),
    orders_out=(),
    approvals=(v.Person(name="Dana Whitfield", role="VP Sales"),),
    over=(v.OverLimit(value=36, limit=24), v.OverLimit(value=Decimal(12), limit=Decimal(10))),
    signer="Priya Nair",
    author=v.Act(by="Maria Ortiz", at=at(2026, 12, 7, 10, 31)),
    fingerprint=SHA,
    price_book="2026-11",
    cpi="October 2026",
    buttons=buttons(Action.DRAFT_APPROVE, Action.DRAFT_EDIT, Action.DRAFT_CHANGES, Action.DRAFT_REASONS, Action.DRAFT_DOCUMENT),
)

SECOND = v.SecondApprovalCard(
    **BASE,
    number=2,
    months=36,
    asker=v.Person(name="Maria Ortiz", possessive="her"),
    answer_by=at(2026, 12, 10, 17),
    over=DRAFT.over,
    discount=Decimal(12),
    given=usd("82095.12"),
    conditions=("Exit right after month 24",),
    total=usd("602030.88"),
    end=date(2030, 4, 7),
    retry_until=date(2027, 2, 5),
    otherwise=RENEWS_AT,
    renewed_times=3,
    service=SERVICE,
    note="They hold a rival quote for 36 months. 12 % keeps us under it and above the floor.",
    position=2,
    positions=2,
    approved=(MARIA,),
    fingerprint=SHA,
    floor=usd("16200"),
    floor_kept=True,
    buttons=buttons(Action.SECOND_APPROVE, Action.SECOND_DECLINE, Action.SECOND_ASK, Action.DRAFT_DOCUMENT),
)

CONFLICT = o.CrmConflict(
    label="billing contact",
    signed="Ana Duarte",
    crm="Tom Reyes",
    changed_by="J. Kim",
    changed_at=at(2026, 12, 14, 15, 5),
)

SIGNED = o.SignedCard(
    **BASE,
    undecided=1,
    number=2,
    months=36,
    until=date(2030, 4, 7),
    monthly=usd("16723.08"),
    signed_by="Priya Nair",
    signed_title="COO",
    signed_at=at(2026, 12, 14, 15, 20),
    days_before=53,
    written=9,
    fields=10,
    changes=(
        o.CrmChange(label="Monthly price", old=usd("17720"), new=usd("16723.08"), since=date(2027, 4, 8)),
        o.CrmChange(label="Term end", old=date(2027, 4, 7), new=date(2030, 4, 7)),
    ),
    orders_added=("CO-118", "CO-131"),
    conflict=CONFLICT,
    fingerprint=SHA,
    next_alert=(date(2029, 10, 9), 120, date(2030, 2, 6)),
    buttons=buttons(Action.CRM_USE_SIGNED, Action.CRM_KEEP, Action.CRM_FIELDS, Action.SIGNED_DOCUMENT),
)

CREDIT = s.CreditDueCard(
    **BASE,
    amount=usd("1435"),
    service="Circuit CHI-DAL-02",
    minutes=Decimal(187),
    day=date(2026, 11, 10),
    allowed=Decimal("21.6"),
    claim_closes=date(2026, 12, 30),
    month=date(2026, 11, 1),
    availability=Decimal("99.5671"),
    target=Decimal("99.95"),
    counted=43200,
    percent=Decimal(35),
    base=usd("4100"),
    cap=usd("4100"),
    cap_reached=False,
    maintenance=Decimal(0),
    waiting=Decimal(0),
    tickets=(s.Ticket(id="TT-88412", priority="1"),),
    clocks_agree=True,
    data_checked=at(2026, 12, 1, 6),
    buttons=buttons(Action.CREDIT_MAIL, Action.CREDIT_FINANCE, Action.CREDIT_REASONS, Action.CREDIT_DISPUTE),
)

RESTORE = s.RestoreCard(
    account="Beacon University",
    contract_id="ENT-3105",
    zone=ZONE,
    ticket="TT-90211",
    service="3105-INT-51",
    priority="1",
    since=at(2026, 12, 7, 8, 20),
    target=at(2026, 12, 7, 14, 20),
    minutes=360,
    now=at(2026, 12, 7, 13, 42),
    restored=None,
    buttons=buttons(Action.RESTORE_MAIL, Action.RESTORE_WHY),
)

MAIL = s.MailDraft(
    to=("Ana Duarte", "ana.duarte@northwind.example"),
    subject="Credit of USD 1,435.00 for CHI-DAL-02, 10 November 2026",
    body="Good day,\n\nOn 10 November 2026 your circuit CHI-DAL-02 was down for 187 minutes.\n\nMaria Ortiz",
    link="mailto:ana.duarte@northwind.example?subject=Credit%20of%20USD%201%2C435.00&body=Good%20day",
    link_has_text=True,
)

SENT = o.SentReply(
    **BASE,
    number=2,
    signer="Priya Nair",
    signer_title="COO",
    countersigner="Dana Whitfield",
    closes=at(2027, 1, 29, 17),
    deadline=date(2027, 2, 5),
    days_left=60,
    buttons=buttons(Action.ENVELOPE_RESEND, Action.ENVELOPE_SIGNER, Action.ENVELOPE_VOID),
)

MISSED = o.MissedCard(
    account="Harbor Clinics",
    contract_id="ENT-2208",
    zone=ZONE,
    told=("Maria Ortiz", "Sam Okafor", "Lena Fischer"),
    closed_on=date(2026, 12, 4),
    otherwise=v.Renews(on=date(2027, 3, 5), months=12),
    until=date(2028, 3, 4),
    monthly=usd("9900"),
    alerts=8,
    last_alert=date(2026, 12, 3),
    next_decide_by=date(2027, 12, 3),
    buttons=buttons(Action.MISSED_OFFER, Action.LEGAL_ASK, Action.MISSED_REASON),
)

NO_PRICE = Finding(
    code="facts.order_outlives_agreement",
    severity=Severity.BLOCKING,
    about="SO-12",
    values={"order_end": "2028-10-31", "agreement_end": "2027-04-07"},
)

QUOTE = ClauseRef(document="order SO-7", page=3, quote="twelve (12) months from acceptance")

REASONS = o.ReasonsReply(
    headline="Decide by Fri 5 Feb 2027, 17:00 CST.",
    zone=ZONE,
    reasons=(
        Reason(
            code="window.term",
            values={"term": 1, "start": "2026-04-08", "end": "2027-04-07", "length": 12, "unit": "months", "start_event": "acceptance"},
            clause=QUOTE,
        ),
        Reason(
            code="window.notice",
            values={"length": 60, "unit": "days", "whose": "both"},
            clause=ClauseRef(document="MSA", clause="9.2", page=11),
        ),
        Reason(code="window.counted", values={"from": "2027-04-07", "last_day": "2027-02-06"}),
        Reason(
            code="window.day_off",
            values={
                "day": "2027-02-06",
                "why": "Saturday",
                "safe_on": "2027-02-05",
                "last_defensible": "2027-02-06",
                "clause_rolls": "none",
            },
        ),
        Reason(
            code="window.basis",
            values={"basis": "receipt", "cutoff": "17:00", "cutoff_stated": True, "zone": ZONE},
            clause=ClauseRef(document="MSA", clause="14.1"),
        ),
    ),
    tail="Contract's own last day: Sat 6 Feb 2027.",
)


def _line(account: str, days_left: int | None, token: str) -> o.ListLine:
    known = days_left is not None
    return o.ListLine(
        account=account,
        contract_id="ENT-1042",
        zone=ZONE,
        decide_by=DUE if known else None,
        days_left=days_left,
        monthly=usd("7250"),
        step="Decide" if known else "Answer 1 question",
        unknown="" if known else "the amendment of Tue 3 Mar 2026 has no start date",
        button=Button(action=Action.CARD_OPEN, token=token),
    )


LINES = (_line("Brightway Retail", 4, "g1.a"), _line("Copperleaf Media", None, "g1.b"))


def _with(card: Value, **changes: object) -> Value:
    return card.model_copy(update=changes)


_NONE: tuple[Button, ...] = ()

_NORTHWIND_CREDIT = s.CreditLine(account="Northwind Logistics", amount=usd("160"), month=date(2026, 9, 1), on=date(2026, 10, 30))

DIGEST = s.DigestCard(
    decisions=2,
    signatures=1,
    credits=(Money(amount=Decimal(310), currency="EUR"), usd("1435")),
    lines=LINES,
    more=2,
    renewed=1,
    renewed_prices=((usd("4200"), usd("4326")),),
    missed=0,
    unknown=3,
    small=(_NORTHWIND_CREDIT.model_copy(update={"amount": usd("40"), "month": date(2026, 11, 1), "on": date(2026, 12, 30)}),),
    lapsed=(_NORTHWIND_CREDIT,),
    buttons=buttons(Action.DESK_OPEN),
)

CARDS: dict[str, Value] = {
    "alert": ALERT,
    "alert_unknown_service": _with(ALERT, service=None, crm=None, next_told=None, otherwise=v.Ends(on=date(2027, 4, 7))),
    "alert_today_rolls_on": _with(ALERT, days_left=0, otherwise=v.RollsOn(on=date(2027, 4, 7)), term_months=None),
    "alert_extras": _with(
        ALERT,
        readings=v.TwoReadings(earlier=date(2027, 2, 5), later=date(2027, 2, 8), clause="9.2"),
        duty=v.Duty(law="New York law", opens=date(2027, 1, 7), closes=date(2027, 1, 21)),
        handover=v.Handover(by="Jo Lang", waiting="draft 2 waits for your approval", note="Priya is <@U1> away"),
        buttons=ALERT.buttons + buttons(Action.CLAUSE_READ, Action.RULE_OPEN, Action.HANDOVER_ACCEPT, Action.HANDOVER_RETURN),
    ),
    "alert_preparing": _with(ALERT, state=v.Preparing(by="Maria Ortiz", at=at(2026, 12, 7, 10, 12)), buttons=_NONE),
    "alert_progress": _with(ALERT, state=v.Progressing(steps=("prices done", "change orders 2 of 3")), buttons=_NONE),
    "alert_in_review": _with(
        ALERT, state=v.InReview(number=2), buttons=buttons(Action.RENEWAL_WHY, Action.RENEWAL_STOP, Action.DRAFT_OPEN)
    ),
    "alert_waiting": _with(ALERT, state=v.WaitingForApproval(number=2, whom="Dana Whitfield"), buttons=_NONE),
    "alert_out": _with(ALERT, state=v.OutForSignature(since=date(2026, 12, 7), opened=date(2026, 12, 9)), buttons=_NONE),
    "alert_snoozed": _with(ALERT, state=v.Snoozed(until=at(2026, 12, 14, 9)), buttons=buttons(Action.RENEWAL_WAKE)),
    "alert_not_renewing": _with(ALERT, state=v.NotRenewing(act=MARIA), buttons=buttons(Action.NOTICE_EVIDENCE)),
    "alert_served": _with(ALERT, state=v.NotRenewing(act=MARIA, served=True), buttons=_NONE),
    "alert_let_renew": _with(ALERT, state=v.LettingRenew(act=MARIA), buttons=buttons(Action.RENEWAL_PREPARE)),
    "alert_renewed": _with(ALERT, state=v.Renewed(until=date(2030, 4, 7)), buttons=_NONE),
    "alert_closed": _with(ALERT, state=v.WindowClosed(on=date(2027, 2, 5)), days_left=-1, buttons=_NONE),
    "alert_needs_person": _with(ALERT, state=v.NeedsPerson(what="the envelope for draft 2 has no receipt"), buttons=_NONE),
    "reminder": v.ReminderReply(
        **BASE,
        days_left=14,
        decide_by=DUE,
        otherwise=RENEWS,
        monthly=usd("18450"),
        told=("Sam Okafor", "Lena Fischer"),
        changed="a credit of USD 1,435.00 opened",
        mention="U0MARIA",
        buttons=buttons(Action.RENEWAL_PREPARE, Action.CARD_OPEN),
    ),
    "reminder_answered": v.ReminderReply(
        **BASE, days_left=14, decide_by=DUE, otherwise=RENEWS, monthly=usd("18450"), mention="U0MARIA", answered=MARIA
    ),
    "moved": v.MovedDate(
        **BASE,
        old=date(2027, 2, 5),
        new=date(2027, 1, 4),
        because="amendment 3 changed 60 to 90 days",
        buttons=buttons(Action.RENEWAL_WHY),
    ),
    "snoozed": o.SnoozedLine(**BASE, until=at(2026, 12, 14, 9), buttons=buttons(Action.RENEWAL_WAKE)),
    "handover": o.HandoverNotice(
        **BASE,
        by="Maria Ortiz",
        to="Jo Lang",
        note="Draft 2 is with Priya.",
        buttons=buttons(Action.HANDOVER_ACCEPT, Action.HANDOVER_RETURN),
    ),
    "handover_accepted": o.HandoverNotice(**BASE, by="Maria Ortiz", to="Jo Lang", accepted=MARIA),
    "handover_returned": o.HandoverNotice(**BASE, by="Maria Ortiz", to="Jo Lang", returned=MARIA),
    "draft": DRAFT,
    "draft_first_alone": _with(
        DRAFT,
        number=1,
        changes=(),
        approvals=(),
        over=(),
        warnings=(NO_PRICE,),
        service=v.Service(missed=0, months=8),
        orders_in=(),
        floor=None,
        cpi=None,
    ),
    "draft_all_changes": _with(
        DRAFT,
        changes=(v.TextChange(what="signer", old="Priya Nair", new="Mark Ellis"), v.Removed(what="CO-131")),
        orders_out=("CO-131",),
        credit_use=CreditHandling.LEAVE_OPEN,
        floor_kept=False,
    ),
    "draft_blocked": _with(
        DRAFT,
        state=v.Blocked(findings=(NO_PRICE,)),
        buttons=buttons(Action.FINDING_PRICE, Action.FINDING_LEAVE_OUT, about="SO-12") + buttons(Action.DRAFT_EDIT),
    ),
    "draft_replaced": _with(DRAFT, state=v.Replaced(by_number=3, at=at(2026, 12, 7, 10, 50)), buttons=buttons(Action.DRAFT_OPEN)),
    "draft_approved_waiting": _with(
        DRAFT, state=v.OwnerApproved(act=MARIA, waiting_for="Dana Whitfield"), buttons=buttons(Action.DRAFT_TAKE_BACK)
    ),
    "draft_approved_sending": _with(DRAFT, state=v.OwnerApproved(act=MARIA), buttons=_NONE),
    "draft_declined": _with(DRAFT, state=v.DeclinedBy(act=DANA, reason="Too long for <this> price"), buttons=buttons(Action.DRAFT_EDIT)),
    "draft_closed": _with(DRAFT, state=v.Closed(why="The notice window ended"), buttons=_NONE),
    "offers": v.OffersCard(
        **BASE,
        number=1,
        offers=(
            v.Offer(months=12, monthly=usd("19003.50"), change=Decimal(3), token="g1.12"),
            v.Offer(months=24, monthly=usd("17863.29"), change=Decimal("-3.18"), token="g1.24"),
            v.Offer(months=36, monthly=usd("16723.08"), change=Decimal("-9.36")),
        ),
    ),
    "second": SECOND,
    "second_approved": _with(SECOND, state=v.SecondApproved(act=DANA, next_step="Sending to Priya Nair for signature…"), buttons=_NONE),
    "second_declined": _with(SECOND, state=v.DeclinedBy(act=DANA, reason="Too long."), buttons=_NONE),
    "second_group": _with(SECOND, group=2, role="VP Sales", approved=(MARIA, DANA), position=3, positions=3),
    "second_taken_back": _with(SECOND, state=v.TakenBack(act=MARIA), buttons=_NONE, note=""),
    "second_passed_on": _with(SECOND, state=v.PassedOn(to="Lee Park", at=at(2026, 12, 10, 17)), buttons=_NONE),
    "second_replaced": _with(SECOND, state=v.Replaced(by_number=3, at=at(2026, 12, 8, 9)), buttons=_NONE),
    "second_closed": _with(SECOND, state=v.Closed(why="The notice window ended"), buttons=_NONE, floor=None, renewed_times=0),
    "approvals_list": v.ApprovalsList(
        lines=tuple(
            v.ApprovalLine(
                account=f"Account {number}",
                months=12,
                total=usd("1200"),
                answer_by=at(2026, 12, 8, 17),
                zone=ZONE,
                button=Button(action=Action.CARD_OPEN, token=f"g1.{number}", url="https://slack.test/archives/D1/p1"),
            )
            for number in range(4)
        )
    ),
    "sent": SENT,
    "sent_unopened": _with(SENT, state=o.Silent(looks=()), days_left=57, buttons=buttons(Action.ENVELOPE_RESEND, Action.ENVELOPE_SIGNER)),
    "sent_opened": _with(
        SENT,
        state=o.Silent(
            looks=(at(2026, 12, 11, 16, 2), at(2026, 12, 14, 9, 12)),
            why="Not signed 5 working days after it was opened on Mon 14 Dec 2026.",
        ),
        days_left=46,
        buttons=buttons(Action.ENVELOPE_NUDGE),
    ),
    "sent_declined": _with(
        SENT,
        state=o.SignerDeclined(by="Priya Nair", at=at(2026, 12, 9, 14, 10), words="Legal wants a cap on price rises."),
        days_left=58,
        buttons=buttons(Action.DRAFT_EDIT, Action.RENEWAL_STOP, Action.RENEWAL_HANDOVER),
    ),
    "sent_bounced": _with(
        SENT, state=o.Bounced(email="priya@northwind.test", words="550 No such user"), buttons=buttons(Action.ENVELOPE_SIGNER)
    ),
    "sent_voided": _with(SENT, state=o.Voided(act=MARIA), buttons=buttons(Action.DRAFT_OPEN, Action.DRAFT_EDIT)),
    "sent_expired": _with(
        SENT, state=o.Expired(at=at(2027, 1, 29, 17)), days_left=7, buttons=buttons(Action.DRAFT_OPEN, Action.DRAFT_EDIT)
    ),
    "sent_completed": _with(SENT, state=o.Completed(at=at(2026, 12, 14, 15, 20)), buttons=_NONE),
    "signed": SIGNED,
    "signed_writing": _with(SIGNED, written=None, changes=(), orders_added=(), conflict=None, buttons=_NONE),
    "signed_settled": _with(
        SIGNED,
        conflict=CONFLICT.model_copy(update={"settled": ("Kept the CRM value", MARIA)}),
        buttons=buttons(Action.CRM_FIELDS, Action.SIGNED_DOCUMENT),
    ),
    "differs": o.DocumentDiffers(
        **BASE,
        number=2,
        places=("page 3: approved 16,723.08, signed 15,723.08",),
        buttons=buttons(Action.DIFFERENCE_SEE, Action.DIFFERENCE_ACCEPT, Action.DIFFERENCE_DISPUTE),
    ),
    "differs_settled": o.DocumentDiffers(**BASE, number=2, places=(), settled=("Disputed", MARIA)),
    "missed": MISSED,
    "missed_safe_date": _with(
        MISSED,
        contract_last_day=date(2027, 2, 6),
        buttons=buttons(Action.MISSED_PREPARE, Action.LEGAL_ASK),
    ),
    "missed_ends": _with(MISSED, otherwise=v.Ends(on=date(2027, 3, 4)), next_decide_by=None, reason=("Waited for the customer", MARIA)),
    "not_renewing": o.NotRenewingCard(
        **BASE,
        decided=MARIA,
        received_by=DUE,
        address="Northwind Logistics, 200 Lake St",
        clause="MSA 14.1",
        buttons=buttons(Action.NOTICE_SEE, Action.NOTICE_SEND, Action.NOTICE_EVIDENCE),
    ),
    "not_renewing_out": o.NotRenewingCard(
        **BASE,
        decided=MARIA,
        received_by=DUE,
        address="Northwind Logistics, 200 Lake St",
        clause="MSA 14.1",
        signature=o.NoticeSignature(
            signer="Dana Whitfield",
            said="The notice is out for signature by Dana Whitfield since Mon 7 Dec 2026, 11:00 CST.",
            is_open=True,
        ),
        buttons=buttons(Action.NOTICE_EVIDENCE, Action.NOTICE_SEE, Action.ENVELOPE_RESEND, Action.ENVELOPE_VOID),
    ),
    "notice_signed": o.NoticeNews(
        **BASE,
        signature=o.NoticeSignature(
            signer="Dana Whitfield", said="The notice was signed by Dana Whitfield on Tue 8 Dec 2026, 09:30 CST.", is_signed=True
        ),
        received_by=DUE,
        address="Northwind Logistics, 200 Lake St",
        days_left=59,
        buttons=buttons(Action.NOTICE_EVIDENCE, Action.NOTICE_SEE),
    ),
    "notice_declined": o.NoticeNews(
        **BASE,
        signature=o.NoticeSignature(
            signer="Dana Whitfield",
            said="Dana Whitfield declined to sign the notice on Tue 8 Dec 2026, 09:30 CST.",
            words="Let us offer them a year first.",
        ),
        received_by=DUE,
        address=None,
        days_left=59,
        buttons=buttons(Action.NOTICE_SEND, Action.NOTICE_EVIDENCE, Action.NOTICE_SEE),
    ),
    "not_renewing_served": o.NotRenewingCard(
        **BASE,
        decided=MARIA,
        received_by=DUE,
        address=None,
        clause=None,
        evidence=o.Evidence(method="courier", served_on=date(2027, 1, 8), reference="TRK-1", act=MARIA),
    ),
    "not_renewing_theirs": o.NotRenewingCard(
        **BASE,
        decided=MARIA,
        received_by=DUE,
        address=None,
        clause=None,
        evidence=o.Evidence(is_theirs=True, method="customer notice", served_on=date(2027, 1, 8), reference="Letter 77", act=MARIA),
        theirs=o.TheirNotice(received_on=date(2027, 1, 8), name="*notice* 77.pdf"),
        buttons=buttons(Action.NOTICE_THEIRS, Action.NOTICE_SEE),
    ),
    "not_renewing_theirs_unfetched": o.NotRenewingCard(
        **BASE,
        decided=MARIA,
        received_by=DUE,
        address="Northwind Logistics, 200 Lake St",
        clause="MSA 14.1",
        theirs=o.TheirNotice(received_on=date(2027, 2, 8)),
        buttons=buttons(Action.NOTICE_SEE, Action.NOTICE_SEND, Action.NOTICE_EVIDENCE),
    ),
    "let_renew": o.LetRenewCard(
        **BASE, decided=MARIA, on=date(2027, 4, 8), months=12, monthly=usd("18450"), buttons=buttons(Action.RENEWAL_PREPARE)
    ),
    "credit_due": CREDIT,
    "credit_settled": _with(CREDIT, settled=("Sent to finance", MARIA), buttons=_NONE),
    "credit_returned": _with(CREDIT, returned=MARIA),
    "credit_lapsed": _with(CREDIT, state="lapsed", buttons=_NONE),
    "credit_of_several_days": _with(
        CREDIT,
        day=None,
        minutes=Decimal("412.5"),
        claim_closes=None,
        maintenance=Decimal(30),
        excluded=Decimal(12),
        tickets=(
            s.Ticket(id="TT-1", priority="1"),
            s.Ticket(id="TT-2", priority=""),
            s.Ticket(id="TT-3", priority="2"),
            s.Ticket(id="TT-4", priority="2"),
        ),
        clocks_agree=False,
        cap_reached=True,
    ),
    "restore": RESTORE,
    "restore_missed": _with(RESTORE, now=at(2026, 12, 8, 9, 5)),
    "restore_in_time": _with(RESTORE, restored=at(2026, 12, 7, 14, 1)),
    "restore_late": _with(RESTORE, restored=at(2026, 12, 7, 15, 20), priority=None),
    "mail": MAIL,
    "mail_too_long_for_a_link": _with(MAIL, to=None, link="mailto:?subject=Credit", link_has_text=False),
    "digest": DIGEST,
    "digest_of_somebody_away": _with(DIGEST, stand_in="Jo Lang"),
    "digest_of_a_calm_week": _with(
        DIGEST, decisions=0, signatures=0, credits=(), lines=(), more=0, renewed=0, renewed_prices=(), missed=0, small=(), lapsed=()
    ),
    "finance": s.FinanceCard(
        **BASE,
        amount=usd("1435"),
        month=date(2026, 11, 1),
        clause="SLA 3.1",
        percent=Decimal(35),
        base=usd("4100"),
        sent=MARIA,
        buttons=buttons(Action.FINANCE_BOOK, Action.FINANCE_RETURN, Action.CREDIT_REASONS),
    ),
    "needs_person": o.NeedsPersonCard(
        **BASE,
        effect="the envelope for draft 2",
        vendor="DocuSign",
        unknown=True,
        attempts=3,
        last_tried=at(2026, 12, 7, 11, 20),
        detail="504 Gateway Timeout <html>",
        buttons=buttons(Action.EFFECT_RETRY, Action.EFFECT_DONE),
    ),
    "needs_person_done": o.NeedsPersonCard(
        **BASE,
        effect="the CRM write",
        vendor="Salesforce",
        unknown=False,
        attempts=1,
        last_tried=at(2026, 12, 7, 11, 20),
        detail="",
        settled=("Marked as done", MARIA),
    ),
    "welcome": o.WelcomeList(owned=31, soon=3, unknown=1, lines=LINES, settings=buttons(Action.SETTINGS_OPEN)[0]),
    "renewals": o.RenewalsList(until=date(2027, 3, 7), lines=LINES, unknown=3),
    "renewals_empty": o.RenewalsList(until=date(2027, 3, 7), lines=(), unknown=0, next_account="Harbor Ports", next_day=date(2027, 3, 1)),
    "team_renewed": o.TeamLine(account="Northwind Logistics", state="renewed", day=date(2030, 4, 7)),
    "team_decide": o.TeamLine(account="Northwind Logistics", state="decide", day=date(2027, 2, 5), days_left=60, owner="Maria Ortiz"),
    "reasons": REASONS,
    "text_reply": o.TextReply(text="I only show cards and dates so far.", buttons=buttons(Action.CARD_OPEN)),
    "chat": ChatReply(
        lines=(
            "Northwind Logistics (ENT-3391), Jan to Nov 2026: met in 9 of 11 months.",
            "Below 99.95 %: Sep 2026 99.8796 %, Nov 2026 99.5671 %.",
            "Credits: USD 1,435.00 open, USD 160.00 lapsed. (for ENT-3391, this year, as before)",
        ),
    ),
    "chat_choices": ChatReply(
        lines=("Which one: Harbor Clinics or Harbor Ports?",),
        buttons=(*buttons(Action.TALK_CHOOSE, about="Harbor Clinics"), *buttons(Action.TALK_CHOOSE, about="Harbor Ports")),
    ),
    "chat_reasons": ChatReply(
        lines=("Northwind Logistics (ENT-3391): Decide by Fri 5 Feb 2027, 17:00 CST (Chicago).",),
        reasons=REASONS.reasons,
        zone=ZONE,
        tail=REASONS.tail,
        buttons=buttons(Action.CLAUSE_READ, about="9.2"),
    ),
    "persons_text": o.PersonsText(who="Dana Whitfield", did="asks", text="Why 36 months?", account="Northwind Logistics"),
}
"""Name of the snapshot -> view-model."""
