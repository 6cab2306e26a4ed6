"""Forms: the edit form as designed, sizes of each, and what comes back, strictly read."""

from __future__ import annotations

import json
import os
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from contractops.operator.slack import forms as f
from contractops.operator.slack.actions import Callback
from contractops.operator.slack.commands import Submit, parse
from contractops.operator.slack.limits import check_view
from contractops.operator.slack.modals import FORMS, TEXTS, render_form
from contractops.operator.slack.submissions import READERS, away, edit_changes, edit_errors, foreign_region, late_notice, read_values
from contractops.tools.terms import CreditHandling
from contractops.tools.terms_edit import FieldError
from tests.slack import payloads
from tests.slack.payloads import APP, handed, option, options, picked, typed
from tests.slack.samples import DUE, ZONE, usd
from tests.slack.test_render import GIVEN, SNAPSHOTS

BASE: dict[str, Any] = {"token": "g1.form", "account": "Northwind Logistics", "contract_id": "ENT-3391"}
SIGNERS = (f.Choice(value="c_811", label="Priya Nair, COO", chosen=True), f.Choice(value="c_812", label="Mark Ellis, CFO"))

EDIT = f.EditForm(
    **BASE,
    zone=ZONE,
    number=2,
    sign_by=DUE,
    terms=(12, 24, 36, 60),
    term=36,
    uplift=Decimal(3),
    uplift_max=Decimal(3),
    clause="clause 4.2",
    discount=Decimal(12),
    discount_max=Decimal("14.75"),
    alone_max=Decimal(10),
    floor=usd("16200"),
    preview=f.Preview(monthly=usd("16723.08"), total=usd("602030.88"), needs=("VP Sales",)),
    credit=usd("1435"),
    credit_use=CreditHandling.FIRST_INVOICE,
    claim_closes=date(2026, 12, 30),
    orders=(
        f.Choice(value="co118", label="CO-118: Chicago to 1 Gbps", detail="+USD 1,150.00 a month since Mon 1 Jun 2026", chosen=True),
        f.Choice(value="co131", label="CO-131: Peoria access off", detail="-USD 420.00 a month since Tue 1 Sep 2026", chosen=True),
    ),
    exit_after_month=24,
    exit_offered=24,
    true_up=False,
    signers=SIGNERS,
)

SNOOZE = f.SnoozeForm(
    **BASE,
    today=date(2026, 12, 7),
    choices=(date(2026, 12, 8), date(2026, 12, 10), date(2026, 12, 14)),
    latest=date(2027, 1, 22),
    deadline=date(2027, 2, 5),
)

MAILS = (Callback.CREDIT_MAIL, Callback.RESTORE_MAIL, Callback.ENVELOPE_NUDGE)
MAIL = f.MailForm(
    **BASE,
    callback=Callback.CREDIT_MAIL,
    contacts=(f.Choice(value="ana.duarte", label="Ana Duarte, ana.duarte@northwind.example", detail="Accounts Payable", chosen=True),),
    subject="Credit of USD 1,435.00 for CHI-DAL-02, 10 November 2026",
    body="Good day,\n\nOn 10 November 2026 your circuit CHI-DAL-02 was down for 187 minutes.",
)

FORM_SAMPLES: dict[str, f.AnyForm] = {
    "form_edit": EDIT,
    "form_edit_bare": EDIT.model_copy(
        update={
            "credit": None,
            "orders": (),
            "exit_after_month": None,
            "exit_offered": None,
            "preview": None,
            "alone_max": None,
            "clause": None,
        }
    ),
    "form_edit_nobody_signs": EDIT.model_copy(update={"signers": ()}),
    "form_edit_stale": EDIT.model_copy(update={"newer": 3}),
    "form_edit_many_orders": EDIT.model_copy(
        update={"orders": tuple(f.Choice(value=f"co{n}", label=f"CO-{n}: {'x' * 90}") for n in range(12))}
    ),
    "form_review": f.ReviewForm(
        **BASE,
        number=2,
        facts=tuple((f"Figure {n}", f"USD {n},000.00") for n in range(12)),
        approvals=("Maria Ortiz, Mon 7 Dec 2026, 10:42 CST",),
        document_url="https://desk.test/documents/7f3a91c2",
    ),
    "form_decline": f.DeclineForm(**BASE, number=2),
    "form_snooze": SNOOZE,
    "form_snooze_no_choice": SNOOZE.model_copy(update={"choices": ()}),
    "form_stop": f.StopForm(**BASE, term_end=date(2027, 4, 7)),
    "form_handover": f.HandoverForm(**BASE, people=(f.Choice(value="p_jo", label="Jo Lang"),)),
    "form_signer": f.SignerForm(**BASE, number=2, signers=SIGNERS),
    "form_evidence": f.EvidenceForm(**BASE, methods=(f.Choice(value="courier", label="Courier"),), received_by=DUE, zone=ZONE),
    "form_evidence_signed": f.EvidenceForm(
        **BASE,
        methods=(f.Choice(value="courier", label="Courier"),),
        received_by=DUE,
        zone=ZONE,
        signed="The notice signed by Dana Whitfield (envelope e-1) is attached. It proves no delivery.",
    ),
    "form_notice": f.NoticeForm(
        **BASE,
        lines=("To Northwind Logistics: Prairie gives notice under MSA 9.2.", "Agreement ENT-3391 ends on Wed 7 Apr 2027."),
        signer="Dana Whitfield",
        fingerprint="7f3a91c2" + "0" * 56,
        received_by=DUE,
        zone=ZONE,
    ),
    "form_clause": f.ClauseForm(
        **BASE,
        ask="The amendment of Tue 3 Mar 2026 (ENT-4410-A1) has no start date. On which day did it begin?",
        quote="begins with the first invoice under this amendment",
        where="ENT-4410-A1-amendment.docx 1",
    ),
    "form_clause_readings": f.ClauseForm(
        **BASE,
        ask="The last day is a day off.",
        quote="",
        where="",
        asks="reading",
        readings=(
            f.Choice(value="none", label="It stays where it is"),
            f.Choice(value="forward", label="It moves to the next working day"),
        ),
        value="forward",
        ground="outside",
        said="Priya Nair agreed by phone.",
    ),
    "form_clause_length": f.ClauseForm(
        **BASE,
        ask="ENT-3391: the notice period is not stated. How long before the end of the term must notice be given?",
        quote="not less than sixty (60) days before the end of the term",
        where="ENT-3391-msa.pdf 9.2, page 11",
        asks="length",
        units=(f.Choice(value="days", label="days"), f.Choice(value="months", label="months")),
        value="60 days",
        ground="text",
    ),
    "form_clause_count": f.ClauseForm(
        **BASE, ask="ENT-3391: how often it renews is not stated. How many times does it renew at most?", quote="", where="", asks="count"
    ),
    "form_price": f.PriceForm(
        **BASE, order_id="SO-12", currency="USD", since=date(2026, 11, 1), price="1250.00", said="Order form, page 2."
    ),
    "form_settings": f.SettingsForm(
        token="settings:0",
        name="Maria Ortiz",
        role="account owner",
        limits=("Alone you approve up to 24 months and up to 10.00 % discount.",),
        zone=ZONE,
        digest_weekday=0,
        digest_at=time(8, 30),
        quiet_from=time(18, 0),
        quiet_until=time(8, 0),
        deputies=(f.Choice(value="p_jo", label="Jo Lang"),),
        away_from=None,
        away_until=None,
        by_mail=True,
        mails=False,
    ),
    **{f"form_mail_{callback.value}": MAIL.model_copy(update={"callback": callback}) for callback in MAILS},
    "form_mail_nobody": MAIL.model_copy(update={"contacts": ()}),
    **{f"form_text_{callback.value}": f.TextForm(**BASE, callback=callback, whom="Maria Ortiz", number=2) for callback in TEXTS},
}


@pytest.mark.parametrize("name", FORM_SAMPLES)
def test_form_equals_its_snapshot_and_keeps_slacks_sizes(name: str) -> None:
    """A form changes only with its snapshot; every form fits Slack."""
    path = SNAPSHOTS / "forms" / f"{name}.json"
    view = render_form(FORM_SAMPLES[name])
    shown = json.dumps(view, indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")
    assert check_view(view) == []


def test_every_form_has_a_sample_and_every_callback_a_view_and_a_reader() -> None:
    """No form of the vocabulary is without words or cannot be read when it comes back."""
    assert {type(form) for form in FORM_SAMPLES.values()} == set(FORMS)
    shown = {render_form(form)["callback_id"] for form in FORM_SAMPLES.values()}
    assert shown == {callback.value for callback in Callback}
    assert set(READERS) | set(TEXTS) == set(Callback)


def test_edit_form_reads_as_designed() -> None:
    """The edit form equals the designed one in structure and words; tokens and option values of ours differ."""
    given = GIVEN / "6-edit-modal.json"
    if not given.is_file():
        pytest.skip(f"not run: no designed form at {GIVEN} (set DESIGN_CARDS)")
    designed = json.loads(given.read_text(encoding="utf-8"))
    later = {"Success milestones", "Service review every quarter"}  # these options come with a later version
    for block in designed["blocks"]:
        element = block.get("element", {})
        element["options"] = [each for each in element.get("options", []) if each["text"]["text"] not in later]
    assert _bare(render_form(EDIT)) == _bare(designed)


def _bare(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _bare(value) for key, value in node.items() if key not in {"value", "private_metadata"} and value != []}
    return [_bare(each) for each in node] if isinstance(node, list) else node


def submit(callback: Callback, **values: Any) -> Submit:
    command = parse(payloads.form(callback.value, values), APP)
    assert isinstance(command, Submit)
    return command


OWN: dict[str, Any] = {
    "digest_day": option("4"), "digest_at": option("09:00"), "quiet_from": option("19:00"), "quiet_until": option("07:30"),
    "deputy": option(None), "from": picked(None), "until": picked(None), "by_mail": options(),
}  # fmt: skip
LONG = "A sentence that is long enough."

GOOD: list[tuple[Callback, dict[str, Any], f.Submission]] = [
    (
        Callback.CREDIT_MAIL,
        {"to": option("ana.duarte"), "subject": typed("A credit"), "body": typed(" Good day \n")},
        f.MailSubmission(contact_id="ana.duarte", subject="A credit", body="Good day"),
    ),
    (Callback.ENVELOPE_NUDGE, {"subject": typed("S"), "body": typed("B")}, f.MailSubmission(contact_id=None, subject="S", body="B")),
    (Callback.SECOND_APPROVE, {"comment": typed(None)}, f.ReviewSubmission(comment="")),
    (Callback.SECOND_DECLINE, {"reason": option("price"), "text": typed(LONG)}, f.DeclineSubmission(reason="price", text=LONG)),
    (Callback.SNOOZE, {"choice": option("2026-12-10"), "day": picked(None)}, f.SnoozeSubmission(until=date(2026, 12, 10))),
    (Callback.SNOOZE, {"choice": option("2026-12-10"), "day": picked("2026-12-21")}, f.SnoozeSubmission(until=date(2026, 12, 21))),
    (
        Callback.STOP,
        {"what": option("customer_notice"), "received": picked("2027-01-04"), "reason": option("price"), "note": typed(" By post ")},
        f.StopSubmission(what="customer_notice", received_on=date(2027, 1, 4), reason="price", note="By post"),
    ),
    (
        Callback.STOP,
        {
            "what": option("customer_notice"),
            "received": picked("2027-01-04"),
            "file": handed("F1"),
            "reason": option("price"),
            "note": typed(None),
        },
        f.StopSubmission(what="customer_notice", received_on=date(2027, 1, 4), reason="price", note="", file_id="F1"),
    ),
    (
        Callback.STOP,
        {"what": option("end"), "received": picked(None), "file": handed("F1"), "reason": option("price"), "note": typed(None)},
        f.StopSubmission(what="end", received_on=None, reason="price", note=""),
    ),
    (
        Callback.HANDOVER,
        {"person": option("p_jo"), "until": picked(None), "note": typed(None)},
        f.HandoverSubmission(person_id="p_jo", until=None, note=""),
    ),
    (Callback.ENVELOPE_SIGNER, {"signer": option("c_812")}, f.SignerSubmission(contact_id="c_812")),
    (
        Callback.NOTICE_EVIDENCE,
        {"method": option("courier"), "served": picked("2027-01-08"), "reference": typed("TRK-1"), "by": typed("Maria Ortiz")},
        f.EvidenceSubmission(method="courier", served_on=date(2027, 1, 8), reference="TRK-1", served_by="Maria Ortiz"),
    ),
    (Callback.FINDING_PRICE, {"price": typed("1250.5"), "said": typed(LONG)}, f.PriceSubmission(amount=Decimal("1250.5"), said=LONG)),
    (
        Callback.SETTINGS,
        OWN | {"deputy": option("p_jo"), "from": picked("2026-12-14"), "until": picked("2026-12-18"), "by_mail": options("mail")},
        f.SettingsSubmission(
            digest_weekday=4,
            digest_at=time(9, 0),
            quiet_from=time(19, 0),
            quiet_until=time(7, 30),
            deputy_id="p_jo",
            away_from=date(2026, 12, 14),
            away_until=date(2026, 12, 18),
            by_mail=True,
        ),
    ),
    (
        Callback.SETTINGS,
        OWN | {"deputy": option("p_jo"), "from": picked(None), "until": picked(None), "by_mail": options()},
        f.SettingsSubmission(
            digest_weekday=4,
            digest_at=time(9, 0),
            quiet_from=time(19, 0),
            quiet_until=time(7, 30),
            deputy_id=None,
            away_from=None,
            away_until=None,
            by_mail=False,
        ),
    ),
    (
        Callback.CLAUSE_SETTLE,
        {"date": picked("2026-04-01"), "ground": option("quoted"), "said": typed("from 1 April 2026 on")},
        f.ClauseSubmission(value="2026-04-01", ground="quoted", said="from 1 April 2026 on"),
    ),
    (
        Callback.CLAUSE_SETTLE,
        {"reading": option("forward"), "ground": option("text"), "said": typed(None)},
        f.ClauseSubmission(value="forward", ground="text", said=""),
    ),
    (
        Callback.CLAUSE_SETTLE,
        {"length": typed("60"), "unit": option("business_days"), "ground": option("text"), "said": typed(None)},
        f.ClauseSubmission(value="60 business_days", ground="text", said=""),
    ),
    (
        Callback.CLAUSE_SETTLE,
        {"count": typed("3"), "ground": option("text"), "said": typed(None)},
        f.ClauseSubmission(value="3", ground="text", said=""),
    ),
    (Callback.SECOND_ASK, {"text": typed(LONG)}, f.TextSubmission(text=LONG)),
    (Callback.CREDIT_FINANCE, {"text": typed("ok")}, f.TextSubmission(text="ok")),
]


@pytest.mark.parametrize(("callback", "values", "expected"), GOOD)
def test_good_form_becomes_a_typed_submission(callback: Callback, values: dict[str, Any], expected: f.Submission) -> None:
    """Each form is read into values of its own type."""
    assert read_values(submit(callback, **values)) == expected


BAD: list[tuple[Callback, dict[str, Any], dict[str, str]]] = [
    (
        Callback.RESTORE_MAIL,
        {"to": option(None), "subject": typed(" "), "body": typed(None)},
        {"subject": "Please write a subject.", "body": "Please write a text."},
    ),
    (
        Callback.SECOND_DECLINE,
        {"reason": option("price"), "text": typed("Too long")},
        {"text": "Please say in a sentence what would make it acceptable."},
    ),
    (Callback.SECOND_DECLINE, {"reason": option(None), "text": typed(LONG)}, {"reason": "Please choose one."}),
    (Callback.SNOOZE, {"choice": option(None), "day": picked(None)}, {"day": "Please choose a day."}),
    (
        Callback.STOP,
        {"what": option("customer_notice"), "received": picked(None), "reason": option("price")},
        {"received": "The notice must have a date of receipt."},
    ),
    (
        Callback.NOTICE_EVIDENCE,
        {"method": option("courier"), "served": picked(None), "reference": typed(" "), "by": typed("Maria")},
        {
            "served": "A notice counts as served only with a date of receipt.",
            "reference": "A notice counts as served only with a reference.",
        },
    ),
    (Callback.FINDING_PRICE, {"price": typed("12.505"), "said": typed(LONG)}, {"price": "Two decimals, please: 1250.00."}),
    (Callback.FINDING_PRICE, {"price": typed("-5"), "said": typed(LONG)}, {"price": "Two decimals, please: 1250.00."}),
    (
        Callback.FINDING_PRICE,
        {"price": typed("12.50"), "said": typed("phone")},
        {"said": "Please say where the price stands, or who agreed it: at least 10 characters."},
    ),
    (Callback.LEGAL_ASK, {"text": typed("short")}, {"text": "Please write a sentence: at least 10 characters."}),
    (Callback.SETTINGS, OWN | {"quiet_from": option("12:00")}, {"quiet_from": "Quiet time begins between 17:00 and 20:30."}),
    (Callback.SETTINGS, OWN | {"quiet_until": option("11:00")}, {"quiet_until": "Quiet time ends between 07:00 and 09:30."}),
    (Callback.SETTINGS, OWN | {"digest_day": option("6")}, {"digest_day": "Please choose a day from Monday to Friday."}),
    (Callback.SETTINGS, OWN | {"from": picked("2026-12-14")}, {"deputy": "Please choose who stands in for you."}),
    (Callback.SETTINGS, OWN | {"until": picked("2026-12-14")}, {"from": "Please choose the first day, or no last day."}),
    (
        Callback.SETTINGS,
        OWN | {"deputy": option("p_jo"), "from": picked("2026-12-14"), "until": picked("2026-12-11")},
        {"until": "The last day comes before the first."},
    ),
    (
        Callback.CLAUSE_SETTLE,
        {"date": picked(None), "ground": option("text"), "said": typed(None)},
        {"date": "Please choose a day."},
    ),
    (Callback.CLAUSE_SETTLE, {"reading": option(None), "ground": option("text"), "said": typed(None)}, {"reading": "Please choose one."}),
    (
        Callback.CLAUSE_SETTLE,
        {"date": picked("2026-04-01"), "ground": option("outside"), "said": typed("phone")},
        {"said": "Please quote the place, or say what was agreed: at least 10 characters."},
    ),
    (
        Callback.CLAUSE_SETTLE,
        {"length": typed("1.5"), "unit": option(None), "ground": option("text"), "said": typed(None)},
        {"length": "A whole number from 1 to 999, please.", "unit": "Please choose one."},
    ),
    (
        Callback.CLAUSE_SETTLE,
        {"count": typed("0"), "ground": option("text"), "said": typed(None)},
        {"count": "A whole number from 1 to 999, please."},
    ),
    (Callback.HANDOVER, {"person": option(None)}, {"person": "Please choose a person."}),
    (Callback.ENVELOPE_SIGNER, {"signer": option(None)}, {"signer": "Please choose a person."}),
]


@pytest.mark.parametrize(("callback", "values", "errors"), BAD)
def test_bad_form_names_the_field_and_what_is_allowed(callback: Callback, values: dict[str, Any], errors: dict[str, str]) -> None:
    """What cannot be read is an error at its field, in words; nothing is guessed."""
    assert read_values(submit(callback, **values)) == f.FormErrors(errors=errors)


def test_edit_form_hands_over_what_was_typed() -> None:
    """Numbers stay text: the tool reads them strictly; unticked boxes are said, absent fields are not."""
    typed_values = {
        "term": option("24"),
        "uplift": typed("3.00"),
        "discount": typed("12.505"),
        "options": options("exit:24"),
        "orders": options(),
        "signer": option("c_811"),
        "note": typed(None),
    }
    assert edit_changes(submit(Callback.DRAFT_EDIT, **typed_values)).changes == {
        "term_months": "24",
        "uplift_pct": "3.00",
        "discount_pct": "12.505",
        "signer_contact_id": "c_811",
        "change_orders": (),
        "exit_after_month": "24",
        "true_up": False,
        "note": "",
    }


def test_edit_errors_stand_at_their_fields() -> None:
    """An error of the tool appears beside the input that caused it, or at the term when there is none."""
    sent = submit(Callback.DRAFT_EDIT, term=option("24"), discount=typed("14.80"))
    floor = {"discount_pct": "14.80", "floor": "16200", "currency": "USD", "max": "14.75"}
    errors = (
        FieldError(field="discount_pct", code="edit.floor", values=floor),
        FieldError(field="", code="edit.nothing_changed"),
        FieldError(field="change_orders", code="edit.unknown_change_order", values={"order": "CO-9"}),
    )
    assert edit_errors(errors, sent) == {
        "discount": "14.80 % goes below the floor of USD 16,200.00; highest is 14.75 %.",
        "term": "Nothing changed.",
    }


def test_errors_that_only_the_desk_knows_are_worded_here() -> None:
    """Absence, region and a late notice read as designed."""
    assert away("Jo Lang", date(2026, 12, 14)) == {"person": "Jo Lang is away until Mon 14 Dec. Choose a deputy or a later start."}
    assert foreign_region("Jo Lang")["person"].endswith("contract-ops can change that.")
    assert late_notice(date(2027, 2, 5)) == "Received after Fri 5 Feb 2027: it may not count. Contract-ops is asked."
