"""Claims about what the operator shows to whoever runs it: health, readiness, metrics, log lines, and the alert about its own silence."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlmodel import select

from contractops.operator import cases, settings, sweep_watch, vitals, web
from contractops.operator.showing import show
from contractops.operator.store import heartbeat, schema
from contractops.operator.store.db import Database
from contractops.operator.store.records import Person
from contractops.operator.store.tables import Card, Effect, Inbox, Renewal
from contractops.tools.errors import VendorError
from tests.postgres import databases

NOW = datetime(2026, 12, 7, 15, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(databases.url_of(tmp_path / "contractops.db"))
    schema.ensure(made)
    yield made
    made.dispose()


@pytest.fixture
def rules(database: Database) -> cases.Rules:
    """The packaged policy, and Lena of contract-ops."""
    with database.write() as session:
        session.add(
            Person(
                id="lena", version=1, recorded_at=NOW, row_hash="", source="", name="Lena Ops", email="lena@x.example", role="contract_ops",
                zone="America/Chicago",
            )
        )  # fmt: skip
    return cases.rules_of(settings.load().rules, b"secret")


def renewal(number: int, **values: object) -> Renewal:
    known = {"stage": "watching", "version": 1, "window_status": "known", "decide_by": NOW, "safe_on": NOW.date()}
    return Renewal(id=f"U{number}#1", unit_id=f"U{number}", sequence=1, contract_id=f"U{number}", account_id="A", **{**known, **values})


def test_the_vitals_are_those_of_the_rows(database: Database) -> None:
    """Each count has its rows, rows of another kind count nowhere, and the text form is one that collectors read."""
    far = NOW + timedelta(days=300)
    with database.write() as session:
        rows = [
            renewal(1, decide_by=NOW + timedelta(days=3), safe_on=(NOW + timedelta(days=3)).date()),
            renewal(2, decide_by=NOW + timedelta(days=60), safe_on=(NOW + timedelta(days=60)).date(), stage="out_for_signature"),
            renewal(3, decide_by=far, safe_on=far.date()),
            renewal(4, decide_by=NOW - timedelta(days=1), stage="missed", term_end=(NOW + timedelta(days=9)).date()),
            renewal(5, decide_by=NOW - timedelta(days=1), stage="missed", term_end=(NOW - timedelta(days=9)).date()),
            renewal(6, decide_by=NOW + timedelta(days=3), stage="renewed"),
            renewal(7, decide_by=NOW - timedelta(days=3), stage="not_renewing", served_at=NOW - timedelta(days=5)),
            renewal(8, decide_by=None, safe_on=None, window_status="unknown"),
        ]
        for row in rows:
            session.add(row)
        for name, status, age in (("a", "todo", 30), ("b", "todo", 90), ("c", "done", 500), ("d", "needs_person", 500)):
            made = NOW - timedelta(seconds=age)
            session.add(
                Effect(
                    key=name, kind="crm.write", renewal_id="U1#1", version=1, payload={}, payload_hash="", status=status, created_at=made
                )
            )
        session.add(Inbox(key="x", kind="click", payload={}, received_at=NOW - timedelta(seconds=12)))
        session.add(Inbox(key="y", kind="click", payload={}, received_at=NOW - timedelta(seconds=70), handled_at=NOW))
        heartbeat.beat(session, heartbeat.SWEEP, at=NOW - timedelta(seconds=45))
    with database.read() as session:
        found = vitals.measure(session, NOW, NOW)
    before = vitals.vendor_errors().get(("docusign", "CO-ENV-900"), 0)
    vitals.count("docusign.send", VendorError("CO-ENV-900", "no answer"))
    shown = {
        (one.name, *(one.labels[name] for name in sorted(one.labels, reverse=True))): one.value
        for family in text_string_to_metric_families(vitals.exposition(found).decode())
        for one in family.samples
    }
    assert shown["contractops_vendor_errors_total", "docusign", "CO-ENV-900"] == before + 1
    assert {name[0].removeprefix("contractops_"): value for name, value in shown.items() if len(name) == 1} == {
        "due": 2, "missed": 1, "unknown": 1, "effects_todo": 2, "effects_needing_person": 1, "oldest_undone_effect_age_seconds": 90,
        "inbox_waiting": 1, "inbox_age_seconds": 12, "sweep_age_seconds": 45,
    }  # fmt: skip


class Hooks:
    """An operator of which a test says whether it can work."""

    missing: list[str] = []  # noqa: RUF012 - replaced by the test

    def unready(self) -> list[str]:
        return self.missing

    def metrics(self) -> bytes:
        return b"contractops_due 1\n"


def test_health_readiness_and_metrics_answer_as_asked() -> None:
    """Alive is not ready; metrics are there only where they were asked for."""
    hooks = Hooks()

    async def ask(*, with_metrics: bool) -> dict[str, tuple[int, str]]:
        app = web.build(hooks, (), follows_world=False, with_metrics=with_metrics)  # type: ignore[arg-type]  # only what these pages need
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://local") as client:
            return {path: ((got := await client.get(path)).status_code, got.text) for path in ("/healthz", "/readyz", "/metrics")}

    said = asyncio.run(ask(with_metrics=False))
    assert said["/healthz"] == (200, "ok")
    assert (said["/readyz"][0], json.loads(said["/readyz"][1])) == (200, {"ready": True, "missing": []})
    assert said["/metrics"][0] == 404
    hooks.missing = ["sweep"]
    said = asyncio.run(ask(with_metrics=True))
    assert said["/healthz"][0] == 200
    assert (said["/readyz"][0], json.loads(said["/readyz"][1])) == (503, {"ready": False, "missing": ["sweep"]})
    assert said["/metrics"] == (200, "contractops_due 1\n")


def test_contract_ops_hear_once_of_a_sweep_that_stands_still(database: Database, rules: cases.Rules) -> None:
    """Not after 26 hours, but after more; once, however often it is looked at; the same card says when it runs again. Each text has its figures."""
    wall = NOW
    assert sweep_watch.watch(database, NOW, wall, rules) == []
    with database.write() as session:
        heartbeat.beat(session, heartbeat.SWEEP, at=wall - timedelta(hours=26))
    assert sweep_watch.watch(database, NOW, wall, rules) == []
    [told] = sweep_watch.watch(database, NOW, wall + timedelta(minutes=30), rules)
    assert sweep_watch.watch(database, NOW, wall + timedelta(hours=3), rules) == [told]
    text = shown(database, rules)
    assert text.startswith("The sweep over all dates has not run for 26 hours, since Sun 6 Dec 2026, 07:00 CST.")
    with database.write() as session:
        heartbeat.beat(session, heartbeat.SWEEP, at=wall + timedelta(hours=4))
        for effect in session.exec(select(Effect)):
            effect.status = "done"
            session.add(effect)
    assert len(sweep_watch.watch(database, NOW, wall + timedelta(hours=4), rules)) == 1
    assert shown(database, rules).startswith(
        "The sweep over all dates runs again since Mon 7 Dec 2026, 13:00 CST. It had not run for 30 hours"
    )
    assert len(sweep_watch.watch(database, NOW, wall + timedelta(hours=5), rules)) == 1, "it is told once that it is over"


def test_an_ops_channel_of_the_policy_is_told_instead(database: Database, rules: cases.Rules) -> None:
    """Named in the policy file, the channel gets the card and no person does."""
    policy = settings.load().rules
    policy["slack"] = {**policy["slack"], "ops": "#noc"}
    with database.write() as session:
        heartbeat.beat(session, heartbeat.SWEEP, at=NOW - timedelta(hours=30))
    sweep_watch.watch(database, NOW, NOW, cases.rules_of(policy, b"secret"))
    with database.read() as session:
        [card] = session.exec(select(Card))
    assert (card.channel, card.person_id, card.post_at) == ("#noc", None, None)


def shown(database: Database, rules: cases.Rules) -> str:
    with database.write() as session:
        [card] = session.exec(select(Card).where(Card.kind == sweep_watch.KIND))
        view = show(session, card, NOW, rules)
    return str(view.text)  # type: ignore[attr-defined]  # a text reply


SPEAKER = """
import logging
import structlog
from contractops.operator import logs, redaction
logs.configure()
redaction.hide("marked-secret")
log = structlog.get_logger("contractops.test")
with logs.about(thread="ENT-1#1", gate="ENT-1#1:3", effect="crm.write:ENT-1#1:3:ab"):
    log.info("done", said=["marked-secret", {"token": "xoxb-1234567890"}])
    logging.getLogger("some.library").warning("sent %s", "marked-secret")
try:
    int("marked-secret")
except ValueError:
    log.exception("failed")
"""


def test_every_line_is_json_with_its_ids_and_without_secrets() -> None:
    """Ours and the libraries', also within lists and tracebacks; what stands outside of the block has no ids."""
    ran = subprocess.run([sys.executable, "-c", SPEAKER], capture_output=True, text=True, check=True)
    ours, theirs, failed = (json.loads(line) for line in ran.stderr.splitlines())
    ids = {"thread": "ENT-1#1", "gate": "ENT-1#1:3", "effect": "crm.write:ENT-1#1:3:ab"}
    assert ids.items() <= ours.items()
    assert ids.items() <= theirs.items()
    assert not ids.keys() & failed.keys()
    assert ours["said"] == ["[redacted]", {"token": "[redacted]"}]
    assert theirs["event"] == "sent [redacted]"
    assert "invalid literal for int() with base 10: '[redacted]'" in failed["exception"]
