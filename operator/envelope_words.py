"""The words of an envelope's e-mail, when a model is configured: asked once for each sending, stored before it is used.

Rule 1: the text stands in the chain of the renewal with the model's name and the hash of the prompt; a repeat uses the stored text.
Rule 2: whatever a model does, the template is there: no answer in time, or a figure that was not given, means the template's text.
Rule 3: the model is asked outside any transaction and never changes what is sent for signature: only the e-mail around it.
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from contractops.operator import people, wording
from contractops.operator.adapters.model import ModelConfig, envelope_message
from contractops.operator.attend import note
from contractops.operator.store.db import Database
from contractops.operator.store.gates import MACHINE
from contractops.operator.store.tables import Audit, Draft, Effect, Renewal
from contractops.tools.ports import Clock
from contractops.tools.signature import CUSTOMER, EnvelopePlan
from contractops.tools.terms import Terms

EVENT = "worded"


class EnvelopeWords:
    """Words envelopes by the model of ``config``."""

    def __init__(self, database: Database, clock: Clock, config: ModelConfig) -> None:
        self._database = database
        self._clock = clock
        self._config = config

    def word(self, effect: Effect, plan: EnvelopePlan) -> EnvelopePlan:
        """``plan`` with the message that is stored for ``effect``; asked for and stored when there is none yet."""
        with self._database.read() as session:
            stored = _stored(session, effect)
            facts = None if stored else _facts(session, effect, plan)
        if stored is None and facts is not None:
            worded = envelope_message(self._config, facts)
            with self._database.write() as session:
                stored = _stored(session, effect)  # a worker that was overtaken may have been first
                if stored is None:
                    stored = {"effect": effect.key, **worded.model_dump(mode="json")}
                    row = session.get_one(Renewal, effect.renewal_id, populate_existing=True)
                    note(session, row, EVENT, MACHINE, self._clock.now(), stored)
        text = stored.get("text") if stored else None
        return plan.model_copy(update={"message": text}) if text else plan


def _stored(session: Session, effect: Effect) -> dict[str, str | None] | None:
    rows = session.exec(select(Audit).where(Audit.renewal_id == effect.renewal_id, Audit.event == EVENT).order_by(col(Audit.number)))
    return next((row.data for row in rows if row.data["effect"] == effect.key), None)


def _facts(session: Session, effect: Effect, plan: EnvelopePlan) -> dict[str, str] | None:
    """The variables of the prompt, as they are to be read; None without a draft or a customer's signer."""
    draft = session.get(Draft, (effect.renewal_id, plan.draft_number))
    signer = next((one for one in plan.signers if one.role == CUSTOMER), None)
    row = session.get(Renewal, effect.renewal_id)
    if draft is None or signer is None or row is None:
        return None
    terms = Terms.model_validate(draft.terms)
    sender = people.person(session, row.owner_id)
    return {
        "account": terms.account_name,
        "contract": terms.contract_id,
        "term": wording.plural(terms.term_months, "month"),
        "start": wording.day(terms.start),
        "end": wording.day(terms.end),
        "monthly": wording.monthly(terms.monthly),
        "signer": signer.name,
        "sender": sender.name if sender else terms.supplier.name,
    }
