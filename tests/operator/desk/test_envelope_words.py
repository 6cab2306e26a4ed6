"""The envelope's mail, worded by a model or by the template: never another figure, the same text after a kill."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlmodel import select

from contractops.graphs.lifecycle import Event
from contractops.operator.adapters.model import ModelConfig
from contractops.operator.envelope_words import EnvelopeWords
from contractops.operator.performers import Signing
from contractops.operator.store.tables import Audit, Effect
from contractops.prompts.loader import load
from contractops.tools.signature import EnvelopePlan
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import asked

GOOD = "Dear Priya Nair, the order form for Northwind Logistics is attached: 36 months at USD 16,723.08 a month. Kind regards, Maria Ortiz"


@pytest.fixture
def words(office: Office) -> EnvelopeWords:
    """A model at the local world; its script is empty."""
    httpx.delete(f"{office.world.url}/_world/model/script", trust_env=False).raise_for_status()
    config = ModelConfig(base_url=f"{office.world.url}/openai/v1", model="local-script", api_key="local", timeout=3.0)
    return EnvelopeWords(office.database, office.operator.core.clock, config)


def intended(office: Office) -> tuple[Effect, EnvelopePlan]:
    """Draft 2 is approved by both; its envelope is intended, not sent."""
    asked(office)
    office.answer(Event.APPROVE, "dana.whitfield")
    office.jobs.advance(RENEWAL)
    with office.database.read() as session:
        effect = session.exec(select(Effect).where(Effect.kind == "docusign.send")).one()
    return effect, EnvelopePlan.model_validate(effect.payload["plan"])


def script(office: Office, *contents: Any) -> None:
    office.world.post("/_world/model/script", {"replies": [{"content": each} for each in contents]})


def stored(office: Office) -> list[dict[str, Any]]:
    with office.database.read() as session:
        return [row.data for row in session.exec(select(Audit).where(Audit.event == "worded")).all()]


def asked_times(office: Office) -> int:
    return len(office.world.get("/_world/journal", surface="model", operation="chat.completions"))


def test_good_words_are_used_and_stored(office: Office, words: EnvelopeWords) -> None:
    """The mail at DocuSign has the model's words; the chain has text, model and prompt; the document is what was approved."""
    effect, plan = intended(office)
    script(office, {"message": GOOD})
    signer = office.operator.signer
    assert signer is not None
    before = plan.message
    Signing(office.database, office.operator.core.clock, signer, signer, words.word).send(effect)
    sent = office.world.get("/_world/docusign/envelopes")[-1]
    assert GOOD in str(sent)
    assert before not in str(sent)
    assert stored(office) == [
        {"effect": effect.key, "text": GOOD, "model": "local-script", "prompt_digest": load("envelope_message").digest, "reason": None}
    ]
    worded = words.word(effect, plan)
    assert worded.model_copy(update={"message": plan.message}) == plan


def test_a_repeat_uses_the_same_words(office: Office, words: EnvelopeWords) -> None:
    """Killed after the answer was stored: the next attempt asks nobody."""
    effect, plan = intended(office)
    script(office, {"message": GOOD}, {"message": "Other words for Priya Nair."})
    assert words.word(effect, plan).message == GOOD
    times = asked_times(office)
    assert words.word(effect, plan).message == GOOD
    assert asked_times(office) == times


@pytest.mark.parametrize(
    "reply", [{"message": f"{GOOD} You get 50 % off."}, {"message": GOOD.replace("16,723.08", "15,723.08")}, "no json", None]
)
def test_anything_else_leads_to_the_template(office: Office, words: EnvelopeWords, reply: Any) -> None:
    """An invented figure, or no answer: the template's text, with the reason stored; it is not asked again."""
    effect, plan = intended(office)
    if reply is not None:
        script(office, reply)
    assert words.word(effect, plan) == plan
    assert stored(office)[0]["text"] is None
    assert stored(office)[0]["reason"]
    times = asked_times(office)
    assert words.word(effect, plan) == plan
    assert asked_times(office) == times


def test_off_without_configuration(office: Office) -> None:
    """Nobody is asked and nothing is stored when no model is configured."""
    times = asked_times(office)
    asked(office)
    office.answer(Event.APPROVE, "dana.whitfield")
    office.drain()
    assert office.stage() == "out_for_signature"
    assert (asked_times(office), stored(office)) == (times, [])
