"""Logs: one JSON line an event on standard error, no secrets, no traceback in a person's face.

Rule 1: values that look like tokens are cut out before anything is written.
"""

from __future__ import annotations

import logging
import re
import sys
import tempfile
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

_SECRETS = re.compile(r"(xox[abp]-|xapp-|Bearer |eyJ)[A-Za-z0-9._~+/=-]{6,}")


def configure() -> None:
    """Set up logging for a long-running process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    for noisy in ("httpx", "slack_sdk", "slack_bolt"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


def redacted(text: str) -> str:
    """``text`` without what looks like a credential."""
    return _SECRETS.sub("[redacted]", text)


def keep_fault(fault: str, problem: BaseException) -> Path:
    """Store the traceback of ``problem`` under its id; returns the file."""
    path = Path(tempfile.gettempdir()) / f"contractops-{fault}.log"
    path.write_text(redacted("".join(traceback.format_exception(problem))), encoding="utf-8")
    return path


def _redact(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redacted(value) if isinstance(value, str) else value for key, value in event.items()}
