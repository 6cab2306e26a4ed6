"""A model that words one short message; everything it may say was computed before it was asked.

Rule 1: no model, no answer, a late answer or a wrong answer all lead to the same place: the template's text, with the reason recorded.
Rule 2: the answer is a closed JSON object and its text passes ``tools.wording_check``: no figure, date or link that was not given.
Rule 3: the model's name and the hash of the prompt file are kept with the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from contractops.prompts.loader import Prompt, load
from contractops.tools.values import Value
from contractops.tools.wording_check import check

ENVELOPE_MESSAGE: Final = "envelope_message"
_MAX_TOKENS = 400


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """An OpenAI-compatible endpoint. ``timeout`` in seconds for one request; a failed one is repeated once."""

    base_url: str
    model: str
    api_key: str = field(repr=False)
    timeout: float = 20.0


class Worded(Value):
    """What came of asking. ``text`` None = use the template; ``reason`` says why.

    Reasons: ``not_configured``, ``no_answer``, ``wrong_form``, or the codes of the wording check, joined by commas.
    """

    text: str | None
    model: str | None = None
    prompt_digest: str | None = None
    reason: str | None = None


def envelope_message(config: ModelConfig | None, facts: Mapping[str, str]) -> Worded:
    """The message of the envelope's e-mail, worded around ``facts`` (the variables of the prompt, formatted as they are to be read).

    Never raises for what a model does. Raises ``InvariantError`` when ``facts`` are not the prompt's variables.
    """
    prompt = load(ENVELOPE_MESSAGE)
    question = prompt.fill(facts)
    if config is None:
        return Worded(text=None, reason="not_configured")
    answer, reason = _ask(config, prompt, question)
    text = _message(answer) if reason is None else None
    if reason is None and text is None:
        reason = "wrong_form"
    if text is not None:
        problems = check(text, facts.values())
        reason = ",".join(sorted({problem.code for problem in problems})) or None
    return Worded(text=None if reason else text, model=config.model, prompt_digest=prompt.digest, reason=reason)


def _ask(config: ModelConfig, prompt: Prompt, question: str) -> tuple[Any, str | None]:
    """The parsed answer, or None with the reason."""
    import openai  # noqa: PLC0415 - a second to import, needed only where a model is configured
    from langchain_openai import ChatOpenAI  # noqa: PLC0415
    from pydantic import SecretStr  # noqa: PLC0415

    model = ChatOpenAI(
        model=config.model,
        base_url=config.base_url,
        api_key=SecretStr(config.api_key),
        temperature=0,
        timeout=config.timeout,
        max_retries=1,
        max_completion_tokens=_MAX_TOKENS,
    )
    schema = {"title": prompt.name, "description": "The worded message.", **prompt.answer_schema()}
    asking = model.with_structured_output(schema, method="json_schema", include_raw=True, strict=True)
    try:
        answer = asking.invoke(question)
    except openai.OpenAIError:
        return None, "no_answer"
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):  # how the client fails on an answer of another form
        return None, "wrong_form"
    return (answer.get("parsed") if isinstance(answer, dict) else None), None


def _message(answer: Any) -> str | None:
    if not (isinstance(answer, dict) and set(answer) == {"message"} and isinstance(answer["message"], str)):
        return None
    return answer["message"].strip() or None
