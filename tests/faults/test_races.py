"""Two at once: people on two processes, repeated clicks, clicks on old cards, a worker that wakes up too late."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from contractops.operator.store import audit
from contractops.operator.store.tables import Approval, Audit, Effect, Gate, Inbox, Renewal
from tests.faults.rig import RENEWAL, ForkServer, Place, receivers, stored

pytestmark = pytest.mark.kill

Template = Callable[[str], Place]
GATES = 100
ROUNDS = 8


def test_two_processes_answer_every_gate_at_the_same_moment(template: Template, tmp_path: Path) -> None:
    """One says stop, the other snooze, on two processes, for 100 questions: each has one decision, and its renewal went that way once."""
    place = template("flagged").copy(tmp_path / "place")
    rival = ForkServer()
    with place.with_world() as running:
        running.must("many", count=GATES)
        first = running.start("decide_all", event="stop", by="maria.ortiz", others="snooze")
        other = Place(rival, running.folder, running.world)
        second = other.start("decide_all", event="snooze", by="sam.okafor", others="stop")
        assert (running.wait(first), other.wait(second)) == (0, 0), (running.folder / "child.log").read_text()[-3000:]
    rival.close()
    database = place.database()
    with database.read() as session:
        decided = {one.renewal_id: one.decision for one in session.exec(select(Gate).where(col(Gate.key).like("UNIT-%:1")))}
        stages = {one.id: (one.stage, one.version) for one in session.exec(select(Renewal).where(col(Renewal.id).like("UNIT-%")))}
        moves = Counter(one.renewal_id for one in session.exec(select(Audit).where(Audit.moved, col(Audit.renewal_id).like("UNIT-%"))))
        broken = [one for one in stages if audit.verify(session, one) is not None]
    database.dispose()
    assert len(decided) == GATES
    assert stages == {one: ({"stop": "not_renewing", "snooze": "snoozed"}[answer or ""], 2) for one, answer in decided.items()}
    assert set(moves.values()) == {1}
    assert broken == []
    assert len(set(decided.values())) == 2, "one process always won: nothing was raced"


def test_two_of_a_group_approve_on_two_processes(template: Template, tmp_path: Path) -> None:
    """Dana and Sam approve at the same moment, on two processes, eight times: both count each time, and the last time it goes out once."""
    place = template("reviewed").copy(tmp_path / "place")
    rival = ForkServer()
    with place.with_world() as running:
        running.must("vice_presidents")
        first = running.start("approve_at_once", user="U0DANA", other="U0SAM", rounds=ROUNDS)
        other = Place(rival, running.folder, running.world)
        second = other.start("approve_at_once", user="U0SAM", other="U0DANA", rounds=ROUNDS)
        assert (running.wait(first), other.wait(second)) == (0, 0), (running.folder / "child.log").read_text()[-3000:]
        outside, inside = receivers(running), stored(running)
    rival.close()
    database = place.database()
    with database.read() as session:
        outcomes = Counter(one.outcome for one in session.exec(select(Inbox).where(Inbox.kind == "submit")))
        given = session.exec(select(Approval).where(Approval.draft_number == 2, Approval.step > 1)).all()
    database.dispose()
    assert outcomes == {"decided approve": 2 * ROUNDS}
    assert Counter((one.round, one.person_id) for one in given) == {
        (number, one): 1 for number in range(ROUNDS) for one in ("dana.whitfield", "sam.okafor")
    }
    assert len({(one.round, one.step) for one in given}) == 2 * ROUNDS
    assert [event for _number, _version, event, *_rest in inside["audit"]].count("approve") == 1
    assert list(outside["envelopes"].values()) == [1]
    assert inside["broken"] == []


def test_the_same_click_three_times(template: Template, tmp_path: Path) -> None:
    """Three deliveries of one click, and two clicks more: one decision, one envelope, and the person is told."""
    place = template("reviewed").copy(tmp_path / "place")
    with place.with_world() as running:
        running.must("first", step="same_click_thrice", points=[], log=str(place.log))
        outside, inside = receivers(running), stored(running)
    assert list(outside["envelopes"].values()) == [1]
    assert [event for _number, _version, event, *_rest in inside["audit"]].count("approve") == 1
    database = place.database()
    with database.read() as session:
        outcomes = [one.outcome for one in session.exec(select(Inbox).order_by(Inbox.key))]
    database.dispose()
    assert len(outcomes) == 3
    assert sum(outcome == "decided approve" for outcome in outcomes) == 1
    assert all(outcome for outcome in outcomes)


def test_a_click_on_the_card_of_an_old_draft(template: Template, tmp_path: Path) -> None:
    """Approving draft 1 after draft 2 exists changes nothing and is written down."""
    place = template("reviewed").copy(tmp_path / "place")
    with place.with_world() as running:
        running.must("first", step="edit", points=[], log=str(place.log))
        before = stored(running)
        running.must("first", step="click_old_card", points=[], log=str(place.log))
        after, outside = stored(running), receivers(running)
    assert after["renewals"] == before["renewals"]
    assert after["gates"] == before["gates"]
    assert not outside["envelopes"]
    assert {event for _number, _version, event, *_rest in after["audit"][len(before["audit"]) :]} == {"refused"}


def test_a_worker_that_wakes_up_after_its_lease_changes_nothing(template: Template, server: ForkServer, tmp_path: Path) -> None:
    """Frozen in the call, overtaken by another worker, woken again: one envelope, and its late receipt is not taken."""
    place = template("reviewed").copy(tmp_path / "place")
    with place.with_world() as running:
        running.post("/_world/faults", {"surface": "docusign", "operation": "envelopes.create", "kind": "delay", "seconds": 1.0})
        frozen = running.start("first", step="approve", points=[], log=str(place.log))
        until(lambda: running.get("/_world/faults") == [])
        server.order("signal", pid=frozen, signal=SIGSTOP)
        until(lambda: running.get("/_world/docusign/envelopes"))
        lapse(place)
        running.must("again", points=[], log=str(place.log))
        before, receipt = stored(running), sent(place)
        server.order("signal", pid=frozen, signal=SIGCONT)
        assert running.wait(frozen) == 0
        assert stored(running) == before
        assert sent(place) == receipt
        assert list(receivers(running)["envelopes"].values()) == [1]


def lapse(place: Place) -> None:
    """Let the leases of wall time end now."""
    database = place.database()
    with database.engine.begin() as connection:
        changed = connection.execute(text("UPDATE effect SET claimed_until = '2020-01-01 00:00:00+00:00' WHERE claimed_until IS NOT NULL"))
        assert changed.rowcount == 1
    database.dispose()


def sent(place: Place) -> dict[str, object]:
    """The effect that sent the envelope, every column."""
    database = place.database()
    with database.read() as session:
        found = session.exec(select(Effect).where(Effect.renewal_id == RENEWAL, Effect.kind == "docusign.send")).one().model_dump()
    database.dispose()
    return found


def until(claim: Callable[[], object], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, f"not true within {seconds} s, load {os.getloadavg()}"
        time.sleep(0.02)
