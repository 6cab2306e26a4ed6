"""Claims about backups: made beside a running renewal, taken back after it went on, and nothing happens outside a second time."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select

from contractops.graphs.lifecycle import Stage
from contractops.operator.clock import WallClock, wall_now
from contractops.operator.performers import Signing
from contractops.operator.store import schema
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Card, Effect, Renewal, Restoring
from contractops.tools.errors import VendorError
from tests.faults.rig import RENEWAL, Place, receivers, stored
from tests.postgres import databases

pytestmark = [pytest.mark.kill, pytest.mark.timeout(120), pytest.mark.sqlite]

Template = Callable[[str], Place]


@pytest.fixture
def place(template: Template, tmp_path: Path) -> Callable[[str], Place]:
    """A place in a named state, of its own."""
    return lambda name: template(name).copy(tmp_path / "place")


def backed_up(place: Place) -> Path:
    file = place.folder / "monday.backup"
    place.must("command", arguments=["backup", str(file)], more={})
    return file


def taken_back(place: Place, file: Path, status: int = 0) -> str:
    """What the command said."""
    log = place.folder / "child.log"
    before = log.stat().st_size if log.exists() else 0
    assert place.run("command", arguments=["restore", str(file)], more={}) == status, log.read_text()[before:]
    return log.read_text()[before:]


def go_on(place: Place, call: str = "again", **arguments: str) -> None:
    place.must(call, points=[], log=str(place.log), **arguments)


def stage_of(place: Place) -> str:
    database = place.database()
    with database.read() as session:
        stage = session.get_one(Renewal, RENEWAL).stage
    database.dispose()
    return stage


def effects(place: Place, kind: str) -> list[tuple[str, str | None]]:
    """(status, last error) of every effect of a kind."""
    database = place.database()
    with database.read() as session:
        found = [(one.status, one.last_error) for one in session.exec(select(Effect).where(Effect.kind == kind).order_by(Effect.key))]
    database.dispose()
    return found


def once(place: Place) -> None:
    """Every message and envelope is at its receiver once."""
    outside = receivers(place)
    assert sum(outside["envelopes"].values()) == 1
    assert max(outside["posts"].values()) == 1
    assert max(outside["post calls"].values()) == 1


def test_a_send_that_was_still_to_do_is_found_at_the_vendor(place: Callable[[str], Place]) -> None:
    """Backed up after the approval and before the envelope; the envelope went out; restored and run, the same one is taken over."""
    with place("reviewed").with_world() as running:
        running.must("answered", step="approve")
        file = backed_up(running)
        go_on(running)
        assert stage_of(running) == Stage.OUT_FOR_SIGNATURE
        wanted = stored(running)
        taken_back(running, file)
        assert stage_of(running) != Stage.OUT_FOR_SIGNATURE
        go_on(running)
        assert stage_of(running) == Stage.OUT_FOR_SIGNATURE
        assert stored(running)["renewals"] == wanted["renewals"]
        once(running)


def test_an_envelope_whose_approval_is_lost_is_held_and_not_sent_again(place: Callable[[str], Place]) -> None:
    """Backed up in review; approved and sent; restored: the question is open again, the envelope waits for a person, and the same approval
    takes it over."""
    with place("reviewed").with_world() as running:
        file = backed_up(running)
        go_on(running, "first", step="approve")
        said = taken_back(running, file)
        assert "1 envelope sent after the backup" in said
        go_on(running)
        assert stage_of(running) == Stage.IN_REVIEW
        [(status, error)] = effects(running, "docusign.void")
        assert (status, "approval" in str(error)) == ("needs_person", True)
        go_on(running, "first", step="approve")
        assert stage_of(running) == Stage.OUT_FOR_SIGNATURE
        assert [one[0] for one in effects(running, "docusign.void")] == ["cancelled"]
        once(running)


def test_other_terms_wait_until_the_lost_envelope_is_taken_back(tmp_path: Path) -> None:
    """Another draft is not sent while an envelope that nobody knows is out; when it is taken back, it is asked for by its own key first."""
    database = Database(databases.url_of(tmp_path / "contractops.db"))
    schema.ensure(database)
    held = {"envelope": "E-1", "reason": "", "made_with": f"docusign.send:{RENEWAL}:3:aa"}
    with database.write() as session:
        session.add(Restoring(made_at=wall_now(), restored_at=wall_now(), reconciled_at=wall_now()))
        session.add(effect("docusign.void", held, "needs_person"))
    signing = Signing(database, WallClock(), None, None)  # type: ignore[arg-type]  # no vendor is asked before this is settled
    other = effect("docusign.send", {}, "todo")
    with pytest.raises(VendorError, match="CO-RST-002"):
        signing._may_be_out(other)
    other.key = held["made_with"]
    assert signing._may_be_out(other)
    with database.write() as session:
        session.get_one(Effect, "docusign.void").status = "done"
    other.key = f"docusign.send:{RENEWAL}:4:bb"
    assert signing._may_be_out(other)
    database.dispose()


def effect(kind: str, payload: dict[str, str], status: str) -> Effect:
    return Effect(
        key=kind, kind=kind, renewal_id=RENEWAL, version=3, payload=payload, payload_hash="", status=status, created_at=wall_now()
    )


def test_nothing_is_performed_while_a_vendor_cannot_be_asked(place: Callable[[str], Place]) -> None:
    """DocuSign is down at the restoring and at the start: the command says so, and the operator does not start."""
    with place("reviewed").with_world() as running:
        file = backed_up(running)
        running.post("/_world/faults", {"surface": "docusign", "kind": "status", "status": 503, "times": 50})
        assert "performs nothing before" in taken_back(running, file, status=5)
        assert running.run("command", arguments=["run"], more={}) == 5
        database = running.database()
        with database.read() as session:
            assert session.exec(select(Restoring)).one().reconciled_at is None
        database.dispose()


def test_cards_that_were_posted_after_the_backup_are_found_by_their_key(place: Callable[[str], Place]) -> None:
    """Backed up before the first alert; posted; restored: the alert that is due again is the message that stands there."""
    with place("armed").with_world() as running:
        file = backed_up(running)
        go_on(running, "first", step="sweep")
        posted = receivers(running)["posts"]
        assert posted
        taken_back(running, file)
        go_on(running, "first", step="sweep")
        outside = receivers(running)
        assert outside["posts"] == posted
        assert max(outside["post calls"].values()) == 1
        database = running.database()
        with database.read() as session:
            assert session.exec(select(Card.ts).where(Card.key == f"{RENEWAL}/root")).one() is not None
        database.dispose()


def test_a_changed_backup_is_refused_and_nothing_is_replaced(place: Callable[[str], Place]) -> None:
    """One other byte in the database of the file: refused before anything is touched; a second backup never writes over the first."""
    found = place("reviewed")
    file = backed_up(found)
    before = stored(found)
    with zipfile.ZipFile(file) as packed:
        manifest, content = packed.read("manifest.json"), bytearray(packed.read("contractops.db"))
    assert json.loads(manifest)["tables"]["renewal"] > 1
    assert json.loads(manifest)["documents"]
    content[-1] ^= 1
    changed = found.folder / "changed.backup"
    with zipfile.ZipFile(changed, "w") as packed:
        packed.writestr("manifest.json", manifest)
        packed.writestr("contractops.db", bytes(content))
    assert "CO-RST-001" in taken_back(found, changed, status=3)
    assert found.run("command", arguments=["backup", str(file)], more={}) == 6
    assert stored(found) == before
