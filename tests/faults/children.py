"""What a forked child does: build the operator over a folder and a world, do one step, work off what it caused.

Rules of this module:

1. The operator is the real one, with the real adapters; only its doorbell is a queue in memory, so that no engine starts in each case.
2. A step commits what a person, the clock or the vendor asked for in a transaction of its own, as the product's doors do, and then works.
"""

import os
import sys
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from contractops.graphs.lifecycle import Event, Stage
from contractops.graphs.steps import Position, Step
from contractops.operator import arming, cli, failpoints, jobs
from contractops.operator.adapters.docusign import DocuSign
from contractops.operator.adapters.docusign_calls import Timeouts
from contractops.operator.adapters.salesforce import Salesforce
from contractops.operator.app import Operator
from contractops.operator.clock import wall_now
from contractops.operator.demo import SAMPLE
from contractops.operator.documents.write import render
from contractops.operator.engine import Queue
from contractops.operator.importing.folder import import_folder
from contractops.operator.settings import Settings, load
from contractops.operator.slack import commands, messenger
from contractops.operator.slack.actions import Action, Callback
from contractops.operator.slack.messenger import Pacer
from contractops.operator.store import gates, inbox
from contractops.operator.store.records import Person
from contractops.operator.store.tables import Button, Card, Draft, Effect, Envelope, Gate, Renewal
from contractops.operator.workbench import Workbench
from contractops.tools.signature import AuthorityMatrix
from tests.compiled import compiled_once
from tests.localworld.worlds import WEB
from tests.postgres import databases
from tests.slack import payloads

RENEWAL = "ENT-3391#1"
NEW_SIGNER = "mark.ellis"
PATIENCE = 20.0
ENGINE_PATIENCE = 40.0


class MemoryBell:
    """A doorbell that queues in memory; what it forgets at a kill, ``recover`` must find."""

    def __init__(self) -> None:
        self.rings: deque[tuple[str, list[str]]] = deque()
        self.later: list[tuple[float, str, list[str]]] = []  # (monotonic seconds, job, arguments)

    def enqueue(self, key: str, job: str, args: list[str], *, queue: Queue = "now", once: str | None = None, delay: float = 0.0) -> None:
        if delay == 0.0:
            self.rings.append((job, args))
        else:
            self.later.append((time.monotonic() + delay, job, args))

    def close(self) -> None:
        self.rings.clear()
        self.later.clear()


def settings_of(folder: Path, world: str) -> Settings:
    """The operator's settings for a folder with ``key.pem`` and a world at ``world``."""
    return load(
        database_url=databases.url_of(folder / "contractops.db"),
        clock_url=f"{world}/_world/clock",
        slack_bot_token="xoxb-local",
        slack_app_token="xapp-local",
        slack_api_url=f"{world}/slack/api/",
        slack_app_id="A0LOCAL",
        slack_team_id="T0LOCAL",
        docusign_host=f"{world}/restapi",
        docusign_oauth_url=world,
        docusign_account_id="acc-local",
        docusign_integration_key="local-integration-key",
        docusign_user_id="local-user",
        docusign_private_key=folder / "key.pem",
        docusign_poll_seconds=0.000_001,  # a look that comes at once is a look
        salesforce_url=f"{world}/sf",
        salesforce_client_id="local-client",
        salesforce_username="desk@prairie.example",
        salesforce_private_key=folder / "key.pem",
        salesforce_audience=f"{world}/sf",
        smtp_host="127.0.0.1",
        smtp_port=WEB.get(f"{world}/_world/mail").json()["smtp_port"],
        smtp_security="none",
        smtp_from="renewal.desk@prairie.example",
    )


def variables(folder: Path, world: str) -> dict[str, str]:
    """The same settings as variables, for the command line; without e-mail."""
    key = str(folder / "key.pem")
    ours = {
        "DATABASE_URL": databases.url_of(folder / "contractops.db"),
        "CLOCK_URL": f"{world}/_world/clock",
        "SLACK_BOT_TOKEN": "xoxb-local",
        "SLACK_APP_TOKEN": "xapp-local",
        "SLACK_API_URL": f"{world}/slack/api/",
        "SLACK_APP_ID": "A0LOCAL",
        "SLACK_TEAM_ID": "T0LOCAL",
        "DOCUSIGN_HOST": f"{world}/restapi",
        "DOCUSIGN_OAUTH_URL": world,
        "DOCUSIGN_ACCOUNT_ID": "acc-local",
        "DOCUSIGN_INTEGRATION_KEY": "local-integration-key",
        "DOCUSIGN_USER_ID": "local-user",
        "DOCUSIGN_PRIVATE_KEY": key,
        "DOCUSIGN_POLL_SECONDS": "1",
        "SALESFORCE_URL": f"{world}/sf",
        "SALESFORCE_CLIENT_ID": "local-client",
        "SALESFORCE_USERNAME": "desk@prairie.example",
        "SALESFORCE_PRIVATE_KEY": key,
        "SALESFORCE_AUDIENCE": f"{world}/sf",
        "RECOVER_SECONDS": "2",
    }
    return {f"CONTRACTOPS_{name}": value for name, value in ours.items()}


class Driver:
    """The operator of one child. Waits between attempts that no vendor asked for are shortened, since a case waits for them."""

    def __init__(self, folder: Path, world: str) -> None:
        messenger._LATER = timedelta(seconds=1)
        jobs.BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (0.1, 0.2, 1, 5))  # type: ignore[misc]  # final for the product
        self.world = world
        self.operator = Operator(settings_of(folder, world))
        self.bell = MemoryBell()
        self.operator.bell._client = self.bell
        if self.operator.messenger is not None:
            self.operator.messenger._pacer = Pacer(sleep=lambda _seconds: None)  # one message a second is another test's claim
        self.database = compiled_once(self.operator.core.database)
        self.jobs = self.operator.jobs

    def close(self) -> None:
        """Give back what the operator holds open."""
        for adapter in (self.operator.signer, self.operator.crm):
            adapter.close()  # type: ignore[union-attr]  # both are adapters of vendors here
        self.operator.close()

    def drain(self) -> None:
        """Do every job that was rung for, then what cron would still find, until nothing is left. Raises TimeoutError."""
        table: dict[str, Callable[..., None]] = {**self.jobs.table(), "inbound": self.operator.inbound}
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            while self.bell.rings:
                job, args = self.bell.rings.popleft()
                table[job](*args)
            self.jobs.poll()
            if self.bell.rings:
                continue
            wait = self._until_next()
            if wait is None:
                return
            time.sleep(wait)
            self.jobs.recover()
        message = "work is left"
        raise TimeoutError(message)

    def follow_rings(self) -> None:
        """Do every job that was rung for, each in its time, and nothing that was not. Raises TimeoutError."""
        end = time.monotonic() + PATIENCE
        while self.bell.rings or self.bell.later:
            while self.bell.rings:
                job, args = self.bell.rings.popleft()
                self.jobs.table()[job](*args)
            for ring in sorted(self.bell.later)[:1]:
                self.bell.later.remove(ring)
                time.sleep(max(0.0, ring[0] - time.monotonic()))
                self.bell.rings.append(ring[1:])
            if time.monotonic() > end:
                message = "rings are left"
                raise TimeoutError(message)

    def _until_next(self) -> float | None:
        """Seconds until the next effect that was put off may be tried; None when none is to do."""
        with self.database.read() as session:
            todo = session.exec(select(Effect).where(Effect.status == "todo")).all()
        if not todo:
            return None
        moments = [max(one.not_before or wall_now(), one.claimed_until or wall_now()) for one in todo]
        return max(0.0, (min(moments) - wall_now()).total_seconds()) + 0.01

    def renewal(self) -> Renewal:
        with self.database.read() as session:
            return session.get_one(Renewal, RENEWAL)

    def answer(self, event: Event, by: str, answer: dict[str, Any] | None = None) -> None:
        """A person's answer to the open question, as the desk stores it, and the ring that follows."""
        row = self.renewal()
        with self.database.write() as session:
            gate = session.get_one(Gate, gates.key_of(row.id, row.version))
            verdict = gates.decide(session, gate.key, gate.payload_hash, event, by=by, at=self.operator.core.clock.now(), answer=answer)
        assert verdict.won, verdict
        self.jobs.ring(row.id)

    def deliver(self, payload: dict[str, Any]) -> str:
        """Store a Slack payload as the listener does, as if it had waited for a minute, and ring for it."""
        command = commands.parse(payload, "A0LOCAL")
        assert command is not None
        key = commands.inbox_key(command)
        with self.database.write() as session:
            inbox.commit(session, key, commands.kind(command), payload, at=wall_now() - timedelta(minutes=1))
        self.bell.enqueue(key, "inbound", [key])
        return key

    def button(self, action: Action) -> tuple[Button, Card]:
        """The newest button for ``action`` on a posted card of the renewal."""
        with self.database.read() as session:
            query = select(Button, Card).join(Card, col(Card.key) == Button.card_key)
            found = session.exec(
                query.where(Card.renewal_id == RENEWAL, Button.action == action, col(Card.ts).is_not(None)).order_by(
                    col(Card.created_at).desc()
                )
            ).first()
        assert found is not None, f"no card shows {action}"
        return found[0], found[1]

    def click(self, action: Action, *, user: str = "U0MARIA", action_ts: str = "1796.500000") -> str:
        """A click as a person makes it on the posted card."""
        button, card = self.button(action)
        pressed = {"action_id": str(action), "block_id": "act", "value": button.token, "type": "button", "action_ts": action_ts}
        container = {"type": "message", "message_ts": card.ts, "channel_id": card.channel}
        return self.deliver(payloads.click(str(action), user=user, actions=[pressed], container=container))


# Steps


def arm(driver: Driver) -> None:
    """The sample portfolio; every renewal but one sleeps, so that a case is about one renewal."""
    now = driver.operator.core.clock.now()
    import_folder(SAMPLE, driver.database.engine, now)
    arming.arm(driver.database, now, driver.operator.core.rules)
    with driver.database.write() as session:
        for row in session.exec(select(Renewal).where(Renewal.id != RENEWAL)).all():
            row.next_action_at = None
            session.add(row)
    driver.jobs.recover()


def sweep(driver: Driver) -> None:
    """The clock has come to the first alert."""
    driver.jobs.sweep()


def prepare(driver: Driver) -> None:
    driver.answer(Event.PREPARE, "maria.ortiz")


def approve(driver: Driver) -> None:
    driver.answer(Event.APPROVE, "maria.ortiz")


def poll(driver: Driver) -> None:
    driver.jobs.poll()


def void(driver: Driver) -> None:
    driver.click(Action.ENVELOPE_VOID)


def resend(driver: Driver) -> None:
    driver.click(Action.ENVELOPE_RESEND)


def change_signer(driver: Driver) -> None:
    button, _card = driver.button(Action.ENVELOPE_SIGNER)
    payload = payloads.form(Callback.ENVELOPE_SIGNER, {"signer": payloads.option(NEW_SIGNER)})
    payload["view"]["private_metadata"] = button.token
    driver.deliver(payload)


def their_notice(driver: Driver) -> None:
    """The customer has given notice, and its file was handed over in the form."""
    button, _card = driver.button(Action.RENEWAL_STOP)
    place = {"params": {"user": "U0MARIA", "name": "their notice.pdf"}, "content": b"%PDF-1.4 they end it"}
    kept = WEB.post(f"{driver.world}/_world/slack/upload", **place).json()
    values = {"what": payloads.option("customer_notice"), "received": payloads.picked("2026-12-04"), "reason": payloads.option("price")}
    payload = payloads.form(Callback.STOP, values | {"file": payloads.handed(kept["id"])})
    payload["view"]["private_metadata"] = button.token
    driver.deliver(payload)


def use_signed(driver: Driver) -> None:
    driver.click(Action.CRM_USE_SIGNED)


def same_click_thrice(driver: Driver) -> None:
    """Slack delivers one click three times, and the person, who saw nothing, clicks twice more."""
    for action_ts in ("1796.500000", "1796.500000", "1796.500000", "1796.600000", "1796.700000"):
        driver.click(Action.DRAFT_APPROVE, action_ts=action_ts)


def edit(driver: Driver) -> None:
    """The owner wants another length: draft 2."""
    with driver.database.read() as session:
        draft = session.get_one(Draft, (RENEWAL, driver.renewal().draft_number))
    driver.answer(Event.EDIT, "maria.ortiz", {"choices": {**draft.choices, "term_months": 24}})


def click_old_card(driver: Driver) -> None:
    """Approve, on the card of draft 1, after draft 2 exists: a client that was not refreshed still shows the button."""
    with driver.database.read() as session:
        buttons = session.exec(select(Button).where(Button.card_key == f"{RENEWAL}/draft/1", Button.action == Action.DRAFT_APPROVE)).all()
        card = session.get_one(Card, f"{RENEWAL}/draft/1")
    for number, button in enumerate(buttons):
        pressed = {"action_id": "draft_approve", "block_id": "act", "value": button.token, "type": "button", "action_ts": f"1796.{number}"}
        container = {"type": "message", "message_ts": card.ts, "channel_id": card.channel}
        driver.deliver(payloads.click("draft_approve", actions=[pressed], container=container))


def hooks(driver: Driver) -> None:
    """Web hooks of one envelope: repeated, and an earlier event after a later one."""
    with driver.database.read() as session:
        envelope = session.exec(select(Envelope)).one().envelope_id
    for event, times in (("envelope-completed", 3), ("recipient-completed", 2), ("envelope-sent", 3)):
        for _repeat in range(times):
            driver.operator.envelope_event(f"connect:{envelope}:{event}", envelope, {"envelope_id": envelope, "event": event})


def nothing(driver: Driver) -> None:
    """Only what was left behind."""


_ALL = (
    arm,
    sweep,
    prepare,
    approve,
    poll,
    void,
    resend,
    change_signer,
    their_notice,
    use_signed,
    same_click_thrice,
    edit,
    click_old_card,
    hooks,
    nothing,
)

STEPS: dict[str, Callable[[Driver], None]] = {one.__name__: one for one in _ALL}


# Calls


def first(folder: str, world: str, step: str, points: list[str], log: str) -> None:
    """Do ``step`` and what follows; die at the first of ``points`` that is passed."""
    driver = Driver(Path(folder), world)
    driver.operator.follow_world()
    _arm(points, log)
    STEPS[step](driver)
    driver.drain()


def again(folder: str, world: str, points: list[str], log: str) -> None:
    """Start over after a kill as the operator starts: give back, recover, work off; ``points`` as in ``first``."""
    driver = Driver(Path(folder), world)
    driver.operator.follow_world()
    _arm(points, log)
    driver.jobs.hurry()
    driver.jobs.release_dead()
    driver.jobs.recover()
    driver.drain()


def rings_only(folder: str, world: str, step: str) -> None:
    """Do ``step`` and what is rung for, as if ``recover`` and cron never came. Raises AssertionError when an effect is left."""
    driver = Driver(Path(folder), world)
    driver.operator.follow_world()
    STEPS[step](driver)
    driver.follow_rings()
    with driver.database.read() as session:
        left = session.exec(select(Effect.key).where(Effect.status == "todo")).all()
    assert not left, left


def hurried(folder: str, world: str, step: str) -> None:
    """As ``first``, with time-outs of a second."""
    driver = Driver(Path(folder), world)
    operator = driver.operator
    assert isinstance(operator.signer, DocuSign)
    assert isinstance(operator.crm, Salesforce)
    assert operator.messenger is not None
    operator.signer._calls._timeouts = Timeouts(connect=1, read=1)
    operator.crm._http.timeout = 1.0
    operator.messenger._client.timeout = 1
    operator.follow_world()
    STEPS[step](driver)
    driver.drain()


def decide_all(folder: str, world: str, event: str, by: str, others: str) -> None:
    """Answer every open owner's gate with ``event``, at the same moment as a rival does, and carry each renewal on."""
    driver = Driver(Path(folder), world)
    with driver.database.read() as session:
        gates_open = session.exec(select(Gate.key).where(Gate.kind == "owner", col(Gate.decision).is_(None)).order_by(Gate.key)).all()
    Path(folder, f"ready.{event}").touch()
    while not Path(folder, f"ready.{others}").exists():
        time.sleep(0.001)
    answer = {"until": "2026-12-14T15:00:00+00:00"}
    for key in gates_open:
        with driver.database.write() as session:
            gates.decide(session, key, "", event, by=by, at=driver.operator.core.clock.now(), answer=answer)
        driver.jobs.advance(key.rpartition(":")[0])


def vice_presidents(folder: str, world: str) -> None:
    """Sam and Jo become VPs beside Dana; Maria asks for the approval of 36 months at 12.00 %."""
    driver = Driver(Path(folder), world)
    driver.operator.follow_world()
    _needed(driver, 3)
    with driver.database.write() as session:
        for row in session.exec(select(Person).where(col(Person.id).in_(["sam.okafor", "jo.lang"]))).all():
            row.role, row.deputy_id = "vp_sales", None
            session.add(row)
    with driver.database.read() as session:
        draft = session.get_one(Draft, (RENEWAL, 1))
    driver.answer(Event.EDIT, "maria.ortiz", {"choices": {**draft.choices, "term_months": 36, "discount_pct": "12.00"}})
    driver.drain()
    driver.answer(Event.APPROVE, "maria.ortiz")
    driver.drain()


def approve_at_once(folder: str, world: str, user: str, other: str, rounds: int) -> None:
    """Approve as ``user`` in the same moment as ``other`` does on another process, once a round.

    Three must approve, so a round ends with one still missing, and Dana's process has Maria take it back and ask anew. In the last
    round two are enough.
    """
    driver = Driver(Path(folder), world)
    driver.operator.follow_world()
    desk = driver.operator.desk
    assert desk is not None
    for number in range(rounds):
        _needed(driver, 2 if number == rounds - 1 else 3)
        if number and user < other:
            for event in (Event.TAKE_BACK, Event.APPROVE):
                driver.answer(event, "maria.ortiz")
                driver.drain()
        _meet(folder, f"asked.{number}", user, other)
        payload = payloads.form(Callback.SECOND_APPROVE, {}, user={"id": user, "team_id": "T0LOCAL"})
        payload["view"] |= {"private_metadata": _standing(driver).token, "id": f"V{user}{number}"}
        key = driver.deliver(payload)
        _meet(folder, f"opened.{number}", user, other)
        desk.handle(key)
        _meet(folder, f"clicked.{number}", user, other)
        if user < other:
            driver.drain()
        _meet(folder, f"done.{number}", user, other)


def _needed(driver: Driver, number: int) -> None:
    """So many VPs must approve, as after a start with another policy file."""
    rules = driver.operator.core.rules
    levels = [one.model_copy(update={"needed": number}) if one.role == "vp_sales" else one for one in rules.matrix.levels]
    object.__setattr__(rules, "matrix", AuthorityMatrix(levels=tuple(levels)))


def _standing(driver: Driver) -> Button:
    """The button of the approvers' open question."""
    row = driver.renewal()
    with driver.database.read() as session:
        query = select(Button).where(Button.gate_key == gates.key_of(row.id, row.version), Button.action == Action.SECOND_APPROVE)
        return session.exec(query).one()


def _meet(folder: str, point: str, me: str, other: str) -> None:
    """Go on when the other process has come to ``point`` too. Raises TimeoutError."""
    Path(folder, f"{point}.{me}").touch()
    end = time.monotonic() + PATIENCE
    while not Path(folder, f"{point}.{other}").exists():
        if time.monotonic() > end:
            message = f"{other} did not come to {point}"
            raise TimeoutError(message)
        time.sleep(0.001)


def many(folder: str, world: str, count: int) -> None:
    """Flagged renewals beside the one of the sample: the same contract, other units, each with its question to the owner."""
    driver = Driver(Path(folder), world)
    with driver.database.write() as session:
        first_row = session.get_one(Renewal, RENEWAL)
        values = {name: value for name, value in first_row.model_dump().items() if name not in {"id", "unit_id", "version"}}
        for number in range(count):
            row = Renewal(id=f"UNIT-{number:03d}#1", unit_id=f"UNIT-{number:03d}", version=1, **values)
            gate = Gate(
                key=f"{row.id}:1", renewal_id=row.id, version=1, kind="owner", payload_hash="", allowed=["maria.ortiz"],
                opened_at=driver.operator.core.clock.now(),
            )  # fmt: skip
            session.add(row)
            session.add(gate)


class OneMove(Workbench):
    """The product's workbench in a process that ends after one committed move."""

    def commit(self, position: Position, step: Step) -> Stage:
        super().commit(position, step)
        os._exit(0)


def one_move(folder: str, world: str, step: str) -> None:
    """Do ``step``, and end right after the first move that it causes. Raises AssertionError when nothing moves."""
    driver = Driver(Path(folder), world)
    driver.operator.follow_world()
    core = driver.operator.core
    driver.jobs._workbench = OneMove(core.database, core.clock, core.rules, render)
    STEPS[step](driver)
    driver.jobs.recover()
    driver.drain()
    message = f"{step} moved nothing"
    raise AssertionError(message)


def answered(folder: str, world: str, step: str) -> None:
    """Store what ``step`` asks for, and end before anything is done about it."""
    STEPS[step](Driver(Path(folder), world))


def engine(folder: str, world: str, stage: str) -> None:
    """Start the real worker with the real engine over what is stored; stop when the renewal stands in ``stage`` and nothing is to do."""
    operator = Operator(settings_of(Path(folder), world))
    assert operator.messenger is not None
    operator.messenger._pacer = Pacer(sleep=lambda _seconds: None)
    stop = operator.start_worker()
    end = time.monotonic() + ENGINE_PATIENCE
    while time.monotonic() < end:
        with operator.core.database.read() as session:
            there = session.get_one(Renewal, RENEWAL).stage == stage
            busy = session.exec(select(Effect.key).where(Effect.status == "todo").limit(1)).first() is not None
        if there and not busy:
            stop()
            return
        time.sleep(0.05)
    message = f"the renewal did not come to {stage}"
    raise TimeoutError(message)


def command(folder: str, world: str, arguments: list[str], more: dict[str, str]) -> None:
    """The command line itself, with the settings as variables and ``more``; its exit status is the child's."""
    os.environ.update(variables(Path(folder), world) | {"TMPDIR": folder} | more)
    sys.argv = ["contractops", *arguments]
    cli.main()


def _arm(points: list[str], log: str) -> None:
    for point in points:
        failpoints.arm(point, Path(log))


CALLS: dict[str, Callable[..., None]] = {
    one.__name__: one
    for one in (
        first,
        again,
        rings_only,
        hurried,
        decide_all,
        vice_presidents,
        approve_at_once,
        many,
        one_move,
        answered,
        engine,
        command,
    )
}
