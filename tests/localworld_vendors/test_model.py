"""The OpenAI-compatible endpoint, spoken to by the clients that the product uses."""

from typing import Any

import openai
import pytest
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from tests.localworld_vendors.conftest import Running


class Intent(BaseModel):
    """A closed answer."""

    intent: str
    account: str


def _chat(running: Running, **more: Any) -> ChatOpenAI:
    return ChatOpenAI(base_url=f"{running.url}/openai/v1", api_key="local", model="local-script", temperature=0, max_retries=0, **more)


def test_structured_output_is_the_scripted_json(running: Running) -> None:
    """json_schema through langchain gives the scripted object; the request is in the journal with its schema."""
    running.control("model/script", {"replies": [{"content": {"intent": "due", "account": "Northwind"}}]})
    asked = _chat(running).with_structured_output(Intent, method="json_schema")
    assert asked.invoke("what is due?") == Intent(intent="due", account="Northwind")
    (call,) = running.journal("model", "chat.completions")
    assert call["request"]["body"]["response_format"]["type"] == "json_schema"


def test_replies_play_in_order_and_run_out(running: Running) -> None:
    """Text, then a tool call, then 503."""
    running.control("model/script", {"replies": [{"content": "Hello"}, {"tool_calls": [{"name": "due", "arguments": {"days": 90}}]}]})
    chat = _chat(running)
    assert chat.invoke("hi").content == "Hello"
    assert chat.invoke("hi").tool_calls[0]["args"] == {"days": 90}
    with pytest.raises(openai.InternalServerError, match="script has no reply"):
        chat.invoke("hi")


def test_models_and_an_overload(running: Running) -> None:
    """The probe at start-up finds one model; a 429 reaches the client as a rate limit."""
    client = openai.OpenAI(base_url=f"{running.url}/openai/v1", api_key="local", max_retries=0)
    assert [each.id for each in client.models.list()] == ["local-script"]
    running.control("faults", {"surface": "model", "operation": "chat.completions", "kind": "status", "status": 429})
    with pytest.raises(openai.RateLimitError):
        client.chat.completions.create(model="local-script", messages=[{"role": "user", "content": "hi"}])
    client.close()
