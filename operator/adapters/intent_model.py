"""A model that says which of a closed set of questions a message asks; nothing else of its answer is used.

Rule 1: what the endpoint can do is tried out once: a JSON schema, else a tool, else plain JSON that is validated here. An endpoint may
accept a form and ignore it; then its answer does not validate, and the next form is tried.
Rule 2: at most two calls a turn; a late, odd or missing answer is no opinion.
Rule 3: the model is told the contracts that the message or the thread names, and no other; no figure, no clause, no secret.
Rule 4: the date, the memory and the message stand last in the prompt, so that an endpoint can keep what stands before them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

import structlog

from contractops.graphs.conversation import Opinion
from contractops.graphs.intents import ABOUT_ONE, INTENTS
from contractops.graphs.interpreter import Interpreter
from contractops.graphs.known import Memory
from contractops.operator.adapters.model import ModelConfig
from contractops.prompts.loader import Prompt, load

INTENT: Final = "intent"
NONE: Final = "none"
MOST_CALLS: Final = 2
_MAX_TOKENS: Final = 60
_LONGEST: Final = 400

Form: TypeAlias = Literal["json_schema", "tools", "plain"]
FORMS: Final[tuple[Form, ...]] = ("json_schema", "tools", "plain")

log = structlog.get_logger("contractops.model")


class IntentModel:
    """Asks the model of ``config``. Safe for threads. ``calls`` counts what was asked of the endpoint, for the figures."""

    def __init__(self, config: ModelConfig, today: Callable[[], str]) -> None:
        self._config = config
        self._today = today
        self._prompt: Prompt = load(INTENT)
        self._form: Form | None = None
        self._lock = threading.Lock()
        self.calls = 0
        self.tokens = 0

    @property
    def form(self) -> Form | None:
        """The form of answer that the endpoint was seen to keep; None before it was tried, or when it keeps none."""
        return self._form

    def probe(self) -> Form | None:
        """Try out what the endpoint can do, best form first; keep and return the first that comes back valid."""
        with self._lock:
            if self._form is None:
                question = self._question("which renewals are due this month?", Memory(), ())
                self._form = next((form for form in FORMS if self._valid(self._ask(form, question, ()), ()) is not None), None)
                log.info("model tried out", model=self._config.model, form=self._form)
        return self._form

    def __call__(self, text: str, memory: Memory, interpreter: Interpreter) -> Opinion:
        """What the model takes ``text`` for. Never raises for what a model does."""
        contracts = interpreter.candidates(text, memory)
        question = self._question(text[:_LONGEST], memory, contracts)
        first: Form = self._form or FORMS[0]
        forms = [first, *(form for form in FORMS if FORMS.index(form) > FORMS.index(first))][:MOST_CALLS]
        why = "no_answer"
        for form in forms:
            raw = self._ask(form, question, contracts)
            found = self._valid(raw, contracts)
            if found is not None:
                self._form = form
                intent, contract = found
                kept = None if intent == NONE else intent
                return Opinion(
                    intent=kept, contract=contract, model=self._config.model, prompt=self._prompt.digest, why="" if kept else NONE
                )
            why = "no_answer" if raw is None else "wrong_form"
            if raw is None:
                break  # an endpoint that does not answer is not asked again in another form
        return Opinion(model=self._config.model, prompt=self._prompt.digest, why=why)

    def _question(self, text: str, memory: Memory, contracts: tuple[str, ...]) -> str:
        return self._prompt.fill(
            {
                "today": self._today(),
                "memory": memory.contract or "nothing",
                "contracts": ", ".join(contracts) or "none",
                "message": json.dumps(text, ensure_ascii=False),
            }
        )

    def _ask(self, form: Form, question: str, contracts: tuple[str, ...]) -> Any:
        """The answer as parsed JSON, or its text; None when there is none."""
        import openai  # noqa: PLC0415 - a second to import, needed only where a model is configured
        from langchain_openai import ChatOpenAI  # noqa: PLC0415
        from pydantic import SecretStr  # noqa: PLC0415

        model = ChatOpenAI(
            model=self._config.model,
            base_url=self._config.base_url,
            api_key=SecretStr(self._config.api_key),
            temperature=0,
            timeout=self._config.timeout,
            max_retries=0,
            max_completion_tokens=_MAX_TOKENS,
        )
        self.calls += 1
        try:
            if form == "plain":
                said = model.invoke(question)
                self._count(said)
                return said.content
            method: Literal["json_schema", "function_calling"] = "json_schema" if form == "json_schema" else "function_calling"
            asking = model.with_structured_output(
                schema_of(contracts), method=method, include_raw=True, strict=form == "json_schema" or None
            )
            answer = asking.invoke(question)
        except openai.OpenAIError as problem:
            log.warning("model did not answer", error=type(problem).__name__)
            return None
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            RecursionError,
        ):  # how the client fails on an answer of another form
            return ""
        if not isinstance(answer, dict):
            return ""
        self._count(answer.get("raw"))
        return answer.get("parsed") if answer.get("parsed") is not None else ""

    def _count(self, said: Any) -> None:
        usage = getattr(said, "usage_metadata", None)
        total = usage.get("total_tokens", 0) if isinstance(usage, Mapping) else 0
        self.tokens += total if isinstance(total, int) else 0

    @staticmethod
    def _valid(raw: Any, contracts: tuple[str, ...]) -> tuple[str, str | None] | None:
        """(intent, contract) of an answer of the right form; None for any other."""
        if isinstance(raw, str):
            raw = _json_in(raw)
        if isinstance(raw, Mapping) and set(raw) == {"question"}:
            raw = raw["question"]
        if not isinstance(raw, Mapping) or not set(raw) <= {"intent", "contract"}:
            return None
        intent, contract = raw.get("intent"), raw.get("contract") or None
        if not isinstance(intent, str) or intent not in {*INTENTS, NONE} or not (contract is None or isinstance(contract, str)):
            return None
        if contract is not None and contract not in contracts:
            return None
        return intent, contract


def schema_of(contracts: tuple[str, ...]) -> dict[str, Any]:
    """One branch an intent; those about one contract may name one of ``contracts``, or leave it empty."""
    named = {"type": "string", "enum": [*contracts, ""]}
    branches = []
    for intent in [*INTENTS, NONE]:
        contract = named if intent in ABOUT_ONE or intent == "credits" else {"type": "string", "enum": [""]}
        properties = {"intent": {"type": "string", "enum": [intent]}, "contract": contract}
        branches.append({"type": "object", "properties": properties, "required": ["intent", "contract"], "additionalProperties": False})
    return {
        "title": "question",
        "description": "Which question the message asks.",
        "type": "object",
        "properties": {"question": {"anyOf": branches}},
        "required": ["question"],
        "additionalProperties": False,
    }


def _json_in(text: str) -> Any:
    """The one JSON object in a text, or None."""
    start, end = text.find("{"), text.rfind("}")
    if not 0 <= start < end or len(text) > 10 * _LONGEST:
        return None
    try:
        return json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return None
