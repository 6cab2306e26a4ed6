"""The conversation graph: what a thread remembers, how it is stored, and that a message worked on twice is read once."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.sqlite import SqliteSaver
from pydantic import BaseModel

from contractops.graphs import conversation
from contractops.graphs.conversation import Opinion, Voices, build, memory_of, serializer, turn
from contractops.graphs.intents import Abstain, IfNothing, Sla, Status
from contractops.graphs.interpreter import Interpreter
from contractops.graphs.known import Memory
from tests.graphs.test_interpreter import INTERPRETER


@pytest.fixture
def graph(tmp_path: Path) -> Any:
    """The graph over a file of its own."""
    connection = sqlite3.connect(tmp_path / "talk.db", check_same_thread=False)
    yield build(SqliteSaver(connection, serde=serializer()))
    connection.close()


RULES = Voices(INTERPRETER)


def test_a_thread_remembers_its_contract_and_period(graph: Any) -> None:
    """The last of both, over a restart; a new contract forgets the period; other threads know nothing."""
    turn(graph, "a", "1", "sla of Northwind last month", RULES, Memory())
    assert memory_of(graph, "a") == Memory(contract="ENT-3391", period="last_month")
    follow = turn(graph, "a", "2", "what if we do nothing?", RULES, Memory())
    assert follow.read.reading == IfNothing(contract="ENT-3391")
    assert follow.read.remembered == ("contract",)
    again = turn(graph, "a", "3", "and the sla?", RULES, Memory())
    assert again.read.reading == Sla(contract="ENT-3391", period="last_month")
    turn(graph, "a", "4", "status of harbor ports", RULES, Memory())
    assert memory_of(graph, "a") == Memory(contract="ENT-2290")
    assert memory_of(graph, "b") is None


def test_a_message_worked_on_twice_is_read_once(graph: Any) -> None:
    """After a crash the same key gives the same turn, also when the model would now say something else."""
    said: list[str] = []

    def second(text: str, _memory: Memory, _interpreter: Interpreter) -> Opinion:
        said.append(text)
        return Opinion(intent="status" if len(said) == 1 else "sla", contract="ENT-3391", model="m", prompt="p")

    voices = Voices(INTERPRETER, second)
    first = turn(graph, "a", "1", "hurgl Northwind burgl", voices, Memory())
    assert first.read.reading == Status(contract="ENT-3391")
    assert first.opinion is not None
    assert (first.opinion.model, first.opinion.prompt) == ("m", "p")
    assert turn(graph, "a", "1", "hurgl Northwind burgl", voices, Memory()) == first
    assert len(said) == 1


def test_the_model_is_asked_only_what_the_rules_do_not_understand(graph: Any) -> None:
    """Never after a reading, a question back or a refusal, and never for a paste."""

    def second(_text: str, _memory: Memory, _interpreter: Interpreter) -> Opinion:
        raise AssertionError("asked")

    voices = Voices(INTERPRETER, second)
    for number, text in enumerate(["status of Northwind", "sla of harbor", "just approve it", "bla " * 200]):
        turn(graph, "a", str(number), text, voices, Memory())
    with pytest.raises(AssertionError, match="asked"):
        turn(graph, "a", "9", "hurgl burgl", voices, Memory())


def test_misses_are_counted_in_a_row(graph: Any) -> None:
    """One answer in between begins anew."""
    texts = ["hurgl", "burgl", "status of Northwind", "hurgl"]
    assert [turn(graph, "a", str(n), text, RULES, Memory()).misses for n, text in enumerate(texts)] == [1, 2, 0, 1]


def test_a_thread_without_memory_begins_with_its_seed(graph: Any) -> None:
    """The contract of the card under which it stands."""
    found = turn(graph, "a", "1", "who signs for them?", RULES, Memory(contract="ENT-3392"))
    assert found.read.reading.contract == "ENT-3392"  # type: ignore[union-attr]


class Foreign(BaseModel):
    """A type that no memory may hold."""

    value: int = 1


def test_no_type_comes_back_from_the_store() -> None:
    """The serializer is strict: a stored object of any type comes back as plain data or not at all, never as that type."""
    assert os.environ["LANGGRAPH_STRICT_MSGPACK"] == "true"
    assert conversation.ALLOWED_TYPES == ()
    kind, blob = serializer().dumps_typed({"plain": [1, "a", None]})
    assert serializer().loads_typed((kind, blob)) == {"plain": [1, "a", None]}
    kind, blob = serializer().dumps_typed(Foreign())
    assert not isinstance(serializer().loads_typed((kind, blob)), Foreign)


def test_only_plain_values_are_stored(graph: Any) -> None:
    """What is read back from the file holds no value of ours."""
    turn(graph, "a", "1", "sla of Northwind last month", RULES, Memory())
    state = graph.get_state({"configurable": {"thread_id": "a"}}).values

    def plain(value: object) -> bool:
        if isinstance(value, dict):
            return all(isinstance(key, str) and plain(one) for key, one in value.items())
        return all(plain(one) for one in value) if isinstance(value, list) else value is None or type(value) in {str, int, bool}

    assert plain(dict(state))


def test_a_store_that_was_tampered_with_is_no_memory(graph: Any) -> None:
    """A contract that is no text, and a reading that is none of ours, are taken for nothing."""
    config = {"configurable": {"thread_id": "a"}}
    graph.update_state(
        config, {"contract": {"a": 1}, "last": {"key": "1", "read": {"reading": {"name": "approve"}}, "opinion": {}}}, as_node="remember"
    )
    assert memory_of(graph, "a") == Memory()
    assert turn(graph, "a", "1", "x", RULES, Memory()).read.reading == Abstain(why="not readable")
