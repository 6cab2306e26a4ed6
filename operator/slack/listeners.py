"""The Slack door: stores each payload, then acknowledges, then lets the desk work.

Rule 1: nothing is acknowledged before the inbox holds it. A failing commit means no acknowledgement, and Slack sends it again.
Rule 2: a payload seen before is acknowledged and does nothing.
Rule 3: everything is acknowledged, and a person always gets a visible answer, also to a button we no longer know.
Rule 4: a form is checked before it is stored: a form with errors stays open and has changed nothing.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.response import BoltResponse
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from contractops.operator.slack import answers, commands
from contractops.operator.slack.actions import Action, Callback
from contractops.operator.slack.commands import Click, Command, Payload, Said, Submit, UnknownName
from contractops.operator.slack.render import render_answer
from contractops.tools.errors import ContractOpsError, InputError
from contractops.tools.ports import Interaction

log = logging.getLogger("contractops.slack")

Next: TypeAlias = Callable[[], Awaitable[BoltResponse]]

_COMMAND = "contractops.command"
_KEY = "contractops.key"


class Desk(Protocol):
    """The side that decides. All methods are synchronous and are called in a worker thread."""

    def commit(self, key: str, kind: str, payload: Payload) -> bool:
        """Store one inbound payload durably under its unique ``key``; False when it is there already. ``kind``: see ``commands.kind``."""
        ...

    def check(self, submit: Submit) -> dict[str, str]:
        """Errors of a form by block id, empty when it can be taken. Changes nothing."""
        ...

    def preview(self, click: Click) -> Payload | None:
        """The open form with its preview recomputed, or None when it stays. Changes nothing."""
        ...

    def handle(self, key: str) -> None:
        """Do the work of one stored payload and answer the person; doing it twice is harmless."""
        ...


class Talk(Protocol):
    """Threads of their own for answers to messages."""

    def submit(self, key: str) -> None:
        """Work on a stored message soon."""
        ...


def build_app(client: AsyncWebClient, app_id: str, desk: Desk, interaction: Interaction, talk: Talk | None = None) -> AsyncApp:
    """The Bolt app around ``desk``. ``app_id``: payloads of any other app are refused; ``interaction`` answers what the desk never sees.

    ``talk`` works on messages; without it they are worked on as everything else.
    """
    _redact_refused_requests()
    app = AsyncApp(client=client)
    door = _Door(app_id, desk, interaction, talk)
    app.use(door.store_first)
    app.error(door.report)
    # One listener a kind: Bolt asks them one after the other, and a click must not wait for fifty.
    app.action(re.compile(rf"^({'|'.join(Action)})(:\d+)?$"))(door.work)
    app.view(re.compile(rf"^({'|'.join(Callback)})$"))(door.work)
    app.command(commands.COMMAND)(door.work)
    app.event("app_home_opened")(door.work)
    app.event("message")(door.work)
    app.event("app_mention")(door.work)
    return app


def build_client(token: str, base_url: str, timeout: float) -> AsyncWebClient:
    """The client Bolt and Socket Mode use; it sends nothing that a person sees, so it may repeat a call after 429. ``timeout`` in seconds."""
    client = AsyncWebClient(token=token, base_url=base_url, timeout=int(timeout))
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
    return client


def build_socket(app: AsyncApp, app_token: str, ping_interval: float = 10) -> AsyncSocketModeHandler:
    """The Socket Mode connection of ``app``; ``await handler.connect_async()`` opens it, ``close_async()`` ends it. ``ping_interval`` in seconds."""
    return AsyncSocketModeHandler(app, app_token, ping_interval=ping_interval)


class _Door:
    """Middleware and listeners around one desk."""

    def __init__(self, app_id: str, desk: Desk, interaction: Interaction, talk: Talk | None) -> None:
        self._talk = talk
        self._app_id = app_id
        self._desk = desk
        self._interaction = interaction

    async def store_first(self, body: Payload, context: AsyncBoltContext, ack: AsyncAck, next_: Next) -> BoltResponse:
        """Global middleware: parse, check a form, commit; only then the listener acknowledges. Raises what the commit raises: no ack."""
        try:
            command = commands.parse(body, self._app_id)
        except UnknownName as error:
            log.warning("slack payload not understood: %s", error)
            await self._answer_unknown(error)
            return await ack()
        except InputError as error:
            log.warning("slack payload refused: %s", error)
            return await ack()
        if command is None:
            return await ack()
        if isinstance(command, Submit):
            errors = await asyncio.to_thread(self._desk.check, command)
            if errors:
                return await ack(response_action="errors", errors=errors)
        key = commands.inbox_key(command)
        if not await asyncio.to_thread(self._desk.commit, key, commands.kind(command), body):
            return await ack()
        context[_COMMAND], context[_KEY] = command, key
        return await next_()

    async def work(self, context: AsyncBoltContext, ack: AsyncAck) -> None:
        """The one listener: acknowledge, then let the desk work in a thread."""
        await ack()
        command: Command = context[_COMMAND]
        if isinstance(command, Said) and self._talk is not None:
            self._talk.submit(context[_KEY])
            return
        try:
            if isinstance(command, Click) and command.action is Action.FORM_CHANGED:
                await asyncio.to_thread(self._show_preview, command)
            await asyncio.to_thread(self._desk.handle, context[_KEY])
        except ContractOpsError as error:
            log.exception("slack command %s failed", context[_KEY])
            await self._answer_failure(command, error)

    async def report(self, error: Exception) -> BoltResponse:
        """What Bolt could not deliver: logged and answered with 500, which Socket Mode does not acknowledge."""
        log.error("slack payload not acknowledged", exc_info=error)
        return BoltResponse(status=500)

    def _show_preview(self, click: Click) -> None:
        view = self._desk.preview(click)
        if view is not None and click.view_id is not None:
            self._interaction.update_view(click.view_id, view, click.view_hash)

    async def _answer_unknown(self, error: UnknownName) -> None:
        await self._whisper(error.channel or error.actor.user_id, error.actor.user_id, answers.NotAvailable())

    async def _answer_failure(self, command: Command, error: ContractOpsError) -> None:
        channel = getattr(command, "channel", None) or command.actor.user_id
        await self._whisper(channel, command.actor.user_id, answers.NotStored(code=error.code))

    async def _whisper(self, channel: str, user_id: str, answer: answers.Whisper) -> None:
        """Best effort: the answer of a request that changed nothing may be lost."""
        body = render_answer(answer)
        try:
            await asyncio.to_thread(self._interaction.whisper, channel, user_id, body)
        except ContractOpsError as error:
            log.warning("slack answer not delivered: %s", error)


def _redact_refused_requests() -> None:
    """Bolt logs signature and body of a request it refuses; both may hold secrets."""
    for name in ("AsyncRequestVerification", "RequestVerification"):
        logger = logging.getLogger(f"slack_bolt.{name}")
        if _Redact not in map(type, logger.filters):
            logger.addFilter(_Redact())


class _Redact(logging.Filter):
    """Replaces the message by one without the request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, drop its content."""
        record.msg, record.args = "a request with an invalid signature was refused", ()
        return True
