"""What vendors do wrong: lost answers, refusals for a while, silence beyond the time-out, web hooks that repeat, come late or never."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.rig import Place, receivers, stored

Template = Callable[[str], Place]


@dataclass(frozen=True)
class Surface:
    """One call that changes something at a vendor: its names in the world, and the scene in which it is made."""

    vendor: str
    operation: str
    template: str
    step: str


SURFACES = {
    "envelope": Surface("docusign", "envelopes.create", "reviewed", "approve"),
    "void": Surface("docusign", "envelopes.update", "out", "void"),
    "signer": Surface("docusign", "recipients.update", "out", "change_signer"),
    "signed document": Surface("docusign", "documents.get", "signed", "poll"),
    "card": Surface("slack", "chat.postMessage", "armed", "sweep"),
    "rewrite": Surface("slack", "chat.update", "flagged", "prepare"),
    "crm": Surface("salesforce", "sobjects.upsert", "signed", "poll"),
    "crm field": Surface("salesforce", "sobjects.upsert", "conflict", "use_signed"),
}

FAULTS: dict[str, dict[str, Any]] = {
    "answer lost": {"kind": "drop_after_commit"},
    "request lost": {"kind": "drop_before"},
    "429": {"kind": "status", "status": 429, "retry_after": 1},
    "503": {"kind": "status", "status": 503, "retry_after": 1},
}


@pytest.fixture(scope="module")
def undisturbed(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Surface], tuple[dict[str, Any], dict[str, Any]]]:
    """(receivers, rows) after the scene of a surface without faults."""
    made: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = {}

    def get(surface: Surface) -> tuple[dict[str, Any], dict[str, Any]]:
        scene = (surface.template, surface.step)
        if scene not in made:
            place = template(surface.template).copy(tmp_path_factory.mktemp("undisturbed") / "place")
            with place.with_world() as running:
                running.must("first", step=surface.step, points=[], log=str(place.log))
                made[scene] = (receivers(running), stored(running))
        return made[scene]

    return get


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", SURFACES)
def test_a_vendor_fails_once(
    name: str, fault: str, template: Template, undisturbed: Callable[[Surface], tuple[dict[str, Any], dict[str, Any]]], tmp_path: Path
) -> None:
    """Whatever the vendor did once, the effect is there once, and the end is the end of a run without faults."""
    surface = SURFACES[name]
    wanted = undisturbed(surface)
    place = template(surface.template).copy(tmp_path / "place")
    with place.with_world() as running:
        running.post("/_world/faults", {"surface": surface.vendor, "operation": surface.operation, **FAULTS[fault]})
        running.must("first", step=surface.step, points=[], log=str(place.log))
        assert running.get("/_world/faults") == []
        ending = receivers(running), stored(running)
    assert max(ending[0]["posts"].values()) == 1
    assert without_repeats(ending[0]) == without_repeats(wanted[0])
    assert ending[1] == wanted[1]


def without_repeats(outside: dict[str, Any]) -> dict[str, Any]:
    """What the receivers hold, without how often they were asked."""
    return {name: value for name, value in outside.items() if name not in {"envelope calls", "post calls"}}


@pytest.mark.parametrize("name", ["envelope", "card", "rewrite"])
def test_what_is_put_off_is_rung_for(name: str, template: Template, tmp_path: Path) -> None:
    """An effect whose vendor asks for a second is tried again after it, without waiting for the minute's sweep."""
    surface = SURFACES[name]
    place = template(surface.template).copy(tmp_path / "place")
    with place.with_world() as running:
        running.post("/_world/faults", {"surface": surface.vendor, "operation": surface.operation, **FAULTS["503"]})
        running.must("rings_only", step=surface.step)
        assert running.get("/_world/faults") == []
        assert max(receivers(running)["posts"].values()) == 1


@pytest.mark.parametrize("name", ["envelope", "card", "crm"])
def test_an_answer_later_than_the_time_out(
    name: str, template: Template, undisturbed: Callable[[Surface], tuple[dict[str, Any], dict[str, Any]]], tmp_path: Path
) -> None:
    """The vendor acts after we stopped waiting: the effect is there once."""
    surface = SURFACES[name]
    wanted = undisturbed(surface)
    place = template(surface.template).copy(tmp_path / "place")
    with place.with_world() as running:
        running.post("/_world/faults", {"surface": surface.vendor, "operation": surface.operation, "kind": "delay", "seconds": 1.5})
        running.must("hurried", step=surface.step)
        assert running.get("/_world/faults") == []
        ending = receivers(running), stored(running)
    assert max(ending[0]["posts"].values()) == 1
    assert without_repeats(ending[0]) == without_repeats(wanted[0])
    assert ending[1] == wanted[1]


def test_web_hooks_that_repeat_and_come_out_of_order(
    template: Template, undisturbed: Callable[[Surface], tuple[dict[str, Any], dict[str, Any]]], tmp_path: Path
) -> None:
    """A web hook is a hint: three times, or "sent" after "completed", the envelope is settled once; without any, polling settles it."""
    wanted = undisturbed(SURFACES["crm"])  # no web hook reaches that place: polling found the signature
    place = template("signed").copy(tmp_path / "place")
    with place.with_world() as running:
        running.must("first", step="hooks", points=[], log=str(place.log))
        assert (receivers(running), stored(running)) == wanted
