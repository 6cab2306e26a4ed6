"""The result of one check of ``doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

INPUT: Final = 3
VENDOR: Final = 5
WARNING: Final = 1


@dataclass(frozen=True)
class Check:
    """``status`` is ok, warn or fail; ``advice`` says what to do; ``exit_status`` is what the command ends with when nothing is graver."""

    status: str
    name: str
    said: str
    advice: str
    exit_status: int


def ok(name: str, said: str) -> Check:
    """All is well."""
    return Check("ok", name, said, "", 0)


def warn(name: str, said: str, advice: str) -> Check:
    """It works, but a person should look."""
    return Check("warn", name, said, advice, WARNING)


def fail(name: str, said: str, advice: str, exit_status: int) -> Check:
    """It cannot work so."""
    return Check("fail", name, said, advice, exit_status)
