"""Logs: one JSON line an event on standard error, no secrets, no traceback in a person's face.

Rule 1: secrets are cut out before anything is written, wherever they stand in an event.
Rule 2: the lines of libraries have the same form as ours.
Rule 3: what is done about one renewal, gate or effect is logged with its id: ``about`` names it for all lines of a block.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import traceback
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import structlog

from contractops.operator.redaction import redacted

_QUIET: Final = ("httpx", "slack_sdk", "slack_bolt", "dbos")
"""Libraries that say more than they should: Slack's quotes whole payloads."""


def configure(*, level: str = "info") -> None:
    """Set up logging for a long-running process. ``level``: debug, info, warning or error; libraries speak from warning on."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _redact, structlog.processors.JSONRenderer(default=str)]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("contractops").setLevel(logging.DEBUG)
    for noisy in _QUIET:
        logging.getLogger(noisy).setLevel(logging.ERROR)


def about(*, thread: str | None = None, gate: str | None = None, effect: str | None = None) -> AbstractContextManager[None]:
    """Every line within the block carries the ids that are given: ``thread`` is a renewal, ``gate`` a wait of it, ``effect`` a key of the ledger."""
    named = {"thread": thread, "gate": gate, "effect": effect}
    return structlog.contextvars.bound_contextvars(**{name: value for name, value in named.items() if value is not None})


def keep_fault(fault: str, problem: BaseException) -> Path:
    """Store the traceback of ``problem`` under its id; returns the file."""
    path = Path(tempfile.gettempdir()) / f"contractops-{fault}.log"
    path.touch(mode=0o600)
    path.write_text(redacted("".join(traceback.format_exception(problem))), encoding="utf-8")
    return path


def _redact(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _clean(value) for key, value in event.items()}


def _clean(value: Any) -> Any:
    """The value without secrets, also inside of lists and mappings; what is no JSON value is its text."""
    if isinstance(value, dict):
        return {str(key): _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(one) for one in value]
    return value if isinstance(value, int | float | None) else redacted(str(value))
