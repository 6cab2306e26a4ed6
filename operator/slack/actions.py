"""The vocabulary of clicks: every button that a card can carry, and every form that can be submitted.

Rule 1: an ``action_id`` or ``callback_id`` that is not listed here does not exist for the product.
Rule 2: a button carries an opaque token made by the caller; nothing about the business stands in Slack.
"""

from __future__ import annotations

from enum import StrEnum

from contractops.tools.values import Value


class Action(StrEnum):
    """``action_id`` of a button. The comment of a group names the card that shows it."""

    # Alert and its replies
    RENEWAL_PREPARE = "renewal_prepare"
    RENEWAL_WHY = "renewal_why"
    RENEWAL_SNOOZE = "renewal_snooze"
    RENEWAL_HANDOVER = "renewal_handover"
    RENEWAL_STOP = "renewal_stop"
    RENEWAL_WAKE = "renewal_wake"
    CARD_OPEN = "card_open"
    CLAUSE_READ = "clause_read"
    CLAUSE_SETTLE = "clause_settle"
    RULE_OPEN = "rule_open"
    HANDOVER_ACCEPT = "handover_accept"
    HANDOVER_RETURN = "handover_return"
    # Draft and offers
    DRAFT_APPROVE = "draft_approve"
    DRAFT_EDIT = "draft_edit"
    DRAFT_CHANGES = "draft_changes"
    DRAFT_REASONS = "draft_reasons"
    DRAFT_DOCUMENT = "draft_document"
    DRAFT_TAKE_BACK = "draft_take_back"
    DRAFT_OPEN = "draft_open"
    OFFER_USE = "offer_use"
    FINDING_PRICE = "finding_price"
    FINDING_LEAVE_OUT = "finding_leave_out"
    PROPOSAL_REJECT = "proposal_reject"
    # Second approval
    SECOND_APPROVE = "second_approve"
    SECOND_DECLINE = "second_decline"
    SECOND_ASK = "second_ask"
    # Out for signature
    ENVELOPE_RESEND = "envelope_resend"
    ENVELOPE_SIGNER = "envelope_signer"
    ENVELOPE_VOID = "envelope_void"
    ENVELOPE_NUDGE = "envelope_nudge"
    # Signed
    CRM_USE_SIGNED = "crm_use_signed"
    CRM_KEEP = "crm_keep"
    CRM_FIELDS = "crm_fields"
    SIGNED_DOCUMENT = "signed_document"
    DIFFERENCE_SEE = "difference_see"
    DIFFERENCE_ACCEPT = "difference_accept"
    DIFFERENCE_DISPUTE = "difference_dispute"
    # Missed, ended, let renew
    MISSED_OFFER = "missed_offer"
    MISSED_PREPARE = "missed_prepare"
    MISSED_REASON = "missed_reason"
    LEGAL_ASK = "legal_ask"
    NOTICE_SEE = "notice_see"
    NOTICE_THEIRS = "notice_theirs"
    NOTICE_SEND = "notice_send"
    NOTICE_EVIDENCE = "notice_evidence"
    # Credits
    CREDIT_MAIL = "credit_mail"
    RESTORE_MAIL = "restore_mail"
    RESTORE_WHY = "restore_why"
    CREDIT_FINANCE = "credit_finance"
    CREDIT_REASONS = "credit_reasons"
    CREDIT_DISPUTE = "credit_dispute"
    FINANCE_BOOK = "finance_book"
    FINANCE_RETURN = "finance_return"
    # An effect that needs a person
    EFFECT_RETRY = "effect_retry"
    EFFECT_DONE = "effect_done"
    # Weekly digest
    DESK_OPEN = "desk_open"
    # About oneself: the welcome list
    SETTINGS_OPEN = "settings_open"
    # Answers
    WHAT_NOW = "what_now"
    # Answers in a conversation
    TALK_PREPARE = "talk_prepare"
    TALK_CHOOSE = "talk_choose"
    # Any input of an open form that asks for a new preview
    FORM_CHANGED = "v"

    @classmethod
    def named(cls, action_id: str) -> Action:
        """The action of an ``action_id``; a second button of the same kind in a row has a number behind it (``offer_use:2``).

        Raises ``ValueError`` for a name that is not listed.
        """
        name, _, number = action_id.partition(":")
        if number and not number.isdigit():
            raise ValueError(action_id)
        return cls(name)


class Callback(StrEnum):
    """``callback_id`` of a form."""

    DRAFT_EDIT = "draft_edit"
    DRAFT_CHANGES = "draft_changes"
    SECOND_APPROVE = "second_approve"
    SECOND_DECLINE = "second_decline"
    SECOND_ASK = "second_ask"
    SNOOZE = "renewal_snooze"
    STOP = "renewal_stop"
    HANDOVER = "renewal_handover"
    HANDOVER_RETURN = "handover_return"
    ENVELOPE_SIGNER = "envelope_signer"
    MISSED_REASON = "missed_reason"
    LEGAL_ASK = "legal_ask"
    NOTICE_SEND = "notice_send"
    NOTICE_EVIDENCE = "notice_evidence"
    FINDING_PRICE = "finding_price"
    FINDING_LEAVE_OUT = "finding_leave_out"
    CREDIT_FINANCE = "credit_finance"
    CREDIT_DISPUTE = "credit_dispute"
    CREDIT_MAIL = "credit_mail"
    RESTORE_MAIL = "restore_mail"
    ENVELOPE_NUDGE = "envelope_nudge"
    FINANCE_RETURN = "finance_return"
    EFFECT_DONE = "effect_done"
    DIFFERENCE_ACCEPT = "difference_accept"
    DIFFERENCE_DISPUTE = "difference_dispute"
    SETTINGS = "settings"
    CLAUSE_SETTLE = "clause_settle"


class Button(Value):
    """One button. ``token``: opaque, <= 2,000 characters; ``url``: where an "Open …" button leads.

    ``about`` names the object when the card has several of the kind (the months of an offer, the clause, the order); the words
    of the label come from the renderer.
    """

    action: Action
    token: str
    url: str | None = None
    about: str = ""
