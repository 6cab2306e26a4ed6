"""The renewal graph: it routes by the stored stage, and only wires nodes.

Rule 1: the first node reads the stored position; nothing of a renewal lives in a checkpoint.
Rule 2: a stage that waits is two nodes: ``X`` holds ``interrupt()`` and nothing else, ``X!`` reads the gate row, never the resume value.
Rule 3: no remote call and no ``try`` beside an ``interrupt()``; a lost compare-and-set (``Conflict``) means: route again.
Rule 4: the edges equal ``TRANSITIONS``, by test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final, TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from contractops.graphs import flag, prepare, route
from contractops.graphs.lifecycle import ACTS, TRANSITIONS, Stage
from contractops.graphs.steps import Position, Step, Workbench
from contractops.tools.errors import Conflict, InvariantError

CONFLICT_LIMIT: Final = 20
_THREAD: Final = {"configurable": {"thread_id": "renewal"}, "recursion_limit": 60}


class State(TypedDict, total=False):
    """State of one call: the renewal's id and the event of the last move (it selects the edge)."""

    renewal_id: str
    event: str


@dataclass(frozen=True)
class Bench:
    """What a call hands to its nodes."""

    workbench: Workbench


Planner = Callable[[Workbench, Position], Step]

ACT: Final[dict[Stage, Planner]] = {Stage.PREPARING: prepare.prepare, Stage.APPROVED: route.send}

SETTLE: Final[dict[Stage, Planner]] = {
    Stage.WATCHING: flag.settle,
    Stage.FLAGGED: flag.settle,
    Stage.SNOOZED: flag.settle,
    Stage.NOT_RENEWING: flag.settle,
    Stage.MISSED: flag.settle,
    Stage.IN_REVIEW: prepare.review,
    Stage.NEEDS_PERSON: route.settle,
    Stage.OUT_FOR_SIGNATURE: route.settle,
    Stage.SIGNED: route.settle,
    Stage.UPDATING_CRM: route.settle,
}


def advance(workbench: Workbench, renewal_id: str) -> Stage:
    """Carry the renewal as far as its decided gates allow; returns the stage it then stands in.

    Safe to call at any time, from any process, any number of times. Raises ``InvariantError`` CO-GRA-001 when it meets more
    than ``CONFLICT_LIMIT`` conflicts, which no number of honest rivals can cause.
    """
    for _attempt in range(CONFLICT_LIMIT):
        position = workbench.position(renewal_id)
        if not _movable(position):
            return position.stage
        try:
            _run(workbench, position)
        except Conflict:
            continue
    raise InvariantError("CO-GRA-001", f"{renewal_id} met {CONFLICT_LIMIT} conflicts in a row")


@cache
def compiled() -> Any:  # the library's compiled graph is generic over four parameters
    """The graph, compiled once; each call brings a saver of its own."""
    graph: StateGraph[State, Bench, State, State] = StateGraph(State, context_schema=Bench)
    graph.add_node("dispatch", _dispatch)
    graph.add_edge(START, "dispatch")
    graph.add_conditional_edges("dispatch", _event_of, {stage: stage for stage in Stage})
    for stage in Stage:
        if stage in ACTS:
            graph.add_node(stage, partial(_perform, stage=stage, planner=ACT[stage]))
            _edges(graph, stage, stage)
        elif TRANSITIONS[stage]:
            graph.add_node(stage, partial(_ask, stage=stage))
            graph.add_node(f"{stage}!", partial(_perform, stage=stage, planner=SETTLE[stage]))
            graph.add_edge(stage, f"{stage}!")
            _edges(graph, f"{stage}!", stage)
        else:
            graph.add_node(stage, _rest)
            graph.add_edge(stage, END)
    return graph.compile()


def _run(workbench: Workbench, position: Position) -> None:
    """One call of the graph: from the stored stage until it waits for an answer that is not there."""
    saver = InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=[]))
    graph = compiled().copy(update={"checkpointer": saver})
    result = graph.invoke({"renewal_id": position.renewal_id}, _THREAD, context=Bench(workbench), durability="sync")
    while result.get("__interrupt__"):
        asked = result["__interrupt__"][0]
        now = workbench.position(position.renewal_id)
        if now.decision is None or now.stage != asked.value:
            return
        result = graph.invoke(Command(resume={asked.id: now.version}), _THREAD, context=Bench(workbench), durability="sync")


def _movable(position: Position) -> bool:
    return position.stage in ACTS or (bool(TRANSITIONS[position.stage]) and position.decision is not None)


def _dispatch(state: State, runtime: Runtime[Bench]) -> State:
    return {"event": runtime.context.workbench.position(state["renewal_id"]).stage.value}


def _event_of(state: State) -> str:
    return state["event"]


def _edges(graph: StateGraph[State, Bench, State, State], node: str, stage: Stage) -> None:
    graph.add_conditional_edges(node, _event_of, {str(event): str(target) for event, target in TRANSITIONS[stage].items()})


def _ask(_state: State, *, stage: Stage) -> State:
    interrupt(stage.value)
    return {}


def _rest(state: State) -> State:  # noqa: ARG001  # the library types a node by this name
    return {}


def _perform(state: State, runtime: Runtime[Bench], *, stage: Stage, planner: Planner) -> State:
    return _move(state, runtime.context.workbench, stage, planner)


def _move(state: State, workbench: Workbench, stage: Stage, planner: Planner) -> State:
    position = workbench.position(state["renewal_id"])
    if position.stage != stage or not _movable(position):
        raise Conflict("CO-GRA-002", f"{position.renewal_id} stands in {position.stage}, not in {stage}")
    step = planner(workbench, position)
    workbench.commit(position, step)
    return {"event": step.event.value}
