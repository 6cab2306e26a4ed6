"""The engine is a doorbell: its tables are deleted while the operator is stopped, at every stage, and `recover` finishes the work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contractops.graphs.lifecycle import Stage
from contractops.operator import ringing
from contractops.operator.store.tables import Renewal
from tests.faults.rig import DATABASE, RENEWAL, Place, receivers, stored
from tests.postgres import databases

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

Template = Callable[[str], Place]

WALK = (
    ("sweep", Stage.FLAGGED, Stage.FLAGGED),
    ("prepare", Stage.PREPARING, Stage.IN_REVIEW),
    ("nothing", Stage.IN_REVIEW, Stage.IN_REVIEW),
    ("approve", Stage.APPROVED, Stage.OUT_FOR_SIGNATURE),
    ("nothing", Stage.OUT_FOR_SIGNATURE, Stage.OUT_FOR_SIGNATURE),
    ("poll", Stage.SIGNED, Stage.RENEWED),
    ("nothing", Stage.UPDATING_CRM, Stage.RENEWED),
    ("nothing", Stage.RENEWED, Stage.RENEWED),
)
"""(step, the stage after its first move, the stage in which the real engine then rests). Everybody signs before the poll."""


def test_the_engine_is_deleted_at_every_stage(template: Template, tmp_path: Path) -> None:
    """Stopped right after each move, with every effect of it to do and no engine left, the operator starts and finishes."""
    place = template("armed").copy(tmp_path / "walk")
    for number, (step, stage, rest) in enumerate(WALK):
        with place.with_world() as running:
            if step == "poll":
                finish_sending(running)
                running.sign()
            running.must("one_move", step=step)
        assert stage_of(place) == stage
        finished = place.copy(tmp_path / f"finished{number}")
        assert not has_engine(finished)
        with finished.with_world() as running:
            running.must("engine", stage=rest)
            outside, inside = receivers(running), stored(running)
        assert stage_of(finished) == rest
        assert has_engine(finished)
        assert inside["cards to do"] == []
        assert max(outside["posts"].values()) == 1
        assert max(outside["envelopes"].values(), default=1) == 1


def test_one_life_with_the_engine_deleted_at_every_rest(template: Template, tmp_path: Path) -> None:
    """The same operator, stopped at every rest and robbed of its engine, carries the renewal to its end; every effect is there once."""
    place = template("armed").copy(tmp_path / "life")
    life = (
        (None, Stage.FLAGGED),
        ("prepare", Stage.IN_REVIEW),
        ("approve", Stage.OUT_FOR_SIGNATURE),
        ("sign", Stage.RENEWED),
    )
    with place.with_world() as running:
        for step, rest in life:
            if step == "sign":
                running.sign()
            elif step is not None:
                running.must("answered", step=step)
            running.must("engine", stage=rest)
            delete_engine(place)
        outside, inside = receivers(running), stored(running)
    assert inside["broken"] == []
    assert {status for _kind, _version, status in inside["effects"]} == {"done"}
    assert list(outside["envelopes"].values()) == [1]
    assert max(outside["post calls"].values()) == 1


def finish_sending(place: Place) -> None:
    """The envelope leaves; nothing moves."""
    place.must("again", points=[], log=str(place.log))


def has_engine(place: Place) -> bool:
    """Whether the engine's own tables exist."""
    return ringing.has_tables(databases.url_of(place.folder / DATABASE))


def delete_engine(place: Place) -> None:
    """The engine's own tables go: a file beside SQLite's, a schema of PostgreSQL."""
    for file in list(place.folder.glob(f"{DATABASE}.engine*")):
        file.unlink()
    if databases.kind() == "postgres":
        with databases.sql(place.folder / DATABASE) as execute:
            execute("DROP SCHEMA IF EXISTS dbos CASCADE")


def stage_of(place: Place) -> str:
    database = place.database()
    with database.read() as session:
        stage = session.get_one(Renewal, RENEWAL).stage
    database.dispose()
    return stage
