"""One fork server a module, and the templates that its cases start from."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.rig import ForkServer, Place, fresh


@pytest.fixture(scope="session")
def server() -> Iterator[ForkServer]:
    """The fork server."""
    running = ForkServer()
    yield running
    running.close()


Template = Callable[[str], Place]


@pytest.fixture(scope="session")
def template(server: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """`template(name)`: a place that stands in a named state, built once from the one before it."""
    root: Path = tmp_path_factory.mktemp("templates")
    made: dict[str, Place] = {}

    def get(name: str) -> Place:
        if name not in made:
            made[name] = build(name)
        return made[name]

    def build(name: str) -> Place:
        before, step = CHAIN[name]
        place = get(before).copy(root / name) if before else fresh(server, root / name)
        with place.with_world() as running:
            if step in OUTSIDE:
                OUTSIDE[step](running)
            else:
                running.must("first", step=step, points=[], log=str(place.log))
        return place

    return get


def sign(place: Place) -> None:
    """All signers sign; the operator has not looked yet."""
    place.sign()


def sign_and_edit(place: Place) -> None:
    """All sign, and a person changes a field of the CRM record that the renewal will write."""
    place.sign()
    place.post("/_world/salesforce/edit", {"external_id": "ENT-3391", "fields": {"Term_Months__c": 18}})


def three_days_left(place: Place) -> None:
    """It is Tue 2 Feb 2027, 09:00 in Chicago, three days before the safe date; nobody answered, and the operator has not looked yet."""
    place.post("/_world/clock", {"to": "2027-02-02T15:00:00+00:00"})


OUTSIDE: dict[str, Callable[[Place], None]] = {"sign": sign, "sign_and_edit": sign_and_edit, "three_days_left": three_days_left}

CHAIN: dict[str, tuple[str | None, str]] = {
    "armed": (None, "arm"),
    "flagged": ("armed", "sweep"),
    "reviewed": ("flagged", "prepare"),
    "out": ("reviewed", "approve"),
    "signed": ("out", "sign"),
    "closed": ("signed", "poll"),
    "edited": ("out", "sign_and_edit"),
    "conflict": ("edited", "poll"),
    "late": ("flagged", "three_days_left"),
}
"""Name -> (the state before, the step that leads here)."""
