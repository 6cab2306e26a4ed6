"""The composition root: the only place that names concrete adapters.

Rule 1: building opens nothing remote; ``start`` does. Rule 2: a vendor that is not configured is None, and everything else works.
Rule 3: stopping finishes or gives back what is under way; what is lost is found again by ``recover``.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import structlog
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError
from sqlmodel import select

from contractops.graphs import conversation
from contractops.graphs.conversation import Conversation
from contractops.operator import agenda_ahead, cases, engine, failpoints, reconcile, retention, statuses, sweep_watch, trail, vitals
from contractops.operator.adapters.docusign import DocuSign, DocuSignConfig
from contractops.operator.adapters.intent_model import IntentModel
from contractops.operator.adapters.mail import SmtpConfig, SmtpMailer
from contractops.operator.adapters.model import ModelConfig
from contractops.operator.adapters.salesforce import Salesforce, SalesforceConfig
from contractops.operator.clock import StoredClock, wall_now
from contractops.operator.core import Core
from contractops.operator.credits import tell as tell_of_credits
from contractops.operator.desk.chat import Chat
from contractops.operator.desk.desk import Desk
from contractops.operator.desk.talkers import Talkers
from contractops.operator.documents.write import render
from contractops.operator.envelope_words import EnvelopeWords
from contractops.operator.fetching import Fetching
from contractops.operator.jobs import Jobs
from contractops.operator.mailing import Mailing
from contractops.operator.performers import Performer, Records, Signing
from contractops.operator.posting import Posting
from contractops.operator.presence import Presence
from contractops.operator.redaction import hide
from contractops.operator.settings import Settings
from contractops.operator.slack.messenger import Pacer, SlackMessenger
from contractops.operator.store import heartbeat, inbox, restoring, workers
from contractops.operator.store.embedded_crm import EmbeddedCrm
from contractops.operator.store.tables import Due, Effect, Inbox
from contractops.operator.workbench import Workbench
from contractops.tools.calendars import check_calendar
from contractops.tools.errors import InputError, VendorError
from contractops.tools.ports import Crm
from contractops.tools.signature import EnvelopePlan

SETTLE_SECONDS = 20.0
GLANCE_SECONDS = 0.02
MODEL_SECONDS = 8.0
OPENAI = "https://api.openai.com/v1"
MINUTE = 60
EVERY_MINUTE = "0 * * * * *"
GAVE_UP_ONCE = 2  # an effect that was tried so often waits for its vendor, not for us

log = structlog.get_logger("contractops.app")


class Operator:
    """The running operator: worker, Slack, web hooks, all in this process."""

    def __init__(self, settings: Settings) -> None:
        self.name = workers.new_name()
        self.core = Core(settings)
        self.settings = settings
        self.messenger = messenger_of(settings)
        self.signer = docusign_of(settings)
        self.crm = crm_of(settings, self.core)
        self.mailer = mailer_of(settings)
        self.bell = _LateBell(settings.database_url)
        self.workbench = Workbench(self.core.database, self.core.clock, self.core.rules, render)
        self.jobs = Jobs(
            self.core.database,
            self.core.clock,
            self.bell,
            self.workbench,
            self._performers(),
            self.signer,
            poll_seconds=settings.docusign_poll_seconds,
            worker=self.name,
        )
        self.second = second_of(settings, self.core)
        self.memories = Memories(settings.database_url)
        self.desk: Desk | None = None
        self.talkers: Talkers | None = None
        if self.messenger is not None:
            self.desk = Desk(
                self.core.database,
                self.core.clock,
                self.core.rules,
                self.messenger,
                self.messenger,
                app_id=settings.slack_app_id or "",
                team_id=settings.slack_team_id,
                on_decided=self.jobs.ring,
                on_effects=self.jobs.ring_effects,
                advance=self.jobs.advance,
                chat=Chat(
                    self.core.database,
                    self.core.clock,
                    self.core.rules,
                    self.messenger,
                    self.messenger,
                    self.memories,
                    team_id=settings.slack_team_id,
                    second=self.second,
                ),
            )

    def start_worker(self) -> Callable[[], int]:
        """Start the engine in this process and ring for everything that is ready; returns the function that stops it (see ``engine``)."""
        if self.settings.failpoint and self.settings.failpoint_log:
            failpoints.arm(self.settings.failpoint, self.settings.failpoint_log)
        check_calendar("US")  # loads the holidays of every country, which the first card would otherwise wait for
        self.reconcile()
        self.follow_world()
        self.watch_sweep()  # before the first sweep of this start: how long there was none
        if self.desk is not None:
            self.talkers = Talkers(self.desk.handle)
        if self.talkers is not None and self.second is not None:
            self.talkers.beside(self.second.probe)
        crons = {
            "sweep": (EVERY_MINUTE, "sweep"),
            "news": (EVERY_MINUTE, "news"),
            "recover": (_every(self.settings.recover_seconds), "recover"),
            "poll": (_every(int(self.settings.docusign_poll_seconds)), "poll"),
            "crm": ("30 */5 * * * *", "sync_crm"),
            "statuses": ("45 */5 * * * *", "statuses"),
            "credits": ("15 10 * * * *", "credits"),
            "retention": ("20 40 3 * * *", "retention"),
        }
        jobs: dict[str, engine.Job] = {
            **self.jobs.table(),
            "inbound": self.inbound,
            "sync_crm": self.sync_crm,
            "credits": self.credits,
            "retention": self.retention,
            "statuses": self.statuses,
        }
        presence = Presence(self.core.database, self.name, self.take_over, silent_seconds=self.settings.worker_silent_seconds)
        presence.begin()
        stop = engine.run_worker(
            self.settings.database_url,
            jobs,
            crons,
            name=self.name,
            polling_seconds=self.settings.engine_polling_seconds,
            stop_seconds=self.settings.stop_seconds,
        )
        self.bell.open()
        self.jobs.hurry()
        self.take_over()
        self.jobs.sweep()
        self.jobs.news()

        def end() -> int:
            left = stop()
            presence.end()
            return left

        return end

    def take_over(self) -> None:
        """Do what workers that are no longer there had begun, and everything else that is ready."""
        self.bell.give_up(self.jobs.release_dead)
        self.jobs.recover()

    def reconcile(self) -> reconcile.Found | None:
        """Compare a restored database with the vendors, before anything is performed. Raises ``VendorError`` when one does not answer."""
        return reconcile.reconcile(self.core.database, self.core.clock, self.workbench, self.signer, self.crm)

    def close(self) -> None:
        """Give everything back that this process holds open; the worker was stopped before."""
        if self.talkers is not None:
            self.talkers.close()
        self.bell.close()
        self.memories.close()
        self.core.close()

    def follow_world(self) -> None:
        """Take over business time from the local world, if there is one: it may have moved while we were down."""
        if self.settings.clock_url and isinstance(self.core.clock, StoredClock):
            answer = httpx.get(self.settings.clock_url, timeout=5.0)
            self.core.clock.move(datetime.fromisoformat(answer.json()["now"]))

    def inbound(self, key: str) -> None:
        """Handle an inbox row that its receiver left unhandled."""
        if self.talkers is not None and self.talkers.has(key):
            return  # it waits for its turn; that is no failed try
        with self.core.database.write(about=key) as session:
            inbox.taken(session, key)
            row = session.get(Inbox, key)
        if row is None or row.handled_at is not None:
            return
        if row.kind == "connect":
            self._see_to_envelope(key, str(row.payload["envelope_id"]))
        elif row.kind == "said" and self.talkers is not None:
            self.talkers.submit(key)
        elif self.desk is not None:
            self.desk.handle(key)

    def sync_crm(self) -> None:
        """Read the CRM's records of the contracts that are on the way, so that drift and conflicts are seen."""
        try:
            cases.sync_crm(self.core.database, self.crm, self.core.clock.now())
        except VendorError as problem:  # the next look comes in five minutes
            vitals.count("crm.read", problem)
            log.warning("the CRM was not read", error=str(problem))

    def statuses(self) -> None:
        """Read the Slack status of everybody whom something can go to; what waits for who became away, or came back, is swept."""
        if self.messenger is not None and statuses.read(self.core.database, self.messenger, self.core.clock.now(), self.core.rules):
            self.jobs.sweep()

    def credits(self) -> None:
        """Tell of service credits that nobody claimed. Looked for every hour, since tickets come at any time; each is told once."""
        if tell_of_credits(self.core.database, self.core.clock.now(), self.core.rules, self.core.rules.credit_card_from):
            self.jobs.recover()

    def retention(self) -> None:
        """Delete what is over and older than its period."""
        kept = self.settings
        periods = retention.Periods(inbox=kept.keep_inbox_days, terms=kept.keep_terms_days, documents=kept.keep_documents_days)
        retention.run(self.core.database, self.core.clock.now(), wall_now(), periods)

    # Web hooks and the local world

    def envelope_event(self, key: str, envelope_id: str, payload: dict[str, Any]) -> None:
        """Commit the vendor's event, then read the envelope afresh."""
        with self.core.database.write(about=key) as session:
            fresh = inbox.commit(session, key, "connect", payload, at=wall_now())
        if fresh:
            self._see_to_envelope(key, envelope_id)

    def _see_to_envelope(self, key: str, envelope_id: str) -> None:
        self.jobs.read_envelope(envelope_id)
        with self.core.database.write(about=key) as session:
            inbox.handled(session, key, "read", at=wall_now())

    def agenda(self, to: datetime) -> list[agenda_ahead.Ahead]:
        """What business time will trigger until ``to``."""
        with self.core.database.read() as session:
            return agenda_ahead.ahead(session, self.core.clock.now(), to, self.core.rules)

    def audit(self) -> list[dict[str, str]]:
        """The newest rows of the audit chain, in words."""
        with self.core.database.read() as session:
            return trail.newest(session)

    def unready(self) -> list[str]:
        """Why no work can be done now: ``database``, ``restoring``, ``sweep`` (none for ten minutes); empty when it can."""
        try:
            with self.core.database.read() as session:
                beat = heartbeat.last(session, heartbeat.SWEEP)
                waits = restoring.waiting(session) is not None
        except DatabaseError:
            return ["database"]
        found = ["restoring"] if waits else []
        return found if beat is not None and wall_now() - beat < vitals.STALE_SWEEP else [*found, "sweep"]

    def metrics(self) -> bytes:
        """The vitals in the text form of Prometheus."""
        with self.core.database.read() as session:
            found = vitals.measure(session, self.core.clock.now(), wall_now())
        return vitals.exposition(found)

    def watch_sweep(self) -> None:
        """Tell contract-ops of a sweep that stands still; the effects are done here, since the engine may stand still with it."""
        for key in sweep_watch.watch(self.core.database, self.core.clock.now(), wall_now(), self.core.rules):
            self.jobs.perform(key)

    def tick(self, now: datetime) -> None:
        """Business time is ``now``: run the same sweep as cron does and wait until its work is done; credits are looked for once a day."""
        if not isinstance(self.core.clock, StoredClock):
            raise InputError("CO-CLK-001", "this installation does not follow a local world")
        before = self.core.clock.now()
        self.core.clock.move(now.astimezone(UTC))
        self.statuses()
        self.jobs.sweep()
        self.settle()
        self.jobs.news()
        self.settle()
        if now.astimezone(UTC).date() != before.date():
            self.credits()
            self.settle()

    def settle(self) -> None:
        """Wait until no marker and no effect that could be done now is left, at most ``SETTLE_SECONDS`` (wall time)."""
        for _turn in range(int(SETTLE_SECONDS / GLANCE_SECONDS)):
            if not self._busy():
                return
            time.sleep(GLANCE_SECONDS)
        log.warning("work goes on after a move of the clock")

    def _busy(self) -> bool:
        with self.core.database.read() as session:
            if session.exec(select(Due.renewal_id).limit(1)).first() is not None:
                return True
            waiting = session.exec(select(Effect.attempts).where(Effect.status == "todo").limit(50)).all()
            return any(attempts < GAVE_UP_ONCE for attempts in waiting)

    def _performers(self) -> dict[str, Performer]:
        found: dict[str, Performer] = dict(Records(self.crm).kinds())
        if self.messenger is not None:
            found["slack.card"] = Posting(self.core.database, self.core.clock, self.messenger, self.core.rules).card
            found["slack.fetch"] = Fetching(self.messenger).fetch
        if self.mailer is not None:
            found["mail.send"] = Mailing(self.core.database, self.core.clock, self.mailer, self.core.rules).send
        if self.signer is not None:
            found |= Signing(self.core.database, self.core.clock, self.signer, self.signer, self._words()).kinds()
        return found

    def _words(self) -> Callable[[Effect, EnvelopePlan], EnvelopePlan] | None:
        """Who words the envelopes; None without a model: the template does."""
        config = model_of(self.settings)
        return EnvelopeWords(self.core.database, self.core.clock, config).word if config else None


class _LateBell:
    """Rings once the engine's tables exist; before that a ring is left to ``recover``."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._client: engine.Client | None = None

    def open(self) -> None:
        """The worker has been launched."""
        self._client = engine.Client(self._url)

    def enqueue(
        self, key: str, job: str, args: list[str], *, queue: engine.Queue = "now", once: str | None = None, delay: float = 0.0
    ) -> None:
        """See ``engine.Doorbell``."""
        if self._client is not None:
            self._client.enqueue(key, job, args, queue=queue, once=once, delay=delay)

    def give_up(self, living: Callable[[], set[str]]) -> None:
        """See ``engine.Client``."""
        if self._client is not None:
            self._client.give_up(living)

    def close(self) -> None:
        """Give the connections back."""
        if self._client is not None:
            self._client.close()


def _every(seconds: int) -> str:
    """A six-field schedule: every so many seconds, at most every minute (a job looks itself whether it is time)."""
    return f"*/{max(1, seconds)} * * * * *" if seconds < MINUTE else EVERY_MINUTE


def model_of(settings: Settings) -> ModelConfig | None:
    """The wording model; its time-out leaves room for the sending within the lease of the effect."""
    if settings.openai_api_key is None or settings.model is None:
        return None
    key = settings.openai_api_key.get_secret_value()
    return ModelConfig(base_url=settings.openai_base_url or OPENAI, model=settings.model, api_key=key, timeout=MODEL_SECONDS)


def second_of(settings: Settings, core: Core) -> IntentModel | None:
    """The model's reading of a message that the rules do not understand, or None without a model."""
    config = model_of(settings)
    return IntentModel(config, lambda: f"{core.clock.now():%Y-%m-%d}") if config else None


class Memories:
    """The conversation graph over its saver, in a file of its own beside the database; opened with the first message.

    The one place that makes a saver.
    """

    def __init__(self, database_url: str) -> None:
        self._url = make_url(database_url)
        self._connection: sqlite3.Connection | None = None
        self._graph: Conversation | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Conversation:
        """The graph."""
        with self._lock:
            if self._graph is None:
                at_file = self._url.get_backend_name() == "sqlite" and self._url.database
                self._connection = sqlite3.connect(
                    f"{self._url.database}.talk" if at_file else ":memory:", check_same_thread=False, timeout=10.0
                )
                self._connection.execute("PRAGMA journal_mode=WAL")
                self._connection.execute("PRAGMA synchronous=NORMAL")
                self._graph = conversation.build(SqliteSaver(self._connection, serde=conversation.serializer()))
            return self._graph

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = self._graph = None


def messenger_of(settings: Settings) -> SlackMessenger | None:
    """Slack as the settings name it, or None when it is not configured."""
    if settings.slack_bot_token is None:
        return None
    pacer = Pacer(seconds=settings.slack_pace_seconds)
    return SlackMessenger(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, pacer=pacer)


def docusign_of(settings: Settings) -> DocuSign | None:
    """DocuSign as the settings name it, or None. Raises ``InputError`` CO-SET-010 when its key cannot be read."""
    if settings.docusign_host is None:
        return None
    hook = f"{settings.public_url.rstrip('/')}/docusign/connect" if settings.public_url else None
    return DocuSign(
        DocuSignConfig(
            base_url=settings.docusign_host,
            account_id=settings.docusign_account_id,
            token_url=f"{settings.docusign_oauth_url.rstrip('/')}/oauth/token",
            audience=httpx.URL(settings.docusign_oauth_url).netloc.decode(),
            integration_key=settings.docusign_integration_key,
            user_id=settings.docusign_user_id,
            private_key=_key(settings.docusign_private_key, "CONTRACTOPS_DOCUSIGN_PRIVATE_KEY", "CO-SET-010"),
            hook_url=hook,
        ),
        wall_now,
    )


def mailer_of(settings: Settings) -> SmtpMailer | None:
    """The mail server as the settings name it, or None. Raises ``InputError`` CO-SET-012 and CO-SET-013 as the adapter does."""
    if settings.smtp_host is None:
        return None
    return SmtpMailer(
        SmtpConfig(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            sender=settings.smtp_from,
            user=settings.smtp_user,
            password=settings.smtp_password.get_secret_value() if settings.smtp_password else "",
        ),
        wall_now,
    )


def crm_of(settings: Settings, core: Core) -> Crm:
    """Salesforce as the settings name it, else the embedded CRM."""
    return salesforce_of(settings) or EmbeddedCrm(core.database, core.clock)


def salesforce_of(settings: Settings) -> Salesforce | None:
    """Salesforce as the settings name it, or None. Raises ``InputError`` CO-SET-011 when its key cannot be read."""
    if settings.salesforce_url is None:
        return None
    return Salesforce(
        SalesforceConfig(
            login_url=settings.salesforce_url,
            client_id=settings.salesforce_client_id,
            username=settings.salesforce_username,
            private_key=_key(settings.salesforce_private_key, "CONTRACTOPS_SALESFORCE_PRIVATE_KEY", "CO-SET-011"),
            audience=settings.salesforce_audience,
            api_version=settings.salesforce_version.removeprefix("v"),
        ),
        wall_now,
    )


def _key(path: Path | None, variable: str, code: str) -> str:
    """The text of a private key. Raises ``InputError`` naming the setting."""
    if path is None:
        raise InputError(code, f"{variable} is not set.", advice="Name the file of the RSA key (PEM).")
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise InputError(code, f"{variable}: {path} cannot be read as a key.", advice="Name the file of the RSA key (PEM).") from None
    hide(text)
    return text
