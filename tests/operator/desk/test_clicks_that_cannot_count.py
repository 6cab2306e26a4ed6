"""Clicks that cannot count: each is answered in the words of the house, changes nothing, and its card shows the truth."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlmodel import select

from contractops.graphs.lifecycle import Event
from contractops.operator.slack import commands
from contractops.operator.slack.actions import Action
from contractops.operator.store import records
from contractops.operator.store.tables import Audit, Card, Draft, Gate, Inbox
from contractops.tools.errors import VendorError
from tests.localworld.worlds import WEB
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import DANA, LENA, MARIA, answer, asked, begin, drafted, missed, redrafted
from tests.slack import payloads

ONLY_STAFF = "Only staff with a role in Renewal Desk can act here. Nothing was changed."


def newest(office: Office, user: str) -> dict[str, Any]:
    """The newest answer to ``user``: for him alone where he clicked, or in his own messages when he is not in that channel."""
    state = office.state()
    directs = [one["id"] for one in state["channels"] if one.get("is_im") and user in one["members"]]
    told = [one | {"channel": channel} for channel in directs for one in state["messages"].get(channel, []) if "metadata" not in one]
    return max([*office.whispers(user), *told], key=lambda one: str(one["ts"]))


def said(office: Office, user: str) -> str:
    """What the newest answer to ``user`` says, without its button."""
    text: str = newest(office, user)["blocks"][0]["text"]["text"]
    return text


def offered(office: Office, user: str) -> dict[str, Any]:
    """The button of the newest answer."""
    button: dict[str, Any] = newest(office, user)["blocks"][-1]["elements"][0]
    return button


def press_answer(office: Office, user: str) -> None:
    """Click the button of the newest answer."""
    answer_ = newest(office, user)
    office.act(user, answer_["channel"], answer_["ts"], offered(office, user)["action_id"])


def second(office: Office) -> Card:
    """Dana's question."""
    return office.card("second")


def approve_as(office: Office, user: str, card: Card | None = None) -> None:
    """Look at every figure and approve."""
    office.click(user, card or second(office), "second_approve", force=user != DANA)
    if office.view(user) is not None:
        assert not office.submit(user, {"comment": ""})["errors"]


def forged(
    office: Office, card: Card, action: str, *, user: str = MARIA, team: str = "T0LOCAL", token: str | None = None, **place: str
) -> str:
    """A payload that no honest client sends, stored and handled; returns its outcome."""
    value = token if token is not None else next(value for name, value in office.controls(card) if name == action)
    pressed = {"action_id": action, "block_id": "act", "value": value, "type": "button", "action_ts": f"1796.{len(value)}{user}{team}"}
    container = {"type": "message", "message_ts": card.ts, "channel_id": card.channel, **place}
    payload = payloads.click(action, user=user, team=team, actions=[pressed], container=container)
    return delivered(office, payload)


def delivered(office: Office, payload: dict[str, Any]) -> str:
    """Commit and handle a payload; returns its outcome."""
    command = commands.parse(payload, "A0LOCAL")
    assert command is not None
    key = commands.inbox_key(command)
    office.relay.commit(key, commands.kind(command), payload)
    office.operator.desk.handle(key)  # type: ignore[union-attr]
    office.drain()
    with office.database.read() as session:
        return str(session.get_one(Inbox, key).outcome)


# Who clicks


@pytest.mark.parametrize("user", ["U0GUEST", "U0OTHER", "U0BOT", "U0GONE", "U0NOBODY", "U0UNKNOWN"])
def test_strangers_can_do_nothing(office: Office, user: str) -> None:
    """Guest, other company, bot, one who left, a namesake of the approver, an unknown id: told no figure, nothing changes."""
    card = office.card("alert")
    team = "T0OTHER" if user == "U0OTHER" else "T0LOCAL"
    assert forged(office, card, "renewal_prepare", user=user, team=team).startswith("stranger: ")
    assert (office.stage(), office.decisions()) == ("flagged", [("flag", "machine")])
    if user in {"U0GUEST", "U0NOBODY"}:
        assert said(office, user) == ONLY_STAFF


def test_other_team_of_a_known_account(office: Office) -> None:
    """The id of a colleague under another team's id is nobody's."""
    assert forged(office, office.card("alert"), "renewal_prepare", team="T0OTHER") == "stranger: another team"
    assert office.stage() == "flagged"


def test_staff_without_a_part_in_it(office: Office) -> None:
    """Finance may not decide about the renewal; whose it is, is said."""
    forged(office, office.card("alert"), "renewal_prepare", user="U0OMAR")
    assert said(office, "U0OMAR") == "This one is Maria Ortiz's to decide. Nothing was changed."
    assert office.stage() == "flagged"


def test_rights_cannot_be_checked(office: Office) -> None:
    """Slack does not say who it is: nobody may do anything, and the days that are left are named."""
    office.operator.messenger._users.clear()  # type: ignore[union-attr]
    office.world.fault("status", "users.info", status=503, times=5)
    office.click(MARIA, office.card("alert"), "renewal_prepare")
    words = "I can't check your role right now (Slack does not answer). Nothing was changed. Try again in a few minutes; 60 days are left."
    assert said(office, MARIA) == words
    assert office.stage() == "flagged"


def test_slack_is_asked_before_the_transaction(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """While Slack is asked who clicked, somebody else can write."""
    messenger = office.operator.messenger
    assert messenger is not None
    asked_for: list[str] = []

    def slow(user_id: str) -> Any:
        with office.database.write():
            asked_for.append(user_id)
        raise VendorError("CO-TST-001", "no answer")

    monkeypatch.setattr(messenger, "user", slow)
    assert forged(office, office.card("alert"), "renewal_prepare").startswith("stranger: ")
    assert asked_for == [MARIA]


# What is clicked


def test_same_person_again(office: Office) -> None:
    """An approval is given once; the second click names the first."""
    begin(office, asked)
    token = office.token(second(office), Action.SECOND_APPROVE)
    approve_as(office, DANA)
    form = payloads.form("second_approve", {}, user={"id": DANA, "team_id": "T0LOCAL"})
    form["view"]["private_metadata"] = token.token
    delivered(office, form)
    assert said(office, DANA) == "You approved this on Mon 7 Dec 2026, 09:00 CST. Nothing more to do."
    assert office.decisions().count(("approve", "dana.whitfield")) == 1


def test_somebody_was_first(office: Office) -> None:
    """The manager prepared before: the owner hears who and when."""
    token = office.token(office.card("alert"), Action.RENEWAL_PREPARE).token
    answer(office, Event.PREPARE, "sam.okafor")
    forged(office, office.card("alert"), "renewal_prepare", token=token)
    assert said(office, MARIA) == "Sam Okafor started this at 09:00 CST. Your click changed nothing."


def test_old_version(office: Office) -> None:
    """A click on draft 1 after draft 2: both are named, and a link leads to the newer one."""
    begin(office, drafted)
    token = office.token(office.card("draft"), Action.DRAFT_APPROVE).token
    with office.database.read() as session:
        first = session.get_one(Card, f"{RENEWAL}/draft/1")
    office.click(MARIA, office.card("draft"), "draft_edit")
    assert not office.submit(MARIA, {"term": "36", "discount": "12.00"})["errors"]
    forged(office, first, "draft_approve", token=token)
    assert said(office, MARIA) == "This is draft 1. Draft 2 (36 months, USD 16,723.08 a month) replaced it at 09:00 CST."
    assert offered(office, MARIA)["text"]["text"] == "Open draft 2"
    assert "/archives/" in offered(office, MARIA)["url"]
    assert office.stage() == "in_review"
    assert ("approve", "maria.ortiz") not in office.decisions()


def test_inputs_changed_since(office: Office) -> None:
    """The price book changed after the draft was shown: nothing is approved, another draft comes, by the same author."""
    begin(office, asked)
    with office.database.write() as session:
        rows = session.exec(select(records.PriceBookEntry).where(records.PriceBookEntry.currency == "USD")).all()
        for row in rows:
            row.book = "2026-12"
            session.add(row)
    approve_as(office, DANA)
    assert said(office, DANA) == "The price book changed since you saw this. Draft 3 is being prepared; nothing was approved."
    assert office.renewal().draft_number == 3
    assert office.stage() == "in_review"
    with office.database.read() as session:
        gate = session.get_one(Gate, f"{RENEWAL}:{office.renewal().version}")
    assert gate.allowed == ["maria.ortiz"]


def test_no_authority(office: Office) -> None:
    """Who may not approve learns what needs whom, and can ask."""
    begin(office, asked)
    forged(office, second(office), "second_decline", user=LENA)
    words = "You can't approve this: this draft needs VP Sales. It waits for Dana Whitfield. Nothing was changed."
    assert said(office, LENA) == words
    button = offered(office, LENA)
    assert button["text"]["text"] == "Ask Dana…"


def test_limits_are_named(office: Office) -> None:
    """A colleague with a limit of 24 months and 10 % reads what is over it; "Ask Dana…" sends the question."""
    begin(office, asked)
    office.change(records.Person, "jo.lang", slack_id="U0JO")
    token = office.token(second(office), Action.SECOND_APPROVE).token
    form = payloads.form("second_approve", {}, user={"id": "U0JO", "team_id": "T0LOCAL"})
    form["view"]["private_metadata"] = token
    delivered(office, form)
    assert said(office, "U0JO") == (
        "You can't approve this: 36 months and 12.00 % need VP Sales. It waits for Dana Whitfield. Nothing was changed."
    )
    press_answer(office, "U0JO")
    assert not office.submit("U0JO", {"text": "Would you look at this one today?"})["errors"]
    assert "Would you look at this one today?" in str(office.message(office.card("text")))
    assert office.card("text").person_id == "dana.whitfield"


def test_own_draft(office: Office) -> None:
    """Who made the draft cannot give the second approval, whatever account is used: the staff list knows one person."""
    begin(office, redrafted)
    answer(office, Event.APPROVE)
    token = office.token(second(office), Action.SECOND_APPROVE).token
    form = payloads.form("second_approve", {}, user={"id": MARIA, "team_id": "T0LOCAL"})
    form["view"]["private_metadata"] = token
    delivered(office, form)
    words = "You prepared this draft, so the second approval must come from somebody else. It waits for Dana Whitfield."
    assert said(office, MARIA) == words


def test_two_accounts_of_one_person(office: Office) -> None:
    """Two Slack accounts that lead to the same person are the same person."""
    begin(office, asked)
    office.change(records.Person, "maria.ortiz", slack_id=None)
    for user in (MARIA, "U0MARIA2"):
        token = office.token(second(office), Action.SECOND_APPROVE).token
        form = payloads.form("second_approve", {}, user={"id": user, "team_id": "T0LOCAL"})
        form["view"] |= {"private_metadata": token, "id": f"V{user}"}
        assert delivered(office, form) == "refused: OwnDraft"
    assert office.stage() == "in_review"


def test_an_address_is_compared_letter_by_letter(office: Office) -> None:
    """An address with a wildcard is nobody's."""
    office.change(records.Person, "maria.ortiz", slack_id=None, email="mariaxortiz@prairie.example")
    assert forged(office, office.card("alert"), "renewal_prepare", user=MARIA) == "stranger: not on the staff list"


def test_copied_card(office: Office) -> None:
    """A copy in another channel, or another message, does nothing; a link leads to the original for whom it belongs to."""
    card = office.card("alert")
    for place in ({"channel_id": "CCREDITS"}, {"message_ts": "1796.999999"}):
        assert forged(office, card, "renewal_prepare", token=office.token(card, Action.RENEWAL_PREPARE).token, **place) == "copied card"
        with office.database.write() as session:
            for row in session.exec(select(Inbox).where(Inbox.outcome == "copied card")).all():
                session.delete(row)
    assert said(office, MARIA) == "This is a copy. Please use the original."
    assert offered(office, MARIA)["url"]
    assert office.stage() == "flagged"


@pytest.mark.parametrize("token", ["g1.00000000000000000000000000000000", "ENT-2208#1", "", "g1.' OR 1=1 --"])
def test_tampered_token(office: Office, token: str) -> None:
    """A token that we did not make leads nowhere."""
    assert forged(office, office.card("alert"), "renewal_prepare", token=token) == "unknown token"
    assert said(office, MARIA) == "I don't know this button any more. Nothing was changed. Please use the newest card."


def test_token_of_another_button(office: Office) -> None:
    """The token of a harmless button does not decide, neither by a click nor by a form."""
    card = office.card("alert")
    token = office.token(card, Action.RENEWAL_WHY).token
    assert forged(office, card, "renewal_prepare", token=token) == "token of another button"
    form = payloads.form("renewal_stop", {"what": payloads.option("end"), "reason": payloads.option("price")})
    form["view"]["private_metadata"] = token
    assert delivered(office, form) == "token of another button"
    assert office.stage() == "flagged"


def test_too_late(office: Office) -> None:
    """After the window: when it closed, and what still helps."""
    token = office.token(office.card("alert"), Action.RENEWAL_PREPARE).token
    missed(office)
    forged(office, office.card("alert"), "renewal_prepare", token=token)
    assert said(office, MARIA) == "This question closed on Fri 5 Feb 2027, 17:00 CST, when the notice window ended."
    assert offered(office, MARIA)["text"]["text"] == "What now?"
    before = len(office.whispers(MARIA))
    press_answer(office, MARIA)
    assert len(office.whispers(MARIA)) == before + 1


def test_expired_question(office: Office) -> None:
    """A gate with an end of its own is not decided after it."""
    begin(office, drafted)
    with office.database.write() as session:
        gate = session.get_one(Gate, f"{RENEWAL}:{office.renewal().version}")
        gate.expires_at = office.operator.core.clock.now()
        session.add(gate)
    office.click(MARIA, office.card("draft"), "draft_approve")
    assert said(office, MARIA) == "This question closed on Mon 7 Dec 2026, 09:00 CST, when its time ran out."
    assert office.stage() == "in_review"


def test_vendor_down(office: Office) -> None:
    """Approved and DocuSign does not answer: the card says what is true; when it answers, "Sent"."""
    begin(office, asked)
    assert office.operator.signer is not None
    office.operator.signer.find("nothing")  # signed in before it goes down
    office.world.fault("status", "*", surface="docusign", status=503, times=1000)
    approve_now(office)
    words = str([office.message(card) for card in office.cards("sent")])
    assert "DocuSign does not answer" in words
    assert "You need not click again." in words
    WEB.delete(f"{office.world.url}/_world/faults").raise_for_status()
    office.drain()
    assert "Sent to Priya Nair" in str(office.message(office.card("sent")))


def approve_now(office: Office) -> None:
    """Dana approves; only what is due at once is done."""
    office.answer(Event.APPROVE, "dana.whitfield")
    for _turn in range(40):
        if not office.bell.rings:
            office.jobs.recover()
            if not office.bell.rings:
                return
        job, args = office.bell.rings.popleft()
        office.jobs.table()[job](*args)


# How often, and by how many


def test_three_deliveries_of_one_click(office: Office) -> None:
    """The same click three times, committed and handled each time: one decision, one line in the chain."""
    card = office.card("alert")
    outcomes = {
        forged(office, card, "renewal_prepare", token=office_token)
        for office_token in [office.token(card, Action.RENEWAL_PREPARE).token] * 3
    }
    assert outcomes == {"decided prepare"}
    assert office.events().count("prepare") == 1
    assert len(office.cards("draft")) == 1


def test_two_people_at_the_same_moment(office: Office) -> None:
    """Owner and manager in two threads: one decides, the other is told who."""
    begin(office, drafted)
    card = office.card("alert")
    token = office.token(card, Action.RENEWAL_STOP).token
    keys = []
    for user in (MARIA, "U0SAM"):
        form = payloads.form(
            "renewal_stop", {"what": payloads.option("renew"), "reason": payloads.option("other")}, user={"id": user, "team_id": "T0LOCAL"}
        )
        form["view"] |= {"private_metadata": token, "id": f"V{user}"}
        command = commands.parse(form, "A0LOCAL")
        assert command is not None
        keys.append(commands.inbox_key(command))
        office.relay.commit(keys[-1], "submit", form)
    desk = office.operator.desk
    assert desk is not None
    threads = [threading.Thread(target=desk.handle, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    office.drain()
    with office.database.read() as session:
        outcomes = sorted(str(session.get_one(Inbox, key).outcome) for key in keys)
    assert outcomes == ["decided let_renew", "refused: lost: decided"]
    assert office.stage() == "let_renew"


def test_killed_between_decision_and_answer(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies after the decision was stored: handled again, it is harmless and the renewal goes on."""
    desk = office.operator.desk
    assert desk is not None

    class Killed(BaseException):
        """The end of the process."""

    def die(_renewal_id: str) -> None:
        raise Killed

    monkeypatch.setattr(desk, "_on_decided", die)
    with pytest.raises(Killed):
        forged(office, office.card("alert"), "renewal_prepare")
    monkeypatch.undo()
    with office.database.read() as session:
        key = session.exec(select(Inbox.key).where(Inbox.outcome == "decided prepare")).one()
    desk.handle(key)
    office.jobs.recover()
    office.drain()
    assert office.stage() == "in_review"
    assert office.events().count("prepare") == 1


def test_approver_removed_before_sending(office: Office) -> None:
    """Dana leaves the staff between approval and sending: nothing is sent, the draft is asked about again."""
    begin(office, asked)
    office.answer(Event.APPROVE, "dana.whitfield")
    office.change(records.Person, "dana.whitfield", active=False)
    office.drain()
    assert office.stage() != "out_for_signature"
    assert not office.cards("sent")


# What is true


def test_sending_is_said_until_the_receipt(office: Office) -> None:
    """Approved, and no receipt yet: "sending", never "Sent"."""
    begin(office, asked)
    office.answer(Event.APPROVE, "dana.whitfield")
    while office.bell.rings:
        job, args = office.bell.rings.popleft()
        if job == "advance":
            office.jobs.advance(*args)
        elif args[0].startswith("slack.card"):
            office.jobs.perform(*args)
    assert office.stage() == "out_for_signature"
    words = str(office.message(office.card("sent"))["text"])
    assert "sending" in words
    assert "Sent to" not in words
    office.jobs.recover()
    office.drain()
    assert "Sent to Priya Nair" in str(office.message(office.card("sent")))


def test_form_held_open_while_the_draft_changed(office: Office) -> None:
    """Draft 2 appears while draft 1 is edited: sending says so, and the next change carries what was typed to draft 2."""
    begin(office, drafted)
    office.click(MARIA, office.card("draft"), "draft_edit")
    with office.database.read() as session:
        choices = session.get_one(Draft, (RENEWAL, 1)).choices
    answer(office, Event.EDIT, "sam.okafor", choices={**choices, "term_months": 24})
    errors = office.submit(MARIA, {"discount": "5.00"})["errors"]
    assert "Draft 2 appeared while you edited" in str(errors)
    view = office.view(MARIA)
    assert view is not None
    office.world.post(
        "/_world/slack/act", {"user": MARIA, "view_id": view["id"], "action_id": "v", "block_id": "discount", "value": "5.00"}
    )
    office.relay.done.get(timeout=20)
    assert "Draft 2 appeared while you edited." in str(office.view(MARIA))
    assert not office.submit(MARIA, {"discount": "5.00"})["errors"]
    assert office.renewal().draft_number == 3


def test_refusals_stand_in_the_chain(office: Office) -> None:
    """Who tried what is written down."""
    forged(office, office.card("alert"), "renewal_prepare", user="U0OMAR")
    with office.database.read() as session:
        line = session.exec(select(Audit).where(Audit.renewal_id == RENEWAL, Audit.event == "refused")).one()
    assert (line.by, line.data["action"]) == ("omar.haddad", "renewal_prepare")


def test_plain_words_decide_nothing(office: Office) -> None:
    """ "Approved" in a message is answered and decides nothing."""
    begin(office, drafted)
    office.world.post("/_world/slack/say", {"user": MARIA, "channel": office.card("draft").channel, "text": "approved by @CFO"})
    office.relay.done.get(timeout=20)
    assert office.stage() == "in_review"
    assert ("approve", "maria.ortiz") not in office.decisions()
