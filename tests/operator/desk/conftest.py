"""One world and one open door a module; a copy of the imported portfolio for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlmodel import select

from contractops.operator.demo import SAMPLE, seed
from contractops.operator.store.tables import Card, Effect
from tests.faults.children import Driver, arm
from tests.localworld.worlds import RunningWorld, start_world
from tests.operator.desk.office import Office, Place, Relay, door

STRANGERS = [
    {"id": "U0GUEST", "name": "guest", "real_name": "Guest", "email": "guest@elsewhere.example", "is_restricted": True},
    {
        "id": "U0OTHER",
        "name": "other",
        "real_name": "Other Team",
        "email": "maria.ortiz@prairie.example",
        "team_id": "T0OTHER",
        "is_stranger": True,
    },
    {"id": "U0BOT", "name": "robot", "real_name": "Robot", "email": "", "is_bot": True},
    {"id": "U0GONE", "name": "gone", "real_name": "Gone", "email": "gone@prairie.example", "deleted": True},
    {"id": "U0NOBODY", "name": "nobody", "real_name": "Dana Whitfield", "email": "nobody@prairie.example"},
    {"id": "U0MARIA2", "name": "maria2", "real_name": "Maria Ortiz", "email": "Maria.Ortiz@prairie.example"},
]


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The private key of the installation."""
    file = tmp_path_factory.mktemp("key") / "key.pem"
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file.write_bytes(made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    public = made.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    file.with_suffix(".pub").write_bytes(public)
    return file


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningWorld, Path, Relay]]:
    """A world, the file of its state, and the open door."""
    folder, relay = tmp_path_factory.mktemp("desk"), Relay()
    with start_world(folder, seed={}) as world, door(world, relay):
        yield world, folder / "world.db", relay


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Place:
    """ENT-3391 is flagged, its card and the welcome list stand in Maria's messages."""
    folder = tmp_path_factory.mktemp("template")
    shutil.copy(key, folder / "key.pem")
    seeded = seed(SAMPLE, key.with_suffix(".pub").read_text())
    seeded["users"] += STRANGERS
    seeded["channels"].append({"id": "C0GENERAL", "name": "general", "members": ["U0MARIA", "U0SAM"]})
    with start_world(folder, seed=seeded) as world:
        driver = Driver(folder, world.url)
        driver.operator.follow_world()
        arm(driver)
        _only_marias_list(driver)
        driver.jobs.sweep()
        driver.drain()
        driver.close()
    return Place.at(folder)


def _only_marias_list(driver: Driver) -> None:
    """No test here looks at the welcome lists of the others; each costs a test a part of a second."""
    with driver.database.write() as session:
        others = session.exec(select(Card.key).where(Card.kind == "welcome", Card.person_id != "maria.ortiz")).all()
        for effect in session.exec(select(Effect).where(Effect.status == "todo")).all():
            if effect.payload["card"] in others:
                effect.status = "cancelled"
                session.add(effect)


@pytest.fixture
def office(tmp_path: Path, key: Path, template: Place, shared: tuple[RunningWorld, Path, Relay]) -> Iterator[Office]:
    """The desk over a portfolio and a world of its own: ENT-3391 is flagged, its card stands in Maria's messages."""
    world, state, relay = shared
    place = Place(tmp_path / "contractops.db", state)
    shutil.copy(key, tmp_path / "key.pem")
    template.copy_to(place)
    made = Office(place, template, world, relay)
    yield made
    relay.desk = None
    made.close()
