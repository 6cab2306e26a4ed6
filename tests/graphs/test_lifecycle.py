"""The lifecycle table is the machine: the graph has exactly its edges, and nothing outside it can happen."""

from __future__ import annotations

import pytest

from contractops.graphs.lifecycle import ACTS, FINAL, TRANSITIONS, Event, Stage, mermaid, step
from contractops.graphs.renewal import ACT, SETTLE, compiled
from contractops.tools.errors import InvariantError

PAIRS = [(stage, event) for stage in Stage for event in Event]


@pytest.mark.parametrize(("stage", "event"), PAIRS)
def test_only_the_pairs_of_the_table_move(stage: Stage, event: Event) -> None:
    """A pair of the table gives its target; every other pair raises and names both."""
    if event in TRANSITIONS[stage]:
        assert step(stage, event) == TRANSITIONS[stage][event]
    else:
        with pytest.raises(InvariantError, match=str(stage)):
            step(stage, event)


def test_every_stage_stands_in_the_table() -> None:
    """No stage is forgotten, and exactly the final ones are never left."""
    assert set(TRANSITIONS) == set(Stage)
    assert {stage for stage, events in TRANSITIONS.items() if not events} == FINAL


def test_every_stage_can_be_reached() -> None:
    """From watching, every stage is reached by some events."""
    seen, ahead = {Stage.WATCHING}, [Stage.WATCHING]
    while ahead:
        for target in TRANSITIONS[ahead.pop()].values():
            if target not in seen:
                seen.add(target)
                ahead.append(target)
    assert seen == set(Stage)


def test_the_graph_has_exactly_the_edges_of_the_table() -> None:
    """Event and target of every conditional edge, and the node set, equal ``TRANSITIONS`` (``X!`` folded into ``X``)."""
    builder = compiled().builder
    found: dict[str, dict[str, str]] = {}
    for node, branches in builder.branches.items():
        if node == "dispatch":
            continue
        for branch in branches.values():
            found.setdefault(node.rstrip("!"), {}).update(branch.ends)
    wanted = {str(stage): {str(event): str(target) for event, target in events.items()} for stage, events in TRANSITIONS.items() if events}
    assert found == wanted
    assert {node.rstrip("!") for node in builder.nodes} - {"dispatch"} == {str(stage) for stage in Stage}


def test_dispatch_reaches_every_stage() -> None:
    """The first node can route to any stored stage."""
    (branch,) = compiled().builder.branches["dispatch"].values()
    assert set(branch.ends) == {str(stage) for stage in Stage}


def test_every_stage_has_one_planner() -> None:
    """A stage is either left by code or settled by an answer, never both, never neither."""
    waiting = {stage for stage, events in TRANSITIONS.items() if events} - ACTS
    assert set(ACT) == ACTS
    assert set(SETTLE) == waiting


def test_the_diagram_names_every_pair() -> None:
    """The drawn diagram shows each event of each stage."""
    drawn = mermaid()
    for stage, events in TRANSITIONS.items():
        for event, target in events.items():
            assert any(line.strip().startswith(f"{stage} --> {target}:") and str(event) in line for line in drawn.splitlines())
