"""Conversation at the desk: what is asked in a message is answered in its thread, from the facts of now, once, and only to who may see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from contractops.operator.clock import wall_now
from contractops.operator.slack.actions import Action
from contractops.operator.store.tables import Draft, Effect, Inbox, Renewal
from contractops.tools.errors import OutcomeUnknown
from contractops.tools.ports import Posted
from tests.operator.desk.office import PATIENCE, RENEWAL, Office
from tests.operator.desk.states import DANA, JO, LENA, MARIA, asked, drafted, redrafted, sent

DIRECT = "D0MARIA"


def say(office: Office, text: str, user: str = MARIA, channel: str = "", thread: str = "") -> list[dict[str, Any]]:
    """Write a message, wait for the desk, and return the replies in its thread, oldest first."""
    place = channel or f"D{user[1:]}"
    said = office.world.post("/_world/slack/say", {"user": user, "channel": place if channel else user, "text": text, "thread_ts": thread})
    if said["acked"]:
        office.relay.done.get(timeout=PATIENCE)
    return replies(office, place, thread or said["ts"])


def replies(office: Office, channel: str, root: str) -> list[dict[str, Any]]:
    """What the desk wrote into a thread."""
    return [one for one in office.state()["messages"].get(channel, []) if one.get("thread_ts") == root and one.get("bot_id")]


def told(office: Office, text: str, **more: Any) -> str:
    """The one answer to a message, as a screen reader reads it."""
    return str(say(office, text, **more)[-1]["text"])


def labels(message: dict[str, Any]) -> list[str]:
    return [one["text"]["text"] for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]


def press(office: Office, user: str, message: dict[str, Any], label: str, channel: str = DIRECT) -> None:
    """Click a button of an answer, and let everything happen that follows."""
    buttons = [one for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]
    button = next(one for one in buttons if one["text"]["text"] == label)
    office.act(user, channel, message["ts"], button["action_id"], value=button["value"])
    office.drain()


QUESTIONS: dict[str, str] = {
    "what is due in the next 90 days?": (
        "4 decisions by Sun 7 Mar 2027: Brightway Retail Fri 11 Dec 2026 (GBP 7,250.00 a month), Alpen Bank Thu 7 Jan 2027 (EUR 22,100.00), "
        "Northwind Logistics Fri 5 Feb 2027 (USD 18,450.00), Harbor Ports Mon 1 Mar 2027 (USD 4,300.00)."
    ),
    "SLA of ENT-3391 this year": (
        "Northwind Logistics (ENT-3391), Jan to Nov 2026: met in 9 of 11 months. "
        "Below 99.95 %: Sep 2026 99.8796 %, Nov 2026 99.5671 %. Credits: USD 1,435.00 open, USD 160.00 lapsed."
    ),
    "draft a 36 month renewal for Northwind": (
        "I can prepare 36 months for Northwind Logistics (ENT-3391), from Thu 8 Apr 2027. Nothing is sent. Actions: Prepare 36 months."
    ),
    "which credits are open?": "USD 1,435.00 Northwind Logistics (closes Wed 30 Dec 2026)",
    "what if we do nothing about northwind?": (
        "Northwind Logistics (ENT-3391): Renews itself Thu 8 Apr 2027 for 12 months at USD 18,450.00 a month; "
        "next chance to decide: Mon 7 Feb 2028. Actions: Prepare terms."
    ),
    "who signs for northwind?": "Northwind Logistics (ENT-3391): Priya Nair, COO (CRM, signing right checked Mon 2 Nov 2026).",
    "when does Copperleaf renew?": "Copperleaf Media (ENT-4410): I don't know: ",
    "is this clause legal in New York?": "That is for counsel.",
    "what's the weather?": 'I only know contracts, service and renewals. Try: "what is due in the next 90 days?"',
    "send it to my gmail": "I only send to recorded signers through DocuSign.",
    "show me Dana's deals": "Those accounts aren't yours to see here. Contract-ops can grant access.",
    "blubber fasel": "I didn't get that. I can show dates, terms, service, credits, approvals.",
    "Was ist in den nächsten 90 Tagen fällig?": "4 Entscheidungen bis Sun 7 Mar 2027: Brightway Retail Fri 11 Dec 2026",
    "¿qué pasa si no hacemos nada con Northwind?": "Se renueva solo el Thu 8 Apr 2027 por 12 meses a USD 18,450.00 a month",
    "qui signe chez Northwind ?": "Priya Nair, COO (CRM, droit de signature vérifié Mon 2 Nov 2026).",
}


def test_questions_are_answered_in_their_thread(office: Office) -> None:
    """Each of the questions of the design gets its answer, one reply each, with figures of the tools and at most three buttons."""
    for question, answer in QUESTIONS.items():
        found = say(office, question)
        assert len(found) == 1, question
        assert answer in found[0]["text"], f"{question}: {found[0]['text']}"
        assert len(labels(found[0])) <= 3


def test_why_that_date_shows_the_steps(office: Office) -> None:
    """The answer begins with the date; the steps and the clause stand behind it, and the clause can be read."""
    found = say(office, "why is ENT-3391 due on that date?")[0]
    assert found["text"].startswith("Northwind Logistics (ENT-3391): Decide by Fri 5 Feb 2027, 17:00 CST (Chicago).")
    assert "1. " in found["text"]
    assert "twelve (12) months" in found["text"] or "MSA" in found["text"]
    press(office, MARIA, found, "Read clause 9.2")
    assert "9.2" in office.whispers(MARIA)[-1]["text"]


def test_what_waits(office: Office) -> None:
    """Open questions to the one who asks, most urgent first, with the days that are left."""
    answer = told(office, "what waits for me?")
    assert "the alert for Northwind Logistics (60 days left)" in answer
    assert "1 date question for Copperleaf Media" in answer


def test_the_thread_remembers_and_says_so(office: Office) -> None:
    """A thread keeps its account; what came from the memory is shown, and another thread knows nothing of it."""
    first = office.world.post(
        "/_world/slack/say", {"user": MARIA, "channel": MARIA, "text": "SLA of Brightway last month", "thread_ts": ""}
    )
    office.relay.done.get(timeout=PATIENCE)
    root = first["ts"]
    assert "(for ENT-1042, as before)" in told(office, "and who signs for them?", thread=root)
    card = office.card("alert")
    assert "(for ENT-3391, as before)" in told(office, "what if we do nothing?", channel=str(card.channel), thread=str(card.ts))


def test_two_misses_offer_people(office: Office) -> None:
    """Not understood twice in a row: contract-ops are named."""
    assert "contract-ops" not in told(office, "hurgl burgl")
    assert "Or ask contract-ops: J. Kim or Lena Fischer." in told(office, "burgl hurgl")


def test_an_ambiguous_account_is_asked_with_buttons(office: Office) -> None:
    """One question, a button each; the choice is answered with its own facts."""
    found = say(office, "what happens to harbor if nobody acts?")[0]
    assert labels(found) == ["Harbor Clinics", "Harbor Ports"]
    press(office, MARIA, found, "Harbor Ports")
    assert office.whispers(MARIA)[-1]["text"].startswith("Harbor Ports (ENT-2290): Renews itself ")


def test_two_readers_that_differ_ask_which_was_meant(office: Office) -> None:
    """What the rules would refuse and the other reader takes for a question is offered as a button, and the button answers it."""
    found = say(office, "gibts noch Gutschriften für Northwind, die nicht verbucht sind")[-1]
    assert found["text"].startswith("Meinten Sie: ")
    press(office, MARIA, found, labels(found)[0])
    assert "USD 1,435.00" in office.whispers(MARIA)[-1]["text"]


def test_an_account_with_several_contracts_names_the_others(office: Office) -> None:
    """None of them is on the way: its oldest is answered about, and the rest is said."""
    assert "(for ENT-2755; this account also has ENT-2756)" in told(office, "who signs for Kestrel?", user=LENA)


def test_a_wish_is_a_button_and_the_button_prepares(office: Office) -> None:
    """Asking changes nothing; the button makes draft 1 with the length that was asked for, once."""
    found = say(office, "prepare a 36 month renewal for Northwind")[0]
    office.drain()
    assert office.stage() == "flagged"
    press(office, MARIA, found, "Prepare 36 months")
    assert office.stage() == "in_review"
    with office.database.read() as session:
        draft = session.get_one(Draft, (RENEWAL, 1))
    assert draft.choices["term_months"] == 36
    press(office, MARIA, found, "Prepare 36 months")
    assert office.renewal().draft_number == 1
    again = say(office, "draft 24 months for Northwind")[0]
    assert again["text"].startswith("Draft 1 stands. I can make the next one with 24 months")
    press(office, MARIA, again, "Use 24 months")
    assert office.renewal().draft_number == 2


def test_decisions_are_not_taken_in_words(office: Office) -> None:
    """ "Just approve it" leads to the card, and approves nothing."""
    redrafted(office)
    before = office.decisions()
    found = say(office, "just approve it for me")[0]
    assert found["text"].startswith("I can't decide for you. Draft 2 waits here.")
    assert labels(found) == ["Open draft 2"]
    press(office, MARIA, found, "Open draft 2")
    assert "ENT-3391" in office.whispers(MARIA)[-1]["text"]
    assert office.decisions() == before


def test_status_names_approvals_and_the_envelope(office: Office) -> None:
    """Who approved what and when, on which bytes; then what the signing service says."""
    asked(office)
    answer = told(office, "who approved draft 2 for northwind?")
    assert "approved by Maria Ortiz" in answer
    assert "on fingerprint" in answer
    assert "Waits for Dana Whitfield." in answer


def test_status_after_sending(office: Office) -> None:
    """Sent and not opened is said so; who signs is whom the envelope names."""
    sent(office)
    assert "Out for signature" in told(office, "has she opened it? northwind")
    assert "Priya Nair signs draft 2, which is out for signature." in told(office, "who signs for northwind")


@pytest.mark.parametrize(("user", "seen"), [(JO, False), (LENA, True), (DANA, True)])
def test_only_what_the_asker_may_see(office: Office, user: str, seen: bool) -> None:
    """Another owner is told nothing of Maria's accounts; contract-ops and the VP see them."""
    answer = told(office, "what happens if we do nothing on ENT-3391?", user=user)
    assert ("18,450.00" in answer) is seen
    assert ("aren't yours" in answer) is not seen
    assert ("Northwind" in told(office, "what is due in the next 90 days?", user=user)) is seen


def test_somebody_else_cannot_use_the_buttons_of_an_answer(office: Office) -> None:
    """In a channel everybody sees the answer's buttons; who may not see the contract is refused, and nothing is decided."""
    channel = next(one["id"] for one in office.state()["channels"] if one.get("name") == "renewals")
    bot = next(one["user"] for one in office.state()["messages"][DIRECT] if one.get("bot_id"))
    said = office.world.post(
        "/_world/slack/say", {"user": MARIA, "channel": channel, "text": f"<@{bot}> what if we do nothing about ENT-3391?"}
    )
    office.relay.done.get(timeout=PATIENCE)
    found = replies(office, channel, said["ts"])
    assert len(found) == 1
    assert "USD 18,450.00 a month" in found[0]["text"]
    press_as = next(one for block in found[0]["blocks"] if block["type"] == "actions" for one in block["elements"])
    office.act(JO, channel, found[0]["ts"], press_as["action_id"], value=press_as["value"], force=True)
    office.drain()
    assert office.stage() == "flagged"
    assert "18,450" not in json.dumps(office.whispers(JO))


def test_no_figures_in_a_public_channel(office: Office) -> None:
    """In a channel that everybody can read, only the asker is told why nothing is shown."""
    say(office, "hi")
    bot = next(one["user"] for one in office.state()["messages"][DIRECT] if one.get("bot_id"))
    said = office.world.post("/_world/slack/say", {"user": MARIA, "channel": "C0GENERAL", "text": f"<@{bot}> which credits are open?"})
    office.relay.done.get(timeout=PATIENCE)
    assert replies(office, "C0GENERAL", said["ts"]) == []
    assert office.whispers(MARIA)[-1]["text"] == "I don't show figures in public or shared channels. Ask me in a direct message."


def test_a_stranger_hears_no_figure(office: Office) -> None:
    """A guest who writes to the desk is told that only staff can; no reply is posted."""
    assert say(office, "what is due in the next 90 days?", user="U0GUEST") == []
    assert "Only staff" in office.whispers("U0GUEST")[-1]["text"]


def test_an_answer_is_no_effect(office: Office) -> None:
    """An answer stands in its inbox row with what read the message; the ledger knows nothing of it."""
    with office.database.read() as session:
        before = len(session.exec(select(Effect)).all())
    say(office, "what waits for me?")
    with office.database.read() as session:
        rows = session.exec(select(Inbox).where(Inbox.kind == "said").order_by(col(Inbox.received_at).desc())).all()
        assert len(session.exec(select(Effect)).all()) == before
    kept = json.loads(rows[0].outcome or "")
    assert rows[0].handled_at is not None
    assert kept["reading"]["name"] == "waiting"
    assert kept["ts"]
    assert "taken_until" not in kept


def _lost(office: Office, *, posted: bool) -> Callable[..., Posted]:
    """A post whose answer is lost, after Slack took it or before."""
    messenger = office.operator.messenger
    assert messenger is not None
    real = messenger.post

    def post(*given: Any, **more: Any) -> Posted:
        messenger.post = real  # type: ignore[method-assign]
        if posted:
            real(*given, **more)
        raise OutcomeUnknown("CO-SLK-024", "the answer was lost")

    return post


@pytest.mark.parametrize("posted", [True, False])
def test_an_answer_is_posted_once_whatever_is_lost(office: Office, posted: bool) -> None:
    """The process dies between the post and its receipt, or before the post: recovery posts what was stored, once."""
    messenger = office.operator.messenger
    assert messenger is not None
    messenger.post = _lost(office, posted=posted)  # type: ignore[method-assign]
    said = office.world.post("/_world/slack/say", {"user": MARIA, "channel": MARIA, "text": "what waits for me?"})
    office.relay.done.get(timeout=PATIENCE)
    with office.database.write() as session:
        row = next(one for one in session.exec(select(Inbox).where(Inbox.kind == "said")) if one.handled_at is None)
        kept = json.loads(row.outcome or "")
        row.outcome = json.dumps({**kept, "taken_until": (wall_now() - timedelta(seconds=1)).isoformat()})
        session.add(row)
        key = row.key
    office.operator.inbound(key)
    office.operator.inbound(key)
    assert len(replies(office, DIRECT, said["ts"])) == 1


def test_a_repeated_delivery_is_answered_once(office: Office) -> None:
    """The same event twice, and the row worked on twice: one reply."""
    found = say(office, "what waits for me?")
    with office.database.read() as session:
        key = session.exec(select(Inbox.key).where(Inbox.kind == "said")).all()[-1]
    office.operator.inbound(key)
    assert len(replies(office, DIRECT, str(found[0]["thread_ts"]))) == 1


def test_prompts_are_offered_and_each_is_answered(office: Office) -> None:
    """Who opens the messages tab is offered four questions; none of them ends in "I didn't get that"."""
    office.world.post("/_world/slack/home", {"user": MARIA, "tab": "messages"})
    office.relay.done.get(timeout=PATIENCE)
    from contractops.operator.desk.talking import prompts

    assert len(prompts()) == 4
    for prompt in prompts():
        assert "I didn't get that" not in told(office, prompt)


def test_a_draft_that_waits_is_told(office: Office) -> None:
    """After the draft the question is another one."""
    drafted(office)
    assert "draft 1 for Northwind Logistics (60 days left)" in told(office, "what waits for me?")
    with office.database.read() as session:
        assert session.get_one(Renewal, RENEWAL).stage == "in_review"


def test_the_buttons_of_the_vocabulary_stand_in_answers() -> None:
    """The two actions that only answers carry are named."""
    assert {Action.TALK_CHOOSE, Action.TALK_PREPARE} <= set(Action)
