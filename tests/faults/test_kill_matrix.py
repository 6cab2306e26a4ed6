"""Kill matrix: every kind of effect, killed at every fail point, restarted, killed again while it recovers.

Every effect is once at the receiver, or, where only a person can tell, stopped with its card; nothing is lost; the end is the end of a run
without faults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contractops.operator.failpoints import POINTS
from contractops.operator.store.ledger import KINDS, Prevention
from tests.faults.rig import ForkServer, Place, receivers, stored

pytestmark = pytest.mark.kill

KILLED = -9
Template = Callable[[str], Place]


@dataclass(frozen=True)
class Scene:
    """Where a kind of effect comes from: the template before it, and the step that intends it."""

    template: str
    step: str


SCENES = {
    "slack.card": Scene("armed", "sweep"),
    "slack.fetch": Scene("flagged", "their_notice"),
    "docusign.send": Scene("reviewed", "approve"),
    "docusign.fetch": Scene("signed", "poll"),
    "docusign.void": Scene("out", "void"),
    "docusign.resend": Scene("out", "resend"),
    "docusign.change_signer": Scene("out", "change_signer"),
    "crm.write": Scene("signed", "poll"),
    "crm.overwrite": Scene("conflict", "use_signed"),
    "mail.send": Scene("late", "sweep"),
}

DEATHS = ("once", "again at the same place")
CASES = [(kind, point) for kind in SCENES for point in POINTS]


@dataclass(frozen=True)
class Ending:
    """What the receivers hold and what is stored, at the end of a run; ``hits`` are the fail points that killed."""

    outside: dict[str, Any]
    inside: dict[str, Any]
    hits: tuple[str, ...]


@pytest.fixture(scope="module")
def undisturbed(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Ending]:
    """The ending of a kind's scene without faults."""
    made: dict[Scene, Ending] = {}

    def get(kind: str) -> Ending:
        scene = SCENES[kind]
        if scene not in made:
            place = template(scene.template).copy(tmp_path_factory.mktemp("undisturbed") / "place")
            with place.with_world() as running:
                running.must("first", step=scene.step, points=[], log=str(place.log))
                running.must("again", points=[], log=str(place.log))
                made[scene] = Ending(receivers(running), stored(running), ())
        return made[scene]

    return get


def play(place: Place, kind: str, point: str, death: str) -> Ending:
    """Kill at ``point``; kill the recovery too, as ``death`` says; then let it finish."""
    name, log = f"{kind}:{point}", str(place.log)
    with place.with_world() as running:
        assert running.run("first", step=SCENES[kind].step, points=[name], log=log) == KILLED
        if death != "once":
            places = POINTS[POINTS.index(point) :]
            status = running.run("again", points=[f"{kind}:{one}" for one in places], log=log)
            assert status in {KILLED, 0}
        running.must("again", points=[], log=log)
        return Ending(receivers(running), stored(running), tuple(place.hits()))


@pytest.fixture(scope="module")
def servers(server: ForkServer) -> Iterator[tuple[ForkServer, ...]]:
    """One fork server for each way to die, so that both run side by side."""
    more = tuple(ForkServer() for _death in DEATHS[1:])
    yield (server, *more)
    for one in more:
        one.close()


@pytest.mark.parametrize(("kind", "point"), CASES)
def test_killed(
    kind: str,
    point: str,
    template: Template,
    servers: tuple[ForkServer, ...],
    undisturbed: Callable[[str], Ending],
    tmp_path: Path,
    hit: set[str],
) -> None:
    """Killed there, once or twice, every effect is once at the receiver, and the end is the end of a run without faults."""
    wanted = undisturbed(kind)
    start = template(SCENES[kind].template)
    places = [start.copy(tmp_path / f"place{number}", one) for number, one in enumerate(servers)]
    with ThreadPoolExecutor(len(DEATHS)) as pool:
        endings = list(pool.map(play, places, [kind] * len(DEATHS), [point] * len(DEATHS), DEATHS))
    for death, found in zip(DEATHS, endings, strict=True):
        assert found.hits[0] == f"{kind}:{point}", death
        hit.update(found.hits)
        judge(found, wanted, kind)


def judge(found: Ending, wanted: Ending, kind: str) -> None:
    """Raise AssertionError unless ``found`` is an acceptable ending of a run that was killed."""
    assert max(found.outside["posts"].values()) == 1
    assert max(found.outside["post calls"].values()) == 1
    assert max(found.outside["envelopes"].values(), default=0) <= 1
    assert max(found.outside["mails"].values(), default=0) <= 1
    assert found.inside["broken"] == []
    assert found.inside["cards to do"] == []
    begun = {f"{kind}:{one}" for one in ("before_call", "after_call", "before_receipt")}
    if KINDS[kind] is Prevention.PERSON and begun & set(found.hits):
        stopped_for_a_person(found, wanted, kind)
    else:
        assert found.outside == wanted.outside
        assert found.inside == wanted.inside


def stopped_for_a_person(found: Ending, wanted: Ending, kind: str) -> None:
    """Nobody can tell whether it happened: it is not repeated, it stands as "needs a person", and its card was sent."""
    stopped = [one for one in found.inside["effects"] if one[0] == kind and one[2] == "needs_person"]
    assert stopped
    never_began = sum(hit == f"{kind}:before_call" for hit in found.hits)
    if kind == "mail.send":
        assert found.outside["mails"].keys() <= set(wanted.outside["mails"])
        assert found.outside["mails"].total() == wanted.outside["mails"].total() - never_began
    else:
        assert found.outside["envelope calls"]["resend"] == 1 - never_began
    assert found.inside["renewals"] == wanted.inside["renewals"]
    cards = [key for key, sort, current in found.inside["cards"] if sort == "parked" and current]
    assert cards
    assert all(found.outside["posts"][key] == 1 for key in cards)


@pytest.fixture(scope="module")
def hit() -> set[str]:
    """The fail points that have killed in this run."""
    return set()


def test_every_kind_was_killed_at_every_point(hit: set[str], request: pytest.FixtureRequest) -> None:
    """Every kind of the registry has all six points, and each was really hit."""
    assert set(SCENES) == set(KINDS)
    if len(request.session.items) < len(CASES):
        pytest.skip("only a part of the matrix was asked for")
    assert hit == {f"{kind}:{point}" for kind in KINDS for point in POINTS}


def test_the_parent_has_opened_nothing(server: ForkServer) -> None:
    """The server that forks has one thread and no file beyond its three; a child shares nothing with its brothers."""
    opened = server.order("opened")
    assert opened["threads"] == 1
    assert opened["tasks"] in {1, None}
    assert opened["files"] in {3, None}
