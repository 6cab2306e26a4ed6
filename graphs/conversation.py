"""The conversation graph: a message is read by rules, then, where they abstain, by a model; the thread remembers what it is about.

Rule 1: the memory of a thread is its last contract and period, how often in a row nothing was understood, and the reading of the
last message: a message that is worked on again after a crash gives the same reading.
Rule 2: only text, numbers and lists of them are stored; whatever comes out of the store is validated before it is used.
Rule 3: the graph changes nothing outside and answers nothing: facts are computed by whoever called it, at the moment of the answer.
Rule 4: the model is asked only what the rules did not understand, never again after a refusal, and its answer is filled in by the rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from pydantic import ValidationError

from contractops.graphs.intents import Abstain, Read
from contractops.graphs.interpreter import Interpreter
from contractops.graphs.known import Memory
from contractops.tools.values import Value

ALLOWED_TYPES: Final[tuple[tuple[str, ...], ...]] = ()
"""Types beside plain text and numbers that a stored memory may hold: none."""


class Opinion(Value):
    """What a model took a message for. ``intent`` None: nothing; ``model`` and ``prompt`` (SHA-256 of its file) are kept with the answer."""

    intent: str | None = None
    contract: str | None = None
    model: str = ""
    prompt: str = ""
    why: str = ""


Second = Callable[[str, Memory, Interpreter], Opinion]
"""The second stage: message, memory and names to an opinion. Never raises for what a model does."""


class State(TypedDict, total=False):
    """A thread. The first four are its memory."""

    contract: str | None
    period: str | None
    misses: int
    last: dict[str, Any]  # key, read, opinion
    key: str
    text: str
    read: dict[str, Any]
    opinion: dict[str, Any]


@dataclass(frozen=True)
class Voices:
    """Who reads: the rules, and the model where there is one."""

    interpreter: Interpreter
    second: Second | None = None


class Turn(Value):
    """What a message came to. ``misses``: messages in a row, this one included, that were not understood."""

    read: Read
    opinion: Opinion | None = None
    misses: int = 0


Conversation = CompiledStateGraph[State, Voices, State, State]


def serializer() -> JsonPlusSerializer:
    """How memories are stored: no type beside the plain ones comes back as anything but data."""
    return JsonPlusSerializer(allowed_msgpack_modules=ALLOWED_TYPES)


def build(saver: BaseCheckpointSaver[str]) -> Conversation:
    """The graph over ``saver``, which must have been made with ``serializer()``."""
    graph = StateGraph(State, context_schema=Voices)
    graph.add_node("read", _read)
    graph.add_node("ask_model", _ask_model)
    graph.add_node("remember", _remember)
    graph.add_conditional_edges(START, _seen, {True: END, False: "read"})
    graph.add_conditional_edges("read", _understood, {True: "remember", False: "ask_model"})
    graph.add_edge("ask_model", "remember")
    graph.add_edge("remember", END)
    return graph.compile(checkpointer=saver)


def turn(conversation: Conversation, thread: str, key: str, text: str, voices: Voices, seed: Memory) -> Turn:
    """Read message ``key`` of ``thread``; the same key again gives the same turn. ``seed``: what a thread without memory is about."""
    config: Any = {"configurable": {"thread_id": thread}}
    stored = conversation.get_state(config).values
    given: State = {"key": key, "text": text}
    if not stored:
        given |= {"contract": seed.contract, "period": seed.period, "misses": 0}
    left = conversation.invoke(given, config, context=voices, durability="exit")  # one checkpoint a turn: a turn is read anew as a whole
    last = left.get("last", {})
    opinion = last.get("opinion")
    return Turn(
        read=_as_read(last.get("read")), opinion=Opinion.model_validate(opinion) if opinion else None, misses=int(left.get("misses", 0))
    )


def memory_of(conversation: Conversation, thread: str) -> Memory | None:
    """What a thread is about; None for one that nobody has spoken in."""
    config: Any = {"configurable": {"thread_id": thread}}
    stored = conversation.get_state(config).values
    return _memory(stored) if stored else None


def _seen(state: State) -> bool:
    return state.get("last", {}).get("key") == state["key"]


def _read(state: State, runtime: Runtime[Voices]) -> State:
    found = runtime.context.interpreter.read(state["text"], _memory(state))
    return {"read": found.model_dump(mode="json"), "opinion": {}}


def _understood(state: State, runtime: Runtime[Voices]) -> bool:
    """Whether the rules came to a reading, or nobody else could."""
    reading = _as_read(state["read"]).reading
    return runtime.context.second is None or not isinstance(reading, Abstain) or reading.why == "long"


def _ask_model(state: State, runtime: Runtime[Voices]) -> State:
    second, memory = runtime.context.second, _memory(state)
    if second is None:
        return {}
    opinion = second(state["text"], memory, runtime.context.interpreter)
    read = runtime.context.interpreter.filled(state["text"], memory, opinion.intent, opinion.contract)
    return {"read": read.model_dump(mode="json"), "opinion": opinion.model_dump(mode="json")}


def _remember(state: State) -> State:
    read = _as_read(state["read"])
    missed = isinstance(read.reading, Abstain)
    contract = getattr(read.reading, "contract", None) or state.get("contract")
    period = getattr(read.reading, "period", None)
    same = contract == state.get("contract")
    return {
        "contract": contract,
        "period": period or (state.get("period") if same else None),
        "misses": state.get("misses", 0) + 1 if missed else 0,
        "last": {"key": state["key"], "read": state["read"], "opinion": state.get("opinion", {})},
    }


def _memory(state: Any) -> Memory:
    """The memory of a thread; what does not read as one is none."""
    try:
        return Memory.model_validate({"contract": state.get("contract"), "period": state.get("period")})
    except ValidationError:
        return Memory()


def _as_read(stored: Any) -> Read:
    try:
        return Read.model_validate(stored)
    except ValidationError:
        return Read(reading=Abstain(why="not readable"))
